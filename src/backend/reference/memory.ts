/** Kernels over plain ranges of memory. */

import type { Views } from '../memory.ts';

/** range[0 .. count) := 0 */
function zero({ f32 }: Views, range: number, count: number): void {
  f32.fill(0, range >>> 2, (range >>> 2) + count);
}

/** to[0 .. count) := from[0 .. count) */
function copyRange({ f32 }: Views, to: number, from: number, count: number): void {
  f32.copyWithin(to >>> 2, from >>> 2, (from >>> 2) + count);
}

/** counter[0] := value */
function mark({ i32 }: Views, counter: number, value: number): void {
  i32[counter >>> 2] = value;
}

/** counter[0] += 1 */
function increment({ i32 }: Views, counter: number): void {
  i32[counter >>> 2] = i32[counter >>> 2]! + 1;
}

/** How many of `count` floats are NaN or infinite. */
export function countNonFinite({ f32 }: Views, range: number, count: number): number {
  let found = 0;
  for (let i = range >>> 2, end = i + count; i < end; i++) if (!Number.isFinite(f32[i])) found++;
  return found;
}

export const kernels = { zero, copyRange, increment, mark };

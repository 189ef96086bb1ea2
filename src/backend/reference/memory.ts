/** Kernels over plain ranges of memory. */

import type { Views } from '../memory.ts';

const least = Math.fround(1e-30);

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

/** out[rows, columns] := the rows of data that order[cursor[0] ..] names. */
function gather({ f32, i32 }: Views, out: number, data: number, order: number, cursor: number, rows: number, columns: number): void {
  let to = out >>> 2;
  const first = (order >>> 2) + i32[cursor >>> 2]!;
  for (let row = first; row < first + rows; row++) {
    const from = (data >>> 2) + i32[row]! * columns;
    for (let i = 0; i < columns; i++) f32[to++] = f32[from + i]!;
  }
}

/** range[rows, columns]: values below 1e-30 become 0. */
function flush({ f32 }: Views, range: number, rows: number, columns: number): void {
  flushBelow(f32, range >>> 2, rows * columns, least);
}

/** Values below `limit` become 0, of `count` from an index on. */
export function flushBelow(f32: Float32Array, from: number, count: number, limit: number): void {
  for (let i = from; i < from + count; i++) if (Math.abs(f32[i]!) < limit) f32[i] = 0;
}

export const kernels = { zero, copyRange, increment, mark, gather, flush };

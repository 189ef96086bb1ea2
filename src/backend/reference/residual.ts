/** What a residual block adds, in plain TypeScript. */

import type { Views } from '../memory.ts';

export const kernels = { add };

function add({ f32 }: Views, out: number, a: number, b: number, rows: number, units: number): void {
  out >>>= 2;
  a >>>= 2;
  b >>>= 2;
  for (let i = 0; i < rows * units; i++) f32[out + i] = f32[a + i]! + f32[b + i]!;
}

/** What weights cost by themselves, in plain TypeScript: the definition that the wasm kernel is held to, sum for sum. */

import type { Views } from '../memory.ts';

const sums = new Float64Array(4);

/** sum += rows·(l1·Σ|w| + l2·Σw²); dparameters += l1·sign(w) + 2·l2·w, unless its address is 0. */
function penalty({ f32, f64 }: Views, sum: number, dparameters: number, parameters: number, rows: number, count: number, l1: number, l2: number): void {
  sums.fill(0);
  for (let i = 0; i < count; i++) {
    const w = f32[(parameters >>> 2) + i]!;
    sums[i % 4]! += Math.abs(w) * (l1 + l2 * Math.abs(w));
    if (dparameters !== 0) f32[(dparameters >>> 2) + i]! += l1 * Math.sign(w) + 2 * l2 * w;
  }
  f64[sum >>> 3]! += rows * (sums[0]! + sums[2]! + (sums[1]! + sums[3]!));
}

export const kernels = { penalty };

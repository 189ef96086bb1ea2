/** What makes numbers to learn from out of the rows of a table, in plain TypeScript. */

import type { Views } from '../memory.ts';

export const kernels = { impute, oneHot };

function impute({ f32 }: Views, out: number, values: number, input: number, fill: number, rows: number, units: number): void {
  for (let i = 0; i < rows * units; i++) {
    const missing = Number.isNaN(f32[(input >>> 2) + i]!);
    if (!missing) f32[(out >>> 2) + i] = f32[(values >>> 2) + i]!;
    else f32[(out >>> 2) + i] = fill === 0 ? 0 : f32[(fill >>> 2) + (i % units)]!;
  }
}

function oneHot({ f32 }: Views, out: number, input: number, rows: number, columns: number, codes: number, inputs: number, units: number): void {
  // The word of a plan comes without its sign.
  codes |= 0;
  for (let row = 0; row < rows; row++) {
    const to = (out >>> 2) + row * units;
    const from = (input >>> 2) + row * inputs;
    if (codes === 0) {
      for (let i = 0; i < columns; i++) f32[to + i] = f32[from + i]!;
      continue;
    }
    const x = f32[from]!;
    const place = Number.isInteger(x) && x >= 0 && x < codes ? x : codes;
    for (let i = 0; i < columns; i++) f32[to + i] = Number(i === place);
  }
}

/** Dropout in plain TypeScript: the definition that the wasm kernels are held to, mask for mask. */

import { threefry } from '../../random.ts';
import type { Views } from '../memory.ts';

const words = new Uint32Array(2);

export const kernels = {
  /** mask := 0 with probability `rate`, else 1/(1 − rate); out := input · mask. */
  dropoutForward(
    { f32, i32 }: Views, out: number, mask: number, input: number, step: number, rows: number, units: number, rate: number,
    key0: number, key1: number,
  ): void {
    // A word, read as a signed number, is below this with probability `rate`.
    const threshold = Math.floor(rate * 2 ** 32) - 2 ** 31;
    const scale = Math.fround(1 / (1 - rate));
    for (let i = 0; i < rows * units; i++) {
      if (i % 2 === 0) threefry(key0, key1, i32[step >>> 2]!, i / 2, words);
      const kept = (words[i % 2]! | 0) < threshold ? 0 : scale;
      f32[(mask >>> 2) + i] = kept;
      f32[(out >>> 2) + i] = f32[(input >>> 2) + i]! * kept;
    }
  },

  dropoutBackward({ f32 }: Views, dinput: number, dout: number, mask: number, rows: number, units: number): void {
    for (let i = 0; i < rows * units; i++) f32[(dinput >>> 2) + i] = f32[(dout >>> 2) + i]! * f32[(mask >>> 2) + i]!;
  },
};

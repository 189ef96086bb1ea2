/** Gaussian noise in plain TypeScript: the definition that the wasm kernel is held to. */

import { threefry } from '../../random.ts';
import type { Views } from '../memory.ts';

const words = new Uint32Array(2);

export const kernels = { gaussianNoise };

/** out := input + stddev · n, with n standard normal, by Box and Muller (1958). */
function gaussianNoise(
  { f32, i32 }: Views, out: number, input: number, step: number, rows: number, units: number, stddev: number, key0: number, key1: number,
): void {
  const [to, from] = [out >>> 2, input >>> 2];
  for (let i = 0; i < rows * units; i += 2) {
    threefry(key0, key1, i32[step >>> 2]!, i / 2, words);
    const word = words[1]! | 0;
    const r = stddev * Math.sqrt(-2 * Math.log(Math.fround((words[0]! >>> 1) | 1) / 2 ** 31));
    // Within ±π/4 of an axis: the first bit says of which, the second on which side of the origin.
    const signed = (word & 0x40000000) === 0 ? r : -r;
    const a = ((word << 2) * Math.PI) / 2 ** 33;
    f32[to + i] = f32[from + i]! + signed * (word < 0 ? Math.sin(a) : Math.cos(a));
    if (i + 1 < rows * units) f32[to + i + 1] = f32[from + i + 1]! + signed * (word < 0 ? Math.cos(a) : Math.sin(a));
  }
}

/** What weights may be after a step, in plain TypeScript: the definitions that the wasm kernels are held to. */

import type { Views } from '../memory.ts';

/** The largest float32. */
const largest = (2 - 2 ** -23) * 2 ** 127;

/** Values below 0 become 0. */
function nonNegative({ f32 }: Views, range: number, count: number): void {
  for (let i = range >>> 2, end = i + count; i < end; i++) f32[i] = Math.max(f32[i]!, 0);
}

/** Scales range[0 .. count) so that its norm is from `least` to `most`. */
function limitNorm({ f32 }: Views, range: number, count: number, least: number, most: number): void {
  limit(f32, range >>> 2, count, 1, least, most);
}

/** Scales each column of weight[inputs, units] so. */
function limitNorms({ f32 }: Views, weight: number, inputs: number, units: number, least: number, most: number): void {
  for (let column = 0; column < units; column++) limit(f32, (weight >>> 2) + column, inputs, units, least, most);
}

/** Scales `count` values, each `stride` after the one before; where all are 0, or one is NaN, they stay. */
function limit(f32: Float32Array, start: number, count: number, stride: number, least: number, most: number): void {
  const end = start + count * stride;
  let sum = 0;
  for (let i = start; i < end; i += stride) sum += f32[i]! ** 2;
  const norm = Math.sqrt(sum);
  if (!(norm > most || (norm < least && norm > 0))) return;
  const scale = Math.fround(norm > most ? most / norm : Math.min(least / norm, largest));
  for (let i = start; i < end; i += stride) f32[i]! *= scale;
}

export const kernels = { nonNegative, limitNorm, limitNorms };

/** What training may do to flat ranges beside an update, in plain TypeScript. */

import type { Views } from '../memory.ts';
import { smallestNormal } from './optimizer.ts';

export const kernels = {
  /** Values beyond ±most become that; NaN stays. */
  clip({ f32 }: Views, range: number, count: number, most: number): void {
    for (let i = range >>> 2, end = i + count; i < end; i++) f32[i] = Math.max(-most, Math.min(most, f32[i]!));
  },

  /** The sum of squares, a float64. */
  sumOfSquares({ f32, f64 }: Views, sum: number, range: number, count: number, adds: number): void {
    let total = 0;
    for (let i = range >>> 2, end = i + count; i < end; i++) total += f32[i]! ** 2;
    f64[sum >>> 3] = adds === 0 ? total : f64[sum >>> 3]! + total;
  },

  /** Scales a range whose sum of squares is known down to a norm of `most`, as PyTorch's `clip_grad_norm_` does. */
  shrink({ f32, f64 }: Views, range: number, sum: number, count: number, most: number): void {
    const factor = most / (Math.sqrt(f64[sum >>> 3]!) + 1e-6);
    if (factor >= 1) return;
    for (let i = range >>> 2, end = i + count; i < end; i++) f32[i] = f32[i]! * factor;
  },

  /** The sum of the gradients of up to `every` batches, which begins anew with the first of them. */
  accumulate({ f32, i32 }: Views, accumulated: number, dparameters: number, step: number, count: number, every: number): void {
    const anew = (i32[step >>> 2]! - 1) % every === 0;
    for (let i = 0; i < count; i++) {
      const before = anew ? 0 : f32[(accumulated >>> 2) + i]!;
      f32[(accumulated >>> 2) + i] = before + f32[(dparameters >>> 2) + i]!;
    }
  },

  /** The mean gradient of `divisor` batches, the last of which is in its place. */
  meanGradient({ f32 }: Views, dparameters: number, accumulated: number, count: number, divisor: number): void {
    for (let i = 0; i < count; i++) {
      f32[(dparameters >>> 2) + i] = (f32[(accumulated >>> 2) + i]! + f32[(dparameters >>> 2) + i]!) / divisor;
    }
  },

  /** An exponential moving average, which begins with its first value where `step` is not 0. */
  blend({ f32, i32 }: Views, average: number, value: number, step: number, count: number, keep: number): void {
    if (step !== 0 && i32[step >>> 2] === 1) keep = 0;
    for (let i = 0; i < count; i++) {
      const mean = keep * f32[(average >>> 2) + i]! + (1 - keep) * f32[(value >>> 2) + i]!;
      f32[(average >>> 2) + i] = Math.abs(mean) < smallestNormal ? 0 : mean;
    }
  },
};

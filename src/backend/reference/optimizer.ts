/**
 * Update rules in plain TypeScript: the definitions that the wasm kernels of the same names are held to. They compute
 * in double precision and store float32.
 */

import type { Views } from '../memory.ts';
import { flushBelow } from './memory.ts';

/** Below this a float32 is denormal: velocities that decay would stay denormal for good, and slow every step. */
export const smallestNormal = 2 ** -126;

/** The rule without momentum, which most baselines are measured with: a loop of its own is a third faster. */
function descend(f32: Float32Array, to: number, from: number, rate: number, weightDecay: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const parameter = f32[to + i]!;
    f32[to + i] = parameter - rate * (f32[from + i]! + weightDecay * parameter);
  }
}

/** Gradients below this count as 0 in `adam`: their squares would be denormal. */
export const leastGradient = Math.fround(1e-16);

/** Every so many steps of `adam`, second moments that have become denormal are set to 0, and first ones below 1e-30. */
const flushSteps = 16;

export const leastMoment = Math.fround(1e-30);

/** By repeated squaring: only multiplications, so the same bits everywhere. */
export function power(base: number, exponent: number): number {
  let result = 1;
  for (; exponent > 0; exponent >>= 1, base *= base) if (exponent & 1) result *= base;
  return result;
}

export const kernels = {
  /**
   * Stochastic gradient descent, by PyTorch's rule (`torch.optim.SGD`): weight decay is added to the gradient, the first
   * velocity is the gradient itself, and Nesterov's momentum looks one step ahead along the new velocity.
   */
  sgd(
    { f32, i32 }: Views, parameters: number, velocity: number, dparameters: number, learningRate: number, step: number,
    count: number, momentum: number, dampening: number, nesterov: number, weightDecay: number,
  ): void {
    const rate = f32[learningRate >>> 2]!;
    if (momentum === 0) {
      descend(f32, parameters >>> 2, dparameters >>> 2, rate, weightDecay, count);
      return;
    }
    const first = i32[step >>> 2] === 1;
    for (let i = 0; i < count; i++) {
      const parameter = f32[(parameters >>> 2) + i]!;
      const g = f32[(dparameters >>> 2) + i]! + weightDecay * parameter;
      let v = first ? g : momentum * f32[(velocity >>> 2) + i]! + (1 - dampening) * g;
      if (Math.abs(v) < smallestNormal) v = 0;
      f32[(velocity >>> 2) + i] = v;
      f32[(parameters >>> 2) + i] = parameter - rate * (nesterov !== 0 ? g + momentum * v : v);
    }
  },

  /**
   * Adam (Kingma, Ba 2015), with the largest second moment so far where `maximum` is given (AMSGrad; Reddi, Kale, Kumar
   * 2018), and decay beside the gradient where it is decoupled (AdamW; Loshchilov, Hutter 2019). PyTorch's rule.
   */
  adam(
    { f32, i32 }: Views, parameters: number, first: number, second: number, maximum: number, dparameters: number,
    learningRate: number, step: number, count: number, beta1: number, beta2: number, epsilon: number, weightDecay: number,
    decoupled: number,
  ): void {
    const t = i32[step >>> 2]!;
    const rate = f32[learningRate >>> 2]!;
    const root = Math.sqrt(1 - power(beta2, t));
    const firstRate = (rate * root) / (1 - power(beta1, t));
    const decay = decoupled === 0 ? weightDecay : 0;
    const shrinkage = decoupled === 0 ? 0 : rate * weightDecay;
    for (let i = 0; i < count; i++) {
      const parameter = f32[(parameters >>> 2) + i]!;
      const sum = f32[(dparameters >>> 2) + i]! + decay * parameter;
      const g = Math.abs(sum) < leastGradient ? 0 : sum;
      const m = beta1 * f32[(first >>> 2) + i]! + (1 - beta1) * g;
      let v = beta2 * f32[(second >>> 2) + i]! + (1 - beta2) * g * g;
      f32[(first >>> 2) + i] = m;
      f32[(second >>> 2) + i] = v;
      if (maximum !== 0) f32[(maximum >>> 2) + i] = v = Math.max(v, f32[(maximum >>> 2) + i]!);
      f32[(parameters >>> 2) + i] = parameter - firstRate * m / (Math.sqrt(v) + epsilon * root) - shrinkage * parameter;
    }
    if (t % flushSteps !== 0) return;
    flushBelow(f32, first >>> 2, count, leastMoment);
    flushBelow(f32, second >>> 2, count, smallestNormal);
    if (maximum !== 0) flushBelow(f32, maximum >>> 2, count, smallestNormal);
  },
};

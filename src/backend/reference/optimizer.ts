/**
 * Update rules in plain TypeScript: the definitions that the wasm kernels of the same names are held to. They compute
 * in double precision and store float32.
 */

import type { Views } from '../memory.ts';

/** Below this a float32 is denormal: velocities that decay would stay denormal for good, and slow every step. */
const smallestNormal = 2 ** -126;

/** The rule without momentum, which most baselines are measured with: a loop of its own is a third faster. */
function descend(f32: Float32Array, to: number, from: number, rate: number, weightDecay: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const parameter = f32[to + i]!;
    f32[to + i] = parameter - rate * (f32[from + i]! + weightDecay * parameter);
  }
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
};

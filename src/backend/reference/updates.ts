/**
 * The update rules that only some models train by, in plain TypeScript: in double precision, stored as float32. Gradients below 1e-16 count
 * as 0, and what decays becomes 0 before it is denormal.
 */

import type { Views } from '../memory.ts';
import { leastGradient, leastMoment, power, smallestNormal } from './optimizer.ts';

function unlessBelow(x: number, least: number): number {
  return Math.abs(x) < least ? 0 : x;
}

export const kernels = {
  /** RMSProp, by PyTorch's rule (`torch.optim.RMSprop`); with a `mean`, `second` is the mean square less the square of the mean. */
  rmsprop(
    { f32 }: Views, parameters: number, second: number, mean: number, velocity: number, dparameters: number, learningRate: number,
    count: number, rho: number, epsilon: number, momentum: number, weightDecay: number,
  ): void {
    const rate = f32[learningRate >>> 2]!;
    for (let i = 0; i < count; i++) {
      const parameter = f32[(parameters >>> 2) + i]!;
      const g = unlessBelow(f32[(dparameters >>> 2) + i]! + weightDecay * parameter, leastGradient);
      let deviation = g;
      if (mean !== 0) {
        const m = f32[(mean >>> 2) + i]!;
        deviation = unlessBelow(g - m, leastGradient);
        f32[(mean >>> 2) + i] = unlessBelow(rho * m + (1 - rho) * g, leastMoment);
      }
      const share = mean === 0 ? 1 - rho : rho * (1 - rho);
      const v = unlessBelow(rho * f32[(second >>> 2) + i]! + share * deviation ** 2, smallestNormal);
      f32[(second >>> 2) + i] = v;
      let change = g / (Math.sqrt(v) + epsilon);
      if (velocity !== 0) {
        change = unlessBelow(momentum * f32[(velocity >>> 2) + i]! + change, leastMoment);
        f32[(velocity >>> 2) + i] = change;
      }
      f32[(parameters >>> 2) + i] = parameter - rate * change;
    }
  },

  /** Adagrad (Duchi, Hazan, Singer 2011), by PyTorch's rule (`torch.optim.Adagrad`). */
  adagrad(
    { f32 }: Views, parameters: number, squares: number, dparameters: number, learningRate: number, count: number, epsilon: number,
    weightDecay: number,
  ): void {
    const rate = f32[learningRate >>> 2]!;
    for (let i = 0; i < count; i++) {
      const parameter = f32[(parameters >>> 2) + i]!;
      const g = unlessBelow(f32[(dparameters >>> 2) + i]! + weightDecay * parameter, leastGradient);
      const v = f32[(squares >>> 2) + i]! + g ** 2;
      f32[(squares >>> 2) + i] = v;
      f32[(parameters >>> 2) + i] = parameter - rate * g / (Math.sqrt(v) + epsilon);
    }
  },

  /** Adadelta (Zeiler 2012), by PyTorch's rule (`torch.optim.Adadelta`). */
  adadelta(
    { f32 }: Views, parameters: number, second: number, changes: number, dparameters: number, learningRate: number, count: number,
    rho: number, epsilon: number, weightDecay: number,
  ): void {
    const rate = f32[learningRate >>> 2]!;
    for (let i = 0; i < count; i++) {
      const parameter = f32[(parameters >>> 2) + i]!;
      const g = unlessBelow(f32[(dparameters >>> 2) + i]! + weightDecay * parameter, leastGradient);
      const v = unlessBelow(rho * f32[(second >>> 2) + i]! + (1 - rho) * g ** 2, smallestNormal);
      const u = f32[(changes >>> 2) + i]!;
      const change = unlessBelow(Math.sqrt((u + epsilon) / (v + epsilon)) * g, leastGradient);
      f32[(second >>> 2) + i] = v;
      f32[(changes >>> 2) + i] = unlessBelow(rho * u + (1 - rho) * change ** 2, smallestNormal);
      f32[(parameters >>> 2) + i] = parameter - rate * change;
    }
  },

  /** Adamax (Kingma, Ba 2015, section 7.1), by PyTorch's rule (`torch.optim.Adamax`). */
  adamax(
    { f32, i32 }: Views, parameters: number, first: number, largest: number, dparameters: number, learningRate: number, step: number,
    count: number, beta1: number, beta2: number, epsilon: number, weightDecay: number,
  ): void {
    const rate = f32[learningRate >>> 2]! / (1 - power(beta1, i32[step >>> 2]!));
    for (let i = 0; i < count; i++) {
      const parameter = f32[(parameters >>> 2) + i]!;
      const g = unlessBelow(f32[(dparameters >>> 2) + i]! + weightDecay * parameter, leastGradient);
      const m = unlessBelow(beta1 * f32[(first >>> 2) + i]! + (1 - beta1) * g, leastMoment);
      const u = Math.max(beta2 * f32[(largest >>> 2) + i]!, Math.abs(g) + epsilon);
      f32[(first >>> 2) + i] = m;
      f32[(largest >>> 2) + i] = u;
      f32[(parameters >>> 2) + i] = parameter - rate * m / u;
    }
  },

  /** Nadam (Dozat 2016), by PyTorch's rule (`torch.optim.NAdam`): the momentum of step i is μᵢ = β₁·(1 − ½·0.96^(i·momentumDecay)). */
  nadam(
    { f32, i32 }: Views, parameters: number, first: number, second: number, dparameters: number, learningRate: number, step: number,
    count: number, beta1: number, beta2: number, epsilon: number, weightDecay: number, momentumDecay: number,
  ): void {
    const t = i32[step >>> 2]!;
    const momentum = (i: number): number => beta1 * (1 - 0.5 * 0.96 ** (i * momentumDecay));
    let product = 1;
    // Once it is this small it changes no float32; were it the same for many steps, so that it is not, they would all be almost β₁.
    let i = 1;
    for (; i <= t && product > 1e-9 && 0.96 ** (i * momentumDecay) > 1e-9; i++) product *= momentum(i);
    product *= power(beta1, t - i + 1);
    const root = Math.sqrt(1 - power(beta2, t));
    const rate = root * f32[learningRate >>> 2]!;
    const gradientRate = rate * (1 - momentum(t)) / (1 - product);
    const momentRate = rate * momentum(t + 1) / (1 - product * momentum(t + 1));
    for (let i = 0; i < count; i++) {
      const parameter = f32[(parameters >>> 2) + i]!;
      const g = unlessBelow(f32[(dparameters >>> 2) + i]! + weightDecay * parameter, leastGradient);
      const m = unlessBelow(beta1 * f32[(first >>> 2) + i]! + (1 - beta1) * g, leastMoment);
      const v = unlessBelow(beta2 * f32[(second >>> 2) + i]! + (1 - beta2) * g ** 2, smallestNormal);
      f32[(first >>> 2) + i] = m;
      f32[(second >>> 2) + i] = v;
      f32[(parameters >>> 2) + i] = parameter - (gradientRate * g + momentRate * m) / (Math.sqrt(v) + epsilon * root);
    }
  },

  /** Lion (Chen et al. 2023), algorithm 2. */
  lion(
    { f32 }: Views, parameters: number, first: number, dparameters: number, learningRate: number, count: number, beta1: number,
    beta2: number, weightDecay: number,
  ): void {
    const rate = f32[learningRate >>> 2]!;
    for (let i = 0; i < count; i++) {
      const parameter = f32[(parameters >>> 2) + i]!;
      const g = unlessBelow(f32[(dparameters >>> 2) + i]!, leastGradient);
      const m = f32[(first >>> 2) + i]!;
      f32[(first >>> 2) + i] = unlessBelow(beta2 * m + (1 - beta2) * g, leastMoment);
      f32[(parameters >>> 2) + i] = parameter - rate * (Math.sign(beta1 * m + (1 - beta1) * g) + weightDecay * parameter);
    }
  },
};

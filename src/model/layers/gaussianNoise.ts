/** Gaussian noise: added to values while training, nothing at all otherwise. */

import type { Layer } from './layer.ts';
import { randomLayer } from './randomLayer.ts';

export interface GaussianNoiseOptions {
  /** The standard deviation of the noise, in units of the values it is added to; at least 0. */
  stddev: number;
  /** Values in a row of the input, as `[64]`; for a first layer. */
  inputShape?: readonly number[];
  name?: string;
}

/**
 * Gaussian noise: in every step of training, a normal number of mean 0 and standard deviation `stddev` is added to each value. In
 * `predict`, `evaluate` and `gradients` it passes its input through. Shapes [rows, n] -> [rows, n]. The noise depends on
 * the model's seed, the layer's place, the number of steps since `compile` and the place in the batch alone.
 *
 * @throws OptionError for an unknown option, or a `stddev` below 0.
 */
export function gaussianNoise(options: GaussianNoiseOptions): Layer {
  return randomLayer({
    type: 'gaussianNoise',
    option: 'stddev',
    range: { min: 0 },
    purpose: 'noise',
    stage: (units, stddev, key) => ({
      extra: true,
      passesGradient: true,
      forward: (plan, { out, input, step }) => void plan.add('gaussianNoise', { out, input, step, units, stddev, ...key }),
      backward: () => undefined,
    }),
  }, options);
}

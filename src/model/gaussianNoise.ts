/** Gaussian noise: added to values while training, nothing at all otherwise. */

import { checkKeys, checkLabel, checkNumber } from '../options.ts';
import { streamKey } from '../random.ts';
import { checkInputShape, type Layer, type Stage } from './layer.ts';

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
  checkKeys('gaussianNoise', options, ['stddev', 'inputShape', 'name']);
  checkLabel('gaussianNoise name', options.name);
  const stddev = checkNumber('gaussianNoise stddev', options.stddev, { min: 0 });
  return Object.freeze({
    type: 'gaussianNoise',
    name: options.name,
    inputs: checkInputShape('gaussianNoise', options.inputShape),
    config: Object.freeze({ ...options }),
    build(units: number, layer: string, seed: number, index: number): Stage[] {
      if (stddev === 0) return [];
      const [key0 = 0, key1 = 0] = streamKey(seed, 'noise', index);
      return [{
        layer,
        inputs: units,
        outputs: units,
        parameters: [],
        trainingOnly: true,
        extra: true,
        passesGradient: true,
        scratchFloats: () => 0,
        forward: (plan, { out, input, step }) => void plan.add('gaussianNoise', { out, input, step, units, stddev, key0, key1 }),
        backward: () => undefined,
      }];
    },
  });
}

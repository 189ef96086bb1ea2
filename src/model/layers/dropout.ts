/** The dropout layer: zeros at random while training, nothing at all otherwise. */

import type { Layer } from './layer.ts';
import { randomLayer } from './randomLayer.ts';

export interface DropoutOptions {
  /** The share of values to drop, from 0 to less than 1. */
  rate: number;
  /** Values in a row of the input, as `[64]`; for a first layer. */
  inputShape?: readonly number[];
  name?: string;
}

/**
 * Dropout (Srivastava et al. 2014): in every step of training each value is 0 with probability `rate`, the others are
 * divided by 1 − rate. In `predict`, `evaluate` and `gradients` it passes its input through. Shapes [rows, n] -> [rows, n].
 * What is dropped depends on the model's seed, the layer's place, the number of steps since `compile` and the place in the
 * batch alone.
 *
 * @throws OptionError for an unknown option, or a rate below 0 or not below 1.
 */
export function dropout(options: DropoutOptions): Layer {
  return randomLayer({
    type: 'dropout',
    option: 'rate',
    range: { min: 0, below: 1 },
    purpose: 'dropout',
    stage: (units, rate, key) => ({
      cacheFloats: (rows) => rows * units,
      forward: (plan, { out, cache: mask, input, step }) => void plan.add('dropoutForward', { out, mask, input, step, units, rate, ...key }),
      backward(plan, { dinput, dout, cache: mask }) {
        if (dinput !== 0) plan.add('dropoutBackward', { dinput, dout, mask, units });
      },
    }),
  }, options);
}

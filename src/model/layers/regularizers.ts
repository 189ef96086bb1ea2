/** Regularizers: what the weights of a layer cost by themselves, which keeps them small. */

import { checkKeys, checkNumber } from '../../options.ts';
import type { ParameterRule, Stage } from './layer.ts';

/** Adds a penalty to the loss, as made by `l1`, `l2` and `l1l2`. */
export type Regularizer = ParameterRule<'Regularizer'>;

export interface L1L2Options {
  /** The factor of Σ|w|; default 0.01. */
  l1?: number;
  /** The factor of Σw²; default 0.01. */
  l2?: number;
}

/** The penalty rate · Σ|w|, which makes weights 0. As in Keras, it is part of the loss that training and `evaluate` report. */
export function l1(rate = 0.01): Regularizer {
  return regularizer('l1', checkNumber('l1', rate, { min: 0 }), 0);
}

/** The penalty rate · Σw², without a ½, which makes weights small. As in Keras, it is part of the loss that training and `evaluate` report. */
export function l2(rate = 0.01): Regularizer {
  return regularizer('l2', 0, checkNumber('l2', rate, { min: 0 }));
}

/** The penalty l1 · Σ|w| + l2 · Σw². As in Keras, it is part of the loss that training and `evaluate` report. */
export function l1l2(options: L1L2Options = {}): Regularizer {
  checkKeys('l1l2', options, ['l1', 'l2']);
  const rateOf = (key: 'l1' | 'l2'): number => checkNumber(`l1l2 ${key}`, options[key] ?? 0.01, { min: 0 });
  return regularizer('l1l2', rateOf('l1'), rateOf('l2'));
}

function regularizer(name: string, first: number, second: number): Regularizer {
  return Object.freeze({
    kind: 'Regularizer',
    name,
    config: Object.freeze({ l1: first, l2: second }),
    attach(stage: Stage, index: number): Stage {
      if (stage.parameters[index] === undefined) return stage;
      // Descent without a gradient knows no penalty.
      const { descend: _descend, ...rest } = stage;
      return {
        ...rest,
        extra: true,
        penalty(plan, at) {
          stage.penalty?.(plan, at);
          const { sum, training, parameters, dparameters, floats } = at;
          plan.add('penalty', {
            sum, dparameters: training ? dparameters[index]! : 0, parameters: parameters[index]!, count: floats[index]!, l1: first, l2: second,
          });
        },
      };
    },
  });
}

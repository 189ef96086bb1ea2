/** What layers have in common that change values at random in steps of training, and pass their input through otherwise. */

import { checkKeys, checkLabel, checkNumber, type Range } from '../../options.ts';
import { streamKey, type Purpose } from '../../random.ts';
import { checkInputShape, type Layer, type Stage } from './layer.ts';

interface RandomLayerOptions {
  readonly inputShape?: readonly number[];
  readonly name?: string;
}

/** What is particular to one of them. */
interface Kind<Option extends string> {
  readonly type: string;
  /** The option that says how much is changed, at 0 nothing; and its range. */
  readonly option: Option;
  readonly range: Range;
  /** Of the random words. */
  readonly purpose: Purpose;
  /** What its stage does to rows of `units` values. */
  stage(units: number, amount: number, key: { readonly key0: number; readonly key1: number }): Pick<Stage, 'forward' | 'backward'> & Partial<Stage>;
}

/** @throws OptionError for an unknown option, or an amount out of its range. */
export function randomLayer<Option extends string>(
  { type, option, range, purpose, stage }: Kind<Option>, options: RandomLayerOptions & Readonly<Record<Option, number>>,
): Layer {
  checkKeys(type, options, [option, 'inputShape', 'name']);
  checkLabel(`${type} name`, options.name);
  const amount = checkNumber(`${type} ${option}`, options[option], range);
  return Object.freeze({
    type,
    name: options.name,
    inputs: checkInputShape(type, options.inputShape),
    config: Object.freeze({ ...options }),
    build(units: number, layer: string, seed: number, index: number): Stage[] {
      if (amount === 0) return [];
      const [key0 = 0, key1 = 0] = streamKey(seed, purpose, index);
      return [{
        layer, inputs: units, outputs: units, parameters: [], trainingOnly: true, scratchFloats: () => 0, ...stage(units, amount, { key0, key1 }),
      }];
    },
  });
}

/** The layer that puts something in the place of values that are missing. */

import { meanOf, mostFrequentOf, quantileOf } from '../../data/columns.ts';
import type { NumericArray } from '../../data/matrix.ts';
import { OptionError, ShapeError } from '../../errors.ts';
import { checkKeys, checkLabel, checkName, checkNumber } from '../../options.ts';
import { adaptable, givenValues, learntFrom, type Adaptable } from './adaptable.ts';
import { checkInputShape, type ParameterSpec, type Stage } from './layer.ts';

export interface ImputeOptions {
  /**
   * What `adapt` has for missing values: the `'mean'` of the column (the default), its `'median'`, which a few values far out do not
   * move, its `'mostFrequent'` value (of several the least), or a `'constant'`.
   */
  strategy?: ImputeStrategy;
  /** The constant; default 0. */
  value?: number;
  /** What stands for missing values of each column, or of all; instead of `adapt`. */
  fill?: number | NumericArray | readonly number[];
  /** Values in a row of the input, as `[13]`; for a first layer that has not seen data. */
  inputShape?: readonly number[];
  name?: string;
}

/** How {@link impute} fills in missing values. */
export type ImputeStrategy = 'mean' | 'median' | 'mostFrequent' | 'constant';

const strategies: Readonly<Record<Exclude<ImputeStrategy, 'constant'>, (values: Float64Array) => number>> = {
  mean: meanOf,
  median: (values) => quantileOf(values.sort(), 0.5),
  mostFrequent: (values) => mostFrequentOf(values.sort()),
};

/**
 * Fills in missing values: NaN in column c becomes `fill[c]`, every other value stays. What that is comes from data given to `adapt`, or is
 * given, and is 0 until then. As the first layer of a model it makes NaN a value that the model takes, in training and prediction
 * (infinite values it does not). Shapes [rows, n] -> [rows, n]. Its weight, `fill` [n], is not trained. No gradient passes where a value was missing.
 *
 * @throws OptionError for an unknown option or strategy, a `value` without the strategy `'constant'`, or a `fill` with it; ShapeError for
 * a `fill` of another size than `inputShape` says.
 */
export function impute(options: ImputeOptions = {}): Adaptable {
  checkKeys('impute', options, ['strategy', 'value', 'fill', 'inputShape', 'name']);
  checkLabel('impute name', options.name);
  const strategy = checkName('impute strategy', options.strategy ?? 'mean', [...Object.keys(strategies) as (keyof typeof strategies)[], 'constant']);
  const constant = strategy === 'constant';
  if (!constant && options.value !== undefined) throw new OptionError(`impute value: it belongs to strategy 'constant', received ${options.value} with '${strategy}'`);
  if (constant && options.fill !== undefined) throw new OptionError("impute fill: strategy 'constant' has a value for that; give one of them");
  const value = checkNumber('impute value', options.value ?? 0);
  const fill = givenValues('impute fill', options.fill ?? value);
  const inputs = checkInputShape('impute', options.inputShape) ?? (typeof fill === 'number' ? undefined : fill.length);
  if (typeof fill !== 'number' && fill.length !== inputs) throw new ShapeError(`impute fill: expected ${inputs} values, as many as columns, received ${fill.length}`);
  return adaptable({
    type: 'impute',
    options: { ...options, strategy, ...(constant && { value }) },
    inputs,
    weights: { fill },
    learn: (x) => ({
      fill: Float32Array.from({ length: x.columns }, (_, column) => (strategy === 'constant' ? value : strategies[strategy](learntFrom('impute', x, column)))),
    }),
    stage: imputeStage,
  });
}

function imputeStage(layer: string, units: number, parameters: readonly ParameterSpec[]): Stage {
  return {
    layer,
    inputs: units,
    outputs: units,
    parameters,
    takesMissing: true,
    extra: true,
    scratchFloats: () => 0,
    forward: (plan, { out, input, parameters: [fill = 0] }) => void plan.add('impute', { out, values: input, input, fill, units }),
    backward(plan, { dinput, dout, input }) {
      if (dinput !== 0) plan.add('impute', { out: dinput, values: dout, input, fill: 0, units });
    },
  };
}

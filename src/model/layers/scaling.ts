/** The layer that brings each column of its input to one scale, by statistics of data that were looked at beforehand. */

import { meanOf, quantileOf, varianceOf } from '../../data/columns.ts';
import type { Matrix, NumericArray } from '../../data/matrix.ts';
import { DataError, OptionError, ShapeError, unexpected } from '../../errors.ts';
import { checkInteger, checkKeys, checkLabel, checkName } from '../../options.ts';
import { adaptable, givenValues, learntFrom, type Adaptable, type ColumnValues } from './adaptable.ts';
import { checkInputShape, type ParameterSpec, type Stage } from './layer.ts';

export interface NormalizationOptions {
  /** The mean and the variance of each column, or those of all; instead of `adapt`. */
  mean?: number | NumericArray | readonly number[];
  variance?: number | NumericArray | readonly number[];
  /**
   * What `adapt` brings columns to: `'standard'` (the default) to mean 0 and variance 1; `'minMax'` to values from 0 to 1, within rounding;
   * `'robust'` to median 0 and a distance of 1 from the first quartile to the third, which a few values far out do not move.
   */
  scaling?: Scaling;
  /** The columns to scale, by number from 0 on; `adapt` leaves the others as they are. Default: all. */
  columns?: readonly number[];
  /** Values in a row of the input, as `[13]`; for a first layer that has not seen data. */
  inputShape?: readonly number[];
  name?: string;
}

/** How {@link normalization} scales. */
export type Scaling = 'standard' | 'minMax' | 'robust';

/** A layer that learns the scale of its input from data, before training. */
export type Normalization = Adaptable;

/** Of a scaling, what is subtracted from the values of a column, and the square of what they are divided by. */
type Statistics = readonly [mean: number, variance: number];

const scalings: Readonly<Record<Scaling, (values: Float64Array) => Statistics>> = {
  standard(values) {
    const mean = meanOf(values);
    return [mean, varianceOf(values, mean)];
  },
  minMax(values) {
    const least = values.reduce((sofar, value) => Math.min(sofar, value));
    return [least, (values.reduce((sofar, value) => Math.max(sofar, value)) - least) ** 2];
  },
  robust(values) {
    const ascending = values.sort();
    return [quantileOf(ascending, 0.5), (quantileOf(ascending, 0.75) - quantileOf(ascending, 0.25)) ** 2];
  },
};

/**
 * Brings each column of the input to one scale: y = (x − mean) / √variance, with statistics of data given to `adapt`, or
 * with given ones, and until then x itself. With another `scaling` than the standard one, `adapt` puts in their place what that subtracts (the
 * least value, or the median), and the square of what it divides by (the range, or the distance of the quartiles, by linear interpolation
 * as NumPy's). A column where that is 0, such as a constant one, has a variance of 1. Values that are missing (NaN) are
 * left out of statistics. Shapes [rows, n] -> [rows, n]. Its weights, `mean` and `variance`, [n] each, are not trained.
 *
 * @throws OptionError for an unknown option, one of `mean` and `variance` without the other, a negative variance, or `scaling` or `columns`
 * beside them.
 */
export function normalization(options: NormalizationOptions = {}): Normalization {
  checkKeys('normalization', options, ['mean', 'variance', 'scaling', 'columns', 'inputShape', 'name']);
  checkLabel('normalization name', options.name);
  const scaling = checkName('normalization scaling', options.scaling ?? 'standard', Object.keys(scalings) as Scaling[]);
  const chosen = checkColumns(options.columns);
  const weights = givenStatistics(options);
  const given = Object.values(weights).filter((values) => typeof values !== 'number').map(({ length }) => length);
  const inputs = checkInputShape('normalization', options.inputShape) ?? given[0];
  if (given.some((length) => length !== inputs)) {
    throw new ShapeError(`normalization: expected ${inputs} means and variances, as many as columns, received ${given.join(' and ')}`);
  }
  const checkWithin = (units: number): void => {
    const beyond = chosen?.find((column) => column >= units);
    if (beyond !== undefined) throw new ShapeError(`normalization columns: expected columns below ${units}, the values in a row, received ${beyond}`);
  };
  if (inputs !== undefined) checkWithin(inputs);
  return adaptable({
    type: 'normalization',
    options: { ...options, ...(chosen && { columns: chosen }) },
    inputs,
    weights,
    learn(x) {
      checkWithin(x.columns);
      return statisticsOf(x, scalings[scaling], chosen);
    },
    stage(layer, units, parameters) {
      checkWithin(units);
      return normalizationStage(layer, units, parameters);
    },
  });
}

function checkColumns(columns: readonly number[] | undefined): readonly number[] | undefined {
  if (columns === undefined) return undefined;
  if (!Array.isArray(columns) || columns.length === 0) throw unexpected('normalization columns', 'an array of column numbers', columns);
  columns.forEach((column, i) => checkInteger(`normalization columns[${i}]`, column, { min: 0 }));
  if (new Set(columns).size < columns.length) throw new OptionError(`normalization columns: expected each column once, received [${columns.join(', ')}]`);
  return Object.freeze([...columns as readonly number[]]);
}

function normalizationStage(layer: string, units: number, parameters: readonly ParameterSpec[]): Stage {
  return {
    layer,
    inputs: units,
    outputs: units,
    parameters,
    extra: true,
    scratchFloats: () => 0,
    cacheFloats: () => units,
    forward(plan, { out, input, parameters: [mean = 0, variance = 0], cache: scale }) {
      plan.add('columnScales', { scale, variance, gamma: 0, columns: units, epsilon: 0 });
      plan.add('normalizeColumns', { out, input, mean, scale, beta: 0, units });
    },
    backward(plan, { dinput, dout, cache: scale }) {
      if (dinput !== 0) plan.add('normalizeColumns', { out: dinput, input: dout, mean: 0, scale, beta: 0, units });
    },
  };
}

/** The mean and variance that options give; 0 and 1 where they give none. */
function givenStatistics({ mean, variance, scaling, columns }: NormalizationOptions): Record<'mean' | 'variance', ColumnValues> {
  if ((mean === undefined) !== (variance === undefined)) throw new OptionError('normalization: give mean and variance, or neither');
  if (mean !== undefined && (scaling ?? columns) !== undefined) {
    throw new OptionError('normalization: give mean and variance, or what adapt goes by (scaling, columns), not both');
  }
  const spread = givenValues('normalization variance', variance ?? 1, { min: 0 });
  return { mean: givenValues('normalization mean', mean ?? 0), variance: typeof spread === 'number' ? orOne(spread) : spread.map(orOne) };
}

/** A variance; 1 where it is 0 as a float32, that of a constant. */
const orOne = (variance: number): number => Math.fround(variance) || 1;

/** Of each column, or of those chosen, the others to stay as they are. */
function statisticsOf(x: Matrix, of: (values: Float64Array) => Statistics, chosen: readonly number[] | undefined): Record<'mean' | 'variance', Float32Array> {
  const mean = new Float32Array(x.columns);
  const variance = new Float32Array(x.columns).fill(1);
  for (const column of chosen ?? mean.keys()) {
    const [centre, spread] = of(learntFrom('normalization', x, column));
    mean[column] = centre;
    variance[column] = orOne(spread);
    if (variance[column] === Infinity) throw new DataError(`normalization adapt x: the variance of column ${column} is too large for float32`);
  }
  return { mean, variance };
}

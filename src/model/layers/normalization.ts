/**
 * Layers that bring values to a mean of 0 and a variance of 1: over each column of the batch, over each row, and over each column of
 * data that were looked at beforehand.
 */

import { checkFinite, rowLength, toMatrix, type Matrix, type MatrixLike, type NumericArray } from '../../data/matrix.ts';
import { DataError, OptionError, ShapeError } from '../../errors.ts';
import { checkBoolean, checkKeys, checkLabel, checkNumber } from '../../options.ts';
import { resolveInitializer } from './initializers.ts';
import { checkInputShape, type Layer, type ParameterOwner, type ParameterSpec, type PlacedParameter, type Stage } from './layer.ts';

export interface LayerNormalizationOptions {
  /** Added to the variance; default 0.001. */
  epsilon?: number;
  /** Whether there is a `beta`, which is added; default true. */
  center?: boolean;
  /** Whether there is a `gamma`, which multiplies; default true. */
  scale?: boolean;
  /** Values in a row of the input, as `[64]`; for a first layer. */
  inputShape?: readonly number[];
  name?: string;
}

export interface BatchNormalizationOptions extends LayerNormalizationOptions {
  /** The share that the moving statistics keep of themselves in each step of training, from 0 to 1; default 0.99. */
  momentum?: number;
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015): y = gamma · (x − mean) / √(variance + epsilon) + beta, column by column. Training and
 * `gradients` take the mean and the (biased) variance of the batch, `predict` and `evaluate` moving ones, which steps of training
 * alone change: moving := momentum · moving + (1 − momentum) · the batch's. Shapes [rows, n] -> [rows, n]. Its weights are `gamma`, `beta`,
 * `movingMean` and `movingVariance`, [n] each. The output for a batch of one row in training is beta.
 *
 * @throws OptionError for an unknown option, a momentum outside 0 to 1, or an epsilon that is not above 0.
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): Layer {
  const { epsilon, affine } = checkOptions('batchNormalization', options, ['momentum']);
  const momentum = checkNumber('batchNormalization momentum', options.momentum ?? 0.99, { min: 0, max: 1 });
  return layerOf('batchNormalization', options, { momentum, epsilon, ...affine }, (layer, units) => {
    const { parameters, pick } = affineParameters(units, affine);
    const moving = parameters.length;
    // Five ranges of a value for each column.
    const columns = Math.ceil(units / 4) * 4;
    const parts = (cache: number) => {
      const at = (place: number): number => cache + 4 * columns * place;
      return { batch: { mean: at(0), variance: at(1) }, scale: at(2), slope: at(3), tilt: at(4) };
    };
    return {
      layer,
      inputs: units,
      outputs: units,
      parameters: [...parameters, fixed('movingMean', units, 'zeros'), fixed('movingVariance', units, 'ones')],
      extra: true,
      scratchFloats: () => 0,
      cacheFloats: () => 5 * columns,
      forward(plan, { out, input, parameters: own, cache, training }) {
        const { batch, scale } = parts(cache);
        const { mean, variance } = training ? batch : { mean: own[moving]!, variance: own[moving + 1]! };
        const { gamma, beta } = pick(own);
        if (training) plan.add('columnMoments', { mean, variance, input, columns: units, units });
        plan.add('columnScales', { scale, variance, gamma, columns: units, epsilon });
        plan.add('normalizeColumns', { out, input, mean, scale, beta, units });
      },
      backward(plan, { dinput, dout, input, cache, dparameters }) {
        const { batch: { mean, variance }, scale, slope, tilt } = parts(cache);
        const { gamma: dgamma, beta: dbeta } = pick(dparameters);
        plan.add('columnSlopes', { dgamma, dbeta, slope, tilt, input, dout, mean, variance, columns: units, units, epsilon });
        if (dinput !== 0) plan.add('normalizeColumnsBackward', { dinput, input, dout, mean, scale, slope, tilt, units });
      },
      update(plan, { parameters: own, cache }) {
        const { mean, variance } = parts(cache).batch;
        plan.add('blend', { average: own[moving]!, value: mean, step: 0, count: units, keep: momentum });
        plan.add('blend', { average: own[moving + 1]!, value: variance, step: 0, count: units, keep: momentum });
      },
    };
  });
}

/**
 * Layer normalisation (Ba, Kiros and Hinton 2016): y = gamma · (x − mean) / √(variance + epsilon) + beta, with the mean and the (biased)
 * variance of each row, in training and prediction alike. Shapes [rows, n] -> [rows, n]. Its weights are `gamma` and `beta`, [n] each.
 *
 * @throws OptionError for an unknown option, or an epsilon that is not above 0.
 */
export function layerNormalization(options: LayerNormalizationOptions = {}): Layer {
  const { epsilon, affine } = checkOptions('layerNormalization', options, []);
  return layerOf('layerNormalization', options, { epsilon, ...affine }, (layer, units) => {
    const { parameters, pick } = affineParameters(units, affine);
    return {
      layer,
      inputs: units,
      outputs: units,
      parameters,
      extra: true,
      scratchFloats: () => 0,
      cacheFloats: (rows) => 2 * rows,
      forward(plan, { out, input, parameters: own, cache: statistics }) {
        plan.add('normalizeRows', { out, statistics, input, ...pick(own), units, epsilon });
      },
      backward(plan, { dinput, dout, input, parameters: own, dparameters, cache: statistics }) {
        const { gamma: dgamma, beta: dbeta } = pick(dparameters);
        if (parameters.length > 0) plan.add('normalizeRowsBackwardParameters', { dgamma, dbeta, input, dout, statistics, columns: units, units });
        if (dinput !== 0) plan.add('normalizeRowsBackwardInput', { dinput, input, dout, statistics, gamma: pick(own).gamma, units });
      },
    };
  });
}

interface Affine {
  readonly center: boolean;
  readonly scale: boolean;
}

function checkOptions(where: string, options: LayerNormalizationOptions, more: readonly string[]): { epsilon: number; affine: Affine } {
  checkKeys(where, options, [...more, 'epsilon', 'center', 'scale', 'inputShape', 'name']);
  return {
    epsilon: checkNumber(`${where} epsilon`, options.epsilon ?? 1e-3, { above: 0 }),
    affine: { center: checkBoolean(`${where} center`, options.center ?? true), scale: checkBoolean(`${where} scale`, options.scale ?? true) },
  };
}

function layerOf(
  type: string, options: LayerNormalizationOptions, config: Readonly<Record<string, unknown>>, stage: (layer: string, units: number) => Stage,
): Layer {
  checkLabel(`${type} name`, options.name);
  return Object.freeze({
    type,
    name: options.name,
    inputs: checkInputShape(type, options.inputShape),
    config: Object.freeze({ ...options, ...config }),
    build: (units: number, layer: string): Stage[] => [stage(layer, units)],
  });
}

/** The parameters that there are of gamma and beta; and those two from a list of what belongs to each, 0 for one there is not. */
function affineParameters(units: number, { center, scale }: Affine): {
  parameters: ParameterSpec[]; pick: (addresses: readonly number[]) => { gamma: number; beta: number };
} {
  const parameters: ParameterSpec[] = [];
  if (scale) parameters.push({ name: 'gamma', shape: [units], initializer: resolveInitializer('gamma', 'ones') });
  if (center) parameters.push({ name: 'beta', shape: [units], initializer: resolveInitializer('beta', 'zeros') });
  return { parameters, pick: (addresses) => ({ gamma: scale ? addresses[0]! : 0, beta: center ? addresses[Number(scale)]! : 0 }) };
}

/** A parameter that no optimizer moves. */
function fixed(name: string, units: number, initial: 'zeros' | 'ones'): ParameterSpec {
  return { name, shape: [units], initializer: resolveInitializer(name, initial), trainable: false };
}

export interface NormalizationOptions {
  /** The mean and the variance of each column, or those of all; instead of `adapt`. */
  mean?: number | NumericArray | readonly number[];
  variance?: number | NumericArray | readonly number[];
  /** Values in a row of the input, as `[13]`; for a first layer that has not seen data. */
  inputShape?: readonly number[];
  name?: string;
}

/** A layer that learns the scale of its input from data, before training. */
export interface Normalization extends Layer {
  /**
   * Takes the mean and the variance of each column of `x` [rows, n], in double precision, in the place of what it had, also in models that
   * have the layer already. Before the layer is in a model, this gives it its input size too.
   *
   * @throws ShapeError for rows of another size, DataError for values that are not finite.
   */
  adapt(x: MatrixLike): void;
}

/** Of each column, or the same for all. */
type Statistics = Record<'mean' | 'variance', Float32Array | number>;
const statisticNames = ['mean', 'variance'] as const;

/**
 * Brings each column of the input to mean 0 and variance 1: y = (x − mean) / √variance, with statistics of data given to `adapt`, or
 * with given ones, and until then x itself. A constant column has a variance of 1. Shapes [rows, n] -> [rows, n]. Its weights, `mean` and `variance`, [n] each,
 * are not trained.
 *
 * @throws OptionError for an unknown option, one of `mean` and `variance` without the other, or a negative variance.
 */
export function normalization(options: NormalizationOptions = {}): Normalization {
  checkKeys('normalization', options, ['mean', 'variance', 'inputShape', 'name']);
  checkLabel('normalization name', options.name);
  let statistics = givenStatistics(options);
  const shape = checkInputShape('normalization', options.inputShape);
  const given = statisticNames.map((name) => statistics[name]).filter((values) => typeof values !== 'number').map(({ length }) => length);
  let inputs = shape ?? given[0];
  if (given.some((length) => length !== inputs)) {
    throw new ShapeError(`normalization: expected ${inputs} means and variances, as many as columns, received ${given.join(' and ')}`);
  }
  /** Where models have a copy. */
  let copies: { owner: WeakRef<ParameterOwner>; parameter: PlacedParameter; name: keyof Statistics }[] = [];
  const spec = (name: keyof Statistics, units: number): ParameterSpec => ({
    name,
    shape: [units],
    initializer(values) {
      const now = statistics[name];
      if (typeof now === 'number') values.fill(now);
      else values.set(now);
    },
    trainable: false,
    laidOut(owner, parameter) {
      copies = copies.filter((copy) => copy.owner.deref() !== undefined);
      copies.push({ owner: new WeakRef(owner), parameter, name });
    },
  });
  return Object.freeze({
    type: 'normalization',
    name: options.name,
    get inputs() {
      return inputs;
    },
    get config() {
      return Object.freeze({ ...options, ...(inputs !== undefined && { inputShape: [inputs] }) });
    },
    adapt(x: MatrixLike): void {
      const columns = inputs ?? rowLength(x);
      if (columns === undefined) throw new ShapeError('normalization adapt: expected an array of rows, or the option inputShape to say how long rows are; received a flat array');
      const matrix = toMatrix('normalization adapt x', x, columns);
      checkFinite('normalization adapt x', matrix);
      const found = statisticsOf(matrix);
      statistics = found;
      inputs = columns;
      for (const { owner, parameter, name } of copies) owner.deref()?.write(parameter, found[name]);
    },
    build(units: number, layer: string): Stage[] {
      inputs ??= units;
      return [normalizationStage(layer, units, statisticNames.map((name) => spec(name, units)))];
    },
  });
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
function givenStatistics({ mean, variance }: NormalizationOptions): Statistics {
  if ((mean === undefined) !== (variance === undefined)) throw new OptionError('normalization: give mean and variance, or neither');
  const read = (name: keyof Statistics, values: number | NumericArray | readonly number[], range: { min?: number } = {}): Float32Array | number => {
    const where = `normalization ${name}`;
    if (typeof values === 'number') return checkNumber(where, values, range);
    const copy = Float32Array.from(toMatrix(where, values, 1).values);
    copy.forEach((value, i) => checkNumber(`${where}[${i}]`, value, range));
    return copy;
  };
  const spread = read('variance', variance ?? 1, { min: 0 });
  return { mean: read('mean', mean ?? 0), variance: typeof spread === 'number' ? orOne(spread) : spread.map(orOne) };
}

/** A variance; 1 where it is 0 as a float32, that of a constant. */
const orOne = (variance: number): number => Math.fround(variance) || 1;

/** In two passes over deviations from the first row, so that those of a constant are exactly 0. */
function statisticsOf({ values, rows, columns }: Matrix): Record<keyof Statistics, Float32Array> {
  const sum = new Float64Array(columns);
  const squares = new Float64Array(columns);
  for (let i = 0; i < values.length; i++) sum[i % columns]! += values[i]! - values[i % columns]!;
  const mean = sum.map((total, column) => values[column]! + total / rows);
  for (let i = 0; i < values.length; i++) squares[i % columns]! += (values[i]! - mean[i % columns]!) ** 2;
  const variance = Float32Array.from(squares, (total) => orOne(total / rows));
  const wild = variance.indexOf(Infinity);
  if (wild >= 0) throw new DataError(`normalization adapt x: the variance of column ${wild} is too large for float32`);
  return { mean: Float32Array.from(mean), variance };
}

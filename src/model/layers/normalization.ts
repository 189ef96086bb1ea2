/** Layers that bring values to a mean of 0 and a variance of 1: over each column of the batch, and over each row. Over data seen beforehand: scaling.ts. */

import { checkBoolean, checkKeys, checkLabel, checkNumber } from '../../options.ts';
import { resolveInitializer } from './initializers.ts';
import { checkInputShape, type Layer, type ParameterSpec, type Stage } from './layer.ts';

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

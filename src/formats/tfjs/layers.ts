/** Layers of Keras and TensorFlow.js, by their classes, as ours: plain data, which `model/layersFrom.ts` makes layers of. */

import { FormatError, show } from '../../errors.ts';
import { isObject } from '../../model/layersFrom.ts';

export type Config = Readonly<Record<string, unknown>>;

/** Where a layer stands in the file, and of which Keras that is. */
export interface Place {
  readonly where: string;
  readonly isKeras3: boolean;
}

/** What ours is. */
interface Read {
  readonly type: string;
  readonly config: Config;
}

export function refused({ where }: Place, what: string, expected: string, received: unknown): FormatError {
  return new FormatError(`${where}: expected ${what === '' ? '' : `${what} to be `}${expected}, received ${Array.isArray(received) ? JSON.stringify(received).slice(0, 80) : show(received)}`);
}

/** An option, or what it is where the file does not say. */
function number(at: Place, config: Config, option: string, usual: number): number {
  const value = config[option] ?? usual;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw refused(at, option, 'a finite number', value);
  return value;
}

function boolean(at: Place, config: Config, option: string): boolean {
  const value = config[option] ?? true;
  if (typeof value !== 'boolean') throw refused(at, option, 'true or false', value);
  return value;
}

/** Rows of numbers have two axes: the batch, and this. */
function checkAxis(at: Place, { axis = -1 }: Config): void {
  const [only, ...more] = Array.isArray(axis) ? axis as unknown[] : [axis];
  if (more.length > 0 || (only !== -1 && only !== 1)) throw refused(at, 'axis', 'the last', axis);
}

/** Activations by the names of Keras 2 and 3 and TensorFlow.js, in camel case as it takes them. */
const activations: Readonly<Record<string, unknown>> = {
  linear: 'linear', sigmoid: 'sigmoid', tanh: 'tanh', relu: 'relu', relu6: 'relu6', elu: 'elu', selu: 'selu', gelu: 'gelu', geluNew: 'geluTanh', silu: 'silu', swish: 'silu',
  mish: 'mish', softplus: 'softplus', softsign: 'softsign', softmax: 'softmax', logSoftmax: 'logSoftmax', hardSilu: 'hardSwish', hardSwish: 'hardSwish',
  leakyRelu: { name: 'leakyRelu', alpha: 0.2 }, hardSigmoid: { name: 'hardSigmoid', slope: 0.2, offset: 0.5 },
};

function activationOf(at: Place, value: unknown = 'linear'): unknown {
  // Keras 3 writes a layer in the place of a function so.
  if (isObject(value) && typeof value['class_name'] === 'string' && isObject(value['config'])) {
    const { class_name: name, config } = value as { class_name: string; config: Config };
    return Object.hasOwn(activationClasses, name) ? activationClasses[name]!(at, config).config['activation'] : activationOf(at, name);
  }
  if (value === null) return 'linear';
  const name = typeof value === 'string' ? value.replace(/_+(\w)/g, (_, letter: string) => letter.toUpperCase()) : '';
  if (!Object.hasOwn(activations, name)) throw refused(at, 'activation', `one of ${Object.keys(activations).join(', ')}`, value);
  // x / 6 + 1/2 in Keras 3; before, and in TensorFlow.js, x / 5 + 1/2.
  return name === 'hardSigmoid' && at.isKeras3 ? name : activations[name];
}

const activation = (spec: unknown): Read => ({ type: 'activation', config: { activation: spec } });

/** Layers that are an activation. */
const activationClasses: Readonly<Record<string, (at: Place, config: Config) => Read>> = {
  Activation: (at, config) => activation(activationOf(at, config['activation'])),
  ReLU(at, config) {
    if (number(at, config, 'threshold', 0) !== 0) throw refused(at, 'threshold', '0', config['threshold']);
    const alpha = number(at, config, 'negative_slope', 0);
    const most = config['max_value'] ?? null;
    if (most === null) return activation(alpha === 0 ? 'relu' : { name: 'leakyRelu', alpha });
    if (most !== 6 || alpha !== 0) throw refused(at, 'max_value', 'none, or 6 without a negative_slope', most);
    return activation('relu6');
  },
  LeakyReLU: (at, config) => activation({ name: 'leakyRelu', alpha: number(at, config, 'negative_slope' in config ? 'negative_slope' : 'alpha', 0.3) }),
  ELU: (at, config) => activation({ name: 'elu', alpha: number(at, config, 'alpha', 1) }),
  Softmax(at, config) {
    checkAxis(at, config);
    return activation('softmax');
  },
};

/** Regularizers and constraints that there are here; others matter in training alone, and are left out. */
const rules: Readonly<Record<string, (at: Place, config: Config) => unknown>> = {
  L1L2: (at, config) => ({ name: 'l1l2', config: { l1: number(at, config, 'l1', 0.01), l2: number(at, config, 'l2', 0.01) } }),
  L1: (at, config) => ({ name: 'l1', config: { l1: number(at, config, 'l1', 0.01) } }),
  L2: (at, config) => ({ name: 'l2', config: { l2: number(at, config, 'l2', 0.01) } }),
  MaxNorm: (at, config) => (number(at, config, 'axis', 0) === 0 ? { name: 'maxNorm', config: { value: number(at, config, 'max_value', 2) } } : undefined),
  UnitNorm: (at, config) => (number(at, config, 'axis', 0) === 0 ? { name: 'unitNorm' } : undefined),
  NonNeg: () => ({ name: 'nonNegative' }),
};

function ruleOf(at: Place, value: unknown): unknown {
  if (!isObject(value) || !isObject(value['config'])) return undefined;
  const name = String(value['class_name']);
  return Object.hasOwn(rules, name) ? rules[name]!(at, value['config']) : undefined;
}

/** Of each other class, what makes ours of its config. */
const classes: typeof activationClasses = {
  Dense: (at, config) => ({
    type: 'dense',
    config: {
      units: number(at, config, 'units', NaN),
      activation: activationOf(at, config['activation']),
      useBias: boolean(at, config, 'use_bias'),
      kernelRegularizer: ruleOf(at, config['kernel_regularizer']),
      biasRegularizer: ruleOf(at, config['bias_regularizer']),
      kernelConstraint: ruleOf(at, config['kernel_constraint']),
      biasConstraint: ruleOf(at, config['bias_constraint']),
    },
  }),
  Dropout: (at, config) => ({ type: 'dropout', config: { rate: number(at, config, 'rate', NaN) } }),
  GaussianNoise: (at, config) => ({ type: 'gaussianNoise', config: { stddev: number(at, config, 'stddev', NaN) } }),
  BatchNormalization(at, config) {
    const { epsilon, center, scale } = normalized(at, config);
    // So is `normalization` written, which adds nothing to a variance.
    if (epsilon === 0 && !center && !scale) return { type: 'normalization', config: {} };
    return { type: 'batchNormalization', config: { epsilon, center, scale, momentum: number(at, config, 'momentum', 0.99) } };
  },
  LayerNormalization: (at, config) => ({ type: 'layerNormalization', config: normalized(at, config) }),
};

function normalized(at: Place, config: Config): { epsilon: number; center: boolean; scale: boolean } {
  checkAxis(at, config);
  return { epsilon: number(at, config, 'epsilon', 1e-3), center: boolean(at, config, 'center'), scale: boolean(at, config, 'scale') };
}

/** Those that `read.ts` sees to: they say what rows are. */
const others = ['InputLayer', 'Flatten', 'Rescaling'];

export function layerOf(at: Place, className: string, config: Config): Read {
  const table = [classes, activationClasses].find((some) => Object.hasOwn(some, className));
  if (table === undefined) throw refused(at, 'its class', `one of ${[...others, ...Object.keys(classes), ...Object.keys(activationClasses)].join(', ')}`, className);
  return table[className]!(at, config);
}

/** y = scale · x + offset, as a `normalization`. */
export function rescaling(at: Place, config: Config): { mean: number; variance: number } {
  const scale = number(at, config, 'scale', NaN);
  const mean = -number(at, config, 'offset', 0) / scale;
  const variance = scale ** -2;
  if (scale <= 0 || !Number.isFinite(Math.fround(mean)) || !(Math.fround(variance) > 0 && Math.fround(variance) < Infinity)) throw refused(at, 'scale', 'a positive number', scale);
  return { mean: mean + 0, variance };
}

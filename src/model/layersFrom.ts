/** Layers, and what a model trains with, from their descriptions: what `model/description.ts` wrote, or anything else, for files may be hostile. */

import { didYouMean, OptionError, show, unexpected } from '../errors.ts';
import { checkKeys, checkLabel, checkName } from '../options.ts';
import { activation } from './layers/activation.ts';
import { adadelta, adagrad, adamax, lion, nadam, rmsprop } from './optimizers/adaptiveOptimizers.ts';
import { maxNorm, nonNegative, unitNorm } from './layers/constraints.ts';
import { dense } from './layers/dense.ts';
import { definedName, isRule, mostDepth } from './description.ts';
import { dropout } from './layers/dropout.ts';
import { gaussianNoise } from './layers/gaussianNoise.ts';
import { impute } from './layers/impute.ts';
import type { DefinedActivation, Layer, ParameterRule } from './layers/layer.ts';
import { batchNormalization, layerNormalization } from './layers/normalization.ts';
import { oneHot } from './layers/oneHot.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import { adam, adamw, lbfgs, momentum, sgd, type OptimizerName } from './optimizers/optimizers.ts';
import { l1, l1l2, l2 } from './layers/regularizers.ts';
import { residual } from './layers/residual.ts';
import { normalization } from './layers/scaling.ts';
import type { CompileOptions } from './sequential.ts';

/** A layer as plain data: its type, its options, and the layers in it, where it is a block. */
export interface LayerLike {
  readonly type: string;
  readonly name?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly layers?: readonly (Layer | LayerLike)[];
}

/** Of each type of layer, the function that makes one of its options and the layers in it. The functions check what they get. */
export const layerTypes: Readonly<Record<string, (config: never, layers: readonly Layer[]) => Layer>> = {
  activation: (config) => activation(config),
  batchNormalization: (config) => batchNormalization(config),
  dense: (config) => dense(config),
  dropout: (config) => dropout(config),
  gaussianNoise: (config) => gaussianNoise(config),
  impute: (config) => impute(config),
  layerNormalization: (config) => layerNormalization(config),
  normalization: (config) => normalization(config),
  oneHot: (config) => oneHot(config),
  residual: (config, layers) => residual(layers, config),
};

/** Of each regularizer and constraint, the function that makes it. */
export const ruleTypes: Readonly<Record<string, (config: Readonly<Record<string, never>>) => ParameterRule<string>>> = {
  l1: (config) => l1(config['l1']),
  l2: (config) => l2(config['l2']),
  l1l2: (config) => l1l2(config),
  maxNorm: (config) => maxNorm(config['value']),
  nonNegative: () => nonNegative(),
  unitNorm: () => unitNorm(),
};

const optimizers: Readonly<Record<OptimizerName, (config: never) => Optimizer>> = {
  adadelta, adagrad, adam, adamax, adamw, lbfgs, lion, momentum, nadam, rmsprop, sgd,
};

/** More than anybody stacks. A model takes time that grows with their square, which a small file must not make hours. */
const mostLayers = 4_000;

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether it is a layer, rather than a description of one. */
export const isLayer = (value: unknown): value is Layer => isObject(value) && typeof value['build'] === 'function';

/** Layers from their descriptions; those that are layers already stay. `defined`: activations that these name. Throws an OptionError or ShapeError that says which one is wrong. */
export function layersFrom(where: string, descriptions: unknown, defined: readonly DefinedActivation[] = [], depth = 1): Layer[] {
  if (!Array.isArray(descriptions) || descriptions.length === 0 || descriptions.length > mostLayers) throw unexpected(where, `an array of 1 to ${mostLayers} layers`, descriptions);
  if (depth > mostDepth) throw new OptionError(`${where}: expected blocks in blocks no deeper than ${mostDepth}`);
  return descriptions.map((description: unknown, i) => (isLayer(description) ? description : layerFrom(`${where}[${i}]`, description, defined, depth)));
}

function layerFrom(where: string, description: unknown, defined: readonly DefinedActivation[], depth: number): Layer {
  if (!isObject(description)) throw unexpected(where, 'a layer, or { type, config }', description);
  checkKeys(where, description, ['type', 'name', 'config', 'layers']);
  const { name, config = {}, layers } = description;
  const type = checkName(`${where} type`, description['type'], Object.keys(layerTypes));
  if (!isObject(config)) throw unexpected(`${where} config`, 'an object of options', config);
  checkLabel(`${where} name`, name);
  const inner = layers === undefined ? [] : layersFrom(`${where} layers`, layers, defined, depth + 1);
  // How a file's weights began does not matter any more.
  const options = Object.entries({ ...config, ...(name !== undefined && { name }) }).filter(([option]) => !option.endsWith('Initializer'))
    .map(([option, value]) => [option, /(Regularizer|Constraint)$/.test(option) ? ruleFrom(`${where} ${option}`, value) : definedFrom(`${where} (${show(name)}) ${option}`, value, defined)]);
  const layer = described(where, () => layerTypes[type]!(Object.fromEntries(options) as never, inner));
  if (layers !== undefined && layer.layers === undefined) throw new OptionError(`${where}: ${type} has no layers in it`);
  return layer;
}

/** The activation that a description leaves to the program; what describes none stays. */
function definedFrom(where: string, value: unknown, defined: readonly DefinedActivation[]): unknown {
  const name = definedName(value);
  if (name === undefined) return value;
  const found = defined.find((activation) => activation.name === name);
  const names = defined.map((activation) => activation.name);
  if (found === undefined) throw new OptionError(`${where}: expected the activation ${show(name)}, which defineActivation made and no file can hold; pass it, as in loadModel(path, { activations: [...] })${names.length === 0 ? '' : `; received ${names.join(', ')}${didYouMean(name, names)}`}`);
  return found;
}

function ruleFrom(where: string, value: unknown): unknown {
  if (value === undefined || isRule(value)) return value;
  const { name, config = {} } = isObject(value) ? value : { name: value };
  const type = checkName(where, name, Object.keys(ruleTypes));
  if (!isObject(config)) throw unexpected(`${where} config`, 'an object of options', config);
  return described(where, () => ruleTypes[type]!(config as Readonly<Record<string, never>>));
}

function described<Made>(where: string, make: () => Made): Made {
  try {
    return make();
  } catch (cause) {
    throw new OptionError(`${where}: ${(cause as Error).message}`);
  }
}

/** What to compile with, out of a file; undefined where it says nothing, or of a schedule. */
export function compiledFrom(where: string, { optimizer, loss, metrics = [] }: Readonly<Record<string, unknown>>): CompileOptions | undefined {
  if (optimizer === undefined || loss === undefined) return undefined;
  if (!isObject(optimizer) || !isObject(optimizer['config'])) throw unexpected(`${where} optimizer`, '{ name, config }', optimizer);
  const { name, config } = optimizer as { name: unknown; config: Readonly<Record<string, unknown>> };
  // So checkpoints have it.
  if (config['learningRate'] === 'function') return undefined;
  const type = checkName(`${where} optimizer`, name, Object.keys(optimizers) as OptimizerName[]);
  // Twice as much state as weights for each: what a few bytes ask for must stay within reason.
  const { historySize } = config as { historySize?: unknown };
  if (typeof historySize === 'number' && historySize > mostHistory) throw unexpected(`${where} optimizer historySize`, `at most ${mostHistory}`, historySize);
  return { optimizer: optimizers[type](config as never), loss: loss as never, metrics: metrics as never };
}

const mostHistory = 1_000;

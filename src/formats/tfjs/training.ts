/** What models of Keras and TensorFlow.js were compiled with, as ours: plain data, which `compiledFrom` takes. What there is not here is named, and left out. */

import { show } from '../../errors.ts';
import { isObject } from '../../model/layersFrom.ts';
import type { Config } from './layers.ts';

/** What to compile with, if that is known, and what was left out, in words. */
export interface Training {
  /** Optimizer, loss and metrics as descriptions have them. */
  readonly compiled: Config | undefined;
  readonly leftOut: readonly string[];
}

const camel = (name: string): string => name.replace(/_+(\w)/g, (_, letter: string) => letter.toUpperCase());
/** Names are written in several ways: `mean_squared_error`, `meanSquaredError`, `MeanSquaredError`. */
const key = (name: unknown): string => (typeof name === 'string' ? name.replaceAll('_', '').toLowerCase() : '');

/** Our optimizers by the names of classes there, and the options that are the same but for their spelling. */
const optimizers: ReadonlyMap<string, readonly [name: string, ...options: string[]]> = new Map([
  ['sgd', ['sgd', 'momentum', 'nesterov']],
  ['momentum', ['sgd', 'momentum', 'nesterov']],
  ['adam', ['adam', 'beta1', 'beta2', 'epsilon', 'amsgrad']],
  ['adamw', ['adamw', 'beta1', 'beta2', 'epsilon', 'amsgrad', 'weightDecay']],
  ['rmsprop', ['rmsprop', 'rho', 'momentum', 'epsilon', 'centered']],
  ['adagrad', ['adagrad', 'initialAccumulatorValue', 'epsilon']],
  ['adadelta', ['adadelta', 'rho', 'epsilon']],
  ['adamax', ['adamax', 'beta1', 'beta2', 'epsilon']],
  ['nadam', ['nadam', 'beta1', 'beta2', 'epsilon']],
  ['lion', ['lion', 'beta1', 'beta2', 'weightDecay']],
]);
const commonOptions = ['learningRate', 'clipValue', 'clipNorm', 'globalClipNorm', 'accumulationSteps', 'emaMomentum'];
/** Our names of options, where they are others. */
const renamed: ReadonlyMap<string, string> = new Map([
  ['lr', 'learningRate'], ['useNesterov', 'nesterov'], ['clipvalue', 'clipValue'], ['clipnorm', 'clipNorm'], ['globalClipnorm', 'globalClipNorm'], ['gradientAccumulationSteps', 'accumulationSteps'],
]);
/** Those that change nothing of the rule. */
const quiet = ['name', 'jitCompile', 'isLegacyOptimizer', 'useLocking', 'emaOverwriteFrequency', 'useEma', 'lossScaleFactor', 'dtype'];

const losses = [
  'meanSquaredError', 'meanAbsoluteError', 'huber', 'logCosh', 'binaryCrossentropy', 'categoricalCrossentropy', 'sparseCategoricalCrossentropy', 'hinge', 'squaredHinge',
  'kullbackLeiblerDivergence', 'poisson',
];
/** Short names of losses there. */
const shortLosses: ReadonlyMap<string, string> = new Map([
  ['mse', 'meanSquaredError'], ['mae', 'meanAbsoluteError'], ['huberloss', 'huber'], ['kld', 'kullbackLeiblerDivergence'], ['kldivergence', 'kullbackLeiblerDivergence'],
]);
const lossNamed = (name: string): string | undefined => shortLosses.get(name) ?? losses.find((loss) => key(loss) === name);
/** Accuracies that are ours with one loss alone. */
const accuracies: ReadonlyMap<string, string> = new Map([
  ['binaryaccuracy', 'binaryCrossentropy'], ['categoricalaccuracy', 'categoricalCrossentropy'], ['sparsecategoricalaccuracy', 'sparseCategoricalCrossentropy'],
]);

/** A name, or the class and options of an object. */
function nameAndConfig(value: unknown): { name: unknown; config: Config } {
  if (!isObject(value)) return { name: value, config: {} };
  return { name: value['class_name'] ?? value['className'], config: isObject(value['config']) ? value['config'] : {} };
}

/** A list of one is that one, and so is what is said of one output by its name. */
function single(value: unknown): unknown {
  const isByOutput = isObject(value) && value['class_name'] === undefined && value['className'] === undefined;
  const values: unknown[] = Array.isArray(value) ? value : isByOutput ? Object.values(value) : [];
  return values.length === 1 ? values[0] : value;
}

/** Reads the `trainingConfig` of a file, or the `training_config` of its topology; nothing of a model that was not compiled. */
export function trainingOf(given: unknown): Training | undefined {
  if (given === undefined || given === null) return undefined;
  if (!isObject(given)) return { compiled: undefined, leftOut: [show(given)] };
  const config = camelled(given);
  const leftOut: string[] = ['lossWeights', 'weightedMetrics', 'sampleWeightMode'].filter((option) => config[option] !== undefined && config[option] !== null);
  const optimizer = optimizerOf(config['optimizerConfig'] ?? config['optimizer'], leftOut);
  const loss = lossOf(single(config['loss']), leftOut);
  if (optimizer === undefined || loss === undefined) return { compiled: undefined, leftOut };
  const metrics = [single(config['metrics']) ?? []].flat(2).map((metric) => metricOf(metric, loss.name, leftOut));
  // Several names there are one here.
  return { compiled: { optimizer, loss, metrics: [...new Set(metrics.filter((name) => name !== undefined))] }, leftOut };
}

const camelled = (config: Config): Config => Object.fromEntries(Object.entries(config).map(([option, value]) => [camel(option), value]));

function optimizerOf(given: unknown, leftOut: string[]): { name: string; config: Config } | undefined {
  const { name: className, config } = nameAndConfig(given);
  const [known, ...options] = optimizers.get(key(className)) ?? [];
  if (known === undefined) {
    leftOut.push(`optimizer ${show(className)}`);
    return undefined;
  }
  const all: Record<string, unknown> = Object.fromEntries(Object.entries(camelled(config)).map(([option, value]) => [renamed.get(option) ?? option, value]));
  // What TensorFlow.js calls decay there is the share that is kept; anywhere else the rate decays by it.
  if (known === 'rmsprop' && all['rho'] === undefined) [all['rho'], all['decay']] = [all['decay'], undefined];
  if (all['useEma'] !== true) delete all['emaMomentum'];
  if (!(Number(all['momentum']) > 0)) delete all['nesterov'];
  // Decoupled, as in Keras 3.
  const name = known === 'adam' && Number(all['weightDecay']) > 0 ? 'adamw' : known;
  const taken = [...commonOptions, ...options, ...(name === 'adamw' ? ['weightDecay'] : [])];
  const own = Object.entries(all).filter(([, value]) => value !== undefined && value !== null);
  for (const [option, value] of own) if (!taken.includes(option) && !quiet.includes(option) && value !== 0 && value !== false) leftOut.push(`${option} of optimizer ${show(className)}`);
  if (isObject(all['learningRate'])) {
    leftOut.push('a schedule of the learning rate');
    return undefined;
  }
  return { name, config: Object.fromEntries(own.filter(([option]) => taken.includes(option))) };
}

function lossOf(given: unknown, leftOut: string[]): { name: string; [option: string]: unknown } | undefined {
  const { name: theirs, config } = nameAndConfig(given);
  const name = lossNamed(key(theirs));
  if (name === undefined) {
    leftOut.push(`loss ${show(theirs)}`);
    return undefined;
  }
  const options = camelled(config);
  for (const option of ['labelSmoothing', 'ignoreClass']) if (typeof options[option] === 'number' && options[option] !== 0) leftOut.push(`${option} of loss ${show(theirs)}`);
  return {
    name,
    ...(name === 'huber' && options['delta'] !== undefined && { delta: options['delta'] }),
    ...(/Crossentropy$/.test(name) && options['fromLogits'] === true && { fromLogits: true }),
  };
}

function metricOf(given: unknown, loss: string, leftOut: string[]): string | undefined {
  const { name: theirs, config } = nameAndConfig(given);
  // A function is in an object that may have another name.
  const name = key(theirs) === 'meanmetricwrapper' ? key(config['fn'] ?? config['name']) : key(theirs);
  const own = name === 'acc' || name === 'accuracy' || accuracies.get(name) === loss ? 'accuracy' : lossNamed(name);
  if (own === undefined) leftOut.push(`metric ${show(typeof theirs === 'string' ? theirs : given)}`);
  return own;
}

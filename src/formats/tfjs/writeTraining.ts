/** What a model was compiled with, as TensorFlow.js takes it; nothing where an optimizer or a loss would be another one there. */

import type { SequentialDescription } from '../../model/description.ts';
import type { Config } from './layers.ts';

/** The class of each of our optimizers there, its options there by ours, and ours that must be what they say, for there is no such option. */
const optimizers: Readonly<Record<string, { readonly className: string; readonly options: Readonly<Record<string, string>>; readonly fixed: Config }>> = {
  sgd: { className: 'Momentum', options: { learningRate: 'learningRate', momentum: 'momentum', nesterov: 'useNesterov' }, fixed: { dampening: 0, weightDecay: 0 } },
  adam: { className: 'Adam', options: { learningRate: 'learningRate', beta1: 'beta1', beta2: 'beta2', epsilon: 'epsilon' }, fixed: { amsgrad: false, weightDecay: 0 } },
  adagrad: { className: 'Adagrad', options: { learningRate: 'learningRate', initialAccumulatorValue: 'initialAccumulatorValue' }, fixed: { epsilon: 1e-7, weightDecay: 0 } },
  adadelta: { className: 'Adadelta', options: { learningRate: 'learningRate', rho: 'rho', epsilon: 'epsilon' }, fixed: { weightDecay: 0 } },
  adamax: { className: 'Adamax', options: { learningRate: 'learningRate', beta1: 'beta1', beta2: 'beta2', epsilon: 'epsilon' }, fixed: { weightDecay: 0 } },
  rmsprop: { className: 'RMSProp', options: { learningRate: 'learningRate', rho: 'decay', momentum: 'momentum', epsilon: 'epsilon', centered: 'centered' }, fixed: { weightDecay: 0 } },
};

/** Names there, in the snake case that files have. */
const losses: Readonly<Record<string, string>> = {
  meanSquaredError: 'mean_squared_error', meanAbsoluteError: 'mean_absolute_error', logCosh: 'logcosh', binaryCrossentropy: 'binary_crossentropy',
  categoricalCrossentropy: 'categorical_crossentropy', sparseCategoricalCrossentropy: 'sparse_categorical_crossentropy', hinge: 'hinge', squaredHinge: 'squared_hinge',
  kullbackLeiblerDivergence: 'kullback_leibler_divergence', poisson: 'poisson',
};
const metricNames: Readonly<Record<string, string>> = {
  accuracy: 'accuracy', meanSquaredError: 'mse', meanAbsoluteError: 'mae', categoricalCrossentropy: losses['categoricalCrossentropy']!,
  sparseCategoricalCrossentropy: losses['sparseCategoricalCrossentropy']!,
};

export function trainingConfigOf({ optimizer, loss, metrics = [] }: SequentialDescription): Config | undefined {
  const theirs = optimizer && optimizerOf(optimizer.name === 'momentum' ? 'sgd' : optimizer.name, optimizer.config);
  const name = loss === undefined || loss['fromLogits'] === true ? undefined : losses[String(loss['name'])];
  if (theirs === undefined || name === undefined) return undefined;
  return { loss: name, metrics: metrics.map((metric) => metricNames[metric]).filter((metric) => metric !== undefined), optimizer_config: theirs };
}

function optimizerOf(name: string, config: Config): Config | undefined {
  const known = Object.hasOwn(optimizers, name) ? optimizers[name] : undefined;
  if (known === undefined) return undefined;
  const { className, options, fixed } = known;
  const all: Config = { ...fixed, accumulationSteps: 1 };
  if (!Object.entries(config).every(([option, value]) => option in options || all[option] === value)) return undefined;
  // Theirs keeps a velocity for a momentum of 0 too.
  if (className === 'Momentum' && config['momentum'] === 0) return { class_name: 'SGD', config: { learningRate: config['learningRate'] } };
  return { class_name: className, config: { ...Object.fromEntries(Object.entries(options).map(([option, own]) => [own, config[option]])), ...(className === 'Adamax' && { decay: 0 }) } };
}

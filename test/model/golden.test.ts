/** The same bits everywhere: hashes of trained weights, written down once, that every engine must give. */
import { describe, expect, it } from 'vitest';
import {
  activations, adadelta, adagrad, adam, adamax, adamw, batchNormalization, dense, dropout, gaussianNoise, impute, l1, l1l2, layerNormalization, lion, maxNorm, nadam, nonNegative,
  normalization, oneHot, residual, rmsprop, sequential, sgd, unitNorm, type ActivationName, type InitializerSpec, type Layer, type LossSpec, type NormalizationOptions, type Optimizer, type SgdOptions,
} from '../../src/index.ts';
import { hashWeights } from '../hash.ts';
import { numbers } from '../twins.ts';

interface Case {
  hidden?: ActivationName;
  output?: ActivationName;
  loss?: LossSpec;
  initializer?: InitializerSpec;
  optimizer?: SgdOptions;
  /** Another optimizer than sgd. */
  other?: Optimizer;
  /** The rate of a dropout layer before the last one. */
  rate?: number;
  /** Layers before the first, for rows with codes and gaps. */
  first?: () => Layer[];
  /** Layers after the first. */
  inside?: () => Layer[];
  /** A layer before the last one. */
  layer?: () => Layer;
  batchSize?: number;
  seed?: number;
}

const rows = 37;
const inputs = 11;
const units = 5;

async function train({
  hidden = 'relu', output = 'softmax', loss = 'sparseCategoricalCrossentropy', initializer = 'glorotUniform', optimizer = {}, other, rate = 0, first = () => [], inside = () => [], layer,
  batchSize = 8, seed = 7,
}: Case): Promise<string> {
  const name = typeof loss === 'string' ? loss : loss.name;
  const model = sequential({
    layers: [
      ...first(),
      dense({ units: 13, activation: hidden, kernelInitializer: initializer, ...(first().length === 0 && { inputShape: [inputs] }) }),
      ...inside(),
      dense({ units: 9, activation: hidden, kernelInitializer: initializer }),
      dropout({ rate }),
      ...(layer === undefined ? [] : [layer()]),
      dense({ units, activation: output }),
    ],
    seed,
    backend: 'wasm',
  });
  model.compile({ optimizer: other ?? sgd({ learningRate: 0.05, ...optimizer }), loss });
  const y = name === 'sparseCategoricalCrossentropy' ? Array.from({ length: rows }, (_, i) => i % units)
    : name === 'hinge' || name === 'squaredHinge' ? numbers(rows * units, 2).map(Math.sign)
      : numbers(rows * units, 2).map(Math.abs);
  const x = numbers(rows * inputs, 1, 2);
  await model.fit(first().length === 0 ? x : x.map((value, i) => (i % 7 === 3 ? NaN : i % inputs === 4 ? i % 6 : value)), y, { epochs: 5, batchSize });
  return hashWeights(model.getWeights());
}

/** Layers for rows of which column 4 holds codes, and that have gaps. */
function rawRows(options: NormalizationOptions = {}): Layer[] {
  const fill = impute({ strategy: 'median' });
  fill.adapt([numbers(inputs, 3), numbers(inputs, 4).fill(NaN, 0, 1), numbers(inputs, 5)]);
  const scale = normalization({ columns: [0, 9, 14], ...options });
  scale.adapt(Array.from({ length: 20 }, (_, i) => numbers(inputs + 4, 10 + i)));
  return [fill, oneHot({ categories: Array.from({ length: inputs }, (_, i) => (i === 4 ? 4 : 0)) }), scale];
}

const cases: Record<string, Case> = {
  'plain': {},
  'another seed': { seed: 8 },
  'momentum': { optimizer: { momentum: 0.9 } },
  'nesterov': { optimizer: { momentum: 0.9, nesterov: true } },
  'dampening': { optimizer: { momentum: 0.9, dampening: 0.5 } },
  'weight decay': { optimizer: { weightDecay: 0.01 } },
  'batch of 1': { batchSize: 1 },
  'batch of 32': { batchSize: 32 },
  'full batch': { batchSize: rows },
};
for (const name of Object.keys(activations) as ActivationName[]) cases[`hidden ${name}`] = { hidden: name, output: 'linear', loss: 'meanSquaredError' };
// Values that reach the upper kink, and steps small enough for outputs that reach −20.
cases['hidden relu6']!.initializer = { name: 'randomNormal', stddev: 0.8 };
cases['hidden logSoftmax']!.optimizer = { learningRate: 1e-4 };
for (const loss of ['halfSquaredError', 'meanAbsoluteError', 'huber', 'logCosh', 'hinge', 'squaredHinge'] as const) cases[`loss ${loss}`] = { hidden: 'tanh', output: 'linear', loss };
for (const loss of ['binaryCrossentropy', 'categoricalCrossentropy', 'kullbackLeiblerDivergence', 'poisson'] as const) cases[`loss ${loss}`] = { hidden: 'tanh', output: 'sigmoid', loss };
cases['loss categoricalCrossentropy with softmax'] = { hidden: 'tanh', loss: 'categoricalCrossentropy' };
for (const name of ['randomUniform', 'randomNormal', 'truncatedNormal', 'glorotNormal', 'heUniform', 'heNormal', 'lecunUniform', 'lecunNormal', 'orthogonal'] as const) cases[`initializer ${name}`] = { initializer: name };
cases['adam'] = { other: adam({ learningRate: 0.01 }) };
cases['adam with all options'] = { other: adam({ learningRate: 0.02, beta1: 0.8, beta2: 0.99, epsilon: 1e-3, amsgrad: true, weightDecay: 0.01 }) };
cases['adamw'] = { other: adamw({ learningRate: 0.01 }) };
cases['dropout'] = { rate: 0.25 };
cases['dropout, batch of 1'] = { rate: 0.25, batchSize: 1 };
cases['dropout and adam'] = { rate: 0.5, other: adam() };
cases['residual blocks'] = {
  inside: () => [residual([dense({ units: 7, activation: 'tanh' }), dropout({ rate: 0.25 }), residual([dense({ units: 7 }), dropout({ rate: 0.5 })]), dense({ units: 13 })])],
};
cases['gaussian noise'] = { inside: () => [gaussianNoise({ stddev: 0.25 }), dense({ units: 7 }), gaussianNoise({ stddev: 1 })] };
cases['penalties'] = { inside: () => [dense({ units: 7, kernelRegularizer: l1l2({ l1: 0.01, l2: 0.02 }), biasRegularizer: l1(0.01) })] };
cases['constraints'] = {
  inside: () => [dense({ units: 10, kernelConstraint: maxNorm(0.7), biasConstraint: unitNorm() }), dense({ units: 7, kernelConstraint: nonNegative() })],
};
cases['constraints, batch of 1'] = { ...cases['constraints'], batchSize: 1 };
cases['batchNormalization'] = { layer: batchNormalization };
cases['batchNormalization, batch of 1'] = { layer: batchNormalization, batchSize: 1 };
cases['batchNormalization with all options, adam'] = { layer: () => batchNormalization({ momentum: 0.5, epsilon: 0.25, center: false, scale: false }), other: adam() };
cases['layerNormalization'] = { layer: layerNormalization };
cases['normalization'] = { layer: () => normalization({ mean: 0.5, variance: 2 }) };
cases['gaps and codes'] = { first: rawRows };
cases['gaps and codes, adam'] = { first: () => rawRows({ scaling: 'minMax' }), other: adam() };
cases['rmsprop'] = { other: rmsprop({ learningRate: 0.01 }) };
cases['rmsprop with all options'] = { other: rmsprop({ learningRate: 0.01, rho: 0.8, epsilon: 1e-3, centered: true, momentum: 0.5, weightDecay: 0.01 }) };
cases['adagrad'] = { other: adagrad({ learningRate: 0.05, weightDecay: 0.01 }) };
cases['adadelta'] = { other: adadelta({ learningRate: 1, weightDecay: 0.01 }) };
cases['adamax'] = { other: adamax({ learningRate: 0.01, weightDecay: 0.01 }) };
cases['nadam'] = { other: nadam({ learningRate: 0.01 }) };
cases['nadam with all options'] = { other: nadam({ learningRate: 0.02, beta1: 0.8, beta2: 0.99, epsilon: 1e-3, momentumDecay: 0.1, weightDecay: 0.01 }) };
cases['lion'] = { other: lion({ learningRate: 0.01, weightDecay: 0.01 }) };
cases['clipping by value'] = { other: sgd({ learningRate: 0.05, clipValue: 0.01 }) };
cases['clipping by norm'] = { other: adam({ learningRate: 0.01, clipNorm: 0.01 }) };
cases['clipping by the norm of all'] = { other: sgd({ learningRate: 0.05, globalClipNorm: 0.1 }) };
cases['several batches, averaged weights'] = { other: adam({ learningRate: 0.01, accumulationSteps: 3, emaMomentum: 0.9 }) };

describe('golden hashes', () => {
  const hashes = new Map<string, string>();

  it.each(Object.entries(cases))('%s', async (name, options) => {
    const hash = await train(options);
    expect(hash, 'a second run differs').toBe(await train(options));
    expect(hash).toMatchSnapshot();
    hashes.set(name, hash);
  });

  it('differ from case to case, but for the two names of one function', () => {
    expect(hashes.get('hidden swish')).toBe(hashes.get('hidden silu'));
    hashes.delete('hidden swish');
    expect(new Set(hashes.values()).size).toBe(Object.keys(cases).length - 1);
  });
});

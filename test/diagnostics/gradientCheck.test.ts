/** The gradient checker over every activation and every loss, and what it says of kinks and of wrong derivatives. */
import { describe, expect, it } from 'vitest';
import {
  activations, batchNormalization, dense, gradientCheck, layerNormalization, normalization, sequential, sgd, type ActivationName, type Layer, type LossName, type LossSpec,
} from '../../src/index.ts';
import { lossCodes } from '../../src/backend/plan.ts';
import { backends } from '../backends.ts';
import { numbers } from '../twins.ts';

const rows = 6;
const x = numbers(rows * 5, 3, 2);

/** Targets that the loss can mean, for an output of `units`. */
function targets(loss: LossName, units: number): number[] {
  if (loss === 'sparseCategoricalCrossentropy') return Array.from({ length: rows }, (_, i) => i % units);
  if (loss === 'categoricalCrossentropy' || loss === 'kullbackLeiblerDivergence') {
    return Array.from({ length: rows * units }, (_, i) => (i % units === Math.floor(i / units) % units ? 0.8 : 0.2 / (units - 1)));
  }
  if (loss === 'binaryCrossentropy') return Array.from({ length: rows * units }, (_, i) => [0, 1, 0.25][i % 3]!);
  if (loss === 'hinge' || loss === 'squaredHinge') return Array.from({ length: rows * units }, (_, i) => (i % 2 === 0 ? 1 : -1));
  return Array.from(numbers(rows * units, 7), Math.abs);
}

/** The output activation that keeps outputs where the loss is defined. */
const outputs: Partial<Record<LossName, ActivationName>> = {
  binaryCrossentropy: 'sigmoid', categoricalCrossentropy: 'softmax', sparseCategoricalCrossentropy: 'softmax',
  kullbackLeiblerDivergence: 'softmax', poisson: 'softplus',
};

function check(backend: (typeof backends)[number], hidden: ActivationName, output: ActivationName, loss: LossSpec) {
  const name = typeof loss === 'string' ? loss : loss.name;
  const units = 4;
  const model = sequential({
    layers: [dense({ units: 7, activation: hidden, inputShape: [5], biasInitializer: { name: 'randomNormal', stddev: 0.3 } }), dense({ units, activation: output })],
    seed: 11,
    backend,
  });
  model.compile({ optimizer: 'sgd', loss });
  return gradientCheck(model, x, targets(name, units));
}

describe.each(backends)('gradients on %s agree with differences', (backend) => {
  it.each(Object.keys(activations) as ActivationName[])('for activation %s', (name) => {
    const result = check(backend, name, 'linear', 'meanSquaredError');
    expect(result).toMatchObject({ ok: true });
    expect(result.parameters.map(({ checked, kinks }) => checked + kinks)).toEqual([35, 7, 28, 4]);
  });

  it.each(Object.keys(activations) as ActivationName[])('for %s as the output', (name) => {
    expect(check(backend, 'tanh', name, 'halfSquaredError')).toMatchObject({ ok: true });
  });

  it.each(lossCodes)('for loss %s', (loss) => {
    expect(check(backend, 'tanh', outputs[loss] ?? 'linear', loss)).toMatchObject({ ok: true });
  });

  it.each(['binaryCrossentropy', 'categoricalCrossentropy', 'sparseCategoricalCrossentropy'] as const)('for %s from logits, and unfused', (name) => {
    expect(check(backend, 'tanh', 'linear', { name, fromLogits: true })).toMatchObject({ ok: true });
    expect(check(backend, 'tanh', 'tanh', { name, fromLogits: true })).toMatchObject({ ok: true });
    expect(check(backend, 'tanh', name === 'binaryCrossentropy' ? 'hardSigmoid' : 'sigmoid', name)).toMatchObject({ ok: true });
  });
});

const normalizations: Record<string, (options?: { inputShape: number[] }) => Layer> = {
  batchNormalization,
  'batchNormalization without center': (options) => batchNormalization({ ...options, center: false }),
  'batchNormalization without scale': (options) => batchNormalization({ ...options, scale: false }),
  'batchNormalization without either': (options) => batchNormalization({ ...options, center: false, scale: false, epsilon: 0.5 }),
  layerNormalization,
  'layerNormalization without center': (options) => layerNormalization({ ...options, center: false }),
  'layerNormalization without scale': (options) => layerNormalization({ ...options, scale: false }),
  'layerNormalization without either': (options) => layerNormalization({ ...options, center: false, scale: false, epsilon: 0.5 }),
  normalization: (options) => normalization({ ...options, mean: 0.25, variance: 2 }),
};

describe.each(backends)('gradients on %s agree with differences', (backend) => {
  it.each(Object.entries(normalizations))('for %s first, in the middle and last', (_name, make) => {
    const hidden = dense({ units: 6, activation: 'tanh', inputShape: [5] });
    const first = make({ inputShape: [5] });
    for (const layers of [[first, dense({ units: 4 })], [hidden, make(), dense({ units: 4 })], [hidden, dense({ units: 4 }), make()], [hidden, make(), make(), dense({ units: 4 }), make()]]) {
      const model = sequential({ layers, seed: 11, backend });
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      // Other values than ones and zeros.
      model.setWeights(model.getWeights().map((values, i) => values.map((value, k) => value + 0.1 * numbers(values.length, i + 1)[k]!)));
      const result = gradientCheck(model, x, targets('meanSquaredError', 4));
      expect(result).toMatchObject({ ok: true });
      expect(result.parameters.every(({ checked }) => checked > 0)).toBe(true);
      expect(result.parameters.map(({ name }) => name)).toEqual(model.gradients(x, targets('meanSquaredError', 4)).map(({ name }) => name));
    }
  });
});

describe('the checker', () => {
  it('leaves kinks out and counts them', () => {
    const model = sequential({ layers: [dense({ units: 3, activation: 'relu', inputShape: [2], kernelInitializer: 'zeros' }), dense({ units: 1 })] });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const { ok, parameters } = gradientCheck(model, [[1, 2]], [1]);
    expect(ok).toBe(true);
    expect(parameters[0]).toMatchObject({ name: 'dense_1/kernel', checked: 0, kinks: 6 });
  });

  it('changes nothing, draws a sample of large parameters and repeats itself', () => {
    const model = sequential({ layers: [dense({ units: 30, activation: 'tanh', inputShape: [40] }), dense({ units: 2 })] });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const before = model.getWeights();
    const data = numbers(3 * 40, 5);
    const first = gradientCheck(model, data, numbers(6, 6), { samples: 50 });
    expect(first.parameters.map(({ checked }) => checked)).toEqual([50, 30, 50, 2]);
    expect(gradientCheck(model, data, numbers(6, 6), { samples: 50 })).toEqual(first);
    expect(model.getWeights()).toEqual(before);
  });

  it('takes no rounding for a mistake where next to nothing is left to learn', async () => {
    const model = sequential({ layers: [dense({ units: 8, activation: 'tanh', inputShape: [2] }), dense({ units: 1, activation: 'sigmoid' })], seed: 2 });
    model.compile({ optimizer: sgd({ learningRate: 0.5, momentum: 0.9 }), loss: 'binaryCrossentropy' });
    const [x, y] = [[[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]];
    for (let epoch = 0; epoch < 500; epoch += 50) {
      await model.fit(x, y, { epochs: epoch + 50, initialEpoch: epoch, batchSize: 4 });
      expect(gradientCheck(model, x, y)).toMatchObject({ ok: true });
    }
  });

  it('agrees with nothing where the loss or a gradient is no number', () => {
    for (const [loss, weights] of [['poisson', [1, 1, -1, -1]], ['meanSquaredError', [1e30, 1e30, 1e30, 1e30]]] as const) {
      const model = sequential({ layers: [dense({ units: 2, inputShape: [2] }), dense({ units: 1 })] });
      model.compile({ optimizer: 'sgd', loss });
      model.setWeights(model.getWeights().map((values, i) => values.map(() => weights[i]!)));
      const { ok, parameters } = gradientCheck(model, [[1, 2], [2, 1]], [1, 2]);
      expect(ok).toBe(false);
      expect(parameters.every(({ maxRelativeError, kinks }) => maxRelativeError === Infinity && kinks === 0)).toBe(true);
    }
  });

  it('asks for a compiled model and known options', () => {
    const model = sequential({ layers: [dense({ units: 1, inputShape: [1] })] });
    expect(() => gradientCheck(model, [1], [1])).toThrow(/compile/);
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    expect(() => gradientCheck(model, [1], [1], { tolerence: 1 } as never)).toThrow(/did you mean 'tolerance'/);
  });
});

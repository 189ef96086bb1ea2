/** The range test: what it finds, and that it leaves the model as it was. */
import { describe, expect, it } from 'vitest';
import { adam, dense, dropout, exponentialDecay, findLearningRate, OptionError, sequential, sgd, ShapeError, type Optimizer, type Sequential } from '../../src/index.ts';
import { backends } from '../backends.ts';
import { numbers } from '../twins.ts';

const rows = 70;
const x = numbers(rows * 4, 1);
const y = Float32Array.from({ length: rows }, (_, i) => Math.sin(x[4 * i]!) + x[4 * i + 1]! * x[4 * i + 2]!);

function make(backend: (typeof backends)[number], optimizer: Optimizer): Sequential {
  const model = sequential({ layers: [dense({ units: 16, activation: 'tanh', inputShape: [4] }), dropout({ rate: 0.1 }), dense({ units: 1 })], seed: 4, backend });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  return model;
}

describe.each(backends)('findLearningRate on %s', (backend) => {
  it.each([
    ['adam', () => adam({ learningRate: 0.01 })],
    ['a schedule', () => adam({ learningRate: exponentialDecay({ initialLearningRate: 0.02, decaySteps: 5, decayRate: 0.9 }) })],
  ])('leaves every bit as it was, with %s', async (_name, optimizer) => {
    const [untouched, model] = [make(backend, optimizer()), make(backend, optimizer())];
    for (const each of [untouched, model]) await each.fit(x, y, { epochs: 2 });
    await findLearningRate(model, x, y, { steps: 40 });
    expect(model.getWeights()).toEqual(untouched.getWeights());
    expect(model.learningRate).toBe(untouched.learningRate);
    expect(model.program.step).toBe(untouched.program.step);
    // Optimizer state, dropout and shuffling show in what comes next.
    for (const each of [untouched, model]) await each.fit(x, y, { epochs: 2, initialEpoch: 1 });
    expect(model.getWeights()).toEqual(untouched.getWeights());
  });

  it('raises the rate by the same factor every step, and smooths the loss', async () => {
    const model = sequential({ layers: [dense({ units: 16, activation: 'tanh', inputShape: [4] }), dense({ units: 1 })], seed: 4, backend });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const { rates, losses } = await findLearningRate(model, x, y, { from: 1e-4, to: 1e-2, steps: 5, batchSize: rows });
    [1e-4, 10 ** -3.5, 1e-3, 10 ** -2.5, 1e-2].forEach((rate, i) => expect(rates[i]).toBeCloseTo(rate, 12));
    const raw: number[] = [];
    for (const rate of rates) {
      model.learningRate = rate;
      raw.push(model.trainOnBatch(x, y));
    }
    let [mean, weight] = [0, 0];
    raw.forEach((loss, i) => {
      mean = 0.98 * mean + 0.02 * loss;
      weight = 0.98 * weight + 0.02;
      // The rows come in another order, which moves the last bits of a sum.
      expect(Math.abs(losses[i]! / (mean / weight) - 1)).toBeLessThan(1e-6);
    });
  });
});

describe('findLearningRate', () => {
  it('stops where the loss explodes, and suggests a rate below', async () => {
    const { rates, losses, suggestion } = await findLearningRate(make('wasm', sgd()), x, y, { from: 1e-5, to: 1e4, steps: 120 });
    expect(rates.length).toBe(losses.length);
    expect(rates.length).toBeGreaterThan(40);
    expect(rates.length).toBeLessThan(120);
    expect(losses.every(Number.isFinite)).toBe(true);
    const lowest = losses.indexOf(Math.min(...losses));
    expect(suggestion).toBe(rates[lowest]! / 10);
    expect(suggestion).toBeGreaterThan(1e-3);
    expect(suggestion).toBeLessThan(rates.at(-1)!);
  });

  it('suggests a rate that learns', async () => {
    const model = make('wasm', sgd());
    const before = model.evaluate(x, y)['loss']!;
    model.learningRate = (await findLearningRate(model, x, y)).suggestion!;
    await model.fit(x, y, { epochs: 30 });
    expect(model.evaluate(x, y)['loss']).toBeLessThan(before / 2);
  });

  it('suggests nothing where the loss never falls', async () => {
    const model = sequential({ layers: [dense({ units: 1, inputShape: [4], useBias: false })] });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const { suggestion, losses } = await findLearningRate(model, new Float32Array(8), [1, 1], { steps: 20 });
    expect(losses).toHaveLength(20);
    expect(suggestion).toBeUndefined();
  });

  it('says the same twice', async () => {
    const model = make('wasm', adam());
    expect(await findLearningRate(model, x, y, { steps: 30 })).toEqual(await findLearningRate(model, x, y, { steps: 30 }));
  });

  it('refuses what cannot be trained on', async () => {
    const model = make('wasm', sgd());
    await expect(findLearningRate(model, x, y, { to: 1e-8 })).rejects.toThrow(/to: expected .* greater than 1e-7/);
    await expect(findLearningRate(model, x, y, { steps: 1 })).rejects.toThrow(OptionError);
    await expect(findLearningRate(model, x, y, { batch: 1 } as never)).rejects.toThrow(/unknown option 'batch'/);
    await expect(findLearningRate(model, x, y.subarray(1))).rejects.toThrow(ShapeError);
    await expect(findLearningRate(model, [[1, 2, 3, NaN]], [1])).rejects.toThrow(/findLearningRate x: row 0, column 3/);
    await expect(findLearningRate({} as never, x, y)).rejects.toThrow(OptionError);
    await expect(findLearningRate(sequential({ layers: model.layers }), x, y)).rejects.toThrow(/no loss yet/);
  });
});

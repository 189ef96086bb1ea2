/** What optimizers do around their updates: clipping, several batches for one update, averages. Their numbers are in fixtures.test.ts. */
import { describe, expect, it } from 'vitest';
import {
  adam, dense, dropout, exponentialDecay, findLearningRate, momentum, OptionError, sequential, sgd, TrainingError, type FitOptions, type Optimizer, type Sequential,
} from '../../src/index.ts';
import { backends } from '../backends.ts';
import { expectClose } from '../close.ts';
import { hashWeights } from '../hash.ts';
import { numbers } from '../twins.ts';
import { optimizers, updating as names } from '../updating.ts';

const rows = 24;
const x = numbers(rows * 3, 1, 2);
const y = numbers(rows * 2, 2);

function make(optimizer: Optimizer, backend: (typeof backends)[number] = 'wasm', rate = 0): Sequential {
  const model = sequential({ layers: [dense({ units: 5, activation: 'tanh', inputShape: [3] }), dropout({ rate }), dense({ units: 2 })], seed: 3, backend });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  return model;
}

function weightsOf(model: Sequential): number[] {
  return model.getWeights().flatMap((values) => Array.from(values));
}

async function trained(optimizer: Optimizer, options: FitOptions = {}, rate = 0): Promise<string> {
  const model = make(optimizer, 'wasm', rate);
  await model.fit(x, y, { epochs: 3, batchSize: 4, ...options });
  return hashWeights(model.getWeights());
}

const around = [{ clipValue: 1e-3 }, { clipNorm: 1e-3 }, { globalClipNorm: 1e-3 }, { accumulationSteps: 3 }, { emaMomentum: 0.5 }];

describe.each(names)('%s', (name) => {
  it.each(around)('takes %o, which changes the weights', async (option) => {
    const changed = optimizers[name](option);
    expect(changed.config).toMatchObject(option);
    expect(changed.plainDescent).toBe(false);
    expect(await trained(changed)).not.toEqual(await trained(optimizers[name]()));
    // A batch of one row too, for which plain descent has a plan of its own.
    expect(await trained(changed, { batchSize: 1, epochs: 1 })).not.toEqual(await trained(optimizers[name](), { batchSize: 1, epochs: 1 }));
  });

  it.each([[{ clipNorm: 1, globalClipNorm: 1 }], [{ clipValue: 1, clipNorm: 1 }], [{ clipValue: 1, globalClipNorm: 1 }]])('refuses %o', (option) => {
    expect(() => optimizers[name](option)).toThrow(/give clip\w+ or \w+, not both/i);
  });

  it.each([{ clipValue: 0 }, { clipNorm: -1 }, { globalClipNorm: NaN }, { accumulationSteps: 0 }, { accumulationSteps: 1.5 }, { emaMomentum: 1 }, { emaMomentum: -0.1 }])('refuses %o', (option) => {
    expect(() => optimizers[name](option)).toThrow(OptionError);
  });
});

it('options that clip nothing change no bit', async () => {
  const plain = await trained(momentum());
  for (const option of [{ clipValue: 1e6 }, { clipNorm: 1e6 }, { globalClipNorm: 1e6 }, { accumulationSteps: 1 }]) expect(await trained(momentum(option))).toBe(plain);
});

describe.each(backends)('gradients over several batches on %s', (backend) => {
  it('are those of one batch of as many rows', async () => {
    const several = make(sgd({ learningRate: 0.1, accumulationSteps: 4 }), backend);
    const one = make(sgd({ learningRate: 0.1 }), backend);
    await several.fit(x, y, { epochs: 5, batchSize: 3, shuffle: false });
    await one.fit(x, y, { epochs: 5, batchSize: 12, shuffle: false });
    expectClose(weightsOf(several), weightsOf(one), 2e-6);
  });

  it('move nothing until the last of them, and carry on from epoch to epoch and from fit to fit', async () => {
    const model = make(adam({ accumulationSteps: 4 }), backend);
    const before = weightsOf(model);
    await model.fit(x, y, { epochs: 1, batchSize: 8, shuffle: false });
    expect(weightsOf(model)).toEqual(before);
    model.gradients(x, y);
    await model.fit(x, y, { epochs: 2, initialEpoch: 1, batchSize: 8, shuffle: false });
    expect(weightsOf(model)).not.toEqual(before);
    const atOnce = make(adam({ accumulationSteps: 4 }), backend);
    await atOnce.fit(x, y, { epochs: 2, batchSize: 8, shuffle: false });
    expect(weightsOf(atOnce)).toEqual(weightsOf(model));
  });

  it('averages come into place when fit has ended, and not before', async () => {
    const model = make(sgd({ learningRate: 0.1, emaMomentum: 0.75 }), backend);
    const raw = make(sgd({ learningRate: 0.1 }), backend);
    const seen: number[][] = [];
    const evaluated: unknown[] = [];
    const collect = (target: number[][], own: Sequential) => ({ onBatchEnd: () => void target.push(weightsOf(own)) });
    const { history } = await model.fit(x, y, { epochs: 2, batchSize: 8, validationData: [x, y], callbacks: [{ ...collect(seen, model), onEpochEnd: () => void evaluated.push(model.evaluate(x, y)['loss']) }] });
    const unaveraged: number[][] = [];
    await raw.fit(x, y, { epochs: 2, batchSize: 8, callbacks: [collect(unaveraged, raw)] });
    expect(seen).toEqual(unaveraged);
    expect(history['val_loss']).toEqual(evaluated);
    const average = seen.reduce((mean, weights) => mean.map((value, i) => 0.75 * value + 0.25 * weights[i]!));
    expectClose(weightsOf(model), average, 1e-6);
  });
});

it('averages stay where they are when fit does not come to its end, and where there has been no update', async () => {
  const abort = new AbortController();
  const model = make(sgd({ learningRate: 0.1, emaMomentum: 0.9 }));
  const raw = make(sgd({ learningRate: 0.1 }));
  await expect(model.fit(x, y, { epochs: 5, batchSize: 8, signal: abort.signal, callbacks: [{ onEpochEnd: () => abort.abort() }] })).rejects.toThrow(/abort/i);
  await raw.fit(x, y, { epochs: 1, batchSize: 8 });
  expect(weightsOf(model)).toEqual(weightsOf(raw));
  const still = make(sgd({ accumulationSteps: 100, emaMomentum: 0.9 }));
  const before = weightsOf(still);
  await still.fit(x, y, { epochs: 2, batchSize: 8 });
  expect(weightsOf(still)).toEqual(before);
});

it('schedules and the learning rate count updates, dropout counts batches', async () => {
  const steps: number[] = [];
  const model = make(sgd({ learningRate: (step) => (steps.push(step), 0.1), accumulationSteps: 3 }));
  await model.fit(x, y, { epochs: 2, batchSize: 4 });
  expect(new Set(steps)).toEqual(new Set([0, 1, 2, 3]));
  expect(model.program.step).toBe(4);
  const falling = exponentialDecay({ initialLearningRate: 0.1, decaySteps: 1, decayRate: 0.5 });
  const halved = make(sgd({ learningRate: falling, accumulationSteps: 3 }));
  const one = make(sgd({ learningRate: falling }));
  await halved.fit(x, y, { epochs: 4, batchSize: 4, shuffle: false });
  await one.fit(x, y, { epochs: 4, batchSize: 12, shuffle: false });
  expectClose(weightsOf(halved), weightsOf(one), 2e-6);
  // Two batches of the same rows drop other units, or their mean would be the gradient of one.
  const [twice, once] = [2, 1].map((accumulationSteps) => make(sgd({ learningRate: 0.1, accumulationSteps }), 'wasm', 0.5)) as [Sequential, Sequential];
  for (const model of [twice, twice, once]) model.trainOnBatch(x, y);
  expect(weightsOf(twice)).not.toEqual(weightsOf(once));
});

it.each([{ clipNorm: 1 }, { globalClipNorm: 1 }, { clipValue: 1 }, { accumulationSteps: 2 }])('training that leaves the finite numbers is seen with %o', async (option) => {
  const model = make(sgd({ learningRate: 1e38, ...option }));
  await expect(model.fit(x.map((value) => value * 1e3), y, { epochs: 20, batchSize: 4 })).rejects.toThrow(TrainingError);
  expect(weightsOf(model).every(Number.isFinite)).toBe(true);
});

it('findLearningRate takes as many batches a step', async () => {
  const [several, one] = [make(sgd({ accumulationSteps: 3 })), make(sgd())];
  const found = await findLearningRate(several, x, y, { steps: 8, batchSize: 8, to: 0.1 });
  expect(found.rates).toEqual((await findLearningRate(one, x, y, { steps: 8, batchSize: 24, to: 0.1 })).rates);
});

describe('with threads', () => {
  const wide = numbers(60 * 41, 5);
  const targets = numbers(60 * 3, 6);
  const settings = [{ clipValue: 1e-3 }, { clipNorm: 1e-2 }, { globalClipNorm: 1e-2 }, { accumulationSteps: 4 }, { accumulationSteps: 4, clipNorm: 1e-2, emaMomentum: 0.9 }];
  it.each(settings)('%o gives the same bits with 1, 2 and 3', async (option) => {
    for (const name of ['sgd', 'nadam'] as const) {
      const hashes = [];
      for (const threads of [1, 2, 3]) {
        const model = sequential({ layers: [dense({ units: 90, activation: 'tanh', inputShape: [41] }), dense({ units: 3 })], seed: 5 });
        model.compile({ optimizer: optimizers[name](option), loss: 'meanSquaredError' });
        const { history } = await model.fit(wide, targets, { epochs: 3, batchSize: 20, threads });
        hashes.push([await hashWeights(model.getWeights()), history]);
      }
      expect(hashes[1]).toEqual(hashes[0]);
      expect(hashes[2]).toEqual(hashes[0]);
    }
  });
});

it('gives the same bits with a callback for every batch, that is a call a step', async () => {
  for (const option of around) {
    expect(await trained(adam(option), { callbacks: [{ onBatchEnd: () => undefined }] })).toBe(await trained(adam(option)));
  }
});

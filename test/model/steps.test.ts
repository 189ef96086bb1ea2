/** Steps of an epoch in `fit`, going on where training ended, two trainings at once, and callbacks that throw. */
import { describe, expect, it } from 'vitest';
import { adam, dense, OptionError, sequential, type Callback, type FitOptions, type History, type Sequential } from '../../src/index.ts';
import { backends } from '../backends.ts';
import { expectClose } from '../close.ts';
import { numbers } from '../twins.ts';

const rows = 22;
const x = numbers(rows * 3, 4);
const y = Uint8Array.from({ length: rows }, (_, i) => i % 3);
/** Of 22 rows: four batches of 5 and one of 2. */
const batchSize = 5;
const batches = 5;

function make(backend: (typeof backends)[number]): Sequential {
  const model = sequential({ layers: [dense({ units: 5, activation: 'tanh', inputShape: [3] }), dense({ units: 3, activation: 'softmax' })], seed: 7, backend });
  model.compile({ optimizer: adam({ learningRate: 0.02 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

interface Trace {
  readonly history: History;
  /** After each step: the weights, and the loss of that step alone times its rows. */
  readonly steps: readonly { weights: Float32Array[]; loss: number; rows: number }[];
}

async function traced(model: Sequential, options: FitOptions): Promise<Trace> {
  const steps: { weights: Float32Array[]; loss: number; rows: number }[] = [];
  let [sum, seen] = [0, 0];
  const callback: Callback = {
    onEpochBegin: () => void ([sum, seen] = [0, 0]),
    onBatchEnd(_batch, { loss }) {
      const count = steps.length % batches === batches - 1 ? rows % batchSize : batchSize;
      seen += count;
      steps.push({ weights: model.getWeights(), loss: loss! * seen - sum, rows: count });
      sum = loss! * seen;
    },
  };
  return { history: await model.fit(x, y, { batchSize, ...options, callbacks: [callback] }), steps };
}

describe.each(backends)('on %s', (backend) => {
  describe.each([true, false])('shuffled: %s', (shuffle) => {
    it.each([1, 2, 4, 5, 6, 7, 13])('%i steps an epoch are the batches of passes one after the other', async (stepsPerEpoch) => {
      const plain = await traced(make(backend), { epochs: 12, shuffle });
      const epochs = Math.min(6, Math.floor(60 / stepsPerEpoch));
      const counted = await traced(make(backend), { epochs, stepsPerEpoch, shuffle });
      expect(counted.steps.length).toBe(epochs * stepsPerEpoch);
      counted.steps.forEach(({ weights }, step) => expect(weights, `step ${step}`).toEqual(plain.steps[step]!.weights));
      const expected = Array.from({ length: epochs }, (_, epoch) => {
        const own = plain.steps.slice(epoch * stepsPerEpoch, (epoch + 1) * stepsPerEpoch);
        return own.reduce((sum, { loss }) => sum + loss, 0) / own.reduce((sum, step) => sum + step.rows, 0);
      });
      expectClose(counted.history.history['loss']!, expected, 1e-9);
      const unwatched = make(backend);
      expect(await unwatched.fit(x, y, { batchSize, epochs, stepsPerEpoch, shuffle })).toEqual(counted.history);
      if (stepsPerEpoch === batches) expect(counted.history.history).toEqual(Object.fromEntries(Object.entries(plain.history.history).map(([name, values]) => [name, values.slice(0, epochs)])));
    });
  });

  it.each([undefined, 3, 7])('with %s steps an epoch, 2 + 3 epochs are 5: weights, state of the optimizer, order of rows', async (stepsPerEpoch) => {
    const options = { batchSize, ...(stepsPerEpoch !== undefined && { stepsPerEpoch }) };
    const [whole, parts, anew] = [make(backend), make(backend), make(backend)];
    const all = await whole.fit(x, y, { ...options, epochs: 5 });
    await parts.fit(x, y, { ...options, epochs: 2 });
    const rest = await parts.fit(x, y, { ...options, epochs: 5, initialEpoch: 2 });
    expect(rest.history['loss']).toEqual(all.history['loss']!.slice(2));
    expect(parts.getWeights()).toEqual(whole.getWeights());
    // Without that state the same steps lead elsewhere.
    await anew.fit(x, y, { ...options, epochs: 2 });
    anew.compile(anew.compiled!);
    await anew.fit(x, y, { ...options, epochs: 5, initialEpoch: 2 });
    expect(anew.getWeights()).not.toEqual(whole.getWeights());
  });

  it('a second fit begins with what the first one left', async () => {
    const [twice, once] = [make(backend), make(backend)];
    const options = { epochs: 2, batchSize: 32 };
    const first = await twice.fit(x, y, options);
    const second = await twice.fit(x, y, options);
    expect([...first.history['loss']!, ...second.history['loss']!]).toEqual((await once.fit(x, y, { ...options, epochs: 4 })).history['loss']);
    expect(twice.getWeights()).toEqual(once.getWeights());
  });

  it.each([0, 1.5, -1, NaN, '3'])('refuses %s steps an epoch', async (stepsPerEpoch) => {
    const fitted = make(backend).fit(x, y, { stepsPerEpoch: stepsPerEpoch as number });
    await expect(fitted).rejects.toThrow(OptionError);
    await expect(fitted).rejects.toThrow(/fit stepsPerEpoch: expected an integer of at least 1/);
  });

  it.each(['setModel', 'onTrainBegin', 'onEpochBegin', 'onBatchEnd', 'onEpochEnd', 'onTrainEnd'] as const)('what %s throws is what fit and fitDataset reject with, and the model goes on', async (hook) => {
    const mine = new RangeError('mine');
    for (const thrower of [() => { throw mine; }, () => Promise.reject(mine)]) {
      const callbacks = [{ [hook]: thrower } as Callback];
      const model = make(backend);
      expect(await model.fit(x, y, { epochs: 2, callbacks }).catch((error: unknown) => error)).toBe(mine);
      expect(await model.fitDataset([[x, y]], { callbacks }).catch((error: unknown) => error)).toBe(mine);
      const { history } = await model.fit(x, y, { epochs: 2 });
      expect(history['loss']!.length).toBe(2);
    }
  });

  it('training while training is refused, whichever it is', async () => {
    const model = make(backend);
    const slow: Callback = { onEpochEnd: () => new Promise((resolve) => setTimeout(resolve)) };
    for (const begin of [() => model.fit(x, y, { epochs: 2, callbacks: [slow] }), () => model.fitDataset([[x, y]], { epochs: 2, callbacks: [slow] })]) {
      const running = begin();
      await expect(model.fit(x, y)).rejects.toThrow(/^fit: fit is still running on this model/);
      await expect(model.fitDataset([[x, y]])).rejects.toThrow(/^fitDataset: fit is still running on this model/);
      expect(() => model.trainOnBatch(x, y)).toThrow(/still running/);
      expect(() => model.dispose()).toThrow(/still running/);
      expect((await running).epoch).toEqual([0, 1]);
    }
    model.trainOnBatch(x, y);
  });
});

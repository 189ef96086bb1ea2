/** Training on batches that come one by one: every form they may have, every way in which they end, and that it is the loop of `fit`. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  DataError, dense, OptionError, sequential, sgd, ShapeError, TrainingError, type BackendName, type Dataset, type DatasetBatch, type FitDatasetOptions, type Logs, type Sequential,
} from '../../src/index.ts';
import { backends } from '../backends.ts';
import { expectClose } from '../close.ts';
import { numbers } from '../twins.ts';

const rows = 23;
const x = numbers(rows * 4, 4);
const y = Uint8Array.from({ length: rows }, (_, i) => i % 3);
const weights = Float32Array.from({ length: rows }, (_, i) => [1, 0.5, 2][i % 3]!);

function make(backend: BackendName = 'wasm', learningRate = 0.1): Sequential {
  const model = sequential({ layers: [dense({ units: 6, activation: 'tanh', inputShape: [4] }), dense({ units: 3, activation: 'softmax' })], seed: 3, backend });
  model.compile({ optimizer: sgd({ learningRate, momentum: 0.9 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

/** The rows from one place to another as a batch. */
function cut(from: number, to: number): [Float32Array, Uint8Array, Float32Array] {
  return [x.slice(4 * from, 4 * to), y.slice(from, to), weights.slice(from, to)];
}

/** Batches of 7 rows, the last of 2, as `fit` makes them where it does not shuffle. */
const sevens = [0, 7, 14, 21].map((at) => cut(at, Math.min(at + 7, rows)));
const plain = sevens.map(([rowsOf, targets]): DatasetBatch => [rowsOf, targets]);

async function fitted(model: Sequential, dataset: Dataset, options: FitDatasetOptions = {}): Promise<unknown[]> {
  return [await model.fitDataset(dataset, options), model.getWeights()];
}

/** An endless run of batches that says when it was told to stop. */
function endless(): { dataset: () => Generator<DatasetBatch>; seen: { batches: number; returned: boolean } } {
  const seen = { batches: 0, returned: false };
  return {
    seen,
    * dataset() {
      try {
        for (;;) yield plain[seen.batches++ % plain.length]!;
      } finally {
        seen.returned = true;
      }
    },
  };
}

async function* later<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  for (const item of items) {
    await new Promise((resolve) => setTimeout(resolve));
    yield item;
  }
}

afterEach(() => void vi.restoreAllMocks());

const forms: Record<string, Dataset> = {
  'an array of [x, y]': plain,
  'a set of { x, y }': new Set(sevens.map(([rowsOf, targets]) => ({ x: rowsOf, y: targets }))),
  'a function that gives an array of { xs, ys }': () => sevens.map(([rowsOf, targets]) => ({ xs: rowsOf, ys: targets })),
  'a generator function': function* generate() { yield* plain; },
  'an async generator function': () => later(plain),
  'a promise of an iterable': async () => Promise.resolve(plain),
  'an object with an async iterator': { [Symbol.asyncIterator]: () => later(plain) },
  'an object that makes iterators': { [Symbol.iterator]: () => plain[Symbol.iterator]() },
  'arrays of rows': sevens.map(([rowsOf, targets]) => [Array.from(targets, (_, i) => [...rowsOf.slice(4 * i, 4 * i + 4)]), [...targets]] as const),
};

describe.each(backends)('on %s', (backend) => {
  it.each(Object.entries(forms))('%s is what fit does with these rows', async (_name, dataset) => {
    const model = make(backend);
    const history = await model.fit(x, y, { epochs: 3, batchSize: 7, shuffle: false });
    expect(await fitted(make(backend), dataset, { epochs: 3 })).toEqual([history, model.getWeights()]);
  });

  it('weights come with their batches, in some or in all', async () => {
    const model = make(backend);
    const history = await model.fit(x, y, { epochs: 2, batchSize: 7, shuffle: false, sampleWeight: weights });
    const named = sevens.map(([rowsOf, targets, sampleWeight]) => ({ x: rowsOf, y: targets, sampleWeight }));
    expect(await fitted(make(backend), sevens, { epochs: 2 })).toEqual([history, model.getWeights()]);
    expect(await fitted(make(backend), named, { epochs: 2 })).toEqual([history, model.getWeights()]);
    const some = make(backend);
    const someRows = await some.fit(x, y, { epochs: 2, batchSize: 7, shuffle: false, sampleWeight: weights.map((weight, i) => (i < 7 ? weight : 1)) });
    expect(await fitted(make(backend), [sevens[0]!, ...plain.slice(1)], { epochs: 2 })).toEqual([someRows, some.getWeights()]);
  });

  it('means are over rows, whatever the sizes of batches', async () => {
    const model = make(backend, 1e-30);
    const sizes = [0, 1, 2, 12, 13, 23];
    const { history } = await model.fitDataset(sizes.slice(1).map((to, i) => cut(sizes[i]!, to).slice(0, 2) as unknown as DatasetBatch));
    const { loss, accuracy } = model.evaluate(x, y);
    expectClose(history['loss']!, [loss!], 1e-6);
    expect(history['accuracy']).toEqual([accuracy]);
  });

  it.each([1, 3, 4, 6, 9])('passes go on across epochs of %i steps', async (stepsPerEpoch) => {
    const model = make(backend);
    const history = await model.fit(x, y, { epochs: 3, batchSize: 7, shuffle: false, stepsPerEpoch });
    const expected = [history, model.getWeights()];
    expect(await fitted(make(backend), plain, { epochs: 3, stepsPerEpoch })).toEqual(expected);
    expect(await fitted(make(backend), () => later(plain), { epochs: 3, stepsPerEpoch })).toEqual(expected);
    const { dataset, seen } = endless();
    expect(await fitted(make(backend), dataset(), { epochs: 3, stepsPerEpoch })).toEqual(expected);
    expect(seen).toEqual({ batches: 3 * stepsPerEpoch, returned: true });
  });

  it('validates on rows, or on a dataset', async () => {
    const model = make(backend);
    const expected = [await model.fit(x, y, { epochs: 2, batchSize: 7, shuffle: false, validationData: [x, y, weights] }), model.getWeights()];
    expect(await fitted(make(backend), plain, { epochs: 2, validationData: [x, y, weights] })).toEqual(expected);
    const [{ history }, end] = await fitted(make(backend), plain, { epochs: 2, validationData: () => later(sevens) }) as [{ history: Record<string, number[]> }, unknown];
    expectClose(history['val_loss']!, (expected[0] as { history: Record<string, number[]> }).history['val_loss']!, 1e-9);
    expect(history['val_accuracy']).toEqual((expected[0] as { history: Record<string, number[]> }).history['val_accuracy']);
    expect(end).toEqual(expected[1]);
    expect(await fitted(make(backend), plain, { epochs: 2 })).not.toEqual(expected);
  });

  it('a generator goes through once: for one epoch, or for counted steps', async () => {
    const generate = forms['a generator function'] as () => Generator<DatasetBatch>;
    expect(await fitted(make(backend), generate())).toEqual(await fitted(make(backend), plain));
    const model = make(backend);
    const before = model.getWeights();
    for (const [options, message] of [
      [{ epochs: 2 }, /^fitDataset dataset: a generator can be gone through once, but 2 epochs need it anew; pass the function that makes it, or stepsPerEpoch/],
      [{ epochs: 2, validationData: generate() }, /^fitDataset validationData: a generator can be gone through once/],
    ] as const) {
      const error = await model.fitDataset('validationData' in options ? plain : generate(), options).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(OptionError);
      expect((error as Error).message).toMatch(message);
    }
    expect(model.getWeights()).toEqual(before);
    expect((await model.fitDataset(generate(), { epochs: 4, initialEpoch: 3, validationData: later(sevens) })).epoch).toEqual([3]);
    const short = await model.fitDataset(generate(), { epochs: 3, stepsPerEpoch: 2 }).catch((reason: unknown) => reason);
    expect(short).toBeInstanceOf(DataError);
    expect((short as Error).message).toBe('fitDataset dataset: expected at least one batch in a pass, received none after 4 batches in all');
    const once = generate();
    await expect(model.fitDataset(() => once, { epochs: 3 })).rejects.toThrow(/received none after 4 batches/);
    await expect(model.fitDataset([])).rejects.toThrow(/received none after 0 batches/);
  });
});

describe('an end before the last batch', () => {
  const ends: Record<string, (model: Sequential) => [FitDatasetOptions, error: unknown]> = {
    'a budget': () => [{ stepsPerEpoch: 1e9, budgetMs: 5 }, undefined],
    'stopTraining': (model) => [{ epochs: 5, stepsPerEpoch: 3, callbacks: [{ onEpochEnd: () => void (model.stopTraining = true) }] }, undefined],
    'a tolerance': () => [{ epochs: 1e9, stepsPerEpoch: 3, tolerance: 1e6 }, undefined],
    'no epochs at all': () => [{ epochs: 0 }, undefined],
    'a signal': () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      setTimeout(() => controller.abort(reason), 20);
      return [{ stepsPerEpoch: 1e9, signal: controller.signal }, reason];
    },
    'a callback that throws': () => {
      const reason = new Error('thrown');
      return [{ stepsPerEpoch: 1e9, callbacks: [{ onBatchEnd(batch) { if (batch === 5) throw reason; } }] }, reason];
    },
  };
  it.each(Object.entries(ends))('by %s: return is called, and the model goes on', async (_name, begin) => {
    const model = make();
    const { dataset, seen } = endless();
    const [options, error] = begin(model);
    const result = await model.fitDataset(dataset, options).catch((reason: unknown) => reason);
    if (error !== undefined) expect(result).toBe(error);
    else expect((result as { epoch: number[] }).epoch.length).toBeLessThan(3);
    expect(seen.returned).toBe(true);
    expect((await model.fitDataset(plain, { epochs: 2 })).epoch).toEqual([0, 1]);
  });

  it('by a batch that cannot be used: said by its number, what came before is kept', async () => {
    const bad: [unknown, new (message: string) => Error, RegExp][] = [
      [[x, y.slice(1)], ShapeError, /^fitDataset dataset batch 2: expected as many targets as inputs/],
      [[x.with(5, NaN), y], DataError, /^fitDataset dataset batch 2 x: row 1, column 1 is NaN/],
      [[x, y.with(3, 7)], DataError, /^fitDataset dataset batch 2 y: row 3/],
      [[x, y, weights.slice(1)], ShapeError, /^fitDataset dataset batch 2 sampleWeight: expected one for each of 23 rows/],
      [[x], OptionError, /^fitDataset dataset batch 2: expected \[x, y\] or \[x, y, sampleWeight\], received Array of 1/],
      [{ x, z: y }, OptionError, /^fitDataset dataset batch 2: unknown option 'z'/],
      [{ x }, DataError, /^fitDataset dataset batch 2 y: expected a typed array/],
      [undefined, OptionError, /^fitDataset dataset batch 2: expected { x, y }, { xs, ys } or \[x, y\], received undefined/],
    ];
    const two = make();
    await two.fitDataset(plain.slice(0, 2));
    for (const [batch, kind, message] of bad) {
      const model = make();
      let returned = false;
      const error = await model.fitDataset(function* generate() {
        try {
          yield* plain.slice(0, 2);
          yield batch as DatasetBatch;
        } finally {
          returned = true;
        }
      }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(kind);
      expect((error as Error).message).toMatch(message);
      expect(returned).toBe(true);
      expect(model.getWeights()).toEqual(two.getWeights());
    }
  });

  it('by an error of its own: fit rejects with it, at once or later', async () => {
    const mine = new Error('the disk is gone');
    for (const good of [0, 2]) {
      for (const dataset of [
        function* generate() { yield* plain.slice(0, good); throw mine; },
        async function* generate() { yield* later(plain.slice(0, good)); throw mine; },
      ] as Dataset[]) {
        const [model, twin] = [make(), make()];
        expect(await model.fitDataset(dataset, { epochs: 3 }).catch((reason: unknown) => reason)).toBe(mine);
        if (good > 0) await twin.fitDataset(plain.slice(0, good));
        expect(model.getWeights()).toEqual(twin.getWeights());
        model.trainOnBatch(x, y);
      }
    }
    expect(await make().fitDataset(() => { throw mine; }).catch((reason: unknown) => reason)).toBe(mine);
    expect(await make().fitDataset(plain, { validationData: () => { throw mine; } }).catch((reason: unknown) => reason)).toBe(mine);
    const rude = { [Symbol.iterator]: () => ({ next: () => ({ done: false as const, value: plain[0]! }), return: () => { throw mine; } }) };
    expect(await make().fitDataset(rude, { stepsPerEpoch: 2 }).catch((reason: unknown) => reason)).toBe(mine);
    const reason = new Error('first');
    expect(await make().fitDataset(rude, { stepsPerEpoch: 2, callbacks: [{ onEpochEnd: () => { throw reason; } }] }).catch((error: unknown) => error)).toBe(reason);
  });

  it('by numbers that leave the finite range: epoch and batch are named', async () => {
    const { dataset, seen } = endless();
    const model = make('wasm', 1e38);
    const before = model.getWeights();
    const error = await model.fitDataset(dataset, { stepsPerEpoch: 50 }).catch((reason: unknown) => reason) as TrainingError;
    expect(error).toBeInstanceOf(TrainingError);
    expect(error.message).toMatch(/^fitDataset: in epoch 0, batch \d+/);
    expect(model.getWeights()).toEqual(before);
    expect(seen.returned).toBe(true);
  });
});

describe('its options', () => {
  it.each<[unknown, RegExp]>([
    [{ epoch: 3 }, /^fitDataset: unknown option 'epoch', did you mean 'epochs'/], [{ batchSize: 8 }, /^fitDataset: unknown option 'batchSize'/],
    [{ shuffle: true }, /unknown option 'shuffle'/], [{ batchesPerEpoch: 3 }, /unknown option 'batchesPerEpoch', did you mean 'stepsPerEpoch'/],
    [{ epochs: -1 }, /^fitDataset epochs: expected an integer of at least 0/], [{ initialEpoch: 0.5 }, /^fitDataset initialEpoch/],
    [{ stepsPerEpoch: 0 }, /^fitDataset stepsPerEpoch/], [{ verbose: 2 }, /^fitDataset verbose/], [{ threads: 0 }, /^fitDataset threads/],
    [{ signal: 1 }, /^fitDataset signal: expected an AbortSignal/], [{ budgetMs: 0 }, /^fitDataset budgetMs/], [{ tolerance: -1 }, /^fitDataset tolerance/],
    [{ callbacks: [{ onEpochEnds() {} }] }, /^fitDataset callbacks\[0\]: unknown hook 'onEpochEnds', did you mean 'onEpochEnd'/],
    [{ validationData: [x] }, /^fitDataset validationData: expected \[x, y\]/], [{ validationData: 5 }, /^fitDataset validationData: expected an iterable/],
  ])('%o are refused', async (options, message) => {
    const model = make();
    const before = model.getWeights();
    await expect(model.fitDataset(plain, options as FitDatasetOptions)).rejects.toThrow(message);
    expect(model.getWeights()).toEqual(before);
  });

  it.each([undefined, null, 5, 'batches', {}])('a dataset of %s is refused', async (dataset) => {
    await expect(make().fitDataset(dataset as never)).rejects.toThrow(/^fitDataset dataset: expected an iterable of batches, or a function that gives one, received/);
  });

  it('a function that gives no iterable, and a model that is not compiled, are refused', async () => {
    await expect(make().fitDataset((() => 5) as never)).rejects.toThrow(/^fitDataset dataset: expected an iterable of batches, or a function that gives one/);
    const bare = sequential({ layers: [dense({ units: 1, inputShape: [1] })] });
    await expect(bare.fitDataset(plain)).rejects.toThrow(/^fitDataset: the model has no loss yet/);
  });

  it('callbacks, epochs and verbose are those of fit', async () => {
    const calls: unknown[] = [];
    const say = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const note = (name: string) => (...args: unknown[]): void => void calls.push([name, ...args.filter((arg) => typeof arg === 'number')]);
    const callbacks = [{
      onTrainBegin: note('begin'), onEpochBegin: note('epoch'), onBatchEnd: note('batch'), onEpochEnd: note('epoch end'), onTrainEnd: (logs: Logs) => void calls.push(Object.keys(logs)),
    }];
    const { epoch } = await make().fitDataset(plain.slice(0, 2), { epochs: 4, initialEpoch: 2, callbacks, verbose: 1, validationData: [x, y] });
    expect(epoch).toEqual([2, 3]);
    expect(calls).toEqual([
      ['begin'], ...[2, 3].flatMap((at) => [['epoch', at], ['batch', 0], ['batch', 1], ['epoch end', at]]), ['loss', 'accuracy', 'val_loss', 'val_accuracy'],
    ]);
    expect(say.mock.calls.map(([line]) => String(line))).toEqual([expect.stringMatching(/^epoch 3\/4 {2}loss/), expect.stringMatching(/^epoch 4\/4 {2}loss/)]);
  });

  it('threads change no bit', async () => {
    const many = Array.from({ length: 6 }, (_, i): DatasetBatch => [numbers(4 * (20 + i), i + 1), Uint8Array.from({ length: 20 + i }, (__, j) => j % 3)]);
    const one = await fitted(make(), many, { epochs: 2 });
    expect(await fitted(make(), many, { epochs: 2, threads: 2 })).toEqual(one);
    expect(await fitted(make(), () => later(many), { epochs: 2, threads: 3 })).toEqual(one);
  });

  it('tasks come and predict between batches, and change nothing', async () => {
    const expected = await fitted(make(), plain, { epochs: 400 });
    const model = make();
    let times = 0;
    const timer = setInterval(() => void model.predict(numbers(4 * (100 + times++), 2)), 1);
    const running = fitted(model, () => later(plain), { epochs: 400 });
    expect(await running).toEqual(expected);
    clearInterval(timer);
    expect(times).toBeGreaterThan(3);
  });

  it('a generator that never waits lets the event loop live', async () => {
    let ticks = 0;
    const timer = setInterval(() => void ticks++, 1);
    const { dataset } = endless();
    await make().fitDataset(dataset, { stepsPerEpoch: 1e9, budgetMs: 200 });
    clearInterval(timer);
    expect(ticks).toBeGreaterThanOrEqual(4);
  });
});

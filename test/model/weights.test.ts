/** Weights of rows and of classes: what they mean, wherever they can be given, and what is refused. */
import { describe, expect, it } from 'vitest';
import {
  activation, balancedClassWeights, crossValidate, DataError, dense, OptionError, sequential, sgd, ShapeError, type ActivationSpec, type ClassWeight, type FitOptions,
  type LossSpec, type Sequential, type WeightOptions,
} from '../../src/index.ts';
import networksFixture from '../fixtures/networks.json' with { type: 'json' };
import weightedFixture from '../fixtures/weighted.json' with { type: 'json' };
import { backends } from '../backends.ts';
import { expectClose } from '../close.ts';
import { numbers } from '../twins.ts';

const rows = 30;
const x = numbers(rows * 4, 3);
const classes = Uint8Array.from({ length: rows }, (_, i) => (i % 5 === 0 ? 2 : i % 2));
const oneHot = Float32Array.from({ length: rows * 3 }, (_, i) => Number(classes[Math.floor(i / 3)] === i % 3));
const sides = Float32Array.from(classes, (one) => (one === 0 ? -1 : 1));
const weights = Float32Array.from({ length: rows }, (_, i) => [1, 0, 2.5, 0.25][i % 4]!);

function make(backend: (typeof backends)[number], loss: LossSpec = 'sparseCategoricalCrossentropy', units = 3, last: ActivationSpec = 'softmax'): Sequential {
  const model = sequential({ layers: [dense({ units: 6, activation: 'tanh', inputShape: [4] }), dense({ units, activation: last })], seed: 2, backend });
  model.compile({ optimizer: sgd({ learningRate: 0.1, momentum: 0.5 }), loss, metrics: ['accuracy'] });
  return model;
}

/** The record of a fit and the weights it ended with. */
async function fitted(model: Sequential, y: ArrayLike<number>, options: FitOptions): Promise<unknown[]> {
  return [await model.fit(x, y as Float32Array, { epochs: 3, batchSize: 8, ...options }), model.getWeights()];
}

describe.each(backends)('on %s', (backend) => {
  it.each(weightedFixture.cases.map((fixture) => [`${fixture.network} ${Object.keys(fixture).filter((key) => key.endsWith('Weight')).join(' and ')}`, fixture] as const))('value and gradients of PyTorch: %s', (_name, { network: wanted, sampleWeight, classWeight, value, gradients }) => {
    const network = networksFixture.networks.find(({ name }) => name === wanted)!;
    const layers = network.layers.map(({ units, activation: name }, i) => dense({ units, activation: name as ActivationSpec, ...(i === 0 && { inputShape: [network.inputs] }) }));
    const model = sequential({ layers, backend });
    model.setWeights(network.weights);
    model.compile({ optimizer: 'sgd', loss: network.loss as LossSpec });
    const options: WeightOptions = { ...(sampleWeight && { sampleWeight }), ...(classWeight && { classWeight }) };
    model.gradients(network.x, network.y, options).forEach(({ name, data }, i) => expectClose(data, gradients[i]!, 2e-6, name));
    expectClose([model.trainOnBatch(network.x, network.y, options)], [value]);
    model.setWeights(network.weights);
    if (classWeight === undefined) expectClose([model.evaluate(network.x, network.y, { sampleWeight: sampleWeight! })['loss']!], [value]);
    expectClose([model.evaluate(network.x, network.y)['loss']!], [network.value]);
  });

  it('a row of weight 2 counts as two rows, one of weight 0 as none', () => {
    const twice = make(backend, 'halfSquaredError', 1, 'tanh');
    const repeated = make(backend, 'halfSquaredError', 1, 'tanh');
    const at = (...which: number[]): number[][] => which.map((row) => [...x.subarray(4 * row, 4 * row + 4)]);
    const loss = twice.trainOnBatch(at(0, 1, 2), [1, -1, 1], { sampleWeight: [1, 2, 0] });
    expectClose([loss], [repeated.trainOnBatch(at(0, 1, 1), [1, -1, -1])]);
    twice.getWeights().forEach((values, i) => expectClose(values, repeated.getWeights()[i]!));
  });

  it.each<[string, FitOptions]>([
    ['many steps a call', {}],
    ['a call a step', { callbacks: [{ onBatchEnd: () => undefined }] }],
    ['in order', { shuffle: false }],
  ])('fit, %s: the weights of all rows reach theirs, and are as those of classes', async (_name, options) => {
    const byClass = { 0: 0.5, 1: 1, 2: 4 };
    const byRow = Float32Array.from(classes, (one) => byClass[one as 0 | 1 | 2]);
    const expected = await fitted(make(backend), classes, { ...options, sampleWeight: byRow });
    expect(expected).not.toEqual(await fitted(make(backend), classes, options));
    const others: ClassWeight[] = [byClass, [0.5, 1, 4], Float64Array.of(0.5, 1, 4), new Map([[0, 0.5], [2, 4]]), { 0: 0.5, 2: 4 }];
    for (const classWeight of others) expect(await fitted(make(backend), classes, { ...options, classWeight })).toEqual(expected);
    expect(await fitted(make(backend), classes, { ...options, sampleWeight: byRow.map(Math.sqrt), classWeight: [Math.SQRT1_2, 1, 2] }).then(([, end]) => (end as Float32Array[])[0]![0]))
      .toBeCloseTo((expected[1] as Float32Array[])[0]![0]!, 5);
    expect(await fitted(make(backend, 'categoricalCrossentropy'), oneHot, { ...options, classWeight: byClass })).toEqual(
      await fitted(make(backend, 'categoricalCrossentropy'), oneHot, { ...options, sampleWeight: byRow }),
    );
  });

  it('fit by hand: batches in order are steps of trainOnBatch', async () => {
    const [whole, steps] = [make(backend), make(backend)];
    const { history } = await whole.fit(x, classes, { batchSize: 10, shuffle: false, sampleWeight: weights, epochs: 2 });
    for (let epoch = 0; epoch < 2; epoch++) {
      const losses = [0, 10, 20].map((at) => steps.trainOnBatch(x.slice(4 * at, 4 * at + 40), classes.slice(at, at + 10), { sampleWeight: weights.slice(at, at + 10) }));
      expectClose([history['loss']![epoch]!], [losses.reduce((sum, loss) => sum + loss) / 3], 1e-6);
    }
    expect(whole.getWeights()).toEqual(steps.getWeights());
  });

  it('weights of 1 change no bit, and metrics are not weighted', async () => {
    for (const [loss, units, last, y] of [
      ['sparseCategoricalCrossentropy', 3, 'softmax', classes], ['meanSquaredError', 3, 'tanh', oneHot], ['binaryCrossentropy', 3, 'sigmoid', oneHot], ['huber', 1, 'linear', sides],
    ] as const) {
      expect(await fitted(make(backend, loss, units, last), y, { sampleWeight: new Float32Array(rows).fill(1), validationSplit: 0.2 }), loss)
        .toEqual(await fitted(make(backend, loss, units, last), y, { validationSplit: 0.2 }));
    }
    const model = make(backend);
    const [plain, weighted] = [model.evaluate(x, classes), model.evaluate(x, classes, { sampleWeight: weights })];
    expect(weighted['accuracy']).toBe(plain['accuracy']);
    expect(weighted['loss']).not.toBeCloseTo(plain['loss']!, 3);
  });

  it("'balanced' is made of the rows trained on", async () => {
    const of = Array.from(balancedClassWeights(classes.slice(0, 18)));
    expect(await fitted(make(backend), classes, { classWeight: 'balanced', validationSplit: 0.4 })).toEqual(await fitted(make(backend), classes, { classWeight: of, validationSplit: 0.4 }));
  });

  it('targets of −1 and 1, and of 0 and 1, are classes too', async () => {
    const hinge = (): Sequential => make(backend, 'hinge', 1, 'tanh');
    const expected = await fitted(hinge(), sides, { sampleWeight: sides.map((side) => (side < 0 ? 3 : 1)) });
    for (const classWeight of [{ '-1': 3 }, { 0: 3, 1: 1 }, new Map([[-1, 3]]), [3, 1]] as ClassWeight[]) expect(await fitted(hinge(), sides, { classWeight })).toEqual(expected);
    const binary = (): Sequential => make(backend, 'binaryCrossentropy', 1, 'sigmoid');
    const labels = sides.map((side) => Number(side > 0));
    expect(await fitted(binary(), labels, { classWeight: { 0: 3 } })).toEqual(await fitted(binary(), labels, { sampleWeight: labels.map((label) => 3 - 2 * label) }));
    expect(await fitted(binary(), labels, { classWeight: 'balanced' })).toEqual(await fitted(binary(), labels, { classWeight: balancedClassWeights(labels) }));
  });

  it('validation counts its own weights, never those of classes', async () => {
    const [trainX, trainY, validX, validY] = [x.slice(0, 80), classes.slice(0, 20), x.slice(80), classes.slice(20)];
    const run = async (options: FitOptions): Promise<[number[], Sequential]> => {
      const model = make(backend);
      return [(await model.fit(trainX, trainY, { epochs: 2, batchSize: 7, ...options })).history['val_loss']!, model];
    };
    const [split, whole] = await Promise.all([make(backend), make(backend)].map(async (model, i) => fitted(model, classes, i === 0
      ? { sampleWeight: weights, validationSplit: 1 / 3, batchSize: 7, epochs: 2 } : { validationSplit: 1 / 3, batchSize: 7, epochs: 2 })));
    const [given, model] = await run({ sampleWeight: weights.slice(0, 20), validationData: [validX, validY, weights.slice(20)] });
    expect((split![0] as { history: Record<string, number[]> }).history['val_loss']).toEqual(given);
    expect(given[1]).toBe(model.evaluate(validX, validY, { sampleWeight: weights.slice(20) })['loss']);
    expect(given).not.toEqual((whole![0] as { history: Record<string, number[]> }).history['val_loss']);
    for (const options of [{ classWeight: [1, 2, 3] }, { sampleWeight: weights.slice(0, 20) }, {}]) {
      const [losses, trained] = await run({ ...options, validationData: [validX, validY] });
      expect(losses[1]).toBe(trained.evaluate(validX, validY)['loss']);
      const [weighted, same] = await run({ ...options, validationData: [validX, validY, weights.slice(20)] });
      expect(weighted[1]).toBe(same.evaluate(validX, validY, { sampleWeight: weights.slice(20) })['loss']);
      expect(same.getWeights()).toEqual(trained.getWeights());
    }
  });

  it('a callback may evaluate and look at gradients with weights and without', async () => {
    for (const sampleWeight of [weights, undefined]) {
      const [quiet, curious] = [make(backend), make(backend)];
      const seen: number[] = [];
      const options = { epochs: 6, batchSize: 4, ...(sampleWeight && { sampleWeight }) };
      const look = (epoch: number): void => {
        seen.push(curious.evaluate(x, classes, epoch % 2 === 0 ? { sampleWeight: weights } : {})['loss']!);
        curious.gradients(x.slice(0, 8), classes.slice(0, 2), epoch % 3 === 0 ? { classWeight: [1, 2, 3] } : {});
      };
      expect(await curious.fit(x, classes, { ...options, callbacks: [{ onEpochEnd: look }] })).toEqual(await quiet.fit(x, classes, options));
      expect(curious.getWeights()).toEqual(quiet.getWeights());
      expect(new Set(seen).size).toBe(6);
    }
  });

  it('models go on without weights, and with some again', async () => {
    const model = make(backend);
    const fresh = make(backend);
    await model.fit(x, classes, { sampleWeight: weights });
    fresh.setWeights(model.getWeights());
    expect(model.evaluate(x, classes)).toEqual(fresh.evaluate(x, classes));
    expect(model.evaluate(x, classes, { sampleWeight: weights })).toEqual(fresh.evaluate(x, classes, { sampleWeight: weights }));
    expect(model.predict(x)).toEqual(fresh.predict(x));
    expect(model.gradients(x, classes)).toEqual(fresh.gradients(x, classes));
  });

  it.each<[string, WeightOptions, new (message: string) => Error, RegExp]>([
    ['too few', { sampleWeight: [1, 2] }, ShapeError, /sampleWeight: expected one for each of 30 rows, received 2/],
    ['a negative one', { sampleWeight: weights.with(3, -1) }, DataError, /sampleWeight: expected weights of at least 0, one of them above 0, received -1 in row 3/],
    ['NaN', { sampleWeight: weights.with(4, NaN) }, DataError, /sampleWeight: row 4, column 0 is NaN/],
    ['Infinity', { sampleWeight: [...weights].with(4, 1e39) }, DataError, /sampleWeight: row 4, column 0 is Infinity/],
    ['nothing but 0', { sampleWeight: new Float32Array(rows) }, DataError, /sampleWeight: expected weights of at least 0, one of them above 0, received only 0/],
    ['no array', { sampleWeight: 2 as never }, DataError, /sampleWeight: expected a typed array/],
    ['a class that is none', { classWeight: { 3: 1 } }, OptionError, /classWeight: expected classes from 0 to 2, received '3'/],
    ['a class of −1 among three', { classWeight: new Map([[-1, 1]]) }, OptionError, /classWeight: expected classes from 0 to 2, received -1/],
    ['a word', { classWeight: 'even' as never }, OptionError, /classWeight: expected 'balanced', or weights by class, received 'even'/],
    ['null', { classWeight: null as never }, OptionError, /classWeight: expected 'balanced'.*received null/],
    ['a number', { classWeight: 3 as never }, OptionError, /classWeight: expected 'balanced'.*received 3/],
    ['a negative weight of a class', { classWeight: [1, -2, 1] }, OptionError, /classWeight of class 1: expected a finite float32 number of at least 0, received -2/],
    ['a weight that is no number', { classWeight: { 1: 'much' as never } }, OptionError, /classWeight of class 1: .*received 'much'/],
    ['classes that count nothing', { classWeight: [0, 0, 0] }, DataError, /classWeight: expected weights of at least 0, one of them above 0/],
    ['an option of another name', { sampleWeights: weights } as never, OptionError, /unknown option 'sampleWeights', did you mean 'sampleWeight'/],
  ])('refuses %s', async (_name, options, kind, message) => {
    const model = make(backend);
    const before = model.getWeights();
    for (const [verb, work] of [
      ['fit', () => model.fit(x, classes, options)], ['trainOnBatch', () => model.trainOnBatch(x, classes, options)], ['gradients', () => model.gradients(x, classes, options)],
    ] as const) {
      const error = await new Promise((resolve) => void resolve(work())).catch((reason: unknown) => reason) as Error;
      expect(error, verb).toBeInstanceOf(kind);
      expect(error.message).toMatch(message);
      expect(error.message.startsWith(verb)).toBe(true);
    }
    expect(model.getWeights()).toEqual(before);
  });

  it.each<[string, LossSpec, number, ActivationSpec, ArrayLike<number>]>([
    ['numbers', 'meanSquaredError', 1, 'linear', numbers(rows, 7)],
    ['fractions', 'binaryCrossentropy', 1, 'sigmoid', new Float32Array(rows).fill(0.5)],
    ['two of three at once', 'binaryCrossentropy', 3, 'sigmoid', new Float32Array(rows * 3).fill(1)],
    ['shares of classes', 'categoricalCrossentropy', 3, 'softmax', new Float32Array(rows * 3).fill(0.25)],
  ])('refuses class weights for targets that are %s', async (_name, loss, units, last, y) => {
    for (const classWeight of ['balanced', [1, 2]] as const) {
      const error = await make(backend, loss, units, last).fit(x, y as Float32Array, { classWeight }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(OptionError);
      expect((error as Error).message).toMatch(/^fit classWeight, row 0 of y: expected a class: an index, a one-hot row, 0 or 1, −1 or 1, received/);
    }
  });

  it('evaluate takes no class weights, validation no fourth part and no part without a weight above 0', async () => {
    const model = make(backend);
    expect(() => model.evaluate(x, classes, { classWeight: [1, 2, 3] } as never)).toThrow(/evaluate: unknown option 'classWeight'; known are sampleWeight/);
    expect(() => model.evaluate(x, classes, { sampleWeight: [1] })).toThrow(/evaluate sampleWeight: expected one for each of 30 rows, received 1/);
    await expect(model.fit(x, classes, { validationData: [x, classes, weights, weights] as never })).rejects.toThrow(/expected \[x, y\] or \[x, y, sampleWeight\], received Array of 4/);
    await expect(model.fit(x, classes, { validationData: [x, classes, [1]] })).rejects.toThrow(/fit validationData sampleWeight: expected one for each of 30 rows/);
    const none = weights.map((weight, row) => (row < 24 ? weight : 0));
    await expect(model.fit(x, classes, { sampleWeight: none, validationSplit: 0.2 })).rejects.toThrow(/sampleWeight of the rows to validate on: expected weights of at least 0/);
  });

  it('crossValidate gives every fold the weights of its rows', async () => {
    const folds = [{ train: Uint32Array.from({ length: 20 }, (_, i) => i), test: Uint32Array.from({ length: 10 }, (_, i) => i + 20) }, { train: Uint32Array.from({ length: 20 }, (_, i) => i + 10), test: Uint32Array.from({ length: 10 }, (_, i) => i) }];
    const { folds: logs } = await crossValidate(() => make(backend), x, classes, { folds, sampleWeight: weights, epochs: 2 });
    const model = make(backend);
    await model.fit(x.slice(40), classes.slice(10), { sampleWeight: weights.slice(10), epochs: 2 });
    expect(logs[1]).toEqual(model.evaluate(x.slice(0, 40), classes.slice(0, 10)));
    await expect(crossValidate(() => make(backend), x, classes, { folds, sampleWeight: [1] })).rejects.toThrow(/crossValidate sampleWeight: expected one for each of 30 rows/);
  });
});

it('the backends agree', async () => {
  const [wasm, reference] = [make('wasm'), make('reference')];
  for (const model of [wasm, reference]) await model.fit(x, classes, { epochs: 5, batchSize: 7, sampleWeight: weights, classWeight: 'balanced' });
  wasm.getWeights().forEach((values, i) => expectClose(values, reference.getWeights()[i]!, 1e-5));
});

it('threads change no bit, and what is too large to be copied is weighted the same', async () => {
  const many = numbers(1100 * 1000, 9);
  const y = Uint8Array.from({ length: 1100 }, (_, i) => i % 3);
  const each = Float32Array.from({ length: 1100 }, (_, i) => (i % 7) / 3);
  const build = (): Sequential => {
    const model = sequential({ layers: [dense({ units: 20, inputShape: [1000] }), activation({ activation: 'relu' }), dense({ units: 3, activation: 'softmax' })], backend: 'wasm' });
    model.compile({ optimizer: sgd({ learningRate: 0.01 }), loss: 'sparseCategoricalCrossentropy' });
    return model;
  };
  const results = [];
  for (const threads of [1, 2, 3]) {
    const model = build();
    results.push([await model.fit(many, y, { epochs: 2, batchSize: 100, threads, sampleWeight: each, classWeight: { 1: 2 } }), model.getWeights()]);
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
  const part = [many.slice(0, 500_000), y.slice(0, 500), { epochs: 2, batchSize: 100, sampleWeight: each.slice(0, 500) }] as const;
  const [small, shared] = [build(), build()];
  expect(await shared.fit(part[0], part[1], { ...part[2], threads: 2 })).toEqual(await small.fit(...part));
  expect(shared.getWeights()).toEqual(small.getWeights());
});

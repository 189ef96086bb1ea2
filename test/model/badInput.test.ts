/** Everything a user can get wrong: each gives its typed error in a sentence and leaves the model as it was. */
import { describe, expect, it } from 'vitest';
import type { NablaError} from '../../src/index.ts';
import {
  activation, adam, adamw, BackendError, DataError, dense, dropout, OptionError, sequential, sgd, ShapeError, TrainingError, type BackendChoice, type Callback,
  type Sequential,
} from '../../src/index.ts';
import { backends } from '../backends.ts';
import { numbers } from '../twins.ts';

const x = numbers(12 * 3, 1);
const labels = Array.from({ length: 12 }, (_, i) => i % 4);

function classifier(backend: BackendChoice): Sequential {
  const model = sequential({ layers: [dense({ units: 5, activation: 'tanh', inputShape: [3] }), dense({ units: 4, activation: 'softmax' })], backend });
  model.compile({ optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

type ErrorClass = new (...args: never[]) => NablaError;

function caught(work: () => unknown): unknown {
  try {
    return work() instanceof Promise ? 'a promise' : 'no error';
  } catch (error) {
    return error;
  }
}

function expectError(error: unknown, kind: ErrorClass, message: RegExp): void {
  expect(error).toBeInstanceOf(kind);
  expect((error as NablaError).message).toMatch(message);
  expect((error as NablaError).code).toMatch(/^[A-Z]+$/);
}

describe('what is refused at construction', () => {
  const one = { units: 1, inputShape: [1] };
  it.each<[string, () => unknown, ErrorClass, RegExp]>([
    ['no layers', () => sequential({ layers: [] }), OptionError, /at least one layer, received Array of 0/],
    ['something that is no layer', () => sequential({ layers: ['dense'] as never }), OptionError, /layers\[0\]: expected a layer.*received 'dense'/],
    ['no inputShape', () => sequential({ layers: [dense({ units: 2 })] }), ShapeError, /layers\[0\] \(dense\): expected an inputShape/],
    ['an inputShape that does not fit', () => sequential({ layers: [dense(one), dense({ units: 1, inputShape: [7] })] }), ShapeError, /dense_2\): inputShape is \[7\], but the layer before gives rows of 1/],
    ['two layers of one name', () => sequential({ layers: [dense({ ...one, name: 'a' }), dense({ units: 1, name: 'a' })] }), OptionError, /two layers are named 'a'/],
    ['zero units', () => dense({ units: 0 }), OptionError, /dense units: expected an integer of at least 1, received 0/],
    ['half a unit', () => dense({ units: 1.5 }), OptionError, /expected an integer/],
    ['units as a word', () => dense({ units: '8' as never }), OptionError, /received '8'/],
    ['an unknown option', () => dense({ units: 1, activaton: 'relu' } as never), OptionError, /unknown option 'activaton', did you mean 'activation'/],
    ['an unknown activation', () => dense({ units: 1, activation: 'rleu' as never }), OptionError, /received 'rleu', did you mean 'relu'/],
    ['an activation with a parameter it has not', () => activation({ activation: { name: 'relu', alpha: 1 } as never }), OptionError, /unknown option 'alpha'/],
    ['an unknown derivative', () => dense({ units: 1, derivative: 'one' as never }), OptionError, /dense derivative: expected one of constant, zero/],
    ['an inputShape of two sizes', () => dense({ units: 1, inputShape: [28, 28] }), ShapeError, /expected one size.*\[28, 28\]/],
    ['an unknown backend', () => sequential({ layers: [dense(one)], backend: 'gpu' as never }), OptionError, /backend: expected one of auto, wasm, wasm-relaxed, reference; received 'gpu'/],
    ['a seed that is no integer', () => sequential({ layers: [dense(one)], seed: 0.5 }), OptionError, /seed: expected an integer/],
    ['a learning rate of 0', () => sgd({ learningRate: 0 }), OptionError, /learningRate: expected a finite float32 number greater than 0, received 0/],
    ['a learning rate that is 0 in float32', () => sgd({ learningRate: 1e-60 }), OptionError, /received 1e-60/],
    ['a constant beyond float32', () => dense({ units: 1, kernelInitializer: { name: 'constant', value: 1e300 } }), OptionError, /float32 number, received 1e\+300/],
    ['a hole in the layers', () => sequential({ layers: [dense(one), , dense({ units: 1 })] as never }), OptionError, /layers\[1\]: expected a layer.*received undefined/],
    ['a name that is no word', () => dense({ units: 1, name: 5 as never }), OptionError, /dense name: expected a word, received 5/],
    ['a model name that is no word', () => sequential({ layers: [dense(one)], name: Symbol('m') as never }), OptionError, /sequential name: expected a word, received symbol/],
    ['a dropout rate of 1', () => dropout({ rate: 1 }), OptionError, /dropout rate: expected a finite float32 number of at least 0 and less than 1, received 1/],
    ['a dropout rate that is 1 in float32', () => dropout({ rate: 1 - 1e-9 }), OptionError, /dropout rate: .*received 0.999999999/],
    ['a negative dropout rate', () => dropout({ rate: -0.1 }), OptionError, /dropout rate: .*received -0.1/],
    ['a dropout rate of NaN', () => dropout({ rate: NaN }), OptionError, /dropout rate: .*received NaN/],
    ['no dropout rate', () => dropout({} as never), OptionError, /dropout rate: .*received undefined/],
    ['a dropout without an inputShape in front', () => sequential({ layers: [dropout({ rate: 0.5 })] }), ShapeError, /layers\[0\] \(dropout\): expected an inputShape/],
    ['a first moment that never fades', () => adam({ beta1: 1 }), OptionError, /adam beta1: .*received 1/],
    ['a second moment below 0', () => adamw({ beta2: -0.5 }), OptionError, /adamw beta2: .*received -0.5/],
    ['an epsilon of 0', () => adam({ epsilon: 0 }), OptionError, /adam epsilon: .*at least 1e-30, received 0/],
    ['amsgrad as a number', () => adam({ amsgrad: 1 as never }), OptionError, /adam amsgrad: expected true or false, received 1/],
    ['an option of another optimizer', () => adamw({ momentum: 0.9 } as never), OptionError, /adamw: unknown option 'momentum'; known are learningRate, beta1/],
    ['a negative learning rate', () => sgd({ learningRate: -1 }), OptionError, /received -1/],
    ['a momentum of 1', () => sgd({ momentum: 1 }), OptionError, /less than 1, received 1/],
    ['nesterov without momentum', () => sgd({ nesterov: true }), OptionError, /needs a momentum/],
  ])('%s', (_name, work, kind, message) => expectError(caught(work), kind, message));
});

describe.each(backends)('what is refused by a model on %s', (backend) => {
  it.each<[string, (model: Sequential) => unknown, ErrorClass, RegExp]>([
    ['a row too long', (m) => m.predict([[1, 2, 3], [1, 2, 3, 4]]), ShapeError, /predict x\[1\]: expected a row of 3 values, received 4/],
    ['flat values that make no rows', (m) => m.predict(new Float32Array(7)), ShapeError, /rows of 3, received 7 values/],
    ['no rows', (m) => m.predict([]), ShapeError, /at least one row/],
    ['a row that is no array', (m) => m.predict([[1, 2, 3], 4] as never), DataError, /predict x\[1\]: expected a row of 3 numbers, received 4/],
    ['a string in a row', (m) => m.predict([[1, 'two', 3]] as never), DataError, /predict x\[0\]\[1\]: expected a number, received 'two'/],
    ['a hole in an array', (m) => m.predict([1, undefined, 3] as never), DataError, /x\[1\]: expected a number, received undefined/],
    ['no array at all', (m) => m.predict('data' as never), DataError, /expected a typed array.*received 'data'/],
    ['NaN to predict', (m) => m.predict([1, 2, NaN]), DataError, /row 0, column 2 is NaN/],
    ['a number beyond float32', (m) => m.predict([1, 2, 1e39]), DataError, /row 0, column 2 is Infinity/],
    ['NaN to train on', (m) => m.trainOnBatch([1, NaN, 3], [0]), DataError, /trainOnBatch x: row 0, column 1 is NaN/],
    ['Infinity to evaluate', (m) => m.evaluate([1, Infinity, 3], [0]), DataError, /is Infinity/],
    ['a label out of range', (m) => m.trainOnBatch(x, labels.with(5, 4)), DataError, /row 5, column 0: sparseCategoricalCrossentropy expects a class index, an integer from 0 to 3.*received 4/],
    ['a label that is no integer', (m) => m.gradients(x, labels.with(2, 0.5)), DataError, /received 0.5/],
    ['fewer targets than inputs', (m) => m.evaluate(x, labels.slice(1)), ShapeError, /received 12 rows of x and 11 of y/],
    ['an out array of another size', (m) => m.predictInto(x, new Float32Array(3)), ShapeError, /expected a Float32Array of 48 values, 12 x 4, received Float32Array of 3/],
    ['too few weights', (m) => m.setWeights([new Float32Array(15)]), ShapeError, /expected 4 arrays, received 1/],
    ['weights of another size', (m) => m.setWeights(m.getWeights().with(2, new Float32Array(8))), ShapeError, /dense_2\/kernel: expected 20 values, \[5, 4\], received 8/],
    ['weights that are not finite', (m) => m.setWeights(m.getWeights().with(1, [1, 2, NaN, 4, 5] as never)), DataError, /dense_1\/bias: row 0, column 2 is NaN/],
    ['an unknown loss', (m) => m.compile({ optimizer: 'sgd', loss: 'mse' as never }), OptionError, /compile loss: expected one of/],
    ['an unknown optimizer', (m) => m.compile({ optimizer: 'sdg' as never, loss: 'huber' }), OptionError, /did you mean 'sgd'/],
    ['an unknown metric', (m) => m.compile({ optimizer: 'sgd', loss: 'huber', metrics: ['acuracy' as never] }), OptionError, /metrics\[0\].*did you mean 'accuracy'/],
    ['a parameter of the loss out of range', (m) => m.compile({ optimizer: 'sgd', loss: { name: 'huber', delta: 0 } }), OptionError, /delta/],
    ['logits from a layer that applies softmax', (m) => m.compile({ optimizer: 'sgd', loss: { name: 'sparseCategoricalCrossentropy', fromLogits: true } }), OptionError, /applies softmax itself/],
    ['a hole in the metrics', (m) => m.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy', metrics: [, 'accuracy'] as never }), OptionError, /metrics\[0\].*received undefined/],
    ['a DataView', (m) => m.predict(new DataView(new ArrayBuffer(12)) as never), DataError, /received an object of type DataView/],
    ['a metric with other targets', (m) => m.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy', metrics: ['huber'] }), OptionError, /other targets/],
  ])('%s', (_name, work, kind, message) => {
    const model = classifier(backend);
    model.trainOnBatch(x, labels);
    const before = model.getWeights();
    const compiled = model.compiled;
    expectError(caught(() => work(model)), kind, message);
    expect(model.getWeights()).toEqual(before);
    expect(model.compiled).toBe(compiled);
    const twin = classifier(backend);
    twin.trainOnBatch(x, labels);
    expect(model.trainOnBatch(x, labels)).toBe(twin.trainOnBatch(x, labels));
  });

  it.each<[string, (model: Sequential) => Promise<unknown>, ErrorClass, RegExp]>([
    ['a batch of zero', (m) => m.fit(x, labels, { batchSize: 0 }), OptionError, /batchSize: expected an integer of at least 1, received 0/],
    ['negative epochs', (m) => m.fit(x, labels, { epochs: -1 }), OptionError, /epochs/],
    ['an unknown option', (m) => m.fit(x, labels, { epoch: 1 } as never), OptionError, /unknown option 'epoch', did you mean 'epochs'/],
    ['NaN in the data', (m) => m.fit(x.with(7, NaN), labels), DataError, /fit x: row 2, column 1 is NaN/],
    ['a validation split of everything', (m) => m.fit(x, labels, { validationSplit: 0.99 }), OptionError, /leaves no rows to train on/],
    ['two kinds of validation', (m) => m.fit(x, labels, { validationSplit: 0.5, validationData: [x, labels] }), OptionError, /not both/],
    ['validation data with a bad label', (m) => m.fit(x, labels, { validationData: [x, labels.with(0, -1)] }), DataError, /fit validationData y: row 0/],
    ['callbacks that are no functions', (m) => m.fit(x, labels, { callbacks: [{ onEpochEnd: 'print' as never }] }), OptionError, /onEpochEnd: expected a function/],
    ['callbacks that are no objects', (m) => m.fit(x, labels, { callbacks: [null as never] }), OptionError, /callbacks\[0\]: expected an object of hooks, received null/],
    ['a hook that is none', (m) => m.fit(x, labels, { callbacks: [{}, { onEpochEnds: () => undefined } as never] }), OptionError, /callbacks\[1\]: unknown hook 'onEpochEnds', did you mean 'onEpochEnd'/],
    ['a signal that is none', (m) => m.fit(x, labels, { signal: true as never }), OptionError, /AbortSignal/],
  ])('fit: %s', async (_name, work, kind, message) => {
    const model = classifier(backend);
    const before = model.getWeights();
    expectError(await work(model).catch((error: unknown) => error), kind, message);
    expect(model.getWeights()).toEqual(before);
  });

  it('a model before compile, and after dispose', async () => {
    const model = sequential({ layers: [dense({ units: 1, inputShape: [1] })], backend });
    for (const work of [() => model.trainOnBatch([1], [1]), () => model.evaluate([1], [1]), () => model.gradients([1], [1])]) {
      expectError(caught(work), OptionError, /call compile\({ optimizer, loss }\) first/);
    }
    await expect(model.fit([1], [1])).rejects.toThrow(/compile/);
    expect(model.predict([1]).length).toBe(1);
    model.dispose();
    expectError(caught(() => model.predict([1])), BackendError, /disposed/);
  });

  it('fit while fit is running', async () => {
    const model = classifier(backend);
    const running = model.fit(x, labels, { epochs: 3, callbacks: [{ onEpochEnd: () => new Promise((resolve) => setTimeout(resolve)) }] });
    await expect(model.fit(x, labels)).rejects.toThrow(/still running/);
    expect(() => model.trainOnBatch(x, labels)).toThrow(/still running/);
    expect(() => model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' })).toThrow(/still running/);
    expect((await running).epoch).toEqual([0, 1, 2]);
    model.trainOnBatch(x, labels);
  });

  it('a model that cannot be allocated, and a batch that cannot', () => {
    expectError(caught(() => sequential({ layers: [dense({ units: 1e9, inputShape: [1e6] })], backend })), BackendError, /MiB of memory were asked for; a model can have 4,096 MiB at most/);
    expectError(caught(() => sequential({ layers: [dense({ units: 2 ** 52, inputShape: [2] })], backend })), BackendError, /MiB/);
    const model = sequential({ layers: [dense({ units: 20_000, inputShape: [1] })], backend });
    const before = model.predict([1]);
    model.compile({ optimizer: 'sgd', loss: 'halfSquaredError' });
    expectError(caught(() => model.gradients(new Float32Array(100_000), { length: 2e9 } as never)), DataError, /expected a typed array/);
    expect(model.predict([1])).toEqual(before);
  });
});

describe.each(backends)('training that leaves the finite numbers on %s', (backend) => {
  const targets = numbers(12, 3);
  function regression(learningRate: number): Sequential {
    const model = sequential({ layers: [dense({ units: 4, inputShape: [3], name: 'first' }), dense({ units: 1 })], backend });
    model.compile({ optimizer: sgd({ learningRate }), loss: 'meanSquaredError' });
    return model;
  }

  it('stops with epoch, batch, layer and cause, and keeps the weights of the last finite epoch', async () => {
    const model = regression(1e3);
    const kept: Float32Array[][] = [model.getWeights()];
    const error = await model
      .fit(x, targets, { epochs: 50, batchSize: 6, callbacks: [{ onEpochEnd: () => void kept.push(model.getWeights()) }] })
      .catch((reason: unknown) => reason as TrainingError);
    expectError(error, TrainingError, /in epoch \d+, batch \d, the (loss of the )?(output|weights) of layer '\w+' left the range.*the learning rate, 1000, is too high/);
    const { epoch, batch, layer } = error as TrainingError;
    expect(epoch).toBe(kept.length - 1);
    expect([0, 1]).toContain(batch);
    expect(['first', 'dense_1']).toContain(layer);
    expect(model.getWeights()).toEqual(kept.at(-1));
    expect(model.predict(x).every(Number.isFinite)).toBe(true);
  });

  const runs = [[1e3, 5], [1e3, 12], [1e38, 12], [1e38, 11], [30, 1]] as const;
  it.each(runs)('says the same where it watches every batch: rate %s, batch %i', async (rate, batchSize) => {
    const failure = async (callbacks: Callback[]): Promise<unknown> => {
      const model = regression(rate);
      const error = await model.fit(x, targets, { epochs: 50, batchSize, callbacks }).catch((reason: unknown) => reason);
      const { message, epoch, batch, layer } = error as TrainingError;
      expect(error).toBeInstanceOf(TrainingError);
      return [message, epoch, batch, layer, model.getWeights()];
    };
    const watched = await failure([{ onBatchEnd: () => undefined }]);
    expect(await failure([])).toEqual(watched);
    expect(await failure([{ onEpochEnd: () => undefined }])).toEqual(watched);
  });

  it('blames targets that are not scaled, and no layer for a loss that overflows alone', async () => {
    await expect(regression(0.5).fit(x, targets.map((value) => value + 3e5), { epochs: 20 })).rejects.toThrow(/target column 0 is not scaled/);
    const far = await regression(0.01).fit(x, targets.map(() => 1e25), { epochs: 1 }).catch((reason: unknown) => reason);
    if (backend === 'wasm') expectError(far, TrainingError, /the loss of the output of layer 'dense_1' left the range/);
  });

  it('puts back the step counter too: dampening starts anew as in a fresh model', async () => {
    const build = (): Sequential => {
      const model = sequential({ layers: [dense({ units: 1, inputShape: [1] })], seed: 3, backend });
      model.compile({ optimizer: sgd({ learningRate: 0.01, momentum: 0.5, dampening: 0.5 }), loss: 'meanSquaredError' });
      return model;
    };
    const failed = build();
    await expect(failed.fit([[1e18], [1e20], [2]], [1, 2, 3], { batchSize: 1, shuffle: false })).rejects.toThrow(TrainingError);
    const fresh = build();
    for (const model of [failed, fresh]) model.trainOnBatch([1], [3]);
    expect(failed.getWeights()).toEqual(fresh.getWeights());
  });

  it('blames a column that is not scaled', async () => {
    const unscaled = x.map((value, i) => (i % 3 === 1 ? value * 1e20 : value));
    await expect(regression(0.1).fit(unscaled, targets, { epochs: 5 })).rejects.toThrow(/input column 1 is not scaled/);
  });

  it('notices weights that left in the last step of an epoch', async () => {
    const model = regression(1e38);
    const before = model.getWeights();
    const error = await model.fit(x, targets.map((value) => value * 1e3), { epochs: 1, batchSize: 12 }).catch((reason: unknown) => reason);
    expectError(error, TrainingError, /the weights of layer '\w+' left the range/);
    expect(model.getWeights()).toEqual(before);
  });
});

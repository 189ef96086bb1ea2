/** Metrics as functions: measured over all rows of an epoch, whatever the batches, and named by who compiles. */
import { describe, expect, it } from 'vitest';
import {
  accuracyScore, dense, dropout, OptionError, precision, r2Score, recall, rocAuc, sequential, topKAccuracy, type MetricFunction, type MetricSpec, type Sequential,
} from '../../src/index.ts';
import { backends } from '../backends.ts';
import { numbers } from '../twins.ts';

const rows = 53;
const x = numbers(rows * 3, 4);
const y = Float32Array.from({ length: rows }, (_, i) => Number(x[3 * i]! + 0.5 * x[3 * i + 1]! > 0.1));

function model(metrics: readonly MetricSpec[], backend: 'wasm' | 'reference' = 'wasm', seed = 3): Sequential {
  const made = sequential({ layers: [dense({ units: 6, activation: 'tanh', inputShape: [3] }), dense({ units: 1, activation: 'sigmoid' })], seed, backend });
  made.compile({ optimizer: 'sgd', loss: 'binaryCrossentropy', metrics });
  return made;
}

describe.each(backends)('on %s', (backend) => {
  it('gives in evaluate what the functions give on predictions', () => {
    const made = model(['accuracy', { precision, auc: rocAuc }], backend);
    const p = made.predict(x);
    const logs = made.evaluate(x, y);
    expect(Object.keys(logs)).toEqual(['loss', 'accuracy', 'precision', 'auc']);
    expect(logs['precision']).toBe(precision(y, p));
    expect(logs['auc']).toBe(rocAuc(y, p));
    expect(logs['accuracy']).toBe(accuracyScore(y, p));
  });

  it('merges batches of unequal size, in training and in validation', async () => {
    const made = model([{ recall, auc: rocAuc }], backend);
    const outputs: number[] = [];
    let seen = 0;
    const spy: MetricFunction = (truth, p, { units }) => {
      expect([truth.length, p.length, units]).toEqual([rows, rows, 1]);
      outputs.splice(0, outputs.length, ...p);
      seen = recall(truth, p);
      return seen;
    };
    made.compile({ optimizer: 'sgd', loss: 'binaryCrossentropy', metrics: [{ spy, auc: rocAuc }] });
    const { history } = await made.fit(x, y, { epochs: 1, batchSize: 10, shuffle: false });
    expect(history['spy']).toEqual([seen]);
    expect(history['auc']).toEqual([rocAuc(y, outputs)]);
    const weights = made.getWeights();
    made.compile({ optimizer: 'sgd', loss: 'binaryCrossentropy', metrics: [{ auc: rocAuc }] });
    made.setWeights(weights);
    const validated = await made.fit(x, y, { epochs: 2, batchSize: 7, validationData: [x, y] });
    expect(validated.history['val_auc']!.at(-1)).toBe(rocAuc(y, made.predict(x)));
  });
});

it('leaves training as it is', async () => {
  const plain = model(['accuracy']);
  const measured = model(['accuracy', { precision, rocAuc }]);
  const options = { epochs: 3, batchSize: 8 };
  const [a, b] = [await plain.fit(x, y, options), await measured.fit(x, y, options)];
  expect(measured.getWeights()).toEqual(plain.getWeights());
  expect(b.history['loss']).toEqual(a.history['loss']);
  expect(b.history['accuracy']).toEqual(a.history['accuracy']);
  expect(b.history['rocAuc']).toHaveLength(3);
});

it('takes class indices and rows of several outputs', () => {
  const made = sequential({ layers: [dense({ units: 4, activation: 'softmax', inputShape: [3] }), dropout({ rate: 0.5 })], seed: 1 });
  const classes = y.map((_, i) => i % 4);
  const top2: MetricFunction = (truth, p, { units }) => topKAccuracy(truth, p, { k: 2, units });
  made.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy', metrics: [{ top2 }, 'accuracy'] });
  const { top2: value, accuracy } = made.evaluate(x, classes);
  expect(value).toBe(topKAccuracy(classes, made.predict(x), { k: 2, units: 4 }));
  expect(value).toBeGreaterThan(accuracy!);
  const regression = sequential({ layers: [dense({ units: 2, inputShape: [3] })], seed: 1 });
  regression.compile({ optimizer: 'sgd', loss: 'meanSquaredError', metrics: [{ r2: r2Score }] });
  const targets = numbers(rows * 2, 9);
  expect(regression.evaluate(x, targets)['r2']).toBe(r2Score(targets, regression.predict(x), { units: 2 }));
});

it('sees what the loss sees, in training and otherwise', async () => {
  const made = sequential({ layers: [dense({ units: 2, inputShape: [3] }), dropout({ rate: 0.5 })], seed: 1 });
  const square: MetricFunction = (truth, p) => truth.reduce((sum, value, i) => sum + (value - p[i]!) ** 2, 0) / truth.length;
  made.compile({ optimizer: 'sgd', loss: 'meanSquaredError', metrics: [{ square }] });
  const { history } = await made.fit(x, numbers(rows * 2, 9), { validationData: [x, numbers(rows * 2, 9)] });
  expect(history['square']![0]).toBeCloseTo(history['loss']![0]!, 6);
  expect(history['val_square']![0]).toBeCloseTo(history['val_loss']![0]!, 6);
  expect(history['square']![0]! / history['val_square']![0]!).toBeGreaterThan(1.1);
});

it('is not disturbed by an evaluation in the middle of an epoch', async () => {
  const plain = model([{ rocAuc }]);
  const disturbed = model([{ rocAuc }]);
  const a = await plain.fit(x, y, { epochs: 2, batchSize: 8 });
  const b = await disturbed.fit(x, y, { epochs: 2, batchSize: 8, callbacks: [{ onBatchEnd: () => void disturbed.evaluate(x.subarray(0, 60), y.subarray(0, 20)) }] });
  expect(b).toEqual(a);
});

it('rejects with the error of a metric, and the model goes on', async () => {
  const made = model([{ broken: () => { throw new RangeError('no'); } }]);
  await expect(made.fit(x, y)).rejects.toThrow(RangeError);
  made.compile({ optimizer: 'sgd', loss: 'binaryCrossentropy' });
  await expect(made.fit(x, y)).resolves.toBeDefined();
  expect(() => model([{ text: (() => 'x') as unknown as MetricFunction }]).evaluate(x, y)).toThrow(/metric 'text': expected it to return a number, received 'x'/);
});

it.each<[string, unknown, RegExp]>([
  ['a function without a name', precision, /metrics\[0\]: expected a function with the name it is to have, as \{ precision \}/],
  ['something else by a name', { precision: 3 }, /metrics\[0\] precision: expected a function of targets and outputs, received 3/],
  ['a name that is taken', { loss: precision }, /two are named 'loss'/],
  ['an unknown name', 'acuracy', /did you mean 'accuracy'/],
])('refuses %s', (_, metric, message) => {
  expect(() => model([metric as MetricSpec])).toThrow(OptionError);
  expect(() => model([metric as MetricSpec])).toThrow(message);
});

it('refuses the same name twice', () => {
  expect(() => model(['accuracy', { accuracy: rocAuc }])).toThrow(/two are named 'accuracy'/);
});

/** Rows with missing values: models that begin with a layer for them take NaN at every door, and infinity at none; all others take neither. */
import { describe, expect, it } from 'vitest';
import {
  crossValidate, DataError, dense, dropout, findLearningRate, gradientCheck, impute, normalization, oneHot, residual, sequential, sgd, TrainingError, type Layer, type Sequential,
} from '../../src/index.ts';
import { backends } from '../backends.ts';
import { hashWeights } from '../hash.ts';
import { numbers } from '../twins.ts';

const rows = 600;
/** A column of codes and two of numbers, with gaps. */
const x = Array.from(numbers(rows * 2, 3)).reduce<number[][]>((all, value, i) => {
  if (i % 2 === 0) all.push([(i / 2) % 5 === 4 ? NaN : (i / 2) % 5, value]);
  else all.at(-1)!.push(i % 7 === 0 ? NaN : value);
  return all;
}, []);
const y = Float32Array.from({ length: rows }, (_, i) => (i % 5 === 2 ? 1 : -1));
/** The same without gaps, as the layers fill them. */
const whole = x.map((row) => row.map((value, i) => (!Number.isNaN(value) ? value : i === 0 ? -1 : 0.25)));
const infinite = x.with(500, [1, 2, -Infinity]);

const starts: Record<string, () => Layer[]> = {
  'impute first': () => [impute({ fill: [-1, 0.25, 0.25] }), oneHot({ categories: [4, 0, 0] })],
  'oneHot first': () => [oneHot({ categories: [4, 0, 0] }), impute({ fill: 0.25 })],
};

function make(first: readonly Layer[], backend: (typeof backends)[number] = 'wasm'): Sequential {
  const model = sequential({ layers: [...first, dense({ units: 6, activation: 'tanh' }), dense({ units: 1 })], backend });
  model.compile({ optimizer: sgd({ learningRate: 0.05 }), loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] });
  return model;
}

describe.each(Object.entries(starts).flatMap(([name, first]) => backends.map((backend) => [name, backend, first] as const)))('%s on %s', (_, backend, first) => {
  it('predicts, evaluates and gives gradients as for rows that are whole', () => {
    const model = make(first(), backend);
    expect(model.predict(x)).toEqual(model.predict(whole));
    expect(model.predictInto(x, new Float32Array(rows))).toEqual(model.predict(whole));
    expect(model.evaluate(x, y)).toEqual(model.evaluate(whole, y));
    expect(model.gradients(x, y)).toEqual(model.gradients(whole, y));
    expect(model.gradients(x, y, { sampleWeight: y.map(Math.abs) })).toEqual(model.gradients(whole, y));
    expect(gradientCheck(model, x.slice(0, 20), y.slice(0, 20))).toMatchObject({ ok: true });
  });

  it.each<[string, (model: Sequential, data: number[][]) => unknown]>([
    ['fit', (model, data) => model.fit(data, y, { epochs: 2, validationData: [data, y] })],
    ['fit with a call a step', (model, data) => model.fit(data, y, { epochs: 2, validationSplit: 0.1, callbacks: [{ onBatchEnd: () => undefined }] })],
    ['fitDataset', (model, data) => model.fitDataset([{ x: data, y }, [data, y]], { epochs: 2, validationData: [data, y] })],
    ['trainOnBatch', (model, data) => model.trainOnBatch(data, y)],
    ['trainOnBatch with weights', (model, data) => model.trainOnBatch(data, y, { sampleWeight: y.map(Math.abs) })],
  ])('trains to the same bits: %s', async (_way, train) => {
    const [model, other] = [make(first(), backend), make(first(), backend)];
    const [log, expected] = [await train(model, x), await train(other, whole)];
    expect(log).toEqual(expected);
    expect(await hashWeights(model.getWeights())).toBe(await hashWeights(other.getWeights()));
    await expect(new Promise((resolve) => resolve(train(model, infinite)))).rejects.toThrow(/x: row 500, column 2 is -Infinity/);
  });

  it('refuses infinite values', () => {
    const model = make(first(), backend);
    for (const work of [() => model.predict(infinite), () => model.predictInto(infinite, new Float32Array(rows)), () => model.evaluate(infinite, y), () => model.gradients(infinite, y)]) {
      expect(work).toThrow(DataError);
      expect(work).toThrow(/x: row 500, column 2 is -Infinity; expected a finite number/);
    }
  });
});

describe('rows with missing values', () => {
  it('pass cross-validation and the search for a rate', async () => {
    const done = async (data: number[][]): Promise<unknown> => [
      await crossValidate(() => make(starts['impute first']!()), data, y, { folds: 3 }), await findLearningRate(make(starts['oneHot first']!()), data, y, { steps: 10 }),
    ];
    expect(await done(x)).toEqual(await done(whole));
    await expect(crossValidate(() => make(starts['impute first']!()), infinite, y, { folds: 3 })).rejects.toThrow(/-Infinity/);
    await expect(findLearningRate(make(starts['oneHot first']!()), infinite, y)).rejects.toThrow(/findLearningRate x: row 500, column 2 is -Infinity/);
  });

  it('are refused in targets and weights', async () => {
    const model = make(starts['impute first']!());
    const gap = y.with(3, NaN);
    expect(() => model.trainOnBatch(x, gap)).toThrow(/trainOnBatch y: row 3, column 0 is NaN/);
    expect(() => model.evaluate(x, gap)).toThrow(/evaluate y: row 3/);
    await expect(model.fit(x, gap)).rejects.toThrow(/fit y: row 3/);
    await expect(model.fit(x, y, { sampleWeight: gap })).rejects.toThrow(/sampleWeight: row 3/);
  });

  it.each<[string, () => Layer[]]>([
    ['dense', () => [dense({ units: 4, inputShape: [3] })]],
    ['normalization, impute behind it', () => [normalization({ inputShape: [3] }), impute()]],
    ['dropout, impute behind it', () => [dropout({ rate: 0.5, inputShape: [3] }), impute()]],
    ['a block with impute in it', () => [residual([impute()], { inputShape: [3] })]],
  ])('are refused by models that begin with %s', async (_, first) => {
    const model = make(first());
    const message = /x: row 3, column 2 is NaN/;
    for (const work of [() => model.predict(x), () => model.evaluate(x, y), () => model.gradients(x, y), () => model.trainOnBatch(x, y)]) expect(work).toThrow(message);
    await expect(model.fit(x, y)).rejects.toThrow(message);
    await expect(model.fit(whole, y, { validationData: [x, y] })).rejects.toThrow(message);
    await expect(model.fitDataset([{ x, y }])).rejects.toThrow(message);
    await expect(findLearningRate(model, x, y)).rejects.toThrow(message);
  });

  it('are not what divergence is blamed on', async () => {
    const fails = async (layers: readonly Layer[], data: number[][], learningRate: number): Promise<TrainingError> => {
      const model = sequential({ layers: [...layers, dense({ units: 1 })] });
      model.compile({ optimizer: sgd({ learningRate }), loss: 'meanSquaredError' });
      const error = await model.fit(data, y, { epochs: 40 }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TrainingError);
      return error as TrainingError;
    };
    for (const first of Object.values(starts)) {
      const error = await fails(first(), x, 1e3);
      expect(error.message).toMatch(/'dense_1'.*the learning rate, 1000, is too high/);
      expect(error.layer).toBe('dense_1');
      expect((await fails(first(), x.map(([code, , last]) => [code!, 5000, last!]), 1)).message).toMatch(/input column 1 is not scaled \(it holds 5000\)/);
    }
  });
});

/** The layers that normalise: what training moves and what it does not, what options change, and `adapt`. */
import { describe, expect, it } from 'vitest';
import {
  batchNormalization, crossValidate, DataError, dense, dropout, gradientCheck, layerNormalization, normalization, OptionError, sequential, sgd, ShapeError, type Layer,
  type Normalization, type Sequential,
} from '../../src/index.ts';
import { backends } from '../backends.ts';
import { expectClose } from '../close.ts';
import { numbers } from '../twins.ts';

const rows = 12;
const x = numbers(rows * 3, 1, 4).map((value, i) => value + (i % 3));
const y = numbers(rows * 3, 2);

/** Moments of column `i` of rows of `units`, the variance the biased one. */
function moments(values: ArrayLike<number>, units: number, i: number): { mean: number; variance: number } {
  const column = Array.from(values).filter((_, at) => at % units === i);
  const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
  return { mean, variance: column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length };
}

function only(layer: Layer, backend: (typeof backends)[number] = 'wasm', optimizer = sgd({ learningRate: 0.1 })): Sequential {
  const model = sequential({ layers: [layer], backend });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  return model;
}

describe.each(backends)('batchNormalization on %s', (backend) => {
  const columns = [0, 1, 2].map((i) => moments(x, 3, i));

  it('has gamma, beta and the moving statistics, of which the first two have gradients', () => {
    const model = only(batchNormalization({ inputShape: [3], name: 'bn' }), backend);
    expect(model.getWeights().map((values) => [...values])).toEqual([[1, 1, 1], [0, 0, 0], [0, 0, 0], [1, 1, 1]]);
    expect(model.gradients(x, y).map(({ name }) => name)).toEqual(['bn/gamma', 'bn/beta']);
    expect(model.program.parameters.map(({ name }) => name)).toEqual(['bn/gamma', 'bn/beta', 'bn/movingMean', 'bn/movingVariance']);
  });

  it('trains by the batch, and predicts and evaluates by the moving statistics', () => {
    const model = only(batchNormalization({ inputShape: [3], epsilon: 0.5 }), backend);
    expectClose(model.predict(x), x.map((value) => value / Math.sqrt(1.5)));
    const lossOf = (out: ArrayLike<number>): number => y.reduce((sum, target, i) => sum + (target - out[i]!) ** 2, 0) / y.length;
    expectClose([model.evaluate(x, y)['loss']!], [lossOf(model.predict(x))]);
    const byBatch = x.map((value, i) => (value - columns[i % 3]!.mean) / Math.sqrt(columns[i % 3]!.variance + 0.5));
    expectClose([model.trainOnBatch(x, y)], [lossOf(byBatch)]);
  });

  it.each([0.99, 0.5, 0, 1])('moves its statistics in steps of training, and keeps a share of %d', (momentum) => {
    const model = only(batchNormalization({ inputShape: [3], ...(momentum !== 0.99 && { momentum }) }), backend);
    for (let step = 1; step <= 3; step++) {
      model.trainOnBatch(x, y);
      const [, , mean, variance] = model.getWeights();
      const kept = momentum ** step;
      expectClose(mean!, columns.map((column) => (1 - kept) * column.mean));
      expectClose(variance!, columns.map((column) => kept + (1 - kept) * column.variance));
    }
  });

  it('moves nothing in gradients, evaluate, predict and the gradient checker', () => {
    const model = only(batchNormalization({ inputShape: [3] }), backend);
    const before = model.getWeights();
    model.gradients(x, y);
    model.evaluate(x, y);
    model.predict(x);
    gradientCheck(model, x, y);
    expect(model.getWeights()).toEqual(before);
  });

  it('gives beta for a batch of one row, and learns it', async () => {
    const model = only(batchNormalization({ inputShape: [3] }), backend);
    expectClose([model.trainOnBatch([5, 6, 7], [0.5, 0.5, 0.5])], [0.25]);
    const [gamma, beta, mean, variance] = model.getWeights();
    expect(gamma).toEqual(Float32Array.of(1, 1, 1));
    expectClose(beta!, [1, 1, 1].map((one) => (one * 0.1) / 3));
    expectClose(mean!, [0.05, 0.06, 0.07]);
    expectClose(variance!, [0.99, 0.99, 0.99]);
    const deep = sequential({ layers: [dense({ units: 4, inputShape: [3] }), batchNormalization(), dense({ units: 3 })], backend });
    deep.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'meanSquaredError' });
    const { history } = await deep.fit(x, y, { batchSize: 1, epochs: 3 });
    expect(history['loss']!.every(Number.isFinite)).toBe(true);
  });

  it('takes steps on one row as the steps on a batch that they are', () => {
    const make = (): Sequential => {
      const model = sequential({ layers: [dense({ units: 4, activation: 'tanh', inputShape: [3] }), batchNormalization(), dense({ units: 3 })], backend });
      model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'meanSquaredError' });
      return model;
    };
    const model = make();
    const gradients = model.gradients(x.subarray(0, 3), y.subarray(0, 3));
    const expected = model.getWeights();
    let place = 0;
    const trained = model.program.parameters.map(({ daddress }) => (daddress === 0 ? undefined : gradients[place++]!.data));
    model.trainOnBatch(x.subarray(0, 3), y.subarray(0, 3));
    model.getWeights().forEach((values, i) => {
      if (trained[i] !== undefined) expectClose(values, expected[i]!.map((value, k) => value - 0.1 * trained[i]![k]!));
    });
  });

  it('without center or scale has no such weight', () => {
    const parts = (options: object): string[] => only(batchNormalization({ inputShape: [3], ...options }), backend).program.parameters.map(({ spec }) => spec.name);
    expect(parts({ center: false })).toEqual(['gamma', 'movingMean', 'movingVariance']);
    expect(parts({ scale: false })).toEqual(['beta', 'movingMean', 'movingVariance']);
    expect(parts({ scale: false, center: false })).toEqual(['movingMean', 'movingVariance']);
  });

  it('puts back the statistics of the last finite epoch where training diverges', async () => {
    const model = sequential({ layers: [batchNormalization({ inputShape: [3] }), dense({ units: 3 })], backend });
    model.compile({ optimizer: sgd({ learningRate: 1e30 }), loss: 'meanSquaredError' });
    const before = model.getWeights();
    await expect(model.fit(x, y, { epochs: 20, batchSize: 4 })).rejects.toThrow(/left the range/);
    expect(model.getWeights()).toEqual(before);
  });

  it('learns with columns that are dead', async () => {
    const dead = x.map((value, i) => (i % 3 === 1 ? 0 : value));
    const model = sequential({ layers: [batchNormalization({ inputShape: [3] }), dense({ units: 8, activation: 'tanh' }), batchNormalization(), dense({ units: 3 })], backend });
    model.compile({ optimizer: sgd({ learningRate: 0.05 }), loss: 'meanSquaredError' });
    const { history: { loss } } = await model.fit(dead, y, { epochs: 40, batchSize: 6 });
    expect(loss!.at(-1)).toBeLessThan(loss![0]!);
    expect(model.getWeights().flatMap((values) => [...values]).every(Number.isFinite)).toBe(true);
  });
});

describe.each(backends)('layerNormalization on %s', (backend) => {
  it('brings each row to mean 0 and variance 1, in predictions too', () => {
    const model = only(layerNormalization({ inputShape: [3], epsilon: 0.25 }), backend);
    const expected = x.map((value, i) => {
      const row = x.subarray(i - (i % 3), i - (i % 3) + 3);
      const { mean, variance } = moments(row, 1, 0);
      return (value - mean) / Math.sqrt(variance + 0.25);
    });
    expectClose(model.predict(x), expected);
    expect(model.getWeights().map((values) => [...values])).toEqual([[1, 1, 1], [0, 0, 0]]);
    model.setWeights([[1, 2, 3], [4, 5, 6]]);
    expectClose(model.predict(x), expected.map((value, i) => value * [1, 2, 3][i % 3]! + [4, 5, 6][i % 3]!));
  });

  it('without center or scale has no such weight', () => {
    const parts = (options: object): string[] => only(layerNormalization({ inputShape: [3], ...options }), backend).program.parameters.map(({ spec }) => spec.name);
    expect(parts({ center: false })).toEqual(['gamma']);
    expect(parts({ scale: false })).toEqual(['beta']);
    expect(parts({ scale: false, center: false })).toEqual([]);
  });

  it('gives beta for rows of one value', () => {
    const model = only(layerNormalization({ inputShape: [1] }), backend);
    model.setWeights([[2], [0.5]]);
    expect(model.predict([1, -7, 1e6])).toEqual(Float32Array.of(0.5, 0.5, 0.5));
  });
});

describe.each(backends)('normalization on %s', (backend) => {
  const table = [[1, 10, 5], [3, 20, 5], [5, 60, 5], [7, 70, 5]];
  const mean = [4, 40, 5];
  const variance = [5, 650, 1];
  const normal = table.map((row) => row.map((value, i) => (value - mean[i]!) / Math.sqrt(variance[i]!)));
  const adapted = (): Normalization => {
    const layer = normalization();
    layer.adapt(table);
    return layer;
  };

  it('brings the columns it was shown to mean 0 and variance 1, a constant one to 0', () => {
    const layer = adapted();
    expect(layer.inputs).toBe(3);
    const model = only(layer, backend);
    expectClose(model.predict(table), normal.flat());
    expect(model.getWeights().map((values) => [...values])).toEqual([mean, variance]);
    expect(model.gradients(table, normal)).toEqual([]);
  });

  it('takes new statistics for old ones, also in models that have it, and in no others', () => {
    const layer = adapted();
    const [one, two, other] = [only(layer, backend), sequential({ layers: [layer, dense({ units: 2 })], backend }), only(adapted(), backend)];
    layer.adapt(table.map((row) => row.map((value) => 2 * value)));
    for (const model of [one, two]) expect(model.getWeights().slice(0, 2).map((values) => [...values])).toEqual([[8, 80, 10], [20, 2600, 1]]);
    expect(other.getWeights().map((values) => [...values])).toEqual([mean, variance]);
    expect(only(layer, backend).getWeights()).toEqual(one.getWeights());
  });

  it('passes its input through before it was shown anything, and takes its size from the model', () => {
    const layer = normalization();
    const model = sequential({ layers: [dropout({ rate: 0.5, inputShape: [3] }), layer, dense({ units: 3 })], backend });
    model.setWeights([[0, 0, 0], [1, 1, 1], [1, 0, 0, 0, 1, 0, 0, 0, 1], [0, 0, 0]]);
    expect(model.predict(table)).toEqual(Float32Array.from(table.flat()));
    layer.adapt(table.flat());
    expectClose(model.predict(table), normal.flat());
  });

  it('is not moved by training', async () => {
    const model = sequential({ layers: [dense({ units: 3, inputShape: [3] }), adapted(), dense({ units: 1 })], backend });
    model.compile({ optimizer: sgd({ learningRate: 0.01, weightDecay: 0.1, momentum: 0.9 }), loss: 'meanSquaredError' });
    await model.fit(normal, [1, 2, 3, 4], { epochs: 5, batchSize: 2 });
    expect(model.getWeights().slice(2, 4).map((values) => [...values])).toEqual([mean, variance]);
  });

  it('takes given statistics, for each column or for all', () => {
    expectClose(only(normalization({ mean, variance, inputShape: [3] }), backend).predict(table), normal.flat());
    const layer = normalization({ mean: Float64Array.from(mean), variance: 4 });
    expect(layer.inputs).toBe(3);
    expectClose(only(layer, backend).predict(table), table.flatMap((row) => row.map((value, i) => (value - mean[i]!) / 2)));
    expectClose(only(normalization({ mean: 1, variance: 0, inputShape: [3] }), backend).predict(table), table.flat().map((value) => value - 1));
    const given = normalization({ mean: 1, variance: 2 });
    given.adapt(table);
    expectClose(only(given, backend).predict(table), normal.flat());
  });

  it('keeps the weights of copies, which other models are made by', async () => {
    const layer = adapted();
    const model = sequential({ layers: [layer, dense({ units: 1 })], backend });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    model.setWeights([[1, 2, 3], [4, 5, 6], ...model.getWeights().slice(2)]);
    expect(gradientCheck(model, normal, [1, 2, 3, 4])).toMatchObject({ ok: true });
    await crossValidate(() => {
      const fresh = sequential({ layers: [layer, dense({ units: 1 })], backend });
      fresh.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      return fresh;
    }, normal, [1, 2, 3, 4], { folds: 2 });
    expect(model.getWeights().slice(0, 2).map((values) => [...values])).toEqual([[1, 2, 3], [4, 5, 6]]);
  });
});

describe('normalization', () => {
  it('counts in double precision, and sees a constant column as one whatever its value', () => {
    const layer = normalization();
    const values = Array.from({ length: 30_000 }, (_, i) => [1e6 + (i % 2), 0.1, 1e-30]);
    layer.adapt(values);
    const [mean, variance] = only(layer).getWeights();
    expect([...mean!]).toEqual([1e6 + 0.5, Math.fround(0.1), Math.fround(1e-30)]);
    expect([...variance!]).toEqual([0.25, 1, 1]);
  });

  it('says its size and what it was given in its config', () => {
    const layer = normalization({ name: 'scale' });
    expect(layer.config).toEqual({ name: 'scale' });
    layer.adapt([[1, 2]]);
    expect(layer.config).toEqual({ name: 'scale', inputShape: [2] });
  });

  it('refuses data that it cannot count, naming row and column, and keeps what it had', () => {
    const layer = normalization();
    layer.adapt([[1, 2], [3, 5]]);
    const model = only(layer);
    const before = model.getWeights();
    expect(() => layer.adapt([[1, 2], [3, Infinity]])).toThrow(DataError);
    expect(() => layer.adapt([[1, 2], [3, -Infinity]])).toThrow(/normalization adapt x: row 1, column 1 is -Infinity/);
    expect(() => layer.adapt([[1, NaN], [3, NaN]])).toThrow(/normalization adapt x: expected a value in every column, received none in column 1/);
    expect(() => layer.adapt([[1, 2, 3]])).toThrow(ShapeError);
    expect(() => layer.adapt([[3e38, 1], [-3e38, 1]])).toThrow(/column 0 is too large/);
    expect(() => normalization().adapt([1, 2, 3])).toThrow(/inputShape/);
    expect(() => normalization().adapt([])).toThrow(ShapeError);
    expect(model.getWeights()).toEqual(before);
  });
});

describe('options', () => {
  it.each([
    [() => batchNormalization({ momentun: 1 } as object), /did you mean 'momentum'/],
    [() => batchNormalization({ momentum: 1.5 }), /batchNormalization momentum: expected .* at most 1, received 1.5/],
    [() => batchNormalization({ epsilon: 0 }), /batchNormalization epsilon: expected .* greater than 0, received 0/],
    [() => batchNormalization({ center: 1 as never }), /batchNormalization center: expected true or false/],
    [() => batchNormalization({ inputShape: [2, 2] }), /batchNormalization inputShape/],
    [() => layerNormalization({ momentum: 0.9 } as object), /layerNormalization: unknown option 'momentum'/],
    [() => layerNormalization({ epsilon: -1 }), /layerNormalization epsilon/],
    [() => layerNormalization({ scale: 'no' as never }), /layerNormalization scale: expected true or false/],
    [() => layerNormalization({ name: '' }), /layerNormalization name/],
    [() => normalization({ means: 1 } as object), /did you mean 'mean'/],
    [() => normalization({ mean: 1 }), /normalization: give mean and variance, or neither/],
    [() => normalization({ mean: [1, 2], variance: [1, 2, 3] }), /as many as columns, received 2 and 3/],
    [() => normalization({ mean: [1, 2], variance: 1, inputShape: [3] }), /expected 3 means and variances/],
    [() => normalization({ mean: 0, variance: -1 }), /normalization variance: expected .* at least 0, received -1/],
    [() => normalization({ mean: 0, variance: [1, -1] }), /normalization variance\[1\]: expected .* at least 0, received -1/],
    [() => normalization({ mean: 'x' as never, variance: 1 }), /normalization mean: expected a typed array/],
    [() => normalization({ mean: [NaN], variance: 1 }), /normalization mean\[0\]/],
  ])('%s is refused', (make, message) => {
    expect(make).toThrow(message);
  });

  it('are in the config of a layer, defaults filled in', () => {
    expect(batchNormalization().config).toEqual({ momentum: 0.99, epsilon: 0.001, center: true, scale: true });
    expect(layerNormalization({ epsilon: 0.5, name: 'ln' }).config).toEqual({ epsilon: 0.5, center: true, scale: true, name: 'ln' });
    expect(() => batchNormalization({ epsilon: 1e-50 })).toThrow(OptionError);
  });
});

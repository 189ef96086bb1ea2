/** Maps of the loss, the paths drawn into them, and maps of decisions. */
import { describe, expect, it } from 'vitest';
import {
  adam, batchNormalization, decisionGrid, dense, dropout, lossLandscape, recordPath, sequential, sgd, type Callback, type Layer, type Sequential,
} from '../../src/index.ts';

const x = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
const y = x.map(([a, b]) => Number(a! * b! > 0));

function modelOf(...layers: Layer[]): Sequential {
  const model = sequential({ layers, seed: 4 });
  model.compile({ optimizer: adam({ learningRate: 0.05 }), loss: 'binaryCrossentropy' });
  return model;
}
const small = (): Sequential => modelOf(dense({ units: 6, activation: 'tanh', inputShape: [2] }), dense({ units: 1, activation: 'sigmoid' }));

/** y = w x with w = 1 and J = mean of (w x − 3 x)²: a bowl that can be computed by hand. */
function line(): Sequential {
  const model = sequential({ layers: [dense({ units: 1, inputShape: [1] })] });
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'meanSquaredError' });
  model.setWeights([[1], [0]]);
  return model;
}

describe('a landscape', () => {
  it('along given directions is the loss at each of its points', async () => {
    const map = await lossLandscape(line(), [[1], [2]], [3, 6], { directions: [[[1], [0]], [[0], [1]]], range: 2, resolution: 5 });
    expect([...map.x]).toEqual([-2, -1, 0, 1, 2]);
    expect([...map.y]).toEqual([-2, -1, 0, 1, 2]);
    map.loss.forEach((loss, at) => {
      const [w, b] = [1 + map.x[at % 5]!, map.y[Math.floor(at / 5)]!];
      expect(loss).toBeCloseTo(((w + b - 3) ** 2 + (2 * w + b - 6) ** 2) / 2, 4);
    });
  });

  it('has the loss of the model in its middle, and leaves the model as it is', async () => {
    const model = small();
    const before = model.getWeights();
    const map = await lossLandscape(model, x, y, { resolution: 3 });
    expect(map.loss[4]).toBeCloseTo(model.evaluate(x, y)['loss']!, 6);
    expect(new Set(map.loss).size).toBe(9);
    expect(model.getWeights()).toEqual(before);
    expect(map.shares).toBeUndefined();
  });

  it('goes by its seed', async () => {
    const losses = async (seed: number): Promise<number[]> => [...(await lossLandscape(small(), x, y, { resolution: 3, seed })).loss];
    expect(await losses(1)).toEqual(await losses(1));
    expect(await losses(1)).not.toEqual(await losses(2));
  });

  it('takes random directions as long as the weights into each unit', async () => {
    const model = modelOf(dense({ units: 1, useBias: false, inputShape: [2] }));
    // With one unit and no bias, a step of 1 is as long as its weights: twice the weights make it twice as long.
    const at = async (scale: number): Promise<number[]> => {
      model.setWeights([[0.3 * scale, 0.4 * scale]]);
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      return [...(await lossLandscape(model, [[1, 0], [0, 1]], [0, 0], { resolution: 3 })).loss];
    };
    const [one, two] = [await at(1), await at(2)];
    one.forEach((loss, i) => expect(two[i]).toBeCloseTo(4 * loss, 4));
  });

  it('with batch normalisation and dropout is that of evaluation', async () => {
    const model = modelOf(dense({ units: 6, activation: 'relu', inputShape: [2] }), batchNormalization(), dropout({ rate: 0.5 }), dense({ units: 1, activation: 'sigmoid' }));
    await model.fit(x, y, { epochs: 3 });
    const map = await lossLandscape(model, x, y, { resolution: 3 });
    expect(map.loss[4]).toBeCloseTo(model.evaluate(x, y)['loss']!, 6);
  });

  it('tells how far it is, and stops when asked', async () => {
    const seen: string[] = [];
    await lossLandscape(small(), x, y, { resolution: 2, onProgress: (done, total) => seen.push(`${done}/${total}`) });
    expect(seen).toEqual(['1/4', '2/4', '3/4', '4/4']);
    const controller = new AbortController();
    const stopped = lossLandscape(small(), x, y, { resolution: 50, signal: controller.signal, onProgress: (done) => void (done === 3 && controller.abort(new Error('enough'))) });
    await expect(stopped).rejects.toThrow('enough');
  });

  it.each<[string, object, string]>([
    ['an unknown option', { resolutoin: 3 }, "did you mean 'resolution'"],
    ['one point', { resolution: 1 }, 'resolution: expected an integer of at least 2'],
    ['no reach', { range: 0 }, 'range: expected a finite float32 number greater than 0'],
    ['no path', { directions: 'principal' }, "'principal' needs a path"],
    ['other words', { directions: 'up' }, "expected 'random', 'principal' or two arrays of weights"],
    ['directions of another model', { directions: [[[1]], [[1]]] }, 'directions[0]: expected 4 arrays'],
    ['a path of another model', { path: [{ weights: [[1], [1], [1], [1]], loss: 0 }] }, 'path[0]: expected 12 values of dense_1/kernel, received 1'],
    ['a recorder for its path', { path: recordPath({}) }, 'path: expected an array of points, the path of what recordPath() gives'],
    ['no weights', { directions: [[null, [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0]], []] }, 'directions[0]: expected 12 values of dense_1/kernel, received null'],
    ['weights that are not finite', { path: [{ weights: [Array(12).fill(NaN), Array(6).fill(0), Array(6).fill(0), [0]], loss: 0 }] }, 'path[0]: expected finite values of dense_1/kernel'],
    ['what cannot be aborted', { signal: 5 }, 'signal: expected an AbortSignal'],
    ['what cannot be told', { onProgress: 5 }, 'onProgress: expected a function'],
  ])('refuses %s', async (_name, options, message) => {
    await expect(lossLandscape(small(), x, y, options)).rejects.toThrow(message);
  });
});

describe('a path', () => {
  async function walked(options: Parameters<typeof recordPath>[0], epochs = 8): Promise<{ model: Sequential; recorder: ReturnType<typeof recordPath> }> {
    const model = small();
    const recorder = recordPath(options);
    await model.fit(x, y, { epochs, batchSize: 10, callbacks: [recorder] });
    return { model, recorder };
  }

  it('is the weights from the first to the last, with their losses', async () => {
    const { model, recorder: { path } } = await walked({});
    expect(path.length).toBe(9);
    expect(path[0]!.weights).toEqual(small().getWeights());
    expect(path[0]!.loss).toBeNaN();
    expect(path.at(-1)!.weights).toEqual(model.getWeights());
    expect(path[8]!.loss).toBeLessThan(path[1]!.loss);
  });

  it('is kept as often as asked, and thinned out where it grows too long', async () => {
    expect((await walked({ every: 4 })).recorder.path.length).toBe(3);
    expect((await walked({ on: 'batch' })).recorder.path.length).toBe(1 + 8 * 4);
    const { length } = (await walked({ on: 'batch', most: 10 })).recorder.path;
    expect(length).toBeLessThanOrEqual(10);
    expect(length).toBeGreaterThan(4);
  });

  it('spans the plane it goes furthest in, and ends at the model', async () => {
    const { model, recorder: { path } } = await walked({ on: 'batch' }, 20);
    const map = await lossLandscape(model, x, y, { directions: 'principal', path, resolution: 5 });
    expect(map.path.at(-1)).toMatchObject({ x: 0, y: 0 });
    const [first, second] = map.shares!;
    expect(first).toBeGreaterThanOrEqual(second);
    expect(first + second).toBeGreaterThan(0.8);
    expect(first + second).toBeLessThanOrEqual(1 + 1e-9);
    // In the plane it is as far from its end as its share of the squared length says.
    const squares = map.path.reduce((sum, point) => sum + point.x ** 2 + point.y ** 2, 0);
    const end = model.getWeights();
    const all = path.reduce((sum, { weights }) => weights.reduce((s, values, i) => values.reduce((t, value, j) => t + (value - end[i]![j]!) ** 2, s), sum), 0);
    expect(squares / all).toBeCloseTo(first + second, 4);
    // The map is the square around it, a quarter wider to each side.
    const box = (values: number[]): [middle: number, length: number] => [(Math.min(...values) + Math.max(...values)) / 2, Math.max(...values) - Math.min(...values)];
    const [[x0, width], [y0, height]] = [box(map.path.map((point) => point.x)), box(map.path.map((point) => point.y))];
    for (const [axis, middle] of [[map.x, x0], [map.y, y0]] as const) {
      expect((axis[0]! + axis[4]!) / 2).toBeCloseTo(middle, 9);
      expect(axis[4]! - axis[0]!).toBeCloseTo(1.5 * Math.max(width, height), 9);
    }
  });

  it('has the loss at each of its points, with the statistics of then, whatever was reported', async () => {
    const model = modelOf(dense({ units: 6, activation: 'tanh', inputShape: [2] }), batchNormalization(), dense({ units: 1, activation: 'sigmoid' }));
    const recorder = recordPath();
    await model.fit(x, y, { epochs: 4, batchSize: 10, callbacks: [recorder] });
    const end = model.getWeights();
    const seen: string[] = [];
    const map = await lossLandscape(model, x, y, { directions: 'principal', path: recorder.path, range: 1, resolution: 3, onProgress: (done, total) => seen.push(`${done}/${total}`) });
    expect(seen.length).toBe(5 + 9);
    expect(seen.at(-1)).toBe('14/14');
    expect(map.loss[4]).toBeCloseTo(model.evaluate(x, y)['loss']!, 6);
    for (const [i, { weights }] of recorder.path.entries()) {
      model.setWeights(weights);
      expect(map.path[i]!.loss).toBeCloseTo(model.evaluate(x, y)['loss']!, 6);
    }
    model.setWeights(end);
    expect(map.path[1]!.loss).not.toBeCloseTo(recorder.path[1]!.loss, 4);
  });

  it.each([[3, 1], [2, 2]])('of many points has the components that it was made of, %d and %d long', async (a, b) => {
    const model = modelOf(dense({ units: 1, inputShape: [4] }));
    model.setWeights([[0, 0, 0, 0], [0]]);
    // An ellipse of 200 points around the model.
    const path = Array.from({ length: 200 }, (_, i) => {
      const [c, s] = [a * Math.cos((2 * Math.PI * i) / 200), b * Math.sin((2 * Math.PI * i) / 200)];
      return { weights: [Float32Array.of(0.6 * c, 0.8 * s, 0.8 * c, -0.6 * s), Float32Array.of(0)], loss: NaN };
    });
    const { shares, path: points } = await lossLandscape(model, [[1, 2, 3, 4]], [0], { directions: 'principal', path, resolution: 2 });
    expect(shares![0]).toBeCloseTo((a * a) / (a * a + b * b), 6);
    expect(shares![1]).toBeCloseTo((b * b) / (a * a + b * b), 6);
    for (const [i, point] of points.entries()) {
      expect(Math.hypot(point.x, point.y)).toBeCloseTo(Math.hypot(...path[i]!.weights[0]!), 5);
      if (a > b) expect(Math.abs(point.x)).toBeCloseTo(Math.abs(a * Math.cos((2 * Math.PI * i) / 200)), 5);
    }
  });

  it('in a line has no second direction', async () => {
    const path = Array.from({ length: 9 }, (_, i) => ({ weights: [Float32Array.of(0.13 + 0.31 * i), Float32Array.of(0.7 * (0.13 + 0.31 * i) - 0.7)], loss: NaN }));
    const { loss, shares } = await lossLandscape(line(), [[1], [2]], [3, 6], { directions: 'principal', path, range: 1, resolution: 3 });
    expect(shares![0]).toBeCloseTo(1, 10);
    expect([loss[1], loss[7]]).toEqual([loss[4], loss[4]]);
    expect(loss[3]).not.toBe(loss[4]);
  });

  it('is of one model', async () => {
    const { recorder } = await walked({});
    await expect(small().fit(x, y, { epochs: 1, callbacks: [recorder as Callback] })).rejects.toThrow('recordPath');
  });

  it.each<[object, string]>([[{ on: 'step' }, "recordPath on: expected one of epoch, batch"], [{ every: 0 }, 'every'], [{ most: 2 }, 'most'], [{ evry: 1 }, "did you mean 'every'"]])('refuses %o', (options, message) => {
    expect(() => recordPath(options)).toThrow(message);
  });
});

describe('a map of decisions', () => {
  it('has the prediction for each of its points', () => {
    const model = small();
    const { x: across, y: up, outputs, units } = decisionGrid(model, { x: [-2, 1], y: [0, 4], resolution: 4 });
    expect([...across]).toEqual([-2, -1, 0, 1]);
    expect([...up].map((value) => Number(value.toFixed(3)))).toEqual([0, 1.333, 2.667, 4]);
    expect(units).toBe(1);
    outputs.forEach((output, at) => expect(output).toBe(model.predict([[across[at % 4]!, up[Math.floor(at / 4)]!]])[0]));
    expect(outputs.length).toBe(16);
  });

  it('has all units of a point side by side', () => {
    const model = modelOf(dense({ units: 3, activation: 'linear', inputShape: [2] }));
    const { outputs, units } = decisionGrid(model, { resolution: 2 });
    expect(units).toBe(3);
    expect([...outputs.subarray(3, 6)]).toEqual([...model.predict([[1, -1]])]);
  });

  it('is of two inputs, from less to more', () => {
    expect(() => decisionGrid(modelOf(dense({ units: 1, activation: 'sigmoid', inputShape: [3] })))).toThrow('expected a model of 2 inputs, received one of 3');
    expect(() => decisionGrid(small(), { x: [1, 1] })).toThrow('decisionGrid x[1]: expected a finite float32 number greater than 1');
    expect(() => decisionGrid(small(), { resolution: 1 })).toThrow('resolution');
  });
});

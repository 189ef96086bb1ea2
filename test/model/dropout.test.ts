/** Dropout in models: nothing outside training, one mask for a seed, a layer and a step, wherever the layer stands. */
import { describe, expect, it } from 'vitest';
import { activation, adam, dense, dropout, gradientCheck, sequential, sgd, type Layer, type LossSpec, type Optimizer, type Sequential } from '../../src/index.ts';
import { streamKey, threefry } from '../../src/random.ts';
import { backends } from '../backends.ts';
import { expectClose } from '../close.ts';
import { numbers } from '../twins.ts';

const rows = 6;
const inputs = 4;
const x = numbers(rows * inputs, 1);
const y = numbers(rows * 3, 2).map(Math.abs);

type Backend = (typeof backends)[number];

function build(backend: Backend, layers: readonly Layer[], loss: LossSpec = 'meanSquaredError', optimizer: Optimizer = sgd({ learningRate: 0.1 }), seed = 5): Sequential {
  const model = sequential({ layers, backend, seed });
  model.compile({ optimizer, loss });
  return model;
}

/** The mask of a layer, as its definition says. */
function maskOf(seed: number, layer: number, step: number, count: number, rate: number): number[] {
  const [key0, key1] = streamKey(seed, 'dropout', layer);
  const words = new Uint32Array(2);
  return Array.from({ length: count }, (_, i) => {
    threefry(key0!, key1!, step, i >> 1, words);
    return (words[i % 2]! | 0) < rate * 2 ** 32 - 2 ** 31 ? 0 : 1 / (1 - rate);
  });
}

const first = dense({ units: 5, activation: 'tanh', inputShape: [inputs] });
const last = dense({ units: 3 });

/** Places a dropout can stand in; `drop` makes the layers of it. */
const chains: Record<string, (drop: (name: string) => Layer[]) => Layer[]> = {
  'in the middle': (drop) => [first, ...drop('a'), last],
  'twice in a row': (drop) => [first, ...drop('a'), ...drop('b'), last],
  'in front': (drop) => [...drop('a'), first, last],
  'at the end': (drop) => [first, last, ...drop('a')],
  'before a fused softmax': (drop) => [first, last, ...drop('a'), activation('softmax')],
  'after a softmax': (drop) => [first, last, activation('softmax'), ...drop('a')],
  'everywhere': (drop) => [...drop('a'), first, ...drop('b'), activation('relu'), ...drop('c'), last, ...drop('d')],
};
const losses: Record<string, LossSpec> = { 'before a fused softmax': 'categoricalCrossentropy', 'after a softmax': 'categoricalCrossentropy' };

/** What makes the dropout layers of a chain; the first layer of a model has to say how wide its rows are. */
const dropped = (place: string) => (name: string): Layer[] => {
  const inFront = name === 'a' && (place === 'in front' || place === 'everywhere');
  return [dropout({ rate: 0.4, name, ...(inFront && { inputShape: [inputs] }) })];
};

describe.each(backends)('dropout on %s', (backend) => {
  it.each(Object.keys(chains))('%s does nothing to predictions, evaluations, gradients and gradient checks', (place) => {
    const layers = chains[place]!;
    const loss = losses[place];
    const model = build(backend, layers(dropped(place)), loss);
    const without = build(backend, layers(() => []), loss);
    expect(model.getWeights()).toEqual(without.getWeights());
    expect(model.predict(x)).toEqual(without.predict(x));
    expect(model.evaluate(x, y)).toEqual(without.evaluate(x, y));
    expect(model.gradients(x, y)).toEqual(without.gradients(x, y));
    expect(gradientCheck(model, x, y).ok).toBe(true);
    // And in training it does something.
    model.trainOnBatch(x, y);
    without.trainOnBatch(x, y);
    expect(model.getWeights()).not.toEqual(without.getWeights());
  });

  it.each([['of one row', 1], ['of all rows', rows]])('a step %s is plain descent through the mask', (_name, count) => {
    const rate = 0.5;
    const model = build(backend, [dense({ units: 8, inputShape: [inputs], useBias: false }), dropout({ rate }), dense({ units: 3, useBias: false })], 'halfSquaredError');
    const some = x.subarray(0, count * inputs);
    const target = y.subarray(0, count * 3);
    for (let step = 0; step < 3; step++) {
      const [w1, w2] = model.getWeights().map((values) => Float64Array.from(values)) as [Float64Array, Float64Array];
      const mask = maskOf(5, 1, step, count * 8, rate);
      const hidden = mask.map((kept, at) => {
        const [row, unit] = [Math.floor(at / 8), at % 8];
        return kept * some.subarray(row * inputs, row * inputs + inputs).reduce((sum, value, i) => sum + value * w1[i * 8 + unit]!, 0);
      });
      const error = Array.from(target, (wanted, at) => {
        const [row, unit] = [Math.floor(at / 3), at % 3];
        return hidden.slice(row * 8, row * 8 + 8).reduce((sum, value, i) => sum + value * w2[i * 3 + unit]!, 0) - wanted;
      });
      const dhidden = mask.map((kept, at) => {
        const [row, unit] = [Math.floor(at / 8), at % 8];
        return kept * error.slice(row * 3, row * 3 + 3).reduce((sum, e, j) => sum + e * w2[unit * 3 + j]!, 0);
      });
      for (let row = 0; row < count; row++) {
        for (let i = 0; i < inputs; i++) for (let j = 0; j < 8; j++) w1[i * 8 + j]! -= 0.1 * some[row * inputs + i]! * dhidden[row * 8 + j]!;
        for (let i = 0; i < 8; i++) for (let j = 0; j < 3; j++) w2[i * 3 + j]! -= 0.1 * hidden[row * 8 + i]! * error[row * 3 + j]!;
      }
      const loss = model.trainOnBatch(some, target);
      expectClose([loss], [error.reduce((sum, e) => sum + e * e / 2, 0)], 4e-6, `loss of step ${step}`);
      model.getWeights().forEach((values, i) => expectClose(values, [w1, w2][i]!, 4e-6, `weights ${i} after step ${step}`));
    }
  });

  it.each(Object.keys(chains))('%s trains to the same weights for the same seed, and to others for another', async (place) => {
    const train = async (seed: number, optimizer: Optimizer): Promise<Float32Array[]> => {
      const layers = chains[place]!(dropped(place));
      const model = build(backend, layers, losses[place], optimizer, seed);
      const weights = build(backend, layers, losses[place], optimizer, 0).getWeights();
      model.setWeights(weights);
      await model.fit(x, y, { epochs: 3, batchSize: 4, shuffle: false, validationData: [x, y] });
      return model.getWeights();
    };
    for (const optimizer of [sgd({ learningRate: 0.1 }), adam()]) {
      expect(await train(1, optimizer)).toEqual(await train(1, optimizer));
      expect(await train(1, optimizer)).not.toEqual(await train(2, optimizer));
    }
  });

  it('draws new masks every step, whatever is predicted, evaluated or checked in between', () => {
    const layers = [dense({ units: 64, inputShape: [inputs], activation: 'sigmoid' }), dropout({ rate: 0.5 }), dense({ units: 3 })];
    const train = (between: (model: Sequential) => void): number[] => {
      // A rate so small that weights stay as they are: the loss then tells masks apart.
      const model = build(backend, layers, 'meanSquaredError', sgd({ learningRate: 1e-30 }));
      return Array.from({ length: 20 }, () => {
        between(model);
        return model.trainOnBatch(x, y);
      });
    };
    const alone = train(() => undefined);
    expect(new Set(alone).size).toBe(20);
    expect(train((model) => void [model.predict(x), model.evaluate(x, y), model.gradients(x, y)])).toEqual(alone);
  });

  it('begins anew with compile, and goes on where it was after another fit', async () => {
    const layers = [dense({ units: 16, inputShape: [inputs] }), dropout({ rate: 0.5 }), dense({ units: 3 })];
    const whole = build(backend, layers);
    await whole.fit(x, y, { epochs: 4, batchSize: 3 });
    const halves = build(backend, layers);
    await halves.fit(x, y, { epochs: 2, batchSize: 3 });
    await halves.fit(x, y, { epochs: 4, initialEpoch: 2, batchSize: 3 });
    expect(halves.getWeights()).toEqual(whole.getWeights());
    const start = build(backend, layers).getWeights();
    whole.setWeights(start);
    whole.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'meanSquaredError' });
    await whole.fit(x, y, { epochs: 4, batchSize: 3 });
    expect(whole.getWeights()).toEqual(halves.getWeights());
  });

  it('of a rate of 0 is no layer at all, and stands in the summary', () => {
    const model = build(backend, [first, dropout({ rate: 0 }), last]);
    const without = build(backend, [first, last]);
    model.trainOnBatch(x, y);
    without.trainOnBatch(x, y);
    expect(model.getWeights()).toEqual(without.getWeights());
    expect(model.summary()).toMatch(/dropout_1/);
  });

  it('alone in a model gives back its input', () => {
    expect(build(backend, [dropout({ rate: 0.5, inputShape: [3] })]).predict(y)).toEqual(y);
  });

  it('does not hide from compile what the last layer is', () => {
    const model = sequential({ layers: [dense({ units: 1, activation: 'softmax', inputShape: [2] }), dropout({ rate: 0.5 })], backend });
    expect(() => model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })).toThrow(/softmax over 1 unit/);
  });
});

describe('optimizers by name', () => {
  it.each(['adam', 'adamw'] as const)('%s learns', async (optimizer) => {
    const model = sequential({ layers: [dense({ units: 8, activation: 'tanh', inputShape: [2] }), dense({ units: 1, activation: 'sigmoid' })], seed: 2 });
    model.compile({ optimizer, loss: 'binaryCrossentropy' });
    const { history } = await model.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], { epochs: 3000, batchSize: 4 });
    expect(history['loss']!.at(-1)).toBeLessThan(0.05);
  });
});

/** Gaussian noise in models: nothing outside training, the same for a seed, a layer and a step, wherever the layer stands. */
import { describe, expect, it } from 'vitest';
import { activation, dense, gaussianNoise, gradientCheck, OptionError, residual, sequential, sgd, type Layer, type LossSpec, type Sequential } from '../../src/index.ts';
import { kernels } from '../../src/backend/reference/index.ts';
import { BufferMemory, plainBuffer } from '../../src/backend/memory.ts';
import { streamKey } from '../../src/random.ts';
import { backends } from '../backends.ts';
import { expectClose } from '../close.ts';
import { numbers } from '../twins.ts';

const rows = 6;
const inputs = 4;
const x = numbers(rows * inputs, 1);
const y = numbers(rows * 3, 2).map(Math.abs);
const stddev = 0.3;

type Backend = (typeof backends)[number];

function build(backend: Backend, layers: readonly Layer[], loss: LossSpec = 'meanSquaredError', seed = 5): Sequential {
  const model = sequential({ layers, backend, seed });
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss });
  return model;
}

/** What a layer adds in a step to `count` values. */
function noiseOf(seed: number, layer: number, step: number, count: number): number[] {
  const memory = new BufferMemory(plainBuffer(4 * (count + 16) * 3));
  const [key0, key1] = streamKey(seed, 'noise', layer);
  memory.i32[0] = step;
  kernels.gaussianNoise(memory, 64, 64 + 4 * (count + 4), 0, 1, count, Math.fround(stddev), key0!, key1!);
  return Array.from(memory.f32.subarray(16, 16 + count));
}

const first = dense({ units: 5, activation: 'tanh', inputShape: [inputs] });
const last = dense({ units: 3 });

/** Places it can stand in; `add` makes the layers of it. */
const chains: Record<string, (add: (name: string) => Layer[]) => Layer[]> = {
  'in the middle': (add) => [first, ...add('a'), last],
  'twice in a row': (add) => [first, ...add('a'), ...add('b'), last],
  'in front': (add) => [...add('a'), first, last],
  'at the end': (add) => [first, last, ...add('a')],
  'before a fused softmax': (add) => [first, last, ...add('a'), activation('softmax')],
  'after a softmax': (add) => [first, last, activation('softmax'), ...add('a')],
  'everywhere': (add) => [...add('a'), first, ...add('b'), activation('relu'), ...add('c'), last, ...add('d')],
  'in blocks': (add) => [first, residual([activation('linear'), ...add('a')]), residual([dense({ units: 5 }), ...add('b')]), residual([...add('c'), dense({ units: 5 })]), last],
};
const losses: Record<string, LossSpec> = { 'before a fused softmax': 'categoricalCrossentropy' };

/** The layers of a chain; the first of a model has to say how wide its rows are. */
const layersOf = (place: string, deviation = stddev): Layer[] => chains[place]!((name) => {
  const inFront = name === 'a' && (place === 'in front' || place === 'everywhere');
  return [gaussianNoise({ stddev: deviation, name, ...(inFront && { inputShape: [inputs] }) })];
});

describe.each(backends)('gaussianNoise on %s', (backend) => {
  it.each(Object.keys(chains))('%s does nothing to predictions, evaluations, gradients and gradient checks', (place) => {
    const model = build(backend, layersOf(place), losses[place]);
    const without = build(backend, layersOf(place, 0), losses[place]);
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

  it.each([['of one row', 1], ['of all rows', rows]])('a step %s is one on noisy values, whose gradient it leaves alone', (_name, count) => {
    const layers = [dense({ units: 8, inputShape: [inputs], useBias: false }), gaussianNoise({ stddev }), dense({ units: 3, useBias: false })];
    const model = build(backend, layers, 'halfSquaredError');
    const [some, target] = [x.subarray(0, count * inputs), y.subarray(0, count * 3)];
    for (let step = 0; step < 3; step++) {
      const [w1, w2] = model.getWeights().map((values) => Float64Array.from(values)) as [Float64Array, Float64Array];
      const hidden = noiseOf(5, 1, step, count * 8).map((n, at) => {
        const [row, unit] = [Math.floor(at / 8), at % 8];
        return n + some.subarray(row * inputs, row * inputs + inputs).reduce((sum, value, i) => sum + value * w1[i * 8 + unit]!, 0);
      });
      const error = Array.from(target, (wanted, at) => {
        const [row, unit] = [Math.floor(at / 3), at % 3];
        return hidden.slice(row * 8, row * 8 + 8).reduce((sum, value, i) => sum + value * w2[i * 3 + unit]!, 0) - wanted;
      });
      const dhidden = hidden.map((_, at) => error.slice(3 * Math.floor(at / 8), 3 * Math.floor(at / 8) + 3).reduce((sum, e, j) => sum + e * w2[(at % 8) * 3 + j]!, 0));
      for (let row = 0; row < count; row++) {
        for (let i = 0; i < inputs; i++) for (let j = 0; j < 8; j++) w1[i * 8 + j]! -= 0.1 * some[row * inputs + i]! * dhidden[row * 8 + j]!;
        for (let i = 0; i < 8; i++) for (let j = 0; j < 3; j++) w2[i * 3 + j]! -= 0.1 * hidden[row * 8 + i]! * error[row * 3 + j]!;
      }
      expectClose([model.trainOnBatch(some, target)], [error.reduce((sum, e) => sum + e * e / 2, 0)], 4e-6, `loss of step ${step}`);
      model.getWeights().forEach((values, i) => expectClose(values, [w1, w2][i]!, 4e-6, `weights ${i} after step ${step}`));
    }
  });

  it.each(Object.keys(chains))('%s trains to the same weights for the same seed, and to others for another', async (place) => {
    const train = async (seed: number): Promise<Float32Array[]> => {
      const model = build(backend, layersOf(place), losses[place], seed);
      model.setWeights(build(backend, layersOf(place), losses[place], 0).getWeights());
      await model.fit(x, y, { epochs: 3, batchSize: 4, shuffle: false, validationData: [x, y] });
      return model.getWeights();
    };
    expect(await train(1)).toEqual(await train(1));
    expect(await train(1)).not.toEqual(await train(2));
  });

  it('goes on where it was after another fit, and begins anew with compile', async () => {
    const layers = [dense({ units: 16, inputShape: [inputs] }), gaussianNoise({ stddev: 1 }), dense({ units: 3 })];
    const whole = build(backend, layers);
    await whole.fit(x, y, { epochs: 4, batchSize: 3 });
    const halves = build(backend, layers);
    await halves.fit(x, y, { epochs: 2, batchSize: 3 });
    halves.predict(x);
    halves.evaluate(x, y);
    await halves.fit(x, y, { epochs: 4, initialEpoch: 2, batchSize: 3 });
    expect(halves.getWeights()).toEqual(whole.getWeights());
    whole.setWeights(build(backend, layers).getWeights());
    whole.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'meanSquaredError' });
    await whole.fit(x, y, { epochs: 4, batchSize: 3 });
    expect(whole.getWeights()).toEqual(halves.getWeights());
  });

  it('a larger stddev trains elsewhere', () => {
    const after = [0.1, 0.2].map((deviation) => {
      const model = build(backend, [first, gaussianNoise({ stddev: deviation }), last]);
      model.trainOnBatch(x, y);
      return model.getWeights();
    });
    expect(after[0]).not.toEqual(after[1]);
  });
});

it('is told what it needs to know', () => {
  expect(() => gaussianNoise({} as { stddev: number })).toThrow(OptionError);
  expect(() => gaussianNoise({ stddev: -1 })).toThrow(/stddev: expected a finite float32 number of at least 0, received -1/);
  expect(() => gaussianNoise({ stdev: 1 } as unknown as { stddev: number })).toThrow(/did you mean 'stddev'/);
  expect(() => gaussianNoise({ stddev: 1, name: '' })).toThrow(OptionError);
  expect(sequential({ layers: [gaussianNoise({ stddev: 1, inputShape: [3], name: 'blur' })] }).summary()).toMatch(/blur \(gaussianNoise\)/);
});

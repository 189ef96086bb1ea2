/** Training with several threads: the same bits for any number of them, and what happens where one ends. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  activation, adadelta, adagrad, adam, adamax, adamw, batchNormalization, dense, dropout, gaussianNoise, impute, l1, l2, layerNormalization, lion, loadBackend, maxNorm, momentum,
  nadam, nonNegative, normalization, oneHot, OptionError, residual, rmsprop, sequential, sgd, type BackendName, type Layer, type LossName, type Optimizer, type Sequential,
} from '../../src/index.ts';
import { hasRelaxed, relaxedNote } from '../backends.ts';
import { hashWeights } from '../hash.ts';
import { numbers } from '../twins.ts';

interface Case {
  readonly layers: () => readonly Layer[];
  readonly inputs: number;
  readonly rows: number;
  readonly batchSize: number;
  readonly loss?: LossName;
  readonly optimizer?: Optimizer;
  /** Whether rows have codes and gaps. */
  readonly raw?: boolean;
}

function make({ layers, loss = 'meanSquaredError', optimizer = sgd({ learningRate: 0.05 }) }: Case, backend: BackendName = 'wasm'): Sequential {
  const model = sequential({ layers: layers(), seed: 5, backend });
  model.compile({ optimizer, loss, metrics: loss === 'sparseCategoricalCrossentropy' ? ['accuracy'] : [] });
  return model;
}

function data({ inputs, rows, loss, raw = false }: Case, units: number): [x: Float32Array, y: Float32Array] {
  const x = numbers(rows * inputs, 1, 2).map((value, i) => (!raw ? value : i % 7 === 3 ? NaN : i % 3 === 0 ? i % 6 : value));
  return [x, loss === 'sparseCategoricalCrossentropy' ? Float32Array.from({ length: rows }, (_, i) => i % units) : numbers(rows * units, 2)];
}

const cases: Record<string, Case> = {
  'one unit': { layers: () => [dense({ units: 1, inputShape: [1] })], inputs: 1, rows: 50, batchSize: 16 },
  'odd widths': {
    layers: () => [dense({ units: 33, activation: 'tanh', inputShape: [37] }), dense({ units: 19, activation: 'gelu' }), dense({ units: 3, activation: 'sigmoid' })],
    inputs: 37, rows: 101, batchSize: 27, optimizer: momentum({ learningRate: 0.02, nesterov: true, weightDecay: 1e-3 }),
  },
  'linear layers one after the other': {
    layers: () => [dense({ units: 18, inputShape: [20] }), dense({ units: 50 }), dense({ units: 4 })], inputs: 20, rows: 64, batchSize: 33,
    optimizer: sgd({ learningRate: 0.01 }),
  },
  'row-wise activations inside, a batch of more than 256': {
    layers: () => [dense({ units: 21, inputShape: [9] }), activation({ activation: 'softmax' }), dense({ units: 13, useBias: false }), activation({ activation: 'logSoftmax' })],
    inputs: 9, rows: 700, batchSize: 300, optimizer: sgd({ learningRate: 1e-3 }),
  },
  'dropouts of even and odd widths': {
    layers: () => [dropout({ rate: 0.1, inputShape: [7] }), dense({ units: 33, activation: 'relu' }), dropout({ rate: 0.5 }), dropout({ rate: 0.25 }), dense({ units: 1 })],
    inputs: 7, rows: 101, batchSize: 27, optimizer: adam(),
  },
  'AMSGrad, more parameters than a block': {
    layers: () => [dense({ units: 96, activation: 'tanh', inputShape: [70] }), dense({ units: 5 })], inputs: 70, rows: 100, batchSize: 20,
    optimizer: adam({ amsgrad: true, weightDecay: 0.01 }),
  },
  'AdamW': {
    layers: () => [dense({ units: 90, activation: 'tanh', inputShape: [70] }), dropout({ rate: 0.5 }), dense({ units: 5 })], inputs: 70, rows: 100, batchSize: 20, optimizer: adamw(),
  },
  'dropout and adam': {
    layers: () => [
      dropout({ rate: 0.2, inputShape: [31] }), dense({ units: 45, activation: 'relu' }), dropout({ rate: 0.5 }), dense({ units: 23, activation: 'silu' }),
      dropout({ rate: 0.1 }), dense({ units: 5, activation: 'softmax' }),
    ],
    inputs: 31, rows: 90, batchSize: 26, loss: 'sparseCategoricalCrossentropy', optimizer: adam({ learningRate: 0.01 }),
  },
  'normalisations first, in the middle and last': {
    layers: () => [
      batchNormalization({ inputShape: [37] }), dense({ units: 50, activation: 'relu' }), layerNormalization(), dense({ units: 33 }), batchNormalization({ momentum: 0.5 }),
      batchNormalization({ center: false }), normalization({ mean: 0.5, variance: 2 }), layerNormalization({ scale: false }), dense({ units: 18 }), batchNormalization({ center: false, scale: false }),
    ],
    inputs: 37, rows: 101, batchSize: 27,
  },
  'a layer that was shown data, and rows after it': {
    layers: () => {
      const seen = normalization();
      seen.adapt(numbers(20 * 19, 4).reduce<number[][]>((rows, value, i) => (i % 19 === 0 ? rows.push([value]) : rows.at(-1)!.push(value), rows), []));
      return [seen, layerNormalization({ center: false }), dense({ units: 4 }), layerNormalization()];
    },
    inputs: 19, rows: 90, batchSize: 32, optimizer: adam(),
  },
  'amsgrad with decay on odd rows': {
    layers: () => [dense({ units: 7, activation: 'tanh', inputShape: [17] }), dropout({ rate: 0.3 }), dense({ units: 2 })],
    inputs: 17, rows: 61, batchSize: 9, optimizer: adam({ learningRate: 0.01, amsgrad: true, weightDecay: 0.01 }),
  },
  'residual blocks': {
    layers: () => [
      residual([dense({ units: 9, activation: 'relu' }), residual([dropout({ rate: 0.5 }), dense({ units: 9 })]), dense({ units: 21 })], { inputShape: [21] }),
      residual([dropout({ rate: 0.5 })]), dense({ units: 3 }), residual([dense({ units: 3, activation: 'tanh' })]),
    ],
    inputs: 21, rows: 101, batchSize: 27, optimizer: sgd({ learningRate: 0.01 }),
  },
  'gaps and codes at first, codes after that': {
    layers: () => [
      impute({ fill: numbers(13, 8) }), oneHot({ categories: Array.from({ length: 13 }, (_, i) => (i % 4 === 3 ? i : 0)) }), normalization({ mean: 0.5, variance: 2 }),
      dense({ units: 9, activation: 'tanh' }), oneHot({ categories: [0, 3, 0, 0, 0, 1, 0, 0, 5], unknown: false }), impute(), dense({ units: 3 }),
    ],
    inputs: 13, rows: 101, batchSize: 27, optimizer: sgd({ learningRate: 0.01 }), raw: true,
  },
  'gaussian noise of even and odd widths': {
    layers: () => [
      gaussianNoise({ stddev: 0.1, inputShape: [7] }), dense({ units: 33, activation: 'relu' }), gaussianNoise({ stddev: 0.5 }),
      residual([dense({ units: 33 }), gaussianNoise({ stddev: 1 })]), dense({ units: 1 }), gaussianNoise({ stddev: 0.1 }),
    ],
    inputs: 7, rows: 101, batchSize: 27, optimizer: sgd({ learningRate: 0.01 }),
  },
  'penalties and constraints': {
    layers: () => [
      dense({ units: 45, activation: 'relu', inputShape: [31], kernelRegularizer: l2(0.01), biasRegularizer: l1(0.01), kernelConstraint: maxNorm(0.8) }),
      dense({ units: 5, activation: 'softmax', kernelConstraint: nonNegative(), biasConstraint: maxNorm(0.1) }),
    ],
    inputs: 31, rows: 90, batchSize: 26, loss: 'sparseCategoricalCrossentropy', optimizer: adam({ learningRate: 0.01 }),
  },
  'penalties on linear layers, plain descent': {
    layers: () => [dense({ units: 18, inputShape: [20], kernelRegularizer: l1(0.01) }), dense({ units: 4, kernelConstraint: maxNorm(0.5) })],
    inputs: 20, rows: 64, batchSize: 33, optimizer: sgd({ learningRate: 0.01 }),
  },
  'a classifier, last batch of 5': {
    layers: () => [dense({ units: 40, activation: 'relu', inputShape: [100] }), dense({ units: 10, activation: 'softmax' })],
    inputs: 100, rows: 69, batchSize: 32, loss: 'sparseCategoricalCrossentropy', optimizer: momentum({ learningRate: 0.05 }),
  },
};

for (const optimizer of [rmsprop({ centered: true, momentum: 0.5 }), rmsprop(), adagrad(), adadelta(), adamax(), nadam(), lion()]) {
  cases[`${optimizer.name} ${JSON.stringify(optimizer.config)}`] = {
    layers: () => [dense({ units: 90, activation: 'tanh', inputShape: [41] }), dense({ units: 3 })], inputs: 41, rows: 60, batchSize: 20, optimizer,
  };
}

async function trained(options: Case, threads: number | 'auto', backend?: BackendName): Promise<{ hash: string; history: unknown }> {
  const model = make(options, backend);
  const [x, y] = data(options, model.outputShape[0]);
  const history = await model.fit(x, y, { epochs: 4, batchSize: options.batchSize, threads, validationSplit: 0.2 });
  return { hash: await hashWeights(model.getWeights()), history };
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe.each(Object.entries(cases))('%s', (_name, options) => {
  it('gives the same bits with 1, 2, 3 and 4 threads', async () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const expected = await trained(options, 1);
    for (const threads of [2, 3, 4, 'auto'] as const) expect(await trained(options, threads), `${threads} threads`).toEqual(expected);
    expect(warned).not.toHaveBeenCalled();
  });
});

const big: Case = {
  layers: () => [dense({ units: 96, activation: 'relu', inputShape: [200] }), dense({ units: 64, activation: 'tanh' }), dense({ units: 10, activation: 'softmax' })],
  inputs: 200, rows: 640, batchSize: 64, loss: 'sparseCategoricalCrossentropy', optimizer: momentum({ learningRate: 0.01 }),
};

describe('a team', () => {
  it('is as many threads as were asked for, and works in every step', async () => {
    const model = make(big);
    const [x, y] = data(big, 10);
    const run = vi.spyOn(model.program.backend, 'run');
    const sizes: (number | undefined)[] = [];
    await model.fit(x, y, { epochs: 1, batchSize: 64, threads: 3, callbacks: [{ onBatchEnd: () => void sizes.push(model.program.team?.threads) }] });
    expect(sizes).toEqual(Array.from({ length: 10 }, () => 3));
    expect(model.program.team).toBeUndefined();
    expect(run).not.toHaveBeenCalled();
  });

  it('has the workers of the last one', async () => {
    const [x, y] = data(big, 10);
    const seen: unknown[][] = [];
    for (let fit = 0; fit < 2; fit++) {
      const model = make(big);
      await model.fit(x, y, { batchSize: 64, threads: 3, callbacks: [{ onTrainBegin: () => void seen.push([...model.program.team!.workers]) }] });
    }
    expect(new Set(seen[0])).toEqual(new Set(seen[1]));
  });

  it('lets callbacks predict and evaluate, more rows than a batch too', async () => {
    const [x, y] = data(big, 10);
    const told = async (threads: number): Promise<unknown[]> => {
      const model = make(big);
      const outputs: unknown[] = [];
      await model.fit(x, y, { epochs: 2, batchSize: 40, threads, callbacks: [{ onEpochEnd: () => void outputs.push(model.predict(x), model.evaluate(x, y)) }] });
      return outputs;
    };
    expect(await told(2)).toEqual(await told(1));
  });

  it('is not changed by predictions with threads in a callback, of a fit with or without threads', async () => {
    const [x, y] = data(big, 10);
    const trainedWith = async (threads: number, asked: number): Promise<string> => {
      const model = make(big);
      const callback = (): void => void model.predict(x, { threads: asked });
      await model.fit(x, y, { epochs: 2, batchSize: 40, threads, callbacks: [{ onEpochEnd: callback, ...(threads > 1 && { onBatchEnd: callback }) }] });
      return hashWeights(model.getWeights());
    };
    const expected = await trainedWith(1, 1);
    expect([await trainedWith(1, 3), await trainedWith(2, 3)]).toEqual([expected, expected]);
  });

  it('stops at an abort, and the model goes on', async () => {
    const model = make(big);
    const [x, y] = data(big, 10);
    const abort = new AbortController();
    const options = { epochs: 100, batchSize: 64, threads: 2, signal: abort.signal, callbacks: [{ onEpochEnd: (epoch: number) => { if (epoch === 2) abort.abort(); } }] };
    await expect(model.fit(x, y, options)).rejects.toThrow(/abort/i);
    const { loss } = await model.fit(x, y, { epochs: 3, batchSize: 64, threads: 2 }).then(({ history }) => history as { loss: number[] });
    expect(loss[2]).toBeLessThan(loss[0]!);
  });

  it.each([0, -1, 1.5, 65, 'many', NaN])('refuses threads: %s', async (threads) => {
    const [x, y] = data(big, 10);
    await expect(make(big).fit(x, y, { threads: threads as number })).rejects.toThrow(OptionError);
  });
});

it.skipIf(!hasRelaxed)(`the relaxed kernels give the same bits for any number of threads too${relaxedNote}`, async () => {
  await loadBackend('wasm-relaxed');
  const expected = await trained(big, 1, 'wasm-relaxed');
  for (const threads of [2, 3]) expect(await trained(big, threads, 'wasm-relaxed')).toEqual(expected);
  expect(expected).not.toEqual(await trained(big, 1));
});

describe('predict', () => {
  const x = numbers(3000 * 200, 3);

  it('gives the same bits with 1, 2, 3 and 4 threads', async () => {
    const model = make(big);
    // In a page, only a fit can start threads.
    await model.fit(x.subarray(0, 640 * 200), data(big, 10)[1], { batchSize: 64, threads: 4 });
    const expected = model.predict(x);
    for (const threads of [1, 2, 3, 4, 'auto'] as const) {
      expect(model.predict(x, { threads })).toEqual(expected);
      expect(model.predictInto(x, new Float32Array(expected.length), { threads })).toEqual(expected);
    }
    expect(model.predict(x.subarray(0, 1400), { threads: 2 })).toEqual(expected.slice(0, 70));
    expect(model.predict(x)).toEqual(expected);
  });

  it('refuses unknown options', () => {
    expect(() => make(big).predict(x, { threads: 0 })).toThrow(OptionError);
    expect(() => make(big).predict(x, { thread: 2 } as object)).toThrow(/did you mean 'threads'/);
  });
});

describe('where there are no threads', () => {
  it('trains with one, says so once, and gives the same bits', async () => {
    const expected = await trained(big, 1);
    vi.stubGlobal('SharedArrayBuffer', undefined);
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    expect(await trained(big, 2)).toEqual(expected);
    expect(await trained(big, 2)).toEqual(expected);
    expect(warned.mock.calls).toEqual([[expect.stringMatching(/^nabla uses one thread: memory cannot be shared here/)]]);
  });

  it('the reference backend has one', async () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const model = sequential({ layers: [dense({ units: 2, inputShape: [3] })], backend: 'reference' });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    await model.fit(numbers(60, 1), numbers(40, 2), { threads: 2 });
    expect(warned.mock.calls).toEqual([["nabla uses one thread: backend 'reference' has one"]]);
  });
});

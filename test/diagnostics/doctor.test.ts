/** The doctor: what it measures, that it leaves training as it is to the bit, when it speaks, and what it refuses. */
import { describe, expect, it, vi } from 'vitest';
import {
  activation, adam, adamw, batchNormalization, constantSchedule, defineActivation, dense, diagnose, doctor, dropout, gaussianNoise, l2, lbfgs, maxNorm, OptionError, residual, sequential, sgd, ShapeError,
  TrainingError, type Callback, type Doctor, type Finding, type Layer, type Optimizer, type Sequential,
} from '../../src/index.ts';
import { activations } from '../../src/backend/reference/pairs.ts';
import { backends } from '../backends.ts';
import { numbers } from '../twins.ts';

const rows = 90;
const x = numbers(rows * 3, 1);
const y = Float32Array.from({ length: rows }, (_, row) => Number(x[3 * row]! + x[3 * row + 1]! > 0));
const rowsOfX = Array.from({ length: rows }, (_, row) => Array.from(x.subarray(3 * row, 3 * row + 3)));

function compiled(layers: readonly Layer[], backend: (typeof backends)[number] = 'wasm', optimizer: Optimizer = sgd({ learningRate: 0.1 })): Sequential {
  const model = sequential({ layers, seed: 3, backend });
  model.compile({ optimizer, loss: 'binaryCrossentropy' });
  return model;
}

const plain = (): Layer[] => [dense({ units: 6, activation: 'tanh', inputShape: [3] }), dense({ units: 5, activation: 'relu' }), dense({ units: 1, activation: 'sigmoid' })];
const norm = (values: Iterable<number>): number => Math.sqrt([...values].reduce((sum, value) => sum + value * value, 0));

describe.each(backends)('the measures on %s', (backend) => {
  it('are those of a forward and a backward pass', () => {
    const model = compiled(plain(), backend);
    const { layers, loss, constantLoss, gradientRatio } = diagnose(model, x, y);
    const [kernel, bias] = model.getWeights() as [Float32Array, Float32Array];
    const z = rowsOfX.map((row) => Array.from(bias, (b, unit) => row.reduce((sum, value, i) => sum + value * kernel[i * 6 + unit]!, b)));
    const slopes = z.flat().map((value) => activations.tanh.df(value, 0, 0));
    expect(layers[0]!.meanDerivative).toBeCloseTo(slopes.reduce((sum, slope) => sum + slope, 0) / slopes.length, 5);
    const out = z.flat().map(Math.tanh);
    expect(layers[0]!.range.min).toBeCloseTo(Math.min(...out), 5);
    expect(layers[0]!.range.max).toBeCloseTo(Math.max(...out), 5);
    const mean = out.reduce((sum, value) => sum + value, 0) / out.length;
    expect(layers[0]!.range.mean).toBeCloseTo(mean, 5);
    expect(layers[0]!.range.deviation).toBeCloseTo(Math.sqrt(out.reduce((sum, value) => sum + (value - mean) ** 2, 0) / out.length), 5);
    const gradients = model.gradients(x, y);
    const norms = [0, 2, 4].map((i) => norm([...gradients[i]!.data, ...gradients[i + 1]!.data]));
    layers.forEach((layer, i) => expect(layer.gradientNorm! / norms[i]!).toBeCloseTo(1, 5));
    expect(gradientRatio).toBeCloseTo(norms[0]! / norms[2]!, 4);
    expect(layers[2]!.meanDerivative).toBeUndefined();
    expect(loss).toBeCloseTo(model.evaluate(x, y)['loss']!, 5);
    const share = y.reduce((sum, value) => sum + value, 0) / rows;
    expect(constantLoss).toBeCloseTo(-share * Math.log(share) - (1 - share) * Math.log(1 - share), 5);
  });

  it.each<[string, Optimizer]>([
    ['sgd', sgd({ learningRate: 0.1 })], ['momentum', sgd({ learningRate: 0.1, momentum: 0.9 })], ['adam', adam()], ['a schedule', sgd({ learningRate: (step: number) => 0.1 / (1 + step) })],
    ['clipping', sgd({ learningRate: 1, clipNorm: 0.01 })], ['weight decay', adamw({ weightDecay: 0.1 })],
  ])('have the update that the next step makes, with %s', (_name, optimizer) => {
    const model = compiled(plain(), backend, optimizer);
    for (let step = 0; step < 3; step++) model.trainOnBatch(x, y);
    const before = model.getWeights();
    const { layers } = diagnose(model, x, y);
    expect(model.getWeights()).toEqual(before);
    model.trainOnBatch(x, y);
    const after = model.getWeights();
    layers.forEach(({ updateRatio, weightNorm }, i) => {
      const pairs = [2 * i, 2 * i + 1];
      expect(weightNorm).toBeCloseTo(norm(pairs.flatMap((p) => [...before[p]!])), 5);
      const moved = norm(pairs.flatMap((p) => Array.from(after[p]!, (value, at) => value - before[p]![at]!)));
      // The rows come in another order, which moves the last bits of the sums.
      expect(updateRatio! * weightNorm! / moved).toBeCloseTo(1, 3);
    });
  });

  it('are of the mean gradient where updates go by several batches', () => {
    const [one, several] = [sgd({ learningRate: 0.1 }), sgd({ learningRate: 0.1, accumulationSteps: 3 })].map((optimizer) => diagnose(compiled(plain(), backend, optimizer), x, y));
    several!.layers.forEach(({ updateRatio }, i) => expect(updateRatio! / one!.layers[i]!.updateRatio!).toBeCloseTo(1, 4));
  });

  it.each<[string, Partial<Parameters<typeof dense>[0]>, number]>([
    ["'constant'", { derivative: 'constant' }, 1], ["'zero'", { derivative: 'zero' }, 0], ["'straightThrough' within ±1", { derivative: 'straightThrough', kernelInitializer: { name: 'constant', value: 0.1 } }, 1],
  ])('show the derivative that training uses: %s', (_name, options, expected) => {
    const { layers } = diagnose(compiled([dense({ units: 4, activation: 'tanh', inputShape: [3], ...options }), dense({ units: 1, activation: 'sigmoid' })], backend), x, y);
    expect(layers[0]!.meanDerivative).toBe(expected);
    expect(layers[0]!.dead).toBe(expected === 0 ? 1 : 0);
  });

  it('count units that are saturated and dead', () => {
    // Two units of four far out, on both sides.
    const layers = (activation: 'tanh' | 'relu'): Layer[] => [dense({ units: 4, activation, inputShape: [3] }), dense({ units: 1, activation: 'sigmoid' })];
    const found = (['tanh', 'relu'] as const).map((name) => {
      const model = compiled(layers(name), backend);
      const weights = model.getWeights();
      weights[1] = Float32Array.of(30, -30, 0, 0);
      model.setWeights(weights);
      return diagnose(model, x, y).layers[0]!;
    });
    expect(found[0]).toMatchObject({ saturated: 0.5 });
    expect(found[1]).toMatchObject({ dead: 0.25, saturated: 0.25 });
  });

  it('go through blocks, norms, noise, rules and logits, and change nothing', async () => {
    const layers = [
      dense({ units: 8, inputShape: [3], kernelRegularizer: l2(0.01) }), batchNormalization(), activation('gelu'), dropout({ rate: 0.2 }), gaussianNoise({ stddev: 0.1 }),
      residual([dense({ units: 8, activation: 'softplus', kernelConstraint: maxNorm(2) }), dense({ units: 8 })]), dense({ units: 2 }),
    ];
    const [model, other] = [1, 2].map(() => {
      const made = sequential({ layers, seed: 5, backend });
      made.compile({ optimizer: 'adam', loss: { name: 'sparseCategoricalCrossentropy', fromLogits: true } });
      return made;
    }) as [Sequential, Sequential];
    const { layers: seen } = diagnose(model, x, y);
    expect(seen.map(({ name }) => name)).toEqual([
      'dense_1', 'batchNormalization_1', 'activation_1', 'residual_1', 'residual_1/dense_1', 'residual_1/dense_2', 'dense_2',
    ]);
    expect(seen.map(({ meanDerivative }) => meanDerivative !== undefined)).toEqual([false, false, true, false, true, false, false]);
    for (const { gradientNorm, range } of seen) for (const value of [gradientNorm ?? 1, ...(Object.values(range) as number[])]) expect(value).toSatisfy(Number.isFinite);
    for (const each of [model, other]) await each.fit(x, y, { epochs: 3, callbacks: each === model ? [doctor()] : [] });
    expect(model.getWeights()).toEqual(other.getWeights());
    expect(diagnose(model, x, y).loss).toBe(diagnose(other, x, y).loss);
  });
});

describe('diagnose', () => {
  it('reads as a table with a sentence for each finding', () => {
    const text = String(diagnose(compiled([dense({ units: 4, activation: 'step', inputShape: [3], name: 'first' }), dense({ units: 1, activation: 'sigmoid' })]), x, y));
    expect(text).toMatch(/^layer +units +activation +mean \|f'\| +saturated +dead/);
    expect(text).toMatch(/\nfirst +4 +step +0 +100 % +100 %/);
    expect(text).toMatch(/\nerror zeroDerivative: The derivative of layer 'first' is 0 everywhere: .*\. Use another activation/);
    expect(String(diagnose(compiled(plain()), x, y))).toMatch(/Nothing is wrong that shows\.$/);
  });

  it('looks at no more rows than it is told, the same ones every time', () => {
    const model = compiled(plain());
    const some = diagnose(model, x, y, { samples: 20 });
    expect(some.loss).not.toBe(diagnose(model, x, y).loss);
    expect(diagnose(model, x, y, { samples: 20 }).layers).toEqual(some.layers);
  });

  it('weighs rows', () => {
    const model = compiled(plain());
    const sampleWeight = Float32Array.from(y, (value) => 1 + value);
    expect(diagnose(model, x, y, { sampleWeight }).loss).toBeCloseTo(model.evaluate(x, y, { sampleWeight })['loss']!, 5);
    expect(diagnose(model, x, y, { classWeight: { 0: 1, 1: 2 } }).loss).toBeCloseTo(model.evaluate(x, y, { sampleWeight })['loss']!, 5);
  });

  it('knows no updates of lbfgs', () => {
    expect(diagnose(compiled(plain(), 'wasm', lbfgs()), x, y).layers.map(({ updateRatio }) => updateRatio)).toEqual([undefined, undefined, undefined]);
  });

  it.each<[string, (z: number) => number, (z: number) => number]>([
    ['a slope without end at 0', (z) => Math.sign(z) * Math.sqrt(Math.abs(z)), (z) => 0.5 / Math.sqrt(Math.abs(z))],
    ['no values below -3.5', (z) => Math.log(z + 3.5), (z) => 1 / (z + 3.5)],
  ])('do not take a function for one that saturates that has %s', (_what, f, df) => {
    const own = defineActivation({ f, df });
    const { findings } = diagnose(compiled([dense({ units: 6, activation: own, inputShape: [3] }), dense({ units: 1, activation: 'sigmoid' })]), x, y);
    expect(findings.map(({ code }) => code)).not.toContain('saturated');
  });

  it('know no slopes of a function that throws where training does not get to', async () => {
    const near = (z: number): void => {
      if (Math.abs(z) > 7) throw new Error('too far');
    };
    const own = defineActivation({ f: (z) => (near(z), Math.tanh(z)), df: (z) => (near(z), 1 - Math.tanh(z) ** 2) });
    const model = compiled([dense({ units: 6, activation: own, inputShape: [3] }), dense({ units: 1, activation: 'sigmoid' })]);
    expect(diagnose(model, x, y).layers[0]).toMatchObject({ meanDerivative: undefined, saturated: undefined, dead: undefined });
    const watch = doctor();
    await model.fit(x, y, { epochs: 2, callbacks: [watch] });
    expect(watch.diagnosis!.layers[0]!.gradientNorm).toBeGreaterThan(0);
  });

  it('refuses what it cannot look at', () => {
    const model = compiled(plain());
    expect(() => diagnose({} as never, x, y)).toThrow(OptionError);
    expect(() => diagnose(sequential({ layers: plain() }), x, y)).toThrow(/diagnose: the model has no loss yet/);
    expect(() => diagnose(model, x, y, { sample: 3 } as never)).toThrow(/unknown option 'sample'.*did you mean 'samples'/);
    expect(() => diagnose(model, x, y, { samples: 0 })).toThrow(/diagnose samples: expected an integer of at least 1/);
    expect(() => diagnose(model, x, y, { columns: ['a'] })).toThrow(/diagnose columns: expected an array of 3 names/);
    expect(() => diagnose(model, x, y.subarray(1))).toThrow(ShapeError);
    for (const history of [{}, 5, { epoch: [0], history: {} }, { epoch: [0] }]) {
      expect(() => diagnose(model, x, y, { history } as never)).toThrow(/diagnose history: expected what fit returned/);
    }
    expect(diagnose(model, x, y, { history: { epoch: [], history: {} } }).findings).toEqual([]);
  });
});

describe('doctor', () => {
  it('leaves training as it is, with any number of threads', async () => {
    const [alone, watched, shared] = [1, 2, 3].map(() => compiled(plain(), 'wasm', adam())) as [Sequential, Sequential, Sequential];
    await alone.fit(x, y, { epochs: 5 });
    await watched.fit(x, y, { epochs: 5, callbacks: [doctor()] });
    await shared.fit(x, y, { epochs: 5, callbacks: [doctor()], threads: 2 });
    expect(watched.getWeights()).toEqual(alone.getWeights());
    expect(shared.getWeights()).toEqual(alone.getWeights());
  });

  it('finds the same however time passes', async () => {
    const told: string[] = [];
    for (const milliseconds of [0, 7, 1000]) {
      let now = 0;
      vi.spyOn(performance, 'now').mockImplementation(() => (now += milliseconds));
      const watch = doctor({ onFinding: (finding) => told.push(JSON.stringify([milliseconds, finding])) });
      const layers = [dense({ units: 6, activation: 'relu', inputShape: [3], biasInitializer: { name: 'constant', value: -3 } }), dense({ units: 1, activation: 'sigmoid' })];
      await compiled(layers).fit(x, y, { epochs: 3000, callbacks: [watch] });
      told.push(String(watch.diagnosis));
      vi.restoreAllMocks();
    }
    const third = told.length / 3;
    expect(third).toBeGreaterThan(1);
    expect(told.slice(0, third).map((text) => text.replace('[0,', '[7,'))).toEqual(told.slice(third, 2 * third));
    expect(told.slice(0, third).map((text) => text.replace('[0,', '[1000,'))).toEqual(told.slice(2 * third));
  });

  it('lets as much work be done between two looks, whatever an epoch is', async () => {
    const apart = async (stepsPerEpoch: number | undefined): Promise<number> => {
      const watch = doctor();
      await compiled(plain()).fit(x, y, { epochs: 1, batchSize: 10, ...(stepsPerEpoch !== undefined && { stepsPerEpoch }), callbacks: [{ setModel: () => undefined }, watch] });
      return watch.epochsApart!;
    };
    const [whole, single] = [await apart(undefined), await apart(1)];
    expect(whole).toBeGreaterThan(100);
    expect(single / whole).toBeCloseTo(9, 1);
  });

  it('says each finding once, and prints only where it is told to', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const said: Finding[] = [];
    const layers = [dense({ units: 4, activation: 'step', inputShape: [3] }), dense({ units: 1, activation: 'sigmoid' })];
    const watch = doctor({ onFinding: (finding) => said.push(finding) });
    await compiled(layers).fit(x, y, { epochs: 4, callbacks: [watch] });
    expect(said.map(({ code }) => code)).toContain('zeroDerivative');
    expect(said).toEqual(watch.findings);
    expect(new Set(said.map(({ code, layer }) => `${code} ${layer}`)).size).toBe(said.length);
    expect(watch.diagnosis!.findings).toHaveLength(said.length);
    expect(log).not.toHaveBeenCalled();
    await compiled(layers).fit(x, y, { epochs: 4, callbacks: [doctor({ verbose: true })] });
    expect(log).toHaveBeenCalledWith(expect.stringMatching(/^error zeroDerivative: /));
    log.mockRestore();
  });

  it('has nothing to say before training, and starts anew with the next', async () => {
    const watch = doctor({ samples: 30 });
    expect(watch.findings).toEqual([]);
    expect(watch.diagnosis).toBeUndefined();
    await compiled([dense({ units: 4, activation: 'step', inputShape: [3] }), dense({ units: 1, activation: 'sigmoid' })]).fit(x, y, { epochs: 2, callbacks: [watch] });
    expect(watch.findings).not.toEqual([]);
    await compiled(plain()).fit(x, y, { epochs: 2, callbacks: [watch] });
    expect(watch.findings).toEqual([]);
    expect(watch.diagnosis!.layers).toHaveLength(3);
  });

  it('is an object like others before it has been given to a fit', () => {
    expect({ ...doctor() }.epochsApart).toBe(1);
  });

  it('is one, if given twice: what it suspects it has to see in two looks', async () => {
    const layers = (): Layer[] => [dense({ units: 8, activation: 'tanh', kernelInitializer: { name: 'randomNormal', stddev: 30 }, inputShape: [3] }), dense({ units: 1, activation: 'sigmoid' })];
    const counts: number[] = [];
    for (const times of [1, 2]) {
      let before = 0;
      const watch: Doctor = doctor({ onFinding: () => void before++ });
      const twice = Array.from({ length: times }, () => watch);
      await compiled(layers()).fit(x, y, { epochs: 2, callbacks: [...twice, { onEpochBegin: (epoch) => void (epoch === 0 && counts.push(before)) }] });
      expect(watch.findings.map(({ code }) => code)).toContain('saturated');
    }
    expect(counts).toEqual([0, 0]);
  });

  it('is refused by a second fit while the first is under way, and goes on after that', async () => {
    const watch = doctor();
    const both = [1, 2].map(() => compiled(plain()).fit(x, y, { epochs: 20, callbacks: [watch] }));
    const [first, second] = await Promise.allSettled(both);
    expect(first!.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { message: expect.stringMatching(/^doctor: it is watching another fit/) as string } });
    const late = compiled(plain());
    const callbacks: Callback[] = [watch, { onEpochEnd: () => expect(late.fit(x, y, { callbacks: [watch] })).rejects.toThrow('doctor: it is watching another fit') }];
    await compiled(plain()).fit(x, y, { epochs: 2, callbacks });
    await late.fit(x, y, { epochs: 2, callbacks: [watch] });
    expect(watch.diagnosis!.layers).toHaveLength(3);
  });

  it('tells what happened when training stops by an error, and passes that on', async () => {
    const watch = doctor();
    const model = sequential({ layers: [dense({ units: 16, activation: 'relu', inputShape: [3] }), dense({ units: 1 })], seed: 3 });
    model.compile({ optimizer: sgd({ learningRate: 1e4 }), loss: 'meanSquaredError' });
    await expect(model.fit(x, y, { epochs: 30, callbacks: [watch] })).rejects.toThrow(TrainingError);
    expect(watch.findings.map(({ code }) => code)).toContain('learningRateTooHigh');
    expect(watch.findings.find(({ code }) => code === 'learningRateTooHigh')!.message).toMatch(/training left the range of finite numbers/);
  });

  it('blames no rate for what was no number before the first update', async () => {
    const watch = doctor();
    const log = defineActivation({ f: Math.log, df: (z) => 1 / z });
    await expect(compiled([dense({ units: 4, activation: log, inputShape: [3] }), dense({ units: 1, activation: 'sigmoid' })]).fit(x, y, { epochs: 3, callbacks: [watch] })).rejects.toThrow(TrainingError);
    expect(watch.findings.map(({ code }) => code)).toEqual(['exploding']);
  });

  it('blames no rate where training was stopped by hand', async () => {
    const watch = doctor();
    const stop = new AbortController();
    const callbacks: Callback[] = [watch, { onEpochEnd: () => stop.abort() }];
    await expect(compiled(plain()).fit(x, y, { epochs: 30, callbacks, signal: stop.signal })).rejects.toThrow();
    expect(watch.findings).toEqual([]);
  });

  it('watches batches of a dataset, and trains with a schedule', async () => {
    const watch = doctor();
    const model = compiled(plain(), 'wasm', adam({ learningRate: constantSchedule(0.01) }));
    const batch = { x: rowsOfX.slice(0, 45), y: Array.from(y.subarray(0, 45)) };
    await model.fitDataset([batch, { x: rowsOfX.slice(45), y: Array.from(y.subarray(45)) }], { epochs: 3, callbacks: [watch] });
    expect(watch.diagnosis!.layers).toHaveLength(3);
    expect(watch.findings).toEqual([]);
  });

  it('refuses bad options', async () => {
    expect(() => doctor({ sample: 3 } as never)).toThrow(/unknown option 'sample'.*did you mean 'samples'/);
    expect(() => doctor({ samples: 1.5 })).toThrow(OptionError);
    expect(() => doctor({ verbose: 1 } as never)).toThrow(/doctor verbose: expected true or false/);
    expect(() => doctor({ onFinding: 1 } as never)).toThrow(/doctor onFinding: expected a function/);
    await expect(compiled(plain()).fit(x, y, { callbacks: [doctor({ columns: ['a', 'b'] })] })).rejects.toThrow(/doctor columns: expected an array of 3 names/);
  });
});

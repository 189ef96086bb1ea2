/** L-BFGS: PyTorch's trajectories, what it reaches that plain descent does not, where it ends, and everything of `fit` beside it. */
import { describe, expect, it, vi } from 'vitest';
import { createReference } from '../../src/backend/index.ts';
import { DoubleMemory } from '../../src/backend/memory.ts';
import {
  adam, crossValidate, dense, dropout, earlyStopping, findLearningRate, lbfgs, learningRateScheduler, OptionError, piecewiseConstant, sequential, sgd, TrainingError, warmUp,
  type ActivationSpec, type BackendName, type FitOptions, type LbfgsOptions, type Logs, type LossSpec, type Optimizer, type OptimizerSpec,
} from '../../src/index.ts';
import { Sequential } from '../../src/model/sequential.ts';
import fixture from '../fixtures/lbfgs.json' with { type: 'json' };
import { backends } from '../backends.ts';
import { expectClose } from '../close.ts';
import { hashWeights } from '../hash.ts';
import { numbers } from '../twins.ts';

type Trajectory = (typeof fixture.trajectories)[number];

describe('against PyTorch', () => {
  const named = fixture.trajectories.map((trajectory) => [`${trajectory.network} ${JSON.stringify(trajectory.options)}`, trajectory] as const);

  /** Fits the network of a trajectory over its 50 iterations. Where fit ends early the last loss stands for those after it. */
  async function follow({ network: wanted, options }: Trajectory, backend: BackendName | 'double'): Promise<{ losses: number[]; weights: Float32Array[] }> {
    const network = fixture.networks.find(({ name }) => name === wanted)!;
    const layers = network.layers.map(({ units, activation }, i) =>
      dense({ units, activation: activation as ActivationSpec, ...(i === 0 && { inputShape: [network.inputs] }) }));
    const model = backend === 'double' ? new Sequential({ layers }, createReference(new DoubleMemory())!) : new Sequential({ layers, backend });
    model.setWeights(network.weights);
    model.compile({ optimizer: lbfgs({ ...options, gradientTolerance: 0 }), loss: network.loss as LossSpec });
    const losses = (await model.fit(network.x, network.y, { epochs: 50 })).history['loss']!;
    return { losses: Array.from({ length: 50 }, (_, i) => losses[i] ?? losses.at(-1)!), weights: model.getWeights() };
  }

  function expectRelative(actual: readonly number[], expected: readonly number[], tolerance: number): void {
    expectClose(actual.map((value, i) => value / expected[i]!), actual.map(() => 1), tolerance, 'loss, as a multiple of PyTorch\'s');
  }

  it.each(named)('50 iterations in double precision, %s', async (_name, trajectory) => {
    const { losses, weights } = await follow(trajectory, 'double');
    expectRelative(losses, trajectory.losses, 1e-8);
    weights.forEach((values, i) => expectClose(values, trajectory.weights[i]!, 1e-6, `weights ${i}`));
  });

  // Behind a hidden layer a rounding grows from iteration to iteration, in PyTorch as well: there float32 can be followed for a while only.
  it.each(backends.flatMap((backend) => named.map(([name, trajectory]) => [backend, name, trajectory] as const)))('in float32 on %s, %s', async (backend, _name, trajectory) => {
    const { losses } = await follow(trajectory, backend);
    const iterations = ['tanh', 'hidden'].includes(trajectory.network) ? 6 : 50;
    expectRelative(losses.slice(0, iterations), trajectory.losses, 1e-5);
  });
});

const rows = 60;
const x = numbers(rows * 6, 4);
const y = Uint8Array.from({ length: rows }, (_, i) => 2 * Number(x[i * 6]! > 0.3) + Number(x[i * 6 + 1]! > x[i * 6 + 2]!));

/** A small classifier that still learns after a few dozen iterations. */
function make(backend: BackendName = 'wasm', optimizer: OptimizerSpec = lbfgs()): Sequential {
  const model = sequential({ layers: [dense({ units: 5, activation: 'tanh', inputShape: [6] }), dense({ units: 4, activation: 'softmax' })], backend });
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

/** The largest element of the gradient over all rows. */
function steepest(model: Sequential): number {
  return Math.max(...model.gradients(x, y).flatMap(({ data }) => Array.from(data, Math.abs)));
}

async function lossesOf(model: Sequential, options: FitOptions): Promise<number[]> {
  return (await model.fit(x, y, options)).history['loss']!;
}

describe('reaches in 100 iterations what plain descent does not in 5000', () => {
  async function compare(build: (optimizer: Optimizer) => Sequential, inputs: Float32Array, targets: Float32Array, rates: readonly number[]): Promise<[reached: number, best: number]> {
    const trained = async (optimizer: Optimizer, epochs: number): Promise<number> => {
      const model = build(optimizer);
      await model.fit(inputs, targets, { epochs, batchSize: targets.length }).catch((error: unknown) => expect(error).toBeInstanceOf(TrainingError));
      return model.evaluate(inputs, targets)['loss']!;
    };
    const others = await Promise.all(rates.map((learningRate) => trained(sgd({ learningRate }), 5000)));
    // The best rate is within the list: the outer ones are worse.
    expect(others.indexOf(Math.min(...others))).toBeGreaterThan(0);
    expect(others.indexOf(Math.min(...others))).toBeLessThan(rates.length - 1);
    return [await trained(lbfgs(), 100), Math.min(...others)];
  }

  it('regression of a curve', async () => {
    const inputs = Float32Array.from({ length: 40 }, (_, i) => i / 20 - 1);
    const targets = inputs.map((value) => Math.sin(4 * value) / (1 + value * value));
    const build = (optimizer: Optimizer): Sequential => {
      const model = sequential({ layers: [dense({ units: 8, activation: 'tanh', inputShape: [1] }), dense({ units: 1 })], seed: 4 });
      model.compile({ optimizer, loss: 'meanSquaredError' });
      return model;
    };
    const [reached, best] = await compare(build, inputs, targets, [0.01, 0.03, 0.1, 0.3, 1, 3]);
    expect(reached).toBeLessThan(best / 4);
  });

  it('logistic regression of features of unlike scales', async () => {
    const inputs = numbers(80 * 4, 9).map((value, i) => value * [10, 1, 0.1, 0.03][i % 4]!);
    const noise = numbers(80, 10);
    const targets = Float32Array.from({ length: 80 }, (_, i) => Number(inputs[4 * i]! / 10 - inputs[4 * i + 1]! + 10 * inputs[4 * i + 2]! + 33 * inputs[4 * i + 3]! + 3 * noise[i]! > 0));
    const build = (optimizer: Optimizer): Sequential => {
      const model = sequential({ layers: [dense({ units: 1, activation: 'sigmoid', inputShape: [4] })], seed: 2 });
      model.compile({ optimizer, loss: 'binaryCrossentropy' });
      return model;
    };
    const [reached, best] = await compare(build, inputs, targets, [0.001, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]);
    expect(reached).toBeLessThan(best - 0.1);
  });
});

describe.each(backends)('on %s', (backend) => {
  it('an epoch is an iteration, and records loss and metrics of the weights it ends with', async () => {
    const model = make(backend);
    const seen: Logs[] = [];
    const { epoch, history } = await model.fit(x, y, { epochs: 12, callbacks: [{ onEpochEnd: () => void seen.push(model.evaluate(x, y)) }] });
    expect(epoch).toEqual(Array.from({ length: 12 }, (_, i) => i));
    expect(history['loss']).toEqual(seen.map(({ loss }) => loss));
    expect(history['accuracy']).toEqual(seen.map(({ accuracy }) => accuracy));
    history['loss']!.slice(1).forEach((loss, i) => expect(loss).toBeLessThan(history['loss']![i]!));
  });

  it('has the same bits on every run, by name too, in one fit or in several', async () => {
    const [one, two, three] = [make(backend), make(backend, 'lbfgs'), make(backend)];
    const losses = await lossesOf(one, { epochs: 30 });
    expect(await lossesOf(two, { epochs: 30, batchSize: rows, shuffle: false })).toEqual(losses);
    expect([...await lossesOf(three, { epochs: 1 }), ...await lossesOf(three, { epochs: 14 }), ...await lossesOf(three, { epochs: 30, initialEpoch: 15, batchSize: 1000 })]).toEqual(losses);
    expect(two.getWeights()).toEqual(one.getWeights());
    expect(three.getWeights()).toEqual(one.getWeights());
  });

  it('begins anew after compile', async () => {
    const model = make(backend);
    await model.fit(x, y, { epochs: 5 });
    const fresh = make(backend);
    fresh.setWeights(model.getWeights());
    const goesOn = (await lossesOf(model, { epochs: 1 }))[0];
    model.setWeights(fresh.getWeights());
    model.compile({ optimizer: lbfgs(), loss: 'sparseCategoricalCrossentropy' });
    const again = await lossesOf(model, { epochs: 6 });
    expect(again).toEqual(await lossesOf(fresh, { epochs: 6 }));
    expect(again[0]).not.toBe(goesOn);
  });

  it('ends where the gradient is within the tolerance, and stays there', async () => {
    for (const gradientTolerance of [1e-2, 1e-3]) {
      const optimizer = lbfgs({ gradientTolerance });
      const model = make(backend, optimizer);
      const { epoch } = await model.fit(x, y, { epochs: 500 });
      expect(epoch.length).toBeLessThan(400);
      expect(model.stopTraining).toBe(true);
      expect(steepest(model)).toBeLessThanOrEqual(gradientTolerance);
      const shorter = make(backend, optimizer);
      await shorter.fit(x, y, { epochs: epoch.length - 1 });
      expect(shorter.stopTraining).toBe(false);
      expect(steepest(shorter)).toBeGreaterThan(gradientTolerance);
      const before = model.getWeights();
      expect(await lossesOf(model, { epochs: 9 })).toEqual([model.evaluate(x, y)['loss']]);
      expect(model.getWeights()).toEqual(before);
    }
  });

  it('ends where no step lowers the loss in float32', async () => {
    const model = sequential({ layers: [dense({ units: 1, inputShape: [6] })], backend });
    model.compile({ optimizer: lbfgs({ gradientTolerance: 0 }), loss: 'meanSquaredError' });
    const { epoch, history } = await model.fit(x, y, { epochs: 500 });
    expect(epoch.length).toBeLessThan(60);
    expect(model.stopTraining).toBe(true);
    expect(history['loss']!.at(-1)).toBe(history['loss']!.at(-2));
    expect(steepest(model)).toBeLessThan(1e-4);
  });

  it('a model without parameters ends at once', async () => {
    const model = sequential({ layers: [dense({ units: 1, inputShape: [1], useBias: false })], backend });
    model.setWeights([[2]]);
    model.compile({ optimizer: 'lbfgs', loss: 'meanSquaredError' });
    expect((await model.fit([1, 2], [2, 4], { epochs: 5 })).history['loss']).toEqual([0]);
    expect(model.getWeights()).toEqual([Float32Array.of(2)]);
  });

  it('the floats between parameters stay 0, in the parameters and in all state', async () => {
    const model = make(backend);
    await model.fit(x, y, { epochs: 7 });
    const { values, gradients, slots } = model.program.layout();
    const { f32 } = model.program.backend.memory;
    const count = (address: number): number => f32.subarray(address / 4, address / 4 + values.floats).reduce((sum, value) => sum + Number(value !== 0), 0);
    const held = model.getWeights().reduce((sum, { length }) => sum + length, 0);
    expect(values.floats).toBeGreaterThan(held);
    // No parameter is 0 by itself.
    expect([values.address, gradients.address].map(count)).toEqual([held, held]);
    expect(Object.values(slots).map(count)).toEqual(Object.keys(slots).map((_, slot) => (slot % 10 < 7 ? held : 0)));
  });

  it('gives callbacks an epoch of one batch, and validation its turn', async () => {
    const calls: string[] = [];
    const model = make(backend);
    const { history } = await model.fit(x, y, {
      epochs: 3, validationSplit: 0.25,
      callbacks: [{
        onEpochBegin: (epoch) => void calls.push(`begin ${epoch}`),
        onBatchEnd: (batch, logs) => void calls.push(`batch ${batch} ${logs['loss']}`),
        onEpochEnd: (epoch, logs) => void calls.push(`end ${epoch} ${logs['loss']} ${logs['val_loss']}`),
      }],
    });
    const [losses, validation] = [history['loss']!, history['val_loss']!];
    expect(calls).toEqual([0, 1, 2].flatMap((epoch) => [`begin ${epoch}`, `batch 0 ${losses[epoch]}`, `end ${epoch} ${losses[epoch]} ${validation[epoch]}`]));
    expect(new Set(validation).size).toBe(3);
    const cut = 45;
    expect(model.evaluate(x.subarray(0, cut * 6), y.subarray(0, cut))['loss']).toBe(losses[2]);
    expect(model.evaluate(x.subarray(cut * 6), y.subarray(cut))['loss']).toBe(validation[2]);
  });

  it('is not disturbed by what callbacks compute, and goes on from weights they set', async () => {
    const [plain, disturbed, moved] = [make(backend), make(backend), make(backend)];
    const more = numbers(300 * 6, 8);
    const losses = await lossesOf(plain, { epochs: 8 });
    const onEpochEnd = (): void => {
      disturbed.predict(more);
      disturbed.gradients(more.subarray(0, 12), [0, 1]);
      disturbed.evaluate(more, new Uint8Array(300));
      disturbed.setWeights(disturbed.getWeights());
    };
    expect(await lossesOf(disturbed, { epochs: 8, callbacks: [{ onEpochEnd }] })).toEqual(losses);
    expect(disturbed.getWeights()).toEqual(plain.getWeights());
    const start = moved.getWeights();
    const starts: number[] = [];
    const back = { onEpochBegin: (): void => {
      moved.setWeights(start);
      starts.push(moved.evaluate(x, y)['loss']!);
    } };
    const again = await lossesOf(moved, { epochs: 3, callbacks: [back] });
    expect(new Set(starts).size).toBe(1);
    again.forEach((loss) => expect(loss).toBeLessThan(starts[0]!));
  });

  it('ends by early stopping, with the best weights, by a tolerance, by a budget and by a signal', async () => {
    const stopped = make(backend);
    const stopping = earlyStopping({ monitor: 'val_loss', patience: 4, restoreBestWeights: true });
    const { epoch, history } = await stopped.fit(x, y, { epochs: 300, validationSplit: 0.25, callbacks: [stopping] });
    const validation = history['val_loss']!;
    expect(epoch.length).toBe(validation.indexOf(Math.min(...validation)) + 5);
    expect(stopped.evaluate(x.subarray(45 * 6), y.subarray(45))['loss']).toBe(Math.min(...validation));

    const all = await lossesOf(make(backend), { epochs: 40 });
    const first = all.findIndex((loss, i) => Math.abs(all[i - 1]! - loss) <= 0.02);
    expect(first).toBeGreaterThan(1);
    expect(await lossesOf(make(backend), { epochs: 40, tolerance: 0.02 })).toEqual(all.slice(0, first + 1));

    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 1));
    const bound = await lossesOf(make(backend), { epochs: 40, budgetMs: 20 });
    vi.restoreAllMocks();
    expect(bound.length).toBeGreaterThan(1);
    expect(bound.length).toBeLessThan(20);
    expect(bound).toEqual(all.slice(0, bound.length));

    const controller = new AbortController();
    const aborted = make(backend);
    const onEpochEnd = (at: number): void => {
      if (at === 4) controller.abort(new Error('enough'));
    };
    await expect(aborted.fit(x, y, { epochs: 40, signal: controller.signal, callbacks: [{ onEpochEnd }] })).rejects.toThrow('enough');
    expect(aborted.evaluate(x, y)['loss']).toBe(all[4]);
    expect(await lossesOf(aborted, { epochs: 2 })).toEqual(all.slice(5, 7));
  });

  it('takes the rate of each iteration from schedules, callbacks and the model', async () => {
    const rates = [1, 1, 1, 0.25, 0.25, 0.25];
    const wanted = make(backend);
    const losses: number[] = [];
    for (const rate of rates) {
      wanted.learningRate = rate;
      losses.push(...await lossesOf(wanted, { epochs: 1 }));
    }
    const constant = await lossesOf(make(backend), { epochs: 6 });
    expect(losses.slice(0, 3)).toEqual(constant.slice(0, 3));
    expect(losses[3]).not.toBe(constant[3]);
    const scheduled = make(backend, lbfgs({ learningRate: piecewiseConstant({ boundaries: [2], values: [1, 0.25] }) }));
    expect(await lossesOf(scheduled, { epochs: 6 })).toEqual(losses);
    expect(scheduled.learningRate).toBe(0.25);
    expect(scheduled.program.step).toBe(6);
    expect(await lossesOf(make(backend), { epochs: 6, callbacks: [learningRateScheduler((epoch) => rates[epoch]!)] })).toEqual(losses);
  });

  it('stands still at a rate of 0, and goes on after it', async () => {
    const model = make(backend, lbfgs({ learningRate: warmUp(1, 2) }));
    const before = model.evaluate(x, y)['loss'];
    const losses = await lossesOf(model, { epochs: 4 });
    expect(losses[0]).toBe(before);
    expect(losses.slice(1).every((loss, i) => loss < losses[i]!)).toBe(true);
  });

  it('an objective that is not finite is an error, with the weights of the last finite epoch', async () => {
    const model = make(backend);
    const wide = (): Float32Array[] => model.getWeights().map((values) => values.fill(3e38));
    let good: Float32Array[] = [];
    const onEpochBegin = (epoch: number): void => {
      good = epoch === 3 ? model.getWeights() : good;
      if (epoch === 3) model.setWeights(wide());
    };
    const error = await model.fit(x, y, { epochs: 9, callbacks: [{ onEpochBegin }] }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TrainingError);
    expect(error).toMatchObject({ epoch: 3, batch: 0, layer: 'dense_1' });
    expect(model.getWeights()).toEqual(good);
    const all = await lossesOf(make(backend), { epochs: 5 });
    expect(await lossesOf(model, { epochs: 2 })).toEqual(all.slice(3));
  });

  it('a trial step that leaves the finite numbers is taken back', async () => {
    const model = sequential({ layers: [dense({ units: 1, activation: 'linear', inputShape: [1], useBias: false })], backend });
    model.setWeights([[1]]);
    model.compile({ optimizer: lbfgs({ learningRate: 1e38 }), loss: 'meanSquaredError' });
    const { history } = await model.fit([1, 2, 3], [2, 4, 6], { epochs: 20 });
    expect(history['loss']!.every(Number.isFinite)).toBe(true);
    expect(model.getWeights()[0]![0]).toBeGreaterThanOrEqual(1);
  });

  it('refuses what it cannot do, and changes nothing', async () => {
    const model = make(backend);
    const before = model.getWeights();
    const fitted = model.fit(x, y, { batchSize: 32 });
    await expect(fitted).rejects.toThrow(OptionError);
    await expect(fitted).rejects.toThrow('fit batchSize: lbfgs needs all 60 rows at once, received 32; leave it out');
    await expect(model.fit(x, y, { batchSize: 45, validationSplit: 0.25, epochs: 0 })).resolves.toMatchObject({ epoch: [] });
    expect(() => model.trainOnBatch(x, y)).toThrow(OptionError);
    expect(() => model.trainOnBatch(x, y)).toThrow('trainOnBatch: lbfgs needs fit, and all rows at once');
    await expect(findLearningRate(model, x, y)).rejects.toThrow('findLearningRate: lbfgs needs fit, and all rows at once');
    expect(model.getWeights()).toEqual(before);
    const noisy = sequential({ layers: [dense({ units: 4, inputShape: [6] }), dropout({ rate: 0.5, name: 'drop' }), dense({ units: 4, activation: 'softmax' })], backend });
    noisy.compile({ optimizer: 'lbfgs', loss: 'sparseCategoricalCrossentropy' });
    await expect(noisy.fit(x, y)).rejects.toThrow(/^fit: lbfgs compares losses along a line, and layer 'drop' makes each another function; leave that out, or use another optimizer$/);
    noisy.compile({ optimizer: adam(), loss: 'sparseCategoricalCrossentropy' });
    expect((await noisy.fit(x, y)).epoch).toEqual([0]);
  });
});

describe('with threads', () => {
  it('gives the same bits', async () => {
    const alone = make();
    const losses = await lossesOf(alone, { epochs: 25 });
    for (const threads of [2, 3, 'auto'] as const) {
      const model = make();
      let workers = 0;
      const onBatchEnd = (): void => void (workers = model.program.team?.workers.length ?? 0);
      expect(await lossesOf(model, { epochs: 25, threads, callbacks: [{ onBatchEnd }] })).toEqual(losses);
      expect(model.getWeights()).toEqual(alone.getWeights());
      if (threads !== 'auto') expect(workers).toBe(threads - 1);
    }
  });
});

it('has the same bits on every engine', async () => {
  const model = make();
  await model.fit(x, y, { epochs: 40 });
  expect(await hashWeights(model.getWeights())).toMatchInlineSnapshot(`"13c4e7cbfcc6c733"`);
});

it('trains the models of a cross-validation', async () => {
  const { mean } = await crossValidate(() => make(), x, y, { folds: 3, epochs: 10 });
  expect(mean['accuracy']).toBeGreaterThan(0.5);
});

it.each<[LbfgsOptions, RegExp]>([
  [{ learningRate: 0 }, /^lbfgs learningRate: expected a finite float32 number greater than 0, received 0$/], [{ historySize: 0 }, /^lbfgs historySize: expected an integer of at least 1, received 0$/],
  [{ historySize: 2.5 }, /^lbfgs historySize: expected an integer/], [{ gradientTolerance: -1 }, /^lbfgs gradientTolerance: /], [{ maxEvaluations: 0 }, /^lbfgs maxEvaluations: expected an integer/],
  [{ maxEvaluations: 1.5 }, /^lbfgs maxEvaluations: expected an integer/], [{ c1: 0 }, /^lbfgs c1: /], [{ c1: 1 }, /^lbfgs c2: expected a finite float32 number greater than 1/], [{ c2: 1 }, /^lbfgs c2: /],
  [{ c1: 0.5, c2: 0.5 }, /^lbfgs c2: expected a finite float32 number greater than 0.5, received 0.5$/], [{ history: 3 } as object, /^lbfgs: unknown option 'history'; known are learningRate, historySize/],
  [{ maxEvaluation: 3 } as object, /did you mean 'maxEvaluations'/],
])('refuses %o', (options, message) => {
  expect(() => lbfgs(options)).toThrow(OptionError);
  expect(() => lbfgs(options)).toThrow(message);
});

it('fills in its defaults', () => {
  expect(lbfgs().config).toEqual({ learningRate: 1, historySize: 10, gradientTolerance: 1e-5, maxEvaluations: 25, c1: 1e-4, c2: 0.9 });
});

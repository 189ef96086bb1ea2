/** The ways in which `fit` ends before its last epoch: `stopTraining`, early stopping, a budget of time, convergence. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  dense, earlyStopping, OptionError, sequential, sgd, type BackendName, type Callback, type EarlyStoppingOptions, type FitOptions, type Logs,
  type Sequential,
} from '../../src/index.ts';
import { backends } from '../backends.ts';
import { numbers } from '../twins.ts';

const rows = 60;
const x = numbers(rows * 6, 4);
const y = Uint8Array.from({ length: rows }, (_, i) => 2 * Number(x[i * 6]! > 0) + Number(x[i * 6 + 1]! > 0));

function make(backend: BackendName, learningRate = 0.2): Sequential {
  const model = sequential({ layers: [dense({ units: 16, activation: 'relu', inputShape: [6] }), dense({ units: 4, activation: 'softmax' })], backend });
  model.compile({ optimizer: sgd({ learningRate }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

/** Every way the loop can go. */
const ways: Record<string, FitOptions> = {
  'many steps a call': {},
  'an epoch a call': { callbacks: [{ onEpochEnd: () => undefined }] },
  'a call a step': { callbacks: [{ onBatchEnd: () => undefined }] },
  'two threads': { threads: 2 },
};
const cases = backends.flatMap((backend) => Object.entries(ways).filter(([way]) => backend === 'wasm' || way !== 'two threads')
  .map(([way, options]) => ({ backend, way, options })));

/** Lets time pass by so many milliseconds whenever someone looks at the clock. */
function tick(milliseconds: number): void {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += milliseconds));
}

afterEach(() => void vi.restoreAllMocks());

describe.each(cases)('on $backend, $way', ({ backend, options }) => {
  it('a budget ends training after a step, and the epoch it cut is recorded over the rows it saw', async () => {
    const trace: { weights: Float32Array[]; logs: Logs; epoch: number }[] = [];
    const twin = make(backend);
    let at = 0;
    await twin.fit(x, y, {
      epochs: 400, batchSize: 12,
      callbacks: [{ onEpochBegin: (epoch) => void (at = epoch), onBatchEnd: (_, logs) => void trace.push({ weights: twin.getWeights(), logs, epoch: at }) }],
    });
    const cuts = new Set<number>();
    for (const budgetMs of [5, 12, 17, 23, 31]) {
      tick(1);
      const model = make(backend);
      const { epoch, history } = await model.fit(x, y, { epochs: 1e6, batchSize: 12, budgetMs, ...options });
      vi.restoreAllMocks();
      const weights = model.getWeights();
      const found = trace.findIndex((step) => step.weights.every((values, i) => values.every((value, j) => value === weights[i]![j])));
      expect(found, `no step of ${trace.length} left the weights that ${budgetMs} ms did`).toBeGreaterThanOrEqual(0);
      const { epoch: last, logs } = trace[found]!;
      expect(epoch).toEqual(Array.from({ length: last + 1 }, (_, i) => i));
      for (const name of ['loss', 'accuracy']) {
        const ends = Array.from({ length: last }, (_, i) => trace[5 * i + 4]!.logs[name]!);
        expect(history[name]).toEqual([...ends, logs[name]]);
      }
      cuts.add(found % 5);
      await model.fit(x, y, { epochs: 1 });
      expect(model.evaluate(x, y)['loss']).toBeGreaterThan(0);
    }
    expect([...cuts].some((step) => step < 4)).toBe(true);
  });

  it('a budget that is not spent changes nothing', async () => {
    const [free, bound] = [make(backend), make(backend)];
    expect(await bound.fit(x, y, { epochs: 3, batchSize: 8, budgetMs: 1e9, tolerance: 0, ...options })).toEqual(await free.fit(x, y, { epochs: 3, batchSize: 8 }));
    expect(bound.getWeights()).toEqual(free.getWeights());
  });

  it('a budget that callbacks spend ends training after their epoch', async () => {
    let ended = 0;
    const slow: Callback = { onEpochEnd: () => new Promise((resolve) => setTimeout(resolve, 60)), onTrainEnd: () => void ended++ };
    const { epoch } = await make(backend).fit(x, y, { epochs: 50, budgetMs: 50, ...options, callbacks: [...(options.callbacks ?? []), slow] });
    expect(epoch).toEqual([0]);
    expect(ended).toBe(1);
  });

  it('tolerance ends training at the first two epochs whose losses are as near', async () => {
    const all = (await make(backend).fit(x, y, { epochs: 30, shuffle: false })).history['loss']!;
    const steps = all.map((loss, i) => Math.abs(all[i - 1]! - loss));
    const tolerance = steps.slice(1, 20).sort((a, b) => a - b)[4]!;
    const first = steps.findIndex((step) => step <= tolerance);
    const model = make(backend);
    const { epoch, history } = await model.fit(x, y, { epochs: 30, shuffle: false, tolerance, ...options });
    expect(epoch.length).toBe(first + 1);
    expect(history['loss']).toEqual(all.slice(0, first + 1));
    const asLong = make(backend);
    await asLong.fit(x, y, { epochs: first + 1, shuffle: false });
    expect(model.getWeights()).toEqual(asLong.getWeights());
  });

  it('a tolerance of 0 ends training that stands still', async () => {
    const model = make(backend, 1e-30);
    const { epoch } = await model.fit(x, y, { epochs: 9, shuffle: false, initialEpoch: 3, tolerance: 0, ...options });
    expect(epoch).toEqual([3, 4]);
  });

  it('stopTraining set from outside ends training after an epoch', async () => {
    const model = make(backend);
    setTimeout(() => void (model.stopTraining = true), 30);
    const { epoch, history } = await model.fit(x, y, { epochs: 1e7, ...options });
    expect(epoch.length).toBeLessThan(1e7);
    expect(history['loss']!.length).toBe(epoch.length);
    expect(model.stopTraining).toBe(true);
    const asLong = make(backend);
    expect((await asLong.fit(x, y, { epochs: epoch.length })).history).toEqual(history);
    expect(asLong.getWeights()).toEqual(model.getWeights());
  });
});

describe.each(backends)('a callback on %s', (backend) => {
  it('gets the model before anything else, and stops it', async () => {
    const model = make(backend);
    const calls: string[] = [];
    let given: Sequential | undefined;
    class Stopper implements Callback {
      setModel(its: Sequential): void {
        given = its;
        calls.push('setModel');
      }
      onTrainBegin(): void {
        calls.push('begin');
      }
      onEpochEnd(epoch: number): void {
        calls.push(`end ${epoch}`);
        if (epoch === 2) given!.stopTraining = true;
      }
      onTrainEnd(logs: Logs): void {
        calls.push(`end with ${Object.keys(logs).join(' ')}`);
      }
    }
    const { epoch, history } = await model.fit(x, y, { epochs: 10, callbacks: [new Stopper()] });
    expect(given).toBe(model);
    expect(calls).toEqual(['setModel', 'begin', 'end 0', 'end 1', 'end 2', 'end with loss accuracy']);
    expect([epoch, history['loss']!.length, history['accuracy']!.length]).toEqual([[0, 1, 2], 3, 3]);
    expect((await model.fit(x, y, { epochs: 2 })).epoch).toEqual([0, 1]);
    expect(model.stopTraining).toBe(false);
  });

  it('of an epoch that a budget cut short gets its validation too', async () => {
    const seen: Logs[] = [];
    tick(5);
    const { history } = await make(backend).fit(x, y, {
      epochs: 1e6, batchSize: 1, budgetMs: 30, validationSplit: 0.25, callbacks: [{ onEpochEnd: (_, logs) => void seen.push(logs) }],
    });
    expect(seen).toEqual(history['loss']!.map((_, i) => Object.fromEntries(Object.entries(history).map(([name, values]) => [name, values[i]]))));
    expect(Object.keys(history)).toEqual(['loss', 'accuracy', 'val_loss', 'val_accuracy']);
  });

  it('that stops early puts back the weights of the best epoch, whether it stopped training or not', async () => {
    for (const [epochs, patience] of [[40, 3], [6, 100]] as const) {
      const model = make(backend, 3);
      const each: Float32Array[][] = [];
      const keep: Callback = { onEpochEnd: () => void each.push(model.getWeights()) };
      const { history } = await model.fit(x, y, {
        epochs, batchSize: 8, validationSplit: 0.3, callbacks: [keep, earlyStopping({ patience, restoreBestWeights: true })],
      });
      const losses = history['val_loss']!;
      const best = losses.indexOf(Math.min(...losses));
      expect(each.length).toBe(losses.length);
      expect(each.length).toBe(Math.min(epochs, best + 1 + patience));
      expect(best).toBeLessThan(losses.length - 1);
      expect(model.getWeights()).toEqual(each[best]);
    }
  });

  it('that stops early watches the loss where there is no validation, and may be used again', async () => {
    const stop = earlyStopping({ minDelta: 10 });
    for (let i = 0; i < 2; i++) expect((await make(backend).fit(x, y, { epochs: 9, callbacks: [stop] })).epoch).toEqual([0, 1]);
  });
});

describe('early stopping', () => {
  /** What it makes of losses, by hand: the epochs that run, and of which epoch the weights are in the end. */
  function outcome(options: EarlyStoppingOptions, values: readonly number[], name = 'val_loss'): [epochs: number, weights: number] {
    let epoch = 0;
    let weights = 0;
    const model = {
      stopTraining: false,
      getWeights: () => [new Float32Array([epoch])],
      setWeights: ([its]: Float32Array[]) => void (weights = its![0]!),
    };
    const callback = earlyStopping(options);
    void callback.setModel!(model as unknown as Sequential, [callback]);
    for (const [i, value] of values.entries()) {
      weights = epoch = i;
      void callback.onEpochEnd!(epoch, { loss: 1, [name]: value });
      if (model.stopTraining) break;
    }
    void callback.onTrainEnd!({});
    return [epoch + 1, weights];
  }

  const falling = [5, 4, 3, 3.5, 2, 2.5, 2.4, 2.3, 2.2, 1];
  it.each<[string, EarlyStoppingOptions, readonly number[], [number, number]]>([
    ['stops after the first epoch without improvement', {}, falling, [4, 3]],
    ['patience of 1 is the same', { patience: 1 }, falling, [4, 3]],
    ['patience of 2 sees over one', { patience: 2 }, falling, [7, 6]],
    ['runs on while it improves', { patience: 5 }, falling, [10, 9]],
    ['an equal value is no improvement', {}, [5, 5, 4], [2, 1]],
    ['a change must be greater than minDelta', { minDelta: 1 }, falling, [2, 1]],
    ['a change greater than minDelta is one', { minDelta: 0.5 }, falling, [4, 3]],
    ['small changes add up, from the best', { minDelta: 1, patience: 2 }, [5, 4.4, 3.9, 3.3, 2.8], [5, 4]],
    ['max looks for more', { mode: 'max' }, [1, 2, 3, 2], [4, 3]],
    ['restores the best', { restoreBestWeights: true }, falling, [4, 2]],
    ['restores the best without having stopped', { restoreBestWeights: true, patience: 9 }, [3, 1, 2], [3, 1]],
    ['restores the best that did not beat the baseline', { restoreBestWeights: true, patience: 3, baseline: 1 }, falling, [3, 2]],
    ['goes on where the baseline is beaten', { patience: 3, baseline: 4.5 }, falling, [8, 7]],
    ['does not look before startFromEpoch', { startFromEpoch: 4, restoreBestWeights: true }, [0, 9, 1, 9, 5, 4, 6], [7, 5]],
    ['takes NaN for no improvement', { patience: 2, restoreBestWeights: true }, [5, NaN, NaN, 1], [3, 0]],
    ['does not stop after the first epoch alone', {}, [NaN, 2, 1], [3, 2]],
  ])('%s', (_, options, values, expected) => {
    expect(outcome(options, values)).toEqual(expected);
  });

  it('looks for more of accuracy and for less of errors by itself', () => {
    expect(outcome({ monitor: 'val_accuracy' }, [0.1, 0.2, 0.1], 'val_accuracy')).toEqual([3, 2]);
    expect(outcome({ monitor: 'meanAbsoluteError' }, [0.1, 0.2, 0.1], 'meanAbsoluteError')).toEqual([2, 1]);
    expect(outcome({ monitor: 'huber' }, [0.1, 0.2, 0.1], 'huber')).toEqual([2, 1]);
    expect(outcome({ monitor: 'mine', mode: 'max' }, [0.1, 0.2, 0.1], 'mine')).toEqual([3, 2]);
  });

  it('refuses what it cannot watch', async () => {
    expect(() => earlyStopping({ monitor: 'mine' })).toThrow(/mode: whether less or more of 'mine' is better/);
    const fitted = make('wasm').fit(x, y, { epochs: 3, callbacks: [earlyStopping({ monitor: 'val_loss' })] });
    await expect(fitted).rejects.toThrow(OptionError);
    await expect(fitted).rejects.toThrow(/earlyStopping monitor: there is no 'val_loss' in the logs.*they hold loss, accuracy$/);
  });

  it.each<[unknown, RegExp]>([
    [{ patience: -1 }, /patience/], [{ patience: 1.5 }, /patience/], [{ minDelta: -1 }, /minDelta/], [{ mode: 'less' }, /mode/], [{ baseline: NaN }, /baseline/],
    [{ monitor: 3 }, /monitor/], [{ restoreBestWeights: 1 }, /restoreBestWeights/], [{ startFromEpoch: -2 }, /startFromEpoch/], [{ patients: 1 }, /did you mean 'patience'/],
  ])('refuses %o', (options, message) => {
    expect(() => earlyStopping(options as EarlyStoppingOptions)).toThrow(OptionError);
    expect(() => earlyStopping(options as EarlyStoppingOptions)).toThrow(message);
  });
});

it.each<[FitOptions, RegExp]>([
  [{ budgetMs: 0 }, /fit budgetMs: expected a finite float32 number greater than 0/], [{ budgetMs: NaN }, /budgetMs/], [{ budgetMs: '1' as never }, /budgetMs/],
  [{ tolerance: -1 }, /fit tolerance: expected a finite float32 number of at least 0/], [{ tolerance: Infinity }, /tolerance/],
  [{ callbacks: [{ setModel: 3 as never }] }, /setModel: expected a function/],
])('fit refuses %o', async (options, message) => {
  const model = make('wasm');
  const before = model.getWeights();
  await expect(model.fit(x, y, options)).rejects.toThrow(OptionError);
  await expect(model.fit(x, y, options)).rejects.toThrow(message);
  expect(model.getWeights()).toEqual(before);
});

it('a callback is told of an error in place of the end, and sees the rows', async () => {
  const said: unknown[] = [];
  const callback: Callback = {
    setModel: (_model, _all, source) => void said.push(source!.samples.x.rows, source!.samples.y.columns),
    onTrainEnd: () => void said.push('end'),
    onTrainError: (error) => void said.push(error),
  };
  const stop = new Error('enough');
  const failing: Callback = { onEpochEnd: () => { throw stop; } };
  await expect(make('wasm').fit(x, y, { callbacks: [callback, failing] })).rejects.toBe(stop);
  expect(said.slice(2)).toEqual([stop]);
  await make('wasm').fit(x, y, { callbacks: [callback] });
  expect(said.at(-1)).toBe('end');
  expect(said.slice(0, 2)).toEqual([y.length, 1]);
});

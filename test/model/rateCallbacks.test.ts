/** Callbacks that change the learning rate between epochs. */
import { describe, expect, it } from 'vitest';
import { dense, learningRateScheduler, OptionError, reduceLROnPlateau, sequential, sgd, type Callback, type Sequential } from '../../src/index.ts';
import { numbers } from '../twins.ts';

const x = numbers(40, 1);
const y = numbers(20, 2);

function make(learningRate = 0.1): Sequential {
  const model = sequential({ layers: [dense({ units: 1, inputShape: [2] })] });
  model.compile({ optimizer: sgd({ learningRate }), loss: 'meanSquaredError' });
  return model;
}

/** The rate after each epoch whose monitored value is given. */
async function ratesOver(callback: Callback, name: string, values: readonly number[], model = make()): Promise<number[]> {
  await callback.setModel?.(model, [callback]);
  await callback.onTrainBegin?.();
  const rates: number[] = [];
  for (const [epoch, value] of values.entries()) {
    await callback.onEpochEnd?.(epoch, { [name]: value });
    rates.push(model.learningRate);
  }
  return rates;
}

function expectRates(rates: number[], expected: number[]): void {
  expect(rates.map((rate) => Number(rate.toPrecision(12)))).toEqual(expected);
}

describe('reduceLROnPlateau', () => {
  it('reduces after so many epochs without an improvement', async () => {
    const rates = await ratesOver(reduceLROnPlateau({ patience: 2, factor: 0.5 }), 'val_loss', [1, 0.9, 0.9, 0.95, 0.9, 0.8, 0.8, 0.8, 0.8]);
    expectRates(rates, [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.025, 0.025]);
  });

  it('does not count a change of minDelta as one', async () => {
    const rates = await ratesOver(reduceLROnPlateau({ monitor: 'loss', patience: 2, minDelta: 0.25, factor: 0.5 }), 'loss', [1, 0.75, 0.75, 0.5]);
    expectRates(rates, [0.1, 0.1, 0.05, 0.05]);
  });

  it('waits for the cooldown to end, and counts its last epoch, as Keras does', async () => {
    const rates = await ratesOver(reduceLROnPlateau({ patience: 1, cooldown: 3, factor: 0.5 }), 'val_loss', [1, 1, 1, 1, 1, 1]);
    expectRates(rates, [0.1, 0.05, 0.05, 0.05, 0.025, 0.025]);
  });

  it('stops at the least rate', async () => {
    expectRates(await ratesOver(reduceLROnPlateau({ patience: 1, minLearningRate: 0.004 }), 'val_loss', [1, 1, 1, 1, 1]), [0.1, 0.01, 0.004, 0.004, 0.004]);
  });

  it('never reaches 0', async () => {
    const [last] = (await ratesOver(reduceLROnPlateau({ patience: 1, factor: 1e-20 }), 'val_loss', [1, 1, 1, 1, 1])).slice(-1);
    expect(last).toBeCloseTo(1e-41, 50);
    expect(Math.fround(last!)).toBeGreaterThan(0);
  });

  it.each([['val_accuracy', 'auto'], ['r', 'max']] as const)('wants more of %s with the mode %s', async (monitor, mode) => {
    expectRates(await ratesOver(reduceLROnPlateau({ monitor, mode, patience: 1 }), monitor, [0.5, 0.6, 0.7, 0.6]), [0.1, 0.1, 0.1, 0.01]);
  });

  it('works in fit, and begins anew in the next', async () => {
    const model = make(1e-12);
    const callback = reduceLROnPlateau({ patience: 1, factor: 0.5 });
    // At this rate the loss stands still: the first epoch is an improvement, the second is none.
    await model.fit(x, y, { epochs: 2, callbacks: [callback], validationData: [x, y] });
    expect(model.learningRate).toBe(5e-13);
    await model.fit(x, y, { epochs: 1, callbacks: [callback], validationData: [x, y] });
    expect(model.learningRate).toBe(5e-13);
  });

  it('refuses what nothing is called', async () => {
    await expect(make().fit(x, y, { callbacks: [reduceLROnPlateau()] })).rejects.toThrow(/there is no 'val_loss'; known are loss/);
  });

  it.each([{ factor: 1 }, { factor: 0 }, { patience: -1 }, { mode: 'most' }, { monitor: '' }, { delta: 1 }, { cooldown: 0.5 }, { minLearningRate: -1 }])('refuses %j', (options) => {
    expect(() => reduceLROnPlateau(options as never)).toThrow(OptionError);
  });
});

describe('learningRateScheduler', () => {
  it('gives every epoch its rate', async () => {
    const seen: [number, number][] = [];
    const halving = learningRateScheduler((epoch, rate) => {
      seen.push([epoch, rate]);
      return epoch === 0 ? rate : rate / 2;
    });
    const model = make(0.5);
    await model.fit(x, y, { epochs: 3, batchSize: 5, shuffle: false, callbacks: [halving] });
    expect(seen).toEqual([[0, 0.5], [1, 0.5], [2, 0.25]]);
    expect(model.learningRate).toBe(0.125);

    const expected = make(0.5);
    for (const rate of [0.5, 0.25, 0.125]) {
      expected.learningRate = rate;
      for (let start = 0; start < 20; start += 5) expected.trainOnBatch(x.subarray(2 * start, 2 * start + 10), y.subarray(start, start + 5));
    }
    expect(model.getWeights()).toEqual(expected.getWeights());
  });

  it('refuses what is no function, and what is no rate', async () => {
    expect(() => learningRateScheduler(0.1 as never)).toThrow(OptionError);
    await expect(make().fit(x, y, { callbacks: [learningRateScheduler(() => 0)] })).rejects.toThrow(OptionError);
  });
});

it('setModel comes before every other hook', async () => {
  const calls: unknown[] = [];
  const model = make();
  await model.fit(x, y, { callbacks: [{ onTrainBegin: () => void calls.push('begin'), setModel: (given) => void calls.push(given === model) }] });
  expect(calls).toEqual([true, 'begin']);
});

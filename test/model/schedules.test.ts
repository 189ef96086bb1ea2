/** Schedules of the learning rate: their values, by hand and by PyTorch, and that training goes by them to the bit. */
import { describe, expect, it } from 'vitest';
import {
  adam, constantSchedule, cosineDecay, cosineDecayRestarts, dense, dropout, exponentialDecay, inverseScaling, inverseTimeDecay, momentum, oneCycle, OptionError,
  piecewiseConstant, polynomialDecay, sequential, sgd, warmUp, type Callback, type LearningRate, type LearningRateSchedule, type Optimizer, type Sequential,
} from '../../src/index.ts';
import fixture from '../fixtures/schedules.json' with { type: 'json' };
import { backends } from '../backends.ts';
import { numbers } from '../twins.ts';

const makers = { cosineDecay, cosineDecayRestarts, exponentialDecay, oneCycle, piecewiseConstant, polynomialDecay } as unknown as
  Record<string, (options: object) => LearningRateSchedule>;

describe('against PyTorch', () => {
  it.each(fixture.schedules.map((entry) => [`${entry.name} ${JSON.stringify(entry.options)}`, entry] as const))('%s', (_title, { name, options, rates }) => {
    const schedule = makers[name]!(options);
    expect(rates.length).toBe(40);
    rates.forEach((rate, step) => {
      expect(Math.abs(schedule(step) - rate), `step ${step}`).toBeLessThanOrEqual(1e-13);
    });
  });
});

describe('by hand', () => {
  const half = Math.SQRT1_2 / 2;
  const cases: [title: string, schedule: LearningRateSchedule, values: Record<number, number>][] = [
    ['constantSchedule', constantSchedule(0.3), { 0: 0.3, 1000: 0.3 }],
    ['piecewiseConstant', piecewiseConstant({ boundaries: [2, 5], values: [1, 0.5, 0.1] }), { 0: 1, 2: 1, 3: 0.5, 5: 0.5, 6: 0.1, 999: 0.1 }],
    ['piecewiseConstant of one', piecewiseConstant({ boundaries: [], values: [0.2] }), { 0: 0.2, 9: 0.2 }],
    ['exponentialDecay', exponentialDecay({ initialLearningRate: 2, decaySteps: 4, decayRate: 0.25 }), { 0: 2, 2: 1, 4: 0.5, 8: 0.125 }],
    ['exponentialDecay in stairs', exponentialDecay({ initialLearningRate: 2, decaySteps: 4, decayRate: 0.25, staircase: true }), { 0: 2, 3: 2, 4: 0.5, 7: 0.5, 8: 0.125 }],
    ['inverseTimeDecay', inverseTimeDecay({ initialLearningRate: 1, decaySteps: 2, decayRate: 0.5 }), { 0: 1, 1: 0.8, 2: 1 / 1.5, 4: 0.5 }],
    ['inverseTimeDecay in stairs', inverseTimeDecay({ initialLearningRate: 1, decaySteps: 2, decayRate: 0.5, staircase: true }), { 0: 1, 1: 1, 2: 1 / 1.5, 3: 1 / 1.5, 4: 0.5 }],
    ['polynomialDecay', polynomialDecay({ initialLearningRate: 1, decaySteps: 10, endLearningRate: 0.5 }), { 0: 1, 5: 0.75, 10: 0.5, 11: 0.5 }],
    ['polynomialDecay, usual end', polynomialDecay({ initialLearningRate: 1, decaySteps: 10 }), { 10: 1e-4, 5: 0.50005 }],
    [
      'polynomialDecay in cycles', polynomialDecay({ initialLearningRate: 1, decaySteps: 10, endLearningRate: 0, power: 2, cycle: true }),
      { 0: 1, 5: 0.25, 10: 0, 11: 0.45 ** 2, 15: 0.0625, 20: 0, 25: (1 / 6) ** 2 },
    ],
    ['cosineDecay', cosineDecay({ initialLearningRate: 1, decaySteps: 8 }), { 0: 1, 2: 0.5 + half, 4: 0.5, 6: 0.5 - half, 8: 0, 100: 0 }],
    ['cosineDecay down to alpha', cosineDecay({ initialLearningRate: 1, decaySteps: 8, alpha: 0.2 }), { 0: 1, 4: 0.6, 8: 0.2, 9: 0.2 }],
    [
      'cosineDecay after a warm-up', cosineDecay({ initialLearningRate: 0.2, decaySteps: 8, alpha: 0.5, warmupSteps: 4, warmupTarget: 1 }),
      { 0: 0.2, 1: 0.4, 3: 0.8, 4: 1, 8: 0.75, 12: 0.5, 99: 0.5 },
    ],
    ['cosineDecayRestarts', cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 4, mMul: 0.5, alpha: 0.2 }),
      { 0: 1, 2: 0.6, 4: 0.6, 8: 0.4, 12: 0.4, 20: 0.3 }],
    // ln 1000 / ln 10 is a little less than 3.
    ['cosineDecayRestarts at the edge of a period', cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 9, tMul: 10, mMul: 0.5 }), { 99: 0.25, 999: 0.125, 9999: 0.0625 }],
    ['warmUp to a rate', warmUp(0.4, 4), { 0: 0, 1: 0.1, 3: 0.3, 4: 0.4, 50: 0.4 }],
    ['warmUp to a schedule', warmUp(exponentialDecay({ initialLearningRate: 2, decaySteps: 4, decayRate: 0.25 }), 2), { 0: 0, 1: 1, 2: 2, 4: 1, 6: 0.5 }],
    ['oneCycle', oneCycle({ maximumLearningRate: 1, totalSteps: 10, startFraction: 0.5, divFactor: 10, finalDivFactor: 10 }), { 0: 0.1, 2: 0.55, 4: 1, 9: 0.01, 20: 0.01 }],
    ['oneCycle that only falls', oneCycle({ maximumLearningRate: 1, totalSteps: 3, startFraction: 0 }), { 0: 1, 1: (1 + 1 / 25 / 1e4) / 2, 2: 1 / 25 / 1e4 }],
    ['inverseScaling', inverseScaling({ initialLearningRate: 3 }), { 0: 3, 8: 1 }],
    ['inverseScaling with a power', inverseScaling({ initialLearningRate: 3, power: 0.25 }), { 15: 1.5 }],
  ];

  it.each(cases)('%s', (_title, schedule, values) => {
    for (const [step, value] of Object.entries(values)) expect(schedule(Number(step)), `step ${step}`).toBeCloseTo(value, 12);
  });

  it('warmUp and the warm-up of cosineDecay are the same', () => {
    const one = warmUp(cosineDecay({ initialLearningRate: 0.7, decaySteps: 30, alpha: 0.1 }), 10);
    const other = cosineDecay({ initialLearningRate: 0, warmupTarget: 0.7, warmupSteps: 10, decaySteps: 30, alpha: 0.1 });
    for (let step = 0; step < 50; step++) expect(one(step)).toBe(other(step));
  });
});

describe('options', () => {
  const refused: [title: string, make: () => unknown, message: RegExp][] = [
    ['no rate', () => constantSchedule(0), /constantSchedule rate.*greater than 0/],
    ['boundaries that fall', () => piecewiseConstant({ boundaries: [3, 2], values: [1, 2, 3] }), /boundaries\[1\].*at least 4/],
    ['too few values', () => piecewiseConstant({ boundaries: [3], values: [1] }), /values: expected one more than boundaries, 2, received 1/],
    ['no list', () => piecewiseConstant({ boundaries: 3 as never, values: [1] }), /boundaries: expected an array/],
    ['a wrong name', () => exponentialDecay({ initialLearningRate: 1, decayStep: 3 } as never), /decayStep.*did you mean 'decaySteps'/],
    ['nothing given', () => exponentialDecay({} as never), /decaySteps.*undefined/],
    ['a part of a step', () => inverseTimeDecay({ initialLearningRate: 1, decaySteps: 0.5, decayRate: 1 }), /decaySteps.*integer/],
    ['a power of 0', () => polynomialDecay({ initialLearningRate: 1, decaySteps: 5, power: 0 }), /power/],
    ['warm-up steps alone', () => cosineDecay({ initialLearningRate: 1, decaySteps: 5, warmupSteps: 3 }), /need each other/],
    ['a warm-up target alone', () => cosineDecay({ initialLearningRate: 1, decaySteps: 5, warmupTarget: 3 }), /need each other/],
    ['periods that shrink', () => cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 5, tMul: 0.5 }), /tMul.*at least 1/],
    ['one step', () => oneCycle({ maximumLearningRate: 1, totalSteps: 1 }), /totalSteps.*at least 2/],
    ['no steps', () => warmUp(0.1, 0), /warmUp steps/],
    ['NaN', () => inverseScaling({ initialLearningRate: NaN }), /initialLearningRate/],
    ['a schedule of NaN', () => sgd({ learningRate: () => NaN }), /learningRate at step 0.*NaN/],
    ['a schedule below 0', () => adam({ learningRate: () => -1 }), /learningRate at step 0.*-1/],
  ];
  it.each(refused)('%s', (_title, make, message) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(message);
  });
});

const rows = 50;
const x = numbers(rows * 6, 1);
const y = numbers(rows * 3, 2);
const schedule = warmUp(cosineDecay({ initialLearningRate: 0.2, decaySteps: 17, alpha: 0.05 }), 4);

function make(backend: (typeof backends)[number], optimizer: Optimizer): Sequential {
  const model = sequential({ layers: [dense({ units: 9, activation: 'tanh', inputShape: [6] }), dropout({ rate: 0.2 }), dense({ units: 3 })], seed: 3, backend });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  return model;
}

/** Epochs in order, step by step, the rate of each step set by hand. */
function byHand(model: Sequential, epochs: number, batchSize: number, rate: LearningRateSchedule): void {
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let start = 0; start < rows; start += batchSize, step++) {
      // A rate of 0 cannot be set; one whose update rounds away can.
      model.learningRate = Math.max(rate(step), 1e-40);
      model.trainOnBatch(x.subarray(start * 6, (start + batchSize) * 6), y.subarray(start * 3, (start + batchSize) * 3));
    }
  }
}

/** A callback that finds out whether threads do take part. */
function inTeam(): Callback {
  let model: Sequential;
  return { setModel: (given) => void (model = given), onEpochEnd: () => expect(model.program.team).toBeDefined() };
}

const optimizers: [name: string, (learningRate: LearningRate) => Optimizer][] = [
  ['sgd', (learningRate) => sgd({ learningRate })], ['momentum', (learningRate) => momentum({ learningRate })], ['adam', (learningRate) => adam({ learningRate })],
];

describe.each(backends)('training on %s', (backend) => {
  describe.each(optimizers)('with %s', (_name, optimizer) => {
    const ways: [title: string, batchSize: number, options: object][] = [
      ['data in memory', 16, {}],
      ['one row a step', 1, {}],
      ['a callback for every batch', 16, { callbacks: [{ onBatchEnd: () => undefined }] }],
      ['a callback for every epoch', 16, { callbacks: [{ onEpochEnd: () => undefined }] }],
      ...(backend === 'wasm' ? [['threads', 16, { threads: 2, callbacks: [inTeam()] }] as [string, number, object]] : []),
    ];
    it.each(ways)('goes by the schedule, %s', async (_title, batchSize, options) => {
      const expected = make(backend, optimizer(0.5));
      byHand(expected, 5, batchSize, schedule);
      const model = make(backend, optimizer(schedule));
      const { history } = await model.fit(x, y, { epochs: 5, batchSize, shuffle: false, ...options });
      expect(history['loss']).toHaveLength(5);
      expect(model.getWeights()).toEqual(expected.getWeights());
      expect(model.program.step).toBe(5 * Math.ceil(rows / batchSize));
      expect(model.learningRate).toBe(schedule(model.program.step));
    });
  });

  it('trainOnBatch goes by the schedule, and on where fit has stopped', async () => {
    const expected = make(backend, adam({ learningRate: 0.5 }));
    byHand(expected, 3, 10, schedule);
    const model = make(backend, adam({ learningRate: schedule }));
    await model.fit(x, y, { epochs: 2, batchSize: 10, shuffle: false });
    for (let start = 0; start < rows; start += 10) model.trainOnBatch(x.subarray(start * 6, (start + 10) * 6), y.subarray(start * 3, (start + 10) * 3));
    expect(model.getWeights()).toEqual(expected.getWeights());
  });

  it('a constant schedule is the constant', async () => {
    const constant = make(backend, adam({ learningRate: 0.03 }));
    const scheduled = make(backend, adam({ learningRate: constantSchedule(0.03) }));
    const one = await constant.fit(x, y, { epochs: 3, batchSize: 8 });
    const other = await scheduled.fit(x, y, { epochs: 3, batchSize: 8 });
    expect(scheduled.getWeights()).toEqual(constant.getWeights());
    expect(other).toEqual(one);
  });

  it('a schedule that goes wrong stops fit and leaves the model usable', async () => {
    const model = make(backend, sgd({ learningRate: (step) => (step < 6 ? 0.1 : NaN) }));
    await expect(model.fit(x, y, { epochs: 5, batchSize: 10 })).rejects.toThrow(/learningRate at step 6.*NaN/);
    expect(model.program.step).toBe(6);
    model.learningRate = 0.1;
    expect((await model.fit(x, y)).history['loss']).toHaveLength(1);
  });
});

describe('the learning rate of a model', () => {
  it('is what was set last, until the next compile', () => {
    const optimizer = sgd({ learningRate: exponentialDecay({ initialLearningRate: 0.5, decaySteps: 1, decayRate: 0.5 }) });
    expect(optimizer.learningRate).toBe(0.5);
    const model = make('wasm', optimizer);
    expect(model.learningRate).toBe(0.5);
    model.trainOnBatch(x, y);
    expect(model.learningRate).toBe(0.25);
    expect(model.program.learningRate).toBe(0.5);
    model.learningRate = 0.1;
    model.trainOnBatch(x, y);
    expect(model.learningRate).toBe(0.1);
    expect(model.program.learningRate).toBe(Math.fround(0.1));
    model.compile({ optimizer, loss: 'meanSquaredError' });
    expect(model.learningRate).toBe(0.5);
  });

  it.each([0, -1, NaN, Infinity, 1e-60, '0.1' as never])('is not %s', (rate) => {
    const model = make('wasm', sgd({ learningRate: 0.2 }));
    expect(() => (model.learningRate = rate)).toThrow(OptionError);
    expect(model.learningRate).toBe(0.2);
  });

  it('is there after compile only', () => {
    const model = sequential({ layers: [dense({ units: 1, inputShape: [1] })] });
    expect(() => model.learningRate).toThrow(/learningRate: the model has no loss yet/);
    expect(() => (model.learningRate = 1)).toThrow(/learningRate: the model has no loss yet/);
  });
});

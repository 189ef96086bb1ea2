/** Optimizers as models use them: names, defaults, and that every option does something. Their numbers are in fixtures.test.ts. */
import { describe, expect, it } from 'vitest';
import {
  dense, exponentialDecay, OptionError, sequential, type BackendName, type OptimizerSpec, type Sequential,
} from '../../src/index.ts';
import { expectClose } from '../close.ts';
import { numbers } from '../twins.ts';
import { optimizers, updating as names, type Updating } from '../updating.ts';

const rows = 24;
const x = numbers(rows * 3, 1, 2);
const y = numbers(rows * 2, 2);

function make(optimizer: OptimizerSpec, backend: BackendName = 'wasm'): Sequential {
  const model = sequential({ layers: [dense({ units: 5, activation: 'tanh', inputShape: [3] }), dense({ units: 2 })], seed: 3, backend });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  return model;
}

async function trained(optimizer: OptimizerSpec, backend?: BackendName): Promise<number[]> {
  const model = make(optimizer, backend);
  await model.fit(x, y, { epochs: 4, batchSize: 8 });
  return model.getWeights().flatMap((values) => Array.from(values));
}

describe.each(names)('%s', (name) => {
  it('by name is the function with default options', async () => {
    expect(await trained(name)).toEqual(await trained(optimizers[name]()));
    expect(optimizers[name]().name).toBe(name);
  });

  it('lowers the loss, and trains alike on both backends', async () => {
    const learningRate = name === 'adadelta' ? 10 : 0.01;
    const model = make(optimizers[name]({ learningRate }));
    const { history } = await model.fit(x, y, { epochs: 60, batchSize: 8 });
    expect(history['loss']!.at(-1)).toBeLessThan(0.9 * history['loss']![0]!);
    expectClose(await trained(name, 'wasm'), await trained(name, 'reference'), 1e-5);
  });

  it('follows a schedule', async () => {
    const schedule = exponentialDecay({ initialLearningRate: 0.01, decaySteps: 2, decayRate: 0.5 });
    expect(await trained(optimizers[name]({ learningRate: schedule }))).not.toEqual(await trained(optimizers[name]({ learningRate: 0.01 })));
  });

  it('refuses what it does not know', () => {
    expect(() => optimizers[name]({ learningrate: 1 })).toThrow(/did you mean 'learningRate'/);
    expect(() => optimizers[name]({ learningRate: 0 })).toThrow(OptionError);
    expect(() => optimizers[name]({ weightDecay: -1 })).toThrow(OptionError);
  });
});

/** For each option of an optimizer a value that is not its default; the rest stands where it needs another to matter. */
const options: readonly [name: Updating, option: object, rest?: object][] = [
  ['rmsprop', { learningRate: 0.01 }], ['rmsprop', { rho: 0.5 }], ['rmsprop', { epsilon: 0.1 }], ['rmsprop', { centered: true }], ['rmsprop', { momentum: 0.5 }],
  ['rmsprop', { weightDecay: 0.1 }],
  ['adagrad', { learningRate: 0.01 }], ['adagrad', { initialAccumulatorValue: 0.5 }], ['adagrad', { initialAccumulatorValue: 0 }], ['adagrad', { epsilon: 0.1 }],
  ['adagrad', { weightDecay: 0.1 }],
  ['adadelta', { learningRate: 1 }, { learningRate: 0.5 }], ['adadelta', { rho: 0.5 }, { learningRate: 1 }], ['adadelta', { epsilon: 0.1 }], ['adadelta', { weightDecay: 0.1 }, { learningRate: 1 }],
  ['adamax', { learningRate: 0.01 }], ['adamax', { beta1: 0.5 }], ['adamax', { beta2: 0.5 }], ['adamax', { epsilon: 0.1 }], ['adamax', { weightDecay: 0.1 }],
  ['nadam', { learningRate: 0.01 }], ['nadam', { beta1: 0.5 }], ['nadam', { beta2: 0.5 }], ['nadam', { epsilon: 0.1 }], ['nadam', { momentumDecay: 0.5 }], ['nadam', { weightDecay: 0.1 }],
  ['lion', { learningRate: 0.01 }], ['lion', { beta1: 0.1 }], ['lion', { beta2: 0.1 }], ['lion', { weightDecay: 10 }],
];

it.each(options)('%s %o changes the weights', async (name, option, rest) => {
  const changed = optimizers[name]({ ...rest, ...option });
  expect(changed.config).toMatchObject(option);
  expect(await trained(changed)).not.toEqual(await trained(optimizers[name](rest)));
});

describe('defaults', () => {
  it.each([
    ['rmsprop', { learningRate: 0.001, epsilon: 1e-7, weightDecay: 0, rho: 0.9, centered: false, momentum: 0 }],
    ['adagrad', { learningRate: 0.001, epsilon: 1e-7, weightDecay: 0, initialAccumulatorValue: 0.1 }],
    ['adadelta', { learningRate: 0.001, epsilon: 1e-7, weightDecay: 0, rho: 0.95 }],
    ['adamax', { learningRate: 0.001, epsilon: 1e-7, weightDecay: 0, beta1: 0.9, beta2: 0.999 }],
    ['nadam', { learningRate: 0.001, epsilon: 1e-7, weightDecay: 0, beta1: 0.9, beta2: 0.999, momentumDecay: 0.004 }],
    ['lion', { learningRate: 1e-4, beta1: 0.9, beta2: 0.99, weightDecay: 0 }],
  ] as const)('of %s are those of Keras', (name, config) => {
    const optimizer = optimizers[name]();
    expect(optimizer.config).toMatchObject(config);
    expect(optimizer.plainDescent).toBe(false);
  });

  it.each([
    ['rmsprop', { rho: 1 }], ['rmsprop', { momentum: 1 }], ['rmsprop', { centered: 1 }], ['rmsprop', { epsilon: 0 }], ['adagrad', { initialAccumulatorValue: -1 }],
    ['adadelta', { rho: -0.1 }], ['adamax', { beta1: 1 }], ['nadam', { momentumDecay: -1 }], ['lion', { beta2: 1 }], ['lion', { epsilon: 1e-3 }],
  ] as const)('%s refuses %o', (name, option) => {
    expect(() => optimizers[name](option)).toThrow(OptionError);
  });
});

/** What the gradient checker says of f′ beside f: of activations that were defined, and of replaced derivatives. */
import { describe, expect, it } from 'vitest';
import {
  activation, batchNormalization, defineActivation, dense, dropout, gradientCheck, normalization, residual, sequential, type ActivationSpec, type DerivativeSpec, type GradientCheck,
  type GradientCheckOptions, type Layer,
} from '../../src/index.ts';
import { backends } from '../backends.ts';
import { numbers } from '../twins.ts';

type Function_ = (z: number) => number;
const pair = (name: string, f: Function_, df: Function_) => defineActivation({ f, df, name });

function check(layers: readonly Layer[], backend: (typeof backends)[number] = 'wasm', options: GradientCheckOptions = {}): GradientCheck {
  const model = sequential({ layers: [...layers, dense({ units: 1 })], backend, seed: 1 });
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  return gradientCheck(model, numbers(12, 5, 2), numbers(6, 6), options);
}

const hidden = (function_: ActivationSpec, derivative?: DerivativeSpec) => dense({ units: 7, activation: function_, ...(derivative && { derivative }), inputShape: [2] });
const messages = ({ derivatives }: GradientCheck): string[] => derivatives.map(({ message }) => message);

const right: Record<string, [Function_, Function_]> = {
  'a cube': [(z) => z ** 3, (z) => 3 * z ** 2],
  'a square, flat at 0': [(z) => z ** 2, (z) => 2 * z],
  'very small values': [(z) => 1e-9 * z ** 2, (z) => 2e-9 * z],
  'large values': [(z) => 1e6 + Math.tanh(z), (z) => 1 - Math.tanh(z) ** 2],
  'slopes of all sizes': [Math.exp, Math.exp],
  'slopes that change fast': [(z) => Math.sin(50 * z), (z) => 50 * Math.cos(50 * z)],
  'a kink, a leaky ReLU': [(z) => (z > 0 ? z : 0.1 * z), (z) => (z > 0 ? 1 : 0.1)],
  'a kink with any slope between': [Math.abs, (z) => Math.sign(z)],
  'a cusp': [(z) => Math.sqrt(Math.abs(z)), (z) => (z === 0 ? 0 : Math.sign(z) / Math.sqrt(Math.abs(z)) / 2)],
  'a jump to the middle and on': [Math.sign, () => 0],
  'jumps at places looked at': [Math.round, () => 0],
};

describe.each(backends)('on %s', (backend) => {
  it.each(Object.entries(right))('a right pair passes: %s', (_what, [f, df]) => {
    const result = check([hidden(pair('right', f, df))], backend);
    expect(result.derivatives).toEqual([]);
    expect(result.ok).toBe(true);
  });

  it.each<[string, ActivationSpec, DerivativeSpec | undefined, string]>([
    ['a wrong factor', pair('cube', (z) => z ** 3, (z) => 2 * z ** 2), undefined, 'dense_1 (cube): df(-6) = 72, measured 108'],
    ['one place', pair('square', (z) => z ** 2, (z) => (Math.abs(z - 0.3) < 1e-6 ? 0.91 : 2 * z)), undefined, 'dense_1 (square): df(0.3) = 0.91, measured 0.6'],
    ['a wrong sign', pair('sine', Math.sin, (z) => (z > 5.95 ? -Math.cos(z) : Math.cos(z))), undefined, 'dense_1 (sine): df(6) = -0.96, measured 0.96'],
    ['a small part', pair('nearly', Math.tanh, (z) => (1 - Math.tanh(z) ** 2) * (z === 0 ? 1.0011 : 1)), undefined, 'dense_1 (nearly): df(0) = 1.001, measured 1'],
    ['half of a kink', pair('leaky', (z) => (z > 0 ? z : 0.1 * z), (z) => (z > 0 ? 1 : z < -5.95 ? 0 : 0.1)), undefined, 'dense_1 (leaky): df(-6) = 0, measured 0.1'],
    ['no number', pair('size', Math.abs, (z) => z / Math.abs(z)), undefined, 'dense_1 (size): df(0) = NaN'],
    ['no number where there is a slope', pair('sinc', (z) => (z === 0 ? 1 : Math.sin(z) / z), (z) => Math.cos(z) / z - Math.sin(z) / z ** 2), undefined, 'dense_1 (sinc): df(0) = NaN, measured 0'],
    ['a replaced one', 'tanh', 'constant', "dense_1 (tanh with the derivative 'constant'): df(-6) = 1, measured 0.0000246"],
    ['one of another function', 'linear', pair('doubled', Math.sin, (z) => (z < -5.95 ? 2 : 1)), 'dense_1 (linear with the derivative of doubled): df(-6) = 2, measured 1'],
    ['one of a parametrized function', { name: 'leakyRelu', alpha: 0.5 }, pair('one', (z) => z, (z) => (z > 0 ? 1 : z < -5.95 ? 1 : 0.5)), 'dense_1 (leakyRelu with the derivative of one): df(-6) = 1, measured 0.5'],
  ])('names %s', (_what, function_, derivative, message) => {
    const result = check([hidden(function_, derivative)], backend);
    expect(messages(result)).toEqual([message]);
    expect(result.ok).toBe(false);
  });

  it('says what the README says', () => {
    const snake = pair('snake', (z) => z + Math.sin(z) ** 2, (z) => 1 + 2 * Math.sin(z));
    const model = sequential({ layers: [dense({ units: 8, activation: snake, inputShape: [2] }), dense({ units: 1, activation: 'sigmoid' })], backend });
    model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' });
    expect(messages(gradientCheck(model, [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]))).toEqual(['dense_1 (snake): df(4.7) = -1, measured 1.02']);
  });

  it('names a step that trains straight through, at no jump', () => {
    const [fault] = check([hidden('step', 'straightThrough')], backend).derivatives;
    expect(fault).toMatchObject({ layer: 'dense_1', df: 1, measured: 0 });
    expect(Math.abs(fault!.z)).toBeLessThanOrEqual(1);
    expect(fault!.z).not.toBe(0);
  });
});

describe('the places', () => {
  /** Right but for a stretch that the grid steps over. */
  const between = pair('between', Math.sin, (z) => Math.cos(z) + (z > 0.4 && z < 0.49 ? 1 : 0));

  it('are those of the batch too, as each layer gets them', () => {
    // The first column is 0.45 behind the normalization.
    const x = [[4.5, 1], [4.5, 2], [4.5, 3]];
    const of = (layers: Layer[]): GradientCheck => {
      const model = sequential({ layers: [...layers, dense({ units: 1 })] });
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      return gradientCheck(model, x, [1, 2, 3]);
    };
    const scaled = [normalization({ mean: 0, variance: 100, inputShape: [2] }), dropout({ rate: 0.5 })];
    expect(messages(of([...scaled, activation(between)]))).toEqual(['activation_1 (between): df(0.45) = 1.9, measured 0.9']);
    expect(messages(of([...scaled, residual([activation(between)])]))).toEqual(['residual_1/activation_1 (between): df(0.45) = 1.9, measured 0.9']);
    // Of three rows the middle one is 0 behind a batch normalization, and no value is near 0.45.
    expect(messages(of([batchNormalization({ inputShape: [2] }), activation(between)]))).toEqual([]);
  });

  it('are a sample of the batch', () => {
    const [few, all] = [1, 200].map((samples) => {
      const called = new Set<number>();
      check([hidden(pair('seen', (z) => { called.add(z); return z; }, () => 1))], 'reference', { samples });
      return called.size;
    });
    expect(all).toBeGreaterThan(few!);
  });

  it('of no value of f count where the model gets to alone', () => {
    const logarithm = pair('log', Math.log, (z) => 1 / z);
    const positive = check([dense({ units: 4, activation: 'softplus', inputShape: [2] }), activation(logarithm)]);
    expect(positive).toMatchObject({ ok: true, derivatives: [] });
    const { ok, derivatives } = check([hidden(logarithm)]);
    expect(ok).toBe(false);
    expect(derivatives[0]!.message).toMatch(/^dense_1 \(log\): f\(-[\d.]+\) = NaN$/);
  });
});

it('takes what throws for a place without a value', () => {
  const from = (least: number, function_: Function_): Function_ => (z) => {
    if (z < least) throw new Error('too small');
    return function_(z);
  };
  expect(messages(check([hidden(pair('partly', from(-5, Math.sin), from(-5, Math.cos)))]))).toEqual([]);
  expect(messages(check([hidden(pair('partly', Math.sin, from(-5.95, Math.cos)))]))).toEqual(['dense_1 (partly): df(-6) = NaN, measured 0.9602']);
});

it('goes by the tolerance, and says a thing of each layer that is wrong', () => {
  const off = pair('off', Math.tanh, (z) => 1.01 * (1 - Math.tanh(z) ** 2));
  const layers = [hidden(off), dense({ units: 3, activation: 'sigmoid' }), dense({ units: 3, activation: off })];
  expect(messages(check(layers)).map((message) => message.slice(0, 13))).toEqual(['dense_1 (off)', 'dense_3 (off)']);
  expect(check(layers, 'wasm', { tolerance: 0.05 })).toMatchObject({ ok: true, derivatives: [] });
});

it('has nothing to say of what comes with the library', () => {
  expect(check([hidden('relu'), dense({ units: 3, activation: 'softmax' })]).derivatives).toEqual([]);
});

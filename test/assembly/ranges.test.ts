/** Flat ranges: gradients clipped and gathered, weights averaged. The wasm kernels, their plain twins, and what both should give. */
import { describe, expect, it } from 'vitest';
import { expectClose } from '../close.ts';
import { awkward, counts, numbers, Twins } from '../twins.ts';

/** The values of a range as both have it. */
function both(twins: Twins, at: number, count: number): Float32Array[] {
  return Object.values(twins.read(at, count));
}

describe('clip', () => {
  it.each(counts)('holds all of %i values, and nothing else', (count) => {
    const twins = new Twins();
    const values = numbers(count, 1, 2);
    const range = twins.place(values);
    twins.run('clip', range, count, 0.5);
    for (const clipped of both(twins, range, count)) expect(clipped).toEqual(values.map((value) => Math.max(-0.5, Math.min(0.5, value))));
  });

  it('leaves NaN as it is, and brings infinities down', () => {
    const twins = new Twins();
    const range = twins.place(awkward);
    twins.run('clip', range, awkward.length, 2);
    const expected = Float32Array.from(awkward, (value) => (Number.isNaN(value) ? NaN : Math.max(-2, Math.min(2, value))));
    for (const clipped of both(twins, range, awkward.length)) expect(clipped).toEqual(expected);
  });
});

describe('sumOfSquares', () => {
  it.each([0, ...counts])('adds up all of %i values, and nothing behind them', (count) => {
    const twins = new Twins();
    const values = numbers(count, 2);
    // The padding of a range may hold anything.
    const range = twins.place([...values, 1e10, 1e10, 1e10]);
    const sum = twins.space(2, 7);
    const expected = values.reduce((total, value) => total + value ** 2, 0);
    twins.run('sumOfSquares', sum, range, count, 0);
    for (const found of Object.values(twins.readDouble(sum))) expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-13 * expected);
    twins.run('sumOfSquares', sum, range, count, 1);
    for (const found of Object.values(twins.readDouble(sum))) expect(Math.abs(found - 2 * expected)).toBeLessThanOrEqual(1e-13 * expected);
  });

  it.each([[3.4e38, 3.4e38 ** 2 * 9], [Infinity, Infinity], [-Infinity, Infinity], [NaN, NaN], [1e-40, 9e-80]])('of nine times %f is right', (value, expected) => {
    const twins = new Twins();
    const sum = twins.space(2);
    twins.run('sumOfSquares', sum, twins.space(9, value), 9, 0);
    for (const found of Object.values(twins.readDouble(sum))) {
      if (Number.isFinite(expected)) expect(Math.abs(found / expected - 1)).toBeLessThan(1e-4);
      else expect(found).toBe(expected);
    }
  });
});

describe('shrink', () => {
  it.each(counts)('brings %i values down to the norm, and does not bring them up', (count) => {
    for (const most of [0.25, 1e6]) {
      const twins = new Twins();
      const values = numbers(count, 3);
      const range = twins.place(values);
      const sum = twins.space(2);
      twins.run('sumOfSquares', sum, range, count, 0);
      twins.run('shrink', range, sum, count, most);
      const norm = Math.sqrt(values.reduce((total, value) => total + value ** 2, 0));
      const factor = Math.min(1, most / (norm + 1e-6));
      for (const shrunk of both(twins, range, count)) expectClose(shrunk, values.map((value) => value * factor), 1e-6);
    }
  });

  it('makes all NaN where the norm is NaN, and what is infinite where it is infinite', () => {
    for (const [value, others] of [[NaN, NaN], [Infinity, 0], [-Infinity, 0]] as const) {
      const twins = new Twins();
      const range = twins.place([1, value, -1, 0, 2]);
      const sum = twins.space(2);
      twins.run('sumOfSquares', sum, range, 5, 0);
      twins.run('shrink', range, sum, 5, 1);
      for (const shrunk of both(twins, range, 5)) expect(Array.from(shrunk, (x) => x + 0)).toEqual([others, NaN, others, others, others]);
    }
  });
});

describe('accumulate and meanGradient', () => {
  it.each(counts)('gather %i gradients of several batches, and begin anew', (count) => {
    const twins = new Twins();
    const every = 3;
    const accumulated = twins.space(count, NaN);
    const dparameters = twins.space(count);
    const step = twins.space(1);
    for (let t = 1; t <= 2 * every; t++) {
      for (const { f32, i32 } of [twins.wasm, twins.plain]) {
        f32.set(numbers(count, t), dparameters / 4);
        i32[step / 4] = t;
      }
      if (t % every !== 0) {
        twins.run('accumulate', accumulated, dparameters, step, count, every);
        continue;
      }
      const [a, b, c] = [t - 2, t - 1, t].map((seed) => numbers(count, seed)) as [Float32Array, Float32Array, Float32Array];
      twins.run('meanGradient', dparameters, accumulated, count, every);
      for (const sum of both(twins, accumulated, count)) expect(sum).toEqual(a.map((value, i) => value + b[i]!));
      for (const mean of both(twins, dparameters, count)) expectClose(mean, a.map((value, i) => (value + b[i]! + c[i]!) / 3), 2e-7);
    }
  });

  it('keep NaN and infinities', () => {
    const twins = new Twins();
    const [accumulated, dparameters] = [twins.place([NaN, Infinity, 1, Infinity]), twins.place([1, 1, NaN, -Infinity])];
    twins.run('meanGradient', dparameters, accumulated, 4, 2);
    for (const mean of both(twins, dparameters, 4)) expect(mean).toEqual(Float32Array.of(NaN, Infinity, NaN, NaN));
  });
});

describe('blend', () => {
  it.each(counts)('averages %i values, and nothing else', (count) => {
    for (const [stepAt, t, keep] of [[true, 1, 0], [true, 2, 0.75], [false, 1, 0.75]] as const) {
      const twins = new Twins();
      const [before, values] = [numbers(count, 1), numbers(count, 2)];
      const [average, value, step] = [twins.place(before), twins.place(values), twins.space(1)];
      for (const { i32 } of [twins.wasm, twins.plain]) i32[step / 4] = t;
      twins.run('blend', average, value, stepAt ? step : 0, count, 0.75);
      for (const mean of both(twins, average, count)) expectClose(mean, before.map((x, i) => keep * x + (1 - keep) * values[i]!), 2e-7);
      for (const same of both(twins, value, count)) expect(same).toEqual(values);
    }
  });

  it('passes on NaN, and fades to zero, not to denormal numbers', () => {
    const twins = new Twins();
    const [average, value] = [twins.place([1e-36, NaN, 1]), twins.place([0, 1, NaN])];
    for (let t = 0; t < 50; t++) twins.run('blend', average, value, 0, 3, 0.75);
    for (const mean of both(twins, average, 3)) expect(mean).toEqual(Float32Array.of(0, NaN, NaN));
  });
});

/** Gaussian noise: the wasm kernel against its plain twin and its definition, and the statistics of what it adds. */
import { describe, expect, it } from 'vitest';
import { activations } from '../../src/index.ts';
import { streamKey, threefry } from '../../src/random.ts';
import { awkward, counts, Twins, ulps } from '../twins.ts';

interface Asked {
  count: number;
  rows?: number;
  stddev?: number;
  step?: number;
  seed?: number;
  layer?: number;
  input?: ArrayLike<number>;
}

function noise({ count, rows = 1, stddev = 1, step = 0, seed = 1, layer = 0, input = new Float32Array(count) }: Asked) {
  const twins = new Twins();
  const at = { out: twins.space(count, 5), input: twins.place(input), step: twins.space(1) };
  for (const { i32 } of [twins.wasm, twins.plain]) i32[at.step / 4] = step;
  const [key0, key1] = streamKey(seed, 'noise', layer);
  twins.run('gaussianNoise', at.out, at.input, at.step, rows, count / rows, Math.fround(stddev), key0!, key1!);
  return twins.read(at.out, count);
}

/** `count` numbers a step, of as many steps as are asked for. */
function sample(count: number, steps = 1, step = 0, seed = 1, layer = 0): Float32Array {
  const twins = new Twins();
  const [out, input, counter] = [twins.space(count), twins.space(count), twins.space(1)];
  const [key0, key1] = streamKey(seed, 'noise', layer);
  const all = new Float32Array(count * steps);
  for (let i = 0; i < steps; i++) {
    twins.wasm.i32[counter / 4] = step + i;
    twins.exports['gaussianNoise']!(out, input, counter, 1, count, 1, key0!, key1!);
    all.set(twins.wasm.f32.subarray(out / 4, out / 4 + count), i * count);
  }
  return all;
}

const mean = (values: Float32Array, of: (value: number, i: number) => number): number => values.reduce((sum, value, i) => sum + of(value, i), 0) / values.length;

/** Φ(x): gelu(x) is x·Φ(x). */
const below = (x: number): number => (x === 0 ? 0.5 : activations.gelu.f(x) / x);

describe('gaussianNoise', () => {
  it.each(counts)('%i values agree with the twin within 4 ulp', (count) => {
    for (const step of [0, 1, 123_456_789]) {
      const { wasm, plain } = noise({ count, step });
      wasm.forEach((value, i) => expect(ulps(value, plain[i]!)).toBeLessThanOrEqual(4));
    }
  });

  it('100,000 do', () => {
    const { wasm, plain } = noise({ count: 100_000, step: 7 });
    expect(wasm.reduce((worst, value, i) => Math.max(worst, ulps(value, plain[i]!)), 0)).toBeLessThanOrEqual(4);
  });

  it('makes two numbers of the two words of a counter, on a circle', () => {
    const words = new Uint32Array(2);
    const [key0, key1] = streamKey(9, 'noise', 3);
    const { wasm } = noise({ count: 1000, step: 17, seed: 9, layer: 3 });
    for (let k = 0; k < 500; k++) {
      threefry(key0!, key1!, 17, k, words);
      const [a, b] = [wasm[2 * k]!, wasm[2 * k + 1]!];
      const squared = -2 * Math.log(((words[0]! >>> 1) | 1) / 2 ** 31);
      expect(Math.abs(a * a + b * b - squared)).toBeLessThan(2e-6 * Math.max(squared, 0.1));
      // The first two bits name the quarter: left or right, or above or below where the first is set.
      const [along, across] = words[1]! >>> 31 === 0 ? [a, b] : [b, a];
      expect(Math.abs(along)).toBeGreaterThanOrEqual(Math.abs(across) * (1 - 1e-6));
      expect(along < 0).toBe(((words[1]! >>> 30) & 1) === 1);
    }
  });

  it('adds stddev times that to its input', () => {
    const input = Float32Array.from({ length: 16 * awkward.length }, (_, i) => awkward[i >> 4]!);
    const plainly = noise({ count: input.length });
    for (const stddev of [0.5, 3, 1e-3]) {
      const out = noise({ count: input.length, stddev, input });
      for (const side of ['wasm', 'plain'] as const) {
        out[side].forEach((value, i) => {
          const [x, n] = [input[i]!, Math.fround(stddev) * plainly[side][i]!];
          if (!Number.isFinite(x)) expect(value).toBe(x);
          else expect(Math.abs(value - (x + n))).toBeLessThanOrEqual(2 ** -23 * (Math.abs(n) + Math.abs(x + n)));
        });
      }
    }
  });

  it('is the same however rows and units make up the count', () => {
    const all = [1, 2, 3, 8, 240].map((rows) => noise({ count: 240, rows }).wasm);
    for (const one of all) expect(one).toEqual(all[0]);
    expect(sample(1023).slice(0, 100)).toEqual(sample(100));
  });

  it('writes nothing for no rows', () => {
    const twins = new Twins();
    const [out, input, step] = [7, 7, 0].map((value) => twins.space(16, value)) as [number, number, number];
    twins.run('gaussianNoise', out, input, step, 0, 4, 1, 1, 2);
    for (const values of Object.values(twins.read(out, 16))) expect(values).toEqual(new Float32Array(16).fill(7));
  });
});

describe('a million numbers', () => {
  const count = 1_000_000;
  const values = sample(250_000, 4, 3);

  // Each within four standard deviations of the estimate from that many normal numbers.
  it('have the mean, variance, skewness and kurtosis of the normal distribution', () => {
    expect(Math.abs(mean(values, (n) => n))).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(mean(values, (n) => n ** 2) - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    expect(Math.abs(mean(values, (n) => n ** 3))).toBeLessThan(4 * Math.sqrt(15 / count));
    expect(Math.abs(mean(values, (n) => n ** 4) - 3)).toBeLessThan(4 * Math.sqrt(96 / count));
  });

  it('have its distribution: Kolmogorov and Smirnov find nothing', () => {
    let distance = 0;
    values.slice().sort().forEach((value, i) => {
      const expected = below(value);
      distance = Math.max(distance, Math.abs(expected - i / count), Math.abs(expected - (i + 1) / count));
    });
    // The 99.9 % point.
    expect(distance).toBeLessThan(1.95 / Math.sqrt(count));
  });

  it.each([1, 2, 3, 4])('have its tails beyond %i', (limit) => {
    const probability = below(-limit);
    for (const side of [1, -1]) {
      const found = values.reduce((sum, n) => sum + Number(side * n > limit), 0);
      expect(Math.abs(found - count * probability)).toBeLessThan(4 * Math.sqrt(count * probability));
    }
  });

  it('are independent: from value to value, step to step, layer to layer, seed to seed, in size too', () => {
    const base = values.subarray(0, 250_000);
    const others: Record<string, Float32Array> = { 'next step': sample(250_000, 1, 4), 'next layer': sample(250_000, 1, 3, 1, 1), 'next seed': sample(250_000, 1, 3, 2) };
    for (const lag of [1, 2, 4, 8]) others[`${lag} on`] = base.map((_, i) => base[(i + lag) % base.length]!);
    for (const [name, other] of Object.entries(others)) {
      expect(Math.abs(mean(base, (n, i) => n * other[i]!)), name).toBeLessThan(4 / Math.sqrt(base.length));
      expect(Math.abs(mean(base, (n, i) => (n * n - 1) * (other[i]! ** 2 - 1))), name).toBeLessThan(4 * 2 / Math.sqrt(base.length));
    }
  });
});

it('of 40 million, as many lie beyond 5 as should, and none beyond 6.6', () => {
  let [found, largest] = [0, 0];
  for (let part = 0; part < 40; part++) {
    for (const n of sample(250_000, 4, 100 + 4 * part)) {
      if (Math.abs(n) > 5) found++;
      largest = Math.max(largest, Math.abs(n));
    }
  }
  // 22.9 are expected: within four standard deviations.
  expect(Math.abs(found - 40e6 * 2 * below(-5))).toBeLessThan(4 * Math.sqrt(22.9));
  expect(largest).toBeLessThan(6.6);
});

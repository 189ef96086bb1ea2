/** Dropout: the wasm kernels against their plain twins, bit for bit, and the statistics of the masks. */
import { describe, expect, it } from 'vitest';
import { streamKey, threefry } from '../../src/random.ts';
import { Twins, awkward, counts, numbers } from '../twins.ts';

/** Masks and outputs of both memories, for an input of rows x units at a step. */
function forward({ input, rows = 1, rate, step = 0, seed = 1, layer = 0 }: { input: ArrayLike<number>; rows?: number; rate: number; step?: number; seed?: number; layer?: number }) {
  const twins = new Twins();
  const at = { out: twins.space(input.length, 5), mask: twins.space(input.length, 6), input: twins.place(input), step: twins.space(1) };
  for (const { i32 } of [twins.wasm, twins.plain]) i32[at.step / 4] = step;
  const [key0, key1] = streamKey(seed, 'dropout', layer);
  // As a plan keeps them.
  twins.run('dropoutForward', at.out, at.mask, at.input, at.step, rows, input.length / rows, Math.fround(rate), key0!, key1!);
  return { twins, at, out: twins.read(at.out, input.length), mask: twins.read(at.mask, input.length) };
}

/** Which of `count` values are kept, 1 or 0. */
function kept(count: number, rate: number, step = 0, seed = 1, layer = 0): Float32Array {
  return forward({ input: new Float32Array(count).fill(1), rate, step, seed, layer }).mask.wasm.map((value) => Number(value > 0));
}

/** How far a count of successes lies from what is expected, in standard deviations. */
const deviations = (found: number, count: number, probability: number): number =>
  Math.abs(found - count * probability) / Math.sqrt(count * probability * (1 - probability));

const rates = [0, 1e-3, 0.1, 0.25, 0.5, 0.9, 1 - 2 ** -24];

describe('dropout', () => {
  it.each(counts)('masks and outputs of %i values have the same bits on both sides', (count) => {
    for (const rate of rates) {
      for (const step of [0, 1, 123_456_789]) {
        const { out, mask } = forward({ input: numbers(count), rate, step });
        expect(mask.wasm).toEqual(mask.plain);
        expect(out.wasm).toEqual(out.plain);
      }
    }
  });

  it('takes a word of the stream for each value, the first of a pair first', () => {
    const words = new Uint32Array(2);
    const [key0, key1] = streamKey(9, 'dropout', 3);
    const { wasm } = forward({ input: new Float32Array(35).fill(1), rate: 0.375, step: 17, seed: 9, layer: 3 }).mask;
    wasm.forEach((value, i) => {
      threefry(key0!, key1!, 17, i >> 1, words);
      // Signed words below −2^31 + rate·2^32 are unsigned ones, moved by half their range.
      const uniform = ((words[i % 2]! ^ 0x80000000) >>> 0) / 2 ** 32;
      expect(value).toBe(uniform < 0.375 ? 0 : Math.fround(1 / 0.625));
    });
  });

  it('drops the same values however rows and units make up the count', () => {
    const input = numbers(240);
    const masks = [1, 2, 3, 8, 240].map((rows) => forward({ input, rows, rate: 0.5 }).mask.wasm);
    for (const mask of masks) expect(mask).toEqual(masks[0]);
    expect(kept(1023, 0.5).slice(0, 100)).toEqual(kept(100, 0.5));
  });

  it('writes nothing for no rows', () => {
    const twins = new Twins();
    const [step, ...ranges] = [[0], ...Array.from({ length: 3 }, () => new Float32Array(16).fill(7))].map((values) => twins.place(values)) as [number, number, number, number];
    twins.run('dropoutForward', ...ranges, step, 0, 4, 0.5, 1, 2);
    twins.run('dropoutBackward', ...ranges, 0, 4);
    for (const at of ranges) for (const values of Object.values(twins.read(at, 16))) expect(values).toEqual(new Float32Array(16).fill(7));
  });

  it('scales what it keeps, passes on NaN, and makes NaN of an infinity that it drops', () => {
    const input = awkward.flatMap((value) => new Array<number>(16).fill(value));
    for (const rate of [0, 0.5]) {
      const { out, mask } = forward({ input, rate });
      for (const side of ['wasm', 'plain'] as const) {
        out[side].forEach((value, i) => expect(value).toBe(Math.fround(Math.fround(input[i]!) * mask[side][i]!)));
      }
      expect(mask.wasm.every((value) => value === 0 || value === Math.fround(1 / (1 - rate)))).toBe(true);
    }
  });

  it('drops nothing at a rate of 0', () => {
    expect(kept(10_000, 0)).toEqual(new Float32Array(10_000).fill(1));
  });

  it.each(rates.slice(1, -1))('drops a share of %f, and keeps the mean', (rate) => {
    const count = 100_000;
    const { out } = forward({ input: new Float32Array(count).fill(1), rate, step: 3 });
    expect(deviations(out.wasm.filter((value) => value === 0).length, count, Math.fround(rate))).toBeLessThan(4);
    const mean = out.wasm.reduce((sum, value) => sum + value, 0) / count;
    expect(Math.abs(mean - 1)).toBeLessThan(4 * Math.sqrt(rate / (1 - rate) / count));
  });

  it('drops independently: from step to step, layer to layer, seed to seed, and value to value', () => {
    const count = 100_000;
    const base = kept(count, 0.5, 10);
    const others = {
      'next step': kept(count, 0.5, 11), 'next layer': kept(count, 0.5, 10, 1, 1), 'next seed': kept(count, 0.5, 10, 2),
      'next value': base.map((_, i) => base[(i + 1) % count]!), 'value after it': base.map((_, i) => base[(i + 2) % count]!),
      'four on': base.map((_, i) => base[(i + 4) % count]!), 'eight on': base.map((_, i) => base[(i + 8) % count]!),
    };
    for (const [name, other] of Object.entries(others)) {
      // The four pairs of fates, each expected in a quarter: chi-square with 3 degrees of freedom, here below its 99.99 % point.
      const pairs = [0, 0, 0, 0];
      base.forEach((fate, i) => pairs[2 * fate + other[i]!]!++);
      const chiSquare = pairs.reduce((sum, found) => sum + (found - count / 4) ** 2 / (count / 4), 0);
      expect(chiSquare, name).toBeLessThan(21.1);
    }
  });

  it('drops each value equally often over the steps', () => {
    const steps = 400;
    const often = new Float32Array(256);
    for (let step = 0; step < steps; step++) kept(256, 0.25, step).forEach((fate, i) => (often[i]! += fate));
    const chiSquare = often.reduce((sum, found) => sum + deviations(found, steps, 0.75) ** 2, 0);
    // 256 degrees of freedom: within four standard deviations of their mean.
    expect(Math.abs(chiSquare - 256)).toBeLessThan(4 * Math.sqrt(2 * 256));
  });

  it.each(counts)('sends back the gradient of %i values through the mask', (count) => {
    const { twins, at, mask } = forward({ input: numbers(count), rate: 0.5 });
    const dout = twins.place(Float32Array.from({ length: count }, (_, i) => awkward[i % awkward.length]!));
    const dinput = twins.space(count, 9);
    twins.run('dropoutBackward', dinput, dout, at.mask, 1, count);
    const { wasm, plain } = twins.read(dinput, count);
    expect(wasm).toEqual(plain);
    plain.forEach((value, i) => expect(value).toBe(Math.fround(twins.read(dout, count).plain[i]! * mask.plain[i]!)));
  });
});

/** Constraints on weights: wasm against plain, bit for bit, in every shape of the layout. */
import { describe, expect, it } from 'vitest';
import { awkward, counts, numbers, Twins } from '../twins.ts';
import { placeWeight, readWeight } from '../weights.ts';

const limits = [[0, 0.5], [1, 1], [0.25, 3], [0, 1e6]] as const;
const norm = (values: ArrayLike<number>): number => Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0));

/** Whether values are what they should be: those before, scaled to the nearest limit where the norm is beyond it. */
function expectLimited(after: ArrayLike<number>, before: ArrayLike<number>, least: number, most: number): void {
  const [was, is] = [norm(before), norm(after)];
  if (was <= most && (was >= least || was === 0)) {
    expect(after).toEqual(before);
    return;
  }
  const wanted = was > most ? most : least;
  expect(Math.abs(is - wanted)).toBeLessThan(2e-7 * wanted);
  for (let i = 0; i < before.length; i++) expect(Math.abs(after[i]! - (before[i]! * wanted) / was)).toBeLessThanOrEqual(2e-7 * Math.abs(after[i]!));
}

describe('limitNorm', () => {
  it.each([0, ...counts])('%i values', (count) => {
    for (const [least, most] of limits) {
      const twins = new Twins();
      const values = numbers(count, 3);
      const range = twins.place(values);
      twins.run('limitNorm', range, count, least, most);
      const { wasm, plain } = twins.read(range, count);
      expect(wasm).toEqual(plain);
      expectLimited(wasm, values, least, most);
    }
  });
});

const sizes = [1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 17, 33];

describe('limitNorms', () => {
  it.each(sizes)('%i inputs, every number of units', (inputs) => {
    for (const units of sizes) {
      for (const [least, most] of limits) {
        const twins = new Twins();
        // Columns of many sizes, one of them 0.
        const values = numbers(inputs * units, 3).map((value, i) => value * (i % units % 5));
        const weight = placeWeight(twins, values, inputs, units);
        twins.run('limitNorms', weight, inputs, units, least, most);
        const { wasm, plain } = readWeight(twins, weight, inputs, units);
        expect(wasm).toEqual(plain);
        for (let unit = 0; unit < units; unit++) {
          const column = (all: Float32Array): Float32Array => all.filter((_, i) => i % units === unit);
          expectLimited(column(wasm), column(values), least, most);
        }
        const used = twins.wasm.f32.subarray(weight / 4, weight / 4 + inputs * Math.ceil(units / 4) * 4).filter((value) => value !== 0).length;
        expect(used, 'padding stays 0').toBe(values.filter((value) => value !== 0).length);
      }
    }
  });

  it('leaves a column with NaN as it is, and the others to themselves', () => {
    for (const value of awkward) {
      for (const [least, most] of limits) {
        const twins = new Twins();
        const values = numbers(7 * 9, 5);
        values[9 * 3 + 4] = value;
        const weight = placeWeight(twins, values, 7, 9);
        twins.run('limitNorms', weight, 7, 9, least, most);
        const { wasm, plain } = readWeight(twins, weight, 7, 9);
        expect(wasm).toEqual(plain);
        if (Number.isNaN(value)) for (let i = 4; i < 63; i += 9) expect(wasm[i]).toBe(values[i]);
        const alone = twins.place(values.filter((_, i) => i % 9 === 4));
        twins.run('limitNorm', alone, 7, least, most);
        const one = twins.read(alone, 7);
        expect(one.wasm).toEqual(one.plain);
        expect(one.wasm).toEqual(wasm.filter((_, i) => i % 9 === 4));
      }
    }
  });

  it('does not make infinities of the smallest values', () => {
    const twins = new Twins();
    const range = twins.place([1e-45, 0, -1e-45]);
    twins.run('limitNorm', range, 3, 1, 1);
    const { wasm, plain } = twins.read(range, 3);
    expect(wasm).toEqual(plain);
    expect(wasm.every((value) => Number.isFinite(value))).toBe(true);
  });
});

describe('nonNegative', () => {
  it.each([0, ...counts])('%i values', (count) => {
    const twins = new Twins();
    const values = Float32Array.from({ length: count }, (_, i) => awkward[(i * 5) % awkward.length]!);
    const range = twins.place(values);
    twins.run('nonNegative', range, count);
    const { wasm, plain } = twins.read(range, count);
    expect(wasm).toEqual(plain);
    expect(wasm).toEqual(values.map((value) => (value <= 0 ? 0 : value)));
  });
});

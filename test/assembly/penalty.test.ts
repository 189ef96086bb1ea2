/** Penalties on weights: wasm against plain, the sums bit for bit. */
import { describe, expect, it } from 'vitest';
import { awkward, counts, numbers, Twins } from '../twins.ts';

const rates = [[0.01, 0], [0, 0.02], [0.3, 0.7], [0, 0]] as const;

function run(values: ArrayLike<number>, l1: number, l2: number, rows = 3) {
  const twins = new Twins();
  const [sum, parameters, dparameters] = [twins.space(2), twins.place(values), twins.place(numbers(values.length, 9))];
  for (const { f64 } of [twins.wasm, twins.plain]) f64[sum / 8] = 0.5;
  // Padding is nobody's: it may hold anything.
  const padding = Math.ceil(values.length / 4) * 4;
  for (const { f32 } of [twins.wasm, twins.plain]) f32.fill(NaN, parameters / 4 + values.length, parameters / 4 + padding);
  twins.run('penalty', sum, dparameters, parameters, rows, values.length, Math.fround(l1), Math.fround(l2));
  return { twins, sum: twins.readDouble(sum), gradient: twins.read(dparameters, values.length), parameters, at: sum };
}

describe('penalty', () => {
  it.each([0, ...counts])('of %i values', (count) => {
    const values = numbers(count, 1, 2);
    for (const [l1, l2] of rates) {
      const { sum, gradient, twins, parameters, at } = run(values, l1, l2);
      expect(sum.wasm).toBe(sum.plain);
      const expected = values.reduce((total, w) => total + Math.fround(l1) * Math.abs(w) + Math.fround(l2) * w * w, 0);
      expect(Math.abs(sum.wasm - (0.5 + 3 * expected))).toBeLessThan(1e-12 * (1 + expected));
      values.forEach((w, i) => {
        const slope = Math.fround(l1) * Math.sign(w) + 2 * Math.fround(l2) * w;
        for (const side of ['wasm', 'plain'] as const) expect(Math.abs(gradient[side][i]! - (numbers(count, 9)[i]! + slope))).toBeLessThan(2 ** -23 * (1 + 2 * Math.abs(slope)));
      });
      // Without an address for gradients, the sum alone.
      twins.run('penalty', at, 0, parameters, 1, count, Math.fround(l1), Math.fround(l2));
      expect(twins.readDouble(at).wasm).toBe(twins.readDouble(at).plain);
      expect(twins.read(parameters, count).wasm).toEqual(values);
    }
  });

  it('takes zeros for no cost and no slope, and passes on what is not finite', () => {
    for (const [l1, l2] of rates) {
      for (const value of awkward) {
        const { sum, gradient } = run([value, 0, -0, 0.5, value], l1, l2, 2);
        expect(sum.wasm).toBe(sum.plain);
        expect(Array.from(gradient.wasm.subarray(1, 3))).toEqual(Array.from(numbers(5, 9).subarray(1, 3)));
        for (const i of [0, 4]) {
          const [wasm, plain] = [gradient.wasm[i]!, gradient.plain[i]!];
          if (Number.isFinite(plain)) expect(Math.abs(wasm - plain)).toBeLessThanOrEqual(2 ** -22 * Math.max(1, Math.abs(plain)));
          else expect(wasm).toBe(plain);
        }
        if (Number.isNaN(value)) expect(sum.wasm).toBe(NaN);
      }
    }
  });
});

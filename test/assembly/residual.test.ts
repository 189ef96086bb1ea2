/** The sum of a residual block: wasm against plain, bit for bit. */
import { describe, expect, it } from 'vitest';
import { awkward, counts, numbers, Twins } from '../twins.ts';

describe('add', () => {
  it.each([0, ...counts])('%i values', (count) => {
    const twins = new Twins();
    const [a, b, out] = [numbers(count, 1), numbers(count, 2), new Float32Array(count).fill(7)].map((values) => twins.place(values)) as [number, number, number];
    twins.run('add', out, a, b, 1, count);
    const { wasm, plain } = twins.read(out, count);
    expect(wasm).toEqual(numbers(count, 1).map((value, i) => value + numbers(count, 2)[i]!));
    expect(plain).toEqual(wasm);
  });

  it('of all pairs of awkward values', () => {
    const pairs = awkward.flatMap((a) => awkward.map((b) => [a, b] as const));
    const twins = new Twins();
    const [a, b, out] = [0, 1, 0].map((side) => twins.place(pairs.map((pair) => pair[side]!))) as [number, number, number];
    twins.run('add', out, a, b, 4, pairs.length / 4);
    const { wasm, plain } = twins.read(out, pairs.length);
    expect(plain).toEqual(wasm);
    pairs.forEach(([x, y], i) => expect(wasm[i]).toBe(Math.fround(Math.fround(x) + Math.fround(y))));
  });
});

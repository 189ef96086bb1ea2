/** Kernels over plain ranges: wasm against plain, over sizes around a vector and around where the engine's own copy takes over. */
import { describe, expect, it } from 'vitest';
import { awkward, numbers, Twins } from '../twins.ts';

const counts = [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 127, 128, 129, 1000];

describe.each(counts)('%i values', (count) => {
  it('zero', () => {
    const twins = new Twins();
    const range = twins.place(numbers(count, 1));
    twins.run('zero', range, count);
    const { wasm, plain } = twins.read(range, count);
    expect(wasm).toEqual(new Float32Array(count));
    expect(plain).toEqual(wasm);
  });

  it('copyRange', () => {
    const twins = new Twins();
    const values = Float32Array.from({ length: count }, (_, i) => awkward[i % awkward.length]!);
    const from = twins.place(values);
    const to = twins.place(numbers(count, 1));
    twins.run('copyRange', to, from, count);
    const { wasm, plain } = twins.read(to, count);
    expect(wasm).toEqual(values);
    expect(plain).toEqual(values);
  });

  it('flush', () => {
    const twins = new Twins();
    const values = Float32Array.from({ length: count }, (_, i) => [...awkward, 1e-31, -1e-31, 2e-30, -2e-30][(i * 7) % (awkward.length + 4)]!);
    const range = twins.place(values);
    twins.run('flush', range, 1, count);
    const { wasm, plain } = twins.read(range, count);
    expect(wasm).toEqual(values.map((value) => (Math.abs(value) < Math.fround(1e-30) ? 0 : value)));
    expect(plain).toEqual(wasm);
  });
});

it('mark and increment count in whole numbers', () => {
  const twins = new Twins();
  const counter = twins.place([1, 2]);
  twins.run('mark', counter, 0x7fff_fffe);
  twins.run('increment', counter);
  expect([twins.wasm.i32[counter / 4], twins.plain.i32[counter / 4]]).toEqual([0x7fff_ffff, 0x7fff_ffff]);
  expect([twins.wasm.f32[counter / 4 + 1], twins.plain.f32[counter / 4 + 1]]).toEqual([2, 2]);
});

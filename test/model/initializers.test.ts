/** Initialisers: their distributions, their seeds, their errors. */
import { describe, expect, it } from 'vitest';
import { dense, sequential, type InitializerSpec } from '../../src/index.ts';
import type { backends } from '../backends.ts';
import { expectClose } from '../close.ts';

const inputs = 120;
const units = 80;

function draw(kernelInitializer: InitializerSpec, seed = 1, backend: (typeof backends)[number] = 'wasm'): Float32Array {
  return sequential({ layers: [dense({ units, inputShape: [inputs], kernelInitializer })], seed, backend }).getWeights()[0]!;
}

const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: Float32Array): number => Math.sqrt(mean(values.map((value) => value * value)) - mean(values) ** 2);
const largest = (values: Float32Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe('initialisers', () => {
  it('fill with constants', () => {
    expect(draw('zeros').every((value) => value === 0)).toBe(true);
    expect(draw('ones').every((value) => value === 1)).toBe(true);
    expect(draw({ name: 'constant', value: 0.5 }).every((value) => value === 0.5)).toBe(true);
  });

  it.each([
    ['glorotUniform', 2 / (inputs + units)], ['heUniform', 2 / inputs], ['lecunUniform', 1 / inputs],
  ] as const)('%s is uniform within ±√(3 variance)', (name, variance) => {
    const values = draw(name);
    const limit = Math.sqrt(3 * variance);
    expect(largest(values)).toBeLessThanOrEqual(Math.fround(limit));
    expect(largest(values)).toBeGreaterThan(0.99 * limit);
    expect(deviation(values) / Math.sqrt(variance)).toBeCloseTo(1, 1);
  });

  it.each([
    ['glorotNormal', 2 / (inputs + units)], ['heNormal', 2 / inputs], ['lecunNormal', 1 / inputs],
  ] as const)('%s has its variance after truncation', (name, variance) => {
    const values = draw(name);
    expect(deviation(values) / Math.sqrt(variance)).toBeCloseTo(1, 1);
    expect(largest(values)).toBeLessThan((2 / 0.8796256610342398) * Math.sqrt(variance) * 1.000001);
  });

  it('normal and uniform ones take their parameters', () => {
    const normal = draw({ name: 'randomNormal', mean: 2, stddev: 0.1 });
    expect(mean(normal)).toBeCloseTo(2, 2);
    expect(deviation(normal)).toBeCloseTo(0.1, 2);
    expect(largest(draw({ name: 'truncatedNormal', stddev: 1 }))).toBeLessThanOrEqual(2);
    const uniform = draw({ name: 'randomUniform', minval: 1, maxval: 3 });
    expect(uniform.every((value) => value >= 1 && value <= 3)).toBe(true);
    expect(mean(uniform)).toBeCloseTo(2, 1);
  });

  it.each([[6, 9], [9, 6], [5, 5], [1, 4]])('orthogonal %i x %i has orthonormal rows or columns', (rows, columns) => {
    const [w] = sequential({ layers: [dense({ units: columns, inputShape: [rows], kernelInitializer: { name: 'orthogonal', gain: 2 } })] }).getWeights();
    const short = Math.min(rows, columns);
    const at = (vector: number, k: number): number => (rows >= columns ? w![k * columns + vector]! : w![vector * columns + k]!);
    for (let i = 0; i < short; i++) {
      for (let j = 0; j < short; j++) {
        let product = 0;
        for (let k = 0; k < Math.max(rows, columns); k++) product += at(i, k) * at(j, k);
        expectClose([product], [i === j ? 4 : 0], 2e-6);
      }
    }
  });

  it('draw the same on every backend and for every layer something else', () => {
    expect(draw('glorotUniform', 3, 'wasm')).toEqual(draw('glorotUniform', 3, 'reference'));
    expect(draw('heNormal', 3)).not.toEqual(draw('heNormal', 4));
    const model = sequential({ layers: [dense({ units: 4, inputShape: [4] }), dense({ units: 4 })] });
    expect(model.getWeights()[0]).not.toEqual(model.getWeights()[2]);
  });

  it('default to glorotUniform and zeros, as in Keras', () => {
    const [kernel, bias] = sequential({ layers: [dense({ units, inputShape: [inputs] })], seed: 1 }).getWeights();
    expect(kernel).toEqual(draw('glorotUniform'));
    expect(bias).toEqual(new Float32Array(units));
  });

  it.each([
    ['glorotuniform', /did you mean 'glorotUniform'/],
    [{ name: 'constant', valeu: 1 }, /unknown option 'valeu', did you mean 'value'/],
    [{ name: 'randomNormal', stddev: -1 }, /stddev: expected a finite float32 number of at least 0, received -1/],
    [{ name: 'randomUniform', minval: 1, maxval: 0 }, /maxval/],
  ])('refuse %o', (spec, message) => {
    expect(() => dense({ units: 1, kernelInitializer: spec as InitializerSpec })).toThrow(message);
  });
});

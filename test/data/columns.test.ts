/** What stands for the values of a column. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { meanOf, mostFrequentOf, quantileOf, valuesOf, varianceOf } from '../../src/data/columns.ts';

it('values that are there are those that are not NaN, in order', () => {
  const matrix = { values: Float32Array.of(3, NaN, NaN, NaN, 1, NaN), rows: 3, columns: 2 };
  expect(valuesOf(matrix, 0)).toEqual(Float64Array.of(3, 1));
  expect(valuesOf(matrix, 1)).toEqual(Float64Array.of());
});

it.each([[[5, 5, 5], 5, 0], [[1, 2, 3, 4], 2.5, 1.25], [[-7], -7, 0], [[1e8, 1e8 + 2], 1e8 + 1, 1]])('mean and variance of %j are %d and %d', (values, mean, variance) => {
  expect(meanOf(Float64Array.from(values))).toBe(mean);
  expect(varianceOf(Float64Array.from(values), mean)).toBe(variance);
});

// numpy.quantile([1, 2, 4, 8, 16, 32], q) and of others.
it.each<[number[], number, number]>([
  [[1, 2, 4, 8, 16, 32], 0.25, 2.5], [[1, 2, 4, 8, 16, 32], 0.5, 6], [[1, 2, 4, 8, 16, 32], 0.75, 14], [[1, 2, 4, 8, 16, 32], 0.1, 1.5], [[1, 2, 4, 8, 16, 32], 1, 32],
  [[1, 2, 4, 8, 16, 32], 0, 1], [[3], 0.75, 3], [[1, 5], 0.25, 2], [[1, 2, 3, 4, 5], 0.25, 2],
])('of %j the quantile %d is %d', (values, share, expected) => {
  expect(quantileOf(Float64Array.from(values), share)).toBe(expected);
});

it('the most frequent value is the one counted most often, of several the least', () => {
  expect(mostFrequentOf(Float64Array.of(1, 2, 2, 3, 3))).toBe(2);
  expect(mostFrequentOf(Float64Array.of(4))).toBe(4);
  fc.assert(fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1 }), (values) => {
    const count = (value: number): number => values.filter((other) => other === value).length;
    const [best] = [...new Set(values)].sort((a, b) => count(b) - count(a) || a - b);
    expect(mostFrequentOf(Float64Array.from(values).sort())).toBe(best);
  }));
});

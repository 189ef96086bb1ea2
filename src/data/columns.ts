/** What stands for the values of a column, in double precision; NaN stands for a value that is missing. */

import type { Matrix } from './matrix.ts';

/** The values of a column that are there, in the order of the rows. */
export function valuesOf({ values, columns }: Matrix, column: number): Float64Array {
  const found = new Float64Array(values.length / columns);
  let count = 0;
  for (let i = column; i < values.length; i += columns) if (!Number.isNaN(values[i])) found[count++] = values[i]!;
  return found.subarray(0, count);
}

/** Counted from the first value on, so that the mean of a constant is exactly that. */
export function meanOf(values: Float64Array): number {
  const first = values[0]!;
  return first + values.reduce((sum, value) => sum + (value - first), 0) / values.length;
}

/** The biased variance, around a mean. */
export function varianceOf(values: Float64Array, mean: number): number {
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}

/** The value that a share of the others lies below, by linear interpolation between those of ascending order, as NumPy's `quantile` has it. */
export function quantileOf(ascending: Float64Array, share: number): number {
  const at = share * (ascending.length - 1);
  const [below, above] = [ascending[Math.floor(at)]!, ascending[Math.ceil(at)]!];
  return below + (above - below) * (at % 1);
}

/** The value that comes most often; of several the least. */
export function mostFrequentOf(ascending: Float64Array): number {
  let found = ascending[0]!;
  for (let i = 0, begin = 0, most = 0; i < ascending.length; i++) {
    if (ascending[i] !== ascending[begin]) begin = i;
    if (i - begin >= most) [found, most] = [ascending[i]!, i - begin + 1];
  }
  return found;
}

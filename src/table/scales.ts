/** What is learnt of columns before a network is trained: what fills the gaps, and where values lie. Of rows to train on alone, in double precision. */

import { meanOf, mostFrequentOf, quantileOf, valuesOf, varianceOf } from '../data/columns.ts';
import type { FeatureInput } from '../data/features.ts';
import type { Matrix } from '../data/matrix.ts';
import { DataError, show } from '../errors.ts';
import type { ImputeStrategy } from '../model/layers/impute.ts';
import type { Scaling } from '../model/layers/scaling.ts';

export type Imputation = Exclude<ImputeStrategy, 'constant'>;

/** For `impute` and `normalization`, a value a column. */
export interface Scales {
  /** In place of NaN, in units of the column; of words a code, or -1, that of no word. */
  readonly fill: number[];
  /** What is taken off, and the square of what is divided by: 0 and 1 of words. */
  readonly mean: number[];
  readonly variance: number[];
  /** Of words, the rows of each, and at last those of none. */
  readonly counts: readonly (Float64Array | undefined)[];
}

export const imputations: Readonly<Record<Imputation, (ascending: Float64Array) => number>> = {
  mean: meanOf,
  median: (ascending) => quantileOf(ascending, 0.5),
  mostFrequent: mostFrequentOf,
};

export const scalings: Readonly<Record<Scaling, (ascending: Float64Array) => [mean: number, variance: number]>> = {
  standard,
  minMax: (ascending) => [ascending[0]!, (ascending.at(-1)! - ascending[0]!) ** 2],
  robust(ascending) {
    const spread = quantileOf(ascending, 0.75) - quantileOf(ascending, 0.25);
    // Where half of the values are equal, the deviation is the next best thing.
    return [quantileOf(ascending, 0.5), spread === 0 ? standard(ascending)[1] : spread ** 2];
  },
};

function standard(values: Float64Array): [mean: number, variance: number] {
  const mean = meanOf(values);
  return [mean, varianceOf(values, mean)];
}

/** Scales of encoded rows, of which every column has a value. */
export function scalesOf(x: Matrix, inputs: readonly FeatureInput[], imputation: Imputation, scaling: Scaling): Scales {
  const scales: Scales = { fill: [], mean: [], variance: [], counts: inputs.map(({ labels }, column) => labels && countsOf(x, column, labels.length)) };
  inputs.forEach(({ name, labels }, column) => {
    const ascending = valuesOf(x, column).sort();
    const [mean, variance] = labels === undefined ? scalings[scaling](ascending) : [0, 1];
    if (!Number.isFinite(Math.fround(variance))) throw new DataError(`trainTable: the numbers in column ${show(name)} are too far apart: the square of what they are divided by is too large for float32`);
    scales.fill.push(labels === undefined || imputation === 'mostFrequent' ? imputations[imputation](ascending) : -1);
    scales.mean.push(mean);
    scales.variance.push(variance);
  });
  return scales;
}

function countsOf(x: Matrix, column: number, words: number): Float64Array {
  const counts = new Float64Array(words + 1);
  const codes = valuesOf(x, column);
  for (const code of codes) counts[code]!++;
  counts[words] = x.rows - codes.length;
  return counts;
}

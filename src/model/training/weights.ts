/** How much each row counts in the loss: by a weight of its own, by that of its class, or by both. */

import { argmax, balancedWeights } from '../../data/classes.ts';
import { checkFinite, toMatrix, type Matrix, type MatrixLike, type NumericArray } from '../../data/matrix.ts';
import { DataError, ShapeError, unexpected } from '../../errors.ts';
import { checkNumber } from '../../options.ts';
import { checkedSamples, type Fit, type Samples } from './samples.ts';

/** Weights by class: `{ 0: 1, 1: 5 }`, an array or a Map; `'balanced'`: rows / (classes · rows of the class), so that all count the same. */
export type ClassWeight = 'balanced' | NumericArray | readonly number[] | Readonly<Record<number, number>> | ReadonlyMap<number, number>;

export interface SampleWeightOptions {
  /**
   * A weight for each row, finite and at least 0, by which its loss is multiplied. As in Keras, what is divided by stays the number of
   * rows, not the sum of the weights: J = Σ wᵢ·lᵢ / rows; and metrics are not weighted.
   */
  sampleWeight?: MatrixLike;
}

export interface WeightOptions extends SampleWeightOptions {
  /**
   * A weight for each class, by which the loss of its rows is multiplied in training (not in validation); with `sampleWeight` as well, the
   * product counts. A class that is not named counts once, as in Keras. Classes are targets that are an index, a one-hot row, or of
   * one unit 0 (or −1) and 1. `'balanced'` counts the classes of the rows trained on.
   */
  classWeight?: ClassWeight;
}

export const weightKeys = ['sampleWeight', 'classWeight'];

/** The samples with a checked weight a row, where there are any. */
export function withSampleWeight(where: string, samples: Samples, sampleWeight: MatrixLike | undefined): Samples {
  if (sampleWeight === undefined) return samples;
  const label = `${where} sampleWeight`;
  const weights = toMatrix(label, sampleWeight, 1);
  const { rows } = samples.x;
  if (weights.rows !== rows) throw new ShapeError(`${label}: expected one for each of ${rows} rows, received ${weights.rows}`);
  return { ...samples, weights: checkWeights(label, weights) };
}

/** Rows and targets, and weights if any. */
export type ValidationData = readonly [x: MatrixLike, y: MatrixLike, sampleWeight?: MatrixLike];

/** What such an array holds, checked. */
export function readValidation(where: string, data: ValidationData, fit: Fit): Samples {
  if (!Array.isArray(data as unknown) || data.length < 2 || data.length > 3) throw unexpected(where, '[x, y] or [x, y, sampleWeight]', data);
  return withSampleWeight(where, checkedSamples(where, data[0], data[1], fit), data[2]);
}

/** Refuses weights that are negative or not finite, and those that leave nothing to count. */
export function checkWeights(where: string, weights: Matrix): Matrix {
  checkFinite(where, weights);
  const { values } = weights;
  const row = values.findIndex((weight) => weight < 0);
  if (row >= 0 || values.every((weight) => weight === 0)) {
    throw new DataError(`${where}: expected weights of at least 0, one of them above 0, received ${row >= 0 ? `${values[row]} in row ${row}` : 'only 0'}`);
  }
  return weights;
}

/** The samples with weights multiplied by those of their classes. */
export function withClassWeight(where: string, samples: Samples, classWeight: ClassWeight | undefined, { loss, outputs }: Fit): Samples {
  if (classWeight === undefined) return samples;
  const label = `${where} classWeight`;
  const { y, weights } = samples;
  const binary = y.columns === 1 && loss.kind.targets !== 'index';
  const classes = binary ? 2 : outputs;
  const indices = Uint32Array.from({ length: y.rows }, (_, row) => {
    const given = y.values.subarray(row * y.columns, (row + 1) * y.columns);
    const index = y.columns > 1 ? argmax(y, row) : Math.max(0, given[0]!);
    const isClass = y.columns > 1 ? given.every((value, column) => value === Number(column === index)) : Math.abs(given[0]!) === index || given[0] === -1;
    if (isClass && index < classes && index % 1 === 0) return index;
    throw unexpected(`${label}, row ${row} of y`, 'a class: an index, a one-hot row, 0 or 1, −1 or 1', given.join());
  });
  const of = classWeight === 'balanced' ? balancedWeights(indices, classes) : weightsByClass(label, classWeight, classes, binary);
  const values = Float32Array.from(indices, (index, row) => of[index]! * (weights?.values[row] ?? 1));
  return { ...samples, weights: checkWeights(label, { values, rows: y.rows, columns: 1 }) };
}

function weightsByClass(label: string, classWeight: Exclude<ClassWeight, 'balanced'>, classes: number, binary: boolean): Float64Array {
  if (Object(classWeight) !== classWeight) throw unexpected(label, "'balanced', or weights by class", classWeight);
  const of = new Float64Array(classes).fill(1);
  for (const [key, weight] of classWeight instanceof Map ? classWeight : Object.entries(classWeight)) {
    const index = binary && Number(key) === -1 ? 0 : Number(key);
    if (!(index in of)) throw unexpected(label, `classes from 0 to ${classes - 1}`, key);
    of[index] = checkNumber(`${label} of class ${key}`, weight, { min: 0 });
  }
  return of;
}

/** Both with weights, or neither: so that training and validation share their plans. A weight of 1 changes no bit. */
export function alike(samples: Samples, others: Samples): [Samples, Samples] {
  if ((samples.weights === undefined) === (others.weights === undefined)) return [samples, others];
  const withOnes = ({ x, y, weights = { values: new Float32Array(x.rows).fill(1), rows: x.rows, columns: 1 } }: Samples): Samples => ({ x, y, weights });
  return [withOnes(samples), withOnes(others)];
}

/** How much each row counts in the loss: by a weight of its own, by that of its class, or by both. */

import { balancedClassWeights, classIndices } from '../data/classes.ts';
import { checkFinite, toMatrix, type Matrix, type MatrixLike, type NumericArray } from '../data/matrix.ts';
import { DataError, OptionError, ShapeError, show, unexpected } from '../errors.ts';
import { checkNumber } from '../options.ts';
import type { Fit, Samples } from './samples.ts';

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

/** The samples with a checked weight a row, where there are any. */
export function withSampleWeight(where: string, samples: Samples, sampleWeight: MatrixLike | undefined): Samples {
  if (sampleWeight === undefined) return samples;
  const label = `${where} sampleWeight`;
  const weights = toMatrix(label, sampleWeight, 1);
  if (weights.rows !== samples.x.rows) throw new ShapeError(`${label}: expected one for each of ${samples.x.rows} rows, received ${weights.rows}`);
  return { ...samples, weights: checkWeights(label, weights) };
}

/** Refuses weights that are negative or not finite, and those that leave nothing to count. */
export function checkWeights(where: string, weights: Matrix): Matrix {
  checkFinite(where, weights);
  const { values } = weights;
  const row = values.findIndex((weight) => weight < 0);
  if (row >= 0) throw new DataError(`${where}: row ${row}: expected a weight of at least 0, received ${values[row]}`);
  if (values.every((weight) => weight === 0)) throw new DataError(`${where}: expected a weight above 0, received none in ${values.length} rows`);
  return weights;
}

/** The samples with weights multiplied by those of their classes. */
export function withClassWeight(where: string, samples: Samples, classWeight: ClassWeight | undefined, { loss, outputs }: Fit): Samples {
  if (classWeight === undefined) return samples;
  const label = `${where} classWeight`;
  const { y, weights } = samples;
  const binary = y.columns === 1 && loss.kind.targets !== 'index';
  const classes = binary ? 2 : outputs;
  const indices = indicesOf(label, binary ? y.values.map((value) => (value === -1 ? 0 : value)) : y.values, y.columns, classes);
  const of = classWeight === 'balanced' ? balancedClassWeights(indices) : weightsByClass(label, classWeight, classes, binary);
  const values = Float32Array.from(indices, (index, row) => of[index]! * (weights?.values[row] ?? 1));
  return { ...samples, weights: checkWeights(label, { values, rows: y.rows, columns: 1 }) };
}

function indicesOf(label: string, y: Float32Array, columns: number, classes: number): Uint32Array {
  try {
    return classIndices(label, y, columns, classes);
  } catch (cause) {
    throw new OptionError(`${label} needs targets that are classes; ${(cause as Error).message}`);
  }
}

function weightsByClass(label: string, classWeight: Exclude<ClassWeight, 'balanced'>, classes: number, binary: boolean): Float64Array {
  if (typeof classWeight !== 'object' || classWeight === null) throw unexpected(label, "'balanced', or weights by class", classWeight);
  const of = new Float64Array(classes).fill(1);
  for (const [key, weight] of classWeight instanceof Map ? classWeight : Object.entries(classWeight)) {
    const index = binary && Number(key) === -1 ? 0 : Number(key);
    if (!(index in of)) throw new OptionError(`${label}: expected classes from 0 to ${classes - 1}, received a weight for ${show(key)}`);
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

/** Classes as targets: which class every row is of, and how much each should count where some are rare. */

import { DataError, ShapeError } from '../errors.ts';
import { checkFinite, rowLength, toMatrix, type Matrix, type MatrixLike } from './matrix.ts';

/** The column of the largest value of a row, the first of equal ones. */
export function argmax({ values, columns }: Matrix, row: number): number {
  const start = row * columns;
  let best = start;
  for (let i = start + 1; i < start + columns; i++) if (values[i]! > values[best]!) best = i;
  return best - start;
}

/**
 * The class of every row, as `fit` takes targets: one class index a row, which may be up to `classes` − 1, or one-hot rows where
 * `columns` is more than 1.
 *
 * @throws ShapeError or DataError for what is neither.
 */
export function classIndices(where: string, y: MatrixLike, columns: number, classes: number): Uint32Array {
  const matrix = toMatrix(where, y, columns);
  checkFinite(where, matrix);
  const indices = new Uint32Array(matrix.rows);
  for (let row = 0; row < matrix.rows; row++) indices[row] = columns > 1 ? hotColumn(where, matrix, row) : index(where, matrix.values[row]!, row, classes);
  return indices;
}

function index(where: string, value: number, row: number, classes: number): number {
  if (Number.isInteger(value) && value >= 0 && value < classes) return value;
  throw new DataError(`${where}: row ${row}: expected a class index, an integer from 0${classes < Infinity ? ` to ${classes - 1}` : ''}, received ${value}`);
}

function hotColumn(where: string, matrix: Matrix, row: number): number {
  const { values, columns } = matrix;
  const hot = argmax(matrix, row);
  for (let column = 0; column < columns; column++) {
    const value = values[row * columns + column]!;
    if (value !== (column === hot ? 1 : 0)) {
      throw new DataError(`${where}: row ${row}, column ${column}: expected a one-hot row, a single 1 among zeros, received ${value}`);
    }
  }
  return hot;
}

/**
 * A weight for each class that makes all of them count the same: rows / (classes · rows of the class), over the classes that occur;
 * 0 for an index that does not. After King and Zeng, "Logistic regression in rare events data" (2001), as in scikit-learn.
 *
 * @param y one class index a row (0 and 1 for one unit), or an array of one-hot rows.
 * @returns weights by class index, up to the greatest that occurs (or, of one-hot rows, one a column).
 * @throws ShapeError or DataError for what is neither.
 */
export function balancedClassWeights(y: MatrixLike): Float64Array {
  const columns = rowLength(y) ?? 1;
  if (columns === 0) throw new ShapeError('balancedClassWeights y: expected rows of at least one value, received a row of none');
  const indices = classIndices('balancedClassWeights y', y, columns, 2 ** 24);
  return balancedWeights(indices, Math.max(columns > 1 ? columns : 0, indices.reduce((most, one) => Math.max(most, one), 0) + 1));
}

/** The same of checked class indices below `classes`. */
export function balancedWeights(indices: Uint32Array, classes: number): Float64Array {
  const counts = new Float64Array(classes);
  for (const one of indices) counts[one]!++;
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count > 0 ? indices.length / (present * count) : 0));
}

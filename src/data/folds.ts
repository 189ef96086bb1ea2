/** Cuts rows into folds for cross-validation: every row is tested on once, by a model that was not trained on it. */

import { OptionError, ShapeError } from '../errors.ts';
import { checkBoolean, checkInteger, checkKeys } from '../options.ts';
import { Random } from '../random.ts';
import { argmax } from './classes.ts';
import { checkFinite, rowLength, toMatrix, type MatrixLike } from './matrix.ts';

export interface FoldOptions {
  /** How many, from 2 to the number of rows; default 5. */
  folds?: number;
  /** Whether rows are dealt in a random order; without, folds are consecutive rows (within each class, if stratified). Default true. */
  shuffle?: boolean;
  /** Decides that order; default 0. */
  seed?: number;
  /** One class index or one-hot row for each row: every fold then gets its share of every class, give or take one row. */
  stratify?: MatrixLike;
}

/** Row numbers, ascending. */
export interface Fold {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

/**
 * Folds of `rows` rows, whose sizes differ by one at most. The same seed gives the same folds everywhere.
 *
 * @throws OptionError for unknown options, or more folds than rows; ShapeError or DataError for classes that do not fit.
 */
export function kFold(rows: number, options: FoldOptions = {}): Fold[] {
  checkInteger('kFold rows', rows, { min: 2, max: 2 ** 32 - 1 });
  checkKeys('kFold', options, ['folds', 'shuffle', 'seed', 'stratify']);
  const folds = checkInteger('kFold folds', options.folds ?? 5, { min: 2 });
  if (folds > rows) throw new OptionError(`kFold folds: expected at most one for each of ${rows} rows, received ${folds}`);
  const order = Uint32Array.from({ length: rows }, (_, row) => row);
  const seed = checkInteger('kFold seed', options.seed ?? 0);
  if (checkBoolean('kFold shuffle', options.shuffle ?? true)) new Random(seed, 'splitting').shuffle(order);
  const foldOf = new Uint32Array(rows);
  if (options.stratify === undefined) {
    // The first folds have one row more where the count does not divide.
    const size = Math.floor(rows / folds);
    const larger = rows % folds;
    order.forEach((row, at) => (foldOf[row] = at < larger * (size + 1) ? Math.floor(at / (size + 1)) : Math.floor((at - larger) / size)));
  } else {
    // Class after class dealt out like cards: shares of each class and sizes of folds both differ by one at most.
    const keys = stratumOf(rows, options.stratify);
    [...order].sort((a, b) => keys[a]! - keys[b]!).forEach((row, at) => (foldOf[row] = at % folds));
  }
  return Array.from({ length: folds }, (_, fold) => ({
    train: rowsWhere(foldOf, (own) => own !== fold),
    test: rowsWhere(foldOf, (own) => own === fold),
  }));
}

/** What rows are told apart by: their value, or the column of the largest. */
function stratumOf(rows: number, classes: MatrixLike): Float64Array {
  const matrix = toMatrix('kFold stratify', classes, rowLength(classes) ?? Math.max(1, Math.floor((classes as ArrayLike<unknown>).length / rows)));
  if (matrix.rows !== rows) throw new ShapeError(`kFold stratify: expected a class for each of ${rows} rows, received ${matrix.rows}`);
  checkFinite('kFold stratify', matrix);
  return Float64Array.from({ length: rows }, (_, row) => (matrix.columns === 1 ? matrix.values[row]! : argmax(matrix, row)));
}

function rowsWhere(foldOf: Uint32Array, wanted: (fold: number) => boolean): Uint32Array {
  const rows = [];
  for (let row = 0; row < foldOf.length; row++) if (wanted(foldOf[row]!)) rows.push(row);
  return Uint32Array.from(rows);
}

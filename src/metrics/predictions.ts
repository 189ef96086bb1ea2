/** Reads predictions and targets of all the forms they come in, and checks that they fit one another. */

import { argmax, classIndices } from '../data/classes.ts';
import { checkFinite, rowLength, toMatrix, type Matrix, type MatrixLike } from '../data/matrix.ts';
import { DataError, OptionError, ShapeError } from '../errors.ts';
import { checkInteger, checkNumber } from '../options.ts';

export interface UnitsOption {
  /**
   * Values in a row of predictions: the model's outputs. Needed only where nothing else tells: predictions are a flat array and
   * targets are one too, of as many values (one-hot rows, or several numbers a row).
   */
  units?: number;
}

export interface ThresholdOptions extends UnitsOption {
  /** For an output of one unit: the class is 1 above this, else 0; default 0.5. Several units: the largest, the first of equal ones. */
  threshold?: number;
}

/** Predictions with the true class of every row. */
export interface Scored {
  /** [rows, units]. */
  readonly scores: Matrix;
  /** The true class of each row. */
  readonly truth: Uint32Array;
  /** The number of classes: 2 for one unit. */
  readonly classes: number;
}

/** The predictions as rows, of as many values as `units` says, or the rows themselves, or the number of targets. */
function readScores(where: string, y: MatrixLike, p: MatrixLike, units: number | undefined): Matrix {
  const own = rowLength(p) ?? (units === undefined ? undefined : checkInteger(`${where} units`, units, { min: 1 }));
  const columns = own ?? columnsFor(where, y, p);
  if (columns === 0) throw new ShapeError(`${where} p: expected rows of at least one value, received a row of none`);
  if (units !== undefined && units !== columns) throw new ShapeError(`${where} p: expected rows of ${units} values, as units says, received ${columns}`);
  const scores = toMatrix(`${where} p`, p, columns);
  checkFinite(`${where} p`, scores);
  return scores;
}

function columnsFor(where: string, y: MatrixLike, p: MatrixLike): number {
  const columns = rowLength(y) ?? 1;
  const total = p?.length;
  const rows = y?.length;
  // What is no array at all, or empty, is refused by `toMatrix` in its own words.
  if (columns > 1 || !(total > 0) || !(rows > 0)) return columns || 1;
  if (total % rows !== 0) {
    throw new ShapeError(`${where}: expected as many predictions for each target, received ${total} values for ${rows} targets`);
  }
  return total / rows;
}

function checkRows(where: string, scores: Matrix, rows: number): void {
  if (scores.rows !== rows) throw new ShapeError(`${where}: expected as many targets as predictions, received ${rows} rows of y and ${scores.rows} of p`);
}

/** Targets that are classes: one index a row, one-hot rows, or 0 and 1 for one unit (where −1 is read as 0, as hinge losses do). */
export function readClasses(where: string, y: MatrixLike, p: MatrixLike, units?: number): Scored {
  const scores = readScores(where, y, p, units);
  const { rows, columns } = scores;
  const hot = columns > 1 && (rowLength(y) ?? (y?.length === rows * columns ? columns : 1)) > 1;
  const classes = Math.max(2, columns);
  const targets = columns > 1 ? y : signsAsZero(where, y);
  const truth = classIndices(`${where} y`, targets, hot ? columns : 1, classes);
  checkRows(where, scores, truth.length);
  return { scores, truth, classes };
}

function signsAsZero(where: string, y: MatrixLike): Float32Array {
  return toMatrix(`${where} y`, y, 1).values.map((value) => (value === -1 ? 0 : value));
}

/** Targets that are numbers, as many a row as there are predictions. */
export function readNumbers(where: string, y: MatrixLike, p: MatrixLike, units?: number): { truth: Matrix; scores: Matrix } {
  // A flat array of one prediction a target says nothing of rows, which then are of one value.
  const columns = units ?? rowLength(p) ?? rowLength(y) ?? 1;
  const scores = readScores(where, y, p, columns);
  const truth = toMatrix(`${where} y`, y, scores.columns);
  checkFinite(`${where} y`, truth);
  checkRows(where, scores, truth.rows);
  return { truth, scores };
}

/** The predicted class of every row. */
export function decide(where: string, scores: Matrix, threshold: number | undefined): Uint32Array {
  const { values, rows, columns } = scores;
  if (threshold !== undefined && columns > 1) {
    throw new OptionError(`${where} threshold: only an output of one unit has one, received ${threshold} for ${columns} units`);
  }
  const above = checkNumber(`${where} threshold`, threshold ?? 0.5);
  const decided = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) decided[row] = columns > 1 ? argmax(scores, row) : values[row]! > above ? 1 : 0;
  return decided;
}

/** Sums of rows may be off by this much: rounding of many float32 values. */
const sumTolerance = 1e-3;

/** Refuses predictions that are no probabilities, such as logits: numbers from 0 to 1 whose rows, if of several, add up to 1. */
export function checkProbabilities(where: string, { values, rows, columns }: Matrix): void {
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++) {
      const value = values[row * columns + column]!;
      if (!(value >= 0 && value <= 1 + 1e-6)) {
        throw new DataError(`${where} p: row ${row}, column ${column}: expected a probability from 0 to 1, received ${value}`);
      }
      sum += value;
    }
    if (columns > 1 && Math.abs(sum - 1) > sumTolerance) {
      throw new DataError(`${where} p: row ${row}: expected probabilities that add up to 1, received a sum of ${Number(sum.toPrecision(6))}`);
    }
  }
}

/**
 * How near predicted numbers are. Throughout, `y` are targets and `p` predictions, [rows, units], flat or as arrays of rows, read
 * as float32. All take all rows at once, so that batches of unequal size are not averaged. ShapeError, DataError or OptionError says
 * what does not fit.
 */

import { rowLength, type MatrixLike } from '../data/matrix.ts';
import { unexpected } from '../errors.ts';
import { checkKeys } from '../options.ts';
import { readNumbers, type UnitsOption } from './predictions.ts';

/** The mean of `of` an error p − y over all values. */
function meanOf(where: string, y: MatrixLike, p: MatrixLike, options: UnitsOption, of: (error: number) => number): number {
  checkKeys(where, options, ['units']);
  const { truth, scores } = readNumbers(where, y, p, options.units);
  let sum = 0;
  for (let i = 0; i < scores.values.length; i++) sum += of(scores.values[i]! - truth.values[i]!);
  return sum / scores.values.length;
}

/** The mean absolute error, over all values. */
export function mae(y: MatrixLike, p: MatrixLike, options: UnitsOption = {}): number {
  return meanOf('mae', y, p, options, Math.abs);
}

/** The mean squared error, over all values. */
export function mse(y: MatrixLike, p: MatrixLike, options: UnitsOption = {}): number {
  return meanOf('mse', y, p, options, (error) => error ** 2);
}

/** The root of the mean squared error over all values. */
export function rmse(y: MatrixLike, p: MatrixLike, options: UnitsOption = {}): number {
  return Math.sqrt(meanOf('rmse', y, p, options, (error) => error ** 2));
}

/**
 * The share of the variance that predictions explain, R² = 1 − Σ(y − p)² / Σ(y − ȳ)²: 1 at best, 0 for the mean, below it worse. Of
 * several units the mean. Where targets do not vary: 1 if all are hit exactly, else 0, as in scikit-learn.
 */
export function r2Score(y: MatrixLike, p: MatrixLike, options: UnitsOption = {}): number {
  checkKeys('r2Score', options, ['units']);
  const { truth: { values, rows, columns }, scores } = readNumbers('r2Score', y, p, options.units);
  let sum = 0;
  for (let column = 0; column < columns; column++) {
    let mean = 0;
    for (let i = column; i < values.length; i += columns) mean += values[i]! / rows;
    let residual = 0;
    let total = 0;
    let varies = false;
    for (let i = column; i < values.length; i += columns) {
      residual += (values[i]! - scores.values[i]!) ** 2;
      total += (values[i]! - mean) ** 2;
      varies ||= values[i] !== values[column];
    }
    sum += varies ? 1 - residual / total : residual === 0 ? 1 : 0;
  }
  return sum / columns;
}

/**
 * The cosine of the angle between each row of targets and of predictions, y·p / (‖y‖ ‖p‖), the mean over the rows; 0 for a row of
 * zeros. Of two flat arrays, `units` must say how long rows are.
 */
export function cosineSimilarity(y: MatrixLike, p: MatrixLike, options: UnitsOption = {}): number {
  checkKeys('cosineSimilarity', options, ['units']);
  const units = options.units ?? rowLength(p) ?? rowLength(y);
  if (units === undefined) throw unexpected('cosineSimilarity units', 'the number of values in a row', undefined);
  const { truth, scores: { values, rows, columns } } = readNumbers('cosineSimilarity', y, p, units);
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    let [product, ofTruth, ofScores] = [0, 0, 0];
    for (let i = row * columns; i < (row + 1) * columns; i++) {
      product += truth.values[i]! * values[i]!;
      ofTruth += truth.values[i]! ** 2;
      ofScores += values[i]! ** 2;
    }
    if (product !== 0) sum += product / Math.sqrt(ofTruth) / Math.sqrt(ofScores);
  }
  return sum / rows;
}

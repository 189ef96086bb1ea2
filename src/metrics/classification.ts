/**
 * How good predicted classes are: counts of right and wrong ones, and what follows from them. Each takes all rows at once, so that
 * batches of unequal size are not averaged; of batches apart, confusion matrices add up, and `confusionScores` takes the sum.
 *
 * Throughout, `y` are targets as `fit` takes them: one class index a row, one-hot rows, or 0 and 1 for one unit. `p` are
 * predictions as `predict` returns them, [rows, units]. Both may be flat or arrays of rows, and are read as float32. ShapeError,
 * DataError or OptionError says what does not fit.
 */

import type { MatrixLike } from '../data/matrix.ts';
import { OptionError, ShapeError, unexpected } from '../errors.ts';
import { checkInteger, checkKeys, checkName } from '../options.ts';
import { decide, readClasses, type ThresholdOptions, type UnitsOption } from './predictions.ts';

const averages: readonly Average[] = ['macro', 'micro', 'weighted', 'binary'];

/** How scores of classes become one number. */
export type Average = 'macro' | 'micro' | 'weighted' | 'binary';

export interface AverageOptions<Of extends Average | null = Average | null> extends ThresholdOptions {
  /**
   * `'binary'`: the score of class 1 of two. `'macro'`: the mean over the classes that occur in targets or predictions.
   * `'weighted'`: that mean weighted by how often each is the true one. `'micro'`: over all rows at once. null: each class's own, in an
   * array. Default `'binary'` for two classes, else `'macro'`.
   */
  average?: Of;
}

/** Scores by class, each from 0 to 1; 0 where there is nothing to divide by. */
export interface ConfusionScores {
  /** Of the rows predicted to be of the class, the share that are. */
  readonly precision: Float64Array;
  /** Of the rows of the class, the share predicted to be. */
  readonly recall: Float64Array;
  /** The harmonic mean of both. */
  readonly f1: Float64Array;
  /** Rows of the class. */
  readonly support: Float64Array;
  /** The share of all rows that were predicted right. */
  readonly accuracy: number;
}

/** The share of rows whose class is predicted right, as the metric `accuracy` counts it. */
export function accuracyScore(y: MatrixLike, p: MatrixLike, options: ThresholdOptions = {}): number {
  checkKeys('accuracyScore', options, ['threshold', 'units']);
  const { scores, truth } = readClasses('accuracyScore', y, p, options.units);
  const decided = decide('accuracyScore', scores, options.threshold);
  return truth.reduce((right, one, row) => right + (one === decided[row] ? 1 : 0), 0) / truth.length;
}

/**
 * The share of rows whose class is among the `k` most probable. Of equal values the first counts as the larger, so that 1 gives the
 * accuracy.
 */
export function topKAccuracy(y: MatrixLike, p: MatrixLike, options: UnitsOption & { k: number }): number {
  checkKeys('topKAccuracy', options, ['k', 'units']);
  const { scores: { values, columns }, truth } = readClasses('topKAccuracy', y, p, options.units);
  if (columns === 1) throw new ShapeError('topKAccuracy p: expected rows of at least 2 values, received 1');
  const k = checkInteger('topKAccuracy k', options.k, { min: 1, max: columns });
  let right = 0;
  truth.forEach((one, row) => {
    const own = values[row * columns + one]!;
    let before = 0;
    for (let column = 0; column < columns; column++) {
      const other = values[row * columns + column]!;
      if (other > own || (other === own && column < one)) before++;
    }
    if (before < k) right++;
  });
  return right / truth.length;
}

/** Counts of rows by class: `matrix[true class][predicted class]`. Matrices of several batches may be added up. */
export function confusionMatrix(y: MatrixLike, p: MatrixLike, options: ThresholdOptions = {}): Uint32Array[] {
  checkKeys('confusionMatrix', options, ['threshold', 'units']);
  return confusion('confusionMatrix', y, p, options);
}

function confusion(where: string, y: MatrixLike, p: MatrixLike, { threshold, units }: ThresholdOptions): Uint32Array[] {
  const { scores, truth, classes } = readClasses(where, y, p, units);
  const decided = decide(where, scores, threshold);
  const counts = Array.from({ length: classes }, () => new Uint32Array(classes));
  truth.forEach((one, row) => counts[one]![decided[row]!]!++);
  return counts;
}

/** The scores of every class, of a confusion matrix: rows true, columns predicted. */
export function confusionScores(matrix: readonly ArrayLike<number>[]): ConfusionScores {
  if (!Array.isArray(matrix) || matrix.length === 0) throw unexpected('confusionScores', 'an array of rows of counts', matrix);
  const counts = (matrix as ArrayLike<number>[]).map((row) => Float64Array.from(row));
  counts.forEach((row, i) => {
    if (row.length !== counts.length) throw new ShapeError(`confusionScores[${i}]: expected a row of ${counts.length} counts, received ${row.length}`);
  });
  const right = Float64Array.from(counts, (row, i) => row[i]!);
  const support = Float64Array.from(counts, sum);
  const predicted = Float64Array.from(counts, (_, i) => sum(counts.map((row) => row[i]!)));
  return {
    precision: right.map((count, i) => share(count, predicted[i]!)),
    recall: right.map((count, i) => share(count, support[i]!)),
    f1: right.map((count, i) => share(2 * count, predicted[i]! + support[i]!)),
    support,
    accuracy: share(sum(right), sum(support)),
  };
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

type Score = 'precision' | 'recall' | 'f1';

function averaged(where: string, score: Score, y: MatrixLike, p: MatrixLike, options: AverageOptions): number | Float64Array {
  checkKeys(where, options, ['average', 'threshold', 'units']);
  const matrix = confusion(where, y, p, options);
  const average = options.average ?? (options.average === null ? null : matrix.length === 2 ? 'binary' : 'macro');
  if (average === null) return confusionScores(matrix)[score];
  return mean(where, score, matrix, checkName(`${where} average`, average, averages));
}

function mean(where: string, score: Score, matrix: readonly Uint32Array[], average: Average): number {
  const scores = confusionScores(matrix);
  if (average === 'binary') {
    if (matrix.length !== 2) throw new OptionError(`${where} average: 'binary' is for two classes, these are ${matrix.length}; use 'macro', 'micro' or 'weighted'`);
    return scores[score][1]!;
  }
  // As every row is of one class and predicted to be of one, the three scores over all rows are the accuracy.
  if (average === 'micro') return scores.accuracy;
  const weights = scores.support.map((rows, i) => (average === 'weighted' ? rows : rows > 0 || matrix.some((row) => row[i]! > 0) ? 1 : 0));
  return sum(scores[score].map((value, i) => value * weights[i]!)) / sum(weights);
}

/** Of the rows predicted to be of a class, the share that are; 0 where none is. */
export function precision(y: MatrixLike, p: MatrixLike, options: AverageOptions<null> & { average: null }): Float64Array;
export function precision(y: MatrixLike, p: MatrixLike, options?: AverageOptions<Average>): number;
export function precision(y: MatrixLike, p: MatrixLike, options: AverageOptions = {}): number | Float64Array {
  return averaged('precision', 'precision', y, p, options);
}

/** Of the rows of a class, the share predicted to be; 0 where there are none. */
export function recall(y: MatrixLike, p: MatrixLike, options: AverageOptions<null> & { average: null }): Float64Array;
export function recall(y: MatrixLike, p: MatrixLike, options?: AverageOptions<Average>): number;
export function recall(y: MatrixLike, p: MatrixLike, options: AverageOptions = {}): number | Float64Array {
  return averaged('recall', 'recall', y, p, options);
}

/** The harmonic mean of precision and recall, class by class before any averaging, as scikit-learn's. */
export function f1Score(y: MatrixLike, p: MatrixLike, options: AverageOptions<null> & { average: null }): Float64Array;
export function f1Score(y: MatrixLike, p: MatrixLike, options?: AverageOptions<Average>): number;
export function f1Score(y: MatrixLike, p: MatrixLike, options: AverageOptions = {}): number | Float64Array {
  return averaged('f1Score', 'f1', y, p, options);
}

/** A table of precision, recall, f1 score and support of every class that occurs, with their averages, laid out as scikit-learn's. */
export function classificationReport(
  y: MatrixLike, p: MatrixLike, options: ThresholdOptions & {
    /** Names of the classes, in order; default their indices. */
    labels?: readonly string[];
  } = {},
): string {
  const where = 'classificationReport';
  checkKeys(where, options, ['labels', 'threshold', 'units']);
  const matrix = confusion(where, y, p, options);
  const labels = options.labels ?? matrix.map((_, i) => String(i));
  if (!Array.isArray(labels as unknown) || labels.length !== matrix.length) throw unexpected(`${where} labels`, `an array of ${matrix.length} names`, labels);
  const { accuracy, support, ...scores } = confusionScores(matrix);
  const columns = ['precision', 'recall', 'f1'] as const;
  const rows = sum(support);
  const occurring = matrix.flatMap((_, i) => (support[i]! > 0 || matrix.some((row) => row[i]! > 0) ? [i] : []));
  const width = Math.max('weighted avg'.length, ...occurring.map((i) => labels[i]!.length));
  const line = (name: string, cells: readonly string[]): string => `${name.padStart(width)} ${cells.map((cell) => ` ${cell.padStart(9)}`).join('')}`;
  const figures = (name: string, values: readonly number[], count: number): string => line(name, [...values.map((value) => value.toFixed(2)), String(count)]);
  const over = (average: Average): number[] => columns.map((score) => mean(where, score, matrix, average));
  return [
    line('', ['precision', 'recall', 'f1-score', 'support']),
    '',
    ...occurring.map((i) => figures(labels[i]!, columns.map((score) => scores[score][i]!), support[i]!)),
    '',
    line('accuracy', ['', '', accuracy.toFixed(2), String(rows)]),
    figures('macro avg', over('macro'), rows),
    figures('weighted avg', over('weighted'), rows),
    '',
  ].join('\n');
}

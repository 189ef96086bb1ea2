/** How good predicted probabilities are: how well they rank, how surprised they are by the truth, and whether they mean what they say. */

import { argmax } from '../data/classes.ts';
import type { MatrixLike } from '../data/matrix.ts';
import { DataError, ShapeError } from '../errors.ts';
import { checkInteger, checkKeys } from '../options.ts';
import { checkProbabilities, readClasses, type Scored, type UnitsOption } from './predictions.ts';

/** Points of a receiver operating characteristic, from (0, 0) to (1, 1). */
export interface RocCurve {
  /** The share of rows of class 0 with a score of at least the threshold. */
  readonly falsePositiveRate: Float64Array;
  /** The share of rows of class 1 with a score of at least the threshold. */
  readonly truePositiveRate: Float64Array;
  /** Infinity, then every score that occurs, descending. */
  readonly thresholds: Float64Array;
}

/** One class against all others: its scores in descending order, and whether each row is of the class. */
function ranked(where: string, { scores: { values, rows, columns }, truth }: Scored, one: number): { scores: Float32Array; own: boolean[]; positive: number } {
  const column = columns === 1 ? 0 : one;
  const score = (row: number): number => values[row * columns + column]!;
  const order = Uint32Array.from({ length: rows }, (_, row) => row).sort((a, b) => score(b) - score(a));
  const own = Array.from(order, (row) => truth[row] === one);
  const positive = own.filter(Boolean).length;
  if (positive === 0 || positive === rows) {
    throw new DataError(`${where} y: expected rows of class ${one} and of others, received ${positive} of ${rows} rows of that class`);
  }
  return { scores: Float32Array.from(order, score), own, positive };
}

/**
 * The area under the receiver operating characteristic: the probability that a row of class 1 scores higher than one of class 0,
 * a tie counting half (the Mann-Whitney U statistic; Hanley and McNeil, 1982). For more than two classes the mean of each against the
 * rest. `y` and `p` as for `accuracyScore`; only the order of the scores counts, so logits do too.
 *
 * @throws DataError where a class has no rows, or all of them.
 */
export function rocAuc(y: MatrixLike, p: MatrixLike, options: UnitsOption = {}): number {
  checkKeys('rocAuc', options, ['units']);
  const scored = readClasses('rocAuc', y, p, options.units);
  if (scored.classes === 2) return areaOf(scored, 1);
  let sum = 0;
  for (let one = 0; one < scored.classes; one++) sum += areaOf(scored, one);
  return sum / scored.classes;
}

function areaOf(scored: Scored, one: number): number {
  const { scores, own, positive } = ranked('rocAuc', scored, one);
  // Pairs in order, in halves: every positive row beats the negative ones after it, and half of those it ties with.
  let halves = 0;
  let above = 0;
  for (let start = 0, end = 0; start < own.length; start = end) {
    let ties = 0;
    for (; end < own.length && scores[end] === scores[start]; end++) if (own[end]!) ties++;
    halves += (end - start - ties) * (2 * above + ties);
    above += ties;
  }
  return halves / (2 * positive * (own.length - positive));
}

/**
 * The receiver operating characteristic of two classes, a point for every score that occurs.
 *
 * @throws ShapeError for more than two classes; DataError where a class has no rows.
 */
export function rocCurve(y: MatrixLike, p: MatrixLike, options: UnitsOption = {}): RocCurve {
  checkKeys('rocCurve', options, ['units']);
  const scored = readClasses('rocCurve', y, p, options.units);
  if (scored.classes > 2) throw new ShapeError(`rocCurve p: expected two classes, rows of 1 or 2 values, received ${scored.classes}`);
  const { scores, own, positive } = ranked('rocCurve', scored, 1);
  const points: [number, number, number][] = [[0, 0, Infinity]];
  let above = 0;
  own.forEach((yes, i) => {
    if (yes) above++;
    if (scores[i] !== scores[i + 1]) points.push([(i + 1 - above) / (own.length - positive), above / positive, scores[i]!]);
  });
  const part = (at: 0 | 1 | 2): Float64Array => Float64Array.from(points, (point) => point[at]);
  return { falsePositiveRate: part(0), truePositiveRate: part(1), thresholds: part(2) };
}

/**
 * −log of the probability given to the true class, natural, the mean over all rows. Rows of several are divided by their sum, and
 * probabilities clipped to [1e-7, 1 − 1e-7], as in the cross-entropy losses.
 *
 * @throws DataError for predictions that are no probabilities, such as logits.
 */
export function logLoss(y: MatrixLike, p: MatrixLike, options: UnitsOption = {}): number {
  checkKeys('logLoss', options, ['units']);
  const { scores, truth } = readClasses('logLoss', y, p, options.units);
  checkProbabilities('logLoss', scores);
  const { values, columns } = scores;
  let sum = 0;
  truth.forEach((one, row) => {
    if (columns === 1) {
      const probability = clip(values[row]!);
      sum -= one === 1 ? Math.log(probability) : Math.log1p(-probability);
    } else {
      const start = row * columns;
      let whole = 0;
      for (let i = start; i < start + columns; i++) whole += values[i]!;
      sum -= Math.log(clip(values[start + one]! / whole));
    }
  });
  return sum / truth.length;
}

/** Kept in [1e-7, 1 − 1e-7], both as float32, as in the losses. Constants of the module a bundler would not drop: they are calls. */
function clip(probability: number): number {
  return Math.min(Math.fround(1 - 1e-7), Math.max(Math.fround(1e-7), probability));
}

/**
 * The expected calibration error: rows are sorted into bins by confidence, the probability of the predicted class, and the
 * difference between the mean confidence and the accuracy of each bin is averaged, weighted by its rows. Guo, Pleiss, Sun, Weinberger, "On
 * calibration of modern neural networks" (2017). Bins are of equal width, and hold their upper end.
 *
 * @throws DataError for predictions that are no probabilities, such as logits.
 */
export function calibrationError(y: MatrixLike, p: MatrixLike, options: UnitsOption & {
  /** How many; default 15. */
  bins?: number;
} = {}): number {
  checkKeys('calibrationError', options, ['bins', 'units']);
  const bins = checkInteger('calibrationError bins', options.bins ?? 15, { min: 1, max: 2 ** 24 });
  const { scores, truth } = readClasses('calibrationError', y, p, options.units);
  checkProbabilities('calibrationError', scores);
  const { values, columns } = scores;
  // Confidence less accuracy, summed a bin: the counts cancel.
  const gaps = new Float64Array(bins);
  truth.forEach((one, row) => {
    const decided = columns > 1 ? argmax(scores, row) : values[row]! > 0.5 ? 1 : 0;
    const confidence = columns > 1 ? values[row * columns + decided]! : Math.max(values[row]!, 1 - values[row]!);
    gaps[Math.min(bins, Math.max(1, Math.ceil(confidence * bins))) - 1]! += confidence - (decided === one ? 1 : 0);
  });
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / truth.length;
}

/** How good predictions are on rows with known targets, as plain data, which is what `--json` prints, and what text and reports show. */

import { confusionMatrix, confusionScores, mae, mse, r2Score } from '../index.ts';

export interface ClassScores {
  readonly task: 'classification';
  readonly rows: number;
  readonly accuracy: number;
  /** The mean over the classes that occur, in targets or predictions. */
  readonly macroF1: number;
  readonly classes: readonly { readonly label: string; readonly precision: number; readonly recall: number; readonly f1: number; readonly rows: number }[];
  /** `confusion[true class][predicted class]`, in the order of `classes`. */
  readonly confusion: readonly (readonly number[])[];
}

/** A row with what is known of it and what was predicted. */
export interface Residual {
  /** Its number in the file, from 1. */
  readonly row: number;
  readonly actual: number;
  readonly predicted: number;
}

export interface NumberScores {
  readonly task: 'regression';
  readonly rows: number;
  readonly mse: number;
  readonly rmse: number;
  readonly mae: number;
  readonly r2: number;
  /** The rows furthest off, the furthest first. */
  readonly largest: readonly Residual[];
  /** How often predictions were off by how much: `counts[i]` rows from `edges[i]` to `edges[i + 1]`, too high above 0. */
  readonly histogram: { readonly edges: readonly number[]; readonly counts: readonly number[] };
  /** Actual and predicted value of every row. */
  readonly pairs: readonly (readonly [number, number])[];
}

export type Scores = ClassScores | NumberScores;

const largestShown = 5;
const bars = 9;

/** Of classes `y`, one index a row, and predictions [rows, units], by the names of the classes. */
export function scoreClasses(y: Float32Array, predicted: Float32Array, units: number, labels: readonly string[]): ClassScores {
  const confusion = confusionMatrix(y, predicted, { units }).map((row) => [...row]);
  const { accuracy, precision, recall, f1, support } = confusionScores(confusion);
  const occurring = confusion.flatMap((_, i) => (support[i]! > 0 || confusion.some((other) => other[i]! > 0) ? [i] : []));
  return {
    task: 'classification',
    rows: y.length,
    accuracy,
    macroF1: occurring.reduce((sum, i) => sum + f1[i]!, 0) / occurring.length,
    classes: confusion.map((_, i) => ({ label: labels[i] ?? String(i), precision: precision[i]!, recall: recall[i]!, f1: f1[i]!, rows: support[i]! })),
    confusion,
  };
}

/** Of numbers `y` and predictions of one unit; `rows` are the numbers of the rows in their file, from 0. */
export function scoreNumbers(y: Float32Array, predicted: Float32Array, rows: ArrayLike<number>): NumberScores {
  const squares = mse(y, predicted);
  const errors = predicted.map((value, i) => value - y[i]!);
  const furthest = [...errors.keys()].sort((a, b) => Math.abs(errors[b]!) - Math.abs(errors[a]!)).slice(0, largestShown);
  return {
    task: 'regression',
    rows: y.length,
    mse: squares,
    rmse: Math.sqrt(squares),
    mae: mae(y, predicted),
    r2: r2Score(y, predicted),
    largest: furthest.map((i) => ({ row: rows[i]! + 1, actual: y[i]!, predicted: predicted[i]! })),
    histogram: histogramOf(errors),
    pairs: Array.from(y, (actual, i) => [actual, predicted[i]!] as const),
  };
}

/** Bars of the same width, the middle one around 0. */
function histogramOf(errors: Float32Array): NumberScores['histogram'] {
  const reach = errors.reduce((largest, error) => Math.max(largest, Math.abs(error)), 0) || 1;
  const width = (2 * reach) / bars;
  const counts = new Array<number>(bars).fill(0);
  for (const error of errors) counts[Math.min(bars - 1, Math.floor((error + reach) / width))]!++;
  return { edges: Array.from({ length: bars + 1 }, (_, i) => i * width - reach), counts };
}

/** The scores for JSON, figures together. */
export function documentOf(scores: Scores): { metrics: Readonly<Record<string, number>>; [detail: string]: unknown } {
  if (scores.task === 'classification') {
    const { accuracy, macroF1, classes, confusion } = scores;
    return { metrics: { accuracy, macroF1 }, classes, confusion: { labels: classes.map(({ label }) => label), matrix: confusion } };
  }
  const { mse, rmse, mae, r2, largest, histogram } = scores;
  return { metrics: { mse, rmse, mae, r2 }, residuals: { largest, histogram } };
}

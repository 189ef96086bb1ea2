/** Scores as lines for a terminal: figures, the confusion matrix or what is most often confused, and how far numbers are off. */

import type { ClassScores, NumberScores, Scores } from './scores.ts';
import { count, fit, lineWidth, pad, percent, significant, table, type Terminal } from './terminal.ts';

const mostPairs = 10;
const mostClasses = 30;
const longestLabel = 24;
/** Columns of a matrix with names shorter than this say nothing. */
const leastCell = 4;
const longestBar = 40;

/** Scores of rows that are called `what`, for example `'held-out'`. */
export function scoreLines(screen: Terminal, scores: Scores, what = ''): string[] {
  return scores.task === 'classification' ? classLines(screen, scores, what) : numberLines(screen, scores, what);
}

function rowsCalled(rows: number, what: string): string {
  return [count(rows), what, rows === 1 ? 'row' : 'rows'].filter(Boolean).join(' ');
}

function classLines(screen: Terminal, scores: ClassScores, what: string): string[] {
  const { accuracy, macroF1, classes, confusion, rows } = scores;
  const wrong = rows - confusion.reduce((sum, row, i) => sum + row[i]!, 0);
  const shown = classes.slice(0, mostClasses);
  return [
    screen.bold(`Accuracy ${percent(accuracy)}, macro F1 ${macroF1.toFixed(3)}: ${count(wrong)} of ${rowsCalled(rows, what)} wrong`),
    '',
    ...table([
      ['class', 'precision', 'recall', 'F1', 'rows'],
      ...shown.map(({ label, precision, recall, f1, rows: own }) =>
        [fit(label, longestLabel), percent(precision), percent(recall), f1.toFixed(3), count(own)]),
    ], 3),
    ...(shown.length < classes.length ? [`  and ${classes.length - shown.length} more classes`] : []),
    '',
    ...confusionLines(screen, confusion, classes.map(({ label }) => label), 'predicted'),
  ];
}

/**
 * The matrix, rows what they are, columns what they were taken for; where it is wider than a line, the pairs that were confused most often.
 *
 * @param verb what was done, for the heading: `predicted`.
 */
export function confusionLines(screen: Terminal, confusion: readonly ArrayLike<number>[], labels: readonly string[], verb: string): string[] {
  const corner = `is \\ ${verb}`;
  const first = Math.max(corner.length, ...labels.map((label) => Math.min(label.length, longestLabel)));
  const gap = labels.length <= 10 ? 3 : 1;
  const room = Math.floor((lineWidth - 2 - first) / labels.length) - gap;
  const digits = Math.max(...confusion.map((row) => String(Math.max(...Array.from(row))).length));
  const longest = Math.max(...labels.map((label) => label.length));
  if (room < Math.max(digits, Math.min(longest, leastCell))) return confusedPairs(confusion, labels, verb);
  return table([
    [corner, ...labels.map((label) => fit(label, room))],
    ...confusion.map((row, is) => [
      pad(fit(labels[is]!, longestLabel), first, 'left'),
      ...Array.from(row, (value, read) => (value === 0 ? screen.dim('.') : is === read ? String(value) : screen.red(String(value)))),
    ]),
  ], gap);
}

function confusedPairs(confusion: readonly ArrayLike<number>[], labels: readonly string[], verb: string): string[] {
  const pairs = confusion.flatMap((row, is) => Array.from(row, (rows, read) => ({ is, read, rows })).filter(({ read, rows }) => read !== is && rows > 0));
  if (pairs.length === 0) return [];
  const shown = pairs.sort((a, b) => b.rows - a.rows).slice(0, mostPairs);
  return ['  Most often confused:', ...table([
    ['is', verb, 'rows'],
    ...shown.map(({ is, read, rows }) => [fit(labels[is]!, longestLabel), fit(labels[read]!, longestLabel), count(rows)]),
  ], 3)];
}

function numberLines(screen: Terminal, scores: NumberScores, what: string): string[] {
  const { rows, histogram: { edges, counts }, largest } = scores;
  const most = Math.max(...counts);
  const mark = screen.unicode ? '█' : '#';
  return [
    screen.bold(`R² ${scores.r2.toFixed(3)}, mean absolute error ${significant(scores.mae)} on ${rowsCalled(rows, what)}`),
    `MSE ${significant(scores.mse)}, its root ${significant(scores.rmse)}`,
    '',
    'Predicted minus actual:',
    ...table(counts.map((rowsIn, i) => [`${pad(significant(edges[i]!), 9, 'left')} to ${pad(significant(edges[i + 1]!), 9, 'left')}`, count(rowsIn)])).map((line, i) =>
      `${line}  ${mark.repeat(Math.ceil((longestBar * counts[i]!) / most))}`.trimEnd()),
    '',
    'Furthest off:',
    ...table([
      ['row of data', 'actual', 'predicted', 'off by'],
      ...largest.map(({ row, actual, predicted }) => [count(row), significant(actual), significant(predicted), significant(predicted - actual)]),
    ], 3),
  ];
}

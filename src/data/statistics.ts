/** What can be said of the columns of a data set before training: their distribution, and what will be in the way of learning. */

import { argmax } from './classes.ts';
import type { Matrix } from './matrix.ts';

/** Of one column; over its finite values alone, but for the counts of the others. */
export interface ColumnStatistics {
  readonly name: string;
  readonly mean: number;
  /** Standard deviation of the values at hand: the root of the mean square distance from the mean. */
  readonly deviation: number;
  readonly min: number;
  readonly max: number;
  /** Values that are NaN. */
  readonly missing: number;
  /** Values that are Infinity or -Infinity. */
  readonly infinite: number;
}

/** Something in a data set that is likely to be in the way. */
export interface Problem {
  /**
   * `missing` and `infinite` values; a `constant` column; a `duplicate` of another column; a `leak`: a column that is the target; `imbalance`: a class with
   * less than a tenth of the rows of another.
   */
  readonly code: 'missing' | 'infinite' | 'constant' | 'duplicate' | 'leak' | 'imbalance';
  /** The name of the column it concerns. */
  readonly column: string;
  /** A sentence that says what, and what to do. */
  readonly message: string;
}

/** The least share of the rows of the most frequent class that a class should have. */
const leastShare = 0.1;

/** Mean and others of every column, in double precision; NaN where it has no finite value. */
export function statisticsOf(matrix: Matrix, names: readonly string[]): ColumnStatistics[] {
  return names.map((name, column) => statisticsOfColumn(matrix, name, column));
}

function statisticsOfColumn({ values, columns }: Matrix, name: string, column: number): ColumnStatistics {
  let [sum, min, max, missing, infinite, count] = [0, Infinity, -Infinity, 0, 0, 0];
  for (let i = column; i < values.length; i += columns) {
    const value = values[i]!;
    if (Number.isFinite(value)) {
      sum += value;
      count++;
      if (value < min) min = value;
      if (value > max) max = value;
    } else if (Number.isNaN(value)) missing++;
    else infinite++;
  }
  if (count === 0) return { name, mean: NaN, deviation: NaN, min: NaN, max: NaN, missing, infinite };
  const mean = sum / count;
  let squares = 0;
  for (let i = column; i < values.length; i += columns) if (Number.isFinite(values[i]!)) squares += (values[i]! - mean) ** 2;
  return { name, mean, deviation: min === max ? 0 : Math.sqrt(squares / count), min, max, missing, infinite };
}

/** What is wrong with samples `x` and targets `y` of the same number of rows; nothing, if all is well. */
export function problemsOf(x: Matrix, y: Matrix, names: readonly string[], targets: readonly string[], labels: readonly string[] | undefined): Problem[] {
  return [
    ...statisticsOf(x, names).flatMap((column) => problemsOfColumn(column, x.rows)),
    ...statisticsOf(y, targets).flatMap((column) => problemsOfColumn(column, y.rows)),
    ...copies(x, y, names, targets),
    ...imbalances(y, targets, labels),
  ];
}

function problemsOfColumn({ name, missing, infinite, min, max }: ColumnStatistics, rows: number): Problem[] {
  const problems: Problem[] = [];
  const tell = (code: Problem['code'], message: string): unknown => problems.push({ code, column: name, message: `Column '${name}' ${message}` });
  if (missing > 0) tell('missing', `has no value in ${missing} of ${rows} rows; fill them in, or leave out the column, or those rows with complete().`);
  if (infinite > 0) tell('infinite', `is infinite in ${infinite} of ${rows} rows; training takes finite numbers alone: leave out the column, or those rows with complete().`);
  if (min === max) tell('constant', `is ${min} in every row that has a value; nothing can be learnt from it.`);
  return problems;
}

/** Columns that equal an earlier one or a target, told apart by a hash first. */
function copies(x: Matrix, y: Matrix, names: readonly string[], targets: readonly string[]): Problem[] {
  const seen = new Map<number, { matrix: Matrix; column: number; name: string }[]>();
  const problems: Problem[] = [];
  const visit = (matrix: Matrix, name: string, column: number): void => {
    const hash = hashOf(matrix, column);
    const known = seen.get(hash) ?? [];
    const twin = isConstant(matrix, column) ? undefined : known.find((other) => sameValues(matrix, column, other.matrix, other.column));
    if (twin === undefined) seen.set(hash, [...known, { matrix, column, name }]);
    else if (twin.matrix === matrix) problems.push({ code: 'duplicate', column: name, message: `Column '${name}' has the same values as '${twin.name}'; leave one out.` });
    else problems.push({ code: 'leak', column: name, message: `Column '${name}' has the same values as the target '${twin.name}': there is nothing left to learn.` });
  };
  targets.forEach((name, column) => visit(y, name, column));
  names.forEach((name, column) => visit(x, name, column));
  return problems;
}

function hashOf({ values, columns }: Matrix, column: number): number {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  let hash = 0;
  for (let i = column; i < bits.length; i += columns) hash = Math.imul(hash ^ bits[i]!, 0x01000193);
  return hash;
}

function isConstant({ values, columns }: Matrix, column: number): boolean {
  for (let i = column; i < values.length; i += columns) if (!Object.is(values[i], values[column])) return false;
  return true;
}

function sameValues(a: Matrix, aColumn: number, b: Matrix, bColumn: number): boolean {
  for (let row = 0; row < a.rows; row++) {
    if (!Object.is(a.values[row * a.columns + aColumn], b.values[row * b.columns + bColumn])) return false;
  }
  return true;
}

/** Classes that are rare beside the most frequent one, where the targets are classes. */
function imbalances(y: Matrix, targets: readonly string[], labels: readonly string[] | undefined): Problem[] {
  const counts = classCounts(y);
  const most = Math.max(0, ...counts);
  return counts.flatMap((count, index) => {
    if (count >= most * leastShare) return [];
    const name = labels?.[index] ?? (y.columns > 1 ? targets[index]! : String(index));
    const message = `Class '${name}' has ${count} of ${y.rows} rows, class '${labels?.[counts.indexOf(most)] ?? counts.indexOf(most)}' has ${most}; `
      + 'split with `stratified`, and look at more than accuracy, or train with the class weights of `balancedClassWeights`.';
    return [{ code: 'imbalance', column: y.columns > 1 ? targets[index]! : targets[0]!, message }];
  });
}

/** Rows of each class; none where `y` does not look like classes: one-hot rows, or integers from 0 of which none is left out up to the greatest. */
function classCounts(y: Matrix): number[] {
  const counts: number[] = y.columns > 1 ? Array.from({ length: y.columns }, () => 0) : [];
  for (let row = 0; row < y.rows; row++) {
    const index = y.columns > 1 ? argmax(y, row) : y.values[row]!;
    if (!Number.isInteger(index) || index < 0 || index >= 1000) return [];
    if (y.columns > 1 && !isOneHot(y, row, index)) return [];
    counts[index] = (counts[index] ?? 0) + 1;
  }
  // As many classes as that would be numbers of things rather.
  return Object.keys(counts).length < counts.length || (y.columns === 1 && 2 * counts.length > y.rows) ? [] : counts;
}

function isOneHot({ values, columns }: Matrix, row: number, hot: number): boolean {
  for (let column = 0; column < columns; column++) if (values[row * columns + column] !== (column === hot ? 1 : 0)) return false;
  return true;
}

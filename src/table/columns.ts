/** Which columns of a table a model is made of: what it predicts and what from, and what of them is of no use. */

import { Features, type FeatureInput, type FeaturesDescription, type FeatureTarget, type Label } from '../data/features.ts';
import { columnNamed } from '../data/split.ts';
import type { CategoryColumn, Column, ColumnType, NumberColumn, Table } from '../data/table.ts';
import { DataError, OptionError, show } from '../errors.ts';
import { warnOnce } from '../platform.ts';

/** Labels beyond which words are taken for names of rows, and the share of the rows that does the same. */
const mostLabels = 50;
const mostLabelShare = 0.5;
/** Distinct integers beyond which a target of numbers is one of amounts. */
const mostClasses = 20;

/** The column to predict, with what it is: classes, or numbers. Rows that have none are not in `rows`. */
export interface Target {
  readonly task: FeaturesDescription['task'];
  readonly column: Column;
  readonly labels: readonly Label[] | undefined;
  readonly rows: Uint32Array;
}

/** Is told, in a sentence, what is left out. */
export type Warn = (message: string) => void;

/** See `TrainTableOptions` for what is a class. Rows without a target are left out. */
export function targetOf(table: Table, name: string, task: Target['task'] | undefined, warn: Warn): Target {
  const column = columnNamed('trainTable target', table, name);
  const rows = presentRows(column);
  const missing = table.rowCount - rows.length;
  if (rows.length < 2) throw new DataError(`trainTable: expected at least two rows with a value in column ${show(name)}, the target, received ${rows.length}`);
  if (missing > 0) warn(`trainTable: ${missing} of ${table.rowCount} rows have no value in ${show(name)}, the target, and are left out`);
  if (column.type !== 'number' && task === 'regression') {
    throw new OptionError(`trainTable task: expected 'classification', as column ${show(name)} holds ${column.type === 'boolean' ? 'booleans' : 'words'}, received 'regression'`);
  }
  if (column.type === 'number' && task !== 'classification' && (task === 'regression' || !holdsClasses(column, rows))) return { task: 'regression', column, labels: undefined, rows };
  const labels = labelsOf(column, rows);
  if (labels.length < 2) throw new DataError(`trainTable: expected at least two classes in column ${show(name)}, the target, received ${show(labels[0])} alone`);
  return { task: 'classification', column, labels, rows };
}

function presentRows({ values }: Column): Uint32Array {
  return Uint32Array.from(values.keys()).filter((row) => values[row] !== null && values[row] === values[row]);
}

/** Few integers, each of them more than once. */
function holdsClasses({ values }: NumberColumn, rows: Uint32Array): boolean {
  const counts = new Map<number, number>();
  for (const row of rows) {
    const value = values[row]!;
    if (!Number.isInteger(value) || (!counts.has(value) && counts.size === mostClasses)) return false;
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts.values()].every((count) => count > 1);
}

/** The values in some rows, each once: numbers ascending, false before true, words in the order of their first row. */
function labelsOf(column: Column, rows: Uint32Array): Label[] {
  const { values } = column;
  const labels = [...new Set(Array.from(rows, (row) => values[row] as Label))];
  return column.type === 'category' ? labels : labels.sort((a, b) => Number(a) - Number(b));
}

/** How the rows of `training` become numbers. Columns of names are left out, unless `named` says what they are. */
export function featuresOf(table: Table, { task, column: target, labels }: Target, training: Uint32Array, named: Readonly<Record<string, ColumnType>>, warn: Warn): Features {
  const candidates = table.columns.filter(({ name }) => name !== target.name);
  const leftOut = candidates.filter((column) => column.type === 'category' && !Object.hasOwn(named, column.name) && holdsNames(column, training));
  const used = candidates.filter((column) => !leftOut.includes(column));
  if (used.length === 0) {
    const others = leftOut.length === 0 ? '' : ` but ${leftOut.map(({ name }) => show(name)).join(', ')}, words that name rows; columns: { ${show(leftOut[0]!.name)}: 'category' } keeps one`;
    throw new DataError(`trainTable: expected a column to predict ${show(target.name)} from, received none${others}`);
  }
  if (leftOut.length > 0) {
    warn(
      `trainTable leaves out ${leftOut.map(({ name }) => show(name)).join(', ')}: words that name rows, more than ${mostLabels} or as many as half the rows, ` +
        "tell nothing of other rows; columns: { name: 'category' } keeps one",
    );
  }
  const ignored = Object.keys(named).filter((name) => named[name] === 'ignore');
  const inputs = used.map((column): FeatureInput => {
    const { name, type } = column;
    const present = training.findIndex((row) => column.values[row] !== null && column.values[row] === column.values[row]);
    if (present < 0) throw new DataError(`trainTable: expected a value in column ${show(name)}, received none in any row to train on; columns: { ${show(name)}: 'ignore' } leaves it out`);
    return type === 'category' ? { name, type, labels: wordsOf(column, training) } : { name, type };
  });
  const own: FeatureTarget = { name: target.name, type: target.type, ...(labels !== undefined && { labels }) };
  return Features.from({ task, inputs, target: own, leftOut: [...leftOut.map(({ name }) => name), ...ignored] });
}

const wordsOf = ({ codes, labels }: CategoryColumn, rows: Uint32Array): string[] => [...new Set(Array.from(rows, (row) => codes[row]!))].filter((code) => code >= 0).map((code) => labels[code]!);

function holdsNames(column: CategoryColumn, rows: Uint32Array): boolean {
  const count = wordsOf(column, rows).length;
  return count > mostLabels || count > rows.length * mostLabelShare;
}

/** The share of what a column spans that rounding may take from its values. */
const mostRounded = 1e-3;

/**
 * Says once of columns that what tells their values apart is lost in float32, which keeps some seven digits: as of times in milliseconds since 1970
 * within a day, or long numbers that were counted up.
 */
export function warnOfRounding({ columns }: Table, { inputs, target }: Features, rows: Uint32Array): void {
  const used = [...inputs, target].filter(({ type, labels }) => type === 'number' && labels === undefined).map(({ name }) => name);
  for (const { name, type, values } of columns) {
    if (type !== 'number' || !used.includes(name)) continue;
    let [least, most, rounded] = [Infinity, -Infinity, 0];
    for (const row of rows) {
      const value = values[row]!;
      if (value < least) least = value;
      if (value > most) most = value;
      // NaN, where a value is missing, is not more.
      if (Math.abs(value - Math.fround(value)) > rounded) rounded = Math.abs(value - Math.fround(value));
    }
    if (most === least || rounded <= (most - least) * mostRounded) continue;
    warnOnce(
      `trainTable: the numbers in column ${show(name)}, ${least} to ${most}, are rounded to float32, which moves them by up to ${rounded}; ` +
        'subtract a number near to all of them beforehand, here and in records to predict',
    );
  }
}

/** Columns of tables as commands need them: by name, without rows that lack a value, as rows of numbers, as classes. */

import { didYouMean } from '../errors.ts';
import { pickRows, type Column, type Table } from '../index.ts';
import { UsageError } from './command.ts';
import type { Meaning } from './outputs.ts';
import { count } from './terminal.ts';

const mostListed = 20;

/** Names in a sentence. */
export function listed(names: readonly string[]): string {
  return names.slice(0, mostListed).map((name) => `'${name}'`).join(', ') + (names.length > mostListed ? ` and ${names.length - mostListed} more` : '');
}

/** The column of a name, if one is given, or else the other. */
export function columnOr(path: string, { columns }: Table, name: string | undefined, other: Column | undefined): Column | undefined {
  if (name === undefined) return other;
  const column = columns.find((one) => one.name === name);
  const names = columns.map((one) => one.name);
  if (column === undefined) throw new UsageError(`--target: '${path}' has no column '${name}'${didYouMean(name, names)}; it has ${listed(names)}`);
  return column;
}

/** Rows of a table, with the number of each in its file, and what is to be said of others. */
export interface Picked {
  readonly table: Table;
  readonly numbers: Uint32Array;
  readonly notes: readonly string[];
}

export function allRows(table: Table): Picked {
  return { table, numbers: Uint32Array.from({ length: table.rowCount }, (_, row) => row), notes: [] };
}

/** The numbers of the rows in which a column has a value. */
export function presentRows({ values }: Column): Uint32Array {
  return Uint32Array.from(values.keys()).filter((row) => values[row] !== null && !Number.isNaN(values[row]));
}

/** The rows in which a column has a value. */
export function rowsWith(path: string, table: Table, name: string): Picked {
  const all = allRows(table);
  const numbers = presentRows(table.columns.find((column) => column.name === name)!);
  const lacking = table.rowCount - numbers.length;
  if (lacking === 0) return all;
  if (numbers.length === 0) throw new UsageError(`no row of '${path}' has a value of '${name}'`);
  return { table: pickRows(table, numbers), numbers, notes: [`${count(lacking)} ${lacking === 1 ? 'row' : 'rows'} without '${name}' left out`] };
}

/** Columns of numbers and booleans as rows, float32; NaN for what is missing. */
export function interleaved(columns: readonly Column[], rows: number): Float32Array {
  const x = new Float32Array(rows * columns.length);
  columns.forEach(({ values }, at) => {
    for (let row = 0; row < rows; row++) x[row * columns.length + at] = values[row] === null ? NaN : Number(values[row]);
  });
  return x;
}

/** Refuses numbers that a network cannot take. */
export function refuseMissing(path: string, x: Float32Array, columns: readonly Column[], numbers: Uint32Array): void {
  const at = x.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const { name } = columns[at % columns.length]!;
  const problem = Number.isNaN(x[at]) ? 'has no value' : 'is not a finite float32';
  throw new UsageError(`'${path}': row ${numbers[Math.floor(at / columns.length)]! + 1} of the data, column '${name}' ${problem}, and the model takes none that are missing`);
}

/** Targets as class indices: by the names of the classes, or numbers as they are; of a regression, the numbers. */
export function targetsOf(where: string, values: Column['values'], numbers: Uint32Array, { kind, labels }: Meaning): Float32Array {
  const expected = (row: number, what: string, guess = ''): UsageError =>
    new UsageError(`${where}: row ${numbers[row]! + 1} of the data: expected ${what}, received '${String(values[row])}'${guess}`);
  if (kind === 'numbers') {
    return Float32Array.from(values as ArrayLike<unknown>, (value, row) => {
      if (typeof value === 'string') throw expected(row, 'a number, which is what the model predicts');
      return Number(value);
    });
  }
  const codes = new Map(labels.map((label, code) => [String(label), code]));
  const byName = typeof values[0] === 'string' || Array.prototype.every.call(values, (value: unknown) => codes.has(String(value)));
  return Float32Array.from(values as ArrayLike<unknown>, (value, row) => {
    const code = byName ? codes.get(String(value)) : Number(value);
    if (code !== undefined && Number.isInteger(code) && code >= 0 && code < labels.length) return code;
    const names = labels.map(String);
    throw byName ? expected(row, `a class, one of ${listed(names)}`, didYouMean(String(value), names)) : expected(row, `a class, a whole number from 0 to ${labels.length - 1}`);
  });
}

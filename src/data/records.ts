/** Tables out of arrays of objects. */

import { DataError, didYouMean, OptionError, show } from '../errors.ts';
import { checkKeys, checkName } from '../options.ts';
import { booleanOf, categoryColumn, columnTypes, isTable, type Column, type ColumnType, type Table } from './table.ts';

export interface RecordOptions {
  /** What columns are to be read as, by name; `'ignore'` leaves one out. Of all others it is the type of their first value. */
  columns?: Readonly<Record<string, ColumnType>>;
}

/**
 * A table of objects, one a row. Columns are all names that occur, in order of appearance; a name that an object does not have, `null` and NaN
 * are missing values. Numbers make a column of numbers, booleans one of booleans, strings one of categories, and they do not mix, unless
 * the column is named: as `'number'` it also takes strings of a number, as `'boolean'` words such as `'yes'`, as `'category'` all three.
 *
 * @throws DataError for what is no array of objects, or a value that its column does not take, with row (from 0) and column; OptionError for unknown
 * options or columns.
 */
export function tableFromRecords(rows: readonly object[], options: RecordOptions = {}): Table {
  checkKeys('tableFromRecords', options, ['columns']);
  return typedTable('tableFromRecords', rows, options.columns ?? {});
}

/** As {@link tableFromRecords}; of a table, the columns named are turned into what they are to be read as. */
export function typedTable(where: string, rows: Table | readonly object[], columns: Readonly<Record<string, ColumnType>>): Table {
  checkKeys(`${where} columns`, columns, Object.keys(columns));
  if (!isTable(rows) && (!Array.isArray(rows) || rows.length === 0)) throw new DataError(`${where}: expected an array of objects, one a row, received ${show(rows)}`);
  const names = isTable(rows) ? rows.columns.map(({ name }) => name) : namesOf(where, rows);
  for (const [name, type] of Object.entries(columns)) {
    checkName(`${where} columns ${show(name)}`, type, columnTypes);
    if (!names.includes(name)) throw new OptionError(`${where} columns: no row has a value ${show(name)}${didYouMean(name, names)}`);
  }
  const made = names.map((name, at) => {
    const type = Object.hasOwn(columns, name) ? columns[name] : undefined;
    if (type === 'ignore') return undefined;
    if (!isTable(rows)) return columnOf(where, name, type, rows.map((row: object) => (Object.hasOwn(row, name) ? (row as Record<string, unknown>)[name] : undefined)));
    const column = rows.columns[at]!;
    return type === undefined || type === column.type ? column : columnOf(where, name, type, Array.from<unknown>(column.values));
  });
  return { columns: made.filter((column) => column !== undefined), rowCount: isTable(rows) ? rows.rowCount : rows.length };
}

export function namesOf(where: string, rows: readonly object[]): string[] {
  const names = new Set<string>();
  rows.forEach((row: unknown, i) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row) || ArrayBuffer.isView(row)) {
      throw new DataError(`${where}: row ${i}: expected an object, received ${show(row)}`);
    }
    for (const name of Object.keys(row)) names.add(name);
  });
  return [...names];
}

const typeNames: Readonly<Record<string, Column['type']>> = { number: 'number', bigint: 'number', boolean: 'boolean', string: 'category' };
export const expectations = { number: 'a number', boolean: 'true or false', category: 'a word' };

function columnOf(where: string, name: string, named: Column['type'] | undefined, given: readonly unknown[]): Column {
  const first = given.findIndex((value) => !isMissing(value));
  const type = named ?? (first < 0 ? 'number' : typeNames[typeof given[first]]);
  const misfit = (row: number): DataError => {
    const expected = type === undefined ? 'a number, a word, true or false' : `${expectations[type]}${named === undefined ? `, as in row ${first}` : ''}`;
    return new DataError(`${where}: row ${row}, column ${show(name)}: expected ${expected}, received ${show(given[row])}`);
  };
  if (type === undefined) throw misfit(first);
  const valueAt = (row: number): number | boolean | string | null => {
    if (isMissing(given[row])) return null;
    const value = convert(given[row], type, named !== undefined);
    if (value === undefined) throw misfit(row);
    return value;
  };
  const values = given.map((_, row) => valueAt(row));
  if (type === 'number') return { name, type, values: Float64Array.from(values, (value) => (value as number | null) ?? NaN) };
  if (type === 'boolean') return { name, type, values: values as (boolean | null)[] };
  const codes = new Map<string, number>();
  const codeOf = (word: string): number => codes.get(word) ?? (codes.set(word, codes.size), codes.size - 1);
  return categoryColumn(name, Int32Array.from(values, (value) => (value === null ? -1 : codeOf(value as string))), [...codes.keys()]);
}

export function isMissing(value: unknown): boolean {
  return value === null || value === undefined || Number.isNaN(value);
}

/** The value as one of that type, or undefined. Other types are turned into it where the column is `named`. */
export function convert(value: unknown, type: Column['type'], named: boolean): number | boolean | string | undefined {
  if (typeNames[typeof value] === type) return type === 'number' ? Number(value) : (value as boolean | string);
  if (!named || typeNames[typeof value] === undefined) return undefined;
  const word = String(value);
  if (type === 'category') return word;
  if (type === 'boolean') return booleanOf(word);
  const number = Number(word);
  return typeof value === 'boolean' || word.trim() === '' || Number.isNaN(number) ? undefined : number;
}

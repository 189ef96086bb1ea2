/** Cuts rows in two, by a seed: those of data sets and of tables. */

import { DataError, didYouMean, OptionError, ShapeError, show, unexpected } from '../errors.ts';
import { checkBoolean, checkInteger, checkKeys, checkNumber } from '../options.ts';
import { Random } from '../random.ts';
import { categoryColumn, isTable, type Column, type Table } from './table.ts';

export interface SplitOptions {
  /** Share of the rows that go to the second part, between 0 and 1; default 0.2. */
  test?: number;
  /** Whether both parts get their share of every class, give or take one row; needs class indices or one-hot rows as targets. Default false. */
  stratified?: boolean;
  /** Whether rows are dealt at random; without, the last rows are the second part (the last of each stretch, if stratified). Default true. */
  shuffle?: boolean;
  /** Decides which; default 0. */
  seed?: number;
}

/**
 * Row numbers of two parts, each ascending; options are checked here. With `classes`, one number a row, both parts get their share of every
 * class, give or take one row.
 */
export function splitRows(where: string, rows: number, options: Omit<SplitOptions, 'stratified'>, classes?: () => ArrayLike<number>): [Uint32Array, Uint32Array] {
  const share = checkNumber(`${where} test`, options.test ?? 0.2, { above: 0, below: 1 });
  const seed = checkInteger(`${where} seed`, options.seed ?? 0);
  if (rows < 2) throw new ShapeError(`${where}: expected at least two rows, received one`);
  const order = Uint32Array.from({ length: rows }, (_, row) => row);
  if (checkBoolean(`${where} shuffle`, options.shuffle ?? true)) new Random(seed, 'splitting').shuffle(order);
  const count = Math.min(rows - 1, Math.max(1, Math.round(rows * share)));
  const inTest = new Uint8Array(rows);
  if (classes !== undefined) {
    const keys = classes();
    // Evenly spaced in the order of classes: every class gives its share, and all of them `count`.
    [...order].sort((a, b) => keys[a]! - keys[b]!).forEach((row, at) => {
      inTest[row] = Math.floor(((at + 1) * count) / rows) - Math.floor((at * count) / rows);
    });
  } else for (const row of order.subarray(rows - count)) inTest[row] = 1;
  const part = (wanted: number): Uint32Array => Uint32Array.from({ length: rows }, (_, row) => row).filter((row) => inTest[row] === wanted);
  return [part(0), part(1)];
}

export interface SplitTableOptions extends Omit<SplitOptions, 'stratified'> {
  /** The name of a column, every value of which (a missing one too) both parts then get their share of, give or take one row. */
  stratified?: string;
}

/**
 * Cuts a table in two, each part in the order of the whole: `const [train, test] = splitTable(table, { stratified: 'species', seed: 1 })`.
 * The same seed gives the same parts everywhere. Columns of categories keep all labels, in their order, in both.
 *
 * @throws OptionError for unknown options or columns; ShapeError for a table of one row.
 */
export function splitTable(table: Table, options: SplitTableOptions = {}): [train: Table, test: Table] {
  const where = 'splitTable';
  if (!isTable(table)) throw new DataError(`${where}: expected a table, as readCsv and tableFromRecords make, received ${show(table)}`);
  checkKeys(where, options, ['test', 'stratified', 'shuffle', 'seed']);
  const { stratified } = options;
  if (stratified !== undefined && typeof stratified !== 'string') throw unexpected(`${where} stratified`, 'the name of a column', stratified);
  const classes = stratified === undefined ? undefined : () => strataOf(columnNamed(`${where} stratified`, table, stratified));
  const [train, test] = splitRows(where, table.rowCount, options, classes);
  return [pickRows(table, train), pickRows(table, test)];
}

/** The column of that name, or an OptionError with those there are. */
export function columnNamed(where: string, { columns }: Table, name: string): Column {
  const column = columns.find((one) => one.name === name);
  if (column !== undefined) return column;
  const names = columns.map((one) => one.name);
  throw new OptionError(`${where}: no column has the name ${show(name)}${didYouMean(name, names)}; there are ${names.join(', ')}`);
}

/** A number for each value of a column, the same for equal ones. */
export function strataOf(column: Column): Int32Array {
  if (column.type === 'category') return column.codes;
  const codes = new Map<unknown, number>();
  return Int32Array.from(column.values as ArrayLike<unknown>, (value) => codes.get(value) ?? (codes.set(value, codes.size), codes.size - 1));
}

/**
 * The rows of these numbers (from 0), in that order, copied. Columns of categories keep all labels.
 *
 * @throws OptionError for a number that is of no row.
 */
export function pickRows({ columns, rowCount }: Table, rows: ArrayLike<number>): Table {
  for (let i = 0; i < rows.length; i++) checkInteger(`pickRows rows[${i}]`, rows[i], { min: 0, max: rowCount - 1 });
  const pick = (column: Column): Column => {
    const { name, type, values } = column;
    if (type === 'number') return { name, type, values: Float64Array.from(rows, (row) => values[row]!) };
    if (type === 'boolean') return { name, type, values: Array.from(rows, (row) => values[row]!) };
    return categoryColumn(name, Int32Array.from(rows, (row) => column.codes[row]!), column.labels);
  };
  return { columns: columns.map(pick), rowCount: rows.length };
}

/** Samples with their targets, kept together: split, shuffled, cut into batches, looked at. `model.fit(set.x, set.y)` takes them as they are. */

import { DataError, didYouMean, ShapeError, show, unexpected } from '../errors.ts';
import { checkBoolean, checkInteger, checkKeys } from '../options.ts';
import { Random } from '../random.ts';
import { classIndices } from './classes.ts';
import { rowLength, toMatrix, type Matrix, type MatrixLike } from './matrix.ts';
import { tableFromRecords } from './records.ts';
import { splitRows, type SplitOptions } from './split.ts';
import { problemsOf, statisticsOf, type ColumnStatistics, type Problem } from './statistics.ts';
import { isTable, type Column, type Table } from './table.ts';

export interface DatasetOptions {
  /** A name for each value of a row of `x`; those of the table or the objects, or `x1`, `x2` and so on, by default. */
  columns?: readonly string[];
  /** Values of a row of `y` where it is one flat array; default 1. */
  targets?: number;
  /** The names of the classes that `y` counts from 0; by default those of a column of categories. */
  labels?: readonly string[];
}

/** Rows of a data set, as `trainOnBatch` takes them: views, which change with it. */
export interface SampleBatch {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** Made by {@link dataset}. */
export class SampleSet {
  /** Samples, `rows` times one value for each of `columns`, row by row. */
  readonly x: Float32Array;
  /** Targets, `rows` times one value for each of `targets`. */
  readonly y: Float32Array;
  readonly rows: number;
  /** Names of the values in a row of `x`, and of `y`. */
  readonly columns: readonly string[];
  readonly targets: readonly string[];
  /** The names of the classes that `y` counts from 0, where it does and they have names. */
  readonly labels: readonly string[] | undefined;

  /** @internal */
  constructor(x: Matrix, y: Matrix, columns: readonly string[], targets: readonly string[], labels: readonly string[] | undefined) {
    this.x = x.values;
    this.y = y.values;
    this.rows = x.rows;
    this.columns = columns;
    this.targets = targets;
    this.labels = labels;
  }

  /** The rows of these numbers, in that order, copied: those of a fold, for example. */
  pick(rows: ArrayLike<number>): SampleSet {
    const values = (from: Float32Array, columns: number): Matrix => {
      const picked = new Float32Array(rows.length * columns);
      for (let i = 0; i < rows.length; i++) {
        const row = checkInteger(`dataset pick [${i}]`, rows[i], { min: 0, max: this.rows - 1 });
        picked.set(from.subarray(row * columns, (row + 1) * columns), i * columns);
      }
      return { values: picked, rows: rows.length, columns };
    };
    if (!(rows.length > 0)) throw new ShapeError(`dataset pick: expected row numbers, received ${show(rows)}`);
    return new SampleSet(values(this.x, this.columns.length), values(this.y, this.targets.length), this.columns, this.targets, this.labels);
  }

  /** The rows of which no value is missing or infinite. Throws a ShapeError if there are none. */
  complete(): SampleSet {
    const { x, y, columns, targets } = this;
    const finite = (values: Float32Array, width: number, row: number): boolean => values.subarray(row * width, (row + 1) * width).every(Number.isFinite);
    return this.pick(Uint32Array.from({ length: this.rows }, (_, row) => row).filter((row) => finite(x, columns.length, row) && finite(y, targets.length, row)));
  }

  /**
   * Cuts the rows in two, each part in the order of the whole: `const [train, test] = set.split({ test: 0.2, stratified: true, seed: 1 })`. The same
   * seed gives the same parts everywhere.
   *
   * @throws OptionError for unknown options, or a data set of one row; DataError if `stratified` and the targets are no classes.
   */
  split(options: SplitOptions = {}): [train: SampleSet, test: SampleSet] {
    checkKeys('dataset split', options, ['test', 'stratified', 'shuffle', 'seed']);
    const byClass = checkBoolean('dataset split stratified', options.stratified ?? false);
    const classes = (): Uint32Array => classIndices('dataset split: y', this.y, this.targets.length, Infinity);
    const [train, test] = splitRows('dataset split', this.rows, options, byClass ? classes : undefined);
    return [this.pick(train), this.pick(test)];
  }

  /** The same rows in an order that the seed decides. `fit` shuffles by itself. */
  shuffle(seed = 0): SampleSet {
    const order = Uint32Array.from({ length: this.rows }, (_, row) => row);
    new Random(checkInteger('dataset shuffle seed', seed), 'splitting').shuffle(order);
    return this.pick(order);
  }

  /**
   * The rows in their order, `size` at a time; the last batch has what is left. To be gone through any number of times, by `for` or by
   * `model.fitDataset`.
   */
  batches(size: number): Iterable<SampleBatch> {
    checkInteger('dataset batches size', size, { min: 1 });
    const { x, y, rows, columns, targets } = this;
    return {
      *[Symbol.iterator]() {
        for (let row = 0; row < rows; row += size) {
          const end = Math.min(row + size, rows);
          yield { x: x.subarray(row * columns.length, end * columns.length), y: y.subarray(row * targets.length, end * targets.length) };
        }
      },
    };
  }

  /** Mean, deviation, least and greatest value of every column of `x`, and how many are missing. */
  statistics(): ColumnStatistics[] {
    return statisticsOf(this.#samples(), this.columns);
  }

  /** What is likely to be in the way of learning, in sentences: missing values, constant columns, copies, rare classes. Empty if nothing is. */
  problems(): Problem[] {
    const y = { values: this.y, rows: this.rows, columns: this.targets.length };
    return problemsOf(this.#samples(), y, this.columns, this.targets, this.labels);
  }

  #samples(): Matrix {
    return { values: this.x, rows: this.rows, columns: this.columns.length };
  }
}

/**
 * Samples with their targets. Values become float32 (a Float32Array is taken as it is, not copied); NaN stands for a missing one, and `problems()` finds it.
 *
 * ```ts
 * const set = dataset([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]);
 * const [train, test] = dataset(parseCsv(text), 'species').split({ stratified: true });
 * await model.fit(train.x, train.y);
 * ```
 *
 * @param x rows: an array of them, one flat array, an array of objects, or a {@link Table}, of which columns of numbers and booleans (as 0 and 1) are taken.
 * @param y a row of targets for each, or the name of a column of the table or the objects: if of categories, `y` is their place in `labels`.
 * @throws ShapeError where rows of `x` and `y` do not match, or are of different lengths; DataError for columns of categories in `x`, missing
 * categories in `y`, and what is no number; OptionError for unknown options.
 */
export function dataset(x: MatrixLike | Table | readonly object[], y: MatrixLike | string, options: DatasetOptions = {}): SampleSet {
  checkKeys('dataset', options, ['columns', 'targets', 'labels']);
  const targets = checkInteger('dataset targets', options.targets ?? 1, { min: 1 });
  const table = asTable(x);
  const target = typeof y === 'string' ? targetOf(table, y) : undefined;
  const features = table?.columns.filter(({ name }) => name !== y);
  const targetMatrix = toMatrix('dataset y', target?.values ?? (y as MatrixLike), target === undefined ? rowLength(y as MatrixLike) ?? targets : 1);
  const samples = features === undefined ? x as MatrixLike : toRows(features, table!.rowCount);
  const width = features?.length ?? rowLength(samples) ?? (samples as ArrayLike<number>).length / targetMatrix.rows;
  if (!Number.isInteger(width) || width < 1) {
    throw new ShapeError(`dataset: expected rows of x for ${targetMatrix.rows} rows of y, received ${(samples as ArrayLike<number>).length} values, which cannot be shared out`);
  }
  const sampleMatrix = toMatrix('dataset x', samples, width);
  if (sampleMatrix.rows !== targetMatrix.rows) throw new ShapeError(`dataset: expected as many rows of y as of x, received ${targetMatrix.rows} for ${sampleMatrix.rows}`);
  const columns = options.columns ?? features?.map(({ name }) => name) ?? Array.from({ length: width }, (_, i) => `x${i + 1}`);
  if (!Array.isArray(columns) || columns.length !== width) throw unexpected('dataset columns', `a name for each of ${width} columns`, columns);
  const targetNames = typeof y === 'string' ? [y] : Array.from({ length: targetMatrix.columns }, (_, i) => (targetMatrix.columns === 1 ? 'y' : `y${i + 1}`));
  return new SampleSet(sampleMatrix, targetMatrix, columns, targetNames, options.labels ?? target?.labels);
}

/** The table that `x` is, or that its objects make; undefined where it is numbers. */
function asTable(x: unknown): Table | undefined {
  if (Array.isArray(x)) {
    const first: unknown = x[0];
    return typeof first === 'object' && first !== null && !Array.isArray(first) && !ArrayBuffer.isView(first) ? tableFromRecords(x as object[]) : undefined;
  }
  return isTable(x) ? x : undefined;
}

function targetOf(table: Table | undefined, name: string): { values: Float64Array | number[]; labels: readonly string[] | undefined } {
  const column = table?.columns.find((one) => one.name === name);
  if (column === undefined) {
    const names = table?.columns.map((one) => one.name) ?? [];
    throw new DataError(`dataset y: no column has the name ${show(name)}${didYouMean(name, names)}${table === undefined ? '; x is no table' : `; there are ${names.join(', ')}`}`);
  }
  if (column.type !== 'category') return { values: numbersOf(column), labels: undefined };
  const missing = column.codes.indexOf(-1);
  if (missing >= 0) throw new DataError(`dataset y: row ${missing}, column ${show(name)}: expected a category, as the target of every row, received a missing value`);
  return { values: Float64Array.from(column.codes), labels: column.labels };
}

function toRows(columns: readonly Column[], rows: number): Float32Array {
  const values = new Float32Array(rows * columns.length);
  columns.forEach((column, at) => {
    const numbers = numbersOf(column);
    for (let row = 0; row < rows; row++) values[row * columns.length + at] = numbers[row]!;
  });
  return values;
}

function numbersOf(column: Column): Float64Array | number[] {
  if (column.type === 'number') return column.values;
  if (column.type === 'boolean') return column.values.map((value) => (value === null ? NaN : Number(value)));
  throw new DataError(`dataset x: column ${show(column.name)} holds categories, such as ${show(column.labels[0])}; turn it into numbers, or leave it out with columns: { ${show(column.name)}: 'ignore' }`);
}

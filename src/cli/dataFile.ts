/** Rows of data for a model out of files: the columns of a CSV table, by name or in order, or the arrays of IDX, the format of MNIST. */

import { constants, gunzipSync } from 'node:zlib';
import { didYouMean } from '../errors.ts';
import { DataError, NablaError, parseCsv, readCsv, readIdx, type Column, type ColumnType, type CsvOptions, type FeatureInput, type Sequential, type Table } from '../index.ts';
import { textOf, textsOf, UsageError, type Option, type Values } from './command.ts';
import { csvOptions, csvOptionsOf } from './csvOptions.ts';
import { checkReadable, startOf } from './files.ts';
import { isIdx } from './idxJob.ts';
import { inWordsOfOptions } from './messages.ts';
import type { Meaning } from './outputs.ts';
import { allRows, columnOr, interleaved, listed, refuseMissing, rowsWith, targetsOf } from './tables.ts';

/** Options of every command that is given a table. */
export const dataOptions = {
  target: { type: 'string', short: 't', value: '<column>', summary: 'the column that the model predicts' },
  ignore: { type: 'string', value: '<column,...>', summary: 'columns that are not for the model, where it takes them in order' },
  ...csvOptions,
} as const satisfies Record<string, Option>;

/** Rows as a model takes them. */
export interface Rows {
  /** [rows, inputs]. */
  readonly x: Float32Array;
  readonly count: number;
  /** One class index or number a row, where the target was asked for. */
  readonly y: Float32Array;
  /** The number of each row in the file, from 0: those without a target are left out. */
  readonly numbers: Uint32Array;
  /** What is worth knowing about how the file was read, in sentences. */
  readonly notes: readonly string[];
}

/** What is wanted of a file. */
export interface Wish {
  readonly model: Sequential;
  readonly meaning: Meaning;
  readonly values: Values;
  /** Whether every row must come with its target. */
  readonly targets: boolean;
}

/** The rows of a file, which is of the one kind or the other by its content. `labels` is the IDX file of the targets. */
export async function readRows(path: string, labels: string | undefined, wish: Wish): Promise<Rows> {
  checkReadable(path);
  if (isIdx(path)) {
    const stray = Object.keys(dataOptions).find((name) => wish.values[name] !== undefined);
    if (stray !== undefined) throw new UsageError(`--${stray} is for tables, and '${path}' is an IDX file`);
    return readIdxRows(path, labels, wish);
  }
  if (labels !== undefined) throw new UsageError(`'${path}' is a table, whose targets are one of its columns; '${labels}' is one file too many`);
  const options = csvOptionsOf(wish.values);
  return wish.model.features === undefined ? readColumns(path, options, wish) : readFeatures(path, options, wish);
}

function readTable(path: string, options: CsvOptions): Promise<Table> {
  return inFile(path, () => readCsv(path, options));
}

/** Says in which file something is wrong, in words of the command line. `numbers` are those of the rows in the file, if not all are there. */
async function inFile<Result>(path: string, work: () => Promise<Result>, numbers?: Uint32Array): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NablaError)) throw error;
    // What a column holds is known here, or it is no input.
    const message = inWordsOfOptions(error.message).replace(/; for words, --columns.*$/s, '')
      .replace(/^row (\d+)/, (_, row: string) => `row ${(numbers?.[Number(row)] ?? Number(row)) + 1} of the data`);
    throw new UsageError(`${path}: ${message}`, { cause: error });
  }
}

/** Bytes from which the names of columns are read. */
const headBytes = 65_536;

/** The first bytes of a file, unpacked. */
function headOf(path: string): Uint8Array {
  const head = startOf(path, headBytes);
  try {
    // Of the whole of it there is only the beginning.
    return head[0] === 0x1f && head[1] === 0x8b ? gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH }) : head;
  } catch {
    // Reading all of it says what is wrong with it.
    return new Uint8Array(0);
  }
}

async function readIdxRows(path: string, labels: string | undefined, { model, targets, meaning }: Wish): Promise<Rows> {
  const { shape: [rows = 0, ...sizes], data } = await inFile(path, () => readIdx(path));
  const [inputs] = model.inputShape;
  const width = sizes.reduce((product, size) => product * size, 1);
  if (width !== inputs) throw new UsageError(`the model takes rows of ${inputs} values, those of '${path}' have ${sizes.length > 1 ? `${sizes.join(' x ')} = ` : ''}${width}`);
  if (rows === 0) throw new UsageError(`'${path}' has no rows`);
  const x = new Float32Array(data);
  const numbers = Uint32Array.from({ length: rows }, (_, row) => row);
  if (!targets) return { x, count: rows, y: new Float32Array(0), numbers, notes: [] };
  if (labels === undefined) throw new UsageError(`expects the IDX file of the labels after '${path}', received none`);
  checkReadable(labels);
  const { shape, data: y } = await inFile(labels, () => readIdx(labels));
  if (shape.length !== 1 || shape[0] !== rows) throw new UsageError(`'${labels}' should hold one label for each of the ${rows} rows of '${path}', and holds ${shape.join(' x ')} values`);
  return { x, count: rows, y: targetsOf(`'${labels}'`, Float64Array.from(y), numbers, meaning), numbers, notes: [] };
}

/** The columns of a model that knows them by name. */
async function readFeatures(path: string, options: CsvOptions, { model, targets, values }: Wish): Promise<Rows> {
  const { inputs, target } = model.features!;
  const named = textOf(values, 'target', 'a column');
  if (named !== undefined && named !== target.name) throw new UsageError(`--target: the model predicts '${target.name}', received '${named}'`);
  if (values['ignore'] !== undefined) throw new UsageError('--ignore: the model takes its columns by name, and no others');
  const names = await namesIn(path, options);
  const wanted = [...inputs, ...(targets ? [target] : [])];
  const missing = wanted.filter(({ name }) => !names.includes(name)).map(({ name }) => name);
  if (missing.length > 0) {
    throw new UsageError(`'${path}' lacks ${listed(missing)}, which the model ${targets && missing.join() === target.name ? 'predicts' : 'takes'}` +
      `${missing.length === 1 ? didYouMean(missing[0]!, names) : ''}; it has ${listed(names)}`);
  }
  const columns = Object.fromEntries(names.map((name): [string, ColumnType] => [name, wanted.find((column) => column.name === name)?.type ?? 'ignore']));
  const table = await readTable(path, { ...options, columns });
  const complete = targets ? rowsWith(path, table, target.name) : allRows(table);
  const { x, y = new Float32Array(0), rows } = await inFile(path, () => Promise.resolve(model.features!.encode(complete.table)), complete.numbers);
  return { x, count: rows, y, numbers: complete.numbers, notes: [...complete.notes, ...unknownWords(complete.table, inputs)] };
}

/** Words that a model has not met, which to it are all the same. */
function unknownWords({ columns }: Table, inputs: readonly FeatureInput[]): string[] {
  return inputs.flatMap(({ name, labels = [] }) => {
    const column = columns.find((one) => one.name === name);
    const known = new Set<string>(labels);
    const unknown = column?.type === 'category' ? column.labels.filter((label) => !known.has(label)) : [];
    return unknown.length === 0 ? [] : [`column '${name}': the model was not trained on ${listed(unknown)}`];
  });
}

/** The columns of numbers, in their order. */
async function readColumns(path: string, options: CsvOptions, { model, targets, meaning, values }: Wish): Promise<Rows> {
  const [inputs] = model.inputShape;
  const ignored = textsOf(values, 'ignore', 'names of columns with commas between them') ?? [];
  const table = await readTable(path, { ...options, columns: Object.fromEntries(ignored.map((name) => [name, 'ignore' as const])) });
  const numeric = table.columns.filter(isNumeric);
  const named = textOf(values, 'target', 'a column');
  // A target that nobody asks for need not be there.
  const absent = !targets && numeric.length === inputs && table.columns.every(({ name }) => name !== named);
  const target = columnOr(path, table, absent ? undefined : named, targets && numeric.length === inputs + 1 ? numeric.at(-1) : undefined);
  if (targets && target === undefined) throw new UsageError(`expects --target, the column of '${path}' that the model predicts; it has ${listed(table.columns.map(({ name }) => name))}`);
  const taken = numeric.filter((column) => column !== target);
  if (taken.length !== inputs) {
    const advice = taken.length > inputs ? '; name the one that it predicts with --target, and others that are not for it with --ignore' : '';
    throw new UsageError(`the model takes ${inputs} numbers, '${path}' has ${taken.length} columns of numbers${taken.length === 0 ? '' : `, ${listed(taken.map(({ name }) => name))}`}${advice}`);
  }
  const { table: { columns, rowCount }, numbers, notes } = targets ? rowsWith(path, table, target!.name) : allRows(table);
  const x = interleaved(columns.filter(({ name }) => taken.some((column) => column.name === name)), rowCount);
  refuseMissing(path, x, taken, numbers);
  const y = targets ? targetsOf(`'${path}', column '${target!.name}'`, columns.find(({ name }) => name === target!.name)!.values, numbers, meaning) : new Float32Array(0);
  const words = table.columns.filter((column) => column !== target && !isNumeric(column)).map(({ name }) => name);
  return { x, count: rowCount, y, numbers, notes: [...words.length > 0 ? [`not numbers, and left out: ${listed(words)}`] : [], ...notes] };
}

function isNumeric({ type }: Column): boolean {
  return type !== 'category';
}

/** The names of the columns of a table, which its beginning tells. */
async function namesIn(path: string, options: CsvOptions): Promise<string[]> {
  const head = headOf(path);
  const end = lastRecordEnd(head);
  try {
    return parseCsv(head.subarray(0, end === 0 ? head.length : end), options).columns.map(({ name }) => name);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    // The beginning may have been cut within a field; all of it is right, or says what is wrong.
    return (await readTable(path, options)).columns.map(({ name }) => name);
  }
}

/** Where the last line ends that is no line within quotes. */
function lastRecordEnd(bytes: Uint8Array): number {
  let end = 0;
  let quoted = false;
  bytes.forEach((byte, at) => {
    if (byte === 0x22) quoted = !quoted;
    else if (byte === 0x0a && !quoted) end = at + 1;
  });
  return end;
}

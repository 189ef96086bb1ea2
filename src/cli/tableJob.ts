/** A table out of a CSV file, cut into rows to train on and rows to score on, and the model that `trainTable` makes of it. */

import { basename } from 'node:path';
import { dataset, pickRows, planTable, readCsv, splitTable, trainTable, type Callback, type Column, type ColumnType, type Sequential, type Table } from '../index.ts';
import { few, nameOf, suggest, textOf, textsOf, UsageError, type Option, type Values } from './command.ts';
import { csvOptions, csvOptionsOf } from './csvOptions.ts';
import { makeOptimizer, type ColumnSummary, type Job, type Settings } from './job.ts';
import { reading } from './messages.ts';
import { scoreClasses, scoreNumbers } from './scores.ts';
import { count, significant } from './terminal.ts';
import { presentRows } from './tables.ts';

const tasks = ['classification', 'regression'] as const;
type Task = (typeof tasks)[number];
const scalings = ['standard', 'minMax', 'robust'] as const;
const types = ['number', 'category', 'boolean'] as const;

/** The options that tables alone have. */
export const tableOptions: Readonly<Record<string, Option>> = {
  target: { type: 'string', short: 't', value: '<column>', summary: 'of a table: the column to learn' },
  task: { type: 'string', value: '<name>', summary: 'classification or regression (default: by what the target holds)' },
  ignore: { type: 'string', value: '<column,...>', summary: 'columns to leave out' },
  columns: { type: 'string', value: '<column=type,...>', summary: 'what columns hold, where it is not found out right: number, category, boolean' },
  scaling: { type: 'string', value: '<name>', summary: 'of numbers: standard, minMax or robust (default standard)' },
  ...csvOptions,
};

/** No name of a member: a record could not hold it. */
const unnamable = '__proto__';
/** A column of row numbers goes through the split with the others. */
const rowNumber = '\0row';

export async function tableJob(path: string, values: Values, settings: Settings): Promise<Job> {
  const { name: target, table, numbers, task, problems, columns, leftOut } = await readTable(path, values);
  const { validation, seed } = settings;
  const numbered = withColumn(table, { name: rowNumber, type: 'number', values: Float64Array.from(numbers) });
  const [training, heldOut] = validation === 0 ? [numbered, undefined]
    : splitTable(numbered, { test: validation, seed, ...(task === 'classification' && { stratified: target }) });
  if (training.rowCount < 2) throw new UsageError(`of ${count(table.rowCount)} rows, there is one left to learn from; --validation 0 holds out none`);
  const [scored, lost] = task === 'classification' && heldOut !== undefined ? ofKnownClasses(heldOut, training, target) : [heldOut ?? training, 0];
  const learnt = withoutColumn(training, rowNumber);
  const own = { target, task, seed, columns, ...(settings.epochs !== undefined && { epochs: settings.epochs }) };
  const { epochs, validationRows } = planTable(learnt, own);
  // Many rows can spare others for that.
  const watched = heldOut !== undefined && validationRows === 0;
  const scaling = nameOf(values, 'scaling', scalings);
  return {
    title: `${target} from ${basename(path)}`,
    task, target,
    epochs,
    rows: { training: training.rowCount, scored: scored.rowCount },
    scoredAs: heldOut === undefined ? 'training' : 'held-out',
    validatedOn: watched ? 'held-out' : 'validation',
    problems: lost === 0 ? problems : [...problems, `${count(lost)} held-out rows are of classes of which there is no other row; they are left out.`],
    columns: table.columns.map((column) => summaryOf(column, column.name === target ? 'target' : leftOut.includes(column.name) ? 'left out' : '')),
    optimizer: settings.optimizer ?? 'adamw',
    ...(task === 'regression' && { lossNote: 'mean squared error, of targets brought to mean 0 and deviation 1' }),
    train(callbacks, signal) {
      return trainTable(learnt, {
        ...own, epochs, activation: settings.activation, threads: settings.threads, backend: settings.backend,
        // The signal would end it before the model is made whole.
        callbacks: [...callbacks, stopper(signal)],
        ...(settings.hidden !== undefined && { hidden: settings.hidden }),
        ...(scaling !== undefined && { scaling }),
        ...((settings.optimizer !== undefined || settings.learningRate !== undefined) && { optimizer: makeOptimizer(settings, 'adamw') }),
        ...(settings.batchSize !== undefined && { batchSize: settings.batchSize }),
        // Rows that said when to stop would not be unseen any more.
        ...(watched && { validationData: withoutColumn(scored, rowNumber), patience: Infinity }),
      });
    },
    score(model) {
      const { features } = model;
      const { x, y } = features!.encode(scored);
      const predicted = model.predict(x);
      return task === 'regression' ? scoreNumbers(y!, predicted, columnOf(scored, rowNumber).values as Float64Array)
        : scoreClasses(y!, predicted, model.outputShape[0], features!.target.labels!.map(String));
    },
  };
}

/** Ends the training with the epoch at hand once the signal is aborted. */
function stopper(signal: AbortSignal): Callback {
  let model: Sequential | undefined;
  const stop = (): void => {
    if (model !== undefined && signal.aborted) model.stopTraining = true;
  };
  signal.addEventListener('abort', stop);
  return {
    setModel(its) {
      model = its;
    },
    onEpochBegin: stop,
    onTrainEnd: () => signal.removeEventListener('abort', stop),
  };
}

interface Read {
  /** The name of the target. */
  readonly name: string;
  /** The rows that have one. */
  readonly table: Table;
  /** The number of each of them in the file, from 0. */
  readonly numbers: Uint32Array;
  readonly task: Task;
  readonly problems: readonly string[];
  /** What columns are said to hold, and which to leave out. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** The names of those, and of columns that tell nothing. */
  readonly leftOut: readonly string[];
}

/** The table as the options say, checked as far as it takes to say what is wrong in their words. */
async function readTable(path: string, values: Values): Promise<Read> {
  const target = textOf(values, 'target', 'the name of a column');
  const wanted = nameOf(values, 'task', tasks);
  const ignored = textsOf(values, 'ignore', 'names of columns with commas between them') ?? [];
  const named = namedTypes(values);
  const format = csvOptionsOf(values);
  const whole = await reading(path, () => readCsv(path, {
    // A column that is left out can be read as words, whatever is in it.
    columns: { ...named, ...Object.fromEntries(ignored.map((name) => [name, 'category' as const])) },
    ...format,
  }));
  const names = whole.columns.map(({ name }) => name);
  if (names.includes(unnamable)) throw new UsageError(`${path}: a column cannot have the name '${unnamable}', which objects of JavaScript keep for themselves; give it another`);
  if (target === undefined) throw new UsageError(`expects --target <column>; the columns are ${few(names)}`);
  const column = whole.columns.find(({ name }) => name === target);
  if (column === undefined) throw new UsageError(`--target expects a column, received '${target}'${suggest(target, names)}`);
  if (ignored.includes(target)) throw new UsageError(`--ignore names '${target}', which is the target`);
  if (column.type !== 'number' && wanted === 'regression') {
    throw new UsageError(`--task regression expects a target of numbers, and '${target}' holds ${column.type === 'boolean' ? 'true and false' : 'words'}`);
  }
  const numbers = rowsWithTarget(column);
  const table = numbers.length === whole.rowCount ? whole : pickRows(whole, numbers);
  for (const one of table.columns) {
    if (ignored.includes(one.name)) continue;
    if (one.type === 'category' && one.labels.includes(unnamable)) throw new UsageError(`${path}, column '${one.name}': expected any word but '${unnamable}', which objects of JavaScript keep for themselves`);
    if (presentRows(one).length === 0) throw new UsageError(`column '${one.name}' has no value in any row; --ignore ${one.name} leaves it out`);
    const at = one.type === 'number' ? one.values.findIndex((value) => Math.abs(Math.fround(value)) === Infinity) : -1;
    if (at >= 0) throw new UsageError(`${path}: row ${numbers[at]! + 1} of the data, column '${one.name}': expected a finite number that fits float32, received ${String(one.values[at])}`);
  }
  if (names.every((name) => name === target || ignored.includes(name))) throw new UsageError(`there is no column left to learn '${target}' from`);
  const lost = whole.rowCount - table.rowCount;
  const columns: Record<string, ColumnType> = { ...named, ...Object.fromEntries(ignored.map((one) => [one, 'ignore' as const])) };
  // Of all rows: those to train on may have a class but once.
  const { task, leftOut = [] } = planTable(table, { target, columns, validationSplit: 0, ...(wanted !== undefined && { task: wanted }) });
  return {
    name: target, table, numbers, task, columns, leftOut,
    problems: [
      ...(lost === 0 ? [] : [`Column '${target}', the target, has no value in ${count(lost)} of ${count(whole.rowCount)} rows; they are left out.`]),
      ...wordsAmongNumbers(table, [...ignored, ...Object.keys(named)]),
      ...problemsOf(table, target, leftOut),
    ],
  };
}

/** The rows that have a target, which must be two different ones at least. */
function rowsWithTarget(column: Column): Uint32Array {
  const present = presentRows(column);
  const first = column.values[present[0]!];
  if (present.length < 2) throw new UsageError(`expects at least two rows with a value in the target '${column.name}', received ${present.length}`);
  if (present.every((row) => column.values[row] === first)) {
    throw new UsageError(`the target '${column.name}' is ${typeof first === 'string' ? `'${first}'` : String(first)} in every row: there is nothing to learn`);
  }
  return present;
}

function namedTypes(values: Values): Record<string, (typeof types)[number]> {
  const expected = `columns as name=type, with commas between them, of types ${types.join(', ')}`;
  return Object.fromEntries((textsOf(values, 'columns', expected) ?? []).map((pair) => {
    const at = pair.lastIndexOf('=');
    const type = types.find((one) => one === pair.slice(at + 1));
    if (at < 1 || type === undefined) throw new UsageError(`--columns expects ${expected}, received '${pair}'`);
    return [pair.slice(0, at), type];
  }));
}

/** Columns that are words for the sake of a few values: without a hint, a slip of the pen costs a column. */
function wordsAmongNumbers({ columns }: Table, settled: readonly string[]): string[] {
  return columns.flatMap((column) => {
    if (column.type !== 'category' || settled.includes(column.name)) return [];
    const { name, labels } = column;
    const words = labels.filter((label) => !Number.isFinite(Number(label)));
    if (words.every((word) => /^[+-]?\d*,\d+$/.test(word)) && words.length > 0) return [`Column '${name}' is taken for words, for its numbers have a comma, as '${words[0]!}', in the place of a point.`];
    return words.length > 0 && 2 * words.length < labels.length
      ? [`Column '${name}' is taken for words, for among its numbers is '${words[0]!}'; if that stands for a missing value, name it with --missing; --columns ${name}=number names its line.`] : [];
  });
}

/** What may be in the way of learning, said for those who have the command alone. */
function problemsOf(table: Table, target: string, ignored: readonly string[]): string[] {
  const asNumbers = table.columns.flatMap((column): Column[] => {
    if (column.name === target || column.type !== 'category') return ignored.includes(column.name) ? [] : [column];
    if (ignored.includes(column.name)) return [];
    return [{ name: column.name, type: 'number', values: Float64Array.from(column.codes, (code) => (code < 0 ? NaN : code)) }];
  });
  if (asNumbers.length < 2) return [];
  return dataset({ columns: asNumbers, rowCount: table.rowCount }, target).problems().map(({ code, column, message }) => {
    const rows = code === 'missing' ? table.rowCount - presentRows(columnOf(table, column)).length : 0;
    switch (code) {
      case 'missing': return `Column '${column}' has no value in ${count(rows)} of ${count(table.rowCount)} rows; the model fills them in.`;
      case 'constant': return `Column '${column}' is the same in every row that has a value; nothing can be learnt from it.`;
      case 'imbalance': return `${message.slice(0, message.lastIndexOf('; split with'))}; look at more than accuracy.`;
      default: return message;
    }
  });
}

/** Rows of classes that there are in the rows trained on too, and how many there are of others. */
function ofKnownClasses(heldOut: Table, training: Table, target: string): [Table, number] {
  const known = new Set<unknown>(columnOf(training, target).values);
  const { values } = columnOf(heldOut, target);
  const rows = Uint32Array.from(values.keys()).filter((row) => known.has(values[row]));
  if (rows.length === 0) throw new UsageError('no held-out row is of a class that there are other rows of; --validation 0 holds out none');
  return rows.length === heldOut.rowCount ? [heldOut, 0] : [pickRows(heldOut, rows), heldOut.rowCount - rows.length];
}

function columnOf({ columns }: Table, name: string): Column {
  return columns.find((column) => column.name === name)!;
}

function withColumn({ columns, rowCount }: Table, column: Column): Table {
  return { columns: [...columns, column], rowCount };
}

function withoutColumn({ columns, rowCount }: Table, name: string): Table {
  return { columns: columns.filter((column) => column.name !== name), rowCount };
}

function summaryOf(column: Column, role: string): ColumnSummary {
  const { name, type, values } = column;
  const missing = values.length - presentRows(column).length;
  return { name: role === '' ? name : `${name} (${role})`, type, missing, values: valuesIn(column) };
}

function valuesIn(column: Column): string {
  if (column.type === 'boolean') return `true in ${count(column.values.filter((value) => value === true).length)} rows`;
  if (column.type === 'category') {
    const shown = 5;
    return `${count(column.labels.length)}: ${column.labels.slice(0, shown).join(', ')}${column.labels.length > shown ? ', ...' : ''}`;
  }
  const { min, max, sum, rows } = column.values.reduce((all, value) => (Number.isNaN(value) ? all
    : { min: Math.min(all.min, value), max: Math.max(all.max, value), sum: all.sum + value, rows: all.rows + 1 }), { min: Infinity, max: -Infinity, sum: 0, rows: 0 });
  return rows === 0 ? '' : `${significant(min)} to ${significant(max)}, mean ${significant(sum / rows)}`;
}

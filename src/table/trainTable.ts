/** From a table to a trained model, which takes records. */

import type { BackendChoice } from '../backend/index.ts';
import { meanOf, varianceOf } from '../data/columns.ts';
import type { Features, FeaturesDescription } from '../data/features.ts';
import { typedTable } from '../data/records.ts';
import { splitRows, strataOf } from '../data/split.ts';
import { isTable, type ColumnType, type Table } from '../data/table.ts';
import { DataError, OptionError, unexpected } from '../errors.ts';
import type { ActivationSpec } from '../model/layers/activation.ts';
import type { ImputeStrategy } from '../model/layers/impute.ts';
import type { Scaling } from '../model/layers/scaling.ts';
import type { OptimizerSpec } from '../model/optimizers/optimizers.ts';
import { sequential, type CompileOptions, type FitOptions, type Sequential } from '../model/sequential.ts';
import { earlyStopping } from '../model/training/earlyStopping.ts';
import type { MetricSpec } from '../model/training/metrics.ts';
import type { ClassWeight } from '../model/training/weights.ts';
import { checkInteger, checkKeys, checkName, checkNumber } from '../options.ts';
import { warnOnce } from '../platform.ts';
import { featuresOf, targetOf, warnOfRounding, type Target, type Warn } from './columns.ts';
import { finishedParameters, layersOf, manyRows, planOf, tellInUnits, usualPatience, type Plan, type Units } from './network.ts';
import { imputations, scalesOf, scalings, type Imputation } from './scales.ts';

/** Weights by the names of classes, 1 where there is none; `'balanced'`: rows / (classes · rows of the class). */
export type TableClassWeight = 'balanced' | Readonly<Record<string, number>>;

export interface TrainTableOptions extends Pick<FitOptions, 'threads' | 'callbacks' | 'signal' | 'verbose'> {
  /** The name of the column to predict. */
  target: string;
  /**
   * Default: `'classification'` where the target holds words or booleans, or numbers that are at most 20 different integers, each in two rows or more;
   * otherwise `'regression'`.
   */
  task?: 'classification' | 'regression';
  /** What columns are to be read as, by name, as `tableFromRecords` takes them; `'ignore'` leaves one out. */
  columns?: Readonly<Record<string, ColumnType>>;
  /** Units of the hidden layers; default `[64]`, from 2,000 rows on `[64, 64]`. */
  hidden?: readonly number[];
  /** Of the hidden layers; default `'relu'`. */
  activation?: ActivationSpec;
  /**
   * What numbers are brought to: `'standard'`, the default, to mean 0 and deviation 1, `'minMax'` to 0 ... 1, `'robust'` to median 0 and quartiles 1
   * apart (deviation 1 where the quartiles are equal).
   */
  scaling?: Scaling;
  /**
   * What stands in for a missing number or boolean (as 0 or 1): the `'mean'`, the default, the `'median'` or the `'mostFrequent'`. Missing words
   * are a word of their own, or with `'mostFrequent'` that one.
   */
  imputation?: Exclude<ImputeStrategy, 'constant'>;
  /** Default: `adamw`, with a rate that falls from 0.005 along half a cosine to 0, and a decay of 300 / rows, at most 1. */
  optimizer?: OptimizerSpec;
  /** Epochs, at most; default 100,000 / rows, with rows to validate on 1,000,000 / rows, at least 20 and at most 100. */
  epochs?: number;
  /** Rows a step; default: the power of two nearest to a 50th of the rows, at least 16 and at most 256, with `lbfgs` all of them. */
  batchSize?: number;
  /**
   * Share of the rows to validate on after every epoch, drawn by the seed, with its share of every class; nothing is learnt of them. Default: 0,
   * from 2,000 rows on 0.1, unless there is `validationData`. Where there are rows to validate on, training ends when `val_loss` has not become
   * better in 12 epochs, and the model keeps the weights of the best.
   */
  validationSplit?: number;
  /** Other rows to validate on, with the target. */
  validationData?: Table | readonly object[];
  /** Epochs without a better `val_loss` after which training ends; default 12. Infinity: it never does, and the weights of the last epoch are kept. */
  patience?: number;
  /** A weight for each class by which the loss of its rows is multiplied. */
  classWeight?: TableClassWeight;
  /**
   * What to measure beside the loss, as in `compile`; default `['accuracy']`, in a regression nothing. Callbacks are told it in units of the target:
   * functions, such as `{ rmse }`, and `'meanAbsoluteError'`, `'meanSquaredError'` and `'halfSquaredError'`; other names, such as `'huber'`, in those of the loss.
   */
  metrics?: readonly MetricSpec[];
  /** Decides initial weights, the order of rows, and which rows are validated on; default 0. */
  seed?: number;
  backend?: BackendChoice;
}

const keys = [
  'target', 'task', 'columns', 'hidden', 'activation', 'scaling', 'imputation', 'optimizer', 'validationSplit', 'validationData', 'patience', 'classWeight', 'metrics', 'seed',
  'backend', 'epochs', 'batchSize', 'threads', 'callbacks', 'signal', 'verbose',
] as const satisfies (keyof TrainTableOptions)[];

/**
 * Trains a model on a table: `(await trainTable(rows, { target: 'species' })).predictRecord({ bill_length_mm: 41, island: 'Dream' })`.
 *
 * Its layers are `impute`, `normalization`, `oneHot` (the last where there are words), hidden ones and one for the target: softmax, for two
 * classes the probability of the second, for a regression a number. So a model has all that its inputs need, also in files. What the first
 * three know comes of the rows trained on alone.
 *
 * Rows without a target are left out, and columns of words that name rows: those with more than 50, or more than half as many as there are rows.
 * A warning says so, once; and another that numbers are too close together for float32, as times within a day are in milliseconds since 1970.
 * A word that no row trained on had counts as missing; where none was missing, that is like the average of all.
 *
 * A regression is trained, by `meanSquaredError`, on targets of mean 0 and deviation 1, which is what callbacks are told the loss of, so that it
 * is 1 for a model that says the mean; the metric of that name is in units of the target. The scale is then put into the last layer, so that the
 * model speaks in units of the target. It is compiled anew in the end, with a constant rate where the optimizer is the usual one, for `evaluate` and
 * to train on: `model.features.encode(rows)` gives `x` and `y`. What a callback saves on the way, as `checkpoint` does, is the model as it would be
 * if training ended with the weights of that epoch.
 *
 * @param rows a table, or an array of objects, one a row.
 * @throws OptionError for unknown options or columns; DataError for what cannot be learnt from: no rows, a target of one class, a column without any
 * value, a value of the wrong type; TrainingError as `fit` does.
 */
export async function trainTable(rows: Table | readonly object[], options: TrainTableOptions): Promise<Sequential> {
  const { table, target, training, held, features, seed, scaling, imputation, stops, patience, plan } = prepare(rows, options, warnOnce);
  const data = samplesOf(table, features, training);
  warnOfRounding(table, features, training);
  const scales = scalesOf({ values: data.x, rows: training.length, columns: features.inputs.length }, features.inputs, imputation, scaling);
  const units = target.task === 'regression' ? unitsOf(target, data.y) : undefined;
  const validation = validationOf(options, features) ?? (held && samplesOf(table, features, held));

  const { backend } = options;
  const model = sequential({ layers: layersOf(features, scales, target.rows.length, options), seed, ...(backend !== undefined && { backend }) });
  const compile: Omit<CompileOptions, 'optimizer'> = {
    loss: target.labels === undefined ? 'meanSquaredError' : features.outputs === 1 ? 'binaryCrossentropy' : 'sparseCategoricalCrossentropy',
    metrics: options.metrics ?? (target.labels === undefined ? [] : ['accuracy']),
  };
  model.compile({ ...compile, optimizer: options.optimizer ?? plan.optimizer });
  if (units !== undefined) tellInUnits(model, units);
  const { threads, callbacks = [], signal, verbose } = options;
  if (!Array.isArray(callbacks as unknown)) throw unexpected('trainTable callbacks', 'an array of objects', callbacks);
  const needsAllRows = model.program.objective!.optimizer.begin !== undefined;
  const finish = (): ReadonlyMap<string, Float32Array> => finishedParameters(model, scales, units);
  model.outcome = { features, parameters: finish };
  const inTime = !stops ? [] : [earlyStopping({ monitor: 'val_loss', patience, restoreBestWeights: true })];
  await model.fit(data.x, inUnits(data.y, units), {
    ...present({ threads, signal, verbose, batchSize: needsAllRows ? options.batchSize : plan.batchSize, classWeight: weightsOf(features, options.classWeight) }),
    ...(validation !== undefined && { validationData: [validation.x, inUnits(validation.y, units)] as const }),
    // A checkpoint must come behind what remembers something.
    callbacks: [...inTime, ...callbacks],
    epochs: plan.epochs,
  });
  model.outcome = undefined;
  const finished = finish();
  for (const parameter of model.program.parameters) if (finished.has(parameter.name)) model.program.write(parameter, finished.get(parameter.name)!);
  model.compile({ ...compile, optimizer: options.optimizer ?? plan.lasting });
  model.features = features;
  return model;
}

/** What {@link trainTable} will do with a table: what `model.features` will be, and how much there is to do. */
export interface TablePlan extends FeaturesDescription {
  /** Rows that are learnt from; those without a target are not. */
  readonly trainingRows: number;
  /** Rows that are validated on after every epoch, 0 for none. */
  readonly validationRows: number;
  /** At most. */
  readonly epochs: number;
}

/**
 * What {@link trainTable} with the same rows and options will do, without doing it, and without warnings: whether the target is one of classes, which
 * columns are inputs and which are left out, and for how many epochs it trains. It is to show before training, for a progress bar, and to split
 * rows as the task asks: `splitTable(table, { stratified: 'species' })` is for classes.
 *
 * @throws as `trainTable` does of options, target and columns, and with its name. Not looked at is what training alone needs, such as `hidden`, `metrics`
 * and the values of rows to validate on.
 */
export function planTable(rows: Table | readonly object[], options: TrainTableOptions): TablePlan {
  const { training, held, features, plan: { epochs } } = prepare(rows, options, () => undefined);
  const { validationData } = options;
  const validationRows = validationData === undefined ? held?.length ?? 0 : isTable(validationData) ? validationData.rowCount : validationData.length;
  return { ...features.describe(), trainingRows: training.length, validationRows, epochs };
}

/** What is settled before numbers are made of rows. */
interface Prepared {
  readonly table: Table;
  readonly target: Target;
  readonly training: Uint32Array;
  readonly held: Uint32Array | undefined;
  readonly features: Features;
  readonly seed: number;
  readonly scaling: Scaling;
  readonly imputation: Imputation;
  /** Whether validation may end it. */
  readonly stops: boolean;
  readonly patience: number;
  readonly plan: Plan;
}

function prepare(rows: Table | readonly object[], options: TrainTableOptions, warn: Warn): Prepared {
  checkKeys('trainTable', options, keys);
  const named = options.columns ?? {};
  const seed = checkInteger('trainTable seed', options.seed ?? 0);
  if (typeof options.target !== 'string') throw unexpected('trainTable target', 'the name of a column', options.target);
  const task = options.task && checkName('trainTable task', options.task, ['classification', 'regression']);
  const scaling = checkName('trainTable scaling', options.scaling ?? 'standard', Object.keys(scalings) as Scaling[]);
  const imputation = checkName('trainTable imputation', options.imputation ?? 'mean', Object.keys(imputations) as Imputation[]);
  const table = typedTable('trainTable', rows, named);
  const target = targetOf(table, options.target, task, warn);
  const [training, held] = divide(target, options, seed);
  const features = featuresOf(table, target, training, named, warn);
  const { patience = usualPatience } = options;
  const stops = patience !== Infinity && checkInteger('trainTable patience', patience, { min: 0 }) >= 0 && (held ?? options.validationData) !== undefined;
  return { table, target, training, held, features, seed, scaling, imputation, stops, patience, plan: planOf(training.length, stops, options) };
}

const usualSplit = 0.1;

/** Row numbers: those to train on, and those to validate on, if there are any. */
function divide({ column, labels, rows }: Target, { validationSplit, validationData }: TrainTableOptions, seed: number): [Uint32Array, Uint32Array?] {
  if (validationData !== undefined) {
    if (validationSplit !== undefined) throw new OptionError(`trainTable: give validationData or validationSplit, not both`);
    if (!isTable(validationData) && !Array.isArray(validationData)) throw unexpected('trainTable validationData', 'a table, or an array of objects', validationData);
    return [rows];
  }
  const test = checkNumber('trainTable validationSplit', validationSplit ?? (rows.length < manyRows ? 0 : usualSplit), { min: 0, below: 1 });
  if (test === 0) return [rows];
  const strata = labels && strataOf(column);
  const parts = splitRows('trainTable validationSplit', rows.length, { test, seed }, strata && (() => Array.from(rows, (row) => strata[row]!)));
  return parts.map((part) => part.map((at) => rows[at]!)) as [Uint32Array, Uint32Array];
}

interface Samples {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** Some rows of the table, all of which have a target. */
function samplesOf(table: Table, features: Features, rows: Uint32Array): Samples {
  const { x, y } = features.encodeFor('trainTable', table, rows);
  return { x, y: y! };
}

/** The rows given to validate on. */
function validationOf({ validationData, target }: TrainTableOptions, features: Features): Samples | undefined {
  if (validationData === undefined) return undefined;
  const { x, y } = features.encodeFor('trainTable validationData', validationData);
  if (y === undefined) throw new DataError(`trainTable validationData: expected the target in column '${target}', received none`);
  return { x, y };
}

function unitsOf({ column: { name } }: Target, y: Float32Array): Units {
  const values = Float64Array.from(y);
  const mean = meanOf(values);
  const deviation = Math.sqrt(varianceOf(values, mean));
  if (deviation === 0) throw new DataError(`trainTable: expected numbers that differ in column '${name}', the target, received ${mean} alone`);
  return { mean, deviation };
}

function inUnits(y: Float32Array, units: Units | undefined): Float32Array {
  return units === undefined ? y : y.map((value) => (value - units.mean) / units.deviation);
}

/** Weights by class index of those by name. */
function weightsOf({ target: { labels } }: Features, weights: TableClassWeight | undefined): ClassWeight | undefined {
  if (weights === undefined) return undefined;
  if (labels === undefined) throw new OptionError('trainTable classWeight: a regression has no classes');
  if (weights === 'balanced') return weights;
  checkKeys('trainTable classWeight', weights, labels.map(String));
  return labels.map((label) => (Object.hasOwn(weights, String(label)) ? weights[String(label)]! : 1));
}

/** Without what is undefined. */
function present<Options extends object>(options: Options): { [Key in keyof Options]: Exclude<Options[Key], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

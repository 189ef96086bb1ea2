/**
 * Training on a dataset: batches that come one by one, from an iterable or a generator, and are looked at when they come. The loop is that of
 * `fit`; here its source reads batches. Loaded on demand.
 */

import type { MatrixLike } from '../../data/matrix.ts';
import type { DataError, OptionError, unexpected } from '../../errors.ts';
import type { checkKeys } from '../../options.ts';
import type { History, Logs } from './callbacks.ts';
import type { Program } from '../program.ts';
import type { checkedSamples, Fit, Samples } from './samples.ts';
import type { Sequential } from '../sequential.ts';
import type { Source } from './sources.ts';
import type { checkRun, evaluate, Run, RunOptions, Slices, sumUp, train } from './training.ts';
import type { readValidation, ValidationData, withSampleWeight } from './weights.ts';

/** What this file uses of the library. It is passed in: the file shares no module with it, and errors have one class each. */
export interface Tools {
  readonly DataError: typeof DataError;
  readonly OptionError: typeof OptionError;
  readonly checkKeys: typeof checkKeys;
  readonly checkRun: typeof checkRun;
  readonly checkedSamples: typeof checkedSamples;
  readonly evaluate: typeof evaluate;
  readonly readValidation: typeof readValidation;
  readonly sumUp: typeof sumUp;
  readonly train: typeof train;
  readonly unexpected: typeof unexpected;
  readonly withSampleWeight: typeof withSampleWeight;
}

/** One batch, of any number of rows: inputs, targets and weights if any, as `fit` takes them; `xs` and `ys` are the names of TensorFlow.js. */
export type DatasetBatch =
  | { readonly x: MatrixLike; readonly y: MatrixLike; readonly sampleWeight?: MatrixLike }
  | { readonly xs: MatrixLike; readonly ys: MatrixLike }
  | readonly [x: MatrixLike, y: MatrixLike, sampleWeight?: MatrixLike];

/** Batches in order. */
export type Batches = Iterable<DatasetBatch> | AsyncIterable<DatasetBatch>;

/** Something that gives batches, anew in every pass; or a function, as a generator is, that is called for every pass. */
export type Dataset = Batches | (() => Batches | Promise<Batches>);

export interface FitDatasetOptions extends Omit<RunOptions, 'batchSize' | 'shuffle'> {
  /** Steps of an epoch, for batches without an end; passes go on from one epoch to the next. Default: those of one pass. */
  stepsPerEpoch?: number;
  /** What to validate on after every epoch: an array is rows, targets and weights if any; everything else a dataset, gone through whole. */
  validationData?: ValidationData | Exclude<Dataset, readonly unknown[]>;
}

type Pass = Iterator<DatasetBatch> | AsyncIterator<DatasetBatch>;

const anIterable = 'an iterable of batches, or a function that gives one';

/** What begins a pass; undefined for what is no object to go through. */
function iteratorOf(batches: Batches): (() => Pass) | undefined {
  if (typeof batches !== 'object' || batches === null) return undefined;
  const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = batches as Partial<AsyncIterable<DatasetBatch> & Iterable<DatasetBatch>>;
  const begin = later ?? now;
  return typeof begin === 'function' ? begin.bind(batches) : undefined;
}

/** Reads a dataset pass by pass. */
class DatasetSource implements Source {
  samples!: Samples;
  readonly start = 0;
  readonly order = undefined;
  readonly resident = false;
  readonly steps: number | undefined;
  readonly #tools: Tools;
  readonly #label: string;
  readonly #dataset: Dataset;
  readonly #fit: Fit;
  /** The pass at hand; none before the first and after the end of one. */
  #pass: Pass | undefined;
  #batches = 0;
  /** Whether `samples` was read ahead. */
  #ahead = false;

  constructor(tools: Tools, label: string, dataset: Dataset, fit: Fit, steps: number | undefined, passes: number) {
    if (typeof dataset !== 'function' && iteratorOf(dataset) === undefined) throw tools.unexpected(label, anIterable, dataset);
    // A generator is its own iterator.
    if (passes > 1 && steps === undefined && 'next' in dataset) {
      throw new tools.OptionError(
        `${label}: a generator can be gone through once, but ${passes} epochs need it anew; pass the function that makes it, or stepsPerEpoch`,
      );
    }
    this.#tools = tools;
    this.#label = label;
    this.#dataset = dataset;
    this.#fit = fit;
    this.steps = steps;
  }

  get batch(): number {
    return this.samples.x.rows;
  }

  /** Reads the first batch, so that what is wrong with it is known before anything else. */
  async open(): Promise<this> {
    await this.#read();
    this.#ahead = true;
    return this;
  }

  async next(_epoch: number, step: number): Promise<number> {
    if (step === this.steps) return 0;
    if (this.#ahead) this.#ahead = false;
    else if (!await this.#read()) {
      if (this.steps === undefined) return 0;
      await this.#read();
    }
    return this.batch;
  }

  /** Reads the next batch, in a new pass where there is none; false where the pass is over. */
  async #read(): Promise<boolean> {
    const began = this.#pass === undefined;
    const pass = this.#pass ?? await this.#begin();
    // One that throws is over.
    this.#pass = undefined;
    const result = await pass.next();
    if (result.done === true) {
      if (began) throw new this.#tools.DataError(`${this.#label}: expected at least one batch in a pass, received none after ${this.#batches} batches in all`);
      return false;
    }
    this.#pass = pass;
    this.samples = readBatch(this.#tools, `${this.#label} batch ${this.#batches++}`, result.value, this.#fit);
    return true;
  }

  async #begin(): Promise<Pass> {
    const batches = typeof this.#dataset === 'function' ? await this.#dataset() : this.#dataset;
    const begin = iteratorOf(batches);
    if (begin === undefined) throw this.#tools.unexpected(this.#label, anIterable, batches);
    return begin();
  }

  /** Tells a pass that is not over that no more is wanted. */
  async close(): Promise<void> {
    const pass = this.#pass;
    this.#pass = undefined;
    await pass?.return?.();
  }
}

function readBatch({ checkKeys, checkedSamples, readValidation, unexpected, withSampleWeight }: Tools, where: string, batch: DatasetBatch, fit: Fit): Samples {
  if (typeof batch !== 'object' || batch === null) throw unexpected(where, '{ x, y }, { xs, ys } or [x, y]', batch);
  if (Array.isArray(batch)) return readValidation(where, batch as never, fit);
  checkKeys(where, batch, ['x', 'y', 'sampleWeight', 'xs', 'ys']);
  const { x, y, xs, ys, sampleWeight } = batch as Partial<Record<'x' | 'y' | 'xs' | 'ys' | 'sampleWeight', MatrixLike>>;
  return withSampleWeight(where, checkedSamples(where, (x ?? xs)!, (y ?? ys)!, fit), sampleWeight);
}

/** Does something with a source, and closes it; what `work` throws is thrown, whatever closing does. */
async function closing<Result>(source: DatasetSource, work: () => Promise<Result>): Promise<Result> {
  let result;
  try {
    result = await work();
  } catch (error) {
    await source.close().catch(() => undefined);
    throw error;
  }
  await source.close();
  return result;
}

/** See `Sequential.fitDataset`. */
export async function fitDataset(
  tools: Tools, model: Sequential, program: Program, dataset: Dataset, options: FitDatasetOptions, fit: Fit,
): Promise<History> {
  const verb = 'fitDataset';
  tools.checkKeys(verb, options, ['epochs', 'initialEpoch', 'verbose', 'stepsPerEpoch', 'threads', 'callbacks', 'signal', 'budgetMs', 'tolerance', 'validationData']);
  const run = tools.checkRun(verb, options, model.seed);
  const passes = run.epochs - run.initialEpoch;
  const { validationData } = options;
  const validate = validationData === undefined ? undefined : validator(tools, program, validationData, fit, run, passes);
  const source = new DatasetSource(tools, `${verb} dataset`, dataset, fit, run.stepsPerEpoch, passes);
  return closing(source, async () => tools.train(program, await source.open(), validate, run, model));
}

/** What gives the loss and metrics of validation data. */
function validator(
  tools: Tools, program: Program, data: NonNullable<FitDatasetOptions['validationData']>, fit: Fit, run: Run, passes: number,
): (slices: Slices) => Logs | Promise<Logs> {
  const label = `${run.verb} validationData`;
  if (Array.isArray(data)) {
    const samples = tools.readValidation(label, data as unknown as ValidationData, fit);
    return () => tools.evaluate(program, samples);
  }
  const source = new DatasetSource(tools, label, data as Dataset, fit, undefined, passes);
  return async (slices) => closing(source, async () => {
    let seen = 0;
    program.sums.clear();
    for (let rows = await source.next(0, 0); rows > 0; rows = await source.next(0, 0)) {
      tools.sumUp(program, source.samples);
      seen += rows;
      if (slices.left <= 0) await slices.rest();
    }
    return program.sums.epochLogs(seen);
  });
}

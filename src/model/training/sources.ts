/** Where the batches of training come from, which is all that the loop in training.ts knows of data: rows in arrays here, a dataset in dataset.ts. */

import type { Matrix, MatrixLike } from '../../data/matrix.ts';
import { DataError, OptionError, unexpected } from '../../errors.ts';
import { checkKeys, checkNumber } from '../../options.ts';
import { onDemand } from '../../platform.ts';
import { Random } from '../../random.ts';
import type { FitRows, History } from './callbacks.ts';
import type { Dataset, FitDatasetOptions } from './dataset.ts';
import type { Program } from '../program.ts';
import { checkedSamples, type Fit, type Samples } from './samples.ts';
import type { FitOptions, Sequential } from '../sequential.ts';
import { checkRun, evaluate, sumUp, train, type Run } from './training.ts';
import { alike, checkWeights, readValidation, weightKeys, withClassWeight, withSampleWeight } from './weights.ts';

export interface Source extends FitRows {
  /** Rows of the batch at hand: of these those that `order` names from `start` on, or where it is undefined the rows from there. */
  readonly samples: Samples;
  readonly start: number;
  readonly order: Uint32Array | undefined;
  /** Whether `samples` are all there is, and an epoch is a pass over them: small ones may lie in the model's memory. */
  readonly resident: boolean;
  /** Goes on to the batch of a step of an epoch; returns (or resolves to) its rows, 0 where the epoch is over. */
  next(epoch: number, step: number): number | Promise<number>;
}

/** Passes over rows, one after the other whatever an epoch is: step s of the run is step s mod b of pass ⌊s / b⌋, with b batches a pass. */
class ArraySource implements Source {
  readonly samples: Samples;
  readonly batch: number;
  readonly steps: number;
  readonly resident: boolean;
  readonly order: Uint32Array | undefined;
  start = 0;
  readonly #seed: number;
  readonly #batches: number;
  #pass = -1;

  constructor(samples: Samples, { batchSize, shuffle, stepsPerEpoch, seed }: Run) {
    const { rows } = samples.x;
    this.samples = samples;
    this.batch = Math.min(batchSize, rows);
    this.#batches = Math.ceil(rows / batchSize);
    this.steps = stepsPerEpoch ?? this.#batches;
    this.resident = stepsPerEpoch === undefined;
    this.#seed = seed;
    this.order = shuffle && this.batch < rows ? new Uint32Array(rows) : undefined;
  }

  next(epoch: number, step: number): number {
    if (step === this.steps) return 0;
    const at = epoch * this.steps + step;
    const pass = Math.floor(at / this.#batches);
    const { order } = this;
    if (order !== undefined && pass !== this.#pass) {
      for (let row = 0; row < order.length; row++) order[row] = row;
      new Random(this.#seed, 'shuffling', pass).shuffle(order);
    }
    this.#pass = pass;
    this.start = (at % this.#batches) * this.batch;
    return Math.min(this.batch, this.samples.x.rows - this.start);
  }
}

/** See `Sequential.fit`. */
export async function fitArrays(model: Sequential, program: Program, x: MatrixLike, y: MatrixLike, options: FitOptions, fit: Fit): Promise<History> {
  const verb = 'fit';
  checkKeys(verb, options, ['epochs', 'initialEpoch', 'verbose', 'batchSize', 'stepsPerEpoch', 'shuffle', 'threads', 'callbacks', 'signal', 'budgetMs', 'tolerance', 'validationSplit', 'validationData', ...weightKeys]);
  const run = checkRun(verb, options, model.seed, program.objective!.optimizer.begin ? 2 ** 32 : 32);
  let samples = withSampleWeight(verb, checkedSamples(verb, x, y, fit), options.sampleWeight);
  let validation: Samples | undefined;
  if (options.validationData !== undefined) {
    if (options.validationSplit !== undefined) throw new OptionError('fit: give validationData or validationSplit, not both');
    validation = readValidation('fit validationData', options.validationData, fit);
  } else if (options.validationSplit !== undefined) {
    [samples, validation] = splitValidation(samples, options.validationSplit);
  }
  samples = withClassWeight(verb, samples, options.classWeight, fit);
  if (validation === undefined) return train(program, new ArraySource(samples, run), undefined, run, model);
  const [ours, others] = alike(samples, validation);
  return train(program, new ArraySource(ours, run), () => evaluate(program, others), run, model);
}

const datasetPart = onDemand('./dataset.js', () => import('./dataset.ts'));

/** See `Sequential.fitDataset`. */
export async function fitDataset(model: Sequential, program: Program, dataset: Dataset, options: FitDatasetOptions, fit: Fit): Promise<History> {
  const part = await datasetPart.load();
  const tools = { DataError, OptionError, checkKeys, checkRun, checkedSamples, evaluate, readValidation, sumUp, train, unexpected, withSampleWeight };
  return part.fitDataset(tools, model, program, dataset, options, fit);
}

/** Cuts the last share of the rows off for validation, as Keras does: before any shuffling. A share of 0 is none. */
function splitValidation(samples: Samples, share: number): [train: Samples, validation: Samples | undefined] {
  checkNumber('fit validationSplit', share, { min: 0, below: 1 });
  if (share === 0) return [samples, undefined];
  const { x, y, weights } = samples;
  const at = Math.floor(x.rows * (1 - share));
  if (at === 0 || at === x.rows) {
    throw new OptionError(`fit validationSplit: ${share} of ${x.rows} rows leaves no rows to ${at === 0 ? 'train' : 'validate'} on`);
  }
  const part = (matrix: Matrix, from: number, to: number): Matrix => ({
    values: matrix.values.subarray(from * matrix.columns, to * matrix.columns),
    rows: to - from,
    columns: matrix.columns,
  });
  const cut = (what: string, from: number, to: number): Samples => ({
    x: part(x, from, to),
    y: part(y, from, to),
    ...(weights && { weights: checkWeights(`fit sampleWeight of the rows to ${what} on`, part(weights, from, to)) }),
  });
  return [cut('train', 0, at), cut('validate', at, x.rows)];
}

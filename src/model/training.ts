/**
 * The training loop: epochs of shuffled batches on a program, in time slices, so that a page stays alive. It checks its
 * options, guards against numbers that leave the finite range, and knows nothing of layers.
 */

import type { Matrix } from '../data/matrix.ts';
import { OptionError, show, TrainingError } from '../errors.ts';
import { checkBoolean, checkInteger, checkNumber } from '../options.ts';
import { nextTask } from '../platform.ts';
import { Random } from '../random.ts';
import { combine, type Callback, type History, type Logs } from './callbacks.ts';
import { inferenceRows, type Program } from './program.ts';

/** Inputs and targets, row for row. */
export interface Samples {
  readonly x: Matrix;
  readonly y: Matrix;
}

/** The settings of a run, checked, defaults filled in. */
export interface Run {
  readonly epochs: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly callbacks: Callback;
  readonly signal: AbortSignal | undefined;
}

/** The settings that belong to the loop itself. */
export interface RunOptions {
  /** Times to go through the data; default 1. */
  epochs?: number;
  /** Rows a step; default 32. */
  batchSize?: number;
  /** Whether to go through the rows in a new random order every epoch, drawn from the model's seed; default true. */
  shuffle?: boolean;
  callbacks?: readonly Callback[];
  /** Stops training after the step at hand; `fit` then rejects with the signal's reason, and the model keeps what it has learnt. */
  signal?: AbortSignal;
}

/** Milliseconds of training between two visits to the event loop: one frame of a page. */
const sliceMilliseconds = 16;

export function checkRun(options: RunOptions, seed: number): Run {
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new OptionError(`fit signal: expected an AbortSignal, received ${show(signal)}`);
  }
  return {
    epochs: checkInteger('fit epochs', options.epochs ?? 1, { min: 0 }),
    batchSize: checkInteger('fit batchSize', options.batchSize ?? 32, { min: 1 }),
    shuffle: checkBoolean('fit shuffle', options.shuffle ?? true),
    seed,
    callbacks: combine(options.callbacks ?? []),
    signal,
  };
}

/** Cuts the last share of the rows off for validation, as Keras does: before any shuffling. */
export function splitValidation({ x, y }: Samples, share: number): [train: Samples, validation: Samples] {
  checkNumber('fit validationSplit', share, { above: 0, below: 1 });
  const at = Math.floor(x.rows * (1 - share));
  if (at === 0 || at === x.rows) {
    throw new OptionError(`fit validationSplit: ${share} of ${x.rows} rows leaves no rows to ${at === 0 ? 'train' : 'validate'} on`);
  }
  const part = (matrix: Matrix, from: number, to: number): Matrix => ({
    values: matrix.values.subarray(from * matrix.columns, to * matrix.columns),
    rows: to - from,
    columns: matrix.columns,
  });
  return [
    { x: part(x, 0, at), y: part(y, 0, at) },
    { x: part(x, at, x.rows), y: part(y, at, y.rows) },
  ];
}

/** Loss and metrics over all rows. */
export function evaluate(program: Program, { x, y }: Samples): Record<string, number> {
  const chunk = Math.min(x.rows, inferenceRows);
  program.reserve(chunk);
  return program.apart(() => {
    program.clearSums();
    for (let start = 0; start < x.rows; start += chunk) {
      const rows = Math.min(chunk, x.rows - start);
      program.load('input', x, start, rows);
      program.load('target', y, start, rows);
      program.run('evaluate', rows);
    }
    return program.logsOver(x.rows);
  });
}

/** Trains, and returns the record. */
export async function train(program: Program, samples: Samples, validation: Samples | undefined, run: Run): Promise<History> {
  const { callbacks } = run;
  const record: History = { epoch: [], history: {} };
  const order = Uint32Array.from({ length: samples.x.rows }, (_, row) => row);
  const slice = { until: performance.now() + sliceMilliseconds };
  const lastFinite = program.save();
  let logs: Logs = {};
  program.reserve(Math.min(run.batchSize, samples.x.rows));
  await callbacks.onTrainBegin?.();
  for (let epoch = 0; epoch < run.epochs; epoch++) {
    run.signal?.throwIfAborted();
    await callbacks.onEpochBegin?.(epoch);
    if (run.shuffle) {
      order.forEach((_, row) => (order[row] = row));
      new Random(run.seed, 'shuffling', epoch).shuffle(order);
    }
    logs = await trainEpoch(program, samples, order, epoch, run, slice, lastFinite);
    program.save(lastFinite);
    if (validation !== undefined) logs = { ...logs, ...validationLogs(program, validation) };
    record.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) (record.history[name] ??= []).push(value);
    await callbacks.onEpochEnd?.(epoch, logs);
  }
  await callbacks.onTrainEnd?.(logs);
  return record;
}

async function trainEpoch(
  program: Program, { x, y }: Samples, order: Uint32Array, epoch: number, run: Run, slice: { until: number }, lastFinite: Float32Array,
): Promise<Logs> {
  const rowOrder = run.shuffle ? order : undefined;
  program.clearSums();
  let batch = 0;
  for (let start = 0; start < x.rows; start += run.batchSize) {
    const rows = Math.min(run.batchSize, x.rows - start);
    program.load('input', x, start, rows, rowOrder);
    program.load('target', y, start, rows, rowOrder);
    program.run('train', rows);
    const seen = start + rows;
    if (!Number.isFinite(program.lossOver(seen))) throw diverged(program, epoch, batch, rows, x, lastFinite);
    if (run.callbacks.onBatchEnd !== undefined) await run.callbacks.onBatchEnd(batch, program.logsOver(seen));
    batch++;
    if (performance.now() >= slice.until) {
      await nextTask();
      run.signal?.throwIfAborted();
      slice.until = performance.now() + sliceMilliseconds;
    }
  }
  if (program.firstNonFiniteParameter() !== undefined) throw diverged(program, epoch, batch - 1, 0, x, lastFinite);
  return program.logsOver(x.rows);
}

function validationLogs(program: Program, validation: Samples): Logs {
  return Object.fromEntries(Object.entries(evaluate(program, validation)).map(([name, value]) => [`val_${name}`, value]));
}

/** The error for a loss or weights that are not finite; puts back the weights of the last finite epoch. */
function diverged(program: Program, epoch: number, batch: number, rows: number, x: Matrix, lastFinite: Float32Array): TrainingError {
  const output = rows > 0 ? program.firstNonFiniteOutput(rows) : undefined;
  const layer = output ?? program.firstNonFiniteParameter() ?? program.stages.at(-1)?.layer ?? 'output';
  const { learningRate } = program;
  program.restore(lastFinite);
  return new TrainingError(
    `fit: in epoch ${epoch}, batch ${batch}, the ${output === undefined ? 'weights' : 'output'} of layer '${layer}' left the range of ` +
      `finite numbers. ${likelyCause(x, learningRate)} The weights are those of the end of the last finite epoch`,
    { epoch, batch, layer },
  );
}

/** Inputs far larger than this call for scaling before the learning rate is blamed. */
const unscaledMagnitude = 100;

function likelyCause({ values, columns }: Matrix, learningRate: number): string {
  let at = 0;
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]!) > Math.abs(values[at]!)) at = i;
  if (Math.abs(values[at]!) > unscaledMagnitude) {
    return `Likely cause: input column ${at % columns} is not scaled (it holds ${values[at]}); bring columns to a mean near 0 and a deviation near 1.`;
  }
  return `Likely cause: the learning rate, ${Number(learningRate.toPrecision(6))}, is too high; try a tenth of it.`;
}

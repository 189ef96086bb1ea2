/**
 * The training loop: epochs of shuffled batches on a program, in time slices, so that a page stays alive. It checks its
 * options, guards against numbers that leave the finite range, and knows nothing of layers.
 */

import { lossNotFinite, paused } from '../../backend/plan.ts';
import type { Matrix } from '../../data/matrix.ts';
import { TrainingError, unexpected } from '../../errors.ts';
import { checkBoolean, checkInteger, checkNumber } from '../../options.ts';
import { nextTask, say, sayInPlace } from '../../platform.ts';
import { combine, type Callback, type History, type Logs } from './callbacks.ts';
import type { Program } from '../program.ts';
import { inferenceRows } from '../room.ts';
import { loadSamples, type Samples } from './samples.ts';
import type { Sequential } from '../sequential.ts';
import type { Source } from './sources.ts';

/** The settings of a run, checked, defaults filled in. */
export interface Run {
  /** What errors begin with: the method that trains. */
  readonly verb: string;
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly verbose: number;
  readonly batchSize: number;
  readonly stepsPerEpoch: number | undefined;
  readonly shuffle: boolean;
  readonly threads: number | 'auto';
  readonly seed: number;
  readonly callbacks: Callback;
  /** Those that `callbacks` combines. */
  readonly given: readonly Callback[];
  readonly signal: AbortSignal | undefined;
  readonly budgetMs: number;
  readonly tolerance: number | undefined;
}

/** The settings that belong to the loop itself. */
export interface RunOptions {
  /** The epoch to stop before, so with no `initialEpoch` the times to go through the data; default 1. */
  epochs?: number;
  /** The epoch to start with, which counts for the order of rows; default 0. */
  initialEpoch?: number;
  /** 1 says how every epoch went on the console, and on a terminal how far the epoch at hand is; default 0. */
  verbose?: 0 | 1;
  /** Rows a step; default 32, with `lbfgs` all of them, and nothing less. */
  batchSize?: number;
  /** Steps of an epoch; the passes over the data go on from one epoch to the next. Default: those of one pass. */
  stepsPerEpoch?: number;
  /** Whether to go through the rows in a new random order every pass, drawn from the model's seed; default true. */
  shuffle?: boolean;
  /**
   * Threads to share each step among, which changes no bit of the result; `'auto'`: as many as the machine runs at once, where steps are
   * long enough to repay it. Default 1. Where there are no threads (a page that is not cross-origin isolated), one, said once.
   */
  threads?: number | 'auto';
  callbacks?: readonly Callback[];
  /** Stops training after the step at hand; `fit` then rejects with the signal's reason, and the model keeps what it has learnt. */
  signal?: AbortSignal;
  /**
   * Milliseconds of training, callbacks and validation included, after which `fit` stops with the step at hand (on small data within
   * a slice of 16 ms). An epoch that this cuts short is validated and recorded like any other, over the rows it saw. Default: no limit.
   */
  budgetMs?: number;
  /** Stops at convergence: after an epoch whose loss differs from that of the epoch before by no more than this. Default: never. */
  tolerance?: number;
}

/** Milliseconds of training between two visits to the event loop: one frame of a page. */
export const sliceMilliseconds = 16;

/** Steps in one call at most. */
const mostSteps = 2 ** 24;

export function checkRun(verb: string, options: RunOptions, seed: number, usualBatch = 32): Run {
  const { signal, budgetMs, tolerance, stepsPerEpoch } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw unexpected(`${verb} signal`, 'an AbortSignal', signal);
  return {
    verb,
    epochs: checkInteger(`${verb} epochs`, options.epochs ?? 1, { min: 0 }),
    initialEpoch: checkInteger(`${verb} initialEpoch`, options.initialEpoch ?? 0, { min: 0 }),
    verbose: checkInteger(`${verb} verbose`, options.verbose ?? 0, { min: 0, max: 1 }),
    batchSize: checkInteger(`${verb} batchSize`, options.batchSize ?? usualBatch, { min: 1 }),
    stepsPerEpoch: stepsPerEpoch === undefined ? undefined : checkInteger(`${verb} stepsPerEpoch`, stepsPerEpoch, { min: 1 }),
    shuffle: checkBoolean(`${verb} shuffle`, options.shuffle ?? true),
    threads: checkThreads(verb, options.threads),
    seed,
    callbacks: combine(`${verb} callbacks`, options.callbacks ?? []),
    given: options.callbacks ?? [],
    signal,
    budgetMs: budgetMs === undefined ? Infinity : checkNumber(`${verb} budgetMs`, budgetMs, { above: 0 }),
    tolerance: tolerance === undefined ? undefined : checkNumber(`${verb} tolerance`, tolerance, { min: 0 }),
  };
}

/** A number of threads, or `'auto'`; 1 where there is none. */
export function checkThreads(verb: string, threads: number | 'auto' = 1): number | 'auto' {
  return threads === 'auto' ? threads : checkInteger(`${verb} threads`, threads, { min: 1, max: 64 });
}

/** Loss and metrics over all rows. */
export function evaluate(program: Program, samples: Samples): Record<string, number> {
  return program.sums.apart(() => {
    program.sums.clear();
    sumUp(program, samples);
    return program.sums.epochLogs(samples.x.rows);
  });
}

/** Adds loss and metrics of all rows to the sums. */
export function sumUp(program: Program, samples: Samples): void {
  const { rows } = samples.x;
  const chunk = inferenceRows(program);
  for (let start = 0; start < rows; start += chunk) {
    const count = Math.min(chunk, rows - start);
    loadSamples(program, samples, start, count);
    program.run('evaluate', count);
  }
}

/** Trains `model`, which lies in `program`, and returns the record. `validate` gives the logs of validation, where there is one. */
export async function train(
  program: Program, source: Source, validate: ((slices: Slices) => Logs | Promise<Logs>) | undefined, run: Run, model: Sequential,
): Promise<History> {
  const { callbacks, signal, tolerance } = run;
  const { onEpochBegin, onEpochEnd, onBatchEnd } = callbacks;
  const watching = run.given.filter((callback) => callback.onEpochEnd !== undefined);
  const history: Record<string, number[]> = {};
  const epochs: number[] = [];
  const eachEpoch = validate !== undefined || run.verbose > 0 || onEpochBegin !== undefined || tolerance !== undefined;
  let logs: Logs = {};
  signal?.throwIfAborted();
  const iterate = await program.objective!.optimizer.begin?.(model, source.batch, source.samples.x.rows, source.steps);
  await callbacks.setModel?.(model, run.given, source, history);
  program.keep();
  try {
    await program.joinTeam(run.threads, source.batch);
    const resident = source.resident && iterate === undefined && onBatchEnd === undefined && program.team === undefined &&
      program.attach(source.samples, source.batch, source.order !== undefined, run.seed);
    program.reserve(source.batch, source.samples.weights !== undefined);
    await callbacks.onTrainBegin?.();
    const slices = new Slices(run);
    for (let epoch = run.initialEpoch, over = false, midway = false; epoch < run.epochs && !over;) {
      signal?.throwIfAborted();
      slices.beginEpoch();
      await onEpochBegin?.(epoch);
      if (resident) {
        const apart = eachEpoch || model.stopTraining ? 1 : Math.min(...watching.map(({ epochsApart = 1 }) => epochsApart), run.epochs - epoch);
        midway = await trainResident(program, source.samples, epoch, epoch + (Math.max(1, apart) || 1), run, slices, history);
      } else {
        append(history, await trainEpoch(program, source, epoch, run, slices, iterate));
      }
      const losses = history['loss']!;
      while (epochs.length < losses.length) epochs.push(epoch++);
      if (validate !== undefined) {
        append(history, Object.fromEntries(Object.entries(await validate(slices)).map(([name, value]) => [`val_${name}`, value])));
      }
      logs = Object.fromEntries(Object.entries(history).map(([name, values]) => [name, values.at(-1)!]));
      if (run.verbose > 0) {
        sayInPlace('');
        say(epochLine(epoch - 1, run.epochs, logs));
      }
      await onEpochEnd?.(epoch - 1, logs);
      over = !midway && (model.stopTraining || slices.over || Math.abs(losses.at(-2)! - losses.at(-1)!) <= tolerance!);
    }
  } catch (error) {
    await callbacks.onTrainError?.(error);
    throw error;
  } finally {
    if (run.verbose > 0) sayInPlace('');
    program.detach();
    program.leaveTeam();
  }
  program.takeAverage();
  await callbacks.onTrainEnd?.(logs);
  return { epoch: epochs, history };
}

function append(history: Record<string, number[]>, logs: Logs): void {
  for (const [name, value] of Object.entries(logs)) (history[name] ??= []).push(value);
}

/** Visits the event loop when a slice of time is over, and knows when all of the time is. */
export class Slices {
  readonly #run: Run;
  readonly #deadline: number;
  #until = performance.now() + sliceMilliseconds;
  #epochBegan = 0;
  #steps = 1;

  constructor(run: Run) {
    this.#run = run;
    this.#deadline = performance.now() + run.budgetMs;
  }

  /** Whether the budget is spent. */
  get over(): boolean {
    return performance.now() >= this.#deadline;
  }

  beginEpoch(): void {
    this.#epochBegan = performance.now();
  }

  /** Milliseconds left of this slice. */
  get left(): number {
    return this.#until - performance.now();
  }

  /** Does up to a number of steps; next time twice as many, or what fits into a slice or the rest of the budget, whichever are fewest. */
  run<Result>(work: (steps: number) => Result): Result {
    const { left } = this;
    const result = work(this.#steps);
    const spent = Math.max(left - this.left, 1e-3);
    const next = Math.min(sliceMilliseconds, this.#deadline - performance.now());
    this.#steps = Math.max(1, Math.min(mostSteps, 2 * this.#steps, Math.floor((this.#steps * next) / spent)));
    return result;
  }

  /** Ends the slice, in which epoch `epoch` came to step `step` of `steps`, and to `seen` rows; a terminal may show that. */
  async next(program: Program, epoch: number, seen: number, step: number, steps: number | undefined): Promise<void> {
    const { verbose, epochs } = this.#run;
    if (verbose > 0 && seen > 0) {
      const speed = Math.round((1000 * seen) / (performance.now() - this.#epochBegan));
      const at = `step ${step}${steps === undefined ? '' : `/${steps}`}`;
      sayInPlace(`${epochLine(epoch, epochs, { loss: program.sums.lossOver(seen) })}  ${at}  ${speed.toLocaleString('en')} samples/s`);
    }
    await this.rest();
  }

  /** Lets other tasks come, and begins a new slice. */
  async rest(): Promise<void> {
    await nextTask();
    this.#run.signal?.throwIfAborted();
    this.#until = performance.now() + sliceMilliseconds;
  }
}

/**
 * Trains on attached data, many steps a call, from `epoch` on and not beyond `end`, until an epoch or more have ended or the time
 * is over; appends their logs, and those of an epoch cut short. Returns whether another epoch is under way.
 */
async function trainResident(
  program: Program, samples: Samples, epoch: number, end: number, run: Run, slices: Slices, history: Record<string, number[]>,
): Promise<boolean> {
  const { rows } = samples.x;
  for (let ended = 0; ;) {
    const outcome = slices.run((steps) => program.runEpochs(epoch, end, steps));
    ended = program.appendLogs(history, rows);
    const { cursor } = program;
    const cut = cursor > 0 && slices.over;
    if (outcome !== paused || (cut && program.firstNonFiniteParameter() !== undefined)) {
      const failed = outcome === lossNotFinite ? Math.min(run.batchSize, rows - cursor) : 0;
      const at = outcome === paused ? cursor - 1 : cursor;
      throw diverged(program, run, epoch + ended, Math.floor(at / run.batchSize), failed, samples);
    }
    if (cut) append(history, program.sums.logsOver(cursor));
    else if (slices.left <= 0) await slices.next(program, epoch + ended, cursor, Math.ceil(cursor / run.batchSize), Math.ceil(rows / run.batchSize));
    if (cut || ended > 0) return !cut && cursor > 0;
  }
}

/**
 * One epoch with a call a step, to `iterate` where that is given: over data too large to copy or not here yet, in steps that are counted,
 * or with a callback for every batch.
 */
async function trainEpoch(
  program: Program, source: Source, epoch: number, run: Run, slices: Slices, iterate: (() => void) | undefined,
): Promise<Logs> {
  program.sums.clear();
  let batch = 0;
  let seen = 0;
  for (; !(seen > 0 && slices.over); batch++) {
    const coming = source.next(epoch, batch);
    const rows = typeof coming === 'number' ? coming : await coming;
    if (rows === 0) break;
    loadSamples(program, source.samples, source.start, rows, source.order);
    if (iterate !== undefined) iterate();
    else if (!program.start('train', rows)) await program.finish();
    seen += rows;
    if (!Number.isFinite(program.sums.lossOver(seen))) throw diverged(program, run, epoch, batch, rows, source.samples);
    if (run.callbacks.onBatchEnd !== undefined) {
      await run.callbacks.onBatchEnd(batch, program.sums.logsOver(seen));
      run.signal?.throwIfAborted();
    }
    if (slices.left <= 0) await slices.next(program, epoch, seen, batch + 1, source.steps);
  }
  if (program.firstNonFiniteParameter() !== undefined) throw diverged(program, run, epoch, batch - 1, 0, source.samples);
  program.keep();
  return program.sums.epochLogs(seen);
}

/** For example `epoch 3/40  loss 0.1234  accuracy 0.9876`. */
function epochLine(epoch: number, epochs: number, logs: Logs): string {
  return [`epoch ${epoch + 1}/${epochs}`, ...Object.entries(logs).map(([name, value]) => `${name} ${value.toPrecision(4)}`)].join('  ');
}

/** The error for a loss or weights that are not finite; puts back the weights of the last finite epoch. */
function diverged(program: Program, { verb }: Run, epoch: number, batch: number, rows: number, samples: Samples): TrainingError {
  const output = rows > 0 ? program.room.firstNonFiniteOutput(rows) : undefined;
  const weights = program.firstNonFiniteParameter();
  const layer = output ?? weights ?? program.stages.at(-1)?.layer ?? 'none';
  const what = output !== undefined ? `the output of layer '${output}'` : weights !== undefined ? `the weights of layer '${weights}'` : `the loss of the output of layer '${layer}'`;
  const cause = likelyCause(program, samples);
  program.restoreKept();
  return new TrainingError(
    `${verb}: in epoch ${epoch}, batch ${batch}, ${what} left the range of finite numbers. Likely cause: ${cause}. ` +
      'The weights are those of the end of the last finite epoch',
    { epoch, batch, layer },
  );
}

/** Values far larger than this call for scaling before the learning rate is blamed. */
const unscaledMagnitude = 100;

function likelyCause(program: Program, { x, y }: Samples): string {
  for (const [what, matrix] of [['input', x], ['target', y]] as const) {
    if (what === 'target' && program.objective?.loss.kind.targets !== 'numbers') continue;
    const { value, column } = largest(matrix, program.takesMissing);
    if (!Number.isFinite(value)) return `${what} column ${column} holds ${value} now: the data changed during fit`;
    if (Math.abs(value) > unscaledMagnitude) {
      return `${what} column ${column} is not scaled (it holds ${value}); bring columns to a mean near 0 and a deviation near 1`;
    }
  }
  return `the learning rate, ${Number(program.learningRate.toPrecision(6))}, is too high; try a tenth of it`;
}

/** The value of largest magnitude, or the first that is not finite; where values may be missing, NaN counts as 0. */
function largest({ values, columns }: Matrix, missing: boolean | undefined): { value: number; column: number } {
  const valueAt = (i: number): number => (missing ? values[i]! || 0 : values[i]!);
  let at = 0;
  for (let i = 0; i < values.length && Number.isFinite(valueAt(at)); i++) if (!(Math.abs(valueAt(i)) <= Math.abs(valueAt(at)))) at = i;
  return { value: valueAt(at), column: at % columns };
}

/**
 * The learning-rate range test: a short training while the rate grows, to see from where on the loss falls and where it
 * explodes. It runs on a copy of the model, so that the model stays as it is.
 */

import { loadBackend } from '../backend/index.ts';
import type { MatrixLike } from '../data/matrix.ts';
import { unexpected } from '../errors.ts';
import { refuseBatches } from '../model/optimizers/optimizers.ts';
import type { Program } from '../model/program.ts';
import { checkedSamples, type Samples } from '../model/training/samples.ts';
import { Sequential } from '../model/sequential.ts';
import { sliceMilliseconds } from '../model/training/training.ts';
import { checkInteger, checkKeys, checkNumber } from '../options.ts';
import { nextTask } from '../platform.ts';
import { Random } from '../random.ts';
import { copyOf } from './copy.ts';

export interface FindLearningRateOptions {
  /** The first rate; default 1e-7. */
  from?: number;
  /** The last rate; default 10. */
  to?: number;
  /** Updates, each at a higher rate; default 100, at least 2. */
  steps?: number;
  /** Rows a step; default 32. */
  batchSize?: number;
}

/** What a range test saw. It ends early where the loss explodes. */
export interface LearningRateRange {
  /** The rate of each update. */
  readonly rates: readonly number[];
  /** The loss before each update, smoothed. */
  readonly losses: readonly number[];
  /** A tenth of the rate at which the loss was lowest; undefined where it never fell. */
  readonly suggestion: number | undefined;
}

/** The share of the mean loss so far that is kept at every step, and how far above its least value it may rise: those of fastai. */
const kept = 0.98;
const explosion = 4;

/**
 * Smith's range test (Smith 2017, "Cyclical learning rates", section 3.3) with a rate that grows by the same factor every step, and
 * the loss as a running mean, corrected for its start, as in fastai. Optimizer state starts anew, on a copy: neither the model's
 * weights nor anything else of it changes. Rows are shuffled by the model's seed, and gone through again where they do not last. A tenth of
 * the best rate, the suggestion, is fastai's rule too: the smoothed loss turns late, and the best rate is close to the worst.
 *
 * @param x rows [rows, inputs]; y their targets, as for `fit`.
 * @throws ShapeError, DataError, OptionError for what cannot be trained on.
 */
export async function findLearningRate(model: Sequential, x: MatrixLike, y: MatrixLike, options: FindLearningRateOptions = {}): Promise<LearningRateRange> {
  const where = 'findLearningRate';
  if (!(model instanceof Sequential)) throw unexpected(where, 'a model made by sequential', model);
  checkKeys(where, options, ['from', 'to', 'steps', 'batchSize']);
  const from = checkNumber(`${where} from`, options.from ?? 1e-7, { above: 0 });
  const to = checkNumber(`${where} to`, options.to ?? 10, { above: from });
  const steps = checkInteger(`${where} steps`, options.steps ?? 100, { min: 2 });
  const batchSize = checkInteger(`${where} batchSize`, options.batchSize ?? 32, { min: 1 });
  await loadBackend(model.backend);
  const { program, seed } = copyOf(where, model);
  const rateAtStep = (step: number): number => from * (to / from) ** (step / (steps - 1));
  refuseBatches(where, program.objective!.optimizer);
  program.rate = rateAtStep;
  const { inputs, outputs, takesMissing } = program;
  const samples = checkedSamples(where, x, y, { inputs, outputs, takesMissing, loss: program.objective!.loss });
  const rows = Math.min(batchSize, samples.x.rows);
  const { accumulationSteps } = program.objective!.optimizer;
  const load = batches(program, samples, rows, seed);
  let sliceEnd = performance.now() + sliceMilliseconds;
  const rates: number[] = [];
  const losses: number[] = [];
  let loss = 0;
  let least = Infinity;
  for (let step = 0; step < steps; step++) {
    program.sums.clear();
    for (let batch = 0; batch < accumulationSteps; batch++) {
      load();
      program.run('train', rows);
    }
    // The mean with falling weights whose sum is 1 from the first step on; of equal losses it is exactly that loss.
    loss += ((1 - kept) / (1 - kept ** (step + 1))) * (program.sums.lossOver(rows * accumulationSteps) - loss);
    if (!Number.isFinite(loss) || loss > explosion * least) break;
    least = Math.min(least, loss);
    rates.push(rateAtStep(step));
    losses.push(loss);
    if (performance.now() > sliceEnd) {
      await nextTask();
      sliceEnd = performance.now() + sliceMilliseconds;
    }
  }
  const lowest = losses.indexOf(least);
  return { rates, losses, suggestion: lowest > 0 ? rates[lowest]! / 10 : undefined };
}

/** Each call loads the next `rows` rows; where there are not so many left, it starts again in a new random order. */
function batches(program: Program, { x, y }: Samples, rows: number, seed: number): () => void {
  const order = Uint32Array.from({ length: x.rows }, (_, row) => row);
  let start = x.rows;
  let epoch = 0;
  program.reserve(rows);
  return () => {
    if (start + rows > x.rows) {
      new Random(seed, 'shuffling', epoch++).shuffle(order);
      start = 0;
    }
    program.room.load('input', x, start, rows, order);
    program.room.load('target', y, start, rows, order);
    start += rows;
  };
}

/** The network of a table: its layers, how it is trained unless options say, and what is done to its weights when it has been. */

import type { Features } from '../data/features.ts';
import { unexpected } from '../errors.ts';
import type { ActivationSpec } from '../model/layers/activation.ts';
import { dense } from '../model/layers/dense.ts';
import { impute } from '../model/layers/impute.ts';
import type { Layer } from '../model/layers/layer.ts';
import { oneHot } from '../model/layers/oneHot.ts';
import { normalization } from '../model/layers/scaling.ts';
import { adamw, type OptimizerSpec } from '../model/optimizers/optimizers.ts';
import { cosineDecay } from '../model/optimizers/schedules.ts';
import type { Parameter } from '../model/parameters.ts';
import type { Sequential } from '../model/sequential.ts';
import type { MetricName } from '../model/training/metrics.ts';
import { checkInteger } from '../options.ts';
import type { Scales } from './scales.ts';

export interface NetworkOptions {
  hidden?: readonly number[];
  activation?: ActivationSpec;
}

/** Rows from which on some can be spared to validate on; with those, a larger network may learn for longer, for it is stopped in time. */
export const manyRows = 2_000;
const fewUnits = [64];
const manyUnits = [64, 64];

export function layersOf({ inputs, outputs, task }: Features, { fill, mean, variance }: Scales, rows: number, options: NetworkOptions): Layer[] {
  const { hidden = rows < manyRows ? fewUnits : manyUnits, activation = 'relu' } = options;
  if (!Array.isArray(hidden)) throw unexpected('trainTable hidden', 'an array of numbers of units', hidden);
  const layers: Layer[] = [impute({ fill, inputShape: [inputs.length] }), normalization({ mean, variance })];
  const categories = inputs.map(({ labels }) => labels?.length ?? 0);
  if (categories.some((count) => count > 0)) layers.push(oneHot({ categories }));
  hidden.forEach((units, i) => layers.push(dense({ units: checkInteger(`trainTable hidden[${i}]`, units, { min: 1 }), activation })));
  layers.push(dense({ units: outputs, activation: task === 'regression' ? 'linear' : outputs === 1 ? 'sigmoid' : 'softmax' }));
  return layers;
}

export interface Plan {
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: OptimizerSpec;
  /** The same with a rate that is a number, which files can hold. */
  readonly lasting: OptimizerSpec;
}

const usualRate = 0.005;
/** Rows shown in all, without and with rows to validate on, and the epochs that makes at least and at most. */
const [shownUnseen, shownValidated, leastEpochs, mostEpochs] = [100_000, 1_000_000, 20, 100];
/** Epochs without a better loss of validation after which there is none to hope for. */
export const usualPatience = 12;
/** Rows of a table to one of a batch, whose size is a power of two between two. */
const [batches, leastBatch, mostBatch] = [50, 16, 256];
/** The decay is that over the rows: what the rows say counts the more, the more there are. */
const decayRows = 300;

/**
 * How so many rows are trained on, whether or not validation stops it in time: chosen on rows held out of the training parts of the tables of
 * `npm run accuracy`, as bench/README.md says.
 */
export function planOf(rows: number, stops: boolean, options: { epochs?: number; batchSize?: number }): Plan {
  const usualEpochs = Math.min(mostEpochs, Math.max(leastEpochs, Math.ceil((stops ? shownValidated : shownUnseen) / rows)));
  const epochs = checkInteger('trainTable epochs', options.epochs ?? usualEpochs, { min: 0 });
  const usualBatch = Math.min(mostBatch, Math.max(leastBatch, 2 ** Math.round(Math.log2(rows / batches))));
  const batchSize = checkInteger('trainTable batchSize', options.batchSize ?? usualBatch, { min: 1 });
  const weightDecay = Math.min(1, decayRows / rows);
  const decaySteps = Math.max(1, epochs * Math.ceil(rows / batchSize));
  return {
    epochs, batchSize,
    optimizer: adamw({ learningRate: cosineDecay({ initialLearningRate: usualRate, decaySteps }), weightDecay }),
    lasting: adamw({ learningRate: usualRate, weightDecay }),
  };
}

/** What targets of a regression are trained as: (y − mean) / deviation. */
export interface Units {
  readonly mean: number;
  readonly deviation: number;
}

/** By which power of the deviation metrics by name grow with the units. */
const powers: Partial<Record<MetricName, number>> = { meanAbsoluteError: 1, meanSquaredError: 2, halfSquaredError: 2 };

/** Makes the metrics that a model is compiled with be told in units of the target, where that can be done, until it is compiled anew. */
export function tellInUnits({ program }: Sequential, { mean, deviation }: Units): void {
  const { metrics, measures } = program.objective!;
  for (const metric of metrics) {
    const { name, divisor } = metric;
    metric.divisor = (rows) => divisor(rows) / deviation ** (powers[name] ?? 0);
  }
  const restored = (values: Float32Array): Float32Array => values.map((value) => value * deviation + mean);
  measures.forEach(([name, measure], i) => {
    measures[i] = [name, (y, p, options) => measure(restored(y), restored(p), options)];
  });
}

/** The parameters that are others in the end than training leaves them, by name: the first kernel, and in a regression the last layer. */
export function finishedParameters({ program }: Sequential, scales: Scales, units: Units | undefined): Map<string, Float32Array> {
  const [first, last, bias] = [program.parameters.find(({ name }) => name.endsWith('/kernel'))!, ...program.parameters.slice(-2)] as [Parameter, Parameter, Parameter];
  const finished = new Map([[first.name, settled(program.read(first), first.spec.shape[1]!, scales)]]);
  if (units !== undefined) {
    const { mean, deviation } = units;
    // So the model speaks in units of the target. Without hidden layers the first is the last.
    finished.set(last.name, (finished.get(last.name) ?? program.read(last)).map((weight) => weight * deviation));
    finished.set(bias.name, program.read(bias).map((value) => value * deviation + mean));
  }
  return finished;
}

/**
 * Gives each column of words that all training rows had a weight for words never seen, which training did not move from where it began: the
 * mean of those of its words, by the rows of each, so that such a word is like the average. Returns the weights, changed.
 */
function settled(weights: Float32Array, units: number, scales: Scales): Float32Array {
  let first = 0;
  for (const counts of scales.counts) {
    const words = (counts?.length ?? 1) - 1;
    if (counts !== undefined && counts[words] === 0) {
      const rows = counts.reduce((sum, count) => sum + count, 0);
      for (let unit = 0; unit < units; unit++) {
        let sum = 0;
        for (let word = 0; word < words; word++) sum += counts[word]! * weights[(first + word) * units + unit]!;
        weights[(first + words) * units + unit] = sum / rows;
      }
    }
    first += words + 1;
  }
  return weights;
}

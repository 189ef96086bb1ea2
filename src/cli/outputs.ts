/** What the outputs of a model mean, as far as its last layer, its loss and its features tell: classes with their probabilities, or numbers. */

import type { Label, Layer, Sequential } from '../index.ts';

/** How outputs become probabilities. */
type Turn = 'none' | 'exponential' | 'sigmoid' | 'softmax';

export interface Meaning {
  readonly kind: 'classes' | 'numbers';
  /** Names of the classes, in order. */
  readonly labels: readonly Label[];
  readonly turn: Turn;
}

/** What is computed last, dropout and noise aside, which do nothing outside of training. */
export function lastActivation(layers: readonly Layer[]): string {
  const last = layers.filter(({ type }) => type !== 'dropout' && type !== 'gaussianNoise').at(-1);
  const { activation = 'linear' } = (last?.type === 'dense' || last?.type === 'activation' ? last.config : {}) as { activation?: string | { name: string } };
  return typeof activation === 'string' ? activation : activation.name;
}

export function meaningOf(model: Sequential): Meaning {
  const { features, outputShape: [units] } = model;
  if (features !== undefined) {
    const { labels } = features.target;
    return labels === undefined ? { kind: 'numbers', labels: [], turn: 'none' } : { kind: 'classes', labels, turn: 'none' };
  }
  const activation = lastActivation(model.layers);
  const loss = model.compiled?.loss;
  const name = typeof loss === 'object' ? loss.name : loss;
  const fromLogits = typeof loss === 'object' && 'fromLogits' in loss && loss.fromLogits === true;
  const labels = labelsOf(model, Math.max(2, units));
  const classes = (turn: Turn): Meaning => ({ kind: 'classes', labels, turn });
  if (units > 1 && (name === 'sparseCategoricalCrossentropy' || name === 'categoricalCrossentropy')) return classes(fromLogits ? 'softmax' : 'none');
  if (units > 1 && activation === 'softmax') return classes('none');
  if (units > 1 && activation === 'logSoftmax') return classes('exponential');
  if (units === 1 && name === 'binaryCrossentropy') return classes(fromLogits ? 'sigmoid' : 'none');
  if (units === 1 && name === undefined && activation === 'sigmoid') return classes('none');
  return { kind: 'numbers', labels: [], turn: 'none' };
}

/** The names that the model keeps with it as `userMetadata.labels`, or else the numbers of the classes. */
function labelsOf({ userMetadata }: Sequential, classes: number): readonly Label[] {
  const { labels } = (userMetadata ?? {}) as { labels?: unknown };
  const named = Array.isArray(labels) && labels.length === classes && new Set(labels).size === classes && labels.every((label) => typeof label === 'string');
  return named ? labels as string[] : Array.from({ length: classes }, (_, i) => i);
}

/** Outputs as probabilities [rows, classes], of one unit two; in float32. */
export function probabilitiesOf(outputs: Float32Array, units: number, turn: Turn): Float32Array {
  if (turn === 'exponential') return outputs.map(Math.exp);
  if (turn === 'softmax') return softmaxOf(outputs, units);
  if (units > 1) return outputs;
  const both = new Float32Array(2 * outputs.length);
  outputs.forEach((value, row) => {
    const one = turn === 'sigmoid' ? 1 / (1 + Math.exp(-value)) : value;
    both[2 * row] = 1 - one;
    both[2 * row + 1] = one;
  });
  return both;
}

function softmaxOf(logits: Float32Array, units: number): Float32Array {
  const results = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += units) {
    const row = logits.subarray(start, start + units);
    const most = row.reduce((largest, value) => Math.max(largest, value), -Infinity);
    const sum = row.reduce((total, value) => total + Math.exp(value - most), 0);
    row.forEach((value, i) => {
      results[start + i] = Math.exp(value - most) / sum;
    });
  }
  return results;
}

/** Targets as the loss of a compiled model takes them: class indices, or one-hot rows where it is about every unit. */
export function lossTargets({ compiled, outputShape: [units] }: Sequential, y: Float32Array, { kind }: Meaning): Float32Array {
  const loss = compiled!.loss;
  const name = typeof loss === 'string' ? loss : loss.name;
  if (kind === 'numbers' || units === 1 || name === 'sparseCategoricalCrossentropy') return y;
  const hot = new Float32Array(y.length * units);
  y.forEach((code, row) => {
    hot[row * units + code] = 1;
  });
  return hot;
}

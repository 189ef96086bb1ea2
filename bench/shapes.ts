/**
 * The named shapes that are timed: a network, a batch, and what is done with it. Every shape goes through the public API
 * alone and runs on either backend.
 */

import {
  dense, sequential, sgd, type ActivationName, type BackendName, type LossName, type Optimizer, type Sequential,
} from '../src/index.ts';

export interface Shape {
  readonly name: string;
  /** Width of the input and of every layer. */
  readonly widths: readonly number[];
  readonly hidden: ActivationName;
  readonly output: ActivationName;
  readonly loss: LossName;
  /** A training step through `trainOnBatch`, or a forward pass through `predictInto`. */
  readonly verb: 'train' | 'predict';
  readonly rows: number;
}

const digits = { hidden: 'relu', output: 'softmax', loss: 'sparseCategoricalCrossentropy' } as const;
const regression = { hidden: 'relu', output: 'linear', loss: 'meanSquaredError' } as const;
const textbook = { hidden: 'sigmoid', output: 'sigmoid', loss: 'halfSquaredError' } as const;

export const shapes: readonly Shape[] = [
  { name: 'train 784-128-10, batch 32', widths: [784, 128, 10], ...digits, verb: 'train', rows: 32 },
  { name: 'train 784-512-512-10, batch 128', widths: [784, 512, 512, 10], ...digits, verb: 'train', rows: 128 },
  { name: 'train 13-64-64-1, batch 32', widths: [13, 64, 64, 1], ...regression, verb: 'train', rows: 32 },
  { name: 'train 3-2-1, batch 100', widths: [3, 2, 1], ...textbook, verb: 'train', rows: 100 },
  { name: 'train 784-128-10, batch 1', widths: [784, 128, 10], ...digits, verb: 'train', rows: 1 },
  { name: 'predict 3-2-1, 1 row', widths: [3, 2, 1], ...textbook, verb: 'predict', rows: 1 },
  { name: 'predict 784-128-10, 1 row', widths: [784, 128, 10], ...digits, verb: 'predict', rows: 1 },
  { name: 'predict 784-128-10, 256 rows', widths: [784, 128, 10], ...digits, verb: 'predict', rows: 256 },
];

/** Floating-point operations of the products of one step: the usual 2·rows·inputs·units each, and nothing else. */
export function operationsPerStep({ widths, verb, rows }: Shape): number {
  const products = widths.slice(1).map((units, i) => 2 * rows * widths[i]! * units);
  const forward = products.reduce((sum, product) => sum + product, 0);
  // Backward: dW of every layer; dX of all layers but the first, whose input needs no gradient.
  return verb === 'predict' ? forward : 3 * forward - products[0]!;
}

/** One call is one step; what it returns is a loss, or an output: the same on every backend, within rounding. */
export type Step = () => number;

/** Batches that a step goes through in turn, so that its input is not always in the nearest cache. */
export const batches = 8;
/** Small, so that no run leaves the ordinary range of numbers however long it trains. */
export const learningRate = 0.001;

/** A step of a shape on a backend, on data that depends on the shape alone. */
export function makeStep(shape: Shape, backend: BackendName, optimizer?: Optimizer): Step {
  return stepOf(shape, makeModel(shape, backend, optimizer));
}

export function stepOf(shape: Shape, model: Sequential): Step {
  const { x, y } = makeData(shape);
  let batch = 0;
  if (shape.verb === 'predict') {
    const out = new Float32Array(shape.rows * shape.widths.at(-1)!);
    return () => model.predictInto(x[batch++ % batches]!, out)[0]!;
  }
  return () => {
    batch = (batch + 1) % batches;
    return model.trainOnBatch(x[batch]!, y[batch]!);
  };
}

/** The batches of a shape: inputs in [0, 1), and targets, class indices where the loss is sparse. */
export function makeData({ widths, rows, loss }: Shape): { x: Float32Array[]; y: Float32Array[] } {
  const units = widths.at(-1)!;
  const random = numbers(1);
  const x = Array.from({ length: batches }, () => Float32Array.from({ length: rows * widths[0]! }, random));
  const sparse = loss === 'sparseCategoricalCrossentropy';
  const target = sparse ? () => Math.floor(random() * units) : random;
  const y = x.map(() => Float32Array.from({ length: sparse ? rows : rows * units }, target));
  return { x, y };
}

/** The same batches one after the other, as `fit` takes them. */
export function wholeData(shape: Shape): [x: Float32Array, y: Float32Array] {
  const { x, y } = makeData(shape);
  const whole = (parts: readonly Float32Array[]): Float32Array => Float32Array.from(parts.flatMap((part) => [...part]));
  return [whole(x), whole(y)];
}

export function makeModel({ widths, hidden, output, loss }: Shape, backend: BackendName, optimizer?: Optimizer): Sequential {
  const layers = widths.slice(1).map((units, i) =>
    dense({
      units,
      activation: i === widths.length - 2 ? output : hidden,
      ...(i === 0 ? { inputShape: [widths[0]!] } : {}),
    }),
  );
  const model = sequential({ layers, seed: 7, backend });
  model.compile({ optimizer: optimizer ?? sgd({ learningRate }), loss });
  return model;
}

/** Numbers in [0, 1), the same in every run: a linear congruential generator with the constants of Numerical Recipes. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The first steps of two that compute the same give the same numbers within rounding; throws where they do not. */
export function checkAgreement(name: string, expected: readonly number[], received: readonly number[], tolerance = 1e-4): void {
  expected.forEach((value, step) => {
    if (Math.abs(received[step]! - value) <= tolerance * Math.abs(value) + 1e-6) return;
    throw new Error(`${name}: in step ${step} one gives ${value}, the other ${received[step]}; what is compared must compute the same`);
  });
}

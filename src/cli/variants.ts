/**
 * The four ways to train one network that `nabla demo derivative` compares, and what is measured of each: losses, gradients
 * before and after, how far hidden weights moved, and how far the gradient is from the true one.
 */

import { dense, sequential, sgd, TrainingError, type Gradient, type Sequential } from '../index.ts';
import type { Points } from './points.ts';

export const hiddenUnits = [16, 16] as const;
const learningRate = 0.05;
const batchSize = 20;

export const variantNames = ['true', 'constant', 'zero', 'linear'] as const;
/** The derivative trained with, or no activation function at all. */
export type VariantName = (typeof variantNames)[number];

export interface Outcome {
  readonly variant: VariantName;
  readonly model: Sequential;
  readonly lossBefore: number;
  readonly lossAfter: number;
  readonly accuracy: number;
  /** The gradient's norm over all points, layer by layer. */
  readonly normsBefore: readonly number[];
  readonly normsAfter: readonly number[];
  /** The largest change of a weight or bias in the hidden layers. */
  readonly hiddenChange: number;
  /** Degrees between the hidden layers' gradient and the true one at the final weights; undefined where one of them is zero. */
  readonly angle: number | undefined;
  /** How far the output furthest from ½ is from it. */
  readonly decision: number;
  /** Whether training was stopped by numbers that were not finite. */
  readonly diverged: boolean;
}

/** Trains the network from the same initial weights in one of the ways. */
export async function trainVariant(variant: VariantName, { x, y }: Points, seed: number, epochs: number): Promise<Outcome> {
  const model = makeModel(variant, hiddenUnits, seed);
  const weightsBefore = hidden(model.getWeights());
  const lossBefore = model.evaluate(x, y)['loss']!;
  const normsBefore = layerNorms(model.gradients(x, y));
  const diverged = await fit(model, { x, y }, epochs);
  const { loss: lossAfter, accuracy } = model.evaluate(x, y) as { loss: number; accuracy: number };
  const gradients = model.gradients(x, y);
  return {
    variant, model, lossBefore, lossAfter, accuracy, normsBefore, diverged,
    normsAfter: layerNorms(gradients),
    decision: model.predict(x).reduce((largest, output) => Math.max(largest, Math.abs(output - 0.5)), 0),
    hiddenChange: largestDifference(weightsBefore, hidden(model.getWeights())),
    angle: degrees(hidden(gradients.map(({ data }) => data)), hidden(trueGradients(model, variant, { x, y }, seed))),
  };
}

/** The loss of a network without hidden layers, trained the same way. */
export async function trainSingleLayer({ x, y }: Pick<Points, 'x' | 'y'>, seed: number, epochs: number): Promise<number> {
  const model = makeModel('linear', [], seed);
  await fit(model, { x, y }, epochs);
  return model.evaluate(x, y)['loss']!;
}

function makeModel(variant: VariantName, units: readonly number[], seed: number): Sequential {
  const input = { inputShape: [2] };
  const own = variant === 'linear' ? { activation: variant }
    : { activation: 'tanh' as const, ...(variant === 'true' ? {} : { derivative: variant }) };
  const layers = units.map((count, i) => dense({ units: count, ...own, ...(i === 0 ? input : {}) }));
  const output = dense({ units: 1, activation: 'sigmoid', ...(units.length === 0 ? input : {}) });
  const model = sequential({ layers: [...layers, output], seed });
  model.compile({ optimizer: sgd({ learningRate, momentum: 0.9 }), loss: 'binaryCrossentropy', metrics: ['accuracy'] });
  return model;
}

/** Trains; whether it had to stop because numbers were no longer finite. */
async function fit(model: Sequential, { x, y }: Pick<Points, 'x' | 'y'>, epochs: number): Promise<boolean> {
  try {
    await model.fit(x, y, { epochs, batchSize });
    return false;
  } catch (error) {
    if (error instanceof TrainingError) return true;
    throw error;
  }
}

/** The gradients at the model's weights with the true derivative of its activation. */
function trueGradients(model: Sequential, variant: VariantName, { x, y }: Pick<Points, 'x' | 'y'>, seed: number): Float32Array[] {
  const twin = makeModel(variant === 'linear' ? 'linear' : 'true', hiddenUnits, seed);
  twin.setWeights(model.getWeights());
  return twin.gradients(x, y).map(({ data }) => data);
}

/** All but the kernel and bias of the last layer, one after the other. */
function hidden(parameters: readonly Float32Array[]): number[] {
  return parameters.slice(0, -2).flatMap((values) => [...values]);
}

function layerNorms(gradients: readonly Gradient[]): number[] {
  const squares = new Map<string, number>();
  for (const { name, data } of gradients) {
    const layer = name.split('/')[0]!;
    squares.set(layer, (squares.get(layer) ?? 0) + dot(data, data));
  }
  return [...squares.values()].map(Math.sqrt);
}

function degrees(a: readonly number[], b: readonly number[]): number | undefined {
  const norms = Math.sqrt(dot(a, a) * dot(b, b));
  return norms === 0 ? undefined : (Math.acos(Math.min(1, Math.max(-1, dot(a, b) / norms))) * 180) / Math.PI;
}

function largestDifference(a: readonly number[], b: readonly number[]): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

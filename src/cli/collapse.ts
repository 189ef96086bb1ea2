/**
 * A chain of linear layers is one linear layer: multiplies the matrices of a chain, biases folded in, and measures how far the
 * one layer's outputs are from the chain's.
 */

import { activations, type Sequential } from '../index.ts';

/** One layer, y = x·weight + bias, with one output. */
export interface Collapsed {
  readonly weight: readonly number[];
  readonly bias: number;
}

/** The one layer that a chain of linear layers with a single output is, before its sigmoid. */
export function collapse(model: Sequential): Collapsed {
  const parameters = model.getWeights();
  let weight = identity(model.inputShape[0]);
  let bias = [new Array<number>(model.inputShape[0]).fill(0)];
  for (let i = 0; i < parameters.length; i += 2) {
    const units = parameters[i + 1]!.length;
    const kernel = rowsOf(parameters[i]!, units);
    weight = product(weight, kernel);
    bias = product(bias, kernel).map((row) => row.map((value, unit) => value + parameters[i + 1]![unit]!));
  }
  return { weight: weight.map((row) => row[0]!), bias: bias[0]![0]! };
}

/** The largest difference between the sigmoid of the one layer and the model's outputs. */
export function collapseDifference(model: Sequential, { weight, bias }: Collapsed, x: readonly (readonly number[])[]): number {
  const outputs = model.predict(x);
  return x.reduce((largest, point, row) => {
    const logit = point.reduce((sum, value, i) => sum + value * weight[i]!, bias);
    return Math.max(largest, Math.abs(activations.sigmoid.f(logit) - outputs[row]!));
  }, 0);
}

function identity(size: number): number[][] {
  return Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => Number(i === j)));
}

function rowsOf(values: Float32Array, columns: number): number[][] {
  return Array.from({ length: values.length / columns }, (_, row) => [...values.subarray(row * columns, (row + 1) * columns)]);
}

function product(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number[][] {
  return a.map((row) => b[0]!.map((_, column) => row.reduce((sum, value, i) => sum + value * b[i]![column]!, 0)));
}

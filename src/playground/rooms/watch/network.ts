/**
 * The network of the room once more, in plain loops, so that what the library keeps to itself can be shown: pre-activations of every unit,
 * and the chain rule of one weight number by number.
 */

import { activations } from '../../../index.ts';
import type { Activation, Derivative, LayerState } from './state.ts';

/** One layer with what the last pass left in it. */
export interface Pass {
  readonly inputs: number;
  readonly units: number;
  /** Pre-activations [rows, units]. */
  readonly z: Float32Array;
  /** f(z). */
  readonly a: Float32Array;
}

/** A layer's functions and weights. */
export interface Layer {
  readonly inputs: number;
  readonly units: number;
  readonly f: (z: Float32Array) => Float32Array;
  /** The derivative that training uses. */
  readonly df: (z: Float32Array) => Float32Array;
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

/** f′ as training uses it, for arrays. */
export function derivativeOf(activation: Activation | 'sigmoid', derivative: Derivative): (z: Float32Array) => Float32Array {
  if (derivative === 'true') return activations[activation].df;
  if (derivative === 'constant') return (z) => new Float32Array(z.length).fill(1);
  if (derivative === 'zero') return (z) => new Float32Array(z.length);
  if (derivative === 'straightThrough') return (z) => z.map((value) => Number(Math.abs(value) <= 1));
  return activations[derivative].df;
}

/** The layers of a state with weights as `getWeights` gives them; the last one answers. */
export function layersOf(states: readonly LayerState[], classes: boolean, weights: readonly Float32Array[]): Layer[] {
  const answer: LayerState = { units: 1, activation: classes ? 'sigmoid' : 'linear', derivative: 'true' };
  return [...states, answer].map(({ units, activation, derivative }, i) => {
    const kernel = weights[2 * i]!;
    return { inputs: kernel.length / units, units, f: activations[activation].f, df: derivativeOf(activation, derivative), kernel, bias: weights[2 * i + 1]! };
  });
}

/** The forward pass for rows x [rows, inputs], layer by layer. */
export function forward(layers: readonly Layer[], x: Float32Array): Pass[] {
  const rows = x.length / layers[0]!.inputs;
  let input = x;
  return layers.map(({ inputs, units, f, kernel, bias }) => {
    const z = new Float32Array(rows * units);
    for (let row = 0; row < rows; row++) {
      for (let unit = 0; unit < units; unit++) {
        let sum = bias[unit]!;
        for (let i = 0; i < inputs; i++) sum += input[row * inputs + i]! * kernel[i * units + unit]!;
        z[row * units + unit] = sum;
      }
    }
    input = f(z);
    return { inputs, units, z, a: input };
  });
}

/**
 * δ = ∂J/∂z of every unit for one row, last layer first worked out. J is the loss of that row alone: cross-entropy of a sigmoid, whose
 * δ is h − y, or the squared error, whose δ is 2 (h − y).
 */
export function deltas(layers: readonly Layer[], passes: readonly Pass[], target: number, classes: boolean): Float32Array[] {
  const last = layers.length - 1;
  const found: Float32Array[] = [];
  found[last] = Float32Array.of((classes ? 1 : 2) * (passes[last]!.a[0]! - target));
  for (let at = last - 1; at >= 0; at--) found[at] = passedBack(layers[at + 1]!, found[at + 1]!).map((back, unit) => back * layers[at]!.df(passes[at]!.z)[unit]!);
  return found;
}

/** Σ w δ over the units of a layer, for each of its inputs: what comes back to the layer before it. */
export function passedBack({ inputs, units, kernel }: Layer, delta: Float32Array): Float32Array {
  return Float32Array.from({ length: inputs }, (_, i) => {
    let sum = 0;
    for (let unit = 0; unit < units; unit++) sum += kernel[i * units + unit]! * delta[unit]!;
    return sum;
  });
}

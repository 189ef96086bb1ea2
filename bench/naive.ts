/**
 * The network as textbooks write it: three nested loops a product, row by column, one Float32Array a matrix, nothing tiled.
 * What one would write first, and a second yardstick beside the pure-TypeScript backend, which is written to be fast.
 */

import { batches, learningRate, makeData, makeModel, type Shape, type Step } from './shapes.ts';

interface Layer {
  readonly inputs: number;
  readonly units: number;
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly dweight: Float32Array;
  readonly dbias: Float32Array;
  readonly out: Float32Array;
  readonly dout: Float32Array;
}

/** A step that computes what `makeStep` of the same shape does, from the same weights. */
export function makeNaiveStep(shape: Shape): Step {
  const { widths, rows, hidden, output, loss, verb } = shape;
  const { x, y } = makeData(shape);
  const parameters = makeModel(shape, 'reference').getWeights();
  const layers = widths.slice(1).map((units, i): Layer => {
    const weight = parameters[2 * i]!;
    const bias = parameters[2 * i + 1]!;
    const zeros = (count: number): Float32Array => new Float32Array(count);
    return {
      inputs: widths[i]!, units, weight, bias, out: zeros(rows * units),
      dweight: zeros(weight.length), dbias: zeros(bias.length), dout: zeros(rows * units),
    };
  });
  const last = layers.at(-1)!;
  const predict = (input: Float32Array): void => {
    layers.forEach((layer, i) => {
      forward(layer, i === 0 ? input : layers[i - 1]!.out, rows);
      activate(layer, layer === last ? output : hidden, rows);
    });
  };
  let batch = 0;
  if (verb === 'predict') {
    return () => {
      predict(x[batch++ % batches]!);
      return last.out[0]!;
    };
  }
  return () => {
    batch = (batch + 1) % batches;
    predict(x[batch]!);
    const value = lossOf(last, y[batch]!, loss, rows);
    for (let i = layers.length - 1; i >= 0; i--) {
      const layer = layers[i]!;
      // With softmax and its cross-entropy `dout` is the gradient before the activation already.
      if (layer !== last || output !== 'softmax') derive(layer, layer === last ? output : hidden);
      backward(layer, i === 0 ? x[batch]! : layers[i - 1]!.out, i === 0 ? undefined : layers[i - 1]!.dout, rows);
    }
    for (const { weight, dweight, bias, dbias } of layers) {
      for (let i = 0; i < weight.length; i++) weight[i]! -= learningRate * dweight[i]!;
      for (let i = 0; i < bias.length; i++) bias[i]! -= learningRate * dbias[i]!;
    }
    return value;
  };
}

function forward({ inputs, units, weight, bias, out }: Layer, input: Float32Array, rows: number): void {
  for (let row = 0; row < rows; row++) {
    for (let unit = 0; unit < units; unit++) {
      let sum = bias[unit]!;
      for (let i = 0; i < inputs; i++) sum += input[row * inputs + i]! * weight[i * units + unit]!;
      out[row * units + unit] = sum;
    }
  }
}

function backward({ inputs, units, weight, dweight, dbias, dout }: Layer, input: Float32Array, dinput: Float32Array | undefined, rows: number): void {
  for (let i = 0; i < inputs; i++) {
    for (let unit = 0; unit < units; unit++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += input[row * inputs + i]! * dout[row * units + unit]!;
      dweight[i * units + unit] = sum;
    }
  }
  for (let unit = 0; unit < units; unit++) {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += dout[row * units + unit]!;
    dbias[unit] = sum;
  }
  if (dinput === undefined) return;
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < inputs; i++) {
      let sum = 0;
      for (let unit = 0; unit < units; unit++) sum += dout[row * units + unit]! * weight[i * units + unit]!;
      dinput[row * inputs + i] = sum;
    }
  }
}

function activate({ out, units }: Layer, activation: Shape['hidden'], rows: number): void {
  if (activation === 'relu') for (let i = 0; i < out.length; i++) out[i] = Math.max(out[i]!, 0);
  if (activation === 'sigmoid') for (let i = 0; i < out.length; i++) out[i] = 1 / (1 + Math.exp(-out[i]!));
  if (activation !== 'softmax') return;
  for (let row = 0; row < rows; row++) {
    const values = out.subarray(row * units, (row + 1) * units);
    const largest = Math.max(...values);
    let sum = 0;
    for (let i = 0; i < units; i++) sum += values[i] = Math.exp(values[i]! - largest);
    for (let i = 0; i < units; i++) values[i]! /= sum;
  }
}

/** dout := dout · f′, from the output alone. */
function derive({ out, dout }: Layer, activation: Shape['hidden']): void {
  if (activation === 'relu') for (let i = 0; i < out.length; i++) dout[i] = out[i]! > 0 ? dout[i]! : 0;
  if (activation === 'sigmoid') for (let i = 0; i < out.length; i++) dout[i]! *= out[i]! * (1 - out[i]!);
}

/** The loss; its gradient goes to `dout`. */
function lossOf({ out, dout, units }: Layer, y: Float32Array, loss: Shape['loss'], rows: number): number {
  let sum = 0;
  if (loss === 'sparseCategoricalCrossentropy') {
    for (let i = 0; i < out.length; i++) dout[i] = out[i]! / rows;
    for (let row = 0; row < rows; row++) {
      const right = row * units + y[row]!;
      sum -= Math.log(out[right]!);
      dout[right]! -= 1 / rows;
    }
    return sum / rows;
  }
  // J = ½ Σ (h − y)², or the mean of the squares.
  const scale = loss === 'halfSquaredError' ? 1 : 2 / out.length;
  for (let i = 0; i < out.length; i++) {
    const error = out[i]! - y[i]!;
    sum += error * error;
    dout[i] = scale * error;
  }
  return (scale / 2) * sum;
}

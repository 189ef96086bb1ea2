/** The network that reads digits, and how it is trained in the page: on the digits that ship, and on copies of them a little turned, moved and scaled. */

import { dataset, dense, sequential, sgd, type Callback, type SampleSet, type Sequential } from '../../../index.ts';
import { fetchDigits, pixels } from '../../data/digits.ts';
import { uniform } from '../../data/random.ts';

const side = 8;
const copies = 5;
export const epochs = 16;

/** Pictures in two parts, of which the second is not trained on. */
export async function readDigits(address: string, seed: number): Promise<[train: SampleSet, test: SampleSet]> {
  const { x, y } = await fetchDigits(address);
  return dataset(x, y).split({ test: 0.2, stratified: true, seed });
}

export function digitNetwork(seed: number): Sequential {
  const model = sequential({
    layers: [
      dense({ units: 128, activation: 'relu', inputShape: [pixels], kernelInitializer: 'heNormal' }),
      dense({ units: 64, activation: 'relu', kernelInitializer: 'heNormal' }),
      dense({ units: 10, activation: 'softmax' }),
    ],
    seed,
  });
  model.compile({ optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

/** Trains; returns how many pictures it went through. */
export async function trainOnDigits(model: Sequential, train: SampleSet, test: SampleSet, seed: number, callback: Callback, signal: AbortSignal): Promise<number> {
  const random = uniform(seed);
  const rows = train.rows * (copies + 1);
  const x = new Float32Array(rows * pixels);
  const y = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const from = row % train.rows;
    const original = train.x.subarray(from * pixels, (from + 1) * pixels);
    x.set(row < train.rows ? original : varied(original, random), row * pixels);
    y[row] = train.y[from]!;
  }
  await model.fit(x, y, { epochs, batchSize: 64, validationData: [test.x, test.y], callbacks: [callback], signal });
  return rows * epochs;
}

/** A picture turned by up to 9 degrees, slanted, scaled and moved by up to half a pixel, read between the pixels. */
function varied(from: Float32Array, random: () => number): Float32Array {
  const around = (size: number): number => (2 * random() - 1) * size;
  const [angle, slant, wide, high, right, down] = [around(0.15), around(0.15), 1 + around(0.2), 1 + around(0.06), around(0.5), around(0.3)];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const middle = (side - 1) / 2;
  const value = (x: number, y: number): number => (x < 0 || y < 0 || x >= side || y >= side ? 0 : from[y * side + x]!);
  const to = new Float32Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const [x, y] = [((i % side) - middle - right) * wide, (Math.floor(i / side) - middle - down) * high];
    const [u, v] = [cos * x - sin * y + slant * y + middle, sin * x + cos * y + middle];
    const [left, top] = [Math.floor(u), Math.floor(v)];
    const [a, b] = [u - left, v - top];
    to[i] = (1 - b) * ((1 - a) * value(left, top) + a * value(left + 1, top)) + b * ((1 - a) * value(left, top + 1) + a * value(left + 1, top + 1));
  }
  return to;
}

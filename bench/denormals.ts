/**
 * `npm run bench -- denormals`: steps whose numbers leave the normal range of float32, below 2⁻¹²⁶, against the same step on
 * ordinary ones. Processors take some hundred cycles for an operation on such a number, and WebAssembly cannot switch
 * them off: a network whose gradients vanish would slow down for no visible reason.
 */

import { adam, dense, momentum, sequential, sgd, type ActivationName, type LossName, type Optimizer, type Sequential } from '../src/index.ts';
import { inTurns, median, medianRatio } from './measure.ts';
import { numbers } from './shapes.ts';
import { headLines, line, significant, titles, type Columns } from './table.ts';

const options = { rounds: 15, sample: 10, warmup: 300 };

interface Case {
  readonly name: string;
  readonly widths: readonly number[];
  readonly activation: ActivationName;
  readonly output: ActivationName;
  readonly loss: LossName;
  readonly optimizer?: () => Optimizer;
  /** What the weights and the inputs of the ordinary network are multiplied by. */
  readonly weights?: number;
  readonly inputs?: number;
  /** Whether all targets are 0, which one can be sure of. */
  readonly sure?: boolean;
}

const tenLayers = { widths: [64, ...Array.from({ length: 10 }, () => 64), 1], activation: 'sigmoid', output: 'sigmoid', loss: 'meanSquaredError' } as const;
const digits = { widths: [784, 128, 10], activation: 'relu', output: 'softmax', loss: 'sparseCategoricalCrossentropy' } as const;
const sigmoids = { widths: [784, 128, 10], activation: 'sigmoid', output: 'sigmoid', loss: 'meanSquaredError' } as const;
const withMomentum = () => momentum({ learningRate: 0.001 });
const withAdam = () => adam({ learningRate: 0.001 });

const cases: readonly Case[] = [
  ...[1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6].map((weights): Case => ({ name: `ten sigmoid layers, weights x ${weights}`, ...tenLayers, weights })),
  ...[1e-36, 1e-38, 1e-40, 1e-44].map((inputs): Case => ({ name: `784-128-10, inputs x ${inputs}`, ...digits, inputs })),
  ...[1e-10, 1e-19, 1e-38].map((weights): Case => ({ name: `784-128-10, weights x ${weights}`, ...digits, weights })),
  ...[30, 100, 300].map((weights): Case => ({ name: `784-128-10, momentum, weights x ${weights}`, ...digits, optimizer: withMomentum, weights, sure: true })),
  ...[3, 10, 30, 100].map((weights): Case => ({ name: `sigmoids, momentum, weights x ${weights}`, ...sigmoids, optimizer: withMomentum, weights, sure: true })),
  ...[1e-3, 1e-5].map((weights): Case => ({ name: `ten sigmoid layers, Adam, weights x ${weights}`, ...tenLayers, optimizer: withAdam, weights })),
  ...[30, 300].map((weights): Case => ({ name: `784-128-10, Adam, weights x ${weights}`, ...digits, optimizer: withAdam, weights, sure: true })),
  ...[10, 100].map((weights): Case => ({ name: `sigmoids, Adam, weights x ${weights}`, ...sigmoids, optimizer: withAdam, weights, sure: true })),
];

const columns: Columns = [['', 42], ['ordinary µs', 14], ['this µs', 12], ['ratio', 8]];

export async function denormals(words: readonly string[]): Promise<void> {
  console.log(`${headLines()}\n\n${titles(columns)}`);
  for (const one of cases.filter(({ name }) => words.every((word) => name.includes(word)))) {
    const { weights: _weights, inputs: _inputs, ...ordinary } = one;
    const [healthy, sick] = await inTurns([makeStep(ordinary), makeStep(one)], options);
    const microseconds = [healthy!, sick!].map((times) => significant(median(times) * 1000));
    console.log(line(columns, [one.name, ...microseconds, medianRatio(sick!, healthy!).toFixed(2)]));
  }
}

function makeStep({ widths, activation, output, loss, optimizer, weights = 1, inputs = 1, sure = false }: Case): () => number {
  const rows = 32;
  const units = widths.at(-1)!;
  const layers = widths.slice(1).map((width, i) => dense({
    units: width,
    activation: i === widths.length - 2 ? output : activation,
    ...(i === 0 ? { inputShape: [widths[0]!] } : {}),
  }));
  const model: Sequential = sequential({ layers, seed: 7, backend: 'wasm' });
  model.compile({ optimizer: optimizer?.() ?? sgd({ learningRate: 0.001 }), loss });
  model.setWeights(model.getWeights().map((parameter) => parameter.map((value) => value * weights)));
  const random = numbers(1);
  const x = Float32Array.from({ length: rows * widths[0]! }, () => inputs * random());
  const sparse = loss === 'sparseCategoricalCrossentropy';
  const y = Float32Array.from({ length: sparse ? rows : rows * units }, () => (sure ? 0 : Math.floor(random() * (sparse ? units : 2))));
  return () => model.trainOnBatch(x, y);
}

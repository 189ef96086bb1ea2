/**
 * `npm run bench -- fit`: what `fit` costs beside the steps it runs. A network so small that little else is left, the
 * classic one against the plans of its steps, and a large one against the same steps by `trainOnBatch`.
 */

import { dense, sequential, sgd } from '../src/index.ts';
import { inTurns, median, medianRatio } from './measure.ts';
import { batches, makeData, makeModel, shapes, wholeData } from './shapes.ts';
import { headLines, significant } from './table.ts';

const options = { rounds: 21, sample: 50, warmup: 500 };

export async function fit(): Promise<void> {
  console.log(`${headLines()}\n`);
  await xor();
  await classic();
  await digits();
}

async function xor(): Promise<void> {
  const model = sequential({
    layers: [dense({ units: 4, activation: 'tanh', inputShape: [2] }), dense({ units: 1, activation: 'sigmoid' })],
    seed: 2,
  });
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'binaryCrossentropy' });
  const x = Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1);
  const y = Float32Array.of(0, 1, 1, 0);
  const epochs = 20_000;
  const [times] = await inTurns([() => model.fit(x, y, { epochs, batchSize: 4 })], options);
  console.log(`XOR 2-4-1, batch 4, an epoch a step, within fit: ${significant((median(times!) * 1000) / epochs)} µs a step`);
}

/** The classic network: whole epochs against the plans of their steps alone, on rows that lie in memory already. */
async function classic(): Promise<void> {
  const shape = shapes.find(({ name }) => name === 'train 3-2-1, batch 100')!;
  const [x, y] = wholeData(shape);
  const [inOrder, shuffled, stepped] = [makeModel(shape, 'wasm'), makeModel(shape, 'wasm'), makeModel(shape, 'wasm')];
  const epochs = 500;
  stepped.trainOnBatch(x.subarray(0, 3 * shape.rows), y.subarray(0, shape.rows));
  const { program } = stepped;
  const [fits, shuffles, steps] = await inTurns([
    () => inOrder.fit(x, y, { epochs, batchSize: shape.rows, shuffle: false }),
    () => shuffled.fit(x, y, { epochs, batchSize: shape.rows }),
    () => {
      for (let step = 0; step < epochs * batches; step++) program.run('train', shape.rows);
    },
  ], options);
  const each = (times: readonly number[]): string => significant((median(times) * 1000) / epochs);
  console.log(
    `3-2-1, batch ${shape.rows}, ${batches} batches: the steps of an epoch alone ${each(steps!)} µs, the epoch in fit ${medianRatio(fits!, steps!).toFixed(2)} times ` +
      `as long, shuffled ${medianRatio(shuffles!, steps!).toFixed(2)} times`,
  );
}

async function digits(): Promise<void> {
  const shape = shapes.find(({ name }) => name === 'train 784-128-10, batch 32')!;
  const data = makeData(shape);
  const [x, y] = wholeData(shape);
  const [fitted, stepped] = [makeModel(shape, 'wasm'), makeModel(shape, 'wasm')];
  const epochs = 16;
  const [fits, steps] = await inTurns([
    () => fitted.fit(x, y, { epochs, batchSize: shape.rows }),
    () => {
      for (let step = 0; step < epochs * batches; step++) stepped.trainOnBatch(data.x[step % batches]!, data.y[step % batches]!);
    },
  ], options);
  const each = (times: readonly number[]): string => significant((median(times) * 1000) / (epochs * batches));
  console.log(
    `784-128-10, batch 32, ${batches} batches an epoch: fit ${each(fits!)} µs a step, trainOnBatch ${each(steps!)}, ` +
      `${medianRatio(fits!, steps!).toFixed(2)} times as long`,
  );
}

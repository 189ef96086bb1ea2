/** The same points in two units of length: what large inputs make of tanh. */

import { dense, sequential, sgd } from '../../../../index.ts';
import { makeSets, type Points } from '../../../data/points.ts';
import { percent } from '../../../figures.ts';
import { slopes } from '../../watch/measures.ts';
import { forward, layersOf } from '../../watch/network.ts';
import type { Lines, Outcome } from '../messages.ts';
import { states } from '../states.ts';

const epochs = 60;
const { data, noise, points: count, seed, rate, batch, layers } = states.scaled;

const times = ({ x, y }: Points, factor: number): Points => ({ x: x.map((value) => factor * value), y });

async function learn(factor: number): Promise<{ flat: number; norm: number; accuracy: number; line: (name: string) => Lines['lines'][number]; loss: number }> {
  const sets = makeSets(data, { count, noise, seed });
  const [train, test] = [times(sets.train, factor), times(sets.test, factor)];
  const [hidden] = layers;
  const model = sequential({ layers: [dense({ units: hidden!.units, activation: hidden!.activation, inputShape: [2] }), dense({ units: 1, activation: 'sigmoid' })], seed });
  model.compile({ optimizer: sgd({ learningRate: rate }), loss: 'binaryCrossentropy', metrics: ['accuracy'] });
  const network = layersOf(layers, true, model.getWeights());
  const flat = slopes(network, forward(network, train.x)).flat[0]!;
  // By the input, which stands in the gradient as a factor too, so that what f′ lets through is compared alone.
  const norm = Math.hypot(...model.gradients(train.x, train.y)[0]!.data) / factor;
  const first = model.evaluate(train.x, train.y)['loss']!;
  const { history } = await model.fit(train.x, train.y, { epochs, batchSize: batch });
  const losses = [first, ...history['loss']!];
  return { flat, norm, loss: losses.at(-1)!, accuracy: model.evaluate(test.x, test.y)['accuracy']!, line: (name) => ({ name, x: losses.map((_, i) => i), y: losses }) };
}

export async function saturation(): Promise<Outcome> {
  const [scaled, large] = [await learn(1), await learn(100)];
  return {
    answer: large.flat > 0.75 ? 2 : large.flat >= 0.25 ? 1 : 0,
    sentences: [
      `With inputs 100 times as large, tanh is flat at ${percent(large.flat)} of all (point, unit); with scaled ones at ${percent(scaled.flat)}. z is a weighted sum of inputs, so it grew as they did, out to where tanh is all but ±1.`,
      `${epochs} epochs later ${percent(scaled.accuracy)} of unseen points are right with scaled inputs, ${percent(large.accuracy)} with large ones` +
        (scaled.accuracy > large.accuracy + 0.02 ? ': the network is the same, the gradient did not pass.' : ': in this run it made no odds.'),
      'Divide inputs by their scale before training; the layer normalization() does so with what it has seen of the data.',
    ],
    table: {
      caption: 'First layer before training, and what came of it', head: ['Inputs', '|f′| < 0.05', '‖∂J/∂w‖ / scale', 'loss', 'accuracy'],
      rows: [['scaled', scaled.flat, scaled.norm, scaled.loss, scaled.accuracy], ['× 100', large.flat, large.norm, large.loss, large.accuracy]],
    },
    chart: { kind: 'lines', label: 'Loss over epochs', x: 'epoch', y: 'loss', lines: [scaled.line('scaled'), large.line('× 100')] },
  };
}

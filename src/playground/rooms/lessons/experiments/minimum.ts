/** The way of a network down to a minimum: its steps, and the landscape that it walks through. */

import { dense, lion, lossLandscape, recordPath, sequential, sgd, type LossLandscape, type Sequential } from '../../../../index.ts';
import { makePoints } from '../../../data/points.ts';
import { figure } from '../../watch/figure.ts';
import type { Landscape, Outcome } from '../messages.ts';

const count = 120;
const steps = 100;
const rate = 0.05;
const lionRate = 0.02;
const points = makePoints('moons', { count, noise: 0.1, seed: 1 });

/** A network that has learnt, and at each of the points on its way the gradient and how far it went from there. */
interface Walk {
  readonly model: Sequential;
  readonly path: ReturnType<typeof recordPath>['path'];
  readonly gradients: readonly number[];
  /** One less than there are points. */
  readonly lengths: readonly number[];
}

const norm = (arrays: readonly ArrayLike<number>[]): number => Math.hypot(...arrays.flatMap((values) => Array.from(values)));

async function walk(optimizer: ReturnType<typeof sgd>): Promise<Walk> {
  const model = sequential({ layers: [dense({ units: 8, activation: 'tanh', inputShape: [2] }), dense({ units: 1 })], seed: 3 });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  model.setWeights(model.getWeights().map((values) => values.map((w) => 2 * w)));
  const recorder = recordPath();
  // All points in one batch: an epoch is a step.
  await model.fit(points.x, points.y, { epochs: steps, batchSize: count, callbacks: [recorder] });
  const { path } = recorder;
  const gradients = path.map(({ weights }) => {
    model.setWeights(weights);
    return norm(model.gradients(points.x, points.y).map(({ data }) => data));
  });
  const lengths = path.slice(1).map(({ weights }, i) => norm(weights.map((values, k) => values.map((w, at) => w - path[i]!.weights[k]![at]!))));
  return { model, path, gradients, lengths };
}

/** The plane that the path lies in most nearly, with what there is to say of each point. */
function landscapeOf({ x, y, loss, path, shares }: LossLandscape, { gradients, lengths }: Walk): Landscape {
  return {
    kind: 'landscape', label: 'The landscape of the loss, and the path walked', x, y, loss, shares: shares!, rate,
    path: path.map((point, i) => ({ ...point, gradient: gradients[i]!, step: lengths[i] ?? rate * gradients[i]! })),
  };
}

export async function minimum(): Promise<Outcome> {
  const descent = await walk(sgd({ learningRate: rate }));
  const signs = await walk(lion({ learningRate: lionRate }));
  const landscape = landscapeOf(await lossLandscape(descent.model, points.x, points.y, { directions: 'principal', path: descent.path, resolution: 49 }), descent);
  const { path: way } = landscape;
  const [start, end] = [way[0]!, way.at(-1)!];
  const [first, last] = [descent.lengths[0]!, descent.lengths.at(-1)!];
  const ratio = last / first;
  const alike = Math.max(...signs.lengths) < 1.01 * Math.min(...signs.lengths);
  const signsLoss = signs.model.evaluate(points.x, points.y)['loss']!;
  const halfWay = way.findIndex(({ loss }) => loss < (start.loss + end.loss) / 2);
  const places = Array.from({ length: steps }, (_, i) => i + 1);
  const row = (step: number): [string, number, number, number, number] => [String(step), way[step - 1]!.loss, way[step - 1]!.gradient, descent.lengths[step - 1]!, signs.lengths[step - 1]!];
  return {
    answer: ratio < 0.9 ? 2 : ratio > 1.1 ? 1 : 0,
    sentences: [
      `Its first step was ${figure(first)} long, its last ${figure(last)}: ${ratio < 1 ? `${figure(1 / ratio)} times shorter` : `${figure(ratio)} times as long`}. The rate stayed; a step is η times the gradient, and the gradient went from ${figure(start.gradient)} to ${figure(end.gradient)}.`,
      `The loss went from ${figure(start.loss)} to ${figure(end.loss)}, half of that in ${halfWay === 1 ? 'the first step' : `the first ${halfWay} steps`}. ` +
        (ratio < 0.9 ? 'Far up the slope is steep and steps are long; where the ground grows flat they shorten by themselves. But short steps only say that it is flat here, not that it is nowhere lower.' : 'Its slope did not ease on the way.'),
      `Lion goes by the sign of the gradient (and its mean) alone, so ${alike ? 'all its steps are alike, ' : 'its steps do not go by the slope; the last one was '}${figure(signs.lengths.at(-1))} long, steep or flat. It ends at a loss of ${figure(signsLoss)}` +
        (alike ? ': such a rate has to be lowered by a schedule, or it steps about the minimum for ever.' : '.'),
    ],
    landscape,
    table: { caption: 'Along the way', head: ['Step', 'loss before it', '|∂J/∂w|', 'length', 'length, Lion'], rows: [1, 2, 5, 10, 20, 50, 100].map(row) },
    chart: {
      kind: 'lines', label: 'Length of steps, on a logarithmic scale', x: 'step', y: 'length', log: true,
      lines: [{ name: 'descent', x: places, y: descent.lengths }, { name: 'Lion', x: places, y: signs.lengths }],
    },
  };
}

/** The chain rule of one weight of a network of three inputs, two hidden units and one answer, number by number. */

import { dense, sequential, sgd } from '../../../../index.ts';
import { figure } from '../../watch/figure.ts';
import type { Outcome } from '../messages.ts';

/** Inputs are units 1 to 3, the hidden ones 4 and 5, the answer is 6; kernels are row-major, [3, 2] and [2, 1]. */
const drawn = [[0.2, -0.3, 0.4, 0.1, -0.5, 0.2], [-0.4, 0.2], [-0.3, -0.2], [0.1]];
const x = [1, 0, 1];
const y = 1;
const rate = 0.9;
const epsilon = 1e-4;

const sigma = (z: number): number => 1 / (1 + Math.exp(-z));

/** What the network computes on its way, in double precision. */
function forward([kernel, bias, last, lastBias]: readonly ArrayLike<number>[]): { a4: number; h: number; loss: number } {
  const [a4, a5] = [0, 1].map((unit) => sigma(x.reduce((sum, value, i) => sum + value * kernel![2 * i + unit]!, bias![unit]!))) as [number, number];
  const h = sigma(a4 * last![0]! + a5 * last![1]! + lastBias![0]!);
  return { a4, h, loss: 0.5 * (y - h) ** 2 };
}

/** @param steps the step to look at; those before it are taken first. */
export function chain(steps: number): Outcome {
  const model = sequential({ layers: [dense({ units: 2, activation: 'sigmoid', inputShape: [3] }), dense({ units: 1, activation: 'sigmoid' })] });
  model.compile({ optimizer: sgd({ learningRate: rate }), loss: 'halfSquaredError' });
  model.setWeights(drawn);
  const losses: number[] = [];
  const step = (): void => void losses.push(model.trainOnBatch([x], [y]));
  for (let i = 1; i < steps; i++) step();

  const weights = model.getWeights();
  const { a4, h } = forward(weights);
  const w46 = weights[2]![0]!;
  const factors: [string, string, number][] = [
    ['∂J/∂h', 'h − y', h - y],
    ['∂h/∂z6', 'h (1 − h)', h * (1 - h)],
    ['∂z6/∂a4', 'w46', w46],
    ['∂a4/∂z4', 'a4 (1 − a4)', a4 * (1 - a4)],
    ['∂z4/∂w14', 'x1', x[0]!],
  ];
  const product = factors.reduce((so, [, , factor]) => so * factor, 1);
  const ofModel = model.gradients([x], [y])[0]!.data[0]!;
  const moved = (by: number): number => forward([Array.from(weights[0]!, (w, i) => (i === 0 ? w + by : w)), ...weights.slice(1)]).loss;
  const difference = (moved(epsilon) - moved(-epsilon)) / (2 * epsilon);
  step();
  const after = model.getWeights();
  const [before14, after14] = [weights[0]![0]!, after[0]![0]!];
  const { h: h2, loss } = forward(after);
  const [first] = losses.slice(-1);
  losses.push(loss);
  const all = weights.flatMap((values, i) => Array.from(values, (value, k) => after[i]![k]! !== value));
  const changed = all.filter(Boolean).length;
  const stayed = !all[2]! && !all[3]!;
  const way = Math.sign(after14 - before14);
  const worst = Math.max(Math.abs(ofModel - product), Math.abs(difference - product));
  return {
    answer: way > 0 ? 0 : way < 0 ? 1 : 2,
    sentences: [
      `Five factors, one for each thing between w14 and J. Their product is ${figure(product)}. Backpropagation (model.gradients) and the numerical difference (J(w + ε) − J(w − ε)) / 2ε with ε = 0.0001 differ from it by at most ${figure(worst)}.`,
      way === 0 ? 'The product is too small to move w14 at all.'
        : `The gradient is ${product > 0 ? 'positive, so w14 goes down' : 'negative, so w14 goes up'}: ${figure(before14)} − ${rate} · ${figure(product)} = ${after14.toFixed(5).replace('-', '−')}. ` +
          `The answer ${h < y ? 'is too low' : 'is too high'} and w46 is ${w46 < 0 ? 'negative' : 'positive'}, so unit 4 has to say ${(h < y) === (w46 < 0) ? 'less' : 'more'}.`,
      `${changed} of the ${all.length} weights and biases have moved, each by its own gradient${stayed ? '; those from input 2 have not, for x2 = 0' : ''}. Step ${steps}: the answer went from ${h.toFixed(4)} to ${h2.toFixed(4)}, and J from ${figure(first)} to ${figure(loss)}${loss < first! ? '.' : ': not down.'}`,
    ],
    table: {
      caption: `Step ${steps}, before it is taken`,
      head: ['Factor', 'is', 'value'],
      rows: [
        ...factors.map(([name, is, value]): [string, string, number] => [name, is, value]),
        ['∂J/∂w14', 'their product', product],
        ['', 'model.gradients', ofModel],
        ['', 'numerical difference', difference],
      ],
    },
    chart: { kind: 'lines', label: 'J over the steps taken', x: 'step', y: 'J', lines: [{ name: 'J', x: losses.map((_, i) => i), y: losses }] },
  };
}

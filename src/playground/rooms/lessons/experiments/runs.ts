/** Experiments on runs of the room where one watches, the same to the bit: other derivatives, depth, rates that are too large. */

import { percent } from '../../../figures.ts';
import { figure } from '../../watch/figure.ts';
import { Run } from '../../watch/run.ts';
import type { State } from '../../watch/state.ts';
import type { Lines, Outcome } from '../messages.ts';
import { states } from '../states.ts';

interface Trained {
  readonly accuracy: number;
  readonly losses: Lines['lines'][number]['y'];
  readonly epochs: Lines['lines'][number]['x'];
  /** The norm of what training has done to the hidden layers' weights, and to those of the last layer. */
  readonly moved: { readonly hidden: number; readonly last: number };
  readonly dead: number;
  readonly failure: string | undefined;
}

async function trained(state: State, epochs: number): Promise<Trained> {
  const run = new Run(state);
  const before = run.snapshot(undefined).weights;
  await run.advance(epochs);
  const { weights, testAccuracy, curve, dead, failure } = run.snapshot(undefined);
  const apart = (from: number, to?: number): number => Math.hypot(...weights.slice(from, to).flatMap((values, i) => Array.from(values, (w, k) => w - before.slice(from, to)[i]![k]!)));
  return {
    accuracy: testAccuracy!,
    losses: Array.from(curve.train), epochs: Array.from(curve.epochs),
    moved: { hidden: apart(0, -2), last: apart(-2) },
    dead: dead.slice(0, -1).reduce((sum, count) => sum + count, 0),
    failure,
  };
}

const line = (name: string, { epochs: x, losses: y }: Trained): Lines['lines'][number] => ({ name, x, y });

/** On the right side: what counts as learnt, and as hardly better than a guess. */
const learnt = 0.95;
const guessed = 0.75;

export async function constant(): Promise<Outcome> {
  const epochs = 150;
  const own = await trained({ ...states.constant, layers: states.constant.layers.map((layer) => ({ ...layer, derivative: 'true' })) }, epochs);
  const one = await trained(states.constant, epochs);
  const gap = one.accuracy - own.accuracy;
  const [ownLoss, oneLoss] = [own.losses.at(-1)!, one.losses.at(-1)!];
  return {
    answer: one.accuracy < 0.9 ? 2 : oneLoss < ownLoss / 2 ? 0 : 1,
    sentences: [
      `After ${epochs} epochs, ${percent(own.accuracy)} of unseen points are on the right side with the true f′, ${percent(one.accuracy)} with f′ = 1. ` +
        (gap < -0.05 ? 'The constant did worse.' : gap > 0.05 ? 'The constant did better.' : 'They came out alike.'),
      `The hidden weights did move with f′ = 1, by ${figure(one.moved.hidden)} in norm, and by ${figure(own.moved.hidden)} with the true one. ` +
        (one.accuracy < guessed ? 'Movement is not learning: with f′ = 1 the gradient is that of another network, one without tanh, and no straight line solves XOR.' : 'Its direction is that of a network without tanh.'),
    ],
    table: {
      caption: 'Two hidden layers of six tanh units, the same first weights', head: ['f′', 'accuracy', 'loss', 'hidden weights moved by'],
      rows: [['true', own.accuracy, ownLoss, own.moved.hidden], ['constant 1', one.accuracy, oneLoss, one.moved.hidden]],
    },
    chart: { kind: 'lines', label: 'Loss over epochs', x: 'epoch', y: 'loss', lines: [line('true f′', own), line('f′ = 1', one)] },
  };
}

export async function zero(): Promise<Outcome> {
  const epochs = 150;
  const step = await trained(states.step, epochs);
  const none = await trained(states.zero, epochs);
  const through = await trained(states.straightThrough, epochs);
  const { hidden, last } = step.moved;
  const better = through.accuracy > step.accuracy;
  return {
    answer: hidden > 0 ? 0 : last > 0 ? 1 : 2,
    sentences: [
      `Training changed the weights of the hidden steps by ${figure(hidden)}${hidden === 0 ? ', not by a bit,' : ''} and those of the last layer by ${figure(last)}. ` +
        `${hidden === 0 ? 'δ = f′(z) · what comes back is 0 below a step, whatever the answer. ' : ''}${percent(step.accuracy)} of unseen points are right.`,
      `Smooth units whose f′ is replaced by 0 fare the same: tanh with f′ = 0 changed its hidden weights by ${figure(none.moved.hidden)}.`,
      `Straight through, f′ is taken to be 1 near 0, forward the units stay steps. The hidden weights moved by ${figure(through.moved.hidden)}, and ${percent(through.accuracy)} are right: ` +
        (through.accuracy >= learnt ? 'it learnt' : better ? 'more than before' : 'in this run that did not help') + (better ? '. A wrong derivative that points the right way is worth more than a true one that is 0.' : '.'),
    ],
    table: {
      caption: `${epochs} epochs; norms of the change of weights`, head: ['Units', 'hidden', 'last', 'accuracy'],
      rows: [
        ['step', hidden, last, step.accuracy],
        ['tanh, f′ = 0', none.moved.hidden, none.moved.last, none.accuracy],
        ['step, straight through', through.moved.hidden, through.moved.last, through.accuracy],
      ],
    },
    chart: { kind: 'lines', label: 'Loss over epochs', x: 'epoch', y: 'loss', lines: [line('step', step), line('tanh, f′ = 0', none), line('straight through', through)] },
  };
}

export async function vanishing(): Promise<Outcome> {
  const sigmoids = new Run(states.deepSigmoids);
  const relus = new Run(states.deepRelus);
  const [low, high] = [sigmoids.snapshot(undefined), relus.snapshot(undefined)];
  const ratio = (norms: Float32Array): number => norms[0]! / norms.at(-1)!;
  const [r1, r2] = [ratio(low.norms), ratio(high.norms)];
  const smaller = 1 / r1;
  const epochs = 60;
  await sigmoids.advance(epochs);
  await relus.advance(epochs);
  const [a1, a2] = [sigmoids, relus].map((run) => run.snapshot(undefined).testAccuracy!) as [number, number];
  const size = (share: number): string => (share >= 1 ? `${figure(share)} times as large as` : `${figure(1 / share)} times smaller than`);
  return {
    answer: smaller > 1000 ? 2 : smaller > 10 ? 1 : 0,
    sentences: [
      `With sigmoids the gradient of the first layer is ${size(r1)} that of the last: ${figure(low.norms[0])} against ${figure(low.norms.at(-1))}. f′ is ${figure(low.steepness[0])} in the mean in the first layer.`,
      `With ReLU and He's initial weights, made for it, the first is ${size(r2)} the last: where a ReLU is on, f′ = 1, so ${r2 > r1 ? 'more comes through' : 'here no more came through'}.`,
      `${epochs} epochs later ${percent(a1)} of unseen points are right with sigmoids, ${percent(a2)} with ReLU${a2 > a1 + 0.1 ? ': depth that gradients do not cross learns nothing.' : '.'}`,
    ],
    table: {
      caption: 'Norms of the gradients, before training', head: ['', 'first layer', 'last layer', 'first / last'],
      rows: [['sigmoid', low.norms[0]!, low.norms.at(-1)!, r1], ['relu, heNormal', high.norms[0]!, high.norms.at(-1)!, r2]],
    },
    chart: {
      kind: 'bars', label: 'Norm of ∂J/∂θ by layer, on a logarithmic scale', rows: Array.from(low.norms, (_, i) => (i < low.norms.length - 1 ? `layer ${i + 1}` : 'answer')),
      groups: [{ name: 'sigmoid', values: Array.from(low.norms) }, { name: 'relu', values: Array.from(high.norms) }],
    },
  };
}

export async function dying(): Promise<Outcome> {
  const epochs = 60;
  const [relu, leaky, careful] = [await trained(states.dying, epochs), await trained(states.leaky, epochs), await trained(states.careful, epochs)];
  const units = states.dying.layers.reduce((sum, layer) => sum + layer.units, 0);
  const said = ({ dead, accuracy, failure }: Trained): string => `${dead} of ${units} units dead, ${percent(accuracy)} of unseen points right${failure === undefined ? '' : ', and it broke off: the numbers left the finite range'}`;
  return {
    answer: relu.dead === 0 ? 0 : relu.dead <= units / 2 ? 1 : 2,
    sentences: [
      `ReLU at η = ${states.dying.rate}: ${said(relu)}. ${relu.dead > 0 ? 'A step that is too long throws a unit to where z < 0 at every point. There f′ = 0, so no gradient ever brings it back.' : 'This run was lucky.'}`,
      `Leaky ReLU, whose f′ is 0.01 below 0 instead of 0, at the same rate: ${said(leaky)}. ${leaky.dead > 0 ? '' : 'Some gradient always comes through. '}${leaky.accuracy > relu.accuracy + 0.05 ? 'It learnt more.' : 'The rate is too large for it too: alive, it did not learn more.'}`,
      `ReLU again at η = ${states.careful.rate}: ${said(careful)}. ${careful.accuracy > relu.accuracy ? 'A rate that suits is the other cure.' : 'That did not help here.'} Other seeds end otherwise; try them in the room where one watches.`,
    ],
    table: {
      caption: `After ${epochs} epochs, gradient descent with momentum`, head: ['', 'dead units', 'accuracy', 'loss'],
      rows: [
        [`relu, η = ${states.dying.rate}`, relu.dead, relu.accuracy, relu.losses.at(-1)!],
        [`leakyRelu, η = ${states.leaky.rate}`, leaky.dead, leaky.accuracy, leaky.losses.at(-1)!],
        [`relu, η = ${states.careful.rate}`, careful.dead, careful.accuracy, careful.losses.at(-1)!],
      ],
    },
    chart: { kind: 'lines', label: 'Loss over epochs', x: 'epoch', y: 'loss', lines: [line('relu', relu), line('leakyRelu', leaky), line('relu, small rate', careful)] },
  };
}

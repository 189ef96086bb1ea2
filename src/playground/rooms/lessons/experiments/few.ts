/** Experiments on a handful of points: layers without activations, and two losses of a wrong answer. */

import { dense, sequential, sgd, type ActivationName, type LossName, type Sequential } from '../../../../index.ts';
import { figure } from '../../watch/figure.ts';
import type { Outcome } from '../messages.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

const signed = (value: number): string => `${value < 0 ? '−' : '+'} ${figure(Math.abs(value))}`;

const xor = { x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0] };
const xorEpochs = 3000;

/** Trains on all of XOR at once; gives the losses of all epochs. */
async function learnXor(units: readonly number[], activation: ActivationName): Promise<{ model: Sequential; losses: readonly number[]; best: number }> {
  const last = units.length - 1;
  const layers = units.map((count, i) => dense({ units: count, activation: i === last ? 'linear' : activation, ...(i === 0 ? { inputShape: [2] as [number] } : {}) }));
  const model = sequential({ layers, seed: 1 });
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'meanSquaredError' });
  const { history } = await model.fit(xor.x, xor.y, { epochs: xorEpochs, batchSize: 4 });
  const losses = history['loss']!;
  return { model, losses, best: Math.min(...losses) };
}

export async function collapse(): Promise<Outcome> {
  const deep = await learnXor([4, 4, 1], 'linear');
  const single = await learnXor([1], 'linear');
  const tanh = await learnXor([4, 4, 1], 'tanh');
  const gap = deep.best - single.best;
  const same = Math.abs(gap) < 0.005;
  // What a single layer would have to be, read off at (0, 0), (1, 0) and (0, 1), then tried elsewhere.
  const [b, atFirst, atSecond] = deep.model.predict([[0, 0], [1, 0], [0, 1]]) as unknown as [number, number, number];
  const [w1, w2] = [atFirst - b, atSecond - b];
  const elsewhere = [[1, 1], [-2, 3], [5, -4], [0.3, 0.7]] as const;
  const apart = Math.max(...Array.from(deep.model.predict(elsewhere), (value, i) => Math.abs(value - (b + w1 * elsewhere[i]![0] + w2 * elsewhere[i]![1]))));
  const shown = numbers(61).map((i) => i * 5);
  const line = (name: string, { losses }: { losses: readonly number[] }): { name: string; x: number[]; y: number[] } => ({ name, x: shown, y: shown.map((i) => losses[i]!) });
  return {
    answer: same ? 2 : gap < 0 ? 0 : 1,
    sentences: [
      `Best loss of three layers without activations: ${figure(deep.best)}. Of the single layer: ${figure(single.best)}. ${same ? 'The same' : 'Not the same'}; to answer 0.5 always gives 0.25.`,
      apart < 1e-3
        ? `The three layers are one: h = ${figure(b)} ${signed(w1)} x₁ ${signed(w2)} x₂ gives their answer at other points too, to within ${figure(apart)}. A product of matrices is a matrix: depth alone adds nothing that one layer could not say.`
        : `Read as one layer, they are off by ${figure(apart)} elsewhere.`,
      tanh.best < 0.05 ? `With tanh between them the loss falls to ${figure(tanh.best)}: the same sizes, and they solve XOR.` : `With tanh the best loss was ${figure(tanh.best)}: in this run it did not solve XOR either.`,
    ],
    table: {
      caption: `${xorEpochs.toLocaleString('en')} epochs on the four points of XOR, gradient descent, η = 0.1`,
      head: ['Network', 'best loss', 'last loss'],
      rows: [
        ['3 layers, linear', deep.best, deep.losses.at(-1)!],
        ['1 layer', single.best, single.losses.at(-1)!],
        ['3 layers, tanh', tanh.best, tanh.losses.at(-1)!],
      ],
    },
    chart: { kind: 'lines', label: 'Loss over the first 300 epochs', x: 'epoch', y: 'loss', lines: [line('3 layers, linear', deep), line('1 layer', single), line('3 layers, tanh', tanh)] },
  };
}

const wrongSteps = 60;

/** One sigmoid of w · 1 that starts at z = w = −6, for the target 1. */
function correct(loss: LossName): { gradient: number; answers: number[]; needed: number } {
  const model = sequential({ layers: [dense({ units: 1, activation: 'sigmoid', useBias: false, inputShape: [1] })] });
  model.compile({ optimizer: sgd({ learningRate: 1 }), loss });
  model.setWeights([[-6]]);
  const gradient = model.gradients([[1]], [1])[0]!.data[0]!;
  const answers = numbers(wrongSteps + 1).map((step) => {
    if (step > 0) model.trainOnBatch([[1]], [1]);
    return model.predict([[1]])[0]!;
  });
  return { gradient, answers, needed: answers.findIndex((answer) => answer > 0.5) };
}

export function wrong(): Outcome {
  const entropy = correct('binaryCrossentropy');
  const squared = correct('meanSquaredError');
  const times = Math.abs(entropy.gradient) / Math.abs(squared.gradient);
  const course = ({ needed, answers }: typeof entropy): string => (needed < 0 ? `is still at ${figure(answers.at(-1))} after ${wrongSteps} steps` : `is past 0.5 after ${needed}`);
  const neededOf = ({ needed }: typeof entropy): number | string => (needed < 0 ? 'more' : needed);
  const line = (name: string, { answers }: typeof entropy): { name: string; x: number[]; y: number[] } => ({ name, x: numbers(wrongSteps + 1), y: answers });
  return {
    answer: times > 100 ? 3 : times > 10 ? 2 : times >= 0.1 ? 1 : 0,
    sentences: [
      `∂J/∂z of cross-entropy is h − y = ${figure(entropy.gradient)}; of the squared error it is 2 (h − y) h (1 − h) = ${figure(squared.gradient)}. ` +
        (times >= 1 ? `The first is ${figure(times)} times as large.` : `The second is ${figure(1 / times)} times as large.`),
      'f′ = h (1 − h) of a saturated sigmoid is next to nothing. Cross-entropy has the same factor in its denominator, where it cancels; in the squared error it stays.',
      `With steps of η = 1, the answer under cross-entropy ${course(entropy)}; under the squared error it ${course(squared)}.`,
    ],
    table: {
      caption: `z = −6, target 1, η = 1, ${wrongSteps} steps`,
      head: ['Loss', '∂J/∂z', 'steps to h > 0.5', `h after ${wrongSteps}`],
      rows: [
        ['cross-entropy', entropy.gradient, neededOf(entropy), entropy.answers.at(-1)!],
        ['squared error', squared.gradient, neededOf(squared), squared.answers.at(-1)!],
      ],
    },
    chart: { kind: 'lines', label: 'The answer h over steps; it should be 1', x: 'step', y: 'h', lines: [line('cross-entropy', entropy), line('squared error', squared)] },
  };
}

/** What each lesson asks, the answers to choose from, and where it goes on in the room where one watches. */

import { write, type State } from '../watch/state.ts';
import type { LessonName } from './messages.ts';
import { states } from './states.ts';

export interface Lesson {
  readonly title: string;
  /** What there is to know before the question. */
  readonly setting: string;
  readonly question: string;
  readonly answers: readonly string[];
  /** What the button to go on by a step says, where there is one. */
  readonly step?: string;
  /** The run to watch, and what its link says. */
  readonly watch?: { readonly text: string; readonly state: State };
}

export const address = (state: State): string => `#watch?${write(state)}`;

export const lessons: Readonly<Record<LessonName, Lesson>> = {
  chain: {
    title: 'The chain rule in numbers',
    setting: 'Three inputs, two hidden units (4 and 5), one answer (6), all sigmoid: h(x) = σ(w46 · σ(w14 x1 + w24 x2 + w34 x3 + b4) + w56 · σ(…) + b6), and J = ½ Σ (y − h)². ' +
      'For x = (1, 0, 1) it should answer y = 1. It answers less; and w46 is negative.',
    question: 'One step of w := w − η ∂J/∂w with η = 0.9. Which way does w14 go, the weight from input 1 to unit 4?',
    answers: ['Up', 'Down', 'It stays'],
    step: 'One more step',
  },
  collapse: {
    title: 'Layers without activations',
    setting: 'XOR has four points: (0, 0) and (1, 1) give 0, (0, 1) and (1, 0) give 1. Three networks learn it by the mean squared error: three layers without activations (2-4-4-1), ' +
      'a single layer (2-1), and the three layers with tanh in the first two.',
    question: 'Whose best loss is lower: that of the three layers without activations, or that of the single layer?',
    answers: ['That of the three layers: they have 37 weights and biases', 'That of the single layer', 'They end at the same loss'],
    watch: { text: 'Watch layers without activations', state: states.linear },
  },
  constant: {
    title: 'f′ = 1 everywhere',
    setting: 'Two layers of tanh learn points like XOR. Forward they stay as they are. Backward, f′ is replaced by 1, so no gradient is ever lost on its way.',
    question: 'What becomes of the learning?',
    answers: ['It learns faster: the gradient is stronger', 'It learns as well as with the true f′', 'It does not learn XOR'],
    watch: { text: 'Watch it with f′ = 1', state: states.constant },
  },
  zero: {
    title: 'f′ = 0, and straight through',
    setting: 'The hidden units are steps: 0 below zero, 1 above. A step is flat on both sides, so f′ = 0. Below the last layer stand two such layers.',
    question: 'Which weights does training change?',
    answers: ['All of them', 'Only those of the last layer', 'None'],
    watch: { text: 'Watch the step trained straight through', state: states.straightThrough },
  },
  vanishing: {
    title: 'Ten sigmoids deep',
    setting: 'Ten hidden layers of six sigmoids each, with fresh weights. On its way from the answer to the first layer the gradient is multiplied by f′ ten times, and f′ of a sigmoid is 0.25 at most.',
    question: 'How does the gradient of the first layer compare with that of the last one?',
    answers: ['Much the same, within a factor of 10', 'Smaller, 10 to 1,000 times', 'Smaller, more than 1,000 times'],
    watch: { text: 'Watch six sigmoids deep', state: states.sigmoids },
  },
  saturation: {
    title: 'Inputs that are not scaled',
    setting: 'Eight tanh units learn to tell a circle from the ring around it. Then the same points once more in another unit of length: every input is 100 times as large.',
    question: 'With the large inputs, at how many of all (point, unit) is tanh flat before training, |f′| below 0.05?',
    answers: ['Fewer than a quarter', 'A quarter to three quarters', 'More than three quarters'],
    watch: { text: 'Watch it with scaled inputs', state: states.scaled },
  },
  dying: {
    title: 'Dying ReLU',
    setting: 'Three layers of eight ReLUs, and a learning rate that is far too large. A unit is dead when f′ = 0 at every point: no gradient passes it any more.',
    question: 'How many of the 24 units are dead in the end?',
    answers: ['None', 'Some, up to half', 'More than half'],
    watch: { text: 'Watch ReLUs die', state: states.dying },
  },
  wrong: {
    title: 'Sure, and wrong',
    setting: 'A sigmoid should answer 1, but z = −6: it answers 0.0025. It is sure of itself, and wrong. Two losses tell it so: cross-entropy and the squared error.',
    question: 'Which has the larger |∂J/∂z|, and how much larger is it?',
    answers: ['The squared error', 'Both much the same, within a factor of 10', 'Cross-entropy, 10 to 100 times', 'Cross-entropy, more than 100 times'],
  },
  minimum: {
    title: 'Far from the minimum, and near',
    setting: 'A network learns to tell two moons apart: eight tanh units and one answer, 33 weights and biases. Its first weights are twice as large as usual, so it begins far up. ' +
      'It takes 100 steps of gradient descent over all points at once, with a learning rate of 0.05 that never changes.',
    question: 'What becomes of the length of its steps on the way?',
    answers: ['They stay the same, as the learning rate does', 'They grow', 'They shrink'],
  },
  hash: {
    title: 'Is an activation a hash function?',
    setting: 'Both make a number from 0 to 1 of any input, by a fixed rule. The hash here is FNV-1a, 32 bits, of the bytes of the number.',
    question: 'Is a sigmoid a hash function?',
    answers: ['Yes, one of its kind', 'No: neighbours stay neighbours, and it has a slope to learn by'],
  },
};

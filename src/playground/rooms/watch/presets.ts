/** Things to try, each a state and what there is to see in it. */

import { start, type Activation, type Derivative, type State } from './state.ts';

export interface Preset {
  readonly name: string;
  readonly what: string;
  readonly state: State;
}

const stack = (count: number, units: number, activation: Activation, derivative: Derivative = 'true'): State['layers'] =>
  Array.from({ length: count }, () => ({ units, activation, derivative }));

export const presets: readonly Preset[] = [
  { name: 'True derivative', what: 'It learns: through f′ every layer hears what it did wrong.', state: start },
  { name: 'f′ = 0', what: 'The hidden layers hear nothing. Only the last layer moves, and it alone cannot solve XOR.', state: { ...start, layers: stack(2, 6, 'tanh', 'zero') } },
  { name: 'f′ = 1', what: 'A gradient flows, but it is that of a network without tanh, and no straight line solves XOR: it does not learn.', state: { ...start, layers: stack(2, 6, 'tanh', 'constant') } },
  { name: 'Vanishing', what: 'Six sigmoids: each lets at most a quarter of the gradient through.', state: { ...start, data: 'circles', layers: stack(6, 4, 'sigmoid') } },
  { name: 'The same in ReLU', what: 'Where ReLU is on, f′ = 1: the gradient arrives at the first layer.', state: { ...start, data: 'circles', init: 'heNormal', layers: stack(6, 6, 'relu'), rate: 0.03 } },
  { name: 'Step', what: 'A step is flat everywhere: f′ = 0. Only the last layer learns, from units that stay as they were drawn.', state: { ...start, layers: stack(2, 8, 'step') } },
  { name: 'Step, straight through', what: 'The same step, trained as if its slope were 1 near 0: it learns.', state: { ...start, layers: stack(2, 8, 'step', 'straightThrough') } },
  { name: 'Dying ReLU', what: 'Too large a rate throws units to where ReLU is flat; they stay there.', state: { ...start, data: 'circles', layers: stack(3, 8, 'relu'), optimizer: 'momentum', rate: 0.5 } },
  { name: 'Fit a sine', what: 'One input, and a curve to follow: each unit bends the line somewhere, the answer adds their bends up. Beyond the points it only guesses. Then try the chirp: what turns slowly is learnt first.',
    state: { ...start, data: 'sine', layers: stack(2, 6, 'tanh'), optimizer: 'adam', rate: 0.01 } },
];

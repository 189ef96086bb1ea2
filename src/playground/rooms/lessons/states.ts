/** The runs of lessons that the room where one watches can show too, as its states. */

import { start, type Activation, type Derivative, type State } from '../watch/state.ts';

const stack = (count: number, units: number, activation: Activation, derivative: Derivative = 'true'): State['layers'] =>
  Array.from({ length: count }, () => ({ units, activation, derivative }));

export const states = {
  linear: { ...start, layers: stack(2, 4, 'linear') },
  constant: { ...start, layers: stack(2, 6, 'tanh', 'constant') },
  step: { ...start, layers: stack(2, 8, 'step') },
  zero: { ...start, layers: stack(2, 8, 'tanh', 'zero') },
  straightThrough: { ...start, layers: stack(2, 8, 'step', 'straightThrough') },
  scaled: { ...start, data: 'circles', layers: stack(1, 8, 'tanh') },
  sigmoids: { ...start, data: 'circles', layers: stack(6, 4, 'sigmoid') },
  deepSigmoids: { ...start, data: 'circles', layers: stack(10, 6, 'sigmoid') },
  deepRelus: { ...start, data: 'circles', init: 'heNormal', layers: stack(10, 6, 'relu') },
  dying: { ...start, data: 'circles', layers: stack(3, 8, 'relu'), optimizer: 'momentum', rate: 0.3, seed: 2 },
  leaky: { ...start, data: 'circles', layers: stack(3, 8, 'leakyRelu'), optimizer: 'momentum', rate: 0.3, seed: 2 },
  careful: { ...start, data: 'circles', layers: stack(3, 8, 'relu'), optimizer: 'momentum', rate: 0.02, seed: 2 },
} as const satisfies Record<string, State>;

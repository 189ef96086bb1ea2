/** Everything that decides a run, and its form in the address of the page: the same link is the same run. */

import type { ActivationName, DerivativeSpec, InitializerName, OptimizerName } from '../../../index.ts';
import { dataNames, inputsOf, type DataName } from '../../data/points.ts';

export const activationNames = [
  'tanh', 'sigmoid', 'relu', 'leakyRelu', 'elu', 'selu', 'gelu', 'silu', 'mish', 'softplus', 'softsign', 'hardSigmoid', 'relu6', 'step', 'linear',
] as const satisfies ActivationName[];
/** `'true'`: the activation's own. */
export const derivativeNames = [
  'true', 'constant', 'zero', 'straightThrough', 'tanh', 'sigmoid', 'relu', 'leakyRelu', 'softplus', 'gelu', 'linear',
] as const satisfies (DerivativeSpec | 'true')[];
export const initializerNames = [
  'glorotUniform', 'glorotNormal', 'heUniform', 'heNormal', 'lecunNormal', 'orthogonal', 'randomNormal', 'zeros', 'ones',
] as const satisfies InitializerName[];
export const optimizerNames = ['sgd', 'momentum', 'adam', 'adamw', 'rmsprop', 'adagrad', 'lion'] as const satisfies OptimizerName[];

export type Activation = (typeof activationNames)[number];
export type Derivative = (typeof derivativeNames)[number];

export interface LayerState {
  readonly units: number;
  readonly activation: Activation;
  readonly derivative: Derivative;
}

export interface State {
  readonly data: DataName;
  readonly noise: number;
  /** Points to train on; as many others to test with. */
  readonly points: number;
  readonly seed: number;
  /** The hidden layers; one unit that gives the answer follows them. */
  readonly layers: readonly LayerState[];
  readonly init: (typeof initializerNames)[number];
  readonly optimizer: (typeof optimizerNames)[number];
  readonly rate: number;
  readonly batch: number;
  /** Epochs a second; 0 as many as the machine can. */
  readonly speed: number;
}

/** What the library, and so its findings, calls a hidden layer: by its place, counted from 1, as the page does. */
export const layerName = (at: number): string => String(at + 1);

export const mostLayers = 6;
export const mostUnits = 8;
/** Learning rates to choose from; an address may name others. */
export const rates = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10] as const;
export const speeds = [2, 15, 60, 300, 0] as const;

export const ranges = {
  noise: { min: 0, max: 1, step: 0.05 },
  points: { min: 20, max: 1000, step: 20 },
  seed: { min: 0, max: 9999, step: 1 },
  rate: { min: 0.0001, max: 10, step: 0.0001 },
  batch: { min: 1, max: 1000, step: 1 },
  speed: { min: 0, max: 300, step: 1 },
} as const;

const hidden = (units: number): LayerState => ({ units, activation: 'tanh', derivative: 'true' });
export const start: State = {
  data: 'xor', noise: 0.1, points: 200, seed: 1, layers: [hidden(6), hidden(4)], init: 'glorotUniform', optimizer: 'sgd', rate: 0.1, batch: 10, speed: 60,
};

/** How many there are in each column of the network: inputs, units of the hidden layers, the answer. */
export function widths({ data, layers }: State): number[] {
  return [inputsOf(data), ...layers.map(({ units }) => units), 1];
}

/** The state as the query of a hash: `data=xor&noise=0.1&...&layers=6.tanh,4.tanh.zero`. */
export function write(state: State): string {
  const layers = state.layers.map(({ units, activation, derivative }) => [units, activation, ...(derivative === 'true' ? [] : [derivative])].join('.'));
  return Object.entries({ ...state, layers: layers.join(',') }).map(([key, value]) => `${key}=${value}`).join('&');
}

/** The state that a query describes; what it leaves out or spells wrongly is as at the start. */
export function read(query: string): State {
  const values = new URLSearchParams(query);
  const name = <Name extends string>(key: keyof State, names: readonly Name[], usual: Name): Name => names.find((known) => known === values.get(key)) ?? usual;
  const number = (key: keyof typeof ranges): number => {
    const value = Number(values.get(key) || NaN);
    const { min, max, step } = ranges[key];
    if (!Number.isFinite(value)) return start[key];
    return Math.min(max, Math.max(min, step === 1 ? Math.round(value) : value));
  };
  const layers = (values.get('layers') ?? '').split(',').map(readLayer).filter((layer) => layer !== undefined).slice(0, mostLayers);
  return {
    data: name('data', dataNames, start.data),
    noise: number('noise'),
    points: Math.round(number('points')),
    seed: number('seed'),
    layers: layers.length > 0 ? layers : start.layers,
    init: name('init', initializerNames, start.init),
    optimizer: name('optimizer', optimizerNames, start.optimizer),
    rate: number('rate'),
    batch: number('batch'),
    speed: speeds.find((speed) => speed === number('speed')) ?? start.speed,
  };
}

function readLayer(text: string): LayerState | undefined {
  const [count, activation = 'tanh', derivative = 'true'] = text.split('.');
  const units = Math.round(Number(count));
  if (!(units >= 1 && units <= mostUnits)) return undefined;
  return {
    units,
    activation: activationNames.find((known) => known === activation) ?? 'tanh',
    derivative: derivativeNames.find((known) => known === derivative) ?? 'true',
  };
}

/** Whether weights of a run in one state can go on in the other: the same data, the same shapes, the same beginning. */
export function goesOn(from: State, to: State): boolean {
  const beginning = ({ data, noise, points, seed, init, layers }: State): string => [data, noise, points, seed, init, ...layers.map(({ units }) => units)].join();
  return beginning(from) === beginning(to);
}

/** What the page and the worker that trains say to each other. */

import type { Finding } from '../../../index.ts';
import type { State } from './state.ts';

/** A weight to explain: of layer `layer`, from input `from` to unit `to`, for training point `sample`. */
export interface WeightPlace {
  readonly layer: number;
  readonly from: number;
  readonly to: number;
  readonly sample: number;
}

export type Command =
  /** Begins a run; with `goOn` from the weights and the epoch of the run at hand. */
  | { readonly type: 'build'; readonly run: number; readonly state: State; readonly goOn: boolean }
  | { readonly type: 'play' | 'pause' | 'step' }
  | { readonly type: 'speed'; readonly speed: number }
  | { readonly type: 'weight'; readonly place: WeightPlace }
  /** The last snapshot has been drawn: another may come. */
  | { readonly type: 'drawn' };

/** The chain rule of one weight for one sample: ∂J/∂w = input × δ, δ = f′(z) × back. */
export interface ChainRule {
  readonly place: WeightPlace;
  readonly weight: number;
  /** ∂J/∂w over all points, as training uses it. */
  readonly gradient: number;
  readonly point: readonly number[];
  readonly target: number;
  readonly output: number;
  readonly input: number;
  readonly z: number;
  readonly slope: number;
  /** Σ w δ of the layer that follows, or ∂J/∂h of the loss where none does. */
  readonly back: number;
  readonly delta: number;
}

/** Cells along each axis of the map of a unit, and of the map of the answer, by the number of inputs: a line can be finer than a plane. */
export const sides = { 1: { unit: 48, answer: 256 }, 2: { unit: 24, answer: 64 } } as const;
/** Bins of the histograms, from −`reach` to `reach`; what lies beyond is in the first and the last. */
export const bins = 48;
export const reach = 6;

export interface Snapshot {
  readonly run: number;
  readonly epoch: number;
  readonly playing: boolean;
  /** Why training cannot go on, where it cannot. */
  readonly failure: string | undefined;
  readonly backend: string;
  readonly trainLoss: number;
  readonly testLoss: number;
  /** Undefined where the answers are numbers. */
  readonly trainAccuracy: number | undefined;
  readonly testAccuracy: number | undefined;
  readonly epochsPerSecond: number;
  readonly samplesPerSecond: number;
  /** Losses at some epochs, in the order of epochs. */
  readonly curve: { readonly epochs: Float64Array; readonly train: Float64Array; readonly test: Float64Array };
  /** As `getWeights` and `gradients` give them. */
  readonly weights: readonly Float32Array[];
  /** By layer: the norm of ∂J/∂θ. */
  readonly norms: Float32Array;
  /** By layer, of f′ as training uses it, over all (point, unit): the mean of |f′|, and the share where it is below 0.05. */
  readonly steepness: Float32Array;
  readonly flat: Float32Array;
  /** By layer: the units whose f′ is 0 at every point. */
  readonly dead: Float32Array;
  /** [layers, bins]: shares of all pre-activations. */
  readonly histograms: Float32Array;
  /** [units of all hidden layers, side ** inputs], from 0 to 255 where 128 is the middle; rows of a plane from top to bottom. */
  readonly unitMaps: Uint8Array;
  /** [side ** inputs], as the network gives them. */
  readonly answers: Float32Array;
  readonly chain: ChainRule | undefined;
  readonly diagnosis: Diagnosis;
}

/** What the library's doctor found when it last looked, and the epoch that was at. */
export interface Diagnosis {
  readonly epoch: number;
  readonly findings: readonly Found[];
}

export type Found = Pick<Finding, 'code' | 'severity' | 'layer' | 'message' | 'advice'>;

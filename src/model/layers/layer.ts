/**
 * What a layer is: a checked, immutable description that builds into stages. A stage is one step of the forward pass with
 * its backward twin; it names its parameters and writes its operations into a plan, and owns no memory.
 */

import type { Backend } from '../../backend/backend.ts';
import type { ElementwiseName, PlanBuilder } from '../../backend/plan.ts';
import { ShapeError, show } from '../../errors.ts';
import { checkInteger } from '../../options.ts';
import type { Initializer } from './initializers.ts';

/** A layer of a model, as made by `dense`, `activation` and their like. */
export interface Layer {
  readonly type: string;
  readonly name: string | undefined;
  /** Values in a row of its input, where the layer was told (`inputShape`). */
  readonly inputs: number | undefined;
  /** The options it was made with, defaults filled in. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The layers in it, where it is a block. */
  readonly layers?: readonly Layer[];
  /**
   * @internal Its stages for rows of `inputs` values, in forward order; an empty list passes its input through. `index` is
   * its place in a model of that seed; the layers of a block have the places after its own.
   */
  build(inputs: number, name: string, seed: number, index: number): Stage[];
}

/** An element-wise function as kernels take it. */
export interface Elementwise {
  readonly name: ElementwiseName;
  readonly alpha: number;
  readonly beta: number;
}

/** An element-wise function of one's own with its derivative, as made by `defineActivation`. */
export interface DefinedActivation {
  /** What it is called in messages and files. */
  readonly name: string;
  readonly f: (z: number) => number;
  readonly df: (z: number) => number;
  /** @internal Without parameters, as built-in functions say it. */
  readonly alpha: 0;
  /** @internal */
  readonly beta: 0;
  /** @internal Where it is in the table that plans go by. */
  readonly place: number;
  /** @internal What a stage does that applies it to rows of `units` values. Its backward pass needs no output. */
  passes(units: number): Pick<Stage, 'extra' | 'mayThrow' | 'forward' | 'backward'>;
}

/** An activation as kernels take it: element by element, or over a row. */
export type ResolvedActivation = Elementwise | DefinedActivation | { readonly name: 'softmax' | 'logSoftmax' };

export interface ParameterSpec {
  /** The name users see: `kernel`, `bias`. */
  readonly name: string;
  /** `[inputs, units]` (kept in the backend's weight layout) or `[units]`. */
  readonly shape: readonly [number, number] | readonly [number];
  readonly initializer: Initializer;
  /** Set to false where no optimizer moves it: it has no gradient, and only the stage itself changes it, in `update`. */
  readonly trainable?: false;
  /** Told of every model that has laid it out, which may keep it by a weak reference alone. */
  laidOut?(owner: ParameterOwner, parameter: PlacedParameter): void;
}

/** A parameter as it lies in a model, and the model, which can be given other values of it. */
export interface PlacedParameter {
  readonly spec: ParameterSpec;
}
export interface ParameterOwner {
  write(parameter: PlacedParameter, values: Float32Array): void;
}

/** Addresses that a stage's operations work on. */
export interface ForwardAddresses {
  out: number;
  input: number;
  /** In the order of the stage's parameters. */
  parameters: readonly number[];
  /** The stage's `cacheFloats`. */
  cache: number;
  /** An int32: the steps of training before this one. */
  step: number;
  /** Whether it is a pass of which the gradient is wanted: of a step, or of `gradients`. */
  training: boolean;
  /** The input and the gradient of the output of the stage's `partner`; 0 where it has none. */
  partner: { readonly input: number; readonly dout: number };
}
export interface BackwardAddresses extends ForwardAddresses {
  /** Where the gradient of the input goes; 0: nobody needs it, which is so in the first stage with parameters alone. */
  dinput: number;
  dout: number;
  /** 0 for those that are not trainable. */
  dparameters: readonly number[];
  /** Floats that each parameter takes in the backend's layout; those of a weight beyond its values are 0. */
  floats: readonly number[];
  scratch: number;
}
export interface PenaltyAddresses extends Pick<BackwardAddresses, 'parameters' | 'dparameters' | 'floats'> {
  /** A float64 to which the penalty is added, times the rows of the batch. */
  sum: number;
  /** Whether its gradient is to be added to `dparameters`. */
  training: boolean;
}

/** What a stage may need to know of the backend to size its scratch. */
type ScratchSizes = Pick<Backend, 'inputScratchFloats' | 'parameterScratchFloats'>;

export interface Stage {
  /** The layer it belongs to. */
  readonly layer: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly parameters: readonly ParameterSpec[];
  /** Set where it works in steps of training alone; in every other plan the stages around it are joined. */
  readonly trainingOnly?: boolean;
  /** Set where NaN in its input stands for a value that is missing: a model whose first stage it is takes such rows. */
  readonly takesMissing?: boolean;
  /** Set where it uses extra operations. */
  readonly extra?: boolean;
  /** Set where it calls functions of the user's, which may throw: no parameter may have moved by then. */
  readonly mayThrow?: boolean;
  /** Set where its output is its input: it has no `out` of its own, and `forward` does nothing. */
  readonly passesInput?: boolean;
  /** Set where the gradient of its input is that of its output: it has no `dout` of its own, and `backward` does nothing. */
  readonly passesGradient?: boolean;
  /** Another stage of the same block, whose input and gradient it needs. */
  readonly partner?: Stage;
  /** Set where the stage is an activation, so that a loss can fuse with it. */
  readonly activation?: ResolvedActivation;
  /** Floats of scratch its backward pass needs for a batch of `rows`. */
  scratchFloats(sizes: ScratchSizes, rows: number): number;
  /** Floats that it keeps from the forward to the backward pass, beside its input and output. */
  cacheFloats?(rows: number): number;
  forward(plan: PlanBuilder, at: ForwardAddresses): void;
  backward(plan: PlanBuilder, at: BackwardAddresses): void;
  /** What its parameters cost by themselves: adds that to the loss, and its gradient to theirs. */
  penalty?(plan: PlanBuilder, at: PenaltyAddresses): void;
  /** What it does to its parameters at the end of every step. */
  update?(plan: PlanBuilder, at: BackwardAddresses): void;
  /** Where it can: `backward` and plain descent in one, for a batch of one row, at the rate that lies at an address. */
  descend?(plan: PlanBuilder, at: BackwardAddresses & { learningRate: number }): void;
}

/** What a parameter of a layer is held to: a regularizer or a constraint. */
export interface ParameterRule<Kind extends string> {
  readonly kind: Kind;
  readonly name: string;
  /** The settings it was made with, defaults filled in. */
  readonly config: Readonly<Record<string, number>>;
  /** @internal The stage, with its parameter of that index, if it has one, held to it too. */
  attach(stage: Stage, index: number): Stage;
}

/** The values in a row, from an `inputShape` option of one positive integer. */
export function checkInputShape(where: string, shape: readonly number[] | undefined): number | undefined {
  if (shape === undefined) return undefined;
  if (!Array.isArray(shape) || shape.length !== 1) {
    throw new ShapeError(`${where} inputShape: expected one size, as [784], received ${Array.isArray(shape) ? `[${shape.join(', ')}]` : show(shape)}`);
  }
  return checkInteger(`${where} inputShape[0]`, shape[0], { min: 1 });
}

/**
 * Compares the gradients that training uses with numerical differences of the loss. The differences are taken on a copy of
 * the model that computes in double precision throughout, so that their own error does not matter.
 */

import { toMatrix, type MatrixLike } from '../data/matrix.ts';
import { unexpected } from '../errors.ts';
import { targetColumns } from '../model/training/losses.ts';
import { sizeOf } from '../model/parameters.ts';
import type { Program } from '../model/program.ts';
import { Sequential, type Gradient } from '../model/sequential.ts';
import { checkInteger, checkKeys, checkNumber } from '../options.ts';
import { Random } from '../random.ts';
import { doubleCopy } from './copy.ts';
import { derivativeFaults, type DerivativeFault } from './derivativeFaults.ts';

export interface GradientCheckOptions {
  /** Greatest relative error that counts as agreement; default 0.001. */
  tolerance?: number;
  /** Values of each parameter to check, drawn at random where there are more, and values of the batch that go into an activation; default 200. */
  samples?: number;
}

/** How the gradient of one parameter compares. */
export interface ParameterCheck {
  /** `layer/parameter`. */
  readonly name: string;
  /** Values compared. */
  readonly checked: number;
  /** Values left out because the loss has a kink there (a ReLU at 0): it has no derivative to compare with. */
  readonly kinks: number;
  /**
   * The larger of two errors. Of the formulas: the gradient in double precision beside the difference, relative to the larger of the two, or to a
   * thousandth of the largest gradient of the model. Of the arithmetic: the gradient that training uses beside that in double precision, relative
   * to the largest of the parameter (where little is left to learn, rounding alone may change the small ones by more than a thousandth of them).
   */
  readonly maxRelativeError: number;
  /** The value that agrees least. */
  readonly worst: { readonly index: number; readonly analytic: number; readonly numeric: number } | undefined;
}

export interface GradientCheck {
  /** Whether every parameter agrees within the tolerance, and every f′ with its f. */
  readonly ok: boolean;
  /** Of the parameters. */
  readonly maxRelativeError: number;
  readonly parameters: readonly ParameterCheck[];
  /** Of each layer whose activation was defined by a user, or has its derivative replaced, the worst place where f′ is not that of f, if there is one. */
  readonly derivatives: readonly DerivativeFault[];
}

/** First step of a difference; smaller ones are tried where the two sides disagree. */
const steps = [1e-5, 1e-7];

/**
 * Checks every gradient of a compiled model on a batch by central differences, (J(θ + ε) − J(θ − ε)) / 2ε. A layer with a
 * replaced `derivative` rightly fails it.
 *
 * The f′ of such layers, and of those whose activation `defineActivation` made, is also compared with differences of f itself, on what goes into
 * the activation in the batch and on -6, -5.9, ... 6; `derivatives` names where they part. Where f has a kink or a jump there is no
 * derivative, and no error.
 *
 * @param x rows [rows, inputs]; y their targets, as for `fit`.
 */
export function gradientCheck(model: Sequential, x: MatrixLike, y: MatrixLike, options: GradientCheckOptions = {}): GradientCheck {
  if (!(model instanceof Sequential)) throw unexpected('gradientCheck', 'a model made by sequential', model);
  checkKeys('gradientCheck', options, ['tolerance', 'samples']);
  const tolerance = checkNumber('gradientCheck tolerance', options.tolerance ?? 1e-3, { above: 0 });
  const samples = checkInteger('gradientCheck samples', options.samples ?? 200, { min: 1 });
  const gradients = model.gradients(x, y);
  const copy = doubleCopy('gradientCheck', model);
  const loss = lossOf('gradientCheck', copy, x, y);
  const exact = loss.gradients();
  const largest = gradients.reduce((most, { data }) => data.reduce((sofar, value) => Math.max(sofar, Math.abs(value)), most), 0);
  const parameters = gradients.map((gradient, i) => {
    const indices = sampleIndices(gradient.data.length, samples, model.seed, i);
    return checkParameter(gradient, exact[i]!, indices, loss, i, 1e-3 * largest);
  });
  const maxRelativeError = Math.max(0, ...parameters.map((parameter) => parameter.maxRelativeError));
  const derivatives = derivativeFaults('gradientCheck', copy, x, y, tolerance, samples);
  return { ok: maxRelativeError <= tolerance && derivatives.length === 0, maxRelativeError, parameters, derivatives };
}

/** J as a function of one value of one parameter, of those that have a gradient, all others as they are in the model. */
interface BatchLoss {
  value(parameter: number, index: number): number;
  at(parameter: number, index: number, value: number): number;
  /** ∂J/∂θ of each parameter, by the passes that training makes. */
  gradients(): Float64Array[];
}

/** The loss of a batch, by a copy of a model that is for this. */
export function lossOf(where: string, model: Sequential, x: MatrixLike, y: MatrixLike): BatchLoss {
  const { program } = model;
  const rows = loadBatch(where, program, x, y);
  const { f32 } = program.backend.memory;
  // Stages that change in steps of training may compute another output in them: the loss is that of the pass whose gradient is checked.
  const plan = program.stages.some(({ update }) => update !== undefined) ? 'gradients' : 'evaluate';
  const trained = program.parameters.filter(({ daddress }) => daddress !== 0);
  const place = (parameter: number, index: number): number => trained[parameter]!.address / 4 + index;
  return {
    value: (parameter, index) => f32[place(parameter, index)]!,
    at(parameter, index, value) {
      const held = f32[place(parameter, index)]!;
      f32[place(parameter, index)] = value;
      program.sums.clear();
      program.run(plan, rows);
      f32[place(parameter, index)] = held;
      return program.sums.lossOver(rows);
    },
    gradients() {
      program.run('gradients', rows);
      return trained.map(({ daddress, spec: { shape } }) => Float64Array.from(f32.subarray(daddress / 4, daddress / 4 + sizeOf(shape))));
    },
  };
}

function loadBatch(where: string, program: Program, x: MatrixLike, y: MatrixLike): number {
  const inputs = toMatrix(`${where} x`, x, program.inputs);
  const targets = toMatrix(`${where} y`, y, targetColumns(program.objective!.loss, program.outputs));
  program.reserve(inputs.rows);
  program.room.load('input', inputs, 0, inputs.rows);
  program.room.load('target', targets, 0, inputs.rows);
  return inputs.rows;
}

function sampleIndices(size: number, samples: number, seed: number, parameter: number): Uint32Array {
  const indices = Uint32Array.from({ length: size }, (_, i) => i);
  if (size <= samples) return indices;
  new Random(seed, 'sampling', parameter).shuffle(indices);
  return indices.subarray(0, samples);
}

function checkParameter({ name, data }: Gradient, exact: Float64Array, indices: Uint32Array, loss: BatchLoss, parameter: number, floor: number): ParameterCheck {
  let kinks = 0;
  let maxRelativeError = 0;
  let worst: ParameterCheck['worst'];
  const largest = exact.reduce((most, value) => Math.max(most, Math.abs(value)), floor);
  const ratio = (difference: number, scale: number): number => (difference === 0 ? 0 : Math.abs(difference) / scale);
  for (const index of indices) {
    const analytic = data[index]!;
    const numeric = slope(loss, parameter, index, floor);
    if (numeric === undefined) {
      kinks++;
      continue;
    }
    const precise = exact[index]!;
    const apart = Math.max(ratio(precise - numeric, Math.max(Math.abs(precise), Math.abs(numeric), floor)), ratio(analytic - precise, largest));
    // Without numbers nothing agrees.
    const error = Number.isNaN(apart) ? Infinity : apart;
    if (worst === undefined || error > maxRelativeError) {
      maxRelativeError = error;
      worst = { index, analytic, numeric };
    }
  }
  return { name, checked: indices.length - kinks, kinks, maxRelativeError, worst };
}

/** The central difference; undefined where the slopes on both sides differ however small the step, NaN where the loss is not finite. */
export function slope(loss: BatchLoss, parameter: number, index: number, floor: number): number | undefined {
  const value = loss.value(parameter, index);
  const here = loss.at(parameter, index, value);
  if (!Number.isFinite(here)) return NaN;
  for (const step of steps) {
    const epsilon = step * Math.max(1, Math.abs(value));
    const right = (loss.at(parameter, index, value + epsilon) - here) / epsilon;
    const left = (here - loss.at(parameter, index, value - epsilon)) / epsilon;
    if (Math.abs(right - left) <= 1e-3 * Math.max(Math.abs(right), Math.abs(left), floor)) return (right + left) / 2;
  }
  return undefined;
}

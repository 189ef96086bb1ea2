/**
 * Activations by name: each a pair (f, f′), as a layer of its own or inside `dense`, with the option of training with the
 * true f and another f′. The formulas stand in `backend/reference/pairs.ts`.
 */

import { activationCodes, type ElementwiseName } from '../../backend/plan.ts';
import { activations as elementwise, logSoftmaxRow, softmaxRow } from '../../backend/reference/pairs.ts';
import { OptionError, unexpected } from '../../errors.ts';
import { checkKeys, checkLabel, checkName, checkNumber, checkSpec } from '../../options.ts';
import { checkInputShape, type DefinedActivation, type Elementwise, type Layer, type ResolvedActivation, type Stage } from './layer.ts';

/** Names of activations. `swish` is another name of `silu`. */
export type ActivationName = (typeof activationNames)[number];

/** An activation by name, or with its parameters, or as `defineActivation` makes one. */
export type ActivationSpec =
  | ActivationName
  | DefinedActivation
  | { name: Exclude<ActivationName, 'leakyRelu' | 'elu' | 'hardSigmoid'> }
  /** Slope `alpha` (0.01; Maas, Hannun, Ng 2013) for negative inputs; `elu` tends to −alpha (1). */
  | { name: 'leakyRelu' | 'elu'; alpha?: number }
  /** clip(slope · x + offset, 0, 1), by default slope 1/6 and offset 0.5. */
  | { name: 'hardSigmoid'; slope?: number; offset?: number };

/**
 * The derivative to train with, while the forward pass stays true: `'constant'` is 1 everywhere, `'zero'` is 0,
 * `'straightThrough'` is 1 where |z| <= 1 and 0 elsewhere (Hubara et al. 2016), and the name of another function is that
 * function's f′; so it is with one that `defineActivation` made.
 */
export type DerivativeSpec = 'constant' | 'zero' | 'straightThrough' | ElementwiseActivationName | 'swish' | DefinedActivation;

/** Whether `defineActivation` made it. */
export const isDefined = (spec: unknown): spec is DefinedActivation => typeof (spec as Partial<DefinedActivation> | null | undefined)?.passes === 'function';

type ElementwiseActivationName = Exclude<ElementwiseName, 'straightThrough'>;

const elementwiseNames = activationCodes.filter((name): name is ElementwiseActivationName => name !== 'straightThrough');
const activationNames = [...elementwiseNames, 'swish', 'softmax', 'logSoftmax'] as const;
const derivativeNames = ['constant', 'zero', 'straightThrough', ...elementwiseNames, 'swish'] as const;

/** The parameters an activation has, as kernels take them: first alpha, then beta. */
const parameters: Partial<Record<ActivationName, Record<string, number>>> = {
  leakyRelu: { alpha: 0.01 },
  elu: { alpha: 1 },
  hardSigmoid: { slope: 1 / 6, offset: 0.5 },
};

/** The kernel arguments of an activation given by name or object. */
export function resolveActivation(where: string, spec: ActivationSpec): ResolvedActivation {
  if (isDefined(spec)) return spec;
  const { name, label, options } = checkSpec(where, spec, activationNames, parameters);
  if (name === 'softmax' || name === 'logSoftmax') return { name };
  const [alpha = 0, beta = 0] = Object.entries(options).map(([key, value]) => checkNumber(`${label} ${key}`, value));
  return { name: name === 'swish' ? 'silu' : name, alpha, beta };
}

/** The function whose derivative stands in for the true one. */
function resolveDerivative(where: string, spec: DerivativeSpec, of: ResolvedActivation): Elementwise | DefinedActivation {
  const name = isDefined(spec) ? spec : checkName(where, spec, derivativeNames);
  if (!('alpha' in of)) {
    throw new OptionError(`${where}: ${of.name} has a Jacobian over the row, not an element-wise derivative that could be replaced`);
  }
  if (name === 'constant') return { name: 'linear', alpha: 0, beta: 0 };
  if (name === 'zero') return { name: 'step', alpha: 0, beta: 0 };
  if (name === 'straightThrough') return { name, alpha: 0, beta: 0 };
  return resolveActivation(where, name) as Elementwise | DefinedActivation;
}

/** The checked pair of an activation and the derivative to train with, where one is given. */
export function resolvePair(
  where: string, activation: ActivationSpec, derivative: DerivativeSpec | undefined,
): { activation: ResolvedActivation; derivative: Elementwise | DefinedActivation | undefined } {
  const resolved = resolveActivation(`${where} activation`, activation);
  return {
    activation: resolved,
    derivative: derivative === undefined ? undefined : resolveDerivative(`${where} derivative`, derivative, resolved),
  };
}

export interface ActivationOptions {
  activation: ActivationSpec;
  /** Train with this derivative instead of the true one. */
  derivative?: DerivativeSpec;
  /** Values in a row of the input, as `[64]`; for a first layer. */
  inputShape?: readonly number[];
  name?: string;
}

/** A layer that applies an activation to each value (softmax and log-softmax: to each row). Shapes [rows, n] -> [rows, n]. */
export function activation(options: ActivationOptions | ActivationName | DefinedActivation): Layer {
  const config = typeof options === 'string' || isDefined(options) ? { activation: options } : options;
  checkKeys('activation', config, ['activation', 'derivative', 'inputShape', 'name']);
  checkLabel('activation name', config.name);
  const pair = resolvePair('activation', config.activation, config.derivative);
  return Object.freeze({
    type: 'activation',
    name: config.name,
    inputs: checkInputShape('activation', config.inputShape),
    config: Object.freeze({ ...config }),
    build: (inputs: number, layer: string) => activationStages(layer, inputs, pair.activation, pair.derivative),
  });
}

/** The stage that applies an activation; none for `linear`, unless its derivative is replaced. */
export function activationStages(layer: string, units: number, function_: ResolvedActivation, derivative?: Elementwise | DefinedActivation): Stage[] {
  if (function_.name === 'linear' && derivative === undefined) return [];
  const common = { layer, inputs: units, outputs: units, parameters: [] };
  if (!('alpha' in function_)) return [{ ...common, activation: function_, ...rowStage(function_.name, units) }];
  if (derivative === undefined) return [{ ...common, activation: function_, ...elementwiseStage(function_, units) }];
  return [{ ...common, ...replacedStage(function_, derivative, units) }];
}

type Passes = Pick<Stage, 'scratchFloats' | 'extra' | 'mayThrow' | 'forward' | 'backward'>;

function elementwiseStage(function_: Elementwise | DefinedActivation, units: number): Passes {
  const scratchFloats = () => 0;
  if (isDefined(function_)) return { scratchFloats, ...function_.passes(units) };
  const kernel = kernelArguments(function_, units);
  return {
    scratchFloats,
    forward: (plan, { out, input }) => void plan.add('activationForward', { out, z: input, ...kernel }),
    backward: (plan, { dinput, dout, input, out }) => void plan.add('activationBackward', { dz: dinput, dout, z: input, out, ...kernel }),
  };
}

/** The true function forward; backward the derivative of another, from that other's own value of z. */
function replacedStage(function_: Elementwise | DefinedActivation, derivative: Elementwise | DefinedActivation, units: number): Passes {
  const other = elementwiseStage(derivative, units);
  return {
    ...other,
    ...elementwiseStage(function_, units),
    scratchFloats: (_sizes, rows) => rows * units,
    backward(plan, at) {
      if (!isDefined(derivative)) other.forward(plan, { ...at, out: at.scratch });
      other.backward(plan, { ...at, out: at.scratch });
    },
  };
}

function rowStage(name: 'softmax' | 'logSoftmax', units: number): Passes {
  return {
    scratchFloats: () => 0,
    forward: (plan, { out, input }) => void plan.add(`${name}Forward`, { out, z: input, units }),
    backward: (plan, { dinput, dout, out }) => void plan.add(`${name}Backward`, { dz: dinput, dout, out, units }),
  };
}

function kernelArguments({ name, alpha, beta }: Elementwise, units: number) {
  return { units, activation: activationCodes.indexOf(name), alpha, beta };
}

/** A function and its derivative, for numbers (in double precision) and for float32 arrays (a new one each). */
export interface ActivationPair {
  /** f(x). */
  f(x: number): number;
  f(x: Float32Array): Float32Array;
  /**
   * f′(x). Of `softmax` and `logSoftmax` over an array of n values: the Jacobian ∂f_i/∂x_j, row-major, n x n.
   */
  df(x: number): number;
  df(x: Float32Array): Float32Array;
}

/** Every activation with default parameters as a pair of functions: `activations.sigmoid.f(0) === 0.5`. */
export const activations: Readonly<Record<ActivationName, ActivationPair>> = /* @__PURE__ */ allPairs();

function allPairs(): Record<ActivationName, ActivationPair> {
  return Object.freeze(Object.fromEntries(activationNames.map((name) => [name, Object.freeze(pairOf(name))])) as Record<ActivationName, ActivationPair>);
}

function pairOf(name: ActivationName): ActivationPair {
  const function_ = resolveActivation('activations', name);
  if (!('alpha' in function_)) {
    const softmax = function_.name === 'softmax';
    const row = (x: Float32Array): Float32Array => {
      const out = new Float32Array(x.length);
      (softmax ? softmaxRow : logSoftmaxRow)(out, x, 0, 0, x.length);
      return out;
    };
    // Of a single number softmax is 1 and log-softmax 0, whatever the number.
    return { f: overload(name, () => Number(softmax), row), df: overload(name, () => 0, (x) => jacobian(x, softmax)) };
  }
  const { f, df } = elementwise[function_.name as ElementwiseName];
  const { alpha, beta } = function_;
  return {
    f: overload(name, (x) => f(x, alpha, beta), (x) => x.map((value) => f(value, alpha, beta))),
    df: overload(name, (x) => df(x, alpha, beta), (x) => x.map((value) => df(value, alpha, beta))),
  };
}

function overload(name: ActivationName, ofNumber: (x: number) => number, ofArray: (x: Float32Array) => Float32Array): ActivationPair['f'] {
  function either(x: number): number;
  function either(x: Float32Array): Float32Array;
  function either(x: number | Float32Array): number | Float32Array {
    if (typeof x === 'number') return ofNumber(x);
    if (x instanceof Float32Array) return ofArray(x);
    throw unexpected(`activations.${name}`, 'a number or a Float32Array', x);
  }
  return either;
}

/** ∂ log p_i/∂x_j = δ_ij − p_j, and p_i times that for softmax itself: ∂p_i/∂x_j. */
function jacobian(x: Float32Array, softmax: boolean): Float32Array {
  const size = x.length;
  const p = new Float64Array(size);
  softmaxRow(p, x, 0, 0, size);
  return Float32Array.from({ length: size ** 2 }, (_, at) => {
    const i = Math.floor(at / size);
    const j = at % size;
    return (softmax ? p[i]! : 1) * (Number(i === j) - p[j]!);
  });
}

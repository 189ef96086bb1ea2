/**
 * Where the f′ that a layer trains with is not the slope of its f: of functions that a user has defined, and of layers with a replaced `derivative`.
 * The pairs that come with the library are proven by its tests.
 */

import { activations as elementwise } from '../backend/reference/pairs.ts';
import type { MatrixLike } from '../data/matrix.ts';
import { isDefined, resolvePair, type ActivationSpec, type DerivativeSpec } from '../model/layers/activation.ts';
import type { DefinedActivation, Elementwise } from '../model/layers/layer.ts';
import type { Sequential } from '../model/sequential.ts';
import { OpenPass } from './openPass.ts';
import { flatten } from './probe.ts';

/** A layer, and the place where its f′ and the measured slope of its f differ most. */
export interface DerivativeFault {
  readonly layer: string;
  /** The value that goes into the activation. */
  readonly z: number;
  /** What training multiplies by there. */
  readonly df: number;
  /** The central difference of f there; NaN where f has no finite value. */
  readonly measured: number;
  /** For example `dense_1 (cube): df(0.3) = 0.91, measured 0.42`. */
  readonly message: string;
}

/** Looked at in all layers: -6 to 6 in tenths. */
const grid = /* @__PURE__ */ Array.from({ length: 121 }, (_, i) => (i - 60) / 10);

/** First step of a difference, and smaller ones, which are tried where its two sides disagree; the last only confirms. */
const steps = [1e-5, 1e-6, 1e-7, 1e-8];
/** How far the two sides may differ, and a step and the next, relative to the slope. */
const sidesAgree = 1e-3;
const stepsAgree = 1e-2;

/** How far off a slope may be for the rounding of f, relative to f. */
const rounding = 2 ** -50 / 1e-7;

type Function_ = (z: number) => number;

/** What a layer computes, what it trains with, and what these are called. */
interface Pair {
  readonly layer: string;
  readonly label: string;
  readonly f: Function_;
  readonly df: Function_;
}

/**
 * The worst place of each layer whose f′ is not within `tolerance` of the slope of f, relative to the larger of the two, or to a thousandth of the
 * largest slope; on a grid and on the z of the batch, at most `samples` of these a layer.
 *
 * @param model a copy that computes in double precision.
 */
export function derivativeFaults(where: string, model: Sequential, x: MatrixLike, y: MatrixLike, tolerance: number, samples: number): DerivativeFault[] {
  const pairs = pairsOf(model);
  if (pairs.length === 0) return [];
  const values = activationInputs(where, model, x, y);
  return pairs.flatMap((pair) => {
    const all = values.get(pair.layer) ?? [];
    const every = Math.ceil(all.length / samples);
    return worst(pair, all.filter((_, i) => i % every === 0), tolerance) ?? [];
  });
}

function pairsOf({ layers }: Sequential): Pair[] {
  return flatten(layers, '').flatMap(({ name, layer: { type, config } }): Pair[] => {
    if (type !== 'dense' && type !== 'activation') return [];
    const { activation, derivative } = resolvePair(type, config['activation'] as ActivationSpec, config['derivative'] as DerivativeSpec | undefined);
    if (!('alpha' in activation) || (derivative === undefined && !isDefined(activation))) return [];
    const own = config['derivative'] as string | DefinedActivation | undefined;
    const label = own === undefined ? activation.name : `${activation.name} with the derivative ${typeof own === 'string' ? `'${own}'` : `of ${own.name}`}`;
    return [{ layer: name, label, f: functions(activation).f, df: functions(derivative ?? activation).df }];
  });
}

function functions(function_: Elementwise | DefinedActivation): { f: Function_; df: Function_ } {
  if (isDefined(function_)) return { f: tried(function_.f), df: tried(function_.df) };
  const { f, df } = elementwise[function_.name];
  const [alpha, beta] = [Math.fround(function_.alpha), Math.fround(function_.beta)];
  return { f: (z) => f(z, alpha, beta), df: (z) => df(z, alpha, beta) };
}

/** A function that may throw where the model never gets to. */
function tried(function_: Function_): Function_ {
  return (z) => {
    try {
      return function_(z);
    } catch {
      return NaN;
    }
  };
}

/** What goes into the last stage of each layer, in the pass whose gradient training takes. */
function activationInputs(where: string, model: Sequential, x: MatrixLike, y: MatrixLike): Map<string, number[]> {
  const pass = new OpenPass(where, model, x, y);
  return new Map(pass.placed.flatMap((placed) => {
    if (placed === undefined) return [];
    const { stage: { layer, inputs }, input } = placed;
    return [[layer, Array.from(pass.read(input, pass.rows * inputs))]];
  }));
}

function worst({ layer, label, f, df }: Pair, inBatch: readonly number[], tolerance: number): DerivativeFault | undefined {
  // Where f is nothing (a logarithm of numbers below 0) matters only where the model gets to.
  const places = [...inBatch, ...grid.filter((z) => Number.isFinite(f(z)))];
  const floor = 1e-3 * places.reduce((most, z) => Math.max(most, gentler(f, z)), 0);
  let found: Omit<DerivativeFault, 'message'> | undefined;
  let greatest = tolerance;
  for (const z of places) {
    const value = df(z);
    if (!Number.isFinite(f(z))) return { layer, z, df: value, measured: NaN, message: `${layer} (${label}): f(${brief(z)}) = ${f(z)}` };
    const measured = slopeAt(f, z, floor);
    if (!Number.isFinite(value)) {
      return { layer, z, df: value, measured: measured ?? NaN, message: `${layer} (${label}): df(${brief(z)}) = ${value}${measured === undefined ? '' : `, measured ${brief(measured)}`}` };
    }
    if (measured === undefined) continue;
    const error = Math.max(0, Math.abs(value - measured) - rounding * Math.abs(f(z))) / (Math.max(Math.abs(value), Math.abs(measured), floor) || 1);
    // Where a derivative lacks a factor, all places are as bad: the one that counts most, then.
    const asBad = found !== undefined && Math.abs(error - greatest) <= 1e-6 * greatest && Math.abs(value - measured) > Math.abs(found.df - found.measured);
    if (error > greatest * (1 + 1e-6) || asBad) {
      found = { layer, z, df: value, measured };
      greatest = error;
    }
  }
  if (found === undefined) return undefined;
  const [given, slope] = apart(found.df, found.measured);
  return { ...found, message: `${layer} (${label}): df(${brief(found.z)}) = ${given}, measured ${slope}` };
}

/** The slopes on both sides, over a distance relative to z. */
function sides(f: Function_, z: number, step: number): [left: number, right: number] {
  const distance = step * Math.max(1, Math.abs(z));
  // What there really is between these numbers.
  const [below, above] = [z - distance, z + distance];
  return [(f(z) - f(below)) / (z - below), (f(above) - f(z)) / (above - z)];
}

/** The size of the smaller slope of the two sides, which no jump makes large. */
function gentler(f: Function_, z: number): number {
  const size = Math.min(...sides(f, z, steps[0]!).map(Math.abs));
  return Number.isFinite(size) ? size : 0;
}

/** The central difference; undefined where the sides differ, or it depends on the step, however small that is: at kinks and jumps. */
function slopeAt(f: Function_, z: number, floor: number): number | undefined {
  let before: number | undefined;
  for (const step of steps) {
    const [left, right] = sides(f, z, step);
    const size = Math.max(Math.abs(left), Math.abs(right), floor);
    const slope = (left + right) / 2;
    if (before !== undefined && Math.abs(slope - before) <= stepsAgree * size) return Math.abs(before) < 1e-7 * floor ? 0 : before;
    before = Math.abs(right - left) <= sidesAgree * size ? slope : undefined;
  }
  return undefined;
}

const brief = (value: number): string => String(Number(value.toPrecision(4)) + 0);

/** Two numbers with as many digits as tell them apart. */
function apart(a: number, b: number): [string, string] {
  for (let digits = 3; ; digits++) {
    const texts: [string, string] = [String(Number(a.toPrecision(digits)) + 0), String(Number(b.toPrecision(digits)) + 0)];
    if (texts[0] !== texts[1] || digits === 17) return texts;
  }
}

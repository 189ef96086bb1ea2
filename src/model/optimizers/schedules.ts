/**
 * Schedules of the learning rate: functions of the number of updates done. Options and formulas are those of Keras'
 * `optimizers.schedules` where it has the schedule; each docstring names its source.
 */

import { OptionError, unexpected } from '../../errors.ts';
import { checkBoolean, checkInteger, checkKeys, checkNumber } from '../../options.ts';

/** The learning rate of the update that comes after `step` others; a number of at least 0. */
export type LearningRateSchedule = (step: number) => number;

/** A learning rate that stays, or one that changes with the step. */
export type LearningRate = number | LearningRateSchedule;

export interface PiecewiseConstantOptions {
  /** The last steps of all values but the last, rising. */
  boundaries: readonly number[];
  /** Rates, one more than boundaries. */
  values: readonly number[];
}

export interface ExponentialDecayOptions {
  initialLearningRate: number;
  /** Steps in which the rate is multiplied by `decayRate` once. */
  decaySteps: number;
  decayRate: number;
  /** Whether the rate changes only every `decaySteps`; default false. */
  staircase?: boolean;
}

export interface InverseTimeDecayOptions {
  initialLearningRate: number;
  /** Steps in which `decayRate` is added to the divisor once. */
  decaySteps: number;
  decayRate: number;
  /** Whether the rate changes only every `decaySteps`; default false. */
  staircase?: boolean;
}

export interface PolynomialDecayOptions {
  initialLearningRate: number;
  /** Steps to the end. */
  decaySteps: number;
  /** Default 0.0001. */
  endLearningRate?: number;
  /** Default 1: a straight line. */
  power?: number;
  /** Whether to begin again each time the end is reached, over a longer stretch from a lower rate; default false. */
  cycle?: boolean;
}

export interface CosineDecayOptions {
  initialLearningRate: number;
  /** Steps of the decay, after those of the warm-up. */
  decaySteps: number;
  /** The share of the rate that is left in the end; default 0. */
  alpha?: number;
  /** Steps of a linear warm-up from `initialLearningRate` to `warmupTarget`; default none. */
  warmupSteps?: number;
  /** The rate at the end of the warm-up, from which the decay starts; to be given with `warmupSteps`. */
  warmupTarget?: number;
}

export interface CosineDecayRestartsOptions {
  initialLearningRate: number;
  /** Steps of the first period. */
  firstDecaySteps: number;
  /** Each period is this many times as long as the one before; default 2, at least 1. */
  tMul?: number;
  /** Each period starts from this many times the rate of the one before; default 1. */
  mMul?: number;
  /** The share of `initialLearningRate` that is left at the end of a period; default 0. */
  alpha?: number;
}

export interface OneCycleOptions {
  /** The rate at the top. */
  maximumLearningRate: number;
  /** Steps of the whole cycle, at least 2. */
  totalSteps: number;
  /** The share of the steps in which the rate rises; default 0.3. */
  startFraction?: number;
  /** The first rate is the maximum divided by this; default 25. */
  divFactor?: number;
  /** The last rate is the first divided by this; default 10,000. */
  finalDivFactor?: number;
}

export interface InverseScalingOptions {
  initialLearningRate: number;
  /** Default 0.5. */
  power?: number;
}

const positive = { above: 0 };
const notNegative = { min: 0 };
const share = { min: 0, max: 1 };

/** The rate from `from` to `to` along half a cosine, at a place in 0 ... 1. */
function alongCosine(from: number, to: number, place: number): number {
  return to + 0.5 * (from - to) * (1 + Math.cos(Math.PI * place));
}

/**
 * The same rate at every step.
 *
 * @throws OptionError for a rate that is not above 0.
 */
export function constantSchedule(rate: number): LearningRateSchedule {
  checkNumber('constantSchedule rate', rate, positive);
  return () => rate;
}

/**
 * values[0] up to and including the step boundaries[0], then values[1] up to boundaries[1] ..., then the last value. Keras'
 * `PiecewiseConstantDecay`; PyTorch's `MultiStepLR` counts its milestones one step later.
 *
 * @throws OptionError for boundaries that do not rise, and another number of values.
 */
export function piecewiseConstant(options: PiecewiseConstantOptions): LearningRateSchedule {
  checkKeys('piecewiseConstant', options, ['boundaries', 'values']);
  const [boundaries, values] = (['boundaries', 'values'] as const).map((name) => {
    const list: unknown = options[name];
    if (!Array.isArray(list)) throw unexpected(`piecewiseConstant ${name}`, 'an array of numbers', list);
    return list.map((value: unknown, i) => {
      const where = `piecewiseConstant ${name}[${i}]`;
      return name === 'values' ? checkNumber(where, value, notNegative) : checkInteger(where, value, { min: i === 0 ? 0 : list[i - 1] as number + 1 });
    });
  }) as [number[], number[]];
  if (values.length !== boundaries.length + 1) {
    throw new OptionError(`piecewiseConstant values: expected one more than boundaries, ${boundaries.length + 1}, received ${values.length}`);
  }
  return (step) => values[boundaries.filter((boundary) => step > boundary).length]!;
}

/** Checks the options that two decays share; returns them, and how often `decaySteps` have passed at a step. */
function checkDecay(name: string, options: ExponentialDecayOptions): { initial: number; decayRate: number; passed: (step: number) => number } {
  checkKeys(name, options, ['initialLearningRate', 'decaySteps', 'decayRate', 'staircase']);
  const decaySteps = checkInteger(`${name} decaySteps`, options.decaySteps, { min: 1 });
  const staircase = checkBoolean(`${name} staircase`, options.staircase ?? false);
  return {
    initial: checkNumber(`${name} initialLearningRate`, options.initialLearningRate, positive),
    decayRate: checkNumber(`${name} decayRate`, options.decayRate, positive),
    passed: (step) => (staircase ? Math.floor(step / decaySteps) : step / decaySteps),
  };
}

/**
 * initialLearningRate · decayRate^(step / decaySteps), the exponent rounded down with `staircase`. Keras' `ExponentialDecay`;
 * with `staircase` PyTorch's `StepLR`, with `decaySteps: 1` its `ExponentialLR`.
 *
 * @throws OptionError for an unknown option or a value out of range.
 */
export function exponentialDecay(options: ExponentialDecayOptions): LearningRateSchedule {
  const { initial, decayRate, passed } = checkDecay('exponentialDecay', options);
  return (step) => initial * decayRate ** passed(step);
}

/**
 * initialLearningRate / (1 + decayRate · step / decaySteps), the quotient rounded down with `staircase`. Keras' `InverseTimeDecay`.
 *
 * @throws OptionError for an unknown option or a value out of range.
 */
export function inverseTimeDecay(options: InverseTimeDecayOptions): LearningRateSchedule {
  const { initial, decayRate, passed } = checkDecay('inverseTimeDecay', options);
  return (step) => initial / (1 + decayRate * passed(step));
}

/**
 * (initialLearningRate − endLearningRate) · (1 − step / decaySteps)^power + endLearningRate, and endLearningRate from then on; with
 * `cycle` decaySteps is taken as often as it needs to reach the step. Keras' `PolynomialDecay`; with an end of 0 PyTorch's
 * `PolynomialLR`.
 *
 * @throws OptionError for an unknown option or a value out of range.
 */
export function polynomialDecay(options: PolynomialDecayOptions): LearningRateSchedule {
  checkKeys('polynomialDecay', options, ['initialLearningRate', 'decaySteps', 'endLearningRate', 'power', 'cycle']);
  const initial = checkNumber('polynomialDecay initialLearningRate', options.initialLearningRate, notNegative);
  const decaySteps = checkInteger('polynomialDecay decaySteps', options.decaySteps, { min: 1 });
  const end = checkNumber('polynomialDecay endLearningRate', options.endLearningRate ?? 1e-4, notNegative);
  const power = checkNumber('polynomialDecay power', options.power ?? 1, positive);
  const cycle = checkBoolean('polynomialDecay cycle', options.cycle ?? false);
  return (step) => {
    const last = cycle ? decaySteps * Math.max(1, Math.ceil(step / decaySteps)) : decaySteps;
    return (initial - end) * (1 - Math.min(step, last) / last) ** power + end;
  };
}

/**
 * Half a cosine from the initial rate down to `alpha` times it, after a linear warm-up where one is asked for (Loshchilov,
 * Hutter 2017). Keras' `CosineDecay`; without a warm-up PyTorch's `CosineAnnealingLR` over its first half period.
 *
 * @throws OptionError for an unknown option, a value out of range, and one of `warmupSteps` and `warmupTarget` without the other.
 */
export function cosineDecay(options: CosineDecayOptions): LearningRateSchedule {
  checkKeys('cosineDecay', options, ['initialLearningRate', 'decaySteps', 'alpha', 'warmupSteps', 'warmupTarget']);
  const initial = checkNumber('cosineDecay initialLearningRate', options.initialLearningRate, notNegative);
  const decaySteps = checkInteger('cosineDecay decaySteps', options.decaySteps, { min: 1 });
  const alpha = checkNumber('cosineDecay alpha', options.alpha ?? 0, share);
  const warmupSteps = checkInteger('cosineDecay warmupSteps', options.warmupSteps ?? 0, { min: 0 });
  if ((warmupSteps > 0) !== (options.warmupTarget !== undefined)) throw new OptionError('cosineDecay: warmupSteps and warmupTarget need each other');
  const target = checkNumber('cosineDecay warmupTarget', options.warmupTarget ?? initial, notNegative);
  return (step) => {
    if (step < warmupSteps) return initial + (target - initial) * (step / warmupSteps);
    return alongCosine(target, alpha * target, Math.min(1, (step - warmupSteps) / decaySteps));
  };
}

/**
 * Half a cosine that starts again and again (SGDR; Loshchilov, Hutter 2017). Keras' `CosineDecayRestarts`; with an `mMul` of 1
 * PyTorch's `CosineAnnealingWarmRestarts`.
 *
 * @throws OptionError for an unknown option or a value out of range.
 */
export function cosineDecayRestarts(options: CosineDecayRestartsOptions): LearningRateSchedule {
  checkKeys('cosineDecayRestarts', options, ['initialLearningRate', 'firstDecaySteps', 'tMul', 'mMul', 'alpha']);
  const initial = checkNumber('cosineDecayRestarts initialLearningRate', options.initialLearningRate, positive);
  const first = checkInteger('cosineDecayRestarts firstDecaySteps', options.firstDecaySteps, { min: 1 });
  const tMul = checkNumber('cosineDecayRestarts tMul', options.tMul ?? 2, { min: 1 });
  const mMul = checkNumber('cosineDecayRestarts mMul', options.mMul ?? 1, positive);
  const alpha = checkNumber('cosineDecayRestarts alpha', options.alpha ?? 0, share);
  /** The step at which a period begins. */
  const begin = (period: number): number => first * (tMul === 1 ? period : (tMul ** period - 1) / (tMul - 1));
  return (step) => {
    let period = Math.floor(tMul === 1 ? step / first : Math.log1p((step / first) * (tMul - 1)) / Math.log(tMul));
    // The quotient of logarithms may end up on the wrong side of a whole number.
    if (begin(period) > step) period--;
    else if (begin(period + 1) <= step) period++;
    const top = initial * mMul ** period;
    return alpha * initial + (1 - alpha) * alongCosine(top, 0, (step - begin(period)) / (first * tMul ** period));
  };
}

/**
 * A linear rise from 0 over the first `steps` updates, then a rate or a schedule, whose own steps begin there (Goyal et al.
 * 2017). The rise is that of Keras' `CosineDecay`: step / steps of the rate to be reached.
 *
 * @throws OptionError for what is neither a rate above 0 nor a schedule, and for steps that are not an integer of at least 1.
 */
export function warmUp(schedule: LearningRate, steps: number): LearningRateSchedule {
  const then = typeof schedule === 'function' ? schedule : constantSchedule(schedule);
  checkInteger('warmUp steps', steps, { min: 1 });
  return (step) => (step < steps ? then(0) * (step / steps) : then(step - steps));
}

/**
 * Half a cosine up to the maximum and a longer one down, far below the start (Smith 2018). PyTorch's `OneCycleLR` with its cosine in
 * two phases; after the last step the rate stays.
 *
 * @throws OptionError for an unknown option or a value out of range.
 */
export function oneCycle(options: OneCycleOptions): LearningRateSchedule {
  checkKeys('oneCycle', options, ['maximumLearningRate', 'totalSteps', 'startFraction', 'divFactor', 'finalDivFactor']);
  const maximum = checkNumber('oneCycle maximumLearningRate', options.maximumLearningRate, positive);
  const last = checkInteger('oneCycle totalSteps', options.totalSteps, { min: 2 }) - 1;
  const startFraction = checkNumber('oneCycle startFraction', options.startFraction ?? 0.3, { min: 0, below: 1 });
  const start = maximum / checkNumber('oneCycle divFactor', options.divFactor ?? 25, positive);
  const end = start / checkNumber('oneCycle finalDivFactor', options.finalDivFactor ?? 1e4, positive);
  const peak = Math.max(0, startFraction * (last + 1) - 1);
  return (step) => (step < peak ? alongCosine(start, maximum, step / peak) : alongCosine(maximum, end, Math.min(1, (step - peak) / (last - peak))));
}

/**
 * initialLearningRate / (step + 1)^power. The `invscaling` of scikit-learn's `MLPClassifier`.
 *
 * @throws OptionError for an unknown option or a value out of range.
 */
export function inverseScaling(options: InverseScalingOptions): LearningRateSchedule {
  checkKeys('inverseScaling', options, ['initialLearningRate', 'power']);
  const initial = checkNumber('inverseScaling initialLearningRate', options.initialLearningRate, positive);
  const power = checkNumber('inverseScaling power', options.power ?? 0.5, notNegative);
  return (step) => initial / (step + 1) ** power;
}

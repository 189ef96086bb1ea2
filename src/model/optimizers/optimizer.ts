/**
 * What an optimizer is: checked settings, and the update it writes into a plan, over the flat range of all parameters. The
 * optimizers themselves are in optimizers.ts and adaptiveOptimizers.ts.
 */

import type { OperationName, PlanBuilder } from '../../backend/plan.ts';
import { OptionError } from '../../errors.ts';
import { checkBoolean, checkInteger, checkKeys, checkNumber, type Range } from '../../options.ts';
import type { OptimizerName } from './optimizers.ts';
import type { LearningRate } from './schedules.ts';
import type { Sequential } from '../sequential.ts';

/** Addresses that an update works on. */
export interface UpdateAddresses {
  parameters: number;
  dparameters: number;
  /** One range as long as the parameters for each of the optimizer's slots. */
  slots: Readonly<Record<string, number>>;
  /** The gradient of each parameter. */
  gradients: readonly { readonly address: number; readonly floats: number }[];
  /** A float64 to compute with. */
  sum: number;
  /** A float32. */
  learningRate: number;
  /** An int32, 1 in the first update. */
  step: number;
  /** An int32, 1 in the first batch: the same, unless updates go by several batches. */
  batch: number;
  /** Floats in each range. */
  count: number;
}

/** An optimizer, as made by `sgd` and its like. */
export interface Optimizer {
  readonly name: OptimizerName;
  /** With a schedule, the rate of the first update; the schedule is in `config`. */
  readonly learningRate: number;
  /** The options it was made with, defaults filled in. */
  readonly config: Readonly<Record<string, unknown> & { learningRate: LearningRate }>;
  /** Ranges of state it keeps, each as long as the parameters, by name: the value that they are filled with at the start. */
  readonly slots: Readonly<Record<string, number>>;
  /** Whether it is θ := θ − η ∂J/∂θ and nothing else, so that a step can move parameters without storing gradients. */
  readonly plainDescent: boolean;
  /** Batches that an update goes by. */
  readonly accumulationSteps: number;
  /** @internal Set where the update uses extra operations. */
  readonly extra?: boolean;
  /** @internal Writes the update into a plan. */
  update(plan: PlanBuilder, at: UpdateAddresses): void;
  /** @internal Where it keeps an average of the weights: adds them to it, as they are at the end of a step with an update. */
  average?(plan: PlanBuilder, at: UpdateAddresses): void;
  /** @internal Writes what comes in its place after batches that it does not follow. */
  accumulate(plan: PlanBuilder, at: UpdateAddresses): void;
  /**
   * @internal Where it takes iterations over all rows in place of updates: begins them for a `fit` in batches of so many of all rows,
   * with so many to an epoch.
   * What it resolves to does one, once the rows are loaded.
   */
  begin?(model: Sequential, batchSize: number, rows: number, stepsPerEpoch: number | undefined): Promise<() => void>;
}

/** What every optimizer takes: what happens to gradients before the update, and to the weights after it. At most one of the three clips. */
export interface UpdateOptions {
  /** Clips every element of the gradients to ±this, as PyTorch's `clip_grad_value_`; default: not. */
  clipValue?: number;
  /** Scales the gradient of each parameter down to this norm, as PyTorch's `clip_grad_norm_` of it alone: by norm / (its own + 1e-6); default: not. */
  clipNorm?: number;
  /** Scales all gradients down to this norm of them together, as PyTorch's `clip_grad_norm_`; default: not. */
  globalClipNorm?: number;
  /**
   * Batches that an update goes by: their gradients are averaged, then clipped; Keras' `gradient_accumulation_steps`. Schedules count
   * updates. Batches that are left over at the end of an epoch, or of `fit`, count for the next update. Default 1.
   */
  accumulationSteps?: number;
  /**
   * Keeps an exponential moving average of the weights, of which each update keeps this share and the first none, as Keras' `use_ema`: when
   * `fit` has ended, and not by an error, the weights become that average, and a further `fit` goes on from there; but those that
   * `earlyStopping` restores stay. Until then, validation and checkpoints have them as they are. An average of weights within `maxNorm` or
   * `nonNegative` is within them too, one of `unitNorm` is shorter. Default: none.
   */
  emaMomentum?: number;
}

/** The options of an optimizer: of each its default, and the range of a number. */
export type Settings = Readonly<Record<string, readonly [usual: number | boolean | undefined, range?: Range]>>;
/** Options checked, defaults filled in. */
export type Config<S extends Settings> = UpdateOptions & { readonly [Key in keyof S]: S[Key][0] extends boolean ? boolean : Key extends 'learningRate' ? LearningRate : number };

export const share = { min: 0, below: 1 };
export const rate = { above: 0 };
export const penalty = { min: 0 };
export const smallTerm = { min: 1e-30 };

const clips = ['clipValue', 'clipNorm', 'globalClipNorm'] as const;
const common: Settings = {
  clipValue: [undefined, rate], clipNorm: [undefined, rate], globalClipNorm: [undefined, rate], accumulationSteps: [1, { min: 1, max: 2 ** 24 }], emaMomentum: [undefined, share],
};

/** Options checked by their settings, and those that all optimizers with updates have; what is not given and has no default is not there. */
export function configure<S extends Settings>(name: string, settings: S, options: object, more = common): Config<S> {
  const entries = Object.entries({ ...settings, ...more });
  checkKeys(name, options, entries.map(([key]) => key));
  const given = options as Readonly<Record<string, unknown>>;
  const config = Object.freeze(Object.fromEntries(entries.map(([key, [usual, range]]) => {
    const value = given[key] ?? usual;
    if (value === undefined || (key === 'learningRate' && typeof value === 'function')) return [key, value];
    const check = typeof usual === 'boolean' ? checkBoolean : key === 'accumulationSteps' ? checkInteger : checkNumber;
    return [key, check(`${name} ${key}`, value, range)];
  }).filter(([, value]) => value !== undefined))) as Config<S>;
  const used = clips.filter((key) => key in config);
  if (used.length > 1) throw new OptionError(`${name}: give ${used.join(' or ')}, not both`);
  return config;
}

/** What an optimizer is made of, beside its settings. */
interface Rule {
  /** The operation that updates; by default the extra one of the optimizer's name. */
  readonly operation?: OperationName;
  /** Its arguments that are no settings. */
  readonly fixed?: Readonly<Record<string, number>>;
  /** The ranges of state it has, named as its arguments; those that are false it has not. */
  readonly slots: Readonly<Record<string, number | false>>;
  readonly plainDescent?: boolean;
}

/** The optimizer whose update is one operation: its arguments are the settings and the slots, by their names. */
export function optimizer(
  name: OptimizerName, config: UpdateOptions & { readonly learningRate: LearningRate },
  { operation, fixed, slots, plainDescent = false }: Rule,
): Optimizer {
  const { accumulationSteps: every = 1, emaMomentum: keep } = config;
  const more = every > 1 || keep !== undefined || clips.some((key) => key in config);
  const initial = Object.entries({ ...slots, accumulated: every > 1 && 0, average: keep !== undefined && 0 });
  return Object.freeze({
    name,
    learningRate: rateAt(config.learningRate, 0),
    config: config as Optimizer['config'],
    slots: Object.freeze(Object.fromEntries(initial.filter(([, value]) => value !== false))) as Record<string, number>,
    plainDescent: plainDescent && !more,
    accumulationSteps: every,
    extra: more || operation === undefined,
    update(plan: PlanBuilder, { slots, ...at }: UpdateAddresses): void {
      const { accumulated } = slots;
      const { dparameters, count } = at;
      if (accumulated !== undefined) plan.add('meanGradient', { dparameters, accumulated, count, divisor: every });
      clip(plan, at, config);
      // The address of a slot that it has not is 0, as is a word that is not given.
      plan.add(operation ?? name as OperationName, { ...config, ...fixed, ...at, ...slots } as never);
    },
    ...(keep !== undefined && {
      average(plan: PlanBuilder, { slots: { average }, parameters: value, step, count }: UpdateAddresses): void {
        plan.add('blend', { average: average!, value, step, count, keep });
      },
    }),
    accumulate(plan: PlanBuilder, { slots: { accumulated }, dparameters, batch: step, count }: UpdateAddresses): void {
      plan.add('accumulate', { accumulated: accumulated!, dparameters, step, count, every });
    },
  });
}

/** Clips the gradients where that is asked for. A norm that is not finite makes them so too, which training then sees. */
function clip(
  plan: PlanBuilder, { dparameters, gradients, sum, count }: Omit<UpdateAddresses, 'slots'>, { clipValue, clipNorm, globalClipNorm }: UpdateOptions,
): void {
  if (clipValue !== undefined) plan.add('clip', { range: dparameters, count, most: clipValue });
  if (clipNorm === undefined && globalClipNorm === undefined) return;
  gradients.forEach(({ address: range, floats }, i) => {
    plan.add('sumOfSquares', { sum, range, count: floats, adds: Number(i > 0 && clipNorm === undefined) });
    if (clipNorm !== undefined) plan.add('shrink', { range, sum, count: floats, most: clipNorm });
  });
  if (globalClipNorm !== undefined) plan.add('shrink', { range: dparameters, sum, count, most: globalClipNorm });
}

/**
 * The rate of the update that comes after `step` others.
 *
 * @throws OptionError where a schedule gives what is not a number of at least 0.
 */
export function rateAt(learningRate: LearningRate, step: number): number {
  if (typeof learningRate === 'number') return learningRate;
  return checkNumber(`learningRate at step ${step}`, learningRate(step), penalty);
}

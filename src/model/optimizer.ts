/**
 * What an optimizer is: checked settings, and the update it writes into a plan, over the flat range of all parameters. The
 * optimizers themselves are in optimizers.ts and adaptiveOptimizers.ts.
 */

import type { OperationName, PlanBuilder } from '../backend/plan.ts';
import { checkBoolean, checkKeys, checkNumber, type Range } from '../options.ts';
import type { OptimizerName } from './optimizers.ts';
import type { LearningRate } from './schedules.ts';

/** Addresses that an update works on. */
export interface UpdateAddresses {
  parameters: number;
  dparameters: number;
  /** One range as long as the parameters for each of the optimizer's slots. */
  slots: Readonly<Record<string, number>>;
  /** A float32. */
  learningRate: number;
  /** An int32, 1 in the first update. */
  step: number;
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
  /** @internal Set where the update uses extra operations. */
  readonly extra?: boolean;
  /** @internal Writes the update into a plan. */
  update(plan: PlanBuilder, at: UpdateAddresses): void;
}

/** The options of an optimizer: of each its default, and the range of a number. */
export type Settings = Readonly<Record<string, readonly [usual: number | boolean, range?: Range]>>;
/** Options checked, defaults filled in. */
export type Config<S extends Settings> = { readonly [Key in keyof S]: S[Key][0] extends boolean ? boolean : Key extends 'learningRate' ? LearningRate : number };

export const share = { min: 0, below: 1 };
export const rate = { above: 0 };
export const penalty = { min: 0 };
export const smallTerm = { min: 1e-30 };

export function configure<S extends Settings>(name: string, settings: S, options: object): Config<S> {
  checkKeys(name, options, Object.keys(settings));
  const given = options as Readonly<Record<string, unknown>>;
  return Object.freeze(Object.fromEntries(Object.entries(settings).map(([key, [usual, range]]) => {
    const value = given[key] ?? usual;
    if (key === 'learningRate' && typeof value === 'function') return [key, value];
    return [key, typeof usual === 'boolean' ? checkBoolean(`${name} ${key}`, value) : checkNumber(`${name} ${key}`, value, range)];
  }))) as Config<S>;
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
  name: OptimizerName, config: Config<Settings> & { readonly learningRate: LearningRate },
  { operation, fixed, slots, plainDescent = false }: Rule,
): Optimizer {
  return Object.freeze({
    name,
    learningRate: rateAt(config.learningRate, 0),
    config,
    slots: Object.freeze(Object.fromEntries(Object.entries(slots).filter(([, initial]) => initial !== false))) as Record<string, number>,
    plainDescent,
    extra: operation === undefined,
    update(plan: PlanBuilder, { slots, ...at }: UpdateAddresses): void {
      // The address of a slot that it has not is 0, as is a word that is not given.
      plan.add(operation ?? name as OperationName, { ...config, ...fixed, ...at, ...slots } as never);
    },
  });
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

/** Optimizers: checked settings, and the update they write into a plan, over the flat range of all parameters. */

import type { PlanBuilder } from '../backend/plan.ts';
import { OptionError, show } from '../errors.ts';
import { checkBoolean, checkInteger, checkKeys, checkName, checkNumber, type Range } from '../options.ts';
import { onDemand } from '../platform.ts';
import type { LearningRate } from './schedules.ts';
import type { Sequential } from './sequential.ts';

/** Addresses that an update works on. */
export interface UpdateAddresses {
  parameters: number;
  dparameters: number;
  /** One range as long as the parameters for each of the optimizer's slots. */
  slots: readonly number[];
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
  /** Ranges of state it keeps, each as long as the parameters; they start as zeros. */
  readonly slots: number;
  /** Whether it is θ := θ − η ∂J/∂θ and nothing else, so that a step can move parameters without storing gradients. */
  readonly plainDescent: boolean;
  /** @internal Set where the update uses extra operations. */
  readonly extra?: boolean;
  /** @internal Writes the update into a plan. */
  update(plan: PlanBuilder, at: UpdateAddresses): void;
  /**
   * @internal Where it takes iterations over all rows in place of updates: begins them for a `fit` in batches of so many of all rows.
   * What it resolves to does one, once the rows are loaded.
   */
  begin?(model: Sequential, batchSize: number, rows: number): Promise<() => void>;
}

/** An optimizer, or the name of one with default settings. */
export type OptimizerSpec = Optimizer | OptimizerName;
export type OptimizerName = keyof typeof byName;

export interface SgdOptions {
  /** η, or a schedule of it; default 0.01. */
  learningRate?: LearningRate;
  /** Share of the last step that is kept; default 0. */
  momentum?: number;
  /** Look ahead along the momentum (Nesterov 1983, as in Sutskever et al. 2013); default false. */
  nesterov?: boolean;
  /** Share of the gradient that momentum leaves out; default 0. */
  dampening?: number;
  /** L2 penalty: this times the parameter is added to its gradient; default 0. */
  weightDecay?: number;
}

export interface AdamOptions {
  /** η, or a schedule of it; default 0.001. */
  learningRate?: LearningRate;
  /** Share of the first moment, the mean of gradients, that is kept; default 0.9. */
  beta1?: number;
  /** Share of the second moment, the mean of squared gradients, that is kept; default 0.999. */
  beta2?: number;
  /** Added to the root of the second moment, after its correction; default 1e-7, at least 1e-30. */
  epsilon?: number;
  /** Divide by the largest second moment so far (AMSGrad; Reddi, Kale, Kumar 2018); default false. */
  amsgrad?: boolean;
  /** With `adam` an L2 penalty: this times the parameter is added to its gradient; default 0. With `adamw` see there; default 0.004. */
  weightDecay?: number;
}

export interface LbfgsOptions {
  /** The step to try first in each iteration, as a share of the one that L-BFGS proposes, or a schedule of it; default 1. */
  learningRate?: LearningRate;
  /** Steps, and changes of the gradient in them, to tell the curvature from; default 10. Each takes as much memory as two copies of the weights. */
  historySize?: number;
  /** `fit` ends where no element of the gradient is larger than this; default 1e-5. */
  gradientTolerance?: number;
  /** Evaluations of the loss and its gradient in a search along a line at most; default 25. */
  maxEvaluations?: number;
  /** The share of the decrease that the slope promises which a step must bring; default 1e-4. */
  c1?: number;
  /** The share of the slope that a step may leave; default 0.9, above `c1`. */
  c2?: number;
}

/** The options of an optimizer: of each its default, and the range of a number. */
type Settings = Readonly<Record<string, readonly [usual: number | boolean, range?: Range]>>;
/** Options checked, defaults filled in. */
type Config<S extends Settings> = { readonly [Key in keyof S]: S[Key][0] extends boolean ? boolean : Key extends 'learningRate' ? LearningRate : number };

const share = { min: 0, below: 1 };
const rate = { above: 0 };
const penalty = { min: 0 };

function configure<S extends Settings>(name: string, settings: S, options: object): Config<S> {
  checkKeys(name, options, Object.keys(settings));
  const given = options as Readonly<Record<string, unknown>>;
  return Object.freeze(Object.fromEntries(Object.entries(settings).map(([key, [usual, range]]) => {
    const value = given[key] ?? usual;
    if (key === 'learningRate' && typeof value === 'function') return [key, value];
    return [key, typeof usual === 'boolean' ? checkBoolean(`${name} ${key}`, value) : checkNumber(`${name} ${key}`, value, range)];
  }))) as Config<S>;
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

/**
 * Stochastic gradient descent, θ := θ − η ∂J/∂θ, with momentum where asked: v := μ v + (1 − dampening) g, θ := θ − η v, or
 * θ := θ − η (g + μ v) with `nesterov`; v starts as the first gradient. The rule is PyTorch's `torch.optim.SGD`.
 *
 * @throws OptionError for an unknown option or a value out of range.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  return descent('sgd', options);
}

/** {@link sgd} with a momentum of 0.9 unless another is given. */
export function momentum(options: SgdOptions = {}): Optimizer {
  return descent('momentum', options, 0.9);
}

/**
 * Adam (Kingma, Ba 2015): m := β₁ m + (1 − β₁) g, v := β₂ v + (1 − β₂) g², θ := θ − η m̂ / (√v̂ + ε), where m̂ = m / (1 − β₁ᵗ)
 * and v̂ = v / (1 − β₂ᵗ) in step t. The rule is PyTorch's `torch.optim.Adam`.
 *
 * @throws OptionError for an unknown option or a value out of range.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return adaptive('adam', options);
}

/** {@link adam} with decoupled weight decay (Loshchilov, Hutter 2019): η · weightDecay · θ too is taken off every parameter. */
export function adamw(options: AdamOptions = {}): Optimizer {
  return adaptive('adamw', options, 0.004);
}

function descent(name: 'sgd' | 'momentum', options: SgdOptions, usual = 0): Optimizer {
  const config = configure(name, {
    learningRate: [0.01, rate], momentum: [usual, share], nesterov: [false], dampening: [0, share], weightDecay: [0, penalty],
  }, options);
  if (config.nesterov && (config.momentum === 0 || config.dampening !== 0)) {
    throw new OptionError(`${name} nesterov: needs a momentum above 0 and no dampening`);
  }
  const { learningRate, nesterov, ...scalars } = config;
  return Object.freeze({
    name,
    learningRate: rateAt(learningRate, 0),
    config,
    slots: config.momentum > 0 ? 1 : 0,
    plainDescent: config.momentum === 0 && config.weightDecay === 0,
    update(plan: PlanBuilder, { slots: [velocity = 0], ...at }: UpdateAddresses): void {
      plan.add('sgd', { ...at, velocity, ...scalars, nesterov: Number(nesterov) });
    },
  });
}

function adaptive(name: 'adam' | 'adamw', options: AdamOptions, usualDecay = 0): Optimizer {
  const config = configure(name, {
    learningRate: [0.001, rate], beta1: [0.9, share], beta2: [0.999, share], epsilon: [1e-7, { min: 1e-30 }], amsgrad: [false],
    weightDecay: [usualDecay, penalty],
  }, options);
  const { learningRate, amsgrad, ...scalars } = config;
  return Object.freeze({
    name,
    learningRate: rateAt(learningRate, 0),
    config,
    slots: amsgrad ? 3 : 2,
    plainDescent: false,
    update(plan: PlanBuilder, { slots: [first = 0, second = 0, maximum = 0], ...at }: UpdateAddresses): void {
      plan.add('adam', { ...at, first, second, maximum, ...scalars, decoupled: Number(name === 'adamw') });
    },
  });
}

const lbfgsPart = onDemand('./lbfgs.js', () => import('./lbfgs.ts'));

/**
 * L-BFGS with a line search for the strong Wolfe conditions (Liu, Nocedal 1989; Nocedal, Wright 2006, chapters 3 and 7), for models and data
 * that are small: an epoch of `fit` is one iteration, each of one or more evaluations of the loss over all rows, and the loss it records
 * is that of the weights it ends with. `fit` ends early, and sets `stopTraining`, where the gradient is within `gradientTolerance`, or no
 * step along it lowers the loss any more in float32. The rule is that of PyTorch's `torch.optim.LBFGS` with `strong_wolfe` and one
 * iteration a step. With smaller batches or `dropout`, `fit` rejects with an OptionError.
 *
 * @throws OptionError for an unknown option or a value out of range.
 */
export function lbfgs(options: LbfgsOptions = {}): Optimizer {
  const config = configure('lbfgs', {
    learningRate: [1, rate], historySize: [10], gradientTolerance: [1e-5, penalty], maxEvaluations: [25], c1: [1e-4, rate], c2: [0.9, share],
  }, options);
  checkInteger('lbfgs historySize', config.historySize, { min: 1 });
  checkInteger('lbfgs maxEvaluations', config.maxEvaluations, { min: 1 });
  checkNumber('lbfgs c2', config.c2, { above: config.c1 });
  return Object.freeze({
    name: 'lbfgs',
    learningRate: rateAt(config.learningRate, 0),
    config,
    slots: 2 * config.historySize,
    plainDescent: false,
    update: () => undefined,
    async begin(model: Sequential, batchSize: number, rows: number) {
      const iterate = (await lbfgsPart.load()).beginIterations(model, config, batchSize, rows);
      if (typeof iterate === 'string') throw new OptionError(iterate);
      return iterate;
    },
  });
}

/** Refuses an optimizer that must see all rows at once. */
export function refuseBatches(where: string, optimizer: Optimizer): void {
  if (optimizer.begin !== undefined) throw new OptionError(`${where}: ${optimizer.name} needs fit, and all rows at once`);
}

const byName = { sgd, momentum, adam, adamw, lbfgs };

/** The optimizer that a name or an object made by one of the functions above stands for. */
export function resolveOptimizer(spec: OptimizerSpec): Optimizer {
  if (typeof spec === 'string') return byName[checkName('compile optimizer', spec, Object.keys(byName) as OptimizerName[])]();
  if (typeof spec === 'object' && spec !== null && typeof spec.update === 'function') return spec;
  throw new OptionError(`compile optimizer: expected a name or an optimizer such as sgd({ learningRate: 0.1 }), received ${show(spec)}`);
}

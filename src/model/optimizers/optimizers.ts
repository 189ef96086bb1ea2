/** The optimizers by function and by name: those of the core here, others in adaptiveOptimizers.ts. */

import { OptionError, show } from '../../errors.ts';
import { checkInteger, checkName, checkNumber } from '../../options.ts';
import { onDemand } from '../../platform.ts';
import { adadelta, adagrad, adamax, lion, nadam, rmsprop } from './adaptiveOptimizers.ts';
import { configure, optimizer, penalty, rate, rateAt, share, smallTerm, type Optimizer, type UpdateOptions } from './optimizer.ts';
import type { LearningRate } from './schedules.ts';
import type { Sequential } from '../sequential.ts';

/** An optimizer, or the name of one with default settings. */
export type OptimizerSpec = Optimizer | OptimizerName;
export type OptimizerName = keyof typeof byName;

export interface SgdOptions extends UpdateOptions {
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

export interface AdamOptions extends UpdateOptions {
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
  const { momentum, weightDecay } = config;
  return optimizer(name, config, { operation: 'sgd', slots: { velocity: momentum > 0 && 0 }, plainDescent: momentum === 0 && weightDecay === 0 });
}

function adaptive(name: 'adam' | 'adamw', options: AdamOptions, usualDecay = 0): Optimizer {
  const config = configure(name, {
    learningRate: [0.001, rate], beta1: [0.9, share], beta2: [0.999, share], epsilon: [1e-7, smallTerm], amsgrad: [false],
    weightDecay: [usualDecay, penalty],
  }, options);
  const slots = { first: 0, second: 0, maximum: config.amsgrad && 0 };
  return optimizer(name, config, { operation: 'adam', fixed: { decoupled: Number(name === 'adamw') }, slots });
}

const lbfgsPart = onDemand('./lbfgs.js', () => import('./lbfgs.ts'));

/**
 * L-BFGS with a line search for the strong Wolfe conditions (Liu, Nocedal 1989; Nocedal, Wright 2006, chapters 3 and 7), for models and data
 * that are small: an epoch of `fit` is one iteration, each of one or more evaluations of the loss over all rows, and the loss it records
 * is that of the weights it ends with. `fit` ends early, and sets `stopTraining`, where the gradient is within `gradientTolerance`, or no
 * step along it lowers the loss any more in float32. The rule is that of PyTorch's `torch.optim.LBFGS` with `strong_wolfe` and one
 * iteration a step. With smaller batches, or layers that make the objective another one from step to step or change parameters themselves (dropout,
 * noise, batch normalisation, constraints), `fit` rejects with an OptionError.
 *
 * @throws OptionError for an unknown option or a value out of range.
 */
export function lbfgs(options: LbfgsOptions = {}): Optimizer {
  const config = configure('lbfgs', {
    learningRate: [1, rate], historySize: [10], gradientTolerance: [1e-5, penalty], maxEvaluations: [25], c1: [1e-4, rate], c2: [0.9, share],
  }, options, {});
  checkInteger('lbfgs historySize', config.historySize, { min: 1 });
  checkInteger('lbfgs maxEvaluations', config.maxEvaluations, { min: 1 });
  checkNumber('lbfgs c2', config.c2, { above: config.c1 });
  return Object.freeze({
    name: 'lbfgs',
    learningRate: rateAt(config.learningRate, 0),
    config: config as object as Optimizer['config'],
    slots: Object.freeze(Object.fromEntries(['step', 'change'].flatMap((name) => Array.from({ length: config.historySize }, (_, pair) => [`${name}${pair}`, 0])))),
    plainDescent: false,
    accumulationSteps: 1,
    update: () => undefined,
    accumulate: () => undefined,
    async begin(model: Sequential, batchSize: number, rows: number, steps: number | undefined) {
      const iterate = (await lbfgsPart.load()).beginIterations(model, config, batchSize, rows, steps);
      if (typeof iterate === 'string') throw new OptionError(iterate);
      return iterate;
    },
  });
}

/** Refuses an optimizer that must see all rows at once. */
export function refuseBatches(where: string, optimizer: Optimizer): void {
  if (optimizer.begin !== undefined) throw new OptionError(`${where}: ${optimizer.name} needs fit, and all rows at once`);
}

const byName = { sgd, momentum, rmsprop, adagrad, adadelta, adam, adamw, adamax, nadam, lion, lbfgs };

/** The optimizer that a name or an object made by one of the functions above stands for. */
export function resolveOptimizer(spec: OptimizerSpec): Optimizer {
  if (typeof spec === 'string') return byName[checkName('compile optimizer', spec, Object.keys(byName) as OptimizerName[])]();
  if (typeof spec === 'object' && spec !== null && typeof spec.update === 'function') return spec;
  throw new OptionError(`compile optimizer: expected a name or an optimizer such as sgd({ learningRate: 0.1 }), received ${show(spec)}`);
}

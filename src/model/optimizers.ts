/** The optimizers by function and by name: those of the core here, others in adaptiveOptimizers.ts. */

import { OptionError, show } from '../errors.ts';
import { checkName } from '../options.ts';
import { adadelta, adagrad, adamax, lion, nadam, rmsprop } from './adaptiveOptimizers.ts';
import { configure, optimizer, penalty, rate, share, smallTerm, type Optimizer, type UpdateOptions } from './optimizer.ts';
import type { LearningRate } from './schedules.ts';

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

const byName = { sgd, momentum, rmsprop, adagrad, adadelta, adam, adamw, adamax, nadam, lion };

/** The optimizer that a name or an object made by one of the functions above stands for. */
export function resolveOptimizer(spec: OptimizerSpec): Optimizer {
  if (typeof spec === 'string') return byName[checkName('compile optimizer', spec, Object.keys(byName) as OptimizerName[])]();
  if (typeof spec === 'object' && spec !== null && typeof spec.update === 'function') return spec;
  throw new OptionError(`compile optimizer: expected a name or an optimizer such as sgd({ learningRate: 0.1 }), received ${show(spec)}`);
}

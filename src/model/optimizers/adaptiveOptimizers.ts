/** Optimizers that give each parameter a step of its own, beside `adam` in optimizers.ts; their kernels are extra ones. */

import { configure, optimizer, penalty, rate, share, smallTerm, type Optimizer, type UpdateOptions } from './optimizer.ts';
import type { LearningRate } from './schedules.ts';

/** What all of these but {@link lion} take. */
export interface AdaptiveOptions extends UpdateOptions {
  /** η, or a schedule of it; default 0.001. */
  learningRate?: LearningRate;
  /** Default 1e-7, at least 1e-30. */
  epsilon?: number;
  /** L2 penalty: this times the parameter is added to its gradient; default 0. */
  weightDecay?: number;
}

export interface RmspropOptions extends AdaptiveOptions {
  /** Share of the mean of squared gradients that is kept; default 0.9. */
  rho?: number;
  /** Divide by the deviation of gradients from their mean instead of their size; default false. */
  centered?: boolean;
  /** Share of the last step that is kept; default 0. */
  momentum?: number;
}

export interface AdagradOptions extends AdaptiveOptions {
  /** What the sum of squared gradients starts from; default 0.1. */
  initialAccumulatorValue?: number;
}

export interface AdadeltaOptions extends AdaptiveOptions {
  /** Share of the means of squared gradients and changes that is kept; default 0.95. */
  rho?: number;
}

export interface AdamaxOptions extends AdaptiveOptions {
  /** Share of the mean of gradients that is kept; default 0.9. */
  beta1?: number;
  /** Share of the largest gradient that is kept; default 0.999. */
  beta2?: number;
}

export interface NadamOptions extends AdaptiveOptions {
  /** Share of the first moment, the mean of gradients, that is kept; default 0.9. */
  beta1?: number;
  /** Share of the second moment, the mean of squared gradients, that is kept; default 0.999. */
  beta2?: number;
  /** How fast the momentum grows from β₁/2 towards β₁; default 0.004. */
  momentumDecay?: number;
}

export interface LionOptions extends UpdateOptions {
  /** η, or a schedule of it; default 0.0001. */
  learningRate?: LearningRate;
  /** Weight of the momentum in the direction of a step; default 0.9. */
  beta1?: number;
  /** Share of the momentum that is kept; default 0.99. */
  beta2?: number;
  /** Decoupled: η · weightDecay · θ too is taken off every parameter; default 0. */
  weightDecay?: number;
}

const common = { learningRate: [0.001, rate], epsilon: [1e-7, smallTerm], weightDecay: [0, penalty] } as const;
const betas = { beta1: [0.9, share], beta2: [0.999, share] } as const;

/**
 * RMSProp (Tieleman, Hinton 2012): v := ρ v + (1 − ρ) g², θ := θ − η g / (√v + ε); with `centered` (Graves 2013) the square of the mean
 * gradient is taken off v; with `momentum` μ b := μ b + g / (√v + ε), θ := θ − η b. The rule is PyTorch's `torch.optim.RMSprop`.
 *
 * @throws OptionError for an unknown option or a value out of range.
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const config = configure('rmsprop', { ...common, rho: [0.9, share], centered: [false], momentum: [0, share] }, options);
  return optimizer('rmsprop', config, { slots: { second: 0, mean: config.centered && 0, velocity: config.momentum > 0 && 0 } });
}

/**
 * Adagrad (Duchi, Hazan, Singer 2011): v := v + g², θ := θ − η g / (√v + ε). The rule is PyTorch's `torch.optim.Adagrad`.
 *
 * @throws OptionError for an unknown option or a value out of range.
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  const config = configure('adagrad', { ...common, initialAccumulatorValue: [0.1, penalty] }, options);
  return optimizer('adagrad', config, { slots: { squares: config.initialAccumulatorValue } });
}

/**
 * Adadelta (Zeiler 2012): v := ρ v + (1 − ρ) g², Δ := g √(u + ε) / √(v + ε), u := ρ u + (1 − ρ) Δ², θ := θ − η Δ. The rule is
 * PyTorch's `torch.optim.Adadelta`; the paper has η = 1.
 *
 * @throws OptionError for an unknown option or a value out of range.
 */
export function adadelta(options: AdadeltaOptions = {}): Optimizer {
  return optimizer('adadelta', configure('adadelta', { ...common, rho: [0.95, share] }, options), { slots: { second: 0, changes: 0 } });
}

/**
 * Adamax (Kingma, Ba 2015): m := β₁ m + (1 − β₁) g, u := max(β₂ u, |g| + ε), θ := θ − η / (1 − β₁ᵗ) · m / u in step t. The rule is
 * PyTorch's `torch.optim.Adamax`.
 *
 * @throws OptionError for an unknown option or a value out of range.
 */
export function adamax(options: AdamaxOptions = {}): Optimizer {
  return optimizer('adamax', configure('adamax', { ...common, ...betas }, options), { slots: { first: 0, largest: 0 } });
}

/**
 * Adam with Nesterov's momentum (Dozat 2016): as `adam`, but m̂ is m μₜ₊₁ / (1 − μ₁ ··· μₜ₊₁) + g (1 − μₜ) / (1 − μ₁ ··· μₜ) in step t, where
 * μᵢ = β₁ (1 − ½ · 0.96^(i · momentumDecay)). The rule is PyTorch's `torch.optim.NAdam`.
 *
 * @throws OptionError for an unknown option or a value out of range.
 */
export function nadam(options: NadamOptions = {}): Optimizer {
  return optimizer('nadam', configure('nadam', { ...common, ...betas, momentumDecay: [0.004, penalty] }, options), { slots: { first: 0, second: 0 } });
}

/**
 * Lion (Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms"): θ := θ − η (sign(β₁ m + (1 − β₁) g) + weightDecay θ), then
 * m := β₂ m + (1 − β₂) g. Every parameter moves by η, so a tenth of Adam's rate is about right.
 *
 * @throws OptionError for an unknown option or a value out of range.
 */
export function lion(options: LionOptions = {}): Optimizer {
  const config = configure('lion', { learningRate: [1e-4, rate], beta1: betas.beta1, beta2: [0.99, share], weightDecay: common.weightDecay }, options);
  return optimizer('lion', config, { slots: { first: 0 } });
}

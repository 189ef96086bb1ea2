/** Optimizers: checked settings, and the update they write into a plan, over the flat range of all parameters. */

import type { PlanBuilder } from '../backend/plan.ts';
import { OptionError, show } from '../errors.ts';
import { checkBoolean, checkKeys, checkName, checkNumber } from '../options.ts';

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
  readonly learningRate: number;
  /** The options it was made with, defaults filled in. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Ranges of state it keeps, each as long as the parameters; they start as zeros. */
  readonly slots: number;
  /** Whether it is θ := θ − η ∂J/∂θ and nothing else, so that a step can move parameters without storing gradients. */
  readonly plainDescent: boolean;
  /** @internal Writes the update into a plan. */
  update(plan: PlanBuilder, at: UpdateAddresses): void;
}

/** An optimizer, or the name of one with default settings. */
export type OptimizerSpec = Optimizer | OptimizerName;
export type OptimizerName = keyof typeof byName;

export interface SgdOptions {
  /** η; default 0.01. */
  learningRate?: number;
  /** Share of the last step that is kept; default 0. */
  momentum?: number;
  /** Look ahead along the momentum (Nesterov 1983, as in Sutskever et al. 2013); default false. */
  nesterov?: boolean;
  /** Share of the gradient that momentum leaves out; default 0. */
  dampening?: number;
  /** L2 penalty: this times the parameter is added to its gradient; default 0. */
  weightDecay?: number;
}

/**
 * Stochastic gradient descent, θ := θ − η ∂J/∂θ, with momentum where asked: v := μ v + (1 − dampening) g, θ := θ − η v, or
 * θ := θ − η (g + μ v) with `nesterov`; v starts as the first gradient. The rule is PyTorch's `torch.optim.SGD`.
 *
 * @throws OptionError for an unknown option or a value out of range.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  return descent('sgd', 0, options);
}

/** {@link sgd} with a momentum of 0.9 unless another is given. */
export function momentum(options: SgdOptions = {}): Optimizer {
  return descent('momentum', 0.9, options);
}

function descent(name: 'sgd' | 'momentum', defaultMomentum: number, options: SgdOptions): Optimizer {
  checkKeys(name, options, ['learningRate', 'momentum', 'nesterov', 'dampening', 'weightDecay']);
  const share = { min: 0, below: 1 };
  const config = {
    learningRate: checkNumber(`${name} learningRate`, options.learningRate ?? 0.01, { above: 0 }),
    momentum: checkNumber(`${name} momentum`, options.momentum ?? defaultMomentum, share),
    nesterov: checkBoolean(`${name} nesterov`, options.nesterov ?? false),
    dampening: checkNumber(`${name} dampening`, options.dampening ?? 0, share),
    weightDecay: checkNumber(`${name} weightDecay`, options.weightDecay ?? 0, { min: 0 }),
  };
  if (config.nesterov && (config.momentum === 0 || config.dampening !== 0)) {
    throw new OptionError(`${name} nesterov: needs a momentum above 0 and no dampening`);
  }
  return Object.freeze({
    name,
    learningRate: config.learningRate,
    config: Object.freeze(config),
    slots: config.momentum > 0 ? 1 : 0,
    plainDescent: config.momentum === 0 && config.weightDecay === 0,
    update(plan: PlanBuilder, { slots: [velocity = 0], ...at }: UpdateAddresses): void {
      const { learningRate: _inRegister, nesterov, ...scalars } = config;
      plan.add('sgd', { ...at, velocity, ...scalars, nesterov: Number(nesterov) });
    },
  });
}

const byName = { sgd, momentum };

/** The optimizer that a name or an object made by one of the functions above stands for. */
export function resolveOptimizer(spec: OptimizerSpec): Optimizer {
  if (typeof spec === 'string') return byName[checkName('compile optimizer', spec, Object.keys(byName) as OptimizerName[])]();
  if (typeof spec === 'object' && spec !== null && typeof spec.update === 'function') return spec;
  throw new OptionError(`compile optimizer: expected a name or an optimizer such as sgd({ learningRate: 0.1 }), received ${show(spec)}`);
}

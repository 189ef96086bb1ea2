/** Constraints: what the weights of a layer are made to be after every step. */

import type { PlanBuilder } from '../../backend/plan.ts';
import { checkNumber } from '../../options.ts';
import type { ParameterRule, ParameterSpec, Stage } from './layer.ts';

/** Changes weights after every step, as made by `maxNorm`, `unitNorm` and `nonNegative`. */
export type Constraint = ParameterRule<'Constraint'>;

/**
 * No norm above `value` (Srivastava et al. 2014): weights that have a larger one are scaled to it, others stay. Of a kernel the norms are
 * those of the weights of each unit, as with Keras' axis 0; of a bias that of all of it.
 */
export function maxNorm(value = 2): Constraint {
  const most = checkNumber('maxNorm', value, { above: 0 });
  return constraint('maxNorm', { value: most }, limitTo(0, most));
}

/** Norms of 1, but for weights that are all 0: of a kernel those of the weights of each unit, as with Keras' axis 0; of a bias that of all of it. */
export function unitNorm(): Constraint {
  return constraint('unitNorm', {}, limitTo(1, 1));
}

/** No negative weight: those are set to 0. Keras' NonNeg. */
export function nonNegative(): Constraint {
  return constraint('nonNegative', {}, (plan, range, count) => void plan.add('nonNegative', { range, count }));
}

/** Writes a constraint on what lies at an address, takes so many floats and has that shape. */
type Write = (plan: PlanBuilder, at: number, floats: number, shape: ParameterSpec['shape']) => void;

function limitTo(least: number, most: number): Write {
  return (plan, at, _floats, [inputs, units]) => {
    if (units === undefined) plan.add('limitNorm', { range: at, count: inputs, least, most });
    else plan.add('limitNorms', { weight: at, inputs, units, least, most });
  };
}

function constraint(name: string, config: Record<string, number>, write: Write): Constraint {
  return Object.freeze({
    kind: 'Constraint',
    name,
    config: Object.freeze(config),
    attach(stage: Stage, index: number): Stage {
      const shape = stage.parameters[index]?.shape;
      if (shape === undefined) return stage;
      return {
        ...stage,
        extra: true,
        update(plan, at) {
          stage.update?.(plan, at);
          write(plan, at.parameters[index]!, at.floats[index]!, shape);
        },
      };
    },
  });
}

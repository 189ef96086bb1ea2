/** The residual block: its input is added to what the layers in it make of that. */

import { ShapeError } from '../../errors.ts';
import { checkKeys, checkLabel } from '../../options.ts';
import { chainStages, checkLayers } from '../chain.ts';
import { checkInputShape, type Layer, type Stage } from './layer.ts';

export interface ResidualOptions {
  /** Values in a row of the input, as `[64]`; for a first layer, where the first layer in the block does not say it. */
  inputShape?: readonly number[];
  name?: string;
}

/**
 * A residual block (He, Zhang, Ren, Sun 2016): out = input + f(input), where f is the chain of `layers`, which may hold blocks too. Shapes
 * [rows, n] -> [rows, n]. The gradient passes the block as it is, beside what passes f, so that deep networks learn.
 * Parameters are named `<block>/<layer>/<parameter>`, for example `residual_1/dense_1/kernel`.
 *
 * @throws OptionError for an unknown option or what is no layer; a model throws a ShapeError where f gives rows of another size.
 */
export function residual(layers: readonly Layer[], options: ResidualOptions = {}): Layer {
  const inner = checkLayers('residual', layers);
  checkKeys('residual', options, ['inputShape', 'name']);
  checkLabel('residual name', options.name);
  return Object.freeze({
    type: 'residual',
    name: options.name,
    inputs: checkInputShape('residual', options.inputShape) ?? inner[0]!.inputs,
    config: Object.freeze({ ...options, layers: inner }),
    layers: inner,
    build(units: number, layer: string, seed: number, index: number): Stage[] {
      const stages = chainStages(`residual '${layer}'`, inner, units, `${layer}/`, seed, index + 1);
      const outputs = stages.at(-1)?.outputs ?? units;
      if (outputs !== units) throw new ShapeError(`residual '${layer}': expected layers that give rows of ${units}, as they take, received rows of ${outputs}`);
      return surround(layer, units, stages);
    },
  });
}

/** Puts a stage before the others, at which the gradients of both ways meet, and one behind them, at which the values do. */
function surround(layer: string, units: number, stages: readonly Stage[]): Stage[] {
  const common = { layer, inputs: units, outputs: units, parameters: [], extra: true, scratchFloats: () => 0 };
  const fork: Stage = {
    ...common,
    passesInput: true,
    get partner() {
      return join;
    },
    forward: () => undefined,
    backward(plan, { dinput, dout, partner }) {
      if (dinput !== 0) plan.add('add', { out: dinput, a: dout, b: partner.dout, units });
    },
  };
  const join: Stage = {
    ...common,
    passesGradient: true,
    partner: fork,
    forward: (plan, { out, input, partner }) => void plan.add('add', { out, a: partner.input, b: input, units }),
    backward: () => undefined,
  };
  return [fork, ...stages, join];
}

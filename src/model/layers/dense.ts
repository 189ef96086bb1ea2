/** The fully connected layer: y = f(x · kernel + bias). */

import { unexpected } from '../../errors.ts';
import { checkBoolean, checkInteger, checkKeys, checkLabel } from '../../options.ts';
import { activationStages, resolvePair, type ActivationSpec, type DerivativeSpec } from './activation.ts';
import type { Constraint } from './constraints.ts';
import { resolveInitializer, type InitializerSpec } from './initializers.ts';
import { checkInputShape, type Layer, type ParameterSpec, type Stage } from './layer.ts';
import type { Regularizer } from './regularizers.ts';

export interface DenseOptions {
  /** Values in a row of the output. */
  units: number;
  /** Applied to the output; default `'linear'`. */
  activation?: ActivationSpec;
  /** Train with this derivative of the activation instead of the true one. */
  derivative?: DerivativeSpec;
  /** Whether there is a bias; default true. */
  useBias?: boolean;
  /** Default `'glorotUniform'`. */
  kernelInitializer?: InitializerSpec;
  /** Default `'zeros'`. */
  biasInitializer?: InitializerSpec;
  /** What the kernel costs by itself, for example `l2(0.01)`; default nothing. */
  kernelRegularizer?: Regularizer;
  biasRegularizer?: Regularizer;
  /** What the kernel is made to be after every step, for example `maxNorm(2)`; default anything. */
  kernelConstraint?: Constraint;
  biasConstraint?: Constraint;
  /** Values in a row of the input, as `[784]`; needed in a model's first layer. */
  inputShape?: readonly number[];
  name?: string;
}

/** Those of the kernel and of the bias take turns. */
const rules = ['kernelRegularizer', 'biasRegularizer', 'kernelConstraint', 'biasConstraint'] as const;
const known = [
  'units', 'activation', 'derivative', 'useBias', 'kernelInitializer', 'biasInitializer', ...rules, 'inputShape', 'name',
] as const satisfies (keyof DenseOptions)[];

/**
 * A fully connected layer: [rows, inputs] -> [rows, units]. Its parameters are `kernel` [inputs, units] and `bias` [units].
 *
 * @throws OptionError for an unknown option or name, or `units` below 1.
 */
export function dense(options: DenseOptions): Layer {
  checkKeys('dense', options, known);
  checkLabel('dense name', options.name);
  const units = checkInteger('dense units', options.units, { min: 1 });
  const useBias = checkBoolean('dense useBias', options.useBias ?? true);
  const pair = resolvePair('dense', options.activation ?? 'linear', options.derivative);
  const kernel = resolveInitializer('dense kernelInitializer', options.kernelInitializer ?? 'glorotUniform');
  const bias = resolveInitializer('dense biasInitializer', options.biasInitializer ?? 'zeros');
  for (const key of rules) {
    const rule = options[key];
    if (rule !== undefined && !key.endsWith((rule as typeof rule | null)?.kind ?? '?')) throw unexpected(`dense ${key}`, key.endsWith('Regularizer') ? 'one, as l2(0.01) makes' : 'one, as maxNorm(2) makes', rule);
  }
  return Object.freeze({
    type: 'dense',
    name: options.name,
    inputs: checkInputShape('dense', options.inputShape),
    config: Object.freeze({ activation: 'linear', useBias, ...options }),
    build(inputs: number, layer: string): Stage[] {
      const parameters: ParameterSpec[] = [{ name: 'kernel', shape: [inputs, units], initializer: kernel }];
      if (useBias) parameters.push({ name: 'bias', shape: [units], initializer: bias });
      const held = rules.reduce((stage, key, i) => options[key]?.attach(stage, i % 2) ?? stage, product(layer, inputs, units, parameters));
      return [held, ...activationStages(layer, units, pair.activation, pair.derivative)];
    },
  });
}

function product(layer: string, inputs: number, units: number, parameters: readonly ParameterSpec[]): Stage {
  return {
    layer,
    inputs,
    outputs: units,
    parameters,
    scratchFloats: (sizes, rows) => Math.max(sizes.inputScratchFloats(units), sizes.parameterScratchFloats(rows, units)),
    forward(plan, { out, input, parameters: [weight = 0, bias = 0] }) {
      plan.add('denseForward', { out, input, weight, bias, inputs, units });
    },
    backward(plan, { dinput, dout, input, scratch, parameters: [weight = 0], dparameters: [dweight = 0, dbias = 0] }) {
      plan.add('denseBackwardParameters', { dweight, dbias, scratch, input, dout, inputs, units });
      if (dinput !== 0) plan.add('denseBackwardInput', { dinput, scratch, dout, weight, inputs, units });
    },
    descend(plan, { dinput, dout, input, scratch, learningRate, parameters: [weight = 0, bias = 0] }) {
      if (dinput !== 0) plan.add('denseBackwardInput', { dinput, scratch, dout, weight, inputs, units });
      plan.add('denseDescend', { weight, bias, scratch, input, dout, learningRate, inputs, units });
    },
  };
}

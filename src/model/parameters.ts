/** The parameters of a model, and where they and their gradients lie in memory. */

import type { Backend } from '../backend/backend.ts';
import type { Arena } from '../backend/memory.ts';
import type { ParameterSpec, Stage } from './layers/layer.ts';
import type { Range } from './plans.ts';

/** A parameter and where it lies. */
export interface Parameter {
  /** `layer/name`, for example `dense_1/kernel`. */
  readonly name: string;
  readonly layer: string;
  readonly spec: ParameterSpec;
  readonly address: number;
  /** Floats it takes up, in the backend's layout. */
  readonly floats: number;
  /** Where its gradient lies; 0: it is not trainable. */
  readonly daddress: number;
}

/** All parameters; those that optimizers move, all of them, and the gradients of the former, each as one range. */
export interface Placed {
  readonly parameters: readonly Parameter[];
  readonly values: Range;
  readonly all: Range;
  readonly gradients: Range;
}

/**
 * Gives every parameter and its gradient an address: first all gradients, then all parameters in the same order, then those that are
 * not trainable.
 */
export function placeParameters(stages: readonly Stage[], backend: Backend, arena: Arena): Placed {
  const specs = stages.flatMap(({ layer, parameters }) => parameters.map((spec) => ({ layer, spec, floats: floatsOf(spec, backend) })));
  const range = (trainable: boolean): { at: number[]; range: Range } => {
    const address = arena.end;
    const at = specs.map(({ spec, floats }) => ((spec.trainable ?? true) === trainable ? arena.floats(floats) : 0));
    return { at, range: { address, floats: (arena.end - address) / 4 } };
  };
  const gradients = range(true);
  const values = range(true);
  const others = range(false);
  const parameters = specs.map((one, i) => ({
    ...one, name: `${one.layer}/${one.spec.name}`, address: values.at[i]! || others.at[i]!, daddress: gradients.at[i]!,
  }));
  const all = { address: values.range.address, floats: values.range.floats + others.range.floats };
  return { parameters, values: values.range, all, gradients: gradients.range };
}

function floatsOf({ shape }: ParameterSpec, backend: Backend): number {
  return shape.length === 2 ? backend.weightFloats(shape[0], shape[1]) : shape[0];
}

/** The number of values of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

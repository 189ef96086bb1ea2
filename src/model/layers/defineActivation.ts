/** Activations of one's own: a function, its derivative, and the operations that call them. */

import { definitions } from '../../backend/definitions.ts';
import { OptionError, show, unexpected } from '../../errors.ts';
import { checkKeys, checkLabel } from '../../options.ts';
import { activations } from './activation.ts';
import type { DefinedActivation } from './layer.ts';

export interface DefineActivationOptions {
  /** The function, of each value z by itself. */
  f: (z: number) => number;
  /** Its derivative f′, or whatever is to stand for that. */
  df: (z: number) => number;
  /** What it is called in messages and files; default `'custom'`. A file that is loaded again needs one that nothing else has. */
  name?: string;
}

/** Where the functions are tried out. */
const places = [0, 0.5, -0.5, 1, -1, 3, -3];

/**
 * An activation of one's own, wherever one goes by name: `dense({ units: 8, activation: snake })`, `activation(snake)`; and as a `derivative`, where `df` then
 * stands in for that of another function. `gradientCheck` compares `df` with differences of `f`.
 *
 * Both are called with one number at a time, in double precision, by the thread that trains; what they return is rounded to float32. They should depend on
 * nothing else. Backends give the same bits for the same z; engines may differ, as they do in `Math.sin`. What they throw, `fit`, `predict` and the others throw, and the model is as after its last complete step. A model with such an activation
 * is loaded with `loadModel(path, { activations: [snake] })`, for files hold no functions.
 *
 * @throws OptionError for what is no function, or returns no number where it is tried (from -3 to 3), and for the name of a built-in activation.
 */
export function defineActivation(options: DefineActivationOptions): DefinedActivation {
  const where = 'defineActivation';
  checkKeys(where, options, ['f', 'df', 'name']);
  const { f, df, name = 'custom' } = options;
  checkLabel(`${where} name`, name);
  if (Object.hasOwn(activations, name)) throw new OptionError(`${where} name: there is an activation ${show(name)} already; choose another name`);
  tryOut(where, 'f', f);
  tryOut(where, 'df', df);
  const definition: DefinedActivation = {
    name, f, df, alpha: 0, beta: 0, place: definitions.length,
    passes: (units) => ({
      extra: true,
      mayThrow: true,
      forward: (plan, { out, input }) => void plan.add('definedForward', { out, z: input, units, activation: definition.place }),
      backward: (plan, { dinput, dout, input }) => void plan.add('definedBackward', { dz: dinput, dout, z: input, units, activation: definition.place }),
    }),
  };
  // The stages of a model hold it: they ask it for its place.
  definitions.push(new WeakRef(definition));
  return Object.freeze(definition);
}

function tryOut(where: string, key: 'f' | 'df', function_: unknown): void {
  if (typeof function_ !== 'function') throw unexpected(`${where} ${key}`, 'a function of a number', function_);
  for (const z of places) {
    let value: unknown;
    try {
      value = (function_ as (z: number) => unknown)(z);
    } catch (cause) {
      throw new OptionError(`${where} ${key}: expected a number from ${key}(${z}), but it threw: ${cause instanceof Error ? cause.message : show(cause)}`);
    }
    if (typeof value !== 'number') throw unexpected(`${where} ${key}`, `a number from ${key}(${z})`, value);
  }
}

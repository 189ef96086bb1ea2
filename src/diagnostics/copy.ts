/** Copies of models, for what must leave the model itself as it is. */

import type { Backend } from '../backend/index.ts';
import { notCompiled } from '../errors.ts';
import { Sequential } from '../model/sequential.ts';

/**
 * A model with the same weights and settings and memory of its own, on the same backend or on one that is passed in; optimizer state
 * starts anew.
 */
export function copyOf(where: string, model: Sequential, own?: Backend): Sequential {
  if (model.compiled === undefined) throw notCompiled(where);
  const copy = new Sequential({ layers: model.layers, seed: model.seed, backend: model.backend }, own);
  copy.compile(model.compiled);
  copy.setWeights(model.getWeights());
  return copy;
}

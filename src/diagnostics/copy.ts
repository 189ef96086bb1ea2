/** Copies of models, for what must leave the model itself as it is. */

import { createBackend, createReference, notLoaded, type Backend } from '../backend/index.ts';
import { DoubleMemory } from '../backend/memory.ts';
import { notCompiled } from '../errors.ts';
import type { Stage } from '../model/layers/layer.ts';
import { Program } from '../model/program.ts';
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

/** As `copyOf`, computing in double precision throughout. */
export function doubleCopy(where: string, model: Sequential): Sequential {
  const backend = createReference(new DoubleMemory());
  if (backend === undefined) throw notLoaded('reference');
  return copyOf(where, model, backend);
}

/** A program laid out like another, address by address, on a backend of its own of the same kind. Its weights are not drawn. */
export function programLike(program: Program): Program {
  const { backend: { name }, stages, inputs } = program;
  const objective = program.objective!;
  const backend = createBackend(name);
  const extra = objective.optimizer.extra === true || stages.some((stage) => stage.extra);
  if (backend === undefined || (extra && !backend.extend())) throw notLoaded(name);
  const copies = new Map<Stage | undefined, Stage>();
  for (const stage of stages) {
    copies.set(stage, Object.create(stage, { partner: { get: () => copies.get(stage.partner) } }) as Stage);
  }
  const copy = new Program(backend, [...copies.values()], inputs);
  copy.compile(objective);
  return copy;
}

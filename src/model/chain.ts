/** A list of layers as a chain: checked, named, and built into stages, each fed by the one before it. */

import { OptionError, ShapeError, unexpected } from '../errors.ts';
import type { Layer, Stage } from './layers/layer.ts';

export function checkLayers(where: string, layers: unknown): readonly Layer[] {
  if (!Array.isArray(layers) || layers.length === 0) {
    throw unexpected(`${where} layers`, 'an array of at least one layer', layers);
  }
  // A copy by spreading, in which a hole is undefined.
  const all = [...(layers as readonly unknown[])] as Layer[];
  all.forEach((layer: Partial<Layer> | null | undefined, i) => {
    if (typeof layer?.build !== 'function') {
      throw unexpected(`${where} layers[${i}]`, 'a layer such as dense({ units: 10 })', layer);
    }
  });
  return Object.freeze(all);
}

export function buildStages(layers: readonly Layer[], seed: number): { stages: Stage[]; inputs: number } {
  const inputs = layers[0]!.inputs;
  if (inputs === undefined) {
    throw new ShapeError(`sequential layers[0] (${layers[0]!.type}): expected an inputShape, for example inputShape: [784]; received none`);
  }
  const stages = chainStages('sequential', layers, inputs, '', seed, 0);
  const taken = new Set<string>();
  for (const name of stages.flatMap(({ layer, parameters }) => parameters.map((parameter) => `${layer}/${parameter.name}`))) {
    if (taken.has(name)) throw new OptionError(`sequential layers: '${name}' is a parameter in a block and of a layer beside it; rename one of them`);
    taken.add(name);
  }
  return { stages, inputs };
}

/** The stages of layers for rows of `values` values. Their names begin with `prefix`; the first has place `index` in the model. */
export function chainStages(where: string, layers: readonly Layer[], values: number, prefix: string, seed: number, index: number): Stage[] {
  const stages: Stage[] = [];
  const names = layerNames(layers, where);
  layers.forEach((layer, i) => {
    if (layer.inputs !== undefined && layer.inputs !== values) {
      throw new ShapeError(`${where} layers[${i}] (${names[i]!}): inputShape is [${layer.inputs}], but the layer before gives rows of ${values}`);
    }
    stages.push(...layer.build(values, prefix + names[i]!, seed, index));
    values = stages.at(-1)?.outputs ?? values;
    index += placesOf(layer);
  });
  return stages;
}

/** Places that a layer takes in a model: its own, and those of the layers in it. */
function placesOf({ layers = [] }: Layer): number {
  return layers.reduce((sum, layer) => sum + placesOf(layer), 1);
}

/** Each layer's own name, or its type with the first number from 1 on that makes a new name. */
export function layerNames(layers: readonly Layer[], where = 'sequential'): string[] {
  const taken = new Set(layers.map(({ name }) => name));
  const names = layers.map(({ name, type }) => {
    if (name !== undefined) return name;
    let count = 1;
    while (taken.has(`${type}_${count}`)) count++;
    taken.add(`${type}_${count}`);
    return `${type}_${count}`;
  });
  names.forEach((name, i) => {
    if (names.indexOf(name) !== i) throw new OptionError(`${where} layers: two layers are named '${name}'; names must differ`);
  });
  return names;
}

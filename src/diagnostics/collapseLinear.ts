/** What layers without a nonlinearity between them amount to: one. */

import { unexpected } from '../errors.ts';
import { layerNames } from '../model/chain.ts';
import { dense } from '../model/layers/dense.ts';
import type { ActivationSpec, DerivativeSpec } from '../model/layers/activation.ts';
import type { Layer } from '../model/layers/layer.ts';
import { Sequential } from '../model/sequential.ts';

/** y = x · kernel + bias, in double precision; the kernel [inputs, outputs]. */
interface Affine {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: Float64Array;
  readonly bias: Float64Array;
}

/** A layer with the values of its parameters, by their names and in order. */
interface Weighted {
  readonly layer: Layer;
  readonly name: string;
  readonly values: ReadonlyMap<string, Float32Array>;
  readonly inputs: number;
}

/** Layers that are affine one after the other, and the function behind the last. */
interface Run {
  readonly parts: Weighted[];
  map: Affine | undefined;
}

/**
 * A model with the same predictions, to within rounding, in which layers that are linear together are one `dense` layer: a layer of linear units adds nothing
 * to the next, because (x · A + a) · B + b = x · AB + (aB + b). Merged are `dense` layers without activation, with what is behind them, linear
 * `activation`s, `normalization`, and `batchNormalization` with its moving statistics, wherever that takes no more parameters than before; all
 * other layers stay, with their weights. Regularizers and constraints of merged layers go. Compiled as the model was, with optimizer state of its own.
 */
export function collapseLinear(model: Sequential): Sequential {
  if (!(model instanceof Sequential)) throw unexpected('collapseLinear', 'a model made by sequential', model);
  const layers: Layer[] = [];
  const weights: Float32Array[] = [];
  let run: Run = { parts: [], map: undefined };
  const close = (): void => {
    const merged = run.parts.length > 1 ? mergedFrom(run, layers.length === 0) : undefined;
    layers.push(...(merged === undefined ? run.parts.map(({ layer }) => layer) : [merged.layer]));
    weights.push(...(merged?.weights ?? run.parts.flatMap(({ values }) => [...values.values()])));
    run = { parts: [], map: undefined };
  };
  for (const part of weightedLayers(model)) {
    const map = affineOf(part);
    if (map === undefined) close();
    run.parts.push(part);
    if (map !== undefined) run.map = run.map === undefined ? map : composed(run.map, map);
    if (map === undefined || !endsLinear(part.layer)) close();
  }
  close();
  const { name, seed, backend, compiled } = model;
  const collapsed = new Sequential({ layers, name, seed, backend });
  if (compiled !== undefined) collapsed.compile(compiled);
  collapsed.setWeights(weights);
  collapsed.features = model.features;
  collapsed.userMetadata = model.userMetadata;
  return collapsed;
}

function weightedLayers({ layers, program, inputShape: [width] }: Sequential): Weighted[] {
  const names = layerNames(layers);
  let inputs = width;
  return layers.map((layer, i) => {
    const name = names[i]!;
    const own = program.parameters.filter(({ layer: owner }) => owner === name || owner.startsWith(`${name}/`));
    const part = { layer, name, inputs, values: new Map(own.map((parameter) => [parameter.name.slice(name.length + 1), program.read(parameter)])) };
    inputs = program.stages.filter(({ layer: owner }) => owner === name || owner.startsWith(`${name}/`)).at(-1)?.outputs ?? inputs;
    return part;
  });
}

/** Whether nothing follows the layer's affine map. */
function endsLinear({ type, config }: Layer): boolean {
  return type !== 'dense' || isLinear(config['activation'] as ActivationSpec);
}

const isLinear = (spec: ActivationSpec): boolean => (typeof spec === 'string' ? spec : spec.name) === 'linear';

/** The map of a layer, before its activation; undefined where it is none. */
function affineOf({ layer: { type, config }, values, inputs }: Weighted): Affine | undefined {
  const value = (name: string): Float32Array | undefined => values.get(name);
  switch (type) {
    case 'dense': {
      const kernel = Float64Array.from(value('kernel')!);
      const outputs = kernel.length / inputs;
      return { inputs, outputs, kernel, bias: Float64Array.from(value('bias') ?? new Float32Array(outputs)) };
    }
    case 'activation':
      return isLinear(config['activation'] as ActivationSpec) ? diagonal(inputs, () => 1, () => 0) : undefined;
    case 'normalization':
      return standardised(inputs, value('mean')!, value('variance')!, 0, undefined, undefined);
    case 'batchNormalization':
      return standardised(inputs, value('movingMean')!, value('movingVariance')!, config['epsilon'] as number, value('gamma'), value('beta'));
    default:
      return undefined;
  }
}

function standardised(units: number, mean: Float32Array, variance: Float32Array, epsilon: number, gamma?: Float32Array, beta?: Float32Array): Affine {
  const scale = (i: number): number => (gamma?.[i] ?? 1) / Math.sqrt(variance[i]! + epsilon);
  return diagonal(units, scale, (i) => (beta?.[i] ?? 0) - mean[i]! * scale(i));
}

function diagonal(units: number, scale: (i: number) => number, shift: (i: number) => number): Affine {
  const kernel = new Float64Array(units * units);
  for (let i = 0; i < units; i++) kernel[i * units + i] = scale(i);
  return { inputs: units, outputs: units, kernel, bias: Float64Array.from({ length: units }, (_, i) => shift(i)) };
}

/** One map after another. */
function composed(first: Affine, second: Affine): Affine {
  const { inputs } = first;
  const { outputs } = second;
  const times = (row: Float64Array, out: Float64Array): void => {
    row.forEach((value, k) => {
      if (value !== 0) for (let j = 0; j < outputs; j++) out[j]! += value * second.kernel[k * outputs + j]!;
    });
  };
  const kernel = new Float64Array(inputs * outputs);
  for (let i = 0; i < inputs; i++) times(first.kernel.subarray(i * first.outputs, (i + 1) * first.outputs), kernel.subarray(i * outputs, (i + 1) * outputs));
  const bias = second.bias.slice();
  times(first.bias, bias);
  return { inputs, outputs, kernel, bias };
}

/** One layer in the place of a run; undefined where it would take more parameters, or stand for layers that only scale. */
function mergedFrom({ parts, map }: Run, isFirst: boolean): { layer: Layer; weights: Float32Array[] } | undefined {
  const { inputs, outputs, kernel, bias } = map!;
  const held = parts.reduce((sum, { values }) => [...values.values()].reduce((count, { length }) => count + length, sum), 0);
  if (kernel.length + bias.length > held || !parts.some(({ layer }) => layer.type === 'dense')) return undefined;
  const { name, layer: { type, config } } = parts.at(-1)!;
  const function_ = type === 'dense' ? { activation: config['activation'] as ActivationSpec, ...('derivative' in config && { derivative: config['derivative'] as DerivativeSpec }) } : {};
  return {
    layer: dense({ units: outputs, ...function_, name, ...(isFirst && { inputShape: [inputs] }) }),
    weights: [Float32Array.from(kernel), Float32Array.from(bias)],
  };
}

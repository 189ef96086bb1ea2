/** TensorFlow.js layers models, read into the form of all files: layers that stand in a chain, on rows of numbers. */

import { FormatError, show, unexpected } from '../../errors.ts';
import type { LayerDescription } from '../../model/description.ts';
import { isObject } from '../../model/layersFrom.ts';
import { inFile } from '../modelFile.ts';
import { checkPlain, type ModelFile } from '../reading.ts';
import { layerOf, refused, rescaling, type Config, type Place } from './layers.ts';
import { trainingOf } from './training.ts';
import { readManifest, readTensors, type Manifest } from './weights.ts';

/** A model of TensorFlow.js: the content of its `model.json`, and the bytes that lie beside it. */
export interface TfjsFiles {
  /** The JSON, parsed or as text. */
  modelJson: object | string;
  /** The bytes of all files of weights, one behind the other, or those of each in the order of `weightsManifest`. */
  weights: Uint8Array | ArrayBuffer | readonly (Uint8Array | ArrayBuffer)[];
}

/** What `model.json` says. */
export interface TfjsJson {
  readonly description: ModelFile['description'] & { readonly layers: readonly LayerDescription[] };
  /** Values of parameters that are no weights there. */
  readonly constants: ModelFile['tensors'];
  readonly manifest: Manifest;
  readonly training: ModelFile['training'];
}

/** As many as `layersFrom` takes. */
const mostLayers = 4_000;

/** A copy of the JSON, of nothing that is not JSON. */
function jsonOf(where: string, modelJson: unknown): unknown {
  if (typeof modelJson !== 'string' && !isObject(modelJson)) throw unexpected(`${where} modelJson`, 'an object, or JSON', modelJson);
  try {
    return JSON.parse(typeof modelJson === 'string' ? modelJson.replace(/^\uFEFF/, '') : JSON.stringify(modelJson)) as unknown;
  } catch (cause) {
    throw new FormatError(`${where}: expected modelJson to be JSON (${(cause as Error).message})`, { cause });
  }
}

/** Reads `model.json`. Nothing has been allocated for weights then. */
export function parseTfjs(where: string, modelJson: unknown): TfjsJson {
  const json = jsonOf(where, modelJson);
  inFile(where, () => checkPlain('modelJson', json, 1));
  const topology = isObject(json) ? json['modelTopology'] : undefined;
  if (!isObject(json) || !isObject(topology)) throw new FormatError(`${where}: expected a modelTopology in modelJson, received ${show(topology)}`);
  if (json['format'] === 'graph-model' || 'node' in topology) {
    throw new FormatError(`${where}: expected a layers model of TensorFlow.js, received a graph model, which says operations and no layers`);
  }
  const { name, layers, shape } = chainOf(where, topology['model_config'] ?? topology);
  const { keras_version: version } = topology;
  const { described, constants } = readLayers(where, layers, shape, typeof version === 'string' && version.startsWith('3'));
  const { userDefinedMetadata: userMetadata } = json;
  return {
    description: { ...(typeof name === 'string' && name !== '' && { name }), layers: described, userMetadata: userMetadata ?? undefined },
    constants,
    manifest: readManifest(where, json['weightsManifest']),
    training: trainingOf(json['trainingConfig'] ?? json['training_config'] ?? topology['training_config']),
  };
}

/** A layer as the file has it. */
interface Given {
  readonly name: string;
  readonly className: string;
  readonly config: Config;
}

/** The layers, from the first to the last. */
function chainOf(where: string, topology: unknown): { name: unknown; layers: Given[]; shape: unknown } {
  const { class_name: className, config: given } = isObject(topology) ? topology : {};
  const functional = className === 'Functional' || className === 'Model';
  if (className !== 'Sequential' && !functional) throw new FormatError(`${where}: expected a model of class Sequential, or Functional that is a chain, received ${show(className)}`);
  const config: Config = Array.isArray(given) ? { layers: given as unknown[] } : isObject(given) ? given : {};
  const { layers } = config;
  if (!Array.isArray(layers) || layers.length === 0 || layers.length > mostLayers) throw new FormatError(`${where}: expected 1 to ${mostLayers} layers in modelTopology, received ${show(layers)}`);
  const names = new Set<string>();
  const chain = layers.map((layer: unknown, i): Given => {
    const { class_name: type, config: options } = isObject(layer) ? layer : {};
    if (typeof type !== 'string' || !isObject(options)) throw new FormatError(`${where}: expected layers[${i}] to have a class_name and a config, received ${show(layer)}`);
    const name = options['name'] ?? (layer as Config)['name'];
    if (typeof name !== 'string' || name === '' || names.has(name)) throw new FormatError(`${where}: expected layers[${i}] (${type.slice(0, 40)}) to have a name of its own, received ${show(name)}`);
    names.add(name);
    return { name, className: type, config: options };
  });
  if (functional) checkChain(where, chain, layers as Config[], config);
  return { name: config['name'], layers: chain, shape: config['build_input_shape'] };
}

/** Each layer must take what the one before it gives, and that alone. */
function checkChain(where: string, chain: readonly Given[], layers: readonly Config[], { output_layers: outputs }: Config): void {
  chain.forEach(({ name, className }, i) => {
    const sources = sourcesOf(layers[i]!['inbound_nodes']);
    const before = chain[i - 1]?.name;
    if (before === undefined ? sources.length > 0 : sources.length !== 1 || sources[0] !== before) {
      throw new FormatError(
        `${where}: layer ${show(name)} (${className}): expected a model that is a chain, where this takes the output of ${before === undefined ? 'nothing' : show(before)}; ` +
          `received one where it takes that of ${sources.map(show).join(', ') || 'nothing'}`,
      );
    }
  });
  // ["dense", 0, 0], alone or in a list.
  const [output] = (Array.isArray(outputs) ? outputs : []) as unknown[];
  const last = Array.isArray(output) ? output[0] as unknown : output;
  if (last !== chain.at(-1)!.name || (Array.isArray(output) && (outputs as unknown[]).length > 1)) {
    throw new FormatError(`${where}: expected a model whose one output is that of its last layer, ${show(chain.at(-1)!.name)}, received ${show(last)}`);
  }
}

/** The names of layers whose output a layer takes: [[[name, 0, 0, {}]]], or in Keras 3 [{ args: [{ config: { keras_history: [name, 0, 0] } }] }]. */
function sourcesOf(nodes: unknown): unknown[] {
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);
  return list(nodes ?? []).flatMap((node) => {
    if (!isObject(node)) return list(node).map((source) => list(source)[0]);
    return list(node['args'] ?? []).map((tensor) => {
      const config = isObject(tensor) ? tensor['config'] : undefined;
      return list(isObject(config) ? config['keras_history'] : undefined)[0];
    });
  });
}

/** Nothing but a few digits in the file stands for so many values. */
const mostRescaled = 1_000_000;

/** The sizes of what a layer takes, but for the batch; undefined where the file does not say. */
function shapeOf(at: Place, shape: unknown): number[] | undefined {
  if (shape === undefined || shape === null) return undefined;
  const sizes = Array.isArray(shape) ? shape.slice(1) as number[] : [];
  if (sizes.length === 0 || !sizes.every((size) => Number.isSafeInteger(size) && size > 0) || !Number.isSafeInteger(productOf(sizes))) {
    throw refused(at, 'batch_input_shape', 'null and sizes of at least 1', shape);
  }
  return sizes;
}

const productOf = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** Our layers. Images are rows of numbers to us all along: so `Flatten` is nothing, if all that comes before it takes each number alone. */
function readLayers(where: string, layers: readonly Given[], whole: unknown, isKeras3: boolean): { described: LayerDescription[]; constants: ModelFile['tensors'] } {
  const described: LayerDescription[] = [];
  const constants = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  let shape: number[] | undefined;
  for (const { name, className, config } of layers) {
    const at = { where: `${where}: layer ${show(name)} (${className.slice(0, 40)})`, isKeras3 };
    const isFirst = described.length === 0;
    if (isFirst) shape = shapeOf(at, config['batch_input_shape'] ?? config['batch_shape']) ?? shape ?? shapeOf(at, className === 'InputLayer' ? undefined : whole);
    if (className === 'InputLayer') continue;
    if (shape === undefined) throw refused(at, 'batch_input_shape', 'given, for example [null, 4]', undefined);
    if (className === 'Flatten') {
      if (shape.length > 2 && config['data_format'] === 'channels_first') throw refused(at, 'data_format', 'channels_last', config['data_format']);
      shape = [productOf(shape)];
      continue;
    }
    const inputShape = [productOf(shape)];
    if (className === 'Rescaling') {
      if (!isFirst) throw refused(at, '', 'it to be the first layer', 'another before it');
      if (inputShape[0]! > mostRescaled) throw refused(at, 'its input', `rows of at most ${mostRescaled} numbers`, inputShape[0]);
      described.push({ type: 'normalization', name, config: { inputShape } });
      for (const [parameter, value] of Object.entries(rescaling(at, config))) constants.set(`${name}/${parameter}`, { shape: inputShape, data: new Float32Array(inputShape[0]!).fill(value) });
      continue;
    }
    if (shape.length > 1) throw refused(at, 'its input', 'rows of numbers, as after a Flatten', [null, ...shape]);
    const { type, config: options } = layerOf(at, className, config);
    described.push({ type, name, config: { ...options, ...(isFirst && { inputShape }) } });
    if (type === 'dense') shape = [options['units'] as number];
  }
  if (described.length === 0) throw new FormatError(`${where}: expected a layer that computes something, received ${layers[0]!.className} alone`);
  return { described, constants };
}

/** The end of a weight's name there, and our name of the parameter. */
const parameterNames: ReadonlyMap<string, string> = new Map([
  ['kernel', 'kernel'], ['bias', 'bias'], ['gamma', 'gamma'], ['beta', 'beta'], ['moving_mean', 'movingMean'], ['moving_variance', 'movingVariance'],
]);

/** The model, with its weights. */
export function readTfjs(where: string, { description, constants, manifest, training }: TfjsJson, weights: unknown): ModelFile {
  const layers = new Map(description.layers.map(({ name, type }) => [name, type]));
  const tensors = new Map(constants);
  for (const { name, shape, data } of readTensors(where, manifest, shardsOf(where, weights))) {
    const parameter = parameterNames.get(name.slice(name.lastIndexOf('/') + 1));
    // Keras 3 puts the names of models before that of the layer.
    let layer = name.slice(0, Math.max(name.lastIndexOf('/'), 0));
    while (!layers.has(layer) && layer.includes('/')) layer = layer.slice(layer.indexOf('/') + 1);
    const type = layers.get(layer);
    if (type === undefined || parameter === undefined) throw new FormatError(`${where}: tensor ${show(name)}: expected the name of a layer and one of its parameters, such as 'dense/kernel'; it belongs to none`);
    const own = `${layer}/${type === 'normalization' ? parameter.replace(/^moving(.)/, (_, letter: string) => letter.toLowerCase()) : parameter}`;
    if (tensors.has(own)) throw new FormatError(`${where}: tensor ${show(name)}: expected each parameter once, received that of layer ${show(layer)} twice`);
    tensors.set(own, { shape, data });
  }
  return { description, tensors, isCheckpoint: false, training };
}

function shardsOf(where: string, weights: unknown): Uint8Array[] {
  const shards = Array.isArray(weights) ? weights as unknown[] : [weights];
  return shards.map((shard) => {
    if (shard instanceof Uint8Array) return shard;
    if (shard instanceof ArrayBuffer) return new Uint8Array(shard);
    throw unexpected(`${where} weights`, 'a Uint8Array or an ArrayBuffer, or an array of them', shard);
  });
}

/** The text of a `model.json`. */
export function textOf(where: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(`${where}: expected JSON in UTF-8, received other bytes`, { cause });
  }
}

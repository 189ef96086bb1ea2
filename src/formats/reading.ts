/** Files of all formats, read into one form; which format it is, the content says. No reader makes layers or touches memory of a backend. */

import { FormatError, OptionError, show } from '../errors.ts';
import { mostDepth } from '../model/description.ts';
import { isObject } from '../model/layersFrom.ts';
import type { ModelFormat } from '../model/savable.ts';
import { checkName } from '../options.ts';
import { formatVersion, inFile, located, modelKey, tensorKey, trainingKey } from './modelFile.ts';
import { torchCounters } from './parameters.ts';
import { isOnnx, readOnnx } from './onnx/reading.ts';
import { readSafetensors } from './safetensors.ts';
import type { Training } from './tfjs/training.ts';

/** What a file says of a model. */
export interface ModelFile {
  /** As `model/description.ts` writes it; not checked yet. */
  readonly description: Readonly<Record<string, unknown>>;
  /** Values of parameters, row-major, by our names, such as `dense_1/kernel` [inputs, units], or those of PyTorch. */
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
  /** Whether there is more among the tensors than parameters. */
  readonly isCheckpoint: boolean;
  /** What another program trained it with, in place of what the description says; a model that does not go with it is not compiled. */
  readonly training?: Training | undefined;
}

/** Of each format, what reads it; `hasArchitecture`: layers are given beside the file. */
const readers: Readonly<Record<ModelFormat, (where: string, bytes: Uint8Array, hasArchitecture: boolean) => ModelFile>> = {
  safetensors(where, bytes, hasArchitecture) {
    const { tensors, metadata } = located(where, () => readSafetensors(bytes, hasArchitecture ? torchCounters : undefined));
    const training = metadata.get(trainingKey);
    return {
      description: hasArchitecture ? {} : described(where, metadata),
      tensors: training === undefined || hasArchitecture ? tensors : finished(where, training, tensors),
      isCheckpoint: training !== undefined,
    };
  },
  onnx(where, bytes, hasArchitecture) {
    if (hasArchitecture) throw new OptionError(`${where}: an ONNX file says itself of which layers the model is; leave out architecture`);
    const file = readOnnx(where, bytes);
    inFile(where, () => checkPlain('metadata', file.description, 1));
    return file;
  },
  tfjs(where) {
    throw new FormatError(`${where}: the weights of a TensorFlow.js model are files of their own; give both, as { modelJson, weights }, or loadModel the path or URL of its model.json`);
  },
};

export function checkFormat(where: string, format: ModelFormat | undefined): void {
  if (format !== undefined) checkName(`${where} format`, format, Object.keys(readers) as ModelFormat[]);
}

/** What the first bytes say. The length of a header that begins safetensors has a zero among them, which no text has. */
export function formatOf(bytes: Uint8Array): ModelFormat {
  if (isOnnx(bytes)) return 'onnx';
  return bytes[7] !== 0 && /^\s*\{/.test(new TextDecoder().decode(bytes.subarray(0, 100))) ? 'tfjs' : 'safetensors';
}

export function readModelFile(where: string, bytes: Uint8Array, format: ModelFormat = formatOf(bytes), hasArchitecture = false): ModelFile {
  return readers[format](where, bytes, hasArchitecture);
}

/** What the metadata say of the model. */
function described(where: string, metadata: ReadonlyMap<string, string>): Readonly<Record<string, unknown>> {
  const text = metadata.get(modelKey);
  if (text === undefined) throw new FormatError(`${where}: the file holds tensors, but nothing says of which layers; give { architecture: [dense({ ... }), ...] }`);
  const value = parsed(where, modelKey, text);
  inFile(where, () => checkPlain(modelKey, value, 1));
  if (!isObject(value)) throw new FormatError(`${where}: expected an object in '${modelKey}' of the metadata, received ${show(value)}`);
  if (value['formatVersion'] !== formatVersion) {
    throw new FormatError(`${where}: expected formatVersion ${formatVersion} in '${modelKey}', received ${show(value['formatVersion'])}; a later version of nabla may read it`);
  }
  return value;
}

function parsed(where: string, key: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new FormatError(`${where}: expected JSON in '${key}' of the metadata (${(cause as Error).message})`, { cause });
  }
}

/** The tensors of a checkpoint, with parameters as they would be if training had ended there, where it says what those are. */
function finished(where: string, text: string, tensors: ModelFile['tensors']): ModelFile['tensors'] {
  const training = parsed(where, trainingKey, text);
  const names = isObject(training) ? training['finished'] : undefined;
  if (names === undefined) return tensors;
  if (!isObject(names)) throw new FormatError(`${where}: expected an object in finished of '${trainingKey}', received ${show(names)}`);
  const all = new Map(tensors);
  for (const [name, place] of Object.entries(names)) {
    const before = tensors.get(name);
    const after = isObject(place) ? tensors.get(String(place[tensorKey])) : undefined;
    if (before === undefined || after?.data.length !== before.data.length) {
      throw new FormatError(`${where}: expected finished ${show(name)} of '${trainingKey}' to name a tensor of as many values as that parameter`);
    }
    all.set(name, { shape: before.shape, data: after.data });
  }
  return all;
}

/** Refuses what is too deep for a stack, and a key that means something else to objects. */
export function checkPlain(where: string, value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  // The model is an object around what the description says.
  if (depth > 4 * mostDepth) throw new OptionError(`${where}: expected data no deeper than ${4 * mostDepth}`);
  if (!Array.isArray(value) && Object.hasOwn(value, '__proto__')) throw new OptionError(`${where}: expected no key '__proto__'`);
  for (const part of Array.isArray(value) ? value as unknown[] : Object.values(value)) checkPlain(where, part, depth + 1);
}

/** Models into files, and files into places: a part of its own, which `model/savable.ts` loads on demand. */

import { NablaError, OptionError } from '../errors.ts';
import { describeModel, type ModelSnapshot } from '../model/description.ts';
import type { ModelFormat, ModelHandler, SaveOptions, TfjsModel } from '../model/savable.ts';
import type { Sequential } from '../model/sequential.ts';
import { checkKeys, checkName } from '../options.ts';
import { formatVersion, modelKey } from './modelFile.ts';
import { writeOnnx } from './onnx/writing.ts';
import { writeTo } from './places.ts';
import { serializeSafetensors } from './safetensors.ts';
import { saveTfjs } from './tfjs/files.ts';
import { encodeTfjs } from './tfjs/write.ts';

/** Classes of errors by their codes. */
type Errors = Readonly<Record<string, new (message: string, options: ErrorOptions) => Error>>;

/** An error of this part, as one of the classes that the program knows. */
function known(errors: Errors, error: unknown): unknown {
  const Class = error instanceof NablaError ? errors[error.code] : undefined;
  return Class === undefined ? error : new Class((error as Error).message, { cause: (error as Error).cause });
}

function attempt<Result>(errors: Errors, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw known(errors, error);
  }
}

const encoders: Readonly<Record<ModelFormat, (snapshot: ModelSnapshot) => Uint8Array<ArrayBuffer>>> = {
  safetensors: ({ model, tensors }) => serializeSafetensors(tensors, new Map([[modelKey, JSON.stringify({ formatVersion, ...model })]])),
  onnx: writeOnnx,
  tfjs() {
    throw new OptionError('toBytes: a TensorFlow.js model is no one file; toTfjs() gives its two');
  },
};

function encode(where: string, model: Sequential, format: ModelFormat): Uint8Array<ArrayBuffer> {
  const encoder = encoders[checkName(`${where} format`, format, Object.keys(encoders) as ModelFormat[])];
  return encoder(describeModel(where, model));
}

/** The format that a place has in its name, if it has a name. */
function formatOf(target: unknown): ModelFormat {
  const name = typeof target === 'string' || target instanceof URL ? String(target) : '';
  return /\.onnx$/i.test(name) ? 'onnx' : /\.json$/i.test(name) ? 'tfjs' : 'safetensors';
}

export function snapshot(errors: Errors, model: Sequential): ModelSnapshot {
  return attempt(errors, () => describeModel('snapshot', model));
}

export function toBytes(errors: Errors, model: Sequential, format: ModelFormat): Uint8Array<ArrayBuffer> {
  return attempt(errors, () => encode('toBytes', model, format));
}

export function toTfjs(errors: Errors, model: Sequential): TfjsModel {
  return attempt(errors, () => encodeTfjs('toTfjs', describeModel('toTfjs', model)));
}

export async function save(errors: Errors, model: Sequential, target: string | URL | ModelHandler, options: SaveOptions): Promise<void> {
  try {
    checkKeys('save', options, ['format']);
    const format = options.format ?? formatOf(target);
    if (format === 'tfjs') saveTfjs(target, describeModel('save', model));
    else await writeTo('save', target, encode('save', model, format));
  } catch (error) {
    throw known(errors, error);
  }
}

/** Files of models, as commands are given them: a file of any format, or the folder of a TensorFlow.js model; which format, the content says. */

import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { loadModel, parseSafetensors, type Sequential } from '../index.ts';
import { UsageError } from './command.ts';
import { readWhole, startOf } from './files.ts';

/** A file that holds a model, or claims to. */
export interface ModelPlace {
  /** The file to load: in a folder, its `model.json`. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly format: FileFormat;
  /** Bytes of all its files. */
  readonly size: number;
}

export type FileFormat = 'safetensors' | 'onnx' | 'tfjs';

export const formatNames: Readonly<Record<FileFormat, string>> = { safetensors: 'safetensors', onnx: 'ONNX', tfjs: 'TensorFlow.js layers model' };

const manifestName = 'model.json';

/** The file at a path, read. */
export function openModelFile(given: string): ModelPlace {
  const path = modelPath(given);
  const bytes = readWhole(path);
  const format = formatOf(path, bytes);
  return { path, bytes, format, size: bytes.length + (format === 'tfjs' ? shardBytes(path, bytes) : 0) };
}

/** The model in a file, or in a folder. */
export async function loadModelFile(given: string): Promise<Sequential> {
  const path = modelPath(given);
  formatOf(path, startOf(path, headBytes));
  return loadModel(path);
}

/** The file that a path stands for: in a folder, `model.json`. */
function modelPath(given: string): string {
  if (statSync(given, { throwIfNoEntry: false })?.isDirectory() !== true) return given;
  const path = join(given, manifestName);
  if (!existsSync(path)) throw new UsageError(`'${given}' is a folder without a ${manifestName}, which a model of TensorFlow.js has`);
  return path;
}

/** Enough to tell formats apart. */
const headBytes = 64;

/** Whether a message of protobuf can begin so: one of the first 14 fields, a number or bytes. */
function beginsWithField(byte: number): boolean {
  return byte >> 3 >= 1 && byte >> 3 <= 14 && ((byte & 7) === 0 || (byte & 7) === 2);
}

/**
 * What the first bytes say. The header of safetensors is JSON behind its length, of which the upper half is 0; a model.json begins with a brace; ONNX
 * has no mark, but begins with one of a few fields and is no text: of the fields of a message, some are small numbers.
 */
function formatOf(path: string, bytes: Uint8Array): FileFormat {
  const brace = 0x7b;
  if (bytes[8] === brace && bytes.subarray(4, 8).every((byte) => byte === 0)) return 'safetensors';
  if (bytes.find((byte) => !/\s/.test(String.fromCharCode(byte))) === brace) return 'tfjs';
  if (beginsWithField(bytes[0] ?? 0) && bytes.some((byte) => byte < 9)) return 'onnx';
  throw new UsageError(`'${path}' is no model: expected safetensors, ONNX or the model.json of TensorFlow.js`);
}

/** Bytes of the files of weights that lie beside a `model.json`. */
function shardBytes(path: string, bytes: Uint8Array): number {
  try {
    const { weightsManifest } = JSON.parse(new TextDecoder().decode(bytes)) as { weightsManifest: { paths: string[] }[] };
    const names = new Set(weightsManifest.flatMap(({ paths }) => paths.map((name) => basename(name))));
    return [...names].reduce((sum, name) => sum + (statSync(join(dirname(path), name), { throwIfNoEntry: false })?.size ?? 0), 0);
  } catch {
    // Loading says what is wrong with it.
    return 0;
  }
}

/** Metadata of safetensors that say of which layers the tensors are, and how far training has come. */
export const modelKey = 'nabla.model';
const trainingKey = 'nabla.training';

/** After how many epochs a checkpoint was written; undefined for what is none. */
export function epochsIn({ format, bytes }: ModelPlace): number | undefined {
  const text = format === 'safetensors' ? parseSafetensors(bytes).metadata.get(trainingKey) : undefined;
  if (text === undefined) return undefined;
  const { epoch } = JSON.parse(text) as { epoch?: unknown };
  return typeof epoch === 'number' ? epoch : 0;
}

/** The weights of a TensorFlow.js model: a manifest that says what lies where in a stream of bytes, which may come in several files, its shards. */

import { FormatError, show } from '../../errors.ts';
import { isObject } from '../../model/layersFrom.ts';
import { fromHalf } from '../safetensors.ts';

/** What the manifest says of a tensor; its bytes begin where those of the one before end. */
interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  /** Where its bytes end in the stream. */
  readonly end: number;
  readonly bytes: number;
  /** Undefined for what belongs to an optimizer, which is passed over. */
  readonly decode: ((bytes: Uint8Array<ArrayBuffer>) => Float32Array) | undefined;
}

export interface Manifest {
  /** As they stand there: see {@link shardNames}. */
  readonly paths: readonly string[];
  readonly entries: readonly Entry[];
}

/** A tensor of the file, by the name it has there. */
export interface TfjsTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Files of four megabytes each, as converters write them, for more than any memory here. */
const mostShards = 1_000;
const longestName = 1_000;

/** Bytes of a value. */
const widths = new Map([['float32', 4], ['int32', 4], ['bool', 1], ['complex64', 8]]);
const packedWidths = new Map([['uint8', 1], ['uint16', 2], ['float16', 2]]);

function refused(where: string, expected: string, received: string | number): FormatError {
  return new FormatError(`${where}: expected ${expected}; received ${received}`);
}

export const shownShape = (shape: readonly unknown[]): string => `[${shape.slice(0, 8).join(', ')}]`;

/** Checks all that a manifest says before any of it is believed. */
export function readManifest(where: string, manifest: unknown): Manifest {
  if (!Array.isArray(manifest)) throw refused(`${where}: weightsManifest`, 'an array of groups', show(manifest));
  const paths: string[] = [];
  const entries: Entry[] = [];
  const taken = new Set<string>();
  let end = 0;
  manifest.forEach((group: unknown, i) => {
    const at = `${where}: weightsManifest[${i}]`;
    if (!isObject(group) || !Array.isArray(group['weights'])) throw refused(at, 'an object with paths and weights', show(group));
    const { paths: files } = group;
    if (!Array.isArray(files) || !files.every((path) => typeof path === 'string')) throw refused(`${at} paths`, 'an array of file names', show(files));
    paths.push(...files as string[]);
    for (const weight of group['weights'] as unknown[]) {
      const entry = entryOf(at, weight, end);
      if (taken.has(entry.name)) throw refused(`${where}: tensor ${show(entry.name)}`, 'each name once', 'it again');
      taken.add(entry.name);
      entries.push(entry);
      ({ end } = entry);
    }
  });
  if (paths.length > mostShards) throw refused(`${where}: weightsManifest`, `at most ${mostShards} files`, paths.length);
  return { paths, entries };
}

function entryOf(where: string, weight: unknown, begin: number): Entry {
  if (!isObject(weight)) throw refused(`${where} weights`, 'objects', show(weight));
  const { name, shape, dtype, group } = weight;
  if (typeof name !== 'string' || name === '' || name.length > longestName) throw refused(`${where} weights`, `names of 1 to ${longestName} characters`, show(name));
  const at = `${where.slice(0, where.lastIndexOf(': weightsManifest'))}: tensor ${show(name)}`;
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw refused(at, 'a shape of whole numbers', Array.isArray(shape) ? shownShape(shape) : show(shape));
  }
  const sizes = shape as number[];
  const quantization = weight['quantization'] ?? undefined;
  if (quantization !== undefined && !isObject(quantization)) throw refused(`${at} quantization`, 'an object', show(quantization));
  const packed = quantization?.['dtype'];
  const width = quantization === undefined ? widths.get(dtype as string) : packedWidths.get(packed as string);
  if (width === undefined || !widths.has(dtype as string)) {
    throw refused(at, `a dtype of float32${quantization === undefined ? '' : `, quantized as ${[...packedWidths.keys()].join(', ')}`}`, quantization === undefined ? show(dtype) : `${show(dtype)} as ${show(packed)}`);
  }
  let bytes = width;
  for (const size of sizes) {
    bytes *= size;
    if (!Number.isSafeInteger(begin + bytes)) throw refused(at, 'a shape of fewer than 2⁵³ bytes', shownShape(sizes));
  }
  if (group === 'optimizer') return { name, shape: sizes, end: begin + bytes, bytes, decode: undefined };
  if (dtype !== 'float32') throw refused(at, 'a dtype of float32, which parameters of layers have', show(dtype));
  return { name, shape: sizes, end: begin + bytes, bytes, decode: decoderOf(at, quantization) };
}

function decoderOf(at: string, quantization: Readonly<Record<string, unknown>> | undefined): NonNullable<Entry['decode']> {
  if (quantization === undefined) return ({ buffer }) => new Float32Array(buffer);
  const { dtype, scale, min } = quantization;
  if (dtype === 'float16') return ({ buffer }) => Float32Array.from(new Uint16Array(buffer), fromHalf);
  const number = (name: string, value: unknown): number => {
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw refused(`${at} quantization ${name}`, 'a finite number', show(value));
  };
  const [factor, least] = [number('scale', scale), number('min', min)];
  return ({ buffer }) => Float32Array.from(dtype === 'uint8' ? new Uint8Array(buffer) : new Uint16Array(buffer), (value) => value * factor + least);
}

/** The tensors of the manifest, but for those of optimizers, out of the bytes of all shards in order. */
export function readTensors(where: string, { entries }: Manifest, shards: readonly Uint8Array[]): TfjsTensor[] {
  const received = shards.reduce((sum, { length }) => sum + length, 0);
  const short = entries.find(({ end }) => end > received);
  if (short !== undefined) {
    throw refused(`${where}: tensor ${show(short.name)}`, `its values, ${shownShape(short.shape)}, to end at byte ${short.end} of the weights`, `${received} bytes in all`);
  }
  const expected = entries.at(-1)?.end ?? 0;
  if (expected !== received) throw refused(where, `${expected} bytes of weights, as the manifest says`, received);
  const stream = new Stream(shards);
  const tensors: TfjsTensor[] = [];
  for (const { name, shape, bytes, decode } of entries) {
    if (decode === undefined) stream.take(bytes);
    else {
      // A copy begins where every kind of number may.
      const copy = new Uint8Array(bytes);
      stream.take(bytes, copy);
      tensors.push({ name, shape, data: decode(copy) });
    }
  }
  return tensors;
}

/** Bytes in several arrays, read from the first to the last. */
class Stream {
  readonly #shards: readonly Uint8Array[];
  #shard = 0;
  #at = 0;

  constructor(shards: readonly Uint8Array[]) {
    this.#shards = shards;
  }

  /** Passes so many bytes, which must be there; into `to`, where that is given. */
  take(bytes: number, to?: Uint8Array): void {
    for (let done = 0; done < bytes;) {
      const part = this.#shards[this.#shard]!.subarray(this.#at, this.#at + bytes - done);
      to?.set(part, done);
      done += part.length;
      this.#at += part.length;
      if (this.#at < this.#shards[this.#shard]!.length) continue;
      this.#shard++;
      this.#at = 0;
    }
  }
}

/** Whether it is the name of a file and nothing else: no folder, no drive, no scheme. */
export function isFileName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && name.length <= 255 && !/[\\/:\p{Cc}]/u.test(name);
}

/** The names of the shards, which lie in one folder with the file that names them; an address that leads out of it is never followed. */
export function shardNames(where: string, { paths }: Manifest): string[] {
  const names = paths.map((path) => path.replace(/^\.\//, ''));
  names.forEach((name, i) => {
    if (!isFileName(name)) throw refused(`${where}: weightsManifest paths`, 'names of files in the same folder, for loading never follows paths out of it', paths[i]!.slice(0, 80));
    if (names.indexOf(name) !== i) throw refused(`${where}: weightsManifest paths`, 'each file once', `${show(name)} again`);
  });
  return names;
}

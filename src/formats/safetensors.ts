/**
 * The safetensors format, read strictly and written in one fixed way: eight bytes that count the header (little-endian), the header
 * (JSON: of each tensor its dtype, shape and place; strings of metadata), then all values, row-major, without gaps. After the
 * specification of huggingface/safetensors. Nothing is allocated for a tensor before its place has been found in the bytes there are.
 */

import { FormatError, OptionError, show, unexpected } from '../errors.ts';

/** A tensor out of a file. */
export interface SafetensorsTensor {
  /** As its values stood in the file: `F32`, `F16`, `BF16` or `F64`. */
  readonly dtype: string;
  /** Empty for a single number. */
  readonly shape: readonly number[];
  /** Row-major, the caller's own copy. */
  readonly data: Float32Array;
}

/** What a file holds. */
export interface Safetensors {
  /** By name, in the order of their values in the file. */
  readonly tensors: Map<string, SafetensorsTensor>;
  readonly metadata: Map<string, string>;
}

/** Bytes of a header at most, as in the reference implementation. */
const mostHeaderBytes = 100_000_000;

/** Of each dtype that can be read, the bytes of a value, and a range of values as float32. */
const dtypes = new Map<string, { size: number; decode(bytes: Uint8Array<ArrayBuffer>): Float32Array }>([
  ['F32', { size: 4, decode: ({ buffer }) => new Float32Array(buffer) }],
  ['F16', { size: 2, decode: ({ buffer }) => Float32Array.from(new Uint16Array(buffer), fromHalf) }],
  ['BF16', { size: 2, decode: ({ buffer }) => new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer) }],
  ['F64', { size: 8, decode: ({ buffer }) => Float32Array.from(new Float64Array(buffer)) }],
]);

/** The number that 16 bits stand for: a sign, 5 bits of exponent, 10 of fraction (IEEE 754 binary16). */
export function fromHalf(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/**
 * Reads a safetensors file. Values of dtype F16, BF16 and F64 become float32.
 *
 * @throws FormatError for what is not such a file from its first byte to its last, and for a tensor of another dtype.
 */
export function parseSafetensors(bytes: Uint8Array): Safetensors {
  if (!(bytes instanceof Uint8Array)) throw unexpected('parseSafetensors', 'a Uint8Array', bytes);
  return readSafetensors(bytes);
}

/** As `parseSafetensors`, without tensors of some names, whatever their dtype. */
export function readSafetensors(bytes: Uint8Array, leftOut?: RegExp): Safetensors {
  const { text, end } = headerOf(bytes);
  const { places, metadata } = new HeaderReader(text).read();
  const tensors = new Map<string, SafetensorsTensor>();
  const ordered = [...places].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const [name, place] of ordered) {
    if (place.begin !== at) throw refused(`tensor ${show(name)}`, `data_offsets to begin at ${at}, where the values before it end`, place.begin);
    if (leftOut?.test(name) !== true) tensors.set(name, readTensor(name, place, bytes.subarray(end)));
    at = place.end;
  }
  if (at !== bytes.length - end) throw refused('the end', `${at} bytes of values, as the header says`, bytes.length - end);
  return { tensors, metadata };
}

function refused(where: string, expected: string, received: number | string): FormatError {
  return new FormatError(`safetensors, ${where}: expected ${expected}; received ${received}`);
}

/** The header as text, and where the values begin. */
function headerOf(bytes: Uint8Array): { text: string; end: number } {
  if (bytes.length < 8) throw refused('byte 0', '8 bytes that say how long the header is', `${bytes.length} bytes in all`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true) + 2 ** 32 * view.getUint32(4, true);
  if (length > mostHeaderBytes) throw refused('byte 0', `a header of at most ${mostHeaderBytes} bytes`, length);
  const end = 8 + length;
  if (end > bytes.length) throw refused('byte 8', `a header of ${length} bytes`, `${bytes.length - 8} bytes`);
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, end)), end };
  } catch {
    throw refused('byte 8', 'a header in UTF-8', 'other bytes');
  }
}

/** What the header says of a tensor. */
interface Place {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readTensor(name: string, { dtype, shape, begin, end }: Place, values: Uint8Array): SafetensorsTensor {
  const where = `tensor ${show(name)}`;
  const kind = dtypes.get(dtype);
  if (kind === undefined) throw refused(where, `a dtype of ${[...dtypes.keys()].join(', ')}`, show(dtype));
  if (end < begin) throw refused(where, `data_offsets to end at ${begin} or later`, end);
  if (end > values.length) throw refused(where, `values up to byte ${end}, as data_offsets say`, `${values.length} bytes of values`);
  let size = kind.size;
  for (const length of shape) {
    size *= length;
    if (!Number.isSafeInteger(size)) throw refused(where, 'a shape of fewer than 2⁵³ bytes', `[${shape.slice(0, 8).join(', ')}]`);
  }
  if (size !== end - begin) throw refused(where, `${size} bytes for ${dtype} [${shape.slice(0, 8).join(', ')}]`, end - begin);
  // A copy begins where every kind of number may.
  const copy = new Uint8Array(size);
  copy.set(values.subarray(begin, end));
  return { dtype, shape, data: kind.decode(copy) };
}

const quote = 0x22;
const backslash = 0x5c;
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/**
 * Reads the one shape of JSON that a header has, and no other: so nothing nests, a name that comes twice is seen, and a number is never
 * rounded.
 */
class HeaderReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): { places: Map<string, Place>; metadata: Map<string, string> } {
    const places = new Map<string, Place>();
    let metadata: Map<string, string> | undefined;
    this.#members((name) => {
      if (name !== '__metadata__') {
        if (places.has(name)) throw this.#refused('each name once', `${show(name)} again`);
        places.set(name, this.#place(name));
        return;
      }
      if (metadata !== undefined) throw this.#refused('each name once', "'__metadata__' again");
      const strings = new Map<string, string>();
      this.#members((key) => {
        if (strings.has(key)) throw this.#refused('each key of __metadata__ once', `${show(key)} again`);
        strings.set(key, this.#string());
      });
      metadata = strings;
    }, '');
    while (this.#text[this.#at] === ' ') this.#at++;
    if (this.#at < this.#text.length) throw this.#refused('nothing but spaces after the header');
    return { places, metadata: metadata ?? new Map<string, string>() };
  }

  #place(name: string): Place {
    let dtype: string | undefined;
    let shape: number[] | undefined;
    let offsets: number[] | undefined;
    this.#members((key) => {
      if (key === 'dtype' && dtype === undefined) dtype = this.#string();
      else if (key === 'shape' && shape === undefined) shape = this.#integers();
      else if (key === 'data_offsets' && offsets === undefined) offsets = this.#integers();
      else throw this.#refused(`dtype, shape and data_offsets of tensor ${show(name)}, each once`, show(key));
    });
    if (dtype === undefined || shape === undefined || offsets?.length !== 2) {
      throw this.#refused(`dtype, shape and two data_offsets of tensor ${show(name)}`, 'fewer or more');
    }
    return { dtype, shape, begin: offsets[0]!, end: offsets[1]! };
  }

  /** An object, whose values `read` reads after their keys; `space` is what may stand before it. */
  #members(read: (key: string) => void, space?: ''): void {
    this.#list('{', '}', () => {
      const key = this.#string();
      this.#take(':');
      read(key);
    }, space);
  }

  #integers(): number[] {
    const integers: number[] = [];
    this.#list('[', ']', () => {
      this.#space();
      const from = this.#at;
      // 2⁵³ has 16 digits.
      while (isDigit(this.#text.charCodeAt(this.#at)) && this.#at < from + 17) this.#at++;
      const digits = this.#text.slice(from, this.#at);
      const value = Number(digits);
      if (!/^(0|[1-9]\d*)$/.test(digits) || !Number.isSafeInteger(value)) {
        this.#at = from;
        throw this.#refused('a whole number below 2⁵³');
      }
      integers.push(value);
    });
    return integers;
  }

  #list(open: string, close: string, read: () => void, space?: ''): void {
    this.#take(open, space);
    if (this.#next(close)) return;
    do read(); while (this.#next(','));
    this.#take(close);
  }

  #string(): string {
    this.#take('"');
    const from = this.#at - 1;
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === backslash) this.#at++;
      else if (code === quote) {
        this.#at++;
        try {
          return JSON.parse(this.#text.slice(from, this.#at)) as string;
        } catch {
          break;
        }
      }
    }
    this.#at = from;
    throw this.#refused('a string');
  }

  #space(): void {
    while (' \t\n\r'.includes(this.#text[this.#at] ?? '.')) this.#at++;
  }

  /** Whether `word` comes next; then it is passed. */
  #next(word: string, space?: ''): boolean {
    if (space === undefined) this.#space();
    if (this.#text[this.#at] !== word) return false;
    this.#at++;
    return true;
  }

  #take(word: string, space?: ''): void {
    if (!this.#next(word, space)) throw this.#refused(`'${word}'`);
  }

  #refused(expected: string, received?: string): FormatError {
    const there = this.#text.slice(this.#at, this.#at + 20);
    return refused(`character ${this.#at} of the header`, expected, received ?? (there === '' ? 'its end' : JSON.stringify(there)));
  }
}

/** What is written of a tensor; what `parseSafetensors` reads will do. */
export type TensorLike = Omit<SafetensorsTensor, 'dtype'>;

/**
 * Writes a safetensors file, all tensors as F32. The same tensors and strings give the same bytes, in whatever order they come: both are
 * sorted by name, the header is padded to a multiple of eight bytes.
 *
 * @throws OptionError for data that are not a Float32Array of as many values as the shape has.
 */
export function serializeSafetensors(tensors: ReadonlyMap<string, TensorLike>, metadata: ReadonlyMap<string, string> = new Map()): Uint8Array<ArrayBuffer> {
  const entries: string[] = [];
  if (metadata.size > 0) {
    const strings = sorted(metadata).map(([key, value]) => {
      if (typeof value !== 'string') throw unexpected(`serializeSafetensors metadata ${show(key)}`, 'a string', value);
      return `${JSON.stringify(key)}:${JSON.stringify(value)}`;
    });
    entries.push(`"__metadata__":{${strings.join(',')}}`);
  }
  const ordered = sorted(tensors);
  let at = 0;
  for (const [name, { shape, data }] of ordered) {
    checkTensor(name, shape, data);
    entries.push(`${JSON.stringify(name)}:{"dtype":"F32","shape":[${shape.join(',')}],"data_offsets":[${at},${at + data.byteLength}]}`);
    at += data.byteLength;
  }
  const header = new TextEncoder().encode(`{${entries.join(',')}}`);
  const padded = Math.ceil(header.length / 8) * 8;
  if (padded > mostHeaderBytes) throw new OptionError(`serializeSafetensors: expected names and metadata of at most ${mostHeaderBytes} bytes, received ${padded}`);
  const bytes = new Uint8Array(8 + padded + at);
  new DataView(bytes.buffer).setUint32(0, padded, true);
  bytes.fill(0x20, 8 + header.length, 8 + padded);
  bytes.set(header, 8);
  at = 8 + padded;
  for (const [, { data }] of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

function checkTensor(name: string, shape: readonly number[], data: Float32Array): void {
  const where = `serializeSafetensors tensor ${show(name)}`;
  if (name === '__metadata__') throw new OptionError(`${where}: that name is taken by the format`);
  if (!(data instanceof Float32Array)) throw unexpected(`${where} data`, 'a Float32Array', data);
  if (!Array.isArray(shape)) throw unexpected(`${where} shape`, 'an array', shape);
  const sizes = shape as readonly number[];
  if (!sizes.every((length) => Number.isSafeInteger(length) && length >= 0) || sizes.reduce((a, b) => a * b, 1) !== data.length) {
    throw new OptionError(`${where}: expected a shape of ${data.length} values, received [${sizes.join(', ')}]`);
  }
}

/** By name, in the order of UTF-16 code units. */
function sorted<Value>(map: ReadonlyMap<string, Value>): [string, Value][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

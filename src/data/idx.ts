/**
 * IDX, the format of MNIST: two zeros, the type of the values, the number of dimensions, the size of each (big-endian, 32 bits), and then the
 * values, big-endian, the last dimension running fastest. After LeCun, Cortes and Burges, "The MNIST database", section "file formats".
 */

import { DataError, show } from '../errors.ts';
import { readBytes, type ByteSource } from './source.ts';

/** Values as their file has them; rows are `shape[0]`, of the product of the other sizes each. */
export interface Idx {
  readonly shape: readonly number[];
  readonly data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

/** By the byte that stands for them: the array, and how one value is read where bytes must change places. */
const types: Readonly<Record<number, readonly [new (length: number) => Idx['data'], (view: DataView, at: number) => number]>> = {
  0x08: [Uint8Array, (view, at) => view.getUint8(at)],
  0x09: [Int8Array, (view, at) => view.getInt8(at)],
  0x0b: [Int16Array, (view, at) => view.getInt16(at)],
  0x0c: [Int32Array, (view, at) => view.getInt32(at)],
  0x0d: [Float32Array, (view, at) => view.getFloat32(at)],
  0x0e: [Float64Array, (view, at) => view.getFloat64(at)],
};

/**
 * Reads an IDX file, with values of any of its types (unsigned and signed bytes, integers of 16 and 32 bits, float32, float64).
 *
 * ```ts
 * const { shape, data } = parseIdx(bytes); // [60000, 28, 28], Uint8Array
 * ```
 *
 * @returns sizes and a copy of the values.
 * @throws DataError for anything else: another beginning, an unknown type, fewer or more bytes than the sizes call for.
 */
export function parseIdx(bytes: Uint8Array): Idx {
  if (!(bytes instanceof Uint8Array)) throw new DataError(`parseIdx: expected a Uint8Array, received ${show(bytes)}; readIdx takes more`);
  return parse('parseIdx', bytes);
}

/**
 * Reads an IDX file as {@link parseIdx} does, plain or in gzip.
 *
 * ```ts
 * const images = await readIdx('train-images-idx3-ubyte.gz');
 * ```
 *
 * @param source what {@link readCsv} takes, text aside.
 * @throws what parseIdx throws; DataError, with its `cause`, for a source that cannot be read or is not whole.
 */
export async function readIdx(source: ByteSource): Promise<Idx> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  let expected: number | undefined;
  for await (const piece of readBytes('readIdx', source)) {
    pieces.push(piece);
    length += piece.length;
    // What comes in can be no longer than it says itself, whatever it was packed from.
    expected ??= lengthOf('readIdx', pieces.length === 1 ? piece : join(pieces, length));
    if (expected !== undefined && length > expected) throw wrongLength('readIdx', expected, `${length} or more`);
  }
  return parse('readIdx', join(pieces, length));
}

function parse(where: string, bytes: Uint8Array): Idx {
  const expected = lengthOf(where, bytes);
  if (expected === undefined) throw new DataError(`${where}: expected a header of at least 8 bytes, received ${bytes.length} bytes in all`);
  if (bytes.length !== expected) throw wrongLength(where, expected, String(bytes.length));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const shape = Array.from({ length: bytes[3]! }, (_, i) => view.getUint32(4 + 4 * i));
  const [Values, read] = types[bytes[2]!]!;
  const start = 4 + 4 * shape.length;
  const data = new Values(shape.reduce((product, size) => product * size, 1));
  const size = data.BYTES_PER_ELEMENT;
  if (size === 1) new Uint8Array(data.buffer).set(bytes.subarray(start));
  else for (let i = 0; i < data.length; i++) data[i] = read(view, start + size * i);
  return { shape, data };
}

/** Bytes of the whole file by its header; undefined where there is too little of it. */
function lengthOf(where: string, bytes: Uint8Array): number | undefined {
  const [first, second, type, dimensions] = bytes;
  if (dimensions === undefined) return undefined;
  if (first === 0x1f && second === 0x8b) throw new DataError(`${where}: expected IDX, received gzip; readIdx unpacks it`);
  if (first !== 0 || second !== 0 || types[type!] === undefined || dimensions === 0) {
    const hex = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw new DataError(`${where}: expected IDX, which begins with 00 00, a type (08, 09, 0b to 0e) and the number of dimensions, received ${hex}`);
  }
  if (bytes.length < 4 + 4 * dimensions) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let length = new types[type!]![0](0).BYTES_PER_ELEMENT;
  for (let i = 0; i < dimensions; i++) length *= view.getUint32(4 + 4 * i);
  if (!Number.isSafeInteger(length)) throw new DataError(`${where}: the sizes in the header call for ${length} bytes, which no file has`);
  return 4 + 4 * dimensions + length;
}

function wrongLength(where: string, expected: number, received: string): DataError {
  return new DataError(`${where}: expected ${expected} bytes, as the sizes in the header call for, received ${received}`);
}

function join(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

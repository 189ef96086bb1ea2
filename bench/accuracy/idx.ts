/** Reads the IDX files of MNIST and Fashion-MNIST: bytes 0 0, the type, the number of sizes, the sizes, the values. */

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** The type of unsigned bytes, the only one these files have. */
const bytesType = 8;

/** The sizes and values of a gzipped IDX file of bytes; throws where it is none. */
export function readIdx(path: string): { shape: number[]; values: Uint8Array } {
  const file = gunzipSync(readFileSync(path));
  if (file.readUInt16BE(0) !== 0 || file[2] !== bytesType) throw new Error(`${path}: not an IDX file of bytes`);
  const shape = Array.from({ length: file[3]! }, (_, i) => file.readUInt32BE(4 + 4 * i));
  const values = file.subarray(4 + 4 * shape.length);
  const count = shape.reduce((product, size) => product * size, 1);
  if (values.length !== count) throw new Error(`${path}: expected ${shape.join(' x ')} values, received ${values.length}`);
  return { shape, values };
}

/**
 * The data set that ships: 1,797 handwritten digits of 8 x 8 pixels, and its seeded split. It lies beside the built command,
 * and in src/data/ beside the source.
 */

import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { DataError } from '../index.ts';
import { Random } from '../random.ts';

export const side = 8;
export const classes = 10;
export const attribution = 'E. Alpaydin, C. Kaynak: optical digits, UCI ML Repository, CC BY 4.0';
/** The value of full ink in the file. */
const ink = 16;

/** Pictures, row-wise, from 0 (blank) to 1 (ink), and the digit each shows. */
export interface Digits {
  readonly pixels: Float32Array;
  readonly labels: Uint8Array;
  readonly count: number;
}

/** The data set in an order drawn from the seed, its last `held` digits apart. */
export function readDigits(seed: number, held: number): { train: Digits; test: Digits } {
  const lines = readLines();
  const order = Uint32Array.from(lines, (_, line) => line);
  new Random(seed, 'sampling').shuffle(order);
  const at = order.length - held;
  return { train: pick(lines, order.subarray(0, at)), test: pick(lines, order.subarray(at)) };
}

function readLines(): string[] {
  const places = ['./digits.csv.gz', '../data/digits.csv.gz'].map((path) => new URL(path, import.meta.url));
  const place = places.find((url) => existsSync(url));
  if (place === undefined) throw new DataError(`the digits are not where they should be, at ${places[0]!.pathname}; install nabla again`);
  return gunzipSync(readFileSync(place)).toString().trim().split('\n');
}

function pick(lines: readonly string[], order: Uint32Array): Digits {
  const pixels = new Float32Array(order.length * side ** 2);
  const labels = new Uint8Array(order.length);
  order.forEach((line, row) => {
    const values = lines[line]!.split(',').map(Number);
    labels[row] = values.pop()!;
    pixels.set(values.map((value) => value / ink), row * side ** 2);
  });
  return { pixels, labels, count: order.length };
}

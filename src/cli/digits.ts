/**
 * The data set that ships: 1,797 handwritten digits of 8 x 8 pixels, and its seeded split. It lies beside the built command,
 * and in src/data/ beside the source.
 */

import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { DataError, dataset, parseCsv, type SampleSet } from '../index.ts';
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
  const all = dataset(parseCsv(readFile(), { header: false }), `column_${side ** 2 + 1}`);
  const order = Uint32Array.from({ length: all.rows }, (_, row) => row);
  new Random(seed, 'sampling').shuffle(order);
  const at = order.length - held;
  return { train: digitsOf(all.pick(order.subarray(0, at))), test: digitsOf(all.pick(order.subarray(at))) };
}

function readFile(): Uint8Array {
  const places = ['./digits.csv.gz', '../data/digits.csv.gz'].map((path) => new URL(path, import.meta.url));
  const place = places.find((url) => existsSync(url));
  if (place === undefined) throw new DataError(`the digits are not where they should be, at ${places[0]!.pathname}; install nabla again`);
  return gunzipSync(readFileSync(place));
}

function digitsOf({ x, y, rows }: SampleSet): Digits {
  return { pixels: x.map((value) => value / ink), labels: Uint8Array.from(y), count: rows };
}

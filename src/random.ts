/**
 * Random numbers from one seed, through counter-based streams: every purpose (initial weights, shuffling, splits) and every
 * index within it (a parameter, an epoch) has a stream of its own, so that drawing from one never shifts another. Only
 * operations that IEEE 754 and ECMAScript define to the bit are used: one seed gives the same numbers on every engine.
 */

/** What a stream is for. Its place in the list is part of the stream's key: append, never reorder. */
const purposes = ['initialization', 'shuffling', 'sampling'] as const;
export type Purpose = (typeof purposes)[number];

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/**
 * Threefry-2x32 with 20 rounds: encrypts the counter (c0, c1) under the key (k0, k1) and returns two 32-bit words.
 * Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */
export function threefry(k0: number, k1: number, c0: number, c1: number): [number, number] {
  const keys = [k0, k1, 0x1bd11bda ^ k0 ^ k1];
  let x = (c0 + k0) | 0;
  let y = (c1 + k1) | 0;
  for (let round = 0; round < 20; round++) {
    const rotation = rotations[round & 7]!;
    x = (x + y) | 0;
    y = ((y << rotation) | (y >>> (32 - rotation))) ^ x;
    if ((round & 3) === 3) {
      const injection = (round >> 2) + 1;
      x = (x + keys[injection % 3]!) | 0;
      y = (y + keys[(injection + 1) % 3]! + injection) | 0;
    }
  }
  return [x >>> 0, y >>> 0];
}

/** One stream of numbers. */
export class Random {
  readonly #k0: number;
  readonly #k1: number;
  #counter = 0;
  #spareWord: number | undefined;
  #spareNormal: number | undefined;

  /** `seed` is any safe integer; `index` tells streams of one purpose apart. */
  constructor(seed: number, purpose: Purpose, index = 0) {
    [this.#k0, this.#k1] = threefry(seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, purposes.indexOf(purpose), index);
  }

  /** The next 32-bit word. */
  uint32(): number {
    if (this.#spareWord !== undefined) {
      const word = this.#spareWord;
      this.#spareWord = undefined;
      return word;
    }
    const [word, spare] = threefry(this.#k0, this.#k1, this.#counter >>> 0, Math.floor(this.#counter / 2 ** 32));
    this.#counter++;
    this.#spareWord = spare;
    return word;
  }

  /** Uniform in [0, 1), in steps of 2⁻³². */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A uniform integer in [0, count). */
  below(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  /** Standard normal, by Marsaglia's polar method (SIAM Review 6, 1964). */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const value = this.#spareNormal;
      this.#spareNormal = undefined;
      return value;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s === 0 || s >= 1) continue;
      const scale = Math.sqrt((-2 * logarithm(s)) / s);
      this.#spareNormal = v * scale;
      return u * scale;
    }
  }

  /** Puts the numbers in a random order, in place (Fisher and Yates). */
  shuffle(numbers: Uint32Array): void {
    for (let i = numbers.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const swap = numbers[i]!;
      numbers[i] = numbers[j]!;
      numbers[j] = swap;
    }
  }
}

/** ln x for 0 < x < 1, by ln m = 2 artanh((m − 1)/(m + 1)): engines differ in the last bit of `Math.log`. */
function logarithm(x: number): number {
  let exponent = 0;
  while (x < Math.SQRT1_2) {
    x *= 2;
    exponent--;
  }
  const t = (x - 1) / (x + 1);
  const square = t * t;
  let series = 0;
  for (let n = 21; n >= 1; n -= 2) series = series * square + 1 / n;
  return 2 * t * series + exponent * Math.LN2;
}

/**
 * Random numbers from one seed, through counter-based streams: every purpose (initial weights, shuffling, dropout) and every
 * index within it (a parameter, an epoch) has a stream of its own, so that drawing from one never shifts another. Only
 * operations that IEEE 754 and ECMAScript define to the bit are used: one seed gives the same numbers on every engine.
 */

/** What a stream is for. Its place in the list is part of the stream's key: append, never reorder. */
const purposes = ['initialization', 'shuffling', 'sampling', 'dropout', 'splitting', 'noise'] as const;
export type Purpose = (typeof purposes)[number];

/**
 * Threefry-2x32 with 20 rounds: encrypts the counter (c0, c1) under the key (k0, k1) into two 32-bit words, `out`.
 * Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */
export function threefry(k0: number, k1: number, c0: number, c1: number, out: Uint32Array): void {
  const k2 = 0x1bd11bda ^ k0 ^ k1;
  let x = (c0 + k0) | 0;
  let y = (c1 + k1) | 0;
  for (let injection = 1; injection <= 5; injection++) {
    const odd = (injection & 1) !== 0;
    x = (x + y) | 0;
    y = odd ? ((y << 13) | (y >>> 19)) ^ x : ((y << 17) | (y >>> 15)) ^ x;
    x = (x + y) | 0;
    y = odd ? ((y << 15) | (y >>> 17)) ^ x : ((y << 29) | (y >>> 3)) ^ x;
    x = (x + y) | 0;
    y = odd ? ((y << 26) | (y >>> 6)) ^ x : ((y << 16) | (y >>> 16)) ^ x;
    x = (x + y) | 0;
    y = odd ? ((y << 6) | (y >>> 26)) ^ x : ((y << 24) | (y >>> 8)) ^ x;
    // Keys take turns: 1 and 2, 2 and 0, 0 and 1, 1 and 2, 2 and 0.
    const turn = injection % 3;
    x = (x + (turn === 0 ? k0 : turn === 1 ? k1 : k2)) | 0;
    y = (y + (turn === 0 ? k1 : turn === 1 ? k2 : k0) + injection) | 0;
  }
  out[0] = x;
  out[1] = y;
}

/** The two words of the key of a stream: `seed` is any safe integer, `index` tells streams of one purpose apart. */
export function streamKey(seed: number, purpose: Purpose, index: number): Uint32Array {
  const key = new Uint32Array(2);
  threefry(seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, purposes.indexOf(purpose), index, key);
  return key;
}

/** One stream of numbers. */
export class Random {
  readonly #key: Uint32Array;
  readonly #words = new Uint32Array(2);
  /** Words drawn so far: two of each counter, the first one first. */
  #drawn = 0;
  #spareNormal: number | undefined;

  constructor(seed: number, purpose: Purpose, index = 0) {
    this.#key = streamKey(seed, purpose, index);
  }

  /** The next 32-bit word. */
  uint32(): number {
    const second = this.#drawn % 2;
    const counter = (this.#drawn - second) / 2;
    this.#drawn++;
    if (second === 0) threefry(this.#key[0]!, this.#key[1]!, counter >>> 0, Math.floor(counter / 2 ** 32), this.#words);
    return this.#words[second]!;
  }

  /** Uniform in [0, 1), in steps of 2⁻³². */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /**
   * Fills with numbers uniform in [low, high), as that many calls of `uniform` would: in half the time, while an engine has not
   * compiled them.
   */
  fill(values: Float32Array, low: number, high: number): void {
    const [k0, k1] = this.#key as unknown as [number, number];
    for (let i = 0; i < values.length; i++, this.#drawn++) {
      const second = this.#drawn & 1;
      if (second === 0) threefry(k0, k1, this.#drawn / 2, 0, this.#words);
      values[i] = low + (high - low) * (this.#words[second]! / 2 ** 32);
    }
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
  shuffle(numbers: Uint32Array | Int32Array): void {
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

/** Words by number: each word of a column is kept once, as a string made when it is first seen; rows keep its place in the list. */

import { asciiText } from './decimal.ts';

/** Makes room for one value more, twice as much as before. */
export function roomFor<Values extends Int32Array | Float64Array | Uint8Array>(values: Values, length: number): Values {
  if (length <= values.length) return values;
  const larger = new (values.constructor as new (length: number) => Values)(Math.max(length, 2 * values.length));
  larger.set(values);
  return larger;
}

/** The text of bytes of UTF-8; throws a TypeError for anything else. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  for (let at = start; at < end; at++) {
    if (bytes[at]! >= 128) return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(start, end));
  }
  return asciiText(bytes, start, end);
}

/** A list of words without doubles, looked up by their bytes: in a table of twice their number, the next free place taken. */
export class Categories {
  readonly labels: string[] = [];
  #codes = new Int32Array(64);
  #length = 0;
  /** One more than the code of a word; 0 where there is none. */
  #slots = new Int32Array(32);
  /** The same by a few of a word's bytes alone, for the latest such word. */
  readonly #recent = new Int32Array(256);
  readonly #hashes: number[] = [];
  /** The bytes of all words, one after the other, and where each ends. */
  #bytes = new Uint8Array(256);
  readonly #ends: number[] = [];

  /** Appends the word of these bytes; throws a TypeError where they are not UTF-8. */
  add(bytes: Uint8Array, start: number, end: number): void {
    this.#push(this.#codeOf(bytes, start, end));
  }

  addMissing(): void {
    this.#push(-1);
  }

  codes(): Int32Array {
    return this.#codes.slice(0, this.#length);
  }

  #push(code: number): void {
    if (this.#length === this.#codes.length) this.#codes = roomFor(this.#codes, this.#length + 1);
    this.#codes[this.#length++] = code;
  }

  #codeOf(bytes: Uint8Array, start: number, end: number): number {
    // Most words have been seen, and few bytes tell most of them apart: what was last seen with these is tried before all bytes are hashed.
    const glance = (bytes[start]! ^ (bytes[(start + end) >>> 1]! << 2) ^ (bytes[end - 1]! << 4) ^ (end - start)) & 255;
    const guess = this.#recent[glance]! - 1;
    if (guess >= 0 && this.#same(guess, bytes, start, end)) return guess;
    const code = this.#lookUp(bytes, start, end);
    this.#recent[glance] = code + 1;
    return code;
  }

  #lookUp(bytes: Uint8Array, start: number, end: number): number {
    // FNV-1a, its high bits folded into the low ones, which choose the place.
    let hash = 0x811c9dc5;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let code; (code = this.#slots[slot]! - 1) >= 0; slot = (slot + 1) & mask) {
      if (this.#hashes[code] === hash && this.#same(code, bytes, start, end)) return code;
    }
    return this.#append(hash, slot, bytes, start, end);
  }

  #same(code: number, bytes: Uint8Array, start: number, end: number): boolean {
    const known = this.#bytes;
    const last = this.#ends[code]!;
    let at = code === 0 ? 0 : this.#ends[code - 1]!;
    if (last - at !== end - start) return false;
    for (let other = start; other < end; other++, at++) if (known[at] !== bytes[other]) return false;
    return true;
  }

  #append(hash: number, slot: number, bytes: Uint8Array, start: number, end: number): number {
    const code = this.labels.push(textOf(bytes, start, end)) - 1;
    const own = this.#ends.at(-1) ?? 0;
    this.#bytes = roomFor(this.#bytes, own + end - start);
    this.#bytes.set(bytes.subarray(start, end), own);
    this.#ends.push(own + end - start);
    this.#hashes.push(hash);
    this.#slots[slot] = code + 1;
    if (2 * this.labels.length > this.#slots.length) this.#rebuild();
    return code;
  }

  #rebuild(): void {
    const slots = new Int32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    this.#hashes.forEach((hash, code) => {
      let slot = hash & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = code + 1;
    });
    this.#slots = slots;
  }
}

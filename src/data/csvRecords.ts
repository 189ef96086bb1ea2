/**
 * Cuts the bytes of a CSV file (RFC 4180) into records, in whatever pieces they come: only what belongs to a record that is not complete yet is
 * kept. Lines end in LF, CRLF or CR. Blanks around a field do not count, unless they are inside its quotes; a quote within a field that
 * does not begin with one is a letter like any other.
 */

import { DataError } from '../errors.ts';
import { roomFor } from './categories.ts';
import { plainDecimal, plainEnd } from './decimal.ts';

const [tab, lineFeed, carriageReturn, blank, quote] = [9, 10, 13, 32, 34];
/** Bytes of a record at most: without a limit, a quote that is never closed would keep the whole file. */
const longestRecord = 67_108_864;

/** Kinds of fields: without quotes, in quotes, in quotes with doubled ones inside. */
const [bare, quoted, doubled] = [0, 1, 2];

export class Records {
  /** What has come and is not cut yet, from `#start` to `#end`. */
  bytes = new Uint8Array(0);
  #start = 0;
  #end = 0;
  /** Bytes before those in `bytes`. */
  #before = 0;
  /** Bytes there must be before another look is worthwhile: twice those that did not hold a record. */
  #enough = 0;
  /** Start, end and kind of each field of the record at hand, without its quotes. */
  #fields = new Int32Array(64);
  /** How many there are. */
  count = 0;
  /** The line it begins in, from 1. */
  line = 1;
  #lines = 0;
  readonly #where: string;
  /** 1 for what ends a run of bytes in a field: without quotes, and in quotes. */
  readonly #stops = new Uint8Array(256);
  readonly #stopsInQuotes = new Uint8Array(256);
  #delimiter = 0;

  constructor(where: string) {
    this.#where = where;
    for (const byte of [0, lineFeed, carriageReturn]) this.#stops[byte] = this.#stopsInQuotes[byte] = 1;
    this.#stopsInQuotes[quote] = 1;
  }

  set delimiter(byte: number) {
    this.#delimiter = byte;
    this.#stops[byte] = 1;
  }

  append(chunk: Uint8Array): void {
    this.bytes.copyWithin(0, this.#start, this.#end);
    this.#before += this.#start;
    this.#end -= this.#start;
    this.#start = 0;
    this.bytes = roomFor(this.bytes, this.#end + chunk.length + 1);
    this.bytes.set(chunk, this.#end);
    this.#end += chunk.length;
    // A byte that ends every run: loops over runs need not look where the bytes end.
    this.bytes[this.#end] = 0;
  }

  /** The bytes that have come and are not cut yet. */
  rest(): Uint8Array {
    return this.bytes.subarray(this.#start, this.#end);
  }

  /** Bytes that have been cut. */
  get read(): number {
    return this.#before + this.#start;
  }

  drop(bytes: number): void {
    this.#start += bytes;
  }

  /** Goes to the next record; false where it is not complete yet. `last` says that nothing more will come. */
  next(last: boolean): boolean {
    const size = this.#end - this.#start;
    if (size === 0 || (!last && size < this.#enough)) return false;
    this.line += this.#lines;
    this.#lines = 0;
    const end = this.#cut(last);
    if (end < 0) {
      this.#lines = 0;
      this.#enough = Math.min(2 * size, longestRecord + 1);
      if (size > longestRecord) throw this.error(`a record of more than 64 MiB; is a quote not closed?`);
      return false;
    }
    this.#enough = 0;
    this.#start = end;
    return true;
  }

  /**
   * Goes to the next record and reads it, if it is complete and nothing but so many numbers in digits, with nothing around them; otherwise
   * false, and nothing has been done.
   */
  nextNumbers(values: Float64Array, first: number, count: number): boolean {
    const { bytes } = this;
    const delimiter = this.#delimiter;
    let at = this.#start;
    for (let i = first; i < first + count; i++) {
      const value = plainDecimal(bytes, at);
      at = plainEnd;
      const stop = bytes[at++];
      if (value !== value || (stop !== delimiter && stop !== lineFeed) || (stop === lineFeed) !== (i === first + count - 1)) return false;
      values[i] = value;
    }
    this.line += this.#lines;
    this.#lines = 1;
    this.#enough = 0;
    this.#start = at;
    return true;
  }

  /** Where field `i` of the record lies in `bytes`; doubled quotes are made single ones there, in place. */
  start(i: number): number {
    if (this.#fields[3 * i + 2] === doubled) this.#undouble(i);
    return this.#fields[3 * i]!;
  }

  end(i: number): number {
    return this.#fields[3 * i + 1]!;
  }

  /** Whether it is a line of nothing but blanks. */
  isBlank(): boolean {
    return this.count === 1 && this.#fields[0] === this.#fields[1] && this.#fields[2] === bare;
  }

  error(message: string): DataError {
    return new DataError(`${this.#where}: line ${this.line}: ${message}`);
  }

  /** Finds the fields of the record at `#start`. Returns where the next begins, −1 where that is not to be known yet. */
  #cut(last: boolean): number {
    const { bytes } = this;
    const end = this.#end;
    const delimiter = this.#delimiter;
    const stops = this.#stops;
    this.count = 0;
    for (let at = this.#start; ; at++) {
      while (isBlankByte(bytes[at]!) && bytes[at] !== delimiter) at++;
      if (at < end && bytes[at] === quote) {
        at = this.#cutQuoted(at + 1, last);
        if (at < 0) return -1;
      } else {
        const start = at;
        while (stops[bytes[at]!] === 0) at++;
        let trimmed = at;
        while (trimmed > start && isBlankByte(bytes[trimmed - 1]!)) trimmed--;
        this.#push(start, trimmed, bare);
      }
      if (at >= end) return last ? end : -1;
      const byte = bytes[at]!;
      if (byte === delimiter) continue;
      if (byte === 0) throw this.#zero(this.count);
      this.#lines++;
      if (byte === lineFeed) return at + 1;
      if (at + 1 === end && !last) return -1;
      return bytes[at + 1] === lineFeed && at + 1 < end ? at + 2 : at + 1;
    }
  }

  /** The same for a field in quotes: from behind the first one to what follows the last one. */
  #cutQuoted(start: number, last: boolean): number {
    const { bytes } = this;
    const end = this.#end;
    let kind = quoted;
    let at = start;
    for (; ; at++) {
      while (this.#stopsInQuotes[bytes[at]!] === 0) at++;
      if (at >= end) {
        if (!last) return -1;
        throw this.error(`column ${this.count + 1}: a quote is not closed, before ${show(bytes, start, end)}`);
      }
      const byte = bytes[at];
      if (byte === 0) throw this.#zero(this.count + 1);
      if (byte === quote) {
        if (at + 1 >= end && !last) return -1;
        if (at + 1 >= end || bytes[at + 1] !== quote) break;
        kind = doubled;
        at++;
      } else if (byte === lineFeed || (at + 1 < end && bytes[at + 1] !== lineFeed)) this.#lines++;
    }
    this.#push(start, at, kind);
    do at++; while (at < end && isBlankByte(bytes[at]!) && bytes[at] !== this.#delimiter);
    if (at < end && this.#stops[bytes[at]!] === 0) {
      throw this.error(`column ${this.count}: expected the end of the field behind the closing quote of ${show(bytes, start, this.end(this.count - 1))}`);
    }
    return at;
  }

  #push(start: number, end: number, kind: number): void {
    const at = 3 * this.count++;
    if (at + 3 > this.#fields.length) this.#fields = roomFor(this.#fields, at + 3);
    this.#fields[at] = start;
    this.#fields[at + 1] = end;
    this.#fields[at + 2] = kind;
  }

  #undouble(i: number): void {
    const { bytes } = this;
    const start = this.#fields[3 * i]!;
    const end = this.#fields[3 * i + 1]!;
    let to = start;
    for (let from = start; from < end; from++) {
      bytes[to++] = bytes[from]!;
      if (bytes[from] === quote) from++;
    }
    this.#fields[3 * i + 1] = to;
    this.#fields[3 * i + 2] = quoted;
  }

  #zero(column: number): DataError {
    return this.error(`column ${column}: expected text, received a byte that is 0; is this a binary file, or UTF-16?`);
  }
}

function isBlankByte(byte: number): boolean {
  return byte <= blank && (byte === blank || byte === tab);
}

/** The beginning of what stands there, for a message. */
function show(bytes: Uint8Array, start: number, end: number): string {
  const text = new TextDecoder().decode(bytes.subarray(start, Math.min(end, start + 40)));
  return `'${text}${end > start + 40 ? '…' : ''}'`;
}

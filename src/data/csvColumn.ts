/**
 * One column of a CSV file as it grows. Its type is named, or found out: until 1,000 values have come (of wide tables fewer), what could be numbers is kept both as
 * numbers and as words, and then as one of them, so that memory never holds the text.
 */

import { Categories, roomFor } from './categories.ts';
import { parseDecimal } from './decimal.ts';
import { booleanOf, categoryColumn, valuesOf, type Column } from './table.ts';

/** Values that are not missing after which the type of a column stands: so many, and fewer of wide tables, down to `least`, for what words they are is kept of all columns. */
const [most, least, ofAll] = [1000, 100, 100_000];

export function sampleSize(columns: number): number {
  return Math.min(most, Math.max(least, Math.ceil(ofAll / columns)));
}

/** Share of the room made for a column from which on it is left as it is. */
const wellFilled = 0.9;

/** The words that stand for a missing value, as bytes. */
export class MissingWords {
  readonly #empty: boolean;
  /** Whether one of them reads as a number. */
  readonly someNumber: boolean;
  /** By their first byte, which tells most fields from all of them. */
  readonly #words: (Uint8Array[] | undefined)[] = Array.from({ length: 256 }, () => undefined);

  constructor(words: readonly string[]) {
    this.#empty = words.includes('');
    for (const word of words) {
      const bytes = new TextEncoder().encode(word);
      if (bytes.length > 0) (this.#words[bytes[0]!] ??= []).push(bytes);
    }
    this.someNumber = words.some((word) => !Number.isNaN(parseDecimal(new TextEncoder().encode(word), 0, word.length)));
  }

  has(bytes: Uint8Array, start: number, end: number): boolean {
    if (start === end) return this.#empty;
    const words = this.#words[bytes[start]!];
    if (words === undefined) return false;
    for (const word of words) {
      let i = word.length === end - start ? 1 : 0;
      while (i > 0 && i < word.length && word[i] === bytes[start + i]) i++;
      if (i === word.length) return true;
    }
    return false;
  }
}

export class ColumnBuilder {
  readonly #name: string;
  readonly #missing: MissingWords;
  /** What it is, or undefined as long as that is open. */
  #type: Column['type'] | undefined;
  readonly #named: boolean;
  readonly #sample: number;
  #present = 0;
  #length = 0;
  #numbers: Float64Array | undefined;
  #words: Categories | undefined;
  /** Words already known to say true or false. */
  #checked = 0;

  constructor(name: string, type: Column['type'] | undefined, missing: MissingWords, sample: number) {
    this.#name = name;
    this.#missing = missing;
    this.#type = type;
    this.#named = type !== undefined;
    this.#sample = sample;
    if (type === undefined || type === 'number') this.#numbers = new Float64Array(64);
    if (type !== 'number') this.#words = new Categories();
  }

  /** Appends a value. Returns what would have been expected where this is not one, undefined otherwise. */
  add(bytes: Uint8Array, start: number, end: number): string | undefined {
    if (this.#missing.has(bytes, start, end)) {
      this.#words?.addMissing();
      this.#addNumber(NaN);
      return undefined;
    }
    if (this.#numbers !== undefined) {
      const value = parseDecimal(bytes, start, end);
      // No text spells NaN: that is a missing value, or a word.
      if (value === value) this.#addNumber(value);
      else if (this.#type === 'number') return this.expected('a number');
      else this.#numbers = undefined;
    }
    if (this.#words !== undefined) {
      try {
        this.#words.add(bytes, start, end);
      } catch (cause) {
        if (cause instanceof TypeError) return 'text in UTF-8';
        throw cause;
      }
      if (this.#type === 'boolean' && !this.#saysTrueOrFalse(booleanOf)) return this.expected('true or false');
    }
    if (this.#type === undefined && ++this.#present === this.#sample) this.#settle();
    return undefined;
  }

  /** Whether nothing but numbers will do. */
  get isNumber(): boolean {
    return this.#type === 'number';
  }

  /** Makes room for so many numbers more, where there is less. */
  reserve(count: number): void {
    if (this.#length + count <= this.#numbers!.length) return;
    const numbers = new Float64Array(this.#length + count);
    numbers.set(this.#numbers!.subarray(0, this.#length));
    this.#numbers = numbers;
  }

  /** Appends `count` numbers, NaN for one that is missing, each `stride` behind the one before. */
  addNumbers(values: Float64Array, start: number, stride: number, count: number): void {
    const numbers = this.#numbers = roomFor(this.#numbers!, this.#length + count);
    for (let i = 0; i < count; i++) numbers[this.#length + i] = values[start + i * stride]!;
    this.#length += count;
  }

  /** The column; the builder is of no use after that. */
  finish(): Column {
    if (this.#type === undefined) this.#settle();
    const name = this.#name;
    if (this.#numbers !== undefined) {
      const numbers = this.#numbers;
      // What is nearly full is not worth a copy.
      return { name, type: 'number', values: this.#length < wellFilled * numbers.length ? numbers.slice(0, this.#length) : numbers.subarray(0, this.#length) };
    }
    const { labels } = this.#words!;
    const codes = this.#words!.codes();
    if (this.#type === 'category') return categoryColumn(name, codes, labels);
    const meanings = labels.map((word) => booleanOf(word)!);
    return { name, type: 'boolean', values: valuesOf(codes, meanings) };
  }

  #addNumber(value: number): void {
    if (this.#numbers === undefined) return;
    if (this.#length === this.#numbers.length) this.#numbers = roomFor(this.#numbers, this.#length + 1);
    this.#numbers[this.#length++] = value;
  }

  /** Numbers, if all were; true or false, if these very words were all; words otherwise. A column with no value at all holds numbers. */
  #settle(): void {
    if (this.#numbers !== undefined) {
      this.#type = 'number';
      this.#words = undefined;
    } else {
      this.#type = this.#saysTrueOrFalse((word) => /^(true|false)$/i.test(word) || undefined) ? 'boolean' : 'category';
    }
  }

  /** Whether all words up to now do, of which those before were looked at. */
  #saysTrueOrFalse(meaning: (word: string) => boolean | undefined): boolean {
    const { labels } = this.#words!;
    while (this.#checked < labels.length && meaning(labels[this.#checked]!) !== undefined) this.#checked++;
    return this.#checked === labels.length;
  }

  /** How a value that does not fit is told what it should be. */
  expected(what: string): string {
    return this.#named ? what : `${what}, as in the rows before`;
  }
}

/**
 * One column of a CSV file as it grows. Its type is named, or found out: until 1,000 values have come, what could be numbers is kept both as
 * numbers and as words, and then as one of them, so that memory never holds the text.
 */

import { Categories, roomFor } from './categories.ts';
import { parseDecimal } from './decimal.ts';
import { booleanOf, categoryColumn, valuesOf, type Column } from './table.ts';

/** Values that are not missing after which the type of a column stands. */
const sample = 1000;

/** The words that stand for a missing value, as bytes. */
export class MissingWords {
  readonly #empty: boolean;
  /** By their first byte, which tells most fields from all of them. */
  readonly #words: (Uint8Array[] | undefined)[] = Array.from({ length: 256 }, () => undefined);

  constructor(words: readonly string[]) {
    this.#empty = words.includes('');
    for (const word of words) {
      const bytes = new TextEncoder().encode(word);
      if (bytes.length > 0) (this.#words[bytes[0]!] ??= []).push(bytes);
    }
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
  #present = 0;
  #length = 0;
  #numbers: Float64Array | undefined;
  #words: Categories | undefined;
  /** Words already known to say true or false. */
  #checked = 0;

  constructor(name: string, type: Column['type'] | undefined, missing: MissingWords) {
    this.#name = name;
    this.#missing = missing;
    this.#type = type;
    this.#named = type !== undefined;
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
      else if (this.#type === 'number') return this.#expected('a number');
      else this.#numbers = undefined;
    }
    if (this.#words !== undefined) {
      try {
        this.#words.add(bytes, start, end);
      } catch (cause) {
        if (cause instanceof TypeError) return 'text in UTF-8';
        throw cause;
      }
      if (this.#type === 'boolean' && !this.#saysTrueOrFalse(booleanOf)) return this.#expected('true or false');
    }
    if (this.#type === undefined && ++this.#present === sample) this.#settle();
    return undefined;
  }

  /** The column; the builder is of no use after that. */
  finish(): Column {
    if (this.#type === undefined) this.#settle();
    const name = this.#name;
    if (this.#numbers !== undefined) return { name, type: 'number', values: this.#numbers.slice(0, this.#length) };
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

  #expected(what: string): string {
    return this.#named ? what : `${what}, as in the rows before`;
  }
}

/** Builds the columns of a table from the bytes of a CSV file, piece by piece, in memory that is bounded by the columns. */

import { DataError, didYouMean, OptionError, show } from '../errors.ts';
import { ColumnBuilder, MissingWords, sampleSize } from './csvColumn.ts';
import { Records } from './csvRecords.ts';
import { textOf } from './categories.ts';
import { parseDecimal } from './decimal.ts';
import type { Column, ColumnType, Table } from './table.ts';

/** What options say, checked. */
export interface CsvSettings {
  readonly delimiter: string;
  readonly header: boolean | 'auto';
  readonly missing: readonly string[];
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly skipLines: number;
}

const delimiters = [',', ';', '\t', '|'];
/** Bytes from which a delimiter is found out, and records of them. */
const sampleBytes = 65_536;
const sampleRecords = 50;
/** Rows of numbers that go to the builders of their columns at once. */
const blockRows = 64;
const encodingAdvice = "; is this a binary file, or text in another encoding? Then give it as a string: new TextDecoder('windows-1252').decode(bytes)";

export class CsvReader {
  readonly #where: string;
  readonly #settings: CsvSettings;
  readonly #size: number;
  readonly #missing: MissingWords;
  readonly #records: Records;
  #begun = false;
  #skipped = 0;
  /** One for each column, undefined where it is ignored; none before the first record. */
  #builders: (ColumnBuilder | undefined)[] | undefined;
  #names: readonly string[] = [];
  #rows = 0;
  /** Rows of numbers that are not in the builders yet, once all columns are of numbers: a block of them goes to a builder at once. */
  #block: Float64Array | undefined;
  #blockRows = 0;

  /** `size`: the bytes of all the text, where that is known. */
  constructor(where: string, settings: CsvSettings, size = 0) {
    this.#where = where;
    this.#size = size;
    this.#settings = settings;
    this.#missing = new MissingWords(settings.missing);
    this.#records = new Records(where);
  }

  add(chunk: Uint8Array): void {
    this.#records.append(chunk);
    this.#read(false);
  }

  finish(): Table {
    this.#read(true);
    if (this.#builders === undefined) throw new DataError(`${this.#where}: expected a table, received ${this.#records.line > 1 ? 'blank lines alone' : 'nothing'}`);
    if (this.#rows === 0) {
      throw new DataError(`${this.#where}: expected rows below the header (${list(this.#names)}), received none; with header: false it is a row itself`);
    }
    this.#flush();
    const columns: Column[] = [];
    // Each builder is let go before the next one makes its column.
    for (let i = 0; i < this.#builders.length; i++) {
      const builder = this.#builders[i];
      this.#builders[i] = undefined;
      if (builder !== undefined) columns.push(builder.finish());
    }
    return { columns, rowCount: this.#rows };
  }

  #read(last: boolean): void {
    if (!this.#begun) this.#begun = this.#begin(last);
    if (!this.#begun) return;
    const records = this.#records;
    for (;;) {
      if (this.#block !== undefined && records.nextNumbers(this.#block, this.#blockRows * this.#names.length, this.#names.length)) {
        this.#countNumbers();
        continue;
      }
      if (!records.next(last)) return;
      if (records.isBlank()) continue;
      if (this.#builders === undefined) this.#open();
      else if (this.#block === undefined) this.#addRow();
      else this.#addNumbers(this.#block);
    }
  }

  /** Passes over a byte order mark and the lines to skip, and settles the delimiter; false where that takes more bytes. */
  #begin(last: boolean): boolean {
    const { delimiter, skipLines } = this.#settings;
    const records = this.#records;
    if (this.#skipped === 0) {
      const start = records.rest();
      if (start.length < 3 && !last) return false;
      const [first, second, third] = start;
      if (first === 0x1f && second === 0x8b) throw new DataError(`${this.#where}: expected text, received gzip; readCsv unpacks it`);
      if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
        throw new DataError(`${this.#where}: expected text in UTF-8, received UTF-16; give it as a string: new TextDecoder('utf-16').decode(bytes)`);
      }
      if (first === 0xef && second === 0xbb && third === 0xbf) records.drop(3);
    }
    for (; this.#skipped < skipLines; this.#skipped++) {
      const end = records.rest().indexOf(10);
      if (end < 0 && !last) return false;
      records.drop(end < 0 ? records.rest().length : end + 1);
      records.line++;
    }
    const rest = records.rest();
    if (delimiter === 'auto' && rest.length < sampleBytes && !last) return false;
    records.delimiter = (delimiter === 'auto' ? findDelimiter(rest.subarray(0, sampleBytes), rest.length <= sampleBytes && last) : delimiter).charCodeAt(0);
    return true;
  }

  /** Makes the columns out of the first record: of their names, or of the first row. */
  #open(): void {
    const records = this.#records;
    const { header, columns } = this.#settings;
    const named = header === 'auto' ? this.#looksLikeNames() : header;
    this.#names = Array.from({ length: records.count }, (_, i) => (named && this.#field(i)) || `column_${i + 1}`);
    const places = new Map<string, number>();
    this.#names.forEach((name, i) => {
      const before = places.get(name);
      if (before !== undefined) throw records.error(`columns ${before + 1} and ${i + 1} have the same name, ${show(name)}; with header: false names are numbers`);
      places.set(name, i);
    });
    for (const name of Object.keys(columns)) {
      if (!places.has(name)) {
        throw new OptionError(`${this.#where} columns: no column has the name ${show(name)}${didYouMean(name, this.#names)}; there are ${list(this.#names)}`);
      }
    }
    this.#builders = this.#names.map((name) => {
      const type = Object.hasOwn(columns, name) ? columns[name] : undefined;
      return type === 'ignore' ? undefined : new ColumnBuilder(name, type, this.#missing, sampleSize(this.#names.length));
    });
    if (!named) this.#addRow();
  }

  /** Whether no field of the first record is a number, and one at least is a word. */
  #looksLikeNames(): boolean {
    const records = this.#records;
    let words = false;
    for (let i = 0; i < records.count; i++) {
      const start = records.start(i);
      const end = records.end(i);
      if (this.#missing.has(records.bytes, start, end)) continue;
      if (!Number.isNaN(parseDecimal(records.bytes, start, end))) return false;
      words = true;
    }
    return words;
  }

  #checkCount(): void {
    const records = this.#records;
    const { length } = this.#names;
    if (records.count !== length) throw records.error(`row ${this.#rows}: expected ${length} ${length === 1 ? 'field' : 'fields'}, as in the first record, received ${records.count}`);
  }

  /** A row of numbers alone, or missing ones. */
  #addNumbers(block: Float64Array): void {
    this.#checkCount();
    const records = this.#records;
    const { length } = this.#names;
    const { bytes } = records;
    const first = this.#blockRows * length;
    for (let i = 0; i < length; i++) {
      const start = records.start(i);
      const end = records.end(i);
      const value = parseDecimal(bytes, start, end);
      if (value !== value && !this.#missing.has(bytes, start, end)) throw this.#misfit(i, this.#builders![i]!.expected('a number'));
      block[first + i] = value;
    }
    this.#countNumbers();
  }

  #countNumbers(): void {
    this.#rows++;
    if (++this.#blockRows === blockRows) this.#flush();
  }

  #flush(): void {
    if (this.#block === undefined) return;
    const { length } = this.#names;
    for (let i = 0; i < length; i++) this.#builders![i]!.addNumbers(this.#block, i, length, this.#blockRows);
    this.#blockRows = 0;
  }

  #addRow(): void {
    this.#checkCount();
    const records = this.#records;
    const builders = this.#builders!;
    for (let i = 0; i < builders.length; i++) {
      const builder = builders[i];
      if (builder === undefined) continue;
      const start = records.start(i);
      const expected = builder.add(records.bytes, start, records.end(i));
      if (expected !== undefined) throw this.#misfit(i, expected);
    }
    this.#rows++;
    // Where a number stands for a missing value, that has to be looked at before.
    if (this.#rows % blockRows === 0 && !this.#missing.someNumber && builders.every((builder) => builder?.isNumber)) this.#beginBlocks(builders as ColumnBuilder[]);
  }

  #beginBlocks(builders: readonly ColumnBuilder[]): void {
    this.#block = new Float64Array(blockRows * builders.length);
    // If they are as long as those before, so many rows are to come; a few more cost little, growing once more costs twice.
    const { read } = this.#records;
    const rows = Math.ceil(((this.#size - read) / read) * this.#rows * 1.05);
    for (const builder of builders) builder.reserve(rows);
  }

  #misfit(i: number, expected: string): DataError {
    const name = this.#names[i]!;
    const received = new TextDecoder().decode(this.#records.bytes.subarray(this.#records.start(i), this.#records.end(i)));
    const advice = expected === 'text in UTF-8'
      ? encodingAdvice
      : `; if it stands for a missing value, add it to \`missing\`; for words, columns: { ${show(name)}: 'category' }`;
    return this.#records.error(`row ${this.#rows}, column ${show(name)}: expected ${expected}, received ${show(received)}${advice}`);
  }

  #field(i: number): string {
    const { bytes } = this.#records;
    try {
      const start = this.#records.start(i);
      return textOf(bytes, start, this.#records.end(i));
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      throw this.#records.error(`column ${i + 1}: expected a name in UTF-8${encodingAdvice}`);
    }
  }
}

/** The delimiter that cuts most of the first records into as many fields as the very first, which is more than one. */
function findDelimiter(bytes: Uint8Array, whole: boolean): string {
  let [best, bestShare, mostFields] = [',', 0, 1];
  for (const delimiter of delimiters) {
    const counts = fieldCounts(bytes, whole, delimiter);
    const [fields = 1] = counts;
    const share = counts.filter((count) => count === fields).length / counts.length;
    if (fields > 1 && (share > bestShare || (share === bestShare && fields > mostFields))) [best, bestShare, mostFields] = [delimiter, share, fields];
  }
  return best;
}

function fieldCounts(bytes: Uint8Array, whole: boolean, delimiter: string): number[] {
  const records = new Records('');
  records.delimiter = delimiter.charCodeAt(0);
  records.append(bytes);
  const counts: number[] = [];
  try {
    while (counts.length < sampleRecords && records.next(whole)) if (!records.isBlank()) counts.push(records.count);
  } catch {
    // No record under this delimiter; if under none, reading says what is wrong.
  }
  return counts;
}

/** Names for a message, of which there may be many. */
function list(names: readonly string[]): string {
  return names.length > 20 ? `${names.slice(0, 20).join(', ')} and ${names.length - 20} more` : names.join(', ');
}

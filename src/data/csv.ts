/** Tables out of CSV: text, bytes, or what bytes come from. */

import { DataError, show, unexpected } from '../errors.ts';
import { checkInteger, checkKeys, checkName } from '../options.ts';
import { CsvReader, type CsvSettings } from './csvReader.ts';
import { readBytes, type ByteSource } from './source.ts';
import { columnTypes, type ColumnType, type Table } from './table.ts';

export interface CsvOptions {
  /** What stands between fields: one ASCII character, or `'auto'`, the default, which finds it out among `,` `;` tab and `|`. */
  delimiter?: string;
  /**
   * Whether the first record holds the names of the columns. `'auto'`, the default: it does if none of its fields is a number and one is a word.
   * Columns without a name are called `column_1` and so on, by their place.
   */
  header?: boolean | 'auto';
  /** The words that stand for a missing value, instead of the default: nothing at all, `?`, and what other tools write, such as `NA`, `NaN`, `null`. */
  missing?: readonly string[];
  /** What columns are to be read as, by name: `'number'`, `'category'`, `'boolean'`, or `'ignore'` to leave one out. Of all others it is found out. */
  columns?: Readonly<Record<string, ColumnType>>;
  /** Lines to pass over before the table begins; default 0. */
  skipLines?: number;
}

const missingWords = ['', '?', 'NA', 'N/A', 'n/a', '#N/A', '<NA>', 'NaN', 'nan', 'NULL', 'null', 'None'];

/** Bytes given at a time where all are at hand. */
const piece = 262_144;

/**
 * Reads a table from CSV (RFC 4180): fields in quotes may hold delimiters, line ends and doubled quotes. Lines may end in LF, CRLF or CR; blank
 * ones are passed over, and so are blanks around a field that are not within its quotes.
 *
 * A column holds numbers if its first 1,000 values that are not missing (of more than 100 columns fewer, 100 at least) are numbers, true or false if
 * they are the words `true` and `false`, words otherwise; what does not fit after them is an error. A column that is named `boolean` also takes yes and no, t and f, y and n, 1 and 0.
 *
 * ```ts
 * const { columns, rowCount } = parseCsv('age,sex\n39,male\n?,female\n');
 * columns[0]; // { name: 'age', type: 'number', values: Float64Array [39, NaN] }
 * columns[1]; // { name: 'sex', type: 'category', values: ['male', 'female'], codes: Int32Array [0, 1], labels: ['male', 'female'] }
 * ```
 *
 * @param input text, or its bytes in UTF-8.
 * @throws DataError for what is no table, with line, row (counted from 0) and column: rows of other lengths, a quote that is not closed, text where a
 * number was expected, two columns of one name, no rows, binary data; OptionError for unknown options or columns.
 */
export function parseCsv(input: string | Uint8Array, options: CsvOptions = {}): Table {
  const settings = checkOptions('parseCsv', options);
  const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : input;
  if (!(bytes instanceof Uint8Array)) throw new DataError(`parseCsv: expected text or a Uint8Array, received ${show(bytes)}; readCsv takes more`);
  const reader = new CsvReader('parseCsv', settings, bytes.length);
  for (let at = 0; at < bytes.length; at += piece) reader.add(bytes.subarray(at, at + piece));
  return reader.finish();
}

/**
 * Reads a table from CSV as {@link parseCsv} does, plain or in gzip (which takes `DecompressionStream`: in Firefox from 113 on), while its bytes come:
 * no more memory is needed than for the columns.
 *
 * ```ts
 * await readCsv('adult.data.gz', { header: false });   // a path on Node; a URL relative to the page elsewhere
 * await readCsv(input.files[0]);
 * await readCsv(await fetch('iris.csv'));
 * ```
 *
 * @param source a path (a URL where there are no files), text (which has a line end, a path has none), bytes, a `URL`, `Blob` or `File`, `Response`,
 * `ReadableStream` or other asynchronous iterable of bytes.
 * @throws what parseCsv throws; DataError, with its `cause`, for a source that cannot be read or is not whole.
 */
export async function readCsv(source: ByteSource, options: CsvOptions = {}): Promise<Table> {
  const reader = new CsvReader('readCsv', checkOptions('readCsv', options));
  const text = typeof source === 'string' && /[\r\n]/.test(source);
  for await (const chunk of readBytes('readCsv', text ? new TextEncoder().encode(source) : source)) {
    for (let at = 0; at < chunk.length; at += piece) reader.add(chunk.subarray(at, at + piece));
  }
  return reader.finish();
}

function checkOptions(where: string, options: CsvOptions): CsvSettings {
  checkKeys(where, options, ['delimiter', 'header', 'missing', 'columns', 'skipLines']);
  const { delimiter = 'auto', header = 'auto', missing = missingWords, columns = {}, skipLines = 0 } = options;
  // Any ASCII character that is no quote, no end of a line and not 0.
  if (delimiter !== 'auto' && !/^[\x01-\x7f]$/.test(delimiter) || /["\r\n]/.test(delimiter)) {
    throw unexpected(`${where} delimiter`, "one ASCII character that is neither a quote nor a line end, or 'auto'", delimiter);
  }
  if (typeof header !== 'boolean' && header !== 'auto') throw unexpected(`${where} header`, "true, false or 'auto'", header);
  if (!Array.isArray(missing) || !missing.every((word) => typeof word === 'string')) throw unexpected(`${where} missing`, 'an array of words', missing);
  checkKeys(`${where} columns`, columns, Object.keys(columns));
  for (const [name, type] of Object.entries(columns)) checkName(`${where} columns ${show(name)}`, type, columnTypes);
  return { delimiter, header, missing, columns, skipLines: checkInteger(`${where} skipLines`, skipLines, { min: 0 }) };
}

/** A table: columns of one type each, as plain data. Made of text by csv.ts, of objects by records.ts. */

/** Numbers; NaN where one is missing. In double precision, so that identifiers and large amounts keep their digits. */
export interface NumberColumn {
  readonly name: string;
  readonly type: 'number';
  readonly values: Float64Array;
}

/** Words out of a list; null where one is missing. */
export interface CategoryColumn {
  readonly name: string;
  readonly type: 'category';
  readonly values: readonly (string | null)[];
  /** The same as places in `labels`; −1 where one is missing. */
  readonly codes: Int32Array;
  /** Every word that occurs, in the order of first appearance. */
  readonly labels: readonly string[];
}

/** True or false; null where it is missing. */
export interface BooleanColumn {
  readonly name: string;
  readonly type: 'boolean';
  readonly values: readonly (boolean | null)[];
}

export type Column = NumberColumn | CategoryColumn | BooleanColumn;

/** Columns of the same length, one value a row. */
export interface Table {
  readonly columns: readonly Column[];
  readonly rowCount: number;
}

/** What a column is to be read as; `ignore` leaves it out. */
export type ColumnType = Column['type'] | 'ignore';

export const columnTypes: readonly ColumnType[] = ['number', 'category', 'boolean', 'ignore'];

export function categoryColumn(name: string, codes: Int32Array, labels: readonly string[]): CategoryColumn {
  return { name, type: 'category', values: valuesOf(codes, labels), codes, labels };
}

/** What each code stands for. */
export function valuesOf<Value>(codes: Int32Array, meanings: readonly Value[]): (Value | null)[] {
  // Array.from takes ten times as long. Above some 30 million, V8 would make a hash table of a given length.
  const values = new Array<Value | null>(Math.min(codes.length, 2 ** 24));
  for (let row = 0; row < codes.length; row++) values[row] = codes[row]! < 0 ? null : meanings[codes[row]!]!;
  return values;
}

const trueWords: readonly string[] = ['true', 't', 'yes', 'y', '1'];
const falseWords: readonly string[] = ['false', 'f', 'no', 'n', '0'];

/** What a word says: true, false, or undefined for neither. */
export function booleanOf(word: string): boolean | undefined {
  const small = word.toLowerCase();
  return trueWords.includes(small) ? true : falseWords.includes(small) ? false : undefined;
}

/** Whether it looks like a table. */
export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && 'columns' in value && 'rowCount' in value && Array.isArray(value.columns);
}

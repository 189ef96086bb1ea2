/** Turns what users have (typed arrays, plain arrays, arrays of rows) into float32 rows, or says exactly what is wrong. */

import { DataError, ShapeError, show } from '../errors.ts';

/** A typed array of numbers. */
export type NumericArray =
  | Float32Array | Float64Array | Int8Array | Uint8Array | Uint8ClampedArray | Int16Array | Uint16Array | Int32Array | Uint32Array;

/** Samples: one flat row-major array, or an array of rows. */
export type MatrixLike = NumericArray | readonly number[] | readonly (NumericArray | readonly number[])[];

/** Float32 rows, one after the other. */
export interface Matrix {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/**
 * The rows of `data`, `columns` values each. A Float32Array is used as it is, everything else is copied. Values are not
 * checked to be finite: see {@link checkFinite}.
 */
export function toMatrix(where: string, data: MatrixLike, columns: number): Matrix {
  const values = isRows(data) ? fromRows(where, data, columns) : fromFlat(where, data);
  const rows = values.length / columns;
  if (rows === 0) throw new ShapeError(`${where}: expected at least one row of ${columns}, received none`);
  if (!Number.isInteger(rows)) {
    throw new ShapeError(`${where}: expected rows of ${columns}, received ${values.length} values, which is not a multiple of it`);
  }
  return { values, rows, columns };
}

/** Refuses NaN, unless that may stand for a missing value, and infinities, and numbers too large for float32. */
export function checkFinite(where: string, { values, columns }: Matrix, missing?: boolean): void {
  for (let i = 0; i < values.length; i++) {
    // x − x is 0 for a finite x and NaN for any other.
    if (missing ? Math.abs(values[i]!) === Infinity : values[i]! - values[i]! !== 0) {
      throw new DataError(
        `${where}: row ${Math.floor(i / columns)}, column ${i % columns} is ${values[i]}; expected a finite number that fits float32`,
      );
    }
  }
}

/** Values in a row of `data`, as far as it says so itself: the length of its first row, undefined for a flat array. */
export function rowLength(data: MatrixLike): number | undefined {
  return isRows(data) ? data[0]!.length : undefined;
}

function isNumericArray(data: unknown): data is NumericArray {
  // By its tag, which is right for arrays of other realms (a frame, a vm context) too.
  return ArrayBuffer.isView(data) && !/DataView|Big/.test(Object.prototype.toString.call(data));
}

function isRows(data: MatrixLike): data is readonly (NumericArray | readonly number[])[] {
  return Array.isArray(data) && (Array.isArray(data[0]) || ArrayBuffer.isView(data[0]));
}

function fromFlat(where: string, data: unknown): Float32Array {
  if (data instanceof Float32Array) return data;
  if (isNumericArray(data)) return Float32Array.from(data);
  if (!Array.isArray(data)) {
    throw new DataError(`${where}: expected a typed array, an array of numbers or an array of rows, received ${show(data)}`);
  }
  const values = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) values[i] = checkNumberAt(`${where}[${i}]`, data[i]);
  return values;
}

function fromRows(where: string, data: readonly (NumericArray | readonly number[])[], columns: number): Float32Array {
  const values = new Float32Array(data.length * columns);
  for (let row = 0; row < data.length; row++) {
    const cells: unknown = data[row];
    if (!Array.isArray(cells) && !isNumericArray(cells)) {
      throw new DataError(`${where}[${row}]: expected a row of ${columns} numbers, received ${show(cells)}`);
    }
    if (cells.length !== columns) {
      throw new ShapeError(`${where}[${row}]: expected a row of ${columns} values, received ${cells.length}`);
    }
    for (let column = 0; column < columns; column++) {
      values[row * columns + column] = checkNumberAt(`${where}[${row}][${column}]`, cells[column]);
    }
  }
  return values;
}

function checkNumberAt(where: string, value: unknown): number {
  if (typeof value === 'number') return value;
  throw new DataError(`${where}: expected a number, received ${show(value)}`);
}

/** What layers have in common that learn from data before training: weights with a value a column, which `adapt` sets, also in models that have them. */

import { valuesOf } from '../../data/columns.ts';
import { checkFinite, rowLength, toMatrix, type Matrix, type MatrixLike, type NumericArray } from '../../data/matrix.ts';
import { DataError, ShapeError } from '../../errors.ts';
import { checkNumber, type Range } from '../../options.ts';
import type { Layer, ParameterOwner, ParameterSpec, PlacedParameter, Stage } from './layer.ts';

/** A layer that learns from data, before training. */
export interface Adaptable extends Layer {
  /**
   * Learns from the values of each column of `x` [rows, n] that are there (NaN: missing), in double precision, in the place of what it had, also
   * in models that have the layer already. Before the layer is in a model, this gives it its input size too.
   *
   * @throws ShapeError for rows of another size, DataError for values that are infinite, and for a column to learn from in which all are missing.
   */
  adapt(x: MatrixLike): void;
}

/** Of each column, or the same for all. */
export type ColumnValues = Float32Array | number;

/** What makes such a layer. */
interface Recipe<Name extends string> {
  readonly type: string;
  /** What it was made with. */
  readonly options: Readonly<Record<string, unknown>> & { readonly name?: string };
  /** Values in a row, where that is known. */
  readonly inputs: number | undefined;
  /** Its weights in order, with their values before `adapt`. */
  readonly weights: Readonly<Record<Name, ColumnValues>>;
  /** The weights that data call for. */
  learn(x: Matrix): Readonly<Record<Name, Float32Array>>;
  stage(layer: string, units: number, parameters: readonly ParameterSpec[]): Stage;
}

export function adaptable<Name extends string>({ type, options, inputs, weights, learn, stage }: Recipe<Name>): Adaptable {
  const names = Object.keys(weights) as Name[];
  /** Where models have a copy. */
  let copies: { owner: WeakRef<ParameterOwner>; parameter: PlacedParameter; name: Name }[] = [];
  const spec = (name: Name, units: number): ParameterSpec => ({
    name,
    shape: [units],
    initializer(values) {
      const now: ColumnValues = weights[name];
      if (typeof now === 'number') values.fill(now);
      else values.set(now);
    },
    trainable: false,
    laidOut(owner, parameter) {
      copies = copies.filter((copy) => copy.owner.deref() !== undefined);
      copies.push({ owner: new WeakRef(owner), parameter, name });
    },
  });
  return Object.freeze({
    type,
    name: options.name,
    get inputs() {
      return inputs;
    },
    get config() {
      return Object.freeze({ ...options, ...(inputs !== undefined && { inputShape: [inputs] }) });
    },
    adapt(x: MatrixLike): void {
      const where = `${type} adapt`;
      const columns = inputs ?? rowLength(x);
      if (columns === undefined) throw new ShapeError(`${where}: expected an array of rows, or the option inputShape to say how long rows are; received a flat array`);
      const matrix = toMatrix(`${where} x`, x, columns);
      checkFinite(`${where} x`, matrix, true);
      const found = learn(matrix);
      weights = found;
      inputs = columns;
      for (const { owner, parameter, name } of copies) owner.deref()?.write(parameter, found[name]);
    },
    build(units: number, layer: string): Stage[] {
      const stages = [stage(layer, units, names.map((name) => spec(name, units)))];
      inputs ??= units;
      return stages;
    },
  });
}

/** The values of a column that are there, of which there must be one. */
export function learntFrom(type: string, x: Matrix, column: number): Float64Array {
  const values = valuesOf(x, column);
  if (values.length === 0) throw new DataError(`${type} adapt x: expected a value in every column, received none in column ${column}, where all are missing`);
  return values;
}

/** Values that options give, checked: a copy, or one number for all columns. */
export function givenValues(where: string, values: number | NumericArray | readonly number[], range: Range = {}): ColumnValues {
  if (typeof values === 'number') return checkNumber(where, values, range);
  const copy = Float32Array.from(toMatrix(where, values, 1).values);
  copy.forEach((value, i) => checkNumber(`${where}[${i}]`, value, range));
  return copy;
}

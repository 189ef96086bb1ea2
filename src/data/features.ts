/**
 * What stands between the records of a table and the numbers of a model: which columns are its inputs, in which order, how words become codes, and
 * what its outputs mean. Plain data, kept in files of models.
 */

import { DataError, didYouMean, OptionError, show, unexpected } from '../errors.ts';
import { checkKeys, checkName } from '../options.ts';
import { convert, expectations, isMissing, namesOf } from './records.ts';
import { columnTypes, isTable, type Column, type Table } from './table.ts';

/** The name of a class, as the table has it. */
export type Label = string | number | boolean;

/** A column that a model takes. */
export interface FeatureInput {
  readonly name: string;
  readonly type: Column['type'];
  /** The words of a category, whose places are their codes. */
  readonly labels?: readonly string[];
}

/** The column that a model predicts. */
export interface FeatureTarget {
  readonly name: string;
  readonly type: Column['type'];
  /** The classes, by index: words, numbers or booleans, as the column has them; none in a regression. */
  readonly labels?: readonly Label[];
}

/** What {@link Features} are, as JSON holds it. */
export interface FeaturesDescription {
  readonly task: 'classification' | 'regression';
  readonly inputs: readonly FeatureInput[];
  readonly target: FeatureTarget;
  /** Columns that were in the table but tell the model nothing; records may have them. */
  readonly leftOut?: readonly string[];
}

/** What a model says of a record: the likeliest class, and the probability of every one by its name. */
export interface ClassPrediction {
  readonly label: Label;
  /** Of that class. */
  readonly probability: number;
  readonly probabilities: Readonly<Record<string, number>>;
  readonly value?: undefined;
}

/** What a model says of a record in a regression, in units of the target. */
export interface ValuePrediction {
  readonly value: number;
  readonly label?: undefined;
  readonly probability?: undefined;
  readonly probabilities?: undefined;
}

export type Prediction = ClassPrediction | ValuePrediction;

/** A model, as far as it is needed here. */
interface Predictor {
  predict(x: Float32Array): Float32Array;
  predictInto(x: Float32Array, out: Float32Array): Float32Array;
}

const types = /* @__PURE__ */ columnTypes.filter((type): type is Column['type'] => type !== 'ignore');

/** Inputs and target of a model made from a table: `model.features`. */
export class Features {
  readonly task: 'classification' | 'regression';
  readonly inputs: readonly FeatureInput[];
  readonly target: FeatureTarget;
  /** Columns that were in the table but tell the model nothing. */
  readonly leftOut: readonly string[];
  /** Values that the model gives for a row: one for each class, but for two classes the probability of the second alone. */
  readonly outputs: number;
  readonly #names: ReadonlySet<string>;
  readonly #codes: readonly (ReadonlyMap<unknown, number> | undefined)[];
  readonly #keys: readonly string[] | undefined;
  // For one record, which is read and answered at once.
  readonly #row: Float32Array;
  readonly #output: Float32Array;

  /** @internal Checked by `from`. */
  private constructor({ task, inputs, target, leftOut = [] }: FeaturesDescription) {
    this.task = task;
    this.inputs = inputs;
    this.target = target;
    this.leftOut = leftOut;
    const { labels } = target;
    this.outputs = labels === undefined || labels.length === 2 ? 1 : labels.length;
    this.#names = new Set([...inputs.map(({ name }) => name), target.name, ...leftOut]);
    this.#codes = inputs.map((input) => input.labels && codesOf(input.labels));
    this.#keys = labels?.map(String);
    this.#row = new Float32Array(inputs.length);
    this.#output = new Float32Array(this.outputs);
  }

  /** Features from what `describe` gave. Throws an OptionError that says what is wrong with anything else. */
  static from(description: unknown): Features {
    checkKeys('features', description, ['task', 'inputs', 'target', 'leftOut']);
    const { task, inputs, target, leftOut = [] } = description as Record<string, unknown>;
    checkName('features task', task, ['classification', 'regression']);
    if (!Array.isArray(inputs) || inputs.length === 0) throw unexpected('features inputs', 'an array of columns', inputs);
    if (!Array.isArray(leftOut)) throw unexpected('features leftOut', 'an array of names', leftOut);
    const names = new Set<string>();
    const nameFrom = (where: string, name: unknown): string => {
      if (typeof name !== 'string' || name === '__proto__') throw unexpected(where, 'the name of a column', name);
      if (names.has(name)) throw new OptionError(`${where}: there is a column ${show(name)} already`);
      names.add(name);
      return name;
    };
    const checked = inputs.map((input: unknown, i): FeatureInput => {
      const where = `features inputs[${i}]`;
      checkKeys(where, input, ['name', 'type', 'labels']);
      const { name, type, labels } = input as Record<string, unknown>;
      const own = { name: nameFrom(`${where} name`, name), type: checkName(`${where} type`, type, types) };
      if (own.type !== 'category') return Object.freeze(checkNone(where, labels, own));
      return Object.freeze({ ...own, labels: checkLabels(`${where} labels`, labels, 'category', 1) as readonly string[] });
    });
    return new Features({
      task: task as FeaturesDescription['task'],
      inputs: Object.freeze(checked),
      target: Object.freeze(targetFrom(target, task as FeaturesDescription['task'], nameFrom)),
      leftOut: Object.freeze(leftOut.map((name, i) => nameFrom(`features leftOut[${i}]`, name))),
    });
  }

  /** All of it as plain data, for `Features.from`. */
  describe(): FeaturesDescription {
    const { task, inputs, target, leftOut } = this;
    const copy = <Labelled extends FeatureInput | FeatureTarget>(column: Labelled): Labelled => ({ ...column, ...(column.labels && { labels: [...column.labels] }) });
    return { task, inputs: inputs.map(copy), target: copy(target), ...(leftOut.length > 0 && { leftOut: [...leftOut] }) };
  }

  /**
   * Rows of numbers, as the model takes them: `x` [rows, inputs] has numbers as they are, booleans as 0 and 1, words as their places in `labels`,
   * and NaN for what is missing or a word of no place; `y` [rows] class indices or numbers, where the table has the target. Other columns do not
   * matter. Values are taken as `tableFromRecords` takes those of a column that is named.
   *
   * @throws DataError, with row and column, for a value of another type, a number too large for float32, a target that is missing or of no known
   * class; for a table without a column that is an input; for no rows.
   */
  encode(rows: Table | readonly object[]): { x: Float32Array; y: Float32Array | undefined; rows: number } {
    return this.encodeFor('encode', rows);
  }

  /** @internal The same of some rows, which errors name by their numbers in the whole, for what errors are to begin with. */
  encodeFor(where: string, rows: Table | readonly object[], some?: Uint32Array): { x: Float32Array; y: Float32Array | undefined; rows: number } {
    const { x, count, columnOf } = this.#encodeInputs(where, rows, some);
    const target = columnOf(this.target.name);
    return { x, y: target && this.#encodeTarget(where, target, count, some), rows: count };
  }

  #encodeInputs(where: string, rows: Table | readonly object[], some?: Uint32Array): { x: Float32Array; count: number; columnOf(name: string): Given | undefined } {
    if (!isTable(rows) && !Array.isArray(rows)) throw new DataError(`${where}: expected a table, or an array of objects, received ${show(rows)}`);
    const count = some?.length ?? (isTable(rows) ? rows.rowCount : rows.length);
    if (count === 0) throw new DataError(`${where}: expected at least one row, received none`);
    const names = isTable(rows) ? rows.columns.map(({ name }) => name) : namesOf(where, rows);
    const columnOf = (name: string): Given | undefined => {
      if (isTable(rows)) return rows.columns[names.indexOf(name)];
      return names.includes(name) ? { values: rows.map((row: object) => (Object.hasOwn(row, name) ? (row as Record<string, unknown>)[name] : undefined)) } : undefined;
    };
    const width = this.inputs.length;
    const x = new Float32Array(count * width);
    this.inputs.forEach((input, i) => {
      const column = columnOf(input.name);
      if (column === undefined) throw new DataError(`${where}: no column has the name ${show(input.name)}${didYouMean(input.name, names)}; there are ${names.join(', ')}`);
      const { values } = column;
      const code = codeOf(column, input.type, (value) => this.#code(i, value));
      for (let place = 0, at = i; place < count; place++, at += width) {
        const row = some === undefined ? place : some[place]!;
        const value = code(row);
        if (value === undefined) throw misfit(`${where}: row ${row}`, input, values[row]);
        x[at] = value;
      }
    });
    return { x, count, columnOf };
  }

  /**
   * The row of one record, into `out`: NaN for what it does not have.
   *
   * @throws DataError for a value of another type; OptionError for a key that is no column of the table.
   */
  read(record: object, out: Float32Array): Float32Array {
    if (typeof record !== 'object' || record === null) throw new DataError(`record: expected an object, received ${show(record)}`);
    for (const key in record) if (!this.#names.has(key)) throw this.#unknownKey(key);
    const { inputs } = this;
    for (let input = 0; input < inputs.length; input++) {
      const { name } = inputs[input]!;
      let value = (record as Record<string, unknown>)[name];
      // What every object has, such as a constructor, is no value.
      if (typeof value === 'function' && !Object.hasOwn(record, name)) value = undefined;
      const code = this.#code(input, value);
      if (code === undefined) throw misfit('record', inputs[input]!, value);
      out[input] = code;
    }
    return out;
  }

  /** What a row of outputs says, from `at` on. */
  answer(output: Float32Array, at = 0): Prediction {
    const { labels } = this.target;
    if (labels === undefined) return { value: output[at]! };
    const keys = this.#keys!;
    const probabilities: Record<string, number> = {};
    if (labels.length === 2) {
      const second = output[at]!;
      probabilities[keys[0]!] = 1 - second;
      probabilities[keys[1]!] = second;
      const best = second > 0.5 ? 1 : 0;
      return { label: labels[best]!, probability: best === 1 ? second : 1 - second, probabilities };
    }
    let best = 0;
    for (let i = 0; i < labels.length; i++) {
      probabilities[keys[i]!] = output[at + i]!;
      if (output[at + i]! > output[at + best]!) best = i;
    }
    return { label: labels[best]!, probability: output[at + best]!, probabilities };
  }

  /** @internal See `Savable.predictRecord`. */
  predictRecord(model: Predictor, record: object): Prediction {
    return this.answer(model.predictInto(this.read(record, this.#row), this.#output));
  }

  /** @internal See `Savable.predictRecords`. */
  predictRecords(model: Predictor, rows: Table | readonly object[]): Prediction[] {
    // Targets may be in it; they are not looked at.
    const { x, count } = this.#encodeInputs('predictRecords', rows);
    const outputs = model.predict(x);
    return Array.from({ length: count }, (_, row) => this.answer(outputs, row * this.outputs));
  }

  /** The number that stands for a value; undefined where it is of another type. */
  #code(input: number, value: unknown): number | undefined {
    const { type } = this.inputs[input]!;
    if (typeof value === 'number' && type === 'number') return Math.abs(value) < tooLarge || value !== value ? value : undefined;
    if (typeof value === 'string' && type === 'category') return this.#codes[input]!.get(value) ?? NaN;
    if (isMissing(value)) return NaN;
    const converted = convert(value, type, true);
    if (converted === undefined) return undefined;
    if (type === 'category') return this.#codes[input]!.get(converted) ?? NaN;
    return Math.abs(Number(converted)) < tooLarge ? Number(converted) : undefined;
  }

  #encodeTarget(where: string, column: Given, count: number, some?: Uint32Array): Float32Array {
    const { labels, type, name } = this.target;
    const codes = labels && codesOf(labels);
    const code = codeOf(column, type, (given) => {
      const value = isMissing(given) ? undefined : convert(given, type, true);
      return value === undefined ? NaN : codes === undefined ? Number(value) : codes.get(value) ?? NaN;
    });
    const y = new Float32Array(count);
    for (let place = 0; place < count; place++) {
      const row = some === undefined ? place : some[place]!;
      const value = code(row)!;
      if (!(Math.abs(value) < tooLarge)) {
        const expected = labels === undefined ? 'a number' : `one of ${labels.slice(0, 20).map(show).join(', ')}${labels.length > 20 ? ' ...' : ''}`;
        const received = column.values[row];
        const guess = labels !== undefined && typeof received === 'string' ? didYouMean(received, labels.map(String)) : '';
        throw new DataError(`${where}: row ${row}, column ${show(name)}: expected ${expected}, received ${show(received)}${guess}`);
      }
      y[place] = value;
    }
    return y;
  }

  #unknownKey(key: string): OptionError {
    const names = this.inputs.map(({ name }) => name);
    return new OptionError(`record: the model takes no ${show(key)}${didYouMean(key, names)}; it takes ${names.join(', ')}`);
  }
}

/** A column of a table, or of records. */
type Given = Column | { readonly type?: undefined; readonly values: ArrayLike<unknown> };

/** The number of each row of a column. Words of a table are looked up once each. */
function codeOf(column: Given, type: Column['type'], of: (value: unknown) => number | undefined): (row: number) => number | undefined {
  const { values } = column;
  if (column.type !== 'category' || type !== 'category') return (row) => of(values[row]);
  const { codes } = column;
  const known = column.labels.map(of);
  return (row) => (codes[row]! < 0 ? NaN : known[codes[row]!]);
}

/** From here on, a number is infinite as a float32. */
const tooLarge = 2 ** 128 - 2 ** 103;

function codesOf(labels: readonly unknown[]): ReadonlyMap<unknown, number> {
  return new Map(labels.map((label, code) => [label, code]));
}

function misfit(where: string, { name, type }: FeatureInput, value: unknown): DataError {
  const expected = typeof value === 'number' && type === 'number' ? 'a finite number that fits float32' : expectations[type];
  return new DataError(`${where}, column ${show(name)}: expected ${expected}, received ${show(value)}`);
}

function targetFrom(target: unknown, task: FeaturesDescription['task'], nameFrom: (where: string, name: unknown) => string): FeatureTarget {
  const where = 'features target';
  checkKeys(where, target, ['name', 'type', 'labels']);
  const { name, type, labels } = target as Record<string, unknown>;
  const own = { name: nameFrom(`${where} name`, name), type: checkName(`${where} type`, type, task === 'regression' ? ['number'] : types) };
  return task === 'regression' ? checkNone(where, labels, own) : { ...own, labels: checkLabels(`${where} labels`, labels, own.type, 2) };
}

function checkNone<Own>(where: string, labels: unknown, own: Own): Own {
  if (labels !== undefined) throw unexpected(`${where} labels`, 'none', labels);
  return own;
}

function checkLabels(where: string, labels: unknown, type: Column['type'], least: number): readonly Label[] {
  const typeName = type === 'category' ? 'string' : type;
  // Classes are keys of probabilities, words are not.
  const reserved = least > 1 ? '__proto__' : undefined;
  const fits = (label: unknown): boolean => typeof label === typeName && label !== reserved && (type !== 'number' || Number.isFinite(label));
  if (!Array.isArray(labels) || labels.length < least || !labels.every(fits)) {
    throw unexpected(where, `an array of at least ${least}, of type ${typeName}${reserved === undefined ? '' : `, none of them ${show(reserved)}`}`, labels);
  }
  if (new Set(labels).size < labels.length) throw new OptionError(`${where}: expected each once`);
  return Object.freeze([...labels as Label[]]);
}

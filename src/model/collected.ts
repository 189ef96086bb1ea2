/** Targets and outputs of all rows of an epoch, for metrics that do not add up batch by batch. */

import { OptionError, show } from '../errors.ts';
import type { Measure } from './training/metrics.ts';

/** The output of a prediction, or of a step of training. */
export type Output = 'output' | 'trained';

/** Where rows are read from: the batch at hand. */
interface Source {
  copy(what: 'target' | Output, out: Float32Array, offset: number, rows: number): void;
}

export class Collected {
  readonly #measures: readonly Measure[];
  /** Values in a row of targets, and of outputs. */
  readonly #columns: number;
  readonly #units: number;
  #y = new Float32Array(0);
  #p = new Float32Array(0);
  #rows = 0;

  constructor(measures: readonly Measure[], columns: number, units: number) {
    this.#measures = measures;
    this.#columns = columns;
    this.#units = units;
  }

  /** One for the same metrics, with no rows. */
  empty(): Collected {
    return new Collected(this.#measures, this.#columns, this.#units);
  }

  clear(): void {
    this.#rows = 0;
  }

  /** Copies the batch of `rows` rows that was run last: its targets, and its output as it is named. */
  add(source: Source, rows: number, output: Output): void {
    this.#y = grown(this.#y, (this.#rows + rows) * this.#columns);
    this.#p = grown(this.#p, (this.#rows + rows) * this.#units);
    source.copy('target', this.#y, this.#rows * this.#columns, rows);
    source.copy(output, this.#p, this.#rows * this.#units, rows);
    this.#rows += rows;
  }

  /** Every metric over the rows collected. */
  logs(): Record<string, number> {
    const y = this.#y.subarray(0, this.#rows * this.#columns);
    const p = this.#p.subarray(0, this.#rows * this.#units);
    return Object.fromEntries(this.#measures.map(([name, measure]) => {
      const value: unknown = measure(y, p, { units: this.#units });
      if (typeof value !== 'number') throw new OptionError(`metric '${name}': expected it to return a number, received ${show(value)}`);
      return [name, value];
    }));
  }
}

/** An array of at least so many values with those of another; doubling keeps copying rare. */
function grown(values: Float32Array<ArrayBuffer>, length: number): Float32Array<ArrayBuffer> {
  if (length <= values.length) return values;
  const larger = new Float32Array(Math.max(length, 2 * values.length));
  larger.set(values);
  return larger;
}

/**
 * Sums over what lies in a model's memory, by the kernels that train: a mean squared error against zeros is a sum of squares, a bias's gradient
 * is one of columns. Loops here would take longer than the pass that they look at, the more so while the engine has not compiled them.
 */

import type { Memory } from '../backend/memory.ts';
import { lossCodes, PlanBuilder } from '../backend/plan.ts';

/** Two ranges of as many floats. */
export interface Pair {
  readonly range: number;
  readonly other: number;
  readonly floats: number;
}

/** The kernel's squares are float32: a sum that is not between these is taken anew, of float64. */
const [least, most] = [1e-24, Infinity];

/** Sums of squared differences. */
export class Squares {
  readonly #pairs: readonly Pair[];
  readonly #sums: number;

  /** The sums, a float64 of each pair, lie from `sums` on. */
  constructor(sums: number, pairs: readonly Pair[]) {
    this.#sums = sums;
    this.#pairs = pairs;
  }

  addTo(plan: PlanBuilder): void {
    plan.add('zero', { range: this.#sums, count: 2 * this.#pairs.length });
    this.#pairs.forEach(({ range, other, floats }, i) => plan.add('loss', {
      sum: this.#sums + 8 * i, dout: 0, out: range, target: other, weights: 0, units: floats, loss: lossCodes.indexOf('meanSquaredError'), divisor: 1, parameter: 0,
    }));
  }

  /** The sum of pair `i` when the plan was run last. */
  at(i: number, { f32, f64 }: Memory): number {
    let sum = f64[this.#sums / 8 + i]!;
    if (sum > least && sum < most) return sum;
    const { range, other, floats } = this.#pairs[i]!;
    sum = 0;
    for (let from = range / 4, than = other / 4; from < range / 4 + floats; from++, than++) {
      const difference = f32[from]! - f32[than]!;
      sum += difference * difference;
    }
    return sum;
  }
}

/** Takes them all; to be run for one row. */
export function squaresPlan(all: readonly Squares[]): Int32Array {
  const plan = new PlanBuilder();
  for (const squares of all) squares.addTo(plan);
  return plan.words();
}

/** Ranges that hold `columns` columns of values, and take their sums. */
export interface Summed {
  readonly values: number;
  readonly sums: number;
  readonly columns: number;
}

/** sums := those of the columns of values, for each; `unread` has floats for a row that nobody reads. */
export function columnSumsPlan(all: readonly Summed[], { ones, unread, scratch }: { ones: number; unread: number; scratch: number }): Int32Array {
  const plan = new PlanBuilder();
  for (const { values, sums, columns } of all) {
    plan.add('zero', { range: sums, count: columns });
    plan.add('denseBackwardParameters', { dweight: unread, dbias: sums, scratch, input: ones, dout: values, inputs: 1, units: columns });
  }
  return plan.words();
}

/** The same of magnitudes, for which there is no kernel. */
export function magnitudeSums(values: Float32Array, columns: number): Float64Array {
  const sums = new Float64Array(columns);
  for (let i = 0; i < values.length;) for (let column = 0; column < columns; column++, i++) sums[column]! += Math.abs(values[i]!);
  return sums;
}

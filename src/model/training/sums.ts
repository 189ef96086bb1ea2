/**
 * What is summed up while batches run. Plans add to sums in double precision: of the loss, of each metric and of penalties; and rows are
 * collected for metrics of whole epochs.
 */

import type { Backend } from '../../backend/backend.ts';
import type { Collected, Output } from '../collected.ts';
import { lossDivisor } from './losses.ts';
import type { Objective } from '../plans.ts';
import type { Room } from '../room.ts';

/** Sums there is room for: the loss, the metrics and penalties. */
const mostSums = 16;
/** Metrics a model can have. */
export const mostMetrics = mostSums - 2;
/** Floats that sums take. */
export const sumFloats = 2 * mostSums;

/** What a model has that says what its sums are of. */
export interface Summed {
  readonly backend: Backend;
  readonly outputs: number;
  readonly objective: Objective | undefined;
  /** Whether stages add penalties to the loss. */
  readonly penalised: boolean;
  /** Finishes the step at work. */
  settle(): void;
}

export class Sums {
  readonly address: number;
  /** Rows for metrics of whole epochs, where there are such. */
  collected: Collected | undefined;
  readonly #model: Summed;

  constructor(address: number, model: Summed) {
    this.address = address;
    this.#model = model;
  }

  /** Forgets what was summed up so far. */
  clear(): void {
    // A view of the sums alone would take longer to make than they take to clear.
    this.#model.backend.memory.f64.fill(0, this.address / 8, this.address / 8 + mostSums);
    this.collected?.clear();
  }

  get #values(): Float64Array {
    return this.#model.backend.memory.f64.subarray(this.address / 8, this.address / 8 + mostSums);
  }

  /** The loss over the `rows` rows run since the sums were cleared. */
  lossOver(rows: number): number {
    const { backend: { memory: { f64 } }, objective, outputs, penalised } = this.#model;
    const { loss, metrics } = objective!;
    const at = this.address / 8;
    return f64[at]! / lossDivisor(loss, rows, outputs) + (penalised ? f64[at + 1 + metrics.length]! / rows : 0);
  }

  /** Takes in the batch of `rows` rows that was run last. */
  collect(room: Room, rows: number, output: Output): void {
    this.collected?.add(room, rows, output);
  }

  /** The loss and every metric over the `rows` rows run, and collected, since the sums were cleared. */
  epochLogs(rows: number): Record<string, number> {
    return { ...this.logsOver(rows), ...this.collected?.logs() };
  }

  /** The loss and every metric that adds up, over the `rows` rows run since the sums were cleared. */
  logsOver(rows: number): Record<string, number> {
    const values = this.#values;
    const logs: Record<string, number> = {};
    this.divisors(rows).forEach(([name, divisor], i) => {
      logs[name] = (logs[name] ?? 0) + values[i]! / divisor;
    });
    return logs;
  }

  /** The name of each sum, and what it is divided by over `rows` rows; two of one name are parts of it: the loss, and penalties. */
  divisors(rows: number): [name: string, divisor: number][] {
    const { objective, outputs, penalised } = this.#model;
    const { loss, metrics } = objective!;
    const divisors = [['loss', lossDivisor(loss, rows, outputs)], ...metrics.map(({ name, divisor }) => [name, divisor(rows)])] as [string, number][];
    if (penalised) divisors.push(['loss', rows]);
    return divisors;
  }

  /** Runs something that sums up losses of its own, and leaves the sums as they were. */
  apart<Result>(work: () => Result): Result {
    this.#model.settle();
    const held = this.#values.slice();
    const { collected } = this;
    this.collected = collected?.empty();
    try {
      return work();
    } finally {
      this.#values.set(held);
      this.collected = collected;
    }
  }
}

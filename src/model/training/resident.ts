/**
 * Small data that lie in a model's memory while `fit` runs, so that one call runs many steps, and whole epochs of them. The
 * backend gathers and shuffles the rows and records the sums of every epoch; see `EpochRegisters` in backend/plan.ts.
 */

import type { Backend } from '../../backend/backend.ts';
import { Arena } from '../../backend/memory.ts';
import type { EpochRegisters } from '../../backend/plan.ts';
import type { Resident } from '../plans.ts';
import type { Samples } from './samples.ts';

/** Values of data small enough to be copied into memory: 4 MiB. */
const residentValues = 2 ** 20;

/** Epochs whose sums can be recorded in one call. */
const recordedEpochs = 256;

/** What is gone through, and how. */
export interface Passes {
  readonly samples: Samples;
  readonly batch: number;
  readonly shuffle: boolean;
  readonly seed: number;
}

/** Addresses and counts of a model that epochs need; the names are those of the registers. */
export interface TrainedModel {
  readonly sums: number;
  readonly sumCount: number;
  readonly values: number;
  readonly checkedCount: number;
  readonly valueCount: number;
  readonly kept: number;
}

export function isSmall({ x, y, weights }: Samples): boolean {
  return x.values.length + y.values.length + (weights?.rows ?? 0) <= residentValues;
}

export class ResidentData implements Resident {
  readonly input: number;
  readonly target: number;
  readonly weights: number;
  readonly order: number;
  /** The address of the registers, of which the cursor is the first. */
  readonly cursor: number;
  /** The first address behind all of it. */
  readonly end: number;
  readonly #records: number;
  readonly #backend: Backend;

  /** Copies the data to where `address` begins. */
  constructor(backend: Backend, address: number, model: TrainedModel, { samples: { x, y, weights }, batch, shuffle, seed }: Passes) {
    const arena = new Arena(address);
    this.#backend = backend;
    this.input = arena.floats(x.values.length);
    this.target = arena.floats(y.values.length);
    this.weights = weights === undefined ? 0 : arena.floats(x.rows);
    // Shuffling works with 8 words behind it.
    this.order = arena.floats(x.rows + 8);
    this.cursor = arena.floats(20);
    this.#records = arena.floats(2 * model.sumCount * recordedEpochs);
    this.end = arena.end;
    const { memory } = backend;
    memory.ensure(arena.end);
    memory.f32.set(x.values, this.input / 4);
    memory.f32.set(y.values, this.target / 4);
    if (weights !== undefined) memory.f32.set(weights.values, this.weights / 4);
    for (let row = 0; row < x.rows; row++) memory.i32[this.order / 4 + row] = row;
    const registers: EpochRegisters = [
      0, 0, 0, 0, 0, 0, 0, 0, x.rows, batch, this.order, Number(shuffle), seed, Math.floor(seed / 2 ** 32), model.sums, model.sumCount,
      model.values, model.checkedCount, model.valueCount, model.kept,
    ];
    // As whole numbers modulo 2³².
    memory.i32.set(registers, this.cursor / 4);
  }

  /** Runs up to `steps` steps of epoch `epoch`, which may have begun, and of those before `end`; returns how that ended. */
  run({ gather, train, trainOne }: Readonly<Record<'gather' | 'train' | 'trainOne', number>>, epoch: number, end: number, steps: number): number {
    // The registers after the cursor.
    const registers = [this.#records, epoch, Math.min(end, epoch + recordedEpochs), steps, gather, train, trainOne];
    this.#backend.memory.i32.set(registers, this.cursor / 4 + 1);
    return this.#backend.runEpochs(this.cursor);
  }

  /** The row at which the next step starts, or at which the step that failed did. */
  get row(): number {
    return this.#backend.memory.i32[this.cursor / 4]!;
  }

  /** Appends each sum of every epoch that ended in the last `run`, by its name and divided; returns how many epochs did. */
  appendTo(history: Record<string, number[]>, divisors: readonly (readonly [name: string, divisor: number])[]): number {
    const { i32, f64 } = this.#backend.memory;
    const end = i32[this.cursor / 4 + 1]! >>> 0;
    const ended = (end - this.#records) / 8 / divisors.length;
    divisors.forEach(([name, divisor], which) => {
      const values = (history[name] ??= []);
      // What is there already is another part of the same.
      const parts = divisors.findIndex(([other]) => other === name) < which;
      for (let epoch = 0, at = this.#records / 8 + which; epoch < ended; epoch++, at += divisors.length) {
        if (parts) values[values.length - ended + epoch]! += f64[at]! / divisor;
        else values.push(f64[at]! / divisor);
      }
    });
    return ended;
  }
}

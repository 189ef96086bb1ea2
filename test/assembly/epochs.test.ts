/** Many steps in one call: `gather` against its plain twin, and `runEpochs` of both backends against what it says it does. */
import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.ts';
import { BufferMemory, plainBuffer } from '../../src/backend/memory.ts';
import { lossNotFinite, paused, PlanBuilder, valuesNotFinite, type EpochRegisters } from '../../src/backend/plan.ts';
import { ReferenceBackend } from '../../src/backend/reference/index.ts';
import { WasmBackend } from '../../src/backend/wasm.ts';
import { Random } from '../../src/random.ts';
import { Twins, awkward, numbers } from '../twins.ts';

describe('gather', () => {
  it.each([1, 2, 3, 4, 5, 7, 8, 9, 16, 33])('copies rows of %i columns, whatever they hold, in their order', (columns) => {
    for (const rows of [0, 1, 2, 5, 9]) {
      for (const start of [0, 1, 6]) {
        const twins = new Twins();
        const values = numbers(11 * columns).map((value, i) => awkward[i % 41] ?? value);
        const [data, order, cursor, out] = [twins.place(values), twins.space(16), twins.space(1), twins.space(rows * columns)];
        const rowAt = (place: number): number => (place * 7 + 3) % 11;
        for (const { i32 } of [twins.wasm, twins.plain]) {
          for (let place = 0; place < 16; place++) i32[order / 4 + place] = rowAt(place);
          i32[cursor / 4] = start;
        }
        twins.run('gather', out, data, order, cursor, rows, columns);
        const expected = Float32Array.from({ length: rows * columns }, (_, i) => values[rowAt(start + Math.floor(i / columns)) * columns + (i % columns)]!);
        expect(twins.read(out, rows * columns)).toEqual({ wasm: expected, plain: expected });
      }
    }
  });
});

/** Addresses of a run over rows of one value: its step sums up the squares and counts, in a counter of its own for one row. */
const at = Object.fromEntries(
  ['registers', 'data', 'order', 'out', 'zeros', 'sums', 'records', 'values', 'kept', 'steps', 'stepsOfOne', 'gather', 'step', 'stepOfOne']
    .map((name, i) => [name, 65_536 + 4096 * i]),
) as Record<'registers' | 'data' | 'order' | 'out' | 'zeros' | 'sums' | 'records' | 'values' | 'kept' | 'steps' | 'stepsOfOne' | 'gather' | 'step' | 'stepOfOne', number>;

interface Settings {
  rows: number;
  batch: number;
  seed?: number;
  epoch?: number;
  end: number;
}

class Run {
  readonly backend: Backend;
  readonly #end: number;

  constructor(backend: Backend, { rows, batch, seed, epoch = 0, end }: Settings) {
    this.backend = backend;
    this.#end = end;
    const { memory } = backend;
    memory.ensure(1 << 18);
    for (let row = 0; row < rows; row++) {
      memory.f32[at.data / 4 + row] = row + 1;
      memory.i32[at.order / 4 + row] = row;
    }
    memory.f32.set([1, 2, 3, 4, Infinity, 6, 7, 8], at.values / 4);
    const square = { sum: at.sums, dout: 0, out: at.out, target: at.zeros, weights: 0, units: 1, loss: 0, divisor: 1, parameter: 0 };
    const plans = {
      gather: new PlanBuilder().add('gather', { out: at.out, data: at.data, order: at.order, cursor: at.registers, columns: 1 }),
      step: new PlanBuilder().add('loss', square).add('increment', { counter: at.steps }),
      stepOfOne: new PlanBuilder().add('loss', square).add('increment', { counter: at.stepsOfOne }),
    };
    for (const name of ['gather', 'step', 'stepOfOne'] as const) memory.i32.set(plans[name].words(), at[name] / 4);
    const registers: EpochRegisters = [
      0, at.records, epoch, 0, 0, at.gather, at.step, at.stepOfOne, rows, batch, at.order, Number(seed !== undefined), seed ?? 0,
      Math.floor((seed ?? 0) / 2 ** 32), at.sums, 2, at.values, 4, 8, at.kept,
    ];
    memory.i32.set(registers, at.registers / 4);
  }

  /** How a call of up to `steps` steps ended, and where it stands. */
  go(steps: number): { outcome: number; cursor: number; epoch: number; records: number } {
    const { i32 } = this.backend.memory;
    i32.set([this.#end, steps], at.registers / 4 + 3);
    const outcome = this.backend.runEpochs(at.registers);
    const [cursor, record, epoch] = i32.subarray(at.registers / 4);
    return { outcome, cursor: cursor!, epoch: epoch! >>> 0, records: (record! - at.records) / 16 };
  }

  integers(from: number, count: number): number[] {
    return [...this.backend.memory.i32.slice(from / 4, from / 4 + count)];
  }

  floats(from: number, count: number): number[] {
    return [...this.backend.memory.f32.slice(from / 4, from / 4 + count)];
  }
}

describe.each([['wasm', () => new WasmBackend('wasm')], ['reference', () => new ReferenceBackend(new BufferMemory(plainBuffer(0)))]] as const)('runEpochs on %s', (_name, create) => {
  it.each([1, 2, 3, 5, 64, 257])('puts %i rows in the order of src/random.ts', (rows) => {
    for (const seed of [0, 7, -1, 2 ** 40 + 3, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]) {
      for (const epoch of [0, 1, 2 ** 32 - 1]) {
        const run = new Run(create(), { rows, batch: 2, seed, epoch, end: epoch + 1 });
        expect(run.go(1000)).toEqual({ outcome: paused, cursor: 0, epoch: (epoch + 1) % 2 ** 32, records: 1 });
        const expected = Uint32Array.from({ length: rows }, (_, row) => row);
        new Random(seed, 'shuffling', epoch).shuffle(expected);
        expect(run.integers(at.order, rows)).toEqual([...expected]);
      }
    }
  });

  it('pauses after its steps, goes on, and stops before the last epoch', () => {
    const run = new Run(create(), { rows: 9, batch: 4, end: 3 });
    expect(run.go(0)).toEqual({ outcome: paused, cursor: 0, epoch: 0, records: 0 });
    expect(run.go(2)).toEqual({ outcome: paused, cursor: 8, epoch: 0, records: 0 });
    expect(run.floats(at.out, 4)).toEqual([5, 6, 7, 8]);
    expect(run.floats(at.kept, 8)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(run.go(2)).toEqual({ outcome: paused, cursor: 4, epoch: 1, records: 1 });
    expect(run.floats(at.kept, 8)).toEqual([1, 2, 3, 4, Infinity, 6, 7, 8]);
    expect(run.go(1000)).toEqual({ outcome: paused, cursor: 0, epoch: 3, records: 3 });
    expect([run.integers(at.steps, 1), run.integers(at.stepsOfOne, 1)]).toEqual([[6], [3]]);
    expect(run.go(1000)).toEqual({ outcome: paused, cursor: 0, epoch: 3, records: 3 });
    const squares = [1, 4, 9, 16, 25, 36, 49, 64, 81].reduce((a, b) => a + b);
    expect([...run.backend.memory.f64.slice(at.records / 8, at.records / 8 + 7)]).toEqual([squares, 0, squares, 0, squares, 0, 0]);
  });

  it('loads a batch of all rows once a call, and anew in the next', () => {
    const run = new Run(create(), { rows: 4, batch: 4, end: 9 });
    run.go(3);
    run.backend.memory.f32.fill(NaN, at.out / 4, at.out / 4 + 4);
    expect(run.go(3)).toEqual({ outcome: paused, cursor: 0, epoch: 6, records: 6 });
    expect(run.floats(at.out, 4)).toEqual([1, 2, 3, 4]);
  });

  it.each([NaN, Infinity, -Infinity])('stops at the step whose loss holds %s', (value) => {
    const run = new Run(create(), { rows: 9, batch: 2, end: 3 });
    run.go(5);
    run.backend.memory.f32.fill(-1, at.kept / 4, at.kept / 4 + 8);
    run.backend.memory.f32[at.data / 4 + 5] = value;
    expect(run.go(1000)).toEqual({ outcome: lossNotFinite, cursor: 4, epoch: 1, records: 1 });
    expect(run.floats(at.kept, 8)).toEqual([-1, -1, -1, -1, -1, -1, -1, -1]);
  });

  it('stops at the last step of an epoch that leaves values, of those to check, that are not finite', () => {
    const run = new Run(create(), { rows: 9, batch: 2, end: 3 });
    run.go(5);
    run.backend.memory.f32[at.values / 4 + 3] = -Infinity;
    expect(run.go(1000)).toEqual({ outcome: valuesNotFinite, cursor: 8, epoch: 1, records: 1 });
    expect(run.floats(at.kept, 4)).toEqual([1, 2, 3, 4]);
  });
});

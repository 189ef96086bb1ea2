/** The page of operations, the exports of the binary and the reference backend: one list, and a plan does what calls do. */
import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/index.ts';
import { BufferMemory, plainBuffer, type Views } from '../../src/backend/memory.ts';
import { allOperations, extraOperations, operationNames } from '../../src/backend/extraPlan.ts';
import { operationWords, PlanBuilder, type KernelName } from '../../src/backend/plan.ts';
import { kernels, ReferenceBackend } from '../../src/backend/reference/index.ts';
import { WasmBackend } from '../../src/backend/wasm.ts';
import { defineActivation } from '../../src/index.ts';
import { numbers, Twins } from '../twins.ts';

/** What the walker does itself. */
const walking: readonly string[] = ['end', 'share', 'barrier'];
const names = operationNames.filter((name): name is KernelName => !walking.includes(name));
/** What calls functions of the user's, JavaScript on every backend: it has no kernel in the binaries. */
const inScript: readonly string[] = ['definedForward', 'definedBackward'];
const inBinaries = names.filter((name) => !inScript.includes(name));
/** Which these functions are, and what keeps them. */
const defined = defineActivation({ f: (z) => z ** 3, df: (z) => 3 * z ** 2 });

describe('the page of operations', () => {
  it('is what the binary exports and the reference restates', () => {
    const exported = Object.keys(new Twins().exports).filter((name) => !['memory', 'heapBase', 'run', 'runExtra', 'resume', 'serve', 'runEpochs', 'countNonFinite'].includes(name));
    expect(exported.sort()).toEqual([...inBinaries].sort());
    expect(Object.keys(kernels).sort()).toEqual([...names].sort());
  });

  it('is in two binaries, as it says', () => {
    const { exports, extra } = new Twins();
    const extraNames = Object.keys(extraOperations) as KernelName[];
    for (const name of inBinaries) expect(Object.hasOwn(extra, name), name).toBe(extraNames.includes(name));
    // A backend can do those that are in neither once it has been extended.
    expect(extraNames.filter((name) => !inBinaries.includes(name))).toEqual(inScript);
    expect((exports['heapBase'] as unknown as WebAssembly.Global).value).toBeLessThanOrEqual(2048);
    expect((extra['heapBase'] as unknown as WebAssembly.Global).value).toBeLessThanOrEqual(new WasmBackend('wasm').heapBase);
  });

  it('fits each operation into its words', () => {
    for (const name of names) expect(Object.values<string>(allOperations[name]).filter((kind) => kind !== 'rows').length).toBeLessThan(operationWords);
  });
});

const planAt = 1 << 17;
const rangesAt = 1 << 16;
const rangeFloats = 1024;
const rows = 3;
const sizes: Record<string, number> = {
  count: 30, every: 3, adds: 1, columns: 5, inputs: 6, units: 5, activation: 2, loss: 0, divisor: 5, sparse: 0, kind: 1, nesterov: 0, value: 7, decoupled: 1, key0: 7,
  key1: 8, codes: 3,
};
/** Exact in float32, as which a plan keeps them. */
const scalars: Record<string, number> = {
  alpha: 0.25, beta: 0.5, parameter: 1, threshold: 0.5, momentum: 0.875, dampening: 0, weightDecay: 0.0625, beta1: 0.875, beta2: 0.96875,
  epsilon: 0.125, rate: 0.25, stddev: 0.25, keep: 0.75, rho: 0.875, momentumDecay: 0.25,
  l1: 0.25, l2: 0.125, least: 0.125, most: 0.25,
};

/** Arguments for an operation, every address a range of its own. */
function argumentsOf(name: KernelName): Record<string, number> {
  return Object.fromEntries(Object.entries<string>(allOperations[name]).map(([key, kind], place) => {
    if (kind === 'address') return [key, rangesAt + place * 4 * rangeFloats];
    if (inScript.includes(name) && key === 'activation') return [key, defined.place];
    return [key, kind === 'rows' ? rows : kind === 'size' ? sizes[key]! : scalars[key]!];
  }));
}

/** Fills the ranges, those that hold row numbers with such, one to flush with what is to be flushed and one to shrink by with a sum, does the work, and returns what they hold then. */
function ranges(memory: Views, name: KernelName, work: () => void): Float32Array {
  for (let place = 0; place < 10; place++) memory.f32.set(numbers(rangeFloats, place + 1), rangesAt / 4 + place * rangeFloats);
  Object.keys(allOperations[name]).forEach((key, place) => {
    if (name === 'shrink' && key === 'sum') memory.f64[rangesAt / 8 + place * rangeFloats / 2] = 4;
    if (name === 'flush') memory.f32[rangesAt / 4 + 5] = 1e-31;
    if (key === 'order' || key === 'cursor') for (let i = 0; i < 9; i++) memory.i32[rangesAt / 4 + place * rangeFloats + i] = (i + 2) % 5;
  });
  work();
  return memory.f32.slice(rangesAt / 4, rangesAt / 4 + 10 * rangeFloats);
}

function byPlan(backend: Backend, name: KernelName): Float32Array {
  backend.memory.ensure(planAt + 4096);
  backend.extend();
  const { rows: _rows, ...args } = argumentsOf(name);
  backend.memory.i32.set(new PlanBuilder().add(name, args as never).words(), planAt / 4);
  return ranges(backend.memory, name, () => backend.run(planAt, rows));
}

describe.each(names)('%s from a plan does what a call does', (name) => {
  const args = Object.values(argumentsOf(name));

  it('on wasm', () => {
    const twins = new Twins();
    const kernel = inScript.includes(name) ? (...values: number[]) => (kernels[name] as (views: Views, ...values: number[]) => void)(twins.wasm, ...values) : twins.exports[name]!;
    const called = ranges(twins.wasm, name, () => kernel(...args));
    expect(byPlan(new WasmBackend('wasm'), name)).toEqual(called);
    expect(called).not.toEqual(ranges(twins.wasm, name, () => undefined));
  });

  it('on the reference backend', () => {
    const { plain } = new Twins();
    const called = ranges(plain, name, () => (kernels[name] as (views: Views, ...values: number[]) => void)(plain, ...args));
    expect(byPlan(new ReferenceBackend(new BufferMemory(plainBuffer(0))), name)).toEqual(called);
    expect(called).not.toEqual(ranges(plain, name, () => undefined));
  });
});

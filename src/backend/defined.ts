/**
 * The kernels of functions that a user has defined. They are JavaScript on every backend, so they have the same bits on all; the wasm binaries
 * have none of the kind. They come with the extra operations, which are a part of their own: it is told of the functions.
 */

import type { Backend } from './backend.ts';
import type { Definition } from './definitions.ts';
import { operationNames } from './extraPlan.ts';
import type { Views } from './memory.ts';
import { flushBelow } from './reference/memory.ts';

let known: readonly WeakRef<Definition>[] = [];

/** Tells of the table that plans go by, which may grow. */
export function know(definitions: readonly WeakRef<Definition>[]): void {
  known = definitions;
}

/** out[rows, units] := f(z) */
export function definedForward({ f32 }: Views, out: number, z: number, rows: number, units: number, activation: number): void {
  const { f } = known[activation]!.deref()!;
  const to = out >>> 2;
  const from = z >>> 2;
  for (let i = 0, count = rows * units; i < count; i++) f32[to + i] = f(f32[from + i]!);
}

/** dz := dout · df(z), 0 where that is below 1e-30. */
export function definedBackward({ f32 }: Views, dz: number, dout: number, z: number, rows: number, units: number, activation: number): void {
  const { df } = known[activation]!.deref()!;
  const count = rows * units;
  const to = dz >>> 2;
  const slope = dout >>> 2;
  const from = z >>> 2;
  for (let i = 0; i < count; i++) f32[to + i] = f32[slope + i]! * df(f32[from + i]!);
  flushBelow(f32, to, count, 1e-30);
}

export const kernels = { definedForward, definedBackward };

const forwardCode = operationNames.indexOf('definedForward');
const backwardCode = operationNames.indexOf('definedBackward');

/** What walks the extra operations of a plan in wasm memory: see assembly/extra.ts. */
type RunExtra = (plan: number, rows: number, first: number, last: number) => void;

/** The same, and those of defined functions too, where there are any. They belong to the thread that leads. */
export function withDefined(runExtra: RunExtra, backend: Pick<Backend, 'memory' | 'caught'>): RunExtra {
  if (known.length === 0) return runExtra;
  return (plan, rows, first, last) => {
    const { memory } = backend;
    const { f32, i32 } = memory;
    const at = plan >>> 2;
    const code = i32[at];
    if (code !== forwardCode && code !== backwardCode) {
      runExtra(plan, rows, first, last);
      return;
    }
    const [result = 0, a = 0, b = 0, c = 0, d = 0] = i32.subarray(at + 1, at + 6);
    try {
      if (code === forwardCode) definedForward(memory, result, a, rows, b, c);
      else definedBackward(memory, result, a, b, rows, c, d);
    } catch (error) {
      if (backend.caught === undefined) throw error;
      backend.caught(error);
      f32.fill(NaN, result >>> 2, (result >>> 2) + rows * (code === forwardCode ? b : c));
    }
  };
}

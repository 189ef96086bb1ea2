/**
 * The kernels of functions that a user has defined. They are JavaScript on every backend, so they have the same bits on all; the wasm binaries
 * have none of the kind. They come with the extra operations, which are a part of their own: it is told of the functions.
 */

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
export function withDefined(runExtra: RunExtra, memory: Views): RunExtra {
  if (known.length === 0) return runExtra;
  return (plan, rows, first, last) => {
    const { i32 } = memory;
    const at = plan >>> 2;
    const code = i32[at];
    if (code === forwardCode) definedForward(memory, i32[at + 1]!, i32[at + 2]!, rows, i32[at + 3]!, i32[at + 4]!);
    else if (code === backwardCode) definedBackward(memory, i32[at + 1]!, i32[at + 2]!, i32[at + 3]!, rows, i32[at + 4]!, i32[at + 5]!);
    else runExtra(plan, rows, first, last);
  };
}

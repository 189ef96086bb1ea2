/** Which backend a model gets, and why. */

import { checkName } from '../options.ts';
import { onDemand, warnOnce } from '../platform.ts';
import type { Backend, BackendName } from './backend.ts';
import { BufferMemory, plainBuffer, type Memory } from './memory.ts';
import { learn } from './plan.ts';
import { loadKernels, WasmBackend, whyNotWasm } from './wasm.ts';

/** What `sequential({ backend })` takes: a backend, or `'auto'`, the fastest that keeps the same bits. */
export type BackendChoice = BackendName | 'auto';

const choices: readonly BackendChoice[] = ['auto', 'wasm', 'wasm-relaxed', 'reference'];

const referencePart = onDemand('./reference.js', () => import('./reference/index.ts'));

/**
 * Makes all of a backend ready that is loaded on demand: for `'wasm'` the kernels that only some layers and optimizers need, for
 * `'wasm-relaxed'` all kernels, for `'reference'` the pure-TypeScript backend. Node loads them where they are used. In a page or a bundle
 * `fit` waits for them, and only what comes before `fit` needs this; but `'wasm-relaxed'` must be loaded before a model is made with it.
 *
 * Rejects with a BackendError where the engine has no relaxed SIMD, with an OptionError for an unknown name, with the platform's own
 * error where the file cannot be had.
 */
export async function loadBackend(choice: BackendChoice): Promise<void> {
  const { name } = chooseBackend('loadBackend', choice);
  if (name === 'reference') await referencePart.load();
  else await loadKernels(name);
}

/** Which backend a choice stands for here, and why. */
export function chooseBackend(where: string, choice: BackendChoice): { name: BackendName; reason: string } {
  const name = checkName(where, choice, choices);
  if (name !== 'auto') return { name, reason: 'chosen by name' };
  const barred = whyNotWasm();
  if (barred === undefined) return { name: 'wasm', reason: 'WebAssembly with 128-bit SIMD is available' };
  warnOnce(`nabla runs in plain TypeScript, several times slower: ${barred}`);
  return { name: 'reference', reason: barred };
}

/** A backend of its own for one model; undefined where it must be loaded first. */
export function createBackend(name: BackendName): Backend | undefined {
  return name === 'reference' ? createReference(new BufferMemory(plainBuffer(0))) : new WasmBackend(name);
}

/** The reference backend on a memory, which may be one of double precision; undefined where it must be loaded first. */
export function createReference(memory: Memory): Backend | undefined {
  const part = referencePart.loaded();
  if (part === undefined) return undefined;
  learn(part);
  return new part.ReferenceBackend(memory);
}

/** Threads that share a backend's work. */
export const threadsPart = onDemand('./threads.js', () => import('./threads.ts'));

export { notLoaded } from './backend.ts';
export type { Backend, BackendName };
export type { Team, Work } from './threads.ts';

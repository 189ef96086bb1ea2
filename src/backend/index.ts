/** Which backend a model gets, and why. */

import { checkName } from '../options.ts';
import { onDemand, warnOnce } from '../platform.ts';
import type { Backend, BackendName } from './backend.ts';
import { BufferMemory, plainBuffer, type Memory } from './memory.ts';
import { loadRelaxed, WasmBackend, whyNotWasm } from './wasm.ts';

/** What `sequential({ backend })` takes: a backend, or `'auto'`, the fastest that keeps the same bits. */
export type BackendChoice = BackendName | 'auto';

const choices: readonly BackendChoice[] = ['auto', 'wasm', 'wasm-relaxed', 'reference'];

const referencePart = onDemand('./reference.js', () => import('./reference/index.ts'));

/**
 * Makes a backend ready for `sequential({ backend })`, whose file is loaded on demand: the kernels of `'wasm-relaxed'`, or the
 * pure-TypeScript backend. Node loads them where they are used. A page or a bundle must load the former before it makes a model with
 * them; the latter `fit` waits for, and only what comes before `fit` needs this.
 *
 * Rejects with a BackendError where the engine has no relaxed SIMD, with an OptionError for an unknown name, with the platform's own
 * error where the file cannot be had.
 */
export async function loadBackend(choice: BackendChoice): Promise<void> {
  const { name } = chooseBackend('loadBackend', choice);
  if (name === 'wasm-relaxed') await loadRelaxed();
  if (name === 'reference') await referencePart.load();
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
  return part && new part.ReferenceBackend(memory);
}

/** Threads that share a backend's work. */
export const threadsPart = onDemand('./threads.js', () => import('./threads.ts'));

export { notLoaded } from './backend.ts';
export type { Backend, BackendName };
export type { Team, Work } from './threads.ts';

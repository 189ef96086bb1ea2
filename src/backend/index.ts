/** Which backend a model gets, and why. */

import { checkName } from '../options.ts';
import { warnOnce } from '../platform.ts';
import type { Backend, BackendName } from './backend.ts';
import { ReferenceBackend } from './reference/index.ts';
import { loadRelaxed, WasmBackend, whyNotWasm } from './wasm.ts';

/** What `sequential({ backend })` takes: a backend, or `'auto'`, the fastest that keeps the same bits. */
export type BackendChoice = BackendName | 'auto';

const choices: readonly BackendChoice[] = ['auto', 'wasm', 'wasm-relaxed', 'reference'];

/**
 * Makes a backend ready for `sequential({ backend })`. Only `'wasm-relaxed'` needs it, in pages and in bundles: its kernels
 * are a file of their own, which Node otherwise loads where it is used. Rejects with a BackendError where the engine has no
 * relaxed SIMD, with an OptionError for an unknown name, with the platform's own error where the file cannot be had.
 */
export async function loadBackend(name: BackendChoice): Promise<void> {
  if (checkName('loadBackend', name, choices) === 'wasm-relaxed') await loadRelaxed();
}

/** A backend of its own for one model, and why it is that one. */
export function createBackend(choice: BackendChoice): { backend: Backend; reason: string } {
  const name = checkName('backend', choice, choices);
  if (name !== 'auto') return { backend: name === 'reference' ? new ReferenceBackend() : new WasmBackend(name), reason: 'chosen by name' };
  const barred = whyNotWasm();
  if (barred === undefined) return { backend: new WasmBackend('wasm'), reason: 'WebAssembly with 128-bit SIMD is available' };
  warnOnce(`nabla runs in plain TypeScript, several times slower: ${barred}`);
  return { backend: new ReferenceBackend(), reason: barred };
}

/** Threads that share a backend's work: a file of its own, loaded when the first are asked for. */
export function loadThreads(): Promise<typeof import('./threads.ts')> {
  return import('./threads.ts');
}

export type { Backend, BackendName };
export type { Team } from './threads.ts';

/** Which backend a model gets, and why. */

import { didYouMean, OptionError, show } from '../errors.ts';
import { warnOnce } from '../platform.ts';
import type { Backend, BackendName } from './backend.ts';
import { ReferenceBackend } from './reference/index.ts';
import { WasmBackend, whyNotWasm } from './wasm.ts';

/** What `sequential({ backend })` takes: a backend, or `'auto'`, the fastest that keeps the same bits. */
export type BackendChoice = BackendName | 'auto';

const choices: readonly BackendChoice[] = ['auto', 'wasm', 'reference'];

/** A backend of its own for one model, and why it is that one. */
export function createBackend(choice: BackendChoice): { backend: Backend; reason: string } {
  switch (choice) {
    case 'wasm':
      return { backend: new WasmBackend(), reason: 'chosen by name' };
    case 'reference':
      return { backend: new ReferenceBackend(), reason: 'chosen by name' };
    case 'auto': {
      const barred = whyNotWasm();
      if (barred === undefined) return { backend: new WasmBackend(), reason: 'WebAssembly with 128-bit SIMD is available' };
      warnOnce(`nabla runs in plain TypeScript, several times slower: ${barred}`);
      return { backend: new ReferenceBackend(), reason: barred };
    }
    default:
      throw new OptionError(
        `backend: expected one of ${choices.join(', ')}, received ${show(choice)}${didYouMean(String(choice), choices)}`,
      );
  }
}

/** Threads that share a backend's work: a file of its own, loaded when the first are asked for. */
export function loadThreads(): Promise<typeof import('./threads.ts')> {
  return import('./threads.ts');
}

export type { Backend, BackendName };
export type { Team } from './threads.ts';

/**
 * What a backend is, and which one a model gets. A backend owns one flat memory and runs plans in it; it knows no layers.
 */

import { didYouMean, OptionError, show } from '../errors.ts';
import { warnOnce } from '../platform.ts';
import type { Memory } from './memory.ts';
import { ReferenceBackend } from './reference/index.ts';
import { WasmBackend, whyNotWasm } from './wasm.ts';

export interface Backend {
  readonly name: BackendName;
  readonly memory: Memory;
  /** First address that plans may use. */
  readonly heapBase: number;
  /** Floats that a weight [inputs, units] takes in this backend's layout. Unused ones hold zeros. */
  weightFloats(inputs: number, units: number): number;
  /** Stores a row-major [inputs, units] matrix in this backend's layout. */
  writeWeight(address: number, values: Float32Array, inputs: number, units: number): void;
  /** A row-major copy of a weight. */
  readWeight(address: number, inputs: number, units: number): Float32Array;
  /** Floats of scratch that `denseBackwardInput` needs. */
  inputScratchFloats(units: number): number;
  /** Floats of scratch that `denseBackwardParameters` needs. */
  parameterScratchFloats(rows: number, units: number): number;
  /** Walks the plan at an address on the first `rows` rows of its buffers. */
  run(plan: number, rows: number): void;
  /** How many of `count` floats are NaN or infinite. */
  countNonFinite(address: number, count: number): number;
}

/** The backends there are. */
export type BackendName = 'wasm' | 'reference';
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

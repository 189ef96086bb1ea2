/**
 * What a backend is: one flat memory, and plans that run in it. It knows no layers. `index.ts` chooses one.
 */

import { BackendError } from '../errors.ts';
import type { Memory } from './memory.ts';

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
  /**
   * Walks the plan at an address on the first `rows` rows of its buffers, and returns 0; or the address of a barrier that the other
   * threads of a team have not come to yet.
   */
  run(plan: number, rows: number): number;
  /** Runs steps over resident data as the `EpochRegisters` at an address say; returns `paused`, `lossNotFinite` or `valuesNotFinite`. */
  runEpochs(registers: number): number;
  /** How many of `count` floats are NaN or infinite. */
  countNonFinite(address: number, count: number): number;
  /** Makes the extra operations available, if they are not yet; false where they must be loaded first. */
  extend(): boolean;
  /** Where it is set, what a function of the user's throws in a plan goes there, its values are NaN, and the plan goes on. */
  caught?: ((error: unknown) => void) | undefined;
  /** Where threads can work in its memory: how it is shared with them. */
  readonly shareable?: Shareable;
}

/** Kernels that can go over to another memory. */
export interface Shareable {
  /** The WebAssembly modules at work: the kernels, and the extra ones where the backend has been extended. */
  readonly modules: readonly WebAssembly.Module[];
  /** Goes over to another memory, with all the present one holds, and to modules that `moduleOf` makes of the same binaries and their texts. */
  move(memory: WebAssembly.Memory, moduleOf: (text: string, binary: Uint8Array) => WebAssembly.Module): void;
  /** Goes on at a barrier that `run` came back from, and returns as it does. */
  resume(plan: number): number;
}

/**
 * The backends there are: WebAssembly with the same bits everywhere, WebAssembly that may fuse multiplications and additions
 * (faster; bits depend on the machine), and plain TypeScript.
 */
export type BackendName = 'wasm' | 'wasm-relaxed' | 'reference';

/** The error where a backend must be loaded first. */
export function notLoaded(name: BackendName): BackendError {
  return new BackendError(`await loadBackend('${name}') first`);
}

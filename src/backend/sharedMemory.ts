/** Kernels on a memory that threads share: the same binaries, but for the memory they import, and a backend moved over to it. */

import type { Shareable } from './backend.ts';
import { maximumBytes, pageBytes } from './memory.ts';

/**
 * A binary that imports its memory last, changed to import a shared one: the limits of that import get the flag for it and a
 * maximum, and its section three more bytes. (WebAssembly core specification, binary format, with its threads extension.)
 */
function withSharedMemory(binary: Uint8Array): Uint8Array<ArrayBuffer> {
  // Sections are a number, a size and their bytes; the import section, number 2, is shorter than 128 bytes and ends with
  // the limits: a flag and the least number of pages, 1 byte each.
  let at = 8;
  while (binary[at] !== 2) {
    let size = 0;
    let shift = 0;
    do {
      size |= (binary[++at]! & 127) << shift;
      shift += 7;
    } while (binary[at]! > 127);
    at += size + 1;
  }
  const end = at + 2 + binary[at + 1]!;
  const changed = new Uint8Array(binary.length + 3);
  changed.set(binary.subarray(0, end));
  changed[at + 1]! += 3;
  changed[end - 2] = 3;
  changed.set([0x80, 0x80, 4], end);
  changed.set(binary.subarray(end), end + 3);
  return changed;
}

/** A memory that threads share, and the kernels for it. */
export interface SharedKernels {
  readonly modules: readonly WebAssembly.Module[];
  readonly memory: WebAssembly.Memory;
}

/** By the texts of their binaries. */
const modules = new Map<string, WebAssembly.Module>();
const shared = new WeakMap<Shareable, WebAssembly.Memory>();

/** The module of a binary for shared memory, compiled once. */
function moduleOf(text: string, binary: Uint8Array): WebAssembly.Module {
  const module = modules.get(text) ?? new WebAssembly.Module(withSharedMemory(binary));
  modules.set(text, module);
  return module;
}

/** Moves kernels into a memory that threads can share, the first time; addresses stay. `bytes` is what the memory holds. */
export function sharedKernels(kernels: Shareable, bytes: number): SharedKernels {
  let memory = shared.get(kernels);
  if (memory === undefined) {
    memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / pageBytes), maximum: maximumBytes / pageBytes, shared: true });
    kernels.move(memory, moduleOf);
    shared.set(kernels, memory);
  }
  return { modules: kernels.modules, memory };
}

/** Kernels on a memory that threads share: the same binary, but for the memory it imports, and a backend moved over to it. */

import type { Backend } from './backend.ts';
import { maximumBytes, pageBytes } from './memory.ts';

/**
 * A binary that imports its memory, changed to import a shared one: the limits of that import get the flag for it and a
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

/** Kernels on a memory that threads share. */
export interface SharedKernels {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Goes on at a barrier that `run` came back from, and returns as it does. */
  readonly resume: (plan: number) => number;
}

const modules = new Map<string, WebAssembly.Module>();
const shared = new WeakMap<Backend, SharedKernels>();

/** Moves a backend into a memory that threads can share, the first time; addresses stay. */
export function sharedKernels(backend: Backend): SharedKernels {
  const module = modules.get(backend.name) ?? new WebAssembly.Module(withSharedMemory(backend.binary!));
  modules.set(backend.name, module);
  let kernels = shared.get(backend);
  if (kernels === undefined) {
    const memory = new WebAssembly.Memory({ initial: Math.ceil(backend.memory.i32.byteLength / pageBytes), maximum: maximumBytes / pageBytes, shared: true });
    kernels = { module, memory, resume: backend.move!(module, memory) };
    shared.set(backend, kernels);
  }
  return kernels;
}

/**
 * The WebAssembly backends: instantiate the embedded kernels on a memory of the model's own, so that dropping the model
 * drops the memory. Compiling is synchronous and happens once; a module is some kilobytes. The strict build comes with the
 * library, the relaxed one on demand.
 */

import { BackendError } from '../errors.ts';
import { onDemand } from '../platform.ts';
import { strictBinary } from './binary.ts';
import { notLoaded, type Backend, type BackendName } from './backend.ts';
import { bytesFromText } from './bytes.ts';
import { BufferMemory, wasmBuffer } from './memory.ts';

interface Exports {
  readonly heapBase: WebAssembly.Global;
  run(plan: number, rows: number): number;
  resume(plan: number): number;
  runEpochs(registers: number): number;
  countNonFinite(address: number, count: number): number;
}

type WasmName = Exclude<BackendName, 'reference'>;

const relaxedPart = onDemand('./relaxed.js', () => import('./relaxed.ts'));
let strict: WebAssembly.Module | BackendError | undefined;
let relaxed: WebAssembly.Module | BackendError | undefined;

/** The compiled kernels, or why there are none here; each build is tried once. */
function kernelModule(name: WasmName): WebAssembly.Module | BackendError {
  strict ??= compile(strictBinary, "WebAssembly is barred here, or without 128-bit SIMD; a content security policy needs 'wasm-unsafe-eval'");
  if (name === 'wasm' || strict instanceof BackendError) return strict;
  const part = relaxedPart.loaded();
  if (part === undefined) return notLoaded(name);
  return (relaxed ??= compile(part.relaxedBinary, `'${name}' needs relaxed SIMD: Node 22 or Chrome 114, or later`));
}

/** Why WebAssembly cannot be used here, or undefined where it can. */
export function whyNotWasm(): string | undefined {
  const kernels = kernelModule('wasm');
  return kernels instanceof BackendError ? kernels.message : undefined;
}

/** Loads the relaxed kernels and compiles them, which may throw a BackendError. */
export async function loadRelaxed(): Promise<void> {
  await relaxedPart.load();
  usableModule('wasm-relaxed');
}

function usableModule(name: WasmName): WebAssembly.Module {
  const kernels = kernelModule(name);
  if (kernels instanceof BackendError) throw kernels;
  return kernels;
}

function compile(text: string, problem: string): WebAssembly.Module | BackendError {
  if (typeof WebAssembly === 'undefined') return new BackendError('WebAssembly is not available here');
  try {
    return new WebAssembly.Module(bytesFromText(text));
  } catch (cause) {
    return new BackendError(`${problem} (${cause as Error})`, { cause });
  }
}

/** Columns of a weight are kept in panels of 8, a last one of 4 where at most 4 are left: see assembly/gemm.ts. */
const padded = (units: number): number => Math.ceil(units / 4) * 4;
const wideColumns = (units: number): number => Math.floor((units + 3) / 8) * 8;

export class WasmBackend implements Backend {
  readonly name: WasmName;
  readonly heapBase: number;
  readonly memory: BufferMemory;
  run!: Exports['run'];
  runEpochs!: Exports['runEpochs'];
  countNonFinite!: Exports['countNonFinite'];
  #exports!: Exports;

  constructor(name: WasmName) {
    const module = usableModule(name);
    this.name = name;
    const memory = new WebAssembly.Memory({ initial: 1 });
    this.memory = new BufferMemory(wasmBuffer(memory));
    this.#instantiate(module, memory);
    this.heapBase = this.#exports.heapBase.value as number;
  }

  #instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): void {
    this.#exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
    this.run = this.#exports.run;
    this.runEpochs = this.#exports.runEpochs;
    this.countNonFinite = this.#exports.countNonFinite;
  }

  get binary(): Uint8Array<ArrayBuffer> {
    return bytesFromText(this.name === 'wasm' ? strictBinary : relaxedPart.loaded()!.relaxedBinary);
  }

  move(module: WebAssembly.Module, memory: WebAssembly.Memory): (plan: number) => number {
    const { i32 } = this.memory;
    this.memory.move(wasmBuffer(memory));
    this.memory.i32.set(i32);
    this.#instantiate(module, memory);
    return this.#exports.resume;
  }

  weightFloats(inputs: number, units: number): number {
    return inputs * padded(units);
  }

  writeWeight(address: number, values: Float32Array, inputs: number, units: number): void {
    const { f32 } = this.memory;
    f32.fill(0, address / 4, address / 4 + this.weightFloats(inputs, units));
    panels(inputs, units, (plain, packed, width) => {
      for (let i = 0; i < width; i++) f32[address / 4 + packed + i] = values[plain + i]!;
    });
  }

  readWeight(address: number, inputs: number, units: number): Float32Array {
    const { f32 } = this.memory;
    const values = new Float32Array(inputs * units);
    panels(inputs, units, (plain, packed, width) => {
      for (let i = 0; i < width; i++) values[plain + i] = f32[address / 4 + packed + i]!;
    });
    return values;
  }

  inputScratchFloats(units: number): number {
    return 8 * padded(units);
  }

  parameterScratchFloats(rows: number, units: number): number {
    return Math.min(rows, 256) * (16 + padded(units));
  }
}

/** Visits each stretch of a row that lies in one panel: its start in the row-major and in the packed layout, and its length. */
function panels(inputs: number, units: number, visit: (plain: number, packed: number, width: number) => void): void {
  for (let column = 0; column < units; column += 8) {
    const stride = column < wideColumns(units) ? 8 : 4;
    const width = Math.min(stride, units - column);
    for (let input = 0; input < inputs; input++) {
      visit(input * units + column, column * inputs + input * stride, width);
    }
  }
}

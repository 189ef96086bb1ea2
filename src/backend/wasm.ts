/**
 * The WebAssembly backend: instantiates the embedded kernels on a memory of the model's own, so that dropping the model
 * drops the memory. Compiling is synchronous and happens once; the module is some kilobytes.
 */

import { BackendError } from '../errors.ts';
import { strictBinary } from './binary.ts';
import type { Backend, SharedKernels } from './backend.ts';
import { bytesFromText } from './bytes.ts';
import { BufferMemory, wasmBuffer } from './memory.ts';

interface Exports {
  readonly heapBase: WebAssembly.Global;
  run(plan: number, rows: number): number;
  resume(plan: number): number;
  runEpochs(registers: number): number;
  countNonFinite(address: number, count: number): number;
}

let sharedModule: WebAssembly.Module | undefined;
let compiled: WebAssembly.Module | BackendError | undefined;

/** The compiled kernels, or why there are none here; tried once. */
function kernelModule(): WebAssembly.Module | BackendError {
  compiled ??= compile();
  return compiled;
}

/** Why WebAssembly cannot be used here, or undefined where it can. */
export function whyNotWasm(): string | undefined {
  const kernels = kernelModule();
  return kernels instanceof BackendError ? kernels.message : undefined;
}

function compile(): WebAssembly.Module | BackendError {
  if (typeof WebAssembly === 'undefined') return new BackendError('WebAssembly is not available here');
  try {
    return new WebAssembly.Module(bytesFromText(strictBinary));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new BackendError(
      `WebAssembly is barred here, or without 128-bit SIMD (${reason}); a content security policy needs 'wasm-unsafe-eval'`,
      { cause },
    );
  }
}

/** Columns of a weight are kept in panels of 8, a last one of 4 where at most 4 are left: see assembly/gemm.ts. */
const padded = (units: number): number => Math.ceil(units / 4) * 4;
const wideColumns = (units: number): number => Math.floor((units + 3) / 8) * 8;

export class WasmBackend implements Backend {
  readonly name = 'wasm';
  readonly heapBase: number;
  readonly memory: BufferMemory;
  run!: Exports['run'];
  runEpochs!: Exports['runEpochs'];
  countNonFinite!: Exports['countNonFinite'];
  #exports!: Exports;
  #shared: SharedKernels | undefined;

  constructor() {
    const module = kernelModule();
    if (module instanceof BackendError) throw module;
    const source = wasmBuffer(1);
    this.memory = new BufferMemory(source);
    this.#instantiate(module, source.memory);
    this.heapBase = this.#exports.heapBase.value as number;
  }

  #instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): void {
    this.#exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
    this.run = this.#exports.run;
    this.runEpochs = this.#exports.runEpochs;
    this.countNonFinite = this.#exports.countNonFinite;
  }

  share(adapt: Parameters<Required<Backend>['share']>[0]): SharedKernels {
    this.#shared ??= this.#moveToShared(adapt);
    return this.#shared;
  }

  #moveToShared(adapt: Parameters<Required<Backend>['share']>[0]): SharedKernels {
    sharedModule ??= new WebAssembly.Module(adapt(bytesFromText(strictBinary)));
    const source = wasmBuffer(this.memory.i32.byteLength, true);
    new Int32Array(source.buffer).set(this.memory.i32);
    this.memory.move(source);
    this.#instantiate(sharedModule, source.memory);
    return { module: sharedModule, memory: source.memory, resume: this.#exports.resume };
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

/**
 * The WebAssembly backends: instantiate the embedded kernels on a memory of the model's own, so that dropping the model
 * drops the memory. Compiling is synchronous and happens once; a module is some kilobytes. The strict build comes with the
 * library, the kernels that only some models need and the relaxed build on demand.
 */

import { BackendError } from '../errors.ts';
import { onDemand } from '../platform.ts';
import { strictBinary } from './binary.ts';
import { notLoaded, type Backend, type BackendName, type Shareable } from './backend.ts';
import { bytesFromText } from './bytes.ts';
import { BufferMemory, wasmBuffer } from './memory.ts';
import { learn } from './plan.ts';

interface Exports {
  run(plan: number, rows: number): number;
  resume(plan: number): number;
  runEpochs(registers: number): number;
  countNonFinite(address: number, count: number): number;
}

type Extra = typeof import('./extra.ts');
type WasmName = Exclude<BackendName, 'reference'>;

const extraPart = onDemand('./extra.js', () => import('./extra.ts'));
const relaxedPart = onDemand('./relaxed.js', () => import('./relaxed.ts'));
/** The modules of binaries by their texts, or why they do not compile here; each is tried once. */
const modules = new Map<string, WebAssembly.Module | BackendError>();

/** Why WebAssembly cannot be used here, or undefined where it can. */
export function whyNotWasm(): string | undefined {
  const kernels = compile(strictBinary);
  return kernels instanceof BackendError ? kernels.message : undefined;
}

/** Loads kernels on demand, and compiles them, which may throw a BackendError. */
export async function loadKernels(name: WasmName): Promise<void> {
  if (name === 'wasm') await extraPart.load();
  else await relaxedPart.load();
  usable(name);
}

/** The text of the kernels, which do compile here. */
function usable(name: WasmName): string {
  // Where there is no SIMD, there is no relaxed one either: that is the problem to name.
  let kernels = compile(strictBinary);
  let text: string | undefined = strictBinary;
  if (name !== 'wasm' && !(kernels instanceof BackendError)) {
    text = relaxedPart.loaded()?.relaxedBinary;
    kernels = text === undefined ? notLoaded(name) : compile(text, `'${name}' needs relaxed SIMD: Node 22 or Chrome 114, or later`);
  }
  if (kernels instanceof BackendError) throw kernels;
  return text!;
}

function compile(
  text: string, problem = "WebAssembly is barred here, or without 128-bit SIMD; a content security policy needs 'wasm-unsafe-eval'",
): WebAssembly.Module | BackendError {
  let result = modules.get(text);
  if (result === undefined) {
    try {
      result = new WebAssembly.Module(bytesFromText(text));
    } catch (cause) {
      result = new BackendError(typeof WebAssembly === 'undefined' ? 'WebAssembly is not available here' : `${problem} (${cause as Error})`, { cause });
    }
    modules.set(text, result);
  }
  return result;
}

/** The first address that plans may use: the tables of both binaries lie below it (see asconfig.json; tested). */
const heapBase = 4096;

/** In the place of the extra kernels where a backend has not been extended. */
function noExtra(): never {
  throw new BackendError('a plan holds an extra operation, and the layer or optimizer it is of does not say so');
}

/** Columns of a weight are kept in panels of 8, a last one of 4 where at most 4 are left: see assembly/gemm.ts. */
const padded = (units: number): number => Math.ceil(units / 4) * 4;
const wideColumns = (units: number): number => Math.floor((units + 3) / 8) * 8;

export class WasmBackend implements Backend, Shareable {
  readonly name: WasmName;
  readonly heapBase = heapBase;
  readonly memory: BufferMemory;
  modules!: readonly WebAssembly.Module[];
  run!: Exports['run'];
  runEpochs!: Exports['runEpochs'];
  countNonFinite!: Exports['countNonFinite'];
  declare caught?: Backend['caught'];
  resume!: Exports['resume'];
  /** Of the kernels and, where it has been extended, of the extra ones. */
  readonly #texts: string[];
  #memory: WebAssembly.Memory;
  /** Joins the extra kernels with functions that were defined. */
  #withDefined!: Extra['withDefined'];
  #moduleOf = (text: string): WebAssembly.Module => compile(text) as WebAssembly.Module;

  constructor(name: WasmName) {
    this.#texts = [usable(name)];
    this.name = name;
    this.#memory = new WebAssembly.Memory({ initial: 1 });
    this.memory = new BufferMemory(wasmBuffer(this.#memory));
    this.#instantiate();
  }

  #instantiate(): void {
    this.modules = this.#texts.map(this.#moduleOf);
    const env = { memory: this.#memory, extra: noExtra as WebAssembly.ImportValue };
    const [kernels, extra] = this.modules;
    if (extra !== undefined) env.extra = this.#withDefined(new WebAssembly.Instance(extra, { env }).exports['runExtra'] as never, this);
    const exports = new WebAssembly.Instance(kernels!, { env }).exports as unknown as Exports;
    this.run = exports.run;
    this.resume = exports.resume;
    this.runEpochs = exports.runEpochs;
    this.countNonFinite = exports.countNonFinite;
  }

  extend(): boolean {
    if (this.#texts.length > 1) return true;
    const part = (this.name === 'wasm' ? extraPart : relaxedPart).loaded();
    if (part === undefined) return false;
    // Plans may be written of them from now on.
    learn(part);
    this.#withDefined = part.withDefined;
    this.#texts.push('strictExtra' in part ? part.strictExtra : part.relaxedExtra);
    this.#instantiate();
    return true;
  }

  get shareable(): Shareable {
    return this;
  }

  move(memory: WebAssembly.Memory, moduleOf: (text: string, binary: Uint8Array) => WebAssembly.Module): void {
    const { i32 } = this.memory;
    this.memory.move(wasmBuffer(memory));
    this.memory.i32.set(i32);
    this.#memory = memory;
    this.#moduleOf = (text) => moduleOf(text, bytesFromText(text));
    this.#instantiate();
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

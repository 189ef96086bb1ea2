/**
 * Two memories with the same contents, one run by the wasm kernels and one by their plain twins. Ranges are placed in
 * both at the same address, with a guard behind each, so that a test can call a kernel by name on both and compare.
 */
import { instantiateSync } from '@assemblyscript/loader';
import { expect } from 'vitest';
import { strictBinary } from '../src/backend/binary.ts';
import { bytesFromText } from '../src/backend/bytes.ts';
import { strictExtra } from '../src/backend/extra.ts';
import { Arena, BufferMemory, plainBuffer, wasmBuffer, type Views } from '../src/backend/memory.ts';
import { kernels } from '../src/backend/reference/index.ts';

type Kernel = (...args: number[]) => number | void;
const guard = 1234.5;
const size = 1 << 23;

let binaries = [strictBinary, strictExtra];
let modules: WebAssembly.Module[] | undefined;

/** From now on the kernels are those of another build: a binary, and that of its extra kernels. */
export function runTwinsOn(texts: [kernels: string, extra: string]): void {
  binaries = texts;
  modules = undefined;
}

/** The exports of both binaries on a memory. */
function wasmExports(memory: WebAssembly.Memory): { kernels: Record<string, Kernel>; extra: Record<string, Kernel> } {
  modules ??= binaries.map((text) => new WebAssembly.Module(bytesFromText(text)));
  const extra = instantiateSync(modules[1]!, { env: { memory } }).instance.exports as Record<string, Kernel>;
  const kernels = instantiateSync(modules[0]!, { env: { memory, extra: extra['runExtra'] } as Record<string, unknown> }).instance.exports as Record<string, Kernel>;
  return { kernels, extra };
}

export class Twins {
  readonly wasm: Views;
  readonly plain: Views;
  /** Of both binaries; and of the extra one. */
  readonly exports: Record<string, Kernel>;
  readonly extra: Record<string, Kernel>;
  readonly #arena = new Arena(65_536);
  readonly #guards: number[] = [];

  constructor() {
    const memory = new WebAssembly.Memory({ initial: size / 65_536 });
    this.wasm = new BufferMemory(wasmBuffer(memory));
    this.plain = new BufferMemory(plainBuffer(size));
    const { kernels, extra } = wasmExports(memory);
    this.extra = extra;
    this.exports = { ...extra, ...kernels };
  }

  /** The address of these values in both memories. */
  place(values: ArrayLike<number>): number {
    const at = this.#arena.floats(values.length);
    const end = at + Math.ceil(values.length / 4) * 16;
    this.#arena.floats(16);
    if (this.#arena.end > size) throw new Error('the twins are full');
    for (const { f32 } of [this.wasm, this.plain]) {
      f32.set(values, at / 4);
      f32.fill(guard, end / 4, end / 4 + 4);
    }
    this.#guards.push(end);
    return at;
  }

  /** The address of `count` floats that hold `value`. */
  space(count: number, value = 0): number {
    return this.place(new Float32Array(count).fill(value));
  }

  /** Runs a kernel in both memories; `args` are those of its page in plan.ts, rows included. */
  run(name: keyof typeof kernels, ...args: number[]): void {
    this.exports[name]!(...args);
    (kernels[name] as (views: Views, ...args: number[]) => void)(this.plain, ...args);
    for (const end of this.#guards) {
      for (const { f32 } of [this.wasm, this.plain]) {
        expect(f32.slice(end / 4, end / 4 + 4), `${name} wrote behind a range`).toEqual(new Float32Array(4).fill(guard));
      }
    }
  }

  read(at: number, count: number): { wasm: Float32Array; plain: Float32Array } {
    return { wasm: this.wasm.f32.slice(at / 4, at / 4 + count), plain: this.plain.f32.slice(at / 4, at / 4 + count) };
  }

  readDouble(at: number): { wasm: number; plain: number } {
    return { wasm: this.wasm.f64[at / 8]!, plain: this.plain.f64[at / 8]! };
  }
}

/** Element counts around the vector width and the unrolled loops. */
export const counts = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 1023];

/** Values at which kernels go wrong. */
export const awkward = [
  0, -0, 1, -1, 0.5, -0.5, 3, -3, 1e-3, -1e-3, 1e-30, -1e-30, 1e-40, -1e-40, 1.401298464324817e-45, 88, -88, 104, -104, 1000, -1000,
  1e10, -1e10, 3.4e38, -3.4e38, Infinity, -Infinity, NaN,
];

/** A reproducible sequence of numbers in [−1, 1), for inputs of tests. */
export function numbers(count: number, seed = 1, scale = 1): Float32Array {
  let state = (Math.imul(seed, 0x9e3779b1) >>> 0) || 1;
  return Float32Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return scale * ((state >>> 0) / 2 ** 31 - 1);
  });
}

/** |actual − expected| in units of the last place of `expected` as a float32. */
export function ulps(actual: number, expected: number): number {
  const rounded = Math.fround(expected);
  if (Object.is(actual, rounded) || actual === rounded || (Number.isNaN(actual) && Number.isNaN(rounded))) return 0;
  if (!Number.isFinite(actual) || !Number.isFinite(rounded)) return Infinity;
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(expected) || 2 ** -149)));
  return Math.abs(actual - expected) / 2 ** (exponent - 23);
}

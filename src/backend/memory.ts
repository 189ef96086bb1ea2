/**
 * The flat memory of one model, whichever backend owns it: views that survive growth, and an arena that hands out
 * addresses. Nothing else in the package makes a typed array over this memory.
 */

import { BackendError } from '../errors.ts';

/** WebAssembly's 32-bit limit: 65,536 pages of 64 KiB. */
export const maximumBytes = 2 ** 32;
export const pageBytes = 65_536;

/** Typed views of one buffer; all indices are byte addresses divided by the element size. */
export interface Views {
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly i32: Int32Array;
}

/** A growable buffer: `WebAssembly.Memory`, or a plain one. */
export interface GrowableBuffer {
  readonly buffer: ArrayBufferLike;
  /** Makes it at least `bytes` long, keeping its contents; throws a RangeError where that cannot be had. */
  grow(bytes: number): void;
}

/** The memory of a model: views that are rebuilt when it grows, so take them anew after `ensure`. */
export interface Memory extends Views {
  /** Grows to at least `bytes`; on failure everything is as it was, and a BackendError says so. */
  ensure(bytes: number): void;
}

/** Memory over one buffer, whose views alias. */
export class BufferMemory implements Memory {
  f32!: Float32Array;
  f64!: Float64Array;
  i32!: Int32Array;
  #source: GrowableBuffer;

  constructor(source: GrowableBuffer) {
    this.#source = source;
    this.#view();
  }

  ensure(bytes: number): void {
    if (bytes <= this.f32.byteLength) return;
    checkedGrowth(bytes, () => this.#source.grow(bytes));
    this.#view();
  }

  /** Goes over to another buffer. */
  move(source: GrowableBuffer): void {
    this.#source = source;
    this.#view();
  }

  #view(): void {
    const { buffer } = this.#source;
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.i32 = new Int32Array(buffer);
  }
}

/**
 * Memory in which every float32 is kept in double precision, for numerical differences. Only the reference backend runs in
 * it; its views do not alias.
 */
export class DoubleMemory implements Memory {
  f32 = new Float32Array(0);
  f64 = new Float64Array(0);
  i32 = new Int32Array(0);

  ensure(bytes: number): void {
    if (bytes <= this.i32.byteLength) return;
    const values = Math.ceil(bytes / 16) * 4;
    checkedGrowth(bytes, () => {
      const f32 = new Float64Array(values);
      const f64 = new Float64Array(values / 2);
      const i32 = new Int32Array(values);
      f32.set(this.f32);
      f64.set(this.f64);
      i32.set(this.i32);
      // The kernels index it the same way, whatever an element holds.
      Object.assign(this, { f32, f64, i32 });
    });
  }
}

/** Allocates by a function that throws where memory cannot be had; a BackendError then says how much was wanted. */
function checkedGrowth<Result>(bytes: number, allocate: () => Result): Result {
  if (bytes > maximumBytes) throw new BackendError(`${megabytes(bytes)} of memory were asked for; a model can have ${megabytes(maximumBytes)} at most`);
  try {
    return allocate();
  } catch (cause) {
    throw new BackendError(`${megabytes(bytes)} of memory were asked for and could not be had`, { cause });
  }
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20).toLocaleString('en')} MiB`;
}

/** The buffer of a WebAssembly memory. */
export function wasmBuffer(memory: WebAssembly.Memory): GrowableBuffer {
  return {
    get buffer() {
      return memory.buffer;
    },
    grow(wanted) {
      memory.grow(Math.ceil((wanted - memory.buffer.byteLength) / pageBytes));
    },
  };
}

/** A plain buffer for the reference backend. */
export function plainBuffer(bytes: number): GrowableBuffer {
  let buffer = new ArrayBuffer(Math.ceil(bytes / 16) * 16);
  return {
    get buffer() {
      return buffer;
    },
    grow(wanted) {
      const larger = new ArrayBuffer(Math.ceil(wanted / 16) * 16);
      new Uint8Array(larger).set(new Uint8Array(buffer));
      buffer = larger;
    },
  };
}

/** Hands out addresses one after the other; allocates nothing itself. */
export class Arena {
  #next: number;

  constructor(start: number) {
    this.#next = align(start, 64);
  }

  /** First address not handed out yet. */
  get end(): number {
    return this.#next;
  }

  /** The address of a range of `count` floats, aligned to 64 bytes; its padding belongs to it. */
  floats(count: number): number {
    const at = this.#next;
    this.#next = align(at + 4 * count, 64);
    return at;
  }
}

function align(bytes: number, to: number): number {
  return Math.ceil(bytes / to) * to;
}

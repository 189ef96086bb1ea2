/**
 * The wire format of Protocol Buffers, as much of it as ONNX needs: a message is a list of fields, each a number with a wire type
 * (varint, 8 bytes, length and bytes, 4 bytes) and a value. Read strictly and one level at a time, so nothing nests by itself; nothing is
 * copied before its place has been found in the bytes there are. After the encoding guide of protobuf.dev.
 */

import { FormatError } from '../../errors.ts';

const varint = 0;
const fixed64 = 1;
const bytes = 2;
const fixed32 = 5;
/** By wire type. */
const wireNames: readonly (string | undefined)[] = ['a varint', '8 bytes', 'a length and bytes', undefined, undefined, '4 bytes'];

/** Fields of a file at most: many more than any network has, few enough for memory. */
const mostFields = 1_048_576;

export function refused(where: string, expected: string, received: string | number): FormatError {
  return new FormatError(`${where || 'the file'}: expected ${expected}; received ${received}`);
}

interface Field {
  readonly wire: number;
  /** Of a varint, as a signed 64-bit integer; exact up to 2⁵³. */
  readonly value: number;
  /** Of all others. */
  readonly content: Uint8Array;
}

const nothing = /* @__PURE__ */ new Uint8Array(0);
const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView => new DataView(buffer, byteOffset, byteLength);

/** The fields of a message, by number. */
export class Message {
  readonly where: string;
  readonly #fields = new Map<number, Field[]>();
  readonly #budget: { left: number };

  /** @param where What it is called in errors, for example `graph node[3]`. */
  constructor(where: string, content: Uint8Array, budget = { left: mostFields }) {
    this.where = where;
    this.#budget = budget;
    const cursor = new Cursor(where, content);
    while (!cursor.atEnd) {
      const key = cursor.varint();
      const number = Math.floor(key / 8);
      if (number < 1 || number >= 2 ** 29) throw refused(where, 'fields with numbers from 1 to 2²⁹', number);
      if (budget.left-- === 0) throw refused(where, `a file of at most ${mostFields} fields`, 'more');
      const fields = this.#fields.get(number);
      const field = cursor.field(number, key % 8);
      if (fields === undefined) this.#fields.set(number, [field]);
      else fields.push(field);
    }
  }

  has(number: number): boolean {
    return this.#fields.has(number);
  }

  /** The field of that number, if there is one; it may not come twice. */
  #one(number: number, name: string, wire: number): Field | undefined {
    const fields = this.#all(number, name, [wire]);
    if (fields.length > 1) throw refused(this.#inner(name), 'one', fields.length);
    return fields[0];
  }

  #all(number: number, name: string, wires: readonly number[]): readonly Field[] {
    const fields = this.#fields.get(number) ?? [];
    const wrong = fields.find(({ wire }) => !wires.includes(wire));
    if (wrong !== undefined) throw refused(this.#inner(name), wires.map((wire) => wireNames[wire]!).join(' or '), wireNames[wrong.wire]!);
    return fields;
  }

  integer(number: number, name: string): number | undefined {
    const field = this.#one(number, name, varint);
    if (field !== undefined && !Number.isSafeInteger(field.value)) throw refused(this.#inner(name), 'an integer within 2⁵³', field.value);
    return field?.value;
  }

  float(number: number, name: string): number | undefined {
    const field = this.#one(number, name, fixed32);
    return field === undefined ? undefined : viewOf(field.content).getFloat32(0, true);
  }

  bytes(number: number, name: string): Uint8Array | undefined {
    return this.#one(number, name, bytes)?.content;
  }

  text(number: number, name: string): string | undefined {
    const content = this.bytes(number, name);
    return content === undefined ? undefined : decodeText(this.#inner(name), content);
  }

  texts(number: number, name: string): string[] {
    return this.#all(number, name, [bytes]).map(({ content }, i) => decodeText(this.#inner(`${name}[${i}]`), content));
  }

  message(number: number, name: string): Message | undefined {
    const content = this.bytes(number, name);
    return content === undefined ? undefined : new Message(this.#inner(name), content, this.#budget);
  }

  messages(number: number, name: string): Message[] {
    return this.#all(number, name, [bytes]).map(({ content }, i) => new Message(this.#inner(`${name}[${i}]`), content, this.#budget));
  }

  #inner(name: string): string {
    return this.where === '' ? name : `${this.where} ${name}`;
  }

  /** Of integers one by one, or packed; those beyond 2⁵³ are rounded. */
  integers(number: number, name: string): Float64Array {
    const where = this.#inner(name);
    // A packed integer takes a byte at least; the last byte of each has no high bit.
    const counts = this.#all(number, name, [varint, bytes]).map(({ wire, content }) => (wire === varint ? 1 : content.reduce((sum, byte) => sum + Number(byte < 128), 0)));
    const values = new Float64Array(counts.reduce((a, b) => a + b, 0));
    let at = 0;
    for (const { wire, value, content } of this.#fields.get(number) ?? []) {
      if (wire === varint) {
        values[at++] = value;
        continue;
      }
      const cursor = new Cursor(where, content);
      while (!cursor.atEnd) values[at++] = cursor.varint();
    }
    return values;
  }

  /** Bytes of numbers of `size` bytes, one by one or packed; a copy, aligned. */
  numbers(number: number, name: string, size: 4 | 8): Uint8Array<ArrayBuffer> {
    const fields = this.#all(number, name, [size === 4 ? fixed32 : fixed64, bytes]);
    const length = fields.reduce((sum, { content }) => sum + content.length, 0);
    if (length % size !== 0) throw refused(this.#inner(name), `numbers of ${size} bytes`, `${length} bytes`);
    const all = new Uint8Array(length);
    let at = 0;
    for (const { content } of fields) {
      all.set(content, at);
      at += content.length;
    }
    return all;
  }
}

function decodeText(where: string, content: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw refused(where, 'UTF-8', 'other bytes');
  }
}

/** A place in the bytes of a message. */
class Cursor {
  readonly #where: string;
  readonly #content: Uint8Array;
  #at = 0;

  constructor(where: string, content: Uint8Array) {
    this.#where = where;
    this.#content = content;
  }

  get atEnd(): boolean {
    return this.#at === this.#content.length;
  }

  field(number: number, wire: number): Field {
    if (wire === varint) return { wire, value: this.varint(), content: nothing };
    if (wire === fixed64 || wire === fixed32) return { wire, value: 0, content: this.#take(number, wire === fixed64 ? 8 : 4) };
    if (wire === bytes) return { wire, value: 0, content: this.#take(number, this.varint()) };
    throw refused(this.#where, `field ${number} to have a wire type of 0, 1, 2 or 5`, wire);
  }

  #take(number: number, length: number): Uint8Array {
    const left = this.#content.length - this.#at;
    if (length < 0 || length > left) throw refused(this.#where, `field ${number} of at most the ${left} bytes that are left`, length);
    this.#at += length;
    return this.#content.subarray(this.#at - length, this.#at);
  }

  /** Seven bits a byte, low ones first; as a signed 64-bit integer, rounded beyond 2⁵³. */
  varint(): number {
    let low = 0;
    let scale = 1;
    // 49 bits at most are exact here.
    for (let i = 0; i < 7; i++) {
      const byte = this.#content[this.#at++];
      if (byte === undefined) throw refused(this.#where, 'the end of a varint', 'the end of the message');
      low += (byte & 127) * scale;
      if (byte < 128) return low;
      scale *= 128;
    }
    return this.#longVarint(this.#at - 7);
  }

  #longVarint(from: number): number {
    let value = 0n;
    for (let i = 0; i < 10; i++) {
      const byte = this.#content[from + i];
      if (byte === undefined) throw refused(this.#where, 'the end of a varint', 'the end of the message');
      if (i === 9 && byte > 1) break;
      value |= BigInt(byte & 127) << BigInt(7 * i);
      this.#at = from + i + 1;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
    throw refused(this.#where, 'a varint of at most 64 bits', 'a longer one');
  }
}

/** Writes a message, field by field. */
export class MessageWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  #push(part: Uint8Array | readonly number[]): void {
    const content = part instanceof Uint8Array ? part : Uint8Array.from(part);
    this.#parts.push(content);
    this.#length += content.length;
  }

  #head(number: number, wire: number, length?: number): void {
    const head = [...varintOf(number * 8 + wire)];
    this.#push(length === undefined ? head : [...head, ...varintOf(length)]);
  }

  /** An integer within 2⁵³. */
  integer(number: number, value: number): void {
    this.#push([...varintOf(number * 8 + varint), ...varintOf(value)]);
  }

  float(number: number, value: number): void {
    this.#head(number, fixed32);
    this.#push(new Uint8Array(Float32Array.of(value).buffer));
  }

  bytes(number: number, content: Uint8Array): void {
    this.#head(number, bytes, content.length);
    this.#push(content);
  }

  text(number: number, text: string): void {
    this.bytes(number, new TextEncoder().encode(text));
  }

  message(number: number, write: (inner: MessageWriter) => void): void {
    const inner = new MessageWriter();
    write(inner);
    this.#head(number, bytes, inner.#length);
    for (const part of inner.#parts) this.#push(part);
  }

  finish(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}

function varintOf(value: number): number[] {
  const encoded: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) encoded.push(Number(rest & 127n) | 128);
  return [...encoded, Number(rest)];
}

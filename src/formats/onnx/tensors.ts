/** Tensors out of ONNX files: every way in which a file may hold their values, as numbers. */

import { show } from '../../errors.ts';
import { fromHalf } from '../safetensors.ts';
import { refused, type Message } from './protobuf.ts';
import { dataType, tensorField as field } from './schema.ts';

/** Numbers, row-major; in double precision where the file had doubles or integers. Integers beyond 2⁵³ are rounded. */
export interface OnnxTensor {
  /** Empty for a single number. */
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array;
  /** Whether the numbers are of a kind that computes with fractions. */
  readonly isFloat: boolean;
}

interface Kind {
  readonly name: string;
  /** Bytes of a value in `raw_data`. */
  readonly size: number;
  readonly isFloat: boolean;
  /** Values of raw bytes, which begin where every kind of number may. */
  raw(bytes: Uint8Array<ArrayBuffer>): Float32Array | Float64Array;
  /** Values of the field that is there for the type. */
  typed(message: Message): Float32Array | Float64Array;
}

const int32s = (message: Message): Float64Array => message.integers(field.int32s, 'int32_data');
const fromBits = (bits: ArrayLike<number>, convert: (bits: number) => number): Float32Array => Float32Array.from(bits, (value) => convert(value & 0xffff));

/** The number whose upper 16 bits of a float32 these are. */
function fromBrain(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!;
}

const kindsByCode = (): Map<number, Kind> => new Map<number, Kind>([
  [dataType.float, {
    name: 'FLOAT', size: 4, isFloat: true, raw: ({ buffer }) => new Float32Array(buffer), typed: (message) => new Float32Array(message.numbers(field.floats, 'float_data', 4).buffer),
  }],
  [dataType.double, {
    name: 'DOUBLE', size: 8, isFloat: true, raw: ({ buffer }) => new Float64Array(buffer), typed: (message) => new Float64Array(message.numbers(field.doubles, 'double_data', 8).buffer),
  }],
  [dataType.half, {
    name: 'FLOAT16', size: 2, isFloat: true, raw: ({ buffer }) => fromBits(new Uint16Array(buffer), fromHalf), typed: (message) => fromBits(int32s(message), fromHalf),
  }],
  [dataType.brainFloat, {
    name: 'BFLOAT16', size: 2, isFloat: true, raw: ({ buffer }) => fromBits(new Uint16Array(buffer), fromBrain), typed: (message) => fromBits(int32s(message), fromBrain),
  }],
  [dataType.int64, {
    name: 'INT64', size: 8, isFloat: false, raw: ({ buffer }) => Float64Array.from(new BigInt64Array(buffer), Number), typed: (message) => message.integers(field.int64s, 'int64_data'),
  }],
  [dataType.int32, { name: 'INT32', size: 4, isFloat: false, raw: ({ buffer }) => Float64Array.from(new Int32Array(buffer)), typed: int32s }],
  [dataType.bool, { name: 'BOOL', size: 1, isFloat: false, raw: (bytes) => Float64Array.from(bytes), typed: int32s }],
]);
const kinds = /* @__PURE__ */ kindsByCode();

const mostDims = 8;
const shown = (dims: Iterable<number>): string => `[${[...dims].slice(0, mostDims).join(', ')}]`;

/** A `TensorProto`; nothing is copied before shape and bytes are known to agree. */
export function readTensor(message: Message): { name: string; tensor: OnnxTensor } {
  const name = message.text(field.name, 'name') ?? '';
  const where = name === '' ? message.where : `${message.where} ${show(name)}`;
  const type = message.integer(field.type, 'data_type');
  const kind = kinds.get(type ?? 0);
  if (kind === undefined) throw refused(`${where} data_type`, `one of ${[...kinds].map(([code, known]) => `${code} (${known.name})`).join(', ')}`, type ?? 'none');
  if (message.has(field.external) || (message.integer(field.location, 'data_location') ?? 0) !== 0) {
    throw refused(where, 'values in the file itself', 'external data, which lie in another file');
  }
  if (message.has(field.segment)) throw refused(where, 'a whole tensor', 'a segment of one');
  const dims = [...message.integers(field.dims, 'dims')];
  if (dims.length > mostDims) throw refused(`${where} dims`, `at most ${mostDims}`, dims.length);
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (!dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0) || !Number.isSafeInteger(count * 8)) throw refused(`${where} dims`, 'whole numbers of fewer than 2⁵³ bytes in all', shown(dims));
  const raw = message.bytes(field.raw, 'raw_data');
  if (raw === undefined) {
    const data = kind.typed(message);
    if (data.length !== count) throw refused(where, `${count} values for ${kind.name} ${shown(dims)}`, data.length);
    return { name, tensor: { dims, data, isFloat: kind.isFloat } };
  }
  if (raw.length !== count * kind.size) throw refused(where, `${count * kind.size} bytes for ${kind.name} ${shown(dims)}`, raw.length);
  const copy = new Uint8Array(raw.length);
  copy.set(raw);
  return { name, tensor: { dims, data: kind.raw(copy), isFloat: kind.isFloat } };
}

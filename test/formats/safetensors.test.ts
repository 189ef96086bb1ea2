/** The safetensors format: files of the reference implementation, bytes that are fixed, and everything a hostile file can be. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError, OptionError, parseSafetensors, serializeSafetensors, type SafetensorsTensor, type TensorLike } from '../../src/index.ts';
import fixture from '../fixtures/safetensors.json' with { type: 'json' };

const fromHex = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g)!, (byte) => parseInt(byte, 16));

interface Described {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly (number | string)[];
}

/** A file of a header, as text, and so many bytes of values. */
function file(header: string, values = 0, length?: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + values);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const tensor = (shape: string, begin: number | string, end: number | string, dtype = 'F32'): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;

describe('a file of the reference implementation', () => {
  const readable = fixture.files.filter(({ tensors }) => Object.values(tensors as Record<string, Described>).every(({ dtype }) => !/^[IU]/.test(dtype)));

  it.each(readable)('is read: $name', ({ hex, metadata, tensors: described }) => {
    const expected = Object.entries(described as Record<string, Described>);
    const { tensors, metadata: strings } = parseSafetensors(fromHex(hex));
    expect(Object.fromEntries(strings)).toEqual(metadata);
    expect([...tensors.keys()].sort()).toEqual(expected.map(([name]) => name).sort());
    for (const [name, { dtype, shape, values }] of expected) {
      expect(tensors.get(name)).toEqual({ dtype, shape, data: Float32Array.from(values, Number) });
    }
  });

  it('is read wherever it lies in a buffer, and is not held on to', () => {
    const { hex, tensors: described } = fixture.files[0]!;
    const bytes = fromHex(hex);
    const buffer = new Uint8Array(bytes.length + 3);
    buffer.set(bytes, 3);
    const { tensors } = parseSafetensors(buffer.subarray(3));
    buffer.fill(255);
    expect(tensors.get('dense_1/kernel')!.data).toEqual(Float32Array.from((described as Record<string, Described>)['dense_1/kernel']!.values, Number));
  });

  it.each(readable.filter(({ tensors }) => Object.values(tensors as Record<string, Described>).every(({ dtype }) => dtype === 'F32')))(
    'has the bytes that are written of the same content: $name', ({ hex }) => {
      const { tensors, metadata } = parseSafetensors(fromHex(hex));
      expect(serializeSafetensors(tensors, metadata)).toEqual(fromHex(hex));
    },
  );

  it.each([['integers', /tensor 'count': expected a dtype of F32, F16, BF16, F64; received 'I64'/], ['bytes', /tensor 'u': .*'U8'/]])('is refused by the name of the tensor: %s', (name, message) => {
    const bytes = fromHex(fixture.files.find((each) => each.name === name)!.hex);
    expect(() => parseSafetensors(bytes)).toThrow(FormatError);
    expect(() => parseSafetensors(bytes)).toThrow(message);
  });
});

it('the same content gives the same bytes, in whatever order it comes', () => {
  const a: [string, TensorLike] = ['a', { shape: [2], data: Float32Array.of(1, NaN) }];
  const b: [string, TensorLike] = ['b/ä', { shape: [], data: Float32Array.of(-0) }];
  const bytes = serializeSafetensors(new Map([a, b]), new Map([['x', '1'], ['y', '2']]));
  expect(serializeSafetensors(new Map([b, a]), new Map([['y', '2'], ['x', '1']]))).toEqual(bytes);
  expect(bytes.length % 4).toBe(0);
  expect(serializeSafetensors(new Map([['a', { shape: [1, 2], data: a[1].data }], b]))).not.toEqual(bytes);
});

it('values keep their bits, those of NaN too', () => {
  const bits = Uint32Array.of(0x7fc00001, 0xffffffff, 0x80000000, 1, 0x7f800000);
  const { tensors } = parseSafetensors(serializeSafetensors(new Map([['x', { shape: [5], data: new Float32Array(bits.buffer) }]])));
  expect(new Uint32Array(tensors.get('x')!.data.buffer)).toEqual(bits);
});

const one = tensor('[1]', 0, 4);
describe('a file is refused that', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['is empty', new Uint8Array(), /byte 0: expected 8 bytes.*received 0 bytes/],
    ['ends in the length of the header', new Uint8Array(7), /byte 0: expected 8 bytes.*received 7/],
    ['ends in the header', file(`{"a":${one}}`).subarray(0, 20), /byte 8: expected a header of \d+ bytes; received 12/],
    ['claims a header of more than 100 MB', file('{}', 0, 100_000_001), /at most 100000000 bytes; received 100000001/],
    ['claims a header of 2⁶⁴ − 1 bytes', Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 123, 125), /at most 100000000 bytes/],
    ['has an empty header', file(''), /character 0 of the header: expected '\{'; received its end/],
    ['has no object for a header', file('[]'), /character 0 of the header: expected '\{'; received "\[\]"/],
    ['has a space before the header', file(' {}'), /character 0 of the header: expected '\{'/],
    ['has a byte order mark', file('\ufeff{}'), /character 0 of the header: expected '\{'/],
    ['has a header that is not UTF-8', ((bytes) => (bytes[9] = 0xff, bytes))(file('{"":1}')), /expected a header in UTF-8/],
    ['has more than spaces after the header', file('{}\n'), /character 2 .*nothing but spaces/],
    ['has two headers', file('{}{}'), /character 2 .*nothing but spaces/],
    ['has a header that is cut short', file('{"a":'), /character 5 .*'\{'; received its end/],
    ['has a comma too many', file(`{"a":${one},}`, 4), /expected '"'/],
    ['names a tensor twice', file(`{"a":${one},"a":${one}}`, 4), /expected each name once; received 'a' again/],
    ['names a tensor twice, once in escapes', file(`{"a":${one},"\\u0061":${one}}`, 4), /received 'a' again/],
    ['has metadata twice', file('{"__metadata__":{},"__metadata__":{}}'), /'__metadata__' again/],
    ['has a key of metadata twice', file('{"__metadata__":{"k":"1","k":"2"}}'), /each key of __metadata__ once; received 'k' again/],
    ['has a number in its metadata', file('{"__metadata__":{"k":1}}'), /character \d+ of the header: expected '"'/],
    ['has no object for metadata', file('{"__metadata__":null}'), /expected '\{'/],
    ['has a key twice in a tensor', file('{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4), /each once; received 'dtype'/],
    ['has an unknown key in a tensor', file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"strides":[1]}}', 4), /dtype, shape and data_offsets of tensor 'a'.*received 'strides'/],
    ['has __proto__ for a key in a tensor', file('{"a":{"__proto__":{"dtype":"F32"},"shape":[1],"data_offsets":[0,4]}}', 4), /received '__proto__'/],
    ['lacks a shape', file('{"a":{"dtype":"F32","data_offsets":[0,4]}}', 4), /expected dtype, shape and two data_offsets of tensor 'a'/],
    ['has one offset', file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}', 4), /two data_offsets/],
    ['has three offsets', file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}', 4), /two data_offsets/],
    ['has a size below 0', file(`{"a":${tensor('[-1]', 0, 4)}}`, 4), /expected a whole number below 2⁵³; received "-1/],
    ['has a size of 1.0', file(`{"a":${tensor('[1.0]', 0, 4)}}`, 4), /expected '\]'; received "\.0/],
    ['has a size of 1e0', file(`{"a":${tensor('[1e0]', 0, 4)}}`, 4), /expected '\]'/],
    ['has a size of 01', file(`{"a":${tensor('[01]', 0, 4)}}`, 4), /whole number/],
    ['has a size of 2⁵³', file(`{"a":${tensor('[9007199254740992]', 0, 4)}}`, 4), /whole number below 2⁵³/],
    ['has a size of many digits', file(`{"a":${tensor(`[${'9'.repeat(400)}]`, 0, 4)}}`, 4), /whole number below 2⁵³/],
    ['has no size between commas', file(`{"a":${tensor('[1,,1]', 0, 4)}}`, 4), /whole number/],
    ['has a shape that overflows', file(`{"a":${tensor('[4294967296,4294967296,4294967296]', 0, 4)}}`, 4), /fewer than 2⁵³ bytes; received \[4294967296, /],
    ['has a shape that wraps around to its bytes', file(`{"a":${tensor('[4294967296,4294967296]', 0, 0)}}`), /fewer than 2⁵³ bytes/],
    ['has a shape of other bytes', file(`{"a":${tensor('[2]', 0, 4)}}`, 4), /tensor 'a': expected 8 bytes for F32 \[2\]; received 4/],
    ['has an F64 shape of other bytes', file(`{"a":${tensor('[1]', 0, 4, 'F64')}}`, 4), /expected 8 bytes for F64/],
    ['ends before it begins', file(`{"a":${one},"b":${tensor('[1]', 4, 0)}}`, 4), /tensor 'b': expected data_offsets to end at 4 or later; received 0/],
    ['has fewer values than it says', file(`{"a":${one}}`, 3), /tensor 'a': expected values up to byte 4.*received 3 bytes/],
    ['claims more values than there are memory', file(`{"a":${tensor('[1000000000000]', 0, 4_000_000_000_000)}}`, 4), /expected values up to byte 4000000000000/],
    ['has values after the last', file(`{"a":${one}}`, 5), /the end: expected 4 bytes of values.*received 5/],
    ['has values of no tensor', file('{}', 1), /the end: expected 0 bytes.*received 1/],
    ['leaves a gap', file(`{"a":${one},"b":${tensor('[1]', 8, 12)}}`, 12), /tensor 'b': expected data_offsets to begin at 4.*received 8/],
    ['begins with a gap', file(`{"a":${tensor('[1]', 4, 8)}}`, 8), /tensor 'a': expected data_offsets to begin at 0/],
    ['has two tensors in one place', file(`{"a":${one},"b":${one}}`, 4), /tensor 'b': expected data_offsets to begin at 4.*received 0/],
    ['has overlapping tensors', file(`{"a":${tensor('[2]', 0, 8)},"b":${tensor('[1]', 4, 8)}}`, 8), /tensor 'b': expected data_offsets to begin at 8/],
    ['is deep', file(`{"a":${'['.repeat(1e6)}`), /expected '\{'; received "\[\[/],
    ['is deep in metadata', file(`{"__metadata__":${'{"a":'.repeat(1e5)}`), /expected '"'/],
    ['has a string without an end', file(`{"${'a'.repeat(1e6)}`), /character 1 of the header: expected a string/],
    ['has a string that ends in an escape', file('{"a\\'), /expected a string/],
    ['has an escape that is none', file('{"\\x":1}'), /expected a string; received/],
    ['has a line break in a name', file('{"\n":1}'), /expected a string/],
    ['has an unknown dtype', file(`{"a":${tensor('[1]', 0, 4, 'F128')}}`, 4), /received 'F128'/],
    ['has dtype constructor', file(`{"a":${tensor('[1]', 0, 4, 'constructor')}}`, 4), /received 'constructor'/],
  ])('%s', (_, bytes, message) => {
    expect(() => parseSafetensors(bytes)).toThrow(FormatError);
    expect(() => parseSafetensors(bytes)).toThrow(message);
  });
});

it('names that mean something to objects are names like others', () => {
  const { tensors, metadata } = parseSafetensors(file(`{"__metadata__":{"__proto__":"x","toString":""},"__proto__":${one},"constructor":${tensor('[0]', 4, 4)}}`, 4));
  expect([...tensors.keys()]).toEqual(['__proto__', 'constructor']);
  expect([...metadata]).toEqual([['__proto__', 'x'], ['toString', '']]);
});

it('a header may have white space where JSON has it, and spaces at its end', () => {
  const { tensors } = parseSafetensors(file('{ "a" :\n\t{ "shape" : [ 1 ,\r1 ] , "data_offsets" : [ 0 , 4 ] , "dtype" : "F32" } }   ', 4));
  expect(tensors.get('a')).toEqual({ dtype: 'F32', shape: [1, 1], data: Float32Array.of(0) });
});

const contents = fc.tuple(
  fc.dictionary(fc.string({ unit: 'binary', maxLength: 8 }).filter((name) => name !== '__metadata__'), fc.array(fc.nat({ max: 3 }), { maxLength: 3 }).chain((shape) =>
    fc.float32Array({ minLength: shape.reduce((a, b) => a * b, 1), maxLength: shape.reduce((a, b) => a * b, 1) }).map((data) => ({ shape, data })))),
  fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
).map(([tensors, metadata]) => [new Map(Object.entries(tensors)), new Map(Object.entries(metadata))] as const);

describe('of all content and bytes', () => {
  it('what was written is read', () => {
    fc.assert(fc.property(contents, ([tensors, metadata]) => {
      const read = parseSafetensors(serializeSafetensors(tensors, metadata));
      expect(read.metadata).toEqual(metadata);
      expect(read.tensors).toEqual(new Map([...tensors].map(([name, each]): [string, SafetensorsTensor] => [name, { dtype: 'F32', ...each }])));
    }));
  });

  const readsOrRefuses = (bytes: Uint8Array): void => {
    try {
      parseSafetensors(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
    }
  };

  it('any bytes are read, or refused with a FormatError', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), readsOrRefuses));
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', ' ', '0', '1', '4', 'a', '__metadata__', '"dtype"', '"shape"', '"data_offsets"', '"F32"'), maxLength: 60 }), fc.nat({ max: 16 }),
      (header, values) => readsOrRefuses(file(`{${header}`, values))));
    fc.assert(fc.property(fc.json(), (header) => readsOrRefuses(file(header))));
  });

  it('a good file with bytes changed, dropped or added is read, or refused with a FormatError', () => {
    fc.assert(fc.property(contents, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 }), fc.constantFrom('change', 'drop', 'add')), { minLength: 1, maxLength: 4 }), ([tensors, metadata], edits) => {
      const bytes = [...serializeSafetensors(tensors, metadata)];
      for (const [at, value, edit] of edits) bytes.splice(at % (bytes.length + 1), edit === 'add' ? 0 : 1, ...(edit === 'drop' ? [] : [value]));
      readsOrRefuses(Uint8Array.from(bytes));
    }));
  });

  it('a good file that ends early is refused', () => {
    const bytes = fromHex(fixture.files[0]!.hex);
    for (let length = 0; length < bytes.length; length++) expect(() => parseSafetensors(bytes.subarray(0, length))).toThrow(FormatError);
  });
});

it.each<[string, () => unknown, RegExp]>([
  ['to read text', () => parseSafetensors('{}' as never), /parseSafetensors: expected a Uint8Array, received '\{\}'/],
  ['to write an array', () => serializeSafetensors(new Map([['a', { shape: [1], data: [1] as never }]])), /tensor 'a' data: expected a Float32Array, received Array of 1 value/],
  ['to write another shape', () => serializeSafetensors(new Map([['a', { shape: [2, 2], data: new Float32Array(3) }]])), /tensor 'a': expected a shape of 3 values, received \[2, 2\]/],
  ['to write half a size', () => serializeSafetensors(new Map([['a', { shape: [1.5, 2], data: new Float32Array(3) }]])), /received \[1.5, 2\]/],
  ['to write without a shape', () => serializeSafetensors(new Map([['a', { data: new Float32Array(1) } as never]])), /tensor 'a' shape: expected an array, received undefined/],
  ['to write the name of the metadata', () => serializeSafetensors(new Map([['__metadata__', { shape: [1], data: new Float32Array(1) }]])), /taken by the format/],
  ['to write a number as metadata', () => serializeSafetensors(new Map(), new Map([['k', 1 as never]])), /metadata 'k': expected a string, received 1/],
])('a mistake is told: %s', (_, call, message) => {
  expect(call).toThrow(OptionError);
  expect(call).toThrow(message);
});

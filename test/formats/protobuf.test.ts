/** The wire format of Protocol Buffers: the examples of its documentation, numbers at all edges, and bytes that are none of it. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Message, MessageWriter } from '../../src/formats/onnx/protobuf.ts';
import { FormatError } from '../../src/index.ts';

const written = (write: (writer: MessageWriter) => void): Uint8Array => {
  const writer = new MessageWriter();
  write(writer);
  return writer.finish();
};
const read = (...bytes: number[]): Message => new Message('here', Uint8Array.from(bytes));

describe('a message', () => {
  it('is that of the documentation', () => {
    expect([...written((w) => w.integer(1, 150))]).toEqual([0x08, 0x96, 0x01]);
    expect([...written((w) => w.text(2, 'testing'))]).toEqual([0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
    expect([...written((w) => w.message(3, (inner) => inner.integer(1, 150)))]).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01]);
    expect([...written((w) => w.integer(1, -2))]).toEqual([0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    expect([...read(0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05).integers(6, 'd')]).toEqual([3, 270, 86942]);
  });

  it('gives back what was written', () => {
    const integer = fc.maxSafeInteger();
    fc.assert(fc.property(integer, fc.integer({ min: 1, max: 2 ** 29 - 1 }), fc.string({ unit: 'grapheme' }), fc.float({ noNaN: true }), fc.uint8Array(), (value, number, text, float, content) => {
      const inner = (w: MessageWriter): void => w.integer(number, value);
      expect(new Message('here', written(inner)).integer(number, 'n')).toBe(value);
      expect(new Message('here', written((w) => w.message(number, inner))).message(number, 'm')!.integer(number, 'n')).toBe(value);
      expect(new Message('here', written((w) => w.text(number, text))).text(number, 't')).toBe(text);
      expect(new Message('here', written((w) => w.float(number, float))).float(number, 'f')).toBe(float);
      expect(new Message('here', written((w) => w.bytes(number, content))).bytes(number, 'b')).toEqual(content);
    }));
    for (const value of [0, 127, 128, 2 ** 31, 2 ** 49 - 1, 2 ** 49, 2 ** 53 - 1, -1, -(2 ** 53 - 1)]) expect(new Message('here', written((w) => w.integer(1, value))).integer(1, 'n')).toBe(value);
  });

  it('may have numbers one by one, or packed', () => {
    expect([...read(0x08, 1, 0x0a, 2, 2, 3, 0x08, 4).integers(1, 'n')]).toEqual([1, 2, 3, 4]);
    const halves = new Uint8Array(Float32Array.of(0.5, -2).buffer);
    expect([...new Float32Array(new Message('here', Uint8Array.from([0x0d, ...halves.subarray(0, 4), 0x0a, 8, ...halves])).numbers(1, 'n', 4).buffer)]).toEqual([0.5, 0.5, -2]);
  });

  it('has nothing where nothing was written', () => {
    const empty = read();
    expect([empty.integer(1, 'n'), empty.float(1, 'n'), empty.text(1, 'n'), empty.bytes(1, 'n'), empty.message(1, 'n')]).toEqual(new Array(5).fill(undefined));
    expect([empty.has(1), empty.messages(1, 'n'), empty.texts(1, 'n'), empty.integers(1, 'n').length, empty.numbers(1, 'n', 8).length]).toEqual([false, [], [], 0, 0]);
  });

  const ff = (count: number): number[] => new Array<number>(count).fill(0xff);
  const cases: Record<string, [() => unknown, RegExp]> = {
    'a field of number 0': [() => read(0x00, 1), /here: expected fields with numbers from 1/],
    'a group': [() => read(0x0b), /field 1 to have a wire type of 0, 1, 2 or 5; received 3/],
    'the end of a group': [() => read(0x0c), /received 4/],
    'an unknown wire type': [() => read(0x0f), /received 7/],
    'a varint that ends too early': [() => read(0x08, 0x80), /the end of a varint; received the end of the message/],
    'a long varint that ends too early': [() => read(0x08, ...ff(8)), /the end of a varint/],
    'a varint of eleven bytes': [() => read(0x08, ...ff(10), 1), /a varint of at most 64 bits/],
    'a varint of 65 bits': [() => read(0x08, ...ff(9), 2), /a varint of at most 64 bits/],
    'a key that is too long': [() => read(...ff(10), 1), /at most 64 bits/],
    'a length beyond the end': [() => read(0x0a, 3, 1, 2), /field 1 of at most the 2 bytes that are left; received 3/],
    'a length beyond all memory': [() => read(0x0a, ...ff(7), 0x7f), /bytes that are left/],
    'a negative length': [() => read(0x0a, ...ff(9), 1), /bytes that are left; received -1/],
    'a number that is cut short': [() => read(0x0d, 1, 2, 3), /the 3 bytes that are left; received 4/],
    'a double that is cut short': [() => read(0x09, 1, 2, 3), /received 8/],
    'another kind of value': [() => read(0x0a, 0).integer(1, 'count'), /here count: expected a varint; received a length and bytes/],
    'a value that comes twice': [() => read(0x08, 1, 0x08, 2).integer(1, 'count'), /here count: expected one; received 2/],
    'an integer beyond 2⁵³': [() => read(0x08, ...ff(7), 0x7f).integer(1, 'count'), /an integer within/],
    'text that is none': [() => read(0x0a, 1, 0xff).text(1, 'name'), /here name: expected UTF-8/],
    'numbers that are cut short': [() => read(0x0a, 3, 1, 2, 3).numbers(1, 'values', 4), /here values: expected numbers of 4 bytes; received 3 bytes/],
    'packed integers that are cut short': [() => read(0x0a, 2, 1, 0x80).integers(1, 'values'), /the end of a varint/],
    'more fields than memory should hold': [() => new Message('here', new Uint8Array(2 ** 21 + 2).map((_, i) => (i % 2 === 0 ? 8 : 1))), /a file of at most 1048576 fields/],
  };
  it.each(Object.entries(cases))('%s is refused', (_, [work, sentence]) => {
    expect(work).toThrow(FormatError);
    expect(work).toThrow(sentence);
  });

  it('is a FormatError or a message, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        const message = new Message('here', bytes);
        for (const number of [1, 2, 3]) message.integers(number, 'n');
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }), { numRuns: 2_000 });
  });
});

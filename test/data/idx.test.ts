/** IDX: every type against arrays written here, strict about lengths, and nothing allocated on a claim alone. */
import { describe, expect, it } from 'vitest';
import { DataError, parseIdx, readIdx } from '../../src/index.ts';

const header = (type: number, shape: readonly number[]): number[] => [0, 0, type, shape.length, ...shape.flatMap((size) => [size >>> 24, (size >> 16) & 255, (size >> 8) & 255, size & 255])];

function bytesOf(type: number, shape: readonly number[], size: number, write: (view: DataView, at: number, i: number) => void): Uint8Array {
  const head = header(type, shape);
  const count = shape.reduce((product, one) => product * one, 1);
  const bytes = new Uint8Array(head.length + count * size);
  bytes.set(head);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; i++) write(view, head.length + i * size, i);
  return bytes;
}

describe('parseIdx', () => {
  it.each([
    ['unsigned bytes', 0x08, [2, 3], Uint8Array.of(0, 1, 127, 128, 254, 255), (view: DataView, at: number, value: number) => view.setUint8(at, value)],
    ['signed bytes', 0x09, [4], Int8Array.of(-128, -1, 0, 127), (view: DataView, at: number, value: number) => view.setInt8(at, value)],
    ['integers of 16 bits', 0x0b, [1, 2, 2], Int16Array.of(-32768, -2, 258, 32767), (view: DataView, at: number, value: number) => view.setInt16(at, value)],
    ['integers of 32 bits', 0x0c, [3], Int32Array.of(-(2 ** 31), 16_909_060, 2 ** 31 - 1), (view: DataView, at: number, value: number) => view.setInt32(at, value)],
    ['float32', 0x0d, [2, 2], Float32Array.of(-0, 1.5, Infinity, NaN), (view: DataView, at: number, value: number) => view.setFloat32(at, value)],
    ['float64', 0x0e, [2], Float64Array.of(0.1, -1e300), (view: DataView, at: number, value: number) => view.setFloat64(at, value)],
    ['no rows at all', 0x08, [0, 28, 28], new Uint8Array(0), () => undefined],
  ])('reads %s', async (_what, type, shape, data, write) => {
    const bytes = bytesOf(type, shape, data.BYTES_PER_ELEMENT, (view, at, i) => write(view, at, data[i]!));
    expect(parseIdx(bytes)).toEqual({ shape, data });
    // From the middle of a buffer, where values are not aligned.
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(parseIdx(shifted.subarray(3))).toEqual({ shape, data });
    const packed = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new CompressionStream('gzip'));
    expect(await readIdx(packed)).toEqual({ shape, data });
  });

  it('gives a copy', () => {
    const bytes = Uint8Array.of(...header(8, [2]), 5, 6);
    const { data } = parseIdx(bytes);
    bytes[8] = 9;
    expect([...data]).toEqual([5, 6]);
  });

  it.each<[string, number[], RegExp]>([
    ['nothing', [], /expected a header of at least 8 bytes, received 0 bytes in all/],
    ['half a header', [0, 0, 8, 2, 0, 0, 0, 1], /expected a header of at least 8 bytes, received 8/],
    ['another beginning', [1, 0, 8, 1, 0, 0, 0, 0], /begins with 00 00.*received 01 00 08 01/],
    ['an unknown type', [0, 0, 10, 1, 0, 0, 0, 0], /received 00 00 0a 01/],
    ['no dimensions', [0, 0, 8, 0, 7], /received 00 00 08 00/],
    ['gzip', [0x1f, 0x8b, 8, 0], /received gzip; readIdx unpacks it/],
    ['a value too few', [...header(11, [2]), 0, 1, 0], /^parseIdx: expected 12 bytes, as the sizes in the header call for, received 11$/],
    ['a byte too many', [...header(8, [2]), 1, 2, 3], /expected 10 bytes.*received 11/],
    ['a claim of 4 GB', [...header(8, [2 ** 32 - 1]), 1], /expected 4294967303 bytes.*received 9/],
    ['a claim beyond all files', [...header(14, [2 ** 31, 2 ** 31, 2 ** 31]), 1], /no file has/],
    ['a claim of infinitely many times none', [...header(14, [...Array.from({ length: 40 }, () => 2 ** 32 - 1), 0])], /no file has|expected/],
  ])('refuses %s', (_what, bytes, message) => {
    expect(() => parseIdx(Uint8Array.from(bytes))).toThrow(DataError);
    expect(() => parseIdx(Uint8Array.from(bytes))).toThrow(message);
  });

  it('refuses what are no bytes', () => {
    expect(() => parseIdx('t10k' as never)).toThrow(/expected a Uint8Array, received 't10k'; readIdx takes more/);
  });
});

describe('readIdx', () => {
  it('puts together what comes in any pieces', async () => {
    const bytes = Uint8Array.of(...header(11, [3]), 0, 1, 0, 2, 255, 255);
    for (const size of [1, 3, 100]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.slice(i * size, (i + 1) * size));
      const stream = new ReadableStream<Uint8Array>({ pull: (controller) => (pieces.length > 0 ? controller.enqueue(pieces.shift()!) : controller.close()) });
      expect(await readIdx(stream)).toEqual({ shape: [3], data: Int16Array.of(1, 2, -1) });
    }
  });

  it('stops where more comes than the header says', async () => {
    let given = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(given++ === 0 ? Uint8Array.from(header(8, [1000])) : new Uint8Array(500)),
    });
    await expect(readIdx(endless)).rejects.toThrow(/^readIdx: expected 1008 bytes, as the sizes in the header call for, received 1508 or more$/);
    expect(given).toBeLessThan(10);
  });

  it('refuses what is cut short', async () => {
    await expect(readIdx(Uint8Array.of(...header(8, [3]), 1, 2))).rejects.toThrow(/^readIdx: expected 11 bytes.*received 10$/);
  });
});

/** What tables and arrays are read from: every kind of source, plain and in gzip, whole, damaged and cut short. */
import { describe, expect, it } from 'vitest';
import { DataError, parseCsv, readCsv, readIdx } from '../../src/index.ts';

const text = `a,b\n${Array.from({ length: 2000 }, (_, i) => `${i},w${i % 10}`).join('\n')}\n`;
const bytes = new TextEncoder().encode(text);
const table = parseCsv(text);

async function gzip(input: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await new Response(new Blob([new Uint8Array(input)]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer());
}

function streamOf(input: Uint8Array, size: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= input.length) controller.close();
      else controller.enqueue(input.slice(at, (at += size)));
    },
  });
}

async function failure(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe.each([['plain', (input: Uint8Array) => Promise.resolve(input)], ['gzip', gzip]])('%s', (_name, pack) => {
  it.each<[string, (input: Uint8Array<ArrayBuffer>) => Parameters<typeof readCsv>[0]]>([
    ['bytes', (input) => input],
    ['an ArrayBuffer', (input) => input.buffer],
    ['a Blob', (input) => new Blob([input])],
    ['a File', (input) => new File([input], 'table.csv')],
    ['a Response', (input) => new Response(input)],
    ['a stream', (input) => streamOf(input, 100)],
    ['a stream of single bytes', (input) => streamOf(input, 1)],
    ['a URL', (input) => new URL(`data:text/csv;base64,${btoa(String.fromCharCode(...input))}`)],
    ['the text of a URL', (input) => `data:text/csv;base64,${btoa(String.fromCharCode(...input))}`],
  ])('is read from %s', async (_what, source) => {
    expect(await readCsv(source(new Uint8Array(await pack(bytes))))).toEqual(table);
  });
});

describe('a source', () => {
  it('may be text', async () => {
    expect(await readCsv(text)).toEqual(table);
  });

  it('is let go when reading fails', async () => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('1,2\n3\n')),
      cancel: () => {
        cancelled = true;
      },
    });
    expect((await failure(readCsv(endless, { delimiter: ',' }))).message).toMatch(/line 2: row 1: expected 2 fields/);
    expect(cancelled).toBe(true);
  });

  it('in gzip is let go too', async () => {
    const packed = await gzip(new TextEncoder().encode('1,2\n3\n'.repeat(100_000)));
    let cancelled = false;
    let at = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(packed.slice(at % packed.length, (at += 64))),
      cancel: () => {
        cancelled = true;
      },
    });
    expect((await failure(readCsv(endless))).message).toMatch(/line 2: row 1: expected 2 fields/);
    await expect.poll(() => cancelled).toBe(true);
  });

  it('that fails is a DataError with its cause', async () => {
    const reason = new Error('the line went dead');
    const failing = (first: Uint8Array): ReadableStream<Uint8Array> => {
      let turn = 0;
      return new ReadableStream({ pull: (controller) => (turn++ === 0 ? controller.enqueue(first) : controller.error(reason)) });
    };
    for (const source of [failing(bytes), failing((await gzip(bytes)).slice(0, 500))]) {
      const error = await failure(readCsv(source));
      expect(error).toBeInstanceOf(DataError);
      expect(error.message).toBe('readCsv: the source cannot be read: the line went dead');
      expect(error.cause).toBe(reason);
    }
  });

  it('in gzip that is cut short or damaged is a DataError with its cause', async () => {
    const packed = await gzip(bytes);
    const damaged = packed.slice();
    damaged[damaged.length - 6]! ^= 1;
    for (const input of [packed.slice(0, 11), packed.slice(0, packed.length - 1), packed.slice(0, packed.length - 9), damaged, Uint8Array.of(0x1f, 0x8b, 7, 7, 7, 7)]) {
      for (const size of [1, 100, 1e6]) {
        const error = await failure(readCsv(streamOf(input, size)));
        expect(error).toBeInstanceOf(DataError);
        expect(error.message).toMatch(/^readCsv: the gzip data are damaged or cut short: /);
        expect(error.cause).toBeInstanceOf(Error);
      }
    }
  });

  it.each<[string, unknown, RegExp]>([
    ['a status other than success', new Response('no such page', { status: 404, statusText: 'Not Found' }), /received status 404 Not Found/],
    ['a stream of text', new ReadableStream({ pull: (controller) => controller.enqueue('a,b\n') }), /expected a stream of bytes, received 'a,b\n' in it/],
    ['a number', 7, /expected a path, URL, bytes, Blob, Response or stream, received 7/],
    ['an object', {}, /received an object/],
    ['a body that was read', (() => {
      const response = new Response('a\n1');
      void response.text();
      return response;
    })(), /cannot be read/],
  ])('that is %s is refused', async (_what, source, message) => {
    const error = await failure(readCsv(source as never));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(message);
  });

  it('that is empty has no table', async () => {
    for (const source of [new Uint8Array(0), new Blob([]), new Response(null), await gzip(new Uint8Array(0))]) {
      expect((await failure(readCsv(source as never))).message).toMatch(/expected a table, received nothing/);
    }
    expect((await failure(readIdx(new Uint8Array(0)))).message).toMatch(/received 0 bytes in all/);
  });
});

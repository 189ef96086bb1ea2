/** Files on Node, and how much memory a long table takes while it is read. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { DataError, parseCsv, readCsv, readIdx } from '../../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'nabla-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

it('are read by path and by URL, plain and in gzip', async () => {
  const text = 'a,b\n1,ä\n2,z\n';
  const plain = write('plain.csv', text);
  const packed = write('packed.csv.gz', gzipSync(text));
  for (const source of [plain, packed, pathToFileURL(plain), pathToFileURL(packed).href]) expect(await readCsv(source)).toEqual(parseCsv(text));
  const idx = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9);
  expect(await readIdx(write('labels.gz', gzipSync(idx)))).toEqual({ shape: [2], data: Uint8Array.of(7, 9) });
});

it('of more than one part of gzip are read', async () => {
  expect(await readCsv(write('parts.gz', Buffer.concat([gzipSync('a,b\n1,'), gzipSync('2\n')])))).toEqual(parseCsv('a,b\n1,2\n'));
});

it.each([['none there', join(folder, 'none.csv'), 'ENOENT'], ['a folder', folder, 'EISDIR']])('%s: a DataError with its cause', async (_what, path, code) => {
  const error = await readCsv(path).then(() => undefined, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  expect(error).toMatchObject({ message: expect.stringContaining(`readCsv: '${path.slice(0, 40)}`) as string, cause: { code } });
});

/** Bytes of chunks that are made as they are asked for, so that none is kept; `peak` is the most memory seen on the way. */
function longTable(rows: number, line: (row: number) => string): { chunks: AsyncGenerator<Uint8Array>; read: () => { peak: number; bytes: number } } {
  let [peak, bytes, chunks] = [0, 0, 0];
  const used = (): number => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  async function* make(): AsyncGenerator<Uint8Array> {
    collect();
    const before = used();
    let text = 'id,x,class\n';
    for (let row = 0; row < rows; row++) {
      text += line(row);
      if (text.length < 2 ** 16 && row < rows - 1) continue;
      const chunk = new TextEncoder().encode(text);
      text = '';
      bytes += chunk.length;
      yield await Promise.resolve(chunk);
      if (chunks++ % 20 > 0) continue;
      collect();
      peak = Math.max(peak, used() - before);
    }
  }
  return { chunks: make(), read: () => ({ peak, bytes }) };
}

it('of 50 MB take memory for their columns alone', async () => {
  const rows = 250_000;
  const pad = 'x'.repeat(170);
  const { chunks, read } = longTable(rows, (row) => `${row},${row / 8},"class ${row % 5}, ""of"" five ${pad}"\n`);
  const { columns, rowCount } = await readCsv(chunks);
  expect(rowCount).toBe(rows);
  expect(columns[1]!.values[rows - 1]).toBe((rows - 1) / 8);
  expect(columns[2]).toMatchObject({ type: 'category', labels: { length: 5 } });
  const { peak, bytes } = read();
  console.log(`${(bytes / 1e6).toFixed(1)} MB of text, at most ${(peak / 1e6).toFixed(1)} MB more in use`);
  expect(bytes).toBeGreaterThan(50e6);
  // 20 bytes a row, and room for twice as many at most.
  expect(peak).toBeLessThan(2 * 20 * rows + 2e6);
});

it('with a quote that is never closed are not kept whole', async () => {
  const chunk = new Uint8Array(2 ** 18).fill(10);
  let given = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(new TextEncoder().encode('a,b\n"'));
    for (;; given += chunk.length) yield chunk;
  }
  await expect(readCsv(endless(), { delimiter: ',' })).rejects.toThrow(/^readCsv: line 2: a record of more than 64 MiB; is a quote not closed\?$/);
  expect(given).toBeLessThan(65 * 2 ** 20);
});

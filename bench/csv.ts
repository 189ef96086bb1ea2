/**
 * `npm run bench -- csv [file]`: `parseCsv` beside other parsers of CSV, on a file or on a table made here in the form of UCI's Adult: 32,561 rows of
 * six numbers and nine categories, a comma and a blank between fields. All must find the same values before they are timed.
 */

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parseCsv } from '../src/index.ts';
import { inTurns, median, medianRatio, type Call } from './measure.ts';
import { importPeer, installPeers, versions, type Peer } from './peers/install.ts';
import { numbers } from './shapes.ts';
import { headLines, line, significant, times, titles, type Columns } from './table.ts';

export type Cells = readonly (readonly unknown[])[];

const columns: Columns = [['', 52], ['its ms', 10], ['nabla ms', 10], ['ratio', 8]];
const options = { rounds: 15, sample: 1, warmup: 1500 };

export async function csv([file]: readonly string[]): Promise<void> {
  installPeers('papaparse', 'csv-parse');
  const bytes = file === undefined ? new TextEncoder().encode(tableLikeAdult()) : unpacked(readFileSync(file));
  const text = new TextDecoder().decode(bytes);
  const ours = (): unknown => parseCsv(text, { header: false });
  const theirs = await parsers(text);
  for (const { name, parse } of theirs) checkAgreement(name, parse());
  const [own, ...others] = await inTurns([ours, ...theirs.map(({ parse }): Call => parse)], options);
  const { rowCount, columns: { length } } = parseCsv(text, { header: false });
  console.log(`${headLines()}\n\n${rowCount} x ${length}, ${(bytes.length / 1e6).toFixed(1)} MB\n${titles(columns)}`);
  theirs.forEach(({ peer, name }, i) => {
    const milliseconds = [others[i]!, own!].map((samples) => significant(median(samples)));
    console.log(line(columns, [`${peer} ${versions[peer]}, ${name}`, ...milliseconds, times(medianRatio(others[i]!, own!))]));
  });

  /** Their rows against our columns: words as they are, numbers by value. */
  function checkAgreement(name: string, rows: Cells): void {
    const table = parseCsv(text, { header: false, missing: [] });
    if (rows.length !== table.rowCount) throw new Error(`${name}: ${rows.length} rows, nabla ${table.rowCount}`);
    table.columns.forEach(({ type, values }, column) => {
      for (let row = 0; row < rows.length; row++) {
        const cell = typeof rows[row]![column] === 'string' ? (rows[row]![column] as string).trim() : rows[row]![column];
        if ((type === 'number' ? Number(cell) : cell) !== values[row]) throw new Error(`${name}: row ${row}, column ${column}: ${String(cell)}, nabla ${String(values[row])}`);
      }
    });
  }
}

/** Each gives rows of text, or with numbers turned into numbers, which is nearer to what nabla gives. */
export async function parsers(text: string): Promise<{ peer: Peer; name: string; parse: () => Cells }[]> {
  const { default: papa } = (await importPeer('papaparse', 'papaparse.js')) as { default: { parse(text: string, options: object): { data: Cells } } };
  const { parse } = (await importPeer('csv-parse', 'lib/sync.js')) as { parse(text: string, options: object): Cells };
  return [
    { peer: 'papaparse', name: 'rows of text', parse: () => papa.parse(text, { skipEmptyLines: true }).data },
    { peer: 'papaparse', name: 'dynamicTyping', parse: () => papa.parse(text, { skipEmptyLines: true, dynamicTyping: true }).data },
    { peer: 'csv-parse', name: 'rows of text', parse: () => parse(text, { skip_empty_lines: true }) },
    { peer: 'csv-parse', name: 'cast', parse: () => parse(text, { skip_empty_lines: true, cast: true }) },
  ];
}

export function unpacked(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
}

export function tableLikeAdult(): string {
  const random = numbers(1);
  const below = (count: number): number => Math.floor(random() * count);
  const kinds = [0, 9, 0, 16, 0, 7, 15, 6, 5, 2, 0, 0, 0, 42, 2];
  const largest = [90, 0, 1_500_000, 0, 16, 0, 0, 0, 0, 0, 99_999, 4356, 99];
  const word = (column: number, kind: number): string => `Category-${'abcdefgh'.slice(0, (kind * 5) % 9)}${column}-${kind}`;
  const row = (): string => kinds.map((count, column) => (count === 0 ? String(below(largest[column]!)) : word(column, below(count)))).join(', ');
  return Array.from({ length: 32_561 }, row).join('\n');
}

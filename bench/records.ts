/**
 * `npm run bench -- table [file]`: `predictRecord`; a table from text to the rows of numbers that a model takes, beside other parsers of CSV with an
 * encoding written by hand; and MNIST from its file to numbers from 0 to 1, beside a loop. What is compared gives the same numbers first.
 */

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseCsv, readIdx, trainTable, type Features, type Sequential } from '../src/index.ts';
import { parsers, tableLikeAdult, unpacked, type Cells } from './csv.ts';
import { inTurns, median, medianRatio, type Call } from './measure.ts';
import { installPeers, versions } from './peers/install.ts';
import { root } from './place.ts';
import { numbers } from './shapes.ts';
import { headLines, line, significant, times, titles, type Columns } from './table.ts';

const columns: Columns = [['', 52], ['its ms', 10], ['nabla ms', 10], ['ratio', 8]];
const options = { rounds: 9, sample: 1, warmup: 1500 };

export async function records([file]: readonly string[]): Promise<void> {
  installPeers('papaparse', 'csv-parse');
  console.log(headLines());
  await predictions();
  console.log(`\n${titles(columns)}`);
  await encoding(file);
  await pictures();
}

/** One record at a time, of 13 numbers, by a network 13-64-64-1. */
async function predictions(): Promise<void> {
  const random = numbers(1);
  const names = Array.from({ length: 13 }, (_, i) => `column_${i}`);
  const rows = Array.from({ length: 200 }, () => Object.fromEntries([...names, 'y'].map((name) => [name, random()])));
  const model = await trainTable(rows, { target: 'y', hidden: [64, 64], epochs: 1 });
  const [record, row, out] = [rows[0]!, Float32Array.from(names, (name) => rows[0]![name]!), new Float32Array(1)];
  const timed = await inTurns([() => model.predictRecord(record), () => model.predictInto(row, out)], { rounds: 15, sample: 5, warmup: 500 });
  const [whole, plain] = timed.map((samples) => significant(1000 * median(samples)));
  console.log(`\npredictRecord, 13-64-64-1: ${whole!} µs, of which predictInto ${plain!} µs`);
}

/** Adult from text to `x` and `y`. */
async function encoding(file: string | undefined): Promise<void> {
  const text = file === undefined ? tableLikeAdult() : new TextDecoder().decode(unpacked(readFileSync(file)));
  const target = 'column_15';
  const model: Sequential = await trainTable(parseCsv(text, { header: false }), { target, epochs: 0 });
  const features = model.features!;
  const ours = (): Encoded => {
    const { x, y } = features.encode(parseCsv(text, { header: false }));
    return { x, y: y! };
  };
  const theirs = (await parsers(text)).filter(({ name }) => name === 'rows of text');
  const encode = encoderOf(features);
  const calls = theirs.map(({ parse }) => (): Encoded => encode(parse()));
  const expected = ours();
  theirs.forEach(({ peer }, i) => checkSame(peer, calls[i]!(), expected));
  const [own, ...others] = await inTurns([ours, ...calls], options);
  theirs.forEach(({ peer }, i) => print(`Adult to numbers: ${peer} ${versions[peer]} and a loop`, others[i]!, own!));
}

interface Encoded {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** What one writes for a table one knows: a map of words for each column that has some, its place known. */
function encoderOf({ inputs, target }: Features): (rows: Cells) => Encoded {
  const codes = inputs.map(({ labels }) => labels && new Map(labels.map((label, code) => [label, code])));
  const classes = new Map(target.labels!.map((label, code) => [label as string, code]));
  const width = inputs.length;
  return (rows) => {
    const x = new Float32Array(rows.length * width);
    const y = new Float32Array(rows.length);
    for (let row = 0; row < rows.length; row++) {
      const cells = rows[row] as readonly string[];
      for (let column = 0; column < width; column++) {
        const [cell, map] = [cells[column]!.trim(), codes[column]];
        x[row * width + column] = map === undefined ? (cell === '?' ? NaN : Number(cell)) : map.get(cell) ?? NaN;
      }
      y[row] = classes.get(cells[width]!.trim())!;
    }
    return { x, y };
  };
}

/** Pictures of MNIST, where the data are (see the section on accuracy): those to train on from their file, those to test on from CSV too. */
async function pictures(): Promise<void> {
  const fileOf = (part: string): string => resolve(process.env['NABLA_DATA'] ?? `${root}../shared/data`, `mnist/${part}-images-idx3-ubyte.gz`);
  const file = fileOf('train');
  if (!existsSync(file)) {
    console.log(`MNIST: there is no ${file}`);
    return;
  }
  const { data, shape: [rows = 0] } = await readIdx(fileOf('t10k'));
  await picturesOfText(Array.from({ length: rows }, (_, row) => data.subarray(row * pixels, (row + 1) * pixels).join()).join('\n'), rows);
  const scaled = (inks: ArrayLike<number>): Float32Array => {
    const values = new Float32Array(inks.length);
    for (let i = 0; i < values.length; i++) values[i] = inks[i]! / 255;
    return values;
  };
  const ours = async (): Promise<Float32Array> => scaled((await readIdx(file)).data);
  const loop = (): Float32Array => {
    const bytes = gunzipSync(readFileSync(file));
    const sizes = [4, 8, 12].map((at) => bytes.readUInt32BE(at));
    return scaled(bytes.subarray(16, 16 + sizes.reduce((a, b) => a * b)));
  };
  checkSame('the loop', { x: loop(), y: new Float32Array(0) }, { x: await ours(), y: new Float32Array(0) });
  const [own, other] = await inTurns([ours, loop] as Call[], { ...options, warmup: 500 });
  print('MNIST to numbers: gunzipSync and a loop', other!, own!);
}

/** A row a picture, a number a pixel. */
async function picturesOfText(text: string, rows: number): Promise<void> {
  const none = new Float32Array(0);
  const ours = (): Encoded => {
    const x = new Float32Array(rows * pixels);
    const inks = parseCsv(text, { header: false }).columns.map(({ values }) => values as Float64Array);
    for (let row = 0; row < rows; row++) for (let column = 0; column < pixels; column++) x[row * pixels + column] = inks[column]![row]! / 255;
    return { x, y: none };
  };
  const theirs = (await parsers(text)).filter(({ name }) => name === 'rows of text');
  const calls = theirs.map(({ parse }) => (): Encoded => {
    const x = new Float32Array(rows * pixels);
    parse().forEach((cells, row) => {
      for (let column = 0; column < pixels; column++) x[row * pixels + column] = Number(cells[column]) / 255;
    });
    return { x, y: none };
  });
  const expected = ours();
  theirs.forEach(({ peer }, i) => checkSame(peer, calls[i]!(), expected));
  const [own, ...others] = await inTurns([ours, ...calls], { rounds: 5, sample: 1, warmup: 500 });
  theirs.forEach(({ peer }, i) => print(`MNIST, ${rows} pictures as CSV: ${peer} ${versions[peer]}`, others[i]!, own!));
}

const pixels = 784;

function print(name: string, other: readonly number[], own: readonly number[]): void {
  console.log(line(columns, [name, ...[other, own].map((samples) => significant(median(samples))), times(medianRatio(other, own))]));
}

function checkSame(name: string, found: Encoded, expected: Encoded): void {
  for (const part of ['x', 'y'] as const) {
    if (found[part].length !== expected[part].length) throw new Error(`${name}: ${found[part].length} values of ${part}, nabla ${expected[part].length}`);
    const at = found[part].findIndex((value, i) => !Object.is(value, expected[part][i]));
    if (at >= 0) throw new Error(`${name}: ${part}[${at}] is ${found[part][at]}, nabla ${expected[part][at]}`);
  }
}

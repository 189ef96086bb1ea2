/** Data sets for the doctor's trial: the digits that ship, and others drawn by a seed. Columns are near a mean of 0 and a deviation of 1. */

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { dataset, parseCsv } from '../../src/index.ts';
import { Random } from '../../src/random.ts';
import { root } from '../place.ts';

/** Rows and targets: class indices, or for no classes numbers. */
export interface Data {
  readonly name: string;
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly classes: number;
}

type Maker = (seed: number, rows: number) => Data;

/** Rows one by one, in which classes take turns. */
function drawn(name: string, classes: number, row: (random: Random, index: number) => { x: number[]; y: number }): Maker {
  return (seed, rows) => {
    const random = new Random(seed, 'sampling', 1);
    const order = Uint32Array.from({ length: rows }, (_, i) => i);
    random.shuffle(order);
    const all = Array.from(order, (i) => row(random, i));
    return standardised({ name, classes, x: all.map(({ x }) => x), y: all.map(({ y }) => y) });
  };
}

/** Columns, and targets that are no classes, brought to a mean of 0 and a deviation of 1. */
function standardised({ x, y, ...rest }: Data): Data {
  const scale = (values: readonly number[]): ((value: number) => number) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) || 1;
    return (value) => (value - mean) / deviation;
  };
  const columns = x[0]!.map((_, column) => scale(x.map((row) => row[column]!)));
  const target = rest.classes > 0 ? (value: number): number => value : scale(y);
  return { ...rest, x: x.map((row) => row.map((value, column) => columns[column]!(value))), y: y.map(target) };
}

const turn = 2 * Math.PI;

export const spirals: Maker = drawn('spirals', 2, (random, i) => {
  const distance = 0.2 + random.uniform();
  const angle = 1.2 * turn * distance + (turn / 2) * (i % 2);
  return { x: [distance * Math.cos(angle) + 0.02 * random.normal(), distance * Math.sin(angle) + 0.02 * random.normal()], y: i % 2 };
});

export const moons: Maker = drawn('moons', 2, (random, i) => {
  const angle = (turn / 2) * random.uniform();
  const [x, y] = i % 2 === 0 ? [Math.cos(angle), Math.sin(angle)] : [1 - Math.cos(angle), 0.5 - Math.sin(angle)];
  return { x: [x + 0.12 * random.normal(), y + 0.12 * random.normal()], y: i % 2 };
});

export const circles: Maker = drawn('circles', 2, (random, i) => {
  const angle = turn * random.uniform();
  const radius = i % 2 === 0 ? 0.4 : 1;
  return { x: [radius * Math.cos(angle) + 0.08 * random.normal(), radius * Math.sin(angle) + 0.08 * random.normal()], y: i % 2 };
});

export const checkers: Maker = drawn('checkers', 2, (random) => {
  const [a, b] = [3 * random.uniform(), 3 * random.uniform()];
  return { x: [a, b], y: (Math.floor(a) + Math.floor(b)) % 2 };
});

/** Gaussian clouds around centres, such as the columns of a small table of measurements have. */
export const blobs = (classes: number, columns: number): Maker => (seed, rows) => {
  const centres = new Random(seed, 'sampling', 2);
  const at = Array.from({ length: classes }, () => Array.from({ length: columns }, () => 2 * centres.normal()));
  return drawn(`blobs ${classes}x${columns}`, classes, (random, i) => ({ x: at[i % classes]!.map((centre) => centre + random.normal()), y: i % classes }))(seed, rows);
};

export const curve: Maker = drawn('curve', 0, (random) => {
  const x = 6 * random.uniform() - 3;
  return { x: [x], y: Math.sin(2 * x) + 0.3 * x + 0.1 * random.normal() };
});

export const waves: Maker = drawn('waves', 0, (random) => {
  const [a, b] = [2 * random.uniform() - 1, 2 * random.uniform() - 1];
  return { x: [a, b], y: Math.cos(4 * a) * b + 0.05 * random.normal() };
});

/** Friedman 1991: five columns that matter, five that do not. */
export const friedman: Maker = drawn('friedman', 0, (random) => {
  const x = Array.from({ length: 10 }, () => random.uniform());
  return { x, y: 10 * Math.sin(Math.PI * x[0]! * x[1]!) + 20 * (x[2]! - 0.5) ** 2 + 10 * x[3]! + 5 * x[4]! + random.normal() };
});

/** A table whose target is a sum of its columns and as much noise as that. */
export const noisySum: Maker = drawn('noisy sum', 0, (random) => {
  const x = Array.from({ length: 8 }, () => random.normal());
  return { x, y: x.reduce((sum, value, i) => sum + value * (i % 3 - 1), 0) + 1.5 * random.normal() };
});

/** The digits that ship, from 0 to 1, in an order drawn by the seed. */
export const digits: Maker = (seed, rows) => {
  const all = dataset(parseCsv(gunzipSync(readFileSync(`${root}src/data/digits.csv.gz`)), { header: false }), 'column_65');
  const order = Uint32Array.from({ length: all.rows }, (_, i) => i);
  new Random(seed, 'sampling').shuffle(order);
  const { x, y } = all.pick(order.subarray(0, rows));
  const names = Array.from({ length: Math.min(rows, all.rows) }, (_, row) => row);
  return { name: 'digits', classes: 10, x: names.map((row) => Array.from(x.subarray(64 * row, 64 * row + 64), (value) => value / 16)), y: Array.from(y) };
};

/** Keeps every row of the first class and one of so many of the others, or of the last class alone. */
export function thinned(data: Data, every: number, which: (label: number) => boolean): Data {
  let seen = 0;
  const kept = data.y.map((label) => !which(label) || seen++ % every === 0);
  return { ...data, name: `${data.name} 1:${every}`, x: data.x.filter((_, row) => kept[row]), y: data.y.filter((_, row) => kept[row]) };
}

/** With a column changed, value by value. */
export function withColumn(data: Data, column: number, change: (value: number) => number): Data {
  return { ...data, x: data.x.map((row) => row.map((value, i) => (i === column ? change(value) : value))) };
}

/** With targets that have nothing to do with their rows. */
export function shuffledTargets(data: Data, seed: number): Data {
  const order = Uint32Array.from({ length: data.y.length }, (_, i) => i);
  new Random(seed, 'sampling', 3).shuffle(order);
  return { ...data, y: Array.from(order, (i) => data.y[i]!) };
}

/** Prints what was measured: the head lines that say where, and one line of the table for each shape. */

import { cpus } from 'node:os';
import packageJson from '../package.json' with { type: 'json' };
import type { Comparison } from './measure.ts';
import { operationsPerStep, type Shape } from './shapes.ts';

/** Columns: title and width each. The first is flush left, and so are those of a negative width. */
export type Columns = readonly (readonly [title: string, width: number])[];

export function line(columns: Columns, cells: readonly string[]): string {
  return columns.map(([, width], i) => (i === 0 || width < 0 ? cells[i]!.padEnd(Math.abs(width)) : cells[i]!.padStart(width))).join('').trimEnd();
}

export function titles(columns: Columns): string {
  return line(columns, columns.map(([title]) => title));
}

/** What runs, and on what. */
export function headLines(): string {
  const processors = cpus();
  return [
    `${packageJson.name} ${packageJson.version}, Node ${process.versions.node}, V8 ${process.versions.v8}`,
    `${processors[0]?.model.trim() ?? 'unknown processor'}, ${processors.length} cores, one used`,
  ].join('\n');
}

const shapeColumns: Columns = [
  ['', 32], ['samples/s', 12], ['GFLOP/s', 9], ['samples/s', 14], ['GFLOP/s', 9], ['µs/step', 11], ['ratio', 9], ['min-max', 13],
];

/** The titles of `shapeLine`s, under the names of what is compared. */
export function shapeTitles(baseline: string, candidate: string): string {
  return `${''.padEnd(32)}${baseline.padStart(21)}${candidate.padStart(34)}\n${titles(shapeColumns)}`;
}

export function shapeLine(shape: Shape, { baseline, candidate, ratio, leastRatio, greatestRatio }: Comparison): string {
  return line(shapeColumns, [
    shape.name,
    ...speed(shape, baseline),
    ...speed(shape, candidate),
    significant(candidate * 1000),
    times(ratio),
    `${leastRatio.toFixed(1)}-${greatestRatio.toFixed(1)}`,
  ]);
}

/** Samples and billions of floating-point operations a second. */
function speed(shape: Shape, milliseconds: number): [samples: string, gigaflops: string] {
  return [significant((shape.rows * 1000) / milliseconds), (operationsPerStep(shape) / (milliseconds * 1e6)).toFixed(2)];
}

/** Three digits, thousands apart. */
export function significant(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 6 });
}

export const times = (ratio: number, digits = 1): string => `${ratio.toFixed(digits)}x`;
export const percent = (share: number): string => `${Math.round(share * 100)} %`;

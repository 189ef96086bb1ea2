/** Prints what was measured: the head lines that say where, and one line of the table for each shape. */

import { cpus } from 'node:os';
import packageJson from '../package.json' with { type: 'json' };
import type { Comparison } from './measure.ts';
import { operationsPerStep, type Shape } from './shapes.ts';

/** A column: its title, and its width. The first is flush left. */
const columns = [
  ['', 32], ['samples/s', 12], ['GFLOP/s', 9], ['samples/s', 14], ['GFLOP/s', 9], ['µs/step', 11], ['ratio', 9], ['min-max', 13],
] as const;

export function headLines(): string {
  const processors = cpus();
  return [
    `${packageJson.name} ${packageJson.version}, Node ${process.versions.node}, V8 ${process.versions.v8}`,
    `${processors[0]?.model.trim() ?? 'unknown processor'}, ${processors.length} cores, one used`,
    '',
    `${''.padEnd(32)}${'pure TypeScript'.padStart(21)}${'WebAssembly'.padStart(34)}`,
    line(columns.map(([title]) => title)),
  ].join('\n');
}

export function tableLine(shape: Shape, { baseline, candidate, ratio, leastRatio, greatestRatio }: Comparison): string {
  return line([
    shape.name,
    ...speed(shape, baseline),
    ...speed(shape, candidate),
    significant(candidate * 1000),
    `${ratio.toFixed(1)}x`,
    `${leastRatio.toFixed(1)}-${greatestRatio.toFixed(1)}`,
  ]);
}

/** Samples and billions of floating-point operations a second. */
function speed(shape: Shape, milliseconds: number): [samples: string, gigaflops: string] {
  const samples = Number(((shape.rows * 1000) / milliseconds).toPrecision(3)).toLocaleString('en');
  return [samples, (operationsPerStep(shape) / (milliseconds * 1e6)).toFixed(2)];
}

function significant(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 6 });
}

function line(cells: readonly string[]): string {
  return columns.map(([, width], i) => (i === 0 ? cells[i]!.padEnd(width) : cells[i]!.padStart(width))).join('');
}

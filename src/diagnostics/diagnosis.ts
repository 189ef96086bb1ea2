/** What a diagnosis is, and how it reads as text. */

import type { Finding } from './findings.ts';
import type { ActivationRange, LayerDiagnosis, Look } from './measures.ts';
import { brief } from './structure.ts';

/** Layers in numbers, and what is wrong. */
export interface Diagnosis {
  /** The loss on the sample, and that of the best constant output on it: the mean of the targets, or how often each class comes. */
  readonly loss: number;
  readonly constantLoss: number;
  readonly layers: readonly LayerDiagnosis[];
  /** The gradient norm of the first dense layer divided by that of the last; 1 where there are no two. */
  readonly gradientRatio: number;
  /** Errors first. */
  readonly findings: readonly Finding[];
  /** A table of the layers, and a paragraph for each finding. */
  toString(): string;
}

const order = ['error', 'warning', 'info'] as const;

export function diagnosisOf({ loss, layers: seen, gradientRatio }: Look, ranges: readonly ActivationRange[], constantLoss: number, found: readonly Finding[]): Diagnosis {
  const findings = [...found].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  const layers = seen.map((layer, i) => ({ ...layer, range: ranges[i]! }));
  const diagnosis = { loss, constantLoss, layers, gradientRatio, findings };
  return { ...diagnosis, toString: () => text(diagnosis) };
}

const heads = ['layer', 'units', 'activation', "mean |f'|", 'saturated', 'dead', '|gradient|', 'update/weight', 'min', 'mean', 'max', 'deviation'];
/** Columns of words, flush left. */
const words = 3;

function text({ loss, constantLoss, layers, gradientRatio, findings }: Omit<Diagnosis, 'toString'>): string {
  const rows = [heads, ...layers.map(cells)];
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const table = rows.map((row) => row.map((cell, i) => (i === 1 || i >= words ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join('  ').trimEnd());
  const told = findings.length === 0 ? ['Nothing is wrong that shows.'] : findings.map(sentences);
  return [
    ...table,
    '',
    `loss ${brief(loss)}; of a constant output ${brief(constantLoss)}; gradient of the first dense layer / last: ${brief(gradientRatio)}`,
    '',
    ...told,
  ].join('\n');
}

/** A finding in a line. */
export function sentences({ severity, code, message, advice }: Finding): string {
  return `${severity} ${code}: ${message} ${advice}`;
}

function cells({ name, units, activation, meanDerivative, saturated, dead, gradientNorm, updateRatio, range }: LayerDiagnosis): string[] {
  const number = (value: number | undefined): string => (value === undefined ? '-' : brief(value));
  const share = (value: number | undefined): string => (value === undefined ? '-' : `${Math.round(100 * value)} %`);
  return [
    name, String(units), activation ?? '-', number(meanDerivative), share(saturated), share(dead), number(gradientNorm), number(updateRatio),
    ...[range.min, range.mean, range.max, range.deviation].map(number),
  ];
}

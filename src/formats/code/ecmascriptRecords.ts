/** Records into rows, and rows of outputs into answers, as ECMAScript: for a model that was made from a table. What is taken for a value is what `Features` takes. */

import type { Language } from './ecmascriptFunctions.ts';
import type { FeaturesDescription } from '../../data/features.ts';
import { commentText, inLines, scriptString } from './text.ts';

type Label = string | number | boolean;

const labelText = (label: Label): string => (typeof label === 'string' ? scriptString(label) : String(label));
const list = (values: readonly Label[], indent: string): string => `[\n${inLines(values.map(labelText), `${indent}  `)}\n${indent}]`;

/** What TypeScript has for a column. */
const cellTypes: Readonly<Record<string, string>> = { number: 'number', boolean: 'boolean', category: 'string' };

/** `predictRecord` and what it needs. */
export function recordsText(features: FeaturesDescription, outputs: number, { type, at, only }: Language): string {
  const { inputs, target, leftOut = [] } = features;
  const others = [target.name, ...leftOut];
  const columns = inputs.map(({ name, type: kind, labels }) =>
    `  { name: ${scriptString(name)}, type: ${scriptString(kind)}, labels: ${labels === undefined ? '[]' : list(labels, '  ')} },\n`).join('');
  return `${only(`/** What may be missing is null, NaN, or not there. */
export interface DataRecord {
${inputs.map(({ name, type: kind }) => `  readonly ${scriptString(name)}?: ${cellTypes[kind]!} | null | undefined;\n`).join('')}${others.map((name) => `  readonly ${scriptString(name)}?: unknown;\n`).join('')}}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

`)}/** What a row is made of; the code of a word is its place in labels. */
const columns${type('readonly Column[]')} = [
${columns}];

/** Names that a record may have too. */
const others${type('readonly string[]')} = ${list(others, '')};

function rowOf(record${type('DataRecord')})${type('Float32Array')} {
  for (const key of Object.keys(record)) {
    if (!others.includes(key) && !columns.some(({ name }) => name === key)) throw new TypeError(\`there is no column \${key}\`);
  }
  return Float32Array.from(columns, (column) => numberFor(column, ${only('(')}record${only(' as unknown as Readonly<Record<string, unknown>>)')}[column.name]));
}

/** NaN where a value is missing, or a word that there was none of. */
function numberFor({ name, type, labels }${type('Column')}, value${type('unknown')})${type('number')} {
  // What every object has, such as a constructor, is no value.
  if (value === undefined || value === null || typeof value === 'function' || Number.isNaN(value)) return NaN;
  const word = String(value);
  if (typeof value !== 'object') {
    if (type === 'category') return labels.includes(word) ? labels.indexOf(word) : NaN;
    const code = type === 'boolean' ? truth(word.toLowerCase()) : typeof value === 'boolean' || word.trim() === '' ? NaN : Number(word);
    if (Number.isFinite(Math.fround(code))) return code;
  }
  throw new TypeError(\`column \${name}: expected a \${type}, received \${word}\`);
}

function truth(word${type('string')})${type('number')} {
  return ['true', 't', 'yes', 'y', '1'].includes(word) ? 1 : ['false', 'f', 'no', 'n', '0'].includes(word) ? 0 : NaN;
}

${target.labels === undefined ? valueText(target.name, { type, at, only }) : classText(target.name, target.labels, outputs, { type, at, only })}`;
}

function valueText(name: string, { type, at, only }: Language): string {
  return `${only(`export interface Prediction {
  readonly value: number;
}

`)}/** What the model says of a record: a value of ${commentText(name)}. */
export function predictRecord(record${type('DataRecord')})${type('Prediction')} {
  const output = predictRow(rowOf(record));
  return { value: ${at('output', '0')} };
}

`;
}

/** With two classes, the only output is the probability of the second. */
function classText(name: string, labels: readonly Label[], outputs: number, { type, at, only }: Language): string {
  const probabilities = outputs === 1 ? `[1 - ${at('output', '0')}, ${at('output', '0')}]` : 'Array.from(output)';
  return `const labels = ${list(labels, '')}${only(' as const')};

${only(`export interface Prediction {
  /** The likeliest class, and its probability. */
  readonly label: (typeof labels)[number];
  readonly probability: number;
  /** Those of all classes, by name. */
  readonly probabilities: Readonly<Record<string, number>>;
}

`)}/** What the model says of a record: which ${commentText(name)} is the likeliest. */
export function predictRecord(record${type('DataRecord')})${type('Prediction')} {
  const output = predictRow(rowOf(record));
  const values = ${probabilities};
  let best = 0;
  values.forEach((value, i) => {
    if (value > ${at('values', 'best')}) best = i;
  });
  const probabilities = Object.fromEntries(labels.map((label, i) => [String(label), ${at('values', 'i')}]));
  return { label: ${at('labels', 'best')}, probability: ${at('values', 'best')}, probabilities };
}

`;
}

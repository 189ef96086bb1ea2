/** `nabla predict`: what a model says of every row of a file, as CSV or JSON. */

import type { Sequential } from '../index.ts';
import { textOf, UsageError, type Command, type Context, type Values } from './command.ts';
import { dataOptions, readRows } from './dataFile.ts';
import { checkReplaceable, replaceFile } from './files.ts';
import { csvField, float32Text } from './figures.ts';
import { loadModelFile } from './modelFile.ts';
import { meaningOf, probabilitiesOf, type Meaning } from './outputs.ts';
import { count, printable } from './terminal.ts';

export const predict: Command = {
  name: 'predict',
  summary: 'says of every row of a table, or of every image, what a model predicts',
  usage: '<model> <data.csv | images.idx> [options]',
  options: {
    ...dataOptions,
    out: { type: 'string', short: 'o', value: '<file>', summary: 'where to write predictions (default: standard output)' },
  },
  positionals: { min: 2, max: 2, names: ['<model>', '<data>'] },
  notes: [
    'Of classes the columns are label, probability and one for each class; of a number it is value. Rows come in the order of the data. With --json they are an array of objects.',
    'A model made by nabla train finds its columns by their names, and others do not matter. For any other model the columns of numbers are its inputs, in order; --target leaves one out.',
  ],
  examples: ['nabla predict penguins.safetensors new.csv --out predictions.csv', 'nabla predict digits.safetensors images.idx.gz --json'],
  run,
};

async function run(context: Context, [file, data]: string[], values: Values): Promise<void> {
  const { out, terminal, json } = context;
  const target = textOf(values, 'out', 'a file');
  if (target !== undefined) checkReplaceable(target, 'a file of predictions', isPredictions);
  const model = await loadModelFile(file!);
  const meaning = meaningOf(model);
  const rows = await readRows(data!, undefined, { model, meaning, values, targets: false });
  for (const note of rows.notes) terminal.print(printable(note));
  const outputs = finite(model.predict(rows.x));
  const pieces = (json ? jsonPieces : csvPieces)(outputs, meaning, model);
  if (target === undefined) for (const piece of pieces) out(piece);
  else {
    replaceFile(target, pieces);
    terminal.print(`${count(rows.count)} predictions: ${target}`);
  }
}

/** Whether a file begins as one of predictions does. */
function isPredictions(start: Uint8Array): boolean {
  return /^(label,probability,|value(_1)?[,\n]|\[\n\{"(label|values?)":)/.test(new TextDecoder().decode(start));
}

/** Overflowed weights or inputs give what is no prediction. */
function finite(outputs: Float32Array): Float32Array {
  if (!outputs.every(Number.isFinite)) throw new UsageError('the model predicts what is no finite number; its weights, or the data, are too large');
  return outputs;
}

/** Rows of a piece of text. */
const pieceRows = 4096;

/** Lines of all rows, many at a time. */
function* piecesOf(rows: number, line: (row: number) => string): Generator<string> {
  for (let start = 0; start < rows; start += pieceRows) {
    let piece = '';
    for (let row = start; row < Math.min(rows, start + pieceRows); row++) piece += line(row);
    yield piece;
  }
}

function* csvPieces(outputs: Float32Array, { kind, labels, turn }: Meaning, { outputShape: [units] }: Sequential): Generator<string> {
  if (kind === 'numbers') {
    yield `${units === 1 ? 'value' : Array.from({ length: units }, (_, i) => `value_${i + 1}`).join(',')}\n`;
    yield* piecesOf(outputs.length / units, (row) => `${figures(outputs, row, units).join(',')}\n`);
    return;
  }
  const fields = labels.map((label) => csvField(String(label)));
  const columns = labels.map((label) => csvField(label === 'label' || label === 'probability' ? `class ${label}` : String(label)));
  yield `label,probability,${columns.join(',')}\n`;
  const probabilities = probabilitiesOf(outputs, units, turn);
  yield* piecesOf(outputs.length / units, (row) => {
    const texts = figures(probabilities, row, labels.length);
    const best = likeliest(probabilities, row, labels.length);
    return `${fields[best]!},${texts[best]!},${texts.join(',')}\n`;
  });
}

/** An array, a row a line. */
function* jsonPieces(outputs: Float32Array, { kind, labels, turn }: Meaning, { outputShape: [units] }: Sequential): Generator<string> {
  const rows = outputs.length / units;
  const line = (row: number, record: string): string => `${record}${row === rows - 1 ? '' : ','}\n`;
  yield '[\n';
  if (kind === 'numbers') {
    yield* piecesOf(rows, (row) => {
      const texts = figures(outputs, row, units);
      return line(row, units === 1 ? `{"value":${texts[0]!}}` : `{"values":[${texts.join(',')}]}`);
    });
  } else {
    const names = labels.map((label) => JSON.stringify(label));
    const keys = labels.map((label) => JSON.stringify(String(label)));
    const probabilities = probabilitiesOf(outputs, units, turn);
    yield* piecesOf(rows, (row) => {
      const texts = figures(probabilities, row, labels.length);
      const best = likeliest(probabilities, row, labels.length);
      return line(row, `{"label":${names[best]!},"probability":${texts[best]!},"probabilities":{${texts.map((text, i) => `${keys[i]!}:${text}`).join(',')}}}`);
    });
  }
  yield ']\n';
}

function figures(values: Float32Array, row: number, columns: number): string[] {
  const texts: string[] = [];
  for (let i = row * columns; i < (row + 1) * columns; i++) texts.push(float32Text(values[i]!));
  return texts;
}

/** The first of the greatest. */
function likeliest(probabilities: Float32Array, row: number, classes: number): number {
  let best = 0;
  for (let i = 1; i < classes; i++) if (probabilities[row * classes + i]! > probabilities[row * classes + best]!) best = i;
  return best;
}

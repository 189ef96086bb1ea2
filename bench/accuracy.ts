/**
 * `npm run accuracy [-- --only <row or group> ...] [--validate]`: trains the networks of published tables on the public data they name and
 * prints ours beside the published accuracy. README.md beside this file says how recipes were chosen.
 */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { adam, cosineDecay, dense, dropout, sequential, type Layer, type Sequential } from '../src/index.ts';
import { chosen, Refusal } from './accuracy/chosen.ts';
import { readIdx } from './accuracy/idx.ts';
import type { Group, Row } from './accuracy/rows.ts';
import { root } from './place.ts';
import { line, titles, type Columns } from './table.ts';

/** Pictures, 0 ... 1 a pixel, and their classes. */
interface Pictures {
  readonly x: Float32Array;
  readonly y: Uint8Array;
}

const classes = 10;
/** The share of the training rows, cut off at the end, that --validate measures on instead of the test rows. */
const heldOut = 1 / 6;

/** The folder of a group's data: in the one that NABLA_DATA names, else in shared/data beside the checkout. */
function folderOf(group: Group): string {
  const folder = resolve(process.env['NABLA_DATA'] ?? `${root}../shared/data`, group.folder);
  if (existsSync(folder)) return folder;
  throw new Refusal(`there is no data at ${folder}: set NABLA_DATA to a folder whose folder '${group.folder}' has the four gzipped IDX files of that data set`);
}

function readPictures(folder: string, part: 'train' | 't10k'): Pictures {
  const images = readIdx(`${folder}/${part}-images-idx3-ubyte.gz`);
  const labels = readIdx(`${folder}/${part}-labels-idx1-ubyte.gz`);
  return { x: Float32Array.from(images.values, (pixel) => pixel / 255), y: labels.values };
}

/** Targets as the loss of a row takes them: the classes, or a 1 in the place of the class. */
function targetsOf({ loss }: Row, { y }: Pictures): Uint8Array {
  if (loss === 'sparseCategoricalCrossentropy') return y;
  const targets = new Uint8Array(y.length * classes);
  y.forEach((label, row) => { targets[row * classes + label] = 1; });
  return targets;
}

function makeModel({ hidden, activation, output, loss, recipe }: Row, inputs: number, trainingRows: number, seed: number): Sequential {
  const [dropInputs, dropHidden] = recipe.dropout ?? [0, 0];
  const layers: Layer[] = [dropout({ rate: dropInputs, inputShape: [inputs] })];
  for (const units of hidden) layers.push(dense({ units, activation }), dropout({ rate: dropHidden }));
  layers.push(dense({ units: classes, activation: output }));
  const decaySteps = recipe.epochs * Math.ceil(trainingRows / recipe.batchSize);
  const learningRate = cosineDecay({ initialLearningRate: recipe.learningRate, decaySteps });
  const model = sequential({ layers, seed });
  model.compile({ optimizer: adam({ learningRate }), loss, metrics: ['accuracy'] });
  return model;
}

/** Shows how far a row is, on a terminal alone. */
function progress(row: Row): { onEpochEnd(epoch: number): void; onTrainEnd(): void } {
  const show = (text: string): void => void (process.stderr.isTTY && process.stderr.write(`\r\u001b[K${text}`));
  return {
    onEpochEnd: (epoch) => show(`${row.name}  epoch ${epoch + 1}/${row.recipe.epochs}`),
    onTrainEnd: () => show(''),
  };
}

/** The rows from one to another, as views. */
function rowsOf({ x, y }: Pictures, from: number, to: number): Pictures {
  const pixels = x.length / y.length;
  return { x: x.subarray(from * pixels, to * pixels), y: y.subarray(from, to) };
}

/** Trains a row from the start with each of its seeds; resolves to the mean accuracy on `test` and the seconds that training took in all. */
async function reproduce(row: Row, train: Pictures, test: Pictures): Promise<{ accuracy: number; seconds: number }> {
  const { epochs, batchSize } = row.recipe;
  const [trainTargets, testTargets] = [train, test].map((pictures) => targetsOf(row, pictures)) as [Uint8Array, Uint8Array];
  let accuracy = 0;
  let milliseconds = 0;
  for (let seed = 1; seed <= row.repeats; seed++) {
    const model = makeModel(row, train.x.length / train.y.length, train.y.length, seed);
    const before = performance.now();
    await model.fit(train.x, trainTargets, { epochs, batchSize, threads: 'auto', callbacks: [progress(row)] });
    milliseconds += performance.now() - before;
    accuracy += model.evaluate(test.x, testTargets).accuracy! / row.repeats;
  }
  return { accuracy, seconds: milliseconds / 1000 };
}

const percent = (share: number): string => (100 * share).toFixed(2);

function readArguments(): { only: string[]; validate: boolean } {
  const options = { only: { type: 'string', multiple: true }, validate: { type: 'boolean' } } as const;
  try {
    const { only = [], validate = false } = parseArgs({ options }).values;
    return { only, validate };
  } catch (error) {
    throw new Refusal(`${(error as Error).message}; usage: npm run accuracy -- [--only <row or group>]... [--validate]`);
  }
}

async function run(): Promise<void> {
  const { only, validate } = readArguments();
  const work = chosen(only).map((group) => ({ ...group, folder: folderOf(group) }));
  const columns: Columns = [
    [validate ? 'held out, %' : 'test accuracy, %', 24], ['published', 10], ['ours', 8], ['seconds', 9], ['', 3], ['verdict', -16], ['source', -1],
  ];
  console.log(titles(columns));
  for (const { folder, rows } of work) {
    const all = readPictures(folder, 'train');
    const at = Math.round(all.y.length * (1 - heldOut));
    const [train, test] = validate ? [rowsOf(all, 0, at), rowsOf(all, at, all.y.length)] : [all, readPictures(folder, 't10k')];
    for (const row of rows) {
      const { accuracy, seconds } = await reproduce(row, train, test);
      const missed = !validate && accuracy < row.published;
      if (missed) process.exitCode = 1;
      const verdict = validate ? '-' : missed ? 'LESS ACCURATE' : 'as accurate';
      console.log(line(columns, [row.name, percent(row.published), percent(accuracy), seconds.toFixed(1), '', verdict, row.source]));
    }
  }
}

try {
  await run();
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(`accuracy: ${error.message}`);
  process.exitCode = 2;
}

/**
 * `npm run accuracy [-- --only <row or group> ...] [--validate]`: trains the networks of published tables on the public data they name and
 * prints ours beside the published accuracy, then models of tables of records beside scikit-learn's. README.md beside this file says how recipes were chosen.
 */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { adam, cosineDecay, dense, dropout, readIdx, sequential, type Layer, type Sequential } from '../src/index.ts';
import { chosen, Refusal } from './accuracy/chosen.ts';
import type { Group, Row } from './accuracy/rows.ts';
import { scoreOf, tolerances } from './accuracy/scores.ts';
import type { TableRow } from './accuracy/tables.ts';
import scikitLearn from './accuracy/scikitLearn.json' with { type: 'json' };
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

/** The folder of a data set: in the one that NABLA_DATA names, else in shared/data beside the checkout. */
function folderOf(name: string, contents: string): string {
  const folder = resolve(process.env['NABLA_DATA'] ?? `${root}../shared/data`, name);
  if (existsSync(folder)) return folder;
  throw new Refusal(`there is no data at ${folder}: set NABLA_DATA to a folder whose folder '${name}' has ${contents}`);
}

async function readPictures(folder: string, part: 'train' | 't10k'): Promise<Pictures> {
  const images = await readIdx(`${folder}/${part}-images-idx3-ubyte.gz`);
  const labels = await readIdx(`${folder}/${part}-labels-idx1-ubyte.gz`);
  return { x: Float32Array.from(images.data, (pixel) => pixel / 255), y: Uint8Array.from(labels.data) };
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
  const { pictures, tables } = chosen(only);
  const work = pictures.map((group) => ({ ...group, folder: folderOf(group.folder, 'the four gzipped IDX files of that data set') }));
  for (const { name } of tables) folderOf(name, 'that table');
  if (work.length > 0) await runPictures(work, validate);
  if (work.length > 0 && tables.length > 0) console.log();
  if (tables.length > 0) await runTables(tables, validate);
}

/** Says how a row came out; one that is worse than published makes the command fail. */
function verdictOf(validate: boolean, missed: boolean): string {
  if (validate) return '-';
  if (missed) process.exitCode = 1;
  return missed ? 'LESS ACCURATE' : 'as accurate';
}

async function runPictures(work: readonly Group[], validate: boolean): Promise<void> {
  const columns: Columns = [
    [validate ? 'held out, %' : 'test accuracy, %', 24], ['published', 10], ['ours', 8], ['seconds', 9], ['', 3], ['verdict', -16], ['source', -1],
  ];
  console.log(titles(columns));
  for (const { folder, rows } of work) {
    const all = await readPictures(folder, 'train');
    const at = Math.round(all.y.length * (1 - heldOut));
    const [train, test] = validate ? [rowsOf(all, 0, at), rowsOf(all, at, all.y.length)] : [all, await readPictures(folder, 't10k')];
    for (const row of rows) {
      const { accuracy, seconds } = await reproduce(row, train, test);
      const verdict = verdictOf(validate, accuracy < row.published);
      console.log(line(columns, [row.name, percent(row.published), percent(accuracy), seconds.toFixed(1), '', verdict, row.source]));
    }
  }
}

/** `trainTable` as it comes, beside scikit-learn on the same rows. */
async function runTables(rows: readonly TableRow[], validate: boolean): Promise<void> {
  const columns: Columns = [
    [validate ? 'held out' : 'tables', 24], ['scikit-learn', 14], ['ours', 10], ['deviation', 11], ['seconds', 9], ['', 3], ['verdict', -16], ['score', -1],
  ];
  console.log(titles(columns));
  for (const row of rows) {
    const published = scikitLearn[row.name as keyof typeof scikitLearn].score;
    const { score, deviation, seconds } = await scoreOf(row, resolve(folderOf(row.name, 'that table'), '..'), validate);
    const verdict = verdictOf(validate, score < published - tolerances[row.task]);
    const kind = row.task === 'regression' ? 'R²' : 'accuracy';
    console.log(line(columns, [row.name, published.toFixed(4), score.toFixed(4), deviation.toFixed(4), seconds.toFixed(1), '', verdict, kind]));
  }
}

try {
  await run();
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(`accuracy: ${error.message}`);
  process.exitCode = 2;
}

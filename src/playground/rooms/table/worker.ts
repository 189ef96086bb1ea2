/** The worker of tables: reads a CSV file, trains a model on four fifths of its rows, and predicts records. */

import { loadBackend, r2Score, readCsv, rmse, splitTable, trainTable, type Column, type FeatureInput, type Sequential, type Table } from '../../../index.ts';
import type { Answer, RecordField, Request, Score } from './messages.ts';

const seed = 1;

let table: Table | undefined;
let model: Sequential | undefined;
let training: AbortController | undefined;

const tell = (answer: Answer): void => postMessage(answer);

async function read(file: File): Promise<void> {
  training?.abort();
  const found = await readCsv(file);
  if (found.columns.length < 2) throw new Error(`${file.name} has one column alone; expected a column to predict, and at least one to predict it from.`);
  if (found.rowCount < 10) throw new Error(`${file.name} has ${found.rowCount} rows; expected at least 10.`);
  table = found;
  model = undefined;
  tell({ type: 'table', name: file.name, rows: found.rowCount, columns: found.columns.map(({ name }) => name) });
}

async function train(target: string): Promise<void> {
  if (table === undefined) return;
  training?.abort();
  const own = new AbortController();
  training = own;
  // Layers that make numbers of records have kernels of their own.
  await loadBackend('auto');
  const isNumber = columnOf(table, target).type === 'number';
  const [learnt, held] = splitTable(table, { seed, ...(!isNumber && { stratified: target }) });
  const start = performance.now();
  try {
    const trained = await trainTable(learnt, { target, seed, signal: own.signal, callbacks: [{ onEpochEnd: (epoch, { loss }) => tell({ type: 'epoch', epoch: epoch + 1, loss: loss! }) }] });
    const seconds = (performance.now() - start) / 1000;
    const { inputs, leftOut, task } = trained.features!;
    const score = scoreOf(trained, held, target);
    model = trained;
    tell({ type: 'trained', task, seconds, rows: learnt.rowCount, score, leftOut, fields: inputs.map((input) => ({ ...input, usual: usualOf(learnt, input) })) });
  } catch (cause) {
    if (!own.signal.aborted) throw cause;
    tell({ type: 'stopped' });
  } finally {
    if (training === own) training = undefined;
  }
}

function columnOf({ columns }: Table, name: string): Column {
  return columns.find((column) => column.name === name)!;
}

/** Of the rows held out, those that have a target. */
function scoreOf(trained: Sequential, held: Table, target: string): Score {
  const expected = columnOf(held, target).values;
  const predictions = trained.predictRecords(held);
  const rows = [...predictions.keys()].filter((row) => expected[row] !== null && !Number.isNaN(expected[row]));
  if (trained.features!.task === 'regression') {
    const [y, predicted] = [Float32Array.from(rows, (row) => Number(expected[row])), Float32Array.from(rows, (row) => predictions[row]!.value!)];
    return { rows: rows.length, value: r2Score(y, predicted), beside: rmse(y, predicted) };
  }
  const counts = new Map<unknown, number>();
  for (const row of rows) counts.set(expected[row], (counts.get(expected[row]) ?? 0) + 1);
  const right = rows.filter((row) => predictions[row]!.label === expected[row]).length;
  return { rows: rows.length, value: right / rows.length, beside: Math.max(...counts.values()) / rows.length };
}

/** What a record is filled in with at first. */
function usualOf(rows: Table, { name, type }: FeatureInput): RecordField['usual'] {
  const present = [...columnOf(rows, name).values].filter((value): value is number | string | boolean => value !== null && !Number.isNaN(value));
  if (type === 'number') return present.map(Number).sort((a, b) => a - b)[present.length >> 1] ?? 0;
  const counts = new Map<string | number | boolean, number>();
  for (const value of present) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? '';
}

async function answer(request: Request): Promise<void> {
  switch (request.type) {
    case 'read': return read(request.file);
    case 'train': return train(request.target);
    case 'stop': return training?.abort();
    case 'predict': if (model !== undefined) tell({ type: 'prediction', prediction: model.predictRecord(request.record) });
  }
}

addEventListener('message', ({ data }: MessageEvent<Request>) => {
  answer(data).catch((cause: unknown) => tell({ type: 'problem', sentence: cause instanceof Error ? cause.message : String(cause) }));
});

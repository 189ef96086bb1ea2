/** `nabla train`: a model from a file of data, with how well it does on rows that it has not seen. */

import { basename, resolve } from 'node:path';
import type { Callback, Logs, Sequential } from '../index.ts';
import { chart } from './chart.ts';
import { integerOf, integerOrWord, integersOf, nameOf, numberOf, printResult, textOf, UsageError, type Command, type Context, type Values } from './command.ts';
import { checkReadable, checkReplaceable, replaceFile } from './files.ts';
import { idxJob, isIdx } from './idxJob.ts';
import { activationNames, backendNames, optimizerNames, type Job, type Settings } from './job.ts';
import { progress } from './progress.ts';
import { report } from './report.ts';
import { scoreLines } from './scoreLines.ts';
import { documentOf } from './scores.ts';
import { tableJob, tableOptions } from './tableJob.ts';
import { bullet, count, percent, printable, short, type Terminal } from './terminal.ts';

const defaultValidation = 0.2;
const mostProblems = 8;
/** On a pipe, about as many lines of progress. */
const progressLines = 20;

/** Units of a hidden layer at most: more do not fit the memory of a model. */
const mostUnits = 1_000_000;

export const train: Command = {
  name: 'train',
  summary: 'trains a model on a table or on images, and says how well it does on rows held out',
  usage: '<data.csv> --target <column> | <images.idx> <labels.idx>',
  options: {
    ...tableOptions,
    test: { type: 'string', value: '<images> <labels>', count: 2, summary: 'of images: other IDX files, to take the final scores of' },
    hidden: { type: 'string', value: '<n,n,...>', summary: "units of the hidden layers (of images 128); 'none': a linear model" },
    activation: { type: 'string', value: '<name>', summary: 'of the hidden layers (default relu)' },
    epochs: { type: 'string', value: '<n>', summary: 'times to go through the data at most (of images 10, of tables 20 to 100 by their rows)' },
    'batch-size': { type: 'string', value: '<n>', summary: 'rows a step' },
    optimizer: { type: 'string', value: '<name>', summary: `one of ${optimizerNames.join(', ')} (of images adam, of tables adamw)` },
    'learning-rate': { type: 'string', value: '<x>', summary: 'how far to step (default: that of the optimizer)' },
    validation: { type: 'string', value: '<share>', summary: 'share of the rows to hold out, for the scores (default 0.2; 0: none)' },
    seed: { type: 'string', value: '<n>', summary: 'another split, other initial weights, another order (default 0)' },
    threads: { type: 'string', value: '<n|auto>', summary: 'threads to share steps among (default 1)' },
    backend: { type: 'string', value: '<name>', summary: `one of ${backendNames.join(', ')}` },
    out: { type: 'string', short: 'o', value: '<file>', summary: 'the model, as safetensors (default: the name of the data, in the current folder)' },
    report: { type: 'string', value: '<file>', summary: 'also a page of HTML with curves, scores, layers and data' },
  },
  positionals: { min: 1, max: 2, names: ['<data.csv>', '<labels.idx>'] },
  notes: [
    'Missing values are filled in and words become columns of 0 and 1; the model keeps how, but not what --missing names: name it to nabla predict and evaluate too. ' +
    'Images are IDX files, as MNIST, in gzip or not.',
    'The model and the report replace a model and a page of the same name, and no other file. Ctrl-C ends the training; what was learnt until ' +
    'then is scored and saved.',
  ],
  examples: [
    'nabla train penguins.csv --target species --report report.html',
    'nabla train images-idx3-ubyte.gz labels-idx1-ubyte.gz --threads auto',
  ],
  run: trainAndScore,
};

async function trainAndScore(context: Context, positionals: string[], values: Values): Promise<void> {
  const settings = settingsFrom(values);
  const out = textOf(values, 'out', 'a file') ?? `${stem(positionals[0]!)}.safetensors`;
  const page = textOf(values, 'report', 'a file');
  const format = /\.(onnx|json|html?)$/i.exec(out)?.[0];
  if (format !== undefined) {
    throw new UsageError(`--out expects a file of safetensors, received '${out}'${/html?/i.test(format) ? '; --report names a page' : `; nabla convert makes ${format} of it`}`);
  }
  if (page !== undefined && resolve(page) === resolve(out)) throw new UsageError(`--report would replace the model, '${out}'; name another file`);
  positionals.forEach(checkReadable);
  checkReplaceable(out, 'a model', isModel);
  if (page !== undefined) checkReplaceable(page, 'a page of HTML', isPage);
  const job = await jobFrom(positionals, values, settings);
  const { terminal, signal } = context;
  terminal.print(terminal.bold(printable(`Learning ${job.title}`)));
  if (job.problems.length > 0) terminal.print('Before training:', ...problemLines(job.problems));
  const start = performance.now();
  const { model, history } = await fit(job, terminal, signal);
  const seconds = (performance.now() - start) / 1000;
  const scores = job.score(model);
  replaceFile(out, model.toBytes());
  const interrupted = signal.aborted;
  const epochs = history['loss']?.length ?? 0;
  if (interrupted) terminal.print(`Stopped after ${epochs} whole ${epochs === 1 ? 'epoch' : 'epochs'}; the model as it is now is saved.`);
  drawCurves(terminal, job, history);
  const command = commandLine(process.argv.slice(2));
  if (page !== undefined) replaceFile(page, report({ job, model, history, scores, seconds, command, settings, interrupted }));
  terminal.print('');
  printResult(context, {
    path: out, ...(page !== undefined && { report: page }), task: job.task, target: job.target, interrupted, seed: settings.seed, backend: model.backend,
    rows: { training: job.rows.training, [job.scoredAs]: job.rows.scored }, seconds, problems: job.problems, history, ...documentOf(scores),
  }, () => [...scoreLines(context.screen, scores, job.scoredAs), '', `Model: ${printable(out)}`, ...(page === undefined ? [] : [`Report: ${printable(page)}`])]);
}

function settingsFrom(values: Values): Settings {
  if (values['optimizer'] === 'lbfgs' && values['batch-size'] !== undefined) throw new UsageError('--batch-size: lbfgs takes all rows at once; leave it out');
  return {
    hidden: values['hidden'] === 'none' ? [] : integersOf(values, 'hidden', { min: 1, max: mostUnits }),
    activation: nameOf(values, 'activation', activationNames) ?? 'relu',
    optimizer: nameOf(values, 'optimizer', optimizerNames),
    learningRate: numberOf(values, 'learning-rate', { above: 0 }),
    epochs: integerOf(values, 'epochs', { min: 1 }),
    batchSize: integerOf(values, 'batch-size', { min: 1 }),
    validation: numberOf(values, 'validation', { min: 0, below: 1 }) ?? defaultValidation,
    seed: integerOf(values, 'seed') ?? 0,
    threads: integerOrWord(values, 'threads', 'auto', { min: 1, max: 64 }) ?? 1,
    backend: nameOf(values, 'backend', backendNames) ?? 'auto',
  };
}

async function jobFrom(paths: readonly string[], values: Values, settings: Settings): Promise<Job> {
  const [first, second] = paths;
  const images = isIdx(first!);
  const test = values['test'] as string[] | undefined;
  if (!images) {
    if (second !== undefined) throw new UsageError(`expects one table, or two IDX files; '${first!}' is no IDX file`);
    if (test !== undefined) throw new UsageError('--test is for images; of a table, --validation holds out a share');
    return tableJob(first!, values, settings);
  }
  const stray = Object.keys(tableOptions).find((name) => values[name] !== undefined);
  if (stray !== undefined) throw new UsageError(`--${stray} is for tables, and '${first!}' is an IDX file`);
  if (second === undefined) throw new UsageError(`expects the file of labels after '${first!}', received none`);
  return idxJob([first!, second], test, settings);
}

/** Trains until the end or the first Ctrl-C. */
async function fit(job: Job, terminal: Terminal, signal: AbortSignal): Promise<{ model: Sequential; history: Record<string, number[]> }> {
  const history: Record<string, number[]> = {};
  let begun: Sequential | undefined;
  const record: Callback = {
    setModel(model) {
      begun = model;
    },
    onEpochEnd(_, logs) {
      for (const [name, value] of Object.entries(logs)) (history[name] ??= []).push(value);
    },
  };
  const shown = progress(terminal, { epochs: job.epochs, samples: job.rows.training, every: Math.ceil(job.epochs / progressLines), describe });
  try {
    return { model: await job.train([record, shown], signal), history };
  } catch (error) {
    if (!signal.aborted || error !== signal.reason || begun === undefined) throw error;
    return { model: begun, history };
  }
}

/** `loss 0.1234  val 0.2345, 96.7 %`: short, for a line has to hold more. */
function describe({ loss, accuracy, val_loss, val_accuracy }: Logs): string[] {
  const figures = (name: string, value: number, right: number | undefined): string => `${name} ${short(value)}${right === undefined ? '' : `, ${percent(right)}`}`;
  return val_loss === undefined ? [figures('loss', loss!, accuracy)] : [figures('loss', loss!, undefined), figures('val', val_loss, val_accuracy)];
}

function drawCurves(terminal: Terminal, { validatedOn }: Job, history: Readonly<Record<string, number[]>>): void {
  const { loss = [], val_loss } = history;
  if (loss.length < 2) return;
  terminal.print('', ...chart(terminal, 'Loss', 'epoch', [{ name: 'training', values: loss }, ...(val_loss === undefined ? [] : [{ name: validatedOn, values: val_loss }])]));
}

function problemLines(problems: readonly string[]): string[] {
  const more = problems.length - mostProblems;
  return [...problems.slice(0, mostProblems).flatMap((problem) => bullet(printable(problem))), ...(more > 0 ? [`  and ${count(more)} more like these`] : [])];
}

/** The name of a file without its folder and what says its format. */
function stem(path: string): string {
  return basename(path).replace(/\.gz$/i, '').replace(/\.(csv|tsv|txt|data|idx)$/i, '').replace(/-idx\d-ubyte$|\.idx\d-ubyte$/i, '') || 'model';
}

/** Whether bytes begin as a file of safetensors does: the length of a header in 8 bytes, and JSON. */
function isModel(start: Uint8Array): boolean {
  return start[8] === 0x7b && start[6] === 0 && start[7] === 0;
}

function isPage(start: Uint8Array): boolean {
  return new TextDecoder().decode(start).trimStart().toLowerCase().startsWith('<!doctype html');
}

/** As a shell would take it. */
function commandLine(args: readonly string[]): string {
  return ['nabla', ...args].map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`)).join(' ');
}

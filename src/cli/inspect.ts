/** `nabla inspect`: what is in the file of a model, its weights in figures too; of a safetensors file without a model, its tensors. */

import { FormatError, parseSafetensors, type FeaturesDescription, type ModelSnapshot, type Safetensors } from '../index.ts';
import { isSet, printResult, type Command, type Context, type Values } from './command.ts';
import { bytesText } from './figures.ts';
import { epochsIn, formatNames, loadModelFile, modelKey, openModelFile, type ModelPlace } from './modelFile.ts';
import { count, fit, printable, short, table, wrap } from './terminal.ts';

export const inspect: Command = {
  name: 'inspect',
  summary: 'shows what is in the file of a model',
  usage: '<model> [options]',
  options: {
    weights: { type: 'boolean', summary: 'least and greatest value, mean and NaN count of every tensor too' },
  },
  positionals: { min: 1, max: 1, names: ['<model>'] },
  notes: ['A model is a file of any format that nabla reads, a checkpoint, or the folder of a TensorFlow.js model. Of a safetensors file that does not say of which layers its tensors are, they are listed.'],
  examples: ['nabla inspect penguins.safetensors', 'nabla inspect run.safetensors --weights --json'],
  run,
};

/** Words of a category that are shown, and how long they and names of columns may be. */
const mostLabels = 10;
const longestLabels = 60;
const longestName = 30;

type Tensors = ModelSnapshot['tensors'];

async function run(context: Context, [given]: string[], values: Values): Promise<void> {
  const place = openModelFile(given!);
  const file = place.format === 'safetensors' ? readTensors(place) : undefined;
  const weights = isSet(values, 'weights');
  const facts = { file: given!, format: place.format, bytes: place.size, dtypes: dtypesOf(file) };
  if (file !== undefined && !file.metadata.has(modelKey)) {
    const metadata = Object.fromEntries(file.metadata);
    printResult(context, { ...facts, kind: 'tensors', metadata, tensors: tensorRecords(file.tensors, weights, file) }, () => bare(facts, file, weights).map(clean));
    return;
  }
  const model = await loadModelFile(place.path);
  const { model: description, tensors } = model.snapshot();
  const epochs = epochsIn(place);
  printResult(context, {
    ...facts,
    kind: epochs === undefined ? 'model' : 'checkpoint',
    ...(epochs !== undefined && { epochs }),
    outputs: model.outputShape[0],
    parameters: valuesIn(tensors),
    model: description,
    tensors: tensorRecords(tensors, weights),
  }, () => [
    `${given!}: ${[epochs === undefined ? 'a model' : `a checkpoint after ${count(epochs)} epochs`, formatNames[place.format], bytesText(place.size), ...facts.dtypes].join(', ')}`,
    '', ...model.summary().split('\n'), '',
    ...described(description),
    ...(weights ? ['', ...tensorTable(tensors, true)] : []),
  ].map(clean));
}

/** A line without what would steer a terminal. */
function clean(line: string): string {
  return printable(line).trimEnd();
}

function readTensors({ path, bytes }: ModelPlace): Safetensors {
  try {
    return parseSafetensors(bytes);
  } catch (cause) {
    throw cause instanceof FormatError ? new FormatError(`'${path}': ${cause.message}`, { cause }) : cause;
  }
}

/** How numbers stand in the file, where that differs from tensor to tensor. */
function dtypesOf(file: Safetensors | undefined): string[] {
  return [...new Set([...file?.tensors.values() ?? []].map(({ dtype }) => dtype))].sort();
}

/** Of the second line of a fact and those that follow. */
const indent = ' '.repeat(10);

/** What a table of layers does not say. */
function described({ optimizer, loss, metrics = [], seed, userMetadata, features }: ModelSnapshot['model']): string[] {
  const compiled = optimizer === undefined || loss === undefined ? 'no'
    : `with ${named(optimizer.name, optimizer.config)}, loss ${named(String(loss['name']), { ...loss, name: undefined })}` +
      (metrics.length > 0 ? `, metrics ${metrics.map(String).join(', ')}` : '');
  return [
    ...wrap(`Compiled  ${compiled}`, indent),
    `Seed      ${seed}`,
    ...(userMetadata === undefined ? [] : wrap(`Metadata  ${JSON.stringify(userMetadata)}`, indent)),
    ...(features === undefined ? [] : ['', ...columnLines(features)]),
  ];
}

/** The columns of the table that a model takes, and the one that it predicts. */
function columnLines({ inputs, target, leftOut = [] }: FeaturesDescription): string[] {
  const words = (labels: readonly unknown[] = []): string => {
    const more = labels.length - mostLabels;
    return fit(labels.slice(0, mostLabels).map(String).join(', '), longestLabels) + (more > 0 ? ` and ${more} more` : '');
  };
  const width = Math.max(...inputs.map(({ name }) => Math.min(name.length, longestName)));
  return [
    'Takes',
    ...inputs.map(({ name, type, labels }) => `  ${fit(name, longestName).padEnd(width)}  ${`${type}  ${words(labels)}`.trimEnd()}`),
    ...wrap(`Predicts  ${target.name}${target.labels === undefined ? ', a number' : `: ${words(target.labels)}`}`, indent),
    ...(leftOut.length === 0 ? [] : wrap(`Left out  ${leftOut.join(', ')}`, indent)),
  ];
}

/** `adam (beta1 0.9, learningRate 0.001)`, of options that are set. */
function named(name: string, config: Readonly<Record<string, unknown>>): string {
  const set = Object.entries(config).filter(([, value]) => value !== undefined && value !== false && value !== null);
  const parts = set.map(([option, value]) => `${option} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return parts.length === 0 ? name : `${name} (${parts.join(', ')})`;
}

function bare({ file, bytes, dtypes }: { file: string; bytes: number; dtypes: readonly string[] }, { tensors, metadata }: Safetensors, weights: boolean): string[] {
  return [
    `${file}: ${count(tensors.size)} tensors, of no layers that nabla knows of, safetensors, ${bytesText(bytes)}, ${dtypes.join(', ')}`,
    '', ...tensorTable(tensors, weights), '',
    `${count(valuesIn(tensors))} values. The layers can be named in a program: loadModel(path, { architecture: [...] }).`,
    ...(metadata.size > 0 ? ['', 'Metadata', ...[...metadata].map(([key, value]) => `  ${key}: ${value}`)] : []),
  ];
}

interface Figures {
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  readonly nan: number;
}

/** Of the values that are not NaN; null where there are none. */
function figuresOf(values: Float32Array): Figures {
  let [min, max, sum, nan] = [Infinity, -Infinity, 0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) nan++;
    else {
      sum += value;
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
  }
  const counted = values.length - nan;
  return counted === 0 ? { min: null, max: null, mean: null, nan } : { min, max, mean: sum / counted, nan };
}

function tensorRecords(tensors: Tensors, weights: boolean, file?: Safetensors): object[] {
  return [...tensors].map(([name, { shape, data }]) => ({
    name, shape,
    ...(file !== undefined && { dtype: file.tensors.get(name)!.dtype }),
    ...(weights && figuresOf(data)),
  }));
}

function tensorTable(tensors: Tensors, weights: boolean): string[] {
  const shown = (value: number | null): string => (value === null ? '-' : short(value));
  return table([
    ['Tensor', 'Shape', ...(weights ? ['Least', 'Greatest', 'Mean', 'NaN'] : [])],
    ...[...tensors].map(([name, { shape, data }]) => {
      const { min, max, mean, nan } = weights ? figuresOf(data) : { min: null, max: null, mean: null, nan: 0 };
      return [fit(name, longestLabels), `[${shape.join(', ')}]`, ...(weights ? [shown(min), shown(max), shown(mean), String(nan)] : [])];
    }),
  ]);
}

function valuesIn(tensors: Tensors): number {
  return [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
}

/** `nabla convert`: a model from one file format into another, read back at once, and what the other format does not hold. */

import { mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fromBytes, fromTfjs, NablaError, type LayerDescription, type Sequential, type SequentialDescription } from '../index.ts';
import { Random } from '../random.ts';
import { printResult, UsageError, type Command, type Context } from './command.ts';
import { checkReplaceable, checkWritable, replaceFile } from './files.ts';
import { bytesText } from './figures.ts';
import { epochsIn, formatNames, loadModelFile, openModelFile, type FileFormat } from './modelFile.ts';
import { bullet } from './terminal.ts';

export const convert: Command = {
  name: 'convert',
  summary: 'writes a model in another file format, and says what that does not hold',
  usage: '<model> <new.safetensors | new.onnx | folder | model.json>',
  options: {},
  positionals: { min: 2, max: 2, names: ['<model>', '<new file>'] },
  notes: [
    'The name of the new file decides: .safetensors, .onnx, or, for TensorFlow.js, model.json or a folder for it. The file is read back, and its predictions are compared.',
    'A model that is there already is replaced, no other file is.',
  ],
  examples: ['nabla convert mnist.safetensors mnist.onnx', 'nabla convert mnist.safetensors web/'],
  run,
};

async function run(context: Context, [from, to]: string[]): Promise<void> {
  const place = openModelFile(from!);
  const { format, path } = targetOf(to!);
  if (resolve(path) === resolve(place.path)) throw new UsageError(`'${to!}' is the model itself`);
  const model = await loadModelFile(place.path);
  const { copy, problem, write } = encode(model, format, path);
  await write();
  const lost = [
    ...(epochsIn(place) !== undefined ? ['the state of the optimizer, with which training could go on'] : []),
    ...(copy === undefined ? [] : lostParts(model.snapshot().model, copy.snapshot().model)),
  ];
  const difference = copy === undefined ? undefined : largestDifference(model, copy);
  const { size } = openModelFile(path);
  printResult(context, {
    from, to, path, format, bytes: size, lost, ...(difference !== undefined && { largestDifference: difference }), ...(problem !== undefined && { problem }),
  }, () => [
    `${to!}: ${formatNames[format]}, ${bytesText(size)}`,
    problem === undefined ? difference === 0 ? 'Read back, it predicts the same bits.' : `Read back, its predictions differ by at most ${difference!.toExponential(1)}, relative to those above 1.`
      : `nabla cannot read it back (${problem}); other programs may.`,
    ...(lost.length === 0 ? problem === undefined ? ['Nothing is lost.'] : [] : ['Not in it:', ...lost.flatMap(bullet)]),
  ]);
}

/** The format that a path asks for, and the file to write. */
function targetOf(given: string): { format: FileFormat; path: string } {
  const begins = (what: string, is: (start: Uint8Array) => boolean): void => checkReplaceable(given, what, is);
  if (/\.safetensors$/i.test(given)) {
    begins('a model', (start) => start[8] === 0x7b);
    return { format: 'safetensors', path: given };
  }
  if (/\.onnx$/i.test(given)) {
    // The field of the version comes first.
    begins('a model in ONNX', (start) => start[0] === 0x08);
    return { format: 'onnx', path: given };
  }
  if (/\.json$/i.test(given)) {
    const first = /^\s*\{\s*"(modelTopology|format|weightsManifest|generatedBy|convertedBy)"/;
    begins('a model of TensorFlow.js', (start) => first.test(new TextDecoder().decode(start)));
    return { format: 'tfjs', path: given };
  }
  if (!isFolder(given)) {
    if (/\.[^./\\]+$/.test(given)) throw new UsageError(`'${given}': expected a name that ends in .safetensors, .onnx or .json, or a folder`);
    checkWritable(given.replace(/[/\\]+$/, ''));
    return { format: 'tfjs', path: join(given, 'model.json') };
  }
  return targetOf(join(given, 'model.json'));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

interface Encoded {
  /** What the new file holds, as a model; undefined where that cannot be read. */
  readonly copy: Sequential | undefined;
  readonly problem: string | undefined;
  write(): unknown;
}

/** The model in that format; nothing is written before it is known to fit. */
function encode(model: Sequential, format: FileFormat, path: string): Encoded {
  if (format !== 'tfjs') {
    const bytes = model.toBytes(format);
    return { ...readBack(() => fromBytes(bytes)), write: () => replaceFile(path, bytes) };
  }
  const files = model.toTfjs();
  return {
    ...readBack(() => fromTfjs(files)),
    write() {
      mkdirSync(dirname(path), { recursive: true });
      return model.save(path, { format });
    },
  };
}

function readBack(read: () => Sequential): Pick<Encoded, 'copy' | 'problem'> {
  try {
    return { copy: read(), problem: undefined };
  } catch (error) {
    if (!(error instanceof NablaError)) throw error;
    return { copy: undefined, problem: error.message };
  }
}

/** What the description of a copy does not say any more. */
function lostParts(model: SequentialDescription, copy: SequentialDescription): string[] {
  // The two names are of one optimizer.
  const told = (part: unknown): string => JSON.stringify(part).replace('{"name":"momentum"', '{"name":"sgd"');
  const gone = (part: keyof SequentialDescription): boolean => model[part] !== undefined && (copy[part] === undefined || told(copy[part]) !== told(model[part]));
  const metrics = (model.metrics ?? []).filter((name) => copy.metrics?.includes(name) !== true);
  const before = flat(model.layers);
  const after = flat(copy.layers);
  const quiet = before.filter(({ type }) => isQuiet(type) && !after.some((layer) => layer.type === type));
  const options = new Set(before.flatMap(trainingOptions));
  for (const option of after.flatMap(trainingOptions)) options.delete(option);
  return [
    ...(gone('features') ? ['the columns of the table by name, and the names of the classes: it takes and gives bare numbers'] : []),
    ...(gone('optimizer') || gone('loss') ? ['what the model was compiled with: optimizer, loss and metrics'] : metrics.length > 0 ? [`metrics that the model was compiled with: ${metrics.join(', ')}`] : []),
    ...(quiet.length > 0 ? [`layers that work in training alone: ${quiet.map(({ name, type }) => `${name} (${type})`).join(', ')}`] : []),
    ...(options.size > 0 ? [`options of layers that matter in training alone: ${[...options].join(', ')}`] : []),
    ...(gone('userMetadata') ? ['userMetadata'] : []),
    ...(gone('seed') ? [`the seed, ${model.seed}`] : []),
  ];
}

function flat(layers: readonly LayerDescription[]): LayerDescription[] {
  return layers.flatMap((layer) => [layer, ...flat(layer.layers ?? [])]);
}

/** Whether a layer does nothing outside of training. */
function isQuiet(type: string): boolean {
  return type === 'dropout' || type === 'gaussianNoise';
}

/** What says how weights are trained, and not what they compute. */
function trainingOptions({ config }: LayerDescription): string[] {
  return Object.entries(config).filter(([option, value]) => value !== 'true' && /^derivative$|(Regularizer|Constraint)$/.test(option)).map(([option]) => option);
}

const rowsCompared = 16;

/** Of predictions for rows that the seed decides, relative to those above 1. */
function largestDifference(model: Sequential, copy: Sequential): number {
  const x = new Float32Array(rowsCompared * model.inputShape[0]);
  new Random(model.seed, 'sampling').fill(x, -1, 1);
  const [a, b] = [model.predict(x), copy.predict(x)];
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!) / Math.max(1, Math.abs(value))), 0);
}

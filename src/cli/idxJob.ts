/** Images and their classes out of two IDX files, the format of MNIST. The model takes pixels as the file has them: its first layer scales them. */

import { constants, gunzipSync } from 'node:zlib';
import { dataset, dense, normalization, readIdx, sequential, type Callback, type Idx, type SampleSet, type Sequential } from '../index.ts';
import { UsageError } from './command.ts';
import { checkReadable, startOf } from './files.ts';
import { makeOptimizer, type Job, type Settings } from './job.ts';
import { reading } from './messages.ts';
import { scoreClasses } from './scores.ts';
import { count } from './terminal.ts';

const defaultHidden = [128] as const;
const defaultEpochs = 10;
const defaultBatchSize = 128;
/** The greatest value of a pixel that is a byte. */
const white = 255;

/** Whether a file begins as IDX does, in gzip or not: two zeros, a type, dimensions. */
export function isIdx(path: string): boolean {
  const bytes = startOf(path, 4096);
  try {
    const start = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes;
    return start.length >= 8 && start[0] === 0 && start[1] === 0 && start[2]! >= 8 && start[2]! <= 14 && start[3]! > 0;
  } catch {
    // Damaged gzip: whoever reads it says so.
    return false;
  }
}

/** Images and labels, and other ones to score on, where there are some; else a share of the images is held out. */
export async function idxJob([imagePath, labelPath]: readonly [string, string], testPaths: readonly string[] | undefined, settings: Settings): Promise<Job> {
  const all = await readPair(imagePath, labelPath);
  const test = testPaths === undefined ? undefined : await readPair(testPaths[0]!, testPaths[1]!);
  if (test !== undefined && test.pixels !== all.pixels) {
    throw new UsageError(`'${testPaths![0]!}' has images of ${test.pixels} pixels, '${imagePath}' of ${all.pixels}`);
  }
  const classes = Math.max(all.classes, test?.classes ?? 0);
  const { validation, seed } = settings;
  const [training, heldOut] = validation === 0 ? [all.samples, undefined] : all.samples.split({ test: validation, stratified: true, seed });
  const scored = test?.samples ?? heldOut ?? training;
  const labels = Array.from({ length: classes }, (_, i) => String(i));
  const epochs = settings.epochs ?? defaultEpochs;
  return {
    title: `classes of ${count(all.samples.rows)} images of ${all.shape.join(' x ')} pixels`,
    task: 'classification',
    target: 'class',
    rows: { training: training.rows, scored: scored.rows },
    scoredAs: test !== undefined ? 'test' : heldOut !== undefined ? 'held-out' : 'training',
    validatedOn: 'held-out',
    epochs,
    optimizer: settings.optimizer ?? 'adam',
    problems: imbalances(training),
    columns: [
      { name: 'pixels', type: `${all.pixels} numbers`, missing: 0, values: `0 to ${all.scale}` },
      { name: 'class', type: 'category', missing: 0, values: `${classes} classes` },
    ],
    async train(callbacks: readonly Callback[], signal: AbortSignal) {
      const model = makeModel(all, classes, settings);
      await model.fit(training.x, training.y, {
        epochs, batchSize: settings.batchSize ?? (settings.optimizer === 'lbfgs' ? training.rows : defaultBatchSize), callbacks, signal, threads: settings.threads,
        ...(heldOut !== undefined && { validationData: [heldOut.x, heldOut.y] }),
      });
      return model;
    },
    score: (model) => scoreClasses(scored.y, model.predict(scored.x), classes, labels),
  };
}

function makeModel({ pixels, shape, scale }: Images, classes: number, settings: Settings): Sequential {
  const model = sequential({
    layers: [
      normalization({ mean: 0, variance: scale ** 2, inputShape: [pixels] }),
      ...(settings.hidden ?? defaultHidden).map((units) => dense({ units, activation: settings.activation })),
      dense({ units: classes, activation: 'softmax' }),
    ],
    seed: settings.seed,
    backend: settings.backend,
  });
  model.compile({ optimizer: makeOptimizer(settings, 'adam'), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  model.userMetadata = { labels: Array.from({ length: classes }, (_, i) => String(i)), imageShape: [...shape] };
  return model;
}

interface Images {
  readonly samples: SampleSet;
  /** Values in an image. */
  readonly pixels: number;
  readonly shape: readonly number[];
  readonly classes: number;
  /** The value of full ink. */
  readonly scale: number;
}

async function readPair(imagePath: string, labelPath: string): Promise<Images> {
  const images = await read(imagePath);
  const labels = await read(labelPath);
  const [rows, ...shape] = images.shape;
  if (shape.length === 0) throw new UsageError(`expects images in '${imagePath}', received one value a row; images come first, labels second`);
  if (labels.shape.length !== 1) throw new UsageError(`expects one label a row in '${labelPath}', received values of ${labels.shape.join(' x ')}`);
  if (labels.shape[0] !== rows) throw new UsageError(`expects as many labels as images, received ${count(labels.shape[0]!)} labels and ${count(rows!)} images`);
  const pixels = shape.reduce((product, size) => product * size, 1);
  if (rows! < 2 || pixels === 0) throw new UsageError(`expects at least two images in '${imagePath}', received ${rows!} of ${pixels} pixels`);
  let classes = 0;
  for (const label of labels.data) {
    if (!Number.isInteger(label) || label < 0) throw new UsageError(`expects classes from 0 on in '${labelPath}', received ${label}`);
    if (label >= classes) classes = label + 1;
  }
  if (labels.data.every((label) => label === labels.data[0])) throw new UsageError(`'${labelPath}' has one class only, ${labels.data[0]!}: there is nothing to tell apart`);
  return {
    samples: dataset(Float32Array.from(images.data), Float32Array.from(labels.data)),
    pixels, shape, classes,
    scale: images.data instanceof Uint8Array ? white : largestOf(images.data),
  };
}

function largestOf(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most || 1;
}

function read(path: string): Promise<Idx> {
  checkReadable(path);
  return reading(path, () => readIdx(path));
}

/** Pixels that never change are nothing to speak of. */
function imbalances({ y }: SampleSet): string[] {
  return dataset(y, y).problems().filter(({ code }) => code === 'imbalance').map(({ message }) => message);
}

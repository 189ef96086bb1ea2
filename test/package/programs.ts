/**
 * The programs that every way of loading the package runs: XOR and handwritten digits. They take the library as an
 * argument and use nothing else but the web's own functions, so that Node and pages can run the very same code.
 */
import type { BackendChoice, OptimizerSpec, Sequential } from '../../src/index.ts';

export type Library = typeof import('../../src/index.ts');

/** What a program tells about one trained model. */
export interface Trained {
  readonly backend: string;
  readonly backendReason: string;
  readonly loss: number;
  readonly accuracy: number;
  /** SHA-256 over the bytes of all weights. */
  readonly hash: string;
}

export interface Outcome {
  readonly xor: Trained;
  /** XOR again, with an optimizer that is loaded on demand. */
  readonly lbfgs: Trained;
  readonly files: Files;
  readonly digits?: Trained;
}

/** What came of saving a model. */
export interface Files {
  /** Whether a page had to load what `toBytes` needs, and Node not. */
  readonly asked: boolean;
  /** SHA-256 over the file. */
  readonly hash: string;
  /** Whether what was loaded from it predicts the same bits. */
  readonly same: boolean;
  /** Whether a backend that is not there yet was loaded with it, and has the same weights. */
  readonly plain: boolean;
  /** What cannot be saved: whether the error is one of the library's classes, and what it says. */
  readonly refused: readonly [boolean, string];
}

export interface Relaxed {
  /** Why the backend could not be chosen before it was loaded; empty where it could. */
  readonly early: string;
  readonly xor: Trained;
  readonly digits: Trained;
}

/** The same programs on the backend that is loaded on demand. */
export async function runRelaxed(library: Library, digitsFile: Promise<Uint8Array>): Promise<Relaxed> {
  const backend = 'wasm-relaxed';
  let early = '';
  try {
    library.sequential({ layers: [library.dense({ units: 1, inputShape: [1] })], backend });
  } catch (error) {
    early = (error as Error).message;
  }
  await library.loadBackend(backend);
  return { early, xor: await trainXor(library, backend), digits: await trainDigits(library, await digitsFile, backend) };
}

/** The digits with two threads. */
export async function runThreads(library: Library, digitsFile: Promise<Uint8Array>): Promise<Trained> {
  return trainDigits(library, await digitsFile, 'auto', 2);
}

/** Trains XOR, and the digits where their compressed file is given. */
export async function runPrograms(library: Library, digitsFile?: Promise<Uint8Array>): Promise<Outcome> {
  const xor = await trainXor(library);
  const lbfgs = await trainXor(library, 'auto', 'lbfgs');
  const files = await saveAndLoad(library);
  return digitsFile === undefined ? { xor, lbfgs, files } : { xor, lbfgs, files, digits: await trainDigits(library, await digitsFile) };
}

/** Saves a model in both ways and loads it. */
async function saveAndLoad(library: Library): Promise<Files> {
  const model = library.sequential({ layers: [library.dense({ units: 3, inputShape: [2] }), library.dropout({ rate: 0.5 }), library.dense({ units: 2 })], seed: 5 });
  let early = '';
  try {
    model.toBytes();
  } catch (error) {
    early = (error as Error).message;
  }
  await library.loadFormats();
  const bytes = model.toBytes();
  let saved = new Uint8Array();
  await model.save({ save: (content) => void (saved = content) });
  const loaded = await library.loadModel({ load: () => saved });
  const refused: [boolean, string] = [false, ''];
  try {
    model.userMetadata = () => 1;
    model.toBytes();
  } catch (error) {
    refused[0] = error instanceof library.OptionError;
    refused[1] = (error as Error).message;
  }
  const plain = await library.loadModel(bytes, { backend: 'reference' });
  return {
    asked: typeof document === 'undefined' ? early === '' : early === 'await loadFormats() first',
    hash: await hashOf([new Uint8Array(bytes)]),
    same: String(library.fromBytes(bytes).predict([1, 2])) === String(loaded.predict([1, 2])) && String(loaded.predict([1, 2])) === String(model.predict([1, 2])),
    plain: String(plain.getWeights()) === String(model.getWeights()),
    refused,
  };
}

/** The smallest problem that needs a hidden layer. */
export async function trainXor({ sequential, dense, sgd }: Library, backend: BackendChoice = 'auto', optimizer?: OptimizerSpec): Promise<Trained> {
  const x = [[0, 0], [0, 1], [1, 0], [1, 1]];
  const y = [0, 1, 1, 0];
  const model = sequential({
    layers: [dense({ units: 8, activation: 'tanh', inputShape: [2] }), dense({ units: 1, activation: 'sigmoid' })],
    seed: 3,
    backend,
  });
  model.compile({ optimizer: optimizer ?? sgd({ learningRate: 0.5 }), loss: 'binaryCrossentropy', metrics: ['accuracy'] });
  await model.fit(x, y, { epochs: 400, batchSize: 4 });
  return report(model, model.evaluate(x, y));
}

/** 1,797 digits of 8 x 8 grey values, three epochs over the first 1,500, judged by the rest. */
export async function trainDigits({ sequential, dense, momentum }: Library, file: Uint8Array, backend: BackendChoice = 'auto', threads = 1): Promise<Trained> {
  const { x, y, rows } = parseDigits(await decompressed(file));
  const model = sequential({
    layers: [
      dense({ units: 32, activation: 'relu', inputShape: [64] }),
      dense({ units: 20, activation: 'gelu' }),
      dense({ units: 10, activation: 'softmax' }),
    ],
    seed: 11,
    backend,
  });
  model.compile({ optimizer: momentum({ learningRate: 0.05 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  const cut = 1500;
  await model.fit(x.subarray(0, cut * 64), y.subarray(0, cut), { epochs: 3, batchSize: 32, threads });
  if (rows <= cut) throw new Error(`expected more than ${cut} digits, received ${rows}`);
  return report(model, model.evaluate(x.subarray(cut * 64), y.subarray(cut)));
}

async function report(model: Sequential, measured: Record<string, number>): Promise<Trained> {
  const { backend, backendReason } = model;
  return { backend, backendReason, loss: measured['loss']!, accuracy: measured['accuracy']!, hash: await hashOf(model.getWeights()) };
}

async function hashOf(arrays: readonly (Float32Array | Uint8Array)[]): Promise<string> {
  const bytes = await new Blob(arrays.map((array) => array as Float32Array<ArrayBuffer>)).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The text of a gzip file; some servers have unpacked it on its way already. */
async function decompressed(file: Uint8Array): Promise<string> {
  if (file[0] !== 0x1f || file[1] !== 0x8b) return new TextDecoder().decode(file);
  const stream = new Blob([file as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).text();
}

/** Rows of 64 values from 0 to 16 and a label; values are scaled to 0 ... 1. */
function parseDigits(csv: string): { x: Float32Array; y: Float32Array; rows: number } {
  const lines = csv.trim().split('\n');
  const x = new Float32Array(lines.length * 64);
  const y = new Float32Array(lines.length);
  lines.forEach((line, row) => {
    const values = line.split(',').map(Number);
    y[row] = values.pop()!;
    x.set(values.map((value) => value / 16), row * 64);
  });
  return { x, y, rows: lines.length };
}

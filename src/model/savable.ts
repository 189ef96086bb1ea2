/** What every model can do with files, and with records where it was made from a table. The code for that is a part of its own, loaded when a model is saved. */

import type { Features, Prediction } from '../data/features.ts';
import type { Table } from '../data/table.ts';
import { DataError, OptionError } from '../errors.ts';
import { onDemand } from '../platform.ts';
import type { ModelSnapshot } from './description.ts';
import type { Sequential } from './sequential.ts';

/** Formats of files that hold a model. */
export type ModelFormat = 'safetensors' | 'onnx' | 'tfjs';

/** A place of one's own for a file, to save a model in or load it from. */
export interface ModelHandler {
  load?(): Uint8Array | Promise<Uint8Array>;
  save?(bytes: Uint8Array<ArrayBuffer>): unknown;
}

export interface SaveOptions {
  /** Default: `'onnx'` for a place whose name ends in `.onnx`, `'tfjs'` (see {@link Savable.toTfjs}) for one in `.json`, else `'safetensors'`. */
  format?: ModelFormat;
}

/** A model of TensorFlow.js: what its `model.json` says, and the weights beside it. */
export interface TfjsModel {
  /** Plain data, with one group of weights, in a file `weights.bin`. */
  modelJson: Record<string, unknown>;
  /** Little-endian float32, in the order of the manifest. */
  weights: Uint8Array<ArrayBuffer>;
}

const savingPart = onDemand('./saving.js', () => import('../formats/saving.ts'));

/** A part has classes of errors of its own; it is told of those that a program can compare with. */
const errors = { DATA: DataError, OPTION: OptionError };

/** What is there, or an error that says what must come first. */
function needed<Thing>(thing: Thing | undefined, first: string): Thing {
  if (thing === undefined) throw new OptionError(`${first} first`);
  return thing;
}

const saving = (): NonNullable<ReturnType<typeof savingPart.loaded>> => needed(savingPart.loaded(), 'await loadFormats()');

/**
 * Makes `toBytes` and `snapshot` of all models ready. Node loads what they need where they are used, and `save` waits for it; in a page or
 * a bundle, and only there, this comes before the two. Rejects with the platform's own error where the file cannot be had.
 */
export async function loadFormats(): Promise<void> {
  await savingPart.load();
}

/**
 * @internal What a training that is under way has yet to do to a model in the end: what it takes records by, and the parameters that will be
 * others, as the weights are now, by name.
 */
export interface Outcome {
  readonly features: Features;
  parameters(): ReadonlyMap<string, Float32Array>;
}

/** A model as something that can be saved. */
export abstract class Savable {
  /** Whatever is to be saved and loaded with the model, such as the names of its classes: data that JSON can hold. */
  userMetadata: unknown;
  /** What the inputs and outputs of the model are in a table, where `trainTable` made it; files keep it. */
  declare features: Features | undefined;
  /** @internal While `trainTable` trains: files hold the model as it would be if training ended now. */
  declare outcome: Outcome | undefined;

  /**
   * What the model says of a record such as `{ age: 41, island: 'Dream' }`, whose keys are columns of the table: `{ label, probability, probabilities }`,
   * or `{ value }` in a regression. What a record does not have is filled in as in training; words never seen are like the average. The
   * target, and columns that the model was not shown, may be in it.
   *
   * @throws OptionError for a model that `trainTable` has not made, and for a key that was no column; DataError for a value of another type.
   */
  predictRecord(this: Sequential, record: object): Prediction {
    return needed(this.features, 'call trainTable').predictRecord(this, record);
  }

  /**
   * As {@link predictRecord}, of every row of a table, or of an array of records.
   *
   * @throws OptionError for a model that `trainTable` has not made; DataError as `features.encode` does of inputs.
   */
  predictRecords(this: Sequential, rows: Table | readonly object[]): Prediction[] {
    return needed(this.features, 'call trainTable').predictRecords(this, rows);
  }

  /**
   * What the model is, and a copy of its parameters, as plain data.
   *
   * @throws OptionError for a layer with an option that JSON cannot hold, such as a function; in a page before {@link loadFormats}.
   */
  snapshot(this: Sequential): ModelSnapshot {
    return saving().snapshot(errors, this);
  }

  /**
   * The model as a file, for `fromBytes` and `loadModel`: layers, weights, seed, `userMetadata`, and what it was compiled with, where no
   * part of that is a function. In safetensors, weights are float32 tensors by name, such as `dense_1/kernel` [inputs, units], and all
   * else is JSON in the metadata under `nabla.model`. The same model gives the same bytes. Not in it: initializers and the
   * state of the optimizer; `checkpoint` saves that.
   *
   * `'onnx'` (IR 8, opset 17) is for other programs: the graph from `input` [N, inputs] to `output` [N, outputs], float32, with the weights by
   * the same names; layers that only act in training are left out. Name and `userMetadata` are in its metadata, but no seed and nothing of training.
   *
   * @throws OptionError as {@link snapshot} does, and for an unknown format.
   */
  toBytes(this: Sequential, format: ModelFormat = 'safetensors'): Uint8Array<ArrayBuffer> {
    return saving().toBytes(errors, this, format);
  }

  /**
   * The model for TensorFlow.js, whose `tf.loadLayersModel` takes `tf.io.fromMemory({ ...modelJson, weightSpecs, weightData })`, or the files that
   * {@link save} makes of it with the format `'tfjs'`: its predictions are the same but for rounding. `userMetadata` is kept where it is an object, and what the model
   * was compiled with where TensorFlow.js has that optimizer and loss, with the metrics that it has too. Not in it: the seed, options such as `derivative` that matter in training alone, and constraints that the weights do not keep yet,
   * because TensorFlow.js would change them.
   *
   * @throws OptionError for layers and activations that TensorFlow.js does not have; in a page before {@link loadFormats}.
   */
  toTfjs(this: Sequential): TfjsModel {
    return saving().toTfjs(errors, this);
  }

  /**
   * Saves {@link toBytes} in a place: on Node the path of a file, or its `file:` URL, which is replaced in one move; in a page
   * `'downloads://name'`, `'indexeddb://name'` or `'localstorage://name'`; anywhere an object with a function `save` that takes the bytes.
   * With the format `'tfjs'`, {@link toTfjs} as two files: on Node `'folder/model.json'`, and its weights beside it as `weights.bin`, or as
   * `weights.2.bin` if the model before has that, so that `model.json` never names what is not its own; in a page `'downloads://name'`, `name.json` and
   * `name.weights.bin`.
   *
   * Rejects with an OptionError as {@link toBytes} does, and for a place that is not there; with a DataError, whose cause is the platform's
   * own error, where the file cannot be written or is too large. What was there before is then as it was.
   */
  async save(this: Sequential, target: string | URL | ModelHandler, options: SaveOptions = {}): Promise<void> {
    return (savingPart.loaded() ?? await savingPart.load()).save(errors, this, target, options);
  }
}

/**
 * Checkpoints: the complete state of a training in one safetensors file, replaced as a whole at the end of an epoch, and the way back.
 * Tensors are named as in model/snapshot.ts, those that callbacks keep, and parameters as they would be in the end, `callback/0` and so on; all
 * else is JSON in the metadata.
 */

import { FormatError, OptionError, show, unexpected } from '../errors.ts';
import { monitored, moreIsBetter, type Callback } from '../model/training/callbacks.ts';
import type { Sequential } from '../model/sequential.ts';
import { restoreSnapshot, takeSnapshot, type ModelDescription, type Snapshot } from '../model/snapshot.ts';
import { checkInteger, checkKeys, checkLabel } from '../options.ts';
import type { Files } from '../platform.ts';
import { attempt, diskFor, formatVersion, located, modelKey, replaceFile, tensorKey, trainingKey } from './modelFile.ts';
import { parseSafetensors, serializeSafetensors } from './safetensors.ts';

export interface CheckpointOptions {
  /** The file of the newest state, for example `'run.safetensors'`. */
  path: string;
  /** Write after every so many epochs; default 1. */
  every?: number;
  /** With more than 1, the default, the last so many states also stay in files of their own: `run.epoch9.safetensors` after nine epochs. */
  keep?: number;
  /** Of what value in the logs the best epoch is kept too, in `run.best.safetensors`, for example `'val_loss'`; default: of none. */
  monitor?: string;
  /** Whether less or more of it is better; default `'auto'`: more for accuracy, less for losses and errors, and for other names it asks. */
  mode?: 'auto' | 'min' | 'max';
}

const keys = ['path', 'every', 'keep', 'monitor', 'mode'] as const satisfies (keyof CheckpointOptions)[];

type State = Readonly<Record<string, unknown>>;

/** What a file says beside the state of the model. */
interface Note {
  /** Epochs done. */
  readonly epoch: number;
  readonly best: { readonly monitor: string; readonly value: number } | null;
  /** Of all callbacks that have one, in order. */
  readonly callbacks: readonly State[];
}

/** What the callbacks of a model that has just been resumed have yet to get back. */
const notes = new WeakMap<Sequential, Note>();

/**
 * Saves the whole state of training at the end of epochs, for {@link resume} to go on from: parameters, optimizer state, counters, learning
 * rate, and what callbacks such as `earlyStopping` remember; those must come before it in the list. A file is written beside the old one
 * and takes its place in one move, so whatever stops the process, `path` holds a complete state. Node only.
 *
 * The file loads as a model too. Of a training by `trainTable`, that is the model as it would be if training ended with the weights of that epoch, in
 * units of the target; where rows are validated on, the best weights are those of `monitor: 'val_loss'`.
 *
 * @throws OptionError for unknown or bad options, and where there are no files; out of `fit`, a DataError for a file that cannot be
 * written, which leaves the one before as it was.
 */
export function checkpoint(options: CheckpointOptions): Callback {
  const where = 'checkpoint';
  checkKeys(where, options, keys);
  const { path, monitor, mode } = options;
  checkPath(where, path);
  const every = checkInteger(`${where} every`, options.every ?? 1, { min: 1 });
  const keep = checkInteger(`${where} keep`, options.keep ?? 1, { min: 1 });
  checkLabel(`${where} monitor`, monitor);
  if (monitor === undefined && mode !== undefined) throw unexpected(`${where} mode`, 'a monitor with it', monitor);
  const more = monitor !== undefined && moreIsBetter(where, monitor, mode);
  const disk = diskFor(where);
  const draft = `${path}.tmp`;
  const write = (target: string, bytes: Uint8Array): void => replaceFile(where, disk, target, draft, bytes);

  let model: Sequential;
  let remembering: readonly Callback[];
  let note: Note | undefined;
  let best: Note['best'];
  const self: Callback = {
    setModel(its, callbacks) {
      model = its;
      remembering = callbacks.filter((callback) => 'state' in callback);
      const late = callbacks.slice(callbacks.indexOf(self)).findIndex((callback) => remembering.includes(callback));
      if (late > 0) throw new OptionError(`${where}: expected it behind all callbacks that remember something; callbacks[${callbacks.indexOf(self) + late}] comes after it`);
      note = notes.get(its);
      best = note !== undefined && note.best?.monitor === monitor ? note.best : null;
    },
    onTrainBegin() {
      // Not before all callbacks have begun anew.
      if (note !== undefined) giveBack(note.callbacks, remembering);
      notes.delete(model);
      // That nothing can be written here should not come out after an epoch of hours. This also clears away what a killed process left.
      write(draft, new Uint8Array());
      disk.remove(draft);
    },
    onEpochEnd(epoch, logs) {
      const done = epoch + 1;
      const value = monitor === undefined ? NaN : monitored(where, monitor, logs);
      const better = Number.isFinite(value) && (best === null || (more ? value > best.value : value < best.value));
      if (better) best = { monitor: monitor!, value };
      const due = done % every === 0;
      if (!due && !better) return;
      const bytes = encode(takeSnapshot(where, model), { epoch: done, best, callbacks: remembering.map(({ state }) => state!) });
      if (better) write(beside(path, 'best'), bytes);
      if (!due) return;
      if (keep > 1) {
        write(beside(path, `epoch${done}`), bytes);
        // Before the last: so a process that is killed here again and again leaves one too many, not more and more.
        removeOld(disk, path, done, keep);
      }
      write(path, bytes);
    },
  };
  return self;
}

/**
 * Puts the state that {@link checkpoint} wrote back into a model with the same layers, seed, optimizer and loss, compiled, and returns the
 * epoch to go on with; 0 where there is no such file yet. With the same data and options, training goes on to the same bits as if it had
 * never stopped:
 *
 * ```js
 * const path = 'run.safetensors';
 * await model.fit(x, y, { epochs: 10, initialEpoch: await resume(model, path), callbacks: [checkpoint({ path })] });
 * ```
 *
 * A dataset of `fitDataset` begins a new pass: that is the same only where an epoch is a whole number of passes.
 * What callbacks remembered, they get back in the next `fit` that has `checkpoint` among them. Only `tolerance`, which has no epoch to
 * compare with, and a training that was over early, go on by one epoch. A state of another backend will do, but then bits differ.
 *
 * Rejects with an OptionError that names the first difference for the state of another model, and where a model of a table is to take on a state from
 * within `trainTable`, with a FormatError for a file that is
 * damaged or no checkpoint, with a DataError for one that cannot be read; the model is then as it was.
 */
export async function resume(model: Sequential, path: string): Promise<number> {
  checkPath('resume', path);
  const where = `resume '${path}'`;
  const disk = diskFor('resume');
  notes.delete(model);
  const bytes = attempt(`${where}: the file could not be read`, () => disk.read(path));
  if (bytes === undefined) return 0;
  const { snapshot, note } = decode(where, bytes);
  // Its columns are those of a model whose training has ended: in a regression it speaks in units of the target, which these weights do not.
  if (snapshot.finished !== undefined && model.features !== undefined) {
    throw new OptionError(`${where}: this is a state of trainTable on its way, whose weights are not yet those of the model; loadModel gives the model that it would have made`);
  }
  await restoreSnapshot(where, model, snapshot);
  notes.set(model, note);
  return note.epoch;
}

function checkPath(where: string, path: unknown): void {
  if (typeof path !== 'string' || path === '') throw unexpected(`${where} path`, 'the path of a file', path);
}

/** `run.best.safetensors` for `run.safetensors`. */
function beside(path: string, what: string): string {
  const [, stem = '', extension = ''] = /^(.*?)(\.[^./\\]*)?$/s.exec(path)!;
  return `${stem}.${what}${extension}`;
}

/** Removes the states of fewer epochs than the last `keep`. Those of more are of an earlier run that went further, and not ours. */
function removeOld(disk: Files, path: string, done: number, keep: number): void {
  const [first = '', last = ''] = beside(path, 'epoch\0').split(/[\\/]/).at(-1)!.split('\0');
  const epochs = disk.beside(path).filter((name) => name.startsWith(first) && name.endsWith(last))
    .map((name) => name.slice(first.length, name.length - last.length))
    .filter((digits) => /^[1-9]\d*$/.test(digits) && Number(digits) <= done)
    .map(Number).sort((a, b) => b - a);
  for (const epoch of epochs.slice(keep)) disk.remove(beside(path, `epoch${epoch}`));
}

/** Gives callbacks what they remembered. */
function giveBack(states: readonly State[], callbacks: readonly Callback[]): void {
  const same = states.length === callbacks.length &&
    states.every((state, i) => Object.keys(state).join() === Object.keys(callbacks[i]!.state!).join());
  if (!same) {
    const shown = (all: readonly State[]): string => all.map((state) => `{ ${Object.keys(state).join(', ')} }`).join(', ') || 'none';
    throw new OptionError(
      'fit callbacks: expected those whose state the checkpoint holds, in the same order; ' +
        `it holds ${shown(states)}, received ${shown(callbacks.map(({ state }) => state!))}`,
    );
  }
  callbacks.forEach((callback, i) => {
    callback.state = states[i]!;
  });
}

function encode({ tensors, model, ...training }: Snapshot, note: Note): Uint8Array {
  const all = new Map(tensors);
  let kept = 0;
  const text = JSON.stringify({ formatVersion, ...training, ...note }, (_key, value: unknown) => {
    if (!(value instanceof Float32Array)) return value;
    const name = `callback/${kept++}`;
    all.set(name, { shape: [value.length], data: value });
    return { [tensorKey]: name };
  });
  return serializeSafetensors(all, new Map([[modelKey, JSON.stringify({ formatVersion, ...model })], [trainingKey, text]]));
}

function decode(where: string, bytes: Uint8Array): { snapshot: Snapshot; note: Note } {
  const { tensors, metadata } = located(where, () => parseSafetensors(bytes));
  const own = new Map([...tensors].filter(([name]) => !/^callback\/\d+$/.test(name)));
  const read = (key: string, revive?: (key: string, value: unknown) => unknown): unknown => {
    const text = metadata.get(key);
    if (text === undefined) throw new FormatError(`${where}: expected a checkpoint, received a file without '${key}' in its metadata`);
    try {
      return JSON.parse(text, revive) as unknown;
    } catch (cause) {
      throw new FormatError(`${where}: expected JSON in '${key}' of the metadata (${(cause as Error).message})`, { cause });
    }
  };
  const model = checkedModel(`${where}: '${modelKey}'`, read(modelKey));
  const training = checkedTraining(`${where}: '${trainingKey}'`, read(trainingKey, (_key, value) => {
    if (!isObject(value) || typeof value[tensorKey] !== 'string') return value;
    return tensors.get(value[tensorKey])?.data ?? value;
  }));
  const { epoch, best, callbacks, ...state } = training;
  return { snapshot: { model, tensors: own, ...state }, note: { epoch, best, callbacks } };
}

const isObject = (value: unknown): value is State => typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;

/** Refuses what is not as it should be, by the first of the parts that are not. */
function checkParts(where: string, value: State, parts: Readonly<Record<string, (part: unknown) => boolean>>): void {
  for (const [name, good] of Object.entries(parts)) {
    if (!good(value[name])) throw new FormatError(`${where}: ${name} is not that of a checkpoint: ${show(value[name])}`);
  }
}

/** Its values are compared with those of a model; here, that they can be. */
function checkedModel(where: string, value: unknown): ModelDescription {
  if (!isObject(value)) throw new FormatError(`${where}: expected an object`);
  checkParts(where, value, {
    formatVersion: (version) => version === formatVersion,
    layers: (layers) => Array.isArray(layers) && layers.every((layer) => isObject(layer) && typeof layer['name'] === 'string' && typeof layer['type'] === 'string' && isObject(layer['config'])),
    optimizer: isObject,
    loss: isObject,
  });
  return value as unknown as ModelDescription;
}

function checkedTraining(where: string, value: unknown): Omit<Snapshot, 'model' | 'tensors'> & Note {
  if (!isObject(value)) throw new FormatError(`${where}: expected an object`);
  checkParts(where, value, {
    formatVersion: (version) => version === formatVersion,
    epoch: isCount,
    backend: (backend) => typeof backend === 'string',
    counters: (counters) => isObject(counters) && Object.values(counters).every(isCount),
    learningRate: (rate) => rate === 'schedule' || (typeof rate === 'number' && rate >= 0 && Number.isFinite(Math.fround(rate))),
    best: (best) => best === null || (isObject(best) && typeof best['monitor'] === 'string' && typeof best['value'] === 'number'),
    callbacks: (states) => Array.isArray(states) && states.every(isObject),
  });
  return value as unknown as Omit<Snapshot, 'model' | 'tensors'> & Note;
}

/**
 * The complete state of a model in training as plain data: what it is, every number that training changes, and how to put them back. With
 * the same data and `fit` options, training then goes on to the same bits. Formats turn snapshots into bytes; the core knows none of this.
 */

import { loadBackend } from '../backend/index.ts';
import type { FeaturesDescription } from '../data/features.ts';
import { FormatError, notCompiled, OptionError, show } from '../errors.ts';
import { describeLayers, type LayerDescription } from './description.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import type { Parameter } from './parameters.ts';
import type { Program } from './program.ts';
import type { Sequential } from './sequential.ts';

export interface SnapshotTensor {
  readonly shape: readonly number[];
  /** Row-major, whatever layout the backend has. */
  readonly data: Float32Array;
}

/** What a model is, as JSON holds it; in place of a function, such as a schedule, stands the word `function`. */
export interface ModelDescription {
  /** Values in a row of the input. */
  readonly inputs: number;
  readonly layers: readonly LayerDescription[];
  readonly seed: number;
  readonly optimizer: { readonly name: string; readonly config: Readonly<Record<string, unknown>> };
  readonly loss: Readonly<Record<string, unknown>>;
  /** What inputs and outputs are in a table, where it was made from one; no part of what must be the same. */
  readonly features?: FeaturesDescription;
}

export interface Snapshot {
  readonly model: ModelDescription;
  readonly backend: string;
  /** Whole numbers that training counts up: `step`, the batches trained on since `compile`. */
  readonly counters: Readonly<Record<string, number>>;
  /** The rate that was set by hand or in `compile`, or that it goes by the optimizer's schedule. */
  readonly learningRate: number | 'schedule';
  /** Parameters by their names (`dense_1/kernel`), the optimizer's slots by theirs too (`optimizer/velocity/dense_1/kernel`). */
  readonly tensors: ReadonlyMap<string, SnapshotTensor>;
  /** Parameters by name that the end of training would change, as they would be then, where training is to do so: see `Outcome`. */
  readonly finished?: Readonly<Record<string, Float32Array>>;
}

/** The program of a compiled model, and what it trains with. */
function compiled(where: string, model: Sequential): { program: Program; optimizer: Optimizer; loss: object } {
  if (model.compiled === undefined) throw notCompiled(where);
  const { program, compiled: { loss } } = model;
  return { program, optimizer: program.objective!.optimizer, loss: typeof loss === 'string' ? { name: loss } : loss };
}

function plain<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value, (_key, part: unknown) => (typeof part === 'function' ? 'function' : part))) as Value;
}

function descriptionOf(where: string, model: Sequential): ModelDescription {
  const { optimizer: { name, config }, loss } = compiled(where, model);
  const { outcome, features = outcome?.features } = model;
  return plain({
    inputs: model.inputShape[0],
    layers: describeLayers(where, model.layers),
    seed: model.seed,
    optimizer: { name, config },
    loss: loss as Record<string, unknown>,
    ...(features !== undefined && { features: features.describe() }),
  });
}

/** Everything that holds trained numbers in the form of a parameter: the parameters, and each of the optimizer's slots for those it moves. */
function cellsOf(program: Program): Map<string, Parameter> {
  const cells = new Map(program.parameters.map((parameter) => [parameter.name, parameter]));
  for (const [slot, offset] of Object.entries(program.state.slots)) {
    // What is not trainable has no gradient, and no slots.
    for (const parameter of program.parameters.filter(({ daddress }) => daddress !== 0)) {
      const name = `optimizer/${slot}/${parameter.name}`;
      if (cells.has(name)) throw new OptionError(`layer ${show(parameter.layer)}: there is a layer named ${show(`optimizer/${slot}/${parameter.layer}`)} too, which checkpoints need for themselves; rename it`);
      cells.set(name, { ...parameter, address: parameter.address + offset });
    }
  }
  return cells;
}

/** A copy of the state of a compiled model. */
export function takeSnapshot(where: string, model: Sequential): Snapshot {
  const { program } = compiled(where, model);
  const tensors = [...cellsOf(program)].map(([name, cell]): [string, SnapshotTensor] => [name, { shape: cell.spec.shape, data: program.read(cell) }]);
  const { i32 } = program.backend.memory;
  return {
    model: descriptionOf(where, model),
    backend: model.backend,
    counters: Object.fromEntries(Object.entries(program.state.counters).map(([name, address]) => [name, i32[address / 4]!])),
    learningRate: typeof program.rate === 'function' ? 'schedule' : program.rate,
    tensors: new Map(tensors),
    ...(model.outcome !== undefined && { finished: Object.fromEntries(model.outcome.parameters()) }),
  };
}

/**
 * Puts the state of a model back into one that is compiled the same way. A snapshot of another backend will do; what follows then has that
 * backend's rounding.
 *
 * Rejects with an OptionError that names the first difference where the model is another, with a FormatError where the snapshot is not
 * whole; the model is then as it was.
 */
export async function restoreSnapshot(where: string, model: Sequential, snapshot: Snapshot): Promise<void> {
  await loadBackend(model.backend);
  const { program, optimizer } = compiled(where, model);
  const difference = firstDifference(snapshot.model, descriptionOf(where, model));
  if (difference !== undefined) throw new OptionError(`${where}: this is the state of another model: ${difference}`);
  const cells = cellsOf(program);
  const { counters } = program.state;
  checkNames(where, 'tensors', snapshot.tensors.keys(), cells.keys());
  checkNames(where, 'counters', Object.keys(snapshot.counters), Object.keys(counters));
  for (const [name, { spec: { shape } }] of cells) {
    const received = snapshot.tensors.get(name)!.shape;
    if (shape.join() !== received.join()) throw new FormatError(`${where}: expected ${name} to be [${shape.join(', ')}], received [${received.join(', ')}]`);
  }
  for (const [name, cell] of cells) program.write(cell, snapshot.tensors.get(name)!.data);
  for (const [name, address] of Object.entries(counters)) program.backend.memory.i32[address / 4] = snapshot.counters[name]!;
  // Last, for a schedule goes by the step.
  program.rate = snapshot.learningRate === 'schedule' ? optimizer.config.learningRate : snapshot.learningRate;
}

function checkNames(where: string, what: string, received: Iterable<string>, expected: Iterable<string>): void {
  const there = new Set(received);
  const wanted = new Set(expected);
  const missing = [...wanted].find((name) => !there.has(name));
  const foreign = [...there].find((name) => !wanted.has(name));
  if (missing !== undefined) throw new FormatError(`${where}: expected ${show(missing)} among the ${what}, received none`);
  if (foreign !== undefined) throw new FormatError(`${where}: received ${show(foreign)} among the ${what}, which this model has not`);
}

/** Options that say only how a model begins, or what its shapes say too. */
const beginnings = /^(inputShape|name|\w*Initializer)$/;

/** Where two models differ first, in the order layers, seed, optimizer, loss. */
function firstDifference(saved: ModelDescription, own: ModelDescription): string | undefined {
  const layers = Math.max(saved.layers.length, own.layers.length);
  for (let i = 0; i < layers; i++) {
    const [theirs, ours] = [saved.layers[i], own.layers[i]].map((layer) => layer && `'${layer.name}' (${layer.type})`);
    if (theirs !== ours) return `layers[${i}] is ${theirs ?? 'missing'} in the checkpoint, ${ours ?? 'missing'} in the model`;
    const [{ config, layers: inner }, mine] = [saved.layers[i]!, own.layers[i]!];
    const difference = partsDiffer(`layer ${theirs!}`, config, mine.config, beginnings) ?? partsDiffer(`layer ${theirs!} layers`, inner, mine.layers);
    if (difference !== undefined) return difference;
  }
  return (
    partsDiffer('inputs', saved.inputs, own.inputs) ?? partsDiffer('seed', saved.seed, own.seed) ??
    partsDiffer('optimizer', saved.optimizer, own.optimizer) ?? partsDiffer('loss', saved.loss, own.loss)
  );
}

/** Compares plain data part by part; objects have no order. */
function partsDiffer(where: string, saved: unknown, own: unknown, ignored?: RegExp): string | undefined {
  if (typeof saved === 'object' && typeof own === 'object' && saved !== null && own !== null) {
    const [theirs, ours] = [new Map(Object.entries(saved)), new Map(Object.entries(own))];
    for (const key of new Set([...theirs.keys(), ...ours.keys()])) {
      const difference = ignored?.test(key) === true ? undefined : partsDiffer(`${where} ${key}`, theirs.get(key), ours.get(key));
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  return saved === own ? undefined : `${where} is ${show(saved)} in the checkpoint, ${show(own)} in the model`;
}

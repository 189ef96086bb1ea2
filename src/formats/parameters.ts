/** The values of a model's parameters, found among the tensors of a file: under our names, or under those of an `nn.Sequential` of PyTorch. */

import { FormatError, show } from '../errors.ts';
import type { ModelFile } from './reading.ts';

/** A parameter that a model needs. */
export interface Wanted {
  /** The names of its layer, and its own. */
  readonly layer: string;
  readonly name: string;
  readonly shape: readonly number[];
}

type Tensors = ModelFile['tensors'];

const ownName = ({ layer, name }: Wanted): string => `${layer}/${name}`;
const shown = (shape: readonly number[]): string => `[${shape.slice(0, 8).join(', ')}]`;

/** The values of a tensor that must be there, in that shape. */
function valuesOf(where: string, name: string, shape: readonly number[], tensors: Tensors): Float32Array {
  const tensor = tensors.get(name);
  const expected = `${where}: expected tensor ${show(name)} to be ${shown(shape)}`;
  if (tensor === undefined) throw new FormatError(`${expected}, received none of that name`);
  if (tensor.shape.join() !== shape.join()) throw new FormatError(`${expected}, received ${shown(tensor.shape)}`);
  return tensor.data;
}

/** Refuses tensors that no parameter is made of. */
function refuseOthers(where: string, tensors: Tensors, used: ReadonlySet<string>): void {
  for (const [name, { shape }] of tensors) {
    if (!used.has(name)) throw new FormatError(`${where}: expected the parameters of the layers and no others, received tensor ${show(name)} ${shown(shape)} too`);
  }
}

/** By our names. What checkpoints have beside them is left aside. */
export function ownValues(where: string, wanted: readonly Wanted[], tensors: Tensors, isCheckpoint: boolean): Float32Array[] {
  const values = wanted.map((parameter) => valuesOf(where, ownName(parameter), parameter.shape, tensors));
  const used = new Set(wanted.map(ownName));
  const others = [...tensors].filter(([name]) => !(isCheckpoint && /^(optimizer\/\w+\/|callback\/\d+$)/.test(name)));
  refuseOthers(where, new Map(others), used);
  return values;
}

/** `2.weight`; or, where the chain is a member of another module, `net.2.weight`. */
const torchPattern = /^(.*\.)?(\d+)\.[^.]+$/s;

/** What PyTorch calls our parameters. */
const torchNames: Readonly<Record<string, string>> = {
  kernel: 'weight', bias: 'bias', gamma: 'weight', beta: 'bias', movingMean: 'running_mean', movingVariance: 'running_var',
};

/** What PyTorch's batch normalisation counts beside its statistics, and uses for training alone. */
export const torchCounters = /\.num_batches_tracked$/;

/** Whether the names are those of PyTorch, and not ours. */
export function isTorch(wanted: readonly Wanted[], tensors: Tensors): boolean {
  return !wanted.some((parameter) => tensors.has(ownName(parameter))) && [...tensors.keys()].some((name) => torchPattern.test(name));
}

/** By PyTorch's names: its modules and our layers, both of those that have parameters, in order. */
export function torchValues(where: string, wanted: readonly Wanted[], tensors: Tensors): Float32Array[] {
  const modules = torchModules(where, tensors);
  const layers = [...new Set(wanted.map(({ layer }) => layer))];
  if (modules.length < layers.length) {
    throw new FormatError(`${where}: expected ${layers.length} modules with parameters, one for each layer that has some, received ${modules.length}: ${modules.slice(0, 8).join(', ')}`);
  }
  const used = new Set<string>();
  const values = wanted.map(({ layer, name, shape }) => {
    const theirs = `${modules[layers.indexOf(layer)]!}.${torchNames[name] ?? name}`;
    used.add(theirs);
    return transposed(valuesOf(where, theirs, [...shape].reverse(), tensors), shape);
  });
  refuseOthers(where, tensors, used);
  return values;
}

/** The names of modules, `0` or `net.0`, in the order of their numbers. */
function torchModules(where: string, tensors: Tensors): string[] {
  const modules = new Map<string, number>();
  let chain: string | undefined;
  for (const name of tensors.keys()) {
    const [, prefix = '', number] = torchPattern.exec(name) ?? [];
    if (number === undefined || prefix !== (chain ??= prefix)) throw new FormatError(`${where}: expected names such as '${chain ?? ''}0.weight', those of one chain, received ${show(name)}`);
    modules.set(prefix + number, Number(number));
  }
  return [...modules].sort(([, a], [, b]) => a - b).map(([module]) => module);
}

/** A matrix the other way round, [inputs, units] from [units, inputs]; a vector as it is. */
function transposed(values: Float32Array, [inputs = 0, units]: readonly number[]): Float32Array {
  if (units === undefined) return values;
  return values.map((_, at) => values[(at % units) * inputs + Math.floor(at / units)]!);
}

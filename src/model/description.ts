/** What a model is as plain data, such as JSON holds: with its tensors, enough to make it again. */

import type { FeaturesDescription } from '../data/features.ts';
import { OptionError, show, unexpected } from '../errors.ts';
import { layerNames } from './chain.ts';
import { isDefined } from './layers/activation.ts';
import type { DefinedActivation, Layer, ParameterRule } from './layers/layer.ts';
import type { Sequential } from './sequential.ts';

/** What a layer is. */
export interface LayerDescription {
  readonly type: string;
  /** The name it has in the model, given or not. */
  readonly name: string;
  /** Its options, without those that say how its weights begin: they are known. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The layers in it, where it is a block. */
  readonly layers?: readonly LayerDescription[];
}

/** What a model is, but for the values of its parameters. */
export interface SequentialDescription {
  readonly name: string;
  /** Values in a row of the input. */
  readonly inputs: number;
  readonly layers: readonly LayerDescription[];
  readonly seed: number;
  /** With loss and metrics, where it was compiled, and no part of that is a function, as schedules are. */
  readonly optimizer?: { readonly name: string; readonly config: Readonly<Record<string, unknown>> };
  readonly loss?: Readonly<Record<string, unknown>>;
  readonly metrics?: readonly string[];
  readonly userMetadata?: unknown;
  /** What inputs and outputs are in a table, where it was made from one. */
  readonly features?: FeaturesDescription;
}

/** A model as plain data. */
export interface ModelSnapshot {
  readonly model: SequentialDescription;
  /** Its parameters by their names, for example `dense_1/kernel`; row-major, the caller's own copies. */
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
}

/** How deep plain data may be: more than any model needs, less than any stack holds. */
export const mostDepth = 64;

/** A copy of a model as plain data; OptionErrors name what cannot be. */
export function describeModel(where: string, model: Sequential): ModelSnapshot {
  const { program, name, seed, userMetadata, outcome, features = outcome?.features } = model;
  const others = outcome?.parameters();
  return {
    model: {
      name,
      inputs: model.inputShape[0],
      layers: describeLayers(where, model.layers),
      seed,
      ...describeCompiled(model),
      ...(userMetadata !== undefined && { userMetadata: plain(`${where} userMetadata`, userMetadata) }),
      ...(features !== undefined && { features: features.describe() }),
    },
    tensors: new Map(program.parameters.map((parameter) => [parameter.name, { shape: parameter.spec.shape, data: others?.get(parameter.name) ?? program.read(parameter) }])),
  };
}

/** Type and option, where that has a place of its own in a description, or says how weights begin. */
const elsewhere = /^\S+ (name|\w+Initializer)$|^residual layers$|^normalization (mean|variance)$|^impute fill$/;

/** `defined`: the activations of one's own there have been, by their names; of those, a description has the name alone. */
export function describeLayers(where: string, layers: readonly Layer[], defined = new Map<string, DefinedActivation>()): LayerDescription[] {
  const names = layerNames(layers);
  return layers.map(({ type, config, layers: inner }, i) => {
    const name = names[i]!;
    const options = Object.entries(config).filter(([option, value]) => !elsewhere.test(`${type} ${option}`) && value !== undefined);
    const described = options.map(([option, value]): [string, unknown] => {
      const label = `${where}: layer '${name}' (${type}) ${option}`;
      if (isDefined(value)) return [option, { defined: nameAlone(label, value, defined) }];
      return [option, plain(label, isRule(value) ? { name: value.name, config: value.config } : value)];
    });
    return { type, name, config: sorted(described), ...(inner !== undefined && { layers: describeLayers(where, inner, defined) }) };
  });
}

/** The name that says which activation it is when the file is loaded. */
function nameAlone(where: string, activation: DefinedActivation, defined: Map<string, DefinedActivation>): string {
  const { name } = activation;
  if ((defined.get(name) ?? activation) !== activation) throw new OptionError(`${where}: two different activations are named ${show(name)}, and a file has their names alone; give defineActivation a name for each`);
  defined.set(name, activation);
  return name;
}

/** The name of an activation of one's own, from the description of it. */
export function definedName(spec: unknown): string | undefined {
  const name = typeof spec === 'object' ? (spec as { defined?: unknown } | null)?.defined : undefined;
  return typeof name === 'string' ? name : undefined;
}

/** Refuses an activation of one's own in a format that cannot leave it to the program that loads it. `where` names the layer. */
export function refuseDefined(where: string, spec: unknown, format: string): void {
  const name = definedName(spec);
  if (name !== undefined) throw new OptionError(`${where}: the activation ${show(name)} was made by defineActivation, and ${format} cannot hold its functions; save the model as safetensors, which loadModel reads with { activations }, or use a built-in activation`);
}

/** Whether it is a regularizer or a constraint. */
export const isRule = (value: unknown): value is ParameterRule<string> => typeof (value as Partial<ParameterRule<string>> | null | undefined)?.attach === 'function';

/** All that a model was compiled with, or nothing. */
function describeCompiled({ compiled, program }: Sequential): Pick<SequentialDescription, 'optimizer' | 'loss' | 'metrics'> {
  if (compiled === undefined) return {};
  const { name, config } = program.objective!.optimizer;
  const { loss, metrics = [] } = compiled;
  try {
    return {
      optimizer: { name, config: plain('optimizer', config) as Record<string, unknown> },
      loss: plain('loss', typeof loss === 'string' ? { name: loss } : loss) as Record<string, unknown>,
      metrics: plain('metrics', metrics) as string[],
    };
  } catch {
    return {};
  }
}

/** A copy of what JSON can hold, with keys in order, so that the same data give the same text. */
function plain(where: string, value: unknown, depth = 1): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return value;
  if (typeof value === 'object' && depth < mostDepth) {
    const copy = (part: unknown, key: string | number): unknown => plain(typeof key === 'number' ? `${where}[${key}]` : `${where}.${key}`, part, depth + 1);
    if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as ArrayLike<unknown>, copy);
    if (isPlain(value)) return sorted(Object.entries(value).filter(([, part]) => part !== undefined).map(([key, part]) => [key, copy(part, key)]));
  }
  throw unexpected(where, 'what JSON can hold', value);
}

/** Whether it is an object of no class, of whatever realm. */
function isPlain(value: object): boolean {
  const parent = Object.getPrototypeOf(value) as object | null;
  return parent === null || Object.getPrototypeOf(parent) === null;
}

function sorted(entries: [string, unknown][]): Record<string, unknown> {
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

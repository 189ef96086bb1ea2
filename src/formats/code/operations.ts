/** What a model computes for a row, as one list of operations on named buffers: what code in any language is written from. */

import { OptionError } from '../../errors.ts';
import { refuseDefined, type LayerDescription, type ModelSnapshot } from '../../model/description.ts';
import { resolveActivation, type ActivationSpec } from '../../model/layers/activation.ts';
import type { DefinedActivation, Elementwise, ResolvedActivation } from '../../model/layers/layer.ts';

/** Values that do not change, under a name that is an identifier in every language. */
export interface Constant {
  readonly name: string;
  readonly data: Float32Array;
}

/** What an operation does to `from` [inputs], of which comes `to` [units]. */
type Work =
  /** from · kernel + bias, the kernel [inputs, units]. */
  | { readonly kind: 'dense'; readonly kernel: Constant; readonly bias: Constant | undefined }
  | { readonly kind: 'map'; readonly activation: Elementwise }
  | { readonly kind: 'softmax' | 'logSoftmax' | 'copy' }
  | { readonly kind: 'add'; readonly other: string }
  /** (from − mean) · scale + shift. Not (from · scale + shift): where the mean is much larger than the deviation, that loses digits. */
  | { readonly kind: 'columns'; readonly mean: Constant; readonly scale: Constant; readonly shift: Constant | undefined }
  /** gamma · (from − mean) / √(variance + epsilon) + beta, mean and variance those of the row. */
  | { readonly kind: 'row'; readonly gamma: Constant | undefined; readonly beta: Constant | undefined; readonly epsilon: number }
  /** NaN becomes the value of its column. */
  | { readonly kind: 'impute'; readonly fill: Constant }
  /** Of each column the number of categories, which become as many outputs, and one more for all else where there is `unknown`; 0 passes the column on. */
  | { readonly kind: 'oneHot'; readonly categories: readonly number[]; readonly unknown: boolean };

/** Where all but `dense` and `oneHot` may have `from` as `to`. */
export type Operation = Work & { readonly layer: string; readonly from: string; readonly to: string; readonly inputs: number; readonly units: number };

/** A model as operations in order. The first read `input`, the last write `output`; the buffers are for what lies between. */
export interface Operations {
  readonly inputs: number;
  readonly outputs: number;
  readonly operations: readonly Operation[];
  readonly buffers: ReadonlyMap<string, number>;
  readonly constants: readonly Constant[];
}

type Tensors = ModelSnapshot['tensors'];

/** Layers into operations, one after the other. */
class Writer {
  readonly operations: (Work & { layer: string; from: string; to: string; inputs: number; units: number })[] = [];
  readonly constants: Constant[] = [];
  /** Where the values are, and how many. */
  #at = 'input';
  #size: number;
  /** Buffers with the input of a block, which is still to be added. */
  readonly #held: string[] = [];
  readonly #tensors: Tensors;
  readonly #counts = new Map<string, number>();

  constructor(inputs: number, tensors: Tensors) {
    this.#size = inputs;
    this.#tensors = tensors;
  }

  get size(): number {
    return this.#size;
  }

  layers(layers: readonly LayerDescription[], prefix = ''): void {
    for (const layer of layers) this.#layer(layer, prefix + layer.name);
  }

  #layer({ type, config, layers = [] }: LayerDescription, name: string): void {
    const own = (parameter: string): Float32Array | undefined => this.#tensors.get(`${name}/${parameter}`)?.data;
    const constant = (parameter: string): Constant | undefined => this.#constant(parameter, own(parameter));
    switch (type) {
      case 'activation': return this.#activation(name, config['activation'] as ActivationSpec);
      case 'batchNormalization': return this.#columns(name, own('movingMean')!, own('movingVariance')!, config['epsilon'] as number, own('gamma'), own('beta'));
      case 'dense': {
        this.#add({ kind: 'dense', kernel: constant('kernel')!, bias: constant('bias') }, name, config['units'] as number);
        return this.#activation(name, config['activation'] as ActivationSpec | undefined);
      }
      case 'dropout': case 'gaussianNoise': return;
      case 'impute': return this.#add({ kind: 'impute', fill: constant('fill')! }, name);
      case 'layerNormalization': return this.#add({ kind: 'row', gamma: constant('gamma'), beta: constant('beta'), epsilon: Math.fround(config['epsilon'] as number) }, name);
      case 'normalization': return this.#columns(name, own('mean')!, own('variance')!, 0);
      case 'oneHot': {
        const { categories, unknown } = config as { categories: readonly number[]; unknown: boolean };
        return this.#add({ kind: 'oneHot', categories, unknown }, name, categories.reduce((sum, count) => sum + (count === 0 ? 1 : count + Number(unknown)), 0));
      }
      case 'residual': {
        this.#held.push(this.#at);
        this.layers(layers, `${name}/`);
        return this.#add({ kind: 'add', other: this.#held.pop()! }, name);
      }
      default: throw new OptionError(`exportCode: there is no code for layer '${name}' of type ${type}`);
    }
  }

  #activation(name: string, spec: ActivationSpec = 'linear'): void {
    refuseDefined(`exportCode: layer '${name}'`, spec, 'exported code');
    const resolved = resolveActivation('exportCode', spec) as Exclude<ResolvedActivation, DefinedActivation>;
    if (!('alpha' in resolved)) this.#add({ kind: resolved.name }, name);
    else if (resolved.name !== 'linear') this.#add({ kind: 'map', activation: { ...resolved, alpha: Math.fround(resolved.alpha), beta: Math.fround(resolved.beta) } }, name);
  }

  #columns(name: string, mean: Float32Array, variance: Float32Array, epsilon: number, gamma?: Float32Array, beta?: Float32Array): void {
    const scale = variance.map((value, i) => (gamma?.[i] ?? 1) / Math.sqrt(value + Math.fround(epsilon)));
    this.#add({ kind: 'columns', mean: this.#constant('mean', mean)!, scale: this.#constant('scale', scale)!, shift: this.#constant('shift', beta) }, name);
  }

  #constant(kind: string, data: Float32Array | undefined): Constant | undefined {
    if (data === undefined) return undefined;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const constant = { name: `${kind}${count}`, data };
    this.constants.push(constant);
    return constant;
  }

  /** In place where nothing else needs what is there. */
  #add(work: Work, layer: string, units = this.#size): void {
    const other = work.kind === 'add' ? work.other : undefined;
    const taken = (buffer: string): boolean => buffer === 'input' || buffer === other || this.#held.includes(buffer);
    let to = this.#at;
    if (taken(to) || work.kind === 'dense' || work.kind === 'oneHot') {
      let count = 1;
      while (taken(`t${count}`) || `t${count}` === this.#at) count++;
      to = `t${count}`;
    }
    this.operations.push({ ...work, layer, from: this.#at, to, inputs: this.#size, units });
    this.#at = to;
    this.#size = units;
  }

  /** Has the last value come to be in `output`. */
  finish(): void {
    if (this.#at === 'input') this.#add({ kind: 'copy' }, 'no layer');
    const last = this.#at;
    // From its end on to where that value began, which is where it came from elsewhere.
    for (let i = this.operations.length - 1; ; i--) {
      const operation = this.operations[i]!;
      operation.to = 'output';
      if (operation.from !== last) return;
      operation.from = 'output';
    }
  }
}

/** The operations of a model, dropout and noise left out. Throws an OptionError for a layer that there is no code for. */
export function operationsOf({ model, tensors }: ModelSnapshot): Operations {
  const writer = new Writer(model.inputs, tensors);
  writer.layers(model.layers);
  writer.finish();
  const buffers = new Map<string, number>();
  for (const { to, units } of writer.operations) if (to !== 'output') buffers.set(to, Math.max(buffers.get(to) ?? 0, units));
  return { inputs: model.inputs, outputs: writer.size, operations: writer.operations, buffers: new Map([...buffers].sort()), constants: writer.constants };
}

/**
 * What is found along a graph, made into layers: numbers that scale and shift columns go into the layer beside them, activations into the
 * dense layer before them, and the sizes of rows are followed from the input to the output.
 */

import type { ActivationSpec } from '../../model/layers/activation.ts';
import type { LayerDescription } from '../../model/description.ts';
import type { Room } from './file.ts';
import { refused } from './protobuf.ts';

/** Numbers of a row: one for each column, or a single one for all of them. */
export type Row = Float32Array | Float64Array;

/** One step from a value to the next. */
export type Link = { readonly label: string } & (
  /** y = x · kernel + bias, kernel [inputs, units]. */
  | { readonly kind: 'dense'; readonly inputs: number; readonly units: number; readonly kernel: Row; readonly bias?: Row }
  /** y = scale · x + shift, column by column. */
  | { readonly kind: 'affine'; readonly scale: Row; readonly shift: Row }
  | { readonly kind: 'activation'; readonly activation: ActivationSpec }
  /** Normalisation over columns or rows; `gamma` and `beta` may be left out. */
  | { readonly kind: 'normalization'; readonly type: 'batchNormalization' | 'layerNormalization'; readonly epsilon: number; readonly rows: Readonly<Record<string, Row>> }
  /** A layer for the input of a network; it takes any number of columns, and gives as many, where it does not say. */
  | { readonly kind: 'entry'; readonly type: 'impute' | 'oneHot'; readonly inputs?: number; readonly outputs?: number; readonly config: Readonly<Record<string, unknown>>; readonly rows: Readonly<Record<string, Row>> }
  /** All but the first dimension become one, of that size where it is said. */
  | { readonly kind: 'flatten'; readonly columns: number | undefined }
  | { readonly kind: 'residual'; readonly links: readonly Link[] }
);

/** Sizes of the dimensions behind the first, as far as they are known. */
export type Sizes = readonly (number | undefined)[] | undefined;

/** A layer that is still growing. */
interface Built {
  readonly type: string;
  readonly config: Record<string, unknown>;
  readonly rows: Map<string, { readonly shape: readonly number[]; readonly data: Row }>;
  readonly layers?: readonly Built[];
  /** Of a factor and a summand that have not found a place yet. */
  readonly affine?: Affine;
}

interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** What is known on the way along the links. */
interface Walk {
  /** Whether values have two dimensions, [N, columns]. */
  isRow: boolean;
  readonly room: Room;
}

/** Where a file has no weights that are as many, a few bytes must not ask for much memory. */
const mostColumns = 1_048_576;

/** The layers that links make, their tensors, and the size of a row of the input. */
export function layersOf(links: readonly Link[], sizes: Sizes, room: Room): { inputs: number; layers: LayerDescription[]; tensors: Map<string, { shape: readonly number[]; data: Float32Array }> } {
  const walk = { isRow: sizes === undefined || sizes.length === 1, room };
  const known = sizes === undefined || sizes.includes(undefined) ? undefined : (sizes as readonly number[]).reduce((product, size) => product * size, 1);
  const asked = firstSize(links);
  const columns = known ?? asked;
  if (columns === undefined) throw refused('graph input', 'a shape [N, columns], or a layer that says how many columns there are', 'neither');
  if (columns < 1 || (columns > mostColumns && columns !== asked)) throw refused('graph input', `rows of 1 to ${mostColumns} values, or as many as the weights in the file are for`, columns);
  const inputs = columns;
  const built = build(links, inputs, walk, true);
  built.layers[0]!.config['inputShape'] = [inputs];
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  return { inputs, layers: describe(built.layers, '', tensors), tensors };
}

/** Columns that the first layer with weights asks for. */
function firstSize(links: readonly Link[]): number | undefined {
  for (const link of links) {
    if ((link.kind === 'dense' || link.kind === 'entry') && link.inputs !== undefined) return link.inputs;
    if (link.kind === 'flatten' && link.columns !== undefined) return link.columns;
    const row = link.kind === 'affine' ? [link.scale, link.shift] : link.kind === 'normalization' || link.kind === 'entry' ? Object.values(link.rows) : [];
    const size = link.kind === 'residual' ? firstSize(link.links) : row.find(({ length }) => length > 1)?.length;
    if (size !== undefined) return size;
  }
  return undefined;
}

function build(links: readonly Link[], columns: number, walk: Walk, isFirst: boolean): { layers: Built[]; columns: number } {
  const layers: Built[] = [];
  for (const link of links) {
    const { label } = link;
    if (link.kind === 'flatten') {
      if (link.columns !== undefined && link.columns !== columns) throw refused(label, `rows of ${columns} values`, link.columns);
      walk.isRow = true;
      continue;
    }
    const isPointwise = link.kind === 'affine' ? link.scale.length === 1 && link.shift.length === 1 : link.kind === 'activation' && !/softmax/i.test(link.activation as string);
    if (!walk.isRow && !isPointwise) throw refused(label, 'an input of two dimensions, [N, columns]', 'another; flatten it first');
    columns = place(layers, link, columns, walk, isFirst);
  }
  settleLast(layers, isFirst);
  if (layers.length === 0) layers.push({ type: 'activation', config: { activation: 'linear' }, rows: new Map() });
  return { layers, columns };
}

/** Adds a link to the layers before it; gives the columns of what comes out. */
function place(layers: Built[], link: Exclude<Link, { kind: 'flatten' }>, columns: number, walk: Walk, isFirst: boolean): number {
  const { label } = link;
  const rows = link.kind === 'affine' ? 2 : link.kind === 'normalization' || link.kind === 'entry' ? Object.keys(link.rows).length : 0;
  walk.room.take(label, rows * columns);
  if (link.kind === 'affine') {
    addAffine(layers, { scale: spread(label, link.scale, columns), shift: spread(label, link.shift, columns) }, columns);
    return columns;
  }
  if (link.kind === 'dense') {
    if (link.inputs !== columns) throw refused(label, `weights for rows of ${columns} values`, link.inputs);
    addDense(layers, link, isFirst);
    return link.units;
  }
  settleLast(layers, isFirst);
  if (link.kind === 'activation') {
    const last = layers.at(-1);
    if (last?.type === 'dense' && last.config['activation'] === 'linear') last.config['activation'] = link.activation;
    else layers.push({ type: 'activation', config: { activation: link.activation }, rows: new Map() });
    return columns;
  }
  if (link.kind === 'residual') {
    const inner = build(link.links, columns, walk, false);
    if (inner.columns !== columns) throw refused(label, `a branch that gives rows of ${columns} values, as it takes`, inner.columns);
    layers.push({ type: 'residual', config: {}, rows: new Map(), layers: inner.layers });
    return columns;
  }
  if (link.kind === 'entry') {
    if (link.inputs !== undefined && link.inputs !== columns) throw refused(label, `columns for rows of ${columns} values`, link.inputs);
    layers.push({ type: link.type, config: { ...link.config }, rows: rowsOf(label, link.rows, columns) });
    return link.outputs ?? columns;
  }
  const own = rowsOf(label, link.rows, columns);
  layers.push({ type: link.type, config: { epsilon: link.epsilon, center: own.has('beta'), scale: own.has('gamma') }, rows: own });
  return columns;
}

const rowsOf = (label: string, rows: Readonly<Record<string, Row>>, columns: number): Built['rows'] =>
  new Map(Object.entries(rows).map(([name, row]) => [name, { shape: [columns], data: spread(label, row, columns) }]));

/** A number for each column. */
function spread(label: string, row: Row, columns: number): Float64Array {
  if (row.length === columns) return Float64Array.from(row);
  if (row.length === 1) return new Float64Array(columns).fill(row[0]!);
  throw refused(label, `1 number, or ${columns}, one for each column`, row.length);
}

/** A factor and a summand go into the layer before them, if that can take them. */
function addAffine(layers: Built[], { scale, shift }: Affine, columns: number): void {
  const last = layers.at(-1);
  const row = (name: string, initial: number): Float64Array => {
    const data = last?.rows.get(name)?.data;
    return data === undefined ? new Float64Array(columns).fill(initial) : Float64Array.from(data);
  };
  if (last?.affine !== undefined) {
    const { affine } = last;
    layers[layers.length - 1] = { ...last, affine: { scale: affine.scale.map((value, i) => value * scale[i]!), shift: affine.shift.map((value, i) => value * scale[i]! + shift[i]!) } };
    return;
  }
  const names = last?.type === 'dense' && last.config['activation'] === 'linear' ? ['bias', 'useBias']
    : last?.type === 'batchNormalization' || last?.type === 'layerNormalization' ? ['beta', 'center'] : undefined;
  if (last === undefined || names === undefined) {
    layers.push({ type: 'affine', config: {}, rows: new Map(), affine: { scale, shift } });
    return;
  }
  const [summand = '', hasSummand = ''] = names;
  const summands = row(summand, 0).map((value, i) => value * scale[i]! + shift[i]!);
  if (summands.some((value) => value !== 0) || last.rows.has(summand)) {
    last.rows.set(summand, { shape: [columns], data: summands });
    last.config[hasSummand] = true;
  }
  if (scale.every((value) => value === 1)) return;
  if (last.type === 'dense') {
    const { shape, data } = last.rows.get('kernel')!;
    last.rows.set('kernel', { shape, data: data.map((value, i) => value * scale[i % columns]!) });
  } else {
    last.rows.set('gamma', { shape: [columns], data: row('gamma', 1).map((value, i) => value * scale[i]!) });
    last.config['scale'] = true;
  }
}

/** A factor and a summand before a dense layer go into its weights; those of the network's input stay beside it, for a mean far from 0 would be lost in sums. */
function addDense(layers: Built[], { inputs, units, kernel, bias, label }: Extract<Link, { kind: 'dense' }>, isFirst: boolean): void {
  const affine = layers.at(-1)?.affine;
  let weights = kernel;
  let summands = bias === undefined ? undefined : spread(label, bias, units);
  if (affine !== undefined && !(isFirst && scalesInput(layers) && asNormalization(affine) !== undefined)) {
    layers.pop();
    const { scale, shift } = affine;
    if (shift.some((value) => value !== 0)) {
      const sums = summands ?? new Float64Array(units);
      for (let i = 0; i < kernel.length; i++) sums[i % units]! += shift[Math.floor(i / units)]! * kernel[i]!;
      summands = sums;
    }
    weights = kernel.map((value, i) => value * scale[Math.floor(i / units)]!);
  } else settleLast(layers, isFirst);
  const rows: Built['rows'] = new Map([['kernel', { shape: [inputs, units], data: weights }]]);
  if (summands !== undefined) rows.set('bias', { shape: [units], data: summands });
  layers.push({ type: 'dense', config: { units, useBias: summands !== undefined, activation: 'linear' }, rows });
}

/** Whether there is nothing yet but layers for the input, and what scales it. */
const scalesInput = (layers: readonly Built[]): boolean => layers.every(({ type }) => type === 'affine' || type === 'impute' || type === 'oneHot');

/** A factor and a summand at the end of the list become a layer of their own. */
function settleLast(layers: Built[], isFirst: boolean): void {
  const affine = layers.at(-1)?.affine;
  if (affine === undefined) return;
  layers.pop();
  const { scale, shift } = affine;
  if (scale.every((value) => value === 1) && shift.every((value) => value === 0)) return;
  const statistics = isFirst && scalesInput(layers) ? asNormalization(affine) : undefined;
  const row = (data: Row): { shape: number[]; data: Row } => ({ shape: [data.length], data });
  if (statistics !== undefined) {
    layers.push({ type: 'normalization', config: {}, rows: new Map(Object.entries(statistics).map(([name, data]) => [name, row(data)])) });
    return;
  }
  // One that does not normalise: its epsilon is nothing beside a variance of 1.
  layers.push({
    type: 'batchNormalization', config: { epsilon: 1e-12 },
    rows: new Map([
      ['gamma', row(scale)], ['beta', row(shift)], ['movingMean', row(new Float64Array(scale.length))], ['movingVariance', row(new Float64Array(scale.length).fill(1))],
    ]),
  });
}

/** The mean and the variance that say the same, where there are such in float32. */
function asNormalization({ scale, shift }: Affine): Record<'mean' | 'variance', Float32Array> | undefined {
  const mean = Float32Array.from(scale, (value, i) => -shift[i]! / value);
  const variance = Float32Array.from(scale, (value) => value ** -2);
  // Below 2⁻¹²⁶ floats have fewer digits.
  return scale.every((value, i) => value > 0 && Number.isFinite(mean[i]) && variance[i]! >= 2 ** -126 && variance[i]! < Infinity) ? { mean: mean.map((value) => value + 0), variance } : undefined;
}

function describe(built: readonly Built[], prefix: string, tensors: Map<string, { shape: readonly number[]; data: Float32Array }>): LayerDescription[] {
  const counts = new Map<string, number>();
  return built.map(({ type, config, rows, layers }) => {
    const count = (counts.get(type) ?? 0) + 1;
    counts.set(type, count);
    const name = `${type}_${count}`;
    for (const [parameter, { shape, data }] of rows) tensors.set(`${prefix}${name}/${parameter}`, { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) });
    return { type, name, config, ...(layers !== undefined && { layers: describe(layers, `${prefix}${name}/`, tensors) }) };
  });
}

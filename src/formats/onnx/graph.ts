/** The values of a graph: each a constant, the input, or what a node makes of others. Nodes of constants are computed, nodes that do nothing are passed over. */

import { show } from '../../errors.ts';
import type { OnnxFile, OnnxNode, Room } from './file.ts';
import { refused } from './protobuf.ts';
import { dataType } from './schema.ts';
import type { OnnxTensor } from './tensors.ts';

export interface Value {
  /** Values that a value is made of come before it. */
  readonly order: number;
  readonly constant?: OnnxTensor;
  readonly node?: OnnxNode;
  /** Undefined for one that is left out. */
  readonly inputs: readonly (Value | undefined)[];
}

export interface Graph {
  readonly opset: number;
  readonly input: Value;
  readonly output: Value;
  /** Of the input, behind the first dimension; undefined where the file does not say. */
  readonly sizes: readonly (number | undefined)[] | undefined;
}

/** The graph of a file, from its one input to its output: the one that is called so, or the first. */
export function graphOf(file: OnnxFile): Graph {
  const values = new Map<string, Value>();
  let order = 0;
  for (const [name, constant] of file.tensors) values.set(name, { order: order++, constant, inputs: [] });
  const inputs = file.inputs.filter(({ name }) => !file.tensors.has(name));
  if (inputs.length !== 1) {
    throw refused('graph', 'one input that is no initializer', inputs.length === 0 ? 'none' : inputs.slice(0, 8).map(({ name }) => show(name)).join(', '));
  }
  const [{ name, dims }] = inputs as [(typeof inputs)[0]];
  if (dims !== undefined && dims.length < 2) throw refused(`graph input ${show(name)}`, 'a shape of two dimensions or more, [N, columns]', `${dims.length}`);
  const input: Value = { order: order++, inputs: [] };
  values.set(name, input);
  for (const node of file.nodes) {
    const from = node.inputs.map((key, i) => {
      const value = values.get(key);
      if (value === undefined && key !== '') throw refused(`${node.label} input[${i}]`, 'a value that an initializer, an input or a node before it gives', show(key));
      return value;
    });
    const [first] = from;
    const value = constantOf(node, from, file.room) ?? (passes(node, from) ? first! : { order: order++, node, inputs: from });
    node.outputs.forEach((key, i) => {
      if (key === '') return;
      if (values.has(key)) throw refused(`${node.label} output[${i}]`, 'a name of its own', `${show(key)} again`);
      // What other outputs than the first hold, no operation read here needs.
      values.set(key, i === 0 ? value : { order: order++, node: { ...node, label: `output[${i}] of ${node.label}`, operation: `${node.operation}[${i}]` }, inputs: from });
    });
  }
  const wanted = file.outputs.includes('output') ? 'output' : file.outputs[0];
  const output = wanted === undefined ? undefined : values.get(wanted);
  if (output === undefined) throw refused('graph', 'an output that a node gives', wanted === undefined ? 'none' : show(wanted));
  return { opset: file.opset, input, output, sizes: dims?.slice(1) };
}

/** Whether the first output of a node is its first input. */
function passes({ operation, attributes }: OnnxNode, [first, , training]: readonly (Value | undefined)[]): boolean {
  if (first === undefined) return false;
  if (operation === 'Identity') return true;
  if (operation === 'Dropout') return training?.constant === undefined ? training === undefined : training.constant.data[0] === 0;
  return operation === 'Cast' && isFloatType(attributes.get('to'));
}

const isFloatType = (type: unknown): boolean => [dataType.float, dataType.double, dataType.half, dataType.brainFloat].includes(type as 1);

/** What a node gives whose inputs are all constants, if it is one that moves numbers about. */
function constantOf(node: OnnxNode, from: readonly (Value | undefined)[], room: Room): Value | undefined {
  const { operation, attributes, label } = node;
  if (operation === 'Constant') {
    const constant = constantNode(node);
    return { order: -1, constant, inputs: [] };
  }
  const tensor = from[0]?.constant;
  const compute = tensor === undefined || !from.every((value) => value === undefined || value.constant !== undefined) ? undefined : moves[operation];
  if (compute === undefined) return undefined;
  const second = from[1]?.constant;
  const moved = compute(tensor!, (second === undefined ? undefined : [...second.data.subarray(0, 16)]) ?? listOf(attributes.get('axes') ?? attributes.get('shape')), attributes);
  const count = moved.dims.reduce((product, dim) => product * dim, 1);
  if (count !== tensor!.data.length || !moved.dims.every((dim) => dim >= 0)) throw refused(label, `a shape of ${tensor!.data.length} values`, `[${moved.dims.slice(0, 8).join(', ')}]`);
  if (moved.data !== tensor!.data) room.take(label, count);
  return { order: -1, constant: moved, inputs: [] };
}

const listOf = (value: unknown): readonly number[] | undefined => (Array.isArray(value) ? value.slice(0, 16) as number[] : undefined);

function constantNode({ label, attributes }: OnnxNode): OnnxTensor {
  const [key, value] = attributes.size === 1 ? [...attributes][0]! : ['', undefined];
  if (key === 'value' && typeof value === 'object' && 'dims' in value) return value;
  if ((key === 'value_float' || key === 'value_int') && typeof value === 'number') return { dims: [], data: Float64Array.of(value), isFloat: key === 'value_float' };
  if ((key === 'value_floats' || key === 'value_ints') && Array.isArray(value)) {
    return { dims: [value.length], data: Float64Array.from(value as number[]), isFloat: key === 'value_floats' };
  }
  throw refused(label, 'a value of numbers', key === '' ? 'none, or several' : show(key));
}

type Move = (tensor: OnnxTensor, list: readonly number[] | undefined, attributes: OnnxNode['attributes']) => OnnxTensor;

/** Operations that move constants about. */
const moves: Readonly<Record<string, Move | undefined>> = {
  Identity: (tensor) => tensor,
  Cast: (tensor, _, attributes) => (isFloatType(attributes.get('to')) ? { ...tensor, isFloat: true } : { ...tensor, data: Float64Array.from(tensor.data, Math.trunc), isFloat: false }),
  Reshape(tensor, list) {
    const dims = (list ?? []).map((dim, i) => (dim === 0 ? tensor.dims[i] ?? 0 : dim));
    const rest = dims.reduce((product, dim) => product * (dim === -1 ? 1 : dim), 1);
    return { ...tensor, dims: dims.map((dim) => (dim === -1 ? tensor.data.length / rest : dim)) };
  },
  Flatten(tensor, _, attributes) {
    const axis = Number(attributes.get('axis') ?? 1);
    const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
    return { ...tensor, dims: [product(tensor.dims.slice(0, axis)), product(tensor.dims.slice(axis))] };
  },
  Squeeze(tensor, axes) {
    const isOut = (dim: number, i: number): boolean => (axes === undefined ? dim === 1 : axes.includes(i) || axes.includes(i - tensor.dims.length));
    return { ...tensor, dims: tensor.dims.filter((dim, i) => !isOut(dim, i)) };
  },
  Unsqueeze(tensor, axes = []) {
    const dims = [...tensor.dims];
    const rank = dims.length + axes.length;
    for (const axis of axes.map((value) => (value < 0 ? value + rank : value)).sort((a, b) => a - b)) dims.splice(axis, 0, 1);
    return { ...tensor, dims };
  },
  Transpose(tensor, _, attributes) {
    const order = listOf(attributes.get('perm')) ?? tensor.dims.map((_dim, i) => tensor.dims.length - 1 - i);
    if (tensor.dims.length !== 2 || order.join() === '0,1') return order.every((axis, i) => axis === i) ? tensor : { ...tensor, dims: [-1] };
    return order.join() === '1,0' ? transposed(tensor) : { ...tensor, dims: [-1] };
  },
};

/** A matrix the other way round. */
export function transposed({ dims, data, isFloat }: OnnxTensor): OnnxTensor {
  const [rows = 0, columns = 0] = dims;
  return { dims: [columns, rows], data: data.map((_, at) => data[(at % rows) * columns + Math.floor(at / rows)]!), isFloat };
}

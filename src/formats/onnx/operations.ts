/** What each operation of a graph is among layers: a value leads to the one it is made of, and the link between the two. */

import { FormatError } from '../../errors.ts';
import type { ActivationSpec } from '../../model/layers/activation.ts';
import type { Link, Row } from './chain.ts';
import { transposed, type Value } from './graph.ts';
import type { OnnxNode } from './file.ts';
import { refused } from './protobuf.ts';
import type { OnnxTensor } from './tensors.ts';

/** A node whose value is looked at. */
export interface Step {
  readonly node: OnnxNode;
  readonly inputs: readonly (Value | undefined)[];
  readonly opset: number;
}

/** What the value is made of, and how; in the order from there to the value. */
export interface Back {
  readonly from: Value;
  readonly links: readonly Link[];
}

/** A number out of an attribute. */
export function numberOf({ node }: Pick<Step, 'node'>, name: string, initial: number): number {
  const value = node.attributes.get(name) ?? initial;
  if (typeof value !== 'number') throw refused(`${node.label} ${name}`, 'a number', 'another attribute');
  return value;
}

/** The input that must be a constant of floats. */
export function tensorOf({ node, inputs }: Step, place: number, name: string): OnnxTensor {
  const constant = inputs[place]?.constant;
  if (constant === undefined) throw refused(`${node.label} ${name}`, 'a constant', inputs[place] === undefined ? 'none' : 'a value that is computed');
  return constant;
}

/** Numbers of a row: a constant whose dimensions but the last are 1. */
export function rowOf(step: Step, place: number, name: string): Row {
  const { dims, data } = tensorOf(step, place, name);
  if (data.length === 0 || dims.slice(0, -1).some((dim) => dim !== 1) || dims.length > 2) throw refused(`${step.node.label} ${name}`, 'numbers of one row', `[${dims.join(', ')}]`);
  return data;
}

/** The input with data. */
function dataOf({ node, inputs }: Step, place = 0): Value {
  const value = inputs[place];
  if (value === undefined || value.constant !== undefined) throw refused(`${node.label} input[${place}]`, 'a value that comes from the input', value === undefined ? 'none' : 'a constant');
  return value;
}

/** The numbers, and a number for each of the columns of data: one that widens them is not possible. */
function matrixOf(step: Step, place: number, isTransposed: boolean): OnnxTensor & { readonly inputs: number; readonly units: number } {
  const tensor = tensorOf(step, place, 'weights');
  if (tensor.dims.length !== 2 || tensor.data.length === 0) throw refused(`${step.node.label} weights`, 'a matrix', `[${tensor.dims.join(', ')}]`);
  const matrix = isTransposed ? transposed(tensor) : tensor;
  return { ...matrix, inputs: matrix.dims[0]!, units: matrix.dims[1]! };
}

const scaled = (row: Row, by: number): Row => (by === 1 ? row : Float64Array.from(row, (value) => value * by));
const affine = (step: Step, from: Value, scale: Row, shift: Row): Back => ({ from, links: [{ kind: 'affine', label: step.node.label, scale, shift }] });
const one = /* @__PURE__ */ Float64Array.of(1);
const zero = /* @__PURE__ */ Float64Array.of(0);

type Operation = (step: Step) => Back | undefined;

const activationBy = (of: (step: Step) => ActivationSpec | undefined): Operation => (step) => {
  const activation = of(step);
  return activation === undefined ? undefined : { from: dataOf(step), links: [{ kind: 'activation', label: step.node.label, activation }] };
};
const activation = (spec: ActivationSpec): Operation => activationBy(() => spec);

/** Of an operation whose parameters have to be those that the function has here. */
const fixed = (spec: ActivationSpec, parameters: Readonly<Record<string, number>>): Operation => activationBy((step) => {
  for (const [name, expected] of Object.entries(parameters)) {
    const value = numberOf(step, name, expected);
    if (Math.abs(value - expected) > 1e-6) throw refused(`${step.node.label} ${name}`, `${expected}, as nabla has it`, value);
  }
  return spec;
});

const overRow = (spec: ActivationSpec): Operation => activationBy((step) => {
  const axis = numberOf(step, 'axis', step.opset < 13 ? 1 : -1);
  if (axis !== 1 && axis !== -1) throw refused(`${step.node.label} axis`, '1 or -1, that of columns', axis);
  return spec;
});

/** Of two operands one may be a constant row; undefined where both are data, or where the constant comes first and `fromConstant` is not there. */
const arithmetic = (fromData: (row: Row) => { scale: Row; shift: Row }, fromConstant?: (row: Row) => { scale: Row; shift: Row }): Operation => (step) => {
  const place = step.inputs.findIndex((value) => value?.constant !== undefined);
  const by = place === 1 ? fromData : fromConstant;
  if (place < 0 || by === undefined) return undefined;
  const { scale, shift } = by(rowOf(step, place, `input[${place}]`));
  return affine(step, dataOf(step, 1 - place), scale, shift);
};

const plus = (row: Row): { scale: Row; shift: Row } => ({ scale: one, shift: row });
const times = (row: Row): { scale: Row; shift: Row } => ({ scale: row, shift: zero });

/** Bounds of `Clip`, which were attributes before they were inputs. */
export function boundsOf(step: Step): { low: number; high: number } {
  const read = (name: string, place: number, initial: number): number => {
    if (step.opset < 11) return numberOf(step, name, initial);
    if (step.inputs[place] === undefined) return initial;
    const row = rowOf(step, place, name);
    if (row.length !== 1) throw refused(`${step.node.label} ${name}`, 'one number', row.length);
    return row[0]!;
  };
  // Exporters write the ends of float32 for none.
  const open = (value: number): number => (Math.abs(value) >= 3.4e38 ? Math.sign(value) * Infinity : value);
  return { low: open(read('min', 1, -Infinity)), high: open(read('max', 2, Infinity)) };
}

const clip: Operation = (step) => {
  const { low, high } = boundsOf(step);
  if (low === -Infinity && high === Infinity) return { from: dataOf(step), links: [] };
  const known: ActivationSpec | undefined = low !== 0 ? undefined : high === 6 ? 'relu6' : high === Infinity ? 'relu' : high === 1 ? { name: 'hardSigmoid', slope: 1, offset: 0 } : undefined;
  if (known === undefined) throw refused(step.node.label, 'bounds of 0 and 6, 0 and 1, or 0 alone', `${low} and ${high}`);
  return activation(known)(step);
};

function gemm(step: Step): Back {
  const { label } = step.node;
  if (numberOf(step, 'transA', 0) !== 0) throw refused(`${label} transA`, '0, for rows of data are rows', 1);
  const { inputs, units, data } = matrixOf(step, 1, numberOf(step, 'transB', 0) !== 0);
  const bias = step.inputs[2] === undefined ? undefined : scaled(rowOf(step, 2, 'C'), numberOf(step, 'beta', 1));
  return { from: dataOf(step), links: [{ kind: 'dense', label, inputs, units, kernel: scaled(data, numberOf(step, 'alpha', 1)), ...(bias !== undefined && { bias }) }] };
}

function matMul(step: Step): Back {
  const { inputs, units, data } = matrixOf(step, 1, false);
  return { from: dataOf(step), links: [{ kind: 'dense', label: step.node.label, inputs, units, kernel: data }] };
}

function epsilonOf(step: Step): number {
  const epsilon = numberOf(step, 'epsilon', 1e-5);
  if (!(epsilon > 0 && epsilon < Infinity)) throw refused(`${step.node.label} epsilon`, 'a number above 0', epsilon);
  return epsilon;
}

function batchNormalization(step: Step): Back {
  const { label } = step.node;
  if (numberOf(step, 'training_mode', 0) !== 0) throw refused(`${label} training_mode`, '0', 1);
  const names = ['gamma', 'beta', 'movingMean', 'movingVariance'];
  const rows = Object.fromEntries(names.map((name, i) => [name, rowOf(step, i + 1, ['scale', 'B', 'mean', 'var'][i]!)]));
  return { from: dataOf(step), links: [{ kind: 'normalization', label, type: 'batchNormalization', epsilon: epsilonOf(step), rows }] };
}

function layerNormalization(step: Step): Back {
  const { label } = step.node;
  const axis = numberOf(step, 'axis', -1);
  if (axis !== 1 && axis !== -1) throw refused(`${label} axis`, '1 or -1, that of columns', axis);
  const rows = { gamma: rowOf(step, 1, 'Scale'), ...(step.inputs[2] !== undefined && { beta: rowOf(step, 2, 'B') }) };
  return { from: dataOf(step), links: [{ kind: 'normalization', label, type: 'layerNormalization', epsilon: epsilonOf(step), rows }] };
}

const flattened = (step: Step, columns?: number): Back => ({ from: dataOf(step), links: [{ kind: 'flatten', label: step.node.label, columns }] });

function reshape(step: Step): Back {
  const shape = [...tensorOf(step, 1, 'shape').data.subarray(0, 9)];
  const [rows, columns] = shape;
  const isRows = shape.length === 2 && (rows === -1 ? columns! > 0 : rows === 0 && (columns === -1 || columns! > 0));
  if (!isRows) throw refused(`${step.node.label} shape`, '[-1, columns], [0, columns] or [0, -1]', `[${shape.join(', ')}]`);
  return flattened(step, columns === -1 ? undefined : columns);
}

/** `ai.onnx.ml.Scaler`: (x − offset) · scale. */
function scaler(step: Step): Back {
  const read = (name: string): readonly number[] => {
    const value = step.node.attributes.get(name);
    if (!Array.isArray(value) || value.length === 0) throw refused(`${step.node.label} ${name}`, 'numbers', 'none');
    return value as number[];
  };
  const [offset, scale] = [read('offset'), read('scale')];
  const size = Math.max(offset.length, scale.length);
  const at = (row: readonly number[], i: number): number => row[row.length === 1 ? 0 : i] ?? NaN;
  return affine(step, dataOf(step), Float64Array.from({ length: size }, (_, i) => at(scale, i)), Float64Array.from({ length: size }, (_, i) => -at(offset, i) * at(scale, i)));
}

const operationsByName = (): Readonly<Record<string, Operation | undefined>> => ({
  Add: arithmetic(plus, plus),
  BatchNormalization: batchNormalization,
  Clip: clip,
  Div: arithmetic((row) => times(Float64Array.from(row, (value) => 1 / value))),
  Elu: activationBy((step) => ({ name: 'elu', alpha: numberOf(step, 'alpha', 1) })),
  Flatten(step) {
    const axis = numberOf(step, 'axis', 1);
    if (axis !== 1) throw refused(`${step.node.label} axis`, '1', axis);
    return flattened(step);
  },
  Gelu: activationBy(({ node }) => (node.attributes.get('approximate') === 'tanh' ? 'geluTanh' : 'gelu')),
  Gemm: gemm,
  HardSigmoid: activationBy((step) => ({ name: 'hardSigmoid', slope: numberOf(step, 'alpha', 0.2), offset: numberOf(step, 'beta', 0.5) })),
  HardSwish: activation('hardSwish'),
  LayerNormalization: layerNormalization,
  LeakyRelu: activationBy((step) => ({ name: 'leakyRelu', alpha: numberOf(step, 'alpha', 0.01) })),
  LogSoftmax: overRow('logSoftmax'),
  MatMul: matMul,
  Mish: activation('mish'),
  Mul: arithmetic(times, times),
  Neg: (step) => affine(step, dataOf(step), Float64Array.of(-1), zero),
  PRelu: activationBy((step) => {
    const slope = rowOf(step, 1, 'slope');
    if (slope.some((value) => value !== slope[0])) throw refused(`${step.node.label} slope`, 'one number', `${slope.length} that differ`);
    return { name: 'leakyRelu', alpha: slope[0]! };
  }),
  Relu: activation('relu'),
  Reshape: reshape,
  Selu: fixed('selu', { alpha: 1.6732632423543772, gamma: 1.0507009873554805 }),
  Sigmoid: activation('sigmoid'),
  Softmax: overRow('softmax'),
  Softplus: activation('softplus'),
  Softsign: activation('softsign'),
  Sub: arithmetic((row) => plus(scaled(row, -1)), (row) => ({ scale: Float64Array.of(-1), shift: row })),
  Swish: fixed('silu', { alpha: 1 }),
  Tanh: activation('tanh'),
  'ai.onnx.ml.Scaler': scaler,
});

/** Operations that are layers by themselves. An operation may also give nothing, where it is one only among others. */
export const operations = /* @__PURE__ */ operationsByName();

/** The error for an operation that is no layer. */
export function unsupported({ label }: OnnxNode): FormatError {
  return new FormatError(`${label}: no layer does that; those read are ${Object.keys(operations).join(', ')}, blocks x + f(x), and activations written out with arithmetic`);
}

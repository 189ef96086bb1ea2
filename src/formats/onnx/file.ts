/** What an ONNX file says, message by message, checked but not yet understood: nodes in order, tensors by name, inputs and outputs. */

import { show } from '../../errors.ts';
import { Message, refused } from './protobuf.ts';
import {
  attributeField, attributeType, dimensionField, graphField, metadataField, modelField, nodeField, opsetField, shapeField, tensorTypeField, typeField, valueField,
} from './schema.ts';
import { readTensor, type OnnxTensor } from './tensors.ts';

export type OnnxAttribute = number | string | OnnxTensor | readonly number[];

export interface OnnxNode {
  /** For errors: `node 'conv1' (Conv)`. */
  readonly label: string;
  /** With its domain before it, where that is not ONNX's own: `ai.onnx.ml.Scaler`. */
  readonly operation: string;
  /** Names of values; empty for one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute | undefined>;
}

export interface OnnxInput {
  readonly name: string;
  /** Undefined for a size that is free; undefined as a whole where the file does not say. */
  readonly dims: readonly (number | undefined)[] | undefined;
}

export interface OnnxFile {
  readonly nodes: readonly OnnxNode[];
  readonly tensors: ReadonlyMap<string, OnnxTensor>;
  readonly inputs: readonly OnnxInput[];
  readonly outputs: readonly string[];
  /** Version of ONNX's own operations. */
  readonly opset: number;
  readonly metadata: ReadonlyMap<string, string>;
  readonly room: Room;
}

/** Numbers that may be made of those in any file. */
const spareNumbers = 2 ** 24;

/** How many numbers may still be made of those in a file: nodes may name the same ones again and again, and a few bytes must not ask for much memory. */
export class Room {
  #left: number;

  constructor(bytes: number) {
    this.#left = spareNumbers + 2 * bytes;
  }

  take(where: string, count: number): void {
    this.#left -= count;
    if (this.#left < 0) throw refused(where, 'a model with about as many numbers as the file has', 'one that makes many more of them');
  }
}

/** A model takes time that grows with the square of its layers, and each is a few nodes. */
const mostNodes = 65_536;

/** Operations before it broadcast in another way. */
const leastOpset = 7;

export function readFile(bytes: Uint8Array): OnnxFile {
  const model = new Message('', bytes);
  const graph = model.message(modelField.graph, 'graph');
  if (graph === undefined) throw refused('the file', 'a graph', 'none');
  if (graph.has(graphField.sparseInitializer)) throw refused('graph', 'dense initializers', 'sparse ones');
  const opset = readOpset(model);
  const tensors = new Map<string, OnnxTensor>();
  for (const message of graph.messages(graphField.initializer, 'initializer')) {
    const { name, tensor } = readTensor(message);
    if (tensors.has(name)) throw refused(message.where, 'each name once', `${show(name)} again`);
    tensors.set(name, tensor);
  }
  const nodes = graph.messages(graphField.node, 'node');
  if (nodes.length > mostNodes) throw refused('graph', `at most ${mostNodes} nodes`, nodes.length);
  return {
    nodes: nodes.map(readNode),
    tensors,
    inputs: graph.messages(graphField.input, 'input').map(readInput),
    outputs: graph.messages(graphField.output, 'output').map((output) => output.text(valueField.name, 'name') ?? ''),
    opset,
    metadata: new Map(model.messages(modelField.metadata, 'metadata_props').map((entry) => [entry.text(metadataField.key, 'key') ?? '', entry.text(metadataField.value, 'value') ?? ''])),
    room: new Room(bytes.length),
  };
}

function readOpset(model: Message): number {
  const versions = model.messages(modelField.opsetImport, 'opset_import')
    .filter((entry) => isOwn(entry.text(opsetField.domain, 'domain') ?? '')).map((entry) => entry.integer(opsetField.version, 'version') ?? 0);
  const [opset] = versions;
  if (versions.length > 1) throw refused('opset_import', 'one version of ONNX', versions.join(', '));
  if (opset === undefined || opset < leastOpset) throw refused('opset_import', `version ${leastOpset} of ONNX or a later one`, opset ?? 'none');
  return opset;
}

const isOwn = (domain: string): boolean => domain === '' || domain === 'ai.onnx';

function readNode(message: Message, place: number): OnnxNode {
  const domain = message.text(nodeField.domain, 'domain') ?? '';
  const kind = message.text(nodeField.operation, 'op_type') ?? '';
  const operation = isOwn(domain) ? kind : `${domain}.${kind}`;
  const name = message.text(nodeField.name, 'name') ?? '';
  const label = `node ${name === '' ? place : show(name)} (${operation === '' ? 'no op_type' : operation.slice(0, 60)})`;
  const attributes = new Map<string, OnnxAttribute | undefined>();
  for (const attribute of message.messages(nodeField.attribute, 'attribute')) {
    const key = attribute.text(attributeField.name, 'name') ?? '';
    if (attributes.has(key)) throw refused(label, 'each attribute once', `${show(key)} again`);
    attributes.set(key, readAttribute(attribute));
  }
  return { label, operation, inputs: message.texts(nodeField.input, 'input'), outputs: message.texts(nodeField.output, 'output'), attributes };
}

/** The value of an attribute; undefined for kinds that no operation read here has. */
function readAttribute(message: Message): OnnxAttribute | undefined {
  const type = message.integer(attributeField.type, 'type') ?? 0;
  // Old files do not say the type; there the field that is there does.
  const is = (code: number, number: number): boolean => type === code || (type === 0 && message.has(number));
  if (is(attributeType.float, attributeField.float)) return message.float(attributeField.float, 'f') ?? 0;
  if (is(attributeType.integer, attributeField.integer)) return message.integer(attributeField.integer, 'i') ?? 0;
  if (is(attributeType.text, attributeField.text)) return message.text(attributeField.text, 's') ?? '';
  if (is(attributeType.floats, attributeField.floats)) return [...new Float32Array(message.numbers(attributeField.floats, 'floats', 4).buffer)];
  if (is(attributeType.integers, attributeField.integers)) return [...message.integers(attributeField.integers, 'ints')];
  if (!is(attributeType.tensor, attributeField.tensor)) return undefined;
  const tensor = message.message(attributeField.tensor, 't');
  if (tensor === undefined) throw refused(message.where, 'a tensor', 'none');
  return readTensor(tensor).tensor;
}

function readInput(message: Message): OnnxInput {
  const name = message.text(valueField.name, 'name') ?? '';
  const shape = message.message(valueField.type, 'type')?.message(typeField.tensor, 'tensor_type')?.message(tensorTypeField.shape, 'shape');
  const dims = shape?.messages(shapeField.dimension, 'dim').map((dimension) => dimension.integer(dimensionField.value, 'dim_value'));
  if (dims?.some((dim) => dim !== undefined && dim < 0)) throw refused(message.where, 'sizes of 0 or more', dims.join(', '));
  return { name, dims };
}

/** An ONNX file while it is written: nodes, initializers and names of values. The same calls give the same bytes. */

import { MessageWriter } from './protobuf.ts';
import {
  attributeField, attributeType, dataType, dimensionField, graphField, irVersion, metadataField, metadataPrefix, modelField, nodeField, opset, opsetField, shapeField,
  tensorField, tensorTypeField, typeField, valueField,
} from './schema.ts';

/** An attribute: a float, or an integer written as `{ integer: -1 }`. */
export type AttributeValue = number | { readonly integer: number };

interface PlannedNode {
  readonly operation: string;
  readonly name: string;
  readonly inputs: readonly string[];
  output: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

interface PlannedTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly type: number;
  readonly content: Uint8Array;
}

const rawOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);

export class GraphWriter {
  static readonly input = 'input';
  static readonly output = 'output';
  readonly #nodes: PlannedNode[] = [];
  /** By name. Names of tensors have a slash, so that no value is called like one. */
  readonly #tensors = new Map<string, PlannedTensor>();
  readonly #names = new Map<string, number>();

  /** A node named after the layer, or after it and the operation where the name is taken; gives the name of its output. */
  node(layer: string, operation: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}): string {
    const count = this.#names.get(layer) ?? 0;
    this.#names.set(layer, count + 1);
    const output = `value:${this.#nodes.length + 1}`;
    this.#nodes.push({ operation, name: count === 0 ? layer : `${layer}:${operation}:${count}`, inputs, output, attributes });
    return output;
  }

  tensor(name: string, dims: readonly number[], data: Float32Array): string {
    return this.#add({ name, dims, type: dataType.float, content: rawOf(data as Float32Array<ArrayBuffer>) });
  }

  /** Flags [n]. */
  flags(name: string, flags: readonly boolean[]): string {
    return this.#add({ name, dims: [flags.length], type: dataType.bool, content: Uint8Array.from(flags, Number) });
  }

  /** Integers [n]. */
  integers(name: string, integers: readonly number[]): string {
    return this.#add({ name, dims: [integers.length], type: dataType.int64, content: rawOf(BigInt64Array.from(integers, BigInt)) });
  }

  /** A number; one tensor for all its uses. */
  constant(value: number): string {
    const name = `constant/${Object.is(value, -0) ? '-0' : value}`;
    return this.#tensors.has(name) ? name : this.tensor(name, [], Float32Array.of(value));
  }

  #add(tensor: PlannedTensor): string {
    this.#tensors.set(tensor.name, tensor);
    return tensor.name;
  }

  /** The file, whose output is that of the last node; `result` is its name, or that of the input where there is no node. */
  finish(name: string, widths: { readonly inputs: number; readonly outputs: number }, result: string, metadata: Readonly<Record<string, unknown>>): Uint8Array<ArrayBuffer> {
    if (result === GraphWriter.input) this.node('identity', 'Identity', [result]);
    this.#nodes.at(-1)!.output = GraphWriter.output;
    const model = new MessageWriter();
    model.integer(modelField.irVersion, irVersion);
    model.text(modelField.producerName, 'nabla');
    model.message(modelField.graph, (graph) => {
      for (const node of this.#nodes) graph.message(graphField.node, (inner) => writeNode(inner, node));
      graph.text(graphField.name, name);
      for (const tensor of this.#tensors.values()) graph.message(graphField.initializer, (inner) => writeTensor(inner, tensor));
      graph.message(graphField.input, (inner) => writeValue(inner, GraphWriter.input, widths.inputs));
      graph.message(graphField.output, (inner) => writeValue(inner, GraphWriter.output, widths.outputs));
    });
    model.message(modelField.opsetImport, (inner) => inner.integer(opsetField.version, opset));
    for (const [key, value] of Object.entries(metadata)) {
      if (value === undefined) continue;
      model.message(modelField.metadata, (inner) => {
        inner.text(metadataField.key, metadataPrefix + key);
        inner.text(metadataField.value, JSON.stringify(value));
      });
    }
    return model.finish();
  }
}

function writeNode(writer: MessageWriter, { operation, name, inputs, output, attributes }: PlannedNode): void {
  for (const input of inputs) writer.text(nodeField.input, input);
  writer.text(nodeField.output, output);
  writer.text(nodeField.name, name);
  writer.text(nodeField.operation, operation);
  for (const [key, value] of Object.entries(attributes)) {
    writer.message(nodeField.attribute, (attribute) => {
      attribute.text(attributeField.name, key);
      if (typeof value === 'number') attribute.float(attributeField.float, value);
      else attribute.integer(attributeField.integer, value.integer);
      attribute.integer(attributeField.type, typeof value === 'number' ? attributeType.float : attributeType.integer);
    });
  }
}

function writeTensor(writer: MessageWriter, { name, dims, type, content }: PlannedTensor): void {
  for (const dim of dims) writer.integer(tensorField.dims, dim);
  writer.integer(tensorField.type, type);
  writer.text(tensorField.name, name);
  writer.bytes(tensorField.raw, content);
}

/** A value of float32 [N, columns]. */
function writeValue(writer: MessageWriter, name: string, columns: number): void {
  writer.text(valueField.name, name);
  writer.message(valueField.type, (type) => type.message(typeField.tensor, (tensor) => {
    tensor.integer(tensorTypeField.element, dataType.float);
    tensor.message(tensorTypeField.shape, (shape) => {
      shape.message(shapeField.dimension, (dimension) => dimension.text(dimensionField.parameter, 'N'));
      shape.message(shapeField.dimension, (dimension) => dimension.integer(dimensionField.value, columns));
    });
  }));
}

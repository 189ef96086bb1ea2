/** ONNX files made by hand for tests, in whatever way a writer may choose. */
import { MessageWriter } from '../../src/formats/onnx/protobuf.ts';

export type Attribute = number | string | { readonly integer: number } | { readonly floats: readonly number[] } | { readonly integers: readonly number[] } | { readonly tensor: HandTensor };

export interface HandTensor {
  readonly dims: readonly number[];
  /** Float32 values; or what `write` puts in their place. */
  readonly values?: readonly number[];
  readonly type?: number;
  readonly write?: (tensor: MessageWriter) => void;
}

export interface HandNode {
  readonly op: string;
  readonly in: readonly string[];
  readonly out: string | readonly string[];
  readonly name?: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface HandFile {
  readonly nodes: readonly HandNode[];
  readonly tensors?: Readonly<Record<string, HandTensor>>;
  /** Dimensions of the input `x`; a text for a free one. */
  readonly input?: readonly (number | string)[] | undefined;
  readonly otherInputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly opset?: number;
  readonly more?: (graph: MessageWriter) => void;
  readonly metadata?: Readonly<Record<string, string>>;
}

export const floats = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

function writeTensor(writer: MessageWriter, name: string, { dims, values, type = 1, write }: HandTensor): void {
  for (const dim of dims) writer.integer(1, dim);
  writer.integer(2, type);
  writer.text(8, name);
  if (values !== undefined) writer.bytes(9, floats(values));
  write?.(writer);
}

const outputsOf = ({ out }: HandNode): readonly string[] => (typeof out === 'string' ? [out] : out);

function writeNode(writer: MessageWriter, node: HandNode): void {
  for (const name of node.in) writer.text(1, name);
  for (const name of outputsOf(node)) writer.text(2, name);
  writer.text(3, node.name ?? '');
  writer.text(4, node.op);
  for (const [name, value] of Object.entries(node.attributes ?? {})) {
    writer.message(5, (attribute) => {
      attribute.text(1, name);
      if (typeof value === 'number') attribute.float(2, value);
      else if (typeof value === 'string') attribute.text(4, value);
      else if ('integer' in value) attribute.integer(3, value.integer);
      else if ('floats' in value) attribute.bytes(7, floats(value.floats));
      else if ('integers' in value) for (const integer of value.integers) attribute.integer(8, integer);
      else attribute.message(5, (tensor) => writeTensor(tensor, '', value.tensor));
      attribute.integer(20, typeof value === 'number' ? 1 : typeof value === 'string' ? 3 : 'integer' in value ? 2 : 'floats' in value ? 6 : 'integers' in value ? 7 : 4);
    });
  }
  if (node.domain !== undefined) writer.text(7, node.domain);
}

function writeValue(writer: MessageWriter, name: string, dims: HandFile['input']): void {
  writer.text(1, name);
  if (dims === undefined) return;
  writer.message(2, (type) => type.message(1, (tensor) => {
    tensor.integer(1, 1);
    tensor.message(2, (shape) => {
      for (const dim of dims) shape.message(1, (dimension) => (typeof dim === 'number' ? dimension.integer(1, dim) : dimension.text(2, dim)));
    });
  }));
}

/** A file with the input `x`; its output is that of the last node, where nothing else is said. */
export function onnxFile(file: HandFile): Uint8Array<ArrayBuffer> {
  const outputs = file.outputs ?? outputsOf(file.nodes.at(-1)!).slice(0, 1);
  const { nodes, tensors = {}, otherInputs = [], opset = 17, more, metadata = {} } = file;
  const model = new MessageWriter();
  model.integer(1, 8);
  model.message(7, (graph) => {
    for (const node of nodes) graph.message(1, (inner) => writeNode(inner, node));
    for (const [name, tensor] of Object.entries(tensors)) graph.message(5, (inner) => writeTensor(inner, name, tensor));
    graph.message(11, (inner) => writeValue(inner, 'x', 'input' in file ? file.input : ['N', 3]));
    for (const name of otherInputs) graph.message(11, (inner) => writeValue(inner, name, undefined));
    for (const name of outputs) graph.message(12, (inner) => writeValue(inner, name, undefined));
    more?.(graph);
  });
  model.message(8, (inner) => {
    inner.text(1, '');
    inner.integer(2, opset);
  });
  for (const [key, value] of Object.entries(metadata)) {
    model.message(14, (inner) => {
      inner.text(1, key);
      inner.text(2, value);
    });
  }
  return model.finish();
}

/**
 * Models out of ONNX files: the graph, walked from its output to its input, as a chain of layers. Read is what a network of dense layers is
 * made of, as PyTorch, Keras and others write it, and as nabla does; the first node that is something else is named. The graph alone decides; what the
 * metadata say beside it is the name and what the user keeps with the model.
 */

import { FormatError } from '../../errors.ts';
import type { ModelFile } from '../reading.ts';
import { layersOf, type Link } from './chain.ts';
import { entryBefore } from './entry.ts';
import { readFile, type Room } from './file.ts';
import { functionBefore } from './functions.ts';
import { graphOf, type Value } from './graph.ts';
import { operations, unsupported, type Back } from './operations.ts';
import { refused } from './protobuf.ts';
import { metadataPrefix } from './schema.ts';

/** Fields that a model begins with, as the bytes that name them. */
const firstBytes = [0x08, 0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72];

/** Whether bytes look like ONNX; it has no mark, but safetensors, which may begin alike, does: four bytes of 0 and a brace. */
export function isOnnx(bytes: Uint8Array): boolean {
  return firstBytes.includes(bytes[0]!) && !(bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0));
}

export function readOnnx(where: string, bytes: Uint8Array): ModelFile {
  try {
    const file = readFile(bytes);
    const { opset, input, output, sizes } = graphOf(file);
    if (output.constant !== undefined) throw refused('graph output', 'a value that comes from the input', 'a constant');
    const { inputs, layers, tensors } = layersOf(linksBetween(input, output, opset, file.room, 0), sizes, file.room);
    const metadata: [string, unknown][] = ['name', 'userMetadata', 'features'].flatMap((key): [string, unknown][] => {
      const text = file.metadata.get(metadataPrefix + key);
      return text === undefined ? [] : [[key, parsed(metadataPrefix + key, text)]];
    });
    return { description: { ...Object.fromEntries(metadata), inputs, layers }, tensors, isCheckpoint: false };
  } catch (cause) {
    throw cause instanceof FormatError ? new FormatError(`${where}: onnx, ${cause.message}`, { cause }) : cause;
  }
}

function parsed(key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refused(`metadata ${key}`, 'JSON', (cause as Error).message);
  }
}

/** Blocks in blocks at most. */
const mostDepth = 32;

/** What lies between two values, in the order of computing. */
function linksBetween(from: Value, to: Value, opset: number, room: Room, depth: number): Link[] {
  if (depth > mostDepth) throw refused(to.node!.label, `blocks at most ${mostDepth} deep`, 'deeper ones');
  const found: (readonly Link[])[] = [];
  for (let value = to; value !== from;) {
    // The input is before all nodes; a value before `from` does not come from it.
    if (value.node === undefined || value.order < from.order) throw refused(to.node!.label, 'one value that all others come from', 'more than one');
    const back = before(value, opset, room, depth);
    for (const link of back.links) room.take(link.label, numbersOf(link));
    found.push(back.links);
    value = back.from;
  }
  return found.reverse().flat();
}

/** Numbers of a link that may be copies. */
function numbersOf(link: Link): number {
  if (link.kind === 'dense') return link.kernel.length + link.units;
  if (link.kind === 'affine') return link.scale.length + link.shift.length;
  return link.kind === 'entry' ? (link.inputs ?? 0) + (link.outputs ?? 0) : 0;
}

/** What a value is made of: one operation, a layer for the input, a function, or a block. */
function before(value: Value, opset: number, room: Room, depth: number): Back {
  const { inputs } = value;
  const node = value.node!;
  const { label } = node;
  const step = { node, inputs, opset };
  const back = operations[node.operation]?.(step) ?? (node.operation === 'Where' ? entryBefore(value, step) : undefined);
  if (back !== undefined) return back;
  const written = functionBefore(value, opset);
  if (written !== undefined) {
    const { from, found } = written;
    const link: Link = 'activation' in found ? { kind: 'activation', label, activation: found.activation } : { kind: 'normalization', label, type: 'layerNormalization', epsilon: found.epsilon, rows: {} };
    return { from, links: found.factor === 1 ? [link] : [link, { kind: 'affine', label, scale: Float64Array.of(found.factor), shift: Float64Array.of(0) }] };
  }
  const [a, b] = inputs;
  if (node.operation !== 'Add' || a === undefined || b === undefined) throw unsupported(node);
  if (a === b) return { from: a, links: [{ kind: 'affine', label, scale: Float64Array.of(2), shift: Float64Array.of(0) }] };
  const [from, to] = a.order < b.order ? [a, b] : [b, a];
  return { from, links: [{ kind: 'residual', label, links: linksBetween(from, to, opset, room, depth + 1) }] };
}

/**
 * The forward pass of a shape in onnxruntime-web, one thread, from a model written here: `Gemm`, `Relu` and `Softmax` by the
 * ONNX format, which is protobuf.
 */

import { root } from '../place.ts';
import { batches, makeData, type Shape } from '../shapes.ts';
import { importPeer } from './install.ts';

interface Output {
  readonly data: Float32Array;
}

interface Session {
  run(feeds: Record<string, unknown>): Promise<Record<string, Output>>;
}

interface OnnxRuntime {
  readonly env: { readonly wasm: { numThreads: number; wasmPaths: string } };
  readonly InferenceSession: { create(model: Uint8Array, options: { executionProviders: string[] }): Promise<Session> };
  readonly Tensor: new (type: string, data: Float32Array, dims: readonly number[]) => unknown;
}

/** Predicts the batches of a shape in turn. */
export async function makeOnnxStep(shape: Shape, weights: readonly Float32Array[]): Promise<() => Promise<Float32Array>> {
  const runtime = (await importPeer('onnxruntime-web', 'dist/ort.wasm.min.mjs')) as OnnxRuntime;
  runtime.env.wasm.numThreads = 1;
  runtime.env.wasm.wasmPaths = `${root}build/peers/node_modules/onnxruntime-web/dist/`;
  const session = await runtime.InferenceSession.create(modelBytes(shape, weights), { executionProviders: ['wasm'] });
  const inputs = makeData(shape).x.map((x) => new runtime.Tensor('float32', x, [shape.rows, shape.widths[0]!]));
  let batch = 0;
  return async () => (await session.run({ x: inputs[batch++ % batches] }))['y']!.data;
}

/** Field numbers are those of onnx.proto. */
function modelBytes({ widths, rows }: Shape, weights: readonly Float32Array[]): Uint8Array {
  const nodes: number[][] = [];
  const initializers: Uint8Array[] = [];
  const node = (operation: string, inputs: readonly string[], output: string): void => {
    nodes.push([...inputs.flatMap((name) => text(1, name)), ...text(2, output), ...text(4, operation)]);
  };
  const tensor = (name: string, dims: readonly number[], values: Float32Array): void => {
    const head = [...dims.flatMap((dim) => integer(1, dim)), ...integer(2, 1), ...text(8, name), ...tag(9, 2), ...varint(values.byteLength)];
    initializers.push(joined([head, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)]));
  };
  const last = widths.length - 2;
  widths.slice(1).forEach((units, i) => {
    tensor(`w${i}`, [widths[i]!, units], weights[2 * i]!);
    tensor(`b${i}`, [units], weights[2 * i + 1]!);
    node('Gemm', [i === 0 ? 'x' : `a${i - 1}`, `w${i}`, `b${i}`], `z${i}`);
    node(i === last ? 'Softmax' : 'Relu', [`z${i}`], i === last ? 'y' : `a${i}`);
  });
  const value = (name: string, columns: number): number[] => {
    const dims = [rows, columns].flatMap((dim) => bytes(1, integer(1, dim)));
    return [...text(1, name), ...bytes(2, bytes(1, [...integer(1, 1), ...bytes(2, dims)]))];
  };
  const graph = joined([
    ...nodes.map((content) => bytes(1, content)),
    text(2, 'graph'),
    ...initializers.flatMap((content) => [[...tag(5, 2), ...varint(content.length)], content]),
    bytes(11, value('x', widths[0]!)),
    bytes(12, value('y', widths.at(-1)!)),
  ]);
  return joined([integer(1, 8), [...tag(7, 2), ...varint(graph.length)], graph, bytes(8, integer(2, 13))]);
}

const tag = (field: number, wire: number): number[] => varint(field * 8 + wire);
const integer = (field: number, value: number): number[] => [...tag(field, 0), ...varint(value)];
const bytes = (field: number, content: readonly number[]): number[] => [...tag(field, 2), ...varint(content.length), ...content];
const text = (field: number, value: string): number[] => bytes(field, [...new TextEncoder().encode(value)]);

/** Seven bits a byte, low ones first; the high bit says that more follow. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

function joined(parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

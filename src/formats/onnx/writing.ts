/**
 * Models as ONNX: each layer as one node or a few, of opset 17; what that lacks is decomposed. The batch size is free, `N`: `input` is
 * float32 [N, inputs], `output` float32 [N, outputs]. Layers that only act in training (dropout, noise) leave no node.
 */

import { OptionError } from '../../errors.ts';
import { refuseDefined, type LayerDescription, type ModelSnapshot } from '../../model/description.ts';
import type { ActivationSpec } from '../../model/layers/activation.ts';
import { GraphWriter } from './graphWriter.ts';
import { writeOneHot, type OneHotCodes } from './oneHot.ts';

/** A model as an ONNX file. The same model gives the same bytes. */
export function writeOnnx({ model, tensors }: ModelSnapshot): Uint8Array<ArrayBuffer> {
  const graph = new GraphWriter();
  const chain: Chain = { graph, tensors };
  const { value, width } = writeLayers(chain, model.layers, '', { value: GraphWriter.input, width: model.inputs });
  const { features } = model as { features?: unknown };
  return graph.finish(model.name, { inputs: model.inputs, outputs: width }, value, { name: model.name, userMetadata: model.userMetadata, features });
}

interface Chain {
  readonly graph: GraphWriter;
  readonly tensors: ModelSnapshot['tensors'];
}

/** A value of the graph, and how many columns it has. */
interface Place {
  readonly value: string;
  readonly width: number;
}

function writeLayers(chain: Chain, layers: readonly LayerDescription[], prefix: string, from: Place): Place {
  return layers.reduce((place, layer) => {
    const write = writers[layer.type];
    if (write === undefined) throw new OptionError(`onnx: layer '${prefix}${layer.name}' (${layer.type}) has no form in ONNX`);
    return write(new LayerWriter(chain, layer, prefix + layer.name), place);
  }, from);
}

/** What the writer of a layer works with. */
class LayerWriter {
  readonly chain: Chain;
  readonly layer: LayerDescription;
  readonly name: string;
  readonly config: LayerDescription['config'];

  constructor(chain: Chain, layer: LayerDescription, name: string) {
    this.chain = chain;
    this.layer = layer;
    this.name = name;
    this.config = layer.config;
  }

  readonly node = (operation: string, inputs: readonly string[], attributes = {}): string => this.chain.graph.node(this.name, operation, inputs, attributes);

  has(parameter: string): boolean {
    return this.chain.tensors.has(`${this.name}/${parameter}`);
  }

  values(parameter: string): Float32Array {
    return this.chain.tensors.get(`${this.name}/${parameter}`)!.data;
  }

  /** The initializer of a parameter. */
  parameter(name: string): string {
    const { shape, data } = this.chain.tensors.get(`${this.name}/${name}`)!;
    return this.chain.graph.tensor(`${this.name}/${name}`, shape, data);
  }

  /** A row of values that are no parameter. */
  row(name: string, data: Float32Array): string {
    return this.chain.graph.tensor(`${this.name}/${name}`, [data.length], data);
  }

  gamma(width: number): string {
    return this.has('gamma') ? this.parameter('gamma') : this.row('gamma', new Float32Array(width).fill(1));
  }

  beta(width: number): string {
    return this.has('beta') ? this.parameter('beta') : this.row('beta', new Float32Array(width));
  }

  get epsilon(): number {
    return this.config['epsilon'] as number;
  }
}

const passes = (_: LayerWriter, place: Place): Place => place;

/** Of each type of layer, what writes it. */
const writers: Readonly<Record<string, (writer: LayerWriter, place: Place) => Place>> = {
  activation: (writer, { value, width }) => ({ value: writeActivation(writer, writer.config['activation'] as ActivationSpec, value), width }),
  batchNormalization(writer, { value, width }) {
    const inputs = [value, writer.gamma(width), writer.beta(width), writer.parameter('movingMean'), writer.parameter('movingVariance')];
    return { value: writer.node('BatchNormalization', inputs, { epsilon: writer.epsilon }), width };
  },
  dense(writer, { value }) {
    const product = writer.node('Gemm', [value, writer.parameter('kernel'), ...(writer.has('bias') ? [writer.parameter('bias')] : [])]);
    return { value: writeActivation(writer, (writer.config['activation'] ?? 'linear') as ActivationSpec, product), width: writer.config['units'] as number };
  },
  dropout: passes,
  gaussianNoise: passes,
  impute(writer, { value, width }) {
    return { value: writer.node('Where', [writer.node('IsNaN', [value]), writer.parameter('fill'), value]), width };
  },
  layerNormalization(writer, { value, width }) {
    return { value: writer.node('LayerNormalization', [value, writer.gamma(width), writer.beta(width)], { axis: { integer: -1 }, epsilon: writer.epsilon }), width };
  },
  normalization(writer, { value, width }) {
    const centred = writer.node('Sub', [value, writer.parameter('mean')]);
    return { value: writer.node('Div', [centred, writer.row('deviation', writer.values('variance').map(Math.sqrt))]), width };
  },
  oneHot(writer, { value }) {
    return writeOneHot(writer.chain.graph, writer.name, value, { unknown: true, ...writer.config } as unknown as OneHotCodes);
  },
  residual(writer, place) {
    const inner = writeLayers(writer.chain, writer.layer.layers!, `${writer.name}/`, place);
    return { ...place, value: writer.node('Add', [place.value, inner.value]) };
  },
};

type Nodes = (operation: string, inputs: readonly string[], attributes?: Readonly<Record<string, number | { integer: number }>>) => string;

/** Activations of which opset 17 has no operation, from those it has. */
const decomposed: Readonly<Record<string, (node: Nodes, constant: (value: number) => string, x: string) => string>> = {
  /** x/2 · (1 + erf(x / √2)). */
  gelu(node, constant, x) {
    const tail = node('Add', [node('Erf', [node('Div', [x, constant(Math.SQRT2)])]), constant(1)]);
    return node('Mul', [node('Mul', [x, tail]), constant(0.5)]);
  },
  /** x · σ(2u), u = √(2/π) · (x + 0.044715 x³): the form with tanh, without its cancellation. */
  geluTanh(node, constant, x) {
    const slope = 2 * Math.sqrt(2 / Math.PI);
    const cubic = node('Mul', [node('Mul', [x, x]), constant(slope * 0.044715)]);
    return node('Mul', [x, node('Sigmoid', [node('Mul', [x, node('Add', [cubic, constant(slope)])])])]);
  },
  mish: (node, _, x) => node('Mul', [x, node('Tanh', [node('Softplus', [x])])]),
  relu6: (node, constant, x) => node('Clip', [x, constant(0), constant(6)]),
  silu: (node, _, x) => node('Mul', [x, node('Sigmoid', [x])]),
  step: (node, constant, x) => node('Where', [node('Greater', [x, constant(0)]), constant(1), constant(0)]),
};

/** Activations that are one operation, with the defaults of its attributes where these have other names or values. */
const single: Readonly<Record<string, { operation: string; attributes?: Readonly<Record<string, readonly [option: string, initial: number]>> }>> = {
  elu: { operation: 'Elu', attributes: { alpha: ['alpha', 1] } },
  hardSigmoid: { operation: 'HardSigmoid', attributes: { alpha: ['slope', 1 / 6], beta: ['offset', 0.5] } },
  hardSwish: { operation: 'HardSwish' },
  leakyRelu: { operation: 'LeakyRelu', attributes: { alpha: ['alpha', 0.01] } },
  relu: { operation: 'Relu' },
  selu: { operation: 'Selu' },
  sigmoid: { operation: 'Sigmoid' },
  softplus: { operation: 'Softplus' },
  softsign: { operation: 'Softsign' },
  tanh: { operation: 'Tanh' },
};

function writeActivation({ node, name: layer, chain: { graph } }: LayerWriter, spec: ActivationSpec, x: string): string {
  refuseDefined(`onnx: layer '${layer}'`, spec, 'an ONNX file');
  const { name, ...options } = typeof spec === 'string' ? { name: spec } : spec as { name: string } & Record<string, number | undefined>;
  if (name === 'linear') return x;
  if (name === 'softmax') return node('Softmax', [x], { axis: { integer: -1 } });
  if (name === 'logSoftmax') return node('LogSoftmax', [x], { axis: { integer: -1 } });
  const form = decomposed[name === 'swish' ? 'silu' : name];
  if (form !== undefined) return form(node, (value) => graph.constant(value), x);
  const { operation, attributes = {} } = single[name]!;
  const values = Object.entries(attributes).map(([attribute, [option, initial]]) => [attribute, (options as Record<string, number | undefined>)[option] ?? initial] as const);
  return node(operation, [x], Object.fromEntries(values));
}

/** Models as TensorFlow.js has them: layers by their Keras classes in JSON, and all weights in one stream of bytes. */

import { OptionError, show } from '../../errors.ts';
import { refuseDefined, type LayerDescription, type ModelSnapshot } from '../../model/description.ts';
import { resolveActivation, type ActivationSpec } from '../../model/layers/activation.ts';
import { isObject } from '../../model/layersFrom.ts';
import type { TfjsModel } from '../../model/savable.ts';
import type { Config } from './layers.ts';
import { trainingConfigOf } from './writeTraining.ts';

interface KerasLayer {
  readonly class_name: string;
  readonly config: Config;
}

/** Our activations by the names they have there. Others need parameters, or there are none. */
const activationNames: Readonly<Record<string, string>> = {
  linear: 'linear', sigmoid: 'sigmoid', tanh: 'tanh', relu: 'relu', relu6: 'relu6', selu: 'selu', gelu: 'gelu', silu: 'swish', mish: 'mish',
  softplus: 'softplus', softsign: 'softsign', softmax: 'softmax', logSoftmax: 'log_softmax',
};

/** The activation's name there, or the slope of a LeakyReLU, which is a layer. */
function activationOf(where: string, spec: unknown): { name: string } | { alpha: number } {
  refuseDefined(where, spec, 'TensorFlow.js');
  const { name, alpha = 0, beta = 0 } = { alpha: undefined, beta: undefined, ...resolveActivation(where, spec as ActivationSpec) };
  if (name === 'leakyRelu') return { alpha };
  if (name === 'elu' && alpha === 1) return { name };
  if (name === 'hardSigmoid' && alpha === 0.2 && beta === 0.5) return { name: 'hard_sigmoid' };
  const known = activationNames[name];
  if (known !== undefined) return { name: known };
  const but = name === 'elu' ? ' but with alpha 1' : name === 'hardSigmoid' ? ' but with slope 0.2 and offset 0.5' : '';
  throw new OptionError(`${where}: TensorFlow.js has no activation ${name}${but}`);
}

const activationLayer = (name: string, activation: ReturnType<typeof activationOf>): KerasLayer => ('alpha' in activation
  ? { class_name: 'LeakyReLU', config: { name, alpha: activation.alpha } }
  : { class_name: 'Activation', config: { name, activation: activation.name } });

type Tensor = ModelSnapshot['tensors'] extends ReadonlyMap<string, infer Value> ? Value : never;

/** A regularizer, by the config it has in a description. */
function regularizerOf(rule: unknown): KerasLayer | null {
  if (!isObject(rule)) return null;
  const { l1, l2 } = rule['config'] as Config;
  return { class_name: 'L1L2', config: { l1, l2 } };
}

/** A constraint. Not one that the weights do not keep yet: TensorFlow.js makes them keep it as it loads them, and other predictions of that. */
function constraintOf(rule: unknown, tensor: Tensor | undefined): KerasLayer | null {
  if (!isObject(rule) || tensor === undefined) return null;
  const most = (rule['config'] as Config)['value'];
  const norms = normsOf(tensor);
  switch (rule['name']) {
    case 'maxNorm': return norms.every((norm) => norm <= (most as number) * (1 + normTolerance)) ? { class_name: 'MaxNorm', config: { max_value: most, axis: 0 } } : null;
    case 'unitNorm': return norms.every((norm) => norm === 0 || Math.abs(norm - 1) <= normTolerance) ? { class_name: 'UnitNorm', config: { axis: 0 } } : null;
    default: return tensor.data.every((value) => value >= 0) ? { class_name: 'NonNeg', config: {} } : null;
  }
}

/** Norms right after a constraint are as good as float32 makes them. */
const normTolerance = 4e-6;

/** Of the columns of a kernel, or of a bias. */
function normsOf({ shape, data }: Tensor): Float64Array {
  const units = shape.length > 1 ? shape[1]! : 1;
  const squares = new Float64Array(units);
  data.forEach((value, at) => {
    squares[at % units]! += value * value;
  });
  return squares.map(Math.sqrt);
}

/** What else writers of layers need. */
interface Rest {
  /** Makes a name for one more layer. */
  spare(name: string): string;
  /** A parameter of the layer, by its name there. */
  tensor(name: string): Tensor | undefined;
}

/** Of each type of layer, the layers that do the same there. */
const writers: Readonly<Record<string, (where: string, layer: LayerDescription, rest: Rest) => KerasLayer[]>> = {
  activation: (where, { name, config }) => [activationLayer(name, activationOf(where, config['activation']))],
  batchNormalization: (_, { name, config: { momentum, epsilon, center, scale } }) => [{ class_name: 'BatchNormalization', config: { name, axis: -1, momentum, epsilon, center, scale } }],
  dense(where, { name, config }, { spare, tensor }) {
    const activation = activationOf(where, config['activation']);
    const isLayer = 'alpha' in activation;
    const layer = {
      class_name: 'Dense',
      config: {
        name,
        units: config['units'],
        activation: isLayer ? 'linear' : activation.name,
        use_bias: config['useBias'],
        kernel_regularizer: regularizerOf(config['kernelRegularizer']),
        bias_regularizer: regularizerOf(config['biasRegularizer']),
        kernel_constraint: constraintOf(config['kernelConstraint'], tensor('kernel')),
        bias_constraint: constraintOf(config['biasConstraint'], tensor('bias')),
      },
    };
    return isLayer ? [layer, activationLayer(spare(`${name}_leakyRelu`), activation)] : [layer];
  },
  dropout: (_, { name, config: { rate } }) => [{ class_name: 'Dropout', config: { name, rate } }],
  gaussianNoise: (_, { name, config: { stddev } }) => [{ class_name: 'GaussianNoise', config: { name, stddev } }],
  layerNormalization: (_, { name, config: { epsilon, center, scale } }) => [{ class_name: 'LayerNormalization', config: { name, axis: -1, epsilon, center, scale } }],
  // With an epsilon of 0 the same, as long as nobody trains it.
  normalization: (_, { name }) => [{ class_name: 'BatchNormalization', config: { name, axis: -1, epsilon: 0, center: false, scale: false, trainable: false } }],
};

/** Our names of parameters, and those there. */
const parameterNames: Readonly<Record<string, string>> = {
  kernel: 'kernel', bias: 'bias', gamma: 'gamma', beta: 'beta', movingMean: 'moving_mean', movingVariance: 'moving_variance', mean: 'moving_mean', variance: 'moving_variance',
};

/** The model, with its weights in a file of that name. */
export function encodeTfjs(where: string, { model, tensors }: ModelSnapshot, file = 'weights.bin'): TfjsModel {
  const { userMetadata } = model;
  if (userMetadata !== undefined && !isObject(userMetadata)) throw new OptionError(`${where} userMetadata: TensorFlow.js keeps an object or nothing, received ${show(userMetadata)}`);
  const taken = new Set(model.layers.map(({ name }) => name));
  const spare = (name: string): string => {
    while (taken.has(name)) name += '_';
    taken.add(name);
    return name;
  };
  // Names of weights may have no other characters there.
  const names = new Map(model.layers.map(({ name }) => [name, /^[a-z\d][-\w./]*$/i.test(name) ? name : spare(`layer_${name.replace(/[^-\w./]/g, '_')}`)]));
  const layers = model.layers.flatMap((layer) => {
    const at = `${where}: layer '${layer.name}' (${layer.type})`;
    const writer = Object.hasOwn(writers, layer.type) ? writers[layer.type] : undefined;
    if (writer === undefined) throw new OptionError(`${at}: TensorFlow.js has no such layer`);
    return writer(at, { ...layer, name: names.get(layer.name)! }, { spare, tensor: (name) => tensors.get(`${layer.name}/${name}`) });
  });
  const [first, ...others] = layers;
  const trainingConfig = trainingConfigOf(model);
  const stream = [...tensors].map(([name, { shape, data }]) => {
    const cut = name.lastIndexOf('/');
    return { data, weight: { name: `${names.get(name.slice(0, cut))!}/${parameterNames[name.slice(cut + 1)]!}`, shape: [...shape], dtype: 'float32' } };
  });
  const weights = new Uint8Array(stream.reduce((sum, { data }) => sum + data.byteLength, 0));
  let at = 0;
  for (const { data } of stream) {
    weights.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return {
    modelJson: {
      modelTopology: {
        class_name: 'Sequential',
        config: { name: model.name, layers: [{ ...first!, config: { ...first!.config, batch_input_shape: [null, model.inputs], dtype: 'float32' } }, ...others] },
      },
      format: 'layers-model',
      generatedBy: 'nabla',
      convertedBy: null,
      ...(trainingConfig !== undefined && { trainingConfig }),
      ...(userMetadata !== undefined && { userDefinedMetadata: userMetadata }),
      weightsManifest: [{ paths: [file], weights: stream.map(({ weight }) => weight) }],
    },
    weights,
  };
}

/** Models of TensorFlow.js: those that it wrote, what is written for it, and everything that hostile files can be. `test/interop` has it judge itself. */
import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  activation, adadelta, adagrad, adam, adamax, adamw, batchNormalization, dense, dropout, FormatError, fromBytes, fromTfjs, gaussianNoise, l1, l2, layerNormalization, loadModel, maxNorm, momentum, NablaError, nonNegative, normalization, OptionError, residual, rmsprop,
  sequential, sgd, ShapeError, unitNorm, type ActivationSpec, type Layer, type Sequential,
} from '../../src/index.ts';
import { backends } from '../backends.ts';
import { expectClose } from '../close.ts';
import keras3 from '../fixtures/tfjsKeras3.json' with { type: 'json' };
import fixture from '../fixtures/tfjs.json' with { type: 'json' };
import { numbers } from '../twins.ts';

interface Json { [key: string]: Json }
const clone = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
const layersIn = (modelJson: unknown): Json[] => clone(modelJson)['modelTopology']!['config']!['layers'] as unknown as Json[];
const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const bytesOf = (values: readonly number[]): Uint8Array<ArrayBuffer> => new Uint8Array(Float32Array.from(values).buffer);

afterEach(() => void vi.restoreAllMocks());

describe.each(fixture.models)('the model that TensorFlow.js wrote: $name', ({ name, modelJson, weights, x, y }) => {
  const files = { modelJson, weights: fromBase64(weights) };

  it.each(backends)('predicts the same, %s', (backend) => {
    const model = fromTfjs(files, { backend });
    expect(model.backend).toBe(backend);
    expect(model.name).toBe(name);
    expectClose(model.predict(x), y, 1e-5);
    expectClose(fromTfjs(model.toTfjs()).predict(x), y, 1e-5);
  });

  it('comes as text and in shards too', async () => {
    const { buffer } = files.weights;
    const shards = [new Uint8Array(buffer, 0, 7), new Uint8Array(), buffer.slice(7, 21), new Uint8Array(buffer, 21)];
    const expected = fromTfjs(files).getWeights();
    for (const other of [{ modelJson: JSON.stringify(modelJson), weights: buffer }, { modelJson: `\uFEFF ${JSON.stringify(modelJson)}`, weights: shards }]) {
      expect(fromTfjs(other).getWeights()).toEqual(expected);
      expect((await loadModel(other)).getWeights()).toEqual(expected);
    }
  });
});

it('of a trained model all that there is here is kept, and the optimizer is left aside', () => {
  const { modelJson, weights } = fixture.models.find(({ name }) => name === 'trained')!;
  const model = fromTfjs({ modelJson, weights: fromBase64(weights) });
  expect(model.userMetadata).toEqual({ classes: ['one', 'two'] });
  expect(model.compiled).toBeUndefined();
  const { layers } = model.snapshot().model;
  expect(layers.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'first dense', 'batch batchNormalization', 'relu6 activation', 'drop dropout', 'second dense', 'rows layerNormalization', 'leaky activation', 'elu activation', 'third dense', 'softmax activation',
  ]);
  expect(layers[0]!.config).toEqual({
    activation: 'linear', inputShape: [3], kernelConstraint: { name: 'maxNorm', config: { value: 5 } }, kernelRegularizer: { name: 'l1l2', config: { l1: 0.1, l2: 0.2 } }, units: 4, useBias: true,
  });
  expect(layers[1]!.config).toEqual({ center: true, epsilon: 0.01, momentum: 0.9, scale: true });
  expect(layers.slice(5, 8).map(({ config }) => config)).toEqual([{ center: true, epsilon: 0.02, scale: true }, { activation: { name: 'leakyRelu', alpha: 0.3 } }, { activation: { name: 'elu', alpha: 1 } }]);
});

describe('what a model was compiled with', () => {
  const files = (trainingConfig: unknown, { units = 3, activation: last = 'softmax', inTopology = false } = {}): { modelJson: object; weights: Uint8Array } => {
    const layers = [{ class_name: 'Dense', config: { name: 'last', units, activation: last, batch_input_shape: [null, 2] } }];
    return {
      modelJson: {
        modelTopology: { class_name: 'Sequential', config: { name: 'hand', layers }, ...(inTopology && { training_config: trainingConfig }) }, format: 'layers-model',
        ...(!inTopology && { trainingConfig }), weightsManifest: [{ paths: ['w.bin'], weights: [{ name: 'last/kernel', shape: [2, units], dtype: 'float32' }, { name: 'last/bias', shape: [units], dtype: 'float32' }] }],
      },
      weights: bytesOf(Array.from({ length: 3 * units }, (_, i) => i / 7)),
    };
  };
  const warnings = (): unknown[] => vi.spyOn(console, 'warn').mockImplementation(() => undefined).mock.calls;
  const read = (trainingConfig: unknown, options: Parameters<typeof files>[1] = {}): unknown => {
    const { optimizer, loss, metrics } = fromTfjs(files(trainingConfig, options)).snapshot().model;
    return optimizer && [optimizer.name, optimizer.config, loss, metrics];
  };
  const number = { units: 1, activation: 'linear' };
  const optimizer = (className: string, config: object): object => ({ optimizer_config: { class_name: className, config }, loss: 'mse', metrics: [] });

  it.each<[string, unknown, Parameters<typeof files>[1], unknown[]]>([
    ['Keras', { optimizer_config: { class_name: 'Adam', config: { name: 'Adam', learning_rate: 0.002, decay: 0, beta_1: 0.8, beta_2: 0.99, epsilon: 1e-6, amsgrad: true } }, loss: 'mse', metrics: ['acc', 'mae'] }, number,
      ['adam', { learningRate: 0.002, beta1: 0.8, beta2: 0.99, epsilon: 1e-6, amsgrad: true }, { name: 'meanSquaredError' }, ['accuracy', 'meanAbsoluteError']]],
    ['TensorFlow.js', { optimizer_config: { class_name: 'RMSProp', config: { learningRate: 0.01, decay: 0.8, momentum: 0.5, epsilon: 1e-5, centered: true } }, loss: 'sparse_categorical_crossentropy', metrics: ['sparse_categorical_accuracy'] }, {},
      ['rmsprop', { learningRate: 0.01, rho: 0.8, momentum: 0.5, epsilon: 1e-5, centered: true }, { name: 'sparseCategoricalCrossentropy' }, ['accuracy']]],
    ['camel case', { optimizerConfig: { className: 'Momentum', config: { learningRate: 0.1, momentum: 0.7, useNesterov: true } }, loss: ['categoricalCrossentropy'], metrics: [['categoricalAccuracy']] }, {},
      ['sgd', { learningRate: 0.1, momentum: 0.7, nesterov: true }, { name: 'categoricalCrossentropy' }, ['accuracy']]],
    ['Keras 3, in the topology', {
      loss: { class_name: 'SparseCategoricalCrossentropy', config: { from_logits: true, reduction: 'sum_over_batch_size', name: 'x' } }, metrics: [{ class_name: 'MeanMetricWrapper', config: { name: 'acc', fn: 'sparse_categorical_accuracy' } }],
      optimizer_config: { class_name: 'Adam', config: { learning_rate: 0.01, weight_decay: 0.1, clipnorm: 2, global_clipnorm: null, use_ema: true, ema_momentum: 0.9, jit_compile: true, gradient_accumulation_steps: 3 } }, loss_weights: null,
    }, { activation: 'linear', inTopology: true }, ['adamw', { learningRate: 0.01, weightDecay: 0.1, clipNorm: 2, emaMomentum: 0.9, accumulationSteps: 3 }, { name: 'sparseCategoricalCrossentropy', fromLogits: true }, ['accuracy']]],
    ['one who says it by output', { optimizer: 'sgd', loss: { last: 'mse' }, metrics: { last: ['mae', 'acc'] } }, number, ['sgd', {}, { name: 'meanSquaredError' }, ['meanAbsoluteError', 'accuracy']]],
    ['one who names a metric several times', { optimizer: 'sgd', loss: 'binary_crossentropy', metrics: ['acc', 'accuracy', 'binary_accuracy'] }, { units: 1, activation: 'sigmoid' },
      ['sgd', {}, { name: 'binaryCrossentropy' }, ['accuracy']]],
    ['a name alone', { optimizer: 'sgd', loss: { class_name: 'Huber', config: { delta: 2 } }, metrics: null }, number, ['sgd', { learningRate: 0.01, momentum: 0 }, { name: 'huber', delta: 2 }, []]],
    ['Adagrad', optimizer('Adagrad', { learning_rate: 0.3, initial_accumulator_value: 0.2 }), number, ['adagrad', { learningRate: 0.3, initialAccumulatorValue: 0.2 }, { name: 'meanSquaredError' }, []]],
    ['Adadelta', optimizer('Adadelta', { learning_rate: 0.3, rho: 0.7 }), number, ['adadelta', { learningRate: 0.3, rho: 0.7 }, { name: 'meanSquaredError' }, []]],
    ['Adamax', optimizer('Adamax', { learningRate: 0.3, beta1: 0.7, decay: 0 }), number, ['adamax', { learningRate: 0.3, beta1: 0.7 }, { name: 'meanSquaredError' }, []]],
    ['Nadam', optimizer('Nadam', { learning_rate: 0.3, beta_2: 0.7 }), number, ['nadam', { learningRate: 0.3, beta2: 0.7 }, { name: 'meanSquaredError' }, []]],
    ['Lion', optimizer('Lion', { learning_rate: 0.3, weight_decay: 0.2 }), number, ['lion', { learningRate: 0.3, weightDecay: 0.2 }, { name: 'meanSquaredError' }, []]],
    ['AdamW', optimizer('AdamW', { weight_decay: 0.2 }), number, ['adamw', { learningRate: 0.001, weightDecay: 0.2 }, { name: 'meanSquaredError' }, []]],
  ])('is read as %s has it, without a warning', (_, trainingConfig, options, expected) => {
    const said = warnings();
    const [name, config, loss, metrics] = read(trainingConfig, options) as unknown[];
    expect([name, loss, metrics]).toEqual([expected[0], expected[2], expected[3]]);
    expect(config).toMatchObject(expected[1] as object);
    expect(said).toEqual([]);
  });

  const sound = { optimizer_config: { class_name: 'SGD', config: { learning_rate: 0.5 } }, loss: 'mae', metrics: [] };
  it.each<[string, unknown, Parameters<typeof files>[1], boolean, string]>([
    ['a metric', { ...sound, metrics: ['auc', 'mse'] }, number, true, "left out of its training: metric 'auc'"],
    ['a metric of other targets than the loss', { ...sound, loss: 'sparse_categorical_crossentropy', metrics: ['mse', 'acc'] }, {}, true, "left out of its training: metric 'meanSquaredError'"],
    ['an accuracy of other targets', { ...sound, metrics: ['sparse_categorical_accuracy'] }, number, true, "left out of its training: metric 'sparse_categorical_accuracy'"],
    ['options of an optimizer, and weights of losses', { ...sound, optimizer_config: { class_name: 'SGD', config: { decay: 0.01, weight_decay: 0.2 } }, loss_weights: [2] }, number, true, "left out of its training: lossWeights, decay of optimizer 'SGD', weightDecay of optimizer 'SGD'"],
    ['an optimizer', { ...sound, optimizer_config: { class_name: 'Ftrl', config: {} } }, number, false, "left out of its training: optimizer 'Ftrl'; the model is not compiled: optimizer and loss must both be known here"],
    ['a loss', { ...sound, loss: 'cosine_proximity' }, number, false, "left out of its training: loss 'cosine_proximity'; the model is not compiled: optimizer and loss must both be known here"],
    ['a schedule', { ...sound, optimizer_config: { class_name: 'SGD', config: { learning_rate: { class_name: 'ExponentialDecay', config: {} } } } }, number, false, 'left out of its training: a schedule of the learning rate; the model is not compiled: optimizer and loss must both be known here'],
    ['a rate out of range', { ...sound, optimizer_config: { class_name: 'SGD', config: { learning_rate: 0 } } }, number, false, 'the model is not compiled: sgd learningRate: expected a finite float32 number greater than 0, received 0'],
    ['a loss that does not go with the output', { ...sound, loss: 'sparse_categorical_crossentropy' }, number, false, "the model is not compiled: compile loss: 'sparseCategoricalCrossentropy' needs an output of at least 2 units, this model has 1; for one unit use 'binaryCrossentropy'"],
    ['no object', 'adam', number, false, "left out of its training: 'adam'; the model is not compiled: optimizer and loss must both be known here"],
    ['nothing', {}, number, false, 'left out of its training: optimizer undefined, loss undefined; the model is not compiled: optimizer and loss must both be known here'],
  ])('is left out with one warning where there is not here: %s', (_, trainingConfig, options, isCompiled, sentence) => {
    const said = warnings();
    expect(read(trainingConfig, options) !== undefined).toBe(isCompiled);
    expect(said).toEqual([[`fromTfjs: ${sentence}`]]);
  });

  it('trains on from there, and goes both ways', async () => {
    const model = sequential({ layers: [dense({ units: 3, activation: 'softmax', inputShape: [2] })], seed: 4 });
    const [x, y] = [numbers(40, 2), Array.from({ length: 20 }, (_, i) => i % 3)];
    for (const made of [sgd({ learningRate: 0.3 }), momentum({ learningRate: 0.2, nesterov: true }), adam({ beta1: 0.8 }), adagrad(), adadelta({ rho: 0.7 }), adamax(), rmsprop({ rho: 0.8, centered: true })]) {
      model.compile({ optimizer: made, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
      const other = fromTfjs(model.toTfjs());
      const [ours, theirs] = [model, other].map((one) => one.snapshot().model);
      expect({ ...theirs!.optimizer, name: '' }).toEqual({ ...ours!.optimizer, name: '' });
      expect([theirs!.loss, theirs!.metrics]).toEqual([ours!.loss, ours!.metrics]);
      await other.fit(x, y, { epochs: 2 });
    }
    for (const made of [adam({ amsgrad: true }), adam({ clipNorm: 1 }), adamw(), sgd({ weightDecay: 0.1 })]) {
      model.compile({ optimizer: made, loss: 'sparseCategoricalCrossentropy' });
      expect(model.toTfjs().modelJson).not.toHaveProperty('trainingConfig');
    }
    model.compile({ optimizer: 'sgd', loss: { name: 'sparseCategoricalCrossentropy', fromLogits: false } });
    expect(model.toTfjs().modelJson['trainingConfig']).toEqual({ loss: 'sparse_categorical_crossentropy', metrics: [], optimizer_config: { class_name: 'SGD', config: { learningRate: 0.01 } } });
    model.compile({ optimizer: 'sgd', loss: 'huber' });
    expect(model.toTfjs().modelJson).not.toHaveProperty('trainingConfig');
  });
});

it('Keras 3 spells some things differently', () => {
  const { modelJson, weights, x, y } = keras3;
  const model = fromTfjs({ modelJson, weights: bytesOf(weights) });
  expectClose(model.predict(x), y);
  expect(model.snapshot().model.layers[0]!.config['kernelRegularizer']).toEqual({ name: 'l2', config: { l1: 0, l2: 0.5 } });
  // As Keras 2 has it: hard_sigmoid is another function there.
  const older = clone(modelJson);
  older['modelTopology']!['keras_version'] = '2.15.0' as never;
  expect(fromTfjs({ modelJson: older, weights: bytesOf(weights) }).predict([[0, 0]])[0]).toBeCloseTo((y[2]! - 0.5) * 1.2 + 0.5, 6);
});

/** A file of layers, the first of which takes rows of two. */
function file(layers: [string, Record<string, unknown>][], weights: Record<string, number[] | { shape: number[]; values: number[] }> = {}): { modelJson: Json; weights: Uint8Array<ArrayBuffer> } {
  const tensors = Object.entries(weights).map(([name, given]) => ({ name, ...(Array.isArray(given) ? { shape: [given.length], values: given } : given) }));
  return {
    modelJson: clone({
      modelTopology: { class_name: 'Sequential', config: { name: 's', layers: layers.map(([type, config], i) => ({ class_name: type, config: { name: `l${i}`, ...(i === 0 && { batch_input_shape: [null, 2] }), ...config } })) } },
      format: 'layers-model',
      weightsManifest: [{ paths: ['weights.bin'], weights: tensors.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) }],
    }),
    weights: bytesOf(tensors.flatMap(({ values }) => values)),
  };
}

describe('what a file says counts:', () => {
  it.each<[string, Record<string, unknown>, ActivationSpec]>([
    ['ReLU', {}, 'relu'], ['ReLU', { max_value: 6 }, 'relu6'], ['ReLU', { max_value: null, negative_slope: 0.5, threshold: 0 }, { name: 'leakyRelu', alpha: 0.5 }],
    ['LeakyReLU', {}, { name: 'leakyRelu', alpha: 0.3 }], ['LeakyReLU', { alpha: 0.5 }, { name: 'leakyRelu', alpha: 0.5 }], ['LeakyReLU', { negative_slope: 0.125 }, { name: 'leakyRelu', alpha: 0.125 }],
    ['ELU', {}, 'elu'], ['ELU', { alpha: 0.5 }, { name: 'elu', alpha: 0.5 }], ['Softmax', { axis: -1 }, 'softmax'], ['Softmax', { axis: [1] }, 'softmax'],
    ['Activation', { activation: 'gelu_new' }, 'geluTanh'], ['Activation', { activation: 'log_softmax' }, 'logSoftmax'], ['Activation', { activation: 'hardSigmoid' }, { name: 'hardSigmoid', slope: 0.2 }],
    ['Activation', { activation: 'leaky_relu' }, { name: 'leakyRelu', alpha: 0.2 }], ['Activation', { activation: 'hard_silu' }, 'hardSwish'], ['Activation', { activation: null }, 'linear'],
    ['Activation', { activation: { class_name: 'LeakyReLU', config: { alpha: 0.75 } } }, { name: 'leakyRelu', alpha: 0.75 }], ['Activation', { activation: { class_name: 'tanh', config: {} } }, 'tanh'],
  ])('%s %j', (type, config, spec) => {
    const expected = sequential({ layers: [activation({ activation: spec, inputShape: [2] })] });
    expect(fromTfjs(file([[type, config]])).predict(numbers(8, 1))).toEqual(expected.predict(numbers(8, 1)));
  });

  it('rules of weights, of both regularizers and constraints', () => {
    const config = {
      units: 1, kernel_regularizer: { class_name: 'L1', config: { l1: 0.5 } }, bias_regularizer: { class_name: 'L1L2', config: {} }, kernel_constraint: { class_name: 'UnitNorm', config: { axis: 0 } }, bias_constraint: { class_name: 'NonNeg', config: {} },
    };
    const described = (more: object): unknown => fromTfjs(file([['Dense', { ...config, ...more }]], { 'l0/kernel': { shape: [2, 1], values: [1, 2] }, 'l0/bias': [3] })).snapshot().model.layers[0]!.config;
    expect(described({})).toMatchObject({
      kernelRegularizer: { name: 'l1', config: { l1: 0.5, l2: 0 } }, biasRegularizer: { name: 'l1l2', config: { l1: 0.01, l2: 0.01 } }, kernelConstraint: { name: 'unitNorm' }, biasConstraint: { name: 'nonNegative' },
    });
    // What there is not here matters in training alone.
    expect(described({ kernel_regularizer: { class_name: 'OrthogonalRegularizer', config: {} }, kernel_constraint: { class_name: 'UnitNorm', config: { axis: 1 } } })).not.toHaveProperty('kernelConstraint');
  });

  it('images, scaled and flattened', () => {
    const { modelJson, weights } = file([['InputLayer', { batch_input_shape: [null, 2, 2, 1] }], ['Rescaling', { scale: 0.5, offset: -1 }], ['Flatten', {}], ['Dense', { units: 1, use_bias: false }]], {
      'l3/kernel': { shape: [4, 1], values: [1, 10, 100, 1000] },
    });
    expect([...fromTfjs({ modelJson, weights }).predict([[2, 4, 6, 8]])]).toEqual([3210]);
  });

  it('the shape of the input, wherever it stands', () => {
    const { modelJson, weights } = file([['Dense', { units: 1, use_bias: false, batch_input_shape: undefined }]], { 'l0/kernel': { shape: [2, 1], values: [1, 2] } });
    expect(() => fromTfjs({ modelJson, weights })).toThrow("fromTfjs: layer 'l0' (Dense): expected batch_input_shape to be given, for example [null, 4], received undefined");
    modelJson['modelTopology']!['config']!['build_input_shape'] = [null, 2] as never;
    expect([...fromTfjs({ modelJson, weights }).predict([[1, 2]])]).toEqual([5]);
  });

  it.each<[string, number[], object, number[]]>([
    ['uint8', [0, 255, 128, 3], { scale: 0.5, min: -1 }, [-1, 126.5, 63, 0.5]],
    ['uint16', [0, 65535, 256, 3], { scale: 0.25, min: 2 }, [2, 16385.75, 66, 2.75]],
    ['float16', [0x3c00, 0xc000, 0x0001, 0x7bff], {}, [1, -2, 2 ** -24, 65504]],
  ])('weights quantized as %s', (dtype, codes, more, expected) => {
    const { modelJson } = file([['Dense', { units: 2, use_bias: false }]], { 'l0/kernel': { shape: [2, 2], values: [0, 0, 0, 0] } });
    modelJson['weightsManifest']![0]!['weights']![0]!['quantization'] = { dtype, ...more } as never;
    const weights = new Uint8Array((dtype === 'uint8' ? Uint8Array : Uint16Array).from(codes).buffer);
    expect([...fromTfjs({ modelJson, weights }).getWeights()[0]!]).toEqual(expected);
  });
});

const kinds = (): Layer[] => [
  normalization({ mean: [1, -1], variance: [4, 0.25] }), dense({ units: 6, activation: { name: 'leakyRelu', alpha: 0.25 }, kernelRegularizer: l1(0.1), biasRegularizer: l2(0.2), biasConstraint: nonNegative(), name: 'ein Name' }),
  batchNormalization({ momentum: 0.5, scale: false }), gaussianNoise({ stddev: 0.5 }), layerNormalization({ epsilon: 0.25, center: false }), dropout({ rate: 0.125 }),
  dense({ units: 3, useBias: false, kernelConstraint: maxNorm(9), activation: { name: 'hardSigmoid', slope: 0.2 } }), activation({ activation: 'swish', derivative: 'constant' }), activation('logSoftmax'),
];

describe('a model for TensorFlow.js', () => {
  it('is plain data and bytes, and comes back', () => {
    const model = sequential({ layers: kinds(), name: 'ours', seed: 3 });
    model.userMetadata = { a: [1, 'ä'] };
    const { modelJson, weights } = model.toTfjs();
    const json = clone(modelJson);
    expect(json).toEqual(modelJson);
    expect(json['weightsManifest']).toMatchObject([{ paths: ['weights.bin'] }]);
    expect(layersIn(json).map(({ class_name: type, config }) => `${config!['name'] as unknown as string} ${type as unknown as string}`)).toEqual([
      'normalization_1 BatchNormalization', 'layer_ein_Name Dense', 'layer_ein_Name_leakyRelu LeakyReLU', 'batchNormalization_1 BatchNormalization', 'gaussianNoise_1 GaussianNoise',
      'layerNormalization_1 LayerNormalization', 'dropout_1 Dropout', 'dense_1 Dense', 'activation_1 Activation', 'activation_2 Activation',
    ]);
    expect(weights.length).toBe(4 * model.getWeights().reduce((sum, { length }) => sum + length, 0));
    const back = fromTfjs({ modelJson, weights });
    expect(back.name).toBe('ours');
    expect(back.userMetadata).toEqual({ a: [1, 'ä'] });
    expect(back.getWeights()).toEqual(model.getWeights());
    expect(back.predict(numbers(20, 4))).toEqual(model.predict(numbers(20, 4)));
    expect(back.toTfjs()).toEqual({ modelJson: clone(json), weights });
    const { layers } = back.snapshot().model;
    expect(layers[1]!.config).toMatchObject({ kernelRegularizer: { config: { l1: 0.1, l2: 0 } }, biasRegularizer: { config: { l1: 0, l2: 0.2 } }, biasConstraint: { name: 'nonNegative' } });
    expect(layers[7]!.config['kernelConstraint']).toEqual({ name: 'maxNorm', config: { value: 9 } });
  });

  it('has constraints where the weights keep them', () => {
    const written = (weights: number[][]): unknown => {
      const model = sequential({ layers: [dense({ units: 1, kernelConstraint: unitNorm(), biasConstraint: maxNorm(2), inputShape: [2] })] });
      model.setWeights(weights);
      const { kernel_constraint: kernel, bias_constraint: bias } = layersIn(model.toTfjs().modelJson)[0]!['config']!;
      return [kernel, bias];
    };
    const [unit, most] = [{ class_name: 'UnitNorm', config: { axis: 0 } }, { class_name: 'MaxNorm', config: { max_value: 2, axis: 0 } }];
    expect(written([[0.6, -0.8], [-2]])).toEqual([unit, most]);
    expect(written([[0.6, -0.9], [-2]])).toEqual([null, most]);
    expect(written([[0, 0], [2.1]])).toEqual([unit, null]);
  });

  it('names no two layers alike', () => {
    const leaky = { units: 2, activation: 'leakyRelu' } as const;
    const model = sequential({ layers: [dense({ ...leaky, name: 'a', inputShape: [2] }), dense({ ...leaky, name: 'a_leakyRelu' }), dense({ ...leaky, name: 'ä' }), dense({ ...leaky, name: 'ö' })] });
    const names = layersIn(model.toTfjs().modelJson).map(({ config }) => config!['name']);
    expect(names).toEqual(['a', 'a_leakyRelu_', 'a_leakyRelu', 'a_leakyRelu_leakyRelu', 'layer__', 'layer___leakyRelu', 'layer___', 'layer____leakyRelu']);
    expect(fromTfjs(model.toTfjs()).predict(numbers(8, 2))).toEqual(model.predict(numbers(8, 2)));
  });

  it.each<[string, Layer[], string]>([
    ['hardSwish', [dense({ units: 1, activation: 'hardSwish', inputShape: [2] })], "toTfjs: layer 'dense_1' (dense): TensorFlow.js has no activation hardSwish"],
    ['step', [activation({ activation: 'step', inputShape: [2], name: 'x' })], "toTfjs: layer 'x' (activation): TensorFlow.js has no activation step"],
    ['geluTanh', [activation({ activation: 'geluTanh', inputShape: [2] })], 'has no activation geluTanh'],
    ['elu with alpha', [activation({ activation: { name: 'elu', alpha: 0.5 }, inputShape: [2] })], 'has no activation elu but with alpha 1'],
    ['hardSigmoid of Keras 3', [activation({ activation: 'hardSigmoid', inputShape: [2] })], 'has no activation hardSigmoid but with slope 0.2 and offset 0.5'],
    ['a block', [residual([dense({ units: 2 })], { inputShape: [2] })], "toTfjs: layer 'residual_1' (residual): TensorFlow.js has no such layer"],
  ])('cannot have %s', (_, layers, message) => {
    const model = sequential({ layers });
    expect(() => model.toTfjs()).toThrow(OptionError);
    expect(() => model.toTfjs()).toThrow(message);
  });

  it('cannot have userMetadata that are no object, be one file, or lie in a handler', async () => {
    const model = sequential({ layers: kinds() });
    expect(() => model.toBytes('tfjs')).toThrow(new OptionError('toBytes: a TensorFlow.js model is no one file; toTfjs() gives its two'));
    const save = vi.fn();
    for (const target of [{ save }, 'indexeddb://x', 'https://example.com/model.json']) await expect(model.save(target, { format: 'tfjs' })).rejects.toThrow(/toTfjs\(\) gives them for other places/);
    expect(save).not.toHaveBeenCalled();
    model.userMetadata = ['a'];
    expect(() => model.toTfjs()).toThrow('toTfjs userMetadata: TensorFlow.js keeps an object or nothing, received Array of 1 value');
  });
});

describe('a file is refused that', () => {
  const good = (): { modelJson: Json; weights: Uint8Array<ArrayBuffer> } => file([['Dense', { units: 3, name: 'dense' }], ['Softmax', {}]], { 'dense/kernel': { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] }, 'dense/bias': [0, 0, 0] });
  const at = (json: Json, path: string): [Json, string] => {
    const keys = path.split('.');
    return [keys.slice(0, -1).reduce((value, key) => value[key]!, json), keys.at(-1)!];
  };
  const layer = 'modelTopology.config.layers.0';
  const weight = 'weightsManifest.0.weights.0';
  const deep = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown;

  it.each<[string, string, unknown, string | RegExp]>([
    ['has no topology', 'modelTopology', undefined, 'fromTfjs: expected a modelTopology in modelJson, received undefined'],
    ['is a graph', 'format', 'graph-model', 'received a graph model'],
    ['is a graph of nodes', 'modelTopology.node', [], 'received a graph model'],
    ['is of another class', 'modelTopology.class_name', 'constructor', "expected a model of class Sequential, or Functional that is a chain, received 'constructor'"],
    ['has no layers', 'modelTopology.config.layers', [], 'expected 1 to 4000 layers in modelTopology, received Array of 0 values'],
    ['has too many layers', 'modelTopology.config.layers', Array.from({ length: 4001 }, () => 0), 'received Array of 4001 values'],
    ['has no config', 'modelTopology.config', undefined, 'expected 1 to 4000 layers'],
    ['has a layer that is none', layer, 5, 'expected layers[0] to have a class_name and a config, received 5'],
    ['has a layer without config', `${layer}.config`, null, 'expected layers[0] to have a class_name and a config'],
    ['has a layer without a name', `${layer}.config.name`, undefined, 'expected layers[0] (Dense) to have a name of its own, received undefined'],
    ['has a name twice', `${layer}.config.name`, 'l1', "expected layers[1] (Softmax) to have a name of its own, received 'l1'"],
    ['has an unknown layer', `${layer}.class_name`, 'Conv2D', /^fromTfjs: layer 'dense' \(Conv2D\): expected its class to be one of InputLayer, .*, received 'Conv2D'$/],
    ['has a layer of a class that objects have', `${layer}.class_name`, '__proto__', /expected its class to be one of/],
    ['has an unknown activation', `${layer}.config.activation`, 'toString', /layer 'dense' \(Dense\): expected activation to be one of linear, .*, received 'toString'/],
    ['has an activation of its own', `${layer}.config.activation`, { class_name: 'function', config: 'mine' }, /expected activation to be one of/],
    ['has no units', `${layer}.config.units`, undefined, "layer 'dense' (Dense): expected units to be a finite number, received NaN"],
    ['has part of a unit', `${layer}.config.units`, 1.5, /dense units: expected an integer/],
    ['has fewer units than none', `${layer}.config.units`, -3, /dense units: expected an integer of at least 1, received -3/],
    ['has more units than weights', `${layer}.config.units`, 2 ** 40, /expected tensor 'dense\/kernel' to be \[2, 1099511627776\], received \[2, 3\]/],
    ['is not sure about a bias', `${layer}.config.use_bias`, 'yes', "layer 'dense' (Dense): expected use_bias to be true or false, received 'yes'"],
    ['has a bias too many', `${layer}.config.use_bias`, false, "received tensor 'dense/bias' [3] too"],
    ['has a softmax over rows', 'modelTopology.config.layers.1.config.axis', 0, "layer 'l1' (Softmax): expected axis to be the last, received 0"],
    ['takes images', `${layer}.config.batch_input_shape`, [null, 1, 2], "layer 'dense' (Dense): expected its input to be rows of numbers, as after a Flatten, received [null,1,2]"],
    ['takes rows of any size', `${layer}.config.batch_input_shape`, [null, null], 'expected batch_input_shape to be null and sizes of at least 1, received [null,null]'],
    ['takes part of a number', `${layer}.config.batch_input_shape`, [null, 2.5], 'expected batch_input_shape to be null and sizes of at least 1, received [null,2.5]'],
    ['takes nothing', `${layer}.config.batch_input_shape`, [null], 'expected batch_input_shape'],
    ['takes more than there is', `${layer}.config.batch_input_shape`, [null, 2 ** 50], "expected tensor 'dense/kernel' to be [1125899906842624, 3], received [2, 3]"],
    ['has no manifest', 'weightsManifest', undefined, 'weightsManifest: expected an array of groups; received undefined'],
    ['has a group that is none', 'weightsManifest.0', 7, 'weightsManifest[0]: expected an object with paths and weights; received 7'],
    ['has no paths', 'weightsManifest.0.paths', 'weights.bin', "weightsManifest[0] paths: expected an array of file names; received 'weights.bin'"],
    ['has too many paths', 'weightsManifest.0.paths', Array.from({ length: 1001 }, (_, i) => `w${i}`), 'weightsManifest: expected at most 1000 files; received 1001'],
    ['has a tensor that is none', weight, null, 'weightsManifest[0] weights: expected objects; received null'],
    ['has a tensor without a name', `${weight}.name`, undefined, 'expected names of 1 to 1000 characters; received undefined'],
    ['has a tensor of a long name', `${weight}.name`, '/'.repeat(5000), 'expected names of 1 to 1000 characters'],
    ['has a tensor of no layer', `${weight}.name`, 'dens/kernel', "tensor 'dens/kernel': expected the name of a layer and one of its parameters, such as 'dense/kernel'; it belongs to none"],
    ['has a tensor of no parameter', `${weight}.name`, 'dense/__proto__', "tensor 'dense/__proto__': expected the name of a layer"],
    ['has a tensor twice', `${weight}.name`, 'dense/bias', "tensor 'dense/bias': expected each name once; received it again"],
    ['has a parameter twice', `${weight}.name`, 'x/dense/bias', "tensor 'dense/bias': expected each parameter once, received that of layer 'dense' twice"],
    ['has no shape', `${weight}.shape`, undefined, "tensor 'dense/kernel': expected a shape of whole numbers; received undefined"],
    ['has a negative shape', `${weight}.shape`, [-2, -3], "tensor 'dense/kernel': expected a shape of whole numbers; received [-2, -3]"],
    ['has a fractional shape', `${weight}.shape`, [1.5, 4], 'expected a shape of whole numbers; received [1.5, 4]'],
    ['claims 1e15 values', `${weight}.shape`, [1e15], "tensor 'dense/kernel': expected its values, [1000000000000000], to end at byte 4000000000000000 of the weights; received 36 bytes in all"],
    ['claims more than can be counted', `${weight}.shape`, [1e15, 1e15], "tensor 'dense/kernel': expected a shape of fewer than 2⁵³ bytes; received [1000000000000000, 1000000000000000]"],
    ['claims less', `${weight}.shape`, [2, 2], 'fromTfjs: expected 28 bytes of weights, as the manifest says; received 36'],
    ['has a kernel the other way round', `${weight}.shape`, [3, 2], "expected tensor 'dense/kernel' to be [2, 3], received [3, 2]"],
    ['has whole numbers', `${weight}.dtype`, 'int32', "tensor 'dense/kernel': expected a dtype of float32, which parameters of layers have; received 'int32'"],
    ['has words', `${weight}.dtype`, 'string', "tensor 'dense/kernel': expected a dtype of float32; received 'string'"],
    ['is quantized otherwise', `${weight}.quantization`, { dtype: 'int4' }, "expected a dtype of float32, quantized as uint8, uint16, float16; received 'float32' as 'int4'"],
    ['is quantized by nothing', `${weight}.quantization`, 'uint8', "quantization: expected an object; received 'uint8'"],
    ['is quantized without a scale', `${weight}.quantization`, { dtype: 'uint8', min: 0 }, "tensor 'dense/kernel' quantization scale: expected a finite number; received undefined"],
    ['is quantized by NaN', `${weight}.quantization`, { dtype: 'uint16', scale: NaN, min: 0 }, 'quantization scale: expected a finite number; received null'],
    ['is deep', 'modelTopology.config.more', deep(300), 'expected data no deeper than 256'],
  ])('%s', async (_, path, value, message) => {
    const { modelJson, weights } = good();
    const [part, key] = at(modelJson, path);
    part[key] = value as never;
    const message_ = typeof message === 'string' ? message.replace(/^fromTfjs: /, '') : new RegExp(message.source.replace('^fromTfjs: ', ''));
    expect(() => fromTfjs({ modelJson, weights })).toThrow(FormatError);
    expect(() => fromTfjs({ modelJson, weights })).toThrow(message_);
    await expect(loadModel({ modelJson, weights })).rejects.toThrow(message_);
  });

  it.each<[string, string, string]>([
    ['is no JSON', '{"modelTopology": ', 'fromTfjs: expected modelJson to be JSON ('],
    ['is no object', '[]', 'expected a modelTopology in modelJson, received undefined'],
    ['would change all objects', '{"modelTopology": {"__proto__": {"polluted": 1}}}', "expected no key '__proto__'"],
    ['is too deep for a stack', '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000), 'expected'],
    ['has an infinite scale', JSON.stringify(good().modelJson).replace('"dtype":"float32"', '"dtype":"float32","quantization":{"dtype":"uint8","scale":1e999,"min":0}'), 'quantization scale: expected a finite number; received Infinity'],
  ])('%s, as text', (_, modelJson, message) => {
    expect(() => fromTfjs({ modelJson, weights: good().weights })).toThrow(FormatError);
    expect(() => fromTfjs({ modelJson, weights: good().weights })).toThrow(message);
    expect(({} as Json)['polluted']).toBeUndefined();
  });

  it('is cut off or too long, and nothing is allocated for what it claims', () => {
    const { modelJson, weights } = good();
    for (let length = 0; length < weights.length; length++) {
      const tensor = length < 24 ? "'dense/kernel': expected its values, [2, 3], to end at byte 24" : "'dense/bias': expected its values, [3], to end at byte 36";
      expect(() => fromTfjs({ modelJson, weights: weights.subarray(0, length) })).toThrow(new FormatError(`fromTfjs: tensor ${tensor} of the weights; received ${length} bytes in all`));
    }
    expect(() => fromTfjs({ modelJson, weights: [weights, new Uint8Array(1)] })).toThrow('expected 36 bytes of weights, as the manifest says; received 37');
  });

  it('has layers that do not stand in a chain', () => {
    const functional = fixture.models.find(({ name }) => name === 'functional')!;
    const change = (path: string, value: unknown) => (): Sequential => {
      const modelJson = clone(functional.modelJson);
      const [part, key] = at(modelJson, path);
      part[key] = value as never;
      return fromTfjs({ modelJson, weights: fromBase64(functional.weights) });
    };
    expect(change('modelTopology.config.layers.2.inbound_nodes', [[['input', 0, 0, {}]]])).toThrow(
      "layer 'out' (Dense): expected a model that is a chain, where this takes the output of 'hidden'; received one where it takes that of 'input'",
    );
    expect(change('modelTopology.config.layers.2.inbound_nodes', [[['hidden', 0, 0, {}], ['hidden', 0, 0, {}]]])).toThrow("takes that of 'hidden', 'hidden'");
    expect(change('modelTopology.config.layers.2.inbound_nodes', [])).toThrow('takes that of nothing');
    expect(change('modelTopology.config.output_layers', [['hidden', 0, 0]])).toThrow("expected a model whose one output is that of its last layer, 'out', received 'hidden'");
    const tensor = { class_name: '__keras_tensor__', config: { shape: [null, 4], dtype: 'float32', keras_history: ['hidden', 0, 0] } };
    expect(change('modelTopology.config.layers.2.inbound_nodes', [{ args: [tensor], kwargs: {} }])().predict(functional.x)).toEqual(change('format', 'layers-model')().predict(functional.x));
    expect(change('modelTopology.config.output_layers', ['out', 0, 0])().name).toBe('functional');
  });

  it.each<[string, [string, Record<string, unknown>][], string]>([
    ['has a threshold', [['ReLU', { threshold: 1 }]], "layer 'l0' (ReLU): expected threshold to be 0, received 1"],
    ['has another maximum', [['ReLU', { max_value: 5 }]], 'expected max_value to be none, or 6 without a negative_slope, received 5'],
    ['drops all', [['Dropout', { rate: 1 }]], 'dropout rate: expected'],
    ['adds nothing to a variance', [['BatchNormalization', { epsilon: 0 }]], 'batchNormalization epsilon: expected'],
    ['scales late', [['ReLU', {}], ['Rescaling', { scale: 1 }]], "layer 'l1' (Rescaling): expected it to be the first layer"],
    ['scales by nothing', [['Rescaling', { scale: 0 }]], 'expected scale to be a positive number, received 0'],
    ['scales what it does not have', [['Rescaling', { scale: 1, batch_input_shape: [null, 1e12] }]], 'expected its input to be rows of at most 1000000 numbers, received 1000000000000'],
    ['flattens another way', [['InputLayer', { batch_input_shape: [null, 2, 3, 4] }], ['Flatten', { data_format: 'channels_first' }]], 'expected data_format to be channels_last'],
    ['does nothing', [['InputLayer', {}]], 'expected a layer that computes something, received InputLayer alone'],
    ['normalizes over the batch', [['LayerNormalization', { axis: [0] }]], 'expected axis to be the last, received [0]'],
  ])('%s', (_, layers, message) => {
    expect(() => fromTfjs(file(layers))).toThrow(FormatError);
    expect(() => fromTfjs(file(layers))).toThrow(message);
  });

  it('is anything else, with an error of ours', () => {
    const text = JSON.stringify(fixture.models[1]!.modelJson);
    const weights = fromBase64(fixture.models[1]!.weights);
    fc.assert(fc.property(fc.nat(text.length - 1), fc.nat(12), fc.constantFrom('', '0', '-1', '1e9', '"', 'null', '{}', '[]', ','), (from, length, by) => {
      const modelJson = text.slice(0, from) + by + text.slice(from + length);
      try {
        fromTfjs({ modelJson, weights });
      } catch (error) {
        if (!(error instanceof NablaError)) throw error;
      }
    }), { numRuns: 300 });
  });
});

it('arguments that are none say so', async () => {
  const { modelJson, weights } = fixture.models[0]!;
  const files = { modelJson, weights: fromBase64(weights) };
  expect(() => fromTfjs({ ...files, weights: 'AAAA' as never })).toThrow(new OptionError("fromTfjs weights: expected a Uint8Array or an ArrayBuffer, or an array of them, received 'AAAA'"));
  expect(() => fromTfjs({ ...files, modelJson: 5 as never })).toThrow(new OptionError('fromTfjs modelJson: expected an object, or JSON, received 5'));
  expect(() => fromTfjs({ ...files, weigths: 1 } as never)).toThrow("fromTfjs: unknown option 'weigths', did you mean 'weights'?");
  expect(() => fromTfjs(files, { format: 'tfjs' } as never)).toThrow("fromTfjs: unknown option 'format'");
  expect(() => fromTfjs(files).predict([[1]])).toThrow(ShapeError);
  await expect(loadModel(files, { architecture: kinds() })).rejects.toThrow(new OptionError('loadModel architecture: a TensorFlow.js model says itself of which layers it is'));
  const bytes = new TextEncoder().encode(` ${JSON.stringify(modelJson)}`);
  expect(() => fromBytes(bytes)).toThrow(/fromBytes: the weights of a TensorFlow.js model are files of their own; give both, as \{ modelJson, weights \}/);
  await expect(loadModel({ load: () => bytes })).rejects.toThrow(/files of their own/);
  await expect(loadModel(new URL(`data:application/json;base64,${btoa(JSON.stringify(modelJson))}`))).rejects.toThrow(/nothing lies beside that, and the file needs 'weights.bin'/);
});

describe.skipIf(typeof document === 'undefined')('in a page', () => {
  it('a model is offered as two files', async () => {
    const links: { name: string; href: string }[] = [];
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
      links.push({ name: this.download, href: this.href });
    });
    const model = sequential({ layers: kinds() });
    await model.save('downloads://digits', { format: 'tfjs' });
    expect(links.map(({ name }) => name)).toEqual(['digits.weights.bin', 'digits.json']);
    const [weights, text] = await Promise.all(links.map(async ({ href }) => new Uint8Array(await (await fetch(href)).arrayBuffer())));
    const modelJson = clone(JSON.parse(new TextDecoder().decode(text)));
    expect(modelJson['weightsManifest']![0]!['paths']).toEqual(['digits.weights.bin']);
    expect(fromTfjs({ modelJson, weights: weights! }).predict(numbers(8, 1))).toEqual(model.predict(numbers(8, 1)));
    await expect(model.save('downloads://a/b', { format: 'tfjs' })).rejects.toThrow(/expected the name of a file behind downloads/);
  });

  it('files are fetched from beside the model.json, and from nowhere else', async () => {
    const { modelJson, weights } = fixture.models[0]!;
    const asked: string[] = [];
    vi.spyOn(globalThis, 'fetch').mockImplementation((url) => {
      asked.push(url as string);
      return Promise.resolve(new Response(asked.length % 2 === 1 ? JSON.stringify(modelJson) : fromBase64(weights)));
    });
    const beside = new URL('models/weights.bin', document.baseURI).href;
    await loadModel('models/model.json?key=1');
    await loadModel('https://example.com?key=1');
    await loadModel('https://example.com/a/b/');
    expect(asked).toEqual(['models/model.json?key=1', `${beside}?key=1`, 'https://example.com?key=1', 'https://example.com/weights.bin?key=1', 'https://example.com/a/b/', 'https://example.com/a/b/weights.bin']);
  });
});

/** Models into bytes and back: the same predictions, the same bytes, PyTorch's files, and everything a hostile file can be. */
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  activation, adam, BackendError, batchNormalization, dense, dropout, exponentialDecay, FormatError, fromBytes, gaussianNoise, impute, l1, l1l2, l2, layerNormalization, lbfgs,
  loadModel, maxNorm, momentum, NablaError, nonNegative, normalization, oneHot, OptionError, parseSafetensors, precision, residual, sequential, serializeSafetensors, sgd, unitNorm, type Layer, type LoadOptions, type Sequential, type SequentialOptions, type TensorLike,
} from '../../src/index.ts';
import { backends } from '../backends.ts';
import fixture from '../fixtures/torch.json' with { type: 'json' };
import { numbers } from '../twins.ts';

const fromHex = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g)!, (byte) => parseInt(byte, 16));

const layers = (): Layer[] => [
  dense({ units: 7, activation: { name: 'elu', alpha: 0.5 }, inputShape: [4], kernelInitializer: 'heNormal' }), dropout({ rate: 0.25 }),
  dense({ units: 5, activation: 'step', derivative: 'straightThrough', name: 'middle' }), dense({ units: 3, useBias: false }), activation('softmax'),
];
const make = (options: Partial<SequentialOptions> = {}): Sequential => sequential({ layers: layers(), seed: 2 ** 40 + 5, name: 'ours', ...options });
const x = numbers(40, 3);
const y = Uint8Array.from({ length: 10 }, (_, i) => i % 3);

type Json = Record<string, unknown>;
const modelKey = 'nabla.model';
const describedBy = (bytes: Uint8Array): Json => JSON.parse(parseSafetensors(bytes).metadata.get(modelKey)!) as Json;

/** A file with other things in it. */
function changed(bytes: Uint8Array, change: (file: { tensors: Map<string, TensorLike>; model: Json }) => string | void): Uint8Array {
  const { tensors } = parseSafetensors(bytes);
  const model = describedBy(bytes);
  const text = change({ tensors, model });
  return serializeSafetensors(tensors, new Map([[modelKey, text ?? JSON.stringify(model)]]));
}

describe('a model that was saved and loaded', () => {
  it.each(backends)('predicts the same bits, %s', (backend) => {
    const model = make({ backend });
    const other = fromBytes(model.toBytes(), { backend });
    expect(other.backend).toBe(backend);
    expect(other.getWeights()).toEqual(model.getWeights());
    expect(other.predict(x)).toEqual(model.predict(x));
    expect(other).toMatchObject({ name: 'ours', seed: 2 ** 40 + 5, inputShape: [4], outputShape: [3], compiled: undefined });
    expect(other.summary()).toBe(model.summary());
  });

  it('is compiled as it was, and trains to the same bits', async () => {
    const model = make();
    model.compile({
      optimizer: momentum({ learningRate: 0.05, dampening: 0.1, weightDecay: 0.001 }), loss: { name: 'categoricalCrossentropy', fromLogits: false }, metrics: ['accuracy', 'meanSquaredError'],
    });
    const targets = Float32Array.from({ length: 30 }, (_, i) => Number(i % 3 === y[Math.floor(i / 3)]));
    const other = fromBytes(model.toBytes());
    expect(other.evaluate(x, targets)).toEqual(model.evaluate(x, targets));
    // Dropout too goes by the seed and the place.
    const { history } = await model.fit(x, targets, { epochs: 3, batchSize: 4 });
    expect((await other.fit(x, targets, { epochs: 3, batchSize: 4 })).history).toEqual(history);
    expect(other.getWeights()).toEqual(model.getWeights());
  });

  it.each(backends)('may have layers of every type, regularizers and constraints, %s', async (backend) => {
    const scale = normalization();
    scale.adapt(Array.from({ length: 10 }, (_, i) => [...x.subarray(4 * i, 4 * i + 4)]));
    const model = sequential({
      layers: [
        scale, dense({ units: 6, kernelRegularizer: l2(0.02), biasRegularizer: l1l2({ l1: 0.003 }), kernelConstraint: maxNorm(1.5) }),
        batchNormalization({ momentum: 0.9, epsilon: 1e-4 }), gaussianNoise({ stddev: 0.1 }),
        residual([dense({ units: 5, activation: 'relu', kernelRegularizer: l1(), kernelConstraint: unitNorm() }), residual([dropout({ rate: 0.1 })], { name: 'inner' }), dense({ units: 6 })]),
        layerNormalization({ center: false }), dense({ units: 3, activation: 'softmax', biasConstraint: nonNegative() }),
      ], seed: 6, backend,
    });
    model.compile({ optimizer: adam({ learningRate: 0.05 }), loss: 'sparseCategoricalCrossentropy' });
    await model.fit(x, y, { epochs: 2, batchSize: 5 });
    const bytes = model.toBytes();
    const other = fromBytes(bytes, { backend });
    expect(other.getWeights()).toEqual(model.getWeights());
    expect(other.predict(x)).toEqual(model.predict(x));
    expect(other.evaluate(x, y)).toEqual(model.evaluate(x, y));
    expect(other.summary()).toBe(model.summary());
    expect(other.toBytes()).toEqual(bytes);
    // The optimizer of both begins anew.
    model.compile(model.compiled!);
    const { history } = await model.fit(x, y, { epochs: 2, batchSize: 5 });
    expect((await other.fit(x, y, { epochs: 2, batchSize: 5 })).history).toEqual(history);
    expect(other.toBytes()).toEqual(model.toBytes());
  });

  it.each(backends)('may begin with layers for raw rows, %s', async (backend) => {
    const raw = Float32Array.from(x, (value, i) => (i % 7 === 2 ? NaN : i % 4 === 1 ? i % 3 : value));
    const rows = Array.from({ length: 10 }, (_, i) => raw.subarray(4 * i, 4 * i + 4));
    const [fill, scale] = [impute({ strategy: 'median' }), normalization({ scaling: 'robust', columns: [0, 5, 6] })];
    fill.adapt(rows);
    const codes = oneHot({ categories: [0, 3, 0, 0], unknown: true });
    scale.adapt(sequential({ layers: [fill, codes], backend }).predict(raw).reduce<number[][]>((all, value, i) => (i % 7 === 0 ? all.push([value]) : all.at(-1)!.push(value), all), []));
    const model = sequential({ layers: [fill, codes, scale, impute({ strategy: 'constant', value: 3 }), oneHot({ categories: Array.from({ length: 7 }, () => 0), unknown: false }), dense({ units: 3 })], seed: 6, backend });
    model.compile({ optimizer: adam({ learningRate: 0.05 }), loss: { name: 'sparseCategoricalCrossentropy', fromLogits: true } });
    await model.fit(raw, y, { epochs: 2, batchSize: 5 });
    const bytes = model.toBytes();
    const other = fromBytes(bytes, { backend });
    expect(other.getWeights()).toEqual(model.getWeights());
    expect(other.predict(raw)).toEqual(model.predict(raw));
    expect(other.layers.map(({ config }) => config)).toEqual(model.layers.map(({ config }, i) => ({ ...config, name: ['impute_1', 'oneHot_1', 'normalization_1', 'impute_2', 'oneHot_2', 'dense_1'][i], ...(i === 5 && { kernelInitializer: undefined }) })));
    expect(other.toBytes()).toEqual(bytes);
    model.compile(model.compiled!);
    const { history } = await model.fit(raw, y, { epochs: 2, batchSize: 5 });
    expect((await other.fit(raw, y, { epochs: 2, batchSize: 5 })).history).toEqual(history);
    expect(describedBy(bytes)['layers']).toMatchObject([
      { type: 'impute', config: { strategy: 'median', inputShape: [4] } }, { type: 'oneHot', config: { categories: [0, 3, 0, 0], unknown: true } },
      { type: 'normalization', config: { scaling: 'robust', columns: [0, 5, 6], inputShape: [7] } }, { type: 'impute', config: { strategy: 'constant', value: 3 } },
      { type: 'oneHot', config: { unknown: false } }, { type: 'dense' },
    ]);
    expect(Object.keys(((describedBy(sequential({ layers: [impute({ fill: [1, 2] })] }).toBytes())['layers'] as Json[])[0]!)['config'] as Json)).toEqual(['inputShape', 'strategy']);
  });

  it.each(['sgd', 'momentum', 'rmsprop', 'adagrad', 'adadelta', 'adam', 'adamw', 'adamax', 'nadam', 'lion', 'lbfgs'] as const)('has its optimizer: %s', (optimizer) => {
    const model = make();
    model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy' });
    const { optimizer: { name, config } } = fromBytes(model.toBytes()).program.objective!;
    expect(name).toBe(optimizer);
    expect(config).toEqual(model.program.objective!.optimizer.config);
  });

  it.each<[string, (model: Sequential) => void]>([
    ['a schedule', (model) => model.compile({ optimizer: sgd({ learningRate: exponentialDecay({ initialLearningRate: 0.1, decaySteps: 1, decayRate: 0.5 }) }), loss: 'meanSquaredError' })],
    ['a metric that is a function', (model) => model.compile({ optimizer: 'sgd', loss: 'meanSquaredError', metrics: [{ precision }] })],
  ])('is not compiled where that takes %s', (_, compile) => {
    const model = make();
    compile(model);
    expect(fromBytes(model.toBytes()).compiled).toBeUndefined();
  });

  it('gives the same bytes again, which are those of all models like it', () => {
    const model = make();
    model.compile({ optimizer: adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
    model.userMetadata = { b: [1, 'ä'], a: null };
    const bytes = model.toBytes('safetensors');
    expect(fromBytes(bytes).toBytes()).toEqual(bytes);
    const twin = make({ layers: [dense({ inputShape: [4], units: 7, activation: { alpha: 0.5, name: 'elu' } as never, kernelInitializer: 'heNormal' }), ...layers().slice(1)] });
    twin.compile({ metrics: ['accuracy'], loss: { name: 'sparseCategoricalCrossentropy' }, optimizer: 'adam' });
    twin.userMetadata = { a: null, b: [1, 'ä'] };
    expect(twin.toBytes()).toEqual(bytes);
    expect(make({ seed: 1 }).toBytes()).not.toEqual(make().toBytes());
  });

  it('keeps weights that are not finite', () => {
    const model = make();
    const weight = model.program.parameters[0]!;
    const values = Float32Array.from({ length: 28 }, (_, i) => [NaN, Infinity, -Infinity, -0, 1e-42][i % 5]!);
    model.program.write(weight, values);
    expect(fromBytes(model.toBytes()).getWeights()[0]).toEqual(values);
  });

  it('has its user metadata', () => {
    const model = make();
    expect(model.userMetadata).toBeUndefined();
    expect(fromBytes(model.toBytes()).userMetadata).toBeUndefined();
    model.userMetadata = { labels: ['no', 'yes'], scale: new Float32Array([0.5, 2]), none: undefined, deep: { constructor: 1 } };
    expect(fromBytes(model.toBytes()).userMetadata).toEqual({ labels: ['no', 'yes'], scale: [0.5, 2], deep: { constructor: 1 } });
  });
});

it('tensors have the names and shapes of parameters, and all else is JSON under one name', () => {
  const { tensors, metadata } = parseSafetensors(make().toBytes());
  expect([...tensors].map(([name, { shape }]) => `${name} ${shape.join('x')}`)).toEqual(['dense_1/bias 7', 'dense_1/kernel 4x7', 'dense_2/kernel 5x3', 'middle/bias 5', 'middle/kernel 7x5']);
  expect([...metadata.keys()]).toEqual([modelKey]);
  expect(describedBy(make().toBytes())).toEqual({
    formatVersion: 1, name: 'ours', inputs: 4, seed: 2 ** 40 + 5,
    layers: [
      { type: 'dense', name: 'dense_1', config: { units: 7, activation: { name: 'elu', alpha: 0.5 }, inputShape: [4], useBias: true } },
      { type: 'dropout', name: 'dropout_1', config: { rate: 0.25 } },
      { type: 'dense', name: 'middle', config: { units: 5, activation: 'step', derivative: 'straightThrough', useBias: true } },
      { type: 'dense', name: 'dense_2', config: { units: 3, activation: 'linear', useBias: false } },
      { type: 'activation', name: 'activation_1', config: { activation: 'softmax' } },
    ],
  });
});

it('regularizers, constraints and layers in layers are plain data too', () => {
  const inner = dense({ units: 2, kernelRegularizer: l1l2({ l1: 0.5, l2: 0.25 }), biasConstraint: unitNorm(), name: 'in' });
  const { layers: described } = sequential({ layers: [normalization({ mean: [1, 2], variance: [3, 4] }), residual([inner])] }).snapshot().model;
  const config = { activation: 'linear', units: 2, useBias: true, kernelRegularizer: { name: 'l1l2', config: { l1: 0.5, l2: 0.25 } }, biasConstraint: { name: 'unitNorm', config: {} } };
  expect(described).toEqual([
    { type: 'normalization', name: 'normalization_1', config: { inputShape: [2] } },
    { type: 'residual', name: 'residual_1', config: {}, layers: [{ type: 'dense', name: 'in', config }] },
  ]);
});

it('a snapshot is the same as data, which the model no longer touches', () => {
  const model = make();
  const { model: description, tensors } = model.snapshot();
  expect({ formatVersion: 1, ...description }).toEqual(describedBy(model.toBytes()));
  expect(tensors).toEqual(new Map([...parseSafetensors(model.toBytes()).tensors].map(([name, { shape, data }]): [string, TensorLike] => [name, { shape, data }])));
  tensors.get('dense_1/kernel')!.data.fill(9);
  expect(model.getWeights()[0]).not.toEqual(tensors.get('dense_1/kernel')!.data);
});

describe('what cannot be saved is told by its name', () => {
  const custom = (config: Json): Layer => ({ ...dense({ units: 1, inputShape: [1] }), config });
  it.each<[string, () => unknown, string]>([
    ['a function for an option in a block', () => sequential({ layers: [residual([custom({ derivative: () => 1 })])] }).snapshot(), "snapshot: layer 'dense_1' (dense) derivative: expected what JSON can hold"],
    ['a function for an option', () => sequential({ layers: [custom({ units: 1, derivative: () => 1 })] }).toBytes(), "toBytes: layer 'dense_1' (dense) derivative: expected what JSON can hold, received a function"],
    ['in an option of an option', () => sequential({ layers: [custom({ activation: { name: 'elu', alpha: [NaN] } })] }).snapshot(), "snapshot: layer 'dense_1' (dense) activation.alpha[0]: expected what JSON can hold, received NaN"],
    ['a function for metadata', () => Object.assign(make(), { userMetadata: { a: [() => 1] } }).toBytes(), 'toBytes userMetadata.a[0]: expected what JSON can hold, received a function'],
    ['an object of a class', () => Object.assign(make(), { userMetadata: new Map() }).toBytes(), 'toBytes userMetadata: expected what JSON can hold, received an object of type Map'],
    ['a circle', () => {
      const circle: unknown[] = [];
      circle.push(circle);
      Object.assign(make(), { userMetadata: circle }).toBytes();
    }, 'expected what JSON can hold, received Array of 1 value'],
    ['an unknown format', () => make().toBytes('safetensor' as never), "toBytes format: expected one of safetensors, onnx, tfjs; received 'safetensor', did you mean 'safetensors'?"],
  ])('%s', (_, save, message) => {
    expect(save).toThrow(OptionError);
    expect(save).toThrow(message);
  });

  it('but a function that says how weights begin is not needed any more', () => {
    expect(describedBy(sequential({ layers: [custom({ units: 1, inputShape: [1], kernelInitializer: () => 1 })] }).toBytes())['layers']).toEqual([{ type: 'dense', name: 'dense_1', config: { inputShape: [1], units: 1 } }]);
  });

  it('a model that has been disposed of', () => {
    const model = make();
    model.dispose();
    expect(() => model.toBytes()).toThrow(BackendError);
  });
});

describe('a state of PyTorch', () => {
  const mlp = (useBias: boolean): Layer[] => [
    dense({ units: 5, activation: 'tanh', inputShape: [3], useBias }), dropout({ rate: 0.5 }), dense({ units: 4, activation: 'relu', useBias }), dense({ units: 2, activation: 'softmax', useBias }),
  ];
  const deep = (): Layer[] => Array.from({ length: 6 }, (_, i) => dense({ units: 3, ...(i < 5 && { activation: 'tanh' }), ...(i === 0 && { inputShape: [3] }) }));
  const architectures: Record<string, () => LoadOptions['architecture'] & object> = {
    normalized: () => [
      dense({ units: 4, inputShape: [3] }), batchNormalization({ epsilon: 1e-5 }), activation('relu'), dense({ units: 5 }), layerNormalization({ epsilon: 1e-5 }), dense({ units: 1 }),
    ],
    deep, 'no bias': () => mlp(false).map((layer, i) => (i < 2 ? layer : dense({ ...layer.config, useBias: true } as never))),
  };

  it.each(fixture.files)('predicts what the network did: $name', ({ name, hex, x: input, output }) => {
    const model = fromBytes(fromHex(hex), { architecture: architectures[name]?.() ?? mlp(true) });
    const predicted = model.predict(input);
    expect(predicted.length).toBe(output.length);
    predicted.forEach((value, i) => expect(Math.abs(value - output[i]!)).toBeLessThan(1e-6));
  });

  it('takes the architecture as plain data too', () => {
    const { hex } = fixture.files[0]!;
    const { layers: described } = sequential({ layers: mlp(true) }).snapshot().model;
    expect(fromBytes(fromHex(hex), { architecture: described }).getWeights()).toEqual(fromBytes(fromHex(hex), { architecture: mlp(true) }).getWeights());
    const short = [{ type: 'dense', config: { units: 5, inputShape: [3] } }, { type: 'dense', config: { units: 4 } }, dense({ units: 2 })];
    expect(fromBytes(fromHex(hex), { architecture: short }).outputShape).toEqual([2]);
  });

  const { hex } = fixture.files[0]!;
  const state = (change: (tensors: Map<string, TensorLike>) => unknown): Uint8Array => {
    const { tensors } = parseSafetensors(fromHex(hex));
    change(tensors);
    return serializeSafetensors(tensors);
  };
  const one = { shape: [1], data: new Float32Array(1) };
  it.each<[string, Uint8Array, Layer[], string]>([
    ['of other units', fromHex(hex), [dense({ units: 6, inputShape: [3] }), ...mlp(true).slice(2)], "fromBytes: expected tensor '0.weight' to be [6, 3], received [5, 3]"],
    ['without a bias', state((tensors) => tensors.delete('3.bias')), mlp(true), "fromBytes: expected tensor '3.bias' to be [4], received none of that name"],
    ['with a bias too many', fromHex(hex), mlp(false), "fromBytes: expected the parameters of the layers and no others, received tensor '0.bias' [5] too"],
    ['with a module too many', fromHex(hex), mlp(true).slice(0, 3), "no others, received tensor '5.bias' [2] too"],
    ['with a module too few', fromHex(hex), [...mlp(true), dense({ units: 1 })], 'fromBytes: expected 4 modules with parameters, one for each layer that has some, received 3: 0, 3, 5'],
    ['of another module', state((tensors) => tensors.set('head.weight', one)), mlp(true), "expected names such as '0.weight', those of one chain, received 'head.weight'"],
    ['of two chains', state((tensors) => tensors.set('b.7.weight', one)), mlp(true), "expected names such as '0.weight', those of one chain, received 'b.7.weight'"],
  ])('is refused: %s', (_, bytes, architecture, message) => {
    expect(() => fromBytes(bytes, { architecture })).toThrow(FormatError);
    expect(() => fromBytes(bytes, { architecture })).toThrow(message);
  });

  it('needs an architecture', () => {
    expect(() => fromBytes(fromHex(hex))).toThrow(FormatError);
    expect(() => fromBytes(fromHex(hex))).toThrow('fromBytes: the file holds tensors, but nothing says of which layers; give { architecture: [dense({ ... }), ...] }');
  });
});

describe('with an architecture', () => {
  it('a file of ours gives its weights to those layers, and says nothing else', () => {
    const model = make();
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const architecture = [dense({ units: 7, activation: 'relu', inputShape: [4] }), dense({ units: 5, name: 'middle' }), dense({ units: 3, useBias: false, name: 'dense_2' })];
    const other = fromBytes(model.toBytes(), { architecture });
    expect(other.getWeights()).toEqual(model.getWeights());
    expect(other).toMatchObject({ layers: architecture, seed: 0, name: 'sequential', compiled: undefined });
  });

  it.each<[string, LoadOptions['architecture'], RegExp]>([
    ['that is none', {} as never, /fromBytes architecture: expected an array of 1 to 4000 layers, received an object/],
    ['without layers', [], /received Array of 0 values/],
    ['with a type that is unknown', [{ type: 'dens' }], /architecture\[0\] type: .*'dens', did you mean 'dense'/],
    ['with an option that is unknown', [{ type: 'dense', config: { unit: 1 } }], /architecture\[0\]: dense: unknown option 'unit', did you mean 'units'/],
    ['with a key that is unknown', [{ type: 'dense', units: 1 } as never], /architecture\[0\]: unknown option 'units'/],
    ['with layers in what has none', [{ type: 'dense', config: { units: 1, inputShape: [1] }, layers: [dense({ units: 1 })] }], /architecture\[0\]: dense has no layers in it/],
  ])('that is wrong, it is told: %s', (_, architecture, message) => {
    expect(() => fromBytes(make().toBytes(), { architecture: architecture! })).toThrow(OptionError);
    expect(() => fromBytes(make().toBytes(), { architecture: architecture! })).toThrow(message);
  });
});

describe('options of loading', () => {
  const bytes = make().toBytes();
  it('choose a backend and a format', () => {
    expect(fromBytes(bytes, { backend: 'reference', format: 'safetensors' }).backend).toBe('reference');
    expect(fromBytes(bytes).backend).toBe('wasm');
  });
  it.each<[string, () => unknown, RegExp]>([
    ['an unknown option', () => fromBytes(bytes, { formats: 1 } as never), /fromBytes: unknown option 'formats', did you mean 'format'/],
    ['an unknown format', () => fromBytes(bytes, { format: 'safetensor' as never }), /fromBytes format: .*did you mean 'safetensors'/],
    ['an unknown backend', () => fromBytes(bytes, { backend: 'gpu' as never }), /backend: expected one of/],
    ['text', () => fromBytes('bytes' as never), /fromBytes: expected the bytes of a file, a Uint8Array, received 'bytes'/],
  ])('are checked: %s', (_, load, message) => {
    expect(load).toThrow(NablaError);
    expect(load).toThrow(message);
  });
});

describe('a file is refused that', () => {
  const bytes = (() => {
    const model = make();
    model.compile({ optimizer: adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
    return model.toBytes();
  })();
  const blocks = sequential({ layers: [
    impute({ strategy: 'constant', inputShape: [4] }), oneHot({ categories: [0, 1, 0, 0], unknown: false }), normalization({ scaling: 'robust', columns: [0] }),
    residual([dense({ units: 4, kernelRegularizer: l2(), kernelConstraint: maxNorm() }), batchNormalization()]), gaussianNoise({ stddev: 1 }), layerNormalization(),
  ] }).toBytes();
  type Layers = { type: string; name: string; config: Json; layers?: unknown }[];
  const layer = (change: (layers: Layers) => unknown): Uint8Array => changed(bytes, ({ model }) => void change(model['layers'] as Layers));
  const model = (parts: Json): Uint8Array => changed(bytes, (file) => void Object.assign(file.model, parts));
  const text = (value: string): Uint8Array => changed(bytes, () => value);
  const nested = (levels: number): Json => ({ type: 'residual', name: 'a', config: {}, layers: levels === 0 ? [{ type: 'dropout', config: { rate: 0.5, inputShape: [4] } }] : [nested(levels - 1)] });

  it.each<[string, Uint8Array, RegExp]>([
    ['is no safetensors file', new TextEncoder().encode('a: [1, 2, 3, 4, 5]'), /fromBytes: safetensors, byte 0/],
    ['has metadata that are no JSON', text('{'), /expected JSON in 'nabla.model' of the metadata/],
    ['has an array for metadata', text('[]'), /expected an object in 'nabla.model' of the metadata, received Array/],
    ['has null for metadata', text('null'), /expected an object in 'nabla.model'.*received null/],
    ['is of a later version', model({ formatVersion: 2 }), /expected formatVersion 1 in 'nabla.model', received 2/],
    ['has deep metadata', text(`{"formatVersion":1,"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), /no deeper than 256|expected JSON/],
    ['has a key that would change a prototype', text('{"formatVersion":1,"layers":[],"userMetadata":{"__proto__":{"polluted":1}}}'), /expected no key '__proto__'/],
    ['has no layers', model({ layers: undefined }), /layers: expected an array of 1 to 4000 layers, received undefined/],
    ['has an empty list of layers', model({ layers: [] }), /received Array of 0 values/],
    ['has an object for layers', model({ layers: { length: 1 } }), /expected an array of 1 to 4000 layers/],
    ['has too many layers', model({ layers: Array.from({ length: 4_001 }, () => ({ type: 'dropout', config: { rate: 0 } })) }), /received Array of 4001 values/],
    ['has null for a layer', model({ layers: [null] }), /layers\[0\]: expected a layer, or \{ type, config \}, received null/],
    ['has a layer of an unknown type', layer((layers) => (layers[2]!.type = 'Dense')), /fromBytes: layers\[2\] type: .*received 'Dense', did you mean 'dense'/],
    ['has a layer of type constructor', layer((layers) => (layers[0]!.type = 'constructor')), /layers\[0\] type: expected one of/],
    ['has a layer without a type', layer((layers) => delete (layers[0] as Partial<Layers[0]>).type), /layers\[0\] type: .*received undefined/],
    ['has a number for options', layer((layers) => (layers[0]!.config = 5 as never)), /layers\[0\] config: expected an object of options, received 5/],
    ['has an unknown option', layer((layers) => (layers[0]!.config['kernel'] = 5)), /layers\[0\]: dense: unknown option 'kernel'/],
    ['has an option of another type', layer((layers) => (layers[0]!.config['activation'] = { name: { deep: [] } })), /layers\[0\]: dense activation: expected one of/],
    ['has a number for a name', layer((layers) => (layers[0]!.name = 5 as never)), /layers\[0\] name: expected a word, received 5/],
    ['has a name twice', layer((layers) => (layers[2]!.name = 'dense_1')), /two layers are named 'dense_1'/],
    ['has blocks in blocks in blocks', model({ layers: [nested(100)] }), /no deeper than 64/],
    ['has a block with nothing in it', layer((layers) => layers.push({ type: 'residual', name: 'b', config: {} })), /layers\[5\]: residual layers: expected an array of at least one layer/],
    ['has a block with nothing in its list', layer((layers) => layers.push({ type: 'residual', name: 'b', config: {}, layers: [] })), /layers\[5\] layers: expected an array of 1 to 4000 layers/],
    ['has a wrong layer in a block', layer((layers) => layers.push({ type: 'residual', name: 'b', config: {}, layers: [{ type: 'denes' }] })), /layers\[5\] layers\[0\] type: .*'denes', did you mean 'dense'/],
    ['has layers in a layer that has none', layer((layers) => (layers[0]!.layers = [{ type: 'dropout', config: { rate: 0.5 } }])), /layers\[0\]: dense has no layers in it/],
    ['has an unknown regularizer', layer((layers) => (layers[0]!.config['kernelRegularizer'] = { name: 'l3', config: {} })), /layers\[0\] kernelRegularizer: expected one of l1, .*received 'l3'/],
    ['has a constraint for a regularizer', layer((layers) => (layers[0]!.config['kernelRegularizer'] = 'maxNorm')), /layers\[0\]: dense kernelRegularizer: expected/],
    ['has a constraint with bad options', layer((layers) => (layers[0]!.config['biasConstraint'] = { name: 'maxNorm', config: { value: -1 } })), /layers\[0\] biasConstraint: maxNorm: expected/],
    ['asks for more columns than there is memory for', layer((layers) => layers.push({ type: 'oneHot', name: 'o', config: { categories: [2 ** 40, 0, 0] } })), /layers\[5\]: oneHot categories: expected at most 100000 outputs/],
    ['has layers that do not fit', layer((layers) => (layers[2]!.config['inputShape'] = [9])), /inputShape is \[9\], but the layer before gives rows of 7/],
    ['has no input shape', layer((layers) => delete layers[0]!.config['inputShape']), /expected an inputShape/],
    ['has another number of inputs', model({ inputs: 5 }), /inputs: expected 4, as the layers say, received 5/],
    ['has a seed that is none', model({ seed: 1.5 }), /seed: expected an integer, received 1.5/],
    ['has a name that is none', model({ name: [] }), /sequential name: expected a word/],
    ['has absurd units', layer((layers) => (layers[0]!.config['units'] = 2 ** 52)), /expected tensor 'dense_1\/kernel' to be \[4, 4503599627370496\], received \[4, 7\]/],
    ['has absurd inputs', layer((layers) => (layers[0]!.config['inputShape'] = [2 ** 52])), /inputs: expected 4503599627370496, as the layers say, received 4/],
    ['has units that are no number', layer((layers) => (layers[0]!.config['units'] = '7')), /layers\[0\]: dense units: expected an integer of at least 1, received '7'/],
    ['has a shape turned round', changed(bytes, ({ tensors }) => void tensors.set('dense_1/kernel', { ...tensors.get('dense_1/kernel')!, shape: [7, 4] })), /expected tensor 'dense_1\/kernel' to be \[4, 7\], received \[7, 4\]/],
    ['lacks a tensor', changed(bytes, ({ tensors }) => void tensors.delete('middle/bias')), /expected tensor 'middle\/bias' to be \[5\], received none of that name/],
    ['has a tensor too many', changed(bytes, ({ tensors }) => void tensors.set('optimizer/0/dense_1/kernel', tensors.get('dense_1/kernel')!)), /no others, received tensor 'optimizer\/0\/dense_1\/kernel' \[4, 7\] too/],
    ['has an unknown optimizer', model({ optimizer: { name: 'adamm', config: {} } }), /compiled optimizer: .*'adamm', did you mean 'adam'/],
    ['has an optimizer without options', model({ optimizer: 'sgd' }), /compiled optimizer: expected \{ name, config \}, received 'sgd'/],
    ['has an optimizer with bad options', model({ optimizer: { name: 'sgd', config: { learningRate: -1 } } }), /sgd learningRate: expected/],
    ['has an optimizer of absurd state', model({ optimizer: { name: 'lbfgs', config: { historySize: 1e9 } } }), /compiled optimizer historySize: expected at most 1000, received 1000000000/],
    ['has an unknown loss', model({ loss: { name: 'toString' } }), /compile loss: expected one of/],
    ['has a loss that is none', model({ loss: 5 }), /compile loss: expected one of/],
    ['has unknown metrics', model({ metrics: ['acuracy'] }), /did you mean 'accuracy'/],
    ['has metrics that are none', model({ metrics: { length: 1e9 } }), /compile metrics: expected an array/],
  ])('%s', async (_, file, message) => {
    expect(() => fromBytes(file)).toThrow(FormatError);
    expect(() => fromBytes(file)).toThrow(message);
    await expect(loadModel(file)).rejects.toThrow(FormatError);
    expect(({} as Json)['polluted']).toBeUndefined();
  });

  it('is not loaded halfway: nothing is allocated for it', () => {
    const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow');
    expect(() => fromBytes(layer((layers) => (layers[0]!.config['units'] = 2 ** 28)))).toThrow(FormatError);
    expect(grow).not.toHaveBeenCalled();
    grow.mockRestore();
  });

  it('or has layers out of all proportion to it: those without parameters cost a file their names alone', () => {
    const wide = (units: number, layersOf: number): Uint8Array => {
      const description = [{ type: 'dense', config: { units, activation: 'linear', inputShape: [1] } }, ...Array.from({ length: layersOf }, () => ({ type: 'activation', config: { activation: 'relu' } }))]
        .map((one, i) => ({ ...one, name: `layer_${i}` }));
      const tensors = new Map<string, TensorLike>([['layer_0/kernel', { shape: [1, units], data: numbers(units, 3) }], ['layer_0/bias', { shape: [units], data: new Float32Array(units) }]]);
      return serializeSafetensors(tensors, new Map([[modelKey, JSON.stringify({ formatVersion: 1, name: 'wide', inputs: 1, layers: description, seed: 0 })]]));
    };
    expect(() => fromBytes(wide(4096, 3500))).toThrow(/expected layers that pass on at most 4718592 values for a row, in a file of so many parameters; received 14340096$/);
    // What is within bounds takes few rows at a time, and no bit depends on that.
    const model = fromBytes(wide(4096, 900));
    const rows = numbers(12, 5);
    const outputs = model.predict(rows);
    expect(model.program.backend.memory.f32.byteLength).toBeLessThan(160 * 2 ** 20);
    const slim = sequential({ layers: [dense({ units: 4096, activation: 'relu', inputShape: [1] })] });
    slim.setWeights(model.getWeights());
    expect(outputs).toEqual(slim.predict(rows));
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    slim.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const targets = numbers(12 * 4096, 6);
    expect(model.evaluate(rows, targets).loss).toBeCloseTo(slim.evaluate(rows, targets).loss!, 6);
    expect(model.program.backend.memory.f32.byteLength).toBeLessThan(160 * 2 ** 20);
  });

  /** Every value in a tree, by its path. */
  const pathsOf = (value: unknown, path: string[] = []): string[][] =>
    [path, ...(typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, part]) => pathsOf(part, [...path, key])) : [])];
  const places = [bytes, blocks].flatMap((file) => pathsOf(describedBy(file)).filter((path) => path.length > 0).map((path) => ({ file, path })));
  const junk = fc.oneof(
    fc.json({ maxDepth: 3 }).map((json) => JSON.parse(json) as unknown), fc.integer(), fc.double(),
    fc.constantFrom('dense', 'dropout', 'activation', 'normalization', 'impute', 'oneHot', 'median', 'batchNormalization', 'residual', 'l2', 'maxNorm', 'constructor', '__proto__', 'sgd', 'lbfgs', 'function', 1e15, -1, [], {}, null, [2 ** 40], [4]),
  );

  const loadsOrThrows = (file: Uint8Array): void => {
    try {
      expect(fromBytes(file).getWeights()).toBeInstanceOf(Array);
    } catch (error) {
      expect(error).toBeInstanceOf(NablaError);
    }
  };

  it('or it is loaded: of all files with other values in the description', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom(...places), junk), { minLength: 1, maxLength: 3 }), (edits) => {
      loadsOrThrows(changed(edits[0]![0].file, ({ model: description }) => {
        for (const [{ path }, value] of edits) {
          let at: unknown = description;
          for (const key of path.slice(0, -1)) at = typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as Json)[key] : undefined;
          if (typeof at === 'object' && at !== null) Object.defineProperty(at, path.at(-1)!, { value, enumerable: true, configurable: true, writable: true });
        }
      }));
    }), { numRuns: 1000 });
  });

  it('or it is loaded: of all files with bytes changed, dropped or added', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 }), fc.constantFrom('change', 'drop', 'add')), { minLength: 1, maxLength: 4 }), (edits) => {
      const all = [...bytes];
      for (const [at, value, edit] of edits) all.splice(at % (all.length + 1), edit === 'add' ? 0 : 1, ...(edit === 'drop' ? [] : [value]));
      loadsOrThrows(Uint8Array.from(all));
    }), { numRuns: 400 });
  });

  it('or it is loaded: of all descriptions', () => {
    fc.assert(fc.property(fc.json(), (json) => loadsOrThrows(changed(bytes, () => json))));
  });
});

it('what lbfgs needs is within the limit', () => {
  const model = make({ layers: [dense({ units: 2, inputShape: [2] })] });
  model.compile({ optimizer: lbfgs({ historySize: 100 }), loss: 'meanSquaredError' });
  expect(fromBytes(model.toBytes()).compiled).toBeDefined();
});

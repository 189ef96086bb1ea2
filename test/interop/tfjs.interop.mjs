/** Models go to TensorFlow.js and come back, and its models come here: the predictions of both agree, and each reads what the other wrote. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  activation, adadelta, adagrad, adam, adamax, batchNormalization, dense, dropout, fromTfjs, gaussianNoise, l1l2, layerNormalization, loadModel, maxNorm, momentum, nonNegative, normalization, rmsprop,
  sequential, sgd, unitNorm,
} from '../../dist/index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});
const folder = mkdtempSync(join(tmpdir(), 'nabla-'));
afterAll(() => rmSync(folder, { recursive: true }));

const inputs = 6;
const rows = 7;
/** From -9 to 9, with zeros among them. */
const x = Float32Array.from({ length: rows * inputs }, (_, i) => Math.round(Math.sin(i * 1.7) * 36) / 4);
const small = x.map((value) => value / 8);

const bufferOf = (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
/** As its own loaders do with the two files. */
const inTensorFlow = ({ modelJson, weights }) => tf.loadLayersModel(tf.io.fromMemory({
  ...modelJson, weightSpecs: modelJson.weightsManifest.flatMap((group) => group.weights), weightData: bufferOf(weights),
}));
async function files(model, options) {
  let artifacts;
  await model.save(tf.io.withSaveHandler(async (given) => {
    artifacts = given;
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  }), options);
  const { weightData, weightSpecs, ...modelJson } = artifacts;
  return { modelJson: { ...modelJson, weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }] }, weights: weightData };
}
const theirs = (model, values) => model.predict(tf.tensor2d(values, [rows, values.length / rows])).dataSync();

function expectClose(actual, expected) {
  expect(actual.length).toBe(expected.length);
  const worst = Math.max(...actual.map((value, i) => Math.abs(value - expected[i]) / Math.max(1, Math.abs(expected[i]))));
  expect(worst).toBeLessThan(1e-5);
}

/** Numbers other than those that layers begin with. */
function shaken(model) {
  model.setWeights(model.getWeights().map((values, i) => values.map((_, at) => 0.55 + 0.45 * Math.sin(at * 2.3 + i))));
  return model;
}
/** The same of theirs. */
function shakenThere(model) {
  model.setWeights(model.getWeights().map((tensor, i) => tf.tensor(Float32Array.from({ length: tensor.size }, (_, at) => 0.55 + 0.45 * Math.sin(at * 1.9 + i)), tensor.shape)));
  return model;
}

const activations = [
  'linear', 'sigmoid', 'tanh', 'relu', 'relu6', 'leakyRelu', { name: 'leakyRelu', alpha: 0.25 }, 'elu', 'selu', 'gelu', 'silu', 'swish', 'mish', 'softplus', 'softsign',
  { name: 'hardSigmoid', slope: 0.2, offset: 0.5 }, 'softmax', 'logSoftmax',
];

describe('a model from here', () => {
  async function expectSame(model) {
    const there = await inTensorFlow(model.toTfjs());
    for (const values of [x, small]) expectClose(theirs(there, values), model.predict(values));
    // What they write of it is what we wrote.
    const back = fromTfjs(await files(there));
    for (const values of [x, small]) expectClose(back.predict(values), model.predict(values));
    expectClose(fromTfjs(model.toTfjs()).predict(x), model.predict(x));
    return there;
  }

  it.each(activations.map((spec) => [JSON.stringify(spec), spec]))('has activation %s, in a dense layer and as one of its own', async (_, spec) => {
    await expectSame(shaken(sequential({ layers: [dense({ units: 5, activation: spec, inputShape: [inputs] }), dense({ units: 3 }), activation({ activation: spec })] })));
    const alone = sequential({ layers: [activation({ activation: spec, inputShape: [inputs] })] });
    expectClose(theirs(await inTensorFlow(alone.toTfjs()), x), alone.predict(x));
  });

  it('has layers of every kind', async () => {
    const scale = normalization({ inputShape: [inputs] });
    scale.adapt(Array.from({ length: rows }, (_, row) => [...x.subarray(row * inputs, (row + 1) * inputs)]));
    const model = sequential({
      name: 'ours',
      layers: [
        scale, dense({ units: 8, activation: 'relu', name: 'a/b c', kernelRegularizer: l1l2({ l1: 0.1, l2: 0.2 }), kernelConstraint: maxNorm(7), biasConstraint: nonNegative() }),
        batchNormalization({ momentum: 0.9, epsilon: 1e-4 }), gaussianNoise({ stddev: 0.2 }), dropout({ rate: 0.3 }),
        dense({ units: 6, useBias: false, activation: { name: 'leakyRelu', alpha: 0.1 }, derivative: 'straightThrough' }),
        layerNormalization({ epsilon: 0.01 }), batchNormalization({ center: false, scale: false }), layerNormalization({ center: false }), dense({ units: 3, activation: 'softmax' }),
      ],
    });
    const [mean, variance, ...others] = model.getWeights();
    model.setWeights([mean, variance, ...others.map((values, i) => values.map((_, at) => 0.55 + 0.45 * Math.sin(at * 2.3 + i)))]);
    model.userMetadata = { classes: ['a', 'b', 'ä'] };
    const there = await expectSame(model);
    expect(there.getUserDefinedMetadata()).toEqual(model.userMetadata);
    expect(there.name).toMatch(/^ours/);
    const config = there.layers[1].getConfig();
    expect(config.kernelRegularizer).toEqual({ className: 'L1L2', config: { l1: 0.1, l2: 0.2 } });
    expect(config.kernelConstraint).toEqual({ className: 'MaxNorm', config: { maxValue: 7, axis: 0 } });
    expect(config.biasConstraint.className).toBe('NonNeg');
    expect(there.layers.find(({ name }) => name === 'batchNormalization_1').momentum).toBe(0.9);
    expect(fromTfjs(await files(there)).userMetadata).toEqual(model.userMetadata);
  });

  it.each([['maxNorm', maxNorm(1)], ['unitNorm', unitNorm()], ['nonNegative', nonNegative()]])('has constraint %s once its weights keep it, for before its loader would change them', async (_, kernelConstraint) => {
    const model = sequential({ layers: [dense({ units: 3, kernelConstraint, biasConstraint: kernelConstraint, inputShape: [inputs] })], seed: 5 });
    model.setWeights(model.getWeights().map((values) => values.map((value, at) => 3 * value + (at === 0 ? -0.5 : 1))));
    expect((await expectSame(model)).layers[0].getConfig()).toMatchObject({ kernelConstraint: null, biasConstraint: null });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    model.trainOnBatch(small, new Float32Array(rows * 3));
    expect((await expectSame(model)).layers[0].getConfig()).toMatchObject({ kernelConstraint: { className: expect.any(String) }, biasConstraint: { className: expect.any(String) } });
  });

  it('is what its files hold', async () => {
    const model = shaken(sequential({ layers: [dense({ units: 4, activation: 'tanh', inputShape: [inputs] }), dense({ units: 2 })] }));
    await model.save(join(folder, 'model.json'), { format: 'tfjs' });
    const modelJson = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
    expect(modelJson.weightsManifest[0].paths).toEqual(['weights.bin']);
    expectClose(theirs(await inTensorFlow({ modelJson, weights: readFileSync(join(folder, 'weights.bin')) }), x), model.predict(x));
    expect((await loadModel(join(folder, 'model.json'))).getWeights()).toEqual(model.getWeights());
  });
});

describe('a model from there', () => {
  async function expectSame(model, options) {
    shakenThere(model);
    const here = fromTfjs(await files(model, options));
    for (const values of [x, small]) expectClose(here.predict(values), theirs(model, values));
    const back = await inTensorFlow(here.toTfjs());
    for (const values of [x, small]) expectClose(theirs(back, values), theirs(model, values));
    return here;
  }

  it.each(['elu', 'hardSigmoid', 'linear', 'relu', 'relu6', 'selu', 'sigmoid', 'softmax', 'softplus', 'softsign', 'tanh', 'swish', 'mish', 'gelu', 'logSoftmax'])('may have activation %s', async (name) => {
    await expectSame(tf.sequential({ layers: [tf.layers.dense({ units: 5, activation: name, inputShape: [inputs] }), tf.layers.dense({ units: 4 }), tf.layers.activation({ activation: name })] }));
  });

  it('may have gelu_new, which it writes but does not read', async () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 5, activation: 'gelu_new', inputShape: [inputs] })] });
    const saved = await files(shakenThere(model));
    await expect(inTensorFlow({ ...saved, weights: new Uint8Array(saved.weights) })).rejects.toThrow('Unknown activation');
    expectClose(fromTfjs(saved).predict(small), theirs(model, small));
    expect(() => fromTfjs(saved).toTfjs()).toThrow(/layer 'dense_Dense\d+' \(dense\): TensorFlow.js has no activation geluTanh/);
  });

  it('may have layers of every kind, and have been trained', async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.inputLayer({ inputShape: [inputs] }), tf.layers.dense({ units: 8, useBias: false, kernelRegularizer: tf.regularizers.l2({ l2: 0.3 }), kernelConstraint: 'unitNorm' }),
        tf.layers.batchNormalization({ momentum: 0.8, epsilon: 0.01 }), tf.layers.reLU({ maxValue: 6 }), tf.layers.dropout({ rate: 0.1 }), tf.layers.dense({ units: 6 }),
        tf.layers.leakyReLU({ alpha: 0.2 }), tf.layers.gaussianNoise({ stddev: 1 }), tf.layers.layerNormalization({ epsilon: 0.02 }), tf.layers.dense({ units: 5 }), tf.layers.elu(),
        tf.layers.batchNormalization(), tf.layers.reLU(), tf.layers.leakyReLU(), tf.layers.dense({ units: 4 }), tf.layers.softmax(),
      ],
    });
    model.compile({ loss: 'meanSquaredError', optimizer: tf.train.adam(0.01), metrics: ['accuracy'] });
    await model.fit(tf.tensor2d(x, [rows, inputs]), tf.zeros([rows, 4]), { epochs: 1, verbose: 0 });
    model.setUserDefinedMetadata({ note: 'theirs' });
    const here = await expectSame(model, { includeOptimizer: true });
    expect(here.userMetadata).toEqual({ note: 'theirs' });
  });

  it('may be functional, if it is a chain', async () => {
    const input = tf.input({ shape: [inputs] });
    const hidden = tf.layers.dense({ units: 5, activation: 'tanh' }).apply(input);
    const out = tf.layers.dense({ units: 2 }).apply(hidden);
    await expectSame(tf.model({ inputs: input, outputs: out }));
    const sum = tf.layers.add().apply([hidden, tf.layers.dense({ units: 5 }).apply(hidden)]);
    const branched = await files(tf.model({ inputs: input, outputs: sum }));
    expect(() => fromTfjs(branched)).toThrow(/expected a model that is a chain/);
    const early = await files(tf.model({ inputs: input, outputs: [hidden, out] }));
    expect(() => fromTfjs(early)).toThrow(/one output/);
  });

  it('may take images, scaled and flattened', async () => {
    const model = shakenThere(tf.sequential({ layers: [
      tf.layers.rescaling({ scale: 1 / 4, offset: -1, inputShape: [2, 3, 1] }), tf.layers.flatten(), tf.layers.dense({ units: 3, activation: 'tanh' }),
    ] }));
    const here = fromTfjs(await files(model));
    expectClose(here.predict(x), model.predict(tf.tensor4d(x, [rows, 2, 3, 1])).dataSync());
    expectClose(theirs(await inTensorFlow(here.toTfjs()), x), here.predict(x));
  });

  it.each(['uint8', 'uint16', 'float16'])('may be quantized as %s: the values are those that its own loader makes', async (dtype) => {
    const model = shakenThere(tf.sequential({ layers: [tf.layers.dense({ units: 5, activation: 'tanh', inputShape: [inputs] }), tf.layers.dense({ units: 3 })] }));
    const { modelJson } = await files(model);
    // TensorFlow.js has nothing that writes these; its converter, in Python, spells them so.
    const group = modelJson.weightsManifest[0];
    const width = dtype === 'uint8' ? 1 : 2;
    const values = group.weights.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
    group.weights = group.weights.map((weight, i) => ({ ...weight, quantization: dtype === 'float16' ? { dtype } : { dtype, scale: 0.013 / (1 + i) / 256 ** (width - 1), min: -1.234 } }));
    // As float16: small numbers, with denormal ones and both zeros among them.
    const codes = Array.from({ length: values.reduce((a, b) => a + b) }, (_, i) => (i * 7919 + 3) % (dtype === 'float16' ? 0x4000 : 256 ** width) + (dtype === 'float16' && i % 3 === 0 ? 0x8000 : 0));
    const weights = new Uint8Array((width === 1 ? Uint8Array : Uint16Array).from(codes).buffer);
    const there = await inTensorFlow({ modelJson, weights });
    const here = fromTfjs({ modelJson, weights });
    expect(here.getWeights()).toEqual(there.getWeights().map((tensor) => tensor.dataSync()));
    expectClose(here.predict(small), theirs(there, small));
  });
});

describe('what a model is compiled with', () => {
  const targets = Array.from({ length: rows }, (_, i) => i % 3);
  const training = [
    [sgd({ learningRate: 0.25 }), 'SGD', 'sparseCategoricalCrossentropy'], [momentum({ learningRate: 0.125, nesterov: true }), 'Momentum', 'sparseCategoricalCrossentropy'],
    [adam({ beta1: 0.75 }), 'Adam', 'meanSquaredError'], [adagrad({ learningRate: 0.5 }), 'Adagrad', 'meanAbsoluteError'], [adadelta({ rho: 0.75 }), 'Adadelta', 'poisson'],
    [adamax({ learningRate: 0.5 }), 'Adamax', 'kullbackLeiblerDivergence'], [rmsprop({ rho: 0.75, centered: true }), 'RMSProp', 'categoricalCrossentropy'], [sgd(), 'SGD', 'hinge'], [sgd(), 'SGD', 'logCosh'],
  ];

  it.each(training)('is taken by TensorFlow.js, which gives it back: %#', async (optimizer, className, loss) => {
    const model = sequential({ layers: [dense({ units: 3, activation: 'softmax', inputShape: [inputs] })], seed: 3 });
    model.compile({ optimizer, loss, metrics: ['accuracy', loss === 'sparseCategoricalCrossentropy' ? loss : 'meanSquaredError'] });
    const there = await inTensorFlow(model.toTfjs());
    expect(there.optimizer.getClassName()).toBe(className);
    const y = loss === 'sparseCategoricalCrossentropy' ? tf.tensor2d(targets, [rows, 1]) : tf.oneHot(tf.tensor1d(targets, 'int32'), 3).toFloat();
    const flat = loss === 'sparseCategoricalCrossentropy' ? targets : await y.data();
    const [theirLoss] = there.evaluate(tf.tensor2d(small, [rows, inputs]), y).map((value) => value.dataSync()[0]);
    // Theirs keeps probabilities 1e-7 away from 0 and 1.
    if (!/hinge/.test(loss)) expect(theirLoss).toBeCloseTo(model.evaluate(small, flat).loss, 4);
    // Which it cannot save.
    if (className === 'Adamax') return;
    const back = fromTfjs(await files(there, { includeOptimizer: true }));
    expect(back.compiled.loss.name ?? back.compiled.loss).toBe(loss);
    const config = ({ optimizer: { config } }) => Object.fromEntries(Object.entries(config).map(([name, value]) => [name, typeof value === 'number' ? Math.fround(value) : value]));
    expect(config(back.snapshot().model)).toEqual(config(model.snapshot().model));
  });
});

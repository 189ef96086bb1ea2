/** Models with activations that were defined, in files: names there, functions beside them; and what diagnostics make of them. */
import { describe, expect, it } from 'vitest';
import {
  activation, adam, collapseLinear, crossValidate, decisionGrid, defineActivation, dense, diagnose, earlyStopping, explainGradient, exportCode, findLearningRate, FormatError, fromBytes,
  loadModel, lossLandscape, OptionError, residual, sequential, type DefinedActivation, type Layer, type Sequential,
} from '../../src/index.ts';
import { restoreSnapshot, takeSnapshot } from '../../src/model/snapshot.ts';
import { numbers } from '../twins.ts';

const cube = defineActivation({ f: (z) => z ** 3, df: (z) => 3 * z ** 2, name: 'cube' });
const snake = defineActivation({ f: (z) => z + Math.sin(z) ** 2, df: (z) => 1 + Math.sin(2 * z), name: 'snake' });
const x = numbers(24, 3);
const y = numbers(12, 4);

function make(layers: readonly Layer[] = [dense({ units: 5, activation: cube, inputShape: [2] }), residual([dense({ units: 5, activation: 'tanh', derivative: snake })]), activation(snake)]): Sequential {
  const model = sequential({ layers: [...layers, dense({ units: 1 })], seed: 4 });
  model.compile({ optimizer: adam(), loss: 'meanSquaredError' });
  return model;
}

describe('a file', () => {
  it('has the names, and a program that loads it the functions', async () => {
    const model = make();
    await model.fit(x, y, { epochs: 2 });
    const bytes = model.toBytes();
    const options = { activations: [snake, cube] };
    const loaded = fromBytes(bytes, options);
    expect(loaded.predict(x)).toEqual(model.predict(x));
    expect(loaded.gradients(x, y)).toEqual(model.gradients(x, y));
    expect(loaded.toBytes()).toEqual(bytes);
    expect((await loadModel(bytes, options)).predict(x)).toEqual(model.predict(x));
    expect(model.snapshot().model.layers[0]!.config['activation']).toEqual({ defined: 'cube' });
  });

  it.each<[string, object, string]>([
    ['none', {}, "bytes: layers[0] ('dense_1') activation: expected the activation 'cube', which defineActivation made and no file can hold; pass it, as in loadModel(path, { activations: [...] })"],
    ['another', { activations: [snake] }, "activation: expected the activation 'cube', which defineActivation made and no file can hold; pass it, as in loadModel(path, { activations: [...] }); received snake"],
    ['one with a name like it', { activations: [defineActivation({ f: cube.f, df: cube.df, name: 'cubed' })] }, "received cubed, did you mean 'cubed'?"],
    ['one of two', { activations: [cube] }, "layers[1] layers[0] ('dense_1') derivative: expected the activation 'snake'"],
  ])('is refused with %s of them', (_what, options, message) => {
    const load = (): Sequential => fromBytes(make().toBytes(), options);
    expect(load).toThrow(FormatError);
    expect(load).toThrow(message.replace('bytes: ', 'fromBytes: '));
  });

  it.each<[string, unknown, string]>([
    ['no array', cube, 'fromBytes activations: expected an array of what defineActivation made'],
    ['a function', [Math.sin], 'fromBytes activations[0]: expected what defineActivation made, received a function'],
    ['a name', [cube, 'snake'], "fromBytes activations[1]: expected what defineActivation made, received 'snake'"],
    ['one name twice', [cube, defineActivation({ f: Math.sin, df: Math.cos, name: 'cube' })], "fromBytes activations: two are named 'cube'"],
  ])('is not read with activations that are %s', (_what, activations, message) => {
    const load = (): Sequential => fromBytes(make().toBytes(), { activations: activations as never });
    expect(load).toThrow(OptionError);
    expect(load).toThrow(message);
  });

  it('takes layers as plain data with them, too', () => {
    const model = make([dense({ units: 5, activation: cube, inputShape: [2] })]);
    const plain = [{ type: 'dense', config: { units: 5, activation: cube, inputShape: [2] } }, { type: 'dense', config: { units: 1 } }];
    expect(fromBytes(model.toBytes(), { architecture: plain }).predict(x)).toEqual(model.predict(x));
    const named = [{ type: 'dense', config: { units: 5, activation: { defined: 'cube' }, inputShape: [2] } }, { type: 'dense', config: { units: 1 } }];
    expect(fromBytes(model.toBytes(), { architecture: named, activations: [cube] }).predict(x)).toEqual(model.predict(x));
  });

  it('with something else in the place of a name is refused as any other', () => {
    const load = (): Sequential => fromBytes(make().toBytes(), { architecture: [{ type: 'dense', config: { units: 5, activation: { defined: 5 }, inputShape: [2] } }], activations: [cube] });
    expect(load).toThrow(OptionError);
    expect(load).toThrow('dense activation: expected one of linear, sigmoid');
  });

  it('cannot tell two of one name apart', () => {
    const unnamed = (): DefinedActivation => defineActivation({ f: Math.sin, df: Math.cos });
    const one = unnamed();
    expect(make([dense({ units: 5, activation: one, inputShape: [2] }), activation(one)]).toBytes()).toBeInstanceOf(Uint8Array);
    const model = make([dense({ units: 5, activation: one, inputShape: [2] }), residual([activation(unnamed())])]);
    expect(() => model.toBytes()).toThrow(OptionError);
    expect(() => model.toBytes()).toThrow("toBytes: layer 'activation_1' (activation) activation: two different activations are named 'custom', and a file has their names alone; give defineActivation a name for each");
  });

  it.each<[string, string, (model: Sequential) => unknown]>([
    ['ONNX', "onnx: layer 'residual_1/dense_1': the activation 'snake' was made by defineActivation, and an ONNX file cannot hold its functions", (model) => model.toBytes('onnx')],
    ['TensorFlow.js', "toTfjs: layer 'dense_2' (dense): the activation 'snake' was made by defineActivation, and TensorFlow.js cannot hold its functions", (model) => model.toTfjs()],
    ['code', "exportCode: layer 'residual_1/dense_1': the activation 'snake' was made by defineActivation, and exported code cannot hold its functions", (model) => exportCode(model, { language: 'js' })],
  ])('of %s is refused by name', (format, message, save) => {
    const block = format === 'TensorFlow.js' ? dense({ units: 5, activation: snake }) : residual([dense({ units: 5, activation: snake })]);
    const model = make([dense({ units: 5, activation: 'tanh', inputShape: [2] }), block]);
    expect(() => save(model)).toThrow(OptionError);
    expect(() => save(model)).toThrow(message);
    expect(() => save(model)).toThrow('save the model as safetensors, which loadModel reads with { activations }, or use a built-in activation');
    // What training alone needs is in none of them.
    expect(() => save(make([dense({ units: 5, activation: 'tanh', derivative: snake, inputShape: [2] })]))).not.toThrow();
  });
});

describe('training', () => {
  it('goes on from a snapshot to the same bits', async () => {
    const [model, other] = [make(), make()];
    await model.fit(x, y, { epochs: 4 });
    await other.fit(x, y, { epochs: 2 });
    const resumed = make();
    await restoreSnapshot('test', resumed, takeSnapshot('test', other));
    await resumed.fit(x, y, { epochs: 4, initialEpoch: 2 });
    expect(resumed.getWeights()).toEqual(model.getWeights());
    const foreign = make([dense({ units: 5, activation: snake, inputShape: [2] })]);
    await expect(restoreSnapshot('test', foreign, takeSnapshot('test', make([dense({ units: 5, activation: cube, inputShape: [2] })])))).rejects.toThrow(/is 'cube' in the checkpoint, 'snake' in the model/);
  });

  it('stops early, is cross-validated and has its rate found', async () => {
    const model = make();
    const { history } = await model.fit(x, y, { epochs: 30, validationSplit: 0.25, callbacks: [earlyStopping({ patience: 1, restoreBestWeights: true })] });
    expect(model.evaluate(x.slice(18), y.slice(9))['loss']).toBeCloseTo(Math.min(...history['val_loss']!), 6);
    expect((await findLearningRate(model, x, y)).losses.length).toBeGreaterThan(1);
    expect((await crossValidate(() => make(), x, y, { folds: 3, epochs: 2 })).folds).toHaveLength(3);
  });
});

describe('diagnostics', () => {
  const plain = make([dense({ units: 5, activation: cube, inputShape: [2] }), activation(snake)]);

  it('take a gradient apart', () => {
    const { gradient, numeric, paths } = explainGradient(plain, x, y, 'dense_1/kernel[0, 2]');
    expect(gradient).toBeCloseTo(numeric!, 6);
    expect(paths[0]!.factors.filter(({ kind }) => kind === 'derivative').map(({ name }) => name)).toEqual(['f′(z) of dense_1[2]', 'f′(z) of activation_1[2]']);
  });

  it('see what it is called and how it slopes, and accuse no output of which they know nothing', () => {
    const { layers, findings } = diagnose(plain, x, y);
    expect(layers[0]).toMatchObject({ name: 'dense_1', activation: 'cube' });
    expect(layers[0]!.meanDerivative).toBeGreaterThan(0);
    expect(findings.map(({ code }) => code)).not.toContain('wrongLoss');
    const own = defineActivation({ f: (z) => 1 / (1 + Math.exp(-z)), df: (z) => Math.exp(-z) / (1 + Math.exp(-z)) ** 2, name: 'constructor' });
    const classifier = sequential({ layers: [dense({ units: 4, activation: 'tanh', inputShape: [2] }), dense({ units: 1, activation: own })] });
    classifier.compile({ optimizer: 'sgd', loss: 'binaryCrossentropy' });
    expect(diagnose(classifier, x, y.map((value) => Number(value > 0))).findings.map(({ code }) => code)).not.toContain('wrongLoss');
  });

  it('name a derivative that is 0 everywhere', () => {
    const flat = defineActivation({ f: Math.tanh, df: () => 0, name: 'flat' });
    const found = (layer: Layer) => diagnose(make([layer]), x, y).findings.find(({ code }) => code === 'zeroDerivative')!;
    expect(found(dense({ units: 5, activation: flat, inputShape: [2] })).evidence['derivative']).toBe('flat');
    expect(found(dense({ units: 5, activation: 'tanh', derivative: flat, inputShape: [2] })).evidence['derivative']).toBe('flat');
  });

  it('merge linear layers around it, and map what it answers', async () => {
    const model = make([dense({ units: 9, inputShape: [2] }), dense({ units: 3, activation: cube }), dense({ units: 9 })]);
    const collapsed = collapseLinear(model);
    expect(collapsed.layers).toHaveLength(2);
    collapsed.predict(x).forEach((value, i) => expect(value).toBeCloseTo(model.predict(x)[i]!, 5));
    expect(decisionGrid(model, { resolution: 3 }).outputs).toHaveLength(9);
    expect((await lossLandscape(model, x, y, { resolution: 3 })).loss).toHaveLength(9);
  });
});

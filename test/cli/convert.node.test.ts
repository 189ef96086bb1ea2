/** `nabla convert`: the new file predicts as the old one does, and what it does not hold is said. */

import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkpoint, dense, l2, loadModel, momentum, sequential, type Sequential } from '../../src/index.ts';
import { birdModel, birds, threeClasses, workplace } from './workplace.ts';

const { folder, nabla, json, write, read, path } = workplace();
const colours = threeClasses();
const points = [[0.5, -1], [2, 0.25], [-3, 1]];
let species: Sequential;

beforeAll(async () => {
  species = await birdModel('species');
  write('colours.safetensors', colours.toBytes());
  write('species.safetensors', species.toBytes());
});

interface Document {
  readonly format: string;
  readonly path: string;
  readonly bytes: number;
  readonly lost: string[];
  readonly largestDifference: number;
}

describe('a model', () => {
  it.each([
    ['colours.onnx', 'colours.onnx', 'onnx'],
    ['web', 'web/model.json', 'tfjs'],
    ['page/', 'page/model.json', 'tfjs'],
    ['other.json', 'other.json', 'tfjs'],
    ['again.safetensors', 'again.safetensors', 'safetensors'],
  ])('becomes %s', async (to, file, format) => {
    const document = json('convert', 'colours.safetensors', to) as Document;
    expect(document).toMatchObject({ format, path: file, largestDifference: expect.closeTo(0, 5) as number });
    const copy = await loadModel(path(file));
    copy.predict(points).forEach((value, i) => expect(value).toBeCloseTo(colours.predict(points)[i]!, 5));
  });

  it('comes back as it was, but for what was lost', async () => {
    const to = (json('convert', 'colours.safetensors', 'there.onnx') as Document).lost;
    expect(to).toContain('what the model was compiled with: optimizer, loss and metrics');
    expect(to).toContain('layers that work in training alone: dropout_1 (dropout)');
    expect(json('convert', 'there.onnx', 'back.safetensors')).toMatchObject({ lost: [], largestDifference: 0 });
    const back = await loadModel(path('back.safetensors'));
    expect(back.getWeights()).toEqual(colours.getWeights());
    expect(back.compiled).toBeUndefined();
  });

  it('of a table keeps its columns in ONNX', async () => {
    const { lost } = json('convert', 'species.safetensors', 'species.onnx') as Document;
    const copy = await loadModel(path('species.onnx'));
    expect(lost).toEqual(['what the model was compiled with: optimizer, loss and metrics', 'the seed, 1']);
    expect(birds.map((bird) => copy.predictRecord(bird).label)).toEqual(birds.map((bird) => species.predictRecord(bird).label));
  });

  it('is said to lose the state of its optimizer, where it was a checkpoint, and nothing else to the same format', async () => {
    await colours.fit(points, [0, 1, 2], { epochs: 1, callbacks: [checkpoint({ path: path('run.safetensors') })] });
    write('colours.safetensors', colours.toBytes());
    const { stdout, status } = nabla('convert', 'run.safetensors', 'plain.safetensors');
    expect(status).toBe(0);
    expect(stdout).toContain('Read back, it predicts the same bits.');
    expect(stdout).toMatch(/Not in it:\n {2}- the state of the optimizer/);
    expect(stdout).not.toMatch(/compiled/);
    expect(nabla('convert', 'colours.safetensors', 'plain.safetensors').stdout).toContain('Nothing is lost.');
    expect(read('plain.safetensors')).toBe(read('colours.safetensors'));
  });

  it('keeps what it was compiled with, but for metrics that TensorFlow.js does not have', () => {
    const model = threeClasses();
    model.compile({ optimizer: momentum(), loss: 'categoricalCrossentropy', metrics: ['accuracy', 'poisson'] });
    write('momentum.safetensors', model.toBytes());
    expect((json('convert', 'momentum.safetensors', 'momentum') as Document).lost).toEqual(['metrics that the model was compiled with: poisson', 'the seed, 5']);
    model.compile({ optimizer: momentum(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
    write('momentum.safetensors', model.toBytes());
    expect((json('convert', 'momentum.safetensors', 'momentum') as Document).lost).toEqual(['the seed, 5']);
  });

  it('is said to lose options of training', () => {
    write('ruled.safetensors', sequential({ layers: [dense({ units: 2, activation: 'tanh', derivative: 'constant', kernelRegularizer: l2(0.1), inputShape: [2] })] }).toBytes());
    expect((json('convert', 'ruled.safetensors', 'ruled.onnx') as Document).lost).toEqual(['options of layers that matter in training alone: derivative, kernelRegularizer']);
  });
});

describe('what cannot be converted', () => {
  it.each([
    [['none.safetensors', 'x.onnx'], "there is no file 'none.safetensors'"],
    [['text.csv', 'x.onnx'], "'text.csv' is no model: expected "],
    [['cut.safetensors', 'x.onnx'], "'cut.safetensors': safetensors, "],
    [['colours.safetensors', 'x.h5'], "'x.h5': expected a name that ends in .safetensors, .onnx or .json, or a folder"],
    [['colours.safetensors', 'no/x.onnx'], "'no/x.onnx' cannot be written: there is no folder 'no'"],
    [['colours.safetensors', './colours.safetensors'], "'./colours.safetensors' is the model itself"],
    [['colours.safetensors', 'taken.onnx'], "'taken.onnx' is there already and is not a model in ONNX; name another file, or remove it"],
    [['colours.safetensors', 'settings.json'], "'settings.json' is there already and is not a model of TensorFlow.js; name another file, or remove it"],
    [['colours.safetensors', 'text.csv'], "'text.csv': expected a name that ends in "],
    [['species.safetensors', 'birdweb'], "layer 'impute_1' (impute)"],
    [['colours.safetensors'], 'expects <new file>, received no more'],
  ])('is said in one sentence, and nothing is written: %j', (args, sentence) => {
    write('text.csv', 'a,b\n1,2\n');
    write('taken.onnx', 'a,b\n1,2\n');
    write('settings.json', '{ "name": "mine" }');
    write('cut.safetensors', colours.toBytes().subarray(0, 300));
    const before = readdirSync(folder);
    const { stdout, stderr, status } = nabla('convert', ...args);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    expect(stderr).toMatch(/^nabla convert: [^\n]*\n$/);
    expect(stderr).toContain(sentence);
    expect(readdirSync(folder)).toEqual(before);
    expect(read('text.csv') + read('taken.onnx') + read('settings.json')).toBe('a,b\n1,2\na,b\n1,2\n{ "name": "mine" }');
  });
});

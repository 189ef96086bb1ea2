/** `nabla inspect`: what it says of files is what is in them. */

import { rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkpoint, serializeSafetensors, type Sequential } from '../../src/index.ts';
import { birdModel, oneNumber, threeClasses, workplace } from './workplace.ts';

const { nabla, json, write, path, read } = workplace();
const colours = threeClasses();
let species: Sequential;

beforeAll(async () => {
  species = await birdModel('species');
  write('colours.safetensors', colours.toBytes());
  write('species.safetensors', species.toBytes());
  write('number.safetensors', oneNumber().toBytes());
});

describe('a model', () => {
  it('is shown with its layers, what it was compiled with, seed and metadata', () => {
    const { stdout, stderr, status } = nabla('inspect', 'colours.safetensors');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toMatch(/^colours\.safetensors: a model, safetensors, [\d.]+ k?B?.*, F32$/m);
    expect(stdout).toContain(colours.summary());
    expect(stdout).toMatch(/^Compiled {2}with adam \([^]*learningRate 0\.001[^]*\), loss\s+sparseCategoricalCrossentropy,\s+metrics accuracy$/m);
    expect(stdout).toMatch(/^Seed {6}5$/m);
    expect(stdout).toMatch(/^Metadata {2}\{"labels":\["red","green, or\s+so","blue"\]\}$/m);
    expect(stdout).not.toContain('dense_1/kernel');
    expect(nabla('inspect', 'number.safetensors').stdout).toMatch(/^Compiled {2}no$/m);
  });

  it('of a table is shown with its columns', () => {
    const { stdout } = nabla('inspect', 'species.safetensors');
    expect(stdout).toMatch(/^ {2}island {2}category {2}Dream, Biscoe$/m);
    expect(stdout).toMatch(/^ {2}mass {4}number$/m);
    expect(stdout).toMatch(/^Predicts {2}species: Adelie, Gentoo$/m);
  });

  it('is described in JSON as the library describes it, its weights in figures if asked for', () => {
    const { model, tensors } = species.snapshot();
    const document = json('inspect', 'species.safetensors') as { bytes: number; tensors: object[] };
    expect(document).toMatchObject({
      file: 'species.safetensors', format: 'safetensors', kind: 'model', dtypes: ['F32'], bytes: species.toBytes().length, outputs: 1,
      parameters: [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0),
      model: JSON.parse(JSON.stringify(model)) as object,
      tensors: [...tensors].map(([name, { shape }]) => ({ name, shape })),
    });
    expect(document.tensors[0]).not.toHaveProperty('mean');
    const figures = (json('inspect', 'colours.safetensors', '--weights') as { tensors: { name: string; mean: number; nan: number; min: number; max: number }[] }).tensors;
    const kernel = colours.getWeights()[0]!;
    expect(figures[0]).toMatchObject({ name: 'dense_1/kernel', nan: 0, min: Math.min(...kernel), max: Math.max(...kernel) });
    expect(figures[0]!.mean).toBeCloseTo(kernel.reduce((sum, value) => sum + value, 0) / kernel.length, 12);
    expect(nabla('inspect', 'colours.safetensors', '--weights').stdout).toMatch(/^ {2}dense_1\/kernel +\[2, 5\] +-?[\d.]+ +[\d.]+ +\S+ +0$/m);
  });
});

it('a checkpoint is told from a model, with the epochs that it is after', async () => {
  const model = threeClasses();
  await model.fit([[0, 1], [1, 0]], [1, 2], { epochs: 3, callbacks: [checkpoint({ path: path('run.safetensors') })] });
  expect(nabla('inspect', 'run.safetensors').stdout).toMatch(/^run\.safetensors: a checkpoint after 3 epochs, safetensors/);
  expect(json('inspect', 'run.safetensors')).toMatchObject({ kind: 'checkpoint', epochs: 3 });
});

it('of safetensors without a model, tensors and metadata are listed, and no character steers the terminal', () => {
  const data = Float32Array.of(1, NaN, -3, 4);
  write('bare.safetensors', serializeSafetensors(new Map([['0.weight', { shape: [2, 2], data }], ['odd', { shape: [1], data: Float32Array.of(NaN) }]]), new Map([['by', 'me\x1b[31m']])));
  const { stdout, status } = nabla('inspect', 'bare.safetensors', '--weights');
  expect(status).toBe(0);
  expect(stdout).toMatch(/^bare\.safetensors: 2 tensors, of no layers that nabla knows of, safetensors/);
  expect(stdout).toMatch(/^ {2}0\.weight +\[2, 2\] +-3 +4 +0\.667 +1$/m);
  expect(stdout).toMatch(/^ {2}odd +\[1\] +- +- +- +1$/m);
  expect(stdout).toContain('by: me');
  expect(stdout).not.toContain('\x1b');
  expect(json('inspect', 'bare.safetensors', '--weights')).toMatchObject({
    kind: 'tensors', metadata: { by: 'me\x1b[31m' },
    tensors: [{ name: '0.weight', dtype: 'F32', shape: [2, 2], min: -3, max: 4, nan: 1 }, { name: 'odd', min: null, max: null, mean: null, nan: 1 }],
  });
});

it('files of other formats are told by their content, a folder by the model.json in it', async () => {
  await colours.save(path('colours.onnx'));
  rmSync(path('some.bin'), { force: true });
  write('some.bin', colours.toBytes('onnx'));
  expect(json('inspect', 'some.bin')).toMatchObject({ format: 'onnx', kind: 'model', parameters: 33 });
  expect(nabla('convert', 'colours.safetensors', 'web').status).toBe(0);
  const both = [json('inspect', 'web'), json('inspect', 'web/model.json')] as { bytes: number }[];
  expect(both[1]).toMatchObject({ format: 'tfjs', kind: 'model', parameters: 33, bytes: both[0]!.bytes });
  expect(both[0]!.bytes).toBe(read('web/model.json').length + 4 * 33);
});

it.each([
  ['nothing', "there is no file 'nothing'"],
  ['.', "'.' is a folder without a model.json, which a model of TensorFlow.js has"],
  ['text.csv', "'text.csv' is no model: expected safetensors, ONNX or the model.json of TensorFlow.js"],
  ['empty', "'empty' is no model: expected safetensors, ONNX or the model.json of TensorFlow.js"],
  ['cut.safetensors', "'cut.safetensors': safetensors, tensor "],
  ['cut.safetensors', 'bytes of values'],
  ['cut.onnx', "'cut.onnx': onnx, the file: expected field "],
  ['images.idx', "'images.idx' is no model: expected safetensors, ONNX or the model.json of TensorFlow.js"],
  ['images.idx.gz', "'images.idx.gz' is no model: expected safetensors, ONNX or the model.json of TensorFlow.js"],
  ['cut.json', "'cut.json'"],
])('%s is refused in one sentence', (file, sentence) => {
  write('text.csv', 'a,b\n1,2\n');
  write('empty', '');
  write('cut.safetensors', colours.toBytes().subarray(0, -4));
  write('cut.onnx', colours.toBytes('onnx').subarray(0, -40));
  const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 9, 99, 255, 0);
  write('images.idx', images);
  write('images.idx.gz', gzipSync(images));
  write('cut.json', '{"modelTopology": {');
  const { stdout, stderr, status } = nabla('inspect', file);
  expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
  expect(stderr).toMatch(/^nabla inspect: [^\n]*\n$/);
  expect(stderr).toContain(sentence);
});

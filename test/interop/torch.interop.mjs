/** PyTorch's states of nn.Sequential become our models, and our files its states: predictions are the same within 1e-5, both ways. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activation, adam, batchNormalization, dense, dropout, fromBytes, layerNormalization, sequential } from '../../dist/index.js';

/** Debian's, which has its packages; another may be named. */
const python = process.env.TORCH_PYTHON ?? '/usr/bin/python3';

/** The networks of torch.py. */
const cases = {
  linear: () => [dense({ units: 3, inputShape: [4] })],
  'no bias': () => [dense({ units: 3, useBias: false, inputShape: [4] })],
  relu: () => [dense({ units: 8, activation: 'relu', inputShape: [4] }), dense({ units: 2 })],
  tanh: () => [dense({ units: 8, activation: 'tanh', inputShape: [4] }), dense({ units: 2 }), activation('tanh')],
  gelu: () => [dense({ units: 8, activation: 'gelu', inputShape: [4] }), dense({ units: 2 })],
  dropout: () => [dropout({ rate: 0.3, inputShape: [4] }), dense({ units: 8, activation: 'relu' }), dropout({ rate: 0.5 }), dense({ units: 2, activation: 'softmax' })],
  'batch normalization': () => [dense({ units: 8, inputShape: [4] }), batchNormalization({ epsilon: 1e-5 }), activation('relu'), dense({ units: 2 })],
  'layer normalization': () => [
    layerNormalization({ epsilon: 1e-5, inputShape: [4] }), dense({ units: 8 }), layerNormalization({ epsilon: 1e-5 }), activation('tanh'), dense({ units: 2 }),
  ],
  all: () => [
    batchNormalization({ inputShape: [4] }), dense({ units: 33, activation: 'gelu' }), dropout({ rate: 0.5 }), layerNormalization(), dense({ units: 20, useBias: false }),
    batchNormalization(), activation('relu'), dense({ units: 17, activation: 'tanh' }), dense({ units: 3, activation: 'logSoftmax' }),
  ],
};
const names = Object.keys(cases);

let folder;
const run = (command) => {
  const { status, error, stderr } = spawnSync(python, [fileURLToPath(new URL('torch.py', import.meta.url)), command, folder], { encoding: 'utf8' });
  if (error !== undefined || stderr.includes("No module named 'torch'")) {
    throw new Error(`there is no PyTorch at ${python}: apt-get install python3-torch, or name another Python in TORCH_PYTHON`);
  }
  if (status !== 0) throw new Error(`torch.py ${command} failed: ${stderr}`);
};
const read = (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')).cases;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nabla-torch-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Relative to values above 1. */
function expectSame(received, expected) {
  expect(received.length).toBe(expected.length);
  const away = expected.map((value, i) => Math.abs(received[i] - value) / Math.max(1, Math.abs(value)));
  expect(Math.max(...away)).toBeLessThan(1e-5);
}

describe('a state of PyTorch', () => {
  beforeAll(() => run('write'));

  it.each(names)('predicts the same here: %s', (name) => {
    const { x, output } = read('torch.json')[name];
    const model = fromBytes(readFileSync(join(folder, `${name}.torch.safetensors`)), { architecture: cases[name]() });
    expectSame(model.predict(x), output);
    // It is the weights that make them so.
    const other = sequential({ layers: cases[name]() });
    expect(Math.max(...other.predict(x).map((value, i) => Math.abs(value - output[i])))).toBeGreaterThan(0.01);
  });
});

describe('a model of ours', () => {
  const x = Array.from({ length: 40 }, (_, i) => 3 * Math.sin(i * i + 1));
  const predicted = new Map();

  beforeAll(async () => {
    for (const name of names) {
      const model = sequential({ layers: cases[name](), seed: 3 });
      const targets = Float32Array.from({ length: 10 * model.outputShape[0] }, (_, i) => Math.cos(i));
      model.compile({ optimizer: adam({ learningRate: 0.05 }), loss: 'meanSquaredError' });
      await model.fit(x, targets, { epochs: 3, batchSize: 5 });
      predicted.set(name, model.predict(x));
      await model.save(join(folder, `${name}.nabla.safetensors`));
    }
    writeFileSync(join(folder, 'x.json'), JSON.stringify(x));
    run('read');
  });

  it.each(names)('predicts the same there: %s', (name) => {
    expectSame(predicted.get(name), read('nabla.json')[name].output);
  });
});

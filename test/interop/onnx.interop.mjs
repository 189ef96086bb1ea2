/** ONNX with onnxruntime-web, which must compute what nabla does, and with PyTorch, whose exports nabla must read. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import * as ort from 'onnxruntime-web';
import * as nabla from '../../dist/index.js';

ort.env.wasm.numThreads = 1;

const { activation, batchNormalization, dense, dropout, gaussianNoise, impute, layerNormalization, normalization, oneHot, residual, sequential } = nabla;

const inputs = 7;
/** Values from −4 to 4, other ones for each `seed`. */
const numbers = (length, seed = 1) => Float32Array.from({ length }, (_, i) => 4 * Math.sin(seed + 12.9898 * (i + 1) * (1 + seed / 7)));

/** A model whose weights are none of those it begins with. */
function changed(model) {
  model.setWeights(model.getWeights().map((weight, i) => weight.map((value, j) => value + 0.3 * Math.abs(Math.sin(i + 3 * j + 1)))));
  return model;
}

/** What onnxruntime makes of rows. */
async function ran(bytes, x, columns) {
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
  const { output } = await session.run({ input: new ort.Tensor('float32', x, [x.length / columns, columns]) });
  return output;
}

async function expectSame(model, x = numbers(5 * model.inputShape[0])) {
  const columns = model.inputShape[0];
  const bytes = model.toBytes('onnx');
  for (const rows of [x, x.subarray(0, columns)]) {
    const output = await ran(bytes, rows, columns);
    expect(output.dims).toEqual([rows.length / columns, model.outputShape[0]]);
    expectClose(output.data, model.predict(rows));
  }
}

function expectClose(actual, expected) {
  expect(actual.length).toBe(expected.length);
  const worst = actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]) / Math.max(1, Math.abs(expected[i]))), 0);
  expect(worst).toBeLessThan(1e-5);
}

const scale = () => normalization({ mean: [1, 2, -3, 0, 0.5, 4, 9], variance: [1, 4, 0.25, 2, 3, 9, 100] });

describe('onnxruntime computes what nabla does', () => {
  const specs = [...Object.keys(nabla.activations), { name: 'leakyRelu', alpha: 0.3 }, { name: 'elu', alpha: 0.4 }, { name: 'hardSigmoid', slope: 0.2, offset: 0.4 }];
  it.each(specs.map((spec) => [JSON.stringify(spec), spec]))('with activation %s', async (_, spec) => {
    await expectSame(sequential({ layers: [activation({ activation: spec, inputShape: [inputs] })] }));
    await expectSame(changed(sequential({ layers: [dense({ units: 6, activation: spec, inputShape: [inputs] }), dense({ units: 3 })] })));
  });

  const layers = {
    'a dense layer without bias': [dense({ units: 4, useBias: false, inputShape: [inputs] })],
    'batch normalisation': [batchNormalization({ epsilon: 0.01, inputShape: [inputs] })],
    'batch normalisation without gamma and beta': [batchNormalization({ center: false, scale: false, inputShape: [inputs] })],
    'layer normalisation': [layerNormalization({ epsilon: 0.01, inputShape: [inputs] })],
    'layer normalisation without gamma and beta': [layerNormalization({ center: false, scale: false, inputShape: [inputs] })],
    normalisation: [scale(), dense({ units: 3 })],
    'layers that act in training alone': [dropout({ rate: 0.5, inputShape: [inputs] }), gaussianNoise({ stddev: 1 })],
    'blocks in blocks': [residual([dense({ units: 9, activation: 'gelu' }), residual([dense({ units: 9 })]), dense({ units: inputs })], { inputShape: [inputs] })],
    'all of them': [
      scale(), dense({ units: 8, activation: 'silu', name: 'input' }), batchNormalization(), dropout({ rate: 0.1 }), residual([layerNormalization(), dense({ units: 8, activation: 'mish' })]),
      dense({ units: 3, activation: 'softmax', name: 'output' }),
    ],
  };
  it.each(Object.entries(layers))('with %s', async (_, list) => {
    const model = changed(sequential({ layers: list }));
    await expectSame(model);
    // What is read is another model, with layers put together.
    await expectSame(nabla.fromBytes(model.toBytes('onnx')));
  });

  it.each([true, false])('with codes and values that are missing, a column for the unknown: %s', async (unknown) => {
    const columns = unknown ? 9 : 7;
    const model = changed(sequential({ layers: [oneHot({ categories: [2, 0, 3, 0], unknown }), impute({ fill: Array.from({ length: columns }, (_, i) => i) }), dense({ units: 3 })] }));
    await expectSame(model, Float32Array.of(0, 1.5, 2, NaN, 1, NaN, 0, 7, 5, 2, -1, -3, NaN, 4, 1.5, 0, 2, 1, -0, 1));
    await expectSame(sequential({ layers: [impute({ fill: [1, 2] })] }), Float32Array.of(NaN, 1, 2, NaN, NaN, NaN, 5, 0));
  });
});

describe('nabla computes what PyTorch does', () => {
  const program = `
import base64, io, json, warnings
import torch
from torch import nn
warnings.simplefilter("ignore")
torch.manual_seed(5)
class Block(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner
    def forward(self, x):
        return x + self.inner(x)
net = nn.Sequential(nn.BatchNorm1d(20), nn.Linear(20, 64), nn.GELU(), Block(nn.Sequential(nn.LayerNorm(64), nn.Linear(64, 32), nn.SiLU(), nn.Linear(32, 64))), nn.Dropout(0.2), nn.Linear(64, 10), nn.LogSoftmax(dim=1))
net(torch.randn(100, 20) * 3 + 1)
net.train(False)
x = torch.randn(50, 20) * 3 + 1
out = []
for opset in range(9, 18):
    stream = io.BytesIO()
    torch.onnx.export(net, x, stream, opset_version=opset, dynamic_axes={"input.1": {0: "N"}}, input_names=["input.1"])
    out.append(base64.b64encode(stream.getvalue()).decode())
print(json.dumps({"files": out, "x": x.flatten().tolist(), "y": net(x).flatten().tolist()}))
`;
  const python = '/usr/bin/python3';
  const found = spawnSync(python, ['-c', 'import torch.onnx']).status === 0;

  it.skipIf(!found)(`in a file of every opset that it writes${found ? '' : ' (skipped: no PyTorch)'}`, () => {
    const { stdout } = spawnSync(python, ['-c', program], { encoding: 'utf8', maxBuffer: 2 ** 27 });
    const { files, x, y } = JSON.parse(stdout.slice(stdout.indexOf('{"files"')));
    expect(files.length).toBe(9);
    for (const file of files) {
      const model = nabla.fromBytes(Buffer.from(file, 'base64'));
      expect(model.layers.map(({ type }) => type)).toEqual(['batchNormalization', 'dense', 'residual', 'dense']);
      expectClose(model.predict(Float32Array.from(x)), y);
    }
  });
});

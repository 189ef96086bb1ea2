/** Models in files and from servers, which need Node; and that every layer there is can be made of its description. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  adam, batchNormalization, checkpoint, cosineDecay, DataError, dense, dropout, FormatError, fromBytes, l2, loadModel, reduceLROnPlateau, residual, resume, sequential, sgd,
  type Optimizer, type Sequential,
} from '../../src/index.ts';
import { layerTypes, ruleTypes } from '../../src/model/layersFrom.ts';

const folder = mkdtempSync(join(tmpdir(), 'nabla-'));
afterAll(() => rmSync(folder, { recursive: true }));
const make = (): Sequential => sequential({ layers: [dense({ units: 3, activation: 'tanh', inputShape: [2] }), dropout({ rate: 0.1 }), dense({ units: 1 })], seed: 4 });

describe('a file', () => {
  it('is written by path or URL, and read by both', async () => {
    const model = make();
    const path = join(folder, 'a model ä.safetensors');
    for (const target of [path, pathToFileURL(path), pathToFileURL(path).href]) {
      rmSync(path, { force: true });
      await model.save(target);
      expect(readFileSync(path).equals(model.toBytes())).toBe(true);
      expect((await loadModel(target)).getWeights()).toEqual(model.getWeights());
    }
    expect(readdirSync(folder)).toEqual(['a model ä.safetensors']);
  });

  it('that is replaced holds the old model or the new one, and a failure leaves nothing behind', async () => {
    const path = join(folder, 'taken');
    mkdirSync(join(path, 'in'), { recursive: true });
    const saving = make().save(path);
    await expect(saving).rejects.toThrow(DataError);
    await expect(saving).rejects.toThrow(`save '${path}': '${path}' could not be written (EISDIR`);
    await expect(saving).rejects.toMatchObject({ cause: { code: 'EISDIR' } });
    expect(existsSync(`${path}.tmp`)).toBe(false);
    await expect(make().save(join(folder, 'none', 'x'))).rejects.toThrow(/could not be written \(ENOENT/);
  });

  it('that is not there, or cannot be read, is a DataError', async () => {
    await expect(loadModel(join(folder, 'none'))).rejects.toThrow(new DataError(`loadModel '${join(folder, 'none')}': there is no such file`));
    const loading = loadModel(folder);
    await expect(loading).rejects.toThrow(DataError);
    await expect(loading).rejects.toThrow(/the file could not be read \(EISDIR/);
    await expect(loading).rejects.toMatchObject({ cause: { code: 'EISDIR' } });
  });

  it('that is damaged is a FormatError that names it', async () => {
    const path = join(folder, 'damaged');
    writeFileSync(path, make().toBytes().subarray(0, 300));
    await expect(loadModel(path)).rejects.toThrow(FormatError);
    await expect(loadModel(path)).rejects.toThrow(`loadModel '${path}': safetensors, `);
  });
});

describe('a server', () => {
  let server: Server;
  let address: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/model') response.end(make().toBytes());
      else if (request.url === '/cut') response.writeHead(200, { 'content-length': 1000 }).end('short', () => response.destroy());
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  it('gives a model', async () => {
    expect((await loadModel(`${address}/model`)).toBytes()).toEqual(make().toBytes());
    expect((await loadModel(new URL(`${address}/model`))).toBytes()).toEqual(make().toBytes());
  });

  it('that has none, breaks off or is not there, is a DataError', async () => {
    await expect(loadModel(`${address}/other`)).rejects.toThrow(new DataError(`loadModel '${address}/other': the server answered 404 Not Found`));
    const cut = loadModel(`${address}/cut`);
    await expect(cut).rejects.toThrow(DataError);
    await expect(cut).rejects.toThrow(/the file could not be fetched/);
    const absent = loadModel('http://127.0.0.1:1/model');
    await expect(absent).rejects.toThrow(DataError);
    await expect(absent).rejects.toMatchObject({ cause: expect.any(Error) as Error });
  });
});

describe('a checkpoint loads as a model', () => {
  const x = Float32Array.from({ length: 40 }, (_, i) => Math.sin(i));
  const y = Float32Array.from({ length: 20 }, (_, i) => Math.cos(i));
  const saved = async (optimizer: Optimizer): Promise<{ model: Sequential; path: string }> => {
    const path = join(folder, 'run.safetensors');
    const model = make();
    model.compile({ optimizer, loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] });
    const callbacks = [...(typeof optimizer.config.learningRate === 'number' ? [reduceLROnPlateau({ monitor: 'loss' })] : []), checkpoint({ path })];
    await model.fit(x, y, { epochs: 2, callbacks });
    return { model, path };
  };

  it('compiled', async () => {
    const { model, path } = await saved(adam({ beta1: 0.8 }));
    const other = await loadModel(path);
    expect(other.getWeights()).toEqual(model.getWeights());
    expect(other.predict(x)).toEqual(model.predict(x));
    expect(other.compiled).toMatchObject({ loss: { name: 'meanSquaredError' }, optimizer: { name: 'adam', config: { beta1: 0.8 } } });
    expect(other.evaluate(x, y)['loss']).toBe(model.evaluate(x, y)['loss']);
  });

  it('with blocks in it', async () => {
    const path = join(folder, 'blocks.safetensors');
    const blocks = (): Sequential => {
      const model = sequential({ layers: [residual([dense({ units: 2, kernelRegularizer: l2(), name: 'in' })], { inputShape: [2] }), batchNormalization(), dense({ units: 1 })] });
      model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
      return model;
    };
    const model = blocks();
    await model.fit(x, y, { epochs: 1, callbacks: [checkpoint({ path })] });
    expect((await loadModel(path)).predict(x)).toEqual(model.predict(x));
    const resumed = blocks();
    await resume(resumed, path);
    expect(resumed.predict(x)).toEqual(model.predict(x));
    const other = sequential({ layers: [residual([dense({ units: 2, kernelRegularizer: l2(0.5), name: 'in' })], { inputShape: [2] }), batchNormalization(), dense({ units: 1 })] });
    other.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
    await expect(resume(other, path)).rejects.toThrow("layer 'residual_1' (residual) layers 0 config kernelRegularizer config l2 is 0.01 in the checkpoint, 0.5 in the model");
  });

  it('not compiled, with a schedule', async () => {
    const { model, path } = await saved(sgd({ learningRate: cosineDecay({ initialLearningRate: 0.1, decaySteps: 5 }) }));
    const other = fromBytes(readFileSync(path));
    expect(other.getWeights()).toEqual(model.getWeights());
    expect(other.compiled).toBeUndefined();
  });
});

/** The functions of the library, by what they are said to give: an interface of that name, or one that extends it. */
function makersOf(kind: string, extending: RegExp): string[] {
  const source = (path: string): string => readFileSync(fileURLToPath(new URL(`../../src/${path}`, import.meta.url)), 'utf8');
  const exported = [...source('index.ts').matchAll(/^export \{([^}]+)\} from '\.\/(model\/[\w/]+\.ts)';/gm)];
  const kinds = [kind, ...[source('model/layers/adaptable.ts'), ...exported.map(([, , path = '']) => source(path))].flatMap((text) => [...text.matchAll(extending)].map((found) => (found[1] ?? found[2])!))];
  return exported.flatMap(([, names = '', path = '']) => {
    const text = source(path);
    return names.split(',').map((name) => name.trim()).filter((name) => new RegExp(`^export function ${name}\\([^{]*?(\\{\\})?\\): (${kinds.join('|')}) \\{$`, 'm').test(text));
  }).sort();
}

it('every layer that the library exports can be made of its description', () => {
  const layers = makersOf('Layer', /^export (?:interface (\w+) extends Layer|type (\w+) = Adaptable)\b/gm);
  expect(layers).toEqual(expect.arrayContaining(['dense', 'residual', 'batchNormalization', 'normalization']));
  expect(Object.keys(layerTypes).sort()).toEqual(layers);
});

it('so can every regularizer and constraint', () => {
  const rules = makersOf('ParameterRule', /^export type (\w+) = ParameterRule\b/gm);
  expect(rules).toEqual(expect.arrayContaining(['l1', 'l1l2', 'unitNorm']));
  expect(Object.keys(ruleTypes).sort()).toEqual(rules);
});

/** The files of TensorFlow.js models on a disk and on a server. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataError, dense, FormatError, loadModel, OptionError, sequential, type Sequential } from '../../src/index.ts';
import fixture from '../fixtures/tfjs.json' with { type: 'json' };

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'nabla-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const make = (seed = 1, units = 3): Sequential => sequential({ layers: [dense({ units, activation: 'tanh', inputShape: [2] })], seed });
const named = (file: string): unknown => (JSON.parse(readFileSync(join(folder, file), 'utf8')) as { weightsManifest: { paths: string[] }[] }).weightsManifest[0]!.paths;

/** A model of TensorFlow.js in files of these names, as its converter may have put them. */
function put(paths: unknown[]): string {
  const { modelJson, weights } = fixture.models[0]!;
  const bytes = Buffer.from(weights, 'base64');
  const [group] = modelJson.weightsManifest;
  writeFileSync(join(folder, 'model.json'), JSON.stringify({ ...modelJson, weightsManifest: [{ ...group, paths }] }));
  paths.forEach((path, i) => {
    if (typeof path === 'string' && /^(\.\/)?\w[\w.-]{0,99}$/.test(path)) writeFileSync(join(folder, path), bytes.subarray(i * 50, i === paths.length - 1 ? undefined : (i + 1) * 50));
  });
  return join(folder, 'model.json');
}

describe('a saved model', () => {
  it('is two files, by path or URL', async () => {
    const path = join(folder, 'model.json');
    for (const target of [path, pathToFileURL(path), pathToFileURL(path).href]) {
      const model = make();
      await model.save(target, { format: 'tfjs' });
      expect(readdirSync(folder)).toEqual(['model.json', 'weights.bin']);
      for (const source of [path, pathToFileURL(path)]) expect((await loadModel(source)).getWeights()).toEqual(model.getWeights());
      expect((await loadModel(path, { format: 'tfjs', backend: 'reference' })).backend).toBe('reference');
      rmSync(path);
      rmSync(join(folder, 'weights.bin'));
    }
  });

  it('takes the place of another, which is whole until then', async () => {
    const path = join(folder, 'model.json');
    for (const [seed, weights] of [[1, 'weights.bin'], [2, 'weights.2.bin'], [3, 'weights.bin']] as const) {
      await make(seed, seed).save(path, { format: 'tfjs' });
      expect(readdirSync(folder)).toEqual(['model.json', weights]);
      expect(named('model.json')).toEqual([weights]);
      expect((await loadModel(path)).getWeights()).toEqual(make(seed, seed).getWeights());
    }
    // The JSON cannot be written: the draft's name is taken by a folder.
    mkdirSync(`${path}.tmp`);
    writeFileSync(join(`${path}.tmp`, 'in'), '');
    await expect(make(4, 4).save(path, { format: 'tfjs' })).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(['model.json', 'model.json.tmp', 'weights.bin']);
    expect((await loadModel(path)).getWeights()).toEqual(make(3, 3).getWeights());
  });

  it('leaves others in the folder alone', async () => {
    await make(1).save(join(folder, 'model.json'), { format: 'tfjs' });
    await make(2).save(join(folder, 'other.json'), { format: 'tfjs' });
    expect(readdirSync(folder)).toEqual(['model.json', 'other.json', 'other.weights.bin', 'weights.bin']);
    expect((await loadModel(join(folder, 'model.json'))).getWeights()).toEqual(make(1).getWeights());
    expect((await loadModel(join(folder, 'other.json'))).getWeights()).toEqual(make(2).getWeights());
  });

  it('is for a .json in a folder that is there', async () => {
    for (const name of ['model', '.json', 'model.json/']) {
      await expect(make().save(`${folder}/${name}`, { format: 'tfjs' })).rejects.toThrow(/target: expected the path of a \.json, such as 'folder\/model\.json', received/);
    }
    const saving = make().save(join(folder, 'none', 'model.json'), { format: 'tfjs' });
    await expect(saving).rejects.toThrow(DataError);
    await expect(saving).rejects.toThrow(/weights.bin' could not be written \(ENOENT/);
    await expect(make().save('downloads://x', { format: 'tfjs' })).rejects.toThrow(new OptionError("save 'downloads://x': there is no document here; it needs a page"));
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('shards', () => {
  it('are joined in the order in which they are named', async () => {
    const path = put(['group1-shard1of2.bin', './group1-shard2of2.bin']);
    expect([...(await loadModel(path)).predict(fixture.models[0]!.x)].every((value, i) => Math.abs(value - fixture.models[0]!.y[i]!) < 1e-5)).toBe(true);
  });

  it.each([
    '../secret', '..', '.', '', '/etc/passwd', 'C:\\x', 'C:x', 'a\\b', 'in/side', 'http://example.com/x', 'file:///etc/passwd', 'a\0b', '././../x', 'x'.repeat(300),
  ])('named %j are never looked for', async (path) => {
    const loading = loadModel(put([path]));
    await expect(loading).rejects.toThrow(FormatError);
    await expect(loading).rejects.toThrow(/weightsManifest paths: expected names of files in the same folder, for loading never follows paths out of it; received /);
  });

  it('are each named once, and there', async () => {
    await expect(loadModel(put(['a.bin', './a.bin']))).rejects.toThrow("weightsManifest paths: expected each file once; received 'a.bin' again");
    const path = put(['a.bin']);
    rmSync(join(folder, 'a.bin'));
    await expect(loadModel(path)).rejects.toThrow(new DataError(`loadModel '${path}': 'a.bin': there is no such file`));
    writeFileSync(join(folder, 'a.bin'), new Uint8Array(10));
    await expect(loadModel(path)).rejects.toThrow(`loadModel '${path}': tensor 'first/kernel': expected its values, [3, 4], to end at byte 48 of the weights; received 10 bytes in all`);
  });

  it('in a JSON that is damaged are not read', async () => {
    const path = join(folder, 'model.json');
    writeFileSync(path, Uint8Array.of(0x7b, 0xff, 0x7d, 1, 1, 1, 1, 1, 1));
    await expect(loadModel(path)).rejects.toThrow(new FormatError(`loadModel '${path}': expected JSON in UTF-8, received other bytes`));
    writeFileSync(path, '{ "modelTopology": ');
    await expect(loadModel(path)).rejects.toThrow(/expected modelJson to be JSON/);
    expect(existsSync(join(folder, 'weights.bin'))).toBe(false);
  });
});

it('a server gives the files, each with what the URL asks', async () => {
  put(['a b%2e.bin']);
  const { weights, x, y } = fixture.models[0]!;
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    response.end(url.startsWith('/in/model.json') ? readFileSync(join(folder, 'model.json')) : Buffer.from(weights, 'base64'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const model = await loadModel(`http://127.0.0.1:${(server.address() as AddressInfo).port}/in/model.json?key=1`);
    expect(asked).toEqual(['/in/model.json?key=1', '/in/a%20b%252e.bin?key=1']);
    expect([...model.predict(x)].every((value, i) => Math.abs(value - y[i]!) < 1e-5)).toBe(true);
  } finally {
    server.close();
  }
});

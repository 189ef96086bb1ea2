/** ONNX on a disk: the name of a file says the format, where nothing else does. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { dense, loadModel, sequential } from '../../src/index.ts';

it('a file whose name ends in .onnx is one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nabla-'));
  try {
    const model = sequential({ layers: [dense({ units: 2, activation: 'relu', inputShape: [3] })], seed: 4 });
    const read = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)));
    await model.save(join(folder, 'a.onnx'));
    await model.save(pathToFileURL(join(folder, 'b.ONNX')));
    await model.save(join(folder, 'c.onnx'), { format: 'safetensors' });
    await model.save(join(folder, 'd'), { format: 'onnx' });
    expect(['a.onnx', 'b.ONNX', 'c.onnx', 'd'].map((name) => read(name))).toEqual([model.toBytes('onnx'), model.toBytes('onnx'), model.toBytes(), model.toBytes('onnx')]);
    for (const name of ['a.onnx', 'c.onnx', 'd']) expect((await loadModel(join(folder, name))).getWeights()).toEqual(model.getWeights());
    await expect(loadModel(join(folder, 'a.onnx'), { format: 'safetensors' })).rejects.toThrow(/loadModel '.*a\.onnx': safetensors/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

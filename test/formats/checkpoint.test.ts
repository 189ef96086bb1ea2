/** Where there are no files, as in a page, checkpoints say so; test/formats/checkpoint.node.test.ts has them write files. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { checkpoint, dense, OptionError, resume, sequential } from '../../src/index.ts';

beforeEach(() => {
  const { process } = globalThis as { process?: { getBuiltinModule?: unknown } };
  if (typeof process?.getBuiltinModule === 'function') vi.spyOn(process as typeof globalThis.process, 'getBuiltinModule').mockReturnValue(undefined as never);
});
afterEach(() => void vi.restoreAllMocks());

it('a checkpoint is refused when it is made', () => {
  expect(() => checkpoint({ path: 'run.safetensors' })).toThrow(OptionError);
  expect(() => checkpoint({ path: 'run.safetensors' })).toThrow('checkpoint: there are no files here; it needs Node');
});

it('resume is refused', async () => {
  const model = sequential({ layers: [dense({ units: 1, inputShape: [1] })] });
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  await expect(resume(model, 'run.safetensors')).rejects.toThrow('resume: there are no files here; it needs Node');
});

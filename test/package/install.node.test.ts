/**
 * The package from the tarball, in an empty project on Node: `import`, `require`, the command, its types, and life without
 * WebAssembly.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasRelaxed, relaxedNote } from '../backends.ts';
import { installedProject, node, npm, root, run, writePrograms } from './installed.ts';
import type { Trained } from './programs.ts';

const timeout = 60_000;
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
let project: Awaited<ReturnType<typeof installedProject>>;

beforeAll(async () => {
  project = await installedProject();
  await writePrograms(project.folder);
}, timeout);
afterAll(() => project.remove());

/** Runs a program that prints JSON as its last line. */
async function told(name: string, program: string): Promise<unknown> {
  writeFileSync(join(project.folder, name), program);
  return JSON.parse((await node(project.folder, name)).trim().split('\n').at(-1)!);
}

describe('on Node', () => {
  it('has nothing but its own files', async () => {
    const listing = await run(project.folder, 'npm', ['ls', '--all', '--parseable']);
    expect(listing.stdout.trim().split('\n')).toHaveLength(2);
  }, timeout);

  it('trains XOR after import', async () => {
    const xor = await told('import.js', `
      import * as nabla from 'nabla';
      import { trainXor } from './programs.js';
      console.log(JSON.stringify(await trainXor(nabla)));`) as Trained;
    expect(xor).toMatchObject({ backend: 'wasm', accuracy: 1 });
    expect(xor.loss).toBeLessThan(0.1);
  }, timeout);

  it('trains XOR after require, with the same bits', async () => {
    const [required, imported] = await told('require.cjs', `
      const nabla = require('nabla');
      Promise.all([import('./programs.js'), import('nabla')]).then(async ([{ trainXor }, other]) => {
        if (other.sequential !== nabla.sequential) throw new Error('require and import give two copies');
        console.log(JSON.stringify([await trainXor(nabla), await trainXor(other)]));
      });`) as [Trained, Trained];
    expect(required.accuracy).toBe(1);
    expect(required.hash).toBe(imported.hash);
  }, timeout);

  it('saves and loads a model, with errors of its own classes', async () => {
    expect(await told('save.js', `
      import { dense, DataError, loadModel, OptionError, sequential } from 'nabla';
      const model = sequential({ layers: [dense({ units: 2, inputShape: [2] })] });
      const bytes = model.toBytes();
      const { tensors } = model.snapshot();
      await model.save('model.safetensors');
      const loaded = await loadModel('model.safetensors');
      const [unwritten, unknown] = await Promise.all([model.save('none/x'), model.save('onxx://x')].map((saving) => saving.catch((error) => error)));
      console.log(JSON.stringify([
        bytes.length, tensors.size, String(loaded.predict([1, 2])) === String(model.predict([1, 2])),
        unwritten instanceof DataError && unwritten.cause.code, unknown instanceof OptionError,
      ]));`)).toEqual([expect.any(Number), 2, true, 'ENOENT', true]);
  }, timeout);

  it('runs the command', async () => {
    expect((await npm(project.folder, 'exec', '--offline', '--', 'nabla', '--version')).trim()).toBe(version);
  }, timeout);

  it('trains without WebAssembly, and says so once', async () => {
    writeFileSync(join(project.folder, 'barred.js'), `
      delete globalThis.WebAssembly;
      const nabla = await import('nabla');
      const { trainXor } = await import('./programs.js');
      await trainXor(nabla);
      console.log(JSON.stringify(await trainXor(nabla)));`);
    const { code, stdout, stderr } = await run(project.folder, process.execPath, ['barred.js']);
    expect(code, stderr).toBe(0);
    const xor = JSON.parse(stdout) as Trained;
    expect(xor).toMatchObject({ backend: 'reference', accuracy: 1 });
    expect(xor.backendReason).toMatch(/^WebAssembly is not available here/);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain(xor.backendReason);
  }, timeout);

  it('refuses the WebAssembly backend by name where there is none', async () => {
    const error = await told('named.js', `
      delete globalThis.WebAssembly;
      const { sequential, dense, BackendError } = await import('nabla');
      try {
        sequential({ layers: [dense({ units: 1, inputShape: [1] })], backend: 'wasm' });
      } catch (error) {
        console.log(JSON.stringify([error instanceof BackendError, error.code, error.message]));
      }`);
    expect(error).toEqual([true, 'BACKEND', expect.stringMatching(/^WebAssembly is not available here/)]);
  }, timeout);
});

describe('threads on Node', () => {
  it('train and predict, and do not keep the process alive', async () => {
    const program = (threads: number): string => `
      import { dense, sequential } from 'nabla';
      const x = Float32Array.from({ length: 40_000 }, (_, i) => Math.sin(i));
      const layers = [dense({ units: 64, activation: 'tanh', inputShape: [40] }), dense({ units: 3 })];
      const model = sequential({ layers, seed: 1 });
      const before = model.predict(x, { threads: ${threads} });
      model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
      await model.fit(x, x.subarray(0, 3000), { epochs: 2, batchSize: 100, threads: ${threads} });
      console.log(JSON.stringify([...before, ...model.predict(x, { threads: ${threads} })]));`;
    expect(await told('threads.js', program(3))).toEqual(await told('thread.js', program(1)));
  }, timeout);
});

describe('the relaxed backend on Node', () => {
  const program = `
    import * as nabla from 'nabla';
    import { trainXor } from './programs.js';
    console.log(JSON.stringify(await trainXor(nabla, 'wasm-relaxed').catch(({ code, message }) => ({ code, message }))));`;

  it.skipIf(!hasRelaxed)(`is there when a model asks for it, without a warning${relaxedNote}`, async () => {
    writeFileSync(join(project.folder, 'relaxed.js'), program);
    const { stdout, stderr } = await run(project.folder, process.execPath, ['relaxed.js']);
    expect(JSON.parse(stdout)).toMatchObject({ backend: 'wasm-relaxed', backendReason: 'chosen by name', accuracy: 1 });
    expect(stderr).toBe('');
  }, timeout);

  it.skipIf(hasRelaxed)('says which Node has relaxed SIMD, where this one has not', async () => {
    const { code, message } = await told('relaxed.js', program) as Record<string, string>;
    expect(code).toBe('BACKEND');
    expect(message).toMatch(/^'wasm-relaxed' needs relaxed SIMD: Node 22 or Chrome 114, or later/);
  }, timeout);
});

const rightConsumer = `
import { activations, csvLogger, dense, earlyStopping, gradientCheck, jsonLinesLogger, momentum, NablaError, sequential, sgd } from 'nabla';
import type { BackendName, Callback, Gradient, History, Sequential } from 'nabla';
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const exactly = <A, B>(same: Same<A, B>): void => void same;
const model = sequential({ layers: [dense({ units: 4, activation: 'relu', inputShape: [2] }), dense({ units: 1 })], seed: 1 });
exactly<typeof model, Sequential>(true);
model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'meanSquaredError' });
model.compile({ optimizer: momentum(), loss: { name: 'huber', delta: 2 }, metrics: ['meanAbsoluteError'] });
const history = await model.fit([[0, 1]], [1], { epochs: 2, callbacks: [{ onEpochEnd: (epoch, logs) => void [epoch, logs] }] });
exactly<typeof history, History>(true);
class Stopper implements Callback {
  #model?: Sequential;
  setModel(its: Sequential): void {
    this.#model = its;
  }
  onEpochEnd(): void {
    if (this.#model !== undefined) this.#model.stopTraining = true;
  }
}
const lines: string[] = [];
const callbacks = [new Stopper(), earlyStopping({ patience: 2, restoreBestWeights: true }), csvLogger('log.csv'), jsonLinesLogger((line) => void lines.push(line))];
await model.fit([[0, 1]], [1], { budgetMs: 100, tolerance: 1e-6, callbacks });
const outputs = model.predict(new Float32Array([0, 1]));
exactly<(typeof outputs)[number], number>(true);
const loss = model.trainOnBatch([0, 1], [1]);
exactly<typeof loss, number>(true);
const gradients = model.gradients([[0, 1]], [[1]]);
exactly<typeof gradients, Gradient[]>(true);
const backend = model.backend;
exactly<typeof backend, BackendName>(true);
const slope = activations.tanh.df(0.5);
exactly<typeof slope, number>(true);
gradientCheck(model, [[0, 1]], [1]);
export const isOurs = (error: unknown): error is NablaError => error instanceof NablaError;
`;

describe('the types', () => {
  it.each(['node16', 'bundler'])('fit a consumer that resolves modules as %s', async (moduleResolution) => {
    const { folder } = project;
    writeFileSync(join(folder, 'right.ts'), rightConsumer);
    writeFileSync(join(folder, 'wrong.ts'), "import { dense } from 'nabla';\nexport const layer = dense({ unit: 4 });\n");
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const module = moduleResolution === 'bundler' ? 'esnext' : moduleResolution;
    const compilerOptions = { noEmit: true, strict: true, exactOptionalPropertyTypes: true, target: 'es2022', types: [], module, moduleResolution };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['right.ts', 'wrong.ts'] }));
    const { code, stdout } = await run(folder, process.execPath, [tsc]);
    const errors = stdout.trim().split('\n').filter((line) => line.includes('error TS'));
    expect(errors).toEqual([expect.stringMatching(/^wrong\.ts\(2,.*'unit' does not exist in type 'DenseOptions'/)]);
    expect(code).not.toBe(0);
  }, timeout);
});

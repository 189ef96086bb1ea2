/** Checkpoints over processes: a new one goes on to the same bits, and one that is killed, whenever, leaves a whole state. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseSafetensors } from '../../src/index.ts';
import { Random } from '../../src/random.ts';
import { node, root } from '../package/installed.ts';

const parent = mkdtempSync(join(tmpdir(), 'nabla-'));
afterAll(() => rmSync(parent, { recursive: true }));

/** A program that trains up to so many epochs, from where a checkpoint lies: `node train.mjs path epochs`. */
const program = join(parent, 'train.mjs');
const keep = 3;

beforeAll(async () => {
  // The sources of today, whatever dist/ holds.
  await build({ absWorkingDir: root, bundle: true, format: 'esm', platform: 'node', target: 'es2022', logLevel: 'warning', entryPoints: ['src/index.ts'], outfile: join(parent, 'nabla.mjs') });
  writeFileSync(program, `
    import { adam, checkpoint, dense, dropout, earlyStopping, exponentialDecay, resume, sequential } from ${JSON.stringify(pathToFileURL(join(parent, 'nabla.mjs')).href)};
    const [, , path, epochs] = process.argv;
    const numbers = (count, factor) => Float32Array.from({ length: count }, (_, i) => Math.fround((i * factor) % 1));
    const model = sequential({
      layers: [dense({ units: 150, activation: 'tanh', inputShape: [100] }), dropout({ rate: 0.2 }), dense({ units: 80, activation: 'relu' }), dense({ units: 3 })], seed: 5,
    });
    model.compile({ optimizer: adam({ learningRate: exponentialDecay({ initialLearningRate: 0.01, decaySteps: 50, decayRate: 0.99 }), amsgrad: true }), loss: 'meanSquaredError' });
    const callbacks = [earlyStopping({ monitor: 'loss', patience: 1e6, restoreBestWeights: true }), checkpoint({ path, keep: ${keep}, monitor: 'loss' })];
    const initialEpoch = await resume(model, path);
    console.log('from', initialEpoch);
    await model.fit(numbers(6400, 0.618), numbers(192, 0.414), { epochs: Number(epochs), batchSize: 20, initialEpoch, callbacks });
  `);
});

function folderNamed(name: string): { folder: string; path: string } {
  const folder = join(parent, name);
  mkdirSync(folder);
  return { folder, path: join(folder, 'run.safetensors') };
}

const epochOf = (path: string): number => {
  const { epoch } = JSON.parse(parseSafetensors(readFileSync(path)).metadata.get('nabla.training')!) as { epoch: number };
  return epoch;
};

it('a new process goes on to the same bits', async () => {
  const once = folderNamed('once');
  const twice = folderNamed('twice');
  expect(await node(parent, program, once.path, '10')).toBe('from 0\n');
  expect(await node(parent, program, twice.path, '4')).toBe('from 0\n');
  expect(await node(parent, program, twice.path, '10')).toBe('from 4\n');
  expect(readdirSync(twice.folder)).toEqual(readdirSync(once.folder));
  for (const name of readdirSync(once.folder)) expect(readFileSync(join(twice.folder, name)).equals(readFileSync(join(once.folder, name))), name).toBe(true);
});

/** Starts the program, and kills it so many milliseconds after training began. Returns the epoch it began with. */
function killed(path: string, milliseconds: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, path, '1000000'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let from = NaN;
    child.stderr.on('data', (text) => (said += String(text)));
    child.stdout.on('data', (text) => {
      from = Number(/from (\d+)/.exec(String(text))![1]);
      setTimeout(() => child.kill('SIGKILL'), milliseconds);
    });
    child.on('error', reject);
    child.on('exit', (_code, signal) => (signal === 'SIGKILL' ? resolve(from) : reject(new Error(`the program ended by itself: ${said}`))));
  });
}

it('a process that is killed leaves a whole state, and many that are killed train like one that is not', async () => {
  const { folder, path } = folderNamed('killed');
  const random = new Random(1, 'sampling');
  let last = 0;
  let drafts = 0;
  for (let kill = 0; kill < 20; kill++) {
    const from = await killed(path, 300 * random.uniform());
    expect(from).toBe(last);
    const names = readdirSync(folder);
    const kept = names.flatMap((name) => /^run\.epoch(\d+)\.safetensors$/.exec(name)?.[1] ?? []).map(Number);
    const stray = names.filter((name) => name === 'run.safetensors.tmp');
    // The newest may have been written, and the oldest not yet removed.
    expect(kept.length).toBeLessThanOrEqual(keep + 1);
    expect(names.length).toBe(kept.length + stray.length + ['run.safetensors', 'run.best.safetensors'].filter((name) => names.includes(name)).length);
    drafts += stray.length;
    for (const epoch of kept) expect(epochOf(join(folder, `run.epoch${epoch}.safetensors`))).toBe(epoch);
    if (names.includes('run.best.safetensors')) epochOf(join(folder, 'run.best.safetensors'));
    const epoch = names.includes('run.safetensors') ? epochOf(path) : 0;
    expect(epoch).toBeGreaterThanOrEqual(last);
    last = epoch;
  }
  console.log(`20 kills: ${last} epochs, ${drafts} drafts left behind`);
  expect(last).toBeGreaterThan(0);

  await node(parent, program, path, String(last + 1));
  const once = folderNamed('straight');
  await node(parent, program, once.path, String(last + 1));
  expect(readdirSync(folder).sort()).toEqual(readdirSync(once.folder).sort());
  for (const name of readdirSync(once.folder)) expect(readFileSync(join(folder, name)).equals(readFileSync(join(once.folder, name))), name).toBe(true);
});

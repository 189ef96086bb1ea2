/** What `fit` writes on Node: files of loggers, and the line of progress on a terminal. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { csvLogger, dense, jsonLinesLogger, sequential, type Callback, type FitOptions } from '../../src/index.ts';
import { backends } from '../backends.ts';

const folder = mkdtempSync(join(tmpdir(), 'nabla-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => void vi.restoreAllMocks());

async function train(callbacks: Callback[], options: FitOptions = {}, backend: (typeof backends)[number] = 'wasm'): Promise<void> {
  const model = sequential({ layers: [dense({ units: 1, inputShape: [1] })], backend });
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  await model.fit([1, 2, 3, 4], [1, 2, 3, 4], { epochs: 2, batchSize: 1, callbacks, ...options });
}

const firsts = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => line.split(',')[0]!);

describe('a logger with a path', () => {
  it('begins an empty file, or goes on with one that holds something', async () => {
    const path = join(folder, 'a.csv');
    writeFileSync(path, 'old');
    await train([csvLogger(path)]);
    expect(firsts(path)).toEqual(['epoch', '0', '1']);
    expect(readFileSync(path, 'utf8').endsWith('\n')).toBe(true);
    await train([csvLogger(path, { append: true })], { initialEpoch: 1 });
    expect(firsts(path)).toEqual(['epoch', '0', '1', '1']);
    await train([csvLogger(path)], { epochs: 1 });
    expect(firsts(path)).toEqual(['epoch', '0']);
  });

  it('writes a header to a new file it is to append to', async () => {
    const path = join(folder, 'b.csv');
    const logger = csvLogger(path, { append: true });
    expect(existsSync(path)).toBe(false);
    await train([logger]);
    expect(firsts(path)).toEqual(['epoch', '0', '1']);
  });

  it('has every line in the file at the end of its epoch', async () => {
    const path = join(folder, 'c.jsonl');
    const counts: number[] = [];
    await train([jsonLinesLogger(path), { onEpochEnd: () => void counts.push(readFileSync(path, 'utf8').split('\n').length - 1) }]);
    expect(counts).toEqual([1, 2]);
    expect(readFileSync(path, 'utf8')).toMatch(/^\{"epoch":0,"loss":[\d.e-]+\}\n\{"epoch":1,"loss":[\d.e-]+\}\n$/);
  });

  it('that cannot be written ends training before it begins', async () => {
    let epochs = 0;
    const count = { onEpochEnd: () => void epochs++ };
    await expect(train([csvLogger(join(folder, 'none', 'd.csv')), count])).rejects.toThrow(/ENOENT.*d\.csv/);
    expect(epochs).toBe(0);
  });
});

/** What came out on stdout and the console, in order. */
function listen(terminal: boolean, columns = 80): string[] {
  const said: string[] = [];
  const described = (value: unknown): PropertyDescriptor => ({ value, configurable: true, writable: true });
  for (const [name, value] of [['isTTY', terminal], ['columns', columns]] as const) {
    const own = Object.getOwnPropertyDescriptor(process.stdout, name);
    Object.defineProperty(process.stdout, name, described(value));
    restore.push(() => own === undefined ? Reflect.deleteProperty(process.stdout, name) : Object.defineProperty(process.stdout, name, own));
  }
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  vi.spyOn(console, 'log').mockImplementation((line) => void said.push(`${String(line)}\n`));
  return said;
}
const restore: (() => unknown)[] = [];
afterEach(() => restore.splice(0).forEach((undo) => undo()));

/** Whenever someone looks at the clock, a slice is over. */
function everyLookASlice(): void {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 20));
}

describe.each(backends)('progress on %s', (backend) => {
  it.each([['many steps a call', []], ['a call a step', [{ onBatchEnd: () => undefined }]]])('is a line rewritten in place on a terminal, %s', async (_, callbacks) => {
    const said = listen(true);
    everyLookASlice();
    await train(callbacks, { verbose: 1 }, backend);
    const text = said.join('');
    expect(text).toMatch(/\r(epoch 1\/2 {2}loss \S+ {2}step [1-4]\/4 {2}[\d,]+ samples\/s)\x1b\[K\r/);
    // What is left on the screen when every line has been written over.
    const left = text.split('\n').map((line) => line.slice(line.lastIndexOf('\r') + 1).replace('\x1b[K', ''));
    expect(left).toEqual([expect.stringMatching(/^epoch 1\/2 {2}loss \S+$/), expect.stringMatching(/^epoch 2\/2 {2}loss \S+$/), '']);
  });

  it('is cut to the width of the terminal, lest it wrap', async () => {
    const said = listen(true, 20);
    everyLookASlice();
    await train([], { verbose: 1 }, backend);
    const progress = said.flatMap((text) => /^\r(.*)\x1b\[K$/.exec(text)?.[1] ?? []);
    expect(Math.max(...progress.map(({ length }) => length))).toBe(19);
  });

  it('is none off a terminal, and none unless asked for', async () => {
    everyLookASlice();
    const quiet = listen(true);
    await train([], { verbose: 0 }, backend);
    expect(quiet).toEqual([]);
    vi.restoreAllMocks();
    const said = listen(false);
    everyLookASlice();
    await train([], { verbose: 1 }, backend);
    expect(said).toEqual([expect.stringMatching(/^epoch 1\/2 {2}loss \S+\n$/), expect.stringMatching(/^epoch 2\/2 {2}loss \S+\n$/)]);
  });

  it('leaves no half line when training fails', async () => {
    const said = listen(true);
    everyLookASlice();
    await expect(train([{ onBatchEnd: (batch) => { if (batch === 2) throw new Error('enough'); } }], { verbose: 1 }, backend)).rejects.toThrow('enough');
    expect(said.at(-2)).toContain('step 2/4');
    expect(said.at(-1)).toBe('\r\x1b[K');
  });
});

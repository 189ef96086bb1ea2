/** Checkpoints on disk: training that stops and goes on to the same bits, files that are whole whatever happens, and every option. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  activation, adam, adamw, checkpoint, cosineDecay, DataError, dense, dropout, earlyStopping, exponentialDecay, FormatError, fromBytes, impute, momentum, NablaError, normalization, oneHot, OptionError,
  parseSafetensors, reduceLROnPlateau, resume, sequential, serializeSafetensors, sgd, trainTable, type BackendName, type Callback, type CheckpointOptions, type FitOptions,
  type Layer, type Optimizer, type Sequential, type TensorLike,
} from '../../src/index.ts';
import { takeSnapshot, type Snapshot } from '../../src/model/snapshot.ts';
import { backends } from '../backends.ts';
import { numbers } from '../twins.ts';

const parent = mkdtempSync(join(tmpdir(), 'nabla-'));
afterAll(() => rmSync(parent, { recursive: true }));
/** A new folder for each test, and a path in it. */
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(parent, 'test-'));
  path = join(folder, 'run.safetensors');
});

const rows = 70;
const x = numbers(rows * 6, 4);
const y = Uint8Array.from({ length: rows }, (_, i) => 2 * Number(x[i * 6]! > 0) + Number(x[i * 6 + 1]! > 0));
const seed = 2 ** 40 + 3;

const layers = (): Layer[] => [
  dense({ units: 13, activation: 'tanh', inputShape: [6] }), dropout({ rate: 0.3 }), dense({ units: 9, activation: { name: 'elu', alpha: 0.5 } }),
  dense({ units: 4, name: 'last' }), activation('softmax'),
];

function make(options: { backend?: BackendName; optimizer?: Optimizer; layers?: Layer[]; seed?: number } = {}): Sequential {
  const model = sequential({ layers: options.layers ?? layers(), seed: options.seed ?? seed, backend: options.backend ?? 'wasm' });
  model.compile({ optimizer: options.optimizer ?? adam({ learningRate: 0.01 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

const optimizers: Record<string, () => Optimizer> = {
  'sgd': () => sgd({ learningRate: 0.1 }),
  'momentum': () => momentum({ learningRate: 0.05, dampening: 0.1, weightDecay: 1e-3 }),
  'adam with a schedule': () => adam({ learningRate: exponentialDecay({ initialLearningRate: 0.02, decaySteps: 7, decayRate: 0.9 }) }),
  'amsgrad': () => adam({ learningRate: 0.01, amsgrad: true }),
  'adamw with a warm-up': () => adamw({ learningRate: cosineDecay({ initialLearningRate: 0.001, decaySteps: 30, warmupSteps: 11, warmupTarget: 0.02 }) }),
};
const ways: Record<string, FitOptions> = {
  'many steps a call': {},
  'a call a step': { callbacks: [{ onBatchEnd: () => undefined }] },
  'batches of one': { batchSize: 1 },
  'validation': { validationSplit: 0.2 },
  'two threads': { threads: 2 },
};
const cases = backends.flatMap((backend) => Object.entries(optimizers).flatMap(([rule, optimizer]) => Object.entries(ways)
  .filter(([way]) => backend === 'wasm' || /steps?/.test(way)).map(([way, options]) => ({ backend, rule, optimizer, way, options }))));

const saving = (options: FitOptions, saver: Callback): FitOptions => ({ batchSize: 8, ...options, callbacks: [...(options.callbacks ?? []), saver] });

describe('4 epochs, a checkpoint and 6 more are 10 epochs, bit for bit', () => {
  it.each(cases)('$backend, $rule, $way', async ({ backend, optimizer, options }) => {
    const straight = make({ backend, optimizer: optimizer() });
    const whole = join(folder, 'whole.safetensors');
    const { history } = await straight.fit(x, y, { ...saving(options, checkpoint({ path: whole, every: 2 })), epochs: 10 });
    const plain = make({ backend, optimizer: optimizer() });
    await plain.fit(x, y, { batchSize: 8, ...options, epochs: 10 });
    expect(straight.getWeights(), 'saving changes nothing').toEqual(plain.getWeights());

    const stopped = make({ backend, optimizer: optimizer() });
    await stopped.fit(x, y, { ...saving(options, checkpoint({ path, every: 2 })), epochs: 4 });
    const resumed = make({ backend, optimizer: optimizer() });
    // Traces of another training must not stay.
    await resumed.fit(x, y, { epochs: 1, batchSize: 7 });
    resumed.learningRate = 0.5;
    const initialEpoch = await resume(resumed, path);
    expect(initialEpoch).toBe(4);
    expect(resumed.getWeights()).toEqual(stopped.getWeights());
    const record = await resumed.fit(x, y, { ...saving(options, checkpoint({ path, every: 2 })), epochs: 10, initialEpoch });
    expect(record.epoch).toEqual([4, 5, 6, 7, 8, 9]);
    expect(record.history).toEqual(Object.fromEntries(Object.entries(history).map(([name, values]) => [name, values.slice(4)])));
    expect(resumed.getWeights()).toEqual(straight.getWeights());
    expect(readFileSync(path).equals(readFileSync(whole))).toBe(true);
  });

  it('data too large to be copied', async () => {
    const many = 2 ** 20;
    const data = numbers(many, 1);
    const fit = async (model: Sequential, epochs: number, initialEpoch = 0): Promise<void> => {
      await model.fit(data, data, { epochs, initialEpoch, batchSize: 2 ** 15, callbacks: [checkpoint({ path })] });
    };
    const small = (): Sequential => {
      const model = sequential({ layers: [dense({ units: 3, activation: 'relu', inputShape: [1] }), dropout({ rate: 0.1 }), dense({ units: 1 })] });
      model.compile({ optimizer: adam(), loss: 'meanSquaredError' });
      return model;
    };
    const straight = small();
    await fit(straight, 3);
    await fit(small(), 1);
    const resumed = small();
    await fit(resumed, 3, await resume(resumed, path));
    expect(resumed.getWeights()).toEqual(straight.getWeights());
  });

  it.each(backends)('rows with codes and gaps, on %s', async (backend) => {
    const raw = x.map((value, i) => (i % 5 === 0 ? NaN : i % 6 === 2 ? i % 4 : value));
    const start = (): Sequential => {
      const scale = normalization();
      scale.adapt(Array.from({ length: 9 }, (_, i) => numbers(9, 20 + i)));
      return make({ backend, layers: [impute({ fill: numbers(6, 9) }), oneHot({ categories: [0, 0, 3, 0, 0, 0] }), scale, dense({ units: 4, activation: 'softmax' })] });
    };
    const [straight, stopped, resumed] = [start(), start(), start()];
    await straight.fit(raw, y, { epochs: 5, batchSize: 8 });
    await stopped.fit(raw, y, saving({ epochs: 3 }, checkpoint({ path })));
    resumed.setWeights(resumed.getWeights().map((values) => values.fill(1)));
    await resumed.fit(raw, y, { epochs: 5, batchSize: 8, initialEpoch: await resume(resumed, path) });
    expect(resumed.getWeights()).toEqual(straight.getWeights());
    expect(fromBytes(new Uint8Array(readFileSync(path)), { backend }).predict(raw)).toEqual(stopped.predict(raw));
  });

  it('a model of a table, whose columns the file has too', async () => {
    const records = Array.from({ length: 40 }, (_, i) => ({ age: i % 7 === 0 ? null : i, island: ['Dream', 'Biscoe'][i % 2]!, mass: 50 + i }));
    const model = await trainTable(records, { target: 'mass', epochs: 2 });
    const data = model.features!.encode(records);
    await model.fit(data.x, data.y!, saving({ epochs: 2 }, checkpoint({ path })));
    const loaded = fromBytes(new Uint8Array(readFileSync(path)));
    expect(loaded.predictRecords(records)).toEqual(model.predictRecords(records));
    const other = await trainTable(records, { target: 'mass', epochs: 0 });
    expect(await resume(other, path)).toBe(2);
    expect(other.getWeights()).toEqual(model.getWeights());
  });

  it('trainTable with rows to validate on, which remembers the best of its own', async () => {
    const records = Array.from({ length: 40 }, (_, i) => ({ age: i, sick: i % 3 === 0 }));
    await trainTable(records, { target: 'sick', epochs: 3, validationSplit: 0.2, callbacks: [checkpoint({ path, monitor: 'val_loss' })] });
    expect(readdirSync(folder).sort()).toEqual(['run.best.safetensors', 'run.safetensors']);
  });

  const houses = Array.from({ length: 60 }, (_, i) => {
    const [size, place] = [40 + ((i * 37) % 60), ['town', 'land', 'coast'][i % 3]!];
    return { size, place, price: 100_000 + 3_000 * size + { town: 90_000, land: 0, coast: -90_000 }[place]!, dear: 3_000 * size > 210_000, region: place };
  });
  const asked = [...houses.slice(0, 9), { size: 70, place: 'nowhere' }, {}];

  it.each([['price', ['dear', 'region']], ['dear', ['price', 'region']], ['region', ['dear', 'place']]] as const)(
    'trainTable that learns %s: a checkpoint answers records as the model would if training had ended there', async (target, ignored) => {
      const options = { target, columns: Object.fromEntries(ignored.map((name) => [name, 'ignore' as const])), optimizer: adam({ learningRate: 0.03 }), hidden: target === 'price' ? [] : [12], seed: 3 };
      const saved: Uint8Array[] = [];
      let model!: Sequential;
      const saver: Callback = { setModel: (its) => void (model = its), onEpochEnd: () => void saved.push(model.toBytes()) };
      const last = await trainTable(houses, { ...options, epochs: 40, callbacks: [checkpoint({ path, every: 15, keep: 9 }), saver] });
      expect(last).toBe(model);
      for (const epochs of [15, 30]) {
        const own = await trainTable(houses, { ...options, epochs });
        const bytes = new Uint8Array(readFileSync(join(folder, `run.epoch${epochs}.safetensors`)));
        for (const loaded of [fromBytes(bytes), fromBytes(saved[epochs - 1]!)]) {
          expect(loaded.features!.describe()).toEqual(own.features!.describe());
          expect(loaded.predictRecords(asked)).toEqual(own.predictRecords(asked));
          expect(loaded.getWeights()).toEqual(own.getWeights());
          const { x: inputs, y: targets } = own.features!.encode(houses);
          expect(loaded.evaluate(inputs, targets!).loss).toBe(own.evaluate(inputs, targets!).loss);
        }
      }
      expect(saved).toHaveLength(40);
      expect(fromBytes(saved[39]!).predictRecords(asked)).toEqual(last.predictRecords(asked));
      const right = fromBytes(saved[39]!).predictRecords(houses).filter(({ value, label }, i) => (value === undefined ? label === houses[i]![target] : Math.abs(value / houses[i]!.price - 1) < 0.2));
      expect(right.length).toBeGreaterThan(50);
    });

  it('trainTable: what training goes on from is the state it had, in its own units', async () => {
    const columns = { dear: 'ignore', region: 'ignore' } as const;
    const raw: Float32Array[] = [];
    let model!: Sequential;
    const saver: Callback = { setModel: (its) => void (model = its), onEpochEnd: () => void raw.splice(0, Infinity, ...model.getWeights()) };
    await trainTable(houses, { target: 'price', columns, hidden: [8], epochs: 2, seed: 3, callbacks: [saver, checkpoint({ path })] });
    const before = raw.map((values) => values.slice());
    const again: Float32Array[][] = [];
    const resuming: Callback = {
      setModel: (its) => void (model = its),
      async onTrainBegin() {
        expect(await resume(model, path)).toBe(2);
        again.push(model.getWeights());
      },
    };
    await trainTable(houses, { target: 'price', columns, hidden: [8], epochs: 1, seed: 3, callbacks: [resuming] });
    expect(again[0]).toEqual(before);
    expect(model.getWeights()).not.toEqual(before);
  });

  it('trainTable: a model in units of its target does not take on a state that is not', async () => {
    await trainTable(houses, { target: 'price', columns: { dear: 'ignore', region: 'ignore' }, optimizer: adam({ learningRate: 0.03 }), epochs: 2, callbacks: [checkpoint({ path })] });
    const loaded = fromBytes(new Uint8Array(readFileSync(path)));
    const before = loaded.predictRecords(asked);
    await expect(resume(loaded, path)).rejects.toThrow(/^resume '.*': this is a state of trainTable on its way, .* loadModel gives the model/);
    expect(loaded.predictRecords(asked)).toEqual(before);
    // What it is trained on by itself afterwards is no such state.
    const { x: inputs, y: targets } = loaded.features!.encode(houses);
    await loaded.fit(inputs, targets!, { epochs: 1, callbacks: [checkpoint({ path })] });
    expect(await resume(fromBytes(new Uint8Array(readFileSync(path))), path)).toBe(1);
  });

  it.each([['no object', () => 3], ['another parameter', () => ({ 'dense_9/kernel': { 'nabla.tensor': 'callback/0' } })], ['no tensor', () => ({ 'dense_1/kernel': { 'nabla.tensor': 'callback/9' } })],
    ['too few values', () => ({ 'dense_1/kernel': { 'nabla.tensor': 'dense_2/bias' } })], ['a number', () => ({ 'dense_1/kernel': 3 })]])('trainTable: refuses parameters of the end that are %s', async (_, change) => {
    await trainTable(houses, { target: 'dear', columns: { price: 'ignore', region: 'ignore' }, epochs: 1, callbacks: [checkpoint({ path })] });
    const { tensors, metadata } = parseSafetensors(new Uint8Array(readFileSync(path)));
    metadata.set('nabla.training', JSON.stringify({ ...JSON.parse(metadata.get('nabla.training')!) as object, finished: change() }));
    expect(() => fromBytes(serializeSafetensors(tensors, metadata))).toThrow(FormatError);
    metadata.set('nabla.training', '{');
    expect(() => fromBytes(serializeSafetensors(tensors, metadata))).toThrow(/expected JSON in 'nabla.training' of the metadata/);
  });

  it('what one backend wrote, another reads', async () => {
    const first = make();
    await first.fit(x, y, saving({ epochs: 2 }, checkpoint({ path })));
    const second = make({ backend: 'reference' });
    expect(await resume(second, path)).toBe(2);
    expect(second.getWeights()).toEqual(first.getWeights());
    const copy = join(folder, 'copy.safetensors');
    await second.fit(x, y, { epochs: 3, initialEpoch: 2, callbacks: [checkpoint({ path: copy })] });
    const third = make();
    expect(await resume(third, copy)).toBe(3);
    expect(third.getWeights()).toEqual(second.getWeights());
  });
});

describe('the learning rate', () => {
  it('that was set by hand goes on, and so does the schedule that was not replaced', async () => {
    const schedule = (): Optimizer => sgd({ learningRate: exponentialDecay({ initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5 }) });
    const model = make({ optimizer: schedule() });
    await model.fit(x, y, saving({ epochs: 1 }, checkpoint({ path })));
    const other = make({ optimizer: schedule() });
    await resume(other, path);
    expect(other.learningRate).toBe(model.learningRate);
    expect(other.learningRate).toBeCloseTo(0.1 * 0.5 ** (9 / 10), 10);
    await model.fit(x, y, saving({ epochs: 1, callbacks: [{ onEpochBegin: () => void (model.learningRate = 0.1 + 0.2) }] }, checkpoint({ path })));
    await resume(other, path);
    expect(other.learningRate).toBe(0.1 + 0.2);
  });
});

/** Puts a value of a test's own into the logs. */
const scripted = (values: readonly number[]): Callback => ({
  onEpochEnd: (epoch, logs) => void ((logs as Record<string, number>)['score'] = values[epoch]!),
});

describe('callbacks', () => {
  const remembering = (): Callback[] => [
    earlyStopping({ monitor: 'score', mode: 'min', patience: 5, restoreBestWeights: true }),
    reduceLROnPlateau({ monitor: 'score', mode: 'min', patience: 2, factor: 0.5, cooldown: 2 }),
  ];
  // Rates fall after epochs 3, 7 and 10, which is the fifth without an improvement.
  const scores = [9, 8, 8, 8, 8, 7, 8, 8, 8, 8, 8];

  it.each([...scores.keys()])('go on after %i epochs with what they remembered', async (at) => {
    const options = { epochs: 40, batchSize: 8 };
    const optimizer = (): Optimizer => sgd({ learningRate: 0.2 });
    const straight = make({ optimizer: optimizer() });
    const whole = join(folder, 'whole.safetensors');
    const { epoch } = await straight.fit(x, y, { ...options, callbacks: [scripted(scores), ...remembering(), checkpoint({ path: whole, every: scores.length })] });
    expect(epoch).toHaveLength(scores.length);
    expect(straight.learningRate).toBe(0.2 / 8);

    const stopped = make({ optimizer: optimizer() });
    const halt: Callback = { onEpochEnd: (done) => { if (done === at) throw new Error('the machine is gone'); } };
    await expect(stopped.fit(x, y, { ...options, callbacks: [halt, scripted(scores), ...remembering(), checkpoint({ path })] })).rejects.toThrow('gone');
    const resumed = make({ optimizer: optimizer() });
    const initialEpoch = await resume(resumed, path);
    expect(initialEpoch).toBe(at);
    const record = await resumed.fit(x, y, { ...options, initialEpoch, callbacks: [scripted(scores), ...remembering(), checkpoint({ path })] });
    expect(record.epoch).toEqual(epoch.slice(at));
    expect(resumed.getWeights(), 'the best ones, put back').toEqual(straight.getWeights());
    expect(readFileSync(path).equals(readFileSync(whole))).toBe(true);
  });

  it('that are done when training is get to put back the best weights', async () => {
    const stop = (): Callback => earlyStopping({ monitor: 'accuracy', patience: 99, restoreBestWeights: true });
    const straight = make();
    await straight.fit(x, y, { epochs: 6, callbacks: [stop(), checkpoint({ path })] });
    const resumed = make();
    await resumed.fit(x, y, { epochs: 6, initialEpoch: await resume(resumed, path), callbacks: [stop(), checkpoint({ path })] });
    expect(resumed.getWeights()).toEqual(straight.getWeights());
  });

  it('begin anew in a fit that resume did not come before', async () => {
    const model = make();
    const states: unknown[] = [];
    const counter = { state: { epochs: 0 }, onTrainBegin: () => void (counter.state = { epochs: 0 }), onEpochEnd: () => void (counter.state = { epochs: counter.state.epochs + 1 }) };
    const look: Callback = { onEpochBegin: () => void states.push(counter.state.epochs) };
    const fit = async (initialEpoch: number): Promise<void> => void await model.fit(x, y, { epochs: initialEpoch + 2, initialEpoch, callbacks: [counter, checkpoint({ path }), look] });
    await fit(0);
    await fit(await resume(model, path));
    await fit(4);
    await resume(model, path);
    await fit(await resume(model, join(folder, 'none')));
    expect(states).toEqual([0, 1, 2, 3, 0, 1, 0, 1]);
  });

  it('are refused where they are not those of the checkpoint', async () => {
    const model = make();
    await model.fit(x, y, { epochs: 1, callbacks: [scripted(scores), ...remembering(), checkpoint({ path })] });
    const fit = async (callbacks: Callback[]): Promise<unknown> => model.fit(x, y, { epochs: 2, initialEpoch: await resume(model, path), callbacks: [scripted(scores), ...callbacks, checkpoint({ path })] });
    const expected = /it holds \{ best, waited, bestWeights \}, \{ best, waited, cooling \}, received/;
    await expect(fit([])).rejects.toThrow(new RegExp(`${expected.source} none`));
    await expect(fit(remembering().reverse())).rejects.toThrow(new RegExp(`${expected.source} \\{ best, waited, cooling \\}`));
    // A logger makes no difference.
    await fit([{ onEpochEnd: () => undefined }, ...remembering()]);
  });

  it('that remember something must come before it', async () => {
    const model = make();
    await expect(model.fit(x, y, { callbacks: [checkpoint({ path }), earlyStopping()] })).rejects.toThrow(/expected it behind all callbacks that remember something; callbacks\[1\]/);
    expect(existsSync(path)).toBe(false);
    await model.fit(x, y, { callbacks: [earlyStopping(), checkpoint({ path }), checkpoint({ path: join(folder, 'two') }), { onEpochEnd: () => undefined }] });
    expect(readFileSync(path).equals(readFileSync(join(folder, 'two')))).toBe(true);
  });
});

const epochOf = async (file: string): Promise<number> => resume(make(), join(folder, file));

describe('options', () => {
  it('path is the file, and nothing else is left', async () => {
    await make().fit(x, y, { epochs: 3, callbacks: [checkpoint({ path })] });
    expect(readdirSync(folder)).toEqual(['run.safetensors']);
    expect(await epochOf('run.safetensors')).toBe(3);
  });

  it('every leaves epochs out', async () => {
    const seen: number[] = [];
    const look: Callback = { onEpochEnd: async () => void seen.push(await epochOf('run.safetensors')) };
    await make().fit(x, y, { epochs: 7, callbacks: [checkpoint({ path, every: 3 }), look] });
    expect(seen).toEqual([0, 0, 3, 3, 3, 6, 6]);
  });

  it.each([1, 2, 3])('keep: %i', async (keep) => {
    const model = make();
    const options = { path, keep };
    await model.fit(x, y, { epochs: 11, callbacks: [checkpoint(options)] });
    const kept = [11, 10, 9].slice(0, keep === 1 ? 0 : keep);
    expect(readdirSync(folder).sort()).toEqual([...kept.map((epoch) => `run.epoch${epoch}.safetensors`), 'run.safetensors'].sort());
    for (const epoch of kept) expect(await epochOf(`run.epoch${epoch}.safetensors`)).toBe(epoch);
    await model.fit(x, y, { epochs: 12, initialEpoch: await resume(model, path), callbacks: [checkpoint(options)] });
    expect(readdirSync(folder)).toHaveLength(kept.length + 1);
  });

  it('keep removes no file but its own, of epochs before', async () => {
    const others = ['run.epoch0.safetensors', 'run.epoch01.safetensors', 'run.epoch1.txt', 'run.epochx.safetensors', 'xrun.epoch1.safetensors', 'run.epoch77.safetensors'];
    for (const name of others) writeFileSync(join(folder, name), '');
    await make().fit(x, y, { epochs: 4, callbacks: [checkpoint({ path, keep: 2 })] });
    expect(readdirSync(folder).sort()).toEqual([...others, 'run.epoch3.safetensors', 'run.epoch4.safetensors', 'run.safetensors'].sort());
  });

  it('names without an extension, and folders with one', async () => {
    mkdirSync(join(folder, 'a.b'));
    await make().fit(x, y, { epochs: 3, callbacks: [checkpoint({ path: join(folder, 'a.b', 'run'), keep: 2 })] });
    expect(readdirSync(join(folder, 'a.b')).sort()).toEqual(['run', 'run.epoch2', 'run.epoch3']);
  });

  it.each<[mode: 'min' | 'max', values: number[], best: number[]]>([
    ['max', [1, 3, 2, 3, NaN, 4, Infinity], [1, 2, 2, 2, 2, 6, 6]],
    ['min', [NaN, 3, Infinity, 4, 2, 2, 1], [0, 2, 2, 2, 5, 5, 7]],
  ])('monitor keeps the best by %s beside it, over a stop in between', async (mode, values, best) => {
    for (let stop = 1; stop <= values.length; stop++) {
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
      const seen: number[] = [];
      const look: Callback = { onEpochEnd: async () => void seen.push(await epochOf('run.best.safetensors')) };
      for (const epochs of [stop, values.length]) {
        const model = make();
        await model.fit(x, y, {
          epochs, initialEpoch: await resume(model, path), callbacks: [scripted(values), checkpoint({ path, monitor: 'score', mode }), look],
        });
      }
      expect(seen).toEqual(best);
    }
  });

  it('the best is kept also of epochs that every leaves out', async () => {
    await make().fit(x, y, { epochs: 5, callbacks: [scripted([1, 5, 2, 3, 4]), checkpoint({ path, monitor: 'score', mode: 'max', every: 3 })] });
    expect(await epochOf('run.best.safetensors')).toBe(2);
    expect(await epochOf('run.safetensors')).toBe(3);
  });

  it('mode is known of losses and accuracy', async () => {
    await make().fit(x, y, { epochs: 3, callbacks: [checkpoint({ path, monitor: 'accuracy' }), checkpoint({ path: join(folder, 'two'), monitor: 'loss' })] });
    expect(existsSync(join(folder, 'two.best'))).toBe(true);
    expect(() => checkpoint({ path, monitor: 'score' })).toThrow(/checkpoint mode: whether less or more of 'score' is better/);
    await expect(make().fit(x, y, { callbacks: [checkpoint({ path, monitor: 'val_accuracy' })] })).rejects.toThrow(/checkpoint monitor: there is no 'val_accuracy'.*did you mean 'accuracy'/);
  });

  it.each<[string, unknown, RegExp]>([
    ['no options', undefined, /checkpoint: expected an object of options/],
    ['no path', {}, /checkpoint path: expected the path of a file, received undefined/],
    ['an empty path', { path: '' }, /checkpoint path/],
    ['keep 0', { path: 'a', keep: 0 }, /checkpoint keep: expected an integer of at least 1/],
    ['every 0.5', { path: 'a', every: 0.5 }, /checkpoint every/],
    ['a monitor without a name', { path: 'a', monitor: '' }, /checkpoint monitor: expected a word/],
    ['an unknown mode', { path: 'a', monitor: 'loss', mode: 'mix' }, /checkpoint mode: expected one of auto, min, max; received 'mix', did you mean/],
    ['a mode of nothing', { path: 'a', mode: 'min' }, /checkpoint mode: expected a monitor with it/],
    ['an unknown option', { path: 'a', kep: 1 }, /did you mean 'keep'/],
  ])('%s is refused', (_, options, message) => {
    expect(() => checkpoint(options as CheckpointOptions)).toThrow(OptionError);
    expect(() => checkpoint(options as CheckpointOptions)).toThrow(message);
  });
});

describe('a file that cannot be written', () => {
  it('ends training before it begins, where its folder is missing', async () => {
    let epochs = 0;
    const fit = make().fit(x, y, { callbacks: [checkpoint({ path: join(folder, 'none', 'a') }), { onEpochBegin: () => void epochs++ }] });
    await expect(fit).rejects.toThrow(DataError);
    await expect(fit).rejects.toThrow(/checkpoint: '.*none.a\.tmp' could not be written \(ENOENT/);
    expect(epochs).toBe(0);
  });

  it.skipIf(!existsSync('/dev/full'))('on a full disk leaves the one before as it was', async () => {
    let before: Buffer | undefined;
    const fill: Callback = {
      onEpochBegin(epoch) {
        if (epoch !== 2) return;
        before = readFileSync(path);
        symlinkSync('/dev/full', `${path}.tmp`);
      },
    };
    const fit = make().fit(x, y, { epochs: 5, callbacks: [fill, checkpoint({ path })] });
    await expect(fit).rejects.toThrow(/checkpoint: '.*run\.safetensors' could not be written \(ENOSPC/);
    expect(readFileSync(path).equals(before!)).toBe(true);
    expect(readdirSync(folder)).toEqual(['run.safetensors']);
    expect(await epochOf('run.safetensors')).toBe(2);
  });

  it('a draft that was left behind is cleared away', async () => {
    writeFileSync(`${path}.tmp`, 'half');
    await make().fit(x, y, { epochs: 0, callbacks: [checkpoint({ path })] });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('resume', () => {
  it('of no file is 0, and changes nothing', async () => {
    const model = make();
    expect(await resume(model, path)).toBe(0);
    expect(await resume(model, join(folder, 'none', 'a'))).toBe(0);
    expect(model.getWeights()).toEqual(make().getWeights());
  });

  it.each<[string, () => Sequential, RegExp]>([
    ['units', () => make({ layers: [dense({ units: 12, activation: 'tanh', inputShape: [6] }), ...layers().slice(1)] }), /layer 'dense_1' \(dense\) units is 13 in the checkpoint, 12 in the model/],
    ['an activation', () => make({ layers: [dense({ units: 13, inputShape: [6] }), ...layers().slice(1)] }), /layer 'dense_1' \(dense\) activation is 'tanh' in the checkpoint, 'linear' in the model/],
    ['an option of an activation', () => make({ layers: [...layers().slice(0, 2), dense({ units: 9, activation: { name: 'elu', alpha: 1 } }), ...layers().slice(3)] }), /layer 'dense_2' \(dense\) activation alpha is 0\.5 in the checkpoint, 1 in/],
    ['a derivative', () => make({ layers: [dense({ units: 13, activation: 'tanh', derivative: 'constant', inputShape: [6] }), ...layers().slice(1)] }), /derivative is undefined in the checkpoint, 'constant' in/],
    ['a rate', () => make({ layers: [layers()[0]!, dropout({ rate: 0.2 }), ...layers().slice(2)] }), /layer 'dropout_1' \(dropout\) rate is 0\.3 in the checkpoint, 0\.2/],
    ['a name', () => make({ layers: [...layers().slice(0, 3), dense({ units: 4 }), activation('softmax')] }), /layers\[3\] is 'last' \(dense\) in the checkpoint, 'dense_3' \(dense\) in the model/],
    ['a type', () => make({ layers: [layers()[0]!, activation('tanh'), ...layers().slice(2)] }), /layers\[1\] is 'dropout_1' \(dropout\) in the checkpoint, 'activation_1' \(activation\)/],
    ['a layer less', () => make({ layers: layers().slice(0, 4) }), /layers\[4\] is 'activation_1' \(activation\) in the checkpoint, missing in the model/],
    ['a layer more', () => make({ layers: [...layers(), activation('linear')] }), /layers\[5\] is missing in the checkpoint, 'activation_2'/],
    ['inputs', () => make({ layers: [dense({ units: 13, activation: 'tanh', inputShape: [7] }), ...layers().slice(1)] }), /inputs is 6 in the checkpoint, 7 in the model/],
    ['the seed', () => make({ seed: 3 }), /seed is 1099511627779 in the checkpoint, 3 in the model/],
    ['the optimizer', () => make({ optimizer: adamw({ learningRate: 0.01, weightDecay: 0 }) }), /optimizer name is 'adam' in the checkpoint, 'adamw' in the model/],
    ['an option of the optimizer', () => make({ optimizer: adam({ learningRate: 0.01, amsgrad: true }) }), /optimizer config amsgrad is false in the checkpoint, true/],
    ['a schedule', () => make({ optimizer: adam({ learningRate: () => 0.01 }) }), /optimizer config learningRate is 0\.01 in the checkpoint, 'function' in/],
    ['the loss', () => {
      const model = make();
      model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: { name: 'sparseCategoricalCrossentropy', fromLogits: false } });
      return model;
    }, /loss fromLogits is undefined in the checkpoint, false/],
  ])('refuses a model that differs in %s', async (_, other, message) => {
    await make().fit(x, y, saving({ epochs: 1 }, checkpoint({ path })));
    const model = other();
    const before = model.getWeights();
    const refusal = resume(model, path);
    await expect(refusal).rejects.toThrow(OptionError);
    await expect(refusal).rejects.toThrow(message);
    expect(model.getWeights()).toEqual(before);
  });

  it('takes a model that only begins differently, or is written differently', async () => {
    const first = make();
    await first.fit(x, y, saving({ epochs: 1 }, checkpoint({ path })));
    const model = make({ layers: [dense({ inputShape: [6], kernelInitializer: 'zeros', activation: 'tanh', units: 13, name: 'dense_1' }), ...layers().slice(1)] });
    model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: { name: 'sparseCategoricalCrossentropy' } });
    expect(await resume(model, path)).toBe(1);
    expect(model.getWeights()).toEqual(first.getWeights());
  });

  it('needs a compiled model, a path, and a file', async () => {
    await make().fit(x, y, saving({ epochs: 1 }, checkpoint({ path })));
    await expect(resume(sequential({ layers: layers() }), path)).rejects.toThrow(/the model has no loss yet; call compile/);
    await expect(resume(make(), undefined as never)).rejects.toThrow(/resume path: expected the path of a file, received undefined/);
    await expect(resume(make(), folder)).rejects.toThrow(DataError);
    await expect(resume(make(), folder)).rejects.toThrow(/the file could not be read \(EISDIR/);
  });

  it('layers whose names would be those of slots are refused', async () => {
    const model = make({ layers: [dense({ units: 4, inputShape: [6], name: 'a' }), dense({ units: 4, activation: 'softmax', name: 'optimizer/second/a' })] });
    await expect(model.fit(x, y, saving({}, checkpoint({ path })))).rejects.toThrow(/layer 'a': there is a layer named 'optimizer\/second\/a' too/);
  });

  describe('of a damaged file', () => {
    const stateOf = (model: Sequential): Snapshot => takeSnapshot('test', model);

    async function written(): Promise<{ model: Sequential; before: Snapshot; bytes: Uint8Array }> {
      await make().fit(x, y, { epochs: 2, callbacks: [earlyStopping({ restoreBestWeights: true }), checkpoint({ path })] });
      const model = make();
      await model.fit(x, y, { epochs: 1 });
      return { model, before: stateOf(model), bytes: readFileSync(path) };
    }

    it('is a FormatError wherever it was cut off, and the model is as it was', async () => {
      const { model, before, bytes } = await written();
      for (const length of [0, 1, 7, 8, 9, 100, 1000, bytes.length - 2000, bytes.length - 4, bytes.length - 1]) {
        writeFileSync(path, bytes.subarray(0, length));
        await expect(resume(model, path)).rejects.toThrow(FormatError);
        await expect(resume(model, path)).rejects.toThrow(/resume '.*run\.safetensors': safetensors, /);
      }
      expect(stateOf(model)).toEqual(before);
    });

    /** The file with other metadata: of every part, JSON that can be changed. */
    function changed(bytes: Uint8Array, key: 'nabla.model' | 'nabla.training', change: (part: Record<string, unknown>) => unknown): Uint8Array {
      const { tensors, metadata } = parseSafetensors(bytes);
      const part = JSON.parse(metadata.get(key)!) as Record<string, unknown>;
      const changedPart = change(part) ?? part;
      return serializeSafetensors(tensors, new Map([...metadata, [key, typeof changedPart === 'string' ? changedPart : JSON.stringify(changedPart)]]));
    }

    it.each<[string, (bytes: Uint8Array) => Uint8Array, RegExp]>([
      ['of another kind', () => serializeSafetensors(new Map()), /expected a checkpoint, received a file without 'nabla\.model'/],
      ['without the training', (bytes) => serializeSafetensors(parseSafetensors(bytes).tensors, new Map([['nabla.model', parseSafetensors(bytes).metadata.get('nabla.model')!]])), /without 'nabla\.training'/],
      ['with a model that is no JSON', (bytes) => changed(bytes, 'nabla.model', () => '{'), /expected JSON in 'nabla\.model'/],
      ['with a deep model', (bytes) => changed(bytes, 'nabla.training', () => '['.repeat(1e5) + ']'.repeat(1e5)), /nabla\.training/],
      ['with a deep epoch', (bytes) => changed(bytes, 'nabla.training', () => `{"formatVersion":1,"epoch":${'['.repeat(500)}${']'.repeat(500)}}`), /epoch is not that of a checkpoint/],
      ['with a list for a model', (bytes) => changed(bytes, 'nabla.model', () => []), /'nabla\.model': expected an object/],
      ['with null for a training', (bytes) => changed(bytes, 'nabla.training', () => 'null'), /'nabla\.training': expected an object/],
      ['of a later version', (bytes) => changed(bytes, 'nabla.model', (part) => void (part['formatVersion'] = 2)), /formatVersion is not that of a checkpoint: 2/],
      ['with layers that are no list', (bytes) => changed(bytes, 'nabla.model', (part) => void (part['layers'] = {})), /layers is not/],
      ['with a layer of nothing', (bytes) => changed(bytes, 'nabla.model', (part) => void (part['layers'] = [null])), /layers is not/],
      ['without an optimizer', (bytes) => changed(bytes, 'nabla.model', (part) => void delete part['optimizer']), /optimizer is not that of a checkpoint: undefined/],
      ['without a loss', (bytes) => changed(bytes, 'nabla.model', (part) => void (part['loss'] = 'huber')), /loss is not/],
      ['with half an epoch', (bytes) => changed(bytes, 'nabla.training', (part) => void (part['epoch'] = 0.5)), /epoch is not that of a checkpoint: 0\.5/],
      ['without a backend', (bytes) => changed(bytes, 'nabla.training', (part) => void delete part['backend']), /backend is not/],
      ['with a step beyond int32', (bytes) => changed(bytes, 'nabla.training', (part) => void (part['counters'] = { step: 2 ** 31 })), /counters is not/],
      ['without a step', (bytes) => changed(bytes, 'nabla.training', (part) => void (part['counters'] = {})), /expected 'step' among the counters, received none/],
      ['with a counter too many', (bytes) => changed(bytes, 'nabla.training', (part) => void (part['counters'] = { step: 1, stop: 2 })), /received 'stop' among the counters/],
      ['with a rate below 0', (bytes) => changed(bytes, 'nabla.training', (part) => void (part['learningRate'] = -1)), /learningRate is not/],
      ['with the best of nothing', (bytes) => changed(bytes, 'nabla.training', (part) => void (part['best'] = { value: 1 })), /best is not/],
      ['with callbacks that are no list', (bytes) => changed(bytes, 'nabla.training', (part) => void (part['callbacks'] = {})), /callbacks is not/],
      ['without a tensor', (bytes) => {
        const { tensors, metadata } = parseSafetensors(bytes);
        tensors.delete('optimizer/second/last/bias');
        return serializeSafetensors(tensors, metadata);
      }, /expected 'optimizer\/second\/last\/bias' among the tensors, received none/],
      ['with a tensor too many', (bytes) => {
        const { tensors, metadata } = parseSafetensors(bytes);
        return serializeSafetensors(new Map<string, TensorLike>([...tensors, ['more', { shape: [1], data: Float32Array.of(1) }]]), metadata);
      }, /received 'more' among the tensors/],
      ['with a tensor of another shape', (bytes) => {
        const { tensors, metadata } = parseSafetensors(bytes);
        return serializeSafetensors(new Map<string, TensorLike>([...tensors, ['dense_1/kernel', { shape: [13, 6], data: new Float32Array(78) }]]), metadata);
      }, /expected dense_1\/kernel to be \[6, 13\], received \[13, 6\]/],
    ])('%s', async (_, damage, message) => {
      const { model, before, bytes } = await written();
      writeFileSync(path, damage(bytes));
      await expect(resume(model, path)).rejects.toThrow(FormatError);
      await expect(resume(model, path)).rejects.toThrow(message);
      expect(stateOf(model)).toEqual(before);
    });

    it('with any byte of its header changed is refused in a sentence, or is a whole one', async () => {
      const { model, before, bytes } = await written();
      const end = 8 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
      let expected = before;
      await fc.assert(fc.asyncProperty(fc.nat({ max: end - 1 }), fc.nat({ max: 255 }), async (at, value) => {
        const other = Uint8Array.from(bytes);
        other[at] = value;
        writeFileSync(path, other);
        try {
          await resume(model, path);
          expected = stateOf(model);
        } catch (error) {
          expect(error).toBeInstanceOf(NablaError);
        }
        expect(stateOf(model)).toEqual(expected);
      }), { numRuns: 200 });
    });
  });
});

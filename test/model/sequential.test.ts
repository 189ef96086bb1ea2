/** The model's verbs, on every backend: what they return, what they leave alone, and that learning happens. */
import { describe, expect, it, vi } from 'vitest';
import {
  activation, activations, dense, sequential, sgd, type BackendName, type FitOptions, type History, type Logs, type Sequential,
} from '../../src/index.ts';
import { backends } from '../backends.ts';
import { expectClose } from '../close.ts';
import { numbers } from '../twins.ts';

const xor = { x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0] };

function xorModel(backend: BackendName, seed = 2): Sequential {
  const model = sequential({
    layers: [dense({ units: 8, activation: 'tanh', inputShape: [2] }), dense({ units: 1, activation: 'sigmoid' })],
    seed,
    backend,
  });
  model.compile({ optimizer: sgd({ learningRate: 0.5, momentum: 0.9 }), loss: 'binaryCrossentropy', metrics: ['accuracy', 'meanAbsoluteError'] });
  return model;
}

/** A classifier whose classes are the signs of the first two inputs. */
function quadrants(rows: number): { x: Float32Array; y: Uint8Array } {
  const x = numbers(rows * 6, 4);
  return { x, y: Uint8Array.from({ length: rows }, (_, i) => 2 * Number(x[i * 6]! > 0) + Number(x[i * 6 + 1]! > 0)) };
}

function quadrantModel(backend: BackendName): Sequential {
  const model = sequential({ layers: [dense({ units: 16, activation: 'relu', inputShape: [6] }), dense({ units: 4, activation: 'softmax' })], backend });
  model.compile({ optimizer: sgd({ learningRate: 0.2, momentum: 0.9 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

describe.each(backends)('fit on %s', (backend) => {
  it('learns XOR and records every epoch', async () => {
    const model = xorModel(backend);
    const { epoch, history } = await model.fit(xor.x, xor.y, { epochs: 200, batchSize: 4 });
    expect(epoch.length).toBe(200);
    expect(Object.keys(history)).toEqual(['loss', 'accuracy', 'meanAbsoluteError']);
    expect(history['loss']![199]).toBeLessThan(0.05);
    expect(history['accuracy']![199]).toBe(1);
    expect(Array.from(model.predict(xor.x), Math.round)).toEqual(xor.y);
    expect(model.evaluate(xor.x, xor.y)['accuracy']).toBe(1);
  });

  it('is the same as its steps by hand when it does not shuffle', async () => {
    const { x, y } = quadrants(50);
    const fitted = quadrantModel(backend);
    const { history } = await fitted.fit(x, y, { epochs: 2, batchSize: 16, shuffle: false });
    const stepped = quadrantModel(backend);
    let lossOfLastEpoch = 0;
    for (let epoch = 0; epoch < 2; epoch++) {
      lossOfLastEpoch = 0;
      for (let start = 0; start < 50; start += 16) {
        const end = Math.min(50, start + 16);
        lossOfLastEpoch += stepped.trainOnBatch(x.slice(start * 6, end * 6), y.slice(start, end)) * (end - start);
      }
    }
    expect(fitted.getWeights()).toEqual(stepped.getWeights());
    expectClose([history['loss']![1]!], [lossOfLastEpoch / 50], 1e-12);
  });

  const watched = { callbacks: [{ onBatchEnd: () => undefined }] };
  const shapes = [[50, 1], [50, 16], [50, 50], [50, 64], [49, 16], [7, 3], [2, 2], [1, 1], [64, 1000]] as const;

  it.each(shapes)('gives the same bits and records in many steps a call as in one: %i rows, batches of %i', async (rows, batchSize) => {
    const { x, y } = quadrants(rows);
    const runs = [{ seed: 0, epochs: 13 }, { seed: -5, epochs: 3, shuffle: false }, { seed: 2 ** 45 + 1, initialEpoch: 2 ** 32 - 1, epochs: 2 ** 32 + 2 }];
    for (const { seed, ...options } of runs) {
      for (const momentum of [0, 0.9]) {
        const run = async (more: FitOptions): Promise<[Float32Array[], History]> => {
          const layers = [dense({ units: 5, activation: 'tanh', inputShape: [6] }), dense({ units: 4, activation: 'softmax' })];
          const model = sequential({ layers, backend, seed });
          // A metric named twice is one.
          const metrics = ['accuracy', 'accuracy'] as const;
          model.compile({ optimizer: sgd({ learningRate: 0.2, momentum }), loss: 'sparseCategoricalCrossentropy', metrics });
          const record = await model.fit(x, y, { ...options, batchSize, ...more });
          return [model.getWeights(), record];
        };
        const byStep = await run(watched);
        expect(await run({})).toEqual(byStep);
        expect(await run({ callbacks: [{ onEpochBegin: () => undefined }] })).toEqual(byStep);
        const [weights, { epoch, history }] = await run({ validationData: [x, y] });
        expect([weights, { epoch, history: { loss: history['loss'], accuracy: history['accuracy'] } }]).toEqual(byStep);
      }
    }
  });

  it('gives the same over more epochs than a call records and more time than a slice', async () => {
    let turns = 0;
    const timer = setInterval(() => void turns++, 0);
    const [whole, byStep] = [xorModel(backend), xorModel(backend)];
    const options = { epochs: backend === 'wasm' ? 100_000 : 10_000, batchSize: 3 };
    const record = await whole.fit(xor.x, xor.y, options);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
    expect(await byStep.fit(xor.x, xor.y, { ...options, ...watched })).toEqual(record);
    expect(record.epoch).toEqual(Array.from({ length: options.epochs }, (_, i) => i));
    expect(whole.getWeights()).toEqual(byStep.getWeights());
  });

  it('keeps its place when the page asks for predictions between two slices', async () => {
    const { x, y } = quadrants(3000);
    const plain = quadrantModel(backend);
    const options = { epochs: backend === 'wasm' ? 300 : 20, batchSize: 8 };
    const record = await plain.fit(x, y, options);
    const disturbed = quadrantModel(backend);
    let asked = 0;
    const timer = setInterval(() => {
      asked++;
      disturbed.predict(x.subarray(0, 6 * 10 * asked));
      disturbed.evaluate(x, y);
      disturbed.gradients(x.subarray(0, 60), y.subarray(0, 10));
    }, 0);
    expect(await disturbed.fit(x, y, options)).toEqual(record);
    clearInterval(timer);
    expect(asked).toBeGreaterThan(0);
    expect(disturbed.getWeights()).toEqual(plain.getWeights());
  });

  it('trains on data too large to lie in the model too', async () => {
    const rows = 1100;
    const columns = 1000;
    const x = numbers(rows * columns, 3);
    const y = Float32Array.from({ length: rows }, (_, row) => x[row * columns]!);
    const model = sequential({ layers: [dense({ units: 1, inputShape: [columns] })], backend });
    model.compile({ optimizer: sgd({ learningRate: 0.01 }), loss: 'meanSquaredError' });
    const { history } = await model.fit(x, y, { epochs: 2, batchSize: 50 });
    expect(history['loss']![1]).toBeLessThan(history['loss']![0]!);
  });

  it('keeps its place when predictions in between need more room', async () => {
    const { x, y } = quadrants(40);
    const plain = quadrantModel(backend);
    await plain.fit(x, y, { epochs: 3, batchSize: 8 });
    const disturbed = quadrantModel(backend);
    await disturbed.fit(x, y, { epochs: 3, batchSize: 8, callbacks: [{ onEpochEnd: () => void disturbed.predict(numbers(6 * 3000, 8)) }] });
    expect(disturbed.getWeights()).toEqual(plain.getWeights());
  });

  it('shuffles by the seed, anew every epoch, and every row once', async () => {
    const { x, y } = quadrants(40);
    const runs = await Promise.all([1, 1, 2].map(async (seed) => {
      const model = sequential({ layers: [dense({ units: 4, inputShape: [6], activation: 'softmax', kernelInitializer: 'zeros' })], seed, backend });
      model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'sparseCategoricalCrossentropy' });
      await model.fit(x, y, { epochs: 2, batchSize: 7 });
      return model.getWeights();
    }));
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]).not.toEqual(runs[2]);
    // One linear unit that starts at zero and steps once a row by a rate so small that order hardly matters: Σ x.
    const sum = sequential({ layers: [dense({ units: 1, inputShape: [6], kernelInitializer: 'zeros', useBias: false })], backend });
    sum.compile({ optimizer: sgd({ learningRate: 1e-6 }), loss: 'halfSquaredError' });
    await sum.fit(x, new Float32Array(40).fill(1), { batchSize: 3 });
    const expected = Array.from({ length: 6 }, (_, column) => 1e-6 * Array.from({ length: 40 }, (_, row) => x[row * 6 + column]!).reduce((a, b) => a + b));
    expectClose(sum.getWeights()[0]!.map((w) => w * 1e6), expected.map((w) => w * 1e6), 1e-4);
  });

  it('validates on the last share, or on data of its own, after every epoch', async () => {
    const { x, y } = quadrants(60);
    const byShare = quadrantModel(backend);
    const first = await byShare.fit(x, y, { epochs: 3, validationSplit: 0.25 });
    const byData = quadrantModel(backend);
    const second = await byData.fit(x.slice(0, 45 * 6), y.slice(0, 45), { epochs: 3, validationData: [x.slice(45 * 6), y.slice(45)] });
    expect(first).toEqual(second);
    expect(Object.keys(first.history)).toEqual(['loss', 'accuracy', 'val_loss', 'val_accuracy']);
    expect(byShare.evaluate(x.slice(45 * 6), y.slice(45))['loss']).toBe(first.history['val_loss']![2]);
  });

  it('calls back in order, with logs, and waits for promises', async () => {
    const calls: string[] = [];
    const losses: number[] = [];
    const { x, y } = quadrants(20);
    const model = quadrantModel(backend);
    const history = await model.fit(x, y, {
      epochs: 2,
      batchSize: 12,
      callbacks: [
        {
          onTrainBegin: () => void calls.push('train begin'),
          onEpochBegin: (epoch) => void calls.push(`epoch ${epoch} begin`),
          onBatchEnd(batch, logs: Logs) {
            calls.push(`batch ${batch}`);
            losses.push(logs['loss']!);
            model.evaluate(x, y);
          },
          async onEpochEnd(epoch, logs) {
            await new Promise((resolve) => setTimeout(resolve, 1));
            calls.push(`epoch ${epoch} end ${logs['loss'] === losses.at(-1)}`);
          },
        },
        { onTrainEnd: (logs) => void calls.push(`train end ${Object.keys(logs).join(' ')}`) },
      ],
    });
    expect(calls).toEqual([
      'train begin', 'epoch 0 begin', 'batch 0', 'batch 1', 'epoch 0 end true', 'epoch 1 begin', 'batch 0', 'batch 1',
      'epoch 1 end true', 'train end loss accuracy',
    ]);
    expect(history.history['loss']).toEqual([losses[1], losses[3]]);
  });

  it('stops when its signal says so, and the model stays usable', async () => {
    const { x, y } = quadrants(500);
    const model = quadrantModel(backend);
    const controller = new AbortController();
    let epochs = 0;
    const run = model.fit(x, y, { epochs: 1e6, signal: controller.signal, callbacks: [{ onEpochEnd: () => void epochs++ }] });
    setTimeout(() => controller.abort(new Error('enough')), 30);
    await expect(run).rejects.toThrow('enough');
    expect(epochs).toBeGreaterThan(0);
    expect(model.predict(x).every(Number.isFinite)).toBe(true);
    await model.fit(x, y);
  });

  it('stops after the step at hand when a callback aborts, and does not begin when it is too late', async () => {
    const { x, y } = quadrants(400);
    const controller = new AbortController();
    let last = -1;
    const run = quadrantModel(backend).fit(x, y, {
      batchSize: 4,
      signal: controller.signal,
      callbacks: [{
        onBatchEnd(batch) {
          last = batch;
          if (batch === 7) controller.abort(new Error('enough'));
        },
      }],
    });
    await expect(run).rejects.toThrow('enough');
    expect(last).toBe(7);
    let begun = false;
    await expect(quadrantModel(backend).fit(x, y, { signal: controller.signal, callbacks: [{ onTrainBegin: () => void (begun = true) }] })).rejects.toThrow('enough');
    expect(begun).toBe(false);
  });

  it('goes on from an initial epoch: 2 + 3 epochs are 5', async () => {
    const { x, y } = quadrants(50);
    const whole = quadrantModel(backend);
    const all = await whole.fit(x, y, { epochs: 5, batchSize: 8 });
    const parts = quadrantModel(backend);
    await parts.fit(x, y, { epochs: 2, batchSize: 8 });
    const rest = await parts.fit(x, y, { epochs: 5, initialEpoch: 2, batchSize: 8 });
    expect(rest.epoch).toEqual([2, 3, 4]);
    expect(rest.history['loss']).toEqual(all.history['loss']!.slice(2));
    expect(parts.getWeights()).toEqual(whole.getWeights());
  });

  it('says how every epoch went when asked to, and else nothing', async () => {
    const { x, y } = quadrants(20);
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    await quadrantModel(backend).fit(x, y, { epochs: 2, verbose: 0 });
    expect(log).not.toHaveBeenCalled();
    await quadrantModel(backend).fit(x, y, { epochs: 2, verbose: 1 });
    expect(log.mock.calls.map(([line]) => String(line))).toEqual([
      expect.stringMatching(/^epoch 1\/2 {2}loss \d\.\d+ {2}accuracy \d\.\d+$/), expect.stringMatching(/^epoch 2\/2 /),
    ]);
    log.mockRestore();
  });

  it('takes a validation split of 0 as none', async () => {
    const { x, y } = quadrants(20);
    const { history } = await quadrantModel(backend).fit(x, y, { validationSplit: 0 });
    expect(Object.keys(history)).toEqual(['loss', 'accuracy']);
  });

  it('lets the event loop live', async () => {
    const { x, y } = quadrants(2000);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const end = performance.now() + 300;
    const controller = new AbortController();
    await quadrantModel(backend).fit(x, y, {
      epochs: 1e6, signal: controller.signal, callbacks: [{ onEpochEnd: () => void (performance.now() > end && controller.abort()) }],
    }).catch(() => undefined);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
  });

  it('reports J over the whole epoch for halfSquaredError, whatever the batches', async () => {
    const x = numbers(30, 1);
    const y = numbers(30, 2);
    const model = sequential({ layers: [dense({ units: 1, inputShape: [1] })], backend });
    model.compile({ optimizer: sgd({ learningRate: 1e-12 }), loss: 'halfSquaredError' });
    const out = model.predict(x);
    const expected = out.reduce((sum, h, i) => sum + (y[i]! - h) ** 2 / 2, 0);
    const { history } = await model.fit(x, y, { batchSize: 7 });
    expectClose([history['loss']![0]!, model.evaluate(x, y)['loss']!], [expected, expected], 1e-6);
  });
});

describe.each(backends)('the other verbs on %s', (backend) => {
  it('predict takes every kind of array, any number of rows, and gives each row the same bits', () => {
    const model = quadrantModel(backend);
    const { x } = quadrants(600);
    const all = model.predict(x);
    expect(all.length).toBe(2400);
    expect(model.predict(Array.from({ length: 600 }, (_, i) => x.slice(i * 6, i * 6 + 6)))).toEqual(all);
    expect(model.predict(Float64Array.from(x))).toEqual(all);
    expect(model.predict(Array.from(x))).toEqual(all);
    for (const row of [0, 1, 255, 256, 599]) {
      const out = new Float32Array(4);
      expect(model.predictInto(x.slice(row * 6, row * 6 + 6), out)).toBe(out);
      expect(out).toEqual(all.slice(row * 4, row * 4 + 4));
    }
  });

  it('predict works before compile, and gives a copy', () => {
    const model = sequential({ layers: [dense({ units: 2, inputShape: [3] })], backend });
    const out = model.predict([1, 2, 3]);
    const kept = out.slice();
    model.predict([4, 5, 6]);
    expect(out).toEqual(kept);
  });

  it('trainOnBatch returns the loss before its step', () => {
    const model = quadrantModel(backend);
    const { x, y } = quadrants(10);
    const before = model.evaluate(x, y)['loss']!;
    expect(model.trainOnBatch(x, y)).toBe(before);
    expect(model.evaluate(x, y)['loss']).toBeLessThan(before);
  });

  it('gradients change nothing and name their parameters', () => {
    const model = quadrantModel(backend);
    const { x, y } = quadrants(10);
    model.trainOnBatch(x, y);
    const weights = model.getWeights();
    expect(model.gradients(x, y).map(({ name, shape }) => [name, ...shape])).toEqual([
      ['dense_1/kernel', 6, 16], ['dense_1/bias', 16], ['dense_2/kernel', 16, 4], ['dense_2/bias', 4],
    ]);
    expect(model.getWeights()).toEqual(weights);
    const twin = quadrantModel(backend);
    twin.trainOnBatch(x, y);
    expect(model.trainOnBatch(x, y)).toBe(twin.trainOnBatch(x, y));
  });

  it('weights go out and in, in layer order, as copies', () => {
    const model = quadrantModel(backend);
    const weights = model.getWeights();
    expect(weights.map(({ length }) => length)).toEqual([96, 16, 64, 4]);
    const other = sequential({ layers: model.layers, seed: 99, backend });
    other.setWeights(weights);
    weights[0]!.fill(0);
    const { x } = quadrants(5);
    expect(other.predict(x)).toEqual(model.predict(x));
  });

  it('a layer without bias, an activation alone, a deep chain of odd widths', () => {
    const model = sequential({ layers: [dense({ units: 3, useBias: false, inputShape: [2] })], backend });
    model.setWeights([[1, 2, 3, 4, 5, 6]]);
    expect(Array.from(model.predict([1, 10]))).toEqual([41, 52, 63]);
    const alone = sequential({ layers: [activation({ activation: 'softmax', inputShape: [4] })], backend });
    alone.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' });
    expectClose(alone.predict([0, 0, 0, 0]), [0.25, 0.25, 0.25, 0.25]);
    expectClose([alone.trainOnBatch([0, 0, 0, 0], [1, 0, 0, 0])], [Math.log(4)]);
    expect(alone.gradients([0, 0, 0, 0], [1, 0, 0, 0])).toEqual([]);
    const deep = sequential({ layers: [1, 3, 17, 2, 9].map((units, i) => dense({ units, activation: 'elu', ...(i === 0 && { inputShape: [5] }) })), backend });
    expect(deep.predict(numbers(35, 1)).length).toBe(63);
  });

  it('a new compile starts optimizer state anew and keeps weights', () => {
    const { x, y } = quadrants(10);
    const model = quadrantModel(backend);
    for (let i = 0; i < 3; i++) model.trainOnBatch(x, y);
    const weights = model.getWeights();
    model.compile(model.compiled!);
    expect(model.getWeights()).toEqual(weights);
    const fresh = quadrantModel(backend);
    fresh.setWeights(weights);
    model.trainOnBatch(x, y);
    fresh.trainOnBatch(x, y);
    expect(model.getWeights()).toEqual(fresh.getWeights());
  });

  it('softmax and its loss are fused, and agree with the unfused pair; logits of ±1000 stay finite', () => {
    const weights = [Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), new Float32Array(3)];
    const logits = [1000, -1000, 0, 3, 2, 1, -1000, -1000, 1000];
    const losses = (['softmax', 'linear'] as const).map((output) => {
      const model = sequential({ layers: [dense({ units: 3, activation: output, inputShape: [3] })], backend });
      model.setWeights(weights);
      model.compile({ optimizer: 'sgd', loss: { name: 'sparseCategoricalCrossentropy', fromLogits: output === 'linear' }, metrics: ['accuracy'] });
      return model.evaluate(logits, [1, 0, 2]);
    });
    expect(losses[0]).toEqual(losses[1]);
    expectClose([losses[0]!['loss']!], [(2000 + Math.log(1 + Math.exp(-1) + Math.exp(-2)) + 0) / 3], 1e-6);
    expect(losses[0]!['accuracy']).toBeCloseTo(2 / 3, 12);
  });

  it('numbers layers around the names that users chose', () => {
    const model = sequential({ layers: [dense({ units: 1, inputShape: [2], name: 'dense_1' }), dense({ units: 1 }), dense({ units: 1 })], backend });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    expect(model.gradients([1, 2], [1]).map(({ name }) => name)).toEqual(['dense_1/kernel', 'dense_1/bias', 'dense_2/kernel', 'dense_2/bias', 'dense_3/kernel', 'dense_3/bias']);
  });

  it('keeps the options it was compiled with, whatever becomes of the object', () => {
    const options = { optimizer: 'sgd' as const, loss: { name: 'huber' as const, delta: 2 } };
    const model = sequential({ layers: [dense({ units: 1, inputShape: [1] })], backend });
    model.compile(options);
    options.loss.delta = 5;
    expect(model.compiled).toMatchObject({ loss: { name: 'huber', delta: 2 } });
  });

  it('accuracy of one unit is of targets 0 and 1: other numbers are never right', () => {
    const model = sequential({ layers: [dense({ units: 1, inputShape: [1], useBias: false, kernelInitializer: 'ones' })], backend });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError', metrics: ['accuracy'] });
    expect(model.evaluate([0.2, 0.9, 0.9, 300], [0, 1, 0, 300_000])['accuracy']).toBe(0.5);
  });

  it('summary shows the layers and counts parameters', () => {
    expect(quadrantModel(backend).summary()).toBe([
      `sequential: 6 inputs, backend ${backend}`,
      '────────────────────────────────────────────────',
      'Layer                     Output      Parameters',
      '────────────────────────────────────────────────',
      'dense_1 (dense, relu)     [rows, 16]         112',
      'dense_2 (dense, softmax)  [rows, 4]           68',
      '────────────────────────────────────────────────',
      '180 parameters',
    ].join('\n'));
  });
});

describe('activations', () => {
  it('are pairs over numbers in double precision and over float32 arrays', () => {
    expect(activations.sigmoid.f(0)).toBe(0.5);
    expect(activations.sigmoid.df(0)).toBe(0.25);
    expect(activations.tanh.f(0.3)).toBe(Math.tanh(0.3));
    const x = Float32Array.of(-1, 0, 2);
    expect(activations.relu.f(x)).toEqual(Float32Array.of(0, 0, 2));
    expect(activations.relu.df(x)).toEqual(Float32Array.of(0, 0, 1));
    expect(activations.step.df(x)).toEqual(new Float32Array(3));
    expect(activations.linear.df(x)).toEqual(Float32Array.of(1, 1, 1));
    expect(x).toEqual(Float32Array.of(-1, 0, 2));
    expect(() => activations.relu.f('1' as never)).toThrow(/a number or a Float32Array/);
  });

  it('of a row have a Jacobian', () => {
    const x = Float32Array.of(0.5, -1, 2);
    for (const name of ['softmax', 'logSoftmax'] as const) {
      const { f, df } = activations[name];
      const jacobian = df(x);
      for (let j = 0; j < 3; j++) {
        const nudge = (by: number): Float32Array => f(x.map((value, i) => (i === j ? value + by : value)));
        const [right, left] = [nudge(2 ** -7), nudge(-(2 ** -7))];
        for (let i = 0; i < 3; i++) expectClose([jacobian[i * 3 + j]!], [(right[i]! - left[i]!) / 2 ** -6], 1e-4);
      }
    }
  });
});

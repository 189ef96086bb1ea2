/** A thread that ends in the middle of a step: an error, and a model at its last complete step. On Node, where one can be ended at once. */
import { expect, it } from 'vitest';
import { allOperations, operationNames } from '../../src/backend/extraPlan.ts';
import { operationWords, type OperationName } from '../../src/backend/plan.ts';
import { BackendError, dense, lbfgs, momentum, sequential, type Optimizer, type Sequential } from '../../src/index.ts';
import { hashWeights } from '../hash.ts';
import { numbers } from '../twins.ts';

const inputs = 300;
const rows = 80;
const batch = 8;
const x = numbers(rows * inputs, 1, 2);
const y = Float32Array.from({ length: rows }, (_, i) => i % 10);
const settings = { epochs: 1, batchSize: batch, shuffle: false };

/** Many parameters for few rows, so that the update is a large share of the step. */
function make(optimizer: Optimizer = momentum({ learningRate: 0.01 })): Sequential {
  const model = sequential({ layers: [dense({ units: 1024, activation: 'relu', inputShape: [inputs] }), dense({ units: 10, activation: 'softmax' })], seed: 5 });
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy' });
  return model;
}

/**
 * The weights after a step, and those after two steps more: the second tells of velocities, gradients of several batches, averages and the
 * step counter too.
 */
async function hashes(model: Sequential): Promise<string> {
  const now = await hashWeights(model.getWeights());
  const kept = model.getWeights();
  await model.fit(x.subarray(0, 2 * batch * inputs), y.subarray(0, 2 * batch), settings);
  const next = await hashWeights(model.getWeights());
  model.setWeights(kept);
  return `${now} ${next}`;
}

/** The hashes of models that have trained for so many steps with one thread. */
async function after(counts: readonly number[], optimizer?: Optimizer): Promise<string[]> {
  return Promise.all(counts.map((steps) => {
    const model = make(optimizer);
    for (let step = 0; step < steps; step++) {
      model.trainOnBatch(x.subarray(step * batch * inputs, (step + 1) * batch * inputs), y.subarray(step * batch, (step + 1) * batch));
    }
    return hashes(model);
  }));
}

const code = (name: OperationName): number => operationNames.indexOf(name);
const word = (name: OperationName, argument: string): number => 1 + Object.keys(allOperations[name]).indexOf(argument);

/** Trains, does `interfere` in the walk after some steps, and expects the error; returns the model. */
async function loses(
  thread: number, interfere: (model: Sequential, plan: number, walk: (plan: number) => number) => number, steps = 5, optimizer?: Optimizer,
): Promise<Sequential> {
  const model = make(optimizer);
  const { backend } = model.program;
  backend.memory.ensure(backend.memory.i32.byteLength + 65_536);
  let walked = 0;
  const onTrainBegin = (): void => {
    const { run } = backend;
    backend.run = (plan, rows) => (walked++ === steps ? interfere(model, plan, (at) => run(at, 0)) : run(plan, rows));
  };
  const error = await model.fit(x, y, { ...settings, threads: 3, callbacks: [{ onTrainBegin }] }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(BackendError);
  expect((error as Error).message).toBe(`thread ${thread + 1} of 3 has ended (exit code 1); the model is as it was after its last complete step`);
  return model;
}

const several = momentum({ learningRate: 0.01, accumulationSteps: 2, clipNorm: 0.1, emaMomentum: 0.5 });

it.each([[5, undefined], [5, several], [4, several]] as const)('before the update leaves the model at the step before: %i, %o', async (steps, optimizer) => {
  const [before] = await after([steps], optimizer);
  for (const thread of [1, 2]) {
    const model = await loses(thread, (own, plan, walk) => {
      own.program.team!.workers[thread - 1]!.stop();
      return walk(plan);
    }, steps, optimizer);
    expect(await hashes(model)).toBe(before);
    // The model can go on.
    await model.fit(x, y, { ...settings, threads: 2 });
  }
});

const places = ['half of the update', 'the first copy of the next block'] as const;

/** What is at work in the step after so many. */
const updates = [['sgd', 5, undefined], ['sgd', 5, several], ['blend', 5, several], ['accumulate', 4, several]] as const;

it.each(updates.flatMap(([name, steps, optimizer]) => [0, 1, 17, 40].flatMap((block) => places.map((place) => [name, steps, block, place, optimizer] as const)))
)('in %s after %i steps, in block %i, after %s, leaves the model at the step after: %o', async (name, steps, block, place, optimizer) => {
  const [next] = await after([steps + 1], optimizer);
  for (const thread of [1, 2]) {
    const model = await loses(thread, ({ program: { backend: { memory: { i32 }, shareable }, team } }, plan, walk) => {
      const find = (from: number, name: OperationName, times = 1): number => {
        for (let at = from; ; at += operationWords) if (i32[at] === code(name) && --times === 0) return at;
      };
      const control = i32[find(plan / 4, 'barrier') + word('barrier', 'control')]!;
      const others = i32[(control + 256) / 4 + thread]!;
      // The other thread comes to that place, and there waits for threads that never come.
      const update = find(others / 4, name, block + 1);
      const at = place === 'half of the update' ? update : find(update, 'copyRange');
      const before = i32.slice(at, at + 2 * operationWords);
      if (place === 'half of the update') i32[at + word(name, 'count')]! /= 2;
      const nowhere = i32.byteLength - 4096;
      i32.set([code('barrier'), nowhere, 99, -1, 0], at + operationWords);
      // This one comes to its own update meanwhile.
      const mine = find(plan / 4, 'copyRange');
      i32[mine] = code('end');
      for (let waits = walk(plan); waits !== 0;) waits = shareable!.resume(waits);
      while (Atomics.load(i32, nowhere / 4) === 0);
      i32.set(before, at);
      i32[mine] = code('copyRange');
      team!.workers[thread - 1]!.stop();
      return walk(mine * 4);
    }, steps, optimizer);
    expect(await hashes(model)).toBe(next);
    await model.fit(x, y, { ...settings, threads: 2 });
  }
});

it('that others hear of in the middle of fit is an error for them at once, and fit goes on with one thread', async () => {
  const model = make();
  const alone = make();
  const told: unknown[] = [];
  const onBatchEnd = async (step: number): Promise<void> => {
    if (step !== 2) return;
    const { workers } = model.program.team!;
    workers[0]!.stop();
    while (workers[0]!.ended === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
    const before = performance.now();
    try {
      model.evaluate(x, y);
    } catch (error) {
      told.push(error, performance.now() - before < 5000);
    }
  };
  await model.fit(x, y, { ...settings, threads: 2, callbacks: [{ onBatchEnd }] });
  await alone.fit(x, y, settings);
  expect(told).toEqual([expect.any(BackendError), true]);
  expect(await hashes(model)).toBe(await hashes(alone));
});

it('in a search along a line leaves the model where the line begins', async () => {
  const [model, alone] = [make(), make()];
  for (const one of [model, alone]) one.compile({ optimizer: lbfgs(), loss: 'sparseCategoricalCrossentropy' });
  const { history } = await alone.fit(x, y, { epochs: 2 });
  const { backend } = model.program;
  let walked = 0;
  let ended = 0;
  const onTrainBegin = (): void => {
    const { run } = backend;
    backend.run = (plan, count) => {
      // The third iteration knows where it begins: it looks at other places alone.
      if (ended === 2 && walked++ === 0) model.program.team!.workers[0]!.stop();
      return run(plan, count);
    };
  };
  const error = await model.fit(x, y, { epochs: 9, threads: 2, callbacks: [{ onTrainBegin, onEpochEnd: () => void ended++ }] }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(BackendError);
  expect(await hashWeights(model.getWeights())).toBe(await hashWeights(alone.getWeights()));
  expect(model.evaluate(x, y)['loss']).toBe(history['loss']![1]);
});

it('other tasks may predict while fit waits for threads, and no bit depends on it', async () => {
  // The last thread has all of a gradient with fewer than 16 inputs, and the leading one waits for it.
  const [count, few, units] = [4096, 15, 2048];
  const wide = numbers(count * few, 1);
  const targets = new Float32Array(count * units).fill(0.5);
  const trained = async (threads: number): Promise<{ hash: string; loss: unknown; predictions: number }> => {
    const model = sequential({ layers: [dense({ units, inputShape: [few] })], seed: 1 });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const { program } = model;
    const finish = program.finish.bind(program);
    let waiting = false;
    let predictions = 0;
    program.finish = async () => {
      waiting = true;
      await finish();
      waiting = false;
    };
    const others = setInterval(() => {
      if (waiting) predictions += Number(model.predict(wide.subarray(0, 64 * few)).length > 0);
    }, 0);
    const { history } = await model.fit(wide, targets, { epochs: 3, batchSize: count, threads });
    clearInterval(others);
    return { hash: await hashWeights(model.getWeights()), loss: history['loss'], predictions };
  };
  const expected = await trained(1);
  const received = await trained(2);
  expect(received.hash).toBe(expected.hash);
  expect(received.loss).toEqual(expected.loss);
  expect(received.predictions).toBeGreaterThan(0);
});

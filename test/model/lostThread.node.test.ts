/** A thread that ends in the middle of a step: an error, and a model at its last complete step. On Node, where one can be ended at once. */
import { expect, it } from 'vitest';
import { operationNames, operations, operationWords, type OperationName } from '../../src/backend/plan.ts';
import { BackendError, dense, momentum, sequential, type Sequential } from '../../src/index.ts';
import { hashWeights } from '../hash.ts';
import { numbers } from '../twins.ts';

const inputs = 300;
const rows = 80;
const batch = 8;
const x = numbers(rows * inputs, 1, 2);
const y = Float32Array.from({ length: rows }, (_, i) => i % 10);
const settings = { epochs: 1, batchSize: batch, shuffle: false };

/** Many parameters for few rows, so that the update is a large share of the step. */
function make(): Sequential {
  const model = sequential({ layers: [dense({ units: 1024, activation: 'relu', inputShape: [inputs] }), dense({ units: 10, activation: 'softmax' })], seed: 5 });
  model.compile({ optimizer: momentum({ learningRate: 0.01 }), loss: 'sparseCategoricalCrossentropy' });
  return model;
}

/** The weights after a step, and those after one step more: the second tells of velocities and the step counter too. */
async function hashes(model: Sequential): Promise<string> {
  const now = await hashWeights(model.getWeights());
  const kept = model.getWeights();
  model.trainOnBatch(x.subarray(0, batch * inputs), y.subarray(0, batch));
  const next = await hashWeights(model.getWeights());
  model.setWeights(kept);
  return `${now} ${next}`;
}

/** The hashes of models that have trained for 5 and for 6 steps with one thread. */
async function afterFiveAndSix(): Promise<string[]> {
  return Promise.all([5, 6].map((steps) => {
    const model = make();
    for (let step = 0; step < steps; step++) {
      model.trainOnBatch(x.subarray(step * batch * inputs, (step + 1) * batch * inputs), y.subarray(step * batch, (step + 1) * batch));
    }
    return hashes(model);
  }));
}

const code = (name: OperationName): number => operationNames.indexOf(name);
const word = (name: OperationName, argument: string): number => 1 + Object.keys(operations[name]).indexOf(argument);

/** Trains, does `interfere` in the walk after the fifth step, and expects the error; returns the model. */
async function loses(thread: number, interfere: (model: Sequential, plan: number, walk: (plan: number) => number) => number): Promise<Sequential> {
  const model = make();
  const { backend } = model.program;
  backend.memory.ensure(backend.memory.i32.byteLength + 65_536);
  let walked = 0;
  const onTrainBegin = (): void => {
    const { run } = backend;
    backend.run = (plan, rows) => (walked++ === 5 ? interfere(model, plan, (at) => run(at, 0)) : run(plan, rows));
  };
  const error = await model.fit(x, y, { ...settings, threads: 3, callbacks: [{ onTrainBegin }] }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(BackendError);
  expect((error as Error).message).toBe(`thread ${thread + 1} of 3 has ended (exit code 1); the model is as it was after its last complete step`);
  return model;
}

it('before the update leaves the model at the step before', async () => {
  const [five] = await afterFiveAndSix();
  for (const thread of [1, 2]) {
    const model = await loses(thread, (own, plan, walk) => {
      own.program.team!.workers[thread - 1]!.stop();
      return walk(plan);
    });
    expect(await hashes(model)).toBe(five);
    // The model can go on.
    await model.fit(x, y, { ...settings, threads: 2 });
  }
});

it.each([0, 1, 17, 40])('in the middle of block %i of the update leaves the model at the step after', async (block) => {
  const [, six] = await afterFiveAndSix();
  for (const thread of [1, 2]) {
    const model = await loses(thread, ({ program: { backend: { memory: { i32 } }, team } }, plan, walk) => {
      const find = (from: number, name: OperationName, times = 1): number => {
        for (let at = from; ; at += operationWords) if (i32[at] === code(name) && --times === 0) return at;
      };
      const control = i32[find(plan / 4, 'barrier') + word('barrier', 'control')]!;
      const others = i32[(control + 256) / 4 + thread]!;
      // The other thread updates half of a block, and then waits for threads that never come.
      const update = find(others / 4, 'sgd', block + 1);
      const before = i32.slice(update, update + 2 * operationWords);
      i32[update + word('sgd', 'count')]! /= 2;
      const nowhere = i32.byteLength - 4096;
      i32.set([code('barrier'), nowhere, 99, -1, 0], update + operationWords);
      // This one comes to its own update meanwhile.
      const mine = find(plan / 4, 'copyRange');
      i32[mine] = code('end');
      walk(plan);
      while (Atomics.load(i32, nowhere / 4) === 0);
      i32.set(before, update);
      i32[mine] = code('copyRange');
      team!.workers[thread - 1]!.stop();
      return walk(mine * 4);
    });
    expect(await hashes(model)).toBe(six);
    await model.fit(x, y, { ...settings, threads: 2 });
  }
});

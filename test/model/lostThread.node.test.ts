/** A thread that ends in the middle of a step: an error, and a model at its last complete step. On Node, where one can be ended at once. */
import { expect, it } from 'vitest';
import { operationNames, operationWords } from '../../src/backend/plan.ts';
import { BackendError, dense, momentum, sequential, type Sequential } from '../../src/index.ts';
import { hashWeights } from '../hash.ts';
import { numbers } from '../twins.ts';

const inputs = 300;
const rows = 640;
const x = numbers(rows * inputs, 1, 2);
const y = Float32Array.from({ length: rows }, (_, i) => i % 10);
const settings = { epochs: 1, batchSize: 64, shuffle: false };

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
  model.trainOnBatch(x.subarray(0, 64 * inputs), y.subarray(0, 64));
  const next = await hashWeights(model.getWeights());
  model.setWeights(kept);
  return `${now} ${next}`;
}

it('gives an error, and leaves the model at its last complete step', async () => {
  const expected: string[] = [];
  for (let steps = 0; steps <= 8; steps++) {
    const model = make();
    for (let step = 0; step < steps; step++) model.trainOnBatch(x.subarray(step * 64 * inputs, (step + 1) * 64 * inputs), y.subarray(step * 64, (step + 1) * 64));
    expected.push(await hashes(model));
  }
  const reached: number[] = [];
  for (let attempt = 0; attempt < 24; attempt++) {
    const model = make();
    const { backend } = model.program;
    let walked = 0;
    const onTrainBegin = (): void => {
      const { run } = backend;
      backend.run = (plan, count) => {
        if (walked++ !== 5) return run(plan, count);
        const end = (): void => {
          for (const until = performance.now() + (attempt >> 2) * 0.01; performance.now() < until;);
          model.program.team!.workers[attempt % 2]!.stop();
        };
        // Every other time before the leading thread has done anything; else when it has come to its update, with the others in theirs.
        if (attempt & 2) {
          end();
          return run(plan, count);
        }
        const { i32 } = backend.memory;
        let update = plan / 4;
        while (i32[update] !== operationNames.indexOf('copyRange')) update += operationWords;
        const code = i32[update]!;
        i32[update] = operationNames.indexOf('end');
        run(plan, count);
        end();
        i32[update] = code;
        return run(update * 4, count);
      };
    };
    const fit = model.fit(x, y, { ...settings, threads: 3, callbacks: [{ onTrainBegin }] });
    const error = await fit.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BackendError);
    expect((error as Error).message).toMatch(/^thread [23] of 3 has ended \(exit code 1\); the model is as it was after its last complete step$/);
    const step = expected.indexOf(await hashes(model));
    expect(step, `attempt ${attempt}`).toBeGreaterThanOrEqual(5);
    reached.push(step);
    await model.fit(x, y, { ...settings, threads: 2 });
  }
  expect(new Set(reached)).toEqual(new Set([5, 6]));
});

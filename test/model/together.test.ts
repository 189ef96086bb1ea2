/** Features together: what each does beside the others, and beside other tasks that use the model while it trains. */
import { describe, expect, it } from 'vitest';
import {
  accuracyScore, dense, l2, lbfgs, maxNorm, nonNegative, OptionError, residual, sequential, sgd, type MetricFunction, type Sequential,
} from '../../src/index.ts';
import { nextTask } from '../../src/platform.ts';
import { backends } from '../backends.ts';
import { hashWeights } from '../hash.ts';
import { numbers } from '../twins.ts';

const rows = 96;
const inputs = 16;
const x = numbers(rows * inputs, 5);
const classes = Float32Array.from({ length: rows }, (_, i) => i % 4);

/** What a task of its own does again and again while another is at work. */
async function meanwhile<Result>(work: Promise<Result>, task: () => void): Promise<Result> {
  let over = false;
  const ended = work.finally(() => {
    over = true;
  });
  while (!over) {
    task();
    await nextTask();
  }
  return ended;
}

describe('with threads, and predictions of another task', () => {
  function make(): Sequential {
    const model = sequential({ layers: [dense({ units: 24, activation: 'relu', inputShape: [inputs] }), dense({ units: 4, activation: 'softmax' })], seed: 4 });
    const right: MetricFunction = (y, p, { units }) => accuracyScore(y, p, { units });
    model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy', { right }] });
    return model;
  }

  it('weights, losses and metrics of whole epochs stay the same, from the moment the threads gather', async () => {
    const options = { epochs: 12, batchSize: 48 };
    const alone = make();
    const { history } = await alone.fit(x, classes, options);
    const disturbed = make();
    // A 1 where a team keeps the number of its command, if rows were to lie there.
    const guests = new Float32Array(4 * inputs).fill(1, 48, 49);
    const record = await meanwhile(disturbed.fit(x, classes, { ...options, threads: 3 }), () => {
      disturbed.predict(guests);
      if (disturbed.program.team !== undefined) disturbed.evaluate(x.subarray(0, 8 * inputs), classes.subarray(0, 8));
    });
    expect(record.history).toEqual(history);
    expect(history['right']).toEqual(history['accuracy']);
    expect(await hashWeights(disturbed.getWeights())).toBe(await hashWeights(alone.getWeights()));
  });
});

describe.each(backends)('on %s', (backend) => {
  it('an average of weights within their limits is within them too', async () => {
    const model = sequential({
      layers: [
        dense({ units: 6, inputShape: [inputs], kernelConstraint: nonNegative() }), dense({ units: 4, activation: 'softmax', kernelConstraint: maxNorm(0.5) }),
      ], seed: 1, backend,
    });
    model.compile({ optimizer: sgd({ learningRate: 0.5, emaMomentum: 0.5 }), loss: 'sparseCategoricalCrossentropy' });
    await model.fit(x, classes, { epochs: 3, batchSize: 8 });
    const [first, , second] = model.getWeights();
    expect(Math.min(...first!)).toBeGreaterThanOrEqual(0);
    for (let unit = 0; unit < 4; unit++) {
      expect(Math.hypot(...Array.from({ length: 6 }, (_, input) => second![4 * input + unit]!))).toBeLessThan(0.5 + 1e-6);
    }
  });

  it('lbfgs records penalties, and metrics of the weights it ends an epoch with', async () => {
    const model = sequential({ layers: [dense({ units: 4, activation: 'softmax', kernelRegularizer: l2(0.05), inputShape: [inputs] })], seed: 2, backend });
    const right: MetricFunction = (y, p, { units }) => accuracyScore(y, p, { units });
    model.compile({ optimizer: lbfgs(), loss: 'sparseCategoricalCrossentropy', metrics: [{ right }] });
    const seen: Record<string, number>[] = [];
    const { history } = await model.fit(x, classes, { epochs: 8, callbacks: [{ onEpochEnd: () => void seen.push(model.evaluate(x, classes)) }] });
    seen.forEach(({ loss, right: share }, epoch) => {
      expect(history['loss']![epoch]).toBeCloseTo(loss!, 5);
      expect(history['right']![epoch]).toBe(share);
    });
    expect(seen).toHaveLength(8);
  });
});

it('lbfgs refuses several steps an epoch', async () => {
  const model = sequential({ layers: [dense({ units: 4, activation: 'softmax', inputShape: [inputs] })] });
  model.compile({ optimizer: 'lbfgs', loss: 'sparseCategoricalCrossentropy' });
  await expect(model.fit(x, classes, { stepsPerEpoch: 5 })).rejects.toThrow(/fit stepsPerEpoch: an epoch of lbfgs is one iteration, received 5/);
});

it('refuses a block and a layer beside it whose parameters would have one name', () => {
  const layers = [dense({ units: 4, inputShape: [4], name: 'a/b' }), residual([dense({ units: 4, name: 'b' })], { name: 'a' })];
  expect(() => sequential({ layers })).toThrow(OptionError);
  expect(() => sequential({ layers })).toThrow(/'a\/b\/kernel' is a parameter in a block and of a layer beside it/);
});

/** Callbacks that let epochs go by: when they are called, that nothing else changes, and that others are called as ever. */
import { describe, expect, it } from 'vitest';
import { dense, sequential, sgd, type Callback, type Sequential } from '../../src/index.ts';
import { backends } from '../backends.ts';
import { numbers } from '../twins.ts';

const rows = 24;
const x = numbers(rows * 3, 2);
const y = numbers(rows, 3);
const epochs = 2000;

describe.each(backends)('on %s', (backend) => {
  function make(): Sequential {
    const model = sequential({ layers: [dense({ units: 4, activation: 'tanh', inputShape: [3] }), dense({ units: 1 })], backend, seed: 2 });
    model.compile({ optimizer: sgd({ learningRate: 0.05 }), loss: 'meanSquaredError' });
    return model;
  }

  /** Wants to see every 500th epoch; `calls` are the epochs that had ended when it was called, `seen` the weights where it wanted to be. */
  function watcher(calls: number[], seen: Map<number, Float32Array[]>): Callback {
    let history: Record<string, number[]> = {};
    let model: Sequential;
    return {
      setModel(its, _callbacks, _rows, record) {
        model = its;
        history = record!;
      },
      get epochsApart() {
        return 500 - (history['loss']?.length ?? 0) % 500;
      },
      onEpochEnd(epoch, { loss }) {
        expect(history['loss']).toHaveLength(epoch + 1);
        expect(history['loss']!.at(-1)).toBe(loss);
        calls.push(epoch + 1);
        if ((epoch + 1) % 500 === 0) seen.set(epoch + 1, model.getWeights());
      },
    };
  }

  it('it is called at the epochs it asks for, which are those of any other training, and at few others', async () => {
    const [calls, seen] = [[] as number[], new Map<number, Float32Array[]>()];
    const model = make();
    const { history, epoch } = await model.fit(x, y, { epochs, callbacks: [watcher(calls, seen)] });
    expect(epoch).toHaveLength(epochs);
    expect([...seen.keys()]).toEqual([500, 1000, 1500, 2000]);
    expect(calls.length).toBeLessThan(epochs / 2);
    for (const [count, weights] of seen) {
      const alone = make();
      const record = await alone.fit(x, y, { epochs: count });
      expect(alone.getWeights()).toEqual(weights);
      expect(record.history['loss']).toEqual(history['loss']!.slice(0, count));
    }
  });

  it.each<[string, Callback]>([
    ['one that says nothing', { onEpochEnd: () => undefined }], ['one that wants the beginnings', { onEpochBegin: () => undefined }],
    ['one that says 0', { epochsApart: 0, onEpochEnd: () => undefined }], ['one that says what is no number', { epochsApart: NaN, onEpochEnd: () => undefined }],
  ])('beside %s it is called after every epoch', async (_name, other) => {
    const calls: number[] = [];
    await make().fit(x, y, { epochs: 20, callbacks: [watcher(calls, new Map()), other] });
    expect(calls).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it('it can stop training', async () => {
    const model = make();
    const { epoch } = await model.fit(x, y, { epochs, callbacks: [{ setModel: () => undefined, epochsApart: 700, onEpochEnd: (at) => void (model.stopTraining = at >= 699) }] });
    expect(epoch.length).toBeGreaterThanOrEqual(700);
    expect(epoch.length).toBeLessThan(epochs);
  });
});

/** A layer that tells models of new statistics does not keep them: they go with what holds them. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { normalization, sequential } from '../../src/index.ts';

it('models go that have a layer which stays, and it can be shown data afterwards', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const layer = normalization({ inputShape: [2] });
  const kept = sequential({ layers: [layer] });
  const made = Array.from({ length: 5 }, () => new WeakRef(sequential({ layers: [layer] }).program));
  for (let turn = 0; turn < 20 && made.some((program) => program.deref() !== undefined); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    collect();
  }
  expect(made.map((program) => program.deref())).toEqual([undefined, undefined, undefined, undefined, undefined]);
  layer.adapt([[1, 2], [3, 6]]);
  expect(kept.getWeights().map((values) => [...values])).toEqual([[2, 4], [1, 4]]);
});

/** `nabla bench`: figures of every network on both backends, within seconds. */

import { expect, it } from 'vitest';
import { workplace } from './workplace.ts';

const { nabla, json } = workplace();

interface Result {
  readonly name: string;
  readonly rows: number;
  readonly rowsPerSecond: { readonly wasm: number; readonly reference: number };
  readonly callsPerSecond: { readonly wasm: number; readonly reference: number };
  readonly ratio: number;
}

it('times training and prediction on both backends', () => {
  const { results } = json('bench') as { results: Result[] };
  expect(results.map(({ name }) => name)).toEqual([
    'train 784-128-10, batch 32', 'train 13-64-64-1, batch 32', 'predict 784-128-10, 256 rows', 'predict 13-64-64-1, 256 rows', 'predict 13-64-64-1, 1 row',
  ]);
  for (const { rows, rowsPerSecond, callsPerSecond, ratio } of results) {
    expect(rowsPerSecond.wasm / callsPerSecond.wasm).toBeCloseTo(rows, 6);
    expect(ratio).toBeCloseTo(callsPerSecond.wasm / callsPerSecond.reference, 6);
    expect(ratio).toBeGreaterThan(1);
  }
});

it('takes another number of rows, and then times no network twice', () => {
  const { stdout, stderr, status } = nabla('bench', '--rows', '4');
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  expect(stdout.match(/^ {2}(train|predict) .*x$/gm)).toHaveLength(4);
  expect(stdout).toMatch(/^ {2}train 784-128-10, batch 4 +[\d,]+ +[\d,]+ +[\d,]+ +[\d.]+x$/m);
  expect(nabla('bench', '--rows', '0')).toMatchObject({ stderr: "nabla bench: --rows expects a whole number of at least 1 and at most 65536, received '0'\n", status: 2 });
});

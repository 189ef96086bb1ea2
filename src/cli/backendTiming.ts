/** Times the WebAssembly backend against the pure-TypeScript one on the same work, in turns, so that both meet the same machine. */

import type { Sequential } from '../index.ts';
import type { Digits } from './digits.ts';

export const rounds = 5;
export const epochsPerRound = 6;

type Compared = 'wasm' | 'reference';

export interface BackendTiming {
  /** Median over the rounds. */
  readonly milliseconds: Readonly<Record<Compared, number>>;
  /** After the first round: rounding makes them drift apart later. */
  readonly loss: Readonly<Record<Compared, number>>;
  /** How many times as long the reference took. */
  readonly ratio: number;
}

/** Trains a model of each backend, after a warm-up, round by round. */
export async function timeBackends(
  make: (backend: Compared) => Sequential, { pixels, labels }: Digits, onRound: (round: number) => void,
): Promise<BackendTiming> {
  const models = { wasm: make('wasm'), reference: make('reference') };
  const times: Record<Compared, number[]> = { wasm: [], reference: [] };
  const loss = { wasm: NaN, reference: NaN };
  for (let round = 0; round <= rounds; round++) {
    onRound(round);
    for (const name of ['wasm', 'reference'] as const) {
      const start = performance.now();
      const { history } = await models[name].fit(pixels, labels, { epochs: epochsPerRound });
      const elapsed = performance.now() - start;
      // Round 0 warms up: engines compile hot code while it runs.
      if (round === 0) loss[name] = history['loss']!.at(-1)!;
      else times[name].push(elapsed);
    }
  }
  const milliseconds = { wasm: median(times.wasm), reference: median(times.reference) };
  return { milliseconds, loss, ratio: milliseconds.reference / milliseconds.wasm };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

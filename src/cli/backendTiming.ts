/** Times the WebAssembly backend against the pure-TypeScript one on the same work, in turns, so that both meet the same machine. */

import type { Sequential } from '../index.ts';
import type { Digits } from './digits.ts';

export const rounds = 5;
export const epochsPerRound = 6;

export type Compared = 'wasm' | 'reference';
export const compared = ['wasm', 'reference'] as const;

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
  const loss = { wasm: NaN, reference: NaN };
  const times = await timeInTurns(async (name, round) => {
    const { history } = await models[name].fit(pixels, labels, { epochs: epochsPerRound });
    if (round === 0) loss[name] = history['loss']!.at(-1)!;
  }, rounds, onRound);
  const milliseconds = { wasm: median(times.wasm), reference: median(times.reference) };
  return { milliseconds, loss, ratio: milliseconds.reference / milliseconds.wasm };
}

/** Milliseconds that work took on each backend, round by round, after a round of warm-up, number 0, that does not count: engines compile hot code while it runs. */
export async function timeInTurns(
  work: (backend: Compared, round: number) => unknown, roundCount: number, onRound: (round: number) => void,
): Promise<Record<Compared, number[]>> {
  const times: Record<Compared, number[]> = { wasm: [], reference: [] };
  for (let round = 0; round <= roundCount; round++) {
    onRound(round);
    for (const name of compared) {
      const start = performance.now();
      await work(name, round);
      const elapsed = performance.now() - start;
      if (round > 0) times[name].push(elapsed);
    }
  }
  return times;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/**
 * Times steps against each other, in turns. A machine's speed drifts by a third within minutes (clock, neighbours), so only
 * figures taken side by side can be compared: short runs A B A B ..., of which medians are taken. `compare` takes few long
 * runs of two, `inTurns` many short samples of any number.
 */

import { Bench } from 'tinybench';
import type { Step } from './shapes.ts';

export interface Comparison {
  /** Milliseconds a step. */
  readonly baseline: number;
  readonly candidate: number;
  /** How many times faster the candidate is: of the medians, and the least and the greatest of any one round. */
  readonly ratio: number;
  readonly leastRatio: number;
  readonly greatestRatio: number;
}

export interface MeasureOptions {
  readonly rounds: number;
  /** Milliseconds of each run, and of each warm-up. */
  readonly time: number;
  readonly warmup: number;
}

/** Milliseconds that a sample takes at least: a thousand times what reading the clock costs. */
const leastSample = 0.1;

/**
 * Both are timed in samples of the same length, as many calls as fit: an interruption by other work would otherwise fall
 * into most samples of the slower one, and into few of the faster.
 */
export function compare(baseline: Step, candidate: Step, { rounds, time, warmup }: MeasureOptions): Comparison {
  const quickest = [baseline, candidate].map((step) => warmUp(step, warmup));
  const sample = Math.max(leastSample, ...quickest);
  const run = (step: Step, i: number): number => runOnce(step, Math.ceil(sample / quickest[i]!), time);
  const slow: number[] = [];
  const fast: number[] = [];
  for (let round = 0; round < rounds; round++) {
    slow.push(run(baseline, 0));
    fast.push(run(candidate, 1));
  }
  const ratios = slow.map((milliseconds, round) => milliseconds / fast[round]!);
  return {
    baseline: median(slow),
    candidate: median(fast),
    ratio: median(slow) / median(fast),
    leastRatio: Math.min(...ratios),
    greatestRatio: Math.max(...ratios),
  };
}

/** Runs a step until the engine has compiled it for good; returns the milliseconds that the quickest call took. */
function warmUp(step: Step, milliseconds: number): number {
  const end = performance.now() + milliseconds;
  let quickest = Infinity;
  for (let calls = 0; calls < 3 || performance.now() < end; calls++) {
    const before = performance.now();
    step();
    quickest = Math.min(quickest, performance.now() - before);
  }
  return quickest;
}

/** The median time of a step in one run of tinybench, in milliseconds. */
function runOnce(step: Step, calls: number, time: number): number {
  const bench = new Bench({ time, iterations: 3, warmup: false, throws: true });
  bench.add('step', () => {
    for (let i = 0; i < calls; i++) step();
  });
  const [task] = bench.runSync();
  const result = task?.result;
  if (result?.state !== 'completed') throw new Error(`a run ended as '${result?.state}'`);
  return result.latency.p50 / calls;
}

export interface TurnsOptions {
  readonly rounds: number;
  /** Milliseconds of each sample: as many calls as fit, one at least. */
  readonly sample: number;
  /** Milliseconds that each is called before. */
  readonly warmup: number;
}

/** What can be timed: a function, or an asynchronous one, which is awaited. */
export type Call = () => unknown;

/** Samples of every one in turn: milliseconds a call, by round, in the order given. */
export async function inTurns(calls: readonly Call[], { rounds, sample, warmup }: TurnsOptions): Promise<number[][]> {
  const counts: number[] = [];
  for (const call of calls) {
    let quickest = Infinity;
    for (const end = performance.now() + warmup; quickest === Infinity || performance.now() < end;) {
      quickest = Math.min(quickest, await timeOf(call, 1));
    }
    counts.push(await fittingCount(call, quickest, sample));
  }
  const times = calls.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < calls.length; i++) times[i]!.push((await timeOf(calls[i]!, counts[i]!)) / counts[i]!);
  }
  return times;
}

/** Calls that fill a sample. One call may be shorter than the clock can tell, so a guess is tried before it is believed. */
async function fittingCount(call: Call, quickest: number, sample: number): Promise<number> {
  const guess = Math.max(1, Math.ceil(Math.min(sample / 10, leastSample) / Math.max(quickest, 1e-5)));
  return Math.max(1, Math.round((sample * guess) / (await timeOf(call, guess))));
}

async function timeOf(call: Call, count: number): Promise<number> {
  const before = performance.now();
  for (let i = 0; i < count; i++) {
    const result = call();
    if (result instanceof Promise) await result;
  }
  return performance.now() - before;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median, over the rounds, of the quotient of two samples of the same round. */
export function medianRatio(numerators: readonly number[], denominators: readonly number[]): number {
  return median(numerators.map((numerator, round) => numerator / denominators[round]!));
}

/**
 * Times two versions of one step against each other, in turns. A machine's speed drifts by a third within minutes (clock,
 * neighbours), so only figures taken side by side can be compared: short runs A B A B ..., of which medians are taken.
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

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

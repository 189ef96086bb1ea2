/**
 * `npm run bench -- start`: what a short script waits for, and what memory a training script takes. Every figure comes from
 * processes of its own, beside those of a Node that runs nothing.
 */

import { spawnSync } from 'node:child_process';
import { median } from './measure.ts';
import { root } from './place.ts';
import { headLines } from './table.ts';

const rounds = 21;

export function start(): void {
  const inTurns = (scripts: readonly string[]) => Array.from({ length: rounds }, () => scripts.map(run));
  const [first, nothing] = medians(inTurns(['firstStep', 'nothing']).map((round) => round.map(({ milliseconds }) => milliseconds)));
  const [training, least] = medians(inTurns(['training', 'nothing']).map((round) => round.map(({ megabytes }) => megabytes)));
  console.log([
    headLines(),
    '',
    `${'process start to one finished step of 784-128-10, batch 32'.padEnd(60)}${first!.toFixed(0)} ms, an empty Node ${nothing!.toFixed(0)} ms`,
    `${'peak memory of 100 steps of 784-512-512-10, batch 128'.padEnd(60)}${training!.toFixed(0)} MB, an empty Node ${least!.toFixed(0)} MB`,
  ].join('\n'));
}

function medians(rows: readonly (readonly number[])[]): number[] {
  return rows[0]!.map((_, i) => median(rows.map((row) => row[i]!)));
}

/** Runs a script of start/: the milliseconds until it was done, and the most memory it had at a time. */
function run(script: string): { milliseconds: number; megabytes: number } {
  const before = performance.timeOrigin + performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${root}bench/start/${script}.mjs`], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script}: ${stderr}`);
  const [done, kilobytes] = stdout.split(' ').map(Number);
  return { milliseconds: done! - before, megabytes: kilobytes! / 1000 };
}

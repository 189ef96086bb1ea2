/** `npm run accuracy`: its table of rows, and what it refuses. No row is trained here. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { chosen, Refusal } from '../../bench/accuracy/chosen.ts';
import { groups } from '../../bench/accuracy/rows.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const rows = groups.flatMap((group) => group.rows);
const namesOf = (names: readonly string[]): string[] => chosen(names).flatMap((group) => group.rows.map(({ name }) => name));

function accuracy(...args: string[]): { stdout: string; stderr: string; status: number | null } {
  const env = { ...process.env, NABLA_DATA: '/nowhere' };
  return spawnSync(process.execPath, ['.config/run.mjs', 'bench/accuracy.ts', ...args], { cwd: root, env, encoding: 'utf8', timeout: 60_000 });
}

describe('the rows', () => {
  it('have names of their own, which no group has', () => {
    const names = [...groups, ...rows].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(rows.length).toBeGreaterThanOrEqual(22);
  });

  it('have published accuracies that are shares', () => {
    expect(rows.filter(({ published }) => !(published > 0.5 && published < 1))).toEqual([]);
  });

  it('are chosen by name, by group, or all', () => {
    expect(namesOf([])).toEqual(rows.map(({ name }) => name));
    expect(namesOf(['mnist-300'])).toEqual(['mnist-300']);
    expect(namesOf(['fashion', 'mnist-300'])).toEqual([...groups[0]!.rows.map(({ name }) => name), 'mnist-300']);
    expect(() => chosen(['fashoin'])).toThrow(Refusal);
  });
});

describe('npm run accuracy', () => {
  it.each([
    [['--only', 'fashoin'], /^accuracy: --only: there is no row or group 'fashoin', did you mean 'fashion'\?; known are .*\n$/],
    [['--onyl', 'fashion'], /^accuracy: Unknown option '--onyl'.*usage: npm run accuracy.*\n$/],
    [['--only', 'mnist-300'], /^accuracy: there is no data at \S*mnist: set NABLA_DATA to a folder .*\n$/],
  ])('refuses %j in one sentence, with exit code 2', (args, sentence) => {
    const { stdout, stderr, status } = accuracy(...args);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    expect(stderr).toMatch(sentence);
  });
});

/** `npm run accuracy`: its table of rows, and what it refuses. No row is trained here. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { chosen, Refusal } from '../../bench/accuracy/chosen.ts';
import scikitLearn from '../../bench/accuracy/scikitLearn.json' with { type: 'json' };
import { cut, tables } from '../../bench/accuracy/tables.ts';
import { tableFromRecords } from '../../src/index.ts';
import { groups } from '../../bench/accuracy/rows.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const rows = groups.flatMap((group) => group.rows);
const namesOf = (names: readonly string[]): string[] => {
  const work = chosen(names);
  return [...work.pictures.flatMap((group) => group.rows.map(({ name }) => name)), ...work.tables.map(({ name }) => name)];
};

function accuracy(...args: string[]): { stdout: string; stderr: string; status: number | null } {
  const env = { ...process.env, NABLA_DATA: '/nowhere' };
  return spawnSync(process.execPath, ['.config/run.mjs', 'bench/accuracy.ts', ...args], { cwd: root, env, encoding: 'utf8', timeout: 60_000 });
}

describe('the rows', () => {
  it('have names of their own, which no group has', () => {
    const names = [...groups, ...rows, ...tables, { name: 'tables' }].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(rows.length).toBeGreaterThanOrEqual(22);
  });

  it('have published accuracies that are shares', () => {
    expect(rows.filter(({ published }) => !(published > 0.5 && published < 1))).toEqual([]);
  });

  it('are chosen by name, by group, or all', () => {
    expect(namesOf([])).toEqual([...rows, ...tables].map(({ name }) => name));
    expect(namesOf(['tables'])).toEqual(tables.map(({ name }) => name));
    expect(namesOf(['iris'])).toEqual(['iris']);
    expect(namesOf(['mnist-300'])).toEqual(['mnist-300']);
    expect(namesOf(['fashion', 'mnist-300'])).toEqual([...groups[0]!.rows.map(({ name }) => name), 'mnist-300']);
    expect(() => chosen(['fashoin'])).toThrow(Refusal);
  });
});

describe('the tables', () => {
  it('have a figure of scikit-learn each', () => {
    expect(Object.keys(scikitLearn)).toEqual(expect.arrayContaining(tables.map(({ name }) => name)));
    expect(Object.values(scikitLearn).filter(({ score }) => !(score > 0.1 && score < 1))).toEqual([]);
  });

  it('are cut as scikitLearn.py cuts them', () => {
    const table = tableFromRecords(Array.from({ length: 23 }, (_, row) => ({ row, kind: row % 3 })));
    const rowsOf = (task: 'classification' | 'regression', fold: number): number[][] =>
      cut(table, { target: 'kind', task }, 2, fold).map(({ columns }) => [...(columns[0]!.values as Float64Array)]);
    // Out of Python: np.flatnonzero(folds(23, 2, [row % 3 for row in range(23)], regression) == fold).
    expect(rowsOf('classification', 0)[1]).toEqual([2, 4, 9, 10, 21]);
    expect(rowsOf('regression', 3)[1]).toEqual([4, 9, 11, 13]);
    for (const fold of [0, 1, 2, 3, 4]) expect(rowsOf('classification', fold).flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 23 }, (_, row) => row));
  });
});

describe('npm run accuracy', () => {
  it.each([
    [['--only', 'fashoin'], /^accuracy: --only: there is no row or group 'fashoin', did you mean 'fashion'\?; known are .*\n$/],
    [['--onyl', 'fashion'], /^accuracy: Unknown option '--onyl'.*usage: npm run accuracy.*\n$/],
    [['--only', 'iris'], /^accuracy: there is no data at \S*iris: set NABLA_DATA to a folder whose folder 'iris' has that table\n$/],
    [['--only', 'mnist-300'], /^accuracy: there is no data at \S*mnist: set NABLA_DATA to a folder .*\n$/],
  ])('refuses %j in one sentence, with exit code 2', (args, sentence) => {
    const { stdout, stderr, status } = accuracy(...args);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    expect(stderr).toMatch(sentence);
  });
});

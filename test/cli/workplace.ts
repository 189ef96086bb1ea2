/** The built command, dist/nabla.js, run in a folder of its own, with small models and tables to run it on. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { dense, dropout, sequential, trainTable, type Sequential } from '../../src/index.ts';

const command = fileURLToPath(new URL('../../dist/nabla.js', import.meta.url));

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

export interface Workplace {
  readonly folder: string;
  path(name: string): string;
  nabla(...args: string[]): Outcome;
  /** The same with `--json`; fails where it fails. */
  json(...args: string[]): unknown;
  write(name: string, content: string | Uint8Array): string;
  read(name: string): string;
}

/** A folder that goes when the tests of a file are over. */
export function workplace(): Workplace {
  const folder = mkdtempSync(join(tmpdir(), 'nabla-cli-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = (name: string): string => join(folder, name);
  const nabla = (...args: string[]): Outcome =>
    spawnSync(process.execPath, [command, ...args], { cwd: folder, encoding: 'utf8', timeout: 110_000, maxBuffer: 2 ** 26 });
  return {
    folder, path, nabla,
    json(...args) {
      const { stdout, stderr, status } = nabla(...args, '--json');
      if (status !== 0) throw new Error(`exit code ${status}: ${stderr}`);
      return JSON.parse(stdout) as unknown;
    },
    write(name, content) {
      writeFileSync(path(name), content);
      return name;
    },
    read: (name) => readFileSync(path(name), 'utf8'),
  };
}

/** A model of three named classes that takes two numbers. */
export function threeClasses(): Sequential {
  const model = sequential({
    layers: [dense({ units: 5, activation: 'tanh', inputShape: [2] }), dropout({ rate: 0.2 }), dense({ units: 3, activation: 'softmax' })], seed: 5,
  });
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  model.userMetadata = { labels: ['red', 'green, or so', 'blue'] };
  return model;
}

/** A model of one number that takes three, not compiled. */
export function oneNumber(): Sequential {
  return sequential({ layers: [dense({ units: 4, activation: 'tanh', inputShape: [3] }), dense({ units: 1 })], seed: 6 });
}

/** What the models of tables below learn from. */
export const birds = Array.from({ length: 40 }, (_, i) => ({
  island: ['Dream', 'Biscoe'][i % 2]!,
  mass: i % 7 === 3 ? null : 3000 + 50 * i,
  ringed: i % 3 === 0,
  species: i < 20 ? 'Adelie' : 'Gentoo',
  sex: ['f', 'm', 'x'][i % 3]!,
}));

/** The table as CSV; `null` is nothing. */
export function csvOf(rows: readonly object[]): string {
  const names = Object.keys(rows[0]!);
  return `${[names, ...rows.map((row) => names.map((name) => (row as Record<string, string | number | boolean | null>)[name] ?? ''))].map((cells) => cells.join(',')).join('\n')}\n`;
}

export function birdModel(target: 'species' | 'sex' | 'mass'): Promise<Sequential> {
  const rows = target === 'mass' ? birds.filter(({ mass }) => mass !== null) : birds;
  return trainTable(rows, { target, hidden: [6], epochs: 3, seed: 1 });
}

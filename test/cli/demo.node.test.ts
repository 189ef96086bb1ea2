/** The built command, dist/nabla.js, as a user runs it: what it prints on a pipe, on which stream, and how it exits. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };

const command = fileURLToPath(new URL('../../dist/nabla.js', import.meta.url));
const patience = { timeout: 120_000 };

function nabla(...args: string[]): { stdout: string; stderr: string; status: number | null } {
  return spawnSync(process.execPath, [command, ...args], { encoding: 'utf8', timeout: 110_000 });
}

/** The first number that a pattern catches. */
function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1]?.replaceAll(',', ''));
}

describe('nabla', () => {
  it('prints its help, and its version', () => {
    for (const args of [[], ['--help'], ['help']]) {
      const { stdout, stderr, status } = nabla(...args);
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
      expect(stdout).toMatch(/Usage: nabla <command>[^]*demo derivative[^]*--help[^]*--version/);
      expectPlainLines(stdout);
    }
    for (const args of [['demo', '-h'], ['demo', 'derivative', '--help', '--seed', '1'], ['help', 'demo', 'derivative']]) {
      const { stdout, stderr, status } = nabla(...args);
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
      expect(stdout).toMatch(/Usage: nabla demo[^]*--seed <n> [^]*--epochs <n> [^]*-h, --help/);
      expect(stdout.includes('nabla demo derivative:')).toBe(args.includes('derivative'));
      expectPlainLines(stdout);
    }
    expect(nabla('--version')).toMatchObject({ stdout: `${manifest.version}\n`, status: 0 });
  });

  it.each([
    [['dmeo'], "nabla: unknown command 'dmeo', did you mean 'demo'?\n"],
    [['demo', 'derivatives'], "nabla: unknown command 'demo derivatives', did you mean 'demo derivative'?\n"],
    [['demo', '--epoch', '3'], "nabla demo: unknown option '--epoch', did you mean '--epochs'?\n"],
    [['demo', '--epochs', '0'], "nabla demo: --epochs expects a whole number of at least 1, received '0'\n"],
    [['demo', '--seed', 'x'], "nabla demo: --seed expects a whole number, received 'x'\n"],
    [['demo', '--seed'], 'nabla demo: --seed expects a whole number, received none\n'],
    [['demo', '--seed', '--epochs', '3'], "nabla demo: --seed expects <n>, received the option '--epochs'\n"],
    [['demo', 'derivative', 'twice'], "nabla demo derivative: expects nothing but options, received 'twice'\n"],
    [['demo', '--help=yes'], "nabla demo: --help takes no value, received 'yes'\n"],
    [['--jason'], "nabla: unknown option '--jason'; known are --help, --version\n"],
  ])('refuses %j in one sentence, with exit code 2', (args, sentence) => {
    expect(nabla(...args)).toMatchObject({ stdout: '', stderr: sentence, status: 2 });
  });
});

it('names the commands there are where none is near', () => {
  expect(nabla('fly')).toMatchObject({ stdout: '', stderr: expect.stringMatching(/^nabla: unknown command 'fly'; known are [^\n]*demo, demo derivative\n$/) as unknown, status: 2 });
});

describe('nabla demo', () => {
  it('reads unseen digits, in plain lines on a pipe', patience, () => {
    const { stdout, stderr, status } = nabla('demo');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expectPlainLines(stdout);
    expect(stdout.match(/^epoch .*val accuracy/gm)).toHaveLength(9);
    expect(numberIn(stdout, /Test accuracy: ([\d.]+) %/)).toBeGreaterThanOrEqual(97);
    const matrix = [...stdout.matchAll(/^ +(\d)((?: +(?:\d+|\.)){10})$/gm)].map(([, , cells]) => cells!.trim().split(/ +/).map((cell) => (cell === '.' ? 0 : Number(cell))));
    expect(matrix).toHaveLength(10);
    expect(matrix.flat().reduce((sum, cell) => sum + cell, 0)).toBe(360);
    const wrong = matrix.flatMap((row, is) => row.filter((_, read) => read !== is)).reduce((sum, cell) => sum + cell, 0);
    expect(wrong).toBe(numberIn(stdout, /(\d+) of 360 unseen digits misread/));
    expect(stdout).toMatch(/\d read as \d/);
    const ratio = numberIn(stdout, /WebAssembly trained ([\d.]+) times as fast/);
    const milliseconds = [/WebAssembly +([\d.]+) ms/, /plain TypeScript +([\d.]+) ms/].map((pattern) => numberIn(stdout, pattern));
    expect(ratio).toBeCloseTo(milliseconds[1]! / milliseconds[0]!, 0);
  });
});

describe('nabla demo derivative', () => {
  it('compares the variants and collapses the linear network', patience, () => {
    const { stdout, stderr, status } = nabla('demo', 'derivative');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expectPlainLines(stdout);
    const sections = stdout.split(/^(?=XOR|two spirals)/m).slice(1);
    expect(sections).toHaveLength(2);
    for (const section of sections) {
      expect(numberIn(section, /^ {2}true +[\d.]+ +([\d.]+) %/m)).toBeGreaterThanOrEqual(97);
      // Hidden gradients of exactly zero, before and after; the last layer has one.
      expect(section).toMatch(/^ {2}zero +[\d.]+ +[\d.]+ % +0 +0 +\S*[1-9]\S* +0 +0 +\S*[1-9]\S*$/m);
      expect(section).toMatch(/^ {2}constant /m);
      expect(section).toMatch(/^ {2}linear /m);
      for (const variant of ['true', 'constant', 'zero', 'linear']) expect(section).toContain(`  - ${variant}: `);
      expect(section).toContain('no hidden weight moved at all');
      expect(numberIn(section, /Largest difference .*: (\S+)/)).toBeLessThan(1e-4);
    }
  });

  it('takes seed and epochs, and prints the same for the same seed', patience, () => {
    const short = (seed: string) => nabla('demo', 'derivative', '--seed', seed, '--epochs', '20').stdout;
    const first = short('5');
    expect(first).toContain('Seed 5, 20 epochs');
    expectPlainLines(first);
    expect(short('5')).toBe(first);
    expect(short('6').replace('Seed 6', 'Seed 5')).not.toBe(first);
  });
});

/** No escape codes, no redrawn lines, no line beyond 80 columns, no two blank lines in a row. */
function expectPlainLines(text: string): void {
  expect(text).not.toMatch(/[\x1b\r]/);
  expect(text).not.toContain('\n\n\n');
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
}

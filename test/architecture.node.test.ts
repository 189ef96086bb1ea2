/**
 * The layout, checked by reading the sources: which folder may import which, which words stand only in one place, how long
 * a file may grow, and what lies at the top level.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const base = ['errors.ts', 'options.ts', 'random.ts', 'platform.ts'];

/** What each part of src may import beside itself: earlier parts only. */
const allowed: Record<string, readonly string[]> = {
  base: [],
  data: ['base'],
  metrics: ['base', 'data'],
  backend: ['base', 'data'],
  model: ['base', 'data', 'backend', 'src/formats/saving.ts'],
  formats: ['base', 'data', 'backend', 'model'],
  diagnostics: ['base', 'data', 'backend', 'model'],
  table: ['base', 'data', 'metrics', 'backend', 'model'],
  index: ['base', 'data', 'metrics', 'backend', 'model', 'formats', 'diagnostics', 'table'],
  cli: ['index', 'src/errors.ts', 'src/random.ts'],
  playground: ['index'],
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

/** Paths of the files under a folder, from the root, with forward slashes. */
function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.includes('/node_modules/'))
    .sort();
}

const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const generated = ['src/backend/binary.ts', 'src/backend/extra.ts', 'src/backend/relaxed.ts'];
const own = 'test/architecture.node.test.ts';
/** Files written by hand in TypeScript or JavaScript; probes are AssemblyScript. */
const written = (folder: string): string[] =>
  filesIn(folder).filter((path) => /\.(ts|js|mjs)$/.test(path) && !path.endsWith('.probe.ts') && !generated.includes(path) && path !== own);
const sources = written('src');

function importsOf(from: string): Import[] {
  const statements = /^(?:import|export)\s+(type\s)?(?:[^'";]*?from\s+)?'([^']+)'|import\('([^']+)'\)|new URL\('([^']+\.ts)', import\.meta\.url\)/gm;
  return [...text(from).matchAll(statements)].map(([, type, fixed, dynamic, worker]) => {
    const to = (fixed ?? dynamic ?? worker)!;
    return { from, to: to.startsWith('.') ? posix.join(posix.dirname(from), to) : to, typeOnly: type !== undefined };
  });
}

function partOf(path: string): string {
  const [, first, ...rest] = path.split('/');
  if (rest.length > 0) return first!;
  return base.includes(first!) ? 'base' : first!.replace('.ts', '');
}

/** `path:line` of every line that matches. */
function linesWith(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) => text(path).split('\n').flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])));
}

describe('imports', () => {
  const imports = sources.flatMap(importsOf);

  it('are found', () => {
    expect(imports.length).toBeGreaterThan(50);
  });

  it('run one way', () => {
    const wrong = imports.filter(({ from, to }) => {
      if (!to.startsWith('src/')) return /^(\.|assembly\/|bench\/|test\/)/.test(to);
      const part = partOf(from);
      return partOf(to) !== part && !allowed[part]?.some((name) => name === partOf(to) || name === to);
    });
    expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it('name their file with its extension', () => {
    const relative = imports.filter(({ to }) => to.startsWith('src/'));
    expect(relative.filter(({ to }) => !/\.(ts|json)$/.test(to)).map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it('bring in no package at run time, but charts into the playground, which is no part of the library', () => {
    const packages = imports.filter(({ from, to }) => !/^(src\/|node:)/.test(to) && !(from.startsWith('src/cli/') && to === 'package.json') &&
      !(from.startsWith('src/playground/') && to === 'uplot'));
    expect([...new Set(packages.map(({ from, to }) => `${from} imports ${to}`))]).toEqual([]);
  });

  it('form no circle at run time', () => {
    const next = new Map(sources.map((path) => [path, importsOf(path).filter(({ to, typeOnly }) => !typeOnly && to.startsWith('src/')).map(({ to }) => to)]));
    const circles: string[] = [];
    const done = new Set<string>();
    const walk = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      if (done.has(path)) return;
      done.add(path);
      for (const to of next.get(path) ?? []) walk(to, [...trail, path]);
    };
    for (const path of sources) walk(path, []);
    expect(circles).toEqual([]);
  });

  it('of the kernels stay among the kernels', () => {
    const outside = written('assembly').flatMap(importsOf).filter(({ to }) => !to.startsWith('assembly/'));
    expect(outside).toEqual([]);
  });
});

describe('words', () => {
  const outsideAssembly = [...sources, ...written('bench'), ...written('test')];
  const everything = [...outsideAssembly, ...written('assembly'), ...written('.config')];
  const within = (folder: string): string[] => sources.filter((path) => path.startsWith(folder));
  const mayTalk = (path: string): boolean => path === 'src/platform.ts' || path.startsWith('src/cli/');

  it.each([
    ['WebAssembly', 'model and layers', within('src/model/'), /WebAssembly/],
    ['v128', 'anything but assembly', outsideAssembly, /\bv128\b/],
    ['relaxed_', 'anything but assembly/simd.ts', everything.filter((path) => path !== 'assembly/simd.ts'), /relaxed_/],
    ['node:', 'src but platform.ts and cli', sources.filter((path) => !mayTalk(path)), /['"`]node:/],
    ['console.', 'src but platform.ts and cli', sources.filter((path) => !mayTalk(path)), /\bconsole\./],
    // The lint rule that forbids it has to name it.
    ['Math.random', 'any file', everything.filter((path) => path !== '.config/eslint.config.js'), /\bMath\.random\b/],
    ['eval and new Function', 'any file', everything, /\bnew Function\b|\beval\(/],
    ['foreign names', 'src but formats', sources.filter((path) => !path.startsWith('src/formats/')), /MatMul|batch_input_shape/],
  ])('%s is not in %s', (_word, _place, paths, pattern) => {
    expect(linesWith(paths, pattern)).toEqual([]);
  });
});

describe('files', () => {
  it('have no catch-all names', () => {
    const names = [...filesIn('src'), ...filesIn('assembly'), ...filesIn('test'), ...filesIn('bench')];
    expect(names.filter((path) => /(^|\/)(utils?|types|constants|helpers)\.[jt]s$/.test(path))).toEqual([]);
  });

  it('of the library have at most 400 lines', () => {
    const long = sources.map((path) => `${path}: ${text(path).split('\n').length - 1}`).filter((entry) => Number(entry.split(': ')[1]) > 400);
    expect(long).toEqual([]);
  });

  it('open by saying what they are', () => {
    const silent = [...sources, ...written('assembly'), ...written('test'), ...written('bench')]
      .filter((path) => !/^(#!.*\n)?\/(\*\*|\/)/.test(text(path)));
    expect(silent).toEqual([]);
  });

  it('at the top level are the few there should be', () => {
    const entries = ['LICENSE', 'README.md', 'asconfig.json', 'assembly', 'bench', 'package-lock.json', 'package.json', 'src', 'test', 'tsconfig.json'];
    const ignored = text('.gitignore').split('\n').map((line) => line.replace(/\/$/, ''));
    const present = readdirSync(root).filter((name) => !name.startsWith('.') && !ignored.includes(name));
    expect(present.filter((name) => !entries.includes(name))).toEqual([]);
  });
});

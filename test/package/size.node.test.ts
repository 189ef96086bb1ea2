/**
 * The budget: what a page that makes, trains and runs a model takes in, kernels included, minified and compressed, is less than 35 kB: the
 * kernels are about half of it. What it does not import, bundlers drop; what is loaded on demand does not count. Each build of the kernels
 * has a limit of its own.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { root } from './installed.ts';

/** Bytes of a module that uses these names of the library, minified and compressed; all of them for `*`. */
async function sizeOf(names: string): Promise<number> {
  const contents = names === '*' ? "export * from './dist/index.js';" : `export { ${names} } from './dist/index.js';`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root }, external: ['dataset', 'extra', 'lbfgs', 'reference', 'relaxed', 'saving', 'threads'].map((part) => `./${part}.js`),
    minify: true, bundle: true, format: 'esm', write: false, logLevel: 'silent',
  });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
}

it.each([
  ['sequential, dense, sgd', 35_000],
  ['sequential, dense, activation, dropout, adam', 35_500],
  ['*', 125_000],
])('{ %s } is less than %i bytes, compressed', async (names, budget) => {
  const size = await sizeOf(names);
  console.log(`{ ${names} }: ${size.toLocaleString('en')} bytes, compressed`);
  expect(size).toBeLessThan(budget);
});

it.each([
  ['strict', 30_000], ['relaxed', 30_000], ['strict-extra', 16_000], ['relaxed-extra', 16_000],
])('the %s kernels are at most %i bytes as a binary', (build, most) => {
  expect(readFileSync(join(root, `build/${build}.wasm`)).length).toBeLessThanOrEqual(most);
});

/**
 * The budget: the package as it is imported, minified, kernels included, compresses to less than 30 kB. Parts that are loaded
 * on demand do not count, but each build of the kernels has a limit of its own.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { root } from './installed.ts';

const budget = 30_000;

/** Bytes of dist/index.js, minified, before and after compression. */
async function sizeOf(path: string): Promise<{ minified: number; compressed: number }> {
  const { outputFiles } = await build({ entryPoints: [path], minify: true, bundle: true, format: 'esm', external: ['./reference.js', './relaxed.js', './threads.js'], write: false, logLevel: 'silent' });
  const { contents } = outputFiles[0]!;
  return { minified: contents.length, compressed: gzipSync(contents, { level: 9 }).length };
}

it(`the package is smaller than ${budget.toLocaleString('en')} bytes, compressed`, async () => {
  const { minified, compressed } = await sizeOf(join(root, 'dist/index.js'));
  const bytes = readFileSync(join(root, 'build/strict.wasm'));
  const figure = (value: number): string => value.toLocaleString('en');
  console.log(
    `dist/index.js: ${figure(compressed)} bytes compressed, ${figure(minified)} minified; ` +
      `of these the kernels: ${figure(gzipSync(bytes, { level: 9 }).length)} compressed, ${figure(bytes.length)} as a binary`,
  );
  expect(compressed).toBeLessThan(budget);
});

it.each(['strict', 'relaxed'])('the %s kernels are at most 30,000 bytes as a binary', (build) => {
  expect(readFileSync(join(root, `build/${build}.wasm`)).length).toBeLessThanOrEqual(30_000);
});

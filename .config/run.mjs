/**
 * Runs a TypeScript file of the repository: `node .config/run.mjs bench/index.ts [arguments]`. The file and its neighbours
 * are bundled into build/; what they import as src/index.ts becomes dist/index.js, so that the built package is what runs.
 */
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const library = pathToFileURL(resolve(root, 'dist/index.js')).href;
const [file] = process.argv.splice(2, 1);
if (file === undefined) throw new Error('expected a file to run, for example: node .config/run.mjs bench/index.ts');

const outfile = resolve(root, 'build/run', file.replace(/\.ts$/, '.js'));
await build({
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  platform: 'node',
  packages: 'external',
  sourcemap: true,
  logLevel: 'warning',
  entryPoints: [file],
  outfile,
  plugins: [
    {
      name: 'library',
      setup: ({ onResolve }) => onResolve({ filter: /\/src\/index\.ts$/ }, () => ({ path: library, external: true })),
    },
  ],
});
process.argv[1] = outfile;
await import(pathToFileURL(outfile).href);

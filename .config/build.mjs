/**
 * Builds dist/: the kernels, the library and the command as one file each, the type declarations, and the data that ships.
 * The library is one universal module with everything in it, the AssemblyScript loader included, so that a page can import
 * it without a bundler. Beside it lie the parts that it loads on demand, each a file that stands alone.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import './kernels.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
rmSync(`${root}/dist`, { recursive: true, force: true });
const common = { absWorkingDir: root, bundle: true, format: 'esm', target: 'es2022', sourcemap: true, logLevel: 'warning' };
await build({
  ...common,
  platform: 'neutral',
  mainFields: ['module', 'main'],
  entryPoints: ['src/index.ts', 'src/backend/relaxed.ts'],
  entryNames: '[name]',
  outdir: 'dist',
  plugins: [{
    name: 'parts on demand',
    setup: ({ onResolve }) => onResolve({ filter: /^\./ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path: `./${basename(path, '.ts')}.js`, external: true } : undefined),
  }],
});
await build({
  ...common,
  platform: 'node',
  entryPoints: ['src/cli/nabla.ts'],
  outfile: 'dist/nabla.js',
  // The command is a user of the library like any other.
  plugins: [{ name: 'library', setup: ({ onResolve }) => onResolve({ filter: /^\.\.\/index\.ts$/ }, () => ({ path: './index.js', external: true })) }],
});
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.config/types.json'], { cwd: root, stdio: 'inherit' });
cpSync(`${root}/src/data/digits.csv.gz`, `${root}/dist/digits.csv.gz`);

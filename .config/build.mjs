/**
 * Builds dist/: the kernels, the library and the command as one file each, the type declarations, and the data that ships.
 * The library is one universal module with everything in it, the AssemblyScript loader included, so that a page can import
 * it without a bundler. Beside it lie the parts that it loads on demand, each a file that stands alone.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { strictBinary } from './kernels.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
rmSync(`${root}/dist`, { recursive: true, force: true });
const common = { absWorkingDir: root, bundle: true, format: 'esm', target: 'es2022', sourcemap: true, logLevel: 'warning' };

/** The kernels stand at the end of the file, in a function, which is hoisted: where binary and code take turns, both compress worse. */
const kernelsLast = {
  name: 'kernels last',
  setup: ({ onLoad }) => onLoad({ filter: /[\\/]binary\.ts$/ }, () => ({ contents: 'export const strictBinary = /* @__PURE__ */ kernels();' })),
};
/** What the library imports on demand is a file of its own, which shares no module with it. */
const partsOnDemand = {
  name: 'parts on demand',
  setup: ({ onResolve }) => onResolve({ filter: /^\./ }, ({ kind, path }) =>
    kind === 'dynamic-import' ? { path: `./${/(\w+)(\/index)?\.ts$/.exec(path)[1]}.js`, external: true } : undefined),
};
const library = { ...common, platform: 'neutral', mainFields: ['module', 'main'], outdir: 'dist' };
await build({
  ...library,
  plugins: [kernelsLast, partsOnDemand],
  footer: { js: `function kernels() {\n  return ${JSON.stringify(strictBinary)};\n}` },
  entryPoints: ['src/index.ts'],
});
await build({
  ...library,
  entryPoints: {
    extra: 'src/backend/extra.ts', relaxed: 'src/backend/relaxed.ts', reference: 'src/backend/reference/index.ts', threads: 'src/backend/threads.ts',
    dataset: 'src/model/training/dataset.ts', lbfgs: 'src/model/optimizers/lbfgs.ts', saving: 'src/formats/saving.ts',
  },
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

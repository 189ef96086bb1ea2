/** `npm run check:interop`: installs the programs of other formats under test/interop, where that is to be done, and runs the checks with them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = `${root}/test/interop`;
const madeAt = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

if (madeAt(`${folder}/node_modules/.package-lock.json`) < madeAt(`${folder}/package-lock.json`)) {
  const npm = process.env.npm_execpath;
  if (npm === undefined) throw new Error('run this through npm: npm run check:interop');
  console.log('installing the programs of other formats ...');
  execFileSync(process.execPath, [npm, 'ci', '--no-fund', '--no-audit', '--ignore-scripts'], { cwd: folder, stdio: 'inherit' });
}
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', '.config/interop.config.ts', ...process.argv.slice(2)];
process.exitCode = spawnSync(process.execPath, vitest, { cwd: root, stdio: 'inherit' }).status ?? 1;

/**
 * Makes a fresh clone ready: installs what is missing and builds what is older than its sources. `npm start` and `npm test`
 * run it first; it is plain Node, for there is nothing installed yet.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const generated = ['binary', 'extra', 'relaxed'].map((name) => `${root}/src/backend/${name}.ts`);
const newest = (path) =>
  statSync(path).isDirectory()
    ? Math.max(0, ...readdirSync(path).map((name) => `${path}/${name}`).filter((name) => !generated.includes(name)).map(newest))
    : statSync(path).mtimeMs;
const madeAt = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);
const run = (script, ...args) => execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });

if (madeAt(`${root}/node_modules/.package-lock.json`) < newest(`${root}/package-lock.json`)) {
  const npm = process.env.npm_execpath;
  if (npm === undefined) throw new Error('run this through npm: npm start, npm test');
  console.log('installing packages ...');
  run(npm, 'ci', '--no-fund', '--no-audit');
}
const sources = ['assembly', 'src', '.config', 'package.json', 'asconfig.json', 'tsconfig.json'].map((name) => newest(`${root}/${name}`));
if (madeAt(`${root}/dist/nabla.js`) < Math.max(...sources)) {
  console.log('building ...');
  run('.config/build.mjs');
}

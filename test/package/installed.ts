/**
 * The package as users get it: packed, and installed from the tarball into an empty project outside of the repository, so
 * that nothing it needs can come from here. Also what the tests of the package share: commands, and the page's files.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of this machine to its end, whatever that is. */
export function run(cwd: string, file: string, args: readonly string[]): Promise<Finished> {
  // What npm tells the scripts it runs would point a second npm back at the repository.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|vitest|NODE_OPTIONS)/i.test(name)));
  return new Promise((resolve) => {
    execFile(file, args, { cwd, env, shell: process.platform === 'win32' && file === 'npm' }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

/** As {@link run} with Node, and an error unless it ends well. */
export async function node(cwd: string, ...args: string[]): Promise<string> {
  return succeeded('node', await run(cwd, process.execPath, args));
}

export async function npm(cwd: string, ...args: string[]): Promise<string> {
  const script = process.env['npm_execpath'];
  const finished = script?.includes('npm') === true ? await run(cwd, process.execPath, [script, ...args]) : await run(cwd, 'npm', args);
  return succeeded(`npm ${args.join(' ')}`, finished);
}

function succeeded(command: string, { code, stdout, stderr }: Finished): string {
  if (code !== 0) throw new Error(`${command} ended with ${code}\n${stdout}\n${stderr}`);
  return stdout;
}

/** An empty project with the packed package in its node_modules. */
export async function installedProject(): Promise<{ folder: string; tarball: string; remove: () => void }> {
  const parent = realpathSync(mkdtempSync(join(tmpdir(), 'nabla-')));
  const folder = join(parent, 'project');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "name": "project", "private": true, "type": "module" }\n');
  await npm(root, 'pack', '--ignore-scripts', '--pack-destination', parent);
  const tarball = join(parent, readdirSync(parent).find((name) => name.endsWith('.tgz'))!);
  await npm(folder, 'install', '--offline', '--no-audit', '--no-fund', tarball);
  return { folder, tarball, remove: () => rmSync(parent, { recursive: true, force: true }) };
}

/** Writes programs.ts as JavaScript, a module that runs it on the library named by `specifier`, and a page around both. */
export async function writePage(folder: string, specifier: string): Promise<void> {
  mkdirSync(join(folder, 'public'), { recursive: true });
  copyFileSync(join(folder, 'node_modules/nabla/dist/digits.csv.gz'), join(folder, 'public/digits.csv.gz'));
  await writePrograms(folder);
  writeFileSync(
    join(folder, 'main.js'),
    `import * as nabla from '${specifier}';
import { runPrograms, runRelaxed, runThreads } from './programs.js';
const digits = async () => new Uint8Array(await (await fetch('./digits.csv.gz')).arrayBuffer());
globalThis.outcome = runPrograms(nabla, digits());
globalThis.relaxed = () => runRelaxed(nabla, digits());
globalThis.threaded = () => runThreads(nabla, digits());
`,
  );
  writeFileSync(
    join(folder, 'index.html'),
    `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>nabla</title><link rel="icon" href="data:,"></head>
<body><script type="module" src="./main.js"></script></body>
</html>
`,
  );
}

export async function writePrograms(folder: string): Promise<void> {
  const source = readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'programs.ts'), 'utf8');
  writeFileSync(join(folder, 'programs.js'), (await transform(source, { loader: 'ts', format: 'esm' })).code);
}

/** Where things lie: the repository, from the bundle in build/run/bench/ that runs, and what the bench compiles and installs. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A kernel binary of the build (`strict`, `relaxed`), or undefined where there is none. */
export function kernelBinary(name: string): Uint8Array<ArrayBuffer> | undefined {
  const path = `${root}build/${name}.wasm`;
  return existsSync(path) ? readFileSync(path) : undefined;
}

/** Compiles an AssemblyScript file of bench/ into build/ and returns the binary. */
export function compileProbe(name: string, features: readonly string[]): Uint8Array<ArrayBuffer> {
  const outFile = `build/${name}.wasm`;
  const enable = features.flatMap((feature) => ['--enable', feature]);
  const fixed = ['--config', 'none', '--runtime', 'stub', '--use', 'abort=', '--noAssert', '-O3'];
  const args = ['node_modules/assemblyscript/bin/asc.js', `bench/${name}.probe.ts`, ...fixed, ...enable, '--outFile', outFile];
  execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  return readFileSync(`${root}${outFile}`);
}

/** Runs a mode that prints its part of a table in a process of its own. */
export function runAlone(mode: string, ...words: readonly string[]): void {
  execFileSync(process.execPath, [...process.execArgv, process.argv[1]!, mode, ...words], { stdio: 'inherit' });
}

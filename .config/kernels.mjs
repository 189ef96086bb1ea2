/** Compiles assembly/ and writes the binary, as base64, into the module that embeds it: src/backend/binary.ts. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);
mkdirSync(new URL('build/', root), { recursive: true });
execFileSync(process.execPath, ['node_modules/assemblyscript/bin/asc.js', '--target', 'strict'], {
  cwd: fileURLToPath(root),
  stdio: 'inherit',
});
const bytes = readFileSync(new URL('build/strict.wasm', root));
writeFileSync(
  new URL('src/backend/binary.ts', root),
  `/** The kernels of assembly/, compiled; written by the build. */\nexport const strictBinary =\n  '${bytes.toString('base64')}';\n`,
);
console.log(`kernels: ${bytes.length} bytes`);

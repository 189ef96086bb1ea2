/**
 * Compiles assembly/ twice and writes each binary into a module that embeds it: the strict build into src/backend/binary.ts,
 * the relaxed one into src/backend/relaxed.ts. As hexadecimal digits, not base64: bytes stay bytes to a compressor, and the
 * whole package is a tenth smaller on the wire.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);
mkdirSync(new URL('build/', root), { recursive: true });
for (const [target, file] of Object.entries({ strict: 'binary', relaxed: 'relaxed' })) {
  execFileSync(process.execPath, ['node_modules/assemblyscript/bin/asc.js', '--target', target], {
    cwd: fileURLToPath(root),
    stdio: 'inherit',
  });
  const bytes = readFileSync(new URL(`build/${target}.wasm`, root));
  writeFileSync(
    new URL(`src/backend/${file}.ts`, root),
    `/** The kernels of assembly/, compiled (${target}); written by the build. */\nexport const ${target}Binary: string =\n  '${bytes.toString('hex')}';\n`,
  );
  console.log(`kernels, ${target}: ${bytes.length} bytes`);
}

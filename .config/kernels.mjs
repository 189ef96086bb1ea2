/**
 * Compiles assembly/ twice and writes each binary into a module that embeds it: the strict build into src/backend/binary.ts,
 * the relaxed one into src/backend/relaxed.ts. As a text that src/backend/bytes.ts reads, not base64: bytes stay bytes to a
 * compressor, and the package is a tenth smaller on the wire.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);
mkdirSync(new URL('build/', root), { recursive: true });
/** One character a byte, the most frequent: see `bytesFromText`. */
const textOf = (bytes) => Array.from(bytes, (byte) => {
  const place = (byte - 252) & 255;
  return '#'.repeat(place / 91) + String.fromCharCode(36 + (place % 91));
}).join('');

/** The text of each build. */
export const texts = {};
for (const [target, file] of Object.entries({ strict: 'binary', relaxed: 'relaxed' })) {
  execFileSync(process.execPath, ['node_modules/assemblyscript/bin/asc.js', '--target', target], {
    cwd: fileURLToPath(root),
    stdio: 'inherit',
  });
  const bytes = readFileSync(new URL(`build/${target}.wasm`, root));
  texts[target] = textOf(bytes);
  writeFileSync(
    new URL(`src/backend/${file}.ts`, root),
    `/** The kernels of assembly/, compiled (${target}); written by the build. */\nexport const ${target}Binary: string =\n  ${JSON.stringify(texts[target])};\n`,
  );
  console.log(`kernels, ${target}: ${bytes.length} bytes`);
}

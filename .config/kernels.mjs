/**
 * Compiles assembly/ and writes the binary into the module that embeds it: src/backend/binary.ts. As a text that
 * src/backend/bytes.ts reads, not base64: bytes stay bytes to a compressor, and the package is a tenth smaller on the wire.
 */
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
/** One character a byte, the most frequent: see `bytesFromText`. */
export const text = Array.from(bytes, (byte) => {
  const place = (byte - 252) & 255;
  return '#'.repeat(place / 91) + String.fromCharCode(36 + (place % 91));
}).join('');
writeFileSync(
  new URL('src/backend/binary.ts', root),
  `/** The kernels of assembly/, compiled; written by the build. */\nexport const strictBinary: string =\n  ${JSON.stringify(text)};\n`,
);
console.log(`kernels: ${bytes.length} bytes`);

/**
 * Compiles assembly/ and writes the binaries into modules that embed them: of the strict build, the kernels that every model
 * needs into src/backend/binary.ts and the extra ones into src/backend/extra.ts; of the relaxed build both into
 * src/backend/relaxed.ts. As a text that src/backend/bytes.ts reads, not base64: bytes stay bytes to a compressor, and the
 * package is a tenth smaller on the wire.
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

/** Compiles a target of asconfig.json from its entry; returns its text. */
function compile(target, entry) {
  execFileSync(process.execPath, ['node_modules/assemblyscript/bin/asc.js', `assembly/${entry}.ts`, '--target', target], {
    cwd: fileURLToPath(root),
    stdio: 'inherit',
  });
  const bytes = readFileSync(new URL(`build/${target}.wasm`, root));
  console.log(`kernels, ${target}: ${bytes.length} bytes`);
  return textOf(bytes);
}

function write(file, texts, rest = '') {
  const constants = Object.entries(texts).map(([name, text]) => `export const ${name}: string =\n  ${JSON.stringify(text)};\n`);
  writeFileSync(new URL(`src/backend/${file}.ts`, root), `/** Kernels of assembly/, compiled; written by the build. */\n${constants.join('')}${rest}`);
}

/** The text of the kernels that every model needs. */
export const strictBinary = compile('strict', 'index');
write('binary', { strictBinary });
/** Plans are written of extra operations where their kernels are; some of those are JavaScript. */
const page = "export { know, withDefined } from './defined.ts';\nexport { extraOperations } from './extraPlan.ts';\n";
write('extra', { strictExtra: compile('strict-extra', 'extra') }, page);
write('relaxed', { relaxedBinary: compile('relaxed', 'index'), relaxedExtra: compile('relaxed-extra', 'extra') }, page);

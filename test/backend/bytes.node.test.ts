/** The embedded binary: as small as it was compiled, in characters that bundlers leave alone. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { strictBinary } from '../../src/backend/binary.ts';
import { bytesFromText } from '../../src/backend/bytes.ts';

const compiled = readFileSync(new URL('../../build/strict.wasm', import.meta.url));

it('is printable ASCII without the quotation marks that would need escapes, most bytes a character each', () => {
  expect(strictBinary).toMatch(/^[#-~]+$/);
  expect(strictBinary.length).toBeLessThan(1.2 * compiled.length);
});

it('gives back the bytes of the compiler', () => {
  expect(Buffer.compare(bytesFromText(strictBinary), compiled)).toBe(0);
});

it('has a text for every byte', () => {
  // Once around from 252: `$` to `~`, then the same with one # before, then with two.
  const text = Array.from({ length: 256 }, (_, i) => '#'.repeat(i / 91) + String.fromCharCode(36 + (i % 91))).join('');
  expect(Array.from(bytesFromText(text))).toEqual(Array.from({ length: 256 }, (_, i) => (252 + i) % 256));
});

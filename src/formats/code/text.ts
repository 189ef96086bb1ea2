/**
 * Words and numbers as source code. Names come from users and from files: whatever they hold, nothing of it may end a comment or a string,
 * be taken for an instruction to a compiler, or reorder what a reader sees.
 */

/** Letters of every script, digits, and signs that mean nothing in a comment of any language. */
const notPlain = /[^\p{L}\p{N}\p{M} _.,:;()[\]+=%'&#*/$-]/gu;

/** Text for a block comment: what might do harm there becomes `_`, and what is longer than a name is cut. */
export function commentText(text: string): string {
  const plain = text.replace(notPlain, '_').replace(/(?<=\*)(?=\/)|(?<=\/)(?=\*)/g, ' ');
  return clipped(plain, 60);
}

function clipped(text: string, most: number): string {
  const characters = [...text];
  return characters.length > most ? `${characters.slice(0, most).join('')}...` : text;
}

/** A string of JavaScript; in a page's script too, where `</script` would end it. */
export function scriptString(text: string): string {
  return JSON.stringify(text).replace(/[^\p{L}\p{N}\p{M} -~]|</gu, (character) =>
    Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''));
}

/** A string of C in UTF-8, cut where a compiler need not take it: octal, for hex has no end, and `?` may begin a trigraph. */
export function cString(text: string): string {
  const bytes = new TextEncoder().encode(clipped(text, 500));
  const written = Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    return /[ -~]/.test(character) && !/["\\?]/.test(character) ? character : `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `"${written.join('')}"`;
}

/** An identifier of C that may begin others: letters, digits and `_`, of which the first is a letter. */
export function identifier(text: string): string {
  const plain = text.replace(/[^A-Za-z0-9]+/g, '_').replace(/^[_0-9]+|_+$/g, '').slice(0, 30);
  return plain === '' ? 'model' : plain;
}

/** The shortest decimal digits that stand for this float32 alone, whether they are read as such or as a double first. */
export function digits(value: number): string {
  if (Object.is(value, -0)) return '-0';
  if (value === 0 || !Number.isFinite(value)) return String(value);
  for (let precision = 6; precision < 9; precision++) {
    const rounded = Number(value.toPrecision(precision));
    // Not halfway between two float32: from there, one way of reading goes up and the other down.
    if (Math.fround(rounded * (1 - 2 ** -50)) === value && Math.fround(rounded * (1 + 2 ** -50)) === value) return String(rounded);
  }
  return String(Number(value.toPrecision(9)));
}

/** Words after each other with commas, in lines. */
export function inLines(words: readonly string[], indent = '  ', width = 120): string {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && indent.length + line.length + word.length + 2 > width) {
      lines.push(indent + line);
      line = '';
    }
    line += `${line === '' ? '' : ' '}${word},`;
  }
  return [...lines, indent + line].join('\n');
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The bytes of float32, little-endian, in base64 (RFC 4648), in lines. */
export function base64Lines(values: Float32Array, width = 120): string {
  const view = new DataView(new ArrayBuffer(4 * values.length + 2));
  values.forEach((value, i) => view.setFloat32(4 * i, value, true));
  const lines: string[] = [];
  let line = '';
  const size = 4 * values.length;
  for (let at = 0; at < size; at += 3) {
    const bits = (view.getUint8(at) << 16) | (view.getUint8(at + 1) << 8) | view.getUint8(at + 2);
    for (let i = 0; i < 4; i++) line += at + i > size ? '=' : alphabet[(bits >> (18 - 6 * i)) & 63]!;
    if (line.length >= width) {
      lines.push(line);
      line = '';
    }
  }
  return [...lines, line].filter(Boolean).join('\n');
}

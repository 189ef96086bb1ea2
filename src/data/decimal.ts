/** Numbers out of the bytes of a text, correctly rounded, without making a string of each. */

/** 10⁰ to 10²², which are exact in double precision. */
const powers = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];
const largestPower = 22;
const zero = 48;
const [plus, minus, point] = [43, 45, 46];
const infinity = /^[+-]?inf(inity)?$/i;

/** Digits of which all numbers are below 2⁵³. */
const exactDigits = 15;
/** Where the bytes of the last `plainDecimal` end: a variable, for a function has one result. */
export let plainEnd = 0;

/** The number that stands at `start` in digits, with a minus and a point if need be, up to the first byte that is none of these; NaN where it has no digit, or many. */
export function plainDecimal(bytes: Uint8Array, start: number): number {
  let at = start;
  const negative = bytes[at] === minus;
  if (negative) at++;
  const first = at;
  let value = 0;
  for (let digit; (digit = bytes[at]! - zero) >= 0 && digit <= 9; at++) value = value * 10 + digit;
  let digits = at - first;
  if (bytes[at] === point) {
    const fraction = ++at;
    for (let digit; (digit = bytes[at]! - zero) >= 0 && digit <= 9; at++) value = value * 10 + digit;
    digits += at - fraction;
    if (digits <= exactDigits) value /= powers[at - fraction]!;
  }
  plainEnd = at;
  return digits === 0 || digits > exactDigits ? NaN : negative ? -value : value;
}

/**
 * The decimal number that bytes `start` to `end` spell (`-12.5e3`, `.5`, `5.`, `inf`), or NaN where they spell none.
 *
 * Digits that stay below 2⁵³ are an exact integer; it is multiplied or divided once by an exact power of ten, which rounds once: Clinger,
 * "How to read floating point numbers accurately", PLDI 1990. Anything longer is left to the engine.
 */
export function parseDecimal(bytes: Uint8Array, start: number, end: number): number {
  const plain = plainDecimal(bytes, start);
  if (plainEnd === end && plain === plain) return plain;
  let at = start;
  const negative = bytes[at] === minus;
  if (negative || bytes[at] === plus) at++;
  const first = at;
  let value = 0;
  for (let digit; at < end && (digit = bytes[at]! - zero) >= 0 && digit <= 9; at++) value = value * 10 + digit;
  let digits = at - first;
  let exponent = 0;
  if (at < end && bytes[at] === point) {
    const fraction = ++at;
    for (let digit; at < end && (digit = bytes[at]! - zero) >= 0 && digit <= 9; at++) value = value * 10 + digit;
    exponent = fraction - at;
    digits -= exponent;
  }
  if (digits === 0) return infinity.test(asciiText(bytes, start, end)) ? (negative ? -Infinity : Infinity) : NaN;
  if (at < end && (bytes[at]! | 32) === 101) {
    at++;
    const down = bytes[at] === minus;
    if (down || bytes[at] === plus) at++;
    if (at >= end) return NaN;
    let power = 0;
    for (let digit; at < end && (digit = bytes[at]! - zero) >= 0 && digit <= 9; at++) power = power * 10 + digit;
    exponent += down ? -power : power;
  }
  if (at < end) return NaN;
  if (value >= 2 ** 53 || exponent > largestPower || exponent < -largestPower) return Number(asciiText(bytes, start, end));
  value = exponent < 0 ? value / powers[-exponent]! : value * powers[exponent]!;
  return negative ? -value : value;
}

/** Text of bytes below 128; others come out wrong. */
export function asciiText(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}

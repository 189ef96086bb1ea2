/**
 * Transcendental functions on four lanes: range reduction and short polynomials, in strict SIMD only, so that the bits
 * are the same on every engine. Long polynomials are cut into independent pieces, which run side by side. Each states the
 * largest error found against float64 (test/assembly/math.node.test.ts) where the result is a normal float; a result below
 * 2^-126 may come out as 0. NaN gives NaN.
 */
import { multiplyAdd } from "./simd";

/**
 * One entry of a table in all four lanes. Constants are read from memory because engines rebuild a splatted constant,
 * with several instructions, in every turn of a loop.
 */
// @ts-ignore: decorator
@inline
export function constant(table: usize, index: usize): v128 {
  return v128.load32_splat(table + (index << 2));
}

// e^x = 2^n · e^r with n = round(x / ln 2) and |r| <= ln 2 / 2.
const expTable = memory.data<f32>([
  // log2(e), and ln 2 in two parts: the first has 10 bits, so that its product with n is exact.
  1.44269504, 0.693359375, -2.12194440e-4,
  // 3·2^22 rounds what is added to it to an integer in its low bits; 254 and 126 bias that integer.
  12583166, 12583038,
  // e^r = 1 + r·P(r), minimax of (e^r − 1) with the first coefficient fixed: 0.25 · 2^-24.
  1, 0.5, 0.16666545, 0.04166629, 0.008366474, 0.0013946223,
  // Beyond these e^x is infinite, e^x is below 2^-126, e^x − 1 is −1.
  88.8, -87.33654, -20,
]);

/** e^r − 1 where `rounded` is x / ln 2 + `magic`. */
// @ts-ignore: decorator
@inline
function reducedExpm1(x: v128, rounded: v128, magic: v128): v128 {
  const n = f32x4.sub(rounded, magic);
  const r = f32x4.sub(f32x4.sub(x, f32x4.mul(n, constant(expTable, 1))), f32x4.mul(n, constant(expTable, 2)));
  const square = f32x4.mul(r, r);
  const high = multiplyAdd(constant(expTable, 10), r, constant(expTable, 9));
  const middle = multiplyAdd(constant(expTable, 8), r, constant(expTable, 7));
  const low = multiplyAdd(constant(expTable, 6), r, constant(expTable, 5));
  const p = multiplyAdd(multiplyAdd(high, square, middle), square, low);
  return f32x4.mul(p, r);
}

/** e^x, within 1.3 ulp. */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const lowest = constant(expTable, 12);
  const clamped = f32x4.pmax(f32x4.pmin(x, constant(expTable, 11)), lowest);
  const magic = constant(expTable, 3);
  const rounded = multiplyAdd(clamped, constant(expTable, 0), magic);
  const y = f32x4.add(reducedExpm1(clamped, rounded, magic), constant(expTable, 5));
  // The low bits are n + 254, the biased exponents of two powers whose product is 2^n; 2^128 itself is no float.
  const half = i32x4.shr_u(rounded, 1);
  const scaled = f32x4.mul(f32x4.mul(y, i32x4.shl(half, 23)), i32x4.shl(i32x4.sub(rounded, half), 23));
  return v128.andnot(scaled, f32x4.lt(x, lowest));
}

/** exp as a call: for functions so rarely used that its code need not stand in each of them. */
function calledExp(x: v128): v128 {
  return exp(x);
}

/** e^x − 1 for −20 <= x <= 88.8, but +0 for −0. */
// @ts-ignore: decorator
@inline
function boundedExpm1(x: v128): v128 {
  const magic = constant(expTable, 4);
  const rounded = multiplyAdd(x, constant(expTable, 0), magic);
  // The low bits are n + 126, the biased exponent of half of 2^n.
  const halfPower = i32x4.shl(rounded, 23);
  const p = reducedExpm1(x, rounded, magic);
  const half = multiplyAdd(halfPower, p, f32x4.sub(halfPower, constant(expTable, 6)));
  return f32x4.add(half, half);
}

/** `magnitude` with the sign of `x`. */
// @ts-ignore: decorator
@inline
function withSign(magnitude: v128, x: v128): v128 {
  const sign = i32x4.shl(i32x4.shr_u(x, 31), 31);
  return v128.or(magnitude, sign);
}

/** e^x − 1, within 2.6 ulp. */
// @ts-ignore: decorator
@inline
export function expm1(x: v128): v128 {
  return withSign(boundedExpm1(f32x4.pmax(f32x4.pmin(x, constant(expTable, 11)), constant(expTable, 13))), x);
}

/** 1 / (1 + e^−x), within 2.3 ulp. */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const one = constant(expTable, 5);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

// 10, where tanh has long been 1, and 2.
const tanhTable = memory.data<f32>([10, 2]);

/** tanh x = t / (t + 2) with t = e^2x − 1, which has no cancellation for x >= 0; within 3.8 ulp. */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const magnitude = f32x4.pmin(f32x4.abs(x), constant(tanhTable, 0));
  const t = boundedExpm1(f32x4.add(magnitude, magnitude));
  return withSign(f32x4.div(t, f32x4.add(t, constant(tanhTable, 1))), x);
}

const logTable = memory.data<f32>([
  // 2^-126, the first normal float; 2^24; 24; sqrt(1/2); infinity.
  1.17549435e-38, 16777216, 24, 0.70710678, Infinity,
  // Cephes logf: log(1 + f) = f − f²/2 + f³·P(f) for sqrt(1/2) <= 1 + f < sqrt(2); 1/2; ln 2 in two parts.
  1, 3.3333331174e-1, -2.4999993993e-1, 2.0000714765e-1, -1.6668057665e-1, 1.4249322787e-1, -1.2420140846e-1,
  1.1676998740e-1, -1.1514610310e-1, 7.0376836292e-2,
  0.5, 0.693359375, -2.12194440e-4,
]);

/** log x, within 0.9 ulp: −Infinity at 0, NaN below. */
// @ts-ignore: decorator
@inline
export function log(x: v128): v128 {
  const zero = f32x4.splat(0);
  const infinity = constant(logTable, 4);
  const denormal = f32x4.lt(x, constant(logTable, 0));
  const normal = v128.bitselect(f32x4.mul(x, constant(logTable, 1)), x, denormal);
  // x = 2^e · m with sqrt(1/2) <= m < sqrt(2); on the bits, an exponent is a subtraction.
  const exponent = i32x4.shr_s(i32x4.sub(normal, constant(logTable, 3)), 23);
  const e = f32x4.sub(f32x4.convert_i32x4_s(exponent), v128.and(denormal, constant(logTable, 2)));
  const f = f32x4.sub(i32x4.sub(normal, i32x4.shl(exponent, 23)), constant(logTable, 5));
  const square = f32x4.mul(f, f);
  let even = multiplyAdd(constant(logTable, 14), square, constant(logTable, 12));
  let odd = multiplyAdd(constant(logTable, 13), square, constant(logTable, 11));
  even = multiplyAdd(even, square, constant(logTable, 10));
  odd = multiplyAdd(odd, square, constant(logTable, 9));
  even = multiplyAdd(even, square, constant(logTable, 8));
  odd = multiplyAdd(odd, square, constant(logTable, 7));
  even = multiplyAdd(even, square, constant(logTable, 6));
  const p = multiplyAdd(odd, f, even);
  let small = multiplyAdd(e, constant(logTable, 17), f32x4.mul(f32x4.mul(p, square), f));
  small = f32x4.sub(small, f32x4.mul(square, constant(logTable, 15)));
  const y = multiplyAdd(e, constant(logTable, 16), f32x4.add(f, small));
  // The square root is right where the polynomial is not: at infinity, NaN and below zero; at zero it lacks −Infinity.
  const special = v128.or(f32x4.sqrt(x), v128.and(f32x4.eq(x, zero), f32x4.neg(infinity)));
  return v128.bitselect(y, special, v128.and(f32x4.gt(x, zero), f32x4.lt(x, infinity)));
}

// log(1 + u) = u·P(u) for 0 <= u <= 1, minimax with the first coefficient fixed: 0.09 · 2^-24.
const log1pTable = memory.data<f32>([
  1, -0.49999934, 0.3333056, -0.24959052, 0.19697598, -0.15361317, 0.10690031, -0.057753634, 0.02025018, -0.0033282402,
  1e-8,
]);

/** log(1 + e^x), within 3.1 ulp. */
// @ts-ignore: decorator
@inline
export function softplus(x: v128): v128 {
  const u = calledExp(f32x4.neg(f32x4.abs(x)));
  // P(u) is 1 for the smallest u, whose fourth power would be a denormal number, which is slow.
  const v = f32x4.pmax(u, constant(log1pTable, 10));
  const square = f32x4.mul(v, v);
  const fourth = f32x4.mul(square, square);
  const p67 = multiplyAdd(constant(log1pTable, 7), v, constant(log1pTable, 6));
  const p45 = multiplyAdd(constant(log1pTable, 5), v, constant(log1pTable, 4));
  const p23 = multiplyAdd(constant(log1pTable, 3), v, constant(log1pTable, 2));
  const p01 = multiplyAdd(constant(log1pTable, 1), v, constant(log1pTable, 0));
  let p = multiplyAdd(constant(log1pTable, 9), v, constant(log1pTable, 8));
  p = multiplyAdd(p, fourth, multiplyAdd(p67, square, p45));
  p = multiplyAdd(p, fourth, multiplyAdd(p23, square, p01));
  return multiplyAdd(p, u, f32x4.pmax(x, f32x4.splat(0)));
}

const normalTable = memory.data<f32>([
  // 3·2^14 rounds to multiples of 1/256; −1/2.
  49152, -0.5,
  // (a + 3.5)·Q(a)·e^(a²/2) = P(w), w = (a − 3.5) / (a + 3.5), minimax for 0 <= a <= 14: 0.11 · 2^-24 of the value.
  3.5,
  0.74441606, -0.5655618, 0.315425, -0.1160529, 0.017406911, 0.006492409, -0.0031777974, -0.00049465365, 0.00042566002,
  0.0001127365,
]);

/** e^(−a²/2) for |a| <= 14, within 1.7 ulp: a² comes in two parts, for its rounding alone would cost up to 4 ulp. */
// @ts-ignore: decorator
@inline
export function gaussian(a: v128): v128 {
  const square = f32x4.mul(a, a);
  const magic = constant(normalTable, 0);
  const high = f32x4.sub(f32x4.add(a, magic), magic);
  const low = f32x4.sub(a, high);
  const rest = multiplyAdd(low, low, multiplyAdd(f32x4.add(high, high), low, f32x4.sub(f32x4.mul(high, high), square)));
  const minusHalf = constant(normalTable, 1);
  const y = calledExp(f32x4.mul(square, minusHalf));
  return multiplyAdd(y, f32x4.mul(rest, minusHalf), y);
}

/**
 * Q(a) · e^(a²/2) for 0 <= a <= 14, where Q(a) = Φ(−a) is the upper tail of the normal distribution: with `gaussian`
 * the tail keeps its relative precision down to 2^-126, which 1 − erf does not. Within 4.3 ulp: the
 * worst is next to 0, where the result is just below 1/2 and an ulp has just halved.
 */
// @ts-ignore: decorator
@inline
export function scaledNormalTail(a: v128): v128 {
  const centre = constant(normalTable, 2);
  const shifted = f32x4.add(a, centre);
  const w = f32x4.div(f32x4.sub(a, centre), shifted);
  let p = multiplyAdd(constant(normalTable, 12), w, constant(normalTable, 11));
  p = multiplyAdd(p, w, constant(normalTable, 10));
  p = multiplyAdd(p, w, constant(normalTable, 9));
  p = multiplyAdd(p, w, constant(normalTable, 8));
  p = multiplyAdd(p, w, constant(normalTable, 7));
  p = multiplyAdd(p, w, constant(normalTable, 6));
  p = multiplyAdd(p, w, constant(normalTable, 5));
  p = multiplyAdd(p, w, constant(normalTable, 4));
  p = multiplyAdd(p, w, constant(normalTable, 3));
  return f32x4.div(p, shifted);
}

/**
 * Activation functions: each f beside its derivative f′, on four lanes, then the loops over ranges, then softmax. A range
 * owns its padding, so element-wise loops have no tails; the rows of softmax do. NaN in gives NaN out, and ±Infinity gives
 * limits: a factor that can be infinite is clamped where the other has long been 0.
 */
import { constant, exp, expm1, gaussian, log, scaledNormalTail, sigmoid, softplus, tanh } from "./math";
import { laneSum, multiplyAdd, paddedBytes, unlessBelow } from "./simd";

/** The place of each function in `activationCodes` of src/backend/plan.ts. */
const enum Activation {
  linear, sigmoid, tanh, relu, relu6, leakyRelu, elu, selu, gelu, geluTanh, silu, mish, softplus, softsign, hardSigmoid,
  hardSwish, step, straightThrough,
}

const table = memory.data<f32>([
  1, 6, 3, 0.16666667, 0.33333334, 0.5, 2, 4,
  // Klambauer et al. 2017: scale, scale · alpha.
  1.050701, 1.7580993,
  // Beyond ±14 the normal distribution, beyond 104 e^−z, from 20 on the slope of mish, from 2^30 on that of softsign is gone.
  14, 104, 20, 1073741824,
  // 1 / sqrt(2π); geluTanh: 2 · sqrt(2/π), that times 0.044715, and where its tail is gone.
  0.3989423, 1.5957691, 0.07135481, 11,
]);

// @ts-ignore: decorator
@inline
function one(): v128 {
  return constant(table, 0);
}

// @ts-ignore: decorator
@inline
function positivePart(z: v128): v128 {
  return f32x4.pmax(z, f32x4.splat(0));
}

// @ts-ignore: decorator
@inline
function negativePart(z: v128): v128 {
  return f32x4.pmin(z, f32x4.splat(0));
}

/** 1 in the lanes of `condition`, 0 in the others, NaN where z is NaN. */
// @ts-ignore: decorator
@inline
function indicator(condition: v128, z: v128, ones: v128): v128 {
  return v128.or(v128.and(condition, ones), f32x4.ne(z, z));
}

/** `left` where z <= 0, and 1 − left where z > 0: the slope of z·F(z), for a distribution F that is symmetric about 0. */
// @ts-ignore: decorator
@inline
function mirrored(left: v128, z: v128): v128 {
  return v128.bitselect(f32x4.sub(one(), left), left, f32x4.gt(z, f32x4.splat(0)));
}

/** From the output. */
// @ts-ignore: decorator
@inline
function sigmoidDerivative(out: v128, ones: v128): v128 {
  return f32x4.mul(out, f32x4.sub(ones, out));
}

/** From the output; as a product, for 1 − out² would round twice near ±1. */
// @ts-ignore: decorator
@inline
function tanhDerivative(out: v128, ones: v128): v128 {
  return f32x4.mul(f32x4.sub(ones, out), f32x4.add(ones, out));
}

// sigmoid and tanh stand in their loops. What the functions below share with each other, or the ends of the rows of softmax
// with their loops, is called: it would stand here two to ten times. The compiler merges equal functions, also across files.

function calledExp(x: v128): v128 {
  return exp(x);
}

function calledExpm1(x: v128): v128 {
  return expm1(x);
}

function calledLog(x: v128): v128 {
  return log(x);
}

// @ts-ignore: decorator
@inline
function calledSigmoid(x: v128): v128 {
  return f32x4.div(one(), f32x4.add(one(), calledExp(f32x4.neg(x))));
}

function normalTail(a: v128): v128 {
  return scaledNormalTail(a);
}

// relu is the positive part.

// @ts-ignore: decorator
@inline
function reluDerivative(z: v128, ones: v128): v128 {
  return indicator(f32x4.gt(z, f32x4.splat(0)), z, ones);
}

// @ts-ignore: decorator
@inline
function relu6(z: v128): v128 {
  return f32x4.pmin(positivePart(z), constant(table, 1));
}

// @ts-ignore: decorator
@inline
function relu6Derivative(z: v128): v128 {
  return indicator(v128.and(f32x4.gt(z, f32x4.splat(0)), f32x4.lt(z, constant(table, 1))), z, one());
}

// @ts-ignore: decorator
@inline
function leakyRelu(z: v128, alpha: v128): v128 {
  return v128.bitselect(z, f32x4.mul(z, alpha), f32x4.gt(z, f32x4.splat(0)));
}

// @ts-ignore: decorator
@inline
function leakyReluDerivative(z: v128, alpha: v128, ones: v128): v128 {
  return v128.or(v128.bitselect(ones, alpha, f32x4.gt(z, f32x4.splat(0))), f32x4.ne(z, z));
}

// @ts-ignore: decorator
@inline
function elu(z: v128, alpha: v128): v128 {
  return multiplyAdd(alpha, calledExpm1(negativePart(z)), positivePart(z));
}

/** From z, not as out + alpha, which is wrong for a negative alpha. */
// @ts-ignore: decorator
@inline
function eluDerivative(z: v128, alpha: v128): v128 {
  return v128.bitselect(one(), f32x4.mul(alpha, calledExp(negativePart(z))), f32x4.gt(z, f32x4.splat(0)));
}

// @ts-ignore: decorator
@inline
function selu(z: v128): v128 {
  return multiplyAdd(constant(table, 9), calledExpm1(negativePart(z)), f32x4.mul(constant(table, 8), positivePart(z)));
}

/** From the output. */
// @ts-ignore: decorator
@inline
function seluDerivative(out: v128): v128 {
  return v128.bitselect(constant(table, 8), f32x4.add(out, constant(table, 9)), f32x4.gt(out, f32x4.splat(0)));
}

/** z·Φ(z) = max(z, 0) − a·Φ(−a) with a = |z|. */
// @ts-ignore: decorator
@inline
function gelu(z: v128): v128 {
  const a = f32x4.pmin(f32x4.abs(z), constant(table, 10));
  return f32x4.sub(positivePart(z), f32x4.mul(f32x4.mul(a, normalTail(a)), gaussian(a)));
}

/** Φ(z) + z·φ(z), by way of Φ(−a) − a·φ(a). */
// @ts-ignore: decorator
@inline
function geluDerivative(z: v128): v128 {
  const a = f32x4.pmin(f32x4.abs(z), constant(table, 10));
  return mirrored(f32x4.mul(gaussian(a), f32x4.sub(normalTail(a), f32x4.mul(a, constant(table, 14)))), z);
}

/**
 * z·σ(v) with v = 2·sqrt(2/π)·(z + 0.044715·z³), because (1 + tanh u) / 2 = σ(2u). The rounding of v costs up to 300 ulp at
 * −10, where the result is −1e−37; the absolute error stays below 2e−7 of max(1, |z|).
 */
// @ts-ignore: decorator
@inline
function geluTanh(z: v128): v128 {
  const v = f32x4.mul(z, multiplyAdd(f32x4.mul(z, z), constant(table, 16), constant(table, 15)));
  return f32x4.mul(f32x4.pmax(z, f32x4.neg(constant(table, 17))), calledSigmoid(v));
}

/** σ(v) + z·σ′(v)·v′, by way of σ(−v) − a·σ′(v)·v′. */
// @ts-ignore: decorator
@inline
function geluTanhDerivative(z: v128): v128 {
  const a = f32x4.pmin(f32x4.abs(z), constant(table, 17));
  const linear = f32x4.mul(a, constant(table, 15));
  const cubic = f32x4.mul(f32x4.mul(a, a), f32x4.mul(a, constant(table, 16)));
  const slope = multiplyAdd(cubic, constant(table, 2), linear);
  return mirrored(logisticSlope(f32x4.add(linear, cubic), slope), z);
}

/** σ(−v) − slope·σ′(v) = e·(1 + e − slope) / (1 + e)² with e = e^−v, for v >= 0. */
// @ts-ignore: decorator
@inline
function logisticSlope(v: v128, slope: v128): v128 {
  const e = calledExp(f32x4.neg(v));
  const d = f32x4.add(one(), e);
  return f32x4.div(f32x4.mul(e, f32x4.sub(d, slope)), f32x4.mul(d, d));
}

// @ts-ignore: decorator
@inline
function silu(z: v128): v128 {
  return f32x4.mul(f32x4.pmax(z, f32x4.neg(constant(table, 11))), calledSigmoid(z));
}

// @ts-ignore: decorator
@inline
function siluDerivative(z: v128): v128 {
  const a = f32x4.pmin(f32x4.abs(z), constant(table, 11));
  return mirrored(logisticSlope(a, a), z);
}

/** z·n / (n + 2) with n = e·(e + 2), e = e^z, because tanh(log(1 + e)) = ((1 + e)² − 1) / ((1 + e)² + 1). */
// @ts-ignore: decorator
@inline
function mish(z: v128): v128 {
  const two = constant(table, 6);
  const e = calledExp(f32x4.pmin(z, constant(table, 12)));
  const n = f32x4.mul(e, f32x4.add(e, two));
  return f32x4.mul(f32x4.pmax(z, f32x4.neg(constant(table, 11))), f32x4.div(n, f32x4.add(n, two)));
}

/** e·((e + 2)·(n + 2) + 4·z·(e + 1)) / (n + 2)². */
// @ts-ignore: decorator
@inline
function mishDerivative(z: v128): v128 {
  const two = constant(table, 6);
  const clamped = f32x4.pmax(f32x4.pmin(z, constant(table, 12)), f32x4.neg(constant(table, 11)));
  const e = calledExp(clamped);
  const e2 = f32x4.add(e, two);
  const n2 = multiplyAdd(e, e2, two);
  const sum = multiplyAdd(f32x4.mul(constant(table, 7), clamped), f32x4.add(e, one()), f32x4.mul(e2, n2));
  return f32x4.div(f32x4.mul(e, sum), f32x4.mul(n2, n2));
}

// softplus is in math.ts; its derivative is sigmoid.

// @ts-ignore: decorator
@inline
function softsign(z: v128): v128 {
  const largest = constant(table, 13);
  const clamped = f32x4.pmax(f32x4.pmin(z, largest), f32x4.neg(largest));
  return f32x4.div(clamped, f32x4.add(one(), f32x4.abs(clamped)));
}

// @ts-ignore: decorator
@inline
function softsignDerivative(z: v128): v128 {
  const inverse = f32x4.div(one(), f32x4.add(one(), f32x4.abs(z)));
  return f32x4.mul(inverse, inverse);
}

// @ts-ignore: decorator
@inline
function hardSigmoid(z: v128, alpha: v128, beta: v128): v128 {
  return f32x4.pmin(positivePart(multiplyAdd(alpha, z, beta)), one());
}

/** From the output: alpha where it is strictly between 0 and 1. */
// @ts-ignore: decorator
@inline
function hardSigmoidDerivative(out: v128, alpha: v128): v128 {
  const inside = v128.and(f32x4.gt(out, f32x4.splat(0)), f32x4.lt(out, one()));
  return v128.or(v128.and(alpha, inside), f32x4.ne(out, out));
}

/** z·clip(z + 3, 0, 6) / 6; z is clamped, for the second factor is 0 below −3. */
// @ts-ignore: decorator
@inline
function hardSwish(z: v128): v128 {
  const three = constant(table, 2);
  const clamped = f32x4.pmax(z, f32x4.neg(three));
  return f32x4.mul(clamped, f32x4.mul(f32x4.pmin(f32x4.add(clamped, three), constant(table, 1)), constant(table, 3)));
}

// @ts-ignore: decorator
@inline
function hardSwishDerivative(z: v128): v128 {
  const three = constant(table, 2);
  const slope = multiplyAdd(z, constant(table, 4), constant(table, 5));
  const left = v128.andnot(slope, f32x4.lt(z, f32x4.neg(three)));
  return v128.bitselect(one(), left, f32x4.gt(z, three));
}

// step is the derivative of relu; its own is 0. straightThrough passes z on, with the slope of the clipped identity:

// @ts-ignore: decorator
@inline
function straightThroughDerivative(z: v128): v128 {
  return indicator(f32x4.le(f32x4.abs(z), one()), z, one());
}

/** f(z), where the compiler knows `code`. */
// @ts-ignore: decorator
@inline
function value(code: i32, z: v128, alpha: v128, beta: v128): v128 {
  if (code == Activation.sigmoid) return sigmoid(z);
  if (code == Activation.tanh) return tanh(z);
  if (code == Activation.relu) return positivePart(z);
  if (code == Activation.relu6) return relu6(z);
  if (code == Activation.leakyRelu) return leakyRelu(z, alpha);
  if (code == Activation.elu) return elu(z, alpha);
  if (code == Activation.selu) return selu(z);
  if (code == Activation.gelu) return gelu(z);
  if (code == Activation.geluTanh) return geluTanh(z);
  if (code == Activation.silu) return silu(z);
  if (code == Activation.mish) return mish(z);
  if (code == Activation.softplus) return softplus(z);
  if (code == Activation.softsign) return softsign(z);
  if (code == Activation.hardSigmoid) return hardSigmoid(z, alpha, beta);
  if (code == Activation.hardSwish) return hardSwish(z);
  return reluDerivative(z, one());
}

/** f′ from z, or from f(z) where its comment says so; the compiler knows `code`. The most used get their 1 in a register. */
// @ts-ignore: decorator
@inline
function derivative(code: i32, x: v128, alpha: v128, ones: v128): v128 {
  if (code == Activation.sigmoid) return sigmoidDerivative(x, ones);
  if (code == Activation.tanh) return tanhDerivative(x, ones);
  if (code == Activation.relu) return reluDerivative(x, ones);
  if (code == Activation.relu6) return relu6Derivative(x);
  if (code == Activation.leakyRelu) return leakyReluDerivative(x, alpha, ones);
  if (code == Activation.elu) return eluDerivative(x, alpha);
  if (code == Activation.selu) return seluDerivative(x);
  if (code == Activation.gelu) return geluDerivative(x);
  if (code == Activation.geluTanh) return geluTanhDerivative(x);
  if (code == Activation.silu) return siluDerivative(x);
  if (code == Activation.mish) return mishDerivative(x);
  if (code == Activation.softplus) return calledSigmoid(x);
  if (code == Activation.softsign) return softsignDerivative(x);
  if (code == Activation.hardSigmoid) return hardSigmoidDerivative(x, alpha);
  if (code == Activation.hardSwish) return hardSwishDerivative(x);
  if (code == Activation.straightThrough) return straightThroughDerivative(x);
  return f32x4.splat(0);
}

/** Two vectors a turn, for the most used of the functions of a few instructions: a third faster. */
// @ts-ignore: decorator
@inline
function map2(code: i32, out: usize, z: usize, bytes: usize, alpha: v128, beta: v128): void {
  const end = z + bytes;
  const pairs = z + (bytes & ~31);
  while (z < pairs) {
    const y0 = value(code, v128.load(z), alpha, beta);
    const y1 = value(code, v128.load(z, 16), alpha, beta);
    v128.store(out, y0);
    v128.store(out, y1, 16);
    out += 32;
    z += 32;
  }
  if (z < end) v128.store(out, value(code, v128.load(z), alpha, beta));
}

// @ts-ignore: decorator
@inline
function map(code: i32, out: usize, z: usize, bytes: usize, alpha: v128, beta: v128): void {
  const end = z + bytes;
  while (z < end) {
    v128.store(out, value(code, v128.load(z), alpha, beta));
    out += 16;
    z += 16;
  }
}

// @ts-ignore: decorator
@inline
function mapBackward2(code: i32, dz: usize, dout: usize, x: usize, bytes: usize, alpha: v128, ones: v128): void {
  const end = x + bytes;
  const pairs = x + (bytes & ~31);
  while (x < pairs) {
    const d0 = f32x4.mul(v128.load(dout), derivative(code, v128.load(x), alpha, ones));
    const d1 = f32x4.mul(v128.load(dout, 16), derivative(code, v128.load(x, 16), alpha, ones));
    v128.store(dz, d0);
    v128.store(dz, d1, 16);
    dz += 32;
    dout += 32;
    x += 32;
  }
  if (x < end) v128.store(dz, f32x4.mul(v128.load(dout), derivative(code, v128.load(x), alpha, ones)));
}

// @ts-ignore: decorator
@inline
function mapBackward(code: i32, dz: usize, dout: usize, x: usize, bytes: usize, alpha: v128, ones: v128): void {
  const end = x + bytes;
  while (x < end) {
    v128.store(dz, f32x4.mul(v128.load(dout), derivative(code, v128.load(x), alpha, ones)));
    dz += 16;
    dout += 16;
    x += 16;
  }
}

/** out[rows, units] := f(z). */
export function activationForward(
  out: usize, z: usize, rows: i32, units: i32, activation: i32, alpha: f32, beta: f32,
): void {
  const bytes = paddedBytes(rows * units);
  const a = f32x4.splat(alpha);
  const b = f32x4.splat(beta);
  switch (activation) {
    case Activation.sigmoid: map(Activation.sigmoid, out, z, bytes, a, b); break;
    case Activation.tanh: map(Activation.tanh, out, z, bytes, a, b); break;
    case Activation.relu: map2(Activation.relu, out, z, bytes, a, b); break;
    case Activation.relu6: map2(Activation.relu6, out, z, bytes, a, b); break;
    case Activation.leakyRelu: map2(Activation.leakyRelu, out, z, bytes, a, b); break;
    case Activation.elu: map(Activation.elu, out, z, bytes, a, b); break;
    case Activation.selu: map(Activation.selu, out, z, bytes, a, b); break;
    case Activation.gelu: map(Activation.gelu, out, z, bytes, a, b); break;
    case Activation.geluTanh: map(Activation.geluTanh, out, z, bytes, a, b); break;
    case Activation.silu: map(Activation.silu, out, z, bytes, a, b); break;
    case Activation.mish: map(Activation.mish, out, z, bytes, a, b); break;
    case Activation.softplus: map(Activation.softplus, out, z, bytes, a, b); break;
    case Activation.softsign: map(Activation.softsign, out, z, bytes, a, b); break;
    case Activation.hardSigmoid: map(Activation.hardSigmoid, out, z, bytes, a, b); break;
    case Activation.hardSwish: map(Activation.hardSwish, out, z, bytes, a, b); break;
    case Activation.step: map(Activation.step, out, z, bytes, a, b); break;
    default: memory.copy(out, z, bytes);
  }
}

/** dz := dout · f′(z), where `out` is f(z); 0 where that is below 1e−30. */
export function activationBackward(
  dz: usize, dout: usize, z: usize, out: usize, rows: i32, units: i32, activation: i32, alpha: f32, beta: f32,
): void {
  const bytes = paddedBytes(rows * units);
  const a = f32x4.splat(alpha);
  const ones = one();
  switch (activation) {
    case Activation.linear: memory.copy(dz, dout, bytes); break;
    case Activation.sigmoid: mapBackward2(Activation.sigmoid, dz, dout, out, bytes, a, ones); break;
    case Activation.tanh: mapBackward2(Activation.tanh, dz, dout, out, bytes, a, ones); break;
    case Activation.relu: mapBackward2(Activation.relu, dz, dout, z, bytes, a, ones); break;
    case Activation.relu6: mapBackward(Activation.relu6, dz, dout, z, bytes, a, ones); break;
    case Activation.leakyRelu: mapBackward2(Activation.leakyRelu, dz, dout, z, bytes, a, ones); break;
    case Activation.elu: mapBackward(Activation.elu, dz, dout, z, bytes, a, ones); break;
    case Activation.selu: mapBackward(Activation.selu, dz, dout, out, bytes, a, ones); break;
    case Activation.gelu: mapBackward(Activation.gelu, dz, dout, z, bytes, a, ones); break;
    case Activation.geluTanh: mapBackward(Activation.geluTanh, dz, dout, z, bytes, a, ones); break;
    case Activation.silu: mapBackward(Activation.silu, dz, dout, z, bytes, a, ones); break;
    case Activation.mish: mapBackward(Activation.mish, dz, dout, z, bytes, a, ones); break;
    case Activation.softplus: mapBackward(Activation.softplus, dz, dout, z, bytes, a, ones); break;
    case Activation.softsign: mapBackward(Activation.softsign, dz, dout, z, bytes, a, ones); break;
    case Activation.hardSigmoid: mapBackward(Activation.hardSigmoid, dz, dout, out, bytes, a, ones); break;
    case Activation.hardSwish: mapBackward(Activation.hardSwish, dz, dout, z, bytes, a, ones); break;
    case Activation.straightThrough: mapBackward(Activation.straightThrough, dz, dout, z, bytes, a, ones); break;
    default: mapBackward(Activation.step, dz, dout, z, bytes, a, ones);
  }
  // Where gradients vanish, products with them would be denormal: a step took 25 times as long.
  const tiny = constant(softmaxTable, 1);
  for (const end = dz + bytes; dz < end; dz += 16) {
    const d = v128.load(dz);
    v128.store(dz, unlessBelow(d, tiny));
  }
}

// −Infinity, which a row is filled up with where that adds nothing; results of softmax and gradients below the other become
// 0, for products with denormal numbers are slow.
const softmaxTable = memory.data<f32>([-Infinity, 1e-30]);

// Bytes 0 to 15, then none: the 16 from byte 12, 8 or 4 on are a swizzle that moves the last 1, 2 or 3 floats to the front.
const lastToFront = memory.data<i32>([0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c, -1, -1, -1, -1], 16);

// @ts-ignore: decorator
@inline
function tailSwizzle(count: i32): v128 {
  return v128.load(lastToFront + 16 - (<usize>count << 2));
}

/** The last `count` (1, 2 or 3) floats of a row, then zeros: read with what precedes them, for memory may end after them. */
// @ts-ignore: decorator
@inline
function loadTail(from: usize, count: i32): v128 {
  return v128.swizzle(v128.load(from + (<usize>count << 2) - 16), tailSwizzle(count));
}

/** The same with `filler` instead of zeros. */
// @ts-ignore: decorator
@inline
function loadFilledTail(from: usize, count: i32, filler: v128): v128 {
  return v128.bitselect(filler, loadTail(from, count), i32x4.shr_s(tailSwizzle(count), 31));
}

/** Stores the first `count` (1, 2 or 3) lanes: what follows is the next row. */
// @ts-ignore: decorator
@inline
function storeTail(to: usize, x: v128, count: i32): void {
  v128.store32_lane(to, x, 0);
  if (count > 1) v128.store32_lane(to, x, 1, 4);
  if (count > 2) v128.store32_lane(to, x, 2, 8);
}

/** The maximum of a row in all lanes; NaN is passed over. */
function rowMaximum(z: usize, units: i32): v128 {
  const end = z + (<usize>(units & ~3) << 2);
  const lowest = constant(softmaxTable, 0);
  let maximum = lowest;
  while (z < end) {
    maximum = f32x4.pmax(maximum, v128.load(z));
    z += 16;
  }
  if (units & 3) maximum = f32x4.pmax(maximum, loadFilledTail(z, units & 3, lowest));
  maximum = f32x4.pmax(maximum, v128.shuffle<i32>(maximum, maximum, 2, 3, 0, 1));
  return f32x4.pmax(maximum, v128.shuffle<i32>(maximum, maximum, 1, 0, 3, 2));
}

/** Σ a·b of two rows, in all lanes. */
function rowDot(a: usize, b: usize, units: i32): v128 {
  const end = a + (<usize>(units & ~3) << 2);
  const zero = f32x4.splat(0);
  let sum = zero;
  while (a < end) {
    sum = multiplyAdd(v128.load(a), v128.load(b), sum);
    a += 16;
    b += 16;
  }
  if (units & 3) sum = multiplyAdd(loadTail(a, units & 3), loadTail(b, units & 3), sum);
  return f32x4.splat(laneSum(sum));
}

/** out := softmax of each row of z. */
export function softmaxForward(out: usize, z: usize, rows: i32, units: i32): void {
  const vectors = <usize>(units & ~3) << 2;
  const tail = units & 3;
  const lowest = constant(softmaxTable, 0);
  const smallest = constant(softmaxTable, 1);
  for (; rows > 0; rows--) {
    const maximum = rowMaximum(z, units);
    let sum = f32x4.splat(0);
    let end = z + vectors;
    let to = out;
    while (z < end) {
      const e = exp(f32x4.sub(v128.load(z), maximum));
      v128.store(to, e);
      sum = f32x4.add(sum, e);
      z += 16;
      to += 16;
    }
    let last = f32x4.splat(0);
    if (tail) {
      last = calledExp(f32x4.sub(loadFilledTail(z, tail, lowest), maximum));
      sum = f32x4.add(sum, last);
      z += <usize>tail << 2;
    }
    const total = f32x4.splat(laneSum(sum));
    end = out + vectors;
    while (out < end) {
      const p = f32x4.div(v128.load(out), total);
      v128.store(out, v128.andnot(p, f32x4.lt(p, smallest)));
      out += 16;
    }
    if (tail) {
      const p = f32x4.div(last, total);
      storeTail(out, v128.andnot(p, f32x4.lt(p, smallest)), tail);
      out += <usize>tail << 2;
    }
  }
}

/** dz := p · (dout − Σ dout·p) of each row, p = out. */
export function softmaxBackward(dz: usize, dout: usize, out: usize, rows: i32, units: i32): void {
  const vectors = <usize>(units & ~3) << 2;
  const tail = units & 3;
  const zero = f32x4.splat(0);
  for (; rows > 0; rows--) {
    const mean = rowDot(dout, out, units);
    const end = dz + vectors;
    while (dz < end) {
      v128.store(dz, f32x4.mul(v128.load(out), f32x4.sub(v128.load(dout), mean)));
      dz += 16;
      dout += 16;
      out += 16;
    }
    if (tail) {
      storeTail(dz, f32x4.mul(loadTail(out, tail), f32x4.sub(loadTail(dout, tail), mean)), tail);
      dz += <usize>tail << 2;
      dout += <usize>tail << 2;
      out += <usize>tail << 2;
    }
  }
}

/** out := z − maximum − log Σ e^(z − maximum) of each row. */
export function logSoftmaxForward(out: usize, z: usize, rows: i32, units: i32): void {
  const vectors = <usize>(units & ~3) << 2;
  const tail = units & 3;
  const lowest = constant(softmaxTable, 0);
  for (; rows > 0; rows--) {
    const maximum = rowMaximum(z, units);
    let sum = f32x4.splat(0);
    let at = z;
    let end = z + vectors;
    while (at < end) {
      sum = f32x4.add(sum, exp(f32x4.sub(v128.load(at), maximum)));
      at += 16;
    }
    if (tail) sum = f32x4.add(sum, calledExp(f32x4.sub(loadFilledTail(at, tail, lowest), maximum)));
    const logarithm = calledLog(f32x4.splat(laneSum(sum)));
    while (z < end) {
      v128.store(out, f32x4.sub(f32x4.sub(v128.load(z), maximum), logarithm));
      z += 16;
      out += 16;
    }
    if (tail) {
      storeTail(out, f32x4.sub(f32x4.sub(loadFilledTail(z, tail, lowest), maximum), logarithm), tail);
      z += <usize>tail << 2;
      out += <usize>tail << 2;
    }
  }
}

/** dz := dout − e^out · Σ dout of each row. */
export function logSoftmaxBackward(dz: usize, dout: usize, out: usize, rows: i32, units: i32): void {
  const vectors = <usize>(units & ~3) << 2;
  const tail = units & 3;
  const zero = f32x4.splat(0);
  for (; rows > 0; rows--) {
    let sum = zero;
    let at = dout;
    let end = dout + vectors;
    while (at < end) {
      sum = f32x4.add(sum, v128.load(at));
      at += 16;
    }
    if (tail) sum = f32x4.add(sum, loadTail(at, tail));
    const total = f32x4.splat(laneSum(sum));
    while (dout < end) {
      v128.store(dz, f32x4.sub(v128.load(dout), f32x4.mul(exp(v128.load(out)), total)));
      dz += 16;
      dout += 16;
      out += 16;
    }
    if (tail) {
      storeTail(dz, f32x4.sub(loadTail(dout, tail), f32x4.mul(calledExp(loadTail(out, tail)), total)), tail);
      dz += <usize>tail << 2;
      dout += <usize>tail << 2;
      out += <usize>tail << 2;
    }
  }
}

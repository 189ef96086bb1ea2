/**
 * Losses and accuracy: `loss` for an output of any layer, two losses fused with the activation before them, and counts
 * of right answers. Element losses are float32 and add up in float64; a loss beyond float32 is infinite. The division by
 * rows is the model's, except in gradients. Nothing here checks targets: a class that is none gives NaN.
 *
 * Where a loss clips its probabilities, the gradient is the one at the clipped value, not zero: with Keras' zero, a
 * saturated wrong output would never learn.
 */

import { exp, log, tanh } from "./math";
import { unlessBelow } from "./simd";

/** The place of each loss in `lossCodes` of src/backend/plan.ts. */
enum Loss {
  meanSquaredError, halfSquaredError, meanAbsoluteError, huber, logCosh, binaryCrossentropy, categoricalCrossentropy,
  sparseCategoricalCrossentropy, hinge, squaredHinge, kullbackLeiblerDivergence, poisson,
}

/** The bounds of probabilities, as in Keras; the size below which a gradient counts as 0; and small numbers. */
const constants = memory.data<f32>([1e-7, 1 - 1e-7, 1e-30, 1, 0.5, -0.5, -1, -2]);
/** The numbers of the lanes. */
const lanes = memory.data<i32>([0, 1, 2, 3], 16);

/** Constants come from memory: engines rebuild a splatted constant with several instructions in every turn of a loop. */
enum Constant { lowest, highest, tiny, one, half, minusHalf, minusOne, minusTwo }

// @ts-ignore: decorator
@inline
function constant(index: Constant): v128 {
  return v128.load32_splat(constants + (<usize>index << 2));
}

/**
 * sum[0] += Σ of the element losses; dout, unless its address is 0, := ∂/∂out of Σ / (rows · divisor), or of Σ itself
 * where the divisor is 0. Unless the address of `weights` is 0, that loss of each row counts as many times. `parameter` is
 * huber's delta.
 */
export function loss(
  sum: usize, dout: usize, out: usize, target: usize, weights: usize, rows: i32, units: i32, loss: i32, divisor: i32, parameter: f32,
): void {
  const scale = f32x4.splat(divisor == 0 ? 1 : <f32>(1 / (<f64>rows * <f64>divisor)));
  const count = rows * units;
  if (loss == Loss.categoricalCrossentropy || loss == Loss.sparseCategoricalCrossentropy) {
    categoricalCrossentropy(sum, dout, out, target, weights, rows, units, scale, loss == Loss.sparseCategoricalCrossentropy);
  } else if (loss == Loss.meanSquaredError && weights == 0) {
    elementLoss(Loss.meanSquaredError, sum, dout, out, target, 0, units, count, scale, parameter);
  } else if (loss == Loss.halfSquaredError && weights == 0) {
    elementLoss(Loss.halfSquaredError, sum, dout, out, target, 0, units, count, scale, parameter);
  } else elementLoss(loss, sum, dout, out, target, weights, units, count, scale, parameter);
}

/** One loop over all elements. Where the caller's `loss` is a constant, its loop has no branches; the rarer losses, and weights, share one. */
// @ts-ignore: decorator
@inline
function elementLoss(
  loss: i32, sum: usize, dout: usize, out: usize, target: usize, weights: usize, units: i32, count: i32, scale: v128, parameter: f32,
): void {
  beginWeights(weights);
  const wanted = dout != 0;
  const delta = f32x4.splat(parameter);
  let total = f64x2.splat(0);
  for (let left = count; left > 0; left -= 4) {
    const h = v128.load(out);
    const y = v128.load(target);
    let value: v128;
    let slope: v128;
    if (loss == Loss.meanSquaredError) {
      const d = f32x4.sub(h, y);
      value = f32x4.mul(d, d);
      slope = f32x4.add(d, d);
    } else if (loss == Loss.halfSquaredError) {
      const d = f32x4.sub(h, y);
      value = f32x4.mul(f32x4.mul(constant(Constant.half), d), d);
      slope = d;
    } else if (loss == Loss.meanAbsoluteError) {
      const d = f32x4.sub(h, y);
      value = f32x4.abs(d);
      // The sign of d on a 1; 0 where d is 0.
      slope = nanFrom(d, v128.and(
        v128.bitselect(d, constant(Constant.one), f32x4.splat(-0.0)),
        f32x4.ne(d, f32x4.splat(0)),
      ));
    } else if (loss == Loss.huber) {
      // With c = d kept in [−δ, δ], both branches of the definition are c·(d − c/2), and its derivative is c.
      const d = f32x4.sub(h, y);
      slope = f32x4.pmax(f32x4.pmin(d, delta), f32x4.neg(delta));
      value = f32x4.mul(slope, f32x4.sub(d, f32x4.mul(constant(Constant.half), slope)));
    } else if (loss == Loss.logCosh) {
      // |d| − log(1 + |tanh d|) cannot overflow, but near 0 it cancels; −½·log(1 − tanh² d) is precise there.
      const d = f32x4.sub(h, y);
      slope = tanh(d);
      const size = f32x4.abs(d);
      const near = f32x4.lt(size, constant(Constant.one));
      const part = log1p(v128.bitselect(f32x4.neg(f32x4.mul(slope, slope)), f32x4.abs(slope), near));
      value = v128.bitselect(f32x4.mul(constant(Constant.minusHalf), part), f32x4.sub(size, part), near);
    } else if (loss == Loss.binaryCrossentropy) {
      const p = clip(h, constant(Constant.lowest), constant(Constant.highest));
      const q = f32x4.sub(constant(Constant.one), p);
      value = f32x4.neg(f32x4.add(
        f32x4.mul(y, logarithm(p)),
        f32x4.mul(f32x4.sub(constant(Constant.one), y), log1p(f32x4.neg(p))),
      ));
      slope = f32x4.div(f32x4.sub(p, y), f32x4.mul(p, q));
    } else if (loss == Loss.hinge || loss == Loss.squaredHinge) {
      // A target of 0 is read as −1.
      const side = v128.bitselect(constant(Constant.minusOne), y, f32x4.eq(y, f32x4.splat(0)));
      const margin = f32x4.pmax(f32x4.sub(constant(Constant.one), f32x4.mul(side, h)), f32x4.splat(0));
      if (loss == Loss.hinge) {
        value = margin;
        slope = nanFrom(margin, v128.and(f32x4.neg(side), f32x4.gt(margin, f32x4.splat(0))));
      } else {
        value = f32x4.mul(margin, margin);
        slope = f32x4.mul(f32x4.mul(constant(Constant.minusTwo), side), margin);
      }
    } else if (loss == Loss.kullbackLeiblerDivergence) {
      const truth = clip(y, constant(Constant.lowest), constant(Constant.one));
      const ratio = f32x4.div(truth, clip(h, constant(Constant.lowest), constant(Constant.one)));
      value = f32x4.mul(truth, logarithm(ratio));
      slope = f32x4.neg(ratio);
    } else {
      const rate = f32x4.add(h, constant(Constant.lowest));
      value = f32x4.sub(h, f32x4.mul(y, logarithm(rate)));
      slope = f32x4.sub(constant(Constant.one), f32x4.div(y, rate));
    }
    if (weights != 0) {
      const w = weightsOf(units);
      value = f32x4.mul(value, w);
      slope = f32x4.mul(slope, w);
    }
    total = accumulate(total, value, left);
    if (wanted) {
      v128.store(dout, flush(f32x4.mul(slope, scale)));
      dout += 16;
    }
    out += 16;
    target += 16;
  }
  addTotal(sum, total);
}

/** The weight of the next element, and how many elements of its row went before it. */
let weightAt: usize = 0;
let weightColumn: i32 = 0;

// @ts-ignore: decorator
@inline
function beginWeights(weights: usize): void {
  weightAt = weights;
  weightColumn = 0;
}

/** The weights of the next four elements: each is that of its row, of `units` elements. */
function weightsOf(units: i32): v128 {
  let w = f32x4.splat(0);
  for (let lane = 0; lane < 4; lane++) {
    // Turned by a lane each time, after four times every one is at its place.
    w = f32x4.replace_lane(v128.shuffle<f32>(w, w, 1, 2, 3, 0), 3, load<f32>(weightAt));
    if (++weightColumn == units) {
      weightColumn = 0;
      weightAt += 4;
    }
  }
  return w;
}

/*
 * The row-wise kernels below take four rows at a time, one in each lane: no sum or maximum across lanes, one logarithm
 * and one division for four rows, and no tail in the columns. The last rows of a number that four does not divide are
 * filled up with the last row: it is computed and stored again with the same result, and counted once.
 */

/** −Σ y·log p with p = out / Σ out, a row each; dout by the chain rule through that division. */
function categoricalCrossentropy(
  sum: usize, dout: usize, out: usize, target: usize, weights: usize, rows: i32, units: i32, scale: v128, sparse: bool,
): void {
  const stride = <usize>units << 2;
  const targetStride: usize = sparse ? 4 : stride;
  const wanted = dout != 0;
  const one = constant(Constant.one);
  let total = f64x2.splat(0);
  for (let left = rows; left > 0; left -= 4) {
    const second = rowOffset(0, stride, left, 1);
    const third = rowOffset(second, stride, left, 2);
    const fourth = rowOffset(third, stride, left, 3);
    const classes = sparse ? rowValues(target, left) : one;

    let mass = f32x4.splat(0);
    let weight = f32x4.splat(0);
    let column = f32x4.splat(0);
    for (let at: usize = 0; at < stride; at += 4) {
      const y = sparse ? isClass(classes, column) : gather(target + at, second, third, fourth);
      mass = f32x4.add(mass, gather(out + at, second, third, fourth));
      weight = f32x4.add(weight, y);
      column = f32x4.add(column, one);
    }
    if (sparse) weight = oneOrNaN(weight);

    const inverse = f32x4.div(one, mass);
    const w = weights == 0 ? one : rowValues(weights, left);
    const slopeScale = f32x4.mul(f32x4.mul(scale, inverse), w);
    // A sum of no products, but NaN where the class is none.
    let value = f32x4.sub(weight, weight);
    column = f32x4.splat(0);
    for (let at: usize = 0; at < stride; at += 4) {
      const y = sparse ? isClass(classes, column) : gather(target + at, second, third, fourth);
      const p = clip(f32x4.mul(gather(out + at, second, third, fourth), inverse), constant(Constant.lowest), constant(Constant.highest));
      value = f32x4.sub(value, f32x4.mul(y, logarithm(p)));
      if (wanted) {
        scatter(dout + at, second, third, fourth, flush(f32x4.mul(f32x4.sub(weight, f32x4.div(y, p)), slopeScale)));
      }
      column = f32x4.add(column, one);
    }
    total = accumulate(total, f32x4.mul(value, w), left);

    out += stride << 2;
    target += targetStride << 2;
    if (weights != 0) weights += 16;
    if (wanted) dout += stride << 2;
  }
  addTotal(sum, total);
}

/**
 * out := softmax(z); sum[0] += Σ −y·log out, from the logits; dz := (out·Σy − y) / rows, or none where its address is 0. Weights as in
 * `loss`.
 */
export function softmaxCrossentropy(
  sum: usize, out: usize, dz: usize, z: usize, target: usize, weights: usize, rows: i32, units: i32, sparse: i32,
): void {
  const stride = <usize>units << 2;
  const targetStride: usize = sparse ? 4 : stride;
  const wanted = dz != 0;
  const scale = f32x4.splat(<f32>(1 / <f64>rows));
  const one = constant(Constant.one);
  let total = f64x2.splat(0);
  for (let left = rows; left > 0; left -= 4) {
    const second = rowOffset(0, stride, left, 1);
    const third = rowOffset(second, stride, left, 2);
    const fourth = rowOffset(third, stride, left, 3);
    const classes = sparse ? rowValues(target, left) : one;

    let largest = gather(z, second, third, fourth);
    for (let at: usize = 4; at < stride; at += 4) {
      largest = f32x4.pmax(largest, gather(z + at, second, third, fourth));
    }

    // The loss is Σ y·(log Σ e^(z − largest) − (z − largest)): no probability is taken the logarithm of.
    let mass = f32x4.splat(0);
    let weight = f32x4.splat(0);
    let value = f32x4.splat(0);
    let column = f32x4.splat(0);
    for (let at: usize = 0; at < stride; at += 4) {
      const y = sparse ? isClass(classes, column) : gather(target + at, second, third, fourth);
      const d = f32x4.sub(gather(z + at, second, third, fourth), largest);
      const e = exp(d);
      scatter(out + at, second, third, fourth, e);
      mass = f32x4.add(mass, e);
      weight = f32x4.add(weight, y);
      // Where y is 0 the product is 0 even if the logit is −∞.
      value = f32x4.sub(value, v128.and(f32x4.mul(y, d), f32x4.ne(y, f32x4.splat(0))));
      column = f32x4.add(column, one);
    }
    if (sparse) weight = oneOrNaN(weight);
    value = f32x4.add(value, f32x4.mul(weight, logarithm(mass)));
    const w = weights == 0 ? one : rowValues(weights, left);
    total = accumulate(total, f32x4.mul(value, w), left);

    const inverse = f32x4.div(one, mass);
    const slopeScale = f32x4.mul(scale, w);
    column = f32x4.splat(0);
    for (let at: usize = 0; at < stride; at += 4) {
      const p = flush(f32x4.mul(gather(out + at, second, third, fourth), inverse));
      scatter(out + at, second, third, fourth, p);
      if (wanted) {
        const y = sparse ? isClass(classes, column) : gather(target + at, second, third, fourth);
        scatter(dz + at, second, third, fourth, flush(f32x4.mul(f32x4.sub(f32x4.mul(p, weight), y), slopeScale)));
      }
      column = f32x4.add(column, one);
    }

    out += stride << 2;
    z += stride << 2;
    target += targetStride << 2;
    if (weights != 0) weights += 16;
    if (wanted) dz += stride << 2;
  }
  addTotal(sum, total);
}

/** out := σ(z); sum[0] += Σ max(z, 0) − z·y + log1p(e^(−|z|)); dz := (out − y) / (rows · units), or none. Weights as in `loss`. */
export function sigmoidCrossentropy(sum: usize, out: usize, dz: usize, z: usize, target: usize, weights: usize, rows: i32, units: i32): void {
  beginWeights(weights);
  const wanted = dz != 0;
  const scale = f32x4.splat(<f32>(1 / (<f64>rows * <f64>units)));
  const one = constant(Constant.one);
  const zero = f32x4.splat(0);
  let total = f64x2.splat(0);
  for (let left = rows * units; left > 0; left -= 4) {
    const x = v128.load(z);
    const y = v128.load(target);
    // e^(−|x|) cannot overflow; it serves both signs and the loss.
    const e = exp(f32x4.neg(f32x4.abs(x)));
    const p = flush(f32x4.div(v128.bitselect(e, one, f32x4.lt(x, zero)), f32x4.add(one, e)));
    v128.store(out, p);
    let value = f32x4.add(f32x4.sub(f32x4.pmax(x, zero), f32x4.mul(x, y)), log1p(e));
    let slope = f32x4.sub(p, y);
    if (weights != 0) {
      const w = weightsOf(units);
      value = f32x4.mul(value, w);
      slope = f32x4.mul(slope, w);
    }
    total = accumulate(total, value, left);
    if (wanted) {
      v128.store(dz, flush(f32x4.mul(slope, scale)));
      dz += 16;
    }
    out += 16;
    z += 16;
    target += 16;
  }
  addTotal(sum, total);
}

/** The place of each kind in `accuracyCodes` of src/backend/plan.ts. */
enum Accuracy { binary, categorical, sparse }

/**
 * sum[0] += the number of right answers. Binary: elements above the threshold where the target is 1, at or below it where it
 * is 0 or −1; nothing answers another target. Otherwise rows whose largest output, the first of equals, is at the class of
 * the target. NaN is wrong.
 */
export function accuracy(sum: usize, out: usize, target: usize, rows: i32, units: i32, kind: i32, threshold: f32): void {
  let right = i32x4.splat(0);
  if (kind == Accuracy.binary) {
    const limit = f32x4.splat(threshold);
    for (let left = rows * units; left > 0; left -= 4) {
      const h = v128.load(out);
      const y = v128.load(target);
      const yes = v128.and(f32x4.gt(h, limit), f32x4.eq(y, constant(Constant.one)));
      const zeroOrMinusOne = v128.or(f32x4.eq(y, f32x4.splat(0)), f32x4.eq(y, constant(Constant.minusOne)));
      const no = v128.and(f32x4.le(h, limit), zeroOrMinusOne);
      right = i32x4.sub(right, v128.and(v128.or(yes, no), firstLanes(left)));
      out += 16;
      target += 16;
    }
  } else {
    const stride = <usize>units << 2;
    const sparse = kind == Accuracy.sparse;
    const targetStride: usize = sparse ? 4 : stride;
    for (let left = rows; left > 0; left -= 4) {
      const second = rowOffset(0, stride, left, 1);
      const third = rowOffset(second, stride, left, 2);
      const fourth = rowOffset(third, stride, left, 3);
      const guess = argmax(out, second, third, fourth, stride);
      const truth = sparse ? rowValues(target, left) : argmax(target, second, third, fourth, stride);
      right = i32x4.sub(right, v128.and(f32x4.eq(guess, truth), firstLanes(left)));
      out += stride << 2;
      target += targetStride << 2;
    }
  }
  const count = i32x4.extract_lane(right, 0) + i32x4.extract_lane(right, 1) + i32x4.extract_lane(right, 2) + i32x4.extract_lane(right, 3);
  store<f64>(sum, load<f64>(sum) + <f64>count);
}

/** The column of the first maximum of each of four rows; NaN, which equals no class, where the row holds NaN. */
function argmax(at: usize, second: usize, third: usize, fourth: usize, stride: usize): v128 {
  const one = constant(Constant.one);
  let largest = gather(at, second, third, fourth);
  let place = f32x4.splat(0);
  let column = place;
  let nan = f32x4.ne(largest, largest);
  for (let end = at + stride - 4; at != end;) {
    at += 4;
    column = f32x4.add(column, one);
    const x = gather(at, second, third, fourth);
    const larger = f32x4.gt(x, largest);
    largest = v128.bitselect(x, largest, larger);
    place = v128.bitselect(column, place, larger);
    nan = v128.or(nan, f32x4.ne(x, x));
  }
  return v128.or(place, nan);
}

/** Where row `row` of the group of four begins, given the row before it; the last row there is stands for all after it. */
// @ts-ignore: decorator
@inline
function rowOffset(before: usize, stride: usize, left: i32, row: i32): usize {
  return left > row ? before + stride : before;
}

/** One value of each of four rows; the offsets are those of the rows after the first. */
// @ts-ignore: decorator
@inline
function gather(at: usize, second: usize, third: usize, fourth: usize): v128 {
  let x = v128.load32_zero(at);
  x = v128.load32_lane(at + second, x, 1);
  x = v128.load32_lane(at + third, x, 2);
  return v128.load32_lane(at + fourth, x, 3);
}

// @ts-ignore: decorator
@inline
function scatter(at: usize, second: usize, third: usize, fourth: usize, x: v128): void {
  v128.store32_lane(at, x, 0);
  v128.store32_lane(at + second, x, 1);
  v128.store32_lane(at + third, x, 2);
  v128.store32_lane(at + fourth, x, 3);
}

/** Class indices or weights: the values of four rows that have one each. */
function rowValues(at: usize, left: i32): v128 {
  const second = rowOffset(0, 4, left, 1);
  const third = rowOffset(second, 4, left, 2);
  return gather(at, second, third, rowOffset(third, 4, left, 3));
}

/** 1 where the class is that of this column, else 0. */
// @ts-ignore: decorator
@inline
function isClass(classes: v128, column: v128): v128 {
  return v128.and(f32x4.eq(classes, column), constant(Constant.one));
}

/** A class that is none was met in no column: its weight of 0 becomes NaN, and any other stays 1. */
// @ts-ignore: decorator
@inline
function oneOrNaN(weight: v128): v128 {
  return f32x4.div(weight, weight);
}

/** The one copy of its long body that the functions of this file call. */
function logarithm(x: v128): v128 {
  return log(x);
}

/** log(1 + x) for x > −1, precise near 0: what the rounding of 1 + x left out is added to first order. */
function log1p(x: v128): v128 {
  const one = constant(Constant.one);
  const u = f32x4.add(one, x);
  return f32x4.add(logarithm(u), f32x4.div(f32x4.sub(x, f32x4.sub(u, one)), u));
}

/** Kept in [low, high]; NaN stays NaN. */
// @ts-ignore: decorator
@inline
function clip(x: v128, low: v128, high: v128): v128 {
  return f32x4.pmax(f32x4.pmin(x, high), low);
}

/** Gradients and probabilities below 1e-30 become 0: denormal numbers would make the products after them 150 times slower. */
// @ts-ignore: decorator
@inline
function flush(x: v128): v128 {
  return unlessBelow(x, constant(Constant.tiny));
}

/** y, but NaN where x is: a lane of ones is a NaN. */
// @ts-ignore: decorator
@inline
function nanFrom(x: v128, y: v128): v128 {
  return v128.or(y, f32x4.ne(x, x));
}

/** Ones in the first `left` lanes. */
// @ts-ignore: decorator
@inline
function firstLanes(left: i32): v128 {
  return i32x4.gt_s(i32x4.splat(left), v128.load(lanes));
}

/** Adds the first `left` lanes in float64; what stands in padding does not count. */
// @ts-ignore: decorator
@inline
function accumulate(total: v128, x: v128, left: i32): v128 {
  const counted = v128.and(x, firstLanes(left));
  const high = v128.shuffle<i32>(counted, counted, 2, 3, 2, 3);
  return f64x2.add(total, f64x2.add(f64x2.promote_low_f32x4(counted), f64x2.promote_low_f32x4(high)));
}

// @ts-ignore: decorator
@inline
function addTotal(sum: usize, total: v128): void {
  store<f64>(sum, load<f64>(sum) + (f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1)));
}

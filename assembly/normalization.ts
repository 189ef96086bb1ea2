/**
 * Normalisation: over the columns of a batch (Ioffe and Szegedy 2015), over each of its rows (Ba, Kiros and Hinton 2016), and
 * by statistics that are given. What belongs to a column is one kernel for `columns` columns of rows that are `units` long, so
 * that threads share out the columns. Sums run over blocks of rows: the rounding of many rows is that of a few blocks.
 */

import { constant } from "./math";
import { laneSum, multiplyAdd, paddedBytes, unlessBelow } from "./simd";

/** Rows of a block. */
const BLOCK: i32 = 64;

// Four zeros and four ones, which stand for what there is none of; below 1e-18 squares are denormal, below 1e-30 gradients count as 0; the
// smallest normal number.
const table = memory.data<f32>([0, 0, 0, 0, 1, 1, 1, 1, 1e-18, 1e-30, 1.17549435e-38]);
const ONES: usize = 16;

/** All ones in the first `left` lanes. */
// @ts-ignore: decorator
@inline
function lanes(left: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(left));
}

/** range += the first `left` lanes of x: padding stays 0. */
function addLanes(range: usize, x: v128, left: i32): void {
  if (left > 0) v128.store(range, f32x4.add(v128.load(range), v128.and(x, lanes(left))));
}

/** Stores the first `left` lanes of x, fewer than 4: what is behind them belongs to the next row. */
function storeLanes(range: usize, x: v128, left: i32): void {
  v128.store_lane<f32>(range, x, 0);
  if (left > 1) v128.store_lane<f32>(range, x, 1, 4);
  if (left > 2) v128.store_lane<f32>(range, x, 2, 8);
}

/** Where the n-th vector of 16 columns begins, of which `left` are to be read: the first again where there are not so many. */
// @ts-ignore: decorator
@inline
function offset(n: i32, left: i32): usize {
  return left > n << 2 ? <usize>n << 4 : 0;
}

/** What to keep of the way to a column: all, or where there is no range, and all columns have the same of the table, nothing. */
// @ts-ignore: decorator
@inline
function everyColumn(range: usize): usize {
  return range ? ~(<usize>0) : 0;
}

/** A deviation whose square is no denormal number, which would be slow. */
// @ts-ignore: decorator
@inline
function deviation(x: v128, mean: v128): v128 {
  return unlessBelow(f32x4.sub(x, mean), constant(table, 8));
}

/** to += the sums of up to 16 columns over `rows` rows that are `bytes` apart. */
function addColumns(to: usize, input: usize, rows: i32, bytes: usize, left: i32): void {
  const o1 = offset(1, left);
  const o2 = offset(2, left);
  const o3 = offset(3, left);
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (; rows > 0; rows--) {
    s0 = f32x4.add(s0, v128.load(input));
    s1 = f32x4.add(s1, v128.load(input + o1));
    s2 = f32x4.add(s2, v128.load(input + o2));
    s3 = f32x4.add(s3, v128.load(input + o3));
    input += bytes;
  }
  addLanes(to, s0, left);
  addLanes(to + 16, s1, left - 4);
  addLanes(to + 32, s2, left - 8);
  addLanes(to + 48, s3, left - 12);
}

/** to += the sums of squared deviations of up to 16 columns. */
function addSquares(to: usize, input: usize, mean: usize, rows: i32, bytes: usize, left: i32): void {
  const o1 = offset(1, left);
  const o2 = offset(2, left);
  const o3 = offset(3, left);
  const m0 = v128.load(mean);
  const m1 = v128.load(mean + o1);
  const m2 = v128.load(mean + o2);
  const m3 = v128.load(mean + o3);
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (; rows > 0; rows--) {
    const d0 = deviation(v128.load(input), m0);
    const d1 = deviation(v128.load(input + o1), m1);
    const d2 = deviation(v128.load(input + o2), m2);
    const d3 = deviation(v128.load(input + o3), m3);
    s0 = multiplyAdd(d0, d0, s0);
    s1 = multiplyAdd(d1, d1, s1);
    s2 = multiplyAdd(d2, d2, s2);
    s3 = multiplyAdd(d3, d3, s3);
    input += bytes;
  }
  addLanes(to, s0, left);
  addLanes(to + 16, s1, left - 4);
  addLanes(to + 32, s2, left - 8);
  addLanes(to + 48, s3, left - 12);
}

/** range := range / count, of what belongs to columns. */
function divide(range: usize, bytes: usize, count: i32): void {
  const divisor = f32x4.splat(<f32>count);
  for (; bytes > 0; bytes -= 16) {
    v128.store(range, f32x4.div(v128.load(range), divisor));
    range += 16;
  }
}

/** mean, variance := those of each column of input[rows, units], the variance the biased one. Two passes, for accuracy. */
export function columnMoments(mean: usize, variance: usize, input: usize, rows: i32, columns: i32, units: i32): void {
  const bytes = <usize>units << 2;
  const all = paddedBytes(columns);
  memory.fill(mean, 0, all);
  memory.fill(variance, 0, all);
  for (let pass = 0; pass < 2; pass++) {
    let block = input;
    for (let left = rows; left > 0; left -= BLOCK) {
      const count = min(left, BLOCK);
      for (let column = 0; column < columns; column += 16) {
        const at = <usize>column << 2;
        if (pass) addSquares(variance + at, block + at, mean + at, count, bytes, columns - column);
        else addColumns(mean + at, block + at, count, bytes, columns - column);
      }
      block += <usize>BLOCK * bytes;
    }
    divide(pass ? variance : mean, all, rows);
  }
}

/** scale := gamma / √(variance + epsilon); a gamma address of 0 means 1. */
export function columnScales(scale: usize, variance: usize, gamma: usize, columns: i32, epsilon: f32): void {
  const step: usize = gamma ? 16 : 0;
  if (!gamma) gamma = table + ONES;
  const least = f32x4.splat(epsilon);
  for (let bytes = paddedBytes(columns); bytes > 0; bytes -= 16) {
    v128.store(scale, f32x4.div(v128.load(gamma), f32x4.sqrt(f32x4.add(v128.load(variance), least))));
    scale += 16;
    variance += 16;
    gamma += step;
  }
}

/** out[rows, units] := (input − mean) · scale + beta, column by column; a mean or beta address of 0 means 0. */
export function normalizeColumns(out: usize, input: usize, mean: usize, scale: usize, beta: usize, rows: i32, units: i32): void {
  const bytes = <usize>units << 2;
  const wide = bytes & ~15;
  const means = everyColumn(mean);
  const betas = everyColumn(beta);
  if (!mean) mean = table;
  if (!beta) beta = table;
  for (; rows > 0; rows--) {
    let at: usize = 0;
    for (; at < wide; at += 16) v128.store(out + at, normalized(input + at, mean + (at & means), scale + at, beta + (at & betas)));
    if (at < bytes) storeLanes(out + at, normalized(input + at, mean + (at & means), scale + at, beta + (at & betas)), units & 3);
    out += bytes;
    input += bytes;
  }
}

// @ts-ignore: decorator
@inline
function normalized(input: usize, mean: usize, scale: usize, beta: usize): v128 {
  return multiplyAdd(f32x4.sub(v128.load(input), v128.load(mean)), v128.load(scale), v128.load(beta));
}

/** to, more += the sums of dout, and of dout times deviation, of up to 16 columns. */
function addSlopes(to: usize, more: usize, input: usize, dout: usize, mean: usize, rows: i32, bytes: usize, left: i32): void {
  const o1 = offset(1, left);
  const o2 = offset(2, left);
  const o3 = offset(3, left);
  const m0 = v128.load(mean);
  const m1 = v128.load(mean + o1);
  const m2 = v128.load(mean + o2);
  const m3 = v128.load(mean + o3);
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let p0 = s0;
  let p1 = s0;
  let p2 = s0;
  let p3 = s0;
  for (; rows > 0; rows--) {
    let d = v128.load(dout);
    s0 = f32x4.add(s0, d);
    p0 = multiplyAdd(d, f32x4.sub(v128.load(input), m0), p0);
    d = v128.load(dout + o1);
    s1 = f32x4.add(s1, d);
    p1 = multiplyAdd(d, f32x4.sub(v128.load(input + o1), m1), p1);
    d = v128.load(dout + o2);
    s2 = f32x4.add(s2, d);
    p2 = multiplyAdd(d, f32x4.sub(v128.load(input + o2), m2), p2);
    d = v128.load(dout + o3);
    s3 = f32x4.add(s3, d);
    p3 = multiplyAdd(d, f32x4.sub(v128.load(input + o3), m3), p3);
    input += bytes;
    dout += bytes;
  }
  addLanes(to, s0, left);
  addLanes(to + 16, s1, left - 4);
  addLanes(to + 32, s2, left - 8);
  addLanes(to + 48, s3, left - 12);
  addLanes(more, p0, left);
  addLanes(more + 16, p1, left - 4);
  addLanes(more + 32, p2, left - 8);
  addLanes(more + 48, p3, left - 12);
}

/**
 * With x̂ = (input − mean) / √(variance + epsilon): dbeta += Σ dout and dgamma += Σ dout·x̂ over the rows (address 0: not wanted);
 * slope := Σ dout / rows and tilt := Σ dout·x̂ / √(variance + epsilon) / rows, for `normalizeColumnsBackward`.
 */
export function columnSlopes(
  dgamma: usize, dbeta: usize, slope: usize, tilt: usize, input: usize, dout: usize, mean: usize, variance: usize, rows: i32,
  columns: i32, units: i32, epsilon: f32,
): void {
  const bytes = <usize>units << 2;
  const all = paddedBytes(columns);
  memory.fill(slope, 0, all);
  memory.fill(tilt, 0, all);
  for (let left = rows; left > 0; left -= BLOCK) {
    const count = min(left, BLOCK);
    for (let column = 0; column < columns; column += 16) {
      const at = <usize>column << 2;
      addSlopes(slope + at, tilt + at, input + at, dout + at, mean + at, count, bytes, columns - column);
    }
    input += <usize>BLOCK * bytes;
    dout += <usize>BLOCK * bytes;
  }
  const least = f32x4.splat(epsilon);
  const divisor = f32x4.splat(<f32>rows);
  for (let at: usize = 0; at < all; at += 16) {
    const sum = v128.load(slope + at);
    const spread = f32x4.sqrt(f32x4.add(v128.load(variance + at), least));
    const product = f32x4.div(v128.load(tilt + at), spread);
    if (dbeta) v128.store(dbeta + at, f32x4.add(v128.load(dbeta + at), sum));
    if (dgamma) v128.store(dgamma + at, f32x4.add(v128.load(dgamma + at), product));
    v128.store(slope + at, f32x4.div(sum, divisor));
    v128.store(tilt + at, f32x4.div(product, f32x4.mul(spread, divisor)));
  }
}

/** dinput[rows, units] := scale · (dout − slope − (input − mean)·tilt), 0 where that is below 1e-30. */
export function normalizeColumnsBackward(
  dinput: usize, input: usize, dout: usize, mean: usize, scale: usize, slope: usize, tilt: usize, rows: i32, units: i32,
): void {
  const bytes = <usize>units << 2;
  const wide = bytes & ~15;
  for (; rows > 0; rows--) {
    let at: usize = 0;
    for (; at < wide; at += 16) v128.store(dinput + at, columnGradient(input + at, dout + at, mean + at, scale + at, slope + at, tilt + at));
    if (at < bytes) storeLanes(dinput + at, columnGradient(input + at, dout + at, mean + at, scale + at, slope + at, tilt + at), units & 3);
    dinput += bytes;
    input += bytes;
    dout += bytes;
  }
}

// @ts-ignore: decorator
@inline
function columnGradient(input: usize, dout: usize, mean: usize, scale: usize, slope: usize, tilt: usize): v128 {
  const centred = f32x4.sub(v128.load(dout), v128.load(slope));
  const d = multiplyAdd(f32x4.sub(v128.load(mean), v128.load(input)), v128.load(tilt), centred);
  return unlessBelow(f32x4.mul(d, v128.load(scale)), constant(table, 9));
}

/**
 * out[rows, units] := x̂·gamma + beta, where x̂ = (input − mean) · inverse with the row's own mean and inverse = 1 / √(variance + epsilon),
 * a pair that is kept in statistics[rows, 2]; a gamma address of 0 means 1, a beta address of 0 means 0.
 */
export function normalizeRows(
  out: usize, statistics: usize, input: usize, gamma: usize, beta: usize, rows: i32, units: i32, epsilon: f32,
): void {
  const bytes = <usize>units << 2;
  const wide = bytes & ~15;
  const gammas = everyColumn(gamma);
  const betas = everyColumn(beta);
  const pairs = bytes & ~31;
  const rest = lanes(units & 3);
  if (!gamma) gamma = table + ONES;
  if (!beta) beta = table;
  for (; rows > 0; rows--) {
    // Two sums side by side: an addition waits for the one before it.
    let s0 = f32x4.splat(0);
    let s1 = v128.and(v128.load(input + wide), rest);
    for (let at = input, end = input + pairs; at < end; at += 32) {
      s0 = f32x4.add(s0, v128.load(at));
      s1 = f32x4.add(s1, v128.load(at, 16));
    }
    if (pairs < wide) s0 = f32x4.add(s0, v128.load(input + pairs));
    const mean = f32x4.splat(laneSum(f32x4.add(s0, s1)) / <f32>units);
    s1 = v128.and(deviation(v128.load(input + wide), mean), rest);
    s1 = f32x4.mul(s1, s1);
    s0 = f32x4.splat(0);
    for (let at = input, end = input + pairs; at < end; at += 32) {
      const d0 = deviation(v128.load(at), mean);
      const d1 = deviation(v128.load(at, 16), mean);
      s0 = multiplyAdd(d0, d0, s0);
      s1 = multiplyAdd(d1, d1, s1);
    }
    if (pairs < wide) {
      const d = deviation(v128.load(input + pairs), mean);
      s0 = multiplyAdd(d, d, s0);
    }
    const inverse = f32x4.splat(1 / sqrt<f32>(laneSum(f32x4.add(s0, s1)) / <f32>units + epsilon));
    v128.store_lane<f32>(statistics, mean, 0);
    v128.store_lane<f32>(statistics, inverse, 0, 4);
    let at: usize = 0;
    for (; at < wide; at += 16) v128.store(out + at, rowValue(input + at, mean, inverse, gamma + (at & gammas), beta + (at & betas)));
    if (at < bytes) storeLanes(out + at, rowValue(input + at, mean, inverse, gamma + (at & gammas), beta + (at & betas)), units & 3);
    out += bytes;
    input += bytes;
    statistics += 8;
  }
}

// @ts-ignore: decorator
@inline
function rowValue(input: usize, mean: v128, inverse: v128, gamma: usize, beta: usize): v128 {
  return multiplyAdd(f32x4.mul(f32x4.sub(v128.load(input), mean), inverse), v128.load(gamma), v128.load(beta));
}

/**
 * dinput[rows, units] := inverse · (g − mean of g − x̂ · mean of g·x̂), where g = dout·gamma and both means are over the row; 0 where that
 * is below 1e-30.
 */
export function normalizeRowsBackwardInput(
  dinput: usize, input: usize, dout: usize, statistics: usize, gamma: usize, rows: i32, units: i32,
): void {
  const bytes = <usize>units << 2;
  const wide = bytes & ~15;
  const gammas = everyColumn(gamma);
  const rest = lanes(units & 3);
  if (!gamma) gamma = table + ONES;
  for (; rows > 0; rows--) {
    const mean = v128.load32_splat(statistics);
    const inverse = v128.load32_splat(statistics, 4);
    let sum = f32x4.splat(0);
    let product = sum;
    let at: usize = 0;
    for (; at < wide; at += 16) {
      const g = f32x4.mul(v128.load(dout + at), v128.load(gamma + (at & gammas)));
      sum = f32x4.add(sum, g);
      product = multiplyAdd(g, f32x4.sub(v128.load(input + at), mean), product);
    }
    if (at < bytes) {
      const g = v128.and(f32x4.mul(v128.load(dout + at), v128.load(gamma + (at & gammas))), rest);
      sum = f32x4.add(sum, g);
      product = multiplyAdd(g, v128.and(f32x4.sub(v128.load(input + at), mean), rest), product);
    }
    const slope = f32x4.splat(laneSum(sum) / <f32>units);
    const tilt = f32x4.mul(f32x4.splat(laneSum(product) / <f32>units), f32x4.mul(inverse, inverse));
    for (at = 0; at < wide; at += 16) {
      v128.store(dinput + at, rowGradient(input + at, dout + at, gamma + (at & gammas), mean, inverse, slope, tilt));
    }
    if (at < bytes) {
      storeLanes(dinput + at, rowGradient(input + at, dout + at, gamma + (at & gammas), mean, inverse, slope, tilt), units & 3);
    }
    dinput += bytes;
    input += bytes;
    dout += bytes;
    statistics += 8;
  }
}

// @ts-ignore: decorator
@inline
function rowGradient(input: usize, dout: usize, gamma: usize, mean: v128, inverse: v128, slope: v128, tilt: v128): v128 {
  const centred = f32x4.sub(f32x4.mul(v128.load(dout), v128.load(gamma)), slope);
  const d = multiplyAdd(f32x4.sub(mean, v128.load(input)), tilt, centred);
  return unlessBelow(f32x4.mul(d, inverse), constant(table, 9));
}

/** As `addSlopes`, of x̂ = (input − mean) · inverse by the mean and inverse of each row; address 0: not wanted. */
function addRowSlopes(
  to: usize, more: usize, input: usize, dout: usize, statistics: usize, rows: i32, bytes: usize, left: i32,
): void {
  const o1 = offset(1, left);
  const o2 = offset(2, left);
  const o3 = offset(3, left);
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let p0 = s0;
  let p1 = s0;
  let p2 = s0;
  let p3 = s0;
  for (; rows > 0; rows--) {
    const mean = v128.load32_splat(statistics);
    const inverse = v128.load32_splat(statistics, 4);
    let d = v128.load(dout);
    s0 = f32x4.add(s0, d);
    p0 = multiplyAdd(d, f32x4.mul(f32x4.sub(v128.load(input), mean), inverse), p0);
    d = v128.load(dout + o1);
    s1 = f32x4.add(s1, d);
    p1 = multiplyAdd(d, f32x4.mul(f32x4.sub(v128.load(input + o1), mean), inverse), p1);
    d = v128.load(dout + o2);
    s2 = f32x4.add(s2, d);
    p2 = multiplyAdd(d, f32x4.mul(f32x4.sub(v128.load(input + o2), mean), inverse), p2);
    d = v128.load(dout + o3);
    s3 = f32x4.add(s3, d);
    p3 = multiplyAdd(d, f32x4.mul(f32x4.sub(v128.load(input + o3), mean), inverse), p3);
    input += bytes;
    dout += bytes;
    statistics += 8;
  }
  if (to) {
    addLanes(to, s0, left);
    addLanes(to + 16, s1, left - 4);
    addLanes(to + 32, s2, left - 8);
    addLanes(to + 48, s3, left - 12);
  }
  if (more) {
    addLanes(more, p0, left);
    addLanes(more + 16, p1, left - 4);
    addLanes(more + 32, p2, left - 8);
    addLanes(more + 48, p3, left - 12);
  }
}

/** dgamma += Σ dout·x̂ and dbeta += Σ dout over the rows, x̂ = (input − mean) · inverse of each row; address 0: not wanted. */
export function normalizeRowsBackwardParameters(
  dgamma: usize, dbeta: usize, input: usize, dout: usize, statistics: usize, rows: i32, columns: i32, units: i32,
): void {
  const bytes = <usize>units << 2;
  for (let left = rows; left > 0; left -= BLOCK) {
    const count = min(left, BLOCK);
    for (let column = 0; column < columns; column += 16) {
      const at = <usize>column << 2;
      addRowSlopes(dbeta ? dbeta + at : 0, dgamma ? dgamma + at : 0, input + at, dout + at, statistics, count, bytes, columns - column);
    }
    input += <usize>BLOCK * bytes;
    dout += <usize>BLOCK * bytes;
    statistics += <usize>BLOCK << 3;
  }
}

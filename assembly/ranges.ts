/** What training may do to flat ranges beside an update: clip gradients, gather them over several batches, average weights. */

import { SMALLEST_NORMAL } from "./optimizer";
import { multiplyAdd, paddedBytes, unlessBelow } from "./simd";

/** range := range, but at least −most and at most most; NaN stays. */
export function clip(range: usize, count: i32, most: f32): void {
  const upper = f32x4.splat(most);
  const lower = f32x4.splat(-most);
  for (let bytes = paddedBytes(count); bytes > 0; bytes -= 16, range += 16) {
    v128.store(range, f32x4.pmax(f32x4.pmin(v128.load(range), upper), lower));
  }
}

/** sum := Σ range² in double precision, in a fixed order; added to what it was where `adds` is 1. What lies behind `count` does not count. */
export function sumOfSquares(sum: usize, range: usize, count: i32, adds: i32): void {
  let even = f64x2.splat(0);
  let odd = f64x2.splat(0);
  for (; count >= 4; count -= 4, range += 16) {
    const x = v128.load(range);
    const low = f64x2.promote_low_f32x4(x);
    const high = f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 0));
    even = f64x2.add(even, f64x2.mul(low, low));
    odd = f64x2.add(odd, f64x2.mul(high, high));
  }
  const both = f64x2.add(even, odd);
  let total = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (; count > 0; count--, range += 4) {
    const x = <f64>load<f32>(range);
    total += x * x;
  }
  store<f64>(sum, adds ? load<f64>(sum) + total : total);
}

/** range *= most / (√sum + 1e-6) where that is less than 1, or NaN. */
export function shrink(range: usize, sum: usize, count: i32, most: f32): void {
  const factor = <f64>most / (sqrt(load<f64>(sum)) + 1e-6);
  if (factor >= 1) return;
  const scale = f32x4.splat(<f32>factor);
  for (let bytes = paddedBytes(count); bytes > 0; bytes -= 16, range += 16) v128.store(range, f32x4.mul(v128.load(range), scale));
}

/** accumulated += dparameters; := in steps 1, 1 + every, 1 + 2·every ... */
export function accumulate(accumulated: usize, dparameters: usize, step: usize, count: i32, every: i32): void {
  const anew = (load<i32>(step) - 1) % every == 0;
  for (let at: usize = 0, bytes = paddedBytes(count); at < bytes; at += 16) {
    const g = v128.load(dparameters + at);
    v128.store(accumulated + at, anew ? g : f32x4.add(v128.load(accumulated + at), g));
  }
}

/** dparameters := (accumulated + dparameters) / divisor */
export function meanGradient(dparameters: usize, accumulated: usize, count: i32, divisor: i32): void {
  const batches = f32x4.splat(<f32>divisor);
  for (let at: usize = 0, bytes = paddedBytes(count); at < bytes; at += 16) {
    v128.store(dparameters + at, f32x4.div(f32x4.add(v128.load(accumulated + at), v128.load(dparameters + at)), batches));
  }
}

/** average := keep·average + (1 − keep)·value, denormal results are 0; in step 1, where `step` is not 0, it is the value itself. */
export function blend(average: usize, value: usize, step: usize, count: i32, keep: f32): void {
  if (step && load<i32>(step) == 1) keep = 0;
  const kept = f32x4.splat(keep);
  const share = f32x4.splat(1 - keep);
  for (let at: usize = 0, bytes = paddedBytes(count); at < bytes; at += 16) {
    const mean = multiplyAdd(kept, v128.load(average + at), f32x4.mul(share, v128.load(value + at)));
    v128.store(average + at, unlessBelow(mean, f32x4.splat(SMALLEST_NORMAL)));
  }
}

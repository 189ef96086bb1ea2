/** What weights cost by themselves: l1·Σ|w| + l2·Σw², as Keras has it, and its gradient. */

import { multiplyAdd } from "./simd";

/**
 * sum += rows·(l1·Σ|w| + l2·Σw²), in double precision, over parameters[0 .. count); unless its address is 0,
 * dparameters += l1·sign(w) + 2·l2·w.
 */
export function penalty(sum: usize, dparameters: usize, parameters: usize, rows: i32, count: i32, l1: f32, l2: f32): void {
  const sizes = f32x4.splat(l1);
  const slope = f32x4.splat(2 * l2);
  const first = f64x2.splat(l1);
  const second = f64x2.splat(l2);
  const none = i32x4.splat(0);
  let even = f64x2.splat(0);
  let odd = even;
  for (let left = count; left > 0; left -= 4) {
    // What is in the padding does not count.
    const w = v128.and(v128.load(parameters), i32x4.gt_s(i32x4.splat(left), i32x4(0, 1, 2, 3)));
    const size = f32x4.abs(w);
    const low = f64x2.promote_low_f32x4(size);
    const high = f64x2.promote_low_f32x4(v128.shuffle<i32>(size, size, 2, 3, 2, 3));
    even = f64x2.add(even, f64x2.mul(low, f64x2.add(first, f64x2.mul(second, low))));
    odd = f64x2.add(odd, f64x2.mul(high, f64x2.add(first, f64x2.mul(second, high))));
    parameters += 16;
    if (dparameters == 0) continue;
    const sign = v128.and(v128.bitselect(sizes, w, i32x4.splat(0x7fffffff)), f32x4.ne(w, none));
    v128.store(dparameters, f32x4.add(v128.load(dparameters), multiplyAdd(slope, w, sign)));
    dparameters += 16;
  }
  const total = f64x2.add(even, odd);
  store<f64>(sum, load<f64>(sum) + <f64>rows * (f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1)));
}

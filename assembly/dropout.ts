/**
 * Dropout (Srivastava et al. 2014), scaled in training so that prediction need not be: elements are dropped with
 * probability `rate` and the others divided by 1 − rate, as the random words of threefry.ts say.
 */

import { paddedBytes } from "./simd";
import { drawRows } from "./threefry";

/** mask := 0 or 1/(1 − rate); out := input·mask. Element e takes word e mod 2 of the counter (step[0], ⌊e/2⌋). */
export function dropoutForward(
  out: usize, mask: usize, input: usize, step: usize, rows: i32, units: i32, rate: f32, key0: i32, key1: i32,
): void {
  dropRows(out, mask, input, step, rows, units, rate, key0, key1, 0);
}

/** dinput := dout·mask */
export function dropoutBackward(dinput: usize, dout: usize, mask: usize, rows: i32, units: i32): void {
  for (let bytes = paddedBytes(rows * units); bytes > 0; bytes -= 16) {
    v128.store(dinput, f32x4.mul(v128.load(dout), v128.load(mask)));
    dinput += 16;
    dout += 16;
    mask += 16;
  }
}

/** The same for rows from `first` on, at which a whole number of pairs begins; addresses are those of that row. */
export function dropRows(
  out: usize, mask: usize, input: usize, step: usize, rows: i32, units: i32, rate: f32, key0: i32, key1: i32, first: i32,
): void {
  // A word, read as a signed number, is below this with probability `rate`.
  const threshold = i32x4.splat(<i32>(floor<f64>(<f64>rate * 4294967296) - 2147483648));
  const scale = f32x4.splat(<f32>(1 / (1 - <f64>rate)));
  drawRows(out, mask, input, step, rows, units, key0, key1, first, threshold, scale, true);
}

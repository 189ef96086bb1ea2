/** Gaussian noise: normal numbers from the random words of threefry.ts, two for each pair, by Box and Muller (1958). */

import { constant, log } from "./math";
import { multiplyAdd } from "./simd";
import { drawRows } from "./threefry";

const table = memory.data<f32>([
  // 2^-31; −2; π/4 · 2^-31.
  4.656612873077393e-10, -2, 3.6572952e-10,
  // Cephes sinf and cosf for |a| <= π/4: a + a³·S(a²), 1 − a²/2 + a⁴·C(a²).
  -1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1,
  2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2,
  -0.5, 1,
]);
const integers = memory.data<i32>([1, <i32>0x80000000]);

/**
 * out := input + stddev·n with n standard normal, |n| < 6.6, within 4 ulp. Elements 2k and 2k + 1 are √(−2·log u) times sine and cosine of an angle: u is the
 * first 31 bits of the first word of the counter (step[0], k), the last of them set, over 2³¹; of the second word, two bits choose a
 * quarter of the circle and the others the angle in it.
 */
export function gaussianNoise(out: usize, input: usize, step: usize, rows: i32, units: i32, stddev: f32, key0: i32, key1: i32): void {
  addNoise(out, input, step, rows, units, stddev, key0, key1, 0);
}

/** The same for rows from `first` on, at which a whole number of pairs begins; addresses are those of that row. */
export function addNoise(
  out: usize, input: usize, step: usize, rows: i32, units: i32, stddev: f32, key0: i32, key1: i32, first: i32,
): void {
  const none = i32x4.splat(0);
  drawRows(out, 0, 0, step, rows, units, key0, key1, first, none, none, false);
  const deviation = f32x4.splat(stddev);
  for (let left = rows * units; left > 0; left -= 8) {
    const low = v128.load(out);
    const high = v128.load(out, 16);
    const radius = v128.or(i32x4.shr_u(v128.shuffle<i32>(low, high, 0, 2, 4, 6), 1), constant(integers, 0));
    const angle = v128.shuffle<i32>(low, high, 1, 3, 5, 7);
    const u = f32x4.mul(f32x4.convert_i32x4_s(radius), constant(table, 0));
    let r = f32x4.sqrt(f32x4.mul(log(u), constant(table, 1)));
    // Within ±π/4 of an axis: the first bit says of which, the second on which side of the origin.
    r = v128.xor(r, v128.and(i32x4.shl(angle, 1), constant(integers, 1)));
    const a = f32x4.mul(f32x4.convert_i32x4_s(i32x4.shl(angle, 2)), constant(table, 2));
    const square = f32x4.mul(a, a);
    let sine = multiplyAdd(multiplyAdd(constant(table, 3), square, constant(table, 4)), square, constant(table, 5));
    sine = multiplyAdd(f32x4.mul(sine, square), a, a);
    let cosine = multiplyAdd(multiplyAdd(constant(table, 6), square, constant(table, 7)), square, constant(table, 8));
    cosine = multiplyAdd(f32x4.mul(cosine, square), square, multiplyAdd(square, constant(table, 9), constant(table, 10)));
    const swap = i32x4.shr_s(angle, 31);
    const even = f32x4.mul(r, v128.bitselect(sine, cosine, swap));
    const odd = f32x4.mul(r, v128.bitselect(cosine, sine, swap));
    v128.store(out, multiplyAdd(deviation, v128.shuffle<f32>(even, odd, 0, 4, 1, 5), v128.load(input)));
    if (left > 4) v128.store(out, multiplyAdd(deviation, v128.shuffle<f32>(even, odd, 2, 6, 3, 7), v128.load(input, 16)), 16);
    out += 32;
    input += 32;
  }
}

/** Kernels over plain ranges of memory. */

import { paddedBytes } from "./simd";

/** range[0 .. count) := 0 */
export function zero(range: usize, count: i32): void {
  memory.fill(range, 0, paddedBytes(count));
}

/** counter[0] += 1 */
export function increment(counter: usize): void {
  store<i32>(counter, load<i32>(counter) + 1);
}

/** How many of `count` floats are NaN or infinite. */
export function countNonFinite(range: usize, count: i32): i32 {
  const end = range + (<usize>(count & ~3) << 2);
  const tail = range + (<usize>count << 2);
  let lanes = i32x4.splat(0);
  while (range < end) {
    // x − x is 0 for a finite x and NaN for any other; a comparison gives −1 in each lane where it holds.
    const x = v128.load(range);
    const difference = f32x4.sub(x, x);
    lanes = i32x4.sub(lanes, f32x4.ne(difference, difference));
    range += 16;
  }
  let found = i32x4.extract_lane(lanes, 0) + i32x4.extract_lane(lanes, 1) + i32x4.extract_lane(lanes, 2) + i32x4.extract_lane(lanes, 3);
  while (range < tail) {
    const x = load<f32>(range);
    if (x - x != 0) found++;
    range += 4;
  }
  return found;
}

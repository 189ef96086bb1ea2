/**
 * Random words from Threefry-2x32-20, as in src/random.ts, on four counters at a time: an element's word depends on the key, the step
 * and its place in the batch alone, so threads may share out the rows.
 */

import { constant } from "./math";

const table = memory.data<i32>([0, 1, 2, 3, 4, 8]);

/** Half a round: y rotated to the left, and x into it. */
// @ts-ignore: decorator
@inline
function mix(x: v128, y: v128, left: i32): v128 {
  return v128.xor(v128.or(i32x4.shl(y, left), i32x4.shr_u(y, 32 - left)), x);
}

/**
 * Random words for each element of rows from `first` on, at which a whole number of pairs begins; addresses are those of that row.
 * Where it `drops`, a constant, out and mask are those of `dropoutForward`: a word below `threshold` drops, others scale. Else words go to
 * `out` as they are.
 */
// @ts-ignore: decorator
@inline
export function drawRows(
  out: usize, mask: usize, input: usize, step: usize, rows: i32, units: i32, key0: i32, key1: i32, first: i32, threshold: v128, scale: v128,
  drops: bool,
): void {
  const k0 = i32x4.splat(key0);
  const k1 = i32x4.splat(key1);
  const k2 = i32x4.splat(0x1bd11bda ^ key0 ^ key1);
  const start = i32x4.splat(load<i32>(step) + key0);
  const one = constant(table, 1);
  const four = constant(table, 4);
  const eight = constant(table, 5);
  let counters = i32x4.add(i32x4.splat((first * units >> 1) + key1), v128.load(table));
  for (let left = rows * units; left > 0; left -= 16) {
    // Eight counters, in two sets side by side that keep the machine busy: (x, y) and (u, v).
    let x = start;
    let u = start;
    let y = counters;
    let v = i32x4.add(counters, four);
    counters = i32x4.add(counters, eight);
    let a = k1;
    let b = k2;
    let c = k0;
    let n = one;
    for (let turn = 0; ; turn++) {
      x = i32x4.add(x, y); u = i32x4.add(u, v); y = mix(x, y, 13); v = mix(u, v, 13);
      x = i32x4.add(x, y); u = i32x4.add(u, v); y = mix(x, y, 15); v = mix(u, v, 15);
      x = i32x4.add(x, y); u = i32x4.add(u, v); y = mix(x, y, 26); v = mix(u, v, 26);
      x = i32x4.add(x, y); u = i32x4.add(u, v); y = mix(x, y, 6); v = mix(u, v, 6);
      const odd = i32x4.add(b, n);
      n = i32x4.add(n, one);
      x = i32x4.add(x, a); u = i32x4.add(u, a); y = i32x4.add(y, odd); v = i32x4.add(v, odd);
      if (turn == 2) break;
      x = i32x4.add(x, y); u = i32x4.add(u, v); y = mix(x, y, 17); v = mix(u, v, 17);
      x = i32x4.add(x, y); u = i32x4.add(u, v); y = mix(x, y, 29); v = mix(u, v, 29);
      x = i32x4.add(x, y); u = i32x4.add(u, v); y = mix(x, y, 16); v = mix(u, v, 16);
      x = i32x4.add(x, y); u = i32x4.add(u, v); y = mix(x, y, 24); v = mix(u, v, 24);
      const even = i32x4.add(c, n);
      n = i32x4.add(n, one);
      x = i32x4.add(x, b); u = i32x4.add(u, b); y = i32x4.add(y, even); v = i32x4.add(v, even);
      // Keys take turns: 1 and 2, 2 and 0, 0 and 1, 1 and 2, 2 and 0.
      const last = c;
      c = b;
      b = a;
      a = last;
    }
    put(out, mask, input, v128.shuffle<i32>(x, y, 0, 4, 1, 5), threshold, scale, drops);
    if (left > 4) put(out + 16, mask + 16, input + 16, v128.shuffle<i32>(x, y, 2, 6, 3, 7), threshold, scale, drops);
    if (left > 8) put(out + 32, mask + 32, input + 32, v128.shuffle<i32>(u, v, 0, 4, 1, 5), threshold, scale, drops);
    if (left > 12) put(out + 48, mask + 48, input + 48, v128.shuffle<i32>(u, v, 2, 6, 3, 7), threshold, scale, drops);
    out += 64;
    mask += 64;
    input += 64;
  }
}

// @ts-ignore: decorator
@inline
function put(out: usize, mask: usize, input: usize, words: v128, threshold: v128, scale: v128, drops: bool): void {
  if (!drops) {
    v128.store(out, words);
    return;
  }
  const kept = v128.andnot(scale, i32x4.gt_s(threshold, words));
  v128.store(mask, kept);
  v128.store(out, f32x4.mul(v128.load(input), kept));
}

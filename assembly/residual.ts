/** What a residual block adds to the layers in it. */

import { paddedBytes } from "./simd";

/** out[rows, units] := a + b */
export function add(out: usize, a: usize, b: usize, rows: i32, units: i32): void {
  for (let bytes = paddedBytes(rows * units); bytes > 0; bytes -= 16) {
    v128.store(out, f32x4.add(v128.load(a), v128.load(b)));
    out += 16;
    a += 16;
    b += 16;
  }
}

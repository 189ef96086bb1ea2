/** What weights may be after a step: norms within limits, no negative values. */

/** Values of range[0 .. count) below 0 become 0. */
export function nonNegative(range: usize, count: i32): void {
  const zero = f32x4.splat(0);
  for (; count > 0; count -= 4, range += 16) v128.store(range, f32x4.max(v128.load(range), zero));
}

/** Scales range[0 .. count) so that its norm is from `least` to `most`. */
export function limitNorm(range: usize, count: i32, least: f32, most: f32): void {
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) {
    const x = <f64>load<f32>(range + (<usize>i << 2));
    sum += x * x;
  }
  const scale = scaleOf(sum, least, most);
  for (; count > 0; count--, range += 4) store<f32>(range, load<f32>(range) * scale);
}

/** Scales each column of weight[inputs, units] so that its norm is from `least` to `most`; for the layout see gemm.ts. */
export function limitNorms(weight: usize, inputs: i32, units: i32, least: f32, most: f32): void {
  const wideColumns = ((units + 3) >> 3) << 3;
  for (let column = 0; column < units; column += 4) {
    const start = weight + (<usize>(column & ~7) * inputs << 2) + ((column & 4) << 2);
    const stride: usize = column < wideColumns ? 32 : 16;
    let low = f64x2.splat(0);
    let high = low;
    let at = start;
    for (let left = inputs; left > 0; left--, at += stride) {
      const x = v128.load(at);
      const x0 = f64x2.promote_low_f32x4(x);
      const x2 = f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 2, 3));
      low = f64x2.add(low, f64x2.mul(x0, x0));
      high = f64x2.add(high, f64x2.mul(x2, x2));
    }
    let scale = f32x4.splat(scaleOf(f64x2.extract_lane(low, 0), least, most));
    scale = f32x4.replace_lane(scale, 1, scaleOf(f64x2.extract_lane(low, 1), least, most));
    scale = f32x4.replace_lane(scale, 2, scaleOf(f64x2.extract_lane(high, 0), least, most));
    scale = f32x4.replace_lane(scale, 3, scaleOf(f64x2.extract_lane(high, 1), least, most));
    if (!v128.any_true(f32x4.ne(scale, f32x4.splat(1)))) continue;
    at = start;
    for (let left = inputs; left > 0; left--, at += stride) v128.store(at, f32x4.mul(v128.load(at), scale));
  }
}

/** What brings values with this sum of squares within the limits; where all are 0, or one is NaN, nothing does. */
function scaleOf(sum: f64, least: f32, most: f32): f32 {
  const norm = sqrt(sum);
  if (norm > most) return <f32>(<f64>most / norm);
  if (norm < least && norm > 0) return <f32>min<f64>(<f64>least / norm, f32.MAX_VALUE);
  return 1;
}

/**
 * The vector vocabulary: the one thing in which the builds differ, and short names for what kernels repeat. Kernels are written
 * once against these. There are two builds: strict, and relaxed where the engine may fuse multiplications and additions.
 */

/** a·b + c, rounded twice (strict: the same bits on every machine), or once where the machine can (relaxed). */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** x, or 0 where it is smaller than `least`: denormal numbers take a hundred times as long. */
// @ts-ignore: decorator
@inline
export function unlessBelow(x: v128, least: v128): v128 {
  return v128.andnot(x, f32x4.lt(f32x4.abs(x), least));
}

/** The bytes of `count` floats up to the next multiple of 16: ranges own their padding. */
// @ts-ignore: decorator
@inline
export function paddedBytes(count: i32): usize {
  return ((<usize>count + 3) & ~3) << 2;
}

/** The sum of four lanes, in a fixed order. */
// @ts-ignore: decorator
@inline
export function laneSum(x: v128): f32 {
  return (f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 2)) + (f32x4.extract_lane(x, 1) + f32x4.extract_lane(x, 3));
}

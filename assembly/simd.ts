/**
 * The vector vocabulary: the few operations in which a build may differ, and short names for what kernels repeat.
 * Kernels are written once against these.
 */

/** a·b + c, rounded twice (strict: the same bits on every machine). */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), c);
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

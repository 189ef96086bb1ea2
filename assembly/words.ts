/** The words of an operation in a plan: its code is the 0th, its arguments follow. */

/** The n-th argument: an address, a size or a code. */
// @ts-ignore: decorator
@inline
export function word(plan: usize, n: usize): u32 {
  return load<u32>(plan + (n << 2));
}

/** The n-th argument: a number. */
// @ts-ignore: decorator
@inline
export function scalar(plan: usize, n: usize): f32 {
  return load<f32>(plan + (n << 2));
}

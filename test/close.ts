/** Comparison of arrays within one tolerance, with a message that says where they part. */
import { expect } from 'vitest';

/** Rounding of float32 arithmetic over sums of some hundred terms of size 1. */
export const float32Tolerance = 2e-6;

/** Expects |actual − expected| <= tolerance · max(1, |expected|) everywhere; equal infinities and NaNs agree. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = float32Tolerance, what = 'values'): void {
  expect(actual.length, `${what}: length`).toBe(expected.length);
  let worst = 0;
  let at = -1;
  for (let i = 0; i < actual.length; i++) {
    if (Object.is(actual[i]! + 0, expected[i]! + 0)) continue;
    const error = Math.abs(actual[i]! - expected[i]!) / Math.max(1, Math.abs(expected[i]!));
    if (!(error <= worst)) [worst, at] = [error, i];
  }
  expect(worst <= tolerance, `${what}[${at}]: ${actual[at]} instead of ${expected[at]}, relative error ${worst} > ${tolerance}`).toBe(true);
}

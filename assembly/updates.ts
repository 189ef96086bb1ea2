/**
 * The update rules that only some models train by, over flat ranges as those of optimizer.ts: one vector a turn, for divisions and
 * roots, or memory, are what they wait for. In each a gradient below 1e-16 counts as 0, as its square would be denormal, and
 * what decays becomes 0 before it is denormal itself: both would slow every step.
 */

import { LEAST_GRADIENT, LEAST_MOMENT, power, SMALLEST_NORMAL } from "./optimizer";
import { multiplyAdd, paddedBytes, unlessBelow } from "./simd";

/** Limits that loops compare with. They lie in memory because a constant would be made anew in every turn, which takes longer than a division. */
const limits = memory.data<f32>([LEAST_GRADIENT, LEAST_MOMENT, SMALLEST_NORMAL]);

/** The gradient with its L2 penalty; 0 where below `least`. */
// @ts-ignore: decorator
@inline
function gradient(dparameters: usize, parameter: v128, decay: v128, least: v128): v128 {
  return unlessBelow(multiplyAdd(decay, parameter, v128.load(dparameters)), least);
}

/** range := keep·range + share·x·x, which is not negative, 0 where below `smallest`; returns it. */
// @ts-ignore: decorator
@inline
function meanSquare(range: usize, keep: v128, share: v128, x: v128, smallest: v128): v128 {
  const sum = multiplyAdd(keep, v128.load(range), f32x4.mul(f32x4.mul(share, x), x));
  const mean = v128.andnot(sum, f32x4.lt(sum, smallest));
  v128.store(range, mean);
  return mean;
}

/** range := keep·range + x, 0 where below `least`; returns it. */
// @ts-ignore: decorator
@inline
function decaying(range: usize, keep: v128, x: v128, least: v128): v128 {
  const sum = unlessBelow(multiplyAdd(keep, v128.load(range), x), least);
  v128.store(range, sum);
  return sum;
}

/**
 * RMSProp, by PyTorch's rule. With a `mean` (its address is not 0) `second` is the variance, the mean square less the square of the mean,
 * but computed as such: no digits cancel, and it is never below 0.
 */
export function rmsprop(
  parameters: usize, second: usize, mean: usize, velocity: usize, dparameters: usize, learningRate: usize, count: i32,
  rho: f32, epsilon: f32, momentum: f32, weightDecay: f32,
): void {
  const bytes = paddedBytes(count);
  const negativeRate = f32x4.splat(-load<f32>(learningRate));
  const decay = f32x4.splat(weightDecay);
  const least = v128.load32_splat(limits);
  const leastMoment = v128.load32_splat(limits, 4);
  const smallest = v128.load32_splat(limits, 8);
  const keep = f32x4.splat(rho);
  const share = f32x4.splat(mean ? rho * (1 - rho) : 1 - rho);
  const shareOfMean = f32x4.splat(1 - rho);
  const floor = f32x4.splat(epsilon);
  const pull = f32x4.splat(momentum);
  for (let at: usize = 0; at < bytes; at += 16) {
    const p = v128.load(parameters + at);
    const g = gradient(dparameters + at, p, decay, least);
    let deviation = g;
    if (mean) {
      const m = v128.load(mean + at);
      deviation = f32x4.sub(g, m);
      v128.store(mean + at, unlessBelow(multiplyAdd(shareOfMean, deviation, m), leastMoment));
      deviation = unlessBelow(deviation, least);
    }
    const v = meanSquare(second + at, keep, share, deviation, smallest);
    let change = f32x4.div(g, f32x4.add(f32x4.sqrt(v), floor));
    if (velocity) change = decaying(velocity + at, pull, change, leastMoment);
    v128.store(parameters + at, multiplyAdd(negativeRate, change, p));
  }
}

/** Adagrad (Duchi, Hazan, Singer 2011), by PyTorch's rule. */
export function adagrad(
  parameters: usize, squares: usize, dparameters: usize, learningRate: usize, count: i32, epsilon: f32, weightDecay: f32,
): void {
  const bytes = paddedBytes(count);
  const negativeRate = f32x4.splat(-load<f32>(learningRate));
  const decay = f32x4.splat(weightDecay);
  const least = v128.load32_splat(limits);
  const floor = f32x4.splat(epsilon);
  for (let at: usize = 0; at < bytes; at += 16) {
    const p = v128.load(parameters + at);
    const g = gradient(dparameters + at, p, decay, least);
    const v = multiplyAdd(g, g, v128.load(squares + at));
    v128.store(squares + at, v);
    const change = f32x4.div(g, f32x4.add(f32x4.sqrt(v), floor));
    v128.store(parameters + at, multiplyAdd(negativeRate, change, p));
  }
}

/** Adadelta (Zeiler 2012), by PyTorch's rule. A change below 1e-16 counts as 0 too: it is squared. */
export function adadelta(
  parameters: usize, second: usize, changes: usize, dparameters: usize, learningRate: usize, count: i32,
  rho: f32, epsilon: f32, weightDecay: f32,
): void {
  const bytes = paddedBytes(count);
  const negativeRate = f32x4.splat(-load<f32>(learningRate));
  const decay = f32x4.splat(weightDecay);
  const least = v128.load32_splat(limits);
  const smallest = v128.load32_splat(limits, 8);
  const keep = f32x4.splat(rho);
  const share = f32x4.splat(1 - rho);
  const floor = f32x4.splat(epsilon);
  for (let at: usize = 0; at < bytes; at += 16) {
    const p = v128.load(parameters + at);
    const g = gradient(dparameters + at, p, decay, least);
    const v = meanSquare(second + at, keep, share, g, smallest);
    const ratio = f32x4.sqrt(f32x4.div(f32x4.add(v128.load(changes + at), floor), f32x4.add(v, floor)));
    const change = unlessBelow(f32x4.mul(ratio, g), least);
    meanSquare(changes + at, keep, share, change, smallest);
    v128.store(parameters + at, multiplyAdd(negativeRate, change, p));
  }
}

/** Adamax (Kingma, Ba 2015, section 7.1), by PyTorch's rule. */
export function adamax(
  parameters: usize, first: usize, largest: usize, dparameters: usize, learningRate: usize, step: usize, count: i32,
  beta1: f32, beta2: f32, epsilon: f32, weightDecay: f32,
): void {
  const bytes = paddedBytes(count);
  const negativeRate = f32x4.splat(<f32>(-(<f64>load<f32>(learningRate)) / (1 - power(beta1, load<i32>(step)))));
  const decay = f32x4.splat(weightDecay);
  const least = v128.load32_splat(limits);
  const leastMoment = v128.load32_splat(limits, 4);
  const keep1 = f32x4.splat(beta1);
  const share1 = f32x4.splat(1 - beta1);
  const keep2 = f32x4.splat(beta2);
  const floor = f32x4.splat(epsilon);
  for (let at: usize = 0; at < bytes; at += 16) {
    const p = v128.load(parameters + at);
    const g = gradient(dparameters + at, p, decay, least);
    const m = decaying(first + at, keep1, f32x4.mul(share1, g), leastMoment);
    const u = f32x4.pmax(f32x4.mul(keep2, v128.load(largest + at)), f32x4.add(f32x4.abs(g), floor));
    v128.store(largest + at, u);
    v128.store(parameters + at, f32x4.add(p, f32x4.div(f32x4.mul(negativeRate, m), u)));
  }
}

/** ln 0.96, the base in which Nadam's momentum grows. */
const LOG_OF_BASE: f64 = -0.040821994520255166;

/** Below this, what is left of a momentum product, or of its growth, changes no float32. */
const NEGLIGIBLE: f64 = 1e-9;

/** exp(x) for x of at most 0, by its series for x/1024, squared ten times: only sums and products, so the same bits everywhere. */
function exponential(x: f64): f64 {
  const y = max(x, -40) / 1024;
  let power = 1 + y * (1 + y * (1 / 2.0 + y * (1 / 6.0 + y * (1 / 24.0 + y / 120))));
  for (let i = 0; i < 10; i++) power *= power;
  return power;
}

/** The product of β₁·(1 − ½·growthⁱ) over i = 1 ... t; where it no longer matters, or they are all β₁, it is not gone through. */
function momentumProduct(beta1: f64, growth: f64, t: i32): f64 {
  let product: f64 = 1;
  let left: f64 = 1;
  let i = 0;
  for (; i < t && product > NEGLIGIBLE && left > NEGLIGIBLE; i++) {
    left *= growth;
    product *= beta1 * (1 - 0.5 * left);
  }
  return product * power(beta1, t - i);
}

/** Nadam (Dozat 2016), by PyTorch's rule. */
export function nadam(
  parameters: usize, first: usize, second: usize, dparameters: usize, learningRate: usize, step: usize, count: i32,
  beta1: f32, beta2: f32, epsilon: f32, weightDecay: f32, momentumDecay: f32,
): void {
  const bytes = paddedBytes(count);
  const t = load<i32>(step);
  const growth = exponential(<f64>momentumDecay * LOG_OF_BASE);
  const left = 0.5 * power(growth, t);
  const next = <f64>beta1 * (1 - left * growth);
  const product = momentumProduct(beta1, growth, t);
  const root = sqrt<f64>(1 - power(beta2, t));
  const rate = -root * <f64>load<f32>(learningRate);
  const gradientRate = f32x4.splat(<f32>(rate * (1 - <f64>beta1 * (1 - left)) / (1 - product)));
  const momentRate = f32x4.splat(<f32>(rate * next / (1 - product * next)));
  const floor = f32x4.splat(<f32>(<f64>epsilon * root));
  const decay = f32x4.splat(weightDecay);
  const least = v128.load32_splat(limits);
  const leastMoment = v128.load32_splat(limits, 4);
  const keep1 = f32x4.splat(beta1);
  const share1 = f32x4.splat(1 - beta1);
  const keep2 = f32x4.splat(beta2);
  const share2 = f32x4.splat(1 - beta2);
  const smallest = v128.load32_splat(limits, 8);
  for (let at: usize = 0; at < bytes; at += 16) {
    const p = v128.load(parameters + at);
    const g = gradient(dparameters + at, p, decay, least);
    const m = decaying(first + at, keep1, f32x4.mul(share1, g), leastMoment);
    const v = meanSquare(second + at, keep2, share2, g, smallest);
    const change = multiplyAdd(gradientRate, g, f32x4.mul(momentRate, m));
    v128.store(parameters + at, f32x4.add(p, f32x4.div(change, f32x4.add(f32x4.sqrt(v), floor))));
  }
}

/** Lion (Chen et al. 2023), algorithm 2. The sign of NaN is NaN. */
export function lion(
  parameters: usize, first: usize, dparameters: usize, learningRate: usize, count: i32, beta1: f32, beta2: f32, weightDecay: f32,
): void {
  const bytes = paddedBytes(count);
  const rate = load<f32>(learningRate);
  const negativeRate = f32x4.splat(-rate);
  const shrinkage = f32x4.splat(-rate * weightDecay);
  const least = v128.load32_splat(limits);
  const leastMoment = v128.load32_splat(limits, 4);
  const keep1 = f32x4.splat(beta1);
  const share1 = f32x4.splat(1 - beta1);
  const keep2 = f32x4.splat(beta2);
  const share2 = f32x4.splat(1 - beta2);
  const signBit = v128.xor(negativeRate, f32x4.splat(rate));
  for (let at: usize = 0; at < bytes; at += 16) {
    const p = v128.load(parameters + at);
    const g = unlessBelow(v128.load(dparameters + at), least);
    const c = multiplyAdd(keep1, v128.load(first + at), f32x4.mul(share1, g));
    decaying(first + at, keep2, f32x4.mul(share2, g), leastMoment);
    const signed = v128.bitselect(v128.xor(negativeRate, v128.and(c, signBit)), c, f32x4.eq(c, c));
    const change = v128.andnot(signed, f32x4.eq(c, f32x4.splat(0)));
    v128.store(parameters + at, f32x4.add(p, multiplyAdd(shrinkage, p, change)));
  }
}

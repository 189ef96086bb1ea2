/**
 * Update rules over flat ranges: all parameters of a model, whatever layers they belong to, in one call. Padding is
 * updated along with the rest (zeros stay zeros). No rule knows of schedules: the learning rate is read from memory.
 */

import { flushBelow } from "./memory";
import { multiplyAdd, paddedBytes, unlessBelow } from "./simd";

/** Below it a float32 is denormal. */
export const SMALLEST_NORMAL: f32 = reinterpret<f32>(0x00800000);

/**
 * Stochastic gradient descent, by PyTorch's rule: g := dparameters + weightDecay·parameters;
 * velocity := momentum·velocity + (1 − dampening)·g, and g itself in step 1, with denormal results as 0;
 * parameters −= learningRate·(velocity, or g + momentum·velocity where nesterov). Without momentum it is just g.
 */
export function sgd(
  parameters: usize, velocity: usize, dparameters: usize, learningRate: usize, step: usize, count: i32,
  momentum: f32, dampening: f32, nesterov: i32, weightDecay: f32,
): void {
  const bytes = paddedBytes(count);
  const negativeRate = f32x4.splat(-load<f32>(learningRate));
  const decay = f32x4.splat(weightDecay);
  if (momentum == 0) {
    if (weightDecay == 0) plain(parameters, dparameters, bytes, negativeRate, decay, false);
    else plain(parameters, dparameters, bytes, negativeRate, decay, true);
    return;
  }
  // The first velocity is not dampened, and not mixed with what the range held before.
  const first = load<i32>(step) == 1;
  if (first) memory.fill(velocity, 0, bytes);
  const share = f32x4.splat(first ? 1 : 1 - dampening);
  const keep = f32x4.splat(momentum);
  if (nesterov) accelerated(parameters, velocity, dparameters, bytes, negativeRate, decay, keep, share, true);
  else accelerated(parameters, velocity, dparameters, bytes, negativeRate, decay, keep, share, false);
}

/** Four vectors a turn, then what is left; loops count down, as a range may end where addresses do. */
// @ts-ignore: decorator
@inline
function plain(parameters: usize, dparameters: usize, bytes: usize, negativeRate: v128, decay: v128, decays: bool): void {
  for (; bytes >= 64; bytes -= 64) {
    v128.store(parameters, descend(v128.load(parameters), v128.load(dparameters), negativeRate, decay, decays));
    v128.store(parameters, descend(v128.load(parameters, 16), v128.load(dparameters, 16), negativeRate, decay, decays), 16);
    v128.store(parameters, descend(v128.load(parameters, 32), v128.load(dparameters, 32), negativeRate, decay, decays), 32);
    v128.store(parameters, descend(v128.load(parameters, 48), v128.load(dparameters, 48), negativeRate, decay, decays), 48);
    parameters += 64;
    dparameters += 64;
  }
  for (; bytes > 0; bytes -= 16) {
    v128.store(parameters, descend(v128.load(parameters), v128.load(dparameters), negativeRate, decay, decays));
    parameters += 16;
    dparameters += 16;
  }
}

// @ts-ignore: decorator
@inline
function descend(parameter: v128, g: v128, negativeRate: v128, decay: v128, decays: bool): v128 {
  return multiplyAdd(negativeRate, decays ? multiplyAdd(decay, parameter, g) : g, parameter);
}

/**
 * Two vectors a turn: three ranges are in flight. Velocities that decay would stay denormal for good, and slow every step: they become 0. A
 * weight decay of 0 costs nothing that waiting for memory does not.
 */
// @ts-ignore: decorator
@inline
function accelerated(
  parameters: usize, velocity: usize, dparameters: usize, bytes: usize,
  negativeRate: v128, decay: v128, keep: v128, share: v128, nesterov: bool,
): void {
  const smallest = f32x4.splat(SMALLEST_NORMAL);
  for (; bytes >= 32; bytes -= 32) {
    const p0 = v128.load(parameters);
    const p1 = v128.load(parameters, 16);
    const g0 = multiplyAdd(decay, p0, v128.load(dparameters));
    const g1 = multiplyAdd(decay, p1, v128.load(dparameters, 16));
    const v0 = unlessBelow(multiplyAdd(keep, v128.load(velocity), f32x4.mul(share, g0)), smallest);
    const v1 = unlessBelow(multiplyAdd(keep, v128.load(velocity, 16), f32x4.mul(share, g1)), smallest);
    v128.store(velocity, v0);
    v128.store(velocity, v1, 16);
    v128.store(parameters, multiplyAdd(negativeRate, nesterov ? multiplyAdd(keep, v0, g0) : v0, p0));
    v128.store(parameters, multiplyAdd(negativeRate, nesterov ? multiplyAdd(keep, v1, g1) : v1, p1), 16);
    parameters += 32;
    velocity += 32;
    dparameters += 32;
  }
  if (bytes == 0) return;
  const p = v128.load(parameters);
  const g = multiplyAdd(decay, p, v128.load(dparameters));
  const v = unlessBelow(multiplyAdd(keep, v128.load(velocity), f32x4.mul(share, g)), smallest);
  v128.store(velocity, v);
  v128.store(parameters, multiplyAdd(negativeRate, nesterov ? multiplyAdd(keep, v, g) : v, p));
}

/** Gradients below this count as 0 in `adam`: their squares would be denormal, and slow every step. */
export const LEAST_GRADIENT: f32 = 1e-16;

/**
 * Every so many steps, second moments that are denormal are set to 0, and first ones below 1e-30, whose product with the rate may
 * be. To look at each result would cost a quarter of a step of `adam`.
 */
const FLUSH_STEPS: i32 = 16;
export const LEAST_MOMENT: f32 = 1e-30;

/**
 * Adam (Kingma, Ba 2015), by PyTorch's rule: g := dparameters + weightDecay·parameters; first := β₁·first + (1 − β₁)·g;
 * second := β₂·second + (1 − β₂)·g²; parameters −= learningRate·(first/(1 − β₁ᵗ)) / (√(second/(1 − β₂ᵗ)) + epsilon) in step t.
 * With a `maximum` (its address is not 0: AMSGrad; Reddi, Kale, Kumar 2018) the largest second moment so far stands in for
 * it. Where the decay is decoupled (AdamW; Loshchilov, Hutter 2019), g is the gradient alone, and parameters −=
 * learningRate·weightDecay·parameters too. A g below 1e-16 counts as 0, and in every 16th step so do a first moment below 1e-30 and a denormal second.
 */
export function adam(
  parameters: usize, first: usize, second: usize, maximum: usize, dparameters: usize, learningRate: usize, step: usize, count: i32,
  beta1: f32, beta2: f32, epsilon: f32, weightDecay: f32, decoupled: i32,
): void {
  const bytes = paddedBytes(count);
  const t = load<i32>(step);
  // m̂ / (√v̂ + ε) = (√c₂/c₁)·m / (√v + ε·√c₂), where c₁ and c₂ are the corrections.
  const root = sqrt<f64>(1 - power(beta2, t));
  const rate = <f64>load<f32>(learningRate);
  const negativeRate = f32x4.splat(<f32>(-rate * root / (1 - power(beta1, t))));
  const floor = f32x4.splat(<f32>(<f64>epsilon * root));
  const least = f32x4.splat(LEAST_GRADIENT);
  const keep1 = f32x4.splat(beta1);
  const keep2 = f32x4.splat(beta2);
  const share1 = f32x4.splat(1 - beta1);
  const share2 = f32x4.splat(1 - beta2);
  const decay = f32x4.splat(decoupled ? 0 : weightDecay);
  const shrinkage = f32x4.splat(decoupled ? <f32>(-rate * <f64>weightDecay) : 0);
  if (weightDecay == 0 && maximum == 0) {
    adaptive(parameters, first, second, dparameters, bytes, keep1, share1, keep2, share2, decay, shrinkage, floor, negativeRate, least);
  } else {
    // One vector a turn: there are more ranges in flight, and this code would stand three times over.
    for (let at: usize = 0; at < bytes; at += 16) {
      adapt(
        parameters + at, first + at, second + at, maximum + at, dparameters + at,
        keep1, share1, keep2, share2, decay, shrinkage, floor, negativeRate, least, false, maximum != 0,
      );
    }
  }
  if (t % FLUSH_STEPS == 0) {
    flushBelow(first, bytes, LEAST_MOMENT);
    flushBelow(second, bytes, SMALLEST_NORMAL);
    if (maximum != 0) flushBelow(maximum, bytes, SMALLEST_NORMAL);
  }
}

/** base^exponent by repeated squaring: only multiplications, so the same bits everywhere. */
export function power(base: f64, exponent: i32): f64 {
  let result: f64 = 1;
  for (; exponent > 0; exponent >>= 1, base *= base) if (exponent & 1) result *= base;
  return result;
}

/** With neither decay nor maximum. Two vectors a turn: what then limits it is the division and the square root. */
// @ts-ignore: decorator
@inline
function adaptive(
  parameters: usize, first: usize, second: usize, dparameters: usize, bytes: usize, keep1: v128, share1: v128,
  keep2: v128, share2: v128, decay: v128, shrinkage: v128, floor: v128, negativeRate: v128, least: v128,
): void {
  for (; bytes >= 32; bytes -= 32) {
    adapt(parameters, first, second, 0, dparameters, keep1, share1, keep2, share2, decay, shrinkage, floor, negativeRate, least, true, false);
    adapt(
      parameters + 16, first + 16, second + 16, 0, dparameters + 16,
      keep1, share1, keep2, share2, decay, shrinkage, floor, negativeRate, least, true, false,
    );
    parameters += 32;
    first += 32;
    second += 32;
    dparameters += 32;
  }
  if (bytes == 0) return;
  adapt(parameters, first, second, 0, dparameters, keep1, share1, keep2, share2, decay, shrinkage, floor, negativeRate, least, true, false);
}

/** One vector; `plainly` and `bounded`: without decay, with a maximum. The whole change is rounded onto a parameter once: a decay is far smaller than it. */
// @ts-ignore: decorator
@inline
function adapt(
  parameters: usize, first: usize, second: usize, maximum: usize, dparameters: usize, keep1: v128, share1: v128,
  keep2: v128, share2: v128, decay: v128, shrinkage: v128, floor: v128, negativeRate: v128, least: v128, plainly: bool, bounded: bool,
): void {
  const p = v128.load(parameters);
  const derivative = v128.load(dparameters);
  const sum = plainly ? derivative : multiplyAdd(decay, p, derivative);
  const g = unlessBelow(sum, least);
  const m = multiplyAdd(keep1, v128.load(first), f32x4.mul(share1, g));
  let v = multiplyAdd(keep2, v128.load(second), f32x4.mul(f32x4.mul(share2, g), g));
  v128.store(first, m);
  v128.store(second, v);
  if (bounded) {
    v = f32x4.pmax(v, v128.load(maximum));
    v128.store(maximum, v);
  }
  const change = f32x4.div(f32x4.mul(negativeRate, m), f32x4.add(f32x4.sqrt(v), floor));
  v128.store(parameters, f32x4.add(p, plainly ? change : multiplyAdd(shrinkage, p, change)));
}

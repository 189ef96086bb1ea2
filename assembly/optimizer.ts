/**
 * Update rules over flat ranges: all parameters of a model, whatever layers they belong to, in one call. Padding is
 * updated along with the rest (zeros stay zeros). No rule knows of schedules: the learning rate is read from memory.
 */

import { multiplyAdd, paddedBytes } from "./simd";

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

/** 0 for a denormal number: velocities that decay would otherwise stay denormal for good, and slow every step. */
// @ts-ignore: decorator
@inline
function normal(x: v128, smallest: v128): v128 {
  return v128.andnot(x, f32x4.lt(f32x4.abs(x), smallest));
}

/** Two vectors a turn: three ranges are in flight. A weight decay of 0 costs nothing that waiting for memory does not. */
// @ts-ignore: decorator
@inline
function accelerated(
  parameters: usize, velocity: usize, dparameters: usize, bytes: usize,
  negativeRate: v128, decay: v128, keep: v128, share: v128, nesterov: bool,
): void {
  const smallest = f32x4.splat(reinterpret<f32>(0x00800000));
  for (; bytes >= 32; bytes -= 32) {
    const p0 = v128.load(parameters);
    const p1 = v128.load(parameters, 16);
    const g0 = multiplyAdd(decay, p0, v128.load(dparameters));
    const g1 = multiplyAdd(decay, p1, v128.load(dparameters, 16));
    const v0 = normal(multiplyAdd(keep, v128.load(velocity), f32x4.mul(share, g0)), smallest);
    const v1 = normal(multiplyAdd(keep, v128.load(velocity, 16), f32x4.mul(share, g1)), smallest);
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
  const v = normal(multiplyAdd(keep, v128.load(velocity), f32x4.mul(share, g)), smallest);
  v128.store(velocity, v);
  v128.store(parameters, multiplyAdd(negativeRate, nesterov ? multiplyAdd(keep, v, g) : v, p));
}

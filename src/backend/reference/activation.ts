/**
 * The activation kernels in plain TypeScript: what the vector kernels are tested against, and the pure-TypeScript backend.
 * Only relu, sigmoid and tanh, which comparisons are made with, have loops of their own.
 */
import type { Views } from '../memory.ts';
import { activationCodes } from '../plan.ts';
import { flushBelow } from './memory.ts';
import { activations, logSoftmaxRow, softmaxRow } from './pairs.ts';

function activationForward(
  { f32 }: Views, out: number, z: number, rows: number, units: number, activation: number, alpha: number, beta: number,
): void {
  const count = rows * units;
  const to = out >>> 2;
  const from = z >>> 2;
  const name = activationCodes[activation]!;
  if (name === 'relu') {
    for (let i = 0; i < count; i++) {
      const x = f32[from + i]!;
      f32[to + i] = x < 0 ? 0 : x;
    }
  } else if (name === 'sigmoid') {
    for (let i = 0; i < count; i++) f32[to + i] = 1 / (1 + Math.exp(-f32[from + i]!));
  } else if (name === 'tanh') {
    for (let i = 0; i < count; i++) f32[to + i] = Math.tanh(f32[from + i]!);
  } else {
    const { f } = activations[name];
    for (let i = 0; i < count; i++) f32[to + i] = f(f32[from + i]!, alpha, beta);
  }
}

function activationBackward(
  { f32 }: Views, dz: number, dout: number, z: number, out: number, rows: number, units: number, activation: number, alpha: number,
  beta: number,
): void {
  const count = rows * units;
  const to = dz >>> 2;
  const slope = dout >>> 2;
  const from = z >>> 2;
  const outAt = out >>> 2;
  const name = activationCodes[activation]!;
  if (name === 'relu') {
    for (let i = 0; i < count; i++) {
      const x = f32[from + i]!;
      f32[to + i] = x > 0 ? f32[slope + i]! : f32[slope + i]! * (x <= 0 ? 0 : NaN);
    }
  } else if (name === 'sigmoid') {
    for (let i = 0; i < count; i++) f32[to + i] = f32[slope + i]! * f32[outAt + i]! * (1 - f32[outAt + i]!);
  } else if (name === 'tanh') {
    for (let i = 0; i < count; i++) f32[to + i] = f32[slope + i]! * (1 - f32[outAt + i]! * f32[outAt + i]!);
  } else {
    const { df } = activations[name];
    for (let i = 0; i < count; i++) f32[to + i] = f32[slope + i]! * df(f32[from + i]!, alpha, beta);
  }
  // As the losses do: where gradients vanish, denormal numbers would slow down every product after them.
  flushBelow(f32, to, count, 1e-30);
}

function softmaxForward({ f32 }: Views, out: number, z: number, rows: number, units: number): void {
  for (let row = 0; row < rows; row++) softmaxRow(f32, f32, (out >>> 2) + row * units, (z >>> 2) + row * units, units);
}

function softmaxBackward({ f32 }: Views, dz: number, dout: number, out: number, rows: number, units: number): void {
  for (let row = 0; row < rows; row++) {
    const to = (dz >>> 2) + row * units;
    const slope = (dout >>> 2) + row * units;
    const p = (out >>> 2) + row * units;
    let mean = 0;
    for (let i = 0; i < units; i++) mean += f32[slope + i]! * f32[p + i]!;
    for (let i = 0; i < units; i++) f32[to + i] = f32[p + i]! * (f32[slope + i]! - mean);
  }
}

function logSoftmaxForward({ f32 }: Views, out: number, z: number, rows: number, units: number): void {
  for (let row = 0; row < rows; row++) logSoftmaxRow(f32, f32, (out >>> 2) + row * units, (z >>> 2) + row * units, units);
}

function logSoftmaxBackward({ f32 }: Views, dz: number, dout: number, out: number, rows: number, units: number): void {
  for (let row = 0; row < rows; row++) {
    const to = (dz >>> 2) + row * units;
    const slope = (dout >>> 2) + row * units;
    const logP = (out >>> 2) + row * units;
    let sum = 0;
    for (let i = 0; i < units; i++) sum += f32[slope + i]!;
    for (let i = 0; i < units; i++) f32[to + i] = f32[slope + i]! - Math.exp(f32[logP + i]!) * sum;
  }
}

export const kernels = {
  activationForward, activationBackward, softmaxForward, softmaxBackward, logSoftmaxForward, logSoftmaxBackward,
};

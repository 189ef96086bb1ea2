/** Normalisation in plain TypeScript; an address of 0 stands for zeros or ones, or for what is not wanted, as the plan page says. */

import type { Views } from '../memory.ts';
import { flushBelow } from './memory.ts';

/** As the kernels of losses and activations have it: gradients below this count as 0. */
const least = Math.fround(1e-30);

/** The value of each column at an address, or `none` where that is 0. */
const valueAt = (f32: Float32Array, address: number, i: number, none: number): number => (address === 0 ? none : f32[(address >>> 2) + i]!);

function add(f32: Float32Array, address: number, i: number, value: number): void {
  if (address !== 0) f32[(address >>> 2) + i] = f32[(address >>> 2) + i]! + value;
}

function columnMoments({ f32 }: Views, mean: number, variance: number, input: number, rows: number, columns: number, units: number): void {
  for (let i = 0; i < columns; i++) {
    const from = (input >>> 2) + i;
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += f32[from + row * units]!;
    const centre = sum / rows;
    let squares = 0;
    for (let row = 0; row < rows; row++) squares += (f32[from + row * units]! - centre) ** 2;
    f32[(mean >>> 2) + i] = centre;
    f32[(variance >>> 2) + i] = squares / rows;
  }
}

function columnScales({ f32 }: Views, scale: number, variance: number, gamma: number, columns: number, epsilon: number): void {
  for (let i = 0; i < columns; i++) f32[(scale >>> 2) + i] = valueAt(f32, gamma, i, 1) / Math.sqrt(f32[(variance >>> 2) + i]! + epsilon);
}

function normalizeColumns(
  { f32 }: Views, out: number, input: number, mean: number, scale: number, beta: number, rows: number, units: number,
): void {
  for (let i = 0; i < units; i++) {
    const centre = valueAt(f32, mean, i, 0);
    const factor = f32[(scale >>> 2) + i]!;
    const offset = valueAt(f32, beta, i, 0);
    for (let at = i; at < rows * units; at += units) f32[(out >>> 2) + at] = (f32[(input >>> 2) + at]! - centre) * factor + offset;
  }
}

function columnSlopes(
  { f32 }: Views, dgamma: number, dbeta: number, slope: number, tilt: number, input: number, dout: number, mean: number, variance: number,
  rows: number, columns: number, units: number, epsilon: number,
): void {
  for (let i = 0; i < columns; i++) {
    const centre = f32[(mean >>> 2) + i]!;
    let sum = 0;
    let product = 0;
    for (let row = 0, at = i; row < rows; row++, at += units) {
      const d = f32[(dout >>> 2) + at]!;
      sum += d;
      product += d * (f32[(input >>> 2) + at]! - centre);
    }
    const squared = f32[(variance >>> 2) + i]! + epsilon;
    add(f32, dbeta, i, sum);
    add(f32, dgamma, i, product / Math.sqrt(squared));
    f32[(slope >>> 2) + i] = sum / rows;
    f32[(tilt >>> 2) + i] = product / squared / rows;
  }
}

function normalizeColumnsBackward(
  { f32 }: Views, dinput: number, input: number, dout: number, mean: number, scale: number, slope: number, tilt: number, rows: number,
  units: number,
): void {
  for (let i = 0; i < units; i++) {
    const centre = f32[(mean >>> 2) + i]!;
    const factor = f32[(scale >>> 2) + i]!;
    const constant = f32[(slope >>> 2) + i]!;
    const linear = f32[(tilt >>> 2) + i]!;
    for (let at = i; at < rows * units; at += units) {
      f32[(dinput >>> 2) + at] = factor * (f32[(dout >>> 2) + at]! - constant - (f32[(input >>> 2) + at]! - centre) * linear);
    }
  }
  flushBelow(f32, dinput >>> 2, rows * units, least);
}

function normalizeRows(
  { f32 }: Views, out: number, statistics: number, input: number, gamma: number, beta: number, rows: number, units: number,
  epsilon: number,
): void {
  for (let row = 0; row < rows; row++) {
    const from = (input >>> 2) + row * units;
    let sum = 0;
    for (let i = 0; i < units; i++) sum += f32[from + i]!;
    const mean = sum / units;
    let squares = 0;
    for (let i = 0; i < units; i++) squares += (f32[from + i]! - mean) ** 2;
    const inverse = 1 / Math.sqrt(squares / units + epsilon);
    f32[(statistics >>> 2) + 2 * row] = mean;
    f32[(statistics >>> 2) + 2 * row + 1] = inverse;
    for (let i = 0; i < units; i++) {
      f32[(out >>> 2) + row * units + i] = (f32[from + i]! - mean) * inverse * valueAt(f32, gamma, i, 1) + valueAt(f32, beta, i, 0);
    }
  }
}

function normalizeRowsBackwardInput(
  { f32 }: Views, dinput: number, input: number, dout: number, statistics: number, gamma: number, rows: number, units: number,
): void {
  for (let row = 0; row < rows; row++) {
    const mean = f32[(statistics >>> 2) + 2 * row]!;
    const inverse = f32[(statistics >>> 2) + 2 * row + 1]!;
    const from = row * units;
    let sum = 0;
    let product = 0;
    for (let i = 0; i < units; i++) {
      const g = f32[(dout >>> 2) + from + i]! * valueAt(f32, gamma, i, 1);
      sum += g;
      product += g * (f32[(input >>> 2) + from + i]! - mean) * inverse;
    }
    for (let i = 0; i < units; i++) {
      const g = f32[(dout >>> 2) + from + i]! * valueAt(f32, gamma, i, 1);
      const x = (f32[(input >>> 2) + from + i]! - mean) * inverse;
      f32[(dinput >>> 2) + from + i] = inverse * (g - sum / units - (x * product) / units);
    }
  }
  flushBelow(f32, dinput >>> 2, rows * units, least);
}

function normalizeRowsBackwardParameters(
  { f32 }: Views, dgamma: number, dbeta: number, input: number, dout: number, statistics: number, rows: number, columns: number,
  units: number,
): void {
  for (let i = 0; i < columns; i++) {
    let sum = 0;
    let product = 0;
    for (let row = 0, at = i; row < rows; row++, at += units) {
      const d = f32[(dout >>> 2) + at]!;
      sum += d;
      product += d * (f32[(input >>> 2) + at]! - f32[(statistics >>> 2) + 2 * row]!) * f32[(statistics >>> 2) + 2 * row + 1]!;
    }
    add(f32, dbeta, i, sum);
    add(f32, dgamma, i, product);
  }
}

export const kernels = {
  columnMoments, columnScales, normalizeColumns, columnSlopes, normalizeColumnsBackward, normalizeRows, normalizeRowsBackwardInput,
  normalizeRowsBackwardParameters,
};

/**
 * The products of a dense layer in plain TypeScript: blocks of 4 x 4 results in double-precision locals, no allocation, the
 * weight row-major as [inputs, units]. It is the definition, and the baseline that benchmarks compare with.
 */

import type { Views } from '../memory.ts';

/**
 * out[m, n] := start + Σ_k a[m·rowA + k·stepA] · b[k·stepB + n·columnB], for `height` x `width` results; the caller picks
 * strides so that one routine serves the three products. `start` is a bias index (one value a column), or −1 to add to out.
 */
function multiply(
  f32: Float32Array, out: number, start: number, a: number, rowA: number, stepA: number, b: number, stepB: number, columnB: number,
  height: number, depth: number, width: number,
): void {
  let m = 0;
  for (; m + 4 <= height; m += 4) {
    let n = 0;
    for (; n + 4 <= width; n += 4) {
      let c00 = 0, c01 = 0, c02 = 0, c03 = 0, c10 = 0, c11 = 0, c12 = 0, c13 = 0;
      let c20 = 0, c21 = 0, c22 = 0, c23 = 0, c30 = 0, c31 = 0, c32 = 0, c33 = 0;
      let p = a + m * rowA;
      let q = b + n * columnB;
      for (let k = 0; k < depth; k++) {
        const b0 = f32[q]!, b1 = f32[q + columnB]!, b2 = f32[q + 2 * columnB]!, b3 = f32[q + 3 * columnB]!;
        const a0 = f32[p]!, a1 = f32[p + rowA]!, a2 = f32[p + 2 * rowA]!, a3 = f32[p + 3 * rowA]!;
        c00 += a0 * b0; c01 += a0 * b1; c02 += a0 * b2; c03 += a0 * b3;
        c10 += a1 * b0; c11 += a1 * b1; c12 += a1 * b2; c13 += a1 * b3;
        c20 += a2 * b0; c21 += a2 * b1; c22 += a2 * b2; c23 += a2 * b3;
        c30 += a3 * b0; c31 += a3 * b1; c32 += a3 * b2; c33 += a3 * b3;
        p += stepA;
        q += stepB;
      }
      let o = out + m * width + n;
      storeFour(f32, o, start < 0 ? o : start + n, c00, c01, c02, c03);
      o += width;
      storeFour(f32, o, start < 0 ? o : start + n, c10, c11, c12, c13);
      o += width;
      storeFour(f32, o, start < 0 ? o : start + n, c20, c21, c22, c23);
      o += width;
      storeFour(f32, o, start < 0 ? o : start + n, c30, c31, c32, c33);
    }
    for (; n < width; n++) {
      const o = out + m * width + n;
      four(f32, o, width, start < 0 ? o : start + n, start < 0 ? width : 0, b + n * columnB, stepB, a + m * rowA, stepA, rowA, depth);
    }
  }
  for (; m < height; m++) {
    let n = 0;
    for (; n + 4 <= width; n += 4) {
      const o = out + m * width + n;
      four(f32, o, 1, start < 0 ? o : start + n, 1, a + m * rowA, stepA, b + n * columnB, stepB, columnB, depth);
    }
    for (; n < width; n++) {
      const o = out + m * width + n;
      single(f32, o, start < 0 ? o : start + n, a + m * rowA, stepA, b + n * columnB, stepB, depth);
    }
  }
}

function storeFour(f32: Float32Array, out: number, start: number, c0: number, c1: number, c2: number, c3: number): void {
  f32[out] = f32[start]! + c0;
  f32[out + 1] = f32[start + 1]! + c1;
  f32[out + 2] = f32[start + 2]! + c2;
  f32[out + 3] = f32[start + 3]! + c3;
}

/** Four results of one row, or of one column: out[j·nextOut] := start[j·nextStart] + Σ_k a[k·stepA] · b[k·stepB + j·nextB]. */
function four(
  f32: Float32Array, out: number, nextOut: number, start: number, nextStart: number, a: number, stepA: number, b: number, stepB: number,
  nextB: number, depth: number,
): void {
  let c0 = 0, c1 = 0, c2 = 0, c3 = 0;
  for (let k = 0; k < depth; k++) {
    const x = f32[a]!;
    c0 += x * f32[b]!;
    c1 += x * f32[b + nextB]!;
    c2 += x * f32[b + 2 * nextB]!;
    c3 += x * f32[b + 3 * nextB]!;
    a += stepA;
    b += stepB;
  }
  f32[out] = f32[start]! + c0;
  f32[out + nextOut] = f32[start + nextStart]! + c1;
  f32[out + 2 * nextOut] = f32[start + 2 * nextStart]! + c2;
  f32[out + 3 * nextOut] = f32[start + 3 * nextStart]! + c3;
}

function single(f32: Float32Array, out: number, start: number, a: number, stepA: number, b: number, stepB: number, depth: number): void {
  let sum = 0;
  for (let k = 0; k < depth; k++) {
    sum += f32[a]! * f32[b]!;
    a += stepA;
    b += stepB;
  }
  f32[out] = f32[start]! + sum;
}

/** out[rows, units] := input[rows, inputs] · weight[inputs, units] + bias */
function denseForward(
  { f32 }: Views, out: number, input: number, weight: number, bias: number, rows: number, inputs: number, units: number,
): void {
  out >>>= 2;
  if (bias === 0) f32.fill(0, out, out + rows * units);
  multiply(f32, out, bias === 0 ? -1 : bias >>> 2, input >>> 2, inputs, 1, weight >>> 2, units, 1, rows, inputs, units);
}

/** dinput[rows, inputs] := dout[rows, units] · weightᵀ; needs no scratch. */
function denseBackwardInput(
  { f32 }: Views, dinput: number, _scratch: number, dout: number, weight: number, rows: number, inputs: number, units: number,
): void {
  dinput >>>= 2;
  f32.fill(0, dinput, dinput + rows * inputs);
  multiply(f32, dinput, -1, dout >>> 2, units, 1, weight >>> 2, 1, units, rows, units, inputs);
}

/** dweight += inputᵀ · dout; dbias += column sums of dout. */
function denseBackwardParameters(
  { f32 }: Views, dweight: number, dbias: number, _scratch: number, input: number, dout: number, rows: number, inputs: number,
  units: number,
): void {
  dout >>>= 2;
  multiply(f32, dweight >>> 2, -1, input >>> 2, 1, inputs, dout, units, 1, inputs, rows, units);
  if (dbias === 0) return;
  dbias >>>= 2;
  for (let n = 0; n < units; n++) {
    let sum = f32[dbias + n]!;
    for (let m = 0; m < rows; m++) sum += f32[dout + m * units + n]!;
    f32[dbias + n] = sum;
  }
}

/** weight −= η · inputᵀ · dout and bias −= η · dout, from one row. */
function denseDescend(
  { f32 }: Views, weight: number, bias: number, _scratch: number, input: number, dout: number, learningRate: number, inputs: number,
  units: number,
): void {
  const rate = f32[learningRate >>> 2]!;
  dout >>>= 2;
  let w = weight >>> 2;
  for (let i = 0; i < inputs; i++) {
    const x = f32[(input >>> 2) + i]!;
    for (let n = 0; n < units; n++, w++) f32[w] = f32[w]! - rate * (x * f32[dout + n]!);
  }
  if (bias === 0) return;
  bias >>>= 2;
  for (let n = 0; n < units; n++) f32[bias + n] = f32[bias + n]! - rate * f32[dout + n]!;
}

export const kernels = { denseForward, denseBackwardInput, denseBackwardParameters, denseDescend };

/**
 * Losses and accuracy in plain TypeScript: the definitions that the wasm kernels of the same names are held to. They
 * compute in double precision and store float32; they check nothing and allocate nothing.
 *
 * Where a loss clips its probabilities, the slope is the one at the clipped value. (Keras' is zero beyond the clip: a
 * saturated wrong output would then never learn.)
 */

import type { Views } from '../memory.ts';
import { accuracyCodes, lossCodes, type LossName } from '../plan.ts';

/** A loss of one output h against one target y, and its derivative by h. The parameter is huber's delta. */
export interface ElementLoss {
  value(h: number, y: number, parameter: number): number;
  slope(h: number, y: number, parameter: number): number;
}

/** Losses that compare a whole row with its target. */
type RowLossName = 'categoricalCrossentropy' | 'sparseCategoricalCrossentropy';

/** Probabilities are kept in [1e-7, 1 − 1e-7], both as float32: Keras' `epsilon`. */
const lowest = Math.fround(1e-7);
const highest = Math.fround(1 - 1e-7);
/** Gradients and probabilities below this become 0, as denormal numbers would slow down every product after them. */
const tiny = 1e-30;

export const elementLosses: Readonly<Record<Exclude<LossName, RowLossName>, ElementLoss>> = {
  /** (y − h)². */
  meanSquaredError: {
    value: (h, y) => (h - y) ** 2,
    slope: (h, y) => 2 * (h - y),
  },
  /** ½·(y − h)², whose slope is the error itself: the loss of the classic derivations of backpropagation. */
  halfSquaredError: {
    value: (h, y) => (h - y) ** 2 / 2,
    slope: (h, y) => h - y,
  },
  /** |y − h|. At the kink the slope is 0, a subgradient. */
  meanAbsoluteError: {
    value: (h, y) => Math.abs(h - y),
    slope: (h, y) => Math.sign(h - y),
  },
  /** ½·d² for |d| ≤ δ, δ·(|d| − ½·δ) beyond, d = h − y. Huber, "Robust estimation of a location parameter" (1964). */
  huber: {
    value(h, y, delta) {
      const size = Math.abs(h - y);
      return size <= delta ? size ** 2 / 2 : delta * (size - delta / 2);
    },
    slope: (h, y, delta) => clip(h - y, -delta, delta),
  },
  /**
   * log cosh d, d = h − y. Near 0 as ½·log1p(sinh² d), which does not cancel; beyond as |d| + log1p(e^(−2|d|)) − log 2,
   * which does not overflow.
   */
  logCosh: {
    value(h, y) {
      const size = Math.abs(h - y);
      return size < 1 ? Math.log1p(Math.sinh(size) ** 2) / 2 : size + Math.log1p(Math.exp(-2 * size)) - Math.LN2;
    },
    slope: (h, y) => Math.tanh(h - y),
  },
  /** −(y·log p + (1 − y)·log(1 − p)), p = h clipped. */
  binaryCrossentropy: {
    value(h, y) {
      const p = clip(h, lowest, highest);
      return -(y * Math.log(p) + (1 - y) * Math.log1p(-p));
    },
    slope(h, y) {
      const p = clip(h, lowest, highest);
      return (p - y) / (p * (1 - p));
    },
  },
  /** max(0, 1 − y·h) with y in {−1, 1}; a target of 0 is read as −1, as in Keras. */
  hinge: {
    value: (h, y) => Math.max(0, 1 - side(y) * h),
    slope(h, y) {
      const margin = 1 - side(y) * h;
      return margin <= 0 ? 0 : margin > 0 ? -side(y) : NaN;
    },
  },
  /** max(0, 1 − y·h)², targets as those of hinge. */
  squaredHinge: {
    value: (h, y) => Math.max(0, 1 - side(y) * h) ** 2,
    slope: (h, y) => -2 * side(y) * Math.max(0, 1 - side(y) * h),
  },
  /** y·log(y / h), both clipped to [1e-7, 1]. Kullback and Leibler, "On information and sufficiency" (1951). */
  kullbackLeiblerDivergence: {
    value(h, y) {
      const truth = clip(y, lowest, 1);
      return truth * Math.log(truth / clip(h, lowest, 1));
    },
    slope: (h, y) => -clip(y, lowest, 1) / clip(h, lowest, 1),
  },
  /** h − y·log(h + 1e-7): the negative log-likelihood of a Poisson distribution of rate h, without what depends on y alone. */
  poisson: {
    value: (h, y) => h - y * Math.log(h + lowest),
    slope: (h, y) => 1 - y / (h + lowest),
  },
};

export const kernels = {
  loss(
    memory: Views, sum: number, dout: number, out: number, target: number, weights: number, rows: number, units: number, loss: number,
    divisor: number, parameter: number,
  ): void {
    const name = lossCodes[loss]!;
    const scale = divisor === 0 ? 1 : 1 / (rows * divisor);
    if (name === 'categoricalCrossentropy' || name === 'sparseCategoricalCrossentropy') {
      categoricalCrossentropy(memory, sum, dout, out, target, weights, rows, units, scale, name === 'sparseCategoricalCrossentropy');
      return;
    }
    const { f32, f64 } = memory;
    const { value, slope } = elementLosses[name];
    let total = 0;
    for (let i = 0; i < rows * units; i++) {
      const h = f32[(out >>> 2) + i]!;
      const y = f32[(target >>> 2) + i]!;
      const w = weights === 0 ? 1 : f32[(weights >>> 2) + Math.floor(i / units)]!;
      total += value(h, y, parameter) * w;
      if (dout !== 0) f32[(dout >>> 2) + i] = flush(slope(h, y, parameter) * w * scale);
    }
    f64[sum >>> 3]! += total;
  },

  /**
   * The loss is Σ y·(log Σ e^(z − largest) − (z − largest)): exact for any logits, as no probability is taken the
   * logarithm of. Goodfellow, Bengio and Courville, "Deep learning" (2016), section 6.2.2.3.
   */
  softmaxCrossentropy(
    memory: Views, sum: number, out: number, dz: number, z: number, target: number, weights: number, rows: number, units: number, sparse: number,
  ): void {
    const { f32, f64 } = memory;
    for (let row = 0; row < rows; row++) {
      const start = row * units;
      let largest = -Infinity;
      for (let j = 0; j < units; j++) largest = Math.max(largest, f32[(z >>> 2) + start + j]!);
      let mass = 0;
      for (let j = 0; j < units; j++) mass += Math.exp(f32[(z >>> 2) + start + j]! - largest);
      const logMass = Math.log(mass);
      const weight = targetWeight(f32, target, row, units, sparse !== 0);
      const w = weights === 0 ? 1 : f32[(weights >>> 2) + row]!;
      let value = weight * logMass;
      for (let j = 0; j < units; j++) {
        const y = targetAt(f32, target, row, j, units, sparse !== 0);
        const d = f32[(z >>> 2) + start + j]! - largest;
        if (y !== 0) value -= y * d;
        const p = flush(Math.exp(d) / mass);
        f32[(out >>> 2) + start + j] = p;
        if (dz !== 0) f32[(dz >>> 2) + start + j] = flush(((p * weight - y) * w) / rows);
      }
      f64[sum >>> 3]! += value * w;
    }
  },

  /**
   * The loss is max(z, 0) − z·y + log1p(e^(−|z|)), which neither overflows nor cancels: TensorFlow's
   * `sigmoid_cross_entropy_with_logits`.
   */
  sigmoidCrossentropy(
    memory: Views, sum: number, out: number, dz: number, z: number, target: number, weights: number, rows: number, units: number,
  ): void {
    const { f32, f64 } = memory;
    let total = 0;
    for (let i = 0; i < rows * units; i++) {
      const x = f32[(z >>> 2) + i]!;
      const y = f32[(target >>> 2) + i]!;
      const e = Math.exp(-Math.abs(x));
      const p = flush((x < 0 ? e : 1) / (1 + e));
      const w = weights === 0 ? 1 : f32[(weights >>> 2) + Math.floor(i / units)]!;
      total += (Math.max(x, 0) - x * y + Math.log1p(e)) * w;
      f32[(out >>> 2) + i] = p;
      if (dz !== 0) f32[(dz >>> 2) + i] = flush(((p - y) * w) / (rows * units));
    }
    f64[sum >>> 3]! += total;
  },

  accuracy(
    memory: Views, sum: number, out: number, target: number, rows: number, units: number, kind: number, threshold: number,
  ): void {
    const { f32, f64 } = memory;
    const name = accuracyCodes[kind]!;
    let right = 0;
    if (name === 'binary') {
      for (let i = 0; i < rows * units; i++) {
        const h = f32[(out >>> 2) + i]!;
        const y = f32[(target >>> 2) + i]!;
        if (h > threshold ? y === 1 : h <= threshold && (y === 0 || y === -1)) right++;
      }
    } else {
      for (let row = 0; row < rows; row++) {
        const truth = name === 'sparse' ? f32[(target >>> 2) + row]! : argmax(f32, (target >>> 2) + row * units, units);
        if (argmax(f32, (out >>> 2) + row * units, units) === truth) right++;
      }
    }
    f64[sum >>> 3]! += right;
  },
};

/**
 * −Σ y·log p with p = h / Σ h, clipped: Keras normalises what it is given. Through the division,
 * ∂/∂hᵢ = (Σ y − yᵢ / pᵢ) / Σ h.
 */
function categoricalCrossentropy(
  { f32, f64 }: Views, sum: number, dout: number, out: number, target: number, weights: number, rows: number, units: number, scale: number,
  sparse: boolean,
): void {
  for (let row = 0; row < rows; row++) {
    const start = row * units;
    let mass = 0;
    for (let j = 0; j < units; j++) mass += f32[(out >>> 2) + start + j]!;
    const weight = targetWeight(f32, target, row, units, sparse);
    const w = weights === 0 ? 1 : f32[(weights >>> 2) + row]!;
    let value = weight - weight; // 0, but NaN where the class is none
    for (let j = 0; j < units; j++) {
      const y = targetAt(f32, target, row, j, units, sparse);
      const p = clip(f32[(out >>> 2) + start + j]! / mass, lowest, highest);
      value -= y * Math.log(p);
      if (dout !== 0) f32[(dout >>> 2) + start + j] = flush(((weight - y / p) / mass) * w * scale);
    }
    f64[sum >>> 3]! += value * w;
  }
}

/** The target of one output: given as it is, or as the index of the class whose target is 1. */
function targetAt(f32: Float32Array, target: number, row: number, column: number, units: number, sparse: boolean): number {
  if (sparse) return f32[(target >>> 2) + row] === column ? 1 : 0;
  return f32[(target >>> 2) + row * units + column]!;
}

/** The sum of a row's targets; NaN for a class index that is none. */
function targetWeight(f32: Float32Array, target: number, row: number, units: number, sparse: boolean): number {
  if (sparse) {
    const label = f32[(target >>> 2) + row]!;
    return Number.isInteger(label) && label >= 0 && label < units ? 1 : NaN;
  }
  let weight = 0;
  for (let j = 0; j < units; j++) weight += f32[(target >>> 2) + row * units + j]!;
  return weight;
}

/** The first index of the largest value; NaN, which equals no class, where any value is NaN. */
function argmax(f32: Float32Array, start: number, units: number): number {
  let best = 0;
  for (let j = 0; j < units; j++) {
    const x = f32[start + j]!;
    if (Number.isNaN(x)) return NaN;
    if (x > f32[start + best]!) best = j;
  }
  return best;
}

/** Kept in [low, high]; NaN stays NaN. */
function clip(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high);
}

function side(y: number): number {
  return y === 0 ? -1 : y;
}

function flush(x: number): number {
  return Math.abs(x) < tiny ? 0 : x;
}

/**
 * The activation functions in double precision: the specification of the kernels, and the numbers behind
 * `activations.<name>.f` and `.df`. Clarity first.
 */
import type { ElementwiseName } from '../plan.ts';

/** An activation function and its derivative, both of z. `alpha` and `beta` matter only where a comment names them. */
export interface ActivationPair {
  f(z: number, alpha: number, beta: number): number;
  df(z: number, alpha: number, beta: number): number;
}

const sqrt2 = Math.SQRT2;
const sqrt2Pi = /* @__PURE__ */ Math.sqrt(2 * Math.PI);

/** Klambauer et al. 2017, "Self-Normalizing Neural Networks": the fixed point of mean 0 and variance 1. */
const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;

/** σ(z) = 1 / (1 + e^−z), the logistic function. */
function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z));
}

/** log(1 + e^z), which neither overflows nor rounds e^z away. */
function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

/**
 * z without its infinite ends, for products such as z·σ(z): at ±1000 the other factor has long reached its limit, and
 * ∞·0 would be NaN.
 */
function finite(z: number): number {
  return Math.min(Math.max(z, -1000), 1000);
}

/** Φ(z), the distribution function of the standard normal. */
function normalCdf(z: number): number {
  return erfc(-z / sqrt2) / 2;
}

/** φ(z), its density. */
function normalDensity(z: number): number {
  return Math.exp((-z * z) / 2) / sqrt2Pi;
}

/** The argument of tanh in geluTanh, and its derivative: Hendrycks and Gimpel 2016, section 2. */
const geluSlope = /* @__PURE__ */ Math.sqrt(2 / Math.PI);
const geluCubic = 0.044715;

function geluArgument(z: number): number {
  return geluSlope * (z + geluCubic * z ** 3);
}

function geluArgumentDerivative(z: number): number {
  return geluSlope * (1 + 3 * geluCubic * z * z);
}

/** 1 where the condition holds, else 0, but NaN for NaN. */
function indicator(condition: boolean, z: number): number {
  return Number.isNaN(z) ? NaN : condition ? 1 : 0;
}

/** Every element-wise function beside its derivative. */
export const activations: Readonly<Record<ElementwiseName, ActivationPair>> = {
  /** f = z. */
  linear: {
    f: (z) => z,
    df: () => 1,
  },
  /** f = 1 / (1 + e^−z); f′ = f·(1 − f). */
  sigmoid: {
    f: sigmoid,
    df: (z) => sigmoid(z) * sigmoid(-z),
  },
  /** f′ = 1 − tanh² z = 1 / cosh² z. */
  tanh: {
    f: (z) => Math.tanh(z),
    df: (z) => 1 / Math.cosh(z) ** 2,
  },
  /** f = max(z, 0); f′(0) = 0. Nair and Hinton 2010. */
  relu: {
    f: (z) => Math.max(z, 0),
    df: (z) => indicator(z > 0, z),
  },
  /** f = min(max(z, 0), 6); f′ = 0 at both kinks. Krizhevsky 2010. */
  relu6: {
    f: (z) => Math.min(Math.max(z, 0), 6),
    df: (z) => indicator(z > 0 && z < 6, z),
  },
  /** f = z above 0, else alpha·z; f′(0) = alpha. Maas et al. 2013. */
  leakyRelu: {
    f: (z, alpha) => (z > 0 ? z : alpha * z),
    df: (z, alpha) => (z > 0 ? 1 : Number.isNaN(z) ? NaN : alpha),
  },
  /** f = z above 0, else alpha·(e^z − 1); f′(0) = alpha. Clevert et al. 2016. */
  elu: {
    f: (z, alpha) => (z > 0 ? z : alpha * Math.expm1(z)),
    df: (z, alpha) => (z > 0 ? 1 : alpha * Math.exp(z)),
  },
  /** f = scale·elu(z; alpha) with the two constants of Klambauer et al. 2017. */
  selu: {
    f: (z) => seluScale * (z > 0 ? z : seluAlpha * Math.expm1(z)),
    df: (z) => seluScale * (z > 0 ? 1 : seluAlpha * Math.exp(z)),
  },
  /** f = z·Φ(z); f′ = Φ(z) + z·φ(z). Hendrycks and Gimpel 2016. */
  gelu: {
    f: (z) => Math.max(z, -1000) * normalCdf(z),
    df: (z) => normalCdf(z) + finite(z) * normalDensity(z),
  },
  /** f = z·(1 + tanh u) / 2 = z·σ(2u), u = sqrt(2/π)·(z + 0.044715·z³). Hendrycks and Gimpel 2016. */
  geluTanh: {
    f: (z) => Math.max(z, -1000) * sigmoid(2 * geluArgument(z)),
    df: (z) => {
      const u = geluArgument(z);
      return sigmoid(2 * u) + finite(z) * sigmoid(2 * u) * sigmoid(-2 * u) * 2 * geluArgumentDerivative(finite(z));
    },
  },
  /** f = z·σ(z); f′ = σ(z)·(1 + z·(1 − σ(z))). Elfwing et al. 2017; swish of Ramachandran et al. 2017 with β = 1. */
  silu: {
    f: (z) => Math.max(z, -1000) * sigmoid(z),
    df: (z) => sigmoid(z) * (1 + finite(z) * sigmoid(-z)),
  },
  /** f = z·tanh(softplus(z)); f′ = tanh s + z·σ(z) / cosh² s, s = softplus(z). Misra 2019. */
  mish: {
    f: (z) => Math.max(z, -1000) * Math.tanh(softplus(z)),
    df: (z) => Math.tanh(softplus(z)) + (finite(z) * sigmoid(z)) / Math.cosh(softplus(z)) ** 2,
  },
  /** f = log(1 + e^z); f′ = σ(z). Dugas et al. 2001. */
  softplus: {
    f: softplus,
    df: sigmoid,
  },
  /** f = z / (1 + |z|); f′ = 1 / (1 + |z|)². Bergstra et al. 2009. */
  softsign: {
    f: (z) => (Math.abs(z) === Infinity ? Math.sign(z) : z / (1 + Math.abs(z))),
    df: (z) => 1 / (1 + Math.abs(z)) ** 2,
  },
  /** f = min(max(alpha·z + beta, 0), 1); f′ = alpha strictly inside, else 0. Courbariaux et al. 2015. */
  hardSigmoid: {
    f: (z, alpha, beta) => Math.min(Math.max(alpha * z + beta, 0), 1),
    df: (z, alpha, beta) => alpha * indicator(alpha * z + beta > 0 && alpha * z + beta < 1, z),
  },
  /** f = z·relu6(z + 3) / 6; f′ = 0 below −3, z/3 + 1/2 up to 3, then 1. Howard et al. 2019. */
  hardSwish: {
    f: (z) => (Math.max(z, -3) * Math.min(Math.max(z + 3, 0), 6)) / 6,
    df: (z) => (z < -3 ? 0 : z > 3 ? 1 : z / 3 + 0.5),
  },
  /** f = 1 above 0, else 0: a perceptron (Rosenblatt 1958). f′ = 0, which is why it cannot learn. */
  step: {
    f: (z) => indicator(z > 0, z),
    df: () => 0,
  },
  /** f = z; f′ = 1 for |z| <= 1, else 0: a slope lent to functions that have none. Hubara et al. 2016. */
  straightThrough: {
    f: (z) => z,
    df: (z) => indicator(Math.abs(z) <= 1, z),
  },
};

/** Squares of the nodes ½(k + ½) of the sum below: the thirteenth adds 1e−17 of the first. */
const erfcSquares = Array.from({ length: 13 }, (_, k) => ((k + 0.5) / 2) ** 2);
const erfcWeights = erfcSquares.map((square) => Math.exp(-square));

/**
 * The complementary error function, 2/sqrt(π) · ∫ e^(−t²) dt from x to infinity, within 1e−15 of itself up to x = 26, beyond
 * which it is no normal number. The midpoint rule, step ½, for erfc(x) = 2x/π · e^(−x²) · ∫ e^(−t²) / (x² + t²) dt from 0 to
 * infinity, and the residue of its pole at t = ix, which counts for small x (Hunter and Regan 1972): no term cancels another.
 */
export function erfc(x: number): number {
  const a = Math.abs(x);
  if (a > 27) return x > 0 ? 0 : 2;
  const sum = erfcSquares.reduceRight((sofar, square, k) => sofar + erfcWeights[k]! / (square + a * a), 0);
  // a² in two parts, the first exact: its rounding error alone would be 7e−14 of the result at the far end.
  const high = Math.fround(a);
  const integral = (a / Math.PI) * sum * Math.exp(-high * high) * Math.exp((high - a) * (high + a));
  const upper = integral + (a < 6 ? 2 / (1 + Math.exp(4 * Math.PI * a)) : 0);
  return x < 0 ? 2 - upper : upper;
}

type Floats = Float32Array | Float64Array;

/** max z, over which softmax is shifted so that no exponential overflows. NaN is passed over, and then spoils the sum. */
function rowMaximum(z: Floats, from: number, units: number): number {
  let maximum = -Infinity;
  for (let i = from; i < from + units; i++) if (z[i]! > maximum) maximum = z[i]!;
  return maximum;
}

/** Σ e^(z − maximum). */
function rowSum(z: Floats, from: number, units: number, maximum: number): number {
  let sum = 0;
  for (let i = from; i < from + units; i++) sum += Math.exp(z[i]! - maximum);
  return sum;
}

/** Softmax of the `units` numbers from `z[from]` on, e^z / Σ e^z, into `out[to]` and on; a result below 1e−30 becomes 0. */
export function softmaxRow(out: Floats, z: Floats, to: number, from: number, units: number): void {
  const maximum = rowMaximum(z, from, units);
  const sum = rowSum(z, from, units, maximum);
  for (let i = 0; i < units; i++) {
    const p = Math.exp(z[from + i]! - maximum) / sum;
    out[to + i] = p < 1e-30 ? 0 : p;
  }
}

/** Log softmax of the `units` numbers from `z[from]` on, z − log Σ e^z, into `out[to]` and on. */
export function logSoftmaxRow(out: Floats, z: Floats, to: number, from: number, units: number): void {
  const maximum = rowMaximum(z, from, units);
  const logSum = Math.log(rowSum(z, from, units, maximum));
  for (let i = 0; i < units; i++) out[to + i] = z[from + i]! - maximum - logSum;
}

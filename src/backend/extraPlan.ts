/**
 * The operations that only some models need; the rules of plan.ts hold for them too. Their kernels are in a binary of their own, and this page comes with
 * that: a layer or an optimizer that uses one of them says so (`extra`).
 */

import { address, operations, rows, scalar, size, type ArgumentKind, type OperationName } from './plan.ts';

/** Each operation with its arguments in order; op codes go on from those of plan.ts. */
export const extraOperations = {
  /** out[rows, units] := a + b */
  add: { out: address, a: address, b: address, rows, units: size },

  /**
   * out[rows, units] := input + stddev · n, n standard normal: elements 2k and 2k + 1 from the two words of `threefry`
   * (src/random.ts) of the counter (step[0], k); see assembly/noise.ts.
   */
  gaussianNoise: { out: address, input: address, step: address, rows, units: size, stddev: scalar, key0: size, key1: size },

  /**
   * sum += rows · (l1·Σ|w| + l2·Σw²) (float64) over parameters[0 .. count); unless its address is 0,
   * dparameters += l1·sign(w) + 2·l2·w.
   */
  penalty: { sum: address, dparameters: address, parameters: address, rows, count: size, l1: scalar, l2: scalar },
  /** range[0 .. count): values below 0 become 0. */
  nonNegative: { range: address, count: size },
  /** Scales range[0 .. count) so that its norm is from `least` to `most`, unless all of it is 0. */
  limitNorm: { range: address, count: size, least: scalar, most: scalar },
  /** Scales each column of weight[inputs, units] so. */
  limitNorms: { weight: address, inputs: size, units: size, least: scalar, most: scalar },
  /** mean, variance := those of `columns` columns of input[rows, units], the variance the biased one. */
  columnMoments: { mean: address, variance: address, input: address, rows, columns: size, units: size },
  /** scale[columns] := gamma / √(variance + epsilon); a gamma address of 0 means 1. */
  columnScales: { scale: address, variance: address, gamma: address, columns: size, epsilon: scalar },
  /** out[rows, units] := (input − mean) · scale + beta, column by column; a mean or beta address of 0 means 0. */
  normalizeColumns: { out: address, input: address, mean: address, scale: address, beta: address, rows, units: size },
  /**
   * Of `columns` columns of input and dout [rows, units], with s = √(variance + epsilon) and x̂ = (input − mean) / s: dgamma += Σ dout·x̂
   * and dbeta += Σ dout (address 0: not wanted); slope := Σ dout / rows, tilt := Σ dout·x̂ / (s · rows).
   */
  columnSlopes: {
    dgamma: address, dbeta: address, slope: address, tilt: address, input: address, dout: address, mean: address, variance: address, rows,
    columns: size, units: size, epsilon: scalar,
  },
  /** dinput[rows, units] := scale · (dout − slope − (input − mean) · tilt), column by column, 0 where that is below 1e-30. */
  normalizeColumnsBackward: {
    dinput: address, input: address, dout: address, mean: address, scale: address, slope: address, tilt: address, rows, units: size,
  },
  /**
   * out[rows, units] := x̂·gamma + beta (addresses of 0: 1 and 0), x̂ = (input − mean) · inverse, with the mean of the row and
   * inverse = 1/√(its variance + epsilon), which go to statistics[rows, 2].
   */
  normalizeRows: { out: address, statistics: address, input: address, gamma: address, beta: address, rows, units: size, epsilon: scalar },
  /** dinput := inverse · (g − mean of g − x̂ · mean of g·x̂), g = dout·gamma, means over the row; 0 where that is below 1e-30. */
  normalizeRowsBackwardInput: { dinput: address, input: address, dout: address, statistics: address, gamma: address, rows, units: size },
  /** Of `columns` columns: dgamma += Σ dout·x̂ and dbeta += Σ dout (address 0: not wanted). */
  normalizeRowsBackwardParameters: {
    dgamma: address, dbeta: address, input: address, dout: address, statistics: address, rows, columns: size, units: size,
  },

  // Updates over a flat range, in each of which g := dparameters + weightDecay·parameters, 0 where that is below 1e-16, and
  // rate = learningRate[0]; what decays becomes 0 where it would be denormal, or below 1e-30 if it is no mean of squares.
  /**
   * second := rho·second + (1 − rho)·g²; change := g / (√second + epsilon). Unless the address of `mean` is 0, `second` is that less the square
   * of mean := rho·mean + (1 − rho)·g; unless that of `velocity` is, change := velocity := momentum·velocity + change.
   * parameters −= rate·change.
   */
  rmsprop: {
    parameters: address, second: address, mean: address, velocity: address, dparameters: address, learningRate: address, count: size,
    rho: scalar, epsilon: scalar, momentum: scalar, weightDecay: scalar,
  },
  /** squares += g²; parameters −= rate · g / (√squares + epsilon) */
  adagrad: {
    parameters: address, squares: address, dparameters: address, learningRate: address, count: size, epsilon: scalar, weightDecay: scalar,
  },
  /**
   * second := rho·second + (1 − rho)·g²; change := g · √(changes + epsilon) / √(second + epsilon), 0 where below 1e-16;
   * changes := rho·changes + (1 − rho)·change²; parameters −= rate·change.
   */
  adadelta: {
    parameters: address, second: address, changes: address, dparameters: address, learningRate: address, count: size,
    rho: scalar, epsilon: scalar, weightDecay: scalar,
  },
  /** first := β₁·first + (1 − β₁)·g; largest := max(β₂·largest, |g| + epsilon); parameters −= rate / (1 − β₁ᵗ) · first / largest in step t = step[0]. */
  adamax: {
    parameters: address, first: address, largest: address, dparameters: address, learningRate: address, step: address, count: size,
    beta1: scalar, beta2: scalar, epsilon: scalar, weightDecay: scalar,
  },
  /**
   * Moments as in `adam`. With μᵢ = β₁·(1 − ½·0.96^(i·momentumDecay)) and the product Π of μ₁ ... μₜ in step t = step[0], parameters −=
   * rate · (g·(1 − μₜ)/(1 − Π) + first·μₜ₊₁/(1 − Π·μₜ₊₁)) / (√(second/(1 − β₂ᵗ)) + epsilon).
   */
  nadam: {
    parameters: address, first: address, second: address, dparameters: address, learningRate: address, step: address, count: size,
    beta1: scalar, beta2: scalar, epsilon: scalar, weightDecay: scalar, momentumDecay: scalar,
  },
  /** g is dparameters alone: parameters −= rate · (sign(β₁·first + (1 − β₁)·g) + weightDecay·parameters); first := β₂·first + (1 − β₂)·g. */
  lion: {
    parameters: address, first: address, dparameters: address, learningRate: address, count: size, beta1: scalar, beta2: scalar,
    weightDecay: scalar,
  },

  /** range[0 .. count) := range, but at least −most and at most most. */
  clip: { range: address, count: size, most: scalar },
  /** sum := Σ range[0 .. count)² in double precision, added to what it was where `adds` is 1. */
  sumOfSquares: { sum: address, range: address, count: size, adds: size },
  /** range[0 .. count) *= most / (√sum + 1e-6), unless that is at least 1. */
  shrink: { range: address, sum: address, count: size, most: scalar },
  /** accumulated[0 .. count) += dparameters, := in steps 1, 1 + every, 1 + 2·every ...; the step is step[0]. */
  accumulate: { accumulated: address, dparameters: address, step: address, count: size, every: size },
  /** dparameters[0 .. count) := (accumulated + dparameters) / divisor */
  meanGradient: { dparameters: address, accumulated: address, count: size, divisor: size },
  /**
   * average[0 .. count) := keep·average + (1 − keep)·value, denormal results are 0; unless the address of `step` is 0, keep is 0 where
   * step[0] is 1.
   */
  blend: { average: address, value: address, step: address, count: size, keep: scalar },

  /** out[rows, units] := values, or where input is NaN fill[units], 0 if that has an address of 0. */
  impute: { out: address, values: address, input: address, fill: address, rows, units: size },
  /**
   * `columns` columns of out[rows, units], from input[rows, inputs]. Where `codes` is 0, as many columns of it. Otherwise its first column in
   * one-hot code: 1 in the place that it names, if it is an integer from 0 to codes − 1, else in place `codes`, if there is one; 0 in all others.
   * Below 0, all are 0.
   */
  oneHot: { out: address, input: address, rows, columns: size, codes: size, inputs: size, units: size },

  // These two have no kernel in the binaries: they call functions of the user's, `activation` in the table of definitions.ts; see defined.ts.
  /** out[rows, units] := f(z), element by element; f is called in double precision. It may throw. */
  definedForward: { out: address, z: address, rows, units: size, activation: size },
  /** dz := dout · f′(z), 0 where that is below 1e-30, with the f′ that was given; it may throw. */
  definedBackward: { dz: address, dout: address, z: address, rows, units: size, activation: size },
} as const satisfies Record<string, Record<string, ArgumentKind>>;

export const allOperations = { ...operations, ...extraOperations };
export const operationNames = Object.keys(allOperations) as OperationName[];

/**
 * The contract between models and backends: a step is data. A plan is a flat list of the operations below with every
 * address and size decided once; a backend walks it with `run(plan, rows)`. This page and extraPlan.ts list every operation; the wasm
 * binaries export a kernel of the same name and argument order for each, and the reference backend restates each in
 * plain TypeScript (a test holds the three together).
 *
 * Rules that all kernels keep:
 * - Values are float32, matrices row-major and dense, one sample a row. Addresses are in bytes.
 * - Every range starts at a multiple of 16 bytes and owns its bytes up to the next multiple of 16: kernels may read and
 *   write that padding, and nobody else relies on it. They may read, and ignore, the 16 bytes after it: no range is the
 *   last thing in memory.
 * - Arguments come in the order results, caches, inputs, sizes, scalars. Input gradients are overwritten, parameter
 *   gradients and sums accumulate. NaN in gives NaN out.
 * - `weight` and `dweight` are in the backend's own layout (see `Backend.writeWeight`); everything else is not.
 */

import { definitions } from './definitions.ts';
import type { extraOperations } from './extraPlan.ts';

/** What a word of an operation holds. `rows` takes no word: it is the argument of `run`. */
export type ArgumentKind = 'address' | 'rows' | 'size' | 'scalar';

export const address = 'address';
export const rows = 'rows';
export const size = 'size';
export const scalar = 'scalar';

/** Each operation with its arguments in order. Its op code is its place in this list. */
export const operations = {
  /** Ends a plan. */
  end: {},
  /**
   * What follows is one thread's share of an operation: run it on `count` rows, and of the gradients of a dense layer compute the inputs
   * [first, last) alone; of a layer that draws random numbers, its row 0 is row `first` of the batch. Only the wasm backend has threads; see threads.ts.
   */
  share: { count: size, first: size, last: size },
  /**
   * Waits until `threads` threads have come, the leading one for at most `milliseconds`; negative: for good; 0: awake. Ends the plan
   * where `last` is 1.
   */
  barrier: { control: address, threads: size, milliseconds: size, last: size },
  /** range[0 .. count) := 0 */
  zero: { range: address, count: size },
  /** to[0 .. count) := from[0 .. count) */
  copyRange: { to: address, from: address, count: size },
  /** counter[0] += 1, an int32. */
  increment: { counter: address },
  /** counter[0] := value, an int32. */
  mark: { counter: address, value: size },
  /** out[rows, columns] := the rows of data that order[cursor[0] ..] names (int32). */
  gather: { out: address, data: address, order: address, cursor: address, rows, columns: size },
  /** range[rows, columns]: values below 1e-30 become 0, which the products after them would be slowed by. */
  flush: { range: address, rows, columns: size },

  /** out[rows, units] := input[rows, inputs] · weight[inputs, units] + bias[units]; a bias address of 0 means none. */
  denseForward: { out: address, input: address, weight: address, bias: address, rows, inputs: size, units: size },
  /** dinput[rows, inputs] := dout[rows, units] · weightᵀ; `scratch` has `inputScratchFloats(units)` floats. */
  denseBackwardInput: { dinput: address, scratch: address, dout: address, weight: address, rows, inputs: size, units: size },
  /** dweight += inputᵀ · dout; dbias += column sums of dout (address 0: none); `scratch` has `parameterScratchFloats(rows, units)`. */
  denseBackwardParameters: {
    dweight: address, dbias: address, scratch: address, input: address, dout: address, rows, inputs: size, units: size,
  },
  /**
   * One step of plain descent from one row, its gradient not stored: weight −= learningRate[0] · inputᵀ·dout and
   * bias −= learningRate[0] · dout (address 0: none); `scratch` as for `denseBackwardInput`.
   */
  denseDescend: {
    weight: address, bias: address, scratch: address, input: address, dout: address, learningRate: address, inputs: size, units: size,
  },

  /** out[rows, units] := f(z), element by element. */
  activationForward: { out: address, z: address, rows, units: size, activation: size, alpha: scalar, beta: scalar },
  /** dz := dout · f′(z), 0 where that is below 1e−30; `out` must be f(z) of the same function. */
  activationBackward: {
    dz: address, dout: address, z: address, out: address, rows, units: size, activation: size, alpha: scalar, beta: scalar,
  },
  /** out := softmax of each row of z. */
  softmaxForward: { out: address, z: address, rows, units: size },
  /** dz := dout · J with the full Jacobian J = diag(p) − p pᵀ of each row, p = out. */
  softmaxBackward: { dz: address, dout: address, out: address, rows, units: size },
  /** out := log softmax of each row of z. */
  logSoftmaxForward: { out: address, z: address, rows, units: size },
  /** dz := dout − exp(out) · Σ dout, row by row. */
  logSoftmaxBackward: { dz: address, dout: address, out: address, rows, units: size },

  /**
   * sum += Σ of the element losses (float64); unless its address is 0, dout := ∂/∂out of Σ / (rows · divisor), or of Σ
   * itself where `divisor` is 0. Unless the address of `weights` [rows] is 0, the losses of row i and their slopes are multiplied by
   * weights[i]; so they are in the two operations below.
   */
  loss: {
    sum: address, dout: address, out: address, target: address, weights: address, rows, units: size, loss: size, divisor: size, parameter: scalar,
  },
  /** Softmax and cross-entropy in one: out := softmax(z); sum += Σ −target·log out; dz := (out − target) / rows, or none. */
  softmaxCrossentropy: {
    sum: address, out: address, dz: address, z: address, target: address, weights: address, rows, units: size, sparse: size,
  },
  /** Sigmoid and binary cross-entropy in one: out := σ(z); dz := (out − target) / (rows · units), or none where 0. */
  sigmoidCrossentropy: { sum: address, out: address, dz: address, z: address, target: address, weights: address, rows, units: size },
  /** sum += the number of right rows; of right elements where `kind` is binary: 1 above the threshold, 0 or −1 not above it. */
  accuracy: { sum: address, out: address, target: address, rows, units: size, kind: size, threshold: scalar },

  /**
   * SGD over a flat range: g := dparameters + weightDecay·parameters; v := momentum·v + (1 − dampening)·g (v := g in step 1,
   * denormal results are 0);
   * parameters −= learningRate[0] · (nesterov ? g + momentum·v : v). `step` is the 1-based int32 step number. Without
   * momentum `velocity` is not touched.
   */
  sgd: {
    parameters: address, velocity: address, dparameters: address, learningRate: address, step: address, count: size,
    momentum: scalar, dampening: scalar, nesterov: size, weightDecay: scalar,
  },
  /**
   * Adam over a flat range, in step t = step[0]: g := dparameters + weightDecay·parameters; first := β₁·first + (1 − β₁)·g;
   * second := β₂·second + (1 − β₂)·g²; parameters −= learningRate[0] · (first/(1 − β₁ᵗ)) / (√(second/(1 − β₂ᵗ)) + epsilon).
   * Unless the address of `maximum` is 0, maximum := max(maximum, second) stands there for `second`. If `decoupled`, g is
   * dparameters alone and parameters −= learningRate[0] · weightDecay · parameters too. A g below 1e-16 counts
   * as 0; when 16 divides t, so do then a first moment below 1e-30 and denormal others.
   */
  adam: {
    parameters: address, first: address, second: address, maximum: address, dparameters: address, learningRate: address,
    step: address, count: size, beta1: scalar, beta2: scalar, epsilon: scalar, weightDecay: scalar, decoupled: size,
  },

  /**
   * mask[rows, units] := 0 with probability `rate`, else 1/(1 − rate); out := input · mask. Element e is dropped where word
   * e mod 2 of `threefry` (src/random.ts) of the counter (step[0], ⌊e/2⌋), read as a signed number, is below
   * ⌊rate·2³²⌋ − 2³¹.
   */
  dropoutForward: {
    out: address, mask: address, input: address, step: address, rows, units: size, rate: scalar, key0: size, key1: size,
  },
  /** dinput := dout · mask */
  dropoutBackward: { dinput: address, dout: address, mask: address, rows, units: size },
} as const satisfies Record<string, Record<string, ArgumentKind>>;

type Operations = typeof operations & typeof extraOperations;
export type OperationName = keyof Operations;
export type Arguments<Name extends OperationName> = {
  -readonly [Key in keyof Operations[Name] as Operations[Name][Key] extends 'rows' ? never : Key]: number;
};

/** The operations that plans can be written of. */
const known: Record<string, Readonly<Record<string, ArgumentKind>>> = { ...operations };

/** Takes in the extra operations, which come with their kernels, and tells those of what has been defined. */
export function learn(part: { extraOperations: typeof extraOperations; know(table: typeof definitions): void }): void {
  Object.assign(known, part.extraOperations);
  part.know(definitions);
}

/** Those that say how a plan is walked; all others are kernels. */
export type WalkerName = 'end' | 'share' | 'barrier';
export type KernelName = Exclude<OperationName, WalkerName>;

/** Words (of 4 bytes) from one operation to the next: the op code and its arguments. */
export const operationWords = 16;

/** Element-wise functions, by the code that `activationForward` and `activationBackward` take. */
export const activationCodes = [
  'linear', 'sigmoid', 'tanh', 'relu', 'relu6', 'leakyRelu', 'elu', 'selu', 'gelu', 'geluTanh', 'silu', 'mish', 'softplus',
  'softsign', 'hardSigmoid', 'hardSwish', 'step', 'straightThrough',
] as const;
export type ElementwiseName = (typeof activationCodes)[number];

/** Losses of one output against one target, by the code that `loss` takes. */
export const lossCodes = [
  'meanSquaredError', 'halfSquaredError', 'meanAbsoluteError', 'huber', 'logCosh', 'binaryCrossentropy',
  'categoricalCrossentropy', 'sparseCategoricalCrossentropy', 'hinge', 'squaredHinge', 'kullbackLeiblerDivergence', 'poisson',
] as const;
export type LossName = (typeof lossCodes)[number];

/** What `accuracy` compares, by its `kind`. */
export const accuracyCodes = ['binary', 'categorical', 'sparse'] as const;
export type AccuracyKind = (typeof accuracyCodes)[number];

/**
 * What `runEpochs` reads and keeps, one word each. It runs many steps over data that lie in memory: at the start of an epoch it
 * clears the sums and shuffles, at its end it checks and keeps the values and records the sums.
 */
export type EpochRegisters = readonly [
  // The row at which the next step starts, which `gather` reads, where the next record goes, and the epoch at hand: these move on.
  cursor: number, record: number, epoch: number,
  // The epoch to stop before, and how many steps to run at most.
  end: number, steps: number,
  // The plan that gathers a batch, that of a step, and that of a step on one row.
  gather: number, step: number, stepOfOne: number,
  // Rows of the data, rows of a batch, the order of the rows (int32; behind it 8 words to shuffle with), whether to shuffle it, and the seed's two words.
  rows: number, batch: number, order: number, shuffle: number, seedLow: number, seedHigh: number,
  // The float64 sums of the plan, of which the first is that of the loss.
  sums: number, sumCount: number,
  // What training changes, how many floats of it have to be finite, how many (a multiple of 4) there are, and where they are kept.
  values: number, checkedCount: number, valueCount: number, kept: number,
];

/** How `runEpochs` ended: out of steps or epochs; at the step whose loss is not finite; at one that left such values. */
export const paused = 0;
export const lossNotFinite = 1;
export const valuesNotFinite = 2;

const floatWord = new Float32Array(1);
const intWord = new Int32Array(floatWord.buffer);

/** Collects operations, in order, as the words a backend walks. */
export class PlanBuilder {
  readonly #words: number[] = [];

  add<Name extends OperationName>(name: Name, args: Arguments<Name>): this {
    const start = this.#words.length;
    this.#words.push(Object.keys(known).indexOf(name));
    const values = args as Record<string, number>;
    for (const [key, kind] of Object.entries(known[name]!)) {
      if (kind === 'rows') continue;
      this.#words.push(kind === 'scalar' ? floatBits(values[key]!) : values[key]! | 0);
    }
    while (this.#words.length < start + operationWords) this.#words.push(0);
    return this;
  }

  /** The words so far and the closing `end`. */
  words(): Int32Array {
    const words = new Int32Array(this.#words.length + operationWords);
    words.set(this.#words);
    return words;
  }
}

function floatBits(value: number): number {
  floatWord[0] = value;
  return intWord[0]!;
}

/** The scalar that a word of a plan holds. */
export function floatFromBits(bits: number): number {
  intWord[0] = bits;
  return floatWord[0]!;
}

/**
 * Losses by name: what they take as targets, how they are averaged, and with which output activation they fuse into one
 * operation that works on logits. The formulas stand in `backend/reference/loss.ts`.
 */

import { lossCodes, type AccuracyKind, type LossName } from '../../backend/plan.ts';
import { DataError } from '../../errors.ts';
import { checkBoolean, checkNumber, checkSpec } from '../../options.ts';
import type { Matrix } from '../../data/matrix.ts';
import type { ResolvedActivation } from '../layers/layer.ts';

export type { LossName };

/** A loss by name, or with its parameters. */
export type LossSpec =
  | LossName
  | { name: Exclude<LossName, 'huber' | 'binaryCrossentropy' | 'categoricalCrossentropy' | 'sparseCategoricalCrossentropy'> }
  /** Quadratic up to |y − h| = delta (1), linear beyond. */
  | { name: 'huber'; delta?: number }
  /** `fromLogits`: the model's output is taken as logits, to which sigmoid or softmax is applied in the loss. */
  | { name: 'binaryCrossentropy' | 'categoricalCrossentropy' | 'sparseCategoricalCrossentropy'; fromLogits?: boolean };

type Fused = 'softmaxCrossentropy' | 'sigmoidCrossentropy';

interface LossKind {
  /** What a sum over the batch is divided by to give the loss: each value, each row, or nothing. */
  readonly mean: 'values' | 'rows' | 'none';
  /** What targets may be: any numbers, one class index a row, numbers from 0 to 1, or two labels, −1 (or 0) and 1. */
  readonly targets: 'numbers' | 'index' | 'fraction' | 'sign';
  /** The operation that joins it with an activation, and that activation. */
  readonly fused?: { readonly operation: Fused; readonly activation: 'softmax' | 'sigmoid' };
}

const softmaxFused = { operation: 'softmaxCrossentropy', activation: 'softmax' } as const;
const sigmoidFused = { operation: 'sigmoidCrossentropy', activation: 'sigmoid' } as const;

const kinds: Readonly<Record<LossName, LossKind>> = {
  meanSquaredError: { mean: 'values', targets: 'numbers' },
  halfSquaredError: { mean: 'none', targets: 'numbers' },
  meanAbsoluteError: { mean: 'values', targets: 'numbers' },
  huber: { mean: 'values', targets: 'numbers' },
  logCosh: { mean: 'values', targets: 'numbers' },
  binaryCrossentropy: { mean: 'values', targets: 'fraction', fused: sigmoidFused },
  categoricalCrossentropy: { mean: 'rows', targets: 'fraction', fused: softmaxFused },
  sparseCategoricalCrossentropy: { mean: 'rows', targets: 'index', fused: softmaxFused },
  hinge: { mean: 'values', targets: 'sign' },
  squaredHinge: { mean: 'values', targets: 'sign' },
  kullbackLeiblerDivergence: { mean: 'rows', targets: 'fraction' },
  poisson: { mean: 'values', targets: 'numbers' },
};

/** The options a loss has. */
const defaults = {
  huber: { delta: 1 },
  binaryCrossentropy: { fromLogits: false },
  categoricalCrossentropy: { fromLogits: false },
  sparseCategoricalCrossentropy: { fromLogits: false },
};

/** A checked loss. */
export interface Loss {
  readonly name: LossName;
  readonly kind: LossKind;
  readonly code: number;
  readonly parameter: number;
  readonly fromLogits: boolean;
}

/** The loss a name or an object stands for. */
export function resolveLoss(where: string, spec: LossSpec): Loss {
  const { name, label, options: { delta = 1, fromLogits = false } } = checkSpec(where, spec, lossCodes, defaults);
  return {
    name,
    kind: kinds[name],
    code: lossCodes.indexOf(name),
    parameter: checkNumber(`${label} delta`, delta, { above: 0 }),
    fromLogits: checkBoolean(`${label} fromLogits`, fromLogits),
  };
}

/** The operation that computes this loss together with the last activation of a model, where there is one. */
export function fusedWith({ kind, fromLogits }: Loss, last: ResolvedActivation | undefined): Fused | undefined {
  return !fromLogits && last !== undefined && kind.fused?.activation === last.name ? kind.fused.operation : undefined;
}

/** Values in a row of targets for an output of `units`. */
export function targetColumns({ kind }: Loss, units: number): number {
  return kind.targets === 'index' ? 1 : units;
}

/** What to divide a sum over `rows` rows of `units` outputs by. */
export function lossDivisor({ kind }: Loss, rows: number, units: number): number {
  return kind.mean === 'none' ? 1 : kind.mean === 'rows' ? rows : rows * units;
}

/** What the gradient of the sum is divided by for each row: see the operation `loss`. */
export function gradientDivisor({ kind }: Loss, units: number): number {
  return kind.mean === 'none' ? 0 : kind.mean === 'rows' ? 1 : units;
}

/** Refuses targets that the loss cannot mean: a class that does not exist, a probability above 1. */
export function checkTargets(where: string, { name, kind }: Loss, { values, columns }: Matrix, units: number): void {
  if (kind.targets === 'numbers') return;
  for (let i = 0; i < values.length; i++) {
    const y = values[i]!;
    if (kind.targets === 'index' ? Number.isInteger(y) && y >= 0 && y < units
      : kind.targets === 'fraction' ? y >= 0 && y <= 1
        : y === 1 || y === 0 || y === -1) continue;
    const expected = {
      index: `a class index, an integer from 0 to ${units - 1} for an output of ${units} units`,
      fraction: 'a number from 0 to 1',
      sign: 'a label of −1 (or 0) or 1',
    }[kind.targets];
    throw new DataError(`${where}: row ${Math.floor(i / columns)}, column ${i % columns}: ${name} expects ${expected}, received ${y}`);
  }
}

/** What `accuracy` compares for this loss, and above which output a value counts as 1. */
export function accuracyOf({ name, kind, fromLogits }: Loss, units: number): { kind: AccuracyKind; threshold: number } {
  if (kind.targets === 'index') return { kind: 'sparse', threshold: 0 };
  if (units > 1 && name !== 'binaryCrossentropy') return { kind: 'categorical', threshold: 0 };
  return { kind: 'binary', threshold: fromLogits || kind.targets === 'sign' ? 0 : 0.5 };
}

/** Cross-validation: trains a model a fold, and says how well they do on rows they have not seen, and how much that varies. */

import { kFold, type Fold } from '../../data/folds.ts';
import { toMatrix, type Matrix, type MatrixLike } from '../../data/matrix.ts';
import { DataError, OptionError, ShapeError, show, unexpected } from '../../errors.ts';
import { checkBoolean } from '../../options.ts';
import type { Logs } from './callbacks.ts';
import { resolveLoss, targetColumns } from './losses.ts';
import type { FitOptions, Sequential } from '../sequential.ts';
import { withSampleWeight } from './weights.ts';

/** Everything else is passed to `fit`: `epochs`, `callbacks` (the same objects in every fold), `sampleWeight` (one for each row of `x`), ... */
export interface CrossValidationOptions extends Omit<FitOptions, 'validationSplit' | 'validationData'> {
  /** How many, or folds of your own; default 5. */
  folds?: number | readonly Fold[];
  /** Decides which rows are in which fold; default 0. Nothing else: weights and batches follow the models' own seeds. */
  seed?: number;
  /** Whether every fold gets its share of every class; default: where the loss is one of classes. */
  stratify?: boolean;
}

export interface CrossValidation {
  /** What `evaluate` says of each fold's test rows: `loss` and the compiled metrics. */
  readonly folds: readonly Logs[];
  /** The mean over the folds, by name. */
  readonly mean: Logs;
  /** The standard deviation over the folds, by name: the root of the squared differences' sum, divided by folds − 1. */
  readonly standardDeviation: Logs;
}

/**
 * Trains a new model on the training rows of each fold and evaluates it on the others. Each model is disposed of afterwards.
 *
 * @param build makes and compiles a model; called once a fold, with its number. Models should be alike but may have other seeds.
 * @param x rows [rows, inputs].
 * @param y targets, as `fit` takes them.
 * @throws what `kFold`, `fit` and `evaluate` throw; OptionError where `build` gives no model, or the same one twice.
 */
export async function crossValidate(
  build: (fold: number) => Sequential, x: MatrixLike, y: MatrixLike, options: CrossValidationOptions = {},
): Promise<CrossValidation> {
  if (typeof build !== 'function') throw unexpected('crossValidate build', 'a function that gives a compiled model', build);
  const { folds, seed, stratify, ...fit } = options;
  for (const key of ['validationSplit', 'validationData']) {
    if (key in fit) throw new OptionError(`crossValidate: ${key} has no place here, the rows of each fold are what a model is validated on`);
  }
  if (Array.isArray(folds) && folds.length < 2) throw unexpected('crossValidate folds', 'a number or at least 2 folds', folds);
  const models = new Set<Sequential>();
  const logs: Logs[] = [];
  let cut = Array.isArray(folds) ? folds as readonly Fold[] : undefined;
  for (let fold = 0; fold < (cut?.length ?? 1); fold++) {
    const model = build(fold);
    const compiled = model?.compiled;
    if (compiled === undefined) throw new OptionError(`crossValidate build: expected a compiled model, received ${show(model)}`);
    if (models.has(model)) throw new OptionError('crossValidate build: expected a new model for every fold, received the same one again');
    models.add(model);
    try {
      const loss = resolveLoss('compile loss', compiled.loss);
      const samples = [toMatrix('crossValidate x', x, model.inputShape[0]), toMatrix('crossValidate y', y, targetColumns(loss, model.outputShape[0]))] as const;
      const { rows } = samples[0];
      if (samples[1].rows !== rows) {
        throw new ShapeError(`crossValidate: expected as many targets as inputs, received ${rows} rows of x and ${samples[1].rows} of y`);
      }
      const byClass = checkBoolean('crossValidate stratify', stratify ?? loss.kind.targets !== 'numbers');
      cut ??= kFold(rows, { folds: (folds as number | undefined) ?? 5, seed: seed ?? 0, ...(byClass && { stratify: samples[1].values }) });
      const { train, test } = checkFold(`crossValidate folds[${fold}]`, cut[fold], rows);
      const weights = fit.sampleWeight && withSampleWeight('crossValidate', { x: samples[0], y: samples[1] }, fit.sampleWeight).weights;
      const [trainX, trainY, testX, testY] = [train, test].flatMap((chosen) => samples.map((matrix) => gather(matrix, chosen)));
      await model.fit(trainX!, trainY!, { ...fit, ...(weights && { sampleWeight: gather(weights, train) }) });
      logs.push(model.evaluate(testX!, testY!));
    } finally {
      model.dispose();
    }
  }
  const names = Object.keys(logs[0] ?? {});
  const mean = Object.fromEntries(names.map((name) => [name, logs.reduce((sum, log) => sum + log[name]!, 0) / logs.length]));
  const deviation = (name: string): number => Math.sqrt(logs.reduce((sum, log) => sum + (log[name]! - mean[name]!) ** 2, 0) / (logs.length - 1));
  return { folds: logs, mean, standardDeviation: Object.fromEntries(names.map((name) => [name, deviation(name)])) };
}

/** Refuses folds of a user that name rows that are not there. */
function checkFold(where: string, fold: Fold | undefined, rows: number): Fold {
  for (const part of ['train', 'test'] as const) {
    const chosen = fold?.[part];
    if (!(chosen instanceof Uint32Array) || chosen.length === 0) throw unexpected(`${where} ${part}`, 'a Uint32Array of row numbers', chosen);
    const beyond = chosen.find((row) => row >= rows);
    if (beyond !== undefined) throw new DataError(`${where} ${part}: expected row numbers below ${rows}, received ${beyond}`);
  }
  return fold!;
}

function gather({ values, columns }: Matrix, rows: Uint32Array): Float32Array {
  const out = new Float32Array(rows.length * columns);
  rows.forEach((row, i) => out.set(values.subarray(row * columns, (row + 1) * columns), i * columns));
  return out;
}

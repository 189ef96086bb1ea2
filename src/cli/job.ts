/** What `nabla train` does, whatever the data come as: settings, and data made ready to train on and to be scored on. */

import {
  activations, adadelta, adagrad, adam, adamax, adamw, lbfgs, lion, momentum, nadam, rmsprop, sgd,
  type ActivationName, type BackendChoice, type Callback, type Optimizer, type Sequential,
} from '../index.ts';
import type { Scores } from './scores.ts';

export interface Settings {
  readonly hidden: readonly number[] | undefined;
  readonly activation: ActivationName;
  readonly optimizer: OptimizerChoice | undefined;
  readonly learningRate: number | undefined;
  readonly epochs: number | undefined;
  readonly batchSize: number | undefined;
  /** The share of the rows that are held out. */
  readonly validation: number;
  readonly seed: number;
  readonly threads: number | 'auto';
  readonly backend: BackendChoice;
}

const optimizers = { adam, adamw, sgd, momentum, rmsprop, adagrad, adadelta, adamax, nadam, lion, lbfgs };
export type OptimizerChoice = keyof typeof optimizers;
export const optimizerNames = Object.keys(optimizers) as OptimizerChoice[];
export const backendNames: readonly BackendChoice[] = ['auto', 'wasm', 'wasm-relaxed', 'reference'];
/** Softmax shares one out of the units of a layer, which is for the last one. */
export const activationNames = (Object.keys(activations) as ActivationName[]).filter((name) => !name.toLowerCase().includes('softmax'));

/** The optimizer asked for, else the `usual` one. */
export function makeOptimizer({ optimizer, learningRate }: Settings, usual: OptimizerChoice): Optimizer {
  return optimizers[optimizer ?? usual](learningRate === undefined ? {} : { learningRate });
}

/** A column, for the report. */
export interface ColumnSummary {
  readonly name: string;
  readonly type: string;
  readonly missing: number;
  /** Of numbers, their range; of words, how many there are. */
  readonly values: string;
}

/** Data made ready. */
export interface Job {
  /** What is learnt, for headings: `'species from penguins.csv'`. */
  readonly title: string;
  readonly task: 'classification' | 'regression';
  readonly target: string;
  readonly rows: { readonly training: number; readonly scored: number };
  /** What the rows that scores are taken of are called. */
  readonly scoredAs: 'held-out' | 'test' | 'training';
  /** What rows that are validated on after every epoch are called, if there are any. */
  readonly validatedOn: 'held-out' | 'validation';
  /** At most. */
  readonly epochs: number;
  /** What it is trained with, for the report. */
  readonly optimizer: string;
  /** What the loss is, where its numbers need that. */
  readonly lossNote?: string;
  /** What may be in the way of learning, in sentences. */
  readonly problems: readonly string[];
  readonly columns: readonly ColumnSummary[];
  /** Trains; the model may be had from `callbacks`, as soon as there is one, if the signal ends it. */
  train(callbacks: readonly Callback[], signal: AbortSignal): Promise<Sequential>;
  score(model: Sequential): Scores;
}

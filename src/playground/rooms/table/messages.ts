/** What the panel of tables and its worker tell each other. */

import type { FeatureInput, Prediction } from '../../../index.ts';

/** A column of a record to fill in. */
export interface RecordField extends FeatureInput {
  /** The median of the numbers, or the most frequent word or boolean. */
  readonly usual: number | string | boolean;
}

export type Value = number | string | boolean | null;

export type Request =
  | { readonly type: 'read'; readonly file: File }
  | { readonly type: 'train'; readonly target: string }
  | { readonly type: 'stop' }
  | { readonly type: 'predict'; readonly record: Readonly<Record<string, Value>> };

/** How well the model does on rows that it was not trained on. */
export interface Score {
  readonly rows: number;
  /** The share of classes that are right; in a regression R². */
  readonly value: number;
  /** The share of the most frequent class. In a regression, the root of the mean squared error, in units of the target. */
  readonly beside: number;
}

export type Answer =
  | { readonly type: 'table'; readonly name: string; readonly rows: number; readonly columns: readonly string[] }
  | { readonly type: 'epoch'; readonly epoch: number; readonly loss: number }
  | {
    readonly type: 'trained'; readonly task: 'classification' | 'regression'; readonly seconds: number; readonly rows: number; readonly score: Score;
    readonly fields: readonly RecordField[]; readonly leftOut: readonly string[];
  }
  | { readonly type: 'stopped' }
  | { readonly type: 'prediction'; readonly prediction: Prediction }
  | { readonly type: 'problem'; readonly sentence: string };

/** What happens around training: hooks that `fit` calls, and the record it returns. */

import { lossCodes } from '../../backend/plan.ts';
import { didYouMean, OptionError, show, unexpected } from '../../errors.ts';
import { checkName } from '../../options.ts';
import type { Sequential } from '../sequential.ts';
import type { Samples } from './samples.ts';

/** The loss and metrics of an epoch, or of the epoch so far; those of validation data begin with `val_`. */
export type Logs = Readonly<Record<string, number>>;

/** Rows that training goes through. */
export interface FitRows {
  readonly samples: Samples;
  /** Rows of a batch at most, as far as known. */
  readonly batch: number;
  /** Steps of an epoch, where that is known. */
  readonly steps: number | undefined;
}

/** Hooks into `fit`, named as in Keras. Each may return a promise, which is awaited. Epochs and batches count from 0. */
export interface Callback {
  /**
   * Before all others, with the model that `fit` is called on: to read and set its weights, and to stop it by `model.stopTraining = true`;
   * and with all callbacks of that `fit`, in order, where its rows come from (all of them for arrays, of a dataset the batch at hand), and
   * the record, which grows with every epoch.
   */
  setModel?(
    model: Sequential, callbacks: readonly Callback[], source?: FitRows, history?: History['history'],
  ): void | Promise<void>;
  onTrainBegin?(): void | Promise<void>;
  onTrainEnd?(logs: Logs): void | Promise<void>;
  /** In place of it where training stops by an error, such as a loss that is not finite, which `fit` then rejects with. */
  onTrainError?(error: unknown): void | Promise<void>;
  onEpochBegin?(epoch: number): void | Promise<void>;
  onEpochEnd?(epoch: number, logs: Logs): void | Promise<void>;
  /**
   * By how many epochs the next call of `onEpochEnd` may be later than the last; what is below 1 counts as 1, the default. On small data,
   * epochs that nothing is called for run faster. It may be called sooner, then perhaps with the model midway in the epoch after.
   */
  readonly epochsApart?: number;
  /** After each batch, with the means over the epoch so far. Set it only where it is needed: it costs a little every step. */
  onBatchEnd?(batch: number, logs: Logs): void | Promise<void>;
  /**
   * Where a callback remembers something from epoch to epoch: all of that, of which JSON can hold each value but those that are a
   * Float32Array; always under the same keys. `checkpoint` saves it, and sets it as training begins where that goes on after `resume`.
   */
  state?: Readonly<Record<string, unknown>>;
}

/** What `fit` returns: one value for the loss and each metric of every epoch that ran. */
export interface History {
  /** The epochs that ran. */
  readonly epoch: number[];
  /** By name: `loss`, `accuracy`, `val_loss`, ... */
  readonly history: Record<string, number[]>;
}

const hooks = ['setModel', 'onTrainBegin', 'onTrainEnd', 'onTrainError', 'onEpochBegin', 'onEpochEnd', 'onBatchEnd'] as const satisfies (keyof Callback)[];

/** Several callbacks as one; hooks that none has stay undefined, so that they cost nothing. */
export function combine(where: string, callbacks: readonly Callback[]): Callback {
  if (!Array.isArray(callbacks as unknown)) throw unexpected(where, 'an array of objects', callbacks);
  for (const [i, callback] of callbacks.entries()) checkCallback(`${where}[${i}]`, callback);
  const combined: Record<string, (...args: never[]) => Promise<void>> = {};
  for (const hook of hooks) {
    const owners = callbacks.filter((callback) => callback[hook] !== undefined);
    for (const owner of owners) {
      if (typeof owner[hook] !== 'function') throw unexpected(`${where} ${hook}`, 'a function', owner[hook]);
    }
    if (owners.length === 0) continue;
    combined[hook] = async (...args) => {
      for (const owner of owners) await (owner[hook] as (...args: never[]) => unknown)(...args);
    };
  }
  return combined;
}

/** Refuses what is no object, and a hook that would never be called. */
function checkCallback(where: string, callback: unknown): void {
  if (typeof callback !== 'object' || callback === null) throw unexpected(where, 'an object of hooks', callback);
  for (let owner: object | null = callback; owner !== null && owner !== Object.prototype; owner = Object.getPrototypeOf(owner) as object | null) {
    for (const key of Object.getOwnPropertyNames(owner)) {
      if (/^on[A-Z]/.test(key) && !(hooks as readonly string[]).includes(key)) {
        throw new OptionError(`${where}: unknown hook ${show(key)}${didYouMean(key, hooks)}; known are ${hooks.join(', ')}`);
      }
    }
  }
}

/** What a callback reads out of the logs by the name that it watches. */
export function monitored(where: string, monitor: string, logs: Logs): number {
  const value = logs[monitor];
  if (value !== undefined) return value;
  const known = Object.keys(logs);
  throw new OptionError(`${where} monitor: there is no ${show(monitor)} in the logs${didYouMean(monitor, known)}; they hold ${known.join(', ')}`);
}

/** Whether a larger value of what is watched is a better one. */
export function moreIsBetter(where: string, monitor: string, mode: unknown = 'auto'): boolean {
  const chosen = checkName(`${where} mode`, mode, ['auto', 'min', 'max']);
  if (chosen !== 'auto') return chosen === 'max';
  const name = monitor.replace(/^val_/, '');
  if (/accuracy$/i.test(name)) return true;
  if (/(loss|error)$/i.test(name) || (lossCodes as readonly string[]).includes(name)) return false;
  throw new OptionError(`${where} mode: whether less or more of ${show(monitor)} is better has to be said, by 'min' or 'max'`);
}

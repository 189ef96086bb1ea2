/** A callback that ends training when a loss or a metric stops improving, as Keras' `EarlyStopping` does. */

import { unexpected } from '../../errors.ts';
import { checkBoolean, checkInteger, checkKeys, checkNumber } from '../../options.ts';
import { monitored, moreIsBetter, type Callback } from './callbacks.ts';
import type { Sequential } from '../sequential.ts';

export interface EarlyStoppingOptions {
  /** What to watch, by its name in the logs; default `'val_loss'`, or `'loss'` where there is no validation. */
  monitor?: string;
  /** A change counts as an improvement where it is greater than this; default 0. */
  minDelta?: number;
  /** Epochs without improvement after which to stop; default 0, which stops after the first. */
  patience?: number;
  /** Whether less or more is better; default `'auto'`: more for accuracy, less for losses and errors, and for other names it asks. */
  mode?: 'auto' | 'min' | 'max';
  /** A value to improve on beside the best so far: an epoch that does not counts towards `patience`. */
  baseline?: number;
  /** Whether to put back the weights of the best epoch when training ends, stopped early or not; default false: those of the last. */
  restoreBestWeights?: boolean;
  /** Epochs before this one, counted from 0, are not looked at; default 0. */
  startFromEpoch?: number;
}

const keys = ['monitor', 'minDelta', 'patience', 'mode', 'baseline', 'restoreBestWeights', 'startFromEpoch'] as const satisfies (keyof EarlyStoppingOptions)[];

/**
 * Stops `fit` when what it watches has stopped improving; for `callbacks`. May be used again, for one `fit` at a time. The best weights
 * are those of the best epoch whatever the baseline, and are put back only when `fit` resolves. Values that are not numbers never improve.
 *
 * @throws OptionError for unknown or bad options; out of `fit` for a `monitor` that the logs do not have.
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  checkKeys('earlyStopping', options, keys);
  const { monitor, baseline } = options;
  if (monitor !== undefined && (typeof monitor !== 'string' || monitor === '')) throw unexpected('earlyStopping monitor', 'the name of a value in the logs', monitor);
  if (baseline !== undefined) checkNumber('earlyStopping baseline', baseline);
  const minDelta = checkNumber('earlyStopping minDelta', options.minDelta ?? 0, { min: 0 });
  const patience = checkInteger('earlyStopping patience', options.patience ?? 0, { min: 0 });
  const restore = checkBoolean('earlyStopping restoreBestWeights', options.restoreBestWeights ?? false);
  const startFromEpoch = checkInteger('earlyStopping startFromEpoch', options.startFromEpoch ?? 0, { min: 0 });
  const more = moreIsBetter('earlyStopping', monitor ?? 'loss', options.mode);
  const improves = (value: number, on: number): boolean => (more ? value - minDelta > on : value + minDelta < on);

  let model: Sequential;
  let best: number;
  let bestWeights: Float32Array[] | undefined;
  let waited: number;
  const worst = more ? -Infinity : Infinity;
  return {
    get state() {
      return { best, waited, bestWeights: bestWeights ?? null };
    },
    set state(saved) {
      // JSON has no infinity.
      best = saved.best ?? worst;
      waited = saved.waited;
      bestWeights = saved.bestWeights ?? undefined;
    },
    setModel(its) {
      model = its;
      best = worst;
      bestWeights = undefined;
      waited = 0;
    },
    onEpochEnd(epoch, logs) {
      const value = monitored('earlyStopping', monitor ?? ('val_loss' in logs ? 'val_loss' : 'loss'), logs);
      if (epoch < startFromEpoch) return;
      waited++;
      const better = improves(value, best);
      if (better) best = value;
      if (restore && (better || bestWeights === undefined)) bestWeights = model.getWeights();
      if (better && (baseline === undefined || improves(value, baseline))) waited = 0;
      // One epoch alone says nothing of a trend, as in Keras.
      else if (waited >= patience && epoch > 0) model.stopTraining = true;
    },
    onTrainEnd() {
      if (bestWeights !== undefined) model.setWeights(bestWeights);
      bestWeights = undefined;
    },
  };
}

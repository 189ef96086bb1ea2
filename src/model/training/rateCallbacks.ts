/** Callbacks that change the learning rate between epochs, as in Keras. */

import { OptionError, unexpected } from '../../errors.ts';
import { checkInteger, checkKeys, checkLabel, checkName, checkNumber } from '../../options.ts';
import type { Callback } from './callbacks.ts';
import type { Sequential } from '../sequential.ts';

export interface ReduceLROnPlateauOptions {
  /** What to watch: `loss`, a metric, or one of validation data; default `val_loss`. */
  monitor?: string;
  /** What the rate is multiplied by; default 0.1, between 0 and 1. */
  factor?: number;
  /** Epochs without an improvement after which the rate is reduced; default 10. */
  patience?: number;
  /** What counts as an improvement: a change of more than this; default 0.0001. */
  minDelta?: number;
  /** Epochs after a reduction that do not count; default 0. */
  cooldown?: number;
  /** The rate is not reduced below this; default 0. */
  minLearningRate?: number;
  /** Whether less or more is better; default `auto`: more where the name speaks of accuracy, else less. */
  mode?: 'auto' | 'min' | 'max';
}

/**
 * Reduces the model's learning rate when what it watches has stopped improving. Keras' `ReduceLROnPlateau`. Where the optimizer
 * has a schedule, the first reduction replaces it.
 *
 * @throws OptionError for an unknown option or a value out of range, and in `fit` where nothing has the name that is monitored.
 */
export function reduceLROnPlateau(options: ReduceLROnPlateauOptions = {}): Callback {
  const where = 'reduceLROnPlateau';
  checkKeys(where, options, ['monitor', 'factor', 'patience', 'minDelta', 'cooldown', 'minLearningRate', 'mode']);
  const monitor = options.monitor ?? 'val_loss';
  checkLabel(`${where} monitor`, monitor);
  const factor = checkNumber(`${where} factor`, options.factor ?? 0.1, { above: 0, below: 1 });
  const patience = checkInteger(`${where} patience`, options.patience ?? 10, { min: 0 });
  const minDelta = checkNumber(`${where} minDelta`, options.minDelta ?? 1e-4, { min: 0 });
  const cooldown = checkInteger(`${where} cooldown`, options.cooldown ?? 0, { min: 0 });
  const least = checkNumber(`${where} minLearningRate`, options.minLearningRate ?? 0, { min: 0 });
  const mode = checkName(`${where} mode`, options.mode ?? 'auto', ['auto', 'min', 'max']);
  const sign = mode === 'max' || (mode === 'auto' && /acc/i.test(monitor)) ? -1 : 1;
  let model: Sequential;
  let best = Infinity;
  let waited = 0;
  let cooling = 0;
  return {
    get state() {
      return { best, waited, cooling };
    },
    set state(saved) {
      // JSON has no infinity.
      best = saved.best ?? Infinity;
      waited = saved.waited;
      cooling = saved.cooling;
    },
    setModel(trained) {
      model = trained;
    },
    onTrainBegin() {
      best = Infinity;
      waited = 0;
      cooling = 0;
    },
    onEpochEnd(_epoch, logs) {
      if (logs[monitor] === undefined) {
        throw new OptionError(`${where} monitor: there is no '${monitor}'; known are ${Object.keys(logs).join(', ')}`);
      }
      const value = sign * logs[monitor];
      if (cooling > 0) {
        cooling--;
        waited = 0;
      }
      if (value < best - minDelta) {
        best = value;
        waited = 0;
      } else if (cooling === 0 && ++waited >= patience) {
        const rate = Math.max(factor * model.learningRate, least);
        // A rate that is at its least, or too small to be a float32, stays as it is.
        if (rate >= model.learningRate || Math.fround(rate) === 0) return;
        model.learningRate = rate;
        cooling = cooldown;
        waited = 0;
      }
    },
  };
}

/**
 * Sets the model's learning rate before every epoch to what a function of the epoch, from 0, and of the rate so far returns. Keras'
 * `LearningRateScheduler`. Where the optimizer has a schedule, this replaces it.
 *
 * @throws OptionError for what is no function, and in `fit` where it returns what is not a number above 0.
 */
export function learningRateScheduler(schedule: (epoch: number, rate: number) => number): Callback {
  if (typeof schedule !== 'function') throw unexpected('learningRateScheduler', 'a function', schedule);
  let model: Sequential;
  return {
    setModel(trained) {
      model = trained;
    },
    onEpochBegin(epoch) {
      model.learningRate = schedule(epoch, model.learningRate);
    },
  };
}

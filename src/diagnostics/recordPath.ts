/** The way that training takes through the space of weights: a callback that keeps them along it. */

import { unexpected } from '../errors.ts';
import type { Callback, Logs } from '../model/training/callbacks.ts';
import type { Sequential } from '../model/sequential.ts';
import { checkInteger, checkKeys, checkName } from '../options.ts';

export interface RecordPathOptions {
  /** When weights are kept: at the end of every epoch (default), or after every batch. */
  on?: 'epoch' | 'batch';
  /** Every how many of them; default 1. */
  every?: number;
  /** Points kept at most; when there are more, every second one goes, and half as many are kept from then on. Default 500, at least 3. */
  most?: number;
}

/** A point of the way: the weights, as `getWeights` gives them, and the loss reported there; that of the first point is not known, and NaN. */
export interface PathPoint {
  readonly weights: readonly Float32Array[];
  readonly loss: number;
}

/** A callback that fills `path`. */
export interface PathRecorder extends Callback {
  readonly path: readonly PathPoint[];
}

/**
 * A callback that keeps the weights as training begins and on the way, for {@link lossLandscape}. It goes on with the same path in another `fit`.
 *
 * @throws OptionError for unknown options.
 */
export function recordPath(options: RecordPathOptions = {}): PathRecorder {
  checkKeys('recordPath', options, ['on', 'every', 'most']);
  const on = checkName('recordPath on', options.on ?? 'epoch', ['epoch', 'batch']);
  const most = checkInteger('recordPath most', options.most ?? 500, { min: 3 });
  let every = checkInteger('recordPath every', options.every ?? 1, { min: 1 });
  const path: PathPoint[] = [];
  let model: Sequential | undefined;
  let passed = 0;
  const keep = (loss: number): void => {
    path.push({ weights: model!.getWeights(), loss });
    if (path.length <= most) return;
    path.splice(0, path.length, ...path.filter((_, i) => i % 2 === 0));
    every *= 2;
  };
  const pass = (_count: number, { loss = NaN }: Logs): void => {
    passed++;
    if (passed % every === 0) keep(loss);
  };
  return {
    path,
    setModel(of) {
      if (model !== undefined && model !== of) throw unexpected('recordPath', 'the model whose path it has begun, for each a recorder of its own', of);
      model = of;
    },
    onTrainBegin() {
      if (path.length === 0) keep(NaN);
    },
    ...(on === 'epoch' ? { onEpochEnd: pass } : { onBatchEnd: pass }),
  };
}

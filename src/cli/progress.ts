/** How training goes, epoch by epoch: one line redrawn in place, or on a pipe a line every few epochs. */

import type { Callback, Logs } from '../index.ts';
import { count, type Terminal } from './terminal.ts';

/** Milliseconds between two drawings: more often, nobody can read it, and it takes time. */
const drawEvery = 50;

export interface ProgressOptions {
  /** At most. */
  readonly epochs: number;
  /** Rows trained on in an epoch. */
  readonly samples: number;
  /** On a pipe, a line is printed for the first epoch, the last, and each that is a multiple of this. */
  readonly every: number;
  /** What to say of an epoch: `'loss 0.1'`. */
  readonly describe: (logs: Logs) => readonly string[];
}

export function progress(terminal: Terminal, { epochs, samples, every, describe }: ProgressOptions): Callback {
  const start = performance.now();
  const at = (epoch: number): string => `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`;
  let drawn = -Infinity;
  let latest = '';
  let printed = true;
  return {
    onEpochBegin(epoch) {
      if (epoch === 0) terminal.redraw(`${at(1)}  ...`);
    },
    onEpochEnd(epoch, logs) {
      const done = epoch + 1;
      const now = performance.now();
      const seconds = (now - start) / 1000;
      const line = [at(done), ...describe(logs), `${count((done * samples) / seconds)} samples/s`];
      const last = done === epochs;
      latest = [...line, `took ${seconds.toFixed(1)} s`].join('  ');
      const text = last ? latest : [...line, `${duration((seconds / done) * (epochs - done))} left`].join('  ');
      printed = last || (!terminal.live && (done === 1 || done % every === 0));
      if (printed) terminal.print(text);
      else if (now - drawn > drawEvery) {
        drawn = now;
        terminal.redraw(text);
      }
    },
    onTrainEnd() {
      // Stopped before the last epoch.
      if (!printed) terminal.print(latest);
    },
  };
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

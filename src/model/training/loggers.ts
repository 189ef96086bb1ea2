/** Callbacks that write one line an epoch, to a file on Node or to a function anywhere: comma-separated values, or JSON. */

import { OptionError, unexpected } from '../../errors.ts';
import { checkBoolean, checkKeys } from '../../options.ts';
import { textFile } from '../../platform.ts';
import type { Callback, Logs } from './callbacks.ts';

/** Takes one line, without a line break; a promise is awaited. */
export type LineWriter = (line: string) => void | Promise<void>;

export interface JsonLinesLoggerOptions {
  /** Whether to go on after what the file holds; default false: `fit` begins with an empty one. */
  append?: boolean;
}

export interface CsvLoggerOptions extends JsonLinesLoggerOptions {
  /** What stands between two values; default `','`. */
  separator?: string;
}

/**
 * Writes a header (`epoch`, `loss`, ...) and then, at the end of every epoch, its number from 0 and its logs to a path or a function.
 * With `append`, a file that holds something, or a function, gets no header. Each line is in the file when the next epoch begins.
 *
 * @throws OptionError for bad options, and for a path where there are no files; Node's own error, out of `fit`, for a file that cannot be written.
 */
export function csvLogger(to: string | LineWriter, options: CsvLoggerOptions = {}): Callback {
  checkKeys('csvLogger', options, ['separator', 'append']);
  const { separator = ',' } = options;
  if (typeof separator !== 'string' || !/^[^\w.+"\r\n-]$/.test(separator)) {
    throw unexpected('csvLogger separator', 'one character that is in no number or name', separator);
  }
  const lines = openLines('csvLogger', to, options.append);
  let header: boolean;
  return {
    onTrainBegin() {
      header = lines.begin();
    },
    async onEpochEnd(epoch, logs) {
      if (header) await lines.write(['epoch', ...Object.keys(logs)].join(separator));
      header = false;
      await lines.write([epoch, ...Object.values(logs)].join(separator));
    },
  };
}

/**
 * Writes, at the end of every epoch, an object such as `{"epoch":0,"loss":0.25}` on a line of its own to a path or a function; what is
 * not a finite number becomes null. Each line is in the file when the next epoch begins.
 *
 * @throws OptionError for bad options, and for a path where there are no files; Node's own error, out of `fit`, for a file that cannot be written.
 */
export function jsonLinesLogger(to: string | LineWriter, options: JsonLinesLoggerOptions = {}): Callback {
  checkKeys('jsonLinesLogger', options, ['append']);
  const lines = openLines('jsonLinesLogger', to, options.append);
  return {
    onTrainBegin: () => void lines.begin(),
    onEpochEnd: (epoch: number, logs: Logs) => lines.write(JSON.stringify({ epoch, ...logs })),
  };
}

interface Lines {
  /** Empties the file unless it is to be appended to; returns whether nothing has been written before. */
  begin(): boolean;
  write: LineWriter;
}

function openLines(where: string, to: string | LineWriter, append = false): Lines {
  checkBoolean(`${where} append`, append);
  if (typeof to === 'function') return { begin: () => !append, write: to };
  if (typeof to !== 'string' || to === '') throw unexpected(where, 'a path, or a function that takes each line', to);
  const file = textFile(to);
  if (file === undefined) throw new OptionError(`${where}: there are no files here; give a function that takes each line`);
  return {
    begin() {
      if (!append) file.clear();
      return file.empty();
    },
    // Opened and closed for each line, so that nothing stays open or unwritten when training fails.
    write: (line) => file.append(`${line}\n`),
  };
}

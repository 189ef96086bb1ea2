/** The options that say how a CSV file is written, for every command that reads one. */

import type { CsvOptions } from '../index.ts';
import { integerOf, isSet, textOf, UsageError, type Option, type Values } from './command.ts';

export const csvOptions = {
  delimiter: { type: 'string', value: '<character>', summary: "what stands between fields, 'tab' too (default: found out)" },
  'no-header': { type: 'boolean', summary: 'the first line holds values; columns are called column_1 and so on' },
  'skip-lines': { type: 'string', value: '<n>', summary: 'lines to pass over before the table begins' },
} as const satisfies Record<string, Option>;

/** What they say. */
export function csvOptionsOf(values: Values): CsvOptions {
  const delimiter = textOf(values, 'delimiter', "a character, or 'tab'");
  if (delimiter !== undefined && delimiter !== 'tab' && delimiter.length > 1) throw new UsageError(`--delimiter expects a character, or 'tab', received '${delimiter}'`);
  return {
    ...(delimiter !== undefined && { delimiter: delimiter === 'tab' ? '\t' : delimiter }),
    ...(isSet(values, 'no-header') && { header: false }),
    skipLines: integerOf(values, 'skip-lines', { min: 0 }) ?? 0,
  };
}

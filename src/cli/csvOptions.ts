/** The options that say how a CSV file is written, for every command that reads one. */

import type { CsvOptions } from '../index.ts';
import { integerOf, isSet, textOf, UsageError, type Option, type Values } from './command.ts';

export const csvOptions = {
  delimiter: { type: 'string', value: '<character>', summary: "what stands between fields, 'tab' too (default: found out)" },
  'no-header': { type: 'boolean', summary: 'the first line holds values; columns are called column_1 and so on' },
  'skip-lines': { type: 'string', value: '<n>', summary: 'lines to pass over before the table begins' },
  missing: { type: 'string', value: '<text,...>', summary: 'what stands for a missing value, beside an empty field (default: ?, NA, NaN, null and the like)' },
} as const satisfies Record<string, Option>;

/** What they say. */
export function csvOptionsOf(values: Values): CsvOptions {
  const delimiter = textOf(values, 'delimiter', "a character, or 'tab'");
  if (delimiter !== undefined && delimiter !== 'tab' && delimiter.length > 1) throw new UsageError(`--delimiter expects a character, or 'tab', received '${delimiter}'`);
  const missing = values['missing'];
  if (missing !== undefined && typeof missing !== 'string') throw new UsageError('--missing expects texts with commas between them, received none');
  return {
    ...(delimiter !== undefined && { delimiter: delimiter === 'tab' ? '\t' : delimiter }),
    ...(isSet(values, 'no-header') && { header: false }),
    // A field with nothing in it says nothing, whatever else does; so `--missing ''` leaves no other.
    ...(missing !== undefined && { missing: ['', ...missing.split(',').map((text) => text.trim())] }),
    skipLines: integerOf(values, 'skip-lines', { min: 0 }) ?? 0,
  };
}

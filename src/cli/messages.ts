/** Messages of the library for those who know the options of the command, and not the library's functions. */

import { NablaError } from '../index.ts';
import { UsageError } from './command.ts';

/** What is said otherwise. */
const changes: readonly (readonly [RegExp, string])[] = [
  [/; pass it, as in loadModel\(.*?\}\)/, '; only a program can pass it, as in loadModel(path, { activations: [...] })'],
  // The function that messages begin with.
  [/^([a-z]+[A-Z]\w*:? |[a-z]+: )/, ''],
  // Rows count from 0; the line is what one looks for.
  [/^(line \d+): row \d+(, |: )/, '$1$2'],
  [/^columns: no column/, 'no column'],
  [/; give it as a string: .*$/, '; save it as UTF-8'],
  [/columns: \{ '([^']*)': 'ignore' \}/g, '--ignore $1'],
  [/columns: \{ '([^']*)': '(\w+)' \}/g, '--columns $1=$2'],
  [/columns: \{ name: '(\w+)' \}/g, '--columns name=$1'],
  [/if it stands for a missing value, add it to `missing`/, 'if it stands for a missing value, name it with --missing'],
  [/header: false/g, '--no-header'],
  [/^(line 2: expected \d+ fields?, as in the first record, received \d+)$/, '$1; if line 1 is not of the table, --skip-lines 1'],
  [/is this a binary file, or text in another encoding\?.*/, 'it is a binary file, or text in another encoding'],
];

export function inWordsOfOptions(message: string): string {
  return changes.reduce((text, [from, to]) => text.replace(from, to), message);
}

/** Does what reads a file; what is wrong with it is said with its name. */
export async function reading<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NablaError)) throw error;
    throw new UsageError(`${path}: ${inWordsOfOptions(error.message)}`, { cause: error });
  }
}

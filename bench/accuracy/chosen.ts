/** The rows that `--only` asks for. */

import { didYouMean } from '../../src/errors.ts';
import { groups, type Group } from './rows.ts';

/** What cannot be done as asked: one sentence, and exit code 2. */
export class Refusal extends Error {}

/** The groups with the rows asked for: all, or those that have one of the names or whose group has. */
export function chosen(names: readonly string[]): Group[] {
  const known = groups.flatMap(({ name, rows }) => [name, ...rows.map((row) => row.name)]);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Refusal(`--only: there is no row or group '${unknown}'${didYouMean(unknown, known)}; known are ${known.join(', ')}`);
  }
  const wanted = (name: string): boolean => names.length === 0 || names.includes(name);
  return groups
    .map((group) => ({ ...group, rows: group.rows.filter((row) => wanted(group.name) || wanted(row.name)) }))
    .filter(({ rows }) => rows.length > 0);
}

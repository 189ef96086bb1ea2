/** The rows that `--only` asks for. */

import { didYouMean } from '../../src/errors.ts';
import { groups, type Group } from './rows.ts';
import { tables, type TableRow } from './tables.ts';

/** What cannot be done as asked: one sentence, and exit code 2. */
export class Refusal extends Error {}

/** What `--only` takes for all tables. */
export const tablesName = 'tables';

/** The groups of pictures with the rows asked for, and the tables: all, or those that have one of the names or whose group has. */
export function chosen(names: readonly string[]): { pictures: Group[]; tables: TableRow[] } {
  const known = [...groups.flatMap(({ name, rows }) => [name, ...rows.map((row) => row.name)]), tablesName, ...tables.map(({ name }) => name)];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Refusal(`--only: there is no row or group '${unknown}'${didYouMean(unknown, known)}; known are ${known.join(', ')}`);
  }
  const wanted = (name: string): boolean => names.length === 0 || names.includes(name);
  const pictures = groups
    .map((group) => ({ ...group, rows: group.rows.filter((row) => wanted(group.name) || wanted(row.name)) }))
    .filter(({ rows }) => rows.length > 0);
  return { pictures, tables: tables.filter(({ name }) => wanted(tablesName) || wanted(name)) };
}

/** What every language's writer gets, beside the operations. */

import type { Operations } from './operations.ts';

/** A column of a table: its name, its type, and the words of a category, whose places are their codes. */
interface ColumnDescription {
  readonly name: string;
  readonly type: 'number' | 'boolean' | 'category';
  readonly labels?: readonly string[];
}

/** What a model that was made from a table says of its inputs and its target. */
export interface FeaturesDescription {
  readonly inputs: readonly ColumnDescription[];
  /** Its labels are the classes; without them the output is a value. */
  readonly target: Omit<ColumnDescription, 'labels'> & { readonly labels?: readonly (string | number | boolean)[] };
  readonly leftOut?: readonly string[];
}

export interface Source extends Operations {
  /** What the file is of: any text. */
  readonly title: string;
  /** What public names of C begin with: any text. */
  readonly name: string;
  readonly features: FeaturesDescription | undefined;
  /** A row, and what the model makes of it. */
  readonly test: { readonly input: Float32Array; readonly output: Float32Array };
}

/** How far the code's results may be from the model's, relative to values above 1. */
export const tolerance = 1e-5;

/** Of the functions that are needed, and those that they need, the texts in the order of the table. */
export function functionsFor(needed: Iterable<string>, table: Readonly<Record<string, readonly [text: string, ...needs: string[]]>>): string[] {
  const all = new Set<string>();
  const take = (name: string): void => {
    if (!Object.hasOwn(table, name) || all.has(name)) return;
    all.add(name);
    table[name]!.slice(1).forEach(take);
  };
  for (const name of needed) take(name);
  return Object.keys(table).filter((name) => all.has(name)).map((name) => table[name]![0]);
}

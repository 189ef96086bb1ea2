/** What every language's writer gets, beside the operations. */

import type { FeaturesDescription } from '../../data/features.ts';
import type { Operations } from './operations.ts';

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

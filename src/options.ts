/** Checks of option objects, each with a full sentence: where, what was expected, what was received. */

import { didYouMean, OptionError, show, unexpected } from './errors.ts';

/** Refuses anything but an object whose keys are all known. Unset (`undefined`) options count as absent. */
export function checkKeys(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw unexpected(where, 'an object of options', options);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new OptionError(`${where}: unknown option ${show(key)}${didYouMean(key, known)}; known are ${known.join(', ')}`);
    }
  }
}

/** Refuses a name that is not in the list. */
export function checkName<Name extends string>(where: string, name: unknown, known: readonly Name[]): Name {
  if (typeof name === 'string' && (known as readonly string[]).includes(name)) return name as Name;
  const guess = typeof name === 'string' ? didYouMean(name, known) : '';
  throw new OptionError(`${where}: expected one of ${known.join(', ')}; received ${show(name)}${guess}`);
}

/**
 * What a name stands for, given as it is or in an object with options: the name, how to call it in a message, and its
 * options, not checked, with the defaults that `defaults` has for it. Refuses other names and other options.
 */
export function checkSpec<Name extends string>(
  where: string, spec: unknown, known: readonly Name[], defaults: Partial<Record<Name, Readonly<Record<string, unknown>>>>,
): { name: Name; label: string; options: Record<string, unknown> } {
  const given = typeof spec === 'object' && spec !== null ? spec as Record<string, unknown> : { name: spec };
  const name = checkName(where, given.name, known);
  const label = `${where} '${name}'`;
  const entries = Object.entries(defaults[name] ?? {});
  checkKeys(label, given, ['name', ...entries.map(([key]) => key)]);
  return { name, label, options: Object.fromEntries(entries.map(([key, value]) => [key, given[key] ?? value])) };
}

export interface Range {
  /** Least value allowed. */
  min?: number;
  /** The value must be greater than this. */
  above?: number;
  /** Greatest value allowed. */
  max?: number;
  /** The value must be less than this. */
  below?: number;
}

/** Refuses what is not a number in the range, as a float32, which is how kernels take it. */
export function checkNumber(where: string, value: unknown, range: Range = {}): number {
  if (typeof value === 'number' && fits(Math.fround(value), range)) return value;
  throw unexpected(where, `a finite float32 number${boundsOf(range)}`, value);
}

function fits(value: number, { min, above, max, below }: Range): boolean {
  return (
    Number.isFinite(value) && !(min !== undefined && value < min) && !(above !== undefined && value <= above) &&
    !(max !== undefined && value > max) && !(below !== undefined && value >= below)
  );
}

function boundsOf({ min, above, max, below }: Range): string {
  const bounds = [
    min === undefined ? '' : `of at least ${min}`,
    above === undefined ? '' : `greater than ${above}`,
    max === undefined ? '' : `of at most ${max}`,
    below === undefined ? '' : `less than ${below}`,
  ].filter(Boolean);
  return bounds.length === 0 ? '' : ` ${bounds.join(' and ')}`;
}

/** Refuses what is not an integer in the range. */
export function checkInteger(where: string, value: unknown, range: { min?: number; max?: number } = {}): number {
  if (Number.isSafeInteger(value) && fits(value as number, range)) return value as number;
  throw unexpected(where, `an integer${boundsOf(range)}`, value);
}

/** Refuses a name that is no word; undefined stands for none. */
export function checkLabel(where: string, name: unknown): void {
  if (name !== undefined && (typeof name !== 'string' || name === '')) throw unexpected(where, 'a word', name);
}

/** Refuses what is not true or false. */
export function checkBoolean(where: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw unexpected(where, 'true or false', value);
}

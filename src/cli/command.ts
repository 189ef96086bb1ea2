/**
 * What a sub-command is, what it is given, and how it reads the values of its options: each reader refuses what it cannot use in
 * one sentence, and gives undefined for an option that is not there.
 */

import { didYouMean } from '../errors.ts';
import type { Terminal } from './terminal.ts';

export interface Option {
  type: 'string' | 'boolean';
  /** One letter. */
  short?: string;
  /** How its value is written in the help: `'<n>'`. */
  value?: string;
  /** What it does, in a few words, for the help. */
  summary: string;
  /** Whether it may be given several times; its value is then an array. */
  multiple?: boolean;
  /** How many values it takes; its value is then an array, of strings. Default 1. */
  count?: number;
}

/** The options of a command line, by name. */
export type Values = Readonly<Record<string, string | boolean | string[] | undefined>>;

/** What a command runs in. */
export interface Context {
  /** Prints the result, or a part of it, on standard output, where nothing else goes. */
  out(text: string): void;
  /** For progress, on standard error. */
  terminal: Terminal;
  /** The colours of standard output, for what is to be handed to `out`. */
  screen: Terminal;
  /** Whether the result is to be one JSON document. */
  json: boolean;
  /**
   * Aborted by Ctrl-C. A command that reads it has to end soon after, and is let finish; the exit code is 130 then. A command that
   * does not read it is ended by Ctrl-C at once.
   */
  readonly signal: AbortSignal;
}

export interface Command {
  /** As it is typed: `'train'`, `'demo derivative'`. */
  name: string;
  /** One line. */
  summary: string;
  /** What stands after the name: `'<data.csv> --target <column>'`. */
  usage: string;
  options: Readonly<Record<string, Option>>;
  positionals: { min: number; max: number; names: readonly string[] };
  /** Whether there is `--json`; default true. */
  json?: boolean;
  /** Paragraphs for its help, after the options. */
  notes?: readonly string[];
  /** Whole command lines. */
  examples?: readonly string[];
  run(context: Context, positionals: string[], values: Values): Promise<void>;
}

/** A command line that cannot be meant, or input that cannot be used. Exit code 2. */
export class UsageError extends Error {}

export function isSet(values: Values, name: string): boolean {
  return values[name] === true;
}

/** The text of an option. */
export function textOf(values: Values, name: string, expected = 'a value'): string | undefined {
  const value = values[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new UsageError(`--${name} expects ${expected}, received none`);
  if (value === '') throw new UsageError(`--${name} expects ${expected}, received an empty text`);
  return value;
}

/** Texts with commas between them, none of them empty. */
export function textsOf(values: Values, name: string, expected = 'names with commas between them'): string[] | undefined {
  const parts = textOf(values, name, expected)?.split(',').map((part) => part.trim());
  if (parts?.some((part) => part === '') === true) throw new UsageError(`--${name} expects ${expected}, received '${String(values[name])}'`);
  return parts;
}

/** Bounds of a number, those of `above` and `below` not included. */
export interface Bounds {
  min?: number;
  above?: number;
  max?: number;
  below?: number;
}

export function integerOf(values: Values, name: string, bounds: Bounds = {}): number | undefined {
  const expected = `a whole number${inWords(bounds)}`;
  const text = textOf(values, name, expected);
  return text === undefined ? undefined : within(name, text, expected, bounds, Number.isSafeInteger);
}

export function numberOf(values: Values, name: string, bounds: Bounds = {}): number | undefined {
  const expected = `a number${inWords(bounds)}`;
  const text = textOf(values, name, expected);
  return text === undefined ? undefined : within(name, text, expected, bounds, Number.isFinite);
}

/** Whole numbers with commas between them. */
export function integersOf(values: Values, name: string, bounds: Bounds = {}): number[] | undefined {
  const expected = `whole numbers${inWords(bounds)} with commas between them`;
  return textsOf(values, name, expected)?.map((text) => within(name, text, expected, bounds, Number.isSafeInteger));
}

/** A whole number of at least `min`, or the word. */
export function integerOrWord<Word extends string>(values: Values, name: string, word: Word, bounds: Bounds): number | Word | undefined {
  if (values[name] === word) return word;
  const expected = `a whole number${inWords(bounds)}, or '${word}'`;
  const text = textOf(values, name, expected);
  return text === undefined ? undefined : within(name, text, expected, bounds, Number.isSafeInteger);
}

/** One of some names. */
export function nameOf<Name extends string>(values: Values, name: string, known: readonly Name[]): Name | undefined {
  const text = textOf(values, name, `one of ${known.join(', ')}`);
  if (text === undefined || (known as readonly string[]).includes(text)) return text as Name | undefined;
  throw new UsageError(`--${name} expects one of ${known.join(', ')}; received '${text}'${didYouMean(text, known)}`);
}

function within(name: string, text: string, expected: string, { min, above, max, below }: Bounds, isKind: (value: number) => boolean): number {
  const value = text.trim() === '' ? NaN : Number(text);
  const outside = (min !== undefined && value < min) || (above !== undefined && value <= above) ||
    (max !== undefined && value > max) || (below !== undefined && value >= below);
  if (!isKind(value) || outside) throw new UsageError(`--${name} expects ${expected}, received '${text}'`);
  return value;
}

function inWords({ min, above, max, below }: Bounds): string {
  const bounds = [
    min === undefined ? '' : `of at least ${min}`,
    above === undefined ? '' : `above ${above}`,
    max === undefined ? '' : `of at most ${max}`,
    below === undefined ? '' : `below ${below}`,
  ].filter(Boolean);
  return bounds.length === 0 ? '' : ` ${bounds.join(' and ').replace(' and of ', ' and ')}`;
}

/** `', did you mean ...'`, or else all names there are. */
export function suggest(name: string, known: readonly string[]): string {
  return didYouMean(name, known) || `; known are ${few(known)}`;
}

/** As many names as one reads. */
export function few(names: readonly string[]): string {
  const most = 40;
  return names.slice(0, most).join(', ') + (names.length > most ? ` and ${names.length - most} more` : '');
}

/** Prints a result: as a JSON document, where that is asked for, or as lines. NaN and infinities are null in JSON. */
export function printResult({ out, json }: Context, document: unknown, lines: () => readonly string[]): void {
  out(json ? JSON.stringify(document, null, 2) : lines().join('\n'));
}

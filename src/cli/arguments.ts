/** A command line, taken apart: which sub-command, and its options and operands by the table that the command has of them. */

import { parseArgs } from 'node:util';
import { suggest, UsageError, type Command, type Option, type Values } from './command.ts';

/** What every command knows. */
const general = {
  help: { type: 'boolean', short: 'h', summary: 'prints this' },
  version: { type: 'boolean', short: 'v', summary: 'prints the version' },
} as const satisfies Record<string, Option>;
const json = { type: 'boolean', summary: 'the result as one JSON document on standard output' } as const;

/** All options of a command. */
export function optionsOf(command: Command): Record<string, Option> {
  return { ...command.options, ...(command.json === false ? {} : { json }), help: general.help };
}

/** What a command line asks for. */
export type Request =
  | { readonly kind: 'version' }
  /** Of one command, or of nabla. */
  | { readonly kind: 'help'; readonly command: Command | undefined }
  | { readonly kind: 'run'; readonly command: Command; readonly positionals: string[]; readonly values: Values };

/** The command whose name the arguments begin with, and what stands after the name; undefined where there is no name. */
export function findCommand(args: readonly string[], commands: readonly Command[]): { command: Command; rest: string[] } | undefined {
  const end = args.findIndex((arg) => arg.startsWith('-'));
  const words = end < 0 ? args : args.slice(0, end);
  if (words.length === 0) return undefined;
  const command = commands.filter(({ name }) => startsWith(words, name)).toSorted((a, b) => b.name.length - a.name.length)[0];
  const length = command?.name.split(' ').length ?? 0;
  // A command that has others of its own and takes no operands: the next word must be one of those.
  const lost = command === undefined || (command.positionals.max === 0 && words.length > length && commands.some(({ name }) => name.startsWith(`${command.name} `)));
  if (!lost) return { command, rest: args.slice(length) };
  const typed = command === undefined ? words[0]! : words.slice(0, length + 1).join(' ');
  throw new UsageError(`unknown command '${typed}'${suggest(typed, commands.map(({ name }) => name))}`);
}

function startsWith(words: readonly string[], name: string): boolean {
  return name.split(' ').every((word, i) => words[i] === word);
}

/** What a whole command line asks for. */
export function parseCommandLine(args: readonly string[], commands: readonly Command[]): Request {
  if (args[0] === 'help') return { kind: 'help', command: findCommand(args.slice(1), commands)?.command };
  const found = findCommand(args, commands);
  if (found !== undefined) return parseCommand(found.command, found.rest);
  const { values } = parse([...args], general);
  return values['version'] === true ? { kind: 'version' } : { kind: 'help', command: undefined };
}

function parseCommand(command: Command, args: string[]): Request {
  const options = optionsOf(command);
  const { values, positionals } = parse(args, options);
  if (values['help'] === true) return { kind: 'help', command };
  const { min, max, names } = command.positionals;
  if (positionals.length > max) {
    const expected = max === 0 ? 'nothing but options' : max === 1 ? `nothing after ${names[0]!}` : `at most ${max} operands`;
    throw new UsageError(`expects ${expected}, received '${positionals[max]!}'`);
  }
  if (positionals.length < min) {
    throw new UsageError(`expects ${names.slice(positionals.length, min).join(' and ')}, received ${positionals.length === 0 ? 'none' : 'no more'}; nabla ${command.name} --help shows how`);
  }
  return { kind: 'run', command, positionals, values };
}

/** Options are checked here rather than by `parseArgs`, for the sake of the sentences. */
function parse(args: string[], options: Readonly<Record<string, Option>>): { values: Values; positionals: string[] } {
  const config = Object.fromEntries(Object.entries(options).map(([name, { type, short, multiple = false }]) =>
    [name, { type, multiple, ...(short === undefined ? {} : { short }) }]));
  const { values: parsed, tokens } = parseArgs({ args, options: config, strict: false, allowPositionals: true, tokens: true });
  const values: Record<string, unknown> = parsed;
  const taken: number[] = [];
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name]! : undefined;
    if (option === undefined) throw new UsageError(`unknown option '${token.rawName}'${suggest(token.rawName, Object.keys(options).map((name) => `--${name}`))}`);
    if (option.type === 'boolean' && token.value !== undefined) throw new UsageError(`${token.rawName} takes no value, received '${token.value}'`);
    if (option.type === 'string' && token.inlineValue === false && token.value.startsWith('--')) {
      throw new UsageError(`${token.rawName} expects ${option.value ?? 'a value'}, received the option '${token.value}'`);
    }
    if (option.count === undefined) continue;
    // `parseArgs` knows one value; the others are the arguments that follow.
    const rest = Array.from({ length: option.count - 1 }, (_, i) => args[token.index + 2 + i]);
    if (token.value === undefined || token.inlineValue === true || rest.some((value) => value === undefined || value.startsWith('-'))) {
      throw new UsageError(`${token.rawName} expects ${option.value ?? `${option.count} values`}`);
    }
    values[token.name] = [token.value, ...rest as string[]];
    taken.push(...rest.map((_, i) => token.index + 2 + i));
  }
  const operands = tokens.flatMap((token) => (token.kind === 'positional' && !taken.includes(token.index) ? [token.value] : []));
  return { values: values as Values, positionals: operands };
}

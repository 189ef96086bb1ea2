/** The help: of nabla, from the table of its commands, and of a command, from the table of its options. */

import manifest from '../../package.json' with { type: 'json' };
import { optionsOf } from './arguments.ts';
import type { Command, Option } from './command.ts';
import { columnsOf, wrap } from './terminal.ts';

/** The help of nabla as a whole. */
export function helpOfAll(commands: readonly Command[]): string {
  return [
    `nabla ${manifest.version}: trains and runs dense neural networks with SIMD WebAssembly`,
    '',
    'Usage: nabla <command> [options]',
    '',
    'Commands:',
    ...columnsOf(commands.map(({ name, summary }) => [name, summary])),
    '',
    'Options:',
    ...columnsOf([
      ['-h, --help', 'prints this; nabla <command> --help prints the options of a command'],
      ['-v, --version', 'prints the version'],
    ]),
    '',
    ...wrap('Results go to standard output, as one JSON document with --json; progress goes to standard error. Exit codes: 0 for success, ' +
      '1 for a failure, 2 for a command line or input that cannot be used, 130 after Ctrl-C.'),
  ].join('\n');
}

/** The help of one command. */
export function helpOf(command: Command): string {
  const { name, summary, usage, notes = [], examples = [] } = command;
  return [
    ...wrap(`nabla ${name}: ${summary}`),
    '',
    ...wrap(`Usage: nabla ${name}${usage === '' ? '' : ` ${usage}`}`, ' '.repeat('Usage: '.length)),
    '',
    'Options:',
    ...columnsOf(Object.entries(optionsOf(command)).map(([option, about]) => [signature(option, about), about.summary])),
    ...notes.flatMap((note) => ['', ...wrap(note)]),
    ...(examples.length === 0 ? [] : ['', examples.length === 1 ? 'Example:' : 'Examples:', ...examples.map((example) => `  ${example}`)]),
  ].join('\n');
}

function signature(name: string, { short, value }: Option): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
}

#!/usr/bin/env node
/**
 * The command line: reads the arguments, runs a sub-command, and turns what goes wrong into one sentence and an exit code:
 * 2 for a command nabla does not know, 1 for an error of the library. Each sub-command has a file of its own.
 */

import { parseArgs } from 'node:util';
import { didYouMean } from '../errors.ts';
import { NablaError } from '../index.ts';
import manifest from '../../package.json' with { type: 'json' };
import { demo } from './demo.ts';
import { derivative } from './derivative.ts';
import { Terminal } from './terminal.ts';

/** What every sub-command is given. */
interface Settings {
  seed: number;
  /** Unset: the command's own number. */
  epochs: number | undefined;
}

const commands: Readonly<Record<string, (terminal: Terminal, settings: Settings) => Promise<void>>> = {
  demo: (terminal, { seed, epochs }) => demo(terminal, seed, epochs),
  'demo derivative': (terminal, { seed, epochs }) => derivative(terminal, seed, epochs),
};

const options = {
  seed: { type: 'string' },
  epochs: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

const help = `nabla ${manifest.version}: trains dense neural networks with SIMD WebAssembly

Usage: nabla <command> [options]

Commands:
  demo             trains a reader of handwritten digits, shows what it misreads,
                   and times WebAssembly against plain TypeScript
  demo derivative  trains one network with the true derivative, a constant one,
                   none, and without activations: what the derivative is for

Options:
  --seed <n>       another split, other initial weights, another order (default 0)
  --epochs <n>     times to go through the data
  -h, --help       prints this
  -v, --version    prints the version`;

/** A command line that cannot be meant. */
class UsageError extends Error {}

async function run(args: string[]): Promise<void> {
  const { values, positionals, tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    if (!Object.hasOwn(options, token.name)) {
      throw new UsageError(`unknown option '${token.rawName}'${suggest(token.name, Object.keys(options), '--')}`);
    }
    if (token.inlineValue === false && token.value.startsWith('--')) {
      throw new UsageError(`${token.rawName} expects a number, received the option '${token.value}'`);
    }
  }
  const terminal = new Terminal(process.stdout);
  const name = positionals.join(' ');
  if (values.version === true) return terminal.print(manifest.version);
  if (values.help === true || name === '' || name === 'help') return terminal.print(help);
  if (!Object.hasOwn(commands, name)) throw new UsageError(`unknown command '${name}'${suggest(name, Object.keys(commands))}`);
  const seed = wholeNumber('seed', values.seed ?? '0', Number.MIN_SAFE_INTEGER);
  const epochs = values.epochs === undefined ? undefined : wholeNumber('epochs', values.epochs, 1);
  await commands[name]!(terminal, { seed, epochs });
}

function suggest(name: string, known: readonly string[], prefix = ''): string {
  const all = known.map((each) => prefix + each);
  return didYouMean(prefix + name, all) || `; known are ${all.join(', ')}`;
}

function wholeNumber(option: string, text: string | boolean, min: number): number {
  const value = typeof text === 'string' && text.trim() !== '' ? Number(text) : NaN;
  if (Number.isSafeInteger(value) && value >= min) return value;
  const expected = min > 0 ? `a whole number of at least ${min}` : 'a whole number';
  throw new UsageError(`--${option} expects ${expected}, received ${typeof text === 'string' ? `'${text}'` : 'none'}`);
}

// A reader that has seen enough (`nabla demo | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof NablaError)) throw error;
  process.stderr.write(`nabla: ${error.message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

#!/usr/bin/env node
/**
 * The command line: the table of sub-commands, each of which has a file of its own, and what becomes of an error: one sentence and
 * an exit code.
 */

import { DataError, FormatError, NablaError, OptionError, ShapeError } from '../index.ts';
import manifest from '../../package.json' with { type: 'json' };
import { findCommand, parseCommandLine } from './arguments.ts';
import { bench } from './bench.ts';
import { check } from './check.ts';
import { UsageError, type Command, type Context } from './command.ts';
import { convert } from './convert.ts';
import { demo } from './demo.ts';
import { derivative } from './derivative.ts';
import { evaluate } from './evaluate.ts';
import { exportModel } from './export.ts';
import { helpOf, helpOfAll } from './help.ts';
import { inspect } from './inspect.ts';
import { inWordsOfOptions } from './messages.ts';
import { predict } from './predict.ts';
import { bullet, printable, Terminal } from './terminal.ts';
import { train } from './train.ts';

/** In the order of the help. */
const commands: readonly Command[] = [train, predict, evaluate, inspect, convert, exportModel, check, bench, demo, derivative];

const interrupted = 130;
const stop = new AbortController();

/** Ctrl-C aborts the signal; again, it ends the process. */
function onInterrupt(): void {
  if (stop.signal.aborted) process.exit(interrupted);
  stop.abort();
}

function makeContext(json: boolean): Context {
  const terminal = new Terminal(process.stderr);
  // What the library warns of, in the place of a line that is being redrawn.
  console.warn = (message: string) => terminal.print(...bullet(printable(inWordsOfOptions(message))));
  return {
    terminal,
    screen: new Terminal(process.stdout),
    json,
    out(text) {
      terminal.erase();
      process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
    },
    get signal() {
      if (process.listenerCount('SIGINT') === 0) process.on('SIGINT', onInterrupt);
      return stop.signal;
    },
  };
}

async function run(args: readonly string[]): Promise<void> {
  const request = parseCommandLine(args, commands);
  const context = makeContext(request.kind === 'run' && request.values['json'] === true);
  if (request.kind === 'version') context.out(manifest.version);
  else if (request.kind === 'help') context.out(request.command === undefined ? helpOfAll(commands) : helpOf(request.command));
  else await request.command.run(context, request.positionals, request.values);
}

/** What errors begin with: the command, where there is one of that name. */
function nameIn(args: readonly string[]): string {
  try {
    const name = findCommand(args, commands)?.command.name;
    return name === undefined ? 'nabla' : `nabla ${name}`;
  } catch {
    return 'nabla';
  }
}

/** Whether an error says what is wrong with what the user gave, and not with the library. */
function isOfInput(error: unknown): error is Error {
  return [UsageError, DataError, FormatError, OptionError, ShapeError].some((Class) => error instanceof Class);
}

// A reader that has seen enough (`nabla demo | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

// Nor is one of the progress: the work goes on.
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const args = process.argv.slice(2);
try {
  await run(args);
  if (stop.signal.aborted) process.exitCode = interrupted;
} catch (error) {
  new Terminal(process.stderr).erase();
  if (stop.signal.aborted && error === stop.signal.reason) process.exitCode = interrupted;
  else if (isOfInput(error) || error instanceof NablaError) {
    // Names and values out of a file must not steer the terminal.
    process.stderr.write(`${nameIn(args)}: ${printable(error instanceof UsageError ? error.message : inWordsOfOptions(error.message))}\n`);
    process.exitCode = isOfInput(error) ? 2 : 1;
  } else throw error;
}

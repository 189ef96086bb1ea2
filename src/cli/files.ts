/** Files as the commands read and write them: what cannot be done with one is said in a sentence, and none is ever half-written. */

import { accessSync, closeSync, constants, existsSync, fsyncSync, openSync, readFileSync, readSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from './command.ts';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder', EACCES: 'permission denied', EPERM: 'permission denied', EROFS: 'the disk is read-only',
  EISDIR: 'it is a folder', ENOTDIR: 'a part of the path is no folder', ENOSPC: 'the disk is full',
};

function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return reasons[code] ?? message;
}

/** Refuses a path at which there is no file to read. */
export function checkReadable(path: string): void {
  const file = attempt(`'${path}' cannot be read`, () => statSync(path, { throwIfNoEntry: false }));
  if (file === undefined && path === '-') throw new UsageError("'-': standard input is not read; name a file");
  if (file === undefined) throw new UsageError(`there is no file '${path}'`);
  // What a file is, its beginning says, which cannot be read again of a pipe.
  if (!file.isFile() && !file.isDirectory()) throw new UsageError(`'${path}' is a pipe or a device, which is not read; name a file`);
  if (file.isDirectory()) throw new UsageError(`'${path}' is a folder, not a file`);
  attempt(`'${path}' cannot be read`, () => accessSync(path, constants.R_OK));
}

/** Refuses a path at which no file can be written, before the work is done that is to be written there. */
export function checkWritable(path: string): void {
  const problem = `'${path}' cannot be written`;
  attempt(problem, () => {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.isDirectory() === true) throw new UsageError(`${problem}: it is a folder`);
    // A file would take the place of the device.
    if (there?.isFile() === false) throw new UsageError(`${problem}: it is a pipe or a device`);
    const folder = dirname(targetOf(path));
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw new UsageError(`${problem}: there is no folder '${folder}'`);
    // Whether one can is found out by doing it: rights are not all there is to it.
    const draft = draftOf(targetOf(path));
    closeSync(openSync(draft, 'w'));
    rmSync(draft);
  });
}

/** Refuses a path at which no file can be written, or one lies that is not `what`, by how it begins: nobody means to lose that. */
export function checkReplaceable(path: string, what: string, isWhat: (start: Uint8Array) => boolean): void {
  checkWritable(path);
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > 0 && !isWhat(startOf(path, 64))) throw new UsageError(`'${path}' is there already and is not ${what}; name another file, or remove it`);
}

/** The first bytes of a file, at most `length`. */
export function startOf(path: string, length: number): Uint8Array {
  checkReadable(path);
  return attempt(`'${path}' cannot be read`, () => {
    const file = openSync(path, 'r');
    try {
      const buffer = new Uint8Array(length);
      return buffer.subarray(0, readSync(file, buffer));
    } finally {
      closeSync(file);
    }
  });
}

/** The bytes of a file. */
export function readWhole(path: string): Uint8Array {
  checkReadable(path);
  return attempt(`'${path}' cannot be read`, () => readFileSync(path));
}

/** Replaces a file in one move, by way of a draft beside it, of which nothing stays. */
export function replaceFile(path: string, content: string | Uint8Array | Iterable<string>): void {
  attempt(`'${path}' could not be written`, () => {
    const target = targetOf(path);
    const draft = draftOf(target);
    try {
      const file = openSync(draft, 'w');
      try {
        // By its descriptor, a file is written on from where the piece before ended.
        for (const piece of typeof content === 'string' || content instanceof Uint8Array ? [content] : content) writeFileSync(file, piece);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(draft, target);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
  });
}

/** The file that a path stands for: links stay, and what they point to is replaced. */
function targetOf(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

function draftOf(path: string): string {
  return `${path}.${process.pid}.draft`;
}

/** Does what may fail for reasons of the disk. */
function attempt<Result>(problem: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${problem}: ${reasonOf(error)}`, { cause: error });
  }
}

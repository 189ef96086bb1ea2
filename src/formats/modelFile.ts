/** What files of models and checkpoints have in common: names in the metadata, and files on a disk. */

import { BackendError, DataError, FormatError, NablaError, OptionError } from '../errors.ts';
import { files, type Files } from '../platform.ts';

/** Metadata, by name: what the model is, and how far training has come. */
export const modelKey = 'nabla.model';
export const trainingKey = 'nabla.training';
export const formatVersion = 1;
/** In the JSON of a training, the name of the tensor whose values stand there. */
export const tensorKey = 'nabla.tensor';

/** The disk, where there is one. */
export function diskFor(where: string): Files {
  const disk = files();
  if (disk === undefined) throw new OptionError(`${where}: there are no files here; it needs Node`);
  return disk;
}

/** Does what may fail for reasons of the platform. */
export function attempt<Result>(problem: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    throw new DataError(`${problem} (${(cause as Error).message})`, { cause });
  }
}

/** Replaces a file in one move, by way of `draft`, of which nothing stays. */
export function replaceFile(where: string, disk: Files, path: string, draft: string, bytes: Uint8Array): void {
  attempt(`${where}: '${path}' could not be written`, () => {
    try {
      disk.replace(path, draft, bytes);
    } catch (cause) {
      disk.remove(draft);
      throw cause;
    }
  });
}

/** Says in which file a format was not kept. */
export function located<Result>(where: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    throw cause instanceof FormatError ? new FormatError(`${where}: ${cause.message}`, { cause }) : cause;
  }
}

/** What is wrong with what a file says is wrong with the file. */
export function inFile<Result>(where: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof NablaError) || cause instanceof BackendError || cause instanceof FormatError) throw cause;
    throw new FormatError(`${where}: ${cause.message}`, { cause });
  }
}

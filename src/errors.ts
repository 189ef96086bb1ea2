/**
 * Every error nabla throws on purpose. Each has a stable `code` to test for and a message that says, in a sentence,
 * where it happened, what was expected and what was received.
 */

/** The parent of all errors of this package. */
export class NablaError extends Error {
  /** A short stable identifier, for example `'SHAPE'`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An array has the wrong number of rows, columns or values. Code `SHAPE`. */
export class ShapeError extends NablaError {
  constructor(message: string) {
    super('SHAPE', message);
  }
}

/** An option or an argument is unknown or out of range. Code `OPTION`. */
export class OptionError extends NablaError {
  constructor(message: string) {
    super('OPTION', message);
  }
}

/** The values of a data set cannot be used: not numbers, not finite, labels out of range. Code `DATA`. */
export class DataError extends NablaError {
  constructor(message: string, options?: ErrorOptions) {
    super('DATA', message, options);
  }
}

/** The bytes of a file are not what its format asks for: damaged, cut short, or of another kind. Code `FORMAT`. */
export class FormatError extends NablaError {
  constructor(message: string, options?: ErrorOptions) {
    super('FORMAT', message, options);
  }
}

/** A backend is not available here, or memory could not be had. Code `BACKEND`. */
export class BackendError extends NablaError {
  constructor(message: string, options?: ErrorOptions) {
    super('BACKEND', message, options);
  }
}

/**
 * Training left the range of finite numbers. Code `TRAINING`. The model holds the weights it had at the end of the last
 * finite epoch.
 */
export class TrainingError extends NablaError {
  /** Zero-based epoch in which it happened. */
  readonly epoch: number;
  /** Zero-based batch of that epoch. */
  readonly batch: number;
  /** Name of the first layer whose values were not finite. */
  readonly layer: string;

  constructor(message: string, at: { epoch: number; batch: number; layer: string }) {
    super('TRAINING', message);
    this.epoch = at.epoch;
    this.batch = at.batch;
    this.layer = at.layer;
  }
}

/** `", did you mean 'relu'?"` when a known name is close to `name`, else an empty string. */
export function didYouMean(name: string, known: readonly string[]): string {
  const wanted = name.toLowerCase();
  let best = '';
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best === '' ? '' : `, did you mean '${best}'?`;
}

/** Levenshtein distance: insertions, deletions and substitutions between two short words. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, substitution));
    }
    previous = current;
  }
  return previous[b.length]!;
}

/** How a value looks in a message: short, and with its type where that helps. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 40 ? `${value.slice(0, 40)}…` : value}'`;
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined) return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value)) {
    const { length } = value as ArrayLike<unknown>;
    return `${value.constructor.name} of ${length} ${length === 1 ? 'value' : 'values'}`;
  }
  return typeof value === 'object' ? `an object of type ${value.constructor?.name ?? 'null prototype'}` : typeof value;
}

/** The error for an option or an argument that is not what it should be, in the words of all of them. */
export function unexpected(where: string, expected: string, received: unknown): OptionError {
  return new OptionError(`${where}: expected ${expected}, received ${show(received)}`);
}

/** The error where a model must be compiled first. */
export function notCompiled(where: string): OptionError {
  return new OptionError(`${where}: the model has no loss yet; call compile({ optimizer, loss }) first`);
}

/**
 * Splits a plan among threads: from the words of one, those of each thread's share. Results are shared out, never sums, so
 * the bits do not depend on how many threads there are. Barriers stand where an operation needs what others computed.
 */

import { allOperations, operationNames } from './extraPlan.ts';
import { operationWords, type OperationName } from './plan.ts';

/** Where the threads of a team meet and keep what is theirs. */
export interface Meeting {
  readonly threads: number;
  /** The control block; see assembly/threads.ts. */
  readonly control: number;
  /** How long the leading thread waits at a barrier before it comes back; the others wait for good. */
  readonly milliseconds: number;
  /** Bytes from one thread's scratch to the next one's. */
  readonly scratchBytes: number;
  /** For each thread, `undoBytes` for copies of what it is about to update. */
  readonly undo: number;
  /** For each thread, in a cache line of its own: the block of the update that it is in, counted from 1; one more when done. */
  readonly progress: number;
}

/** A range that an update changes, and where a copy of a block of it is kept while it does. */
interface Undo {
  readonly range: number;
  readonly copy: number;
  readonly floats: number;
}

/** One thread's plan. */
export interface Share {
  readonly words: Int32Array;
  /** For each block of the update: the word it begins at, and what to copy back if it is not finished. */
  readonly blocks: readonly { readonly word: number; readonly undo: readonly Undo[] }[];
  /** The word of the barrier behind the update, at which what is left of it can be made up for, and of the last one. */
  readonly updated: number;
  readonly lastBarrier: number;
  /** The words of the operations that change something for good, and of those behind them. */
  readonly lasting: readonly number[];
}

/** The op code that makes an operation do nothing, where nothing but such and barriers come after it. */
export const nothing = operationNames.indexOf('share');

/** Floats that are updated, and can be undone, at a time; the copies stay in the first-level cache. */
const blockFloats = 1024;
/** Ranges that an update changes at most: parameters and the optimizer's state. */
const changedRanges = 4;
/** Bytes of undo copies of a thread: blocks take turns with two areas, as one is copied while the mark still names the one before it. */
export const undoBytes = 2 * changedRanges * blockFloats * 4;

/** Updates over flat ranges: parameters, state and gradients are shared out; the rest is common. */
const updates: readonly OperationName[] = ['sgd', 'adam', 'rmsprop', 'adagrad', 'adadelta', 'adamax', 'nadam', 'lion', 'accumulate', 'blend'];
const common = ['learningRate', 'step'];
/** What updates read alone. */
const unchanged = ['dparameters', 'value'];
/** Operations over flat ranges that nobody needs after the step, and which of their arguments those are. */
const flat: Partial<Record<OperationName, readonly string[]>> = { zero: ['range'], clip: ['range'], shrink: ['range'], meanGradient: ['dparameters', 'accumulated'] };
/** Operations of which each thread computes some rows. */
const byRows: readonly OperationName[] = [
  'denseForward', 'activationForward', 'activationBackward', 'softmaxForward', 'softmaxBackward', 'logSoftmaxForward', 'logSoftmaxBackward',
  'dropoutForward', 'dropoutBackward', 'flush', 'add', 'gaussianNoise', 'normalizeColumns', 'normalizeColumnsBackward', 'normalizeRows',
  'normalizeRowsBackwardInput', 'impute', 'oneHot',
];
/** Of their arguments, those that all rows have in common, and the one that has two values a row. */
const ofColumns = ['mean', 'scale', 'gamma', 'beta', 'slope', 'tilt', 'fill'];
const ofRows = 'statistics';
/** Operations of which each thread computes some columns: all their addresses but `ofRows` are of columns. */
const byColumns: readonly OperationName[] = ['columnMoments', 'columnScales', 'columnSlopes', 'normalizeRowsBackwardParameters'];
/** Operations of which each thread computes what belongs to some inputs. */
const byInputs: readonly OperationName[] = ['denseBackwardInput', 'denseBackwardParameters'];

interface Step {
  readonly name: OperationName;
  /** The words of its arguments, by name. */
  readonly args: Readonly<Record<string, number>>;
  /** Set for what comes behind the updates, and what follows those at once: the leading thread's, whatever it is. */
  readonly late: boolean;
}

/** The steps of a plan, up to its end. */
function read(words: Int32Array): Step[] {
  const steps: Step[] = [];
  let late = false;
  for (let at = 0; words[at] !== 0; at += operationWords) {
    const name = operationNames[words[at]!]!;
    const keys = Object.entries<string>(allOperations[name]).filter(([, kind]) => kind !== 'rows').map(([key]) => key);
    const before = steps.at(-1)?.name;
    late ||= before !== undefined && updates.includes(before) && !updates.includes(name);
    steps.push({ name, args: Object.fromEntries(keys.map((key, i) => [key, words[at + 1 + i]!])), late });
  }
  return steps;
}

/** Part `thread` of `threads` of `count` things, in whole groups; the last part has what is left over. */
function part(count: number, group: number, thread: number, threads: number): { first: number; last: number } {
  const groups = Math.floor(count / group);
  const end = (n: number): number => (n === threads ? count : Math.floor((groups * n) / threads) * group);
  return { first: end(thread), last: end(thread + 1) };
}

/** Whether threads share an operation; others are the leading thread's. */
function isShared({ name, late }: Step): boolean {
  return !late && (name in flat || byRows.includes(name) || byInputs.includes(name) || byColumns.includes(name) || updates.includes(name));
}

/**
 * Whether a step can follow another without a barrier. Updates that follow each other are of ranges as long, so each thread goes on with
 * what it has just updated, or are of others; and what comes behind them is the leading thread's, and has no barrier in it.
 */
function independent(first: Step, second: Step): boolean {
  // A counter may move on while gradients are computed; what follows it may read them.
  if (!isShared(first) && !isShared(second)) return first.name !== 'increment';
  if (second.late) return false;
  const [before, after] = [first.name, second.name];
  if (before === 'zero' || (byRows.includes(before) && byRows.includes(after))) return true;
  if (updates.includes(before) && updates.includes(after)) return true;
  // These are of one stage: each thread goes on with its own columns.
  if (byColumns.includes(before) && byColumns.includes(after)) return true;
  return before === 'denseBackwardParameters' && (after === 'denseBackwardInput' || after === 'increment');
}

/** The share of one thread of a plan that runs on `rows` rows. */
export function share(plan: Int32Array, rows: number, thread: number, meeting: Meeting): Share {
  return new Sharer(rows, thread, meeting).write(read(plan));
}

/** Values from one row to the next of what an argument points at; 0: the same for all rows. */
function rowWidth(name: OperationName, key: string, { units, inputs, columns }: Step['args']): number {
  if (common.includes(key) || ofColumns.includes(key)) return 0;
  if (key === ofRows) return 2;
  if (name !== 'denseForward' && name !== 'oneHot') return columns ?? units!;
  return key === 'out' ? units! : key === 'input' ? inputs! : 0;
}

/** The arguments, every address moved by so many floats. */
function moved(name: OperationName, args: Step['args'], floats: (key: string) => number): Record<string, number> {
  const entries = Object.entries<string>(allOperations[name]).map(([key, kind]) => [key, kind === 'address' ? args[key]! + 4 * floats(key) : args[key]!]);
  return Object.fromEntries(entries) as Record<string, number>;
}

class Sharer {
  readonly #rows: number;
  readonly #thread: number;
  readonly #meeting: Meeting;
  readonly #words: number[] = [];
  readonly #blocks: { word: number; undo: Undo[] }[] = [];
  readonly #lasting: number[] = [];

  constructor(rows: number, thread: number, meeting: Meeting) {
    this.#rows = rows;
    this.#thread = thread;
    this.#meeting = meeting;
  }

  write(steps: readonly Step[]): Share {
    this.#mark(0);
    let lastBarrier = 0;
    let updated = 0;
    steps.forEach((step, i) => {
      this.#step(step);
      const next = steps[i + 1];
      if (next !== undefined && independent(step, next)) return;
      const last = Number(next === undefined);
      if (last || updates.includes(step.name)) this.#mark(this.#blocks.length + 1);
      lastBarrier = this.#words.length;
      if (last || updates.includes(step.name)) updated ||= lastBarrier;
      const { control, threads, milliseconds } = this.#meeting;
      this.#add('barrier', { control, threads, milliseconds: this.#thread === 0 ? milliseconds : -1, last });
    });
    return { words: Int32Array.from(this.#words), blocks: this.#blocks, updated, lastBarrier, lasting: this.#lasting };
  }

  #add(name: OperationName, args: Readonly<Record<string, number>>): void {
    const end = this.#words.length + operationWords;
    const isLasting = this.#lasting.length > 0 || name === 'increment' || updates.includes(name);
    if (isLasting && name !== 'mark' && name !== 'barrier') this.#lasting.push(this.#words.length);
    this.#words.push(operationNames.indexOf(name));
    for (const [key, kind] of Object.entries<string>(allOperations[name])) if (kind !== 'rows') this.#words.push(args[key]!);
    while (this.#words.length < end) this.#words.push(0);
  }

  #mark(value: number): void {
    this.#add('mark', { counter: this.#meeting.progress + 64 * this.#thread, value });
  }

  #step(step: Step): void {
    const { name, args } = step;
    const { threads, scratchBytes } = this.#meeting;
    const of = (count: number, group: number) => part(count, group, this.#thread, threads);
    if (!isShared(step)) {
      if (this.#thread > 0) return;
      this.#add('share', { count: this.#rows, first: 0, last: 0x7fffffff });
      this.#add(name, args);
    } else if (byRows.includes(name)) {
      // Four rows of any width are a whole number of vectors, and the groups in which kernels take them.
      const { first, last } = of(this.#rows, 4);
      this.#range(name, args, first, last, (key) => rowWidth(name, key, args));
    } else if (byInputs.includes(name)) {
      const { first, last } = of(args['inputs']!, 16);
      if (first === last) return;
      this.#add('share', { count: this.#rows, first, last });
      this.#add(name, { ...args, scratch: args['scratch']! + this.#thread * scratchBytes });
    } else if (byColumns.includes(name)) {
      const { first, last } = of(args['columns']!, 16);
      if (first === last) return;
      this.#add('share', { count: this.#rows, first, last });
      this.#add(name, { ...moved(name, args, (key) => (args[key] === 0 || key === ofRows ? 0 : first)), columns: last - first });
    } else if (flat[name] !== undefined) {
      const { first, last } = of(args['count']!, 16);
      const own = Object.fromEntries(flat[name].map((key) => [key, args[key]! + 4 * first]));
      if (first < last) this.#add(name, { ...args, ...own, count: last - first });
    } else {
      const { first, last } = of(args['count']!, 16);
      for (let at = first; at < last; at += blockFloats) this.#update(name, args, at, Math.min(blockFloats, last - at));
    }
  }

  /** Rows [first, last), of matrices that are `width(key)` wide; 0: the same for all rows. */
  #range(name: OperationName, args: Readonly<Record<string, number>>, first: number, last: number, width: (key: string) => number): void {
    if (first === last) return;
    this.#add('share', { count: last - first, first, last });
    this.#add(name, moved(name, args, (key) => first * width(key)));
  }

  /** One block of an update, with a copy of what it changes: a thread that ends in the middle of it can be made up for. */
  #update(name: OperationName, args: Readonly<Record<string, number>>, at: number, floats: number): void {
    const keys = Object.entries<string>(allOperations[name]).flatMap(([key, kind]) => (kind === 'address' && !common.includes(key) ? [key] : []));
    const moved = Object.fromEntries(keys.map((key) => [key, args[key] === 0 ? 0 : args[key]! + 4 * at]));
    const area = this.#meeting.undo + (this.#thread + (this.#blocks.length % 2) / 2) * undoBytes;
    const undo = keys.filter((key) => !unchanged.includes(key) && args[key] !== 0)
      .map((key, i) => ({ range: moved[key]! >>> 0, copy: area + 4 * i * blockFloats, floats }));
    this.#blocks.push({ word: this.#words.length, undo });
    for (const { range, copy } of undo) this.#add('copyRange', { to: copy, from: range, count: floats });
    this.#mark(this.#blocks.length);
    this.#add(name, { ...args, ...moved, count: floats });
  }
}

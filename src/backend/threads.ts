/**
 * Teams of threads that walk plans together in one shared memory. The thread that trains leads: it gives out the shares of a
 * plan and walks its own. Workers come from one pool, go back to it, and never keep a process alive. Loaded on demand.
 */

import { availableThreads, maySleep, nextTask, startWorker, workersStartAtOnce, type WorkerHandle } from '../platform.ts';
import type { Backend } from './backend.ts';
import type { Arena } from './memory.ts';
import { sharedKernels, type SharedKernels } from './sharedMemory.ts';
import { operationWords } from './plan.ts';
import { nothing, share, undoBytes, type Meeting, type Share } from './sharing.ts';

/** What a worker does: joins a memory when told to, and serves there until it is told to leave. */
const workerSource = `
const serve = ({ modules: [kernels, more], memory, control, thread }) => {
  const extra = more ? new WebAssembly.Instance(more, { env: { memory } }).exports.runExtra : () => {};
  const { exports } = new WebAssembly.Instance(kernels, { env: { memory, extra } });
  tell('joined');
  exports.serve(control, thread);
};`;

/** Workers that no team has at the moment. */
const idle: WorkerHandle[] = [];

/** Bytes of the memories that each has joined, and with how many it is let go. */
const seenBytes = new WeakMap<WorkerHandle, number>();
const mostSeenBytes = 2 ** 27;

/** A worker that is free, or a new one. */
function hire(): WorkerHandle {
  for (let worker = idle.pop(); worker !== undefined; worker = idle.pop()) if (worker.ended === undefined) return worker;
  return startWorker(workerSource);
}

/** The words of a control block, in bytes; see assembly/threads.ts. */
const left = 132;
const command = 192;
const spins = 196;
const plans = 256;
const controlBytes = 512;
/** Threads of a team at most: as many as there are addresses of plans in a control block. */
const mostThreads = (controlBytes - plans) / 4;

/**
 * How often a thread looks whether the others have come before it goes to sleep: about a tenth of a millisecond, which waking
 * may take; hardly, where there are more threads than can run at once.
 */
const spinsBefore = 200_000;
const spinsAmongMany = 1000;

/** How long a leader that may sleep does so at a barrier before it looks after the others. */
const patience = 5;
/** How long it waits for them at all. */
const longest = 10_000;
const silent = 'a thread has not answered for ten seconds';
/** How long workers may take to leave. */
const patienceToLeave = 1000;
/** How long a worker that was told to stop may go on. */
const grace = 100;

/** A plan as it was last written for a number of rows. */
interface Written {
  readonly words: Int32Array;
  /** The address of each thread's. */
  readonly at: readonly number[];
  rows: number;
  shares: readonly Share[];
}

/** What a team works for. */
export interface Work {
  readonly backend: Backend;
  /** Multiplications of a forward pass, about, and how many are worth a team. */
  readonly products: number;
  readonly least: number;
  /** The first address that is free. */
  readonly address: number;
  /** Where the step counter is, which a plan increments before it updates. */
  readonly step: number;
}

/**
 * Starts a team of threads; `'auto'`: of as many as the machine runs at once, where the work repays it. Undefined is one
 * thread, a string the reason why there can be no more. `atOnce`: its leader will not let workers start in a page.
 */
export function startTeam(threads: number | 'auto', work: Work, atOnce = false): Team | string | undefined {
  const { backend } = work;
  const count = threads === 'auto' ? Math.min(availableThreads(), mostThreads) : threads;
  if (count === 1 || (threads === 'auto' && work.products < work.least)) return undefined;
  if (backend.shareable === undefined) return `backend '${backend.name}' has one`;
  if (typeof SharedArrayBuffer === 'undefined') {
    return 'memory cannot be shared here; a page must be cross-origin isolated (COOP: same-origin, COEP: require-corp)';
  }
  if (atOnce && idle.length < count - 1 && !workersStartAtOnce()) return 'in a page, train with threads before predicting with them';
  try {
    return new Team(count, work, sharedKernels(backend.shareable, backend.memory.i32.byteLength));
  } catch (cause) {
    return `memory cannot be shared here (${String(cause)})`;
  }
}

export class Team {
  readonly threads: number;
  readonly workers: readonly WorkerHandle[];
  /** The first address behind what the team itself uses. */
  readonly end: number;
  readonly #work: Work;
  #plans: ReadonlyMap<string, Written> = new Map();
  #scratchBytes = 0;
  /** The plan at work, the step counter before it, and the barrier that the leader waits at; 0: none. */
  #at = 0;
  #current: Written | undefined;
  #stepBefore = 0;
  /** Why the team was given up. */
  #broken: string | undefined;
  /** How many plans have been run, and what a function of the user's threw in which of them last. */
  #runs = 0;
  #thrown: { readonly run: number; readonly error: unknown } | undefined;

  constructor(threads: number, work: Work, { modules, memory }: SharedKernels) {
    this.threads = threads;
    this.#work = work;
    this.end = work.address + controlBytes + threads * (64 + undoBytes);
    work.backend.memory.ensure(this.end);
    const { i32 } = work.backend.memory;
    i32.fill(0, work.address / 4, this.end / 4);
    i32[(work.address + spins) / 4] = threads > availableThreads() ? spinsAmongMany : spinsBefore;
    this.workers = Array.from({ length: threads - 1 }, hire);
    this.workers.forEach((worker, i) => worker.post({ modules, memory, control: work.address, thread: i + 1 }));
  }

  /** Resolves when all have joined; to the reason where one cannot. */
  async joined(): Promise<string | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLate = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(silent), longest);
    });
    const late = await Promise.race([Promise.all(this.workers.map((worker) => worker.answer())).then(() => undefined), tooLate]);
    clearTimeout(timer);
    const reason = this.#ended() ?? late;
    if (reason === undefined) return undefined;
    this.#dismiss();
    // One that is late may still look at words that others will have then.
    await new Promise((resolve) => setTimeout(resolve, grace));
    return reason;
  }

  /**
   * Finds room for each thread's share of every plan; `scratchFloats` is what each has for itself. The function it returns makes the team
   * use them, once there is memory for it.
   */
  place(words: Readonly<Record<string, Int32Array>>, scratchFloats: number, arena: Arena): () => void {
    // No share has more words than when every thread has rows.
    const rows = 4 * this.threads;
    const placed = Object.entries(words).map(([name, plan]): [string, Written] => {
      const at = Array.from({ length: this.threads }, (_, thread) => arena.floats(share(plan, rows, thread, this.#meeting).words.length));
      return [name, { words: plan, at, rows: 0, shares: [] }];
    });
    return () => {
      this.#scratchBytes = Math.ceil(scratchFloats / 16) * 64;
      this.#plans = new Map(placed);
    };
  }

  get #meeting(): Meeting {
    const { address } = this.#work;
    const { threads } = this;
    const progress = address + controlBytes;
    const milliseconds = maySleep() ? patience : 0;
    return { threads, control: address, milliseconds, scratchBytes: this.#scratchBytes, progress, undo: progress + 64 * threads };
  }

  /** Walks a plan on `rows` rows; false where the leader has come to a barrier and still waits for others. Throws what a function of the user's throws. */
  run(name: string, rows: number): boolean {
    const { backend, address, step } = this.#work;
    const { i32 } = backend.memory;
    const written = this.#plans.get(name)!;
    if (written.rows !== rows) this.#write(written, rows);
    written.at.forEach((at, thread) => {
      i32[(address + plans) / 4 + thread] = at;
    });
    this.#current = written;
    this.#stepBefore = i32[step / 4]!;
    Atomics.add(i32, (address + command) / 4, 1);
    Atomics.notify(i32, (address + command) / 4);
    this.#runs++;
    this.#walk(() => backend.run(written.at[0]!, 0));
    return this.#finished();
  }

  #walk(work: () => number): void {
    const { backend } = this.#work;
    backend.caught = (error) => this.#spoil(error);
    try {
      this.#at = work() >>> 0;
    } finally {
      backend.caught = undefined;
    }
  }

  /**
   * A function of the user's has thrown: others wait for the leader, so all go on to the end, but without what changes anything for good. That
   * is behind barriers that the leader has yet to come to.
   */
  #spoil(error: unknown): void {
    const { i32 } = this.#work.backend.memory;
    const written = this.#current!;
    written.shares.forEach(({ lasting }, thread) => {
      for (const word of lasting) i32[written.at[thread]! / 4 + word] = nothing;
    });
    // To be written anew.
    written.rows = 0;
    if (this.#thrown?.run !== this.#runs) this.#thrown = { run: this.#runs, error };
  }

  /** Whether it is; throws what was thrown in a run. */
  #finished(run = this.#runs): boolean {
    if (this.#at === 0 && this.#broken === undefined && this.#thrown?.run === run) throw this.#thrown.error;
    return this.#at === 0;
  }

  #write(written: Written, rows: number): void {
    written.shares = written.at.map((at, thread) => {
      const mine = share(written.words, rows, thread, this.#meeting);
      this.#work.backend.memory.i32.set(mine.words, at / 4);
      return mine;
    });
    written.rows = rows;
  }

  /** Whether a plan is unfinished: other threads still work on it. */
  get pending(): boolean {
    return this.#at !== 0;
  }

  /**
   * Finishes what `run` left unfinished, and throws as that does. Resolves to the reason if a thread has ended; memory is then as after a whole
   * step.
   */
  async finish(): Promise<string | undefined> {
    // While this waits, others may finish it, and run plans of their own.
    const run = this.#runs;
    for (let until = performance.now() + longest; this.pending;) {
      await nextTask();
      if (this.pending && this.#goOn(until)) until = performance.now() + longest;
    }
    this.#finished(run);
    return this.#broken;
  }

  /** As `finish`, at once: nothing else runs meanwhile, so nobody hears of a thread that ends while it waits. */
  finishNow(): string | undefined {
    const until = performance.now() + longest;
    while (this.pending) this.#goOn(until);
    this.#finished();
    return this.#broken;
  }

  /** Looks after the others and walks on; returns whether that went any further. Where they are lost, or late, gives the team up. */
  #goOn(until: number): boolean {
    const waited = this.#at;
    const ended = this.#ended();
    if (ended === undefined) this.#resume();
    if (this.#at !== waited) return true;
    const reason = ended ?? (performance.now() > until ? silent : undefined);
    if (reason !== undefined) this.#giveUp(reason);
    return false;
  }

  #resume(): void {
    this.#walk(() => this.#work.backend.shareable!.resume(this.#at));
  }

  /** Why a thread has ended, if one has. */
  #ended(): string | undefined {
    const index = this.workers.findIndex(({ ended }) => ended !== undefined);
    return index < 0 ? undefined : `thread ${index + 2} of ${this.threads} has ended (${this.workers[index]!.ended})`;
  }

  /**
   * Ends the workers, and makes memory what it is after a whole step. Up to the barrier before the update nothing but the step
   * counter has changed for good; behind it, what threads that have ended left of the update is done in their place.
   */
  #giveUp(reason: string): void {
    const { backend, step } = this.#work;
    const { i32 } = backend.memory;
    const { at, shares } = this.#current!;
    const updated = at[0]! + 4 * shares[0]!.updated;
    const last = at[0]! + 4 * shares[0]!.lastBarrier;
    const progress = (thread: number): number => i32[this.#meeting.progress / 4 + 16 * thread]!;
    const working = (_worker: WorkerHandle, i: number): boolean => progress(i + 1) <= shares[i + 1]!.blocks.length;
    const wait = (): void => {
      for (const until = performance.now() + grace; this.workers.some(working) && performance.now() < until;);
    };
    if (this.#at === updated) wait();
    this.#dismiss();
    wait();
    // The others may have passed the barrier, and begun to update, since the leader looked last.
    this.#resume();
    if (this.#at === updated) {
      shares.forEach((mine, thread) => this.#makeUpFor(mine, at[thread]!, progress(thread)));
      if (updated !== last) this.#runTo(last, updated + 4 * operationWords);
    } else if (this.#at !== last && this.#at !== 0) i32[step / 4] = this.#stepBefore;
    this.#at = 0;
    this.#broken = reason;
  }

  /** Finishes a thread's share of an update from the block that it had begun; 0: none yet. */
  #makeUpFor({ blocks, updated }: Share, at: number, begun: number): void {
    const block = blocks[Math.max(0, begun - 1)];
    if (begun > blocks.length || block === undefined) return;
    const { f32 } = this.#work.backend.memory;
    if (begun > 0) for (const { range, copy, floats } of block.undo) f32.copyWithin(range / 4, copy / 4, copy / 4 + floats);
    this.#runTo(at + 4 * updated, at + 4 * block.word);
  }

  /** Walks a plan from `start` to the barrier at `end`, for good: the team is given up. */
  #runTo(end: number, start: number): void {
    const { backend } = this.#work;
    backend.memory.i32[end / 4] = 0;
    backend.run(start, 0);
  }

  /** Lets the workers go back to the pool, and sees them leave: the next team may have the same control block. */
  leave(): void {
    const { backend: { memory: { i32 } }, address } = this.#work;
    i32.fill(0, (address + plans) / 4, (address + controlBytes) / 4);
    Atomics.add(i32, (address + command) / 4, 1);
    Atomics.notify(i32, (address + command) / 4);
    const present = this.workers.filter(({ ended }) => ended === undefined);
    const until = performance.now() + patienceToLeave;
    while (Atomics.load(i32, (address + left) / 4) < present.length) {
      if (performance.now() < until) continue;
      this.#dismiss();
      return;
    }
    for (const worker of present) {
      // A worker at rest keeps every memory it has had, for nothing makes its engine collect them.
      const seen = (seenBytes.get(worker) ?? 0) + i32.byteLength;
      seenBytes.set(worker, seen);
      if (seen > mostSeenBytes) worker.stop();
      else idle.push(worker);
    }
  }

  /** Ends the workers for good. */
  #dismiss(): void {
    for (const worker of this.workers) worker.stop();
  }
}

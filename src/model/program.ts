/**
 * A model laid out in a backend's memory: where every parameter, gradient and batch buffer lies, and the plans that run on
 * them. Laid out once; only the room for a batch moves, when a larger batch comes. It trusts its caller: data is checked at
 * the door, in sequential.ts.
 *
 * Memory, in order: registers, gradients, then what training changes (parameters, optimizer state, the step counter) and a
 * copy of it, while `fit` runs perhaps its data, then the room for a batch and the plans.
 */

import type { Backend } from '../backend/backend.ts';
import { threadsPart, type Team, type Work } from '../backend/index.ts';
import { Arena } from '../backend/memory.ts';
import { BackendError } from '../errors.ts';
import { warnOnce } from '../platform.ts';
import { Random } from '../random.ts';
import { Collected, type Output } from './collected.ts';
import type { ParameterSpec, Stage } from './layers/layer.ts';
import { targetColumns } from './training/losses.ts';
import { rateAt } from './optimizers/optimizer.ts';
import { placeParameters, sizeOf, type Parameter } from './parameters.ts';
import type { Layout, Objective, Range } from './plans.ts';
import { isSmall, ResidentData } from './training/resident.ts';
import { Room } from './room.ts';
import type { Samples } from './training/samples.ts';
import type { LearningRate } from './optimizers/schedules.ts';
import { sumFloats, Sums, type Summed } from './training/sums.ts';

/** What training changes, beside the parameters that the range begins with: one range, and a copy of it. */
interface Trained {
  /** A range as long as the parameters for each of the optimizer's slots. */
  readonly slots: Readonly<Record<string, number>>;
  /** The step counter. */
  readonly step: number;
  /** Floats of the whole range: parameters, those that are not trainable, slots, step. */
  readonly floats: number;
  /** The range as it last was at the end of an epoch. */
  readonly kept: number;
}

export class Program implements Summed {
  readonly backend: Backend;
  readonly stages: readonly Stage[];
  readonly inputs: number;
  readonly outputs: number;
  /** Whether NaN in the input may stand for a missing value. */
  readonly takesMissing: boolean | undefined;
  readonly parameters: readonly Parameter[];
  readonly #values: Range;
  readonly #all: Range;
  readonly #gradients: Range;
  /** With an optimizer that updates by several batches, `updates` is the number of the next update; `norm` is a float64 it computes with. */
  readonly #registers: { learningRate: number; updates: number; norm: number; sums: number };
  readonly penalised: boolean;
  readonly sums: Sums;
  #objective: Objective | undefined;
  #rate: LearningRate = 0;
  #trained: Trained = { slots: {}, step: 0, floats: 0, kept: 0 };
  /** Where the room for a batch begins. */
  #base: number;
  #resident: ResidentData | undefined;
  #room: Room | undefined;
  #team: Team | undefined;
  /** The first address behind a team that is not complete yet. */
  #gatheringEnd: number | undefined;
  /** What is to be collected when other threads have finished the step at work. */
  #pending: readonly [rows: number, output: Output] | undefined;

  /** Without a seed, parameters are 0. */
  constructor(backend: Backend, stages: readonly Stage[], inputs: number, seed?: number) {
    this.backend = backend;
    this.stages = stages;
    this.inputs = inputs;
    this.outputs = stages.at(-1)?.outputs ?? inputs;
    this.takesMissing = stages[0]?.takesMissing;
    this.penalised = stages.some(({ penalty }) => penalty !== undefined);

    const arena = new Arena(backend.heapBase);
    this.#registers = { learningRate: arena.floats(1), updates: arena.floats(1), norm: arena.floats(2), sums: arena.floats(sumFloats) };
    this.sums = new Sums(this.#registers.sums, this);
    const placed = placeParameters(stages, backend, arena);
    this.parameters = placed.parameters;
    this.#values = placed.values;
    this.#all = placed.all;
    this.#gradients = placed.gradients;
    this.#base = arena.end;
    backend.memory.ensure(arena.end);
    if (seed !== undefined) this.#initialize(seed);
  }

  #initialize(seed: number): void {
    this.parameters.forEach((parameter, i) => {
      const { shape, initializer } = parameter.spec;
      const values = new Float32Array(sizeOf(shape));
      initializer(values, shape, new Random(seed, 'initialization', i));
      this.write(parameter, values);
      parameter.spec.laidOut?.(this, parameter);
    });
  }

  /** A row-major copy of a parameter, or of its gradient. */
  read({ spec: { shape }, address, daddress }: Parameter, what: 'value' | 'gradient' = 'value'): Float32Array {
    this.settle();
    const at = what === 'value' ? address : daddress;
    if (shape.length === 2) return this.backend.readWeight(at, shape[0], shape[1]);
    return Float32Array.from(this.backend.memory.f32.subarray(at / 4, at / 4 + shape[0]));
  }

  write({ spec: { shape }, address }: Parameter, values: Float32Array): void {
    this.settle();
    if (shape.length === 2) this.backend.writeWeight(address, values, shape[0], shape[1]);
    else this.backend.memory.f32.set(values, address / 4);
  }

  get objective(): Objective | undefined {
    return this.#objective;
  }

  /** Sets what to train with; optimizer state starts anew. */
  compile(objective: Objective): void {
    const arena = new Arena(this.#all.address + 4 * this.#all.floats);
    const initial = Object.entries(objective.optimizer.slots);
    const slots = Object.fromEntries(initial.map(([name]) => [name, arena.floats(this.#values.floats)]));
    const step = arena.floats(1);
    const floats = (arena.end - this.#all.address) / 4;
    const kept = arena.floats(floats);
    this.backend.memory.ensure(arena.end);
    for (const [name, value] of initial) this.backend.memory.f32.fill(value, slots[name]! / 4, slots[name]! / 4 + this.#values.floats);
    this.backend.memory.i32[step / 4] = 0;
    this.#trained = { slots, step, floats, kept };
    this.#base = arena.end;
    this.#objective = objective;
    const { loss, measures } = objective;
    this.sums.collected = measures.length > 0 ? new Collected(measures, targetColumns(loss, this.outputs), this.outputs) : undefined;
    this.#room = undefined;
    this.rate = objective.optimizer.config.learningRate;
  }

  /** Updates done since `compile`. */
  get step(): number {
    return Math.floor(this.backend.memory.i32[this.#trained.step / 4]! / this.#accumulationSteps);
  }

  /** Batches that an update goes by. */
  get #accumulationSteps(): number {
    return this.#objective?.optimizer.accumulationSteps ?? 1;
  }

  /** By how many bytes each slot of the optimizer lies behind the parameters, which it is laid out as, and where the counters are, int32. */
  get state(): { readonly slots: Readonly<Record<string, number>>; readonly counters: Readonly<Record<string, number>> } {
    const { slots, step } = this.#trained;
    return { slots: Object.fromEntries(Object.entries(slots).map(([name, slot]) => [name, slot - this.#values.address])), counters: { step } };
  }

  /** What updates go by from now on: a number or a schedule. */
  get rate(): LearningRate {
    return this.#rate;
  }

  set rate(rate: LearningRate) {
    this.settle();
    this.#rate = rate;
    this.#setRegister();
  }

  /** Gives the next update the rate of its step. */
  #setRegister(): void {
    this.backend.memory.f32[this.#registers.learningRate / 4] = rateAt(this.#rate, this.step);
  }

  /** The rate of the last update, as a float32; before the first, that of the first. */
  get learningRate(): number {
    return this.backend.memory.f32[this.#registers.learningRate / 4]!;
  }

  /** Makes room for batches of `rows`, with a weight a row or without (undefined: either); on failure everything is as it was. */
  reserve(rows: number, weighted = this.#room?.weighted ?? false): void {
    this.settle();
    if (this.#room !== undefined && this.#room.rows >= rows && this.#room.weighted === weighted) return;
    const start = this.#resident?.end ?? this.#team?.end ?? this.#gatheringEnd ?? this.#base;
    this.#room = new Room(this.backend, start, Math.max(rows, this.#room?.rows ?? 0), weighted, this.layout(), this.#team);
  }

  /** The room that was reserved last, which a larger one may replace. */
  get room(): Room {
    return this.#room!;
  }

  /** What plans are written from, and what moves parameters without one. */
  layout(): Layout {
    const { slots, step } = this.#trained;
    const bySpec = new Map(this.parameters.map((parameter) => [parameter.spec, parameter]));
    const of = (specs: readonly ParameterSpec[]) => specs.map((spec) => bySpec.get(spec)!);
    return {
      stages: this.stages.map((stage) => ({
        stage,
        parameters: of(stage.parameters).map((parameter) => parameter.address),
        dparameters: of(stage.parameters).map((parameter) => parameter.daddress),
        floats: of(stage.parameters).map(({ floats }) => floats),
      })),
      inputs: this.inputs,
      outputs: this.outputs,
      values: this.#values,
      gradients: this.#gradients,
      gradientRanges: this.parameters.filter(({ daddress }) => daddress !== 0).map(({ daddress: address, floats }) => ({ address, floats })),
      slots,
      registers: { ...this.#registers, step },
      objective: this.#objective,
      resident: this.#resident,
    };
  }

  /** Runs a plan on the first `rows` rows of the room, which must have been reserved. */
  run(name: RunName, rows: number): void {
    if (!this.start(name, rows)) this.settle();
  }

  /** As `run`; false where other threads have not finished yet, and `finish` must be awaited. */
  start(name: RunName, rows: number): boolean {
    this.settle();
    const plan = name === 'train' ? this.#beginStep() : name;
    const output = name === 'train' ? 'trained' : name === 'evaluate' ? 'output' : undefined;
    if (this.#team !== undefined && rows >= leastShared) {
      if (!this.#team.run(plan, rows)) {
        this.#pending = output && [rows, output];
        return false;
      }
    } else {
      const { plans } = this.#room!;
      this.backend.run(plan === 'train' && rows === 1 ? plans.trainOne : plans[plan], rows);
    }
    if (output !== undefined) this.sums.collect(this.#room!, rows, output);
    return true;
  }

  /** Sets what the next step reads, and returns its plan. */
  #beginStep(): 'train' | 'accumulate' {
    if (typeof this.#rate === 'function') this.#setRegister();
    const { i32 } = this.backend.memory;
    i32[this.#registers.updates / 4] = this.step + 1;
    return (i32[this.#trained.step / 4]! + 1) % this.#accumulationSteps === 0 ? 'train' : 'accumulate';
  }

  /** Waits for other threads; throws a BackendError where one has ended. */
  async finish(): Promise<void> {
    this.#completed(await this.#team!.finish());
  }

  /** Other tasks may come while `fit` waits for threads: the step at work is finished before they read or change anything. */
  settle(): void {
    if (this.#team?.pending) this.#completed(this.#team.finishNow());
  }

  /** Collects the rows of a step that other threads have finished; refuses one that lost a thread. */
  #completed(reason: string | undefined): void {
    this.#refuse(reason);
    if (this.#pending !== undefined) this.sums.collect(this.#room!, ...this.#pending);
    this.#pending = undefined;
  }

  /** A team that has lost a thread is given up. */
  #refuse(reason: string | undefined): void {
    if (reason === undefined) return;
    this.#team = undefined;
    this.#room = undefined;
    throw new BackendError(`${reason}; the model is as it was after its last complete step`);
  }

  /** Shares the work on batches of `rows` among threads, until `leaveTeam`; where that cannot be had, says so once. */
  async joinTeam(threads: number | 'auto', rows: number): Promise<void> {
    if (threads === 1) return;
    let part;
    try {
      part = await threadsPart.load();
    } catch (cause) {
      this.#join(`the file for it could not be loaded (${String(cause)})`);
      return;
    }
    const team = part.startTeam(threads, this.#work(rows, leastStep));
    if (typeof team !== 'object') {
      this.#join(team);
      return;
    }
    // Other tasks may come while it gathers: what they use must not lie where the team does.
    this.#gatheringEnd = team.end;
    this.#room = undefined;
    const reason = await team.joined();
    this.#gatheringEnd = undefined;
    this.#join(reason ?? team);
  }

  /** As `joinTeam`, for the prediction of `rows` rows, without waiting for anything. Returns whether there is a new team to leave. */
  joinTeamNow(threads: number | 'auto', rows: number): boolean {
    if (threads === 1 || this.#team !== undefined) return false;
    const part = threadsPart.loaded();
    this.#join(part === undefined ? 'in a page, train with threads before predicting with them' : part.startTeam(threads, this.#work(rows, leastPrediction), true));
    return this.#team !== undefined;
  }

  #work(rows: number, least: number): Work {
    return { backend: this.backend, products: rows * this.#values.floats, least, address: this.#base, step: this.#trained.step };
  }

  #join(team: Team | string | undefined): void {
    if (typeof team === 'string') warnOnce(`nabla uses one thread: ${team}`);
    else this.#team = team;
    this.#room = undefined;
  }

  /** The threads that share the work, while there are any. */
  get team(): Team | undefined {
    return this.#team;
  }

  leaveTeam(): void {
    this.#team?.leave();
    this.#team = undefined;
    this.#room = undefined;
  }

  /**
   * Copies small data into memory, before the room, for `runEpochs` in batches of `batch` rows, shuffled by the seed or not.
   * Returns whether it is small enough, every batch ends in an update, and nothing has to be seen of each.
   */
  attach(samples: Samples, batch: number, shuffle: boolean, seed: number): boolean {
    if (!isSmall(samples) || this.#accumulationSteps > 1 || this.sums.collected !== undefined) return false;
    const { floats: valueCount, kept } = this.#trained;
    const { address: values, floats: checkedCount } = this.#all;
    const sumCount = this.sums.divisors(1).length;
    const model = { sums: this.#registers.sums, sumCount, values, checkedCount, valueCount, kept };
    this.#resident = new ResidentData(this.backend, this.#base, model, { samples, batch, shuffle, seed });
    this.#room = undefined;
    return true;
  }

  /** Forgets the attached data. */
  detach(): void {
    this.#resident = undefined;
  }

  /**
   * Runs up to `steps` steps over the attached data: of epoch `epoch`, which may have begun, and of those after it but before
   * `end`; with a schedule one step, whose rate it sets. Returns `paused`, `lossNotFinite` or `valuesNotFinite`.
   */
  runEpochs(epoch: number, end: number, steps: number): number {
    if (typeof this.#rate === 'function') {
      this.#setRegister();
      steps = 1;
    }
    // A callback may have had plans written without weights, or with some.
    this.reserve(1, this.#resident!.weights !== 0);
    return this.#resident!.run(this.#room!.plans, epoch, end, steps);
  }

  /** The attached row at which the next step of `runEpochs` starts, or at which the step that failed did. */
  get cursor(): number {
    return this.#resident!.row;
  }

  /** Appends the loss and every metric of each epoch of `rows` rows that ended in the last `runEpochs`; returns how many did. */
  appendLogs(history: Record<string, number[]>, rows: number): number {
    return this.#resident!.appendTo(history, this.sums.divisors(rows));
  }

  /** Keeps a copy of what training changes. */
  keep(): void {
    const from = this.#all.address / 4;
    this.backend.memory.f32.copyWithin(this.#trained.kept / 4, from, from + this.#trained.floats);
  }

  /** Puts back what was kept last. */
  restoreKept(): void {
    const from = this.#trained.kept / 4;
    this.backend.memory.f32.copyWithin(this.#all.address / 4, from, from + this.#trained.floats);
  }

  /** Puts the average of the weights in their place, where the optimizer keeps one. */
  takeAverage(): void {
    const from = this.#trained.slots['average'];
    if (from === undefined || this.step === 0) return;
    this.backend.memory.f32.copyWithin(this.#values.address / 4, from / 4, from / 4 + this.#values.floats);
  }

  /** The first layer with parameters that are not finite, if there is one. */
  firstNonFiniteParameter(): string | undefined {
    if (this.backend.countNonFinite(this.#all.address, this.#all.floats) === 0) return undefined;
    return this.parameters.find(({ address, floats }) => this.backend.countNonFinite(address, floats) > 0)?.layer;
  }
}

/** What can be run: a step may be one of several plans. */
type RunName = 'predict' | 'evaluate' | 'gradients' | 'train';

/** Multiplications of a step, and of a prediction, from which on threads repay their barriers, and being called. */
const leastStep = 500_000;
const leastPrediction = 50_000_000;

/** Rows that are worth sharing: no kernel takes one row as it takes several. */
const leastShared = 8;

/**
 * A model laid out in a backend's memory: where every parameter, gradient and batch buffer lies, and the plans that run on
 * them. Laid out once; only the room for a batch moves, when a larger batch comes. It trusts its caller: data is checked at
 * the door, in sequential.ts.
 *
 * Memory, in order: registers, parameters, gradients, optimizer state, then the room for a batch and the plans.
 */

import type { Matrix } from '../data/matrix.ts';
import type { Backend } from '../backend/index.ts';
import { Arena } from '../backend/memory.ts';
import { PlanBuilder } from '../backend/plan.ts';
import { Random } from '../random.ts';
import type { ParameterSpec, Stage } from './layer.ts';
import { fusedWith, gradientDivisor, lossDivisor, targetColumns, type Loss } from './losses.ts';
import type { Metric } from './metrics.ts';
import type { Optimizer } from './optimizers.ts';

/** A parameter and where it lies. */
export interface Parameter {
  /** `layer/name`, for example `dense_1/kernel`. */
  readonly name: string;
  readonly layer: string;
  readonly spec: ParameterSpec;
  readonly address: number;
  readonly daddress: number;
}

/** What a compiled model trains with. */
export interface Objective {
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  readonly metrics: readonly Metric[];
}

/** A range of floats. */
interface Range {
  readonly address: number;
  readonly floats: number;
}

/** Buffers and plans for batches of up to `rows` rows. */
interface Room {
  readonly rows: number;
  readonly input: number;
  readonly target: number;
  /** The output of each stage. */
  readonly outs: readonly number[];
  readonly output: number;
  readonly plans: Readonly<Record<PlanName, number>>;
}
type PlanName = 'predict' | 'evaluate' | 'gradients' | 'train';

/** Rows at a time when there is no batch size: enough to keep the kernels busy, few enough to stay in cache. */
export const inferenceRows = 256;

export class Program {
  readonly backend: Backend;
  readonly stages: readonly Stage[];
  readonly inputs: number;
  readonly outputs: number;
  readonly parameters: readonly Parameter[];
  /** All parameters, and all their gradients, each as one range. */
  readonly #values: Range;
  readonly #gradients: Range;
  readonly #registers: { learningRate: number; step: number; sums: number };
  #state: Range;
  #objective: Objective | undefined;
  #room: Room | undefined;

  constructor(backend: Backend, stages: readonly Stage[], inputs: number, seed: number) {
    this.backend = backend;
    this.stages = stages;
    this.inputs = inputs;
    this.outputs = stages.at(-1)?.outputs ?? inputs;

    const arena = new Arena(backend.heapBase);
    this.#registers = { learningRate: arena.floats(1), step: arena.floats(1), sums: arena.floats(2 * registerSums) };
    const placed = this.#place(arena);
    this.parameters = placed.parameters;
    this.#values = placed.values;
    this.#gradients = placed.gradients;
    this.#state = { address: arena.end, floats: 0 };
    backend.memory.ensure(arena.end);
    this.#initialize(seed);
  }

  /** Gives every parameter and its gradient an address: first all parameters, then all gradients, in the same order. */
  #place(arena: Arena): { parameters: Parameter[]; values: Range; gradients: Range } {
    const specs = this.stages.flatMap(({ layer, parameters }) => parameters.map((spec) => ({ layer, spec })));
    const range = (): { at: number[]; range: Range } => {
      const address = arena.end;
      const at = specs.map(({ spec }) => arena.floats(this.#floats(spec)));
      return { at, range: { address, floats: (arena.end - address) / 4 } };
    };
    const values = range();
    const gradients = range();
    const parameters = specs.map(({ layer, spec }, i) => ({
      name: `${layer}/${spec.name}`, layer, spec, address: values.at[i]!, daddress: gradients.at[i]!,
    }));
    return { parameters, values: values.range, gradients: gradients.range };
  }

  #floats({ shape }: ParameterSpec): number {
    return shape.length === 2 ? this.backend.weightFloats(shape[0], shape[1]) : shape[0];
  }

  #initialize(seed: number): void {
    this.parameters.forEach((parameter, i) => {
      const { shape, initializer } = parameter.spec;
      const values = new Float32Array(sizeOf(shape));
      initializer(values, shape, new Random(seed, 'initialization', i));
      this.write(parameter, values);
    });
  }

  /** A row-major copy of a parameter, or of its gradient. */
  read({ spec: { shape }, address, daddress }: Parameter, what: 'value' | 'gradient' = 'value'): Float32Array {
    const at = what === 'value' ? address : daddress;
    if (shape.length === 2) return this.backend.readWeight(at, shape[0], shape[1]);
    return Float32Array.from(this.backend.memory.f32.subarray(at / 4, at / 4 + shape[0]));
  }

  write({ spec: { shape }, address }: Parameter, values: Float32Array): void {
    if (shape.length === 2) this.backend.writeWeight(address, values, shape[0], shape[1]);
    else this.backend.memory.f32.set(values, address / 4);
  }

  get objective(): Objective | undefined {
    return this.#objective;
  }

  /** Sets what to train with; optimizer state starts anew. */
  compile(objective: Objective): void {
    const floats = objective.optimizer.slots * this.#values.floats;
    const { address } = this.#state;
    this.backend.memory.ensure(address + 4 * floats);
    this.backend.memory.f32.fill(0, address / 4, address / 4 + floats);
    this.backend.memory.i32[this.#registers.step / 4] = 0;
    this.#state = { address, floats };
    this.#objective = objective;
    this.#room = undefined;
    this.learningRate = objective.optimizer.learningRate;
  }

  get learningRate(): number {
    return this.backend.memory.f32[this.#registers.learningRate / 4]!;
  }

  set learningRate(value: number) {
    this.backend.memory.f32[this.#registers.learningRate / 4] = value;
  }

  /** Makes room for batches of `rows`; on failure everything is as it was. */
  reserve(rows: number): Room {
    if (this.#room !== undefined && this.#room.rows >= rows) return this.#room;
    const arena = new Arena(this.#state.address + 4 * this.#state.floats);
    const target = this.#objective === undefined ? 0 : targetColumns(this.#objective.loss, this.outputs);
    const input = arena.floats(rows * this.inputs);
    const targets = arena.floats(rows * target);
    const outs = this.stages.map(({ outputs }) => arena.floats(rows * outputs));
    const douts = this.stages.map(({ outputs }) => arena.floats(rows * outputs));
    const logistic = arena.floats(this.#objective?.loss.fromLogits ? rows * this.outputs : 0);
    const scratch = arena.floats(Math.max(0, ...this.stages.map((stage) => stage.scratchFloats(this.backend, rows))));
    const output = outs.at(-1) ?? input;
    const written = this.#writePlans({ input, target: targets, outs, douts, output, logistic, scratch });
    const addresses = written.map(([name, words]) => [name, arena.floats(words.length)] as const);
    this.backend.memory.ensure(arena.end);
    written.forEach(([, words], i) => this.backend.memory.i32.set(words, addresses[i]![1] / 4));
    const plans = Object.fromEntries(addresses) as Record<PlanName, number>;
    this.#room = { rows, input, target: targets, outs, output, plans };
    return this.#room;
  }

  #writePlans(at: BatchAddresses): [PlanName, Int32Array][] {
    const predict = new PlanBuilder();
    this.#forward(predict, at, this.stages.length);
    if (this.#objective === undefined) return [['predict', predict.words()]];
    const evaluate = new PlanBuilder();
    this.#forwardAndLoss(evaluate, this.#objective, { ...at, douts: this.stages.map(() => 0) });
    const gradients = new PlanBuilder();
    this.#stepUpToUpdate(gradients, this.#objective, at);
    const train = new PlanBuilder();
    this.#stepUpToUpdate(train, this.#objective, at);
    this.#update(train, this.#objective.optimizer);
    return [
      ['predict', predict.words()],
      ['evaluate', evaluate.words()],
      ['gradients', gradients.words()],
      ['train', train.words()],
    ];
  }

  #forward(plan: PlanBuilder, { input, outs }: BatchAddresses, stages: number): void {
    this.stages.slice(0, stages).forEach((stage, i) => {
      stage.forward(plan, { out: outs[i]!, input: outs[i - 1] ?? input, parameters: this.#addresses(i, 'address') });
    });
  }

  /** Forward pass, loss, its gradient and metrics; returns how many stages are left to go back through. */
  #forwardAndLoss(plan: PlanBuilder, { loss, metrics }: Objective, at: BatchAddresses): number {
    const { outs, douts, target, output, logistic } = at;
    const units = this.outputs;
    const last = this.stages.length - 1;
    const sum = this.#registers.sums;
    const sparse = Number(loss.kind.targets === 'index');
    const fused = fusedWith(loss, this.stages[last]?.activation);
    const forward = fused === undefined ? last + 1 : last;
    this.#forward(plan, at, forward);
    const z = fused === undefined ? output : outs[last - 1] ?? at.input;
    const operation = loss.fromLogits ? loss.kind.fused?.operation : fused;
    const out = loss.fromLogits ? logistic : output;
    const dz = fused === undefined ? douts[last] ?? 0 : douts[last - 1] ?? 0;
    if (operation === 'softmaxCrossentropy') plan.add(operation, { sum, out, dz, z, target, units, sparse });
    else if (operation === 'sigmoidCrossentropy') plan.add(operation, { sum, out, dz, z, target, units });
    else plan.add('loss', { sum, dout: dz, out, target, units, loss: loss.code, divisor: gradientDivisor(loss, units), parameter: loss.parameter });
    metrics.forEach((metric, i) => metric.add(plan, { sum: sum + 8 * (i + 1), out: output, target }));
    return forward;
  }

  #stepUpToUpdate(plan: PlanBuilder, objective: Objective, at: BatchAddresses): void {
    const { input, outs, douts, scratch } = at;
    plan.add('zero', { range: this.#gradients.address, count: this.#gradients.floats });
    const first = this.stages.findIndex(({ parameters }) => parameters.length > 0);
    for (let i = this.#forwardAndLoss(plan, objective, at) - 1; i >= first && first >= 0; i--) {
      this.stages[i]!.backward(plan, {
        dinput: i > first ? douts[i - 1]! : 0,
        dout: douts[i]!,
        out: outs[i]!,
        input: outs[i - 1] ?? input,
        parameters: this.#addresses(i, 'address'),
        dparameters: this.#addresses(i, 'daddress'),
        scratch,
      });
    }
  }

  #update(plan: PlanBuilder, optimizer: Optimizer): void {
    const { learningRate, step } = this.#registers;
    const { address: parameters, floats: count } = this.#values;
    plan.add('increment', { counter: step });
    optimizer.update(plan, {
      parameters,
      dparameters: this.#gradients.address,
      slots: Array.from({ length: optimizer.slots }, (_, i) => this.#state.address + 4 * i * count),
      learningRate,
      step,
      count,
    });
  }

  /** Addresses of the parameters of a stage, or of their gradients. */
  #addresses(stage: number, which: 'address' | 'daddress'): number[] {
    const { parameters } = this.stages[stage]!;
    return this.parameters.filter(({ spec }) => parameters.includes(spec)).map((parameter) => parameter[which]);
  }

  /** Copies rows into the room's input, or its target: those that `order` names, or where it is undefined those from `start`. */
  load(what: 'input' | 'target', { values, columns }: Matrix, start: number, rows: number, order?: Uint32Array): void {
    const { f32 } = this.backend.memory;
    let to = this.#room![what] / 4;
    if (order === undefined) {
      f32.set(start === 0 && rows * columns === values.length ? values : values.subarray(start * columns, (start + rows) * columns), to);
      return;
    }
    for (let row = start; row < start + rows; row++) {
      const from = order[row]! * columns;
      if (columns < copyByElement) for (let i = 0; i < columns; i++) f32[to + i] = values[from + i]!;
      else f32.set(values.subarray(from, from + columns), to);
      to += columns;
    }
  }

  /** Whether the rows loaded last are all finite. */
  loadedFinite(what: 'input' | 'target', { columns }: Matrix, rows: number): boolean {
    return this.backend.countNonFinite(this.#room![what], rows * columns) === 0;
  }

  /** The model's output for the rows run last, into `out` from an offset. */
  readOutput(out: Float32Array, offset: number, rows: number): void {
    const from = this.#room!.output / 4;
    out.set(this.backend.memory.f32.subarray(from, from + rows * this.outputs), offset);
  }

  /** Runs a plan on the first `rows` rows of the room, which must have been reserved. */
  run(name: PlanName, rows: number): void {
    this.backend.run(this.#room!.plans[name], rows);
  }

  /** Forgets the loss and the metrics summed up so far. */
  clearSums(): void {
    this.backend.memory.f64.fill(0, this.#registers.sums / 8, this.#registers.sums / 8 + registerSums);
  }

  /** The loss over the `rows` rows run since the sums were cleared. */
  lossOver(rows: number): number {
    return this.#sum(0) / lossDivisor(this.#objective!.loss, rows, this.outputs);
  }

  /** The loss and every metric over the `rows` rows run since the sums were cleared. */
  logsOver(rows: number): Record<string, number> {
    const logs: Record<string, number> = { loss: this.lossOver(rows) };
    this.#objective!.metrics.forEach((metric, i) => (logs[metric.name] = this.#sum(i + 1) / metric.divisor(rows)));
    return logs;
  }

  #sum(index: number): number {
    return this.backend.memory.f64[this.#registers.sums / 8 + index]!;
  }

  /** Runs something that sums up losses of its own, and leaves the sums as they were. */
  apart<Result>(work: () => Result): Result {
    const { sums } = this.#registers;
    const held = this.backend.memory.f64.slice(sums / 8, sums / 8 + registerSums);
    try {
      return work();
    } finally {
      this.backend.memory.f64.set(held, sums / 8);
    }
  }

  /** A copy of parameters and optimizer state, into `copy` where one is given. */
  save(copy?: Float32Array): Float32Array {
    const { f32 } = this.backend.memory;
    const values = f32.subarray(this.#values.address / 4, this.#values.address / 4 + this.#values.floats);
    const state = f32.subarray(this.#state.address / 4, this.#state.address / 4 + this.#state.floats);
    copy ??= new Float32Array(values.length + state.length);
    copy.set(values);
    copy.set(state, values.length);
    return copy;
  }

  /** Puts back what `save` returned. */
  restore(copy: Float32Array): void {
    const { f32 } = this.backend.memory;
    f32.set(copy.subarray(0, this.#values.floats), this.#values.address / 4);
    f32.set(copy.subarray(this.#values.floats), this.#state.address / 4);
  }

  /** The layer in which the last batch of `rows` rows first left the finite range, if it did. */
  firstNonFiniteOutput(rows: number): string | undefined {
    return this.stages.find(({ outputs }, i) => this.backend.countNonFinite(this.#room!.outs[i]!, rows * outputs) > 0)?.layer;
  }

  /** The first layer with parameters that are not finite, if there is one. */
  firstNonFiniteParameter(): string | undefined {
    if (this.backend.countNonFinite(this.#values.address, this.#values.floats) === 0) return undefined;
    return this.parameters.find(({ address, spec }) => this.backend.countNonFinite(address, this.#floats(spec)) > 0)?.layer;
  }
}

interface BatchAddresses {
  readonly input: number;
  readonly target: number;
  readonly outs: readonly number[];
  readonly douts: readonly number[];
  readonly output: number;
  /** Where a loss from logits puts the probabilities it computes. */
  readonly logistic: number;
  readonly scratch: number;
}

/** The number of values of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Below this many columns a loop copies a row faster than a view and `set`. */
const copyByElement = 24;

/** Sums there is room for: the loss and the metrics. */
export const registerSums = 16;

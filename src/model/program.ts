/**
 * A model laid out in a backend's memory: where every parameter, gradient and batch buffer lies, and the plans that run on
 * them. Laid out once; only the room for a batch moves, when a larger batch comes. It trusts its caller: data is checked at
 * the door, in sequential.ts.
 *
 * Memory, in order: registers, gradients, parameters, optimizer state, a copy of these two, then the room
 * for a batch and the plans.
 */

import type { Matrix } from '../data/matrix.ts';
import type { Backend } from '../backend/index.ts';
import { Arena } from '../backend/memory.ts';
import { Random } from '../random.ts';
import type { ParameterSpec, Stage } from './layer.ts';
import { lossDivisor, targetColumns } from './losses.ts';
import { planNames, PlanWriter, type Layout, type Objective, type PlanName, type Range } from './plans.ts';

/** A parameter and where it lies. */
export interface Parameter {
  /** `layer/name`, for example `dense_1/kernel`. */
  readonly name: string;
  readonly layer: string;
  readonly spec: ParameterSpec;
  readonly address: number;
  readonly daddress: number;
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
  readonly #registers: { learningRate: number; sums: number };
  #objective: Objective | undefined;
  #state: Range;
  /** The step counter; it follows the state. Parameters, state and it are what training changes, in one range. */
  #step = 0;
  #trainedFloats = 0;
  /** A copy of parameters and optimizer state as they last were at the end of an epoch. */
  #kept = 0;
  /** Where the room for a batch begins. */
  #base: number;
  #room: Room | undefined;

  constructor(backend: Backend, stages: readonly Stage[], inputs: number, seed: number) {
    this.backend = backend;
    this.stages = stages;
    this.inputs = inputs;
    this.outputs = stages.at(-1)?.outputs ?? inputs;

    const arena = new Arena(backend.heapBase);
    this.#registers = { learningRate: arena.floats(1), sums: arena.floats(2 * registerSums) };
    const placed = this.#place(arena);
    this.parameters = placed.parameters;
    this.#values = placed.values;
    this.#gradients = placed.gradients;
    this.#state = { address: arena.end, floats: 0 };
    this.#base = arena.end;
    backend.memory.ensure(arena.end);
    this.#initialize(seed);
  }

  /** Gives every parameter and its gradient an address: first all gradients, then all parameters, in the same order. */
  #place(arena: Arena): { parameters: Parameter[]; values: Range; gradients: Range } {
    const specs = this.stages.flatMap(({ layer, parameters }) => parameters.map((spec) => ({ layer, spec })));
    const range = (): { at: number[]; range: Range } => {
      const address = arena.end;
      const at = specs.map(({ spec }) => arena.floats(this.#floats(spec)));
      return { at, range: { address, floats: (arena.end - address) / 4 } };
    };
    const gradients = range();
    const values = range();
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
    const arena = new Arena(this.#values.address + 4 * this.#values.floats);
    const floats = objective.optimizer.slots * this.#values.floats;
    const state = { address: arena.floats(floats), floats };
    const step = arena.floats(1);
    const trainedFloats = (arena.end - this.#values.address) / 4;
    const kept = arena.floats(trainedFloats);
    this.backend.memory.ensure(arena.end);
    this.backend.memory.f32.fill(0, state.address / 4, state.address / 4 + floats);
    this.backend.memory.i32[step / 4] = 0;
    this.#state = state;
    this.#step = step;
    this.#trainedFloats = trainedFloats;
    this.#kept = kept;
    this.#base = arena.end;
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
    const arena = new Arena(this.#base);
    const target = this.#objective === undefined ? 0 : targetColumns(this.#objective.loss, this.outputs);
    const input = arena.floats(rows * this.inputs);
    const targets = arena.floats(rows * target);
    const outs = this.stages.map(({ outputs }) => arena.floats(rows * outputs));
    const douts = this.stages.map(({ outputs }) => arena.floats(rows * outputs));
    const logistic = arena.floats(this.#objective?.loss.fromLogits ? rows * this.outputs : 0);
    const scratch = arena.floats(Math.max(0, ...this.stages.map((stage) => stage.scratchFloats(this.backend, rows))));
    const output = outs.at(-1) ?? input;
    const written = new PlanWriter(this.#layout(), { input, target: targets, outs, douts, output, logistic, scratch }).all();
    const plans = Object.fromEntries(planNames.map((name) => [name, arena.floats(written[name].length)])) as Record<PlanName, number>;
    this.backend.memory.ensure(arena.end);
    for (const name of planNames) this.backend.memory.i32.set(written[name], plans[name] / 4);
    this.#room = { rows, input, target: targets, outs, output, plans };
    return this.#room;
  }

  /** What plans are written from. */
  #layout(): Layout {
    const { address, floats } = this.#state;
    const slots = floats / Math.max(1, this.#values.floats);
    const of = (specs: readonly ParameterSpec[]) => this.parameters.filter(({ spec }) => specs.includes(spec));
    return {
      stages: this.stages.map((stage) => ({
        stage,
        parameters: of(stage.parameters).map((parameter) => parameter.address),
        dparameters: of(stage.parameters).map((parameter) => parameter.daddress),
      })),
      inputs: this.inputs,
      outputs: this.outputs,
      values: this.#values,
      gradients: this.#gradients,
      slots: Array.from({ length: slots }, (_, i) => address + 4 * i * this.#values.floats),
      registers: { ...this.#registers, step: this.#step },
      objective: this.#objective,
    };
  }

  /** Copies rows into the room's input, or its target: those that `order` names, or where it is undefined those from `start`. */
  load(what: 'input' | 'target', { values, columns }: Matrix, start: number, rows: number, order?: Uint32Array): void {
    const { f32 } = this.backend.memory;
    let to = this.#room![what] / 4;
    if (order === undefined) {
      if (rows * columns < copyByElement) for (let i = 0, from = start * columns; i < rows * columns; i++) f32[to + i] = values[from + i]!;
      else f32.set(start === 0 && rows * columns === values.length ? values : values.subarray(start * columns, (start + rows) * columns), to);
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
    const { f32 } = this.backend.memory;
    const from = this.#room!.output / 4;
    const count = rows * this.outputs;
    if (count < copyByElement) for (let i = 0; i < count; i++) out[offset + i] = f32[from + i]!;
    else out.set(f32.subarray(from, from + count), offset);
  }

  /** Runs a plan on the first `rows` rows of the room, which must have been reserved. */
  run(name: 'predict' | 'evaluate' | 'gradients' | 'train', rows: number): void {
    const { plans } = this.#room!;
    this.backend.run(name === 'train' && rows === 1 ? plans.trainOne : plans[name], rows);
  }

  /** What the sums of the loss and of every metric over `rows` rows are divided by. */
  sumDivisors(rows: number): number[] {
    const { loss, metrics } = this.#objective!;
    return [lossDivisor(loss, rows, this.outputs), ...metrics.map((metric) => metric.divisor(rows))];
  }

  /** `loss` and the names of the metrics. */
  get logNames(): string[] {
    return ['loss', ...this.#objective!.metrics.map(({ name }) => name)];
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
    const divisors = this.sumDivisors(rows);
    return Object.fromEntries(this.logNames.map((name, which) => [name, this.#sum(which) / divisors[which]!]));
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

  /** Keeps a copy of what training changes. */
  keep(): void {
    const from = this.#values.address / 4;
    this.backend.memory.f32.copyWithin(this.#kept / 4, from, from + this.#trainedFloats);
  }

  /** Puts back what was kept last. */
  restoreKept(): void {
    const from = this.#kept / 4;
    this.backend.memory.f32.copyWithin(this.#values.address / 4, from, from + this.#trainedFloats);
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

/** The number of values of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Below this many values a loop copies faster than a view and `set`. */
const copyByElement = 24;

/** Sums there is room for: the loss and the metrics. */
export const registerSums = 16;

/**
 * A copy of a model that is looked into: it takes over weights and optimizer state as they are, runs a sample of rows forward and
 * backward, and keeps every layer's values readable. The model itself is only read. The slopes f′ are those of the kernels that
 * train: each activation's backward pass on a gradient of 1.
 */

import type { Matrix } from '../data/matrix.ts';
import { Arena } from '../backend/memory.ts';
import { PlanBuilder } from '../backend/plan.ts';
import type { Backend } from '../backend/index.ts';
import type { BackwardAddresses, Layer, Stage } from '../model/layers/layer.ts';
import { layerNames } from '../model/chain.ts';
import { rateAt } from '../model/optimizers/optimizer.ts';
import type { Parameter } from '../model/parameters.ts';
import { PlanWriter, type Layout } from '../model/plans.ts';
import type { Program } from '../model/program.ts';
import { placeBatch } from '../model/room.ts';
import type { Sequential } from '../model/sequential.ts';
import { fusedWith, type Loss } from '../model/training/losses.ts';
import type { Samples } from '../model/training/samples.ts';
import { programLike } from './copy.ts';
import { columnSumsPlan, magnitudeSums, Squares, squaresPlan, type Pair } from './kernelSums.ts';

/** Slopes are looked for their greatest on z from −8 to 8 in steps of 1/64: so many. */
const gridPoints = 1025;
/** An activation's slope is gone at an end of the grid if it is below this share of its greatest: then the function saturates there. */
const flatShare = 0.05;

/** Rows that the baseline is taken over at most, spread over all there are. */
const baselineRows = 4096;

/** How the slope of a layer's activation runs, as training takes it. */
export interface Slope {
  /** The greatest |f′|. */
  readonly most: number;
  /** The least f′. */
  readonly least: number;
  /** Whether it vanishes for large values of both signs. */
  readonly saturates: boolean;
}

/** A layer as the probe sees it. */
export interface ProbedLayer {
  readonly name: string;
  readonly type: string;
  readonly units: number;
  /** The options it was made with. */
  readonly config: Layer['config'];
  readonly parameters: readonly Parameter[];
  /** Its activation, where training multiplies by a derivative of it (softmax has a Jacobian instead), and none of the grid's z makes it throw. */
  readonly slope: Slope | undefined;
  /** Where its values lie in the copy. */
  readonly at: { readonly out: number; readonly slopes: number; readonly slopeSums: number };
}

/** What a probe looks at. */
export interface ProbedRows {
  readonly sample: Samples;
  /** Other rows, no more than in the sample, to see what trial updates are worth; where there are too few, the sample itself. */
  readonly held: Samples | undefined;
  /** All rows: their targets give the baseline. */
  readonly all: Samples;
}

/** What lies in the copy for a stage. */
export interface Placed {
  readonly stage: Stage;
  readonly input: number;
  readonly out: number;
}

export class Probe {
  readonly rows: number;
  readonly layers: readonly ProbedLayer[];
  /** The loss of the best constant output on the sample: the mean of the targets, or how often each class comes. */
  readonly baseline: number;
  readonly #model: Sequential;
  readonly #program: Program;
  readonly #backend: Backend;
  readonly #layout: Layout;
  readonly #rowsOf: ProbedRows;
  readonly #places: { readonly input: number; readonly target: number; readonly weights: number; readonly before: number };
  /** Addresses of plans. */
  readonly #plans: { readonly gradients: number; readonly update: number; readonly norms: number; readonly moved: number; readonly slopeSums: number; readonly slopes: readonly number[] };
  /** The parameters that are trained; their squares: of gradients, of values, and of the difference to values before an update. */
  readonly #trained: readonly Parameter[];
  readonly #gradientSquares: Squares;
  readonly #valueSquares: Squares;
  readonly #movedSquares: Squares;

  /** The model must have been compiled. */
  constructor(model: Sequential, rows: ProbedRows) {
    const { sample: samples } = rows;
    this.#model = model;
    this.#rowsOf = rows;
    // It runs no plan of its own: what it has lies before everything here.
    this.#program = programLike(model.program);
    this.#backend = this.#program.backend;
    this.#layout = this.#program.layout();
    this.rows = samples.x.rows;
    const { memory } = this.#backend;
    const { stages } = this.#program;
    const arena = new Arena(memory.f32.byteLength);
    const at = this.#buffers(arena, samples);
    const placed = place(stages, at.input, at.outs);
    const active = placed.map((one) => hasSlope(one?.stage, this.#layout) && one!);
    this.#trained = this.#program.parameters.filter(({ daddress }) => daddress !== 0);
    const squares = (sums: number, pairOf: (parameter: Parameter) => Omit<Pair, 'floats'>): Squares => new Squares(sums, this.#trained.map((one) => ({ ...pairOf(one), floats: one.floats })));
    this.#gradientSquares = squares(at.squares[0], ({ daddress }) => ({ range: daddress, other: at.zeros }));
    this.#valueSquares = squares(at.squares[1], ({ address }) => ({ range: address, other: at.zeros }));
    this.#movedSquares = squares(at.squares[2], ({ address }) => ({ range: address, other: at.before + address - this.#layout.values.address }));
    const summed = active.flatMap((one, i) => (one ? [{ values: at.slopes[i]!, sums: at.slopeSums[i]!, columns: one.stage.outputs }] : []));
    const plans = [
      new PlanWriter(this.#layout, at).all().gradients,
      updatePlan(this.#layout),
      lossPlan(this.#layout, at),
      squaresPlan([this.#gradientSquares, this.#valueSquares]),
      squaresPlan([this.#movedSquares]),
      columnSumsPlan(summed, { ones: at.ones, unread: at.values, scratch: at.scratch }),
      ...active.map((one, i) => (one ? slopePlan(one.stage, one.input, at.slopes[i]!, at) : new Int32Array())),
      ...active.map((one) => (one ? slopePlan(one.stage, at.grid, at.gridSlopes, at) : new Int32Array())),
    ];
    const addresses = plans.map(({ length }) => arena.floats(length));
    memory.ensure(arena.end + 64);
    plans.forEach((words, i) => memory.i32.set(words, addresses[i]! / 4));
    const [gradients = 0, update = 0, loss = 0, norms = 0, moved = 0, slopeSums = 0, ...slopePlans] = addresses;
    this.#plans = { gradients, update, norms, moved, slopeSums, slopes: slopePlans.filter((_, i) => active[i]) };

    const { f32 } = memory;
    f32.fill(1, at.ones / 4, at.ones / 4 + at.most);
    for (let i = 0; i < at.gridMost; i++) f32[at.grid / 4 + i] = (Math.min(i, gridPoints - 1) - 512) / 64;
    const slopes = active.map((one, i) => {
      if (!one) return undefined;
      try {
        this.#backend.run(slopePlans[active.length + i]!, Math.ceil(gridPoints / one.stage.outputs));
      } catch (error) {
        if (!one.stage.mayThrow) throw error;
        // In a place where training may never get to.
        return undefined;
      }
      return slopeOn(...[at.gridSlopes, at.values].map((address) => f32.subarray(address / 4, address / 4 + gridPoints)) as [Float32Array, Float32Array]);
    });
    this.layers = this.#layersOf(model, placed, slopes, at);
    this.baseline = this.#baseline(loss, at, rows.all);
    this.#places = at;
    this.#load(samples);
  }

  #load({ x, y, weights }: Samples): void {
    const { f32 } = this.#backend.memory;
    f32.set(x.values, this.#places.input / 4);
    f32.set(y.values, this.#places.target / 4);
    if (weights !== undefined) f32.set(weights.values, this.#places.weights / 4);
  }

  /** Room for the sample, for what a pass makes of it, for slopes and for sums. */
  #buffers(arena: Arena, { x, weights }: Samples) {
    const { stages, outputs, parameters } = this.#program;
    const { rows } = x;
    const widest = Math.max(outputs, ...stages.map((stage) => stage.outputs));
    const gridMost = gridPoints + widest;
    const most = Math.max(rows * widest, gridMost);
    const scratch = Math.max(most, this.#backend.parameterScratchFloats(rows, widest));
    return {
      ...placeBatch(arena, this.#backend, this.#layout, rows, weights !== undefined, scratch).at,
      slopes: stages.map((stage) => arena.floats(rows * stage.outputs)),
      slopeSums: stages.map((stage) => arena.floats(stage.outputs)),
      /** Gradients of 1, and values nobody keeps. */
      ones: arena.floats(most),
      values: arena.floats(most),
      /** z on the grid and the slopes there, and floats in each. */
      grid: arena.floats(gridMost),
      gridSlopes: arena.floats(gridMost),
      gridMost,
      most,
      /** A float64 for each parameter, three times; as many zeros as the largest has; and parameters before an update. */
      squares: [0, 1, 2].map(() => arena.floats(2 * parameters.length)) as [number, number, number],
      zeros: arena.floats(Math.max(0, ...parameters.map(({ floats }) => floats))),
      before: arena.floats(this.#layout.values.floats),
    };
  }

  #layersOf(model: Sequential, placed: readonly (Placed | undefined)[], slopes: readonly (Slope | undefined)[], at: { slopes: readonly number[]; slopeSums: readonly number[] }): ProbedLayer[] {
    const { parameters } = this.#program;
    return flatten(model.layers, '').flatMap(({ name, layer }) => {
      const own = placed.flatMap((one, i) => (one !== undefined && one.stage.layer === name && !one.stage.passesInput ? [i] : []));
      const last = own.at(-1);
      if (last === undefined) return [];
      const { stage, out } = placed[last]!;
      return [{
        name, type: layer.type, units: stage.outputs, config: layer.config, parameters: parameters.filter((parameter) => parameter.layer === name),
        slope: slopes[last], at: { out, slopes: at.slopes[last]!, slopeSums: at.slopeSums[last]! },
      }];
    });
  }

  /** In batches as large as the sample, whose targets lie where those of the sample belong. */
  #baseline(plan: number, at: { target: number; weights: number; values: number }, { y, weights }: Samples): number {
    const { objective, outputs } = this.#layout;
    const { kind } = objective!.loss;
    const { sums } = this.#program;
    const { f32 } = this.#backend.memory;
    const stride = Math.max(1, Math.floor(y.rows / baselineRows));
    const rows = Math.ceil(y.rows / stride);
    const outputsOf = constantOutput(y, weights?.values, kind.targets, outputs, stride);
    for (let i = 0; i < this.rows * outputs; i++) f32[at.values / 4 + i] = outputsOf[i % outputs]!;
    sums.clear();
    for (let start = 0; start < rows; start += this.rows) {
      const count = Math.min(this.rows, rows - start);
      for (let i = 0; i < count; i++) {
        const row = (start + i) * stride;
        for (let column = 0; column < y.columns; column++) f32[at.target / 4 + i * y.columns + column] = y.values[row * y.columns + column]!;
        if (at.weights !== 0) f32[at.weights / 4 + i] = weights!.values[row]!;
      }
      this.#backend.run(plan, count);
    }
    // A loss that is a sum over its batch is one of batches as large as the sample here.
    return kind.mean === 'none' ? (sums.lossOver(rows) * this.rows) / rows : sums.lossOver(rows);
  }

  /** Takes over weights, optimizer state, step and rate as they are in the model, where they lie at the same addresses. */
  sync(): void {
    const { program } = this.#model;
    program.settle();
    const { values: { address }, registers: { step } } = this.#layout;
    this.#backend.memory.f32.set(program.backend.memory.f32.subarray(address / 4, step / 4), address / 4);
    this.#backend.memory.i32[step / 4] = program.backend.memory.i32[step / 4]!;
  }

  /** Runs the sample forward and backward; returns its loss. What layers gave, slopes and norms can be read then. */
  run(): number {
    this.#gradients(this.rows);
    const loss = this.#program.sums.lossOver(this.rows);
    for (const plan of this.#plans.slopes) this.#backend.run(plan, this.rows);
    this.#backend.run(this.#plans.slopeSums, this.rows);
    this.#backend.run(this.#plans.norms, 1);
    return loss;
  }

  #gradients(rows: number): void {
    this.#program.sums.clear();
    this.#backend.run(this.#plans.gradients, rows);
  }

  /** The update that the optimizer would make of the gradients at hand, made on the copy, at a multiple of the model's rate. */
  update(factor = 1): void {
    const { memory } = this.#backend;
    const { registers: { learningRate, updates }, slots: { accumulated }, values, gradients, objective } = this.#layout;
    const every = objective!.optimizer.accumulationSteps;
    const step = this.#program.step;
    memory.f32[learningRate / 4] = factor * rateAt(this.#model.program.rate, step);
    memory.i32[updates / 4] = step + 1;
    if (accumulated !== undefined) for (let i = 0; i < values.floats; i++) memory.f32[accumulated / 4 + i] = (every - 1) * memory.f32[gradients.address / 4 + i]!;
    this.#backend.run(this.#plans.update, this.rows);
  }

  /** Whether the optimizer goes by single updates. */
  get updates(): boolean {
    return this.#layout.objective!.optimizer.begin === undefined;
  }

  /** The loss of other rows after so many updates by the sample, from where the model is and at a multiple of its rate; Infinity where it is not finite. */
  tryOut(factor: number, steps: number): number {
    this.sync();
    for (let step = 0; step < steps; step++) {
      this.#gradients(this.rows);
      this.update(factor);
    }
    const { sample, held = sample } = this.#rowsOf;
    const { rows } = held.x;
    this.#load(held);
    this.#gradients(rows);
    const loss = this.#program.sums.lossOver(rows);
    this.#load(sample);
    return Number.isFinite(loss) ? loss : Infinity;
  }

  /** An update of the values at hand, to be undone by `sync`: then it can be read how far they moved. */
  move(): void {
    const { f32 } = this.#backend.memory;
    const { address, floats } = this.#layout.values;
    f32.copyWithin(this.#places.before / 4, address / 4, address / 4 + floats);
    this.update();
    this.#backend.run(this.#plans.moved, 1);
  }

  /** The norms of the gradient of what is trained in a layer and of its values, as `run` found them; undefined where nothing is trained. */
  norms(layer: ProbedLayer): { readonly gradient: number; readonly weight: number } | undefined {
    if (layer.parameters.every(({ daddress }) => daddress === 0)) return undefined;
    return { gradient: this.#norm(layer, this.#gradientSquares), weight: this.#norm(layer, this.#valueSquares) };
  }

  /** How far `move` moved a layer. */
  moved(layer: ProbedLayer): number {
    return this.#norm(layer, this.#movedSquares);
  }

  #norm({ parameters }: ProbedLayer, squares: Squares): number {
    const { memory } = this.#backend;
    return Math.sqrt(parameters.reduce((sum, parameter) => sum + (parameter.daddress === 0 ? 0 : squares.at(this.#trained.indexOf(parameter), memory)), 0));
  }

  /** A layer's values, rows x units, as a view. */
  outputs({ at, units }: ProbedLayer): Float32Array {
    return this.#view(at.out, this.rows * units);
  }

  /** Σ|f′(z)| over the rows for each unit of a layer that has slopes. */
  slopeSums({ at, units, slope }: ProbedLayer): Float32Array | Float64Array {
    return slope!.least >= 0 ? this.#view(at.slopeSums, units) : magnitudeSums(this.#view(at.slopes, this.rows * units), units);
  }

  #view(address: number, floats: number): Float32Array {
    return this.#backend.memory.f32.subarray(address / 4, address / 4 + floats);
  }
}

/** Every layer, those in blocks behind their block, by the names that stages have. */
export function flatten(layers: readonly Layer[], prefix: string): { name: string; layer: Layer }[] {
  const names = layerNames(layers);
  return layers.flatMap((layer, i) => [{ name: prefix + names[i]!, layer }, ...flatten(layer.layers ?? [], `${prefix}${names[i]!}/`)]);
}

/** Where each stage of a pass that is not one of training reads and writes. */
export function place(stages: readonly Stage[], input: number, outs: readonly number[]): (Placed | undefined)[] {
  let from = input;
  return stages.map((stage, i) => {
    if (stage.trainingOnly) return undefined;
    const placed = { stage, input: from, out: stage.passesInput ? from : outs[i]! };
    from = placed.out;
    return placed;
  });
}

/** Whether a stage multiplies by a derivative, element by element, in steps of training. */
export function hasSlope(stage: Stage | undefined, { stages, objective }: Layout): boolean {
  if (stage === undefined || stage.inputs !== stage.outputs || stage.parameters.length > 0) return false;
  if (stage.trainingOnly || stage.partner !== undefined || stage.cacheFloats !== undefined || stage.penalty !== undefined) return false;
  if (stage.activation !== undefined && !('alpha' in stage.activation)) return false;
  return stage !== stages.at(-1)!.stage || fusedWith(objective!.loss, stage.activation) === undefined;
}

/** slopes := f′(z), by the stage's own backward pass. */
export function slopePlan(stage: Stage, input: number, dinput: number, at: { values: number; ones: number; scratch: number }): Int32Array {
  const plan = new PlanBuilder();
  const addresses: BackwardAddresses = {
    input, out: at.values, dout: at.ones, dinput, scratch: at.scratch, parameters: [], dparameters: [], floats: [], cache: 0, step: 0, training: false,
    partner: { input: 0, dout: 0 },
  };
  stage.forward(plan, addresses);
  stage.backward(plan, addresses);
  return plan.words();
}

/** The mean of each target; for classes how often each comes, for signs the more frequent one. Rows count by their weights. */
function constantOutput({ values, columns, rows }: Matrix, weights: Float32Array | undefined, kind: Loss['kind']['targets'], outputs: number, stride: number): Float64Array {
  const means = new Float64Array(outputs);
  let all = 0;
  for (let row = 0; row < rows; row += stride) {
    const weight = weights?.[row] ?? 1;
    all += weight;
    for (let column = 0; column < columns; column++) {
      const target = values[row * columns + column]!;
      if (kind === 'index') means[target]! += weight;
      else means[column]! += weight * (kind === 'sign' ? (target > 0 ? 1 : -1) : target);
    }
  }
  return means.map((sum) => (kind === 'sign' ? Math.sign(sum) : sum / all));
}

/** Where both the slope and the value of f are finite: a logarithm has none for numbers below 0, a root no slope at 0. */
function slopeOn(slopes: Float32Array, values: Float32Array): Slope {
  const known = slopes.filter((slope, i) => Number.isFinite(slope) && Number.isFinite(values[i]));
  const [least, greatest] = [Math.min(...known), Math.max(...known)];
  const most = Math.max(-least, greatest);
  const ends = [0, gridPoints - 1];
  return { most, least, saturates: ends.every((end) => Number.isFinite(values[end]) && Math.abs(slopes[end]!) < flatShare * most) };
}

/** The loss of outputs that are there already. */
function lossPlan({ objective, outputs: units, registers: { sums: sum } }: Layout, { target, weights, values: out }: { target: number; weights: number; values: number }): Int32Array {
  const { code: loss, parameter } = objective!.loss;
  return new PlanBuilder().add('loss', { sum, dout: 0, out, target, weights, units, loss, divisor: 1, parameter }).words();
}

/** The optimizer's update, as it stands in a step. */
function updatePlan({ objective, values, gradients, gradientRanges, slots, registers: { learningRate, step, updates, norm } }: Layout): Int32Array {
  const { optimizer } = objective!;
  const plan = new PlanBuilder();
  if (optimizer.begin !== undefined) return plan.words();
  plan.add('increment', { counter: step });
  optimizer.update(plan, {
    parameters: values.address, dparameters: gradients.address, gradients: gradientRanges, slots, sum: norm, learningRate,
    step: optimizer.accumulationSteps > 1 ? updates : step, batch: step, count: values.floats,
  });
  return plan.words();
}

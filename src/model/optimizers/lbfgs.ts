/**
 * The iterations of `lbfgs`: limited-memory BFGS (Liu, Nocedal 1989; the two loops of Nocedal, Wright 2006, algorithm 7.4) and a search
 * along the line for the strong Wolfe conditions (algorithms 3.5 and 3.6), as `torch.optim.LBFGS` takes one with `max_iter=1`. Losses and
 * gradients are the plan's; what is computed of them is in double precision, in a fixed order. Loaded on demand.
 */

import type { Layout } from '../plans.ts';
import type { Program } from '../program.ts';
import type { Sequential } from '../sequential.ts';

/** The options of `lbfgs` that matter here, defaults filled in. */
interface LbfgsConfig {
  readonly historySize: number;
  readonly gradientTolerance: number;
  readonly maxEvaluations: number;
  readonly c1: number;
  readonly c2: number;
}

/** What was found at a number of steps along a direction. */
interface Point {
  readonly step: number;
  /** Infinity where the loss or its gradient is not finite. */
  readonly loss: number;
  /** The derivative of the loss along the direction. */
  readonly slope: number;
  readonly gradient: Float32Array;
  /** The sums of loss and metrics. */
  readonly sums: Float64Array;
}

/** A bracket is small enough where no parameter changes by more than this in it. */
const leastChange = 1e-9;
/** A pair must show at least this share of the curvature that would be lost by skipping it. */
const leastCurvature = 2 ** -23;

/**
 * Begins iterations for `fit` in batches of `batchSize` of `rows` rows. Returns what does one, with all rows loaded, and sets the model's
 * `stopTraining` where there is no more to be had; or why it cannot.
 */
export function beginIterations(
  model: Sequential, config: LbfgsConfig, batchSize: number, rows: number, steps: number | undefined,
): string | (() => void) {
  if (steps !== 1 && batchSize >= rows) return `fit stepsPerEpoch: an epoch of lbfgs is one iteration, received ${steps}; leave it out`;
  if (batchSize < rows) return `fit batchSize: lbfgs needs all ${rows} rows at once, received ${batchSize}; leave it out`;
  const changing = model.program.layout().stages.find(({ stage }) => stage.trainingOnly || stage.update);
  if (changing !== undefined) {
    const what = changing.stage.trainingOnly ? 'makes each another function' : 'changes its parameters itself at the end of each step';
    return `fit: lbfgs compares losses along a line, and layer '${changing.stage.layer}' ${what}; leave that out, or use another optimizer`;
  }
  const iterations = new Iterations(model, config, rows);
  return () => iterations.next();
}

/**
 * The state that lasts is in the optimizer's slots: first the steps s that were taken, then the changes y of the gradient in them, the
 * newest first; zeros where there is no pair yet.
 */
class Iterations {
  readonly #model: Sequential;
  readonly #program: Program;
  readonly #config: LbfgsConfig;
  readonly #rows: number;
  readonly #layout: Layout;
  readonly #count: number;
  /** s · y of each pair, 0 where there is none. */
  readonly #curvature: Float64Array;
  readonly #direction: Float64Array;
  /** The parameters that the iteration starts from, and what was found there. */
  readonly #parameters: Float32Array;
  #found: Point | undefined;

  constructor(model: Sequential, config: LbfgsConfig, rows: number) {
    this.#model = model;
    this.#program = model.program;
    this.#config = config;
    this.#rows = rows;
    this.#layout = this.#program.layout();
    this.#count = this.#layout.values.floats;
    this.#direction = new Float64Array(this.#count);
    this.#parameters = this.#floats(this.#layout.values.address).slice();
    this.#curvature = Float64Array.from({ length: config.historySize }, (_, pair) => dot(this.#step(pair), this.#change(pair)));
  }

  /** Floats as they lie in memory now: it may be another one after a plan has run. */
  #floats(address: number): Float32Array {
    return this.#program.backend.memory.f32.subarray(address / 4, address / 4 + this.#count);
  }

  #step(pair: number): Float32Array {
    return this.#floats(this.#layout.slots[`step${pair}`]!);
  }

  #change(pair: number): Float32Array {
    return this.#floats(this.#layout.slots[`change${pair}`]!);
  }

  next(): void {
    const { gradientTolerance } = this.#config;
    const rate = this.#model.learningRate;
    const start = this.#here();
    let end = start;
    if (rate > 0 && start.loss < Infinity && largest(start.gradient) > gradientTolerance) {
      end = this.#descend(start, rate);
      // Where the pairs lead nowhere, the gradient still may.
      if (end.step === 0 && this.#curvature[0]! > 0) {
        this.#forget();
        end = this.#descend(start, rate);
      }
      if (end.step > 0) this.#remember(start, end);
    }
    if (this.#program.sums.collected !== undefined) {
      // Metrics of whole epochs are of the weights that it ends with, too.
      this.#program.sums.clear();
      this.#program.run('gradients', this.#rows);
      this.#program.sums.collect(this.#program.room, this.#rows, 'output');
    }
    this.#recordSums(end);
    this.#program.backend.memory.i32[this.#layout.registers.step / 4]!++;
    this.#found = end;
    if ((rate > 0 && end.step === 0) || largest(end.gradient) <= gradientTolerance) this.#model.stopTraining = true;
  }

  /** The loss and its gradient at the parameters as they are, which a callback may have changed. */
  #here(): Point {
    const values = this.#floats(this.#layout.values.address);
    if (this.#found !== undefined && values.every((value, i) => value === this.#parameters[i])) return { ...this.#found, step: 0 };
    this.#parameters.set(values);
    return this.#look(0);
  }

  #look(step: number): Point {
    const { address } = this.#layout.gradients;
    const { backend } = this.#program;
    this.#program.sums.clear();
    this.#program.run('gradients', this.#rows);
    const gradient = this.#floats(address).slice();
    const { objective, registers } = this.#layout;
    const sums = backend.memory.f64.slice(registers.sums / 8, registers.sums / 8 + 1 + objective!.metrics.length + (this.#program.penalised ? 1 : 0));
    const loss = this.#program.sums.lossOver(this.#rows);
    if (Number.isFinite(loss) && backend.countNonFinite(address, this.#count) === 0) {
      return { step, loss, slope: dot(gradient, this.#direction), gradient, sums };
    }
    sums[0] = NaN;
    return { step, loss: Infinity, slope: NaN, gradient, sums };
  }

  /** Puts the parameters so many steps along the direction. */
  #move(step: number): void {
    const values = this.#floats(this.#layout.values.address);
    for (let i = 0; i < values.length; i++) values[i] = this.#parameters[i]! + step * this.#direction[i]!;
  }

  /** Chooses a direction, goes along it to a lower loss and stays there; at 0 steps where there is none. */
  #descend(start: Point, rate: number): Point {
    this.#aim(start.gradient);
    const slope = dot(start.gradient, this.#direction);
    const origin = { ...start, slope };
    if (!(slope < 0)) return origin;
    const first = this.#curvature[0]! > 0 ? rate : rate * Math.min(1, 1 / total(start.gradient));
    try {
      const at = (step: number): Point => {
        this.#move(step);
        return this.#look(step);
      };
      const found = search(origin, first, largest(this.#direction), at, this.#config);
      this.#move(found.step);
      return found;
    } catch (error) {
      this.#floats(this.#layout.values.address).set(this.#parameters);
      throw error;
    }
  }

  /** direction := −H · gradient, where the pairs stand for H, the inverse of the Hessian. */
  #aim(gradient: Float32Array): void {
    const direction = this.#direction;
    for (let i = 0; i < direction.length; i++) direction[i] = -gradient[i]!;
    const shares: number[] = [];
    for (let pair = 0; this.#curvature[pair]! > 0; pair++) {
      shares[pair] = dot(this.#step(pair), direction) / this.#curvature[pair]!;
      add(direction, -shares[pair]!, this.#change(pair));
    }
    if (shares.length === 0) return;
    const scale = this.#curvature[0]! / dot(this.#change(0), this.#change(0));
    for (let i = 0; i < direction.length; i++) direction[i]! *= scale;
    for (let pair = shares.length - 1; pair >= 0; pair--) {
      add(direction, shares[pair]! - dot(this.#change(pair), direction) / this.#curvature[pair]!, this.#step(pair));
    }
  }

  /** Ends the iteration at `end`: takes it for the next start and, if the loss curves upward on the way, as the newest pair. */
  #remember(start: Point, end: Point): void {
    const values = this.#floats(this.#layout.values.address);
    const step = values.map((value, i) => value - this.#parameters[i]!);
    const change = end.gradient.map((value, i) => value - start.gradient[i]!);
    const curvature = dot(step, change);
    this.#parameters.set(values);
    if (!(curvature > -leastCurvature * dot(start.gradient, step))) return;
    const { historySize } = this.#config;
    for (let pair = historySize - 1; pair > 0; pair--) {
      this.#step(pair).set(this.#step(pair - 1));
      this.#change(pair).set(this.#change(pair - 1));
    }
    this.#curvature.copyWithin(1, 0);
    this.#curvature[0] = curvature;
    this.#step(0).set(step);
    this.#change(0).set(change);
  }

  #forget(): void {
    this.#curvature.fill(0);
    for (let pair = 0; pair < this.#config.historySize; pair++) {
      this.#step(pair).fill(0);
      this.#change(pair).fill(0);
    }
  }

  #recordSums({ sums }: Point): void {
    this.#program.backend.memory.f64.set(sums, this.#layout.registers.sums / 8);
  }
}

/** The point with the lowest loss that was looked at, which meets the strong Wolfe conditions where evaluations suffice. */
function search(start: Point, first: number, reach: number, at: (step: number) => Point, config: LbfgsConfig): Point {
  const { maxEvaluations, c1, c2 } = config;
  const falls = (point: Point): boolean => point.loss <= start.loss + c1 * point.step * start.slope;
  const isFlat = (point: Point): boolean => Math.abs(point.slope) <= -c2 * start.slope;

  // Go further until there is a minimum on the way.
  let before = start;
  let point = at(first);
  let evaluations = 1;
  for (;; evaluations++) {
    const passed = !falls(point) || (evaluations > 2 && point.loss >= before.loss);
    if (!passed && isFlat(point)) return point;
    if (passed || point.slope >= 0 || evaluations >= maxEvaluations) break;
    const { step } = point;
    const next = cubicMinimum(before, point, step + 0.01 * (step - before.step), 10 * step);
    before = point;
    point = at(next);
  }

  let [low, high] = before.loss <= point.loss ? [before, point] : [point, before];
  let nearEnd = false;
  for (; evaluations < maxEvaluations && Math.abs(high.step - low.step) * reach >= leastChange; evaluations++) {
    const [left, right] = low.step < high.step ? [low, high] : [high, low];
    let step = cubicMinimum(left, right, left.step, right.step);
    // A trial near an end of the bracket hardly makes it smaller: one is let pass, the next is moved inwards.
    const margin = 0.1 * (right.step - left.step);
    const wasNearEnd = nearEnd;
    nearEnd = Math.min(right.step - step, step - left.step) < margin;
    if (nearEnd && (wasNearEnd || step >= right.step || step <= left.step)) {
      step = right.step - step < step - left.step ? right.step - margin : left.step + margin;
      nearEnd = false;
    }
    point = at(step);
    if (!falls(point) || point.loss >= low.loss) {
      [low, high] = low.loss <= point.loss ? [low, point] : [point, low];
      continue;
    }
    if (isFlat(point)) return point;
    if (point.slope * (high.step - low.step) >= 0) high = low;
    low = point;
  }
  return low;
}

/** Where the cubic with the losses and slopes of two points, `a` before `b`, is least, between bounds; their middle where it is nowhere. */
function cubicMinimum(a: Point, b: Point, from: number, to: number): number {
  const middle = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.step - b.step);
  const root = Math.sqrt(middle ** 2 - a.slope * b.slope);
  const at = b.step - (b.step - a.step) * ((b.slope + root - middle) / (b.slope - a.slope + 2 * root));
  return Number.isNaN(at) ? (from + to) / 2 : Math.min(Math.max(at, from), to);
}

type Floats = Float32Array | Float64Array;

function dot(a: Floats, b: Floats): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** to += factor · from */
function add(to: Float64Array, factor: number, from: Float32Array): void {
  for (let i = 0; i < to.length; i++) to[i]! += factor * from[i]!;
}

/** The largest magnitude. */
function largest(values: Floats): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}

/** The sum of magnitudes. */
function total(values: Floats): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.abs(values[i]!);
  return sum;
}

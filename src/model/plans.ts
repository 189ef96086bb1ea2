/**
 * Writes the plans of a model: which operations make up a prediction, an evaluation and a step, on addresses that program.ts
 * has laid out. It joins stages, loss, metrics and optimizer, and touches no memory.
 */

import { PlanBuilder } from '../backend/plan.ts';
import type { BackwardAddresses, Stage } from './layers/layer.ts';
import { fusedWith, gradientDivisor, targetColumns, type Loss } from './training/losses.ts';
import type { Measure, Metric } from './training/metrics.ts';
import type { Optimizer, UpdateAddresses } from './optimizers/optimizer.ts';

/** What a compiled model trains with. */
export interface Objective {
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  readonly metrics: readonly Metric[];
  /** Metrics of whole epochs. */
  readonly measures: Measure[];
}

/** A range of floats. */
export interface Range {
  readonly address: number;
  readonly floats: number;
}

/** Rows that lie in the model's memory, and where the order in which to take them and the place in it lie. */
export interface Resident {
  readonly input: number;
  readonly target: number;
  /** A weight a row; 0: none. */
  readonly weights: number;
  readonly order: number;
  readonly cursor: number;
}

/** What a model has whatever its batches are. */
export interface Layout {
  readonly stages: readonly ({ readonly stage: Stage } & Pick<BackwardAddresses, 'parameters' | 'dparameters' | 'floats'>)[];
  readonly inputs: number;
  readonly outputs: number;
  /** The parameters that optimizers move, and their gradients. */
  readonly values: Range;
  readonly gradients: Range;
  /** The gradient of each of them, without what lies between. */
  readonly gradientRanges: readonly Range[];
  /** The ranges of optimizer state. */
  readonly slots: Readonly<Record<string, number>>;
  readonly registers: { readonly learningRate: number; readonly step: number; readonly updates: number; readonly norm: number; readonly sums: number };
  readonly objective: Objective | undefined;
  readonly resident: Resident | undefined;
}

/** Buffers for one batch. */
export interface BatchAddresses {
  readonly input: number;
  readonly target: number;
  /** A weight a row, by which its loss counts; 0: none. */
  readonly weights: number;
  /** The output of each stage, and the gradient of it. */
  readonly outs: readonly number[];
  readonly douts: readonly number[];
  readonly caches: readonly number[];
  /** Where a loss from logits puts the probabilities it computes. */
  readonly logistic: number;
  readonly scratch: number;
}

/** `trainOne` is a step on one row, `accumulate` one that no update follows; `gather` loads a batch from resident rows. */
export const planNames = ['predict', 'evaluate', 'gradients', 'train', 'trainOne', 'accumulate', 'gather'] as const;
export type PlanName = (typeof planNames)[number];

/** A stage as it stands in the plans that have it, and where it works. */
interface Placed extends BackwardAddresses {
  readonly stage: Stage;
}

export class PlanWriter {
  readonly #model: Layout;
  readonly #at: BatchAddresses;
  /** The stages of training, those of gradients, and those of every other plan. */
  readonly #training: readonly Placed[];
  readonly #gradients: readonly Placed[];
  readonly #inference: readonly Placed[];

  constructor(model: Layout, at: BatchAddresses) {
    this.#model = model;
    this.#at = at;
    this.#training = this.#place(true, () => true);
    this.#gradients = this.#place(true, forAllPlans);
    this.#inference = this.#place(false, forAllPlans);
  }

  /** Where a prediction lies, and where the output of a step of training. */
  get outputs(): { readonly output: number; readonly trained: number } {
    const { input } = this.#at;
    return { output: this.#inference.at(-1)?.out ?? input, trained: this.#training.at(-1)?.out ?? input };
  }

  /** The words of every plan. Before `compile`, those that need a loss only end. */
  all(): Record<PlanName, Int32Array> {
    const { objective, resident, inputs, outputs } = this.#model;
    const plans = Object.fromEntries(planNames.map((name) => [name, new PlanBuilder()])) as Record<PlanName, PlanBuilder>;
    this.#forward(plans.predict, this.#inference);
    if (objective !== undefined) {
      this.#forwardAndLoss(plans.evaluate, objective, this.#inference.map((placed) => ({ ...placed, dout: 0 })));
      this.#stepUpToUpdate(plans.gradients, objective, this.#gradients);
      this.#step(plans.train, objective, 'update');
      if (objective.optimizer.accumulationSteps > 1) this.#step(plans.accumulate, objective, 'accumulate');
      this.#stepOfOneRow(plans.trainOne, objective);
      if (resident !== undefined) {
        const { input, target, weights, order, cursor } = resident;
        plans.gather.add('gather', { out: this.#at.input, data: input, order, cursor, columns: inputs });
        plans.gather.add('gather', { out: this.#at.target, data: target, order, cursor, columns: targetColumns(objective.loss, outputs) });
        if (weights !== 0) plans.gather.add('gather', { out: this.#at.weights, data: weights, order, cursor, columns: 1 });
      }
    }
    return Object.fromEntries(planNames.map((name) => [name, plans[name].words()])) as Record<PlanName, Int32Array>;
  }

  /** The stages that `has` keeps, each reading what the one before it writes. */
  #place(training: boolean, has: (stage: Stage) => boolean): Placed[] {
    const { input, outs, douts, caches, scratch } = this.#at;
    const { stages, registers: { step } } = this.#model;
    const first = firstTrained(stages);
    let from = input;
    let dfrom = 0;
    const placed = stages.flatMap((one, i) => {
      const { passesInput, passesGradient } = one.stage;
      if (!has(one.stage)) return [];
      const at = {
        ...one, input: from, dinput: i > first ? dfrom : 0, out: passesInput ? from : outs[i]!, dout: (passesGradient && dfrom) || douts[i]!, cache: caches[i]!,
        step, scratch, training, partner: { input: 0, dout: 0 },
      };
      from = at.out;
      dfrom = at.dout;
      return [at];
    });
    const byStage = new Map(placed.map((at) => [at.stage, at]));
    for (const at of placed) at.partner = (at.stage.partner && byStage.get(at.stage.partner)) ?? at.partner;
    return placed;
  }

  #forward(plan: PlanBuilder, stages: readonly Placed[]): void {
    plan.add('flush', { range: this.#at.input, columns: this.#model.inputs });
    for (const { stage, ...at } of stages) stage.forward(plan, at);
  }

  /** Forward pass, loss, its gradient into `dout`s and metrics; returns the stages that are left to go back through. */
  #forwardAndLoss(plan: PlanBuilder, { loss, metrics }: Objective, stages: readonly Placed[]): readonly Placed[] {
    const { input, target, weights, logistic } = this.#at;
    const { outputs: units, registers: { sums: sum } } = this.#model;
    const last = stages.at(-1);
    const sparse = Number(loss.kind.targets === 'index');
    const fused = fusedWith(loss, last?.stage.activation);
    const output = last?.out ?? input;
    const left = fused === undefined ? stages : stages.slice(0, -1);
    this.#forward(plan, left);
    const z = left.at(-1)?.out ?? input;
    const dz = left.at(-1)?.dout ?? 0;
    const operation = loss.fromLogits ? loss.kind.fused?.operation : fused;
    const out = loss.fromLogits ? logistic : output;
    if (operation === 'softmaxCrossentropy') plan.add(operation, { sum, out, dz, z, target, weights, units, sparse });
    else if (operation === 'sigmoidCrossentropy') plan.add(operation, { sum, out, dz, z, target, weights, units });
    else plan.add('loss', { sum, dout: dz, out, target, weights, units, loss: loss.code, divisor: gradientDivisor(loss, units), parameter: loss.parameter });
    metrics.forEach((metric, i) => metric.add(plan, { sum: sum + 8 * (i + 1), out: output, target }));
    for (const { stage, ...at } of stages) stage.penalty?.(plan, { ...at, sum: sum + 8 * (metrics.length + 1) });
    return left;
  }

  #stepUpToUpdate(plan: PlanBuilder, objective: Objective, stages: readonly Placed[]): void {
    const { address: range, floats: count } = this.#model.gradients;
    plan.add('zero', { range, count });
    this.#backward(this.#forwardAndLoss(plan, objective, stages), (stage, at) => stage.backward(plan, at));
  }

  #step(plan: PlanBuilder, objective: Objective, what: 'update' | 'accumulate'): void {
    const { registers: { step } } = this.#model;
    this.#stepUpToUpdate(plan, objective, this.#training);
    plan.add('increment', { counter: step });
    const at = this.#updateAddresses(objective);
    objective.optimizer[what](plan, at);
    this.#updateStages(plan);
    if (what === 'update') objective.optimizer.average?.(plan, at);
  }

  #updateAddresses({ optimizer: { accumulationSteps } }: Objective): UpdateAddresses {
    const { values, gradients, gradientRanges, slots, registers: { learningRate, step, updates, norm } } = this.#model;
    return {
      parameters: values.address, dparameters: gradients.address, gradients: gradientRanges, slots, sum: norm, learningRate,
      step: accumulationSteps > 1 ? updates : step, batch: step, count: values.floats,
    };
  }

  #updateStages(plan: PlanBuilder): void {
    for (const { stage, ...at } of this.#training) stage.update?.(plan, at);
  }

  /** A step on one row: in plain descent, stages that can do so move their parameters without storing gradients. */
  #stepOfOneRow(plan: PlanBuilder, objective: Objective): void {
    const { stages, registers: { learningRate, step } } = this.#model;
    if (!objective.optimizer.plainDescent || stages.some(({ stage }) => (stage.mayThrow || isTrained(stage)) && stage.descend === undefined)) {
      this.#step(plan, objective, 'update');
      return;
    }
    this.#backward(this.#forwardAndLoss(plan, objective, this.#training), (stage, at) => {
      if (stage.descend === undefined) stage.backward(plan, at);
      else stage.descend(plan, { ...at, learningRate });
    });
    plan.add('increment', { counter: step });
    this.#updateStages(plan);
  }

  /** Visits stages backwards, down to the first that is trained. */
  #backward(stages: readonly Placed[], visit: (stage: Stage, at: BackwardAddresses) => void): void {
    const first = firstTrained(stages);
    if (first >= 0) for (const { stage, ...at } of stages.slice(first).reverse()) visit(stage, at);
  }
}

function forAllPlans({ trainingOnly }: Stage): boolean {
  return trainingOnly !== true;
}

function isTrained({ parameters }: Stage): boolean {
  return parameters.some(({ trainable }) => trainable !== false);
}

function firstTrained(stages: readonly { readonly stage: Stage }[]): number {
  return stages.findIndex(({ stage }) => isTrained(stage));
}

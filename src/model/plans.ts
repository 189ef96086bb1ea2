/**
 * Writes the plans of a model: which operations make up a prediction, an evaluation and a step, on addresses that program.ts
 * has laid out. It joins stages, loss, metrics and optimizer, and touches no memory.
 */

import { PlanBuilder } from '../backend/plan.ts';
import type { BackwardAddresses, Stage } from './layer.ts';
import { fusedWith, gradientDivisor, targetColumns, type Loss } from './losses.ts';
import type { Metric } from './metrics.ts';
import type { Optimizer } from './optimizers.ts';

/** What a compiled model trains with. */
export interface Objective {
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  readonly metrics: readonly Metric[];
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
  readonly order: number;
  readonly cursor: number;
}

/** What a model has whatever its batches are. */
export interface Layout {
  readonly stages: readonly { readonly stage: Stage; readonly parameters: readonly number[]; readonly dparameters: readonly number[] }[];
  readonly inputs: number;
  readonly outputs: number;
  readonly values: Range;
  readonly gradients: Range;
  /** The ranges of optimizer state. */
  readonly slots: readonly number[];
  readonly registers: { readonly learningRate: number; readonly step: number; readonly sums: number };
  readonly objective: Objective | undefined;
  readonly resident: Resident | undefined;
}

/** Buffers for one batch. */
export interface BatchAddresses {
  readonly input: number;
  readonly target: number;
  /** The output of each stage, and the gradient of it. */
  readonly outs: readonly number[];
  readonly douts: readonly number[];
  readonly output: number;
  /** Where a loss from logits puts the probabilities it computes. */
  readonly logistic: number;
  readonly scratch: number;
}

/** `trainOne` is a step on one row; `gather` loads a batch from resident rows. */
export const planNames = ['predict', 'evaluate', 'gradients', 'train', 'trainOne', 'gather'] as const;
export type PlanName = (typeof planNames)[number];

export class PlanWriter {
  readonly #model: Layout;
  readonly #at: BatchAddresses;

  constructor(model: Layout, at: BatchAddresses) {
    this.#model = model;
    this.#at = at;
  }

  /** The words of every plan. Before `compile`, those that need a loss only end. */
  all(): Record<PlanName, Int32Array> {
    const { objective, resident, inputs, outputs } = this.#model;
    const plans = Object.fromEntries(planNames.map((name) => [name, new PlanBuilder()])) as Record<PlanName, PlanBuilder>;
    this.#forward(plans.predict, this.#model.stages.length);
    if (objective !== undefined) {
      this.#forwardAndLoss(plans.evaluate, objective, this.#model.stages.map(() => 0));
      this.#stepUpToUpdate(plans.gradients, objective);
      this.#step(plans.train, objective);
      this.#stepOfOneRow(plans.trainOne, objective);
      if (resident !== undefined) {
        const { input, target, order, cursor } = resident;
        plans.gather.add('gather', { out: this.#at.input, data: input, order, cursor, columns: inputs });
        plans.gather.add('gather', { out: this.#at.target, data: target, order, cursor, columns: targetColumns(objective.loss, outputs) });
      }
    }
    return Object.fromEntries(planNames.map((name) => [name, plans[name].words()])) as Record<PlanName, Int32Array>;
  }

  #forward(plan: PlanBuilder, count: number): void {
    const { input, outs } = this.#at;
    this.#model.stages.slice(0, count).forEach(({ stage, parameters }, i) => {
      stage.forward(plan, { out: outs[i]!, input: outs[i - 1] ?? input, parameters });
    });
  }

  /** Forward pass, loss, its gradient into `douts` and metrics; returns how many stages are left to go back through. */
  #forwardAndLoss(plan: PlanBuilder, { loss, metrics }: Objective, douts: readonly number[]): number {
    const { input, outs, target, output, logistic } = this.#at;
    const { stages, outputs: units, registers: { sums: sum } } = this.#model;
    const last = stages.length - 1;
    const sparse = Number(loss.kind.targets === 'index');
    const fused = fusedWith(loss, stages[last]?.stage.activation);
    const forward = fused === undefined ? last + 1 : last;
    this.#forward(plan, forward);
    const z = fused === undefined ? output : outs[last - 1] ?? input;
    const operation = loss.fromLogits ? loss.kind.fused?.operation : fused;
    const out = loss.fromLogits ? logistic : output;
    const dz = fused === undefined ? douts[last] ?? 0 : douts[last - 1] ?? 0;
    if (operation === 'softmaxCrossentropy') plan.add(operation, { sum, out, dz, z, target, units, sparse });
    else if (operation === 'sigmoidCrossentropy') plan.add(operation, { sum, out, dz, z, target, units });
    else plan.add('loss', { sum, dout: dz, out, target, units, loss: loss.code, divisor: gradientDivisor(loss, units), parameter: loss.parameter });
    metrics.forEach((metric, i) => metric.add(plan, { sum: sum + 8 * (i + 1), out: output, target }));
    return forward;
  }

  #stepUpToUpdate(plan: PlanBuilder, objective: Objective): void {
    const { address: range, floats: count } = this.#model.gradients;
    plan.add('zero', { range, count });
    this.#backward(this.#forwardAndLoss(plan, objective, this.#at.douts), (stage, at) => stage.backward(plan, at));
  }

  #step(plan: PlanBuilder, objective: Objective): void {
    const { values, gradients, slots, registers: { learningRate, step } } = this.#model;
    this.#stepUpToUpdate(plan, objective);
    plan.add('increment', { counter: step });
    objective.optimizer.update(plan, {
      parameters: values.address, dparameters: gradients.address, slots, learningRate, step, count: values.floats,
    });
  }

  /** A step on one row: in plain descent, stages that can do so move their parameters without storing gradients. */
  #stepOfOneRow(plan: PlanBuilder, objective: Objective): void {
    const { stages, registers: { learningRate, step } } = this.#model;
    if (!objective.optimizer.plainDescent || stages.some(({ stage }) => stage.parameters.length > 0 && stage.descend === undefined)) {
      this.#step(plan, objective);
      return;
    }
    plan.add('increment', { counter: step });
    this.#backward(this.#forwardAndLoss(plan, objective, this.#at.douts), (stage, at) => {
      if (stage.descend === undefined) stage.backward(plan, at);
      else stage.descend(plan, { ...at, learningRate });
    });
  }

  /** Visits the first `count` stages backwards, down to the first that has parameters. */
  #backward(count: number, visit: (stage: Stage, at: BackwardAddresses) => void): void {
    const { input, outs, douts, scratch } = this.#at;
    const { stages } = this.#model;
    const first = stages.findIndex(({ parameters }) => parameters.length > 0);
    for (let i = count - 1; i >= first && first >= 0; i--) {
      const { stage, parameters, dparameters } = stages[i]!;
      visit(stage, {
        dinput: i > first ? douts[i - 1]! : 0, dout: douts[i]!, out: outs[i]!, input: outs[i - 1] ?? input, parameters, dparameters, scratch,
      });
    }
  }
}

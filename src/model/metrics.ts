/** Metrics by name: `accuracy`, and every loss as a plain measure. */

import { accuracyCodes, lossCodes, type LossName, type PlanBuilder } from '../backend/plan.ts';
import { OptionError, unexpected } from '../errors.ts';
import { checkName } from '../options.ts';
import { accuracyOf, lossDivisor, resolveLoss, targetColumns, type Loss } from './losses.ts';

/** A metric by name. `accuracy` is of values, rows or class indices, whichever the compiled loss is about. */
export type MetricName = 'accuracy' | LossName;

const metricNames = ['accuracy', ...lossCodes] as const;

/** A metric that adds up over batches of any size. */
export interface Metric {
  readonly name: MetricName;
  /** Writes the operation that adds a batch to `sum`. */
  add(plan: PlanBuilder, at: { sum: number; out: number; target: number }): void;
  /** What the sum over `rows` rows is divided by. */
  divisor(rows: number): number;
}

/** The metrics a model of `units` outputs measures beside its loss. */
export function resolveMetrics(names: readonly MetricName[], loss: Loss, units: number): Metric[] {
  if (!Array.isArray(names)) throw unexpected('compile metrics', 'an array of names', names);
  return Array.from(names as readonly unknown[], (given, i) => {
    const name = checkName(`compile metrics[${i}]`, given, metricNames);
    return name === 'accuracy' ? accuracy(loss, units) : measure(name, loss, units);
  }).filter(({ name }, i, all) => all.findIndex((metric) => metric.name === name) === i);
}

function accuracy(loss: Loss, units: number): Metric {
  const { kind, threshold } = accuracyOf(loss, units);
  return {
    name: 'accuracy',
    add: (plan, at) => void plan.add('accuracy', { ...at, units, kind: accuracyCodes.indexOf(kind), threshold }),
    divisor: (rows) => (kind === 'binary' ? rows * units : rows),
  };
}

function measure(name: LossName, compiled: Loss, units: number): Metric {
  const loss = resolveLoss('compile metrics', name);
  if (targetColumns(loss, units) !== targetColumns(compiled, units)) {
    throw new OptionError(`compile metrics: '${name}' takes other targets than the loss '${compiled.name}'`);
  }
  return {
    name,
    add: (plan, at) => void plan.add('loss', { ...at, dout: 0, weights: 0, units, loss: loss.code, divisor: 0, parameter: loss.parameter }),
    divisor: (rows) => lossDivisor(loss, rows, units),
  };
}

/** Metrics: by name `accuracy` and every loss as a plain measure, which add up batch by batch; and functions of whole epochs. */

import { accuracyCodes, lossCodes, type LossName, type PlanBuilder } from '../../backend/plan.ts';
import { OptionError, unexpected } from '../../errors.ts';
import { checkName } from '../../options.ts';
import { accuracyOf, lossDivisor, resolveLoss, targetColumns, type Loss } from './losses.ts';

/** A metric by name. `accuracy` is of values, rows or class indices, whichever the compiled loss is about. */
export type MetricName = 'accuracy' | LossName;

const metricNames = ['accuracy', ...lossCodes] as const;

/**
 * A metric as a function of the targets `y` and the outputs `p` of all rows, both flat and row by row; `units` is the number of outputs.
 * `precision`, `rocAuc` and the other metrics of the library are such functions. Copy what is to be kept: the arrays are used again.
 */
export type MetricFunction = (y: Float32Array, p: Float32Array, options: { units: number }) => number;

/** What `compile` takes as metrics: a name, or functions by the names they are to have in the logs: `{ precision, rocAuc }`. */
export type MetricSpec = MetricName | Readonly<Record<string, MetricFunction>>;

/** A function with its name. */
export type Measure = readonly [name: string, measure: MetricFunction];

/** A metric that adds up over batches of any size. */
export interface Metric {
  readonly name: MetricName;
  /** Writes the operation that adds a batch to `sum`. */
  add(plan: PlanBuilder, at: { sum: number; out: number; target: number }): void;
  /** What the sum over `rows` rows is divided by. */
  divisor(rows: number): number;
}

/** The metrics a model of `units` outputs measures beside its loss: those that add up, and functions. */
export function resolveMetrics(specs: readonly MetricSpec[], loss: Loss, units: number): { metrics: Metric[]; measures: Measure[] } {
  if (!Array.isArray(specs)) throw unexpected('compile metrics', 'an array of names and functions', specs);
  const metrics: Metric[] = [];
  const measures: Measure[] = [];
  // A copy by spreading, in which a hole is undefined.
  [...(specs as readonly unknown[])].forEach((given, i) => {
    const where = `compile metrics[${i}]`;
    if (typeof given === 'object' && given !== null && !Array.isArray(given)) {
      for (const [name, measure] of Object.entries(given)) {
        if (typeof measure !== 'function') throw unexpected(`${where} ${name}`, 'a function of targets and outputs', measure);
        measures.push([name, measure as MetricFunction]);
      }
      return;
    }
    if (typeof given === 'function') throw unexpected(where, 'a function with the name it is to have, as { precision }', given);
    const name = checkName(where, given, metricNames);
    if (metrics.every((metric) => metric.name !== name)) metrics.push(name === 'accuracy' ? accuracy(loss, units) : measure(name, loss, units));
  });
  const names = ['loss', ...metrics.map(({ name }) => name), ...measures.map(([name]) => name)];
  names.forEach((name, i) => {
    if (names.indexOf(name) !== i) throw new OptionError(`compile metrics: two are named '${name}'; names must differ`);
  });
  return { metrics, measures };
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

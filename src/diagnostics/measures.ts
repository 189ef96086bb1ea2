/**
 * The numbers a diagnosis rests on: of every layer how steep its activation is, how large gradients, weights and updates are; of the
 * data how columns and classes are spread; of training how its loss went. No judgement is passed here: see findings.ts.
 */

import type { Matrix } from '../data/matrix.ts';
import type { Samples } from '../model/training/samples.ts';
import type { Probe, ProbedLayer } from './probe.ts';

/** The values of a layer's output over the sample. */
export interface ActivationRange {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
  /** Standard deviation. */
  readonly deviation: number;
}

/** One layer, as a sample of rows found it. What does not apply is undefined. */
export interface LayerDiagnosis {
  readonly name: string;
  readonly type: string;
  readonly units: number;
  /** The name of its activation. */
  readonly activation: string | undefined;
  /**
   * Mean |f′(z)| over rows and units, with the derivative that training uses; undefined where it uses none: without an activation, of
   * softmax, where the loss and the last activation are one operation, and of a function of one's own that throws for some -8 <= z <= 8.
   */
  readonly meanDerivative: number | undefined;
  /** The share of units whose mean |f′(z)| over the rows is below 5 % of the greatest |f′| that the function has (for −8 <= z <= 8). */
  readonly saturated: number | undefined;
  /** The share of units with f′(z) = 0 on every row. */
  readonly dead: number | undefined;
  /** The norm of ∂J/∂θ over all that is trained in it, and of θ itself. */
  readonly gradientNorm: number | undefined;
  readonly weightNorm: number | undefined;
  /** The norm of the update that the optimizer would make of this gradient, divided by that of θ. */
  readonly updateRatio: number | undefined;
  readonly range: ActivationRange;
}

/** A layer, but for the range of its output, which is worth its time only where somebody reads it. */
export type LayerLook = Omit<LayerDiagnosis, 'range'>;

/** A look at a model. */
export interface Look {
  readonly loss: number;
  readonly layers: readonly LayerLook[];
  /** The gradient norm of the first dense layer divided by that of the last. */
  readonly gradientRatio: number;
}

/** Below this share of the greatest slope a unit counts as saturated. */
const saturatedShare = 0.05;

/** Looks at the model as it is. */
export function lookThrough(probe: Probe): Look {
  probe.sync();
  const loss = probe.run();
  const norms = probe.layers.map((layer) => probe.norms(layer));
  if (probe.updates) probe.move();
  const layers = probe.layers.map((layer, i) => ({
    name: layer.name,
    type: layer.type,
    units: layer.units,
    activation: activationOf(layer.config),
    ...slopesOf(probe, layer),
    gradientNorm: norms[i]?.gradient,
    weightNorm: norms[i]?.weight,
    updateRatio: probe.updates && norms[i] !== undefined ? probe.moved(layer) / norms[i]!.weight : undefined,
  }));
  return { loss, layers, gradientRatio: gradientRatio(layers) };
}

/** The range of every layer's output, as the probe looked last. */
export function rangesOf(probe: Probe): ActivationRange[] {
  return probe.layers.map((layer) => rangeOf(probe.outputs(layer)));
}

export function activationOf(config: ProbedLayer['config'], option: 'activation' | 'derivative' = 'activation'): string | undefined {
  const given = config[option] as string | { name: string } | undefined;
  return typeof given === 'object' ? given.name : given;
}

function gradientRatio(layers: readonly LayerLook[]): number {
  const norms = layers.flatMap(({ type, gradientNorm }) => (type === 'dense' ? [gradientNorm!] : []));
  return norms.length < 2 || norms[0] === norms.at(-1) ? 1 : norms[0]! / norms.at(-1)!;
}

function slopesOf(probe: Probe, layer: ProbedLayer): Pick<LayerDiagnosis, 'meanDerivative' | 'saturated' | 'dead'> {
  if (layer.slope === undefined) return { meanDerivative: undefined, saturated: undefined, dead: undefined };
  const { units } = layer;
  let [total, saturated, dead] = [0, 0, 0];
  for (const sum of probe.slopeSums(layer)) {
    total += sum;
    if (sum === 0) dead++;
    if (!(sum >= saturatedShare * layer.slope.most * probe.rows) || sum === 0) saturated++;
  }
  return { meanDerivative: total / (probe.rows * units), saturated: saturated / units, dead: dead / units };
}

function rangeOf(values: Float32Array): ActivationRange {
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  return { min, mean, max, deviation: Math.sqrt(Math.max(0, squares / values.length - mean * mean)) };
}

/** How an input column is spread. */
export interface ColumnMeasure {
  readonly column: number;
  readonly mean: number;
  readonly deviation: number;
  /** The root of the mean square: mean and deviation together. */
  readonly size: number;
  readonly constant: boolean;
}

/** Rows that columns are measured over at most, spread over all there are, and values of them, but for so many rows. */
const measuredRows = 1000;
const measuredValues = 2 ** 17;
const fewestRows = 250;

export function columnsOf({ values, rows, columns }: Matrix): ColumnMeasure[] {
  const most = Math.min(measuredRows, Math.max(fewestRows, Math.floor(measuredValues / columns)));
  const stride = Math.max(1, Math.floor(rows / most));
  const [sums, squares, counts, first] = [0, 0, 0, NaN].map((start) => new Float64Array(columns).fill(start)) as [Float64Array, Float64Array, Float64Array, Float64Array];
  // Relative to the first value, or large means would hide small deviations.
  for (let row = 0; row < rows; row += stride) {
    for (let column = 0, i = row * columns; column < columns; column++, i++) {
      // Missing, where the model takes that.
      if (Number.isNaN(values[i])) continue;
      if (counts[column]!++ === 0) first[column] = values[i]!;
      const value = values[i]! - first[column]!;
      sums[column]! += value;
      squares[column]! += value * value;
    }
  }
  return Array.from({ length: columns }, (_, column) => {
    const count = Math.max(1, counts[column]!);
    const shift = sums[column]! / count;
    const variance = Math.max(0, squares[column]! / count - shift * shift);
    const mean = first[column]! + shift;
    return { column, mean, deviation: Math.sqrt(variance), size: Math.sqrt(variance + mean * mean), constant: squares[column] === 0 && isConstant(values, column, columns) };
  });
}

function isConstant(values: Float32Array, column: number, columns: number): boolean {
  for (let i = column; i < values.length; i += columns) if (values[i] !== values[column]) return false;
  return true;
}

/** The share that each class has of the weights of all rows; undefined where targets are no classes. */
export function classShares({ y, weights }: Samples, kind: 'numbers' | 'index' | 'fraction' | 'sign', units: number): Float64Array | undefined {
  if (kind === 'numbers') return undefined;
  const several = kind === 'index' || units > 1;
  const shares = new Float64Array(several ? units : 2);
  let all = 0;
  for (let row = 0; row < y.rows; row++) {
    const weight = weights?.values[row] ?? 1;
    const index = kind === 'index' ? y.values[row]! : several ? hotColumn(y, row) : y.values[row] === 1 ? 1 : y.values[row]! <= 0 ? 0 : -1;
    if (index < 0) return undefined;
    shares[index]! += weight;
    all += weight;
  }
  return shares.map((share) => share / all);
}

/** The column of a one-hot row that holds the 1; −1 where the row is none. */
function hotColumn({ values, columns }: Matrix, row: number): number {
  let hot = -1;
  for (let column = 0; column < columns; column++) {
    const value = values[row * columns + column]!;
    if (value === 0 || value === -1) continue;
    if (value !== 1 || hot >= 0) return -1;
    hot = column;
  }
  return hot;
}

/** Least and greatest target. */
export function targetRange({ values }: Matrix): { min: number; max: number } {
  let [min, max] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

/** The rows of these numbers, as a copy. */
export function pick({ x, y, weights }: Samples, order: Uint32Array): Samples {
  const of = ({ values, columns }: Matrix): Matrix => {
    const picked = new Float32Array(order.length * columns);
    order.forEach((from, row) => picked.set(values.subarray(from * columns, (from + 1) * columns), row * columns));
    return { values: picked, rows: order.length, columns };
  };
  return { x: of(x), y: of(y), ...(weights && { weights: of(weights) }) };
}

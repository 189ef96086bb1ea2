/** What a model of two inputs says everywhere: its outputs on a grid of points. */

import { OptionError, unexpected } from '../errors.ts';
import { Sequential } from '../model/sequential.ts';
import { checkInteger, checkKeys, checkNumber } from '../options.ts';

export interface DecisionGridOptions {
  /** From where to where the first input goes, and the second; default −1 to 1. */
  x?: readonly [from: number, to: number];
  y?: readonly [from: number, to: number];
  /** Points on each axis; default 50, at least 2. */
  resolution?: number;
}

export interface DecisionGrid {
  /** The values of the first input and of the second. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** The outputs at each point, `units` values a point, row by row, a row for each of `y`. */
  readonly outputs: Float32Array;
  readonly units: number;
}

/**
 * The outputs of a model of two inputs, at every point of a grid: what a map of its decisions is drawn from.
 *
 * @throws OptionError for a model of more inputs or fewer, and for unknown options.
 */
export function decisionGrid(model: Sequential, options: DecisionGridOptions = {}): DecisionGrid {
  if (!(model instanceof Sequential)) throw unexpected('decisionGrid', 'a model made by sequential', model);
  checkKeys('decisionGrid', options, ['x', 'y', 'resolution']);
  if (model.inputShape[0] !== 2) throw new OptionError(`decisionGrid: expected a model of 2 inputs, received one of ${model.inputShape[0]}`);
  const resolution = checkInteger('decisionGrid resolution', options.resolution ?? 50, { min: 2 });
  const [x, y] = [axisOf('x', options.x, resolution), axisOf('y', options.y, resolution)];
  const points = Float32Array.from({ length: 2 * resolution * resolution }, (_, at) => {
    const point = at >> 1;
    return at % 2 === 0 ? x[point % resolution]! : y[Math.floor(point / resolution)]!;
  });
  return { x, y, outputs: model.predict(points), units: model.outputShape[0] };
}

function axisOf(name: 'x' | 'y', range: readonly [number, number] | undefined, resolution: number): Float32Array {
  const where = `decisionGrid ${name}`;
  if (range !== undefined && (!Array.isArray(range as unknown) || range.length !== 2)) throw unexpected(where, 'two numbers, from where to where', range);
  const from = checkNumber(`${where}[0]`, range?.[0] ?? -1);
  const to = checkNumber(`${where}[1]`, range?.[1] ?? 1, { above: from });
  return Float32Array.from({ length: resolution }, (_, i) => from + ((to - from) * i) / (resolution - 1));
}

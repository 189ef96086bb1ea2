/** The loss around the weights of a model, along two directions: a map of the country that training goes through. */

import { loadBackend } from '../backend/index.ts';
import type { MatrixLike } from '../data/matrix.ts';
import { DataError, OptionError, ShapeError, show, unexpected } from '../errors.ts';
import type { Parameter } from '../model/parameters.ts';
import { Sequential } from '../model/sequential.ts';
import { sliceMilliseconds } from '../model/training/training.ts';
import { checkInteger, checkKeys, checkNumber } from '../options.ts';
import { nextTask } from '../platform.ts';
import { copyOf } from './copy.ts';
import { dot, principalDirections, randomDirection, type Part } from './directions.ts';
import type { PathPoint } from './recordPath.ts';

export interface LossLandscapeOptions {
  /**
   * `'random'` (default): two random directions, filter-normalised (Li et al. 2018), so that 1 is as far as the weights are large; `'principal'`: the two
   * principal components of `path`, of length 1 (the second is 0 where the path is a line); or two of one's own, as `getWeights` gives weights.
   */
  directions?: 'random' | 'principal' | readonly [Parameters<Sequential['setWeights']>[0], Parameters<Sequential['setWeights']>[0]];
  /** Points on each axis; default 25, at least 2. */
  resolution?: number;
  /** How far each axis goes to both sides of the model's weights; default 1. With `'principal'` the default is the square around the path and the model, a quarter wider to each side. */
  range?: number;
  /** What {@link recordPath} kept. It is drawn into the map too, with the loss at each of its points. */
  path?: readonly PathPoint[];
  /** Of random directions; default the model's. */
  seed?: number;
  signal?: AbortSignal;
  /** Told of points done, of the path and the map, out of all. */
  onProgress?: (done: number, total: number) => void;
}

/** A map of the loss; the model is at x = 0, y = 0. Both axes have the same scale, so at a right angle to lines of equal loss it falls most steeply. */
export interface LossLandscape {
  /** Steps along the first and the second direction. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** The loss at each point, row by row, a row for each of `y`; Infinity or NaN where it is beyond float32. */
  readonly loss: Float64Array;
  /**
   * The points of the path, projected onto the plane of the map, and the loss with each point's own weights, over the same rows as the map: how far it is from
   * the map's loss there is what the projection leaves out. (What `fit` reports is a mean over batches between which the weights moved on.)
   */
  readonly path: readonly { readonly x: number; readonly y: number; readonly loss: number }[];
  /** Of `'principal'`: the share of the path's squared length from the model that each direction has. */
  readonly shares: readonly [number, number] | undefined;
}

/**
 * The loss of a compiled model over rows `x` and targets `y`, at the points of a grid in the plane that two directions span around its weights. It is taken on a
 * copy, without dropout and with the moving statistics of batch normalisation. Takes turns with other tasks.
 *
 * Rejects with an OptionError for unknown options, a path of another model, or no path to take directions from; with the signal's reason when aborted.
 */
export async function lossLandscape(model: Sequential, x: MatrixLike, y: MatrixLike, options: LossLandscapeOptions = {}): Promise<LossLandscape> {
  const where = 'lossLandscape';
  if (!(model instanceof Sequential)) throw unexpected(where, 'a model made by sequential', model);
  checkKeys(where, options, ['directions', 'resolution', 'range', 'path', 'seed', 'signal', 'onProgress']);
  const resolution = checkInteger(`${where} resolution`, options.resolution ?? 25, { min: 2 });
  const { path = [], signal, onProgress } = options;
  if (!Array.isArray(path as unknown)) throw unexpected(`${where} path`, 'an array of points, the path of what recordPath() gives', path);
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw unexpected(`${where} signal`, 'an AbortSignal', signal);
  if (onProgress !== undefined && typeof onProgress !== 'function') throw unexpected(`${where} onProgress`, 'a function', onProgress);
  await loadBackend(model.backend);
  const copy = copyOf(where, model);
  const plane = planeOf(where, model, copy.program.parameters, options);
  const { centre, directions: [first, second], parts, shares } = plane;
  const points = path.map(({ weights }, i) => ({ ...projected(flat(`${where} path[${i}]`, model, parts, weights), plane), loss: NaN }));
  const frame = options.range === undefined && shares !== undefined ? around([...points, { x: 0, y: 0 }]) : { x: 0, y: 0, reach: checkNumber(`${where} range`, options.range ?? 1, { above: 0 }) };
  const axis = (middle: number): Float64Array => Float64Array.from({ length: resolution }, (_, i) => middle + frame.reach * ((2 * i) / (resolution - 1) - 1));
  const map = { x: axis(frame.x), y: axis(frame.y), loss: new Float64Array(resolution * resolution), path: points, shares };
  const own = copy.getWeights();
  let sliceEnd = performance.now() + sliceMilliseconds;
  for (let done = 0; done < points.length + map.loss.length; done++) {
    signal?.throwIfAborted();
    const at = done - points.length;
    // Statistics too, which are no part of the plane, are those of the point on the path, and the model's on the map.
    if (at <= 0) copy.setWeights(at < 0 ? path[done]!.weights : own);
    if (at >= 0) {
      const [a, b] = [map.x[at % resolution]!, map.y[Math.floor(at / resolution)]!];
      for (const { parameter, start, size } of parts) {
        copy.program.write(parameter, Float32Array.from({ length: size }, (_, i) => centre[start + i]! + a * first[start + i]! + b * second[start + i]!));
      }
    }
    const loss = copy.evaluate(x, y)['loss']!;
    if (at < 0) points[done]!.loss = loss;
    else map.loss[at] = loss;
    onProgress?.(done + 1, points.length + map.loss.length);
    if (performance.now() > sliceEnd) {
      await nextTask();
      sliceEnd = performance.now() + sliceMilliseconds;
    }
  }
  return map;
}

/** The middle of the square around points, and how far it goes to each side of that: three quarters of the longer side of their box. */
function around(points: readonly { readonly x: number; readonly y: number }[]): { x: number; y: number; reach: number } {
  const [[left, right], [low, high]] = [points.map(({ x }) => x), points.map(({ y }) => y)].map((all) => [Math.min(...all), Math.max(...all)]) as [[number, number], [number, number]];
  return { x: (left + right) / 2, y: (low + high) / 2, reach: 0.75 * Math.max(right - left, high - low) };
}

/** A trainable parameter, where it lies in a vector of all of them, and its place among the model's weights. */
interface Placed extends Part {
  readonly parameter: Parameter;
  readonly index: number;
  readonly size: number;
}

interface Plane {
  readonly parts: readonly Placed[];
  readonly centre: Float64Array;
  readonly directions: readonly [Float64Array, Float64Array];
  readonly shares: readonly [number, number] | undefined;
}

function planeOf(where: string, model: Sequential, parameters: readonly Parameter[], options: LossLandscapeOptions): Plane {
  let start = 0;
  const parts = parameters.flatMap((parameter, index): Placed[] => {
    const { spec: { shape }, daddress } = parameter;
    if (daddress === 0) return [];
    const size = shape.reduce((product, length) => product * length, 1);
    start += size;
    return [{ parameter, index, size, shape, start: start - size }];
  });
  const { directions = 'random', path = [] } = options;
  const centre = flat(where, model, parts, model.getWeights());
  if (directions === 'random') {
    const seed = checkInteger(`${where} seed`, options.seed ?? model.seed);
    return { parts, centre, directions: [0, 1].map((index) => randomDirection(centre, parts, seed, index)) as [Float64Array, Float64Array], shares: undefined };
  }
  if (directions === 'principal') {
    if (path.length < 2) throw new OptionError(`${where} directions: 'principal' needs a path of two points or more, as recordPath() keeps one; received ${path.length}`);
    const found = principalDirections(path.map(({ weights }, i) => flat(`${where} path[${i}]`, model, parts, weights)), centre);
    if (!found.shares.some((share) => share > 0)) throw new OptionError(`${where} directions: every point of the path is where the model is: it has no direction`);
    return { parts, centre, ...found };
  }
  if (!Array.isArray(directions) || directions.length !== 2) throw unexpected(`${where} directions`, "'random', 'principal' or two arrays of weights", directions);
  return { parts, centre, directions: directions.map((weights, i) => flat(`${where} directions[${i}]`, model, parts, weights as readonly ArrayLike<number>[])) as [Float64Array, Float64Array], shares: undefined };
}

/** The trainable ones of a model's weights as one vector. */
function flat(where: string, model: Sequential, parts: readonly Placed[], weights: readonly ArrayLike<number>[]): Float64Array {
  const count = model.program.parameters.length;
  if (!Array.isArray(weights) || weights.length !== count) throw new ShapeError(`${where}: expected ${count} arrays, the weights of the model, received ${Array.isArray(weights) ? weights.length : show(weights)}`);
  const vector = new Float64Array(parts.reduce((sum, { size }) => sum + size, 0));
  for (const { parameter: { name }, index, start, size } of parts) {
    const values = (weights as readonly (ArrayLike<number> | null | undefined)[])[index];
    if (values?.length !== size) throw new ShapeError(`${where}: expected ${size} values of ${name}, received ${values?.length ?? show(values)}`);
    vector.set(values, start);
    if (!vector.subarray(start, start + size).every(Number.isFinite)) throw new DataError(`${where}: expected finite values of ${name}`);
  }
  return vector;
}

/** The point of the plane that is nearest: the normal equations of two unknowns. */
function projected(point: Float64Array, { centre, directions: [a, b] }: Plane): { x: number; y: number } {
  const offset = point.map((value, i) => value - centre[i]!);
  const [aa, ab, bb, ap, bp] = [dot(a, a), dot(a, b), dot(b, b), dot(a, offset), dot(b, offset)];
  const determinant = aa * bb - ab * ab;
  if (determinant <= 1e-12 * aa * bb) return { x: aa === 0 ? 0 : ap / aa, y: 0 };
  return { x: (ap * bb - bp * ab) / determinant, y: (bp * aa - ap * ab) / determinant };
}

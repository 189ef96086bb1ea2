/** Two directions in the space of weights: at random, or those in which a path goes furthest. Vectors are all trainable values, one parameter after the other. */

import { Random } from '../random.ts';

/** A parameter in such a vector. */
export interface Part {
  readonly start: number;
  readonly shape: readonly number[];
}

/**
 * A random direction, filter-normalised: the weights into each unit, a column of a kernel [inputs, units], as long as those of the model; biases and
 * other vectors 0. Li, Xu, Taylor, Studer, Goldstein: "Visualizing the loss landscape of neural nets", 2018, section 4.
 */
export function randomDirection(weights: Float64Array, parts: readonly Part[], seed: number, index: number): Float64Array {
  const random = new Random(seed, 'sampling', index);
  const direction = new Float64Array(weights.length);
  for (const { start, shape: [inputs = 0, units] } of parts) {
    if (units === undefined) continue;
    for (let i = start; i < start + inputs * units; i++) direction[i] = random.normal();
    for (let unit = 0; unit < units; unit++) {
      const ratio = columnNorm(weights, start + unit, inputs, units) / columnNorm(direction, start + unit, inputs, units);
      for (let i = 0; i < inputs; i++) direction[start + unit + i * units]! *= ratio;
    }
  }
  return direction;
}

function columnNorm(values: Float64Array, from: number, count: number, stride: number): number {
  let squares = 0;
  for (let i = 0; i < count; i++) squares += values[from + i * stride]! ** 2;
  return Math.sqrt(squares);
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/**
 * The two principal components of points around a centre, of length 1, and the share of the squared distances from it that each accounts for. Found
 * by way of the products of points with each other (as many rows as points), whose eigenvectors Jacobi's rotations give.
 */
export function principalDirections(points: readonly Float64Array[], centre: Float64Array): { directions: [Float64Array, Float64Array]; shares: [number, number] } {
  const offsets = points.map((point) => point.map((value, i) => value - centre[i]!));
  const { values, vectors } = eigen(offsets.map((a) => offsets.map((b) => dot(a, b))));
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  const order = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]!);
  const component = (rank: number): { direction: Float64Array; share: number } => {
    const which = order[rank];
    const direction = new Float64Array(centre.length);
    if (which !== undefined) offsets.forEach((offset, p) => offset.forEach((value, i) => { direction[i]! += vectors[p]![which]! * value; }));
    const length = Math.sqrt(dot(direction, direction));
    if (length > 0) direction.forEach((value, i) => { direction[i] = value / length; });
    return { direction, share: total === 0 || which === undefined ? 0 : Math.max(0, values[which]!) / total };
  };
  const [first, second] = [component(0), component(1)];
  return { directions: [first.direction, second.direction], shares: [first.share, second.share] };
}

/** Eigenvalues of a symmetric matrix, and its eigenvectors as columns: Jacobi's method, cyclic (Golub and Van Loan, section 8.5). */
function eigen(matrix: readonly (readonly number[])[]): { values: number[]; vectors: number[][] } {
  const a = matrix.map((row) => [...row]);
  const size = a.length;
  const vectors = a.map((_, i) => a.map((__, j) => Number(i === j)));
  for (let sweep = 0; sweep < 50; sweep++) {
    const [diagonal, off] = norms(a);
    if (off <= 1e-24 * diagonal) break;
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) rotate(a, vectors, p, q);
  }
  return { values: a.map((row, i) => row[i]!), vectors };
}

function norms(a: readonly (readonly number[])[]): [diagonal: number, off: number] {
  let [diagonal, off] = [0, 0];
  a.forEach((row, i) => row.forEach((value, j) => {
    if (i === j) diagonal += value * value;
    else off += value * value;
  }));
  return [diagonal, off];
}

/** Makes a[p][q] zero. */
function rotate(a: number[][], vectors: number[][], p: number, q: number): void {
  const apq = a[p]![q]!;
  if (apq === 0) return;
  const theta = (a[q]![q]! - a[p]![p]!) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  const turn = (rows: number[][], i: number): void => {
    const [x, y] = [rows[i]![p]!, rows[i]![q]!];
    rows[i]![p] = c * x - s * y;
    rows[i]![q] = s * x + c * y;
  };
  for (let i = 0; i < a.length; i++) turn(a, i);
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[p]![i]!, a[q]![i]!];
    a[p]![i] = c * x - s * y;
    a[q]![i] = s * x + c * y;
  }
  for (let i = 0; i < a.length; i++) turn(vectors, i);
}

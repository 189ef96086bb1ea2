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

/** What accounts for less is rounding, and no direction. */
const leastShare = 1e-12;

/**
 * The two principal components of points around a centre, of length 1 (0 where the points lie in a line), and the share of the squared distances from it that each accounts for. Found
 * by way of the products of points with each other (as many rows as points), whose eigenvectors Jacobi's rotations give, in a part of the space only
 * where points are many.
 */
export function principalDirections(points: readonly Float64Array[], centre: Float64Array): { directions: [Float64Array, Float64Array]; shares: [number, number] } {
  const offsets = points.map((point) => point.map((value, i) => value - centre[i]!));
  const products = offsets.map((a) => Float64Array.from(offsets, (b) => dot(a, b)));
  const { values, vectors } = leading(products);
  const total = products.reduce((sum, row, i) => sum + row[i]!, 0);
  const order = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]!);
  const component = (rank: number): { direction: Float64Array; share: number } => {
    const which = order[rank];
    const direction = new Float64Array(centre.length);
    const share = total === 0 || which === undefined ? 0 : Math.max(0, values[which]!) / total;
    if (share > leastShare) offsets.forEach((offset, p) => offset.forEach((value, i) => { direction[i]! += vectors[p]![which!]! * value; }));
    const length = Math.sqrt(dot(direction, direction));
    if (length > 0) direction.forEach((value, i) => { direction[i] = value / length; });
    return { direction, share };
  };
  const [first, second] = [component(0), component(1)];
  return { directions: [first.direction, second.direction], shares: [first.share, second.share] };
}

/** Enough steps for the largest eigenvalues to stand to the last digits; few enough for Jacobi's method, which takes 25 seconds for 500 rows. */
const krylovSteps = 64;

/**
 * The largest eigenvalues of a symmetric matrix, and their eigenvectors as columns: all of a small one; of a larger one as they are in the space of a vector and what the
 * matrix makes of it again and again (Lanczos' method with full orthogonalisation, Golub and Van Loan, section 10.1).
 */
function leading(matrix: readonly Float64Array[]): { values: number[]; vectors: number[][] } {
  if (matrix.length <= krylovSteps) return eigen(matrix);
  const random = new Random(0, 'sampling');
  const basis: Float64Array[] = [];
  for (let next: Float64Array | undefined; basis.length < krylovSteps;) {
    // Where the space ends (a path of few dimensions, or equal eigenvalues) another vector leads on.
    next = unitApart(next ?? Float64Array.from(matrix, () => random.normal()), basis);
    if (next === undefined) continue;
    basis.push(next);
    next = times(matrix, next);
  }
  const images = basis.map((vector) => times(matrix, vector));
  const { values, vectors } = eigen(basis.map((a) => images.map((b) => dot(a, b))));
  return { values, vectors: matrix.map((_, row) => values.map((__, which) => basis.reduce((sum, vector, i) => sum + vector[row]! * vectors[i]![which]!, 0))) };
}

function times(matrix: readonly Float64Array[], vector: Float64Array): Float64Array {
  return Float64Array.from(matrix, (row) => dot(row, vector));
}

/** What of a vector is at right angles to a basis, of length 1; undefined if next to nothing is. */
function unitApart(vector: Float64Array, basis: readonly Float64Array[]): Float64Array | undefined {
  let apart = vector;
  // Once more, for what rounding left.
  for (let pass = 0; pass < 2; pass++) {
    for (const one of basis) {
      const along = dot(one, apart);
      apart = apart.map((value, i) => value - along * one[i]!);
    }
  }
  const length = Math.sqrt(dot(apart, apart));
  return length <= 1e-10 * Math.sqrt(dot(vector, vector)) ? undefined : apart.map((value) => value / length);
}

/** Eigenvalues of a symmetric matrix, and its eigenvectors as columns: Jacobi's method, cyclic (Golub and Van Loan, section 8.5). */
function eigen(matrix: readonly (readonly number[] | Float64Array)[]): { values: number[]; vectors: number[][] } {
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

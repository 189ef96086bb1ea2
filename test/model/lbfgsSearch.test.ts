/** The iterations of L-BFGS on functions of a few variables, which stand where a model's loss does: what every search must keep to. */
import { describe, expect, it } from 'vitest';
import { createReference } from '../../src/backend/index.ts';
import { Arena, DoubleMemory } from '../../src/backend/memory.ts';
import { beginIterations } from '../../src/model/optimizers/lbfgs.ts';
import type { Sequential } from '../../src/model/sequential.ts';

type Vector = readonly number[];
/** A value and its gradient. */
type Objective = (at: Vector) => readonly [value: number, gradient: Vector];

interface Iteration {
  readonly at: Vector;
  readonly value: number;
  readonly gradient: Vector;
  /** How often the function was looked at. */
  readonly evaluations: number;
}

const usual = { historySize: 10, gradientTolerance: 1e-9, maxEvaluations: 25, c1: 1e-4, c2: 0.9 };

/** Minimizes in double precision from a start, and tells of every iteration, and of the start. */
function minimize(objective: Objective, start: Vector, options: Partial<typeof usual> = {}, most = 200): Iteration[] {
  const backend = createReference(new DoubleMemory())!;
  const { memory } = backend;
  const config = { ...usual, ...options };
  const arena = new Arena(backend.heapBase);
  const count = start.length;
  const [values, gradients, step, sums] = [arena.floats(count), arena.floats(count), arena.floats(1), arena.floats(2)];
  const slots = Object.fromEntries(['step', 'change'].flatMap((name) => Array.from({ length: config.historySize }, (_, pair) => [`${name}${pair}`, arena.floats(count)])));
  memory.ensure(arena.end);
  memory.f32.set(start, values / 4);
  let evaluations = 0;
  const read = (address: number): number[] => [...memory.f32.subarray(address / 4, address / 4 + count)];
  const program = {
    backend,
    layout: () => ({
      stages: [], values: { address: values, floats: count }, gradients: { address: gradients, floats: count }, slots,
      registers: { learningRate: 0, step, sums }, objective: { metrics: [] },
    }),
    run() {
      evaluations++;
      const [value, gradient] = objective(read(values));
      memory.f64[sums / 8] = value;
      memory.f32.set(gradient, gradients / 4);
    },
    sums: { clear: () => undefined, lossOver: () => memory.f64[sums / 8]! },
  };
  const model = { program, learningRate: 1, stopTraining: false };
  const iterate = beginIterations(model as unknown as Sequential, config, 1, 1, 1) as () => void;
  const here = (): Iteration => ({ at: read(values), value: objective(read(values))[0], gradient: objective(read(values))[1], evaluations });
  const seen = [here()];
  while (!model.stopTraining && seen.length <= most) {
    iterate();
    seen.push(here());
    expect(memory.f64[sums / 8]).toBe(seen.at(-1)!.value);
    expect(memory.i32[step / 4]).toBe(seen.length - 1);
  }
  return seen;
}

const rosenbrock: Objective = ([a = 0, b = 0]) =>
  [(1 - a) ** 2 + 100 * (b - a * a) ** 2, [-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)]];
/** Σ i² x² */
const ellipsoid: Objective = (at) => [at.reduce((sum, value, i) => sum + ((i + 1) * value) ** 2, 0), at.map((value, i) => 2 * (i + 1) ** 2 * value)];
/** −log x − log (1 − x) and more of it in another variable: infinite, or no number, outside of the unit square. */
const barrier: Objective = (at) => [
  at.reduce((sum, value) => sum - Math.log(value) - 3 * Math.log(1 - value), 0), at.map((value) => (value > 0 && value < 1 ? 3 / (1 - value) - 1 / value : NaN)),
];

const cases: Record<string, [Objective, start: Vector, least: Vector]> = {
  'Rosenbrock\'s valley': [rosenbrock, [-1.2, 1], [1, 1]],
  'Rosenbrock\'s valley from afar': [rosenbrock, [50, -70], [1, 1]],
  'an ellipsoid': [ellipsoid, [1, -2, 3, -4, 5, -6], [0, 0, 0, 0, 0, 0]],
  'a barrier': [barrier, [0.999, 0.001], [0.25, 0.25]],
};

const dot = (a: Vector, b: Vector): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const minus = (a: Vector, b: Vector): number[] => a.map((value, i) => value - b[i]!);

describe.each(Object.entries(cases))('%s', (_name, [objective, start, least]) => {
  it.each([{}, { c1: 0.2, c2: 0.3 }, { historySize: 1 }, { historySize: 2 }])('is gone down to its end with %o', (options) => {
    const seen = minimize(objective, start, options);
    const { c1, c2 } = { ...usual, ...options };
    expect(Math.max(...seen.at(-1)!.gradient.map(Math.abs))).toBeLessThanOrEqual(1e-9);
    seen.at(-1)!.at.forEach((value, i) => expect(value).toBeCloseTo(least[i]!, 7));
    expect(seen.length).toBeLessThan(100);
    const others = seen.slice(1).filter((end, i) => {
      const from = seen[i]!;
      const way = minus(end.at, from.at);
      // Where values differ by less than their roundings the first condition says nothing.
      const falls = end.value <= from.value + c1 * dot(from.gradient, way) || from.value - end.value <= 1e-12 * Math.abs(from.value);
      return !falls || Math.abs(dot(end.gradient, way)) > -c2 * dot(from.gradient, way) + 1e-15;
    });
    // With a large c1 no point at the foot of a wall falls as much as the slope on top of it promises: the search takes the lowest.
    expect(others.length).toBeLessThanOrEqual(c1 > usual.c1 && objective === barrier ? 1 : 0);
  });
});

it('looks at no more points than it may', () => {
  for (const maxEvaluations of [1, 2, 3, 25]) {
    const seen = minimize(rosenbrock, [-1.2, 1], { maxEvaluations, c2: 0.01, c1: 0.001 }, 40);
    const counts = seen.slice(1).map(({ evaluations }, i) => evaluations - seen[i]!.evaluations - Number(i === 0));
    // Where the pairs lead nowhere, the gradient is tried as well.
    expect(Math.max(...counts.slice(0, -1))).toBeLessThanOrEqual(2 * maxEvaluations);
    expect(counts.filter((count) => count <= maxEvaluations).length).toBeGreaterThan(counts.length / 2);
    if (maxEvaluations < 25) expect(Math.max(...counts)).toBeGreaterThanOrEqual(maxEvaluations);
    seen.slice(1).forEach(({ value }, i) => expect(value).toBeLessThanOrEqual(seen[i]!.value));
  }
});

it('needs one evaluation in most iterations', () => {
  const seen = minimize(rosenbrock, [-1.2, 1]);
  expect(seen.at(-1)!.evaluations).toBeLessThan(1.5 * seen.length);
});

it('remembers as many steps as it is told to', () => {
  const lengths = [1, 3, 8].map((historySize) => minimize(ellipsoid, [9, -5, 7, 3, -8, 4, 6, -2], { historySize }).length);
  expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
  expect(new Set(lengths).size).toBe(3);
});

it('ends at a kink, where no step leads down', () => {
  const seen = minimize((at) => [at.reduce((sum, value) => sum + Math.abs(value), 0), at.map((value) => (value < 0 ? -1 : 1))], [1, -0.3]);
  expect(seen.length).toBeLessThan(100);
  expect(seen.at(-1)!.value).toBeLessThan(1.3);
  expect(seen.at(-1)!.at).toEqual(seen.at(-2)!.at);
});

it('does not leave a start where the loss is no number', () => {
  const seen = minimize(barrier, [2, 0.5]);
  expect(seen.length).toBe(2);
  expect(seen[1]!.at).toEqual([2, 0.5]);
});

/** The playground's sets of points: seeded, balanced, within the map, and what their names say. */
import { describe, expect, it } from 'vitest';
import { curves, dataNames, extent, hasClasses, inputsOf, makePoints, makeSets, type DataName } from '../../src/playground/data/points.ts';

const options = { count: 200, noise: 0, seed: 3 };

/** Accuracy of a rule on the points of a set. */
function agreement(name: DataName, rule: (x: number, y: number) => boolean): number {
  const { x, y } = makePoints(name, options);
  return y.reduce((sum, label, i) => sum + Number(rule(x[2 * i]!, x[2 * i + 1]!) === (label === 1)), 0) / y.length;
}

describe.each(dataNames)('%s', (name) => {
  it('is the same for a seed, another for another, and another with noise', () => {
    const points = makePoints(name, options);
    expect(makePoints(name, options)).toEqual(points);
    const noisy = makePoints(name, { ...options, noise: 0.2 });
    expect([...noisy.x, ...noisy.y]).not.toEqual([...points.x, ...points.y]);
    // Spirals and moons are curves: without noise there is nothing to draw.
    const seeded = { ...options, noise: 0.2, seed: 4 };
    expect(makePoints(name, seeded).x).not.toEqual(noisy.x);
  });

  it('has as many of each class, or values from −1 to 1', () => {
    const { x, y } = makePoints(name, options);
    expect([x.length, y.length]).toEqual([200 * inputsOf(name), 200]);
    if (hasClasses(name)) expect(y.reduce((sum, label) => sum + label, 0)).toBe(100);
    else expect(Math.max(...y.map(Math.abs))).toBeLessThanOrEqual(1);
    expect(y.every(Number.isFinite)).toBe(true);
  });

  it('lies within the map', () => {
    const { x } = makePoints(name, options);
    expect(Math.max(...x.map(Math.abs))).toBeLessThanOrEqual(1.25 * extent);
  });

  it('has other points to test with', () => {
    const { train, test } = makeSets(name, { ...options, noise: 0.1 });
    expect(test.x).not.toEqual(train.x);
  });
});

describe('shapes', () => {
  it('are those of their names', () => {
    expect(agreement('xor', (x, y) => x * y < 0)).toBe(1);
    expect(agreement('circles', (x, y) => Math.hypot(x, y) < 1.1)).toBe(1);
    expect(agreement('gaussian', (x, y) => x + y > 0)).toBeGreaterThan(0.97);
    expect(agreement('spirals', (x, y) => {
      // Undo the turn that the radius tells, and the second arm points the other way.
      const radius = Math.hypot(x, y);
      const turned = Math.atan2(y, x) - (2 * Math.PI * 1.25 * (radius - 0.15)) / 1.85;
      return Math.cos(turned) < 0;
    })).toBe(1);
    expect(agreement('moons', (x, y) => Math.abs(Math.hypot(x + 0.6, y + 0.3) - 1.2) < 1e-5 && y >= -0.3 - 1e-6)).toBe(1);
  });

  it('of one input lie on their curves from end to end, and noise moves them up and down alone', () => {
    expect(dataNames.filter((name) => inputsOf(name) === 1)).toEqual(['sine', 'steps', 'chirp']);
    for (const name of ['sine', 'steps', 'chirp'] as const) {
      const { x, y } = makePoints(name, options);
      expect([Math.max(...x) > 0.95 * extent, Math.min(...x) < -0.95 * extent, Math.max(...x.map(Math.abs)) <= extent]).toEqual([true, true, true]);
      expect(y.every((value, i) => Math.abs(value - curves[name]!(x[i]!)) < 1e-4)).toBe(true);
      expect(hasClasses(name)).toBe(false);
      const noisy = makePoints(name, { count: 2000, noise: 0.3, seed: 3 });
      const spread = Math.sqrt(noisy.y.reduce((sum, value, i) => sum + (value - curves[name]!(noisy.x[i]!)) ** 2, 0) / 2000);
      expect([spread > 0.28, spread < 0.32]).toEqual([true, true]);
      expect(Math.max(...noisy.x.map(Math.abs))).toBeLessThanOrEqual(extent);
    }
  });

  it('of one input are smooth, or jump, or turn ever faster', () => {
    const at = Array.from({ length: 4001 }, (_, i) => extent * (i / 2000 - 1));
    const [sine, steps, chirp] = (['sine', 'steps', 'chirp'] as const).map((name) => at.map((x) => curves[name]!(x))) as [number[], number[], number[]];
    const largest = (values: number[]): number => Math.max(...values.slice(1).map((value, i) => Math.abs(value - values[i]!)));
    expect(largest(sine)).toBeLessThan(0.003);
    expect(largest(chirp)).toBeLessThan(0.01);
    expect(steps.slice(1).filter((value, i) => value !== steps[i]).length).toBe(3);
    expect(largest(steps)).toBeGreaterThan(1);
    // Each half wave is shorter than the one before it.
    const zeros = at.slice(2).filter((_, i) => chirp[i + 1]! * chirp[i + 2]! < 0);
    const halves = zeros.slice(1).map((zero, i) => zero - zeros[i]!);
    expect(halves.length).toBeGreaterThan(3);
    expect(halves.every((half, i) => i === 0 || half < halves[i - 1]!)).toBe(true);
  });

  it('noise has the deviation it is given', () => {
    const [still, noisy] = [0, 0.5].map((noise) => makePoints('spirals', { count: 2000, noise, seed: 5 }).x) as [Float32Array, Float32Array];
    const spread = Math.sqrt(noisy.reduce((sum, value, i) => sum + (value - still[i]!) ** 2, 0) / noisy.length);
    expect(spread).toBeGreaterThan(0.47);
    expect(spread).toBeLessThan(0.53);
  });
});

/** The playground's sets of points: seeded, balanced, within the map, and what their names say. */
import { describe, expect, it } from 'vitest';
import { dataNames, extent, hasClasses, makePoints, makeSets, type DataName } from '../../src/playground/data/points.ts';

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
    expect([x.length, y.length]).toEqual([400, 200]);
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

  it('noise has the deviation it is given', () => {
    const [still, noisy] = [0, 0.5].map((noise) => makePoints('spirals', { count: 2000, noise, seed: 5 }).x) as [Float32Array, Float32Array];
    const spread = Math.sqrt(noisy.reduce((sum, value, i) => sum + (value - still[i]!) ** 2, 0) / noisy.length);
    expect(spread).toBeGreaterThan(0.47);
    expect(spread).toBeLessThan(0.53);
  });
});

/** The lesson on the way to a minimum, by its numbers: the path, and the landscape that it is drawn into. */
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend } from '../../src/index.ts';
import { minimum } from '../../src/playground/rooms/lessons/experiments/minimum.ts';
import { groundOf } from '../../src/playground/rooms/lessons/landscape/ground.ts';
import { heightAt } from '../../src/playground/rooms/lessons/landscape/terrain.ts';
import type { Outcome } from '../../src/playground/rooms/lessons/messages.ts';

describe('the way to the minimum', () => {
  let outcome: Outcome;
  beforeAll(async () => {
    await loadBackend('auto');
    outcome = await minimum();
  });

  it('begins where it is steep and ends where it is flat, and every step is the rate times the gradient', () => {
    const { path, rate } = outcome.landscape!;
    expect(path.length).toBe(101);
    expect(path.at(-1)!.loss).toBeLessThan(path[0]!.loss / 100);
    expect(path.at(-1)!.gradient).toBeLessThan(path[0]!.gradient / 100);
    path.forEach(({ gradient, loss, step }, i) => {
      // Rounded to float32: short steps are small differences of large weights.
      expect(Math.abs(step - rate * gradient)).toBeLessThan(1e-6);
      const before = path[i - 1];
      if (before === undefined) return;
      expect(loss).toBeLessThan(before.loss);
      expect(step).toBeLessThan(before.step);
    });
    expect(outcome.answer).toBe(2);
  });

  it('lies within its map, to the same scale both ways', () => {
    const { x, y, path } = outcome.landscape!;
    const margin = (x.at(-1)! - x[0]!) / 8;
    for (const point of path) {
      for (const [axis, at] of [[x, point.x], [y, point.y]] as const) {
        expect(at).toBeGreaterThan(axis[0]! + margin);
        expect(at).toBeLessThan(axis.at(-1)! - margin);
      }
    }
    expect(x.at(-1)! - x[0]!).toBeCloseTo(y.at(-1)! - y[0]!, 9);
  });

  it('has the loss of the map, as far as the plane holds it', () => {
    const { path, shares } = outcome.landscape!;
    expect(shares[0] + shares[1]).toBeGreaterThan(0.98);
    const { terrain } = groundOf(outcome.landscape!);
    const apart = path.map(({ x, y, loss }) => Math.abs(heightAt(terrain, x, y) - loss));
    // At the end the plane passes through the weights themselves; what is left is that of the grid.
    expect(apart.at(-1)).toBeLessThan(0.001);
    path.forEach(({ loss }, i) => expect(apart[i]).toBeLessThan(0.05 * loss));
  });

  it('has lines as evenly spaced as on a map for walkers, with finer ones in the valley', () => {
    const { lines, step, fineStep, bottom, top } = groundOf(outcome.landscape!);
    const levels = (fine: boolean): number[] => lines.filter((line) => line.fine === fine).map(({ level }) => level);
    levels(false).forEach((level, i) => expect(level).toBeCloseTo((i + 1) * step, 9));
    levels(true).forEach((level, i) => expect(level).toBeCloseTo((i + 1) * fineStep, 9));
    expect(levels(true).length).toBe(4);
    expect(levels(false).length).toBeGreaterThan(5);
    expect(levels(false).at(-1)! + step).toBeGreaterThanOrEqual(top);
    expect(bottom).toBeLessThan(fineStep);
    expect(lines.every(({ segments }) => segments.length > 0)).toBe(true);
  });
});

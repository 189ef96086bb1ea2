/** The geometry behind the landscape of a lesson: heights, contours, and what one sees of a block. */
import { describe, expect, it } from 'vitest';
import { contour, heightAt, multiples, roundStep, type Terrain } from '../../src/playground/rooms/lessons/landscape/terrain.ts';
import { isHidden, projection, turnTowards, type Spot } from '../../src/playground/rooms/lessons/landscape/view.ts';

function terrain(across: readonly number[], up: readonly number[], height: (x: number, y: number) => number): Terrain {
  return { x: Float64Array.from(across), y: Float64Array.from(up), height: Float64Array.from(up.flatMap((y) => across.map((x) => height(x, y)))) };
}
const evenly = (from: number, to: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));

describe('a terrain', () => {
  it('between its points has the height in proportion', () => {
    const bilinear = terrain(evenly(-1, 2, 4), evenly(0, 6, 3), (x, y) => 1 + 2 * x - y + 3 * x * y);
    for (const [x, y] of [[-1, 0], [2, 6], [-0.25, 1.5], [0.7, 3], [1.9, 5.9]] as const) expect(heightAt(bilinear, x, y)).toBeCloseTo(1 + 2 * x - y + 3 * x * y, 12);
  });

  it('beyond its edge has the height of the edge', () => {
    const slope = terrain([0, 1, 2], [0, 1], (x) => x);
    expect([heightAt(slope, -5, 0.5), heightAt(slope, 9, 0.5), heightAt(slope, 1.5, 7)]).toEqual([0, 2, 1.5]);
  });

  it('has straight contours on a slope, where its height is theirs', () => {
    const slope = terrain(evenly(0, 4, 5), evenly(0, 3, 4), (x, y) => x + 2 * y);
    const segments = contour(slope, 4.5);
    expect(segments.length).toBeGreaterThan(4);
    for (const { from, to, column, row } of segments) {
      for (const [x, y] of [from, to]) {
        expect(x + 2 * y).toBeCloseTo(4.5, 12);
        expect(x).toBeGreaterThanOrEqual(column);
        expect(x).toBeLessThanOrEqual(column + 1);
        expect(y).toBeGreaterThanOrEqual(row);
        expect(y).toBeLessThanOrEqual(row + 1);
      }
    }
  });

  it('has closed contours around a hollow, each end met by one other, of the length of the circle', () => {
    const bowl = terrain(evenly(-2, 2, 81), evenly(-2, 2, 81), (x, y) => x * x + y * y);
    const segments = contour(bowl, 1.71);
    const ends = new Map<string, number>();
    for (const { from, to } of segments) for (const end of [from, to]) ends.set(end.map((at) => at.toFixed(9)).join(), (ends.get(end.map((at) => at.toFixed(9)).join()) ?? 0) + 1);
    expect([...ends.values()].every((count) => count === 2)).toBe(true);
    const length = segments.reduce((sum, { from, to }) => sum + Math.hypot(to[0] - from[0], to[1] - from[1]), 0);
    expect(length).toBeCloseTo(2 * Math.PI * Math.sqrt(1.71), 2);
  });

  it.each([[0.9, 0.4], [0.1, 0.6]])('at a saddle joins what its middle joins: corners %d high, level %d', (corner, level) => {
    const [segments, middle] = [contour(terrain([0, 1], [0, 1], (x, y) => (x === y ? corner : 0.5)), level), (corner + 0.5) / 2];
    expect(segments.length).toBe((corner >= level) === (0.5 >= level) ? 0 : 2);
    // No piece passes between the middle and the two corners that it goes with.
    for (const { from, to } of segments) {
      const [x, y] = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
      const withMiddle = (corner >= level) === (middle >= level);
      expect(Math.abs(x - y) > 0.5).toBe(withMiddle);
    }
  });

  it('has no contour where it is flat, or of a height that it has not', () => {
    const flat = terrain([0, 1, 2], [0, 1, 2], () => 3);
    expect([contour(flat, 3), contour(flat, 2), contour(flat, 4)]).toEqual([[], [], []]);
  });

  it.each([[10, 12, 1], [17, 12, 2], [0.9, 12, 0.1], [24, 12, 2], [25, 12, 5], [60, 12, 5], [0.0023, 4, 0.001]])('is %d high: in %d parts at most, lines are %d apart', (length, parts, step) => {
    expect(roundStep(length, parts)).toBeCloseTo(step, 12);
    expect(length / roundStep(length, parts)).toBeLessThanOrEqual(parts + 1e-9);
  });

  it('has lines at multiples, between its ends', () => {
    expect(multiples(2, 0.04, 7)).toEqual([2, 4, 6]);
    expect(multiples(2, -3, 4)).toEqual([-2, 0, 2]);
    expect(multiples(2, 0, 4)).toEqual([2]);
    expect(multiples(5, 1, 2)).toEqual([]);
  });
});

describe('a view', () => {
  it('from straight above is the map: what is up the ground is up', () => {
    const { place } = projection({ turn: 0, tilt: 90 });
    const { x, y } = place([0.3, 0.4, 0.9]);
    expect([x, y]).toEqual([expect.closeTo(0.3, 12), expect.closeTo(-0.4, 12)]);
  });

  it('from the side shows heights, and what is away is no higher', () => {
    const { place } = projection({ turn: 0, tilt: 0 });
    expect(place([0, 1, 0.5]).y).toBeCloseTo(-0.5, 12);
    expect(place([0, 1, 0]).depth).toBeGreaterThan(place([0, -1, 0]).depth);
  });

  it('turned by a quarter shows another side, with lengths kept', () => {
    const { place } = projection({ turn: 90, tilt: 40 });
    expect(place([1, 0, 0]).depth).toBeCloseTo(1, 12);
    expect(place([0, 1, 0]).x).toBeCloseTo(-1, 12);
    for (const turn of [0, 33, 120, 301]) {
      const { x, depth } = projection({ turn, tilt: 25 }).place([0.6, 0.8, 0]);
      expect(Math.hypot(x, depth)).toBeCloseTo(1, 12);
    }
  });

  it('moves a spot towards the eye without moving it in the picture', () => {
    const { place, toEye } = projection({ turn: 70, tilt: 35 });
    const [from, to] = [place([0.1, 0.2, 0.3]), place([0.1 + toEye[0], 0.2 + toEye[1], 0.3 + toEye[2]])];
    expect(to.x).toBeCloseTo(from.x, 12);
    expect(to.y).toBeCloseTo(from.y, 12);
    expect(to.depth).toBeLessThan(from.depth);
  });

  it('may be turned so that a way comes towards the eye', () => {
    for (const [u, v] of [[1, 0], [-0.4, 0.9], [-1, -1]] as const) {
      const turn = turnTowards(u, v, 35);
      expect(turn).toBeGreaterThanOrEqual(0);
      expect(turn).toBeLessThan(360);
      const { depth } = projection({ turn, tilt: 40 }).place([u, v, 0]);
      expect(depth / Math.hypot(u, v)).toBeCloseTo(-Math.cos((35 * Math.PI) / 180), 9);
    }
  });

  it('does not show what is behind a ridge', () => {
    const ridge = (_u: number, v: number): number => Math.max(0, 0.6 - 4 * Math.abs(v));
    const { toEye } = projection({ turn: 0, tilt: 30 });
    const hidden = (spot: Spot): boolean => isHidden(spot, toEye, ridge);
    expect(hidden([0, 0.5, 0])).toBe(true);
    expect(hidden([0, 0, 0.6])).toBe(false);
    expect(hidden([0, -0.5, 0])).toBe(false);
    expect(isHidden([0, 0.5, 0], projection({ turn: 180, tilt: 30 }).toEye, ridge)).toBe(false);
    expect(isHidden([0, 0.5, 0], projection({ turn: 0, tilt: 90 }).toEye, ridge)).toBe(false);
  });
});

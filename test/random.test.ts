/** Random streams: the published test vectors, independence of streams, and the shape of the distributions. */
import { describe, expect, it } from 'vitest';
import { Random, threefry, type Purpose } from '../src/random.ts';

/** The words that a counter is encrypted to. */
function words(...keyAndCounter: [number, number, number, number]): number[] {
  const out = new Uint32Array(2);
  threefry(...keyAndCounter, out);
  return [...out];
}

describe('threefry', () => {
  it('agrees with the known answers of Random123 for 20 rounds', () => {
    expect(words(0, 0, 0, 0)).toEqual([0x6b200159, 0x99ba4efe]);
    expect(words(-1, -1, -1, -1)).toEqual([0x1cb996fc, 0xbb002be7]);
    expect(words(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3)).toEqual([0xc4923a9c, 0x483df7a0]);
  });
});

const draw = (seed: number, purpose: Purpose, index = 0, count = 4): number[] => {
  const random = new Random(seed, purpose, index);
  return Array.from({ length: count }, () => random.uint32());
};

describe('streams', () => {
  it('repeat for the same seed, and differ by seed, purpose and index', () => {
    expect(draw(1, 'shuffling')).toEqual(draw(1, 'shuffling'));
    const all = [draw(1, 'shuffling'), draw(2, 'shuffling'), draw(1, 'initialization'), draw(1, 'shuffling', 1), draw(1 + 2 ** 32, 'shuffling'), draw(-1, 'shuffling')];
    expect(new Set(all.map(String)).size).toBe(all.length);
  });

  it('are uniform and normal', () => {
    const random = new Random(3, 'sampling');
    const count = 40_000;
    const uniform = Array.from({ length: count }, () => random.uniform());
    const mean = uniform.reduce((sum, u) => sum + u, 0) / count;
    // Bounds of five standard errors.
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / count));
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
    const normal = Array.from({ length: count }, () => random.normal());
    const moment = (power: number): number => normal.reduce((sum, z) => sum + z ** power, 0) / count;
    expect(Math.abs(moment(1))).toBeLessThan(5 / Math.sqrt(count));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / count));
  });

  it('shuffle into a permutation, each place equally likely', () => {
    const counts = new Array<number>(5).fill(0);
    for (let index = 0; index < 5000; index++) {
      const numbers = Uint32Array.of(0, 1, 2, 3, 4);
      new Random(9, 'shuffling', index).shuffle(numbers);
      expect([...numbers].sort()).toEqual([0, 1, 2, 3, 4]);
      counts[numbers.indexOf(0)]!++;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(800));
  });
});

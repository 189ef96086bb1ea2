/** Folds and class weights: every row is tested once, classes are shared out, a seed decides. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balancedClassWeights, DataError, kFold, OptionError, ShapeError, type NablaError } from '../../src/index.ts';

const lists = (folds: ReturnType<typeof kFold>): number[][] => folds.map(({ test }) => [...test]);

describe('kFold', () => {
  it('tests every row once, in folds whose sizes and shares of each class differ by one at most', () => {
    const setting = fc.record({ y: fc.array(fc.nat(3), { minLength: 2, maxLength: 60 }), seed: fc.integer(), shuffle: fc.boolean(), stratified: fc.boolean(), folds: fc.integer({ min: 2, max: 9 }) });
    fc.assert(fc.property(setting, ({ y, seed, shuffle, stratified, folds }) => {
      fc.pre(folds <= y.length);
      const cut = kFold(y.length, { folds, seed, shuffle, ...(stratified && { stratify: y }) });
      const all = y.map((_, row) => row);
      expect(cut.length).toBe(folds);
      expect(cut.flatMap(({ test }) => [...test]).sort((a, b) => a - b)).toEqual(all);
      for (const { train, test } of cut) expect([...train]).toEqual(all.filter((row) => !test.includes(row)));
      const spread = (counts: number[]): number => Math.max(...counts) - Math.min(...counts);
      expect(spread(cut.map(({ test }) => test.length))).toBeLessThanOrEqual(1);
      if (stratified) for (const one of new Set(y)) expect(spread(cut.map(({ test }) => [...test].filter((row) => y[row] === one).length))).toBeLessThanOrEqual(1);
    }), { numRuns: 100, seed: 20261122 });
  });

  it('keeps the order without shuffling', () => {
    expect(lists(kFold(7, { folds: 3, shuffle: false }))).toEqual([[0, 1, 2], [3, 4], [5, 6]]);
    expect(lists(kFold(6, { folds: 2, shuffle: false, stratify: [5, 5, 5, 5, 7, 7] }))).toEqual([[0, 2, 4], [1, 3, 5]]);
  });

  it('gives the same for a seed, as written here, and other folds for another', () => {
    expect(lists(kFold(10, { folds: 3, seed: 1 }))).toEqual(lists(kFold(10, { folds: 3, seed: 1 })));
    expect(lists(kFold(10, { folds: 3, seed: 1 }))).not.toEqual(lists(kFold(10, { folds: 3, seed: 2 })));
    expect(lists(kFold(10, { folds: 3 }))).toEqual([[0, 3, 4, 9], [1, 5, 7], [2, 6, 8]]);
  });

  it('takes classes as indices and one-hot rows', () => {
    const y = [0, 1, 2, 0, 1, 2, 2, 2];
    const rows = y.map((one) => [0, 1, 2].map((i) => (i === one ? 1 : 0)));
    const cut = kFold(8, { folds: 2, stratify: y });
    expect(kFold(8, { folds: 2, stratify: rows })).toEqual(cut);
    expect(kFold(8, { folds: 2, stratify: Float32Array.from(rows.flat()) })).toEqual(cut);
  });

  it.each<[string, () => unknown, new (...args: never[]) => NablaError, RegExp]>([
    ['more folds than rows', () => kFold(3, { folds: 4 }), OptionError, /at most one for each of 3 rows, received 4/],
    ['one fold', () => kFold(3, { folds: 1 }), OptionError, /folds: expected an integer of at least 2/],
    ['one row', () => kFold(1), OptionError, /kFold rows/],
    ['another option', () => kFold(5, { fold: 2 } as never), OptionError, /unknown option 'fold', did you mean 'folds'/],
    ['too few classes', () => kFold(5, { stratify: [0, 1] }), ShapeError, /a class for each of 5 rows, received 2/],
    ['classes that are no numbers', () => kFold(5, { stratify: [0, 1, NaN, 0, 0] }), DataError, /kFold stratify/],
  ])('refuses %s', (_what, work, kind, message) => {
    expect(work).toThrow(kind);
    expect(work).toThrow(message);
  });
});

describe('balancedClassWeights', () => {
  it('makes every class that occurs count the same', () => {
    expect([...balancedClassWeights([0, 0, 0, 2])]).toEqual([4 / 6, 0, 2]);
    expect([...balancedClassWeights([[1, 0, 0], [0, 1, 0], [1, 0, 0]])]).toEqual([0.75, 1.5, 0]);
    const y = Uint8Array.of(0, 1, 1, 1, 0, 1, 1);
    const weights = balancedClassWeights(y);
    expect(y.reduce((sum, one) => sum + weights[one]!, 0)).toBeCloseTo(7, 12);
  });

  it('refuses what are no classes', () => {
    expect(() => balancedClassWeights([0.5])).toThrow(DataError);
    expect(() => balancedClassWeights([[0, 0.5]])).toThrow(/one-hot/);
    expect(() => balancedClassWeights([])).toThrow(ShapeError);
  });
});

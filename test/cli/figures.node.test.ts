/** How commands write numbers: no digit more than it takes, and none less. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesText, csvField, float32Text } from '../../src/cli/figures.ts';

describe('float32Text', () => {
  it('reads as the same float32, in at most nine digits', () => {
    const check = (value: number): void => {
      const text = float32Text(value);
      expect(Object.is(Math.fround(Number(text)), value) || (value === 0 && Number(text) === 0)).toBe(true);
      expect(text.replace(/e.*$/, '').replace(/[-.]/g, '').replace(/^0+|0+$/g, '').length).toBeLessThanOrEqual(9);
    };
    fc.assert(fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), check), { numRuns: 2000 });
    fc.assert(fc.property(fc.float({ min: 0, max: 1, noNaN: true }), check), { numRuns: 2000 });
  });

  it('is short where seven digits do', () => {
    expect([0.1, 0.25, -1 / 3, 1e-7, 123456.7, 3e20, 0, 1, 100].map(Math.fround).map(float32Text))
      .toEqual(['0.1', '0.25', '-0.33333334', '1e-7', '123456.7', '300000000000000000000', '0', '1', '100']);
    expect([NaN, Infinity].map(float32Text)).toEqual(['NaN', 'Infinity']);
  });
});

it('bytes are in thousands', () => {
  expect([0, 999, 1000, 1_234_567, 5e12].map(bytesText)).toEqual(['0 bytes', '999 bytes', '1.0 kB', '1.2 MB', '5000.0 GB']);
});

it('fields of CSV are in quotes where they need them', () => {
  expect(['a', 'a,b', 'say "a"', 'two\nlines', ' a', ''].map(csvField)).toEqual(['a', '"a,b"', '"say ""a"""', '"two\nlines"', '" a"', '']);
});

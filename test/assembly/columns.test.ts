/** What makes numbers of the rows of a table: wasm against plain, bit for bit, over one grid of sizes. */
import { describe, expect, it } from 'vitest';
import { awkward, numbers, Twins } from '../twins.ts';

const widths = [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33];
const heights = [0, 1, 2, 3, 4, 13];

/** Reproducible values, NaN in about every third place. */
const gappy = (count: number): Float32Array => numbers(count, 7).map((value, i) => ((i * 7) % 11 < 4 ? NaN : value));

describe('impute', () => {
  it.each(widths)('%i columns', (units) => {
    for (const rows of heights) {
      const count = rows * units;
      const twins = new Twins();
      const [out, values, input, fill] = [new Float32Array(count).fill(7), numbers(count, 2), gappy(count), numbers(units, 3)].map((one) => twins.place(one)) as [number, number, number, number];
      for (const address of [fill, 0]) {
        twins.run('impute', out, values, input, address, rows, units);
        const { wasm, plain } = twins.read(out, count);
        expect(wasm).toEqual(gappy(count).map((value, i) => (!Number.isNaN(value) ? numbers(count, 2)[i]! : address === 0 ? 0 : numbers(units, 3)[i % units]!)));
        expect(plain).toEqual(wasm);
      }
    }
  });

  it('leaves everything but NaN as it is', () => {
    const twins = new Twins();
    const [out, input, fill] = [awkward.map(() => 7), awkward, awkward.map(() => 5)].map((one) => twins.place(one)) as [number, number, number];
    twins.run('impute', out, input, input, fill, 1, awkward.length);
    const { wasm, plain } = twins.read(out, awkward.length);
    expect(wasm).toEqual(Float32Array.from(awkward, (value) => (Number.isNaN(value) ? 5 : value)));
    expect(plain).toEqual(wasm);
  });
});

describe('oneHot', () => {
  /** Columns [2, 2 + columns) of rows of columns + 3, from columns 1 on of rows of `inputs`: results hold 7 at first. */
  function run(input: ArrayLike<number>, inputs: number, columns: number, codes: number): Float32Array[] {
    const rows = input.length / inputs;
    const units = columns + 3;
    const twins = new Twins();
    const out = twins.space(rows * units, 7);
    twins.run('oneHot', out + 8, twins.place(input) + 4, rows, columns, codes, inputs, units);
    const { wasm, plain } = twins.read(out, rows * units);
    expect(plain).toEqual(wasm);
    return Array.from({ length: rows }, (_, row) => {
      const all = wasm.slice(row * units, (row + 1) * units);
      expect([all[0], all[1], all.at(-1)], 'what lies around it').toEqual([7, 7, 7]);
      return all.slice(2, -1);
    });
  }

  it.each(widths)('%i columns that stay', (columns) => {
    for (const rows of heights) {
      const inputs = columns + 2;
      const input = gappy(rows * inputs);
      run(input, inputs, columns, 0).forEach((values, row) => expect(values).toEqual(input.slice(row * inputs + 1, row * inputs + 1 + columns)));
    }
  });

  it.each(widths)('%i codes, with a place for others and without', (codes) => {
    const values = [...Array.from({ length: codes + 2 }, (_, i) => i - 1), ...awkward, codes - 0.5, codes + 1e-3, 2 ** 31, 2 ** 32, -(2 ** 31)];
    const input = values.flatMap((value) => [9, value, 8]);
    for (const columns of [codes, codes + 1]) {
      const found = run(input, 3, columns, codes);
      values.map(Math.fround).forEach((value, row) => {
        const place = Number.isInteger(value) && value >= 0 && value < codes ? value : codes;
        expect(found[row], `${value} of ${codes}`).toEqual(Float32Array.from({ length: columns }, (_, i) => Number(i === place)));
      });
    }
  });

  it('gives zeros alone for less than no codes', () => {
    for (const values of run(awkward.flatMap((value) => [9, value]), 2, 5, -1)) expect(values).toEqual(new Float32Array(5));
  });
});

/** The layer that expands codes of categories: places, the unknown bucket, gradients, and what is refused. */
import { describe, expect, it } from 'vitest';
import { dense, gradientCheck, impute, oneHot, OptionError, residual, sequential, ShapeError, type OneHotOptions } from '../../src/index.ts';
import { backends } from '../backends.ts';
import { numbers } from '../twins.ts';

const predicted = (options: OneHotOptions, rows: number[][], backend: (typeof backends)[number] = 'wasm'): number[][] => {
  const model = sequential({ layers: [oneHot(options)], backend });
  const out = model.predict(rows);
  const units = model.outputShape[0];
  return rows.map((_, i) => [...out.subarray(i * units, (i + 1) * units)]);
};

describe.each(backends)('oneHot on %s', (backend) => {
  it('puts a column for each category, and one for all others, in the place of codes', () => {
    expect(predicted({ categories: [0, 3, 0, 0, 2] }, [[5, 1, 6, 7, 0], [-5, 0, -6, -7, 1], [0.5, 2, 1, 2, 2]], backend)).toEqual([
      [5, 0, 1, 0, 0, 6, 7, 1, 0, 0], [-5, 1, 0, 0, 0, -6, -7, 0, 1, 0], [0.5, 0, 0, 1, 0, 1, 2, 0, 0, 1],
    ]);
  });

  it.each([NaN, -1, 3, 1.5, 0.999, 1e9, -1e9])('counts %d as unknown', (code) => {
    expect(predicted({ categories: [3] }, [[code]], backend)).toEqual([[0, 0, 0, 1]]);
    expect(predicted({ categories: [3], unknown: false }, [[code]], backend)).toEqual([[0, 0, 0]]);
  });

  it('has no column for what is unknown where that is not wanted', () => {
    expect(predicted({ categories: [2, 0, 1], unknown: false }, [[0, 9, 0], [1, 8, 1]], backend)).toEqual([[1, 0, 9, 1], [0, 1, 8, 0]]);
  });

  it('lets the gradient pass columns that stay, and no codes', () => {
    const model = sequential({ layers: [dense({ units: 5, inputShape: [3] }), oneHot({ categories: [0, 0, 2, 1, 0] }), dense({ units: 2 })], backend });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const [x, y] = [numbers(21, 1), numbers(14, 2)];
    expect(gradientCheck(model, x, y)).toMatchObject({ ok: true });
    const [, bias] = model.gradients(x, y).map(({ data }) => [...data].map((value) => value === 0));
    expect(bias).toEqual([false, false, true, true, false]);
  });

  it('passes NaN in a column that stays on, to an impute layer behind it', () => {
    const layers = [oneHot({ categories: [2, 0] }), impute({ fill: [9, 9, 9, 4] })];
    expect([...sequential({ layers: layers.slice(0, 1), backend }).predict([[NaN, NaN]])]).toEqual([0, 0, 1, NaN]);
    expect([...sequential({ layers, backend }).predict([[NaN, NaN]])]).toEqual([0, 0, 1, 4]);
  });
});

describe('oneHot', () => {
  it('says its sizes and its options, and keeps its own list', () => {
    const categories = [0, 3];
    const layer = oneHot({ categories, name: 'codes' });
    categories[1] = 7;
    expect(layer.inputs).toBe(2);
    expect(layer.config).toEqual({ categories: [0, 3], unknown: true, name: 'codes' });
    const model = sequential({ layers: [layer] });
    expect([model.inputShape, model.outputShape, model.getWeights()]).toEqual([[2], [5], []]);
    expect(oneHot({ categories: [1], unknown: false, inputShape: [1] }).config).toEqual({ categories: [1], unknown: false, inputShape: [1] });
  });

  it('fits into a block only where it keeps the size', () => {
    expect(() => sequential({ layers: [residual([oneHot({ categories: [0, 2] })])] })).toThrow(ShapeError);
    const block = sequential({ layers: [residual([oneHot({ categories: [0, 1], unknown: false })])] });
    expect(block.predict([[3, 0], [4, 5]])).toEqual(Float32Array.of(6, 1, 8, 5));
    expect(() => block.predict([[NaN, 0]])).toThrow(/predict x: row 0, column 0 is NaN/);
  });

  it.each<[() => unknown, RegExp]>([
    [() => oneHot({ categorys: [1] } as never), /did you mean 'categories'/],
    [() => oneHot({} as never), /oneHot categories: expected an array with a number for each column, received undefined/],
    [() => oneHot({ categories: [] }), /oneHot categories: expected an array/],
    [() => oneHot({ categories: [1, -1] }), /oneHot categories\[1\]: expected an integer of at least 0, received -1/],
    [() => oneHot({ categories: [1.5] }), /oneHot categories\[0\]/],
    // A hole.
    [() => oneHot({ categories: new Array(3) }), /oneHot categories\[0\]: expected an integer of at least 0, received undefined/],
    [() => oneHot({ categories: [100_000] }), /oneHot categories: expected at most 100000 outputs in all, received 100001/],
    [() => oneHot({ categories: [2 ** 52, 2 ** 52] }), /at most 100000 outputs in all/],
    [() => oneHot({ categories: [1], unknown: 1 as never }), /oneHot unknown: expected true or false/],
    [() => oneHot({ categories: [1], name: '' }), /oneHot name/],
  ])('%s is refused', (make, message) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(message);
  });

  it('refuses another size than its categories say', () => {
    expect(() => oneHot({ categories: [1, 2], inputShape: [3] })).toThrow(ShapeError);
    expect(() => sequential({ layers: [dense({ units: 3, inputShape: [1] }), oneHot({ categories: [1, 2] })] })).toThrow(/inputShape is \[2\]/);
    expect(oneHot({ categories: [99_999] }).inputs).toBe(1);
  });
});

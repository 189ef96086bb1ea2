/** The layer that fills in missing values: what it learns, what passes, and what is refused. */
import { describe, expect, it } from 'vitest';
import { DataError, dense, gradientCheck, impute, OptionError, sequential, sgd, ShapeError, type ImputeOptions, type Layer, type Sequential } from '../../src/index.ts';
import { backends } from '../backends.ts';

const table = [[1, 10, NaN], [2, NaN, 7], [NaN, 20, 7], [9, 10, 4]];

function only(layer: Layer, backend: (typeof backends)[number] = 'wasm'): Sequential {
  return sequential({ layers: [layer], backend });
}

/** The table with these in the place of what is missing. */
const filled = (fill: readonly number[]): Float32Array => Float32Array.from(table.flatMap((row) => row.map((value, i) => (Number.isNaN(value) ? fill[i]! : value))));

describe.each(backends)('impute on %s', (backend) => {
  it.each<[ImputeOptions, number[]]>([
    [{}, [4, 40 / 3, 6]], [{ strategy: 'mean' }, [4, 40 / 3, 6]], [{ strategy: 'median' }, [2, 10, 7]], [{ strategy: 'mostFrequent' }, [1, 10, 7]],
    [{ strategy: 'constant' }, [0, 0, 0]], [{ strategy: 'constant', value: -1 }, [-1, -1, -1]],
  ])('with %j learns %j', (options, fill) => {
    const layer = impute(options);
    layer.adapt(table);
    expect(layer.inputs).toBe(3);
    const model = only(layer, backend);
    expect(model.predict(table)).toEqual(filled(fill));
    expect(model.getWeights()).toEqual([Float32Array.from(fill)]);
  });

  it('takes given values, for each column or for all, and 0 before it has any', () => {
    expect(only(impute({ fill: [1, 2, 3] }), backend).predict(table)).toEqual(filled([1, 2, 3]));
    expect(only(impute({ fill: Float64Array.of(1, 2, 3), inputShape: [3] }), backend).predict(table)).toEqual(filled([1, 2, 3]));
    expect(only(impute({ fill: 5, inputShape: [3] }), backend).predict(table)).toEqual(filled([5, 5, 5]));
    expect(only(impute({ inputShape: [3] }), backend).predict(table)).toEqual(filled([0, 0, 0]));
    expect(only(impute({ strategy: 'constant', value: 8, inputShape: [3] }), backend).predict(table)).toEqual(filled([8, 8, 8]));
  });

  it('learns anew in models that have it, and is not trained', async () => {
    const layer = impute({ inputShape: [3] });
    const model = sequential({ layers: [layer, dense({ units: 1 })], backend });
    layer.adapt(table);
    expect(model.getWeights()[0]).toEqual(Float32Array.of(4, 40 / 3, 6));
    model.compile({ optimizer: sgd({ learningRate: 1e-3, momentum: 0.9, weightDecay: 0.1 }), loss: 'meanSquaredError' });
    expect(model.gradients(table, [1, 2, 3, 4]).map(({ name }) => name)).toEqual(['dense_1/kernel', 'dense_1/bias']);
    await model.fit(table, [1, 2, 3, 4], { epochs: 3, batchSize: 2 });
    expect(model.getWeights()[0]).toEqual(Float32Array.of(4, 40 / 3, 6));
  });

  it('lets the gradient pass where there was a value, and nowhere else', () => {
    const model = sequential({ layers: [dense({ units: 2, inputShape: [3] }), impute({ fill: [5, 6] }), dense({ units: 1 })], backend });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const x = [[1, 2, 3], [4, 5, 6]];
    expect(gradientCheck(model, x, [1, 2])).toMatchObject({ ok: true });
    model.program.write(model.program.parameters[1]!, Float32Array.of(0, NaN));
    expect(model.predict(x).every(Number.isFinite)).toBe(true);
    const [kernel, bias] = model.gradients(x, [1, 2]).map(({ data }) => [...data]);
    expect(bias![0]).not.toBe(0);
    expect(bias![1]).toBe(0);
    expect(kernel!.map((value) => value === 0)).toEqual([false, true, false, true, false, true]);
  });
});

describe('impute', () => {
  it('says in its config what it was made with and its size', () => {
    expect(impute().config).toEqual({ strategy: 'mean' });
    expect(impute({ strategy: 'constant', name: 'gaps' }).config).toEqual({ strategy: 'constant', value: 0, name: 'gaps' });
    const layer = impute({ strategy: 'median' });
    layer.adapt(table);
    expect(layer.config).toEqual({ strategy: 'median', inputShape: [3] });
  });

  it('refuses a column with nothing to learn from, by its number, and infinite values, and keeps what it had', () => {
    const layer = impute({ fill: [1, 2] });
    const model = only(layer);
    expect(() => layer.adapt([[1, NaN], [2, NaN]])).toThrow(DataError);
    expect(() => layer.adapt([[1, NaN], [2, NaN]])).toThrow(/impute adapt x: expected a value in every column, received none in column 1/);
    expect(() => layer.adapt([[1, NaN], [-Infinity, NaN]])).toThrow(/impute adapt x: row 1, column 0 is -Infinity/);
    expect(() => layer.adapt([[1, 2, 3]])).toThrow(ShapeError);
    expect(() => impute().adapt([1, 2, 3])).toThrow(/impute adapt: expected an array of rows/);
    expect(model.getWeights()).toEqual([Float32Array.of(1, 2)]);
    const constant = impute({ strategy: 'constant', value: 3 });
    constant.adapt([[1, NaN], [2, NaN]]);
    expect(only(constant).predict([[NaN, NaN]])).toEqual(Float32Array.of(3, 3));
  });

  it.each([
    [() => impute({ strategies: 'mean' } as object), /did you mean 'strategy'/],
    [() => impute({ strategy: 'medium' as never }), /impute strategy: expected one of .*received 'medium', did you mean 'median'/],
    [() => impute({ strategy: 'constructor' as never }), /impute strategy: expected one of/],
    [() => impute({ value: 1 }), /impute value: it belongs to strategy 'constant', received 1 with 'mean'/],
    [() => impute({ strategy: 'constant', fill: 1 }), /impute fill: strategy 'constant' has a value for that/],
    [() => impute({ strategy: 'constant', value: NaN }), /impute value: expected a finite float32 number, received NaN/],
    [() => impute({ fill: [1, Infinity] }), /impute fill\[1\]/],
    [() => impute({ fill: [1, 2], inputShape: [3] }), /impute fill: expected 3 values, as many as columns, received 2/],
    [() => impute({ inputShape: [1, 2] }), /impute inputShape/],
    [() => impute({ name: '' }), /impute name/],
  ])('%s is refused', (make, message) => {
    expect(make).toThrow(message);
  });

  it('errors are of their kinds', () => {
    expect(() => impute({ value: 1 })).toThrow(OptionError);
    expect(() => impute({ fill: [1, 2], inputShape: [3] })).toThrow(ShapeError);
    expect(() => sequential({ layers: [impute({ fill: [1, 2] }), impute({ fill: [1, 2, 3] })] })).toThrow(ShapeError);
  });
});

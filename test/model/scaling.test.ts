/** How `normalization` scales: by mean and variance, by range, by quartiles, some columns or all, with values missing. */
import { describe, expect, it } from 'vitest';
import { impute, normalization, OptionError, sequential, ShapeError, type NormalizationOptions } from '../../src/index.ts';
import { backends } from '../backends.ts';
import { expectClose } from '../close.ts';

/** Columns with a value far out, with one value more than half of the time, and a constant one. */
const table = [[1, 0, 5], [2, 0, 5], [4, 0, 5], [8, 1, 5], [16, 0, 5], [1000, 0, 5]];
const column = (place: number): number[] => table.map((row) => row[place]!);

function weights(options: NormalizationOptions, rows = table): number[][] {
  const layer = normalization(options);
  layer.adapt(rows);
  return sequential({ layers: [layer] }).getWeights().map((values) => [...values]);
}

describe.each(backends)('normalization on %s', (backend) => {
  const scaled = (options: NormalizationOptions): number[][] => {
    const layer = normalization(options);
    layer.adapt(table);
    const out = sequential({ layers: [layer], backend }).predict(table);
    return [0, 1, 2].map((place) => [...out].filter((_, i) => i % 3 === place));
  };

  it('by the range brings values to 0 to 1, those of a constant to 0', () => {
    const [far, mostly, constant] = scaled({ scaling: 'minMax' });
    expectClose(far!, column(0).map((value) => (value - 1) / 999));
    expect([mostly, constant]).toEqual([column(1), column(1).map(() => 0)]);
  });

  it('by quartiles brings the median to 0 and their distance to 1, and leaves the scale where that is 0', () => {
    const [far, mostly, constant] = scaled({ scaling: 'robust' });
    // numpy.quantile: 2.5, 6, 14.
    expectClose(far!, column(0).map((value) => (value - 6) / 11.5));
    expect([mostly, constant]).toEqual([column(1), column(1).map(() => 0)]);
  });

  it('scales the columns it is to, and leaves the others', () => {
    const [far, mostly, constant] = scaled({ columns: [1] });
    expect([far, constant]).toEqual([column(0), column(2)]);
    expectClose(mostly!, column(1).map((value) => (value - 1 / 6) / Math.sqrt(5 / 36)));
  });
});

describe('normalization', () => {
  it('is standard where nothing else is said', () => {
    expect(weights({ scaling: 'standard' })).toEqual(weights({}));
    expect(weights({ scaling: 'minMax' })).toEqual([[1, 0, 5], [999 ** 2, 1, 1]]);
    expect(weights({ scaling: 'robust' })).toEqual([[6, 0, 5], [11.5 ** 2, 1, 1]]);
    expect(weights({ scaling: 'robust', columns: [2, 0] })).toEqual([[6, 0, 5], [11.5 ** 2, 1, 1]]);
    expect(weights({ scaling: 'minMax', columns: [2] })).toEqual([[0, 0, 5], [1, 1, 1]]);
  });

  it.each(['standard', 'minMax', 'robust'] as const)('leaves missing values out of %s statistics', (scaling) => {
    const gaps = table.flatMap((row, i) => [row, i % 2 === 0 ? [NaN, NaN, NaN] : [NaN, row[1]!, NaN]]);
    const [mean, variance] = weights({ scaling }, gaps);
    const [expectedMean, expectedVariance] = weights({ scaling });
    expect([mean![0], mean![2], variance![0], variance![2]]).toEqual([expectedMean![0], expectedMean![2], expectedVariance![0], expectedVariance![2]]);
  });

  it('looks for values in the columns it scales alone', () => {
    expect(weights({ columns: [0] }, [[1, NaN], [3, NaN]])).toEqual([[2, 0], [1, 1]]);
    expect(() => normalization({ columns: [1] }).adapt([[1, NaN], [3, NaN]])).toThrow(/received none in column 1/);
  });

  it('takes no rows with NaN itself, but behind an impute layer', () => {
    const layer = normalization();
    layer.adapt([[1, 2], [NaN, 4]]);
    expect(() => sequential({ layers: [layer] }).predict([[NaN, 1]])).toThrow(/predict x: row 0, column 0 is NaN/);
    expect([...sequential({ layers: [impute({ fill: [1, 3] }), layer] }).predict([[NaN, NaN]])]).toEqual([0, 0]);
  });

  it('has its own list of columns in its config', () => {
    const columns = [1];
    const layer = normalization({ columns, scaling: 'robust' });
    columns[0] = 5;
    expect(layer.config).toEqual({ columns: [1], scaling: 'robust' });
  });

  it.each<[() => unknown, RegExp]>([
    [() => normalization({ scaling: 'minmax' as never }), /normalization scaling: expected one of standard, minMax, robust; received 'minmax', did you mean 'minMax'/],
    [() => normalization({ scaling: 'toString' as never }), /normalization scaling: expected one of/],
    [() => normalization({ columns: [] }), /normalization columns: expected an array of column numbers/],
    [() => normalization({ columns: [0, -1] }), /normalization columns\[1\]: expected an integer of at least 0, received -1/],
    [() => normalization({ columns: [1, 0, 1] }), /normalization columns: expected each column once, received \[1, 0, 1\]/],
    [() => normalization({ mean: 0, variance: 1, columns: [0] }), /not both/],
    [() => normalization({ mean: 0, variance: 1, scaling: 'standard' }), /not both/],
  ])('%s is refused', (make, message) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(message);
  });

  it('refuses columns that are not there as soon as it knows how many there are', () => {
    const beyond = /normalization columns: expected columns below 3, the values in a row, received 3/;
    const make = (): ReturnType<typeof normalization> => normalization({ columns: [0, 3] });
    expect(() => normalization({ columns: [0, 3], inputShape: [3] })).toThrow(beyond);
    expect(() => make().adapt(table)).toThrow(beyond);
    expect(() => sequential({ layers: [impute({ inputShape: [3] }), make()] })).toThrow(ShapeError);
  });
});

/** Data sets: made of everything, split by a seed with every row once, cut into batches, and looked through. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError, dataset, dense, kFold, OptionError, parseCsv, sequential, ShapeError, type NablaError, type SampleSet } from '../../src/index.ts';

const contents = ({ x, y, columns, targets, labels, rows }: SampleSet): unknown => ({ x: [...x], y: [...y], columns, targets, labels, rows });
const numbered = (rows: number, classes = 3): SampleSet => dataset(Array.from({ length: rows }, (_, row) => [row, -row]), Array.from({ length: rows }, (_, row) => (row * row) % classes));
const samples = (set: SampleSet): number[] => [...set.x].filter((_, i) => i % 2 === 0);

describe('dataset', () => {
  const expected = { x: [1, 2, 3, 4, 5, 6], y: [0, 1, 0], columns: ['x1', 'x2'], targets: ['y'], labels: undefined, rows: 3 };

  it('is made of rows, flat arrays, objects and tables', () => {
    const y = [0, 1, 0];
    const flat = [1, 2, 3, 4, 5, 6];
    const rows = [[1, 2], [3, 4], [5, 6]];
    for (const x of [rows, rows.map((row) => Float64Array.from(row)), flat, Float32Array.from(flat), Int16Array.from(flat)]) {
      expect(contents(dataset(x, y))).toEqual(expected);
    }
    const objects = rows.map(([a, b], i) => ({ a, label: y[i], b }));
    const named = { ...expected, columns: ['a', 'b'], targets: ['label'] };
    expect(contents(dataset(objects, 'label'))).toEqual(named);
    expect(contents(dataset(parseCsv('a,label,b\n1,0,2\n3,1,4\n5,0,6'), 'label'))).toEqual(named);
    expect(contents(dataset(objects.map(({ a, b }) => ({ a, b })), y))).toEqual({ ...named, targets: ['y'] });
  });

  it('takes several targets a row', () => {
    const x = [[1], [2]];
    const two = { x: [1, 2], y: [1, 0, 0, 1], columns: ['x1'], targets: ['y1', 'y2'], labels: undefined, rows: 2 };
    expect(contents(dataset(x, [[1, 0], [0, 1]]))).toEqual(two);
    expect(contents(dataset(x, Float32Array.of(1, 0, 0, 1), { targets: 2 }))).toEqual(two);
  });

  it('makes class indices of a column of categories, and numbers of true and false', () => {
    const set = dataset(parseCsv('mass,wet,species\n3,true,Adelie\n,false,Gentoo\n5,,Adelie\n'), 'species');
    expect(contents(set)).toEqual({ x: [3, 1, NaN, 0, 5, NaN], y: [0, 1, 0], columns: ['mass', 'wet'], targets: ['species'], labels: ['Adelie', 'Gentoo'], rows: 3 });
  });

  it('has the names given', () => {
    const set = dataset([[1, 2]], [0], { columns: ['width', 'height'], labels: ['no', 'yes'] });
    expect([set.columns, set.labels]).toEqual([['width', 'height'], ['no', 'yes']]);
  });

  it('trains a model as it is', async () => {
    const set = dataset([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 1]);
    const model = sequential({ layers: [dense({ units: 1, activation: 'sigmoid', inputShape: [2] })], seed: 1 });
    model.compile({ optimizer: 'sgd', loss: 'binaryCrossentropy' });
    const before = model.evaluate(set.x, set.y).loss!;
    await model.fit(set.x, set.y, { epochs: 20 });
    for (const batch of set.batches(2)) model.trainOnBatch(batch.x, batch.y);
    expect((await model.fitDataset(set.batches(3), { epochs: 3 })).epoch).toEqual([0, 1, 2]);
    expect(model.evaluate(set.x, set.y).loss).toBeLessThan(before);
  });

  it.each<[string, () => unknown, new (...args: never[]) => NablaError, RegExp]>([
    ['rows of other lengths', () => dataset([[1, 2], [3]], [0, 1]), ShapeError, /dataset x\[1\]: expected a row of 2 values, received 1/],
    ['too few targets', () => dataset([[1, 2], [3, 4]], [0]), ShapeError, /as many rows of y as of x, received 1 for 2/],
    ['a flat array that cannot be shared out', () => dataset([1, 2, 3], [0, 1]), ShapeError, /3 values, which cannot be shared out/],
    ['nothing', () => dataset([], []), ShapeError, /at least one row/],
    ['words', () => dataset([['a']] as never, [0]), DataError, /dataset x\[0\]\[0\]: expected a number, received 'a'/],
    ['columns of categories', () => dataset([{ sex: 'male', y: 1 }], 'y'), DataError, /column 'sex' holds categories, such as 'male'/],
    ['an unknown target', () => dataset([{ age: 1, y: 1 }], 'aeg'), DataError, /no column has the name 'aeg', did you mean 'age'\?; there are age, y/],
    ['a target by name without a table', () => dataset([[1]], 'y'), DataError, /x is no table/],
    ['a target that is missing', () => dataset(parseCsv('a,b\n1,x\n2,\n'), 'b'), DataError, /row 1, column 'b': expected a category/],
    ['a target alone', () => dataset([{ y: 1 }], 'y'), ShapeError, /dataset/],
    ['too few names', () => dataset([[1, 2]], [0], { columns: ['a'] }), OptionError, /a name for each of 2 columns/],
    ['an unknown option', () => dataset([[1]], [0], { colums: [] } as never), OptionError, /did you mean 'columns'/],
    ['half a target', () => dataset([[1]], [0], { targets: 0.5 }), OptionError, /dataset targets/],
  ])('refuses %s', (_what, work, kind, message) => {
    expect(work).toThrow(kind);
    expect(work).toThrow(message);
  });
});

describe('split', () => {
  it('gives every row to one part, with its target, in the order of the whole, as many as asked', () => {
    const setting = fc.record({ rows: fc.integer({ min: 2, max: 60 }), test: fc.double({ min: 0.01, max: 0.99, noNaN: true }), seed: fc.integer(), shuffle: fc.boolean(), stratified: fc.boolean() });
    fc.assert(fc.property(setting, ({ rows, ...options }) => {
      const set = numbered(rows);
      const parts = set.split(options);
      expect(parts[1].rows).toBe(Math.min(rows - 1, Math.max(1, Math.round(rows * options.test))));
      expect(parts.flatMap(samples).sort((a, b) => a - b)).toEqual(samples(set));
      for (const part of parts) {
        expect(samples(part)).toEqual(samples(part).sort((a, b) => a - b));
        expect([...part.y]).toEqual(samples(part).map((row) => (row * row) % 3));
      }
      if (options.stratified) {
        for (const one of [0, 1]) {
          const [all, there] = [set, parts[1]].map(({ y }) => y.filter((value) => value === one).length) as [number, number];
          expect(Math.abs(there - (all * parts[1].rows) / rows)).toBeLessThan(1);
        }
      }
    }), { numRuns: 200, seed: 20261122 });
  });

  it('gives the same for a seed, as written here, and other parts for another', () => {
    const test = (options: Parameters<SampleSet['split']>[0]): number[] => samples(numbered(12).split(options)[1]);
    expect(test({})).toEqual(test({ test: 0.2, seed: 0, shuffle: true, stratified: false }));
    expect(test({ seed: 1 })).not.toEqual(test({ seed: 2 }));
    expect(test({ test: 0.3, seed: 5 })).toEqual([0, 5, 6, 7]);
    expect(test({ test: 0.3, seed: 5, stratified: true })).toEqual([4, 5, 6, 11]);
    expect(test({ test: 0.25, shuffle: false })).toEqual([9, 10, 11]);
  });

  it('keeps shares of classes in one-hot rows', () => {
    const y = Array.from({ length: 20 }, (_, row) => (row < 15 ? [1, 0] : [0, 1]));
    const [, test] = dataset(y.map((_, row) => [row]), y).split({ test: 0.2, stratified: true });
    expect([...test.y]).toEqual([1, 0, 1, 0, 1, 0, 0, 1]);
  });

  it.each<[string, () => unknown, new (...args: never[]) => NablaError, RegExp]>([
    ['all rows', () => numbered(5).split({ test: 1 }), OptionError, /split test: expected .* less than 1, received 1/],
    ['an unknown option', () => numbered(5).split({ ratio: 0.5 } as never), OptionError, /unknown option 'ratio'/],
    ['shares of classes that are none', () => dataset([[1], [2]], [0.5, 1]).split({ stratified: true }), DataError, /y: row 0: expected a class index/],
    ['one row', () => numbered(1).split(), ShapeError, /at least two rows/],
  ])('refuses %s', (_what, work, kind, message) => {
    expect(work).toThrow(kind);
    expect(work).toThrow(message);
  });
});

describe('rows', () => {
  it('are shuffled by a seed', () => {
    const set = numbered(20);
    const order = samples(set.shuffle(3));
    expect(order).not.toEqual(samples(set));
    expect(order).not.toEqual(samples(set.shuffle(4)));
    expect(order.toSorted((a, b) => a - b)).toEqual(samples(set));
    expect([...set.shuffle(3).y]).toEqual(order.map((row) => (row * row) % 3));
  });

  it('come in batches, the last with what is left', () => {
    const batches = [...numbered(5).batches(2)];
    expect(batches.map(({ x, y }) => [[...x], [...y]])).toEqual([[[0, -0, 1, -1], [0, 1]], [[2, -2, 3, -3], [1, 0]], [[4, -4], [1]]]);
    expect(() => [...numbered(5).batches(0)]).toThrow(OptionError);
  });

  it('are picked by number, as for a fold', () => {
    const set = numbered(7);
    const [fold] = kFold(set.rows, { folds: 3 });
    expect(samples(set.pick(fold!.test))).toEqual([...fold!.test]);
    expect(samples(set.pick([6, 0, 6]))).toEqual([6, 0, 6]);
    for (const rows of [[7], [-1], [0.5], []]) expect(() => set.pick(rows)).toThrow(/dataset pick/);
  });

  it('without a value are left out', () => {
    const set = dataset([[1, 2], [NaN, 3], [4, 5], [6, -Infinity], [7, 8]], [0, 1, NaN, 1, 1]);
    expect([...set.complete().x, ...set.complete().y]).toEqual([1, 2, 7, 8, 0, 1]);
    expect(() => dataset([NaN], [0]).complete()).toThrow(ShapeError);
  });
});

describe('statistics', () => {
  it('are those of the values at hand', () => {
    const set = dataset([[2, NaN], [4, Infinity], [4, NaN], [4, 3], [5, NaN], [5, 3], [7, NaN], [9, NaN]], new Float32Array(8), { columns: ['a', 'b'] });
    expect(set.statistics()).toEqual([
      { name: 'a', mean: 5, deviation: 2, min: 2, max: 9, missing: 0, infinite: 0 },
      { name: 'b', mean: 3, deviation: 0, min: 3, max: 3, missing: 5, infinite: 1 },
    ]);
    expect(dataset([NaN], [0]).statistics()).toEqual([{ name: 'x1', mean: NaN, deviation: NaN, min: NaN, max: NaN, missing: 1, infinite: 0 }]);
  });

  it('do not lose small differences of large numbers', () => {
    const set = dataset(Array.from({ length: 100_000 }, (_, row) => 16_000_000 + (row % 2)), new Float32Array(100_000));
    expect(set.statistics()[0]).toMatchObject({ mean: 16_000_000.5, deviation: 0.5 });
    expect(dataset(new Float32Array(1000).fill(0.1), new Float32Array(1000)).statistics()[0]!.deviation).toBe(0);
  });
});

describe('problems', () => {
  const codes = (set: SampleSet): string[] => set.problems().map(({ code, column }) => `${code} ${column}`);
  const rows = Array.from({ length: 40 }, (_, row) => row);
  const fine = rows.map((row) => [row, (row * 7) % 11]);
  const y = rows.map((row) => row % 2);

  it('are none where all is well', () => {
    expect(dataset(fine, y).problems()).toEqual([]);
    expect(dataset(fine, y.map((one) => [one, 1 - one])).problems()).toEqual([]);
    expect(dataset(fine, rows.map((row) => row / 3)).problems()).toEqual([]);
  });

  it('are said in sentences', () => {
    const set = dataset(fine.map(([a, b], row) => [a!, b!, row === 3 ? NaN : a! * 2, 7, b!, row < 2 ? -Infinity : -row, y[row]!]), y, { columns: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] });
    expect(set.problems()).toEqual([
      { code: 'missing', column: 'c', message: "Column 'c' has no value in 1 of 40 rows; fill them in, or leave out the column, or those rows with complete()." },
      { code: 'constant', column: 'd', message: "Column 'd' is 7 in every row that has a value; nothing can be learnt from it." },
      { code: 'infinite', column: 'f', message: "Column 'f' is infinite in 2 of 40 rows; training takes finite numbers alone: leave out the column, or those rows with complete()." },
      { code: 'duplicate', column: 'e', message: "Column 'e' has the same values as 'b'; leave one out." },
      { code: 'leak', column: 'g', message: "Column 'g' has the same values as the target 'y': there is nothing left to learn." },
    ]);
  });

  it('are found in targets too', () => {
    expect(codes(dataset(fine, rows.map((row) => (row === 0 ? NaN : 1))))).toEqual(['missing y', 'constant y']);
  });

  it('are rare classes', () => {
    const rare = rows.map((row) => (row === 7 ? 1 : row % 2 === 0 ? 0 : 2));
    const message = "Class '1' has 1 of 40 rows, class '0' has 20; split with `stratified`, and look at more than accuracy, or train with the class weights of `balancedClassWeights`.";
    expect(dataset(fine, rare).problems()).toEqual([{ code: 'imbalance', column: 'y', message }]);
    expect(dataset(fine, rare, { labels: ['a', 'b', 'c'] }).problems()[0]!.message).toContain("Class 'b' has 1 of 40 rows, class 'a' has 20");
    expect(codes(dataset(fine, rare.map((one) => [0, 1, 2].map((i) => Number(i === one)))))).toEqual(['imbalance y2']);
    // Not of what are no classes: a class left out, or numbers of things.
    expect(codes(dataset(fine, rare.map((one) => one * 2)))).toEqual([]);
    expect(codes(dataset(fine, rows.map((row) => Math.min(row, 30))))).toEqual([]);
  });
});

/** Tables cut in two: every row once, by a seed, with a share of every value of a column. */
import { describe, expect, it } from 'vitest';
import { DataError, dataset, OptionError, parseCsv, pickRows, ShapeError, splitTable, tableFromRecords, type Table } from '../../src/index.ts';

const table = tableFromRecords(Array.from({ length: 50 }, (_, i) => ({ id: i, kind: ['a', 'b', 'b', 'c', 'b'][i % 5], wet: i % 7 === 0 ? null : i % 2 === 0 })));
const valuesOf = ({ columns }: Table, name: string): unknown[] => [...columns.find((column) => column.name === name)!.values as ArrayLike<unknown> & Iterable<unknown>];
const ids = (part: Table): number[] => valuesOf(part, 'id') as number[];

describe('splitTable', () => {
  it('puts every row into one part, in order, with all of its values', () => {
    const [train, test] = splitTable(table, { test: 0.3, seed: 4 });
    expect([train.rowCount, test.rowCount]).toEqual([35, 15]);
    expect([...ids(train), ...ids(test)].sort((a, b) => a - b)).toEqual(ids(table));
    for (const part of [train, test]) {
      expect(ids(part)).toEqual([...ids(part)].sort((a, b) => a - b));
      for (const name of ['kind', 'wet']) expect(valuesOf(part, name)).toEqual(ids(part).map((id) => valuesOf(table, name)[id]));
    }
  });

  it('keeps the labels of categories, so that codes mean the same in both', () => {
    const [train, test] = splitTable(table, { test: 0.02, shuffle: false });
    for (const part of [train, test]) {
      const kind = part.columns[1]!;
      if (kind.type !== 'category') throw new Error('expected a category');
      expect(kind.labels).toEqual(['a', 'b', 'c']);
      expect([...kind.codes].map((code) => kind.labels[code])).toEqual(kind.values);
    }
    expect(ids(test)).toEqual([49]);
  });

  it('is the same for the same seed alone', () => {
    const parts = [1, 1, 2].map((seed) => ids(splitTable(table, { seed })[1]));
    expect(parts[0]).toEqual(parts[1]);
    expect(parts[0]).not.toEqual(parts[2]);
  });

  it('takes the rows that a dataset takes', () => {
    const set = dataset(ids(table).map((id) => [id]), ids(table));
    for (const seed of [0, 3]) expect(ids(splitTable(table, { seed, test: 0.25 })[1])).toEqual([...set.split({ seed, test: 0.25 })[1].x]);
  });

  it.each(['kind', 'wet', 'id'])('gives both parts their share of every value of %s', (stratified) => {
    const [train, test] = splitTable(table, { stratified, test: 0.2, seed: 2 });
    for (const value of new Set(valuesOf(table, stratified))) {
      const [all, held] = [table, test].map((part) => valuesOf(part, stratified).filter((one) => one === value).length) as [number, number];
      expect(Math.abs(held - all * 0.2)).toBeLessThanOrEqual(1);
    }
    expect([train.rowCount, test.rowCount]).toEqual([40, 10]);
  });

  it.each<[string, () => unknown, new (...args: never[]) => Error, RegExp]>([
    ['another option', () => splitTable(table, { stratifid: 'kind' } as never), OptionError, /splitTable: unknown option 'stratifid', did you mean 'stratified'/],
    ['an unknown column', () => splitTable(table, { stratified: 'kinds' }), OptionError, /splitTable stratified: no column has the name 'kinds', did you mean 'kind'\?; there are id, kind, wet/],
    ['stratified without a name', () => splitTable(table, { stratified: true as never }), OptionError, /stratified: expected the name of a column, received true/],
    ['a share of 1', () => splitTable(table, { test: 1 }), OptionError, /splitTable test/],
    ['one row', () => splitTable(parseCsv('a\n1')), ShapeError, /at least two rows/],
    ['no table', () => splitTable([{ a: 1 }] as never), DataError, /expected a table/],
  ])('refuses %s', (_, work, kind, message) => {
    expect(work).toThrow(kind);
    expect(work).toThrow(message);
  });
});

describe('pickRows', () => {
  it('copies rows in the order asked for, twice where asked twice, words and codes alike', () => {
    const picked = pickRows(table, [7, 2, 2]);
    expect(picked.rowCount).toBe(3);
    expect(ids(picked)).toEqual([7, 2, 2]);
    for (const name of ['kind', 'wet']) expect(valuesOf(picked, name)).toEqual([7, 2, 2].map((row) => valuesOf(table, name)[row]));
    const kind = picked.columns[1]!;
    expect(kind.type === 'category' && Array.from(kind.codes, (code) => kind.labels[code])).toEqual(valuesOf(picked, 'kind'));
  });

  it.each([[[50]], [[-1]], [[0, 1.5]]])('refuses %j, which is no row', (rows) => {
    expect(() => pickRows(table, rows)).toThrow(OptionError);
  });
});

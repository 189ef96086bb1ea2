/** Tables out of objects: types by first value or by name, missing values, refusals with their place. */
import { describe, expect, it } from 'vitest';
import { DataError, OptionError, parseCsv, tableFromRecords, type NablaError } from '../../src/index.ts';

describe('tableFromRecords', () => {
  it('gives the table that text would give', () => {
    const rows = [{ age: 39, sex: 'male', rich: true }, { age: null, sex: 'female', rich: false }, { age: 2.5, rich: undefined }];
    expect(tableFromRecords(rows)).toEqual(parseCsv('age,sex,rich\n39,male,true\n,female,false\n2.5,,\n'));
  });

  it('has every name that occurs, and NaN alone where no value does', () => {
    expect(tableFromRecords([{ a: 1 }, { b: 2, c: null }]).columns).toEqual([
      { name: 'a', type: 'number', values: Float64Array.of(1, NaN) },
      { name: 'b', type: 'number', values: Float64Array.of(NaN, 2) },
      { name: 'c', type: 'number', values: Float64Array.of(NaN, NaN) },
    ]);
  });

  it('reads columns as named', () => {
    const rows = [{ n: ' 1.5', flag: 'yes', code: 7, big: 5n, mixed: 'x', skip: {} }, { n: 2, flag: 0, code: '007', big: 6n, mixed: true, skip: 1 }];
    const columns = { n: 'number', flag: 'boolean', code: 'category', mixed: 'category', skip: 'ignore' } as const;
    expect(tableFromRecords(rows, { columns }).columns.map(({ name, values }) => [name, ...values]))
      .toEqual([['n', 1.5, 2], ['flag', true, false], ['code', '7', '007'], ['big', 5, 6], ['mixed', 'x', 'true']]);
  });

  it('keeps to own names', () => {
    const odd = JSON.parse('[{"__proto__": 1, "constructor": 2}, {"constructor": 3}]') as object[];
    expect(tableFromRecords(odd).columns.map(({ name, values }) => [name, ...values])).toEqual([['__proto__', 1, NaN], ['constructor', 2, 3]]);
  });

  it.each<[string, () => unknown, new (...args: never[]) => NablaError, RegExp]>([
    ['no array', () => tableFromRecords({} as never), DataError, /expected an array of objects/],
    ['no rows', () => tableFromRecords([]), DataError, /received Array of 0 values/],
    ['a row that is none', () => tableFromRecords([{ a: 1 }, [1]]), DataError, /row 1: expected an object, received Array of 1 value/],
    ['a word among numbers', () => tableFromRecords([{}, { a: 1 }, { a: 'x' }]), DataError, /row 2, column 'a': expected a number, as in row 1, received 'x'/],
    ['a number among words', () => tableFromRecords([{ a: 'x' }, { a: 1 }]), DataError, /row 1, column 'a': expected a word, as in row 0, received 1/],
    ['an object as value', () => tableFromRecords([{ a: new Date(0) }]), DataError, /row 0, column 'a': expected a number, a word, true or false, received an object of type Date/],
    ['an object in a named column', () => tableFromRecords([{ a: {} }], { columns: { a: 'category' } }), DataError, /expected a word, received an object/],
    ['a word for a number', () => tableFromRecords([{ a: '1' }, { a: '1x' }], { columns: { a: 'number' } }), DataError, /row 1, column 'a': expected a number, received '1x'/],
    ['a blank for a number', () => tableFromRecords([{ a: ' ' }], { columns: { a: 'number' } }), DataError, /expected a number, received ' '/],
    ['an unknown column', () => tableFromRecords([{ age: 1 }], { columns: { agee: 'number' } }), OptionError, /no row has a value 'agee', did you mean 'age'/],
    ['an unknown type', () => tableFromRecords([{ a: 1 }], { columns: { a: 'text' } as never }), OptionError, /columns 'a': expected one of/],
    ['an unknown option', () => tableFromRecords([{ a: 1 }], { missing: [] } as never), OptionError, /unknown option 'missing'/],
  ])('refuses %s', (_what, work, kind, message) => {
    expect(work).toThrow(kind);
    expect(work).toThrow(message);
  });
});

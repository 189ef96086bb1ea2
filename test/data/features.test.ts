/** Records into rows of numbers and outputs into answers: every type of column, everything missing or wrong, and descriptions of any kind. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError, OptionError, parseCsv, tableFromRecords, type Features as Made, type FeaturesDescription, type NablaError } from '../../src/index.ts';
import { Features } from '../../src/data/features.ts';

const description: FeaturesDescription = {
  task: 'classification',
  inputs: [{ name: 'mass', type: 'number' }, { name: 'island', type: 'category', labels: ['Dream', 'Biscoe'] }, { name: 'wet', type: 'boolean' }],
  target: { name: 'species', type: 'category', labels: ['Adelie', 'Gentoo', 'Chinstrap'] },
  leftOut: ['ring'],
};
const features = Features.from(description);
const regression = (): Made => Features.from({ task: 'regression', inputs: [{ name: 'x', type: 'number' }], target: { name: 'y', type: 'number' } });

describe('encode', () => {
  const expected = { x: [3.5, 0, 1, NaN, 1, 0, -2, NaN, NaN, 0, NaN, 1], y: [0, 2, 1, 0], rows: 4 };
  const records = [
    { mass: 3.5, island: 'Dream', wet: true, species: 'Adelie' }, { mass: NaN, island: 'Biscoe', wet: false, species: 'Chinstrap' },
    { mass: -2, island: 'Torgersen', wet: null, species: 'Gentoo' }, { mass: 0, wet: true, species: 'Adelie', ring: 7 },
  ];
  const contents = ({ x, y, rows }: ReturnType<Made['encode']>): unknown => ({ x: [...x], y: y && [...y], rows });

  it('takes records and tables, whatever the order of labels and columns', () => {
    expect(contents(features.encode(records))).toEqual(expected);
    expect(contents(features.encode(tableFromRecords(records)))).toEqual(expected);
    expect(contents(features.encode(parseCsv('wet,species,island,mass\ntrue,Adelie,Dream,3.5\nfalse,Chinstrap,Biscoe,\n,Gentoo,Torgersen,-2\ntrue,Adelie,,0')))).toEqual(expected);
  });

  it('gives no targets where there are none', () => {
    const rows = records.map(({ species, ...rest }) => ({ ...rest, other: species }));
    expect(contents(features.encode(rows))).toEqual({ ...expected, y: undefined });
  });

  it('takes what can be read as the type of a column', () => {
    const own = Features.from({ ...description, target: { name: 'wet', type: 'boolean', labels: [false, true] }, inputs: [{ name: 'mass', type: 'number' }, { name: 'deck', type: 'category', labels: ['1', '2'] }] });
    expect(contents(own.encode([{ mass: '4.5', deck: 2, wet: 'no' }, { mass: 1n, deck: '1', wet: 'yes' }]))).toEqual({ x: [4.5, 1, 1, 0], y: [0, 1], rows: 2 });
    expect(contents(own.encode(parseCsv('mass,deck,wet\n4.5,2,no\n1,1,yes')))).toEqual({ x: [4.5, 1, 1, 0], y: [0, 1], rows: 2 });
  });

  it('counts classes that are numbers or booleans by their labels', () => {
    const own = Features.from({ task: 'classification', inputs: [{ name: 'x', type: 'number' }], target: { name: 'y', type: 'number', labels: [-1, 2.5] } });
    expect(contents(own.encode([{ x: 1, y: 2.5 }, { x: 2, y: -1 }]))).toEqual({ x: [1, 2], y: [1, 0], rows: 2 });
    expect(contents(regression().encode([{ x: 1, y: -7.5 }]))).toEqual({ x: [1], y: [-7.5], rows: 1 });
  });

  it.each<[string, () => unknown, RegExp]>([
    ['a missing column', () => features.encode([{ mass: 1, iland: 'Dream', wet: true }]), /encode: no column has the name 'island', did you mean 'iland'\?; there are mass, iland, wet$/],
    ['a word for a number', () => features.encode([records[0]!, { ...records[1], mass: 'heavy' }]), /encode: row 1, column 'mass': expected a number, received 'heavy'/],
    ['a word in a table', () => features.encode(parseCsv('mass,island,wet\nheavy,Dream,true')), /encode: row 0, column 'mass': expected a number, received 'heavy'/],
    ['a number for true or false', () => features.encode([{ ...records[0], wet: 2 }]), /row 0, column 'wet': expected true or false, received 2/],
    ['an object', () => features.encode([{ ...records[0], island: {} }]), /row 0, column 'island': expected a word, received an object/],
    ['a number too large', () => features.encode([{ ...records[0], mass: 3.5e38 }]), /row 0, column 'mass': expected a finite number that fits float32, received 3.5e\+38/],
    ['Infinity', () => features.encode([{ ...records[0], mass: -Infinity }]), /received -Infinity/],
    ['an unknown class', () => features.encode([records[0]!, { ...records[1], species: 'Emperor' }]), /row 1, column 'species': expected one of 'Adelie', 'Gentoo', 'Chinstrap', received 'Emperor'$/],
    ['a class with a full stop', () => features.encode([{ ...records[0]!, species: 'Adelie.' }]), /row 0, column 'species': expected one of 'Adelie', 'Gentoo', 'Chinstrap', received 'Adelie\.', did you mean 'Adelie'\?$/],
    ['a missing class', () => features.encode([records[0]!, { ...records[1], species: null }]), /row 1, column 'species': .*, received null/],
    ['a missing target', () => regression().encode([{ x: 1, y: null }]), /row 0, column 'y': expected a number, received null/],
    ['no rows', () => features.encode([]), /at least one row/],
    ['no objects', () => features.encode([3] as never), /encode: row 0: expected an object, received 3/],
    ['nothing of the kind', () => features.encode('rows' as never), /expected a table, or an array of objects, received 'rows'/],
  ])('refuses %s', (_, work, message) => {
    expect(work).toThrow(DataError);
    expect(work).toThrow(message);
  });
});

describe('read', () => {
  const read = (record: object): number[] => [...features.read(record, new Float32Array(3))];

  it('makes a row of a record, NaN where it has nothing', () => {
    expect(read({ wet: false, mass: 2, island: 'Biscoe' })).toEqual([2, 1, 0]);
    expect(read({})).toEqual([NaN, NaN, NaN]);
    expect(read({ mass: null, island: undefined, wet: NaN })).toEqual([NaN, NaN, NaN]);
    expect(read({ island: 'Torgersen', species: 'Adelie', ring: 3 })).toEqual([NaN, NaN, NaN]);
  });

  it('does not take what every object has for a value', () => {
    const own = Features.from({ ...description, inputs: [{ name: 'constructor', type: 'category', labels: ['a'] }, { name: 'valueOf', type: 'number' }] });
    expect([...own.read({}, new Float32Array(2))]).toEqual([NaN, NaN]);
    expect([...own.read({ constructor: 'a', valueOf: 4 }, new Float32Array(2))]).toEqual([0, 4]);
  });

  it('refuses keys that are no columns, and values of the wrong type', () => {
    expect(() => read({ iland: 'Dream' })).toThrow(OptionError);
    expect(() => read({ iland: 'Dream' })).toThrow(/the model takes no 'iland', did you mean 'island'\?; it takes mass, island, wet$/);
    expect(() => read({ colour: 'red' })).toThrow(/the model takes no 'colour'; it takes mass, island, wet$/);
    expect(() => read({ mass: 'heavy' })).toThrow(/record, column 'mass': expected a number, received 'heavy'/);
    expect(() => read({ mass: Infinity })).toThrow(DataError);
    expect(() => read({ island: ['Dream'] })).toThrow(/expected a word, received Array of 1 value/);
    expect(() => read(null as never)).toThrow(/expected an object, received null/);
  });
});

describe('answer', () => {
  it('names the likeliest class, the first of equal ones', () => {
    expect(features.answer(Float32Array.of(0.25, 0.5, 0.25))).toEqual({ label: 'Gentoo', probability: 0.5, probabilities: { Adelie: 0.25, Gentoo: 0.5, Chinstrap: 0.25 } });
    expect(features.answer(Float32Array.of(9, 0.25, 0.375, 0.375), 1)).toMatchObject({ label: 'Gentoo', probability: 0.375 });
  });

  it('gives two classes what one output says', () => {
    const two = Features.from({ ...description, target: { name: 'wet2', type: 'boolean', labels: [false, true] } });
    expect(two.outputs).toBe(1);
    expect(two.answer(Float32Array.of(0.75))).toEqual({ label: true, probability: 0.75, probabilities: { false: 0.25, true: 0.75 } });
    expect(two.answer(Float32Array.of(0.25))).toEqual({ label: false, probability: 0.75, probabilities: { false: 0.75, true: 0.25 } });
  });

  it('gives a regression its number', () => {
    expect(regression().answer(Float32Array.of(-2.5))).toEqual({ value: -2.5 });
  });
});

describe('describe', () => {
  it('is plain data that makes the same features', () => {
    expect(features.describe()).toEqual(description);
    expect(Features.from(JSON.parse(JSON.stringify(features.describe()))).describe()).toEqual(description);
    expect(Object.keys(regression().describe())).toEqual(['task', 'inputs', 'target']);
  });

  it('cannot be changed from outside', () => {
    (features.describe().inputs[1]!.labels as string[]).push('Torgersen');
    expect(features.describe()).toEqual(description);
    expect(() => (features.target.labels as string[]).push('Emperor')).toThrow(TypeError);
  });

  const changed = (change: object): unknown => ({ ...description, ...change });
  it.each<[string, unknown, RegExp]>([
    ['nothing', null, /features: expected an object/],
    ['other keys', changed({ inptus: [] }), /unknown option 'inptus', did you mean 'inputs'/],
    ['another task', changed({ task: 'ranking' }), /features task: expected one of classification, regression; received 'ranking'/],
    ['no inputs', changed({ inputs: [] }), /features inputs: expected an array of columns/],
    ['inputs that are no columns', changed({ inputs: [3] }), /features inputs\[0\]: expected an object/],
    ['no name', changed({ inputs: [{ type: 'number' }] }), /inputs\[0\] name: expected the name of a column, received undefined/],
    ['a name with a meaning', changed({ inputs: [JSON.parse('{"name":"__proto__","type":"number"}')] }), /expected the name of a column/],
    ['two columns of one name', changed({ inputs: [description.inputs[0], description.inputs[0]] }), /there is a column 'mass' already/],
    ['an input that is the target', changed({ inputs: [{ name: 'species', type: 'number' }] }), /there is a column 'species' already/],
    ['another type', changed({ inputs: [{ name: 'a', type: 'ignore' }] }), /inputs\[0\] type: expected one of number, category, boolean/],
    ['labels of numbers', changed({ inputs: [{ name: 'a', type: 'number', labels: ['a'] }] }), /inputs\[0\] labels: expected none/],
    ['a category without labels', changed({ inputs: [{ name: 'a', type: 'category' }] }), /inputs\[0\] labels: expected an array of at least 1, of type string/],
    ['labels of another type', changed({ inputs: [{ name: 'a', type: 'category', labels: ['a', 1] }] }), /of type string/],
    ['labels twice', changed({ inputs: [{ name: 'a', type: 'category', labels: ['a', 'a'] }] }), /expected each once/],
    ['no target', changed({ target: undefined }), /features target: expected an object/],
    ['one class', changed({ target: { name: 'y', type: 'category', labels: ['a'] } }), /target labels: expected an array of at least 2/],
    ['a class with a meaning', changed({ target: { name: 'y', type: 'category', labels: ['a', '__proto__'] } }), /of type string/],
    ['classes that are no numbers', changed({ target: { name: 'y', type: 'number', labels: [1, Infinity] } }), /of type number/],
    ['a regression of words', changed({ task: 'regression' }), /target type: expected one of number/],
    ['a regression with classes', changed({ task: 'regression', target: { name: 'y', type: 'number', labels: [1, 2] } }), /target labels: expected none/],
    ['columns left out that are there', changed({ leftOut: ['mass'] }), /leftOut\[0\]: there is a column 'mass' already/],
    ['no list of those left out', changed({ leftOut: 'ring' }), /leftOut: expected an array of names/],
  ])('refuses %s', (_, value, message) => {
    expect(() => Features.from(value)).toThrow(OptionError);
    expect(() => Features.from(value)).toThrow(message);
  });

  it('throws nothing but its own errors for any JSON', () => {
    const part = fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>('number', 'category', ['a', 'b'], 'regression', 'x'));
    const column = fc.record({ name: part, type: part, labels: part }, { requiredKeys: [] });
    const any = fc.record({ task: part, inputs: fc.oneof(part, fc.array(column)), target: fc.oneof(part, column), leftOut: part }, { requiredKeys: [] });
    fc.assert(fc.property(fc.oneof(fc.jsonValue(), any), (value) => {
      try {
        expect(Features.from(value).inputs.length).toBeGreaterThan(0);
      } catch (error) {
        expect((error as NablaError).code).toBe('OPTION');
      }
    }), { numRuns: 300 });
  });
});

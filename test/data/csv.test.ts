/** Tables out of CSV: what RFC 4180 allows, types found and named, every error with its place, and any chunking gives the same. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError, OptionError, parseCsv, readCsv, type CsvOptions, type NablaError, type Table } from '../../src/index.ts';

/** Values by name, as plain arrays. */
const valuesOf = ({ columns }: Table): Record<string, unknown[]> => Object.fromEntries(columns.map(({ name, values }) => [name, [...values]]));
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield await Promise.resolve(bytes.subarray(at, at + size));
    at += size;
  }
}

const penguins = `species,island,bill_length_mm,body_mass_g,sex,year
Adelie,Torgersen,39.1,3750,male,2007
Adelie,Torgersen,NA,NA,NA,2007
Gentoo,Biscoe,46.1,4500,female,2007
`;

describe('a table', () => {
  it('has typed columns, as plain data', () => {
    expect(parseCsv(penguins)).toEqual({
      rowCount: 3,
      columns: [
        { name: 'species', type: 'category', values: ['Adelie', 'Adelie', 'Gentoo'], codes: Int32Array.of(0, 0, 1), labels: ['Adelie', 'Gentoo'] },
        { name: 'island', type: 'category', values: ['Torgersen', 'Torgersen', 'Biscoe'], codes: Int32Array.of(0, 0, 1), labels: ['Torgersen', 'Biscoe'] },
        { name: 'bill_length_mm', type: 'number', values: Float64Array.of(39.1, NaN, 46.1) },
        { name: 'body_mass_g', type: 'number', values: Float64Array.of(3750, NaN, 4500) },
        { name: 'sex', type: 'category', values: ['male', null, 'female'], codes: Int32Array.of(0, -1, 1), labels: ['male', 'female'] },
        { name: 'year', type: 'number', values: Float64Array.of(2007, 2007, 2007) },
      ],
    });
  });

  it('has true and false where no other words are, and NaN where there are none', () => {
    const { columns } = parseCsv('a,b,c,d\ntrue,TRUE,,yes\nFalse,,?,no\n');
    expect(columns.map(({ type }) => type)).toEqual(['boolean', 'boolean', 'number', 'category']);
    expect(columns.slice(0, 3).map(({ values }) => [...values])).toEqual([[true, false], [true, null], [NaN, NaN]]);
  });

  it.each<[string, string, unknown[][]]>([
    ['commas, quotes and line ends in quotes', 'a,b\n"1,5","say ""hi"""\n"two\r\nlines","""\n"\n', [['1,5', 'two\r\nlines'], ['say "hi"', '"\n']]],
    ['CRLF', 'a,b\r\nx,y\r\nz,w\r\n', [['x', 'z'], ['y', 'w']]],
    ['CR', 'a,b\rx,y\rz,w', [['x', 'z'], ['y', 'w']]],
    ['no line end at last, and an empty field', 'a,b\nx,y\nz,', [['x', 'z'], ['y', null]]],
    ['a quote at the very end', 'a,b\nx,"y"', [['x'], ['y']]],
    ['a byte order mark', '\uFEFFa,b\nx,y', [['x'], ['y']]],
    ['blank lines', '\n\na,b\n\nx,y\n  \n\nz,w\n\n', [['x', 'z'], ['y', 'w']]],
    ['blanks around fields but not within quotes', ' a , b\n x\t, " y " \n', [['x'], [' y ']]],
    ['quotes within a field', 'a,b\n5" disk,it\'s "so"', [['5" disk'], ['it\'s "so"']]],
    ['letters of two to four bytes', 'a,b\nä€,😀\n', [['ä€'], ['😀']]],
    ['a byte order mark within', 'a,b\n\uFEFFx,"\uFEFF"\n', [['\uFEFFx'], ['\uFEFF']]],
    ['an empty field in quotes, alone in its line', 'a\nx\n""\ny', [['x', null, 'y']]],
  ])('is read from text with %s', (_what, text, expected) => {
    expect(Object.values(valuesOf(parseCsv(text, { header: true })))).toEqual(expected);
    expect(parseCsv(bytesOf(text), { header: true })).toEqual(parseCsv(text, { header: true }));
  });

  it('gives back every word it was written from', () => {
    const cell = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 6 }), fc.string({ unit: fc.constantFrom('"', ',', ';', '\r', '\n', ' ', 'a', '|', '\t'), maxLength: 6 })).filter((word) => !word.includes('\0'));
    const cells = fc.integer({ min: 1, max: 4 }).chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }));
    fc.assert(fc.property(cells, fc.constantFrom(',', ';', '\t', '|'), fc.constantFrom('\n', '\r\n', '\r'), (rows, delimiter, end) => {
      const text = rows.map((row) => row.map((word) => `"${word.replaceAll('"', '""')}"`).join(delimiter)).join(end);
      const types = Object.fromEntries(rows[0]!.map((_, i) => [`column_${i + 1}`, 'category' as const]));
      const { columns, rowCount } = parseCsv(text, { header: false, delimiter, missing: [], columns: types });
      expect(rowCount).toBe(rows.length);
      expect(columns.map(({ values }) => values)).toEqual(rows[0]!.map((_, i) => rows.map((row) => row[i]!)));
    }), { numRuns: 300, seed: 20261122 });
  });
});

describe('numbers', () => {
  it('are those that the engine reads, to the bit', () => {
    const digits = fc.string({ unit: fc.constantFrom(...Array.from({ length: 10 }, (_, digit) => String(digit))), maxLength: 20 });
    const text = fc.tuple(fc.constantFrom('', '-', '+'), digits, fc.option(digits), fc.option(fc.tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '-', '+'), fc.integer({ min: 0, max: 340 }))))
      .filter(([, whole, fraction]) => whole !== '' || (fraction ?? '') !== '')
      .map(([sign, whole, fraction, power]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${power?.join('') ?? ''}`);
    const either = fc.oneof(text, fc.double({ noNaN: true }).map(String));
    fc.assert(fc.property(fc.array(either, { minLength: 1, maxLength: 20 }), (texts) => {
      const { columns } = parseCsv(texts.join('\n'), { header: false });
      expect(columns[0]).toEqual({ name: 'column_1', type: 'number', values: Float64Array.from(texts, Number) });
    }), { numRuns: 1000, seed: 20261122 });
  });

  it.each(['1,5', '1 000', '0x10', '1e', '1e+', '--1', '1.2.3', '.', '-', 'e5', '1_0', '12abc', 'infinite', '١'])('%s is none', (text) => {
    expect(parseCsv(`a;b\n${text};1\n`, { delimiter: ';', missing: [] }).columns[0]).toMatchObject({ type: 'category', values: [text] });
  });

  it('may be infinite', () => {
    expect(valuesOf(parseCsv('a\ninf\n-Infinity\n+INF\n1e999')).a).toEqual([Infinity, -Infinity, Infinity, Infinity]);
  });
});

describe('types', () => {
  const numbers = (count: number): string => Array.from({ length: count }, (_, i) => i).join('\n');

  it('stand after 1,000 values that are not missing', () => {
    expect(parseCsv(`a\n${numbers(999)}\nx\n`).columns[0]).toMatchObject({ type: 'category' });
    expect(parseCsv(`a,b\n${'?,1\n'.repeat(3000)}x,1\n`).columns[0]).toMatchObject({ type: 'category' });
    expect(() => parseCsv(`a\n${numbers(1000)}\nx\n`)).toThrow(/line 1002: row 1000, column 'a': expected a number, as in the rows before, received 'x'/);
    expect(() => parseCsv(`a,b\n${'true,1\n'.repeat(1000)}maybe,1`)).toThrow(/row 1000, column 'a': expected true or false, as in the rows before, received 'maybe'/);
  });

  it('keep words as they were written', () => {
    expect(parseCsv(`a\n007\n1.50\nx\n`).columns[0]).toMatchObject({ labels: ['007', '1.50', 'x'] });
  });

  it('are those named', () => {
    const text = 'zip,flag,skip,n\n01234,yes,a,1\n01234,0,b,\n';
    const columns = { zip: 'category', flag: 'boolean', skip: 'ignore', n: 'number' } as const;
    expect(valuesOf(parseCsv(text, { columns }))).toEqual({ zip: ['01234', '01234'], flag: [true, false], n: [1, NaN] });
    expect(parseCsv(text, { columns: { n: 'category' } }).columns[3]).toMatchObject({ values: ['1', null], labels: ['1'] });
  });

  it('hold for many words', () => {
    const words = Array.from({ length: 20_000 }, (_, i) => `w${(i * 7919) % 5000}`);
    expect(parseCsv(`a\n${words.join('\n')}`).columns[0]!.values).toEqual(words);
  });
});

describe('options', () => {
  it.each<[string, string, CsvOptions, Record<string, unknown[]>]>([
    ['semicolons are found', 'a;b\n1,5;2\n2,5;3\n', {}, { a: ['1,5', '2,5'], b: [2, 3] }],
    ['tabs are found', 'a\tb\n1\t\n2\t3\n', {}, { a: [1, 2], b: [NaN, 3] }],
    ['bars are found', 'a|b\n"x,y,z"|2\n', {}, { a: ['x,y,z'], b: [2] }],
    ['commas are found among texts with others', 'a,b\n"x;y",1\nz;w;v,2\n', {}, { a: ['x;y', 'z;w;v'], b: [1, 2] }],
    ['one column needs none', 'a\n1\n2\n', {}, { a: [1, 2] }],
    ['delimiter: another character', 'a:b\n1:2\n', { delimiter: ':' }, { a: [1], b: [2] }],
    ['delimiter: a blank', 'a b\n1 2\n', { delimiter: ' ' }, { a: [1], b: [2] }],
    ['header auto: numbers are no names', '1,x\n2,y\n', {}, { column_1: [1, 2], column_2: ['x', 'y'] }],
    ['header: true', '1,2\n3,4\n', { header: true }, { 1: [3], 2: [4] }],
    ['header: false', 'a,b\nc,d\n', { header: false }, { column_1: ['a', 'c'], column_2: ['b', 'd'] }],
    ['a name left out', ',b\n1,2\n', {}, { column_1: [1], b: [2] }],
    ['missing', 'a,b\n-999,NA\n1,x\n', { missing: ['-999'] }, { a: [NaN, 1], b: ['NA', 'x'] }],
    ['skipLines', '|1x3 Cross validator\r\n25, Private\r\n38, ?\r\n', { skipLines: 1 }, { column_1: [25, 38], column_2: ['Private', null] }],
    ['skipLines past names', '# one\n# two\na;b\n1;2', { skipLines: 2 }, { a: [1], b: [2] }],
  ])('%s', (_what, text, options, expected) => {
    expect(valuesOf(parseCsv(text, options))).toEqual(expected);
  });

  it.each<[string, () => unknown, new (...args: never[]) => NablaError, RegExp]>([
    ['an unknown option', () => parseCsv('a\n1', { delimeter: ';' } as never), OptionError, /parseCsv: unknown option 'delimeter', did you mean 'delimiter'/],
    ['an unknown column', () => parseCsv('age,sex\n1,m', { columns: { aeg: 'number' } }), OptionError, /columns: no column has the name 'aeg', did you mean 'age'\?; there are age, sex/],
    ['a name of every object', () => parseCsv('a\n1', { columns: { toString: 'number' } as never }), OptionError, /no column has the name 'toString'/],
    ['an unknown type', () => parseCsv('age\n1', { columns: { age: 'numeric' } as never }), OptionError, /columns 'age': expected one of number, category, boolean, ignore; received 'numeric'/],
    ['a long delimiter', () => parseCsv('a\n1', { delimiter: '||' }), OptionError, /delimiter: expected one ASCII character/],
    ['a quote as delimiter', () => parseCsv('a\n1', { delimiter: '"' }), OptionError, /delimiter/],
    ['another header', () => parseCsv('a\n1', { header: 'yes' as never }), OptionError, /header: expected true, false or 'auto', received 'yes'/],
    ['missing that is no list', () => parseCsv('a\n1', { missing: 'NA' as never }), OptionError, /missing: expected an array of words/],
    ['skipLines below 0', () => parseCsv('a\n1', { skipLines: -1 }), OptionError, /skipLines/],
    ['no text', () => parseCsv(7 as never), DataError, /expected text or a Uint8Array, received 7/],
  ])('%s is refused', (_what, work, kind, message) => {
    expect(work).toThrow(kind);
    expect(work).toThrow(message);
  });
});

describe('errors', () => {
  const gzip = Uint8Array.of(0x1f, 0x8b, 8, 0);
  it.each<[string, string | Uint8Array, CsvOptions, RegExp]>([
    ['nothing', '', {}, /^parseCsv: expected a table, received nothing$/],
    ['blank lines alone', '\n\n \n', {}, /expected a table, received blank lines alone/],
    ['a header alone', 'a,b\n', {}, /expected rows below the header \(a, b\), received none; with header: false it is a row itself/],
    ['a row too short', 'a,b\n1,2\n3\n', {}, /^parseCsv: line 3: row 1: expected 2 fields, as in the first record, received 1$/],
    ['a row too long, after a field of several lines', 'a,b\n"1\n1",2\n\n3,4,5\n', {}, /^parseCsv: line 5: row 1: expected 2 fields, as in the first record, received 3$/],
    ['text in a column of numbers', 'a,b\n1,2\n3,x\n', { columns: { b: 'number' } }, /^parseCsv: line 3: row 1, column 'b': expected a number, received 'x'; if it stands for a missing value, add it to `missing`; for words, columns: \{ 'b': 'category' \}$/],
    ['a word for true or false', 'a\nmaybe\n', { columns: { a: 'boolean' } }, /line 2: row 0, column 'a': expected true or false, received 'maybe'/],
    ['a missing value that is not said to be one', 'a,b\n,1\n', { missing: [], columns: { a: 'number' } }, /row 0, column 'a': expected a number, received ''/],
    ['an open quote', 'a,b\n1,2\n"x,3\n4,5\n', {}, /^parseCsv: line 3: column 1: a quote is not closed, before 'x,3\n4,5\n'$/],
    ['text behind a quote', 'a,b\n1,"x"y\n', {}, /^parseCsv: line 2: column 2: expected the end of the field behind the closing quote of 'x'$/],
    ['one name twice', 'a,b,a\n1,2,3\n', {}, /^parseCsv: line 1: columns 1 and 3 have the same name, 'a'; with header: false names are numbers$/],
    ['a byte of 0', Uint8Array.of(97, 44, 98, 10, 49, 44, 0, 10), {}, /line 2: column 2: expected text, received a byte that is 0; is this a binary file/],
    ['UTF-16', Uint8Array.of(0xff, 0xfe, 97, 0), {}, /UTF-16/],
    ['gzip', gzip, {}, /received gzip; readCsv unpacks it/],
    ['bytes that are no UTF-8', Uint8Array.of(97, 10, 228, 10), {}, /line 2: row 0, column 'a': expected text in UTF-8, received '\uFFFD'; is this a binary file, or text in another encoding\? Then give it as a string: new TextDecoder\('windows-1252'\)/],
    ['a name that is no UTF-8', Uint8Array.of(228, 10, 49, 10), {}, /line 1: column 1: expected a name in UTF-8; is this a binary file/],
  ])('%s', (_what, input, options, message) => {
    expect(() => parseCsv(input, options)).toThrow(DataError);
    expect(() => parseCsv(input, options)).toThrow(message);
  });
});

describe('any chunking', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
  const outcome = async (work: () => Table | Promise<Table>): Promise<unknown> => {
    try {
      return await work();
    } catch (error) {
      return (error as Error).message.replace('readCsv', 'parseCsv');
    }
  };

  it('gives the same table, or the same error', async () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', '\r\n', ' ', 'ä', '😀', '1', 'NA', ',', '\n'), maxLength: 40 }),
      fc.array(fc.constantFrom('"ä\r\n""😀"', '1', '-2.5e3', 'NA', '', ' x ', 'true', '"a,b"'), { minLength: 4, maxLength: 24 })
        .map((cells) => cells.map((cell, i) => cell + (i % 4 === 3 ? '\r\n' : ',')).join('')),
    );
    const options = fc.record({ header: fc.constantFrom(true, false, 'auto' as const), delimiter: fc.constantFrom(',', 'auto'), skipLines: fc.nat(1) });
    await fc.assert(fc.asyncProperty(text, options, sizes, fc.boolean(), async (text, options, sizes, mark) => {
      const bytes = bytesOf((mark ? '\uFEFF' : '') + text);
      const whole = await outcome(() => parseCsv(bytes, options));
      expect(await outcome(() => readCsv(chunksOf(bytes, sizes), options))).toEqual(whole);
    }), { numRuns: 1000, seed: 20261122 });
  });

  it('gives the same for a long table', async () => {
    const line = (i: number): string => `${i},${i % 7 === 0 ? 'NA' : i / 8},"wö""rd\r\n${i % 300}",${i % 2 === 0}\r\n`;
    const bytes = bytesOf(`id,x,word,even\r\n${Array.from({ length: 5000 }, (_, i) => line(i)).join('')}`);
    const whole = parseCsv(bytes);
    expect(whole.columns[2]!.values[4999]).toBe('wö"rd\r\n199');
    for (const size of [1, 7, 1000, 65_536]) expect(await readCsv(chunksOf(bytes, [size]))).toEqual(whole);
  });
});

describe('long columns of numbers', () => {
  // Types stand after 1,000 rows, and rows are then read in blocks.
  const spellings = ['0', '7', '-0', '12.5', '-3.25', '+4', '.5', '5.', '1e3', '-2.5E-4', '123456789012345678', '0.1234567890123456789', 'inf', '', 'NA', ' 6 ', '"8"', '"1.5"'];
  const meanings = [0, 7, -0, 12.5, -3.25, 4, 0.5, 5, 1e3, -2.5e-4, 123456789012345678, 0.1234567890123456789, Infinity, NaN, NaN, 6, 8, 1.5];
  const cell = (row: number, column: number): number => (row * 7 + column * 5 + (row % 11) * column) % spellings.length;
  const rows = 2500;
  const textWith = (end: string): string => Array.from({ length: rows }, (_, row) => [0, 1, 2].map((column) => spellings[cell(row, column)]).join()).join(end);

  it.each([['\n'], ['\r\n'], ['\r']])('are the same values in whatever way numbers are written, with lines that end in %j', (end) => {
    const { columns, rowCount } = parseCsv(textWith(end), { header: false });
    expect(rowCount).toBe(rows);
    columns.forEach(({ type, values }, column) => {
      expect(type).toBe('number');
      expect([...values]).toEqual(Array.from({ length: rows }, (_, row) => meanings[cell(row, column)]));
    });
  });

  it('come in any pieces', async () => {
    const bytes = new TextEncoder().encode(textWith('\n'));
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let at = 0, size = 1; at < bytes.length; at += size, size = 1 + (size * 5) % 97) yield await Promise.resolve(bytes.slice(at, at + size));
    }
    expect(await readCsv(pieces(), { header: false })).toEqual(parseCsv(bytes, { header: false }));
  });

  it('have their missing values where a number stands for one', () => {
    const text = Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? '-999' : String(row))).join('\n');
    const [column] = parseCsv(text, { header: false, missing: ['-999'] }).columns;
    expect([...column!.values]).toEqual(Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? NaN : row)));
  });

  it('are told from what is none, and rows of another length, by line, row and column', () => {
    const plain = Array.from({ length: 2000 }, (_, row) => `${row},1`).join('\n');
    expect(() => parseCsv(`${plain}\n3,x\n`, { header: false })).toThrow("line 2001: row 2000, column 'column_2': expected a number, as in the rows before, received 'x'");
    expect(() => parseCsv(`${plain}\n3\n`, { header: false })).toThrow('line 2001: row 2000: expected 2 fields, as in the first record, received 1');
    expect(() => parseCsv(`${plain}\n3,4,5\n`, { header: false })).toThrow('line 2001: row 2000: expected 2 fields, as in the first record, received 3');
    expect(parseCsv(`${plain}\n\n3,4`, { header: false }).rowCount).toBe(2001);
  });

  it('of many columns are known after fewer rows', () => {
    const header = Array.from({ length: 1500 }, (_, i) => `c${i}`).join();
    const row = (last: string): string => `${Array.from({ length: 1499 }, (_, i) => i).join()},${last}`;
    const lines = (count: number): string[] => Array.from({ length: count }, () => row('1'));
    expect(parseCsv([header, ...lines(90), row('word')].join('\n')).columns.at(-1)!.type).toBe('category');
    expect(() => parseCsv([header, ...lines(110), row('word')].join('\n'))).toThrow("column 'c1499': expected a number");
  });
});

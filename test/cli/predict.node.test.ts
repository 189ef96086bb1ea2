/** `nabla predict`: the numbers are those of the model, columns go by name or in order, and nothing is written where something is wrong. */

import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, symlinkSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseCsv, type NumberColumn, type Sequential } from '../../src/index.ts';
import { birdModel, birds, csvOf, oneNumber, threeClasses, workplace } from './workplace.ts';

const { folder, nabla, json, write, read, path } = workplace();
const colours = threeClasses();
const points = [[0.5, -1], [2, 0.25], [-3, 1], [0, 0]];
let species: Sequential;
let sex: Sequential;
let mass: Sequential;

beforeAll(async () => {
  [species, sex, mass] = await Promise.all([birdModel('species'), birdModel('sex'), birdModel('mass')]);
  for (const [name, model] of Object.entries({ colours, species, sex, mass, number: oneNumber() })) write(`${name}.safetensors`, model.toBytes());
  write('points.csv', `a,b\n${points.map((point) => point.join(',')).join('\n')}\n`);
  write('birds.csv', csvOf(birds));
});

/** The columns of a file of predictions. */
function columnsOf(text: string): Record<string, ArrayLike<unknown>> {
  return Object.fromEntries(parseCsv(text).columns.map(({ name, values }) => [name, values]));
}

/** Decimals that read as the float32s that they stand for. */
const exactly = (values: ArrayLike<number>): number[] => Array.from(values, Math.fround);

describe('predictions', () => {
  it('have a column for each class, the likeliest one with its probability first', () => {
    const { stdout, stderr, status } = nabla('predict', 'colours.safetensors', 'points.csv');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout.split('\n')[0]).toBe('label,probability,red,"green, or so",blue');
    const columns = columnsOf(stdout);
    const expected = colours.predict(points);
    ['red', 'green, or so', 'blue'].forEach((label, i) => {
      expect(exactly(columns[label] as Float64Array)).toEqual(points.map((_, row) => expected[3 * row + i]));
    });
    points.forEach((_, row) => {
      const most = Math.max(...expected.subarray(3 * row, 3 * row + 3));
      expect(Math.fround((columns['probability'] as Float64Array)[row]!)).toBe(most);
      expect(Math.fround((columns[columns['label']![row] as string] as Float64Array)[row]!)).toBe(most);
    });
  });

  it('are records with --json, as the library gives them', () => {
    const records = json('predict', 'species.safetensors', 'birds.csv') as { label: string; probability: number; probabilities: Record<string, number> }[];
    const expected = species.predictRecords(birds);
    expect(records).toHaveLength(birds.length);
    records.forEach(({ label, probability, probabilities }, row) => {
      expect(label).toBe(expected[row]!.label);
      expect(probability).toBeCloseTo(expected[row]!.probability!, 6);
      expect(probabilities).toEqual(Object.fromEntries(Object.entries(expected[row]!.probabilities!).map(([key, value]) => [key, expect.closeTo(value, 6) as number])));
    });
    expect((json('predict', 'sex.safetensors', 'birds.csv') as { label: string }[]).map(({ label }) => label)).toEqual(sex.predictRecords(birds).map(({ label }) => label));
  });

  it('of a regression are values', () => {
    const known = birds.map(({ mass: _, ...bird }) => bird);
    write('weightless.csv', csvOf(known));
    const expected = exactly(mass.predictRecords(known).map(({ value }) => value!));
    expect(exactly(columnsOf(nabla('predict', 'mass.safetensors', 'weightless.csv').stdout)['value'] as Float64Array)).toEqual(expected);
    expect(exactly((json('predict', 'mass.safetensors', 'birds.csv') as { value: number }[]).map(({ value }) => value))).toEqual(expected);
  });

  it('do not depend on where columns stand, on others, or on the target', () => {
    const whole = nabla('predict', 'species.safetensors', 'birds.csv').stdout;
    write('turned.csv', csvOf(birds.map(({ species: _, ...bird }) => ({ note: 'x', ...Object.fromEntries(Object.entries(bird).reverse()) }))));
    expect(nabla('predict', 'species.safetensors', 'turned.csv').stdout).toBe(whole);
    expect(whole.split('\n')).toHaveLength(birds.length + 2);
  });

  it('come with a note of words that the model has not met', () => {
    write('mars.csv', csvOf(birds.map((bird, i) => (i % 9 === 0 ? { ...bird, island: 'Mars' } : bird))));
    const { stderr, status } = nabla('predict', 'species.safetensors', 'mars.csv');
    expect({ stderr, status }).toEqual({ stderr: "column 'island': the model was not trained on 'Mars'\n", status: 0 });
    expect(nabla('predict', 'species.safetensors', 'birds.csv').stderr).toBe('');
  });

  it('are never spoken of in words out of a file that steer the terminal', () => {
    write('steering.csv', csvOf(birds.map((bird) => ({ ...bird, island: '\x1b[31mMars' }))));
    expect(nabla('predict', 'species.safetensors', 'steering.csv').stderr).toBe("column 'island': the model was not trained on '·[31mMars'\n");
    write('lines.csv', '"a\x1b[2J\nb",c\n1,2\n');
    expect(nabla('predict', 'species.safetensors', 'lines.csv')).toMatchObject({ stderr: expect.stringMatching(/ it has 'a·\[2J·b', 'c'\n$/) as unknown, status: 2 });
  });

  it('take columns of numbers in order where the model knows no names', () => {
    write('more.csv', `id,a,name,b,class\n${points.map(([a, b], i) => `${i},${a},n${i},${b},0`).join('\n')}\n`);
    const plain = nabla('predict', 'colours.safetensors', 'points.csv').stdout;
    expect(nabla('predict', 'colours.safetensors', 'more.csv', '--target', 'class', '--ignore', 'id')).toEqual(expect.objectContaining({
      stdout: plain, stderr: "not numbers, and left out: 'name'\n", status: 0,
    }));
    expect(nabla('predict', 'colours.safetensors', 'points.csv', '--target', 'class').stdout).toBe(plain);
    write('bare.txt', `made by hand\n${points.map((point) => point.join('\t')).join('\n')}\n`);
    expect(nabla('predict', 'colours.safetensors', 'bare.txt', '--skip-lines', '1', '--no-header', '--delimiter', 'tab').stdout).toBe(plain);
  });

  it('take texts for missing values', () => {
    write('gappy-birds.csv', csvOf(birds.map((bird, i) => (i === 1 ? { ...bird, mass: null } : bird))));
    write('marked-birds.csv', csvOf(birds.map((bird, i) => ({ ...bird, mass: i === 1 ? null : bird.mass ?? 'unknown' }))));
    expect(nabla('predict', 'species.safetensors', 'marked-birds.csv', '--missing', 'unknown').stdout).toBe(nabla('predict', 'species.safetensors', 'gappy-birds.csv').stdout);
    expect(nabla('predict', 'species.safetensors', 'marked-birds.csv')).toMatchObject({
      stderr: "nabla predict: marked-birds.csv: line 5, column 'mass': expected a number, received 'unknown'; if it stands for a missing value, name it with --missing\n", status: 2,
    });
  });

  it('take images of IDX, as the file has them', () => {
    write('images.idx', Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 7, 255, 0, 3));
    const expected = colours.predict([[7, 255], [0, 3]]);
    expect(exactly(columnsOf(nabla('predict', 'colours.safetensors', 'images.idx').stdout)['blue'] as NumberColumn['values'])).toEqual([expected[2], expected[5]]);
  });

  it('go to a file in one move, which only another such file is replaced by', () => {
    const { stdout, stderr, status } = nabla('predict', 'colours.safetensors', 'points.csv', '--out', 'p.csv');
    expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: '4 predictions: p.csv\n', status: 0 });
    expect(read('p.csv')).toBe(nabla('predict', 'colours.safetensors', 'points.csv').stdout);
    expect(nabla('predict', 'colours.safetensors', 'points.csv', '-o', 'p.csv', '--json').status).toBe(0);
    expect(JSON.parse(read('p.csv'))).toHaveLength(4);
    expect(nabla('predict', 'colours.safetensors', 'points.csv', '-o', 'p.csv').status).toBe(0);
    expect(nabla('predict', 'colours.safetensors', 'points.csv', '--out', 'points.csv')).toMatchObject({
      stderr: "nabla predict: 'points.csv' is there already and is not a file of predictions; name another file, or remove it\n", status: 2,
    });
  });

  it('go to the file that a link points to, and to no pipe', () => {
    write('real.csv', '');
    symlinkSync('real.csv', path('link.csv'));
    expect(nabla('predict', 'colours.safetensors', 'points.csv', '--out', 'link.csv').status).toBe(0);
    expect(lstatSync(path('link.csv')).isSymbolicLink()).toBe(true);
    expect(read('real.csv')).toMatch(/^label,probability,/);
    execFileSync('mkfifo', [path('pipe')]);
    expect(nabla('predict', 'colours.safetensors', 'points.csv', '--out', 'pipe')).toMatchObject({ stderr: "nabla predict: 'pipe' cannot be written: it is a pipe or a device\n", status: 2 });
    expect(lstatSync(path('pipe')).isFIFO()).toBe(true);
  });

  it('of very many rows come in pieces', () => {
    write('many.csv', `a,b\n${Array.from({ length: 10_000 }, (_, i) => `${i % 7},${i % 11}`).join('\n')}\n`);
    const records = json('predict', 'colours.safetensors', 'many.csv') as unknown[];
    expect(records).toHaveLength(10_000);
    expect(records[77]).toEqual(records[0]);
  });
});

describe('what cannot be predicted', () => {
  it.each([
    [['none.safetensors', 'points.csv'], "there is no file 'none.safetensors'"],
    [['points.csv', 'points.csv'], "'points.csv' is no model: expected safetensors, ONNX or the model.json of TensorFlow.js"],
    [['cut.safetensors', 'points.csv'], "'cut.safetensors': safetensors, byte 8: expected a header of "],
    [['colours.safetensors', 'none.csv'], "there is no file 'none.csv'"],
    [['colours.safetensors', 'empty.csv'], "empty.csv: expected a table, received nothing"],
    [['colours.safetensors', 'header.csv'], "header.csv: expected rows below the header (a, b), received none; with --no-header it is a row itself"],
    [['colours.safetensors', 'gap.csv'], "'gap.csv': row 2 of the data, column 'b' has no value, and the model takes none that are missing"],
    [['colours.safetensors', 'ragged.csv'], "ragged.csv: line 3: expected 2 fields, as in the first record, received 3"],
    [['number.safetensors', 'points.csv'], "the model takes 3 numbers, 'points.csv' has 2 columns of numbers, 'a', 'b'"],
    [['colours.safetensors', 'three.csv'], "has 3 columns of numbers, 'a', 'b', 'c'; name the one that it predicts with --target, and others that are not for it with --ignore"],
    [['colours.safetensors', 'three.csv', '--target', 'cc'], "--target: 'three.csv' has no column 'cc', did you mean 'c'?; it has 'a', 'b', 'c'"],
    [['colours.safetensors', 'wide.idx'], "the model takes rows of 2 values, those of 'wide.idx' have 1 x 3 = 3"],
    [['colours.safetensors', 'wide.idx', '--target', 'a'], "--target is for tables, and 'wide.idx' is an IDX file"],
    [['species.safetensors', 'points.csv'], "'points.csv' lacks 'island', 'mass', 'ringed', 'sex', which the model takes; it has 'a', 'b'"],
    [['species.safetensors', 'heavy.csv'], "heavy.csv: line 2, column 'mass': expected a number, received 'heavy'; if it stands for a missing value, name it with --missing\n"],
    [['species.safetensors', 'birds.csv', '--target', 'sex'], "--target: the model predicts 'species', received 'sex'"],
    [['species.safetensors', 'birds.csv', '--ignore', 'sex'], '--ignore: the model takes its columns by name, and no others'],
    [['colours.safetensors', 'points.csv', '--out', 'no/p.csv'], "'no/p.csv' cannot be written: there is no folder 'no'"],
    [['colours.safetensors'], 'expects <data>, received no more; nabla predict --help shows how'],
  ])('is said in one sentence, and nothing is written: %j', (args, sentence) => {
    write('cut.safetensors', colours.toBytes().subarray(0, 400));
    write('empty.csv', '');
    write('header.csv', 'a,b\n');
    write('gap.csv', 'a,b\n1,2\n3,\n');
    write('ragged.csv', 'a,b\n1,2\n3,4,5\n');
    write('three.csv', 'a,b,c\n1,2,3\n');
    write('wide.idx', Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3));
    write('heavy.csv', 'island,mass,ringed,sex\nDream,heavy,true,f\n');
    const before = readdirSync(folder);
    const out = args.includes('--out') ? [] : ['--out', 'new.csv'];
    const { stdout, stderr, status } = nabla('predict', ...args, ...out);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    expect(stderr).toMatch(/^nabla predict: [^\n]*\n$/);
    expect(stderr).toContain(sentence);
    expect(readdirSync(folder)).toEqual(before);
  });
});

/** `nabla evaluate`: its scores are those of the library's metrics, on tables and on images. */

import { beforeAll, describe, expect, it } from 'vitest';
import { accuracyScore, confusionMatrix, f1Score, mae, mse, r2Score, tableFromRecords, type Sequential } from '../../src/index.ts';
import { birdModel, birds, csvOf, oneNumber, threeClasses, workplace } from './workplace.ts';

const { nabla, json, write } = workplace();
const colours = threeClasses();
const number = oneNumber();
const labels = ['red', 'green, or so', 'blue'];
const points = Array.from({ length: 30 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]);
const classes = points.map((_, i) => (i * i) % 3);
let species: Sequential;
let sex: Sequential;
let mass: Sequential;

beforeAll(async () => {
  [species, sex, mass] = await Promise.all([birdModel('species'), birdModel('sex'), birdModel('mass')]);
  for (const [name, model] of Object.entries({ colours, number, species, sex, mass })) write(`${name}.safetensors`, model.toBytes());
  write('points.csv', `a,b,class\n${points.map(([a, b], i) => `${a},${b},${classes[i]}`).join('\n')}\n`);
  write('birds.csv', csvOf(birds));
});

interface Document {
  readonly task: string;
  readonly rows: number;
  readonly metrics: Record<string, number>;
  readonly confusion: { readonly labels: string[]; readonly matrix: number[][] };
}

describe('scores', () => {
  it('of classes are those of the library, and the loss is of what the model was compiled with', () => {
    const predicted = colours.predict(points);
    const { task, rows, metrics, confusion } = json('evaluate', 'colours.safetensors', 'points.csv') as Document;
    expect({ task, rows }).toEqual({ task: 'classification', rows: 30 });
    expect(metrics['accuracy']).toBe(accuracyScore(classes, predicted));
    expect(metrics['macroF1']).toBeCloseTo(f1Score(classes, predicted, { average: 'macro' }), 12);
    expect(metrics['loss']).toBeCloseTo(colours.evaluate(points, classes)['loss']!, 12);
    expect(confusion).toEqual({ labels, matrix: confusionMatrix(classes, predicted).map((row) => [...row]) });
  });

  it('as text have the figures and the matrix', () => {
    const { stdout, stderr, status } = nabla('evaluate', 'colours.safetensors', 'points.csv', '--target', 'class');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    const wrong = 30 - Math.round(30 * accuracyScore(classes, colours.predict(points)));
    expect(stdout).toMatch(new RegExp(`^Accuracy [\\d.]+ %, macro F1 0\\.\\d{3}: ${wrong} of 30 rows wrong$`, 'm'));
    for (const label of labels) expect(stdout).toContain(label);
    expect(stdout).toMatch(/^Loss [\d.]+$/m);
  });

  it('take the names of classes as targets too', () => {
    const named = `a,b,class\n${points.map(([a, b], i) => `${a},${b},"${labels[classes[i]!]!}"`).join('\n')}\n`;
    write('named.csv', named);
    expect(json('evaluate', 'colours.safetensors', 'named.csv', '--target', 'class')).toEqual({
      ...json('evaluate', 'colours.safetensors', 'points.csv') as object, data: 'named.csv',
    });
  });

  it('of a model of a table are of its own target, of two classes and of more; rows without it are left out', () => {
    const gappy = birds.map((bird, i) => (i === 4 ? { ...bird, species: null } : bird));
    write('gappy.csv', csvOf(gappy));
    const { stderr, status } = nabla('evaluate', 'species.safetensors', 'gappy.csv');
    expect({ stderr, status }).toEqual({ stderr: "1 row without 'species' left out\n", status: 0 });
    const known = tableFromRecords(gappy.filter((bird) => bird.species !== null));
    const truth = birds.filter((_, i) => i !== 4).map((bird) => bird.species);
    const right = species.predictRecords(known).filter(({ label }, i) => label === truth[i]).length;
    expect((json('evaluate', 'species.safetensors', 'gappy.csv') as Document)).toMatchObject({ rows: 39, metrics: { accuracy: right / 39 } });
    const { x, y } = sex.features!.encode(birds);
    expect((json('evaluate', 'sex.safetensors', 'birds.csv') as Document).metrics['accuracy']).toBe(accuracyScore(y!, sex.predict(x)));
  });

  it('of a regression are those of the library', () => {
    const known = birds.filter((bird) => bird.mass !== null);
    const { x, y } = mass.features!.encode(known);
    const predicted = mass.predict(x);
    const { task, metrics } = json('evaluate', 'mass.safetensors', 'birds.csv') as Document;
    expect(task).toBe('regression');
    expect(metrics['mse']! / mse(y!, predicted)).toBeCloseTo(1, 6);
    expect(metrics['mae']! / mae(y!, predicted)).toBeCloseTo(1, 6);
    expect(metrics['r2']).toBeCloseTo(r2Score(y!, predicted), 6);
    const text = nabla('evaluate', 'mass.safetensors', 'birds.csv').stdout;
    expect(text).toMatch(/^R² .*, mean absolute error .* rows$/m);
    expect(text).toMatch(/^MSE /m);
  });

  it('of a model that is not compiled have no loss', () => {
    write('triples.csv', 'a,b,c,y\n1,2,3,0.5\n2,3,4,0.25\n-1,0,1,1\n');
    const { metrics } = json('evaluate', 'number.safetensors', 'triples.csv') as Document;
    expect(metrics['mae']).toBeCloseTo(mae([0.5, 0.25, 1], number.predict([[1, 2, 3], [2, 3, 4], [-1, 0, 1]])), 6);
    expect(metrics).not.toHaveProperty('loss');
  });

  it('of images take a second file, of the labels', () => {
    write('images.idx', Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 7, 255, 0, 3, 1, 1));
    write('labels.idx', Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 1));
    const accuracy = accuracyScore([2, 0, 1], colours.predict([[7, 255], [0, 3], [1, 1]]));
    expect((json('evaluate', 'colours.safetensors', 'images.idx', 'labels.idx') as Document).metrics['accuracy']).toBe(accuracy);
  });
});

describe('what cannot be scored', () => {
  it.each([
    [['colours.safetensors', 'two.csv'], "expects --target, the column of 'two.csv' that the model predicts; it has 'a', 'b'"],
    [['colours.safetensors', 'seven.csv'], "'seven.csv', column 'class': row 2 of the data: expected a class, a whole number from 0 to 2, received '7'"],
    [['colours.safetensors', 'pink.csv', '--target', 'class'], "'pink.csv', column 'class': row 1 of the data: expected a class, one of 'red', 'green, or so', 'blue', received 'pink'"],
    [['species.safetensors', 'targetless.csv'], "'targetless.csv' lacks 'species', which the model predicts; it has 'island', 'mass', 'ringed', 'sex'"],
    [['species.safetensors', 'emperor.csv'], "emperor.csv: row 3 of the data, column 'species': expected one of 'Adelie', 'Gentoo', received 'Emperor'"],
    [['species.safetensors', 'stops.csv'], "stops.csv: row 1 of the data, column 'species': expected one of 'Adelie', 'Gentoo', received 'Adelie.', did you mean 'Adelie'?"],
    [['colours.safetensors', 'red.csv', '--target', 'class'], "'red.csv', column 'class': row 2 of the data: expected a class, one of 'red', 'green, or so', 'blue', received 'red.', did you mean 'red'?"],
    [['colours.safetensors', 'images.idx'], "expects the IDX file of the labels after 'images.idx', received none"],
    [['colours.safetensors', 'images.idx', 'few.idx'], "'few.idx' should hold one label for each of the 3 rows of 'images.idx', and holds 2 values"],
    [['colours.safetensors', 'points.csv', 'few.idx'], "'points.csv' is a table, whose targets are one of its columns; 'few.idx' is one file too many"],
  ])('is said in one sentence: %j', (args, sentence) => {
    write('two.csv', 'a,b\n1,2\n');
    write('seven.csv', 'a,b,class\n1,2,0\n1,2,7\n');
    write('pink.csv', 'a,b,class\n1,2,pink\n');
    write('targetless.csv', csvOf(birds.map(({ species: _, ...bird }) => bird)));
    write('emperor.csv', csvOf(birds.map((bird, i) => ({ ...bird, species: ['', 'Gentoo', 'Emperor'][i % 3]! }))));
    write('stops.csv', csvOf(birds.map((bird) => ({ ...bird, species: `${bird.species}.` }))));
    write('red.csv', 'a,b,class\n1,2,blue\n1,2,red.\n');
    write('few.idx', Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 2, 0));
    expect(nabla('evaluate', ...args)).toEqual(expect.objectContaining({ stdout: '', stderr: `nabla evaluate: ${sentence}\n`, status: 2 }));
  });
});

/** `nabla check`: says ok of true gradients, and exits with 1 where a derivative was replaced. */

import { beforeAll, describe, expect, it } from 'vitest';
import { dense, sequential } from '../../src/index.ts';
import { birdModel, birds, csvOf, oneNumber, threeClasses, workplace } from './workplace.ts';

const { nabla, json, write } = workplace();

beforeAll(async () => {
  write('colours.safetensors', threeClasses().toBytes());
  write('number.safetensors', oneNumber().toBytes());
  const crooked = sequential({ layers: [dense({ units: 3, activation: 'tanh', derivative: 'constant', inputShape: [2] }), dense({ units: 2, activation: 'softmax' })], seed: 2 });
  write('crooked.safetensors', crooked.toBytes());
  write('species.safetensors', (await birdModel('species')).toBytes());
  write('points.csv', `a,b,class\n${Array.from({ length: 60 }, (_, i) => `${Math.sin(i)},${Math.cos(2 * i)},${i < 30 ? 0 : 1}`).join('\n')}\n`);
  write('triples.csv', 'a,b,c,y\n1,2,3,0.5\n2,3,4,0.25\n-1,0,1,1\n');
  write('birds.csv', csvOf(birds));
});

interface Document {
  readonly ok: boolean;
  readonly rows: number;
  readonly loss: string;
  readonly lossChosen: boolean;
  readonly parameters: { readonly name: string; readonly ok: boolean; readonly checked: number; readonly maxRelativeError: number; readonly place: number[] }[];
}

describe('gradients', () => {
  it('that are true are ok, parameter by parameter', () => {
    const { stdout, stderr, status } = nabla('check', 'colours.safetensors', 'points.csv');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toMatch(/^Loss: sparseCategoricalCrossentropy; 32 rows$/m);
    for (const name of ['dense_1/kernel', 'dense_1/bias', 'dense_2/kernel', 'dense_2/bias']) expect(stdout).toMatch(new RegExp(`^  ${name} +ok +\\d+ +\\d+ +\\d\\.\\de-\\d+`, 'm'));
    expect(stdout).toContain('All gradients agree within 0.001.');
  });

  it('of a model of a table are ok, missing values and words included', () => {
    expect(json('check', 'species.safetensors', 'birds.csv')).toMatchObject({ ok: true, loss: 'binaryCrossentropy', lossChosen: false });
  });

  it('with a replaced derivative are not, and the exit code is 1', () => {
    const { stdout, stderr, status } = nabla('check', 'crooked.safetensors', 'points.csv');
    expect({ stderr, status }).toEqual({ stderr: '', status: 1 });
    expect(stdout).toMatch(/^Loss: sparseCategoricalCrossentropy, chosen to fit the output, for the model is not compiled; 32 rows$/m);
    expect(stdout).toMatch(/^ {2}dense_1\/kernel +NOT OK /m);
    expect(stdout).toMatch(/^ {2}dense_2\/kernel +ok /m);
    expect(stdout).toMatch(/dense_1\/kernel.*: no agreement within 0\.001\.$/m);
    const { stdout: text, status: again } = nabla('check', 'crooked.safetensors', 'points.csv', '--json');
    expect(again).toBe(1);
    const { ok, parameters } = JSON.parse(text) as Document;
    expect(ok).toBe(false);
    expect(parameters.map((parameter) => parameter.ok)).toEqual([false, false, true, true]);
    expect(parameters[0]!.place).toHaveLength(2);
    expect(parameters[1]!.place).toHaveLength(1);
  });
});

describe('options', () => {
  it('say how many rows and values to take, and what counts as agreement', () => {
    const few = json('check', 'colours.safetensors', 'points.csv', '--rows', '7', '--samples', '4') as Document;
    expect(few.rows).toBe(7);
    expect(few.parameters.map(({ checked }) => checked)).toEqual([4, 4, 4, 3]);
    expect((json('check', 'colours.safetensors', 'points.csv', '--rows', '1000') as Document).rows).toBe(60);
    expect(nabla('check', 'colours.safetensors', 'points.csv', '--tolerance', '1e-12').status).toBe(1);
    expect(nabla('check', 'crooked.safetensors', 'points.csv', '--tolerance', '1000').status).toBe(0);
  });

  it('that cannot be are refused, as is data that does not fit', () => {
    expect(nabla('check', 'colours.safetensors', 'points.csv', '--rows', '0')).toMatchObject({ stderr: "nabla check: --rows expects a whole number of at least 1, received '0'\n", status: 2 });
    expect(nabla('check', 'number.safetensors', 'points.csv')).toMatchObject({ status: 2, stdout: '' });
    expect(json('check', 'number.safetensors', 'triples.csv')).toMatchObject({ ok: true, loss: 'meanSquaredError', lossChosen: true, rows: 3 });
  });
});

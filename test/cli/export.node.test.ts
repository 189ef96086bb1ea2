/** `nabla export`: the code is that of `exportCode`, on standard output or in a file. */

import { readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { exportCode } from '../../src/index.ts';
import { threeClasses, workplace } from './workplace.ts';

const { folder, nabla, json, write, read, path } = workplace();
const colours = threeClasses();
write('colours.safetensors', colours.toBytes());

it.each(['js', 'ts', 'c'] as const)('%s comes on standard output, and as a member of JSON', (language) => {
  const expected = exportCode(colours, { language, name: 'colours' });
  expect(nabla('export', 'colours.safetensors', '--language', language)).toMatchObject({ stdout: expected, stderr: '', status: 0 });
  expect(json('export', 'colours.safetensors', '-l', language)).toMatchObject({ language, name: 'colours', code: expected });
});

it('the file runs, and is replaced by nothing but other code', async () => {
  expect(nabla('export', 'colours.safetensors', '-l', 'js', '--out', 'colours.mjs')).toMatchObject({ stderr: '', status: 0 });
  const { predict } = await import(pathToFileURL(path('colours.mjs')).href) as { predict(row: number[]): Float32Array };
  [...predict([0.5, -1])].forEach((value, i) => expect(value).toBeCloseTo(colours.predict([[0.5, -1]])[i]!, 5));
  expect(nabla('export', 'colours.safetensors', '-l', 'c', '--name', 'paint', '-o', 'colours.mjs').status).toBe(0);
  expect(read('colours.mjs')).toContain('void paint_predict(');
  write('mine.c', 'int main(void) { return 0; }\n');
  expect(nabla('export', 'colours.safetensors', '-l', 'c', '-o', 'mine.c')).toMatchObject({
    stderr: "nabla export: 'mine.c' is there already and is not code that nabla exported; name another file, or remove it\n", status: 2,
  });
  expect(read('mine.c')).toBe('int main(void) { return 0; }\n');
});

it.each([
  [['colours.safetensors'], 'expects --language, one of js, ts, c'],
  [['colours.safetensors', '--language', 'tsx'], "--language expects one of js, ts, c; received 'tsx', did you mean 'ts'?"],
  [['none', '--language', 'c'], "there is no file 'none'"],
  [['text.csv', '--language', 'c'], "'text.csv' is no model: expected safetensors, ONNX or the model.json of TensorFlow.js"],
  [['colours.safetensors', '-l', 'c', '-o', 'no/x.c'], "'no/x.c' cannot be written: there is no folder 'no'"],
])('refuses %j in one sentence, and writes nothing', (args, sentence) => {
  write('text.csv', 'a,b\n1,2\n');
  const before = readdirSync(folder);
  expect(nabla('export', ...args)).toMatchObject({ stdout: '', stderr: `nabla export: ${sentence}\n`, status: 2 });
  expect(readdirSync(folder)).toEqual(before);
});

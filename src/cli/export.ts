/** `nabla export`: a model as source code that needs nothing else. */

import { basename } from 'node:path';
import { exportCode } from '../index.ts';
import { nameOf, printResult, textOf, UsageError, type Command, type Context, type Values } from './command.ts';
import { checkReplaceable, replaceFile } from './files.ts';
import { bytesText } from './figures.ts';
import { loadModelFile } from './modelFile.ts';

const languages = ['js', 'ts', 'c'] as const;

export const exportModel: Command = {
  name: 'export',
  summary: 'writes a model as source code in JavaScript, TypeScript or C that needs nothing else',
  usage: '<model> --language <js|ts|c> [options]',
  options: {
    language: { type: 'string', short: 'l', value: '<js|ts|c>', summary: 'of the code' },
    name: { type: 'string', value: '<name>', summary: 'what public names of C begin with (default: the name of the file)' },
    out: { type: 'string', short: 'o', value: '<file>', summary: 'where to write it (default: standard output)' },
  },
  positionals: { min: 1, max: 1, names: ['<model>'] },
  notes: ['The code of a model made by nabla train on a table takes records by the names of columns too, in C rows of numbers alone, which its first comment explains. With --json the code is a member of a document.'],
  examples: ['nabla export mnist.safetensors --language c --out mnist.c', 'nabla export iris.safetensors -l ts > iris.ts'],
  run,
};

async function run(context: Context, [file]: string[], values: Values): Promise<void> {
  const language = nameOf(values, 'language', languages);
  if (language === undefined) throw new UsageError(`expects --language, one of ${languages.join(', ')}`);
  const out = textOf(values, 'out', 'a file');
  if (out !== undefined) checkReplaceable(out, 'code that nabla exported', (start) => new TextDecoder().decode(start).includes('exported by nabla'));
  const model = await loadModelFile(file!);
  const name = textOf(values, 'name', 'a name') ?? (model.name === 'sequential' ? basename(file!).replace(/\.\w+$/, '') : model.name);
  const code = exportCode(model, { language, name });
  if (out === undefined) {
    if (context.json) printResult(context, { model: file, language, name, code }, () => []);
    else context.out(code);
    return;
  }
  replaceFile(out, code);
  printResult(context, { model: file, language, name, path: out, bytes: Buffer.byteLength(code) }, () => [`${out}: ${bytesText(Buffer.byteLength(code))}`]);
}

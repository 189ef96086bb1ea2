/** A model as an ECMAScript module, or as TypeScript: sums in double precision, rounded to float32 at the end of every layer. */

import { ecmascriptFunctions, type Language } from './ecmascriptFunctions.ts';
import type { Constant, Operation } from './operations.ts';
import { recordsText } from './ecmascriptRecords.ts';
import { functionsFor, tolerance, type Source } from './source.ts';
import { base64Lines, commentText, digits, inLines } from './text.ts';

/** From so many values on, base64 is what is written: it takes half the room, and nobody reads so many numbers. */
const many = 512;

function constantText({ name, data }: Constant): string {
  if (data.length < many) return `const ${name} = Float32Array.of(\n${inLines(Array.from(data, digits))}\n);\n`;
  return `const ${name} = decode(\`\n${base64Lines(data)}\n\`);\n`;
}

const nameOf = (constant: Constant | undefined): string => constant?.name ?? 'undefined';

/** The function that an operation calls, and how. `at` indexes an array. */
function call(operation: Operation, at: Language['at']): { name: string; line: string } {
  const { kind, from, to, inputs, units } = operation;
  const each = (value: string, name = ''): { name: string; line: string } => ({ name, line: `for (let i = 0; i < ${units}; i++) ${to}[i] = ${value};` });
  const of = (name: string, ...parameters: string[]): { name: string; line: string } => ({ name, line: `${name}(${[from, to, ...parameters].join(', ')});` });
  switch (kind) {
    case 'dense': return of('dense', `${inputs}`, `${units}`, operation.kernel.name, nameOf(operation.bias));
    case 'softmax': return of('softmax', `${units}`);
    case 'logSoftmax': return of('logSoftmax', `${units}`);
    case 'copy': return each(at(from, 'i'));
    case 'add': return each(`${at(operation.other, 'i')} + ${at(from, 'i')}`);
    case 'columns': {
      const { mean, scale, shift } = operation;
      return each(`(${at(from, 'i')} - ${at(mean.name, 'i')}) * ${at(scale.name, 'i')}${shift === undefined ? '' : ` + ${at(shift.name, 'i')}`}`);
    }
    case 'row': return of('normalizeRow', `${units}`, nameOf(operation.gamma), nameOf(operation.beta), digits(operation.epsilon));
    case 'impute': return each(`Number.isNaN(${from}[i]) ? ${at(operation.fill.name, 'i')} : ${at(from, 'i')}`);
    case 'oneHot': return of('oneHot', `[${operation.categories.join(', ')}]`, `${Number(operation.unknown)}`);
    case 'map': {
      const { name, alpha, beta } = operation.activation;
      const parameters = name === 'hardSigmoid' ? [alpha, beta] : name === 'elu' || name === 'leakyRelu' ? [alpha] : [];
      return each(`${name === 'tanh' ? 'Math.tanh' : name}(${[at(from, 'i'), ...parameters.map(digits)].join(', ')})`, name);
    }
  }
}

/** Without types and with them. */
const languages: Readonly<Record<'js' | 'ts', Language>> = {
  js: { type: () => '', at: (array, index) => `${array}[${index}]`, only: () => '' },
  ts: { type: (type) => `: ${type}`, at: (array, index) => `${array}[${index}]!`, only: (text) => text },
};

/** The whole file. */
export function ecmascriptSource(source: Source, choice: 'js' | 'ts'): string {
  const { inputs, outputs, operations, buffers, constants, title, test, features } = source;
  const language = languages[choice];
  const { type, at, only } = language;
  const calls = operations.map((operation) => call(operation, at));
  const needed = calls.map(({ name }) => name);
  if (constants.some(({ data }) => data.length >= many)) needed.push('decode');
  const steps = operations.map(({ layer }, i) => {
    const first = operations[i - 1]?.layer !== layer;
    return `${first ? `  /* ${commentText(layer)} */\n` : ''}  ${calls[i]!.line}\n`;
  });
  return `/*
 * ${commentText(title)}
 *
 * It takes rows of ${inputs} numbers and gives rows of ${outputs}.
 */

${only(`type Row = readonly number[] | Float32Array | Float64Array;

`)}/**
 * The output for a row, or those for an array of rows.${choice === 'js' ? `
 *
 * @type {{ (row: ArrayLike<number>): Float32Array; (rows: ArrayLike<number>[]): Float32Array[] }}` : ''}
 */
${only(`export function predict(row: Row): Float32Array;
export function predict(rows: readonly Row[]): Float32Array[];
`)}export function predict(input${type('Row | readonly Row[]')})${type('Float32Array | Float32Array[]')} {
  return isRows(input) ? input.map((row) => predictRow(row)) : predictRow(input);
}

function isRows(input${type('Row | readonly Row[]')})${type('input is readonly Row[]')} {
  return typeof input[0] === 'object';
}

function predictRow(row${type('Row')})${type('Float32Array')} {
  if (row.length !== ${inputs}) throw new RangeError(\`expected a row of ${inputs} numbers, received \${row.length}\`);
  const input = Float32Array.from(row);
  const output = new Float32Array(${outputs});
${[...buffers].map(([name, size]) => `  const ${name} = new Float32Array(${size});\n`).join('')}${steps.join('')}  return output;
}

${features === undefined ? '' : recordsText(features, outputs, language)}/** Whether results are those that the model had where this file was written. */
export function selfTest()${type('boolean')} {
  const input = [
${inLines(Array.from(test.input, digits), '    ')}
  ];
  const expected = [
${inLines(Array.from(test.output, digits), '    ')}
  ];
  return predict(input).every((value, i) => {
    const wanted = ${at('expected', 'i')};
    return Object.is(value, wanted) || Math.abs(value - wanted) <= ${tolerance} * Math.max(1, Math.abs(wanted));
  });
}

${functionsFor(needed, ecmascriptFunctions(language)).join('\n')}
${constants.map(constantText).join('\n')}`;
}

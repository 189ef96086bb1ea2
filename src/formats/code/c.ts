/** A model as C99: constants, the functions it needs, and one that predicts a row in float32. Scratch is on the stack: threads may share it. */

import type { FeaturesDescription } from '../../data/features.ts';
import { cFunctions } from './cFunctions.ts';
import type { Constant, Operation } from './operations.ts';
import { functionsFor, tolerance, type Source } from './source.ts';
import { commentText, cString, digits, identifier, inLines } from './text.ts';

/** A float32 as a constant of C. */
function literal(value: number): string {
  if (Number.isNaN(value)) return 'NAN';
  if (!Number.isFinite(value)) return value > 0 ? 'INFINITY' : '-INFINITY';
  const text = digits(value);
  return `${/[.e]/.test(text) ? text : `${text}.0`}f`;
}

const array = (name: string, values: Float32Array): string =>
  `static const float ${name}[${values.length}] = {\n${inLines(Array.from(values, literal))}\n};\n`;

const nameOf = (constant: Constant | undefined): string => constant?.name ?? 'NULL';

/** The function that an operation calls, and how. */
function call(operation: Operation, place: number): { name: string; line: string } {
  const { kind, from, to, inputs, units } = operation;
  const each = (name: string, value: string): { name: string; line: string } => ({ name, line: `for (size_t i = 0; i < ${units}; i++) ${to}[i] = ${value};` });
  const of = (name: string, ...parameters: string[]): { name: string; line: string } => ({ name, line: `${name}(${[from, to, ...parameters].join(', ')});` });
  switch (kind) {
    case 'dense': return of('dense', `${inputs}`, `${units}`, operation.kernel.name, nameOf(operation.bias));
    case 'softmax': return of('softmax', `${units}`);
    case 'logSoftmax': return of('log_softmax', `${units}`);
    case 'copy': return each('', `${from}[i]`);
    case 'add': return each('', `${operation.other}[i] + ${from}[i]`);
    case 'columns': {
      const { mean, scale, shift } = operation;
      return each('', `(${from}[i] - ${mean.name}[i]) * ${scale.name}[i]${shift === undefined ? '' : ` + ${shift.name}[i]`}`);
    }
    case 'row': return of('normalize_row', `${units}`, nameOf(operation.gamma), nameOf(operation.beta), literal(operation.epsilon));
    case 'impute': return each('', `isnan(${from}[i]) ? ${operation.fill.name}[i] : ${from}[i]`);
    case 'oneHot': return of('one_hot', `${inputs}`, `categories${place}`, `${Number(operation.unknown)}`);
    case 'map': {
      const { name, alpha, beta } = operation.activation;
      const parameters = name === 'hardSigmoid' ? [alpha, beta] : name === 'elu' || name === 'leakyRelu' ? [alpha] : [];
      const own = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return each(own, `${own === 'tanh' ? 'tanhf' : own}(${[`${from}[i]`, ...parameters.map(literal)].join(', ')})`);
    }
  }
}

/** What the columns are, which have no names in C. */
function columnsText({ inputs, target }: FeaturesDescription): string {
  const columns = inputs.map(({ name, type, labels }, i) => {
    const codes = labels === undefined ? '' : `: the place of a word, NAN for any other\n${inLines(labels.map((label, code) => `${code} ${commentText(label)}`), ' *     ')}`;
    return ` *   input[${i}] ${commentText(name)}, ${type === 'boolean' ? 'a boolean: 0 or 1' : `a ${type}`}${codes}\n`;
  });
  return `/*\n * What is missing is NAN, which needs a compiler that keeps to IEEE 754: no -ffast-math.\n *\n${columns.join('')} *\n * The output is of ${commentText(target.name)}.\n */\n`;
}

/** With two classes, the only output is the probability of the second. */
function labelsText(prefix: string, labels: readonly (string | number | boolean)[], outputs: number): string {
  const declared = `const char *const ${prefix}_labels[${labels.length}]`;
  return `/* The classes: ${outputs === 1 ? 'output[0] is the probability of the second' : 'output[i] is the probability of the one in that place'}. */
extern ${declared};
${declared} = {
${inLines(labels.map((label) => cString(String(label))))}
};

`;
}

/** The whole file. */
export function cSource(source: Source): string {
  const { inputs, outputs, operations, buffers, constants, title, features } = source;
  const prefix = identifier(source.name);
  const calls = operations.map(call);
  const bytes = 4 * [...buffers.values()].reduce((sum, size) => sum + size, 0);
  const categories = operations.map((operation, i) => (operation.kind === 'oneHot'
    ? `static const size_t categories${i}[${operation.inputs}] = {\n${inLines(operation.categories.map(String))}\n};\n` : ''));
  const steps = operations.map(({ layer }, i) => {
    const first = operations[i - 1]?.layer !== layer;
    return `${first ? `  /* ${commentText(layer)} */\n` : ''}  ${calls[i]!.line}\n`;
  });
  return `/*
 * ${commentText(title)}
 *
 * void ${prefix}_predict(const float *input, float *output);
 *
 * takes a row of ${inputs} numbers and gives one of ${outputs}; the two must not overlap. It needs the mathematics library (-lm), ${bytes} bytes of
 * stack and no other memory, and may run in any number of threads. With NABLA_TEST defined, the file is a program that tests itself.
 */
#include <math.h>
#include <stddef.h>

${features === undefined ? '' : columnsText(features)}void ${prefix}_predict(const float *input, float *output);

${features?.target.labels === undefined ? '' : labelsText(prefix, features.target.labels, outputs)}${[...categories, ...constants.map(({ name, data }) => array(name, data))].filter(Boolean).join('\n')}
${functionsFor(calls.map(({ name }) => name), cFunctions).join('\n')}
void ${prefix}_predict(const float *input, float *output) {
${[...buffers].map(([name, size]) => `  float ${name}[${size}];\n`).join('')}${steps.join('')}}

#ifdef NABLA_TEST
#include <stdio.h>

${array('test_input', source.test.input)}
${array('test_expected', source.test.output)}
/* Whether results are those that the model had where this file was written. */
int main(void) {
  float output[${outputs}];
  int wrong = 0;
  ${prefix}_predict(test_input, output);
  for (size_t i = 0; i < ${outputs}; i++) {
    const float expected = test_expected[i];
    const int same = output[i] == expected || (isnan(output[i]) && isnan(expected));
    if (same || fabsf(output[i] - expected) <= ${literal(Math.fround(tolerance))} * fmaxf(1.0f, fabsf(expected))) continue;
    wrong = 1;
    printf("output %lu: expected %.9g, received %.9g\\n", (unsigned long)i, (double)expected, (double)output[i]);
  }
  if (wrong == 0) printf("ok\\n");
  return wrong;
}
#endif
`;
}

/** Models as C, compiled by gcc with all warnings as errors, and as TypeScript, checked in strict mode: both run against the models themselves. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dense, exportCode, sequential } from '../../src/index.ts';
import { codeFor } from '../../src/formats/code/exportCode.ts';
import { codeCases, difference, overflowing, row, tableCases } from './codeModels.ts';

const folder = mkdtempSync(join(tmpdir(), 'nabla-code-'));
afterAll(() => rmSync(folder, { recursive: true }));

const cases = codeCases();
const hasGcc = spawnSync('gcc', ['--version']).status === 0;
const note = hasGcc ? '' : ' (skipped: no gcc here)';
const strict = ['-std=c99', '-O1', '-pipe', '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-Wconversion', '-Wdouble-promotion', '-Wshadow', '-Wmissing-prototypes'];

describe.runIf(hasGcc)(`C${note}`, () => {
  const compile = (args: readonly string[]) => spawnSync('gcc', [...strict, ...args], { cwd: folder, encoding: 'utf8' });

  /** Every model in a file of its own, and a program that runs them all: first its self-test, then rows. */
  function outputs(): Map<string, Float32Array[]> {
    const declared: string[] = [];
    const run: string[] = [];
    cases.forEach(({ model, rows }, i) => {
      // What a model is called by itself must not matter to a compiler either.
      const source = exportCode(model, { language: 'c' });
      const prefix = /^void (\w+)_predict/m.exec(source)![1]!;
      writeFileSync(join(folder, `m${i}.c`), `#define main main_${i}\n#define ${prefix}_predict m${i}_predict\n${source}`);
      declared.push(`void m${i}_predict(const float *, float *); int main_${i}(void);`);
      run.push(`if (main_${i}() != 0) return 1;`);
      for (const one of rows) {
        run.push(`{ const float x[] = {${Array.from(one, (value) => (Number.isNaN(value) ? 'NAN' : `${value.toExponential(9)}f`)).join(', ')}}; float y[${model.outputShape[0]}]; m${i}_predict(x, y); show(y, ${model.outputShape[0]}); }`);
      }
    });
    writeFileSync(join(folder, 'all.c'), `#include <math.h>
#include <stdio.h>
${declared.join('\n')}
static void show(const float *y, int count) { for (int i = 0; i < count; i++) printf("%.9g%c", (double)y[i], i + 1 < count ? ' ' : '\\n'); }
int main(void) {
${run.join('\n')}
return 0;
}
`);
    expect(compile(['-DNABLA_TEST', '-Wno-missing-prototypes', 'all.c', ...cases.map((_, i) => `m${i}.c`), '-lm', '-o', 'all'])).toMatchObject({ status: 0, stderr: '' });
    const lines = execFileSync(join(folder, 'all'), { encoding: 'utf8' }).trimEnd().split('\n');
    return new Map(cases.map(({ name, rows }) => {
      expect(lines.shift(), name).toBe('ok');
      return [name, rows.map(() => Float32Array.from(lines.shift()!.replaceAll('inf', 'Infinity').split(' '), Number))];
    }));
  }

  let found: ReturnType<typeof outputs>;
  beforeAll(() => {
    found = outputs();
  });
  it.each(cases)('predicts what the model does: $name', ({ name, model, rows }) => {
    rows.forEach((one, i) => expect(difference(found.get(name)![i]!, model.predict(one))).toBeLessThan(1e-5));
  });

  it('has the weights to the bit, and tests itself', () => {
    const values = row(2000, 5, 1e-3).map((value, i) => Math.fround(value * 10 ** ((i % 70) - 35)));
    const model = sequential({ layers: [dense({ units: 2000, inputShape: [1], useBias: false })], name: 'bits' });
    model.setWeights([values]);
    writeFileSync(join(folder, 'bits.c'), exportCode(model, { language: 'c' }));
    writeFileSync(join(folder, 'show.c'), `#include <stdio.h>
#include <string.h>
void bits_predict(const float *, float *);
int main(void) {
  float x = 1.0f, y[2000];
  bits_predict(&x, y);
  for (int i = 0; i < 2000; i++) { unsigned int bits; memcpy(&bits, &y[i], 4); printf("%u\\n", bits); }
  return 0;
}
`);
    expect(compile(['bits.c', 'show.c', '-lm', '-o', 'bits'])).toMatchObject({ status: 0, stderr: '' });
    const bits = Uint32Array.from(execFileSync(join(folder, 'bits'), { encoding: 'utf8' }).trimEnd().split('\n'), Number);
    // A sum that begins with 0 has no −0.
    expect(bits).toEqual(new Uint32Array(values.map((value) => value + 0).buffer));
  });

  it('names columns and classes of a table', () => {
    for (const { snapshot, model, features } of Object.values(tableCases())) {
      const text = codeFor(snapshot, 'c', 'table', (one) => model.predict(one));
      writeFileSync(join(folder, 'table.c'), text);
      expect(compile(['-DNABLA_TEST', 'table.c', '-lm', '-o', 'table'])).toMatchObject({ status: 0, stderr: '' });
      expect(execFileSync(join(folder, 'table'), { encoding: 'utf8' })).toBe('ok\n');
      features.inputs.slice(0, 2).forEach(({ name, type }, i) => expect(text).toContain(` *   input[${i}] ${name}, a ${type}`));
      const { labels } = features.target;
      if (labels === undefined) continue;
      writeFileSync(join(folder, 'labels.c'), `#include <stdio.h>
extern const char *const table_labels[${labels.length}];
int main(void) { for (int i = 0; i < ${labels.length}; i++) { fputs(table_labels[i], stdout); putchar(1); } return 0; }
`);
      expect(compile(['table.c', 'labels.c', '-lm', '-o', 'labels'])).toMatchObject({ status: 0, stderr: '' });
      const found = execFileSync(join(folder, 'labels'), { encoding: 'utf8' }).split('\x01').slice(0, -1);
      // A string of C ends at the first 0, a lone surrogate has no bytes of its own, and what is longer than a name is cut.
      const expected = labels.map((label) => (String(label).length > 500 ? `${String(label).slice(0, 500)}...` : String(label)).replace('\ud800', '\ufffd').replace('\0', ''));
      expect(found).toEqual(expected);
    }
  });

  it('says in its self-test what is wrong', () => {
    const text = exportCode(sequential({ layers: [dense({ units: 2, inputShape: [3], activation: 'tanh' })], seed: 5 }), { language: 'c' });
    const run = (source: string) => {
      writeFileSync(join(folder, 'own.c'), source);
      expect(compile(['-DNABLA_TEST', 'own.c', '-lm', '-o', 'own'])).toMatchObject({ status: 0, stderr: '' });
      return spawnSync(join(folder, 'own'), { encoding: 'utf8' });
    };
    expect(run(text)).toMatchObject({ status: 0, stdout: 'ok\n' });
    const { status, stdout } = run(text.replace('tanhf(', 'sinf('));
    expect(status).toBe(1);
    expect(stdout).toMatch(/^output 0: expected -?\d[^,]*, received -?\d/);
    expect(run(exportCode(overflowing(), { language: 'c' }))).toMatchObject({ status: 0, stdout: 'ok\n' });
  });
});

describe('TypeScript', () => {
  const options: ts.CompilerOptions = {
    strict: true, noUncheckedIndexedAccess: true, noUnusedLocals: true, noUnusedParameters: true, noImplicitReturns: true, exactOptionalPropertyTypes: true,
    erasableSyntaxOnly: true, isolatedModules: true, noPropertyAccessFromIndexSignature: true,
    target: ts.ScriptTarget.ES2020, module: ts.ModuleKind.ESNext, lib: ['lib.es2020.d.ts'], types: [], noEmit: true,
  };

  it('is without error in strict mode, and JavaScript in a program that is checked', () => {
    const files = cases.flatMap(({ model }, i) => (['ts', 'js'] as const).map((language) => {
      const path = join(folder, `m${i}.${language === 'ts' ? 'ts' : 'mjs'}`);
      writeFileSync(path, exportCode(model, { language }));
      return path;
    }));
    for (const [name, { snapshot, model }] of Object.entries(tableCases())) {
      for (const language of ['ts', 'js'] as const) {
        files.push(join(folder, `${name.replaceAll(' ', '-')}.${language === 'ts' ? 'ts' : 'mjs'}`));
        writeFileSync(files.at(-1)!, codeFor(snapshot, language, name, (one) => model.predict(one)));
      }
    }
    const user = join(folder, 'user.ts');
    writeFileSync(user, `import { predict, selfTest } from './m0.ts';
import { predictRecord as predictSick } from './two-classes.ts';
import { predictRecord as predictMass } from './value.ts';
const one: Float32Array = predict([1, 2, 3]);
const many: Float32Array[] = predict([new Float32Array(3), [1, 2, 3]]);
const good: boolean = selfTest();
console.log(one, many, good);
declare const console: { log(...values: unknown[]): void };
// @ts-expect-error: no text
predict('1, 2, 3');
const sick: boolean = predictSick({ age: 3, island: null }).label;
const mass: number = predictMass({ age: 3, mass: 5 }).value;
// @ts-expect-error: no such column
predictMass({ agee: 3 });
console.log(sick, mass);
`);
    const program = ts.createProgram([...files, user], { ...options, allowImportingTsExtensions: true, allowJs: true });
    const problems = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => `${file?.fileName} ${start}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
    expect(problems).toEqual([]);
  });

  it('without its types is the JavaScript', () => {
    for (const { model, name } of cases) {
      const stripped = ts.transpileModule(exportCode(model, { language: 'ts' }), { compilerOptions: options }).outputText;
      const plain = ts.transpileModule(exportCode(model, { language: 'js' }), { compilerOptions: { ...options, removeComments: false } }).outputText;
      const code = (text: string) => text.replace(/\/\*\*?\n[^]*?\*\//g, '').replace(/\s+/g, ' ');
      expect(code(stripped), name).toBe(code(plain));
    }
  });
});

it('a network for MNIST takes half a megabyte as a module, and one and a half as C', () => {
  const model = sequential({ layers: [dense({ units: 128, inputShape: [784], activation: 'relu' }), dense({ units: 10, activation: 'softmax' })] });
  expect(exportCode(model, { language: 'js' }).length).toBeLessThan(560_000);
  expect(exportCode(model, { language: 'ts' }).length).toBeLessThan(560_000);
  expect(exportCode(model, { language: 'c' }).length).toBeLessThan(1_500_000);
});

/**
 * `npm run bench [-- words]`: the built package's WebAssembly backend against its pure-TypeScript one, on the named shapes
 * whose names hold all the words. Each shape runs in a process of its own: what an engine has compiled for one shape slows
 * down the next, by up to a third in plain TypeScript. See README.md beside this file for what the table means.
 */

import { execFileSync } from 'node:child_process';
import { compare } from './measure.ts';
import { makeStep, shapes, type Shape, type Step } from './shapes.ts';
import { headLines, tableLine } from './table.ts';

const options = { rounds: 7, time: 250, warmup: 500 };
/** Asks for one shape by its place in the list; this script gives it to itself. */
const alone = '--alone';

const [script, first, ...rest] = process.argv.slice(1);
if (first === alone) measure(shapes[Number(rest[0])]!);
else measureAll(first === undefined ? [] : [first, ...rest]);

function measureAll(words: readonly string[]): void {
  const chosen = shapes.filter(({ name }) => words.every((word) => name.includes(word)));
  if (chosen.length === 0) {
    console.error(`no shape has '${words.join(' ')}' in its name; there are:\n${shapes.map(({ name }) => `  ${name}`).join('\n')}`);
    process.exitCode = 1;
    return;
  }
  console.log(headLines());
  for (const shape of chosen) {
    execFileSync(process.execPath, [...process.execArgv, script!, alone, String(shapes.indexOf(shape))], { stdio: 'inherit' });
  }
}

function measure(shape: Shape): void {
  const reference = makeStep(shape, 'reference');
  const wasm = makeStep(shape, 'wasm');
  checkAgreement(shape, reference, wasm);
  console.log(tableLine(shape, compare(reference, wasm, options)));
}

/** What is compared must compute the same: the first steps of both give the same numbers within rounding. */
function checkAgreement({ name }: Shape, reference: Step, wasm: Step): void {
  for (let step = 0; step < 10; step++) {
    const expected = reference();
    const received = wasm();
    if (!(Math.abs(received - expected) <= 1e-4 * Math.abs(expected) + 1e-6)) {
      throw new Error(`${name}: in step ${step} pure TypeScript gives ${expected}, WebAssembly ${received}`);
    }
  }
}

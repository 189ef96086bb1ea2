/**
 * `npm run bench` and `npm run bench -- naive`: the named shapes on the WebAssembly backend against the pure-TypeScript one,
 * or against textbook loops. Each shape runs in a process of its own: what an engine has compiled for one shape slows down
 * the next, by up to a third in plain TypeScript.
 */

import { compare } from './measure.ts';
import { makeNaiveStep } from './naive.ts';
import { runAlone } from './place.ts';
import { checkAgreement, makeStep, shapes, type Shape, type Step } from './shapes.ts';
import { headLines, shapeLine, shapeTitles } from './table.ts';

const options = { rounds: 7, time: 250, warmup: 500 };

const baselines: Record<string, { readonly title: string; readonly makeStep: (shape: Shape) => Step }> = {
  backends: { title: 'pure TypeScript', makeStep: (shape) => makeStep(shape, 'reference') },
  naive: { title: 'textbook loops', makeStep: makeNaiveStep },
};

/** The table of the shapes whose names hold all the words. */
export function compareAll(baseline: string, words: readonly string[]): void {
  const chosen = shapes.filter(({ name }) => words.every((word) => name.includes(word)));
  if (chosen.length === 0) {
    console.error(`no mode, and no shape, has '${words.join(' ')}' in its name; the shapes are:\n${shapes.map(({ name }) => `  ${name}`).join('\n')}`);
    process.exitCode = 1;
    return;
  }
  console.log(`${headLines()}\n\n${shapeTitles(baselines[baseline]!.title)}`);
  for (const shape of chosen) runAlone('compare', baseline, shape.name);
}

/** One line of it. */
export function compareOne([baseline, name]: readonly string[]): void {
  const shape = shapes.find((candidate) => candidate.name === name)!;
  const slow = baselines[baseline!]!.makeStep(shape);
  const wasm = makeStep(shape, 'wasm');
  const ten = Array.from({ length: 10 });
  checkAgreement(shape.name, ten.map(slow), ten.map(wasm));
  console.log(shapeLine(shape, compare(slow, wasm, options)));
}

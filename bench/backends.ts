/**
 * `npm run bench`, `-- naive` and `-- relaxed`: the named shapes on the WebAssembly backend against the pure-TypeScript one, or
 * against textbook loops; and its relaxed kernels against the strict ones, with the errors of both. Each shape runs in a
 * process of its own: what an engine has compiled for one shape slows down the next, by up to a third in plain TypeScript.
 */

import { loadBackend, type BackendName } from '../src/index.ts';
import { compare } from './measure.ts';
import { makeNaiveStep } from './naive.ts';
import { runAlone } from './place.ts';
import { checkAgreement, makeData, makeModel, makeStep, shapes, type Shape, type Step } from './shapes.ts';
import { headLines, shapeLine, shapeTitles } from './table.ts';

const options = { rounds: 7, time: 250, warmup: 500 };

interface Pair {
  readonly baseline: string;
  readonly makeBaseline: (shape: Shape) => Step;
  readonly candidate: string;
  readonly backend: BackendName;
  /** Titles of columns at the end of the table, and what stands in them. */
  readonly moreTitles?: string;
  readonly more?: (shape: Shape) => string;
}

const pairs: Record<string, Pair> = {
  backends: { baseline: 'pure TypeScript', makeBaseline: (shape) => makeStep(shape, 'reference'), candidate: 'WebAssembly', backend: 'wasm' },
  naive: { baseline: 'textbook loops', makeBaseline: makeNaiveStep, candidate: 'WebAssembly', backend: 'wasm' },
  relaxed: {
    baseline: 'strict', makeBaseline: (shape) => makeStep(shape, 'wasm'), candidate: 'relaxed', backend: 'wasm-relaxed',
    moreTitles: '  error: strict   relaxed', more: (shape) => `${error(shape, 'wasm').padStart(15)}${error(shape, 'wasm-relaxed').padStart(10)}`,
  },
};

/** The largest error of a prediction, over the largest output, against sums in double precision. */
function error(shape: Shape, backend: BackendName): string {
  const x = makeData(shape).x[0]!;
  const [outputs, exact] = [backend, 'reference' as const].map((name) => makeModel(shape, name).predict(x)) as [Float32Array, Float32Array];
  const largest = (values: Float32Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return (largest(outputs.map((value, i) => value - exact[i]!)) / largest(exact)).toExponential(1);
}

/** The table of the shapes whose names hold all the words. */
export async function compareAll(mode: string, words: readonly string[]): Promise<void> {
  const chosen = shapes.filter(({ name }) => words.every((word) => name.includes(word)));
  if (chosen.length === 0) {
    console.error(`no mode, and no shape, has '${words.join(' ')}' in its name; the shapes are:\n${shapes.map(({ name }) => `  ${name}`).join('\n')}`);
    process.exitCode = 1;
    return;
  }
  const { baseline, candidate, backend, moreTitles = '' } = pairs[mode]!;
  try {
    await loadBackend(backend);
  } catch (cause) {
    console.error((cause as Error).message);
    process.exitCode = 1;
    return;
  }
  console.log(`${headLines()}\n\n${shapeTitles(baseline, candidate)}${moreTitles}`);
  for (const shape of chosen) runAlone('compare', mode, shape.name);
}

/** One line of it. */
export function compareOne([mode, name]: readonly string[]): void {
  const shape = shapes.find((candidate) => candidate.name === name)!;
  const { makeBaseline, backend, more } = pairs[mode!]!;
  const baseline = makeBaseline(shape);
  const candidate = makeStep(shape, backend);
  const ten = Array.from({ length: 10 });
  checkAgreement(shape.name, ten.map(baseline), ten.map(candidate));
  console.log(`${shapeLine(shape, compare(baseline, candidate, options))}${more?.(shape) ?? ''}`);
}

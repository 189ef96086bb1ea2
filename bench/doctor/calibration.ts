/**
 * What the doctor's thresholds were read from: the measures of networks that are not in the suite (other seeds, sizes and data), healthy
 * ones beside sick ones of each kind.
 */

import { adam, momentum, rmsprop, sgd, type Diagnosis } from '../../src/index.ts';
import { median } from '../measure.ts';
import { line, titles, type Columns } from '../table.ts';
import { blobs, checkers, circles, digits, moons, noisySum, shuffledTargets, waves, withColumn, type Data } from './data.ts';
import { run, type Outcome, type Recipe } from './recipe.ts';

type Draft = Omit<Recipe, 'seed' | 'data'> & { readonly data: (seed: number) => Data };

const circling: Draft = { data: (seed) => circles(seed, 500), hidden: [20, 12], activation: 'relu', initializer: 'heUniform', optimizer: adam({ learningRate: 0.005 }), epochs: 50 };
const waving: Draft = { data: (seed) => waves(seed, 600), hidden: [24, 24], activation: 'tanh', optimizer: adam({ learningRate: 0.008 }), epochs: 80 };
const reading: Draft = { data: (seed) => digits(seed, 900), hidden: [40], activation: 'relu', initializer: 'heUniform', optimizer: adam({ learningRate: 0.002 }), epochs: 20 };
const sorting: Draft = { data: (seed) => blobs(6, 10)(seed, 900), hidden: [24, 24], activation: 'relu', initializer: 'heUniform', optimizer: adam({ learningRate: 0.003 }), epochs: 25 };
const deep = (layers: number, units: number): number[] => Array<number>(layers).fill(units);
const normal = (stddev: number) => ({ name: 'randomNormal', stddev }) as const;

const groups: Readonly<Record<string, readonly Draft[]>> = {
  healthy: [
    circling, waving, reading, sorting,
    { ...circling, activation: 'tanh', optimizer: sgd({ learningRate: 0.2 }), epochs: 100 },
    { ...circling, hidden: deep(4, 16), optimizer: rmsprop({ learningRate: 0.002 }) },
    { ...circling, hidden: [10], batchSize: 8 },
    { ...circling, between: 'batchNormalization' },
    { ...circling, data: (seed) => checkers(seed, 1200), hidden: [40, 40], epochs: 100 },
    { ...waving, activation: 'elu' },
    { ...waving, optimizer: momentum({ learningRate: 0.02 }), epochs: 120 },
    { ...waving, data: (seed) => noisySum(seed, 700), hidden: [6], epochs: 20 },
    { ...reading, hidden: deep(5, 40) },
    { ...reading, activation: 'sigmoid', epochs: 50, optimizer: adam({ learningRate: 0.01 }) },
    { ...reading, activation: 'tanh', optimizer: sgd({ learningRate: 0.1 }), epochs: 30 },
    { ...reading, between: 'dropout', hidden: [60, 40] },
    { ...reading, hidden: deep(7, 24), between: 'batchNormalization', epochs: 30 },
    { ...sorting, activation: 'selu', initializer: 'lecunNormal' },
    { ...sorting, activation: 'gelu', between: 'layerNormalization' },
    { ...sorting, hidden: deep(4, 32), between: 'residual' },
    // Not centred, which leaves many units of relu dead and does no harm.
    { ...sorting, data: (seed) => shifted(blobs(6, 10)(seed, 900), 3) },
    { ...sorting, data: (seed) => shifted(blobs(3, 4)(seed, 300), 4), hidden: [16], epochs: 60 },
  ],
  vanishing: [
    { ...circling, hidden: deep(7, 20), activation: 'sigmoid', initializer: 'glorotUniform' }, { ...reading, hidden: deep(9, 40), activation: 'sigmoid', initializer: 'glorotUniform' },
    { ...waving, hidden: deep(5, 16), initializer: normal(0.02), optimizer: sgd({ learningRate: 0.02 }) },
  ],
  exploding: [
    { ...sorting, hidden: deep(6, 50), initializer: normal(0.9) }, { ...reading, hidden: deep(5, 60), initializer: normal(1.2) },
    { ...waving, activation: 'relu', hidden: deep(6, 40), initializer: normal(0.8), optimizer: sgd({ learningRate: 0.005 }) },
  ],
  saturated: [
    { ...waving, initializer: normal(6), optimizer: sgd({ learningRate: 0.02 }) }, { ...reading, activation: 'tanh', initializer: normal(4), optimizer: sgd({ learningRate: 0.02 }) },
    { ...circling, activation: 'sigmoid', bias: -11 },
  ],
  dead: [{ ...circling, bias: -12 }, { ...reading, bias: -7 }, { ...sorting, bias: -20 }],
  learningRateTooHigh: [
    { ...circling, optimizer: adam({ learningRate: 2 }) }, { ...reading, optimizer: sgd({ learningRate: 10 }) }, { ...sorting, optimizer: momentum({ learningRate: 5 }) },
    { ...waving, optimizer: sgd({ learningRate: 3 }) },
  ],
  learningRateTooLow: [
    { ...circling, optimizer: sgd({ learningRate: 1e-5 }) }, { ...reading, optimizer: adam({ learningRate: 2e-6 }) }, { ...waving, optimizer: sgd({ learningRate: 1e-5 }) },
    { ...sorting, optimizer: adam({ learningRate: 1e-6 }) },
  ],
  flatLoss: [
    { ...circling, initializer: 'zeros', outputInitializer: 'zeros' }, { ...sorting, data: (seed) => shuffledTargets(blobs(6, 10)(seed, 3000), seed), hidden: [6], epochs: 12 },
    { ...waving, data: (seed) => shuffledTargets(waves(seed, 2500), seed), hidden: [6], epochs: 12 },
  ],
  overfitting: [
    { ...sorting, data: (seed) => noisy(blobs(6, 30)(seed, 120), seed), hidden: [80, 80], epochs: 120 }, { ...waving, data: (seed) => noisySum(seed, 80), hidden: [100], epochs: 250 },
    { ...circling, data: (seed) => noisy(moons(seed, 100), seed), hidden: [100, 100], epochs: 300 },
  ],
  unscaled: [
    { ...circling, data: (seed) => withColumn(circles(seed, 500), 0, (value) => 50 * value) }, { ...waving, data: (seed) => withColumn(waves(seed, 600), 1, (value) => 100 + value) },
    { ...sorting, data: (seed) => withColumn(blobs(6, 10)(seed, 900), 4, (value) => 20 * value) }, { ...sorting, data: (seed) => withColumn(blobs(6, 10)(seed, 900), 4, (value) => 8 * value) },
  ],
};

/** With the labels of a third of the rows drawn anew. */
function noisy(data: Data, seed: number): Data {
  const other = shuffledTargets(data, seed);
  return { ...data, y: data.y.map((label, i) => (i % 3 === 0 ? other.y[i]! : label)) };
}

function shifted(data: Data, by: number): Data {
  return { ...data, x: data.x.map((row) => row.map((value) => value + by)) };
}

interface Measure {
  readonly name: string;
  /** Of the state of the model. */
  readonly state?: (diagnosis: Diagnosis) => number;
  /** Of all of training. */
  readonly course?: (history: Readonly<Record<string, readonly number[]>>, constantLoss: number) => number;
}

/** The greatest over hidden layers. */
const hidden = (of: (layer: Diagnosis['layers'][number]) => number | undefined) => ({ layers }: Diagnosis): number => Math.max(0, ...layers.slice(0, -1).flatMap((layer) => of(layer) ?? []));
const bounded = (activation = ''): boolean => /tanh|sigmoid/.test(activation);
const last = (values: readonly number[] = []): number => values.at(-1) ?? NaN;

const measures: readonly Measure[] = [
  { name: 'gradientRatio', state: ({ gradientRatio }) => gradientRatio },
  { name: 'elasticity', state: ({ layers, constantLoss }) => Math.max(...layers.map(({ gradientNorm = 0, weightNorm = 0 }) => (gradientNorm * weightNorm) / constantLoss)) },
  { name: 'saturated', state: hidden(({ saturated, activation }) => (bounded(activation) ? saturated : 0)) },
  { name: 'dead', state: hidden(({ dead, activation }) => (bounded(activation) ? 0 : dead)) },
  { name: 'update', state: ({ layers }) => Math.max(...layers.map(({ updateRatio = 0 }) => updateRatio)) },
  { name: 'loss/constant', state: ({ loss, constantLoss }) => loss / constantLoss },
  { name: 'end/constant', course: ({ loss }, constant) => last(loss) / constant },
  { name: 'end/least', course: ({ loss = [] }) => last(loss) / Math.min(...loss) },
  { name: 'second half', course: ({ loss = [] }, constant) => (loss[loss.length >> 1]! - last(loss)) / constant },
  { name: 'val/least', course: ({ val_loss: loss = [] }) => last(loss) / Math.min(...loss) },
  { name: 'val - least', course: ({ val_loss: loss = [] }, constant) => (last(loss) - Math.min(...loss)) / constant },
  { name: 'val/loss', course: ({ loss, val_loss: validation }) => last(validation) / last(loss) },
];

const columns: Columns = [['kind', 20], ['measure', -22], ['least', 10], ['median', 10], ['greatest', 10], ['   of all', -60]];
const brief = (value: number): string => String(Number(value.toPrecision(2)));

/** Prints, for each kind, how every measure is spread over its networks, and what is found already. States are those before, amid and after training. */
export async function calibrate(): Promise<void> {
  console.log(titles(columns));
  let seed = 100;
  for (const [kind, drafts] of Object.entries(groups)) {
    const outcomes: Outcome[] = [];
    for (const { data, ...draft } of drafts) {
      seed++;
      outcomes.push(await run({ ...draft, data: data(seed), seed }, true));
    }
    for (const { name, state, course } of measures) {
      const moments = state === undefined ? [''] : ['before', 'amid', 'after'];
      moments.forEach((moment, i) => {
        const values = outcomes.map(({ history, states }) => (state === undefined ? course!(history, last(states.map(({ constantLoss }) => constantLoss))) : states[i] ? state(states[i]) : NaN));
        const known = values.filter((value) => !Number.isNaN(value));
        const cells = known.length === 0 ? ['-', '-', '-'] : [Math.min(...known), median(known), Math.max(...known)].map(brief);
        console.log(line(columns, [kind, `${name} ${moment}`, ...cells, `   ${values.map(brief).join(' ')}`]));
      });
    }
    outcomes.forEach(({ diagnosis, quality }, i) => {
      const codes = diagnosis?.findings.map(({ code, severity }) => (severity === 'info' ? `(${code})` : code));
      console.log(`${kind} ${i + 1}: quality ${brief(quality)}; ${[...new Set(codes)].join(', ')}`);
    });
  }
}

/**
 * The patients of the trial. Half of them are healthy: sane settings, of many kinds, that train to a good result, which is checked. The
 * others are such networks with one fault planted. No threshold was read from them: see calibration.ts.
 */

import { adam, adamw, momentum, rmsprop, sgd, type FindingCode } from '../../src/index.ts';
import {
  blobs, checkers, curve, digits, friedman, moons, noisySum, shuffledTargets, spirals, thinned, waves, withColumn, type Data,
} from './data.ts';
import { run, type Recipe } from './recipe.ts';

export interface Patient {
  readonly name: string;
  /** The fault planted, or none. */
  readonly planted: FindingCode | undefined;
  recipe(): Recipe;
  /** The quality that a healthy one reaches at least. */
  readonly good?: number;
}

const he = { initializer: 'heNormal' } as const;
const fast = (): Recipe['optimizer'] => adam({ learningRate: 0.005 });
/** Before the first seed of the suite; each patient has one of its own. */
const usualSeed = 7000;

type Draft = Omit<Recipe, 'seed' | 'data'> & { readonly data: (seed: number) => Data };
type Entry = readonly [name: string, draft: Draft, good?: number];

const relu: Pick<Draft, 'activation' | 'initializer'> = { activation: 'relu', ...he };
const on = (make: (seed: number, rows: number) => Data, rows: number) => (seed: number): Data => make(seed, rows);

const onDigits: Draft = { data: on(digits, 1797), hidden: [64, 32], ...relu, optimizer: adam(), epochs: 25 };
const onSpirals: Draft = { data: on(spirals, 800), hidden: [32, 32], ...relu, optimizer: fast(), epochs: 120 };
const onMoons: Draft = { data: on(moons, 600), hidden: [16, 16], ...relu, optimizer: fast(), epochs: 60 };
const onBlobs: Draft = { data: on(blobs(4, 6), 800), hidden: [16], ...relu, optimizer: fast(), epochs: 40 };
const onCurve: Draft = { data: on(curve, 500), hidden: [32, 32], activation: 'tanh', optimizer: adam({ learningRate: 0.01 }), epochs: 120 };
const onFriedman: Draft = { data: on(friedman, 1000), hidden: [32, 16], ...relu, optimizer: adam({ learningRate: 0.003 }), epochs: 50 };

const healthy: readonly Entry[] = [
  ['digits, relu, adam', onDigits, 0.93],
  ['digits, relu, sgd', { ...onDigits, optimizer: sgd({ learningRate: 0.1 }) }, 0.93],
  ['digits, relu, momentum, batch 8', { ...onDigits, optimizer: momentum({ learningRate: 0.01 }), batchSize: 8, epochs: 15 }, 0.93],
  ['digits, tanh', { ...onDigits, activation: 'tanh', initializer: 'glorotUniform' }, 0.93],
  ['digits, sigmoid, one layer', { ...onDigits, hidden: [48], activation: 'sigmoid', initializer: 'glorotUniform', epochs: 60, optimizer: fast() }, 0.93],
  ['digits, 6 layers of relu', { ...onDigits, hidden: [48, 48, 48, 48, 48, 48] }, 0.92],
  ['digits, 8 layers, batch norm', { ...onDigits, hidden: Array<number>(8).fill(32), between: 'batchNormalization', epochs: 30 }, 0.9],
  ['digits, dropout', { ...onDigits, hidden: [96, 64], between: 'dropout' }, 0.93],
  ['digits, residual blocks', { ...onDigits, hidden: [32, 32, 32, 32, 32], between: 'residual' }, 0.92],
  ['digits, layer norm, gelu', { ...onDigits, activation: 'gelu', between: 'layerNormalization' }, 0.93],
  ['digits, softmax regression', { ...onDigits, hidden: [], epochs: 40, optimizer: fast() }, 0.92],
  ['digits, adamw, elu, one-hot', { ...onDigits, activation: 'elu', optimizer: adamw({ learningRate: 0.002 }), loss: 'categoricalCrossentropy', targets: 'oneHot' }, 0.93],
  ['digits, rmsprop, silu', { ...onDigits, activation: 'silu', optimizer: rmsprop({ learningRate: 0.001 }) }, 0.93],
  ['spirals, relu', onSpirals, 0.93],
  ['spirals, tanh', { ...onSpirals, activation: 'tanh', initializer: 'glorotUniform', epochs: 200 }, 0.93],
  ['spirals, 5 layers of relu', { ...onSpirals, hidden: [24, 24, 24, 24, 24] }, 0.93],
  ['spirals, leaky relu', { ...onSpirals, activation: 'leakyRelu' }, 0.93],
  ['moons, relu, adam', onMoons, 0.93],
  ['moons, tanh, sgd', { ...onMoons, activation: 'tanh', initializer: 'glorotUniform', optimizer: sgd({ learningRate: 0.3 }), epochs: 100 }, 0.92],
  ['moons, 4 units', { ...onMoons, hidden: [8], epochs: 120, optimizer: adam({ learningRate: 0.02 }) }, 0.9],
  ['moons, batch 4', { ...onMoons, batchSize: 4, epochs: 30, optimizer: adam({ learningRate: 0.002 }) }, 0.93],
  ['moons, classes 3:1', { ...onMoons, data: (seed) => thinned(moons(seed, 1000), 3, (label) => label === 1) }, 0.92],
  ['moons, weight decay', { ...onMoons, hidden: [32, 32], decay: 1e-4 }, 0.93],
  ['blobs, relu', onBlobs, 0.88],
  ['blobs, selu', { ...onBlobs, activation: 'selu', initializer: 'lecunNormal' }, 0.88],
  ['blobs of 3 in 4 columns, like irises', { ...onBlobs, data: on(blobs(3, 4), 150), hidden: [8], batchSize: 16, epochs: 80 }, 0.8],
  ['blobs of 3 in 13 columns, like wines', { ...onBlobs, data: on(blobs(3, 13), 178), hidden: [12], batchSize: 16, epochs: 30, optimizer: adam({ learningRate: 0.003 }) }, 0.9],
  ['blobs, classes 2:1', { ...onBlobs, data: (seed) => thinned(blobs(4, 6)(seed, 1000), 2, (label) => label === 3) }, 0.85],
  ['checkers, relu', { ...onSpirals, data: on(checkers, 1500), epochs: 120 }, 0.9],
  ['curve, tanh, adam', onCurve, 0.9],
  ['curve, relu', { ...onCurve, ...relu, epochs: 150 }, 0.9],
  ['curve, sgd with momentum', { ...onCurve, optimizer: momentum({ learningRate: 0.02 }), epochs: 200 }, 0.9],
  ['curve, huber, softplus', { ...onCurve, activation: 'softplus', loss: 'huber', epochs: 200 }, 0.85],
  ['waves, tanh', { ...onCurve, data: on(waves, 800), epochs: 100 }, 0.85],
  ['friedman, relu', onFriedman, 0.8],
  ['friedman, batch norm', { ...onFriedman, between: 'batchNormalization', hidden: [32, 32] }, 0.75],
  ['noisy sum, linear', { ...onFriedman, data: on(noisySum, 800), hidden: [], optimizer: sgd({ learningRate: 0.02 }), epochs: 30 }, 0.5],
  ['noisy sum, relu, decay', { ...onFriedman, data: on(noisySum, 1500), hidden: [8], optimizer: adam({ learningRate: 0.003 }), epochs: 20, decay: 1e-3 }, 0.5],
];

const normal = (stddev: number) => ({ name: 'randomNormal', stddev }) as const;
/** As many rows to validate on as to train on. */
const half = { validationSplit: 0.5 };
const deep = (layers: number, units: number): number[] => Array<number>(layers).fill(units);

const sick: Readonly<Record<FindingCode, readonly Entry[]>> = {
  vanishing: [
    ['digits, 8 layers of sigmoid', { ...onDigits, hidden: deep(8, 32), activation: 'sigmoid', initializer: 'glorotUniform' }],
    ['spirals, 10 layers of sigmoid', { ...onSpirals, hidden: deep(10, 24), activation: 'sigmoid', initializer: 'glorotUniform', epochs: 60 }],
    ['friedman, 6 layers of tanh from tiny weights', { ...onFriedman, hidden: deep(6, 24), activation: 'tanh', initializer: normal(0.01), optimizer: sgd({ learningRate: 0.05 }) }],
  ],
  exploding: [
    ['digits, relu from large weights', { ...onDigits, hidden: deep(6, 64), initializer: normal(1), optimizer: adam() }],
    ['friedman, relu from large weights', { ...onFriedman, hidden: deep(5, 48), initializer: normal(1), optimizer: sgd({ learningRate: 0.01 }) }],
    ['blobs, leaky relu from large weights', { ...onBlobs, hidden: deep(7, 40), activation: 'leakyRelu', initializer: normal(0.8) }],
  ],
  saturated: [
    ['digits, tanh from large weights', { ...onDigits, hidden: [64, 64], activation: 'tanh', initializer: normal(3), optimizer: sgd({ learningRate: 0.05 }) }],
    ['moons, sigmoid with biases of 12', { ...onMoons, activation: 'sigmoid', initializer: 'glorotUniform', bias: 12 }],
    ['curve, tanh from large weights', { ...onCurve, initializer: normal(8), optimizer: sgd({ learningRate: 0.01 }) }],
  ],
  dead: [
    ['digits, relu with biases of -8', { ...onDigits, bias: -8 }],
    ['blobs, relu with biases of -30', { ...onBlobs, hidden: [24, 24], bias: -30 }],
    ['friedman, relu with biases of -6', { ...onFriedman, bias: -6, optimizer: sgd({ learningRate: 0.02 }) }],
  ],
  linearCollapse: [
    ['digits, linear layers', { ...onDigits, activation: 'linear', initializer: 'glorotUniform' }],
    ['friedman, linear layers and dropout', { ...onFriedman, activation: 'linear', initializer: 'glorotUniform', between: 'dropout' }],
    ['moons, linear layers and batch norm', { ...onMoons, activation: 'linear', initializer: 'glorotUniform', between: 'batchNormalization' }],
  ],
  zeroDerivative: [
    ['digits, step', { ...onDigits, activation: 'step', initializer: 'glorotUniform' }],
    ["spirals, derivative 'zero'", { ...onSpirals, activation: 'tanh', derivative: 'zero', epochs: 40 }],
    ["friedman, derivative 'step'", { ...onFriedman, derivative: 'step' }],
  ],
  unscaledColumn: [
    ['moons, a column times 1000', { ...onMoons, data: (seed) => withColumn(moons(seed, 600), 1, (value) => 1000 * value) }],
    ['friedman, a column of years', { ...onFriedman, data: (seed) => withColumn(friedman(seed, 1000), 3, (value) => 1990 + 10 * value) }],
    ['digits, pixels to 255', { ...onDigits, data: (seed) => { const data = digits(seed, 1797); return { ...data, x: data.x.map((row) => row.map((value) => 255 * value)) }; } }],
  ],
  constantColumn: [
    ['moons, a column of 3', { ...onMoons, data: (seed) => { const data = moons(seed, 600); return { ...data, x: data.x.map((row) => [...row, 3]) }; } }],
    ['friedman, a column of -1', { ...onFriedman, data: (seed) => withColumn(friedman(seed, 1000), 7, () => -1) }],
    ['blobs, a column of 0.5', { ...onBlobs, data: (seed) => withColumn(blobs(4, 6)(seed, 800), 2, () => 0.5) }],
  ],
  learningRateTooHigh: [
    ['digits, sgd 20', { ...onDigits, optimizer: sgd({ learningRate: 20 }) }],
    ['spirals, adam 1', { ...onSpirals, optimizer: adam({ learningRate: 1 }), epochs: 60 }],
    ['friedman, sgd 2', { ...onFriedman, optimizer: sgd({ learningRate: 2 }) }],
    ['blobs, momentum 10', { ...onBlobs, optimizer: momentum({ learningRate: 10 }) }],
  ],
  learningRateTooLow: [
    ['digits, sgd 1e-5', { ...onDigits, optimizer: sgd({ learningRate: 1e-5 }) }],
    ['spirals, adam 1e-6', { ...onSpirals, optimizer: adam({ learningRate: 1e-6 }), epochs: 40 }],
    ['friedman, adam 1e-6', { ...onFriedman, optimizer: adam({ learningRate: 1e-6 }), epochs: 30 }],
    ['curve, sgd 1e-6', { ...onCurve, optimizer: sgd({ learningRate: 1e-6 }), epochs: 60 }],
  ],
  flatLoss: [
    ['digits, relu from zeros', { ...onDigits, initializer: 'zeros', outputInitializer: 'zeros' }],
    ['friedman, shuffled targets', { ...onFriedman, data: (seed) => shuffledTargets(friedman(seed, 2000), seed), hidden: [4], epochs: 15, optimizer: adam() }],
    ['moons, shuffled targets', { ...onMoons, data: (seed) => shuffledTargets(moons(seed, 2000), seed), hidden: [8], epochs: 20 }],
  ],
  overfitting: [
    ['noisy sum, 150 rows', { ...onFriedman, data: on(noisySum, 300), hidden: [128, 64], epochs: 200, fit: half }],
    ['digits, 125 rows, shuffled labels of a quarter', { ...onDigits, data: (seed) => { const data = digits(seed, 250); const other = shuffledTargets(data, seed); return { ...data, y: data.y.map((label, i) => (i % 4 === 0 ? other.y[i]! : label)) }; }, hidden: [128, 128], epochs: 150, fit: half }],
    ['blobs, 80 rows in 20 columns, noisy labels', { ...onBlobs, data: (seed) => { const data = blobs(3, 20)(seed, 160); const other = shuffledTargets(data, seed); return { ...data, y: data.y.map((label, i) => (i % 3 === 0 ? other.y[i]! : label)) }; }, hidden: [96, 96], epochs: 150, fit: half }],
  ],
  classImbalance: [
    ['moons, 1:30', { ...onMoons, data: (seed) => thinned(moons(seed, 2000), 30, (label) => label === 1) }],
    ['blobs, a class of 1:25', { ...onBlobs, data: (seed) => thinned(blobs(4, 6)(seed, 1600), 25, (label) => label === 2) }],
    ['digits, no sevens but a few', { ...onDigits, data: (seed) => thinned(digits(seed, 1797), 20, (label) => label === 7) }],
  ],
  wrongLoss: [
    ['digits, sigmoid with sparse labels', { ...onDigits, output: 'sigmoid' }],
    ['moons, linear output and cross-entropy', { ...onMoons, output: 'linear' }],
    ['blobs, softmax and mean squared error', { ...onBlobs, loss: 'meanSquaredError', targets: 'oneHot' }],
    ['curve, sigmoid output for numbers of both signs', { ...onCurve, output: 'sigmoid' }],
  ],
};

/** Every patient, drawn from seeds that calibration does not use. */
export function suite(seed = usualSeed): Patient[] {
  const patient = (planted: FindingCode | undefined, [name, { data, ...draft }, good]: Entry): Patient => {
    const own = ++seed;
    return { name, planted, recipe: () => ({ ...draft, data: data(own), seed: own }), ...(good !== undefined && { good }) };
  };
  return [
    ...healthy.map((entry) => patient(undefined, entry)),
    ...Object.entries(sick).flatMap(([code, entries]) => entries.map((entry) => patient(code as FindingCode, entry))),
  ];
}

export interface Result {
  readonly quality: number;
  /** What was found that is more than an info, which is no diagnosis: it counts neither as found nor as an alarm. */
  readonly codes: readonly FindingCode[];
  readonly verdict: 'healthy' | 'NOT HEALTHY' | 'FALSE ALARM' | 'found' | 'MISSED';
}

/** Trains a patient under the doctor's eyes, and judges the doctor. */
export async function examine({ planted, recipe, good }: Patient): Promise<Result> {
  const { diagnosis, quality } = await run(recipe());
  const codes = [...new Set((diagnosis?.findings ?? []).filter(({ severity }) => severity !== 'info').map(({ code }) => code))];
  if (planted !== undefined) return { quality, codes, verdict: codes.includes(planted) ? 'found' : 'MISSED' };
  return { quality, codes, verdict: codes.length > 0 ? 'FALSE ALARM' : quality >= good! ? 'healthy' : 'NOT HEALTHY' };
}

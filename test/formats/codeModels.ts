/** Models for the tests of exported code: every layer and activation, and names that try to break out. */
import {
  activation, activations, batchNormalization, dense, dropout, gaussianNoise, impute, layerNormalization, normalization, oneHot, residual, sequential,
  type ActivationSpec, type Layer, type ModelSnapshot, type Sequential,
} from '../../src/index.ts';
import { Features, type FeaturesDescription } from '../../src/data/features.ts';
import { Random } from '../../src/random.ts';

/** Numbers from -span to span. */
export function row(length: number, seed: number, span = 1): Float32Array {
  const random = new Random(seed, 'sampling', 7);
  return Float32Array.from({ length }, () => span * (2 * random.uniform() - 1));
}

/** With weights that are nowhere 0 or 1, as after training; variances stay positive. */
function made(layers: readonly Layer[], seed = 3, name?: string): Sequential {
  const model = sequential({ layers, seed, ...(name !== undefined && { name }) });
  const random = new Random(seed, 'sampling', 8);
  model.setWeights(model.getWeights().map((values) => values.map((value) => (value === 0 || value === 1 ? value + 0.5 * random.uniform() + 0.1 : value))));
  return model;
}

const specs: ActivationSpec[] = [
  ...(Object.keys(activations) as (keyof typeof activations)[]),
  { name: 'leakyRelu', alpha: 0.3 }, { name: 'elu', alpha: 0.7 }, { name: 'hardSigmoid', slope: 0.2, offset: 0.4 },
];

/** Text that ends comments and strings of C and JavaScript, and directions to compilers. */
export const hostile = [
  '*/ int broken = 1; /*', '*/*/', '/*/*', '"; throw 1; "', "'\\", '`${process.exit(1)}`', 'a\nb\r\n#error no\n', 'line\u2028break\u2029', '??/\n??=', '</script><script>', '<!--', '@ts-expect-error', '@ts-nocheck',
  '\u202e\u2066reversed', '\ud800', 'Größe 大きさ', '\\u0022', '\0', '// x \\', '#define float double', '__proto__', 'constructor', 'toString', 'main', 'int', '1', '-', 'x'.repeat(5000), '# sourceMappingURL=data:,',
];

/** Where functions bend, saturate, or overflow on the way. */
const edges = Float32Array.of(0, 1e-30, 1e-5, 0.1, 0.5, 1, 2.5, 2.9999, 3, 5, 6, 9, 17, 50, 88, 90, 200, 1000, 1e10, 3e38);

export interface CodeCase {
  readonly name: string;
  readonly model: Sequential;
  /** Rows to compare. */
  readonly rows: readonly Float32Array[];
}

const scaled = (): Layer => {
  const layer = normalization({ inputShape: [3] });
  layer.adapt([[1000, 0.001, 5], [1001, 0.002, 5], [1003, 0.004, 5]]);
  return layer;
};

const models: Record<string, () => Sequential> = {
  'one layer': () => made([dense({ units: 2, inputShape: [3] })]),
  'no bias': () => made([dense({ units: 2, useBias: false, inputShape: [3], activation: 'tanh' })]),
  'nothing to do': () => made([dropout({ rate: 0.5, inputShape: [3] })]),
  'activation alone': () => made([activation({ activation: 'softmax', inputShape: [3] })]),
  wide: () => made([dense({ units: 64, inputShape: [3], activation: 'relu' }), dense({ units: 50, activation: 'gelu' }), dense({ units: 10, activation: 'softmax' })]),
  'dropout and noise': () => made([gaussianNoise({ stddev: 0.3, inputShape: [3] }), dense({ units: 4, activation: 'tanh' }), dropout({ rate: 0.5 }), dense({ units: 2 })]),
  'batch normalization': () => made([batchNormalization({ inputShape: [3] }), dense({ units: 5 }), batchNormalization({ center: false, epsilon: 0.1 }), batchNormalization({ scale: false, center: false })]),
  'layer normalization': () => made([layerNormalization({ inputShape: [3] }), dense({ units: 5 }), layerNormalization({ center: false, epsilon: 0.1 }), layerNormalization({ scale: false }), dense({ units: 2 })]),
  normalization: () => made([scaled(), dense({ units: 2 })]),
  residual: () => made([
    residual([dense({ units: 5, activation: 'relu' }), residual([dense({ units: 7, activation: 'tanh' }), residual([dropout({ rate: 0.1 })]), dense({ units: 5 })]), dense({ units: 3 })], { inputShape: [3] }),
    activation('relu'), residual([activation('sigmoid')]), dense({ units: 2 }), residual([layerNormalization(), residual([dense({ units: 2 })])]),
  ]),
  'residual of nothing': () => made([residual([dropout({ rate: 0.1 })], { inputShape: [3] })]),
};

/** Rows for those that begin with codes: categories of 3 and 2, a number between them. */
const codes = (...rows: number[][]) => rows.map((one) => Float32Array.from(one));
const coded: (() => CodeCase)[] = [
  () => ({
    name: 'missing values', model: made([impute({ fill: [1, -2, 0.5], inputShape: [3] }), dense({ units: 3 })]), rows: codes([NaN, 1, 2], [NaN, NaN, NaN], [1, 2, NaN], [0, -0, 5]),
  }),
  () => ({
    name: 'one-hot codes', model: made([oneHot({ categories: [3, 0, 2] }), dense({ units: 3 })]), rows: codes([0, 0.5, 1], [2, -1, 0], [3, 0, 2], [-1, 0, 0.5], [NaN, 1, -0], [1e30, 0, -1e30]),
  }),
  () => ({
    name: 'one-hot codes alone', model: made([oneHot({ categories: [3, 0, 2], unknown: false })]), rows: codes([0, 0.5, 1], [2, -1, 0], [3, 0, 2], [-1, 0, 0.5], [NaN, NaN, -0], [1.5, 0, 1]),
  }),
  () => ({
    name: 'those of a table', rows: codes([0, 999, 1], [NaN, NaN, NaN], [2, 1003, NaN]),
    model: sequential({
      layers: [
        impute({ fill: [-1, 1000, -1], inputShape: [3] }), normalization({ mean: [0, 1000, 0], variance: [1, 0.01, 1] }), oneHot({ categories: [3, 0, 2] }), dense({ units: 3, activation: 'softmax' }),
      ],
    }),
  }),
];

/** Models that say what their columns are, and what comes out for records; the first with every name there is to break out with. */
export interface TableCase {
  readonly snapshot: ModelSnapshot;
  readonly model: Sequential;
  readonly features: FeaturesDescription;
}

export function tableCases(): Record<'classes' | 'two classes' | 'value' | 'names that objects have', TableCase> {
  const make = (units: number, columns: Omit<FeaturesDescription, 'task'>): TableCase => {
    const features: FeaturesDescription = { task: columns.target.labels === undefined ? 'regression' : 'classification', ...columns };
    const categories = features.inputs.map(({ labels = [] }) => labels.length);
    const model = sequential({
      layers: [
        impute({ fill: features.inputs.map(({ type }) => (type === 'number' ? 40 : -1)), inputShape: [categories.length] }), oneHot({ categories }),
        dense({ units, activation: features.target.labels === undefined ? 'linear' : units === 1 ? 'sigmoid' : 'softmax' }),
      ],
      seed: 4,
    });
    model.features = Features.from(features);
    return { model, features, snapshot: model.snapshot() };
  };
  const age = { name: 'age', type: 'number' } as const;
  const island = { name: 'island', type: 'category', labels: ['Biscoe', 'Dream'] } as const;
  const names = hostile.filter((name) => name !== '__proto__');
  return {
    classes: make(names.length, {
      inputs: [age, { name: 'sunny', type: 'boolean' }, island, ...names.map((name) => ({ name, type: 'category', labels: names } as const))],
      target: { name: '*/ species', type: 'category', labels: names }, leftOut: ['id "*/'],
    }),
    'two classes': make(1, { inputs: [age, island], target: { name: 'sick', type: 'boolean', labels: [false, true] } }),
    value: make(1, { inputs: [island, age], target: { name: 'mass', type: 'number' } }),
    'names that objects have': make(1, {
      inputs: [{ name: 'constructor', type: 'number' }, { name: 'toString', type: 'boolean' }, { ...island, name: 'valueOf' }], target: { name: 'hasOwnProperty', type: 'number' },
    }),
  };
}

const inFives = <Item>(items: readonly Item[]): Item[][] => Array.from({ length: Math.ceil(items.length / 5) }, (_, i) => items.slice(5 * i, 5 * i + 5));
const rowsFor = (model: Sequential, spans: readonly number[]): Float32Array[] => spans.map((span, i) => row(model.inputShape[0], i + 1, span));

/** Made where they are asked for: a backend must have been loaded. */
export function codeCases(): CodeCase[] {
  return [
    ...Object.entries(models).map(([name, make]) => {
      const model = make();
      return { name, model, rows: rowsFor(model, [1, 1, 5]) };
    }),
    ...coded.map((make) => make()),
    ...inFives(specs).map((few) => {
      const model = made(few.map((spec) => dense({ units: 6, inputShape: [6], activation: spec })));
      return { name: `layers with ${JSON.stringify(few)}`, model, rows: rowsFor(model, [1, 10]) };
    }),
    ...specs.map((spec) => {
      const model = made([activation({ activation: spec, inputShape: [edges.length] })]);
      return { name: `edges of ${JSON.stringify(spec)}`, model, rows: [edges, edges.map((value) => -value), edges.map((value) => 1.1 * value)] };
    }),
    ...inFives(hostile).map((few, i) => {
      const layers = few.flatMap((text) => [dense({ units: 3, inputShape: [3], name: text }), residual([dense({ units: 3, name: text, kernelInitializer: 'zeros' })], { name: `${text}.` })]);
      const model = made(layers, i, few[i % few.length]!);
      return { name: `named ${JSON.stringify(few).slice(0, 40)}`, model, rows: rowsFor(model, [1]) };
    }),
  ];
}

/** Whose results are no numbers. */
export function overflowing(): Sequential {
  const model = sequential({ layers: [dense({ units: 2, inputShape: [3] }), dense({ units: 2, activation: 'softmax' })] });
  model.setWeights(model.getWeights().map((values) => values.fill(3e38)));
  return model;
}

/** The largest difference, relative to values above 1; Infinity where one of two is NaN. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(Math.abs(a.length - b.length), ...Array.from(a, (value, i) => {
    const away = Math.abs(value - b[i]!) / Math.max(1, Math.abs(b[i]!));
    return Object.is(value, b[i]) ? 0 : Number.isNaN(away) ? Infinity : away;
  }));
}

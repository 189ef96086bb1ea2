/**
 * Initial values of parameters, seeded. Names and defaults are those of Keras; "fan" is the number of inputs or units of a
 * weight [inputs, units].
 */

import { checkKeys, checkName, checkNumber } from '../options.ts';
import type { Random } from '../random.ts';

/** Names of initialisers. */
export type InitializerName = (typeof initializerNames)[number];

/** An initialiser by name, or with its parameters. */
export type InitializerSpec =
  | InitializerName
  | { name: 'constant'; value: number }
  | { name: 'randomUniform'; minval?: number; maxval?: number }
  | { name: 'randomNormal' | 'truncatedNormal'; mean?: number; stddev?: number }
  | { name: 'orthogonal'; gain?: number };

/** Fills a tensor of a shape ([inputs, units] or [units]) with initial values. */
export type Initializer = (values: Float32Array, shape: readonly number[], random: Random) => void;

export const initializerNames = [
  'zeros', 'ones', 'constant', 'randomUniform', 'randomNormal', 'truncatedNormal', 'glorotUniform', 'glorotNormal', 'heUniform',
  'heNormal', 'lecunUniform', 'lecunNormal', 'orthogonal',
] as const;

const parameters: Partial<Record<InitializerName, Record<string, number>>> = {
  constant: { value: 0 },
  randomUniform: { minval: -0.05, maxval: 0.05 },
  randomNormal: { mean: 0, stddev: 0.05 },
  truncatedNormal: { mean: 0, stddev: 0.05 },
  orthogonal: { gain: 1 },
};

/** Standard deviation of a standard normal cut at ±2. */
const truncatedDeviation = 0.8796256610342398;

/** The initialiser a name or an object stands for. */
export function resolveInitializer(where: string, spec: InitializerSpec): Initializer {
  const given: Record<string, unknown> = typeof spec === 'object' && spec !== null ? { ...spec } : { name: spec };
  const name = checkName(where, given.name, initializerNames);
  const defaults = parameters[name] ?? {};
  checkKeys(`${where} '${name}'`, given, ['name', ...Object.keys(defaults)]);
  const option = (key: string, range = {}): number => checkNumber(`${where} '${name}' ${key}`, given[key] ?? defaults[key], range);
  switch (name) {
    case 'zeros':
      return (values) => void values.fill(0);
    case 'ones':
      return (values) => void values.fill(1);
    case 'constant': {
      const value = option('value');
      return (values) => void values.fill(value);
    }
    case 'randomUniform':
      return uniform(option('minval'), option('maxval', { min: option('minval') }));
    case 'randomNormal':
      return normal(option('mean'), option('stddev', { min: 0 }));
    case 'truncatedNormal':
      return truncatedNormal(option('mean'), option('stddev', { min: 0 }));
    case 'glorotUniform':
      return scaledUniform(glorotVariance);
    case 'glorotNormal':
      return scaledNormal(glorotVariance);
    case 'heUniform':
      return scaledUniform(heVariance);
    case 'heNormal':
      return scaledNormal(heVariance);
    case 'lecunUniform':
      return scaledUniform(lecunVariance);
    case 'lecunNormal':
      return scaledNormal(lecunVariance);
    case 'orthogonal':
      return orthogonal(option('gain'));
  }
}

type Fan = (inputs: number, units: number) => number;

/** Glorot and Bengio, AISTATS 2010. */
const glorotVariance: Fan = (inputs, units) => 2 / (inputs + units);
/** He, Zhang, Ren, Sun, ICCV 2015. */
const heVariance: Fan = (inputs) => 2 / inputs;
/** LeCun, Bottou, Orr, Müller, "Efficient BackProp", 1998. */
const lecunVariance: Fan = (inputs) => 1 / inputs;

function uniform(low: number, high: number): Initializer {
  return (values, _shape, random) => {
    for (let i = 0; i < values.length; i++) values[i] = low + (high - low) * random.uniform();
  };
}

function normal(mean: number, deviation: number): Initializer {
  return (values, _shape, random) => {
    for (let i = 0; i < values.length; i++) values[i] = mean + deviation * random.normal();
  };
}

/** Normal, drawn again while more than two standard deviations from the mean. */
function truncatedNormal(mean: number, deviation: number): Initializer {
  return (values, _shape, random) => {
    for (let i = 0; i < values.length; i++) {
      let z = random.normal();
      while (Math.abs(z) > 2) z = random.normal();
      values[i] = mean + deviation * z;
    }
  };
}

function scaledUniform(variance: Fan): Initializer {
  return (values, shape, random) => {
    const limit = Math.sqrt(3 * variance(...fans(shape)));
    uniform(-limit, limit)(values, shape, random);
  };
}

/** As in Keras: truncated, and widened so that the deviation after truncation is the wanted one. */
function scaledNormal(variance: Fan): Initializer {
  return (values, shape, random) => {
    truncatedNormal(0, Math.sqrt(variance(...fans(shape))) / truncatedDeviation)(values, shape, random);
  };
}

function fans(shape: readonly number[]): [inputs: number, units: number] {
  return shape.length === 1 ? [shape[0]!, shape[0]!] : [shape[0]!, shape[1]!];
}

/**
 * A random matrix with orthonormal rows or columns, whichever are fewer (Saxe, McClelland, Ganguli 2014): Gram and Schmidt's
 * process on normal vectors, run twice for accuracy.
 */
function orthogonal(gain: number): Initializer {
  return (values, shape, random) => {
    const [inputs, units] = shape.length === 1 ? [1, shape[0]!] : [shape[0]!, shape[1]!];
    const count = Math.min(inputs, units);
    const length = Math.max(inputs, units);
    const vectors: Float64Array[] = [];
    for (let i = 0; i < count; i++) {
      const vector = Float64Array.from({ length }, () => random.normal());
      for (let pass = 0; pass < 2; pass++) {
        for (const other of vectors) {
          const overlap = dot(vector, other);
          for (let k = 0; k < length; k++) vector[k] = vector[k]! - overlap * other[k]!;
        }
        const norm = Math.sqrt(dot(vector, vector));
        for (let k = 0; k < length; k++) vector[k] = vector[k]! / norm;
      }
      vectors.push(vector);
      for (let k = 0; k < length; k++) values[inputs >= units ? k * units + i : i * units + k] = gain * vector[k]!;
    }
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}

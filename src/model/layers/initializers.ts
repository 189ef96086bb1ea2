/**
 * Initial values of parameters, seeded. Names and defaults are those of Keras; "fan" is the number of inputs or units of a
 * weight [inputs, units].
 */

import { checkNumber, checkSpec } from '../../options.ts';
import type { Random } from '../../random.ts';

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
  const { name, label, options } = checkSpec(where, spec, initializerNames, parameters);
  const option = (key: string, range = {}): number => checkNumber(`${label} ${key}`, options[key], range);
  switch (name) {
    case 'zeros':
      return each(() => 0);
    case 'ones':
      return each(() => 1);
    case 'constant': {
      const value = option('value');
      return each(() => value);
    }
    case 'randomUniform':
      return uniform(option('minval'), option('maxval', { min: option('minval') }));
    case 'randomNormal':
      return each(normal(option('mean'), option('stddev', { min: 0 })));
    case 'truncatedNormal':
      return each(truncatedNormal(option('mean'), option('stddev', { min: 0 })));
    case 'glorotUniform':
      return scaled(scaledUniform, glorotVariance);
    case 'glorotNormal':
      return scaled(scaledNormal, glorotVariance);
    case 'heUniform':
      return scaled(scaledUniform, heVariance);
    case 'heNormal':
      return scaled(scaledNormal, heVariance);
    case 'lecunUniform':
      return scaled(scaledUniform, lecunVariance);
    case 'lecunNormal':
      return scaled(scaledNormal, lecunVariance);
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

/** Draws one value. */
type Draw = (random: Random) => number;

function uniform(low: number, high: number): Initializer {
  return (values, _shape, random) => random.fill(values, low, high);
}

function normal(mean: number, deviation: number): Draw {
  return (random) => mean + deviation * random.normal();
}

/** Normal, drawn again while more than two standard deviations from the mean. */
function truncatedNormal(mean: number, deviation: number): Draw {
  return (random) => {
    let z: number;
    do z = random.normal(); while (Math.abs(z) > 2);
    return mean + deviation * z;
  };
}

function scaledUniform(variance: number): Initializer {
  const limit = Math.sqrt(3 * variance);
  return uniform(-limit, limit);
}

/** As in Keras: truncated, and widened so that the deviation after truncation is the wanted one. */
function scaledNormal(variance: number): Initializer {
  return each(truncatedNormal(0, Math.sqrt(variance) / truncatedDeviation));
}

/** Every value drawn alike. */
function each(draw: Draw): Initializer {
  return (values, _shape, random) => {
    for (let i = 0; i < values.length; i++) values[i] = draw(random);
  };
}

function scaled(distribution: (variance: number) => Initializer, variance: Fan): Initializer {
  return (values, shape, random) => distribution(variance(shape[0]!, shape.at(-1)!))(values, shape, random);
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

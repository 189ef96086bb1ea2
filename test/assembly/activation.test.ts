/**
 * The activation kernels against their plain twins, and the twins' derivatives against finite differences. What each
 * vector function may be off by stands in one table.
 */
import { describe, expect, it } from 'vitest';
import { activationCodes, type ElementwiseName } from '../../src/backend/plan.ts';
import { activations, erfc } from '../../src/backend/reference/pairs.ts';
import { awkward, counts, numbers, Twins, ulps } from '../twins.ts';

/** An error in ulp, or in absolute value if that is larger: results below 2^-126 come out as 0. */
interface Bound {
  ulp: number;
  floor?: number;
}
interface Bounds {
  forward: Bound;
  backward: Bound;
}

const flushed = 2 ** -126;
const exact: Bound = { ulp: 0 };

/**
 * Floors under `backward` are where f′ passes through 0 between two terms of size 1 or reaches 0 as 1 − out: an ulp of
 * these terms is what is left. Those under `forward` are said beside them.
 */
const bounds: Record<ElementwiseName, Bounds> = {
  linear: { forward: exact, backward: exact },
  sigmoid: { forward: { ulp: 2.3 }, backward: { ulp: 3 } },
  tanh: { forward: { ulp: 3.8 }, backward: { ulp: 4 } },
  relu: { forward: exact, backward: exact },
  relu6: { forward: exact, backward: exact },
  leakyRelu: { forward: exact, backward: { ulp: 1.1 } },
  elu: { forward: { ulp: 4 }, backward: { ulp: 3 } },
  selu: { forward: { ulp: 4 }, backward: { ulp: 2, floor: 3e-7 } },
  gelu: { forward: { ulp: 6 }, backward: { ulp: 4, floor: 4e-7 } },
  // The rounding of the cubic argument of e^x is a share of that argument, not of the result: 300 ulp far out.
  geluTanh: { forward: { ulp: 4, floor: 1e-7 }, backward: { ulp: 4, floor: 4e-7 } },
  // These go on as normal floats below −87.3, where e^z is flushed, and below −88.7, where e^−z is infinite.
  silu: { forward: { ulp: 3.2, floor: 1e-36 }, backward: { ulp: 4, floor: 3e-7 } },
  mish: { forward: { ulp: 5, floor: 2e-36 }, backward: { ulp: 4, floor: 4e-7 } },
  softplus: { forward: { ulp: 3.1 }, backward: { ulp: 3 } },
  softsign: { forward: { ulp: 1.6 }, backward: { ulp: 3.1 } },
  hardSigmoid: { forward: { ulp: 1, floor: 6e-8 }, backward: exact },
  hardSwish: { forward: { ulp: 2.6 }, backward: { ulp: 2, floor: 2e-7 } },
  step: { forward: exact, backward: exact },
  straightThrough: { forward: exact, backward: exact },
};

const alpha = Math.fround(0.3);
const beta = Math.fround(0.45);

const names = activationCodes.map((name, code) => [name, code] as const);

function expectWithin(actual: Float32Array, expected: Float32Array, { ulp, floor = flushed }: Bound, z: Float32Array): void {
  for (let i = 0; i < actual.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    if (Math.abs(a - e) <= floor) continue;
    const error = ulps(a, e);
    if (error > ulp) expect.fail(`${a} instead of ${e} at ${z[i]}: ${error} ulp, ${Math.abs(a - e)}`);
  }
}

/** f and dout · f′ of both twins, with the same f(z) given to both derivatives. */
function both(code: number, z: Float32Array, dout: Float32Array) {
  const twins = new Twins();
  const count = z.length;
  const at = twins.place(z);
  const out = twins.space(count);
  twins.run('activationForward', out, at, 1, count, code, alpha, beta);
  const forward = twins.read(out, count);
  const shared = twins.place(forward.wasm);
  const dz = twins.space(count, 7);
  twins.run('activationBackward', dz, twins.place(dout), at, shared, 1, count, code, alpha, beta);
  return { forward, backward: twins.read(dz, count) };
}

describe.each(names)('%s', (name, code) => {
  it('agrees with its twin for every count', () => {
    for (const count of counts) {
      const z = numbers(count, count, 8);
      const { forward, backward } = both(code, z, numbers(count, count + 1));
      expectWithin(forward.wasm, forward.plain, bounds[name].forward, z);
      expectWithin(backward.wasm, backward.plain, bounds[name].backward, z);
    }
  });

  it('agrees with its twin along the whole range', () => {
    const z = Float32Array.from({ length: 60_000 }, (_, i) => (i - 30_000) / 300);
    const { forward, backward } = both(code, z, new Float32Array(z.length).fill(1));
    expectWithin(forward.wasm, forward.plain, bounds[name].forward, z);
    expectWithin(backward.wasm, backward.plain, bounds[name].backward, z);
  });

  it('gives no slope that products would make denormal', () => {
    const dout = Float32Array.from({ length: 120 }, (_, i) => (i % 2 === 0 ? 1 : -1) * 10 ** (-i / 3));
    for (const slopes of Object.values(both(code, numbers(120, 1, 8), dout).backward)) {
      expect(slopes.filter((slope) => slope !== 0 && Math.abs(slope) < 9.9e-31)).toEqual(new Float32Array());
    }
  });

  it('agrees with its twin at zeros, kinks, infinities and NaN', () => {
    const z = Float32Array.from([...awkward, 6, -6, 1.5, -1.5, -2.5]);
    const { forward, backward } = both(code, z, new Float32Array(z.length).fill(1));
    expectWithin(forward.wasm, forward.plain, bounds[name].forward, z);
    expectWithin(backward.wasm, backward.plain, bounds[name].backward, z);
    const finite = (y: Float32Array): boolean[] => Array.from(y, (value) => !Number.isNaN(value));
    expect(finite(forward.wasm)).toEqual(Array.from(z, (value) => !Number.isNaN(value)));
    expect(finite(backward.wasm)).toEqual(finite(backward.plain));
  });

  it('gives NaN for a NaN from above', () => {
    const z = numbers(9, 3, 4);
    const { backward } = both(code, z, new Float32Array(9).fill(NaN));
    expect([...backward.wasm]).toEqual(new Array(9).fill(NaN));
    expect([...backward.plain]).toEqual(new Array(9).fill(NaN));
  });

  it('has the derivative that finite differences give', () => {
    if (name === 'straightThrough') return; // a derivative that is not that of its function
    const { f, df } = activations[name];
    const kinks = [0, -3, 3, 6, -beta / alpha, (1 - beta) / alpha];
    const h = 1e-5;
    for (const z of numbers(500, 5, 9)) {
      if (kinks.some((kink) => Math.abs(z - kink) < 2 * h)) continue;
      const slope = (f(z + h, alpha, beta) - f(z - h, alpha, beta)) / (2 * h);
      expect(Math.abs(df(z, alpha, beta) - slope), `at ${z}`).toBeLessThan(1e-9);
    }
  });
});

describe('erfc', () => {
  it('agrees with tables to the last digits', () => {
    const known: [number, number][] = [
      [0, 1], [0.1, 0.8875370839817151], [0.5, 0.4795001221869535], [1, 0.15729920705028513], [2, 0.0046777349810472658],
      [5, 1.5374597944280349e-12], [10, 2.0884875837625448e-45], [20, 5.3958656116079009e-176], [-0.5, 1.5204998778130465],
      [-1, 1.8427007929497149], [-3, 1.9999779095030014], [Infinity, 0], [-Infinity, 2],
    ];
    for (const [x, y] of known) expect(Math.abs(erfc(x) - y), `at ${x}`).toBeLessThanOrEqual(1e-15 * y);
    expect(erfc(NaN)).toBeNaN();
  });
});

describe.each(['softmax', 'logSoftmax'] as const)('%s', (name) => {
  // z − max rounds by half an ulp of up to 69 before it is an exponent, which is 64 ulp of a p near 1e−30; log p near 0
  // is off by an ulp of 1.
  const bound: Bound = name === 'softmax' ? { ulp: 70 } : { ulp: 4, floor: 3e-7 };
  const backwardBound: Bound = { ulp: 8, floor: 2e-6 };

  function run(z: Float32Array, rows: number, units: number) {
    const twins = new Twins();
    const at = twins.place(z);
    const out = twins.space(rows * units);
    twins.run(`${name}Forward`, out, at, rows, units);
    const forward = twins.read(out, rows * units);
    const dz = twins.space(rows * units, 7);
    twins.run(`${name}Backward`, dz, twins.place(numbers(rows * units, 9)), twins.place(forward.wasm), rows, units);
    return { forward, backward: twins.read(dz, rows * units) };
  }

  it('agrees with its twin for every width', () => {
    for (let units = 1; units <= 17; units++) {
      for (const rows of [1, 2, 3, 5]) {
        for (const scale of [0.5, 20, 1000]) {
          const z = numbers(rows * units, units, scale);
          const { forward, backward } = run(z, rows, units);
          expectWithin(forward.wasm, forward.plain, scale < 1 ? { ...bound, ulp: 6 } : bound, z);
          expectWithin(backward.wasm, backward.plain, backwardBound, z);
        }
      }
    }
  });

  it('is stable for ±1000 and flushes what is next to nothing', () => {
    const z = Float32Array.of(1000, -1000, 1000, 930.5, 1000, 999);
    const { forward } = run(z, 2, 3);
    expectWithin(forward.wasm, forward.plain, bound, z);
    if (name === 'softmax') expect([...forward.wasm.slice(0, 3)]).toEqual([0.5, 0, 0.5]);
    if (name === 'softmax') expect(forward.wasm[3]).toBe(0);
  });

  it('gives NaN for a row with a NaN, and for no other', () => {
    for (let units = 1; units <= 9; units++) {
      for (let place = 0; place < units; place++) {
        const z = numbers(3 * units, 4);
        z[units + place] = NaN;
        const { forward } = run(z, 3, units);
        const expected = Array.from({ length: 3 * units }, (_, i) => i >= units && i < 2 * units);
        expect(Array.from(forward.wasm, Number.isNaN)).toEqual(expected);
        expect(Array.from(forward.plain, Number.isNaN)).toEqual(expected);
      }
    }
  });
});

describe('softmax', () => {
  it('sums to 1 over a long row', () => {
    const twins = new Twins();
    const out = twins.space(1001);
    twins.run('softmaxForward', out, twins.place(numbers(1001, 2, 5)), 1, 1001);
    expect(twins.read(out, 1001).wasm.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
  });
});

/**
 * The error of every function of assembly/math.ts against float64, over all exponents and densely where it matters. The
 * functions are compiled here with an entry of their own, math.probe.ts, so that the shipped binary does not grow.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { erfc } from '../../src/backend/reference/pairs.ts';
import { hasRelaxed, relaxedNote } from '../backends.ts';
import { ulps } from '../twins.ts';

interface Subject {
  exact(x: number): number;
  /** In units of the last place, wherever the exact result is a normal float. */
  bound: number;
  /** Where it is used, when not everywhere. */
  domain?: [from: number, to: number];
  special: [x: number, y: number][];
}

const nowhere: [number, number][] = [[NaN, NaN]];
const subjects: Record<string, Subject> = {
  exp: {
    exact: Math.exp,
    bound: 1.3,
    special: [[0, 1], [-0, 1], [Infinity, Infinity], [-Infinity, 0], [89, Infinity], [3e38, Infinity], [-88, 0], [-3e38, 0], ...nowhere],
  },
  expm1: {
    exact: Math.expm1,
    bound: 2.6,
    special: [[0, 0], [-0, -0], [Infinity, Infinity], [-Infinity, -1], [3e38, Infinity], [-3e38, -1], ...nowhere],
  },
  log: {
    exact: Math.log,
    bound: 0.9,
    special: [[1, 0], [0, -Infinity], [-0, -Infinity], [Infinity, Infinity], [-Infinity, NaN], [-1, NaN], [-1e-40, NaN], ...nowhere],
  },
  sigmoid: {
    exact: (x) => 1 / (1 + Math.exp(-x)),
    bound: 2.3,
    special: [[0, 0.5], [-0, 0.5], [Infinity, 1], [-Infinity, 0], [3e38, 1], [-3e38, 0], ...nowhere],
  },
  tanh: {
    exact: Math.tanh,
    bound: 3.8,
    special: [[0, 0], [-0, -0], [Infinity, 1], [-Infinity, -1], [3e38, 1], [-3e38, -1], ...nowhere],
  },
  softplus: {
    exact: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    bound: 3.1,
    special: [[Infinity, Infinity], [-Infinity, 0], [1000, 1000], [-1000, 0], ...nowhere],
  },
  gaussian: {
    exact: (x) => Math.exp((-x * x) / 2),
    bound: 1.7,
    domain: [-14, 14],
    special: [[0, 1], [14, 0], ...nowhere],
  },
  scaledNormalTail: {
    exact: (x) => (erfc(x / Math.SQRT2) / 2) * Math.exp((x * x) / 2),
    bound: 4.3,
    domain: [0, 14],
    special: [[0, 0.5], ...nowhere],
  },
};

/** Every 12,289th float from 0 to NaN and from −0 to −NaN, and even steps over the ranges in which results change. */
function points(): Float32Array {
  const words = new Uint32Array(349_497);
  for (let i = 0; i < words.length; i++) words[i] = i * 12_289;
  const dense: number[] = [];
  for (let i = -100_000; i <= 100_000; i++) dense.push(i / 1000, i / 100_000, 1 + i / 1e6);
  return new Float32Array([...new Float32Array(words.buffer), ...dense]);
}

const builds: [name: string, features: readonly string[], runs: boolean][] = [
  ['strict', ['--enable', 'simd'], true],
  [`relaxed${relaxedNote}`, ['--enable', 'simd', '--enable', 'relaxed-simd'], hasRelaxed],
];

for (const [build, features, runs] of builds) describe.skipIf(!runs)(`functions on four lanes, ${build}`, () => {
  let map: (name: string, x: Float32Array) => Float32Array;

  beforeAll(() => {
    const outFile = 'build/math.probe.wasm';
    execFileSync(process.execPath, [
      'node_modules/assemblyscript/bin/asc.js', 'test/assembly/math.probe.ts', '--config', 'none', '--runtime', 'stub', '--importMemory',
      '--use', 'abort=', ...features, '--noAssert', '-O3', '--outFile', outFile,
    ]);
    const binary = readFileSync(outFile);
    const memory = new WebAssembly.Memory({ initial: 256 });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
    const floats = new Float32Array(memory.buffer);
    const from = 1 << 14;
    const to = 1 << 21;
    map = (name, x) => {
      floats.set(x, from);
      (exports[name] as (out: number, x: number, count: number) => void)(to * 4, from * 4, x.length);
      return floats.slice(to, to + x.length);
    };
  });

  const x = points();

  for (const [name, { exact, bound, domain: [low, high] = [-Infinity, Infinity], special }] of Object.entries(subjects)) {
    it(`${name} is within ${bound} ulp`, () => {
      const y = map(name, x);
      let worst = 0;
      let at = 0;
      for (let i = 0; i < x.length; i++) {
        if (x[i]! < low || x[i]! > high) continue;
        const expected = exact(x[i]!);
        if (Math.abs(expected) < 2 ** -126 && Math.abs(y[i]!) <= 2 ** -126) continue;
        const error = ulps(y[i]!, expected);
        if (!(error <= worst)) [worst, at] = [error, x[i]!];
      }
      expect(worst, `worst at ${at}`).toBeLessThanOrEqual(bound);
    });

    it(`${name} is right at the ends of its range, at zeros and at NaN`, () => {
      const inputs = Float32Array.from(special, ([at]) => at);
      expect([...map(name, inputs)]).toEqual(special.map(([, expected]) => expected));
    });
  }
});

/**
 * Losses and accuracy: the wasm kernels against their plain twins, the plain slopes against finite differences of the
 * plain values, and both against numbers worked out by hand.
 */
import { describe, expect, it } from 'vitest';
import { accuracyCodes, lossCodes, type LossName } from '../../src/backend/plan.ts';
import { elementLosses, kernels } from '../../src/backend/reference/loss.ts';
import { Twins, awkward, numbers } from '../twins.ts';

/**
 * How far the float32 kernels may be from their twins in double precision: relative to the result, and absolute for one
 * element where terms of the size of 1 cancel.
 */
const tolerance: Record<LossName | 'softmax' | 'sigmoid', { relative: number; absolute: number }> = {
  // One subtraction and at most three products, each rounded to 2^-24.
  meanSquaredError: { relative: 4e-7, absolute: 0 },
  halfSquaredError: { relative: 4e-7, absolute: 0 },
  meanAbsoluteError: { relative: 4e-7, absolute: 0 },
  huber: { relative: 4e-7, absolute: 0 },
  // tanh has a few units in the last place of error, and at 1, where the two forms meet, −log(1 − tanh²) trebles it.
  logCosh: { relative: 3e-6, absolute: 0 },
  // A logarithm, and a product that cancels in 1 − p.
  binaryCrossentropy: { relative: 1e-6, absolute: 2e-7 },
  // A row of logarithms, and a sum of the row that may cancel.
  categoricalCrossentropy: { relative: 3e-6, absolute: 2e-6 },
  sparseCategoricalCrossentropy: { relative: 3e-6, absolute: 2e-6 },
  // 1 − y·h cancels.
  hinge: { relative: 4e-7, absolute: 2e-7 },
  squaredHinge: { relative: 6e-7, absolute: 4e-7 },
  // y / h is rounded, then log of it near 1 is the rounding.
  kullbackLeiblerDivergence: { relative: 1e-6, absolute: 2e-7 },
  // h − y·log h and 1 − y / h cancel.
  poisson: { relative: 1e-6, absolute: 1e-6 },
  // exp multiplies the rounding of z − largest by its size; the row's sum has as many roundings as columns.
  softmax: { relative: 2e-5, absolute: 5e-7 },
  sigmoid: { relative: 2e-6, absolute: 5e-7 },
};

const rowCounts = [1, 2, 3, 5, 32];
const unitCounts = [...Array.from({ length: 17 }, (_, i) => i + 1), 64];
const delta = 0.75;
const largestFloat = 3.4e38;
const smallestFloat = 2 ** -126;

/** NaN where NaN is wanted, infinite or nearly so where a float32 would overflow, else close; what float32 cannot hold may be 0. */
function isClose(actual: number, expected: number, name: keyof typeof tolerance, count = 1): boolean {
  if (Number.isNaN(expected)) return Number.isNaN(actual);
  if (Math.abs(expected) > largestFloat) return Math.abs(actual) > 0.99 * largestFloat && Math.sign(actual) === Math.sign(expected);
  const { relative, absolute } = tolerance[name];
  return Math.abs(actual - expected) <= relative * Math.abs(expected) + (absolute + smallestFloat) * count;
}

function expectClose(actual: number, expected: number, name: keyof typeof tolerance, what: string, count = 1): void {
  if (!isClose(actual, expected, name, count)) expect.fail(`${what}: ${actual}, expected ${expected}`);
}

function expectAllClose({ wasm, plain }: { wasm: Float32Array; plain: Float32Array }, name: keyof typeof tolerance, what: string): void {
  const wrong = wasm.findIndex((value, i) => !isClose(value, plain[i]!, name));
  if (wrong >= 0) expect.fail(`${what}, element ${wrong}: ${wasm[wrong]}, expected ${plain[wrong]}`);
}

/** The values with NaN up to the next multiple of four: what stands in padding must not count. */
function padded(values: ArrayLike<number>): Float32Array {
  const range = new Float32Array(Math.ceil(values.length / 4) * 4).fill(NaN);
  range.set(values);
  return range;
}

/** Class indices for a number of rows. */
function labels(rows: number, units: number): Float32Array {
  return Float32Array.from({ length: rows }, (_, row) => (row * 7 + 3) % units);
}

/** Weights for a number of rows, a 0 and a 1 among them. */
function rowWeights(rows: number): Float32Array {
  return Float32Array.from({ length: rows }, (_, row) => [2.5, 0, 1, 0.3][row % 4]!);
}

function oneHot(classes: ArrayLike<number>, units: number): Float32Array {
  return Float32Array.from({ length: classes.length * units }, (_, i) => (classes[Math.floor(i / units)] === i % units ? 1 : 0));
}

/** Outputs and targets that are ordinary for a loss. */
function ordinary(name: LossName, rows: number, units: number): { out: Float32Array; target: Float32Array } {
  const count = rows * units;
  const any = numbers(count, 5, 2);
  const probabilities = numbers(count, 6).map((x) => 0.5 + 0.49 * x);
  const positive = numbers(count, 8).map((x) => Math.abs(x) + 0.01);
  switch (name) {
    case 'binaryCrossentropy':
      return { out: probabilities, target: numbers(count, 9).map((x, i) => (i % 3 === 0 ? 0.5 + x / 2 : x > 0 ? 1 : 0)) };
    case 'categoricalCrossentropy':
      return { out: positive, target: probabilities };
    case 'sparseCategoricalCrossentropy':
      return { out: positive, target: labels(rows, units) };
    case 'hinge':
    case 'squaredHinge':
      return { out: any, target: any.map((_, i) => (i % 3) - 1) };
    case 'kullbackLeiblerDivergence':
      return { out: probabilities, target: numbers(count, 9).map((x) => 0.5 + 0.49 * x) };
    case 'poisson':
      return { out: positive, target: any.map((_, i) => i % 5) };
    default:
      return { out: any, target: numbers(count, 10, 2) };
  }
}

/** Targets at which a loss is defined; everything that is not listed takes the awkward ones. */
const targets: Partial<Record<LossName, number[]>> = {
  binaryCrossentropy: [0, 1, 0.3, NaN],
  hinge: [0, 1, -1, NaN],
  squaredHinge: [0, 1, -1, NaN],
  kullbackLeiblerDivergence: [0, 1, 0.3, NaN],
  poisson: [0, 1, 100, NaN],
};

describe.each(unitCounts)('with %i units', (units) => {
  it.each(rowCounts)('loss agrees with its twin for %i rows', (rows) => {
    const twins = new Twins();
    const count = rows * units;
    const sum = twins.space(2);
    const dout = twins.space(count);
    const out = twins.space(count);
    const target = twins.space(count);
    const weights = twins.place(padded(rowWeights(rows)));
    for (const weighted of [0, weights]) {
      lossCodes.forEach((name, code) => {
        const ranges = ordinary(name, rows, units);
        for (const { f32, f64 } of [twins.wasm, twins.plain]) {
          f32.set(padded(ranges.out), out / 4);
          f32.set(padded(ranges.target), target / 4);
          f64[sum / 8] = 10; // Sums accumulate.
        }
        twins.run('loss', sum, dout, out, target, weighted, rows, units, code, units, delta);
        const total = twins.readDouble(sum);
        const what = weighted === 0 ? name : `weighted ${name}`;
        expectClose(total.wasm, total.plain, name, `${what} of ${rows} rows`, count);
        expectAllClose(twins.read(dout, count), name, `slope of ${what}`);

        twins.run('loss', sum, 0, out, target, weighted, rows, units, code, units, delta);
        expect(twins.readDouble(sum).wasm - total.wasm, 'the same loss without a gradient').toBeCloseTo(total.wasm - 10, 9);
      });
    }
  });

  it.each(rowCounts)('fused losses agree with their twins for %i rows', (rows) => {
    const twins = new Twins();
    const count = rows * units;
    const sum = twins.space(2);
    const out = twins.space(count);
    const dz = twins.space(count);
    const z = twins.space(count);
    const target = twins.space(count);
    const classes = labels(rows, units);
    const soft = numbers(count, 12).map((x) => 0.5 + x / 2);
    const weights = twins.place(padded(rowWeights(rows)));
    for (const [scale, weighted] of [[1, 0], [20, 0], [1000, 0], [1, weights], [20, weights], [1000, weights]] as const) {
      for (const y of [classes, oneHot(classes, units), soft]) {
        for (const { f32, f64 } of [twins.wasm, twins.plain]) {
          f32.set(padded(numbers(count, 11, scale)), z / 4);
          f32.set(padded(y), target / 4);
          f64[sum / 8] = 10;
        }
        const fused: ['softmax' | 'sigmoid', () => void][] = [
          ['softmax', () => { twins.run('softmaxCrossentropy', sum, out, dz, z, target, weighted, rows, units, y === classes ? 1 : 0); }],
        ];
        if (y !== classes) fused.push(['sigmoid', () => { twins.run('sigmoidCrossentropy', sum, out, dz, z, target, weighted, rows, units); }]);
        for (const [name, run] of fused) {
          const before = twins.readDouble(sum);
          run();
          const after = twins.readDouble(sum);
          expectClose(after.wasm - before.wasm, after.plain - before.plain, name, `${name} of ${rows} rows, weights at ${weighted}`, count);
          expectAllClose(twins.read(out, count), name, `${name} output, logits of ${scale}`);
          expectAllClose(twins.read(dz, count), name, `${name} gradient, logits of ${scale}, weights at ${weighted}`);
        }
      }
    }
  });

  it.each(rowCounts)('accuracy is that of its twin for %i rows', (rows) => {
    const twins = new Twins();
    const count = rows * units;
    const sum = twins.space(2);
    // Few different values, so that there are ties; one NaN.
    const coarse = numbers(count, 13).map((x) => Math.round(2 * x) / 2);
    if (rows > 2) coarse[count - 1] = NaN;
    const out = twins.place(padded(coarse));
    const target = twins.place(padded(oneHot(labels(rows, units), units)));
    const classes = twins.place(padded(labels(rows, units)));
    accuracyCodes.forEach((name, kind) => {
      const before = twins.readDouble(sum);
      twins.run('accuracy', sum, out, name === 'sparse' ? classes : target, rows, units, kind, 0);
      const after = twins.readDouble(sum);
      expect(after.wasm - before.wasm, name).toBe(after.plain - before.plain);
    });
  });
});

describe('element losses', () => {
  const names = Object.keys(elementLosses) as (keyof typeof elementLosses)[];

  it.each(names)('%s agrees with its twin at awkward values', (name) => {
    const probe = new Twins();
    const sum = probe.space(2);
    const dout = probe.space(1);
    const out = probe.space(1);
    const target = probe.space(1);
    for (const y of targets[name] ?? awkward) {
      for (const h of awkward) {
        for (const { f32, f64 } of [probe.wasm, probe.plain]) {
          f32[out / 4] = h;
          f32[target / 4] = y;
          f64[sum / 8] = 0;
        }
        // Not through `run`, which looks at every guard each time.
        const args = [sum, dout, out, target, 0, 1, 1, lossCodes.indexOf(name), 0, delta] as const;
        probe.exports['loss']!(...args);
        kernels.loss(probe.plain, ...args);
        const what = `${name} at h = ${h}, y = ${y}`;
        const total = probe.readDouble(sum);
        expectClose(total.wasm, total.plain, name, what);
        const slope = probe.read(dout, 1);
        expectClose(slope.wasm[0]!, slope.plain[0]!, name, `slope of ${what}`);
        if (Number.isNaN(h) || Number.isNaN(y)) expect([total.wasm, slope.wasm[0]], what).toEqual([NaN, NaN]);
      }
    }
  });

  it.each(names)('the slope of %s is the derivative of its value', (name) => {
    const { value, slope } = elementLosses[name];
    const step = 1e-5;
    const { out, target } = ordinary(name, 40, 10);
    let compared = 0;
    out.forEach((h, i) => {
      const y = target[i]!;
      const kinks = [y, y - delta, y + delta, -1, 1];
      if (kinks.some((kink) => Math.abs(h - kink) < 2 * step)) return;
      const difference = (value(h + step, y, delta) - value(h - step, y, delta)) / (2 * step);
      const found = slope(h, y, delta);
      // The error of a central difference is a sixth of step² times the third derivative, up to 2·10^6 at h = 0.01.
      expect(Math.abs(difference - found), `at h = ${h}, y = ${y}`).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(found)));
      compared++;
    });
    expect(compared).toBeGreaterThan(200);
  });

  it('have the values of their definitions', () => {
    const at = (name: keyof typeof elementLosses, h: number, y: number): [number, number] => [
      elementLosses[name].value(h, y, 1), elementLosses[name].slope(h, y, 1),
    ];
    expect(at('meanSquaredError', 3, 1)).toEqual([4, 4]);
    expect(at('halfSquaredError', 3, 1)).toEqual([2, 2]);
    expect(at('meanAbsoluteError', 1, 3)).toEqual([2, -1]);
    expect(at('meanAbsoluteError', 3, 3)).toEqual([0, 0]);
    expect(at('huber', 1.5, 1)).toEqual([0.125, 0.5]);
    expect(at('huber', -2, 1)).toEqual([2.5, -1]);
    expect(at('logCosh', 1, 0)[0]).toBeCloseTo(0.4337808304830271, 14);
    expect(at('logCosh', 1000, 0)).toEqual([1000 - Math.LN2, 1]);
    expect(at('logCosh', 1e-6, 0)[0] / 5e-13).toBeCloseTo(1, 9);
    expect(at('binaryCrossentropy', 0.25, 1)).toEqual([Math.log(4), -4]);
    expect(at('binaryCrossentropy', 0, 1)[0]).toBeCloseTo(16.11809565, 6);
    expect(at('binaryCrossentropy', 0, 1)[1]).toBeLessThan(-9e6); // A saturated wrong output still learns.
    expect(at('hinge', 0.25, 0)).toEqual([1.25, 1]);
    expect(at('hinge', 2, 1)).toEqual([0, 0]);
    expect(at('squaredHinge', 0.5, 1)).toEqual([0.25, -1]);
    expect(at('kullbackLeiblerDivergence', 0.25, 0.5)).toEqual([0.5 * Math.LN2, -2]);
    expect(at('poisson', 1, 2)[0]).toBeCloseTo(1, 6);
  });
});

describe('losses of rows', () => {
  /** The loss and the gradient of the plain kernel, which keeps sums in double precision. */
  function lossAndGradient(
    name: LossName | 'softmax' | 'sigmoid', input: Float32Array, target: Float32Array, rows: number, units: number,
  ): [number, Float32Array] {
    const buffer = new ArrayBuffer(8192);
    const memory = { f32: new Float32Array(buffer), f64: new Float64Array(buffer), i32: new Int32Array(buffer) };
    const [sum, gradient, x, y, out] = [64, 1024, 2048, 3072, 4096] as const;
    memory.f32.set(input, x / 4);
    memory.f32.set(target, y / 4);
    if (name === 'softmax') kernels.softmaxCrossentropy(memory, sum, out, gradient, x, y, 0, rows, units, target.length === rows ? 1 : 0);
    else if (name === 'sigmoid') kernels.sigmoidCrossentropy(memory, sum, out, gradient, x, y, 0, rows, units);
    else kernels.loss(memory, sum, gradient, x, y, 0, rows, units, lossCodes.indexOf(name), 1, delta);
    return [memory.f64[sum / 8]! / (name === 'sigmoid' ? rows * units : rows), memory.f32.slice(gradient / 4, gradient / 4 + rows * units)];
  }

  const rows = 3;
  const units = 5;
  const step = 2 ** -12;
  // Multiples of the step, so that float32 holds them and their neighbours exactly.
  const input = numbers(rows * units, 21).map((x) => Math.round((Math.abs(x) + 0.25) / step) * step);
  const soft = numbers(rows * units, 22).map((x) => 0.5 + x / 2);

  it.each([
    ['categoricalCrossentropy', soft],
    ['sparseCategoricalCrossentropy', labels(rows, units)],
    ['softmax', soft],
    ['softmax', labels(rows, units)],
    ['sigmoid', soft],
  ] as const)('the gradient of %s is the derivative of its value', (name, target) => {
    const gradient = lossAndGradient(name, input, target, rows, units)[1];
    input.forEach((x, i) => {
      const above = lossAndGradient(name, input.with(i, x + step), target, rows, units)[0];
      const below = lossAndGradient(name, input.with(i, x - step), target, rows, units)[0];
      expect(Math.abs((above - below) / (2 * step) - gradient[i]!), `element ${i}`).toBeLessThanOrEqual(2e-6);
    });
  });

  it('categorical cross-entropy normalises its rows', () => {
    const [value, gradient] = lossAndGradient('categoricalCrossentropy', Float32Array.of(1, 3), Float32Array.of(1, 0), 1, 2);
    expect(value).toBeCloseTo(Math.log(4), 14);
    expect([...gradient]).toEqual([-0.75, 0.25]); // (1 − 1 / ¼) / 4 and (1 − 0) / 4
  });

  it('softmax cross-entropy is exact and finite for any logits', () => {
    const probe = new Twins();
    const sum = probe.space(2);
    const out = probe.space(6);
    const dz = probe.space(6);
    const z = probe.place([1000, -1000, 0, -1000, -1000, 1000]);
    const target = probe.place([1, 0]);
    probe.run('softmaxCrossentropy', sum, out, dz, z, target, 0, 2, 3, 1);
    expect(probe.readDouble(sum)).toEqual({ wasm: 4000, plain: 4000 });
    for (const values of Object.values(probe.read(dz, 6))) expect(values).toEqual(Float32Array.of(0.5, -0.5, 0, -0.5, 0, 0.5));
    for (const values of Object.values(probe.read(out, 6))) expect(values).toEqual(Float32Array.of(1, 0, 0, 0, 0, 1));
  });

  it('a logit of −∞ is a probability of 0', () => {
    const twins = new Twins();
    const sum = twins.space(2);
    const [out, dz] = [twins.space(3), twins.space(3)];
    const z = twins.place([0, -Infinity, 0]);
    twins.run('softmaxCrossentropy', sum, out, dz, z, twins.place([1, 0, 0]), 0, 1, 3, 0);
    expect(twins.readDouble(sum).wasm).toBeCloseTo(Math.LN2, 6);
    for (const values of Object.values(twins.read(out, 3))) expect(values).toEqual(Float32Array.of(0.5, 0, 0.5));
    for (const values of Object.values(twins.read(dz, 3))) expect(values).toEqual(Float32Array.of(-0.5, 0, 0.5));
  });

  it('probabilities and gradients are never denormal', () => {
    const twins = new Twins();
    const sum = twins.space(2);
    const [out, dz] = [twins.space(120), twins.space(120)];
    const z = twins.place(Float32Array.from({ length: 120 }, (_, i) => -i));
    const target = twins.space(120);
    for (const run of [
      () => { twins.run('softmaxCrossentropy', sum, out, dz, z, target, 0, 1, 120, 1); },
      () => { twins.run('sigmoidCrossentropy', sum, out, dz, z, target, 0, 1, 120); },
    ]) {
      run();
      for (const at of [out, dz]) {
        for (const values of Object.values(twins.read(at, 120))) {
          expect(values.some((x) => x !== 0 && Math.abs(x) < 9.9e-31)).toBe(false);
          expect(values[119]).toBe(0);
        }
      }
    }
  });

  it('weights of 1 leave every bit, and a weight of 2 doubles the slopes of its row alone', () => {
    const [rows, units] = [7, 3];
    const count = rows * units;
    const twins = new Twins();
    const [sum, dout, spare] = [twins.space(2), twins.space(count), twins.space(count)];
    const [ones, weights] = [twins.place(new Float32Array(8).fill(1)), twins.place([1, 1, 2, 1, 1, 0, 1, NaN])];
    const positive = twins.place(padded(numbers(count, 41).map((x) => Math.abs(x) / 2 + 0.1)));
    const target = twins.place(padded(oneHot(labels(rows, units), units)));
    const classes = twins.place(padded(labels(rows, units)));
    const run = (name: LossName | 'softmax' | 'sigmoid', at: number): { total: number; slopes: Float32Array } => {
      const y = name === 'sparseCategoricalCrossentropy' ? classes : target;
      for (const { f64 } of [twins.wasm, twins.plain]) f64[sum / 8] = 0;
      if (name === 'softmax') twins.run('softmaxCrossentropy', sum, spare, dout, positive, y, at, rows, units, 0);
      else if (name === 'sigmoid') twins.run('sigmoidCrossentropy', sum, spare, dout, positive, y, at, rows, units);
      else twins.run('loss', sum, dout, positive, y, at, rows, units, lossCodes.indexOf(name), units, delta);
      return { total: twins.readDouble(sum).wasm, slopes: twins.read(dout, count).wasm };
    };
    for (const name of [...lossCodes, 'softmax', 'sigmoid'] as const) {
      const plain = run(name, 0);
      expect(run(name, ones), name).toEqual(plain);
      const { slopes } = run(name, weights);
      expect([...slopes].map(Math.abs), name).toEqual([...plain.slopes].map((x, i) => Math.abs(x) * [1, 1, 2, 1, 1, 0, 1][Math.floor(i / units)]!));
    }
  });

  const rowLosses = ['categoricalCrossentropy', 'sparseCategoricalCrossentropy', 'softmax', 'sparseSoftmax'] as const;
  /** Runs one of these losses on 6 rows of 3. */
  function runRows(twins: Twins, name: (typeof rowLosses)[number], sum: number, gradient: number, input: number, target: number): void {
    if (name === 'softmax' || name === 'sparseSoftmax') {
      twins.run('softmaxCrossentropy', sum, twins.space(18), gradient, input, target, 0, 6, 3, name === 'softmax' ? 0 : 1);
    } else {
      twins.run('loss', sum, gradient, input, target, 0, 6, 3, lossCodes.indexOf(name), 1, 0);
    }
  }

  it.each(rowLosses)('%s: NaN makes the loss NaN, and the gradient of its row alone', (name) => {
    const classes = [0, 1, 2, 0, 1, 2];
    const sparse = name.startsWith('sparse');
    const inputs = numbers(18, 31).map((x) => Math.abs(x) + 0.1);
    const good = Float32Array.from(sparse ? classes : oneHot(classes, 3));
    const place = sparse ? 4 : 13; // in row 4
    const cases = [[inputs.with(13, NaN), good], [inputs, good.with(place, NaN)]];
    if (sparse) for (const none of [3, -1, 0.5]) cases.push([inputs, good.with(place, none)]);
    for (const [input, target] of cases) {
      const twins = new Twins();
      const sum = twins.space(2);
      const gradient = twins.space(18);
      runRows(twins, name, sum, gradient, twins.place(input!), twins.place(target!));
      expect(twins.readDouble(sum)).toEqual({ wasm: NaN, plain: NaN });
      for (const values of Object.values(twins.read(gradient, 18))) {
        values.forEach((x, i) => {
          expect(Number.isNaN(x), `element ${i}`).toBe(i >= 12 && i < 15);
        });
      }
    }
  });

  it('without a gradient the loss is the same, and nothing is written at address 0', () => {
    const twins = new Twins();
    const [sum, again, gradient] = [twins.space(2), twins.space(2), twins.space(18)];
    const input = twins.place(numbers(18, 33).map((x) => Math.abs(x) + 0.1));
    const dense = twins.place(oneHot([0, 1, 2, 0, 1, 2], 3));
    const sparse = twins.place([0, 1, 2, 0, 1, 2]);
    const bottom = twins.wasm.f32.slice(0, 1024);
    for (const name of rowLosses) {
      runRows(twins, name, sum, gradient, input, name.startsWith('sparse') ? sparse : dense);
      runRows(twins, name, again, 0, input, name.startsWith('sparse') ? sparse : dense);
    }
    twins.run('sigmoidCrossentropy', sum, twins.space(18), gradient, input, dense, 0, 6, 3);
    twins.run('sigmoidCrossentropy', again, twins.space(18), 0, input, dense, 0, 6, 3);
    expect(twins.readDouble(again)).toEqual(twins.readDouble(sum));
    expect(bottom.every((x, i) => Object.is(x, twins.wasm.f32[i]))).toBe(true);
    expect(twins.plain.f32.subarray(0, 1024).every((x) => x === 0)).toBe(true);
  });
});

describe('accuracy', () => {
  function count(kind: (typeof accuracyCodes)[number], out: number[], target: number[], rows: number, threshold = 0.5): number {
    const twins = new Twins();
    const sum = twins.space(2);
    const args = [twins.place(padded(out)), twins.place(padded(target)), rows, out.length / rows, accuracyCodes.indexOf(kind), threshold];
    twins.run('accuracy', sum, ...args);
    twins.run('accuracy', sum, ...args);
    const { wasm, plain } = twins.readDouble(sum);
    expect(wasm).toBe(plain);
    return wasm / 2;
  }

  it('takes the first of equal maxima', () => {
    expect(count('sparse', [1, 1, 0, 0, 2, 2, 3, 3, 3], [0, 2, 0], 3)).toBe(2);
    expect(count('categorical', [1, 1, 0, 0, 2, 2], [1, 0, 0, 0, 0.5, 0.5], 2)).toBe(2);
    expect(count('sparse', [-Infinity, -Infinity], [0], 1)).toBe(1);
  });

  it('counts elements on the same side of the threshold, which itself is below', () => {
    expect(count('binary', [0.5, 0.6, 0.4, 0.9, 0.1], [0, 1, 1, 0, 0], 1)).toBe(3);
    expect(count('binary', [0.5, 0.6], [1, 1], 2, 0.55)).toBe(1);
  });

  it('takes NaN as wrong', () => {
    expect(count('binary', [NaN, NaN, 0.1], [0, 1, NaN], 3)).toBe(0);
    expect(count('sparse', [1, NaN, NaN, 1, 0, 1], [0, 1, NaN], 3)).toBe(0);
    expect(count('categorical', [1, 0, 1, 0], [1, NaN, NaN, 0], 2)).toBe(0);
  });
});

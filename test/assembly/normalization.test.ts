/** Normalisation: the wasm kernels against their plain twins over one grid of sizes, and what they do at the edges. */
import { describe, expect, it } from 'vitest';
import type { kernels } from '../../src/backend/reference/index.ts';
import { expectClose } from '../close.ts';
import { awkward, counts, numbers, Twins } from '../twins.ts';

const widths = [1, 2, 3, 4, 5, 8, 9, 16, 17, 33, 63, 64, 100];
const heights = [1, 2, 3, 4, 16, 64, 67];
const epsilon = Math.fround(1e-3);

/** Both memories with every range that the kernels of a batch of rows x units know; results hold 5 at first. */
class Fixture {
  readonly twins = new Twins();
  readonly rows: number;
  readonly units: number;
  readonly at: Record<'input' | 'dout' | 'gamma' | 'beta' | 'mean' | 'variance' | 'scale' | 'slope' | 'tilt' | 'out' | 'dinput' | 'dgamma' | 'dbeta' | 'statistics', number>;

  constructor(rows: number, units: number, input: ArrayLike<number> = spread(rows, units), dout: ArrayLike<number> = numbers(rows * units, 3)) {
    this.rows = rows;
    this.units = units;
    const { twins } = this;
    const column = (): number => twins.space(units, 5);
    this.at = {
      input: twins.place(input), dout: twins.place(dout), gamma: twins.place(numbers(units, 4)), beta: twins.place(numbers(units, 5)),
      mean: column(), variance: column(), scale: column(), slope: column(), tilt: column(), out: twins.space(rows * units, 5),
      dinput: twins.space(rows * units, 5), dgamma: column(), dbeta: column(), statistics: twins.space(2 * rows, 5),
    };
  }

  run(name: keyof typeof kernels, ...args: number[]): this {
    this.twins.run(name, ...args);
    return this;
  }

  moments(): this {
    const { at: { mean, variance, input, scale, gamma }, rows, units } = this;
    return this.run('columnMoments', mean, variance, input, rows, units, units).run('columnScales', scale, variance, gamma, units, epsilon);
  }

  columns(): this {
    const { at: { out, input, mean, scale, beta }, rows, units } = this;
    return this.moments().run('normalizeColumns', out, input, mean, scale, beta, rows, units);
  }

  columnsBackward(dgamma = this.at.dgamma, dbeta = this.at.dbeta): this {
    const { at: { dinput, slope, tilt, input, dout, mean, variance, scale }, rows, units } = this;
    return this.run('columnSlopes', dgamma, dbeta, slope, tilt, input, dout, mean, variance, rows, units, units, epsilon)
      .run('normalizeColumnsBackward', dinput, input, dout, mean, scale, slope, tilt, rows, units);
  }

  rowwise(gamma = this.at.gamma, beta = this.at.beta): this {
    const { at: { out, statistics, input }, rows, units } = this;
    return this.run('normalizeRows', out, statistics, input, gamma, beta, rows, units, epsilon);
  }

  rowsBackward(gamma = this.at.gamma, dgamma = this.at.dgamma, dbeta = this.at.dbeta): this {
    const { at: { dinput, input, dout, statistics }, rows, units } = this;
    return this.run('normalizeRowsBackwardParameters', dgamma, dbeta, input, dout, statistics, rows, units, units)
      .run('normalizeRowsBackwardInput', dinput, input, dout, statistics, gamma, rows, units);
  }

  read(name: keyof Fixture['at']) {
    const { rows, units } = this;
    const size = { input: rows * units, dout: rows * units, out: rows * units, dinput: rows * units, statistics: 2 * rows } as Partial<Record<keyof Fixture['at'], number>>;
    return this.twins.read(this.at[name], size[name] ?? units);
  }

  agree(names: readonly (keyof Fixture['at'])[], tolerance = 4e-6): void {
    for (const name of names) {
      const { wasm, plain } = this.read(name);
      expectClose(wasm, plain, tolerance, `${name} of ${this.rows} x ${this.units}`);
    }
  }
}

/** Columns of differing means and deviations. */
function spread(rows: number, units: number): Float32Array {
  return numbers(rows * units, 2).map((value, i) => value * (1 + (i % units) % 3) + (i % 5));
}

describe.each(widths)('of %i columns', (units) => {
  it.each(heights)('%i rows are brought to their columns\' moments, and back', (rows) => {
    const fixture = new Fixture(rows, units).columns().columnsBackward();
    fixture.agree(['mean', 'variance', 'scale', 'out', 'slope', 'tilt']);
    // Sums over the rows, from 5 on.
    fixture.agree(['dgamma', 'dbeta'], 1e-5);
    // Where a column has a variance near 0, its gradient is scaled by up to 30.
    fixture.agree(['dinput'], 4e-5);
    // Optimizers and the search for numbers that are not finite pass over the padding too.
    for (const name of ['mean', 'variance', 'dgamma', 'dbeta'] as const) {
      expect(fixture.twins.read(fixture.at[name] + 4 * units, (4 - (units % 4)) % 4).wasm.every((value) => value === 0), 'padding').toBe(true);
    }
  });

  it.each(heights)('%i rows are each brought to their own moments, and back', (rows) => {
    const fixture = new Fixture(rows, units).rowwise().rowsBackward();
    fixture.agree(['statistics', 'out', 'dgamma', 'dbeta'], 1e-5);
    fixture.agree(['dinput'], 1e-4);
  });
});

describe('columns', () => {
  it('have mean 0 and variance 1 afterwards, times gamma, plus beta', () => {
    const fixture = new Fixture(64, 9, numbers(64 * 9, 6, 100)).columns();
    const { out: { wasm: out }, gamma: { wasm: gamma }, beta: { wasm: beta } } = { out: fixture.read('out'), gamma: fixture.read('gamma'), beta: fixture.read('beta') };
    for (let i = 0; i < 9; i++) {
      const column = Array.from({ length: 64 }, (_, row) => out[row * 9 + i]!);
      const mean = column.reduce((sum, value) => sum + value, 0) / 64;
      const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 64;
      expectClose([mean, Math.sqrt(variance)], [beta[i]!, Math.abs(gamma[i]!)], 2e-6);
    }
  });

  it('have moments as exact for 10,000 rows, far from 0 too', () => {
    const rows = 10_000;
    for (const centre of [0, 1000]) {
      const fixture = new Fixture(rows, 3, numbers(rows * 3, 8).map((value) => value + centre)).moments();
      const mean = fixture.read('mean');
      const variance = fixture.read('variance');
      for (let i = 0; i < 3; i++) {
        expect(Math.abs(mean.wasm[i]! - mean.plain[i]!)).toBeLessThanOrEqual(3e-7 * Math.max(1, centre));
        expect(Math.abs(variance.wasm[i]! / variance.plain[i]! - 1)).toBeLessThanOrEqual(2e-6);
      }
    }
  });

  it.each([[40, 0, 16], [40, 16, 40], [100, 32, 64], [35, 32, 35]])('of %i, those from %i to %i alone have the bits that they have among all', (units, first, last) => {
    const rows = 70;
    const whole = new Fixture(rows, units).columns().columnsBackward().rowwise().rowsBackward();
    const part = new Fixture(rows, units);
    const { mean, variance, input, slope, tilt, dout, dgamma, dbeta } = Object.fromEntries(Object.entries(part.at).map(([name, at]) => [name, at + 4 * first])) as Fixture['at'];
    part.rowwise();
    part.run('columnMoments', mean, variance, input, rows, last - first, units);
    part.run('columnSlopes', dgamma, dbeta, slope, tilt, input, dout, mean, variance, rows, last - first, units, epsilon);
    part.run('normalizeRowsBackwardParameters', dgamma, dbeta, input, dout, part.at.statistics, rows, last - first, units);
    for (const name of ['mean', 'variance', 'slope', 'tilt', 'dgamma', 'dbeta'] as const) {
      const values = part.read(name).wasm;
      expect(values.slice(first, last), name).toEqual(whole.read(name).wasm.slice(first, last));
      expect([...values.slice(0, first), ...values.slice(last)].every((value) => value === 5), `${name} elsewhere`).toBe(true);
    }
  });

  it.each(widths)('and rows, %i wide, are written up to the last and no further: the next are another thread\'s', (units) => {
    const fixture = new Fixture(8, units);
    const { out, input, mean, scale, beta, dinput, dout, slope, tilt, statistics, gamma } = fixture.at;
    fixture.moments().run('normalizeColumns', out, input, mean, scale, beta, 4, units).run('normalizeColumnsBackward', dinput, input, dout, mean, scale, slope, tilt, 4, units);
    for (const name of ['out', 'dinput'] as const) expect(fixture.read(name).wasm.slice(4 * units)).toEqual(new Float32Array(4 * units).fill(5));
    fixture.run('normalizeRows', out, statistics, input, gamma, beta, 4, units, epsilon).run('normalizeRowsBackwardInput', dinput, input, dout, statistics, gamma, 4, units);
    for (const name of ['out', 'dinput'] as const) expect(fixture.read(name).wasm.slice(4 * units)).toEqual(new Float32Array(4 * units).fill(5));
    expect(fixture.read('statistics').wasm.slice(8)).toEqual(new Float32Array(8).fill(5));
  });

  it('need no mean, beta, gamma, nor gradients of them', () => {
    for (const units of [3, 20]) {
      const fixture = new Fixture(6, units).columns().columnsBackward();
      const bottom = fixture.twins.wasm.f32.slice(0, 1024);
      const { out, input, mean, variance, scale, beta } = fixture.at;
      fixture.columnsBackward(0, 0);
      fixture.rowwise(0, 0).rowsBackward(0, 0, 0).agree(['out', 'dinput'], 4e-5);
      fixture.run('columnScales', scale, variance, 0, units, epsilon).agree(['scale']);
      expectClose(fixture.read('scale').wasm, fixture.read('variance').plain.map((value) => 1 / Math.sqrt(value + epsilon)), 1e-6);
      fixture.run('normalizeColumns', out, input, 0, scale, beta, 6, units).agree(['out']);
      fixture.run('normalizeColumns', out, input, mean, scale, 0, 6, units).agree(['out']);
      expect(bottom.every((value, i) => Object.is(value, fixture.twins.wasm.f32[i])), 'nothing at address 0').toBe(true);
    }
  });

  it('that are constant, and batches of one row, give beta and no gradient', () => {
    for (const [rows, value] of [[1, 3], [64, 0], [67, -1e-40], [67, 7]] as const) {
      const fixture = new Fixture(rows, 5, new Float32Array(rows * 5).fill(value), new Float32Array(rows * 5).fill(0.25)).columns().columnsBackward();
      const beta = fixture.read('beta').wasm;
      for (const side of ['wasm', 'plain'] as const) {
        expect(fixture.read('variance')[side]).toEqual(new Float32Array(5));
        fixture.read('out')[side].forEach((out, i) => expect(out).toBe(beta[i % 5]));
        for (const d of fixture.read('dinput')[side]) expect(Math.abs(d)).toBe(0);
      }
    }
  });

  it('do not touch each other: what one holds stays in it', () => {
    const units = awkward.length;
    const input = numbers(5 * units, 9);
    awkward.forEach((value, i) => (input[2 * units + i] = value));
    const dout = numbers(5 * units, 10);
    const fixture = new Fixture(5, units, input, dout).columns().columnsBackward();
    awkward.forEach((value, i) => {
      for (const name of ['out', 'dinput'] as const) {
        const { wasm, plain } = fixture.read(name);
        for (let at = i; at < 5 * units; at += units) {
          // The squares of the largest numbers leave float32 on one side, and not the doubles on the other.
          if (!Number.isFinite(value)) expect([wasm[at], plain[at]], `${name} ${value}`).toEqual([NaN, NaN]);
          else if (Math.abs(value) < 1e18) expect(Math.abs(wasm[at]! - plain[at]!), `${name} ${value}`).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(plain[at]!)));
        }
      }
    });
  });
});

describe('rows', () => {
  it('do not touch each other: what one holds stays in it', () => {
    const units = 6;
    const input = numbers(awkward.length * units, 9);
    awkward.forEach((value, row) => (input[row * units + 3] = value));
    const fixture = new Fixture(awkward.length, units, input).rowwise().rowsBackward();
    awkward.forEach((value, row) => {
      for (const name of ['out', 'dinput'] as const) {
        const { wasm, plain } = fixture.read(name);
        for (let at = row * units; at < (row + 1) * units; at++) {
          if (!Number.isFinite(value)) expect([wasm[at], plain[at]], `${name} ${value}`).toEqual([NaN, NaN]);
          else if (Math.abs(value) < 1e18) expect(Math.abs(wasm[at]! - plain[at]!), `${name} ${value}`).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(plain[at]!)));
        }
      }
    });
  });

  it('that are constant give beta and no gradient', () => {
    const fixture = new Fixture(3, 7, new Float32Array(21).fill(2), new Float32Array(21).fill(0.5)).rowwise().rowsBackward(0);
    const beta = fixture.read('beta').wasm;
    for (const side of ['wasm', 'plain'] as const) {
      fixture.read('out')[side].forEach((out, i) => expect(out).toBe(beta[i % 7]));
      for (const d of fixture.read('dinput')[side]) expect(Math.abs(d)).toBe(0);
    }
  });

  it('come to mean 0 and variance 1', () => {
    const out = new Fixture(4, 50, numbers(200, 3, 100).map((value) => value + 1000)).rowwise(0, 0).read('out').wasm;
    for (let row = 0; row < 4; row++) {
      const values = out.subarray(50 * row, 50 * row + 50);
      expectClose([values.reduce((sum, x) => sum + x, 0) / 50, values.reduce((sum, x) => sum + x * x, 0) / 50], [0, 1], 1e-5);
    }
  });
});

it('gradients below 1e-30 are 0', () => {
  const dout = numbers(8 * 5, 3, 1e-31);
  const fixture = new Fixture(8, 5, numbers(40, 2), dout).columns().columnsBackward().rowwise();
  for (const side of ['wasm', 'plain'] as const) expect(fixture.read('dinput')[side]).toEqual(new Float32Array(40));
  fixture.rowsBackward();
  for (const side of ['wasm', 'plain'] as const) expect(fixture.read('dinput')[side]).toEqual(new Float32Array(40));
});

describe('blend', () => {
  it.each(counts)('moves %i averages by a share', (count) => {
    for (const keep of [0, 0.25, Math.fround(0.99), 1]) {
      const twins = new Twins();
      const [average, value] = [twins.place(numbers(count, 1)), twins.place(numbers(count, 2))];
      twins.run('blend', average, value, count, keep);
      const { wasm, plain } = twins.read(average, count);
      expectClose(wasm, plain, 2e-7);
      const expected = numbers(count, 1).map((old, i) => keep * old + (1 - keep) * numbers(count, 2)[i]!);
      expectClose(plain, expected, 2e-7);
    }
  });

  it('lets averages decay to 0, not to denormal numbers, and passes on NaN', () => {
    const twins = new Twins();
    const [average, value] = [twins.place([1e-37, -1e-37, NaN, 1, 1e-40]), twins.place([0, 0, 0, NaN, 0])];
    for (let i = 0; i < 60; i++) twins.run('blend', average, value, 5, Math.fround(0.9));
    for (const values of Object.values(twins.read(average, 5))) expect(values).toEqual(Float32Array.of(0, 0, NaN, NaN, 0));
  });
});

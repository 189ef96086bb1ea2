/** The three dense products: wasm against plain, over sizes around the tile and values at which sums go wrong. */
import { describe, expect, it } from 'vitest';
import { expectClose } from '../close.ts';
import { numbers, Twins } from '../twins.ts';
import { placeWeight, readWeight } from '../weights.ts';

/** Around 4 and 6 rows, 8 columns, 12 and 16 inputs; 256 is the block of rows of the parameter gradient. */
const rowCounts = [1, 2, 3, 4, 5, 6, 8, 10, 31, 257];
const widths = [1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 17, 33];

const scratchFloats = (rows: number, units: number): number => Math.max(8, Math.min(rows, 256)) * (16 + Math.ceil(units / 4) * 4);

describe.each(rowCounts)('dense products on %i rows', (rows) => {
  it.each(widths)('%i inputs, every number of units', (inputs) => {
    for (const units of widths) {
      const twins = new Twins();
      const input = twins.place(numbers(rows * inputs, 1));
      const dout = twins.place(numbers(rows * units, 2));
      const weight = placeWeight(twins, numbers(inputs * units, 3), inputs, units);
      const bias = twins.place(numbers(units, 4));
      const scratch = twins.space(scratchFloats(rows, units));
      const out = twins.space(rows * units, 7);
      const dinput = twins.space(rows * inputs, 7);
      const dweight = placeWeight(twins, numbers(inputs * units, 5), inputs, units);
      const dbias = twins.place(numbers(units, 6));
      const size = `${rows} x ${inputs} x ${units}`;
      const tolerance = 3e-7 * Math.sqrt(Math.max(rows, inputs, units)) + 1e-6;

      twins.run('denseForward', out, input, weight, bias, rows, inputs, units);
      const forward = twins.read(out, rows * units);
      expectClose(forward.wasm, forward.plain, tolerance, `out ${size}`);

      twins.run('denseForward', out, input, weight, 0, rows, inputs, units);
      const unbiased = twins.read(out, rows * units);
      expectClose(unbiased.wasm, unbiased.plain, tolerance, `out without bias ${size}`);

      twins.run('denseBackwardInput', dinput, scratch, dout, weight, rows, inputs, units);
      const backward = twins.read(dinput, rows * inputs);
      expectClose(backward.wasm, backward.plain, tolerance, `dinput ${size}`);

      twins.run('denseBackwardParameters', dweight, dbias, scratch, input, dout, rows, inputs, units);
      const gradient = readWeight(twins, dweight, inputs, units);
      expectClose(gradient.wasm, gradient.plain, tolerance, `dweight ${size}`);
      const biasGradient = twins.read(dbias, units);
      expectClose(biasGradient.wasm, biasGradient.plain, tolerance, `dbias ${size}`);
    }
  });
});

describe('denseDescend, a step from one row', () => {
  it.each(widths)('%i inputs: the bits of a stored gradient and its update, and those of its twin within rounding', (inputs) => {
    for (const units of widths) {
      const twins = new Twins();
      const x = numbers(inputs, 1);
      x[inputs >> 1] = 0;
      const input = twins.place(x);
      const dout = twins.place(numbers(units, 2));
      const rate = twins.place([0.1]);
      const step = twins.space(1);
      const scratch = twins.space(scratchFloats(1, units));
      const [moved, stored] = [5, 5].map((seed) => placeWeight(twins, numbers(inputs * units, seed), inputs, units));
      const [movedBias, storedBias] = [6, 6].map((seed) => twins.place(numbers(units, seed)));
      const dweight = placeWeight(twins, new Float32Array(inputs * units), inputs, units);
      const dbias = twins.space(units);

      twins.run('denseDescend', moved!, movedBias!, scratch, input, dout, rate, inputs, units);
      const { wasm, plain } = readWeight(twins, moved!, inputs, units);
      expectClose(wasm, plain, 1e-6, `weight ${inputs} x ${units}`);
      expectClose(twins.read(movedBias!, units).wasm, twins.read(movedBias!, units).plain, 1e-6, 'bias');

      twins.run('denseBackwardParameters', dweight, dbias, scratch, input, dout, 1, inputs, units);
      twins.run('sgd', stored!, 0, dweight, rate, step, inputs * Math.ceil(units / 4) * 4, 0, 0, 0, 0);
      twins.run('sgd', storedBias!, 0, dbias, rate, step, units, 0, 0, 0, 0);
      expect(wasm).toEqual(readWeight(twins, stored!, inputs, units).wasm);
      expect(twins.read(movedBias!, units).wasm).toEqual(twins.read(storedBias!, units).wasm);
    }
  });
});

describe('values at which sums go wrong', () => {
  const inputs = 5;
  const units = 10;
  it.each([NaN, Infinity, -Infinity, -0, 1e-40, 3e38])('%d in one input reaches just its row', (value) => {
    const rows = 6;
    const twins = new Twins();
    const x = numbers(rows * inputs, 1);
    x[2 * inputs + 3] = value;
    const input = twins.place(x);
    const weight = placeWeight(twins, numbers(inputs * units, 3), inputs, units);
    const out = twins.space(rows * units);
    twins.run('denseForward', out, input, weight, 0, rows, inputs, units);
    const { wasm, plain } = twins.read(out, rows * units);
    expectClose(wasm, plain);
    if (!Number.isFinite(value)) expect(wasm.some((y, i) => !Number.isFinite(y) && Math.floor(i / units) !== 2)).toBe(false);
  });

  it('gives a row the same bits whatever rows stand around it', () => {
    const rows = 9;
    const twins = new Twins();
    const input = twins.place(numbers(rows * inputs, 1));
    const weight = placeWeight(twins, numbers(inputs * units, 3), inputs, units);
    const bias = twins.place(numbers(units, 4));
    const all = twins.space(rows * units);
    const one = twins.space(units);
    twins.run('denseForward', all, input, weight, bias, rows, inputs, units);
    for (let row = 0; row < rows; row++) {
      const single = twins.place(twins.wasm.f32.slice(input / 4 + row * inputs, input / 4 + (row + 1) * inputs));
      twins.run('denseForward', one, single, weight, bias, 1, inputs, units);
      expect(twins.read(one, units).wasm).toEqual(twins.read(all + 4 * row * units, units).wasm);
    }
  });

  it('leaves the unused columns of a gradient at zero', () => {
    const rows = 7;
    const twins = new Twins();
    const input = twins.place(numbers(rows * inputs, 1));
    const dout = twins.place(numbers(rows * 5, 2));
    const dweight = twins.space(inputs * 8);
    const scratch = twins.space(scratchFloats(rows, 5));
    twins.run('denseBackwardParameters', dweight, 0, scratch, input, dout, rows, inputs, 5);
    const packed = twins.read(dweight, inputs * 8).wasm;
    expect(packed.filter((_, i) => i % 8 >= 5)).toEqual(new Float32Array(inputs * 3));
  });
});

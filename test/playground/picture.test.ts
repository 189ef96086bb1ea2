/** Drawings as pixels: they lie in the square as the digits of the data do, wherever and however large they were drawn. */
import { describe, expect, it } from 'vitest';
import { enlarged, picture } from '../../src/playground/rooms/digits/picture.ts';
import { digitStrokes } from './strokes.ts';

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);

/** Sums of rows and of columns. */
function sums(pixels: Float32Array, side: number): { rows: number[]; columns: number[] } {
  const places = Array.from({ length: side }, (_, i) => i);
  return {
    rows: places.map((row) => sum(pixels.subarray(row * side, (row + 1) * side))),
    columns: places.map((column) => sum(places.map((row) => pixels[row * side + column]!))),
  };
}

/** The mean place of ink along sums of rows or columns. */
const centre = (along: readonly number[]): number => sum(along.map((ink, i) => ink * (i + 0.5))) / sum(along);

describe.each([8, 28] as const)('pictures with a side of %i', (side) => {
  it('are blank where nothing has been drawn', () => {
    expect(picture([], side)).toEqual(new Float32Array(side * side));
    expect(picture([[]], side)).toEqual(new Float32Array(side * side));
  });

  it.each([...digitStrokes.entries()])('hold a drawn %i, from 0 to 1', (_digit, strokes) => {
    const pixels = picture(strokes, side);
    expect(pixels.length).toBe(side * side);
    expect(Math.min(...pixels)).toBe(0);
    expect(Math.max(...pixels)).toBeLessThanOrEqual(1);
    expect(Math.max(...pixels)).toBeGreaterThan(0.8);
  });

  it('do not depend on where and how large it was drawn', () => {
    for (const strokes of digitStrokes) {
      const elsewhere = strokes.map((stroke) => stroke.map((value, i) => value * 0.5 + (i % 2 === 0 ? 128 : -32)));
      expect(picture(elsewhere, side)).toEqual(picture(strokes, side));
    }
  });

  it('take a dot, and a line without width', () => {
    for (const strokes of [[[5, 5]], [[5, 5, 5, 5]], [[0, 3, 90, 3]]]) {
      const pixels = picture(strokes, side);
      expect(pixels.every(Number.isFinite)).toBe(true);
      expect(sum(pixels)).toBeGreaterThan(1);
    }
  });
});

it('fills all rows of 8 x 8 and keeps to the usual amount of ink', () => {
  for (const strokes of digitStrokes) {
    const pixels = picture(strokes, 8);
    expect(sums(pixels, 8).rows.every((row) => row > 0)).toBe(true);
    expect(Math.abs(sum(pixels) / 64 - 0.285)).toBeLessThan(0.06);
  }
});

it('puts the centre of mass into the middle of 28 x 28, in 20 pixels', () => {
  for (const strokes of digitStrokes) {
    const { rows, columns } = sums(picture(strokes, 28), 28);
    // A quarter of a pixel is what it is drawn in.
    expect(Math.abs(centre(rows) - 14)).toBeLessThan(0.25);
    expect(Math.abs(centre(columns) - 14)).toBeLessThan(0.25);
    const used = [rows, columns].map((along) => along.filter((ink) => ink > 0.05).length);
    expect(Math.max(...used)).toBeGreaterThanOrEqual(19);
    expect(Math.max(...used)).toBeLessThanOrEqual(21);
  }
});

it('enlarges a picture of 8 x 8 for networks of 28 x 28', () => {
  const large = enlarged(picture(digitStrokes[3]!, 8));
  const { rows, columns } = sums(large, 28);
  expect(Math.abs(centre(rows) - 14)).toBeLessThan(0.2);
  expect(Math.abs(centre(columns) - 14)).toBeLessThan(0.2);
  expect(rows.filter((ink) => ink > 0.05).length).toBeGreaterThanOrEqual(19);
  expect(Math.max(...large)).toBeLessThanOrEqual(1);
});

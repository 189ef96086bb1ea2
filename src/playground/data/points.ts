/** Sets of points drawn by a seed: classes in the plane that a network has to tell apart, surfaces over it and curves along a line that it has to follow. */

import { normal, uniform } from './random.ts';

/** Points from −`extent` to `extent` or a little beyond, with targets: 0 or 1 for classes, −1 to 1 for values. */
export interface Points {
  /** [rows, inputs], row-major. */
  readonly x: Float32Array;
  readonly y: Float32Array;
}

export const dataNames = ['xor', 'circles', 'spirals', 'moons', 'gaussian', 'waves', 'saddle', 'sine', 'steps', 'chirp'] as const;
export type DataName = (typeof dataNames)[number];

export const dataLabels: Record<DataName, string> = {
  xor: 'XOR', circles: 'Circles', spirals: 'Spirals', moons: 'Moons', gaussian: 'Two clouds', waves: 'Waves (regression)', saddle: 'Saddle (regression)',
  sine: 'Sine (curve)', steps: 'Steps (curve)', chirp: 'Chirp (curve)',
};

export const extent = 2;

/** Whether the targets are classes, or else numbers. */
export function hasClasses(name: DataName): boolean {
  return surfaces[name] === undefined && curves[name] === undefined;
}

/** How many numbers a network is given of a point. */
export function inputsOf(name: DataName): 1 | 2 {
  return curves[name] === undefined ? 2 : 1;
}

/** Draws a point of class 0 or 1 (`way` goes evenly from 0 to 1 over the points of a class), or anywhere. */
type Shape = (label: number, way: number, draw: () => number) => [number] | [number, number];

const anywhere: Shape = (_label, _way, draw) => [extent * (2 * draw() - 1), extent * (2 * draw() - 1)];
const along: Shape = (_label, _way, draw) => [extent * (2 * draw() - 1)];

const shapes: Record<DataName, Shape> = {
  xor(label, _way, draw) {
    // A gap along the axes: noise is what closes it.
    const side = (): number => 0.2 + 1.8 * draw();
    const left = draw() < 0.5;
    const x = side();
    const y = side();
    return [left ? -x : x, left === (label === 1) ? y : -y];
  },
  circles(label, _way, draw) {
    const angle = 2 * Math.PI * draw();
    const radius = label === 1 ? 0.9 * Math.sqrt(draw()) : 1.4 + 0.6 * draw();
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  },
  spirals(label, way) {
    const radius = 0.15 + 1.85 * way;
    const angle = 2 * Math.PI * 1.25 * way + Math.PI * label;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  },
  moons(label, way) {
    const angle = Math.PI * way;
    return label === 1 ? [1.2 * Math.cos(angle) - 0.6, 1.2 * Math.sin(angle) - 0.3] : [0.6 - 1.2 * Math.cos(angle), 0.3 - 1.2 * Math.sin(angle)];
  },
  gaussian(label, _way, draw) {
    const centre = label === 1 ? 0.9 : -0.9;
    return [centre + 0.4 * normal(draw), centre + 0.4 * normal(draw)];
  },
  waves: anywhere,
  saddle: anywhere,
  sine: along,
  steps: along,
  chirp: along,
};

/** What a surface is, over the plane. */
const surfaces: Partial<Record<DataName, (x: number, y: number) => number>> = {
  waves: (x, y) => Math.sin(1.8 * x) * Math.cos(1.2 * y),
  saddle: (x, y) => (x * x - y * y) / 4,
};

/** What a curve is without noise, from −`extent` to `extent`: one that is smooth, one that jumps, one that turns ever faster. */
export const curves: Partial<Record<DataName, (x: number) => number>> = {
  sine: (x) => Math.sin(2 * x),
  steps: (x) => [-0.8, 0.4, -0.4, 0.8][Math.min(3, Math.floor(x) + 2)]!,
  chirp: (x) => Math.sin((x + 2) ** 2),
};

/**
 * Draws points. Classes take turns, so both have as many; `noise` is the standard deviation of what is added to the place of a point, or
 * to the value at it.
 */
export function makePoints(name: DataName, { count, noise, seed }: { count: number; noise: number; seed: number }): Points {
  const draw = uniform(seed);
  const inputs = inputsOf(name);
  const x = new Float32Array(inputs * count);
  const y = new Float32Array(count);
  const blur = (): number => (noise === 0 ? 0 : noise * normal(draw));
  for (let i = 0; i < count; i++) {
    const label = i % 2;
    const way = (Math.floor(i / 2) + 0.5) / Math.ceil(count / 2);
    const place = shapes[name](label, way, draw);
    const value = curves[name]?.(place[0]) ?? surfaces[name]?.(place[0], place[1]!);
    x.set(value === undefined ? place.map((coordinate) => coordinate + blur()) : place, inputs * i);
    y[i] = value === undefined ? label : value + blur();
  }
  return { x, y };
}

/** Points to train on and others to test with. */
export function makeSets(name: DataName, options: { count: number; noise: number; seed: number }): { train: Points; test: Points } {
  const { seed } = options;
  // Seeds next to each other give unlike streams, for the counter is mixed; far apart they cannot meet.
  return { train: makePoints(name, { ...options, seed: 2 * seed }), test: makePoints(name, { ...options, seed: 2 * seed + 1 + 2 ** 30 }) };
}

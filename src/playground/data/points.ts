/** Sets of points in the plane, drawn by a seed: classes that a network has to tell apart, and surfaces that it has to follow. */

import { normal, uniform } from './random.ts';

/** Points from −`extent` to `extent` or a little beyond, with targets: 0 or 1 for classes, −1 to 1 for values. */
export interface Points {
  /** [rows, 2], row-major. */
  readonly x: Float32Array;
  readonly y: Float32Array;
}

export const dataNames = ['xor', 'circles', 'spirals', 'moons', 'gaussian', 'waves', 'saddle'] as const;
export type DataName = (typeof dataNames)[number];

export const dataLabels: Record<DataName, string> = {
  xor: 'XOR', circles: 'Circles', spirals: 'Spirals', moons: 'Moons', gaussian: 'Two clouds', waves: 'Waves (regression)', saddle: 'Saddle (regression)',
};

export const extent = 2;

/** Whether the targets are classes, or else numbers. */
export function hasClasses(name: DataName): boolean {
  return name !== 'waves' && name !== 'saddle';
}

/** Draws a point of class 0 or 1 (`way` goes evenly from 0 to 1 over the points of a class), or anywhere. */
type Shape = (label: number, way: number, draw: () => number) => [number, number];

const anywhere: Shape = (_label, _way, draw) => [extent * (2 * draw() - 1), extent * (2 * draw() - 1)];

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
};

/** What a surface is, over the plane. */
const surfaces: Partial<Record<DataName, (x: number, y: number) => number>> = {
  waves: (x, y) => Math.sin(1.8 * x) * Math.cos(1.2 * y),
  saddle: (x, y) => (x * x - y * y) / 4,
};

/**
 * Draws points. Classes take turns, so both have as many; `noise` is the standard deviation of what is added to the place of a point, or
 * to the value at it.
 */
export function makePoints(name: DataName, { count, noise, seed }: { count: number; noise: number; seed: number }): Points {
  const draw = uniform(seed);
  const x = new Float32Array(2 * count);
  const y = new Float32Array(count);
  const surface = surfaces[name];
  for (let i = 0; i < count; i++) {
    const label = i % 2;
    const way = (Math.floor(i / 2) + 0.5) / Math.ceil(count / 2);
    const [px, py] = shapes[name](label, way, draw);
    const blur = noise === 0 ? 0 : noise * normal(draw);
    const blur2 = noise === 0 || surface !== undefined ? 0 : noise * normal(draw);
    x[2 * i] = px + (surface === undefined ? blur : 0);
    x[2 * i + 1] = py + blur2;
    y[i] = surface === undefined ? label : surface(px, py) + blur;
  }
  return { x, y };
}

/** Points to train on and others to test with. */
export function makeSets(name: DataName, options: { count: number; noise: number; seed: number }): { train: Points; test: Points } {
  const { seed } = options;
  // Seeds next to each other give unlike streams, for the counter is mixed; far apart they cannot meet.
  return { train: makePoints(name, { ...options, seed: 2 * seed }), test: makePoints(name, { ...options, seed: 2 * seed + 1 + 2 ** 30 }) };
}

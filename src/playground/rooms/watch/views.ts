/** How answers and points are drawn, by the number of inputs: as a map over the plane of two, as a curve along the line of one. */

import { curves, extent, type DataName, type Points } from '../../data/points.ts';
import { colour, paintMap } from './colours.ts';
import { answerMap, mapReach } from './measures.ts';

/** What is drawn into, in CSS pixels. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** The target at the upper edge, where height stands for it; the lower edge is as far below 0. */
  readonly top: number;
}

export interface View {
  /** Where the answers are, in words. */
  readonly over: string;
  legend(classes: boolean): string;
  /** Where a point of a set lies. */
  spot(points: Points, i: number, frame: Frame): [x: number, y: number];
  /** What a unit answers, from 0 to 255, in a small square. */
  thumbnail(context: CanvasRenderingContext2D, values: Uint8Array, x: number, y: number, size: number): void;
  /** The answers; `still` is called when what does not change with them is to be drawn, above or below them. */
  draw(context: CanvasRenderingContext2D, frame: Frame, answers: Float32Array, classes: boolean, still: () => void): void;
  /** What lies under the points. */
  ground(context: CanvasRenderingContext2D, frame: Frame, data: DataName): void;
  points(context: CanvasRenderingContext2D, frame: Frame, points: Points, classes: boolean, hollow: boolean): void;
}

/** Room for all targets of some sets, noise and all. */
export function frameOf(width: number, height: number, sets: readonly Points[]): Frame {
  return { width, height, top: 1.25 * Math.max(1, ...sets.map(({ y }) => y.reduce((most, value) => Math.max(most, Math.abs(value)), 0))) };
}

/** How far along a side a place from −`mapReach` to `mapReach` is. */
const across = (place: number, side: number): number => ((place / mapReach + 1) / 2) * side;

const picture = document.createElement('canvas');

const plane: View = {
  over: 'over the plane',
  legend: (classes) => (classes ? '■ class 1   ● class 0' : '■ above 0   ● below 0'),
  spot: ({ x }, i, { width, height }) => [across(x[2 * i]!, width), across(-x[2 * i + 1]!, height)],
  thumbnail(context, values, x, y, size) {
    paintMap(picture, values);
    context.drawImage(picture, x, y, size, size);
  },
  draw(context, { width, height }, answers, classes, still) {
    paintMap(picture, answerMap(answers, classes));
    context.imageSmoothingQuality = 'high';
    context.drawImage(picture, 0, 0, width, height);
    still();
  },
  ground: () => undefined,
  points(context, frame, points, classes, hollow) {
    const size = frame.width < 240 ? 2.2 : 3;
    points.y.forEach((value, i) => {
      const [x, y] = plane.spot(points, i, frame);
      const warm = classes ? value === 1 : value > 0;
      context.beginPath();
      // Shape as well as colour tells the classes apart.
      if (warm) context.rect(x - size, y - size, 2 * size, 2 * size);
      else context.arc(x, y, size * 1.15, 0, 2 * Math.PI);
      context.globalAlpha = classes ? 1 : 0.25 + 0.75 * Math.min(1, Math.abs(value));
      context.fillStyle = colour(warm ? '--warm-strong' : '--cold-strong');
      context.strokeStyle = hollow ? context.fillStyle : colour('--panel');
      context.lineWidth = hollow ? 1.4 : 1;
      if (!hollow) context.fill();
      context.stroke();
    });
    context.globalAlpha = 1;
  },
};

/** How far down a target lies. */
const down = (target: number, { height, top }: Frame): number => ((1 - target / top) / 2) * height;

/** Begins a path through values that stand in the middle of cells of equal width. */
function trace(context: CanvasRenderingContext2D, values: Uint8Array | Float32Array, left: number, width: number, heightOf: (value: number) => number): void {
  context.beginPath();
  values.forEach((value, i) => context.lineTo(left + ((i + 0.5) / values.length) * width, heightOf(value)));
}

const line: View = {
  over: 'along x',
  legend: () => '● wanted   ━ answered   ┄ without noise',
  spot: ({ x, y }, i, frame) => [across(x[i]!, frame.width), down(y[i]!, frame)],
  thumbnail(context, values, x, y, size) {
    const middle = y + size / 2;
    const path = (): void => trace(context, values, x, size, (value) => middle - ((value - 128) / 128) * 0.45 * size);
    // Filled to 0, in the colours that maps have above and below it.
    for (const [tint, from] of [['--warm', y], ['--cold', middle]] as const) {
      context.save();
      context.beginPath();
      context.rect(x, from, size, size / 2);
      context.clip();
      path();
      context.lineTo(x + size, middle);
      context.lineTo(x, middle);
      context.globalAlpha = 0.6;
      context.fillStyle = colour(tint);
      context.fill();
      context.restore();
    }
    path();
    context.strokeStyle = colour('--text');
    context.lineWidth = size < 30 ? 1 : 1.5;
    context.stroke();
  },
  draw(context, frame, answers, _classes, still) {
    still();
    trace(context, answers, 0, frame.width, (value) => down(value, frame));
    context.lineJoin = 'round';
    context.strokeStyle = colour('--accent');
    context.lineWidth = 3;
    context.stroke();
  },
  ground(context, frame, data) {
    const { width, height } = frame;
    context.font = '12px system-ui, sans-serif';
    context.lineWidth = 1;
    context.fillStyle = colour('--quiet');
    const rule = (strong: boolean, x: number, y: number, toX: number, toY: number): void => {
      context.strokeStyle = colour(strong ? '--quiet' : '--line');
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(toX, toY);
      context.stroke();
    };
    const sign = (value: number): string => String(value).replace('-', '−');
    for (const x of [-2, -1, 0, 1, 2]) rule(false, across(x, width), 0, across(x, width), height);
    for (const y of [-1, 0, 1]) rule(y === 0, 0, down(y, frame), width, down(y, frame));
    context.textAlign = 'center';
    for (const x of [-2, -1, 0, 1, 2]) context.fillText(sign(x), across(x, width), height - 4);
    context.textAlign = 'left';
    for (const y of [-1, 0, 1]) context.fillText(sign(y), 4, down(y, frame) - 4);
    const truth = curves[data]!;
    context.beginPath();
    for (let i = 0; i <= 400; i++) {
      const x = extent * (i / 200 - 1);
      context.lineTo(across(x, width), down(truth(x), frame));
    }
    context.strokeStyle = colour('--quiet');
    context.lineWidth = 1.5;
    context.setLineDash([5, 4]);
    context.stroke();
    context.setLineDash([]);
  },
  points(context, frame, points, _classes, hollow) {
    context.fillStyle = context.strokeStyle = colour('--cold-strong');
    context.lineWidth = 1.4;
    context.globalAlpha = hollow ? 1 : 0.7;
    points.y.forEach((_, i) => {
      context.beginPath();
      context.arc(...line.spot(points, i, frame), hollow ? 3.2 : 2.8, 0, 2 * Math.PI);
      if (hollow) context.stroke();
      else context.fill();
    });
    context.globalAlpha = 1;
  },
};

export const views = { 1: line, 2: plane } as const;

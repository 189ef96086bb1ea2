/** What the map and the surface have in common: colours by height, the path's dots, and words on a canvas. */

import { colour } from '../../watch/colours.ts';
import type { Landscape } from '../messages.ts';
import { contour, multiples, roundStep, type Segment, type Terrain } from './terrain.ts';

/** Where a point of the path was drawn. */
export interface Dot {
  readonly x: number;
  readonly y: number;
}

/** A landscape made ready to be drawn. */
export interface Ground {
  readonly landscape: Landscape;
  readonly terrain: Terrain;
  /** The heights that the scale of colours begins and ends with. */
  readonly bottom: number;
  readonly top: number;
  /** Between lines, and between the finer ones of the valley below the first line. */
  readonly step: number;
  readonly fineStep: number;
  readonly lines: readonly { readonly level: number; readonly fine: boolean; readonly segments: readonly Segment[] }[];
}

/** About as many lines as the loss has room for; as on a map for walkers they are evenly spaced, so that where they are close it is steep. */
const mostLines = 12;
const fineLines = 5;

export function groundOf(landscape: Landscape): Ground {
  const finite = landscape.loss.filter(Number.isFinite);
  const [bottom, top] = [Math.min(...finite), Math.max(...finite)];
  // Beyond float32 it is as high as it can be drawn.
  const terrain: Terrain = { x: landscape.x, y: landscape.y, height: landscape.loss.map((loss) => (Number.isFinite(loss) ? loss : top)) };
  const step = roundStep(top - bottom, mostLines);
  const fineStep = step / fineLines;
  const coarse = multiples(step, bottom, top);
  const fine = multiples(fineStep, bottom, coarse[0]! - fineStep / 2);
  return {
    landscape, terrain, bottom, top, step, fineStep,
    lines: [...fine.map((level) => ({ level, fine: true })), ...coarse.map((level) => ({ level, fine: false }))].map((line) => ({ ...line, segments: contour(terrain, line.level) })),
  };
}

/** The radius of a point of the path: it grows with the step taken from there. */
export function dotRadius({ path }: Landscape, index: number): number {
  return 1.8 + 4.2 * Math.sqrt(path[index]!.step / Math.max(...path.map(({ step }) => step)));
}

/** A line that stands out from any ground. */
export function haloed(context: CanvasRenderingContext2D, width: number, stroke: string, draw: () => void): void {
  context.lineCap = context.lineJoin = 'round';
  for (const [lineWidth, name] of [[width + 3, '--panel'], [width, stroke]] as const) {
    context.beginPath();
    draw();
    context.lineWidth = lineWidth;
    context.strokeStyle = colour(name);
    context.stroke();
  }
}

export function dot(context: CanvasRenderingContext2D, { x, y }: Dot, radius: number, fill: string): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour(fill);
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = colour('--panel');
  context.stroke();
}

export function words(context: CanvasRenderingContext2D, text: string, x: number, y: number, { align = 'center', strong = false }: { align?: CanvasTextAlign; strong?: boolean } = {}): void {
  context.font = `${strong ? '650 13px' : '12px'} system-ui, sans-serif`;
  context.textAlign = align;
  context.textBaseline = 'middle';
  if (strong) {
    context.lineWidth = 4;
    context.lineJoin = 'round';
    context.strokeStyle = colour('--panel');
    context.strokeText(text, x, y);
  }
  context.fillStyle = colour(strong ? '--text' : '--quiet');
  context.fillText(text, x, y);
}

/** The points of the path with their sizes, the names of both ends, and a ring around the one that is read. */
export function drawDots(context: CanvasRenderingContext2D, landscape: Landscape, dots: readonly Dot[], chosen: number): void {
  dots.forEach((place, i) => dot(context, place, dotRadius(landscape, i), '--accent'));
  const [first, last] = [dots[0]!, dots.at(-1)!];
  const name = (text: string, { x, y }: Dot, other: Dot): void => {
    const left = x < other.x;
    words(context, text, x + (left ? -12 : 12), y, { align: left ? 'right' : 'left', strong: true });
  };
  name('start', first, last);
  name('end', last, first);
  const { x, y } = dots[chosen]!;
  for (const [lineWidth, stroke] of [[5, '--panel'], [2.5, '--text']] as const) {
    context.beginPath();
    context.arc(x, y, dotRadius(landscape, chosen) + 4, 0, 2 * Math.PI);
    context.lineWidth = lineWidth;
    context.strokeStyle = colour(stroke);
    context.stroke();
  }
}

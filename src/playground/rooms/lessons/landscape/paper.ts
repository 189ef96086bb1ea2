/** What the map and the surface have in common: colours by height, lines, the path, and words on a canvas. */

import { colour } from '../../watch/colours.ts';
import type { Landscape } from '../messages.ts';
import type { Ground } from './ground.ts';
import type { Segment } from './terrain.ts';

/** Where a point of the path was drawn. */
export interface Dot {
  readonly x: number;
  readonly y: number;
}

/** The radius of a point of the path: it grows with the step taken from there. */
export function dotRadius({ path }: Landscape, index: number): number {
  return 1.8 + 4.2 * Math.sqrt(path[index]!.step / Math.max(...path.map(({ step }) => step)));
}

/** Lines of equal loss; `place` says where on the canvas, or undefined where it is out of sight. */
export function drawLines(context: CanvasRenderingContext2D, { lines }: Ground, place: (segment: Segment, level: number) => readonly [Dot, Dot] | undefined): void {
  context.lineCap = 'butt';
  context.strokeStyle = colour('--text');
  for (const fine of [true, false]) {
    context.beginPath();
    for (const { level, segments } of lines.filter((line) => line.fine === fine)) {
      for (const segment of segments) {
        const ends = place(segment, level);
        if (ends === undefined) continue;
        context.moveTo(ends[0].x, ends[0].y);
        context.lineTo(ends[1].x, ends[1].y);
      }
    }
    context.globalAlpha = fine ? 0.35 : 0.6;
    context.lineWidth = fine ? 0.8 : 1.1;
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** The line of the path, rimmed so that it stands out from any ground. */
export function drawPath(context: CanvasRenderingContext2D, pieces: readonly (readonly [Dot, Dot])[]): void {
  context.lineCap = context.lineJoin = 'round';
  for (const [lineWidth, name] of [[5, '--panel'], [2, '--accent']] as const) {
    context.beginPath();
    for (const [from, to] of pieces) {
      context.moveTo(from.x, from.y);
      context.lineTo(to.x, to.y);
    }
    context.lineWidth = lineWidth;
    context.strokeStyle = colour(name);
    context.stroke();
  }
}

export function words(context: CanvasRenderingContext2D, text: string, x: number, y: number, align: CanvasTextAlign = 'center'): void {
  context.font = '12px system-ui, sans-serif';
  context.textAlign = align;
  context.textBaseline = 'middle';
  context.fillStyle = colour('--quiet');
  context.fillText(text, x, y);
}

/** The points of the path with their sizes, the names of both ends, and a ring around the one that is read. */
export function drawDots(context: CanvasRenderingContext2D, landscape: Landscape, dots: readonly Dot[], chosen: number): void {
  const disc = ({ x, y }: Dot, radius: number): void => {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
  };
  // All rims first: where dots are close they must not cover each other.
  for (const [rim, fill] of [[1, '--panel'], [0, '--accent']] as const) {
    context.fillStyle = colour(fill);
    dots.forEach((place, i) => {
      disc(place, dotRadius(landscape, i) + rim);
      context.fill();
    });
  }
  for (const [lineWidth, stroke] of [[5, '--panel'], [2.5, '--text']] as const) {
    disc(dots[chosen]!, dotRadius(landscape, chosen) + 4);
    context.lineWidth = lineWidth;
    context.strokeStyle = colour(stroke);
    context.stroke();
  }
  context.font = '650 13px system-ui, sans-serif';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.lineWidth = 4;
  context.strokeStyle = colour('--panel');
  context.fillStyle = colour('--text');
  for (const [text, { x, y }] of [['start', dots[0]!], ['end', dots.at(-1)!]] as const) {
    context.strokeText(text, x, y - 20);
    context.fillText(text, x, y - 20);
  }
}

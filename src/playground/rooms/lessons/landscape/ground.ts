/** A landscape made ready to be drawn: its scale of colours and its lines. */

import type { Landscape } from '../messages.ts';
import { contour, multiples, roundStep, type Segment, type Terrain } from './terrain.ts';

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

/** Its place on the scale of colours, from 0 to 1: by the root, for most of the way is far below the highest corner. */
export function toneOf({ bottom, top }: Ground, loss: number): number {
  return Math.sqrt((loss - bottom) / (top - bottom));
}

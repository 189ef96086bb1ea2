/** The landscape read as a map: colours by height, lines of equal loss, and the path from above. */

import { percent } from '../../../figures.ts';
import { blend, colour } from '../../watch/colours.ts';
import { figure } from '../../watch/figure.ts';
import { toneOf, type Ground } from './ground.ts';
import { drawDots, drawLines, drawPath, words, type Dot } from './paper.ts';
import { multiples, roundStep } from './terrain.ts';

const margin = { left: 52, right: 8, top: 8, bottom: 42 };

/** Draws it, and says where the points of the path are. */
export function drawMap(context: CanvasRenderingContext2D, width: number, height: number, ground: Ground, chosen: number): Dot[] {
  const { landscape, terrain: { x, y } } = ground;
  const side = Math.min(width - margin.left - margin.right, height - margin.top - margin.bottom);
  const [left, low] = [margin.left, margin.top + side];
  const right = (at: number): number => left + ((at - x[0]!) / (x.at(-1)! - x[0]!)) * side;
  const down = (at: number): number => low - ((at - y[0]!) / (y.at(-1)! - y[0]!)) * side;

  context.save();
  context.beginPath();
  context.rect(left, margin.top, side, side);
  context.clip();
  // A pixel stands for its middle, so the outer ones reach half a cell beyond the frame.
  const cell = side / (x.length - 1);
  context.imageSmoothingQuality = 'high';
  context.drawImage(painted(ground), left - cell / 2, margin.top - cell / 2, cell * x.length, cell * y.length);
  drawLines(context, ground, ({ from, to }) => [from, to].map(([px, py]) => ({ x: right(px), y: down(py) })) as unknown as readonly [Dot, Dot]);
  context.restore();
  const dots = landscape.path.map((point) => ({ x: right(point.x), y: down(point.y) }));
  drawPath(context, dots.slice(1).map((place, i) => [dots[i]!, place]));
  drawDots(context, landscape, dots, chosen);

  context.lineWidth = 1;
  context.strokeStyle = colour('--quiet');
  context.strokeRect(left, margin.top, side, side);
  const ticks = (axis: Float64Array): number[] => multiples(roundStep(axis.at(-1)! - axis[0]!, 6), axis[0]!, axis.at(-1)!);
  for (const at of ticks(x)) words(context, figure(at), right(at), low + 11);
  for (const at of ticks(y)) words(context, figure(at), left - 5, down(at), 'right');
  const name = (which: 0 | 1): string => `component ${which + 1} (${percent(landscape.shares[which])} of the spread)`;
  words(context, name(0), left + side / 2, low + 30);
  context.save();
  context.translate(9, margin.top + side / 2);
  context.rotate(-Math.PI / 2);
  words(context, name(1), 0, 0);
  context.restore();
  return dots;
}

/** A pixel for each point of the grid, the first row at the bottom. */
function painted(ground: Ground): HTMLCanvasElement {
  const { x, y, height } = ground.terrain;
  const canvas = document.createElement('canvas');
  canvas.width = x.length;
  canvas.height = y.length;
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(x.length, y.length);
  const shade = blend('--cold', '--middle');
  height.forEach((value, i) => {
    const row = y.length - 1 - Math.floor(i / x.length);
    image.data.set([...shade(toneOf(ground, value)), 255], 4 * (row * x.length + (i % x.length)));
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

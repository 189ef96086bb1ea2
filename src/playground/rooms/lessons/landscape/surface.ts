/** The landscape as a block to look at from all sides. Cells are painted from the far ones to the near ones, each over what it hides. */

import { blend, colour } from '../../watch/colours.ts';
import { figure } from '../../watch/figure.ts';
import { toneOf, type Ground } from './ground.ts';
import { drawDots, drawLines, drawPath, words, type Dot } from './paper.ts';
import { heightAt, multiples, roundStep } from './terrain.ts';
import { isHidden, projection, type Spot, type View } from './view.ts';

/** How high the highest point stands, where the ground is 2 wide. */
const tallness = 1.05;
/** The floor of the block, below its lowest point. */
const floor = -0.12;
/** Room for words around, in pixels. */
const border = { across: 34, along: 26 };

/** Draws it, and says where the points of the path are. */
export function drawSurface(context: CanvasRenderingContext2D, width: number, height: number, ground: Ground, chosen: number, view: View): Dot[] {
  const { landscape, landscape: { path }, terrain, terrain: { x: across, y: up }, bottom, top } = ground;
  const { place, toEye } = projection(view);
  const scale = Math.min((width / 2 - border.across) / Math.SQRT2, (height / 2 - border.along) / (Math.SQRT2 * toEye[2] + ((tallness - floor) / 2) * Math.hypot(toEye[0], toEye[1])));
  const middle = place([0, 0, (tallness + floor) / 2]);
  const seen = (spot: Spot): Dot => {
    const { x, y } = place(spot);
    return { x: width / 2 + scale * (x - middle.x), y: height / 2 + scale * (y - middle.y) };
  };
  const unit = (axis: Float64Array, at: number): number => (2 * (at - axis[0]!)) / (axis.at(-1)! - axis[0]!) - 1;
  const back = (axis: Float64Array, at: number): number => axis[0]! + ((at + 1) / 2) * (axis.at(-1)! - axis[0]!);
  const raised = (loss: number): number => (tallness * (loss - bottom)) / (top - bottom);
  const spot = (x: number, y: number, loss: number): Spot => [unit(across, x), unit(up, y), raised(loss)];

  const over = (u: number, v: number): number => raised(heightAt(terrain, back(across, u), back(up, v)));
  paintRim(context, ground, seen);
  paintCells(context, ground, { seen, spot, view });
  drawLines(context, ground, ({ from, to }, level) => {
    const middleOf = spot((from[0] + to[0]) / 2, (from[1] + to[1]) / 2, level);
    return isHidden(middleOf, toEye, over) ? undefined : [seen(spot(...from, level)), seen(spot(...to, level))];
  });
  paintSides(context, ground, seen, view);
  label(context, ground, seen, { view, width });

  const onGround = (x: number, y: number): Spot => spot(x, y, heightAt(terrain, x, y));
  const dots = path.map(({ x, y }) => seen(onGround(x, y)));
  // The path follows the ground between its points too; where a slope stands before it, it shows through.
  const pieces: { ends: readonly [Dot, Dot]; hidden: boolean }[] = [];
  path.slice(1).forEach(({ x, y }, i) => {
    const start = path[i]!;
    const parts = Math.max(1, Math.ceil(Math.hypot(dots[i + 1]!.x - dots[i]!.x, dots[i + 1]!.y - dots[i]!.y) / 6));
    const at = (part: number): Spot => onGround(start.x + ((x - start.x) * part) / parts, start.y + ((y - start.y) * part) / parts);
    for (let part = 0; part < parts; part++) pieces.push({ ends: [seen(at(part)), seen(at(part + 1))], hidden: isHidden(at(part + 0.5), toEye, over) });
  });
  for (const hidden of [true, false]) {
    context.globalAlpha = hidden ? 0.4 : 1;
    drawPath(context, pieces.filter((piece) => piece.hidden === hidden).map(({ ends }) => ends));
  }
  context.globalAlpha = 1;
  drawDots(context, landscape, dots, chosen);
  return dots;
}

interface Sight {
  readonly seen: (spot: Spot) => Dot;
  readonly spot: (x: number, y: number, loss: number) => Spot;
  readonly view: View;
}

function paintCells(context: CanvasRenderingContext2D, ground: Ground, { seen, spot, view }: Sight): void {
  const { x, y, height } = ground.terrain;
  const { place } = projection(view);
  const columns = x.length - 1;
  const spots = Array.from(height, (loss, i) => spot(x[i % x.length]!, y[Math.floor(i / x.length)]!, loss));
  const dots = spots.map(seen);
  const depths = spots.map((one) => place(one).depth);
  const cells = Array.from({ length: columns * (y.length - 1) }, (_, cell) => {
    const first = Math.floor(cell / columns) * x.length + (cell % columns);
    return { first, depth: depths[first]! + depths[first + x.length + 1]! };
  }).sort((a, b) => b.depth - a.depth);
  const shade = blend('--cold', '--middle');
  context.lineJoin = 'round';
  for (const { first } of cells) {
    const corners = [first, first + 1, first + x.length + 1, first + x.length] as const;
    const mean = corners.reduce((sum, i) => sum + height[i]!, 0) / 4;
    const light = lightOn(corners.map((i) => spots[i]!) as [Spot, Spot, Spot, Spot]);
    const fill = `rgb(${shade(toneOf(ground, mean)).map((channel) => Math.min(255, Math.round(channel * light))).join()})`;
    context.beginPath();
    for (const i of corners) context.lineTo(dots[i]!.x, dots[i]!.y);
    context.closePath();
    context.fillStyle = context.strokeStyle = fill;
    // The rim of its own colour closes the seams between cells.
    context.lineWidth = 1;
    context.fill();
    context.stroke();
  }
}

/** Between 0.75 and 1.1: light from one side of the block, so that it turns with it. */
function lightOn([a, b, , d]: readonly [Spot, Spot, Spot, Spot]): number {
  const alongX = (b[2] - a[2]) / (b[0] - a[0]);
  const alongY = (d[2] - a[2]) / (d[1] - a[1]);
  return 0.92 + (0.18 * (0.6 * alongX - 0.8 * alongY)) / Math.hypot(1, alongX, alongY);
}

const sides = [
  { normal: [0, -1], from: [-1, -1], to: [1, -1], name: 0 }, { normal: [1, 0], from: [1, -1], to: [1, 1], name: 1 },
  { normal: [0, 1], from: [1, 1], to: [-1, 1], name: 0 }, { normal: [-1, 0], from: [-1, 1], to: [-1, -1], name: 1 },
] as const;

/** The sides of the block that face the eye; from straight above none does. */
function facing(view: View): (typeof sides)[number][] {
  const { place } = projection(view);
  return view.tilt >= 90 ? [] : sides.filter(({ normal: [u, v] }) => place([u, v, 0]).depth < -1e-9);
}

/** The upper edge of a side, point by point of the grid. */
function edge({ terrain: { x, y, height }, bottom, top }: Ground, { from, to }: (typeof sides)[number], seen: Sight['seen']): Dot[] {
  const count = from[0] === to[0] ? y.length : x.length;
  return Array.from({ length: count }, (_, i) => {
    const share = i / (count - 1);
    const [u, v] = [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
    const at = Math.round(((v + 1) / 2) * (y.length - 1)) * x.length + Math.round(((u + 1) / 2) * (x.length - 1));
    return seen([u, v, (tallness * (height[at]! - bottom)) / (top - bottom)]);
  });
}

/** Around the surface, before it is painted over what of that is behind: its height may be of the colour of the page. */
function paintRim(context: CanvasRenderingContext2D, ground: Ground, seen: Sight['seen']): void {
  context.beginPath();
  for (const side of sides) for (const { x, y } of edge(ground, side, seen)) context.lineTo(x, y);
  context.closePath();
  context.lineWidth = 3;
  context.lineJoin = 'round';
  context.strokeStyle = colour('--quiet');
  context.stroke();
}

function paintSides(context: CanvasRenderingContext2D, ground: Ground, seen: Sight['seen'], view: View): void {
  for (const side of facing(view)) {
    context.beginPath();
    for (const { x, y } of [...[side.from, side.to].map(([u, v]) => seen([u, v, floor])), ...edge(ground, side, seen).reverse()]) context.lineTo(x, y);
    context.closePath();
    context.fillStyle = colour('--bar');
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = colour('--quiet');
    context.stroke();
  }
}

/** Names of the directions along the sides in front, and the scale of the loss at the corner furthest left. */
function label(context: CanvasRenderingContext2D, { bottom, top }: Ground, seen: Sight['seen'], { view, width }: { view: View; width: number }): void {
  context.font = '12px system-ui, sans-serif';
  const centre = seen([0, 0, floor]);
  for (const { from, to, normal: [u, v], name } of facing(view)) {
    const [a, b, beyond] = [seen([...from, floor]), seen([...to, floor]), seen([2 * u, 2 * v, floor])];
    // Seen from its end it has no room for a name.
    if (Math.abs(b.x - a.x) < 90) continue;
    const aside = Math.sign(beyond.x - centre.x) * Math.min(40, Math.abs(b.y - a.y) / 2);
    const text = `component ${name + 1}`;
    const half = context.measureText(text).width / 2 + 2;
    words(context, text, Math.min(width - half, Math.max(half, (a.x + b.x) / 2 + aside)), (a.y + b.y) / 2 + 18);
  }
  if (view.tilt > 75) return;
  const [u, v] = sides.map(({ from }) => from).reduce((best, corner) => (seen([...corner, 0]).x < seen([...best, 0]).x ? corner : best));
  const raised = (loss: number): Dot => seen([u, v, (tallness * (loss - bottom)) / (top - bottom)]);
  const [foot, head] = [raised(bottom), raised(top)];
  context.beginPath();
  context.moveTo(foot.x, foot.y);
  context.lineTo(head.x, head.y);
  for (const loss of multiples(roundStep(top - bottom, 4), bottom, top)) {
    const { x, y } = raised(loss);
    context.moveTo(x, y);
    context.lineTo(x - 4, y);
    words(context, figure(loss), x - 7, y, 'right');
  }
  context.lineWidth = 1;
  context.strokeStyle = colour('--quiet');
  context.stroke();
  words(context, 'loss', head.x - 7, head.y - 11, 'right');
}

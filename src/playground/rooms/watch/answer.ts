/** The map of what the network answers over the plane, and the points on it. */

import { element, panel } from '../../elements.ts';
import { hasClasses, type Points } from '../../data/points.ts';
import { colour, Kept, paintMap, sized } from './colours.ts';
import { mapReach } from './measures.ts';
import type { Snapshot } from './messages.ts';
import type { State } from './state.ts';

export interface AnswerMap {
  readonly panel: HTMLElement;
  draw(snapshot: Snapshot, state: State, sets: { train: Points; test: Points }, sample: number): void;
}

/** @param chosen gets the training point that was clicked. */
export function answerMap(chosen: (sample: number) => void): AnswerMap {
  const canvas = element('canvas', { className: 'map', attributes: { role: 'img' } });
  const showTest = element('input', { type: 'checkbox' });
  const legend = element('p', { className: 'legend quiet' });
  const picture = document.createElement('canvas');
  const dots = new Kept();
  let again = (): void => undefined;
  let points: Points | undefined;
  showTest.addEventListener('change', () => again());

  canvas.addEventListener('click', (event) => {
    if (points === undefined) return;
    const box = canvas.getBoundingClientRect();
    const px = mapReach * ((2 * (event.clientX - box.left)) / box.width - 1);
    const py = -mapReach * ((2 * (event.clientY - box.top)) / box.height - 1);
    let best = 0;
    let least = Infinity;
    for (let i = 0; i < points.y.length; i++) {
      const distance = Math.hypot(points.x[2 * i]! - px, points.x[2 * i + 1]! - py);
      if (distance < least) [best, least] = [i, distance];
    }
    chosen(best);
  });

  const draw: AnswerMap['draw'] = (snapshot, state, { train, test }, sample) => {
    again = () => draw(snapshot, state, { train, test }, sample);
    points = train;
    const classes = hasClasses(state.data);
    const { context, width } = sized(canvas);
    paintMap(picture, snapshot.map);
    context.imageSmoothingQuality = 'high';
    context.drawImage(picture, 0, 0, width, width);
    dots.draw([state.data, state.noise, state.points, state.seed, showTest.checked].join(), width, width, (onto) => {
      if (showTest.checked) drawPoints(onto, width, test, classes, true);
      drawPoints(onto, width, train, classes, false);
    });
    context.drawImage(dots.canvas, 0, 0, width, width);
    const [x, y] = spot(train, Math.min(sample, train.y.length - 1), width);
    context.strokeStyle = colour('--text');
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, 7.5, 0, 2 * Math.PI);
    context.stroke();
    legend.textContent = classes ? '■ class 1   ● class 0   ○ the point of the chain rule; click another' : '■ above 0   ● below 0   ○ the point of the chain rule; click another';
    const { testAccuracy, testLoss } = snapshot;
    if (!snapshot.playing) canvas.setAttribute('aria-label', `The network's answer over the plane, with ${train.y.length} points. ` +
      (testAccuracy === undefined ? `Loss on test points ${testLoss.toPrecision(3)}.` : `${(100 * testAccuracy).toFixed(1)} % of test points are on the right side.`));
  };
  const test = element('label', { className: 'check' }, showTest, 'test points too');
  return { panel: panel('What it answers', 'answer', canvas, legend, test), draw };
}

/** Where a point lies on a map of that width. */
function spot({ x }: Points, i: number, width: number): [number, number] {
  return [((x[2 * i]! / mapReach + 1) / 2) * width, ((1 - x[2 * i + 1]! / mapReach) / 2) * width];
}

function drawPoints(context: CanvasRenderingContext2D, width: number, points: Points, classes: boolean, hollow: boolean): void {
  const size = width < 240 ? 2.2 : 3;
  points.y.forEach((value, i) => {
    const [x, y] = spot(points, i, width);
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
}

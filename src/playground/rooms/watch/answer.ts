/** What the network answers over all inputs, and the points there: a map over a plane, or a curve. */

import { element, panel } from '../../elements.ts';
import { hasClasses, inputsOf, type Points } from '../../data/points.ts';
import { colour, Kept, sized } from './colours.ts';
import type { Snapshot } from './messages.ts';
import type { State } from './state.ts';
import { frameOf, views } from './views.ts';

export interface AnswerMap {
  readonly panel: HTMLElement;
  draw(snapshot: Snapshot, state: State, sets: { train: Points; test: Points }, sample: number): void;
}

/** @param chosen gets the training point that was clicked. */
export function answerMap(chosen: (sample: number) => void): AnswerMap {
  const canvas = element('canvas', { className: 'map', attributes: { role: 'img' } });
  const showTest = element('input', { type: 'checkbox' });
  const legend = element('p', { className: 'legend quiet' });
  const dots = new Kept();
  let again = (): void => undefined;
  /** Where the training points were drawn. */
  let spots: [number, number][] = [];
  showTest.addEventListener('change', () => again());

  canvas.addEventListener('click', (event) => {
    if (spots.length === 0) return;
    const box = canvas.getBoundingClientRect();
    const distances = spots.map(([x, y]) => Math.hypot(x - event.clientX + box.left, y - event.clientY + box.top));
    chosen(distances.indexOf(Math.min(...distances)));
  });

  const draw: AnswerMap['draw'] = (snapshot, state, { train, test }, sample) => {
    again = () => draw(snapshot, state, { train, test }, sample);
    const classes = hasClasses(state.data);
    const view = views[inputsOf(state.data)];
    canvas.classList.toggle('line', view === views[1]);
    const { context, width, height } = sized(canvas);
    const frame = frameOf(width, height, [train, test]);
    spots = Array.from(train.y, (_, i) => view.spot(train, i, frame));
    view.draw(context, frame, snapshot.answers, classes, () => {
      dots.draw([state.data, state.noise, state.points, state.seed, showTest.checked].join(), width, height, (onto) => {
        view.ground(onto, frame, state.data);
        if (showTest.checked) view.points(onto, frame, test, classes, true);
        view.points(onto, frame, train, classes, false);
      });
      context.drawImage(dots.canvas, 0, 0, width, height);
    });
    const [x, y] = spots[Math.min(sample, spots.length - 1)]!;
    context.strokeStyle = colour('--text');
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, 7.5, 0, 2 * Math.PI);
    context.stroke();
    legend.textContent = `${view.legend(classes)}   ○ the point of the chain rule; click another`;
    const { testAccuracy, testLoss } = snapshot;
    if (!snapshot.playing) canvas.setAttribute('aria-label', `The network's answer ${view.over}, with ${train.y.length} points. ` +
      (testAccuracy === undefined ? `Loss on test points ${testLoss.toPrecision(3)}.` : `${(100 * testAccuracy).toFixed(1)} % of test points are on the right side.`));
  };
  const test = element('label', { className: 'check' }, showTest, 'test points too, hollow');
  return { panel: panel('What it answers', 'answer', canvas, legend, test), draw };
}

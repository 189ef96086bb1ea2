/** The landscape of the loss on the page: as a map or as a surface to turn, and beside it the path, point by point. */

import { element, field } from '../../../elements.ts';
import { percent } from '../../../figures.ts';
import { onSchemeChange, sized } from '../../watch/colours.ts';
import { figure } from '../../watch/figure.ts';
import type { Drawn } from '../chart.ts';
import type { Landscape } from '../messages.ts';
import { groundOf, toneOf } from './ground.ts';
import { drawMap } from './map.ts';
import type { Dot } from './paper.ts';
import { drawSurface } from './surface.ts';
import { multiples } from './terrain.ts';
import { turnTowards, type View } from './view.ts';

type Shape = 'map' | 'surface';

/** Degrees that a key turns or tilts by, and a pixel of a drag; and how near the pointer has to be to a point of the path, in pixels. */
const stride = 5;
const perPixel = 0.5;
const reach = 24;
const tilts = { least: 10, most: 90 };

export function drawnLandscape(landscape: Landscape): Drawn {
  const { label, path, shares, rate } = landscape;
  const ground = groundOf(landscape);
  const last = path.length - 1;
  const [start, end] = [path[0]!, path[last]!];
  let shape: Shape = 'map';
  let chosen = 0;
  let view: View = { turn: Math.round(turnTowards(end.x - start.x, end.y - start.y, 35) / stride) * stride, tilt: 40 };
  let dots: readonly Dot[] = [];

  const canvas = element('canvas', { className: 'ground', attributes: { role: 'img' } });
  const choices = (['map', 'surface'] as const).map((name) => {
    const input = element('input', { type: 'radio', name: 'shape', value: name, checked: name === shape });
    input.addEventListener('change', () => show(name));
    return element('label', {}, input, element('span', {}, name === 'map' ? 'Map' : 'Surface'));
  });
  const shapes = element('fieldset', { className: 'shapes' }, element('legend', { className: 'spoken' }, 'Show the landscape as'), ...choices);

  const range = (min: number, max: number, step: number, changed: (value: number) => void): HTMLInputElement => {
    const input = element('input', { type: 'range', min: String(min), max: String(max), step: String(step) });
    input.addEventListener('input', () => changed(input.valueAsNumber));
    return input;
  };
  const turn = range(0, 360, stride, (value) => look({ ...view, turn: value }));
  const tilt = range(tilts.least, tilts.most, stride, (value) => look({ ...view, tilt: value }));
  const look = (next: View): void => {
    view = { turn: ((next.turn % 360) + 360) % 360, tilt: Math.min(tilts.most, Math.max(tilts.least, next.tilt)) };
    for (const [input, degrees] of [[turn, view.turn], [tilt, view.tilt]] as const) {
      input.value = String(degrees);
      input.setAttribute('aria-valuetext', `${Math.round(degrees)} degrees`);
    }
    draw();
  };
  const keys = element('p', { className: 'quiet' }, 'Drag it, or use the arrow keys on it: ← → turn, ↑ ↓ tilt.');
  const turning = element('div', { className: 'turning', hidden: true }, element('div', { className: 'fields' }, field('Turn', turn), field('Tilt', tilt)), keys);

  // Each second line has its number, and the first one.
  const marks = [...multiples(ground.step, ground.bottom, ground.top).filter((_, i) => i === 0 || i % 2 === 1), ground.bottom].map((loss) => {
    const mark = element('span', {}, figure(loss));
    mark.style.left = `${100 * toneOf(ground, loss)}%`;
    return mark;
  });
  const scale = element('div', { className: 'scale', attributes: { role: 'group', 'aria-label': 'Colours of the loss' } }, element('span', {}, 'loss'), element('div', {}, element('i', { attributes: { 'aria-hidden': 'true' } }), ...marks));
  const note = element('p', { className: 'quiet' }, `As on a map for walkers, from one line to the next the loss differs by ${figure(ground.step)}` +
    `${ground.lines.some(({ fine }) => fine) ? `, by ${figure(ground.fineStep)} between the finer ones in the valley` : ''}: where lines are close, it is steep. ` +
    `Of the path's spread around its end, ${percent(shares[0] + shares[1])} lies in this plane. The larger a dot, the longer the step from there.`);

  const slider = range(0, last, 1, (value) => pick(value));
  slider.value = '0';
  const sentence = element('p', { className: 'at' });
  const gauges = ([['loss', 'loss'], ['gradient', '|∂J/∂w|'], ['step', `step = ${figure(rate)} · |∂J/∂w|`]] as const).map(([key, name]) => {
    const fill = element('i');
    const number = element('data');
    const most = Math.max(...path.map((point) => point[key]));
    const set = (): void => {
      const value = path[chosen]![key];
      fill.style.width = `${(100 * value) / most}%`;
      number.value = String(value);
      number.textContent = figure(value);
    };
    return { set, line: element('li', {}, element('b', {}, name), element('span', { className: 'gauge', attributes: { 'aria-hidden': 'true' } }, fill), element('span', { className: 'number' }, number)) };
  });
  const read = (): void => {
    const { loss, gradient, step } = path[chosen]!;
    const times = start.step / step;
    const compared = chosen === 0 ? '' : times >= 1.05 ? `, ${figure(times)} times shorter than the first` : times <= 0.95 ? `, ${figure(1 / times)} times as long as the first` : ', as long as the first';
    const place = chosen === 0 ? 'At the start' : chosen === last ? `At the end, after ${last} steps,` : `After ${chosen} ${chosen === 1 ? 'step' : 'steps'}`;
    const said = `${place} the loss is ${figure(loss)} and the gradient ${figure(gradient)} long. ${chosen === last ? 'One more step would be' : 'The next step is'} ${figure(rate)} · ${figure(gradient)} = ${figure(step)} long${compared}.`;
    sentence.textContent = said;
    slider.setAttribute('aria-valuetext', said);
    for (const { set } of gauges) set();
  };
  const pick = (index: number): void => {
    chosen = index;
    slider.value = String(index);
    read();
    draw();
  };

  const draw = (): void => {
    if (canvas.clientWidth === 0) return;
    const { context, width, height } = sized(canvas);
    dots = shape === 'map' ? drawMap(context, width, height, ground, chosen) : drawSurface(context, width, height, ground, chosen, view);
  };
  const show = (next: Shape): void => {
    shape = next;
    turning.hidden = shape === 'map';
    canvas.classList.toggle('surface', shape === 'surface');
    // Only what takes keys is stepped to.
    canvas.tabIndex = shape === 'surface' ? 0 : -1;
    canvas.setAttribute('aria-label', `${shape === 'map' ? 'Map' : 'Surface'} of the loss over two directions of weights. The path of ${last} steps goes from a loss of ${figure(start.loss)} at the start to ` +
      `${figure(end.loss)} at the end; the gradient is ${figure(start.gradient)} long at the start, ${figure(end.gradient)} at the end.`);
    draw();
  };

  const nearest = ({ offsetX, offsetY }: PointerEvent): void => {
    const away = dots.map(({ x, y }) => Math.hypot(x - offsetX, y - offsetY));
    const index = away.indexOf(Math.min(...away));
    if (away[index]! <= reach && index !== chosen) pick(index);
  };
  canvas.addEventListener('pointerdown', (event) => {
    if (shape === 'surface') canvas.setPointerCapture(event.pointerId);
    else nearest(event);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return nearest(event);
    look({ turn: view.turn + perPixel * event.movementX, tilt: view.tilt + perPixel * event.movementY });
  });
  canvas.addEventListener('keydown', (event) => {
    const [turned, tilted] = ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] } as Record<string, [number, number]>)[event.key] ?? [0, 0];
    if (shape === 'map' || (turned === 0 && tilted === 0)) return;
    event.preventDefault();
    look({ turn: view.turn + stride * turned, tilt: view.tilt + stride * tilted });
  });

  const part = element('div', { className: 'landscape' }, element('h3', {}, label),
    element('div', { className: 'columns' },
      element('div', { className: 'seen-from' }, shapes, canvas, scale, turning),
      element('div', { className: 'walk' }, field('Step', slider), sentence, element('ul', { className: 'bars' }, ...gauges.map(({ line }) => line)), note)));
  let stop = (): void => undefined;
  const begin = (): void => {
    look(view);
    show(shape);
    read();
    const leave = onSchemeChange(draw);
    const watcher = new ResizeObserver(draw);
    watcher.observe(canvas);
    stop = () => (leave(), watcher.disconnect());
  };
  return { part, begin, stop: () => stop() };
}

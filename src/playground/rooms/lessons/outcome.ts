/** What happened, on the page: a verdict on the prediction, sentences, numbers and a chart. */

import { element } from '../../elements.ts';
import { figure } from '../watch/figure.ts';
import { drawn, type Drawn } from './chart.ts';
import { drawnLandscape } from './landscape/landscape.ts';
import type { Outcome } from './messages.ts';
import type { Lesson } from './texts.ts';

/** @param chosen the answer that was predicted, by its place. */
export function verdict({ answer }: Outcome, { answers }: Lesson, chosen: number): { right: boolean; sentence: string } {
  const right = answer === chosen;
  return { right, sentence: right ? `Right: ${answers[answer]!}.` : `Not so. You said: ${answers[chosen]!}. It is: ${answers[answer]!}.` };
}

/** The table holds each number as it was measured in a `data` element, shown to three digits. */
export function outcomeParts({ sentences, table: { caption, head, rows }, landscape, chart }: Outcome): { parts: HTMLElement[]; charts: readonly Drawn[] } {
  const ground = landscape === undefined ? [] : [drawnLandscape(landscape)];
  const made = drawn(chart);
  const cell = (value: number | string): HTMLElement => element('td', {}, typeof value === 'number' ? element('data', { value: String(value) }, figure(value)) : value);
  const table = element('table', { className: 'measured' },
    element('caption', {}, caption),
    element('thead', {}, element('tr', {}, ...head.map((name) => element('th', { attributes: { scope: 'col' } }, name)))),
    element('tbody', {}, ...rows.map(([name, ...cells]) => element('tr', {}, element('th', { attributes: { scope: 'row' } }, name), ...cells.map(cell)))));
  const wide = element('div', { className: 'wide', tabIndex: 0, attributes: { role: 'group', 'aria-label': caption } }, table);
  const said = sentences.map((sentence) => element('p', {}, sentence.replaceAll(' %', '\u00a0%')));
  return { parts: [...said, ...ground.map(({ part }) => part), wide, made.part], charts: [...ground, made] };
}

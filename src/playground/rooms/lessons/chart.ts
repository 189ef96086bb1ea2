/** The small chart of an outcome: lines by uPlot, or bars of elements, which say their numbers too. */

import uPlot from 'uplot';
import { element } from '../../elements.ts';
import { fittedChart } from '../../fittedChart.ts';
import { colour } from '../watch/colours.ts';
import { figure } from '../watch/figure.ts';
import type { Bars, Lines } from './messages.ts';

export interface Drawn {
  readonly part: HTMLElement;
  /** Draws it, once it is on the page. */
  begin(): void;
  stop(): void;
}

const height = 220;
/** Colour and dashes tell lines apart. */
const styles = [{ stroke: '--accent', dash: [] }, { stroke: '--other', dash: [7, 4] }, { stroke: '--quiet', dash: [2, 3] }] as const;

export function drawn(chart: Lines | Bars): Drawn {
  return chart.kind === 'lines' ? drawnLines(chart) : drawnBars(chart);
}

function drawnLines({ label, x, y, log, lines }: Lines): Drawn {
  const holder = element('div', { className: 'chart', attributes: { role: 'img', 'aria-label': `${label}: ${lines.map(({ name }) => name).join(', ')}` } });
  const part = element('div', {}, element('h3', {}, label), holder);
  let stop = (): void => undefined;
  const begin = (): void => {
    const axis = (name: string, size: number): uPlot.Axis => ({
      label: name, size, labelSize: 18, labelFont: '12px system-ui, sans-serif', font: '12px system-ui, sans-serif',
      stroke: () => colour('--quiet'), grid: { stroke: () => colour('--line'), width: 1 }, ticks: { show: false },
    });
    // Powers of ten stand evenly: their logarithms are drawn, and read as the numbers they are of.
    const read = (at: number): string => figure(log === true ? 10 ** at : at);
    const value = (_plot: uPlot, at: number | null): string => (at === null ? '–' : read(at));
    ({ stop } = fittedChart(holder, {
      cursor: { y: false },
      scales: { x: { time: false } },
      axes: [{ ...axis(x, 30), incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] }, { ...axis(y, 44), ...(log === true ? { incrs: [1, 2, 5, 10], values: (_plot, splits) => splits.map(read) } : {}) }],
      series: [
        { label: x, value: (_plot, at: number | null) => figure(at) },
        ...lines.map(({ name }, i) => ({ label: name, value, width: 2, points: { show: false }, spanGaps: true, stroke: () => colour(styles[i]!.stroke), dash: [...styles[i]!.dash] })),
      ],
    }, height, uPlot.join(lines.map(({ x: places, y: values }) => [[...places], log === true ? values.map((at) => (at > 0 ? Math.log10(at) : null)) : [...values]]))));
  };
  return { part, begin, stop: () => stop() };
}

function drawnBars({ label, rows, groups }: Bars): Drawn {
  const sizes = groups.flatMap(({ values }) => values).filter((value) => value > 0).map(Math.log10);
  const least = Math.floor(Math.min(...sizes)) - 0.5;
  const most = Math.max(...sizes);
  const bar = (value: number, name: string, group: number): HTMLElement => {
    const fill = element('i');
    fill.style.width = `${value > 0 ? (100 * (Math.log10(value) - least)) / (most - least) : 0}%`;
    return element('li', { className: `group-${group}` }, element('b', {}, name), element('span', { className: 'gauge', attributes: { 'aria-hidden': 'true' } }, fill), element('span', { className: 'number' }, figure(value)));
  };
  const parts = groups.map(({ name, values }, group) => element('div', {}, element('h4', {}, name), element('ul', { className: 'bars' }, ...values.map((value, i) => bar(value, rows[i]!, group)))));
  return { part: element('div', {}, element('h3', {}, label), element('div', { className: 'groups' }, ...parts)), begin: () => undefined, stop: () => undefined };
}

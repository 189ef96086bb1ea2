/** Charts for a page, as SVG that takes its colours from the page's style: lines over epochs, points, bars. */

import type { Line } from './chart.ts';
import { html, raw, type Html } from './html.ts';
import { significant } from './terminal.ts';

const [width, height] = [480, 270];
const plot = { left: 76, right: width - 26, top: 12, bottom: height - 46 };
const mostSpread = 10;
/** Points that a line or a cloud is drawn with at most. */
const mostPoints = 1000;

/** A range of values on an axis. */
interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  readonly logarithmic: boolean;
}

/** Lines over epochs, counted from 1. */
export function lineChart(title: string, lines: readonly Line[], label: string): Html {
  const values = lines.flatMap((line) => line.values.filter(Number.isFinite));
  const steps = Math.max(...lines.map((line) => line.values.length));
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const y = min > 0 && max / min > mostSpread && !label.includes('%') ? logarithmicAxis(min, max) : linearAxis(min, max);
  const x = { ...linearAxis(1, Math.max(2, steps)), low: 1, high: Math.max(2, steps) };
  const wholeSteps = { ...x, ticks: [...new Set([1, ...x.ticks.filter((tick) => Number.isInteger(tick) && tick > 1 && tick <= steps), steps])] };
  return frame(title, wholeSteps, y, 'epoch', `${label}${y.logarithmic ? ' (log)' : ''}`, lines.map(({ values: own }, i) => {
    const every = Math.ceil(own.length / mostPoints);
    const points = own.flatMap((value, step) => (Number.isFinite(value) && (step % every === 0 || step === own.length - 1) ? [`${at(x, step + 1, 'x')},${at(y, value, 'y')}`] : []));
    return points.length === 1 ? html`<circle class="mark line${i + 1}" cx="${points[0]!.split(',')[0]!}" cy="${points[0]!.split(',')[1]!}" r="4"/>`
      : html`<polyline class="line line${i + 1}" points="${points.join(' ')}"/>`;
  }));
}

/** Points of two numbers each, with the line on which they are equal. */
export function scatter(title: string, points: readonly (readonly [number, number])[], xLabel: string, yLabel: string): Html {
  const values = points.flat();
  const axis = linearAxis(Math.min(...values), Math.max(...values));
  const every = Math.ceil(points.length / mostPoints);
  return frame(title, axis, axis, xLabel, yLabel, [
    html`<line class="equal" x1="${at(axis, axis.low, 'x')}" y1="${at(axis, axis.low, 'y')}" x2="${at(axis, axis.high, 'x')}" y2="${at(axis, axis.high, 'y')}"/>`,
    ...points.filter((_, i) => i % every === 0).map(([x, y]) => html`<circle class="point" cx="${at(axis, x, 'x')}" cy="${at(axis, y, 'y')}" r="3"/>`),
  ]);
}

/** Bars between edges. */
export function histogram(title: string, edges: readonly number[], counts: readonly number[], xLabel: string): Html {
  const x = linearAxis(edges[0]!, edges.at(-1)!, false);
  const y = linearAxis(0, Math.max(1, ...counts));
  return frame(title, x, y, xLabel, 'rows', counts.map((rows, i) => {
    const [from, to] = [at(x, edges[i]!, 'x'), at(x, edges[i + 1]!, 'x')];
    const top = at(y, rows, 'y');
    return html`<rect class="bar" x="${from + 1}" y="${top}" width="${round(Math.max(0, to - from - 2))}" height="${round(plot.bottom - top)}"><title>${rows}</title></rect>`;
  }));
}

function frame(title: string, x: Axis, y: Axis, xLabel: string, yLabel: string, marks: readonly Html[]): Html {
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
${y.ticks.map((tick) => html`<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${at(y, tick, 'y')}" y2="${at(y, tick, 'y')}"/><text class="tick" text-anchor="end" x="${plot.left - 6}" y="${at(y, tick, 'y') + 4}">${tickText(tick)}</text>`)}
${x.ticks.map((tick) => html`<line class="axis" x1="${at(x, tick, 'x')}" x2="${at(x, tick, 'x')}" y1="${plot.bottom}" y2="${plot.bottom + 4}"/><text class="tick" text-anchor="middle" x="${at(x, tick, 'x')}" y="${plot.bottom + 19}">${tickText(tick)}</text>`)}
<line class="axis" x1="${plot.left}" x2="${plot.right}" y1="${plot.bottom}" y2="${plot.bottom}"/>
<text class="label" text-anchor="middle" x="${(plot.left + plot.right) / 2}" y="${height - 5}">${xLabel}</text>
<text class="label" text-anchor="middle" transform="translate(14 ${(plot.top + plot.bottom) / 2}) rotate(-90)">${yLabel}</text>
${marks}
</svg>${raw('\n')}`;
}

function at(axis: Axis, value: number, direction: 'x' | 'y'): number {
  const scale = axis.logarithmic ? Math.log : (linear: number) => linear;
  const share = (scale(value) - scale(axis.low)) / (scale(axis.high) - scale(axis.low));
  return round(direction === 'x' ? plot.left + share * (plot.right - plot.left) : plot.bottom - share * (plot.bottom - plot.top));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Round numbers 1, 2 or 5 times a power of ten apart; `whole`: the axis ends at ticks. */
function linearAxis(min: number, max: number, whole = true): Axis {
  const span = max - min || Math.abs(max) || 1;
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const [first, last] = whole ? [Math.floor(min / step), Math.ceil(max / step)] : [Math.ceil(min / step), Math.floor(max / step)];
  const end = whole && last === first ? last + 1 : last;
  const ticks = Array.from({ length: end - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  return { low: whole ? ticks[0]! : min, high: whole ? ticks.at(-1)! : max, ticks, logarithmic: false };
}

/** 1, 2 and 5 times powers of ten, or powers alone where those are many. */
function logarithmicAxis(min: number, max: number): Axis {
  const [from, to] = [Math.floor(Math.log10(min)), Math.ceil(Math.log10(max))];
  const powers = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const every = Math.ceil(powers.length / 6);
  const within = (tick: number): boolean => tick >= min && tick <= max;
  const fine = powers.flatMap((power) => [1, 2, 5].map((factor) => Number((factor * 10 ** power).toPrecision(3)))).filter(within);
  const ticks = fine.length <= 7 ? fine : powers.filter((_, i) => i % every === 0).map((power) => Number((10 ** power).toPrecision(3))).filter(within);
  return { low: min, high: max, ticks, logarithmic: true };
}

function tickText(tick: number): string {
  return Math.abs(tick) >= 1e4 && Math.abs(tick) < 1e15 ? new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 }).format(tick) : significant(tick);
}

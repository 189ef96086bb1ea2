/** The two charts: losses over epochs, and a layer's f and f′ over the histogram of what it is given. */

import uPlot from 'uplot';
import { activations } from '../../../index.ts';
import { fittedChart } from '../../fittedChart.ts';
import { colour } from './colours.ts';
import { figure } from './figure.ts';
import { bins, reach, type Snapshot } from './messages.ts';
import { derivativeOf } from './network.ts';
import type { LayerState } from './state.ts';

const axis = (): uPlot.Axis => ({
  stroke: () => colour('--quiet'), grid: { stroke: () => colour('--line'), width: 1 }, ticks: { show: false }, font: '12px system-ui, sans-serif', size: 34,
});

export interface Chart<Draw extends readonly unknown[]> {
  draw(...what: Draw): void;
  stop(): void;
}

/** What is beyond all numbers has no place on an axis, and would take it from the others. */
const drawable = (values: Float64Array): (number | null)[] => Array.from(values, (value) => (Number.isFinite(value) ? value : null));

export function lossChart(holder: HTMLElement): Chart<[Snapshot]> {
  const { chart, stop } = fittedChart(holder, {
    scales: { x: { time: false }, y: { range: (_chart, _low, high) => [0, Math.max(high * 1.05, 1e-6)] } },
    // Losses may grow beyond all bounds, and so may what stands at their axis.
    axes: [axis(), { ...axis(), values: (_chart, splits) => splits.map(figure), size: (_chart, values) => 14 + 7 * Math.max(4, ...(values as string[] | null ?? []).map(({ length }) => length)) }],
    cursor: { y: false },
    series: [
      { label: 'epoch', value: (_chart, value) => figure(value) },
      { label: 'train', stroke: () => colour('--accent'), width: 2, value: (_chart, value) => figure(value) },
      { label: 'test', stroke: () => colour('--other'), width: 2, dash: [5, 4], value: (_chart, value) => figure(value) },
    ],
  }, 170);
  return {
    draw: ({ curve: { epochs, train, test } }) => chart.setData([[...epochs], drawable(train), drawable(test)]),
    stop,
  };
}

/** Places along z at which f and f′ are drawn: the middles of the bins, and the places between them. */
const places = Float32Array.from({ length: 2 * bins - 1 }, (_, i) => -reach + (reach * (i + 1)) / bins);

export function functionChart(holder: HTMLElement): Chart<[Snapshot, LayerState, number]> {
  const bars = uPlot.paths.bars!({ size: [2, 40], align: 0 });
  const { chart, stop } = fittedChart(holder, {
    scales: { x: { time: false, range: () => [-reach, reach] }, y: { range: (_chart, low, high) => [Math.min(-0.1, Math.max(low, -2)), Math.max(1.1, Math.min(high, 2))] }, share: { range: () => [0, 1] } },
    axes: [axis(), axis()],
    cursor: { y: false },
    series: [
      { label: 'z', value: (_chart, value) => figure(value) },
      { label: 'points', scale: 'share', paths: bars, points: { show: false }, width: 0, fill: () => colour('--bar'), stroke: () => colour('--bar'), value: (_chart, value: number | null) => (value === null ? '–' : `${(100 * value).toFixed(1)} %`) },
      { label: 'f', stroke: () => colour('--quiet'), width: 1.5, points: { show: false }, value: (_chart, value) => figure(value) },
      { label: 'true f′', stroke: () => colour('--other'), width: 2, dash: [5, 4], points: { show: false }, value: (_chart, value) => figure(value) },
      { label: 'f′ in training', stroke: () => colour('--accent'), width: 2.5, points: { show: false }, value: (_chart, value) => figure(value) },
    ],
  }, 230);
  return {
    draw({ histograms }, { activation, derivative }, layer) {
      const { f, df } = activations[activation];
      // A bar stands in the middle of its bin, which is every other place; the tallest bar takes the whole height.
      const shares = Array.from(places, (_, i) => (i % 2 === 0 ? histograms[layer * bins + i / 2]! : null));
      const tallest = Math.max(...shares.map((share) => share ?? 0), 0.05);
      chart.setData([places, shares, f(places), df(places), derivativeOf(activation, derivative)(places)] as unknown as uPlot.AlignedData, false);
      chart.batch(() => {
        chart.setScale('x', { min: -reach, max: reach });
        chart.setScale('share', { min: 0, max: tallest * 1.3 });
      });
    },
    stop,
  };
}

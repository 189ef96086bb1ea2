/** The losses of both lanes over the seconds of training. */

import uPlot from 'uplot';
import { fittedChart } from '../../fittedChart.ts';
import { colour } from '../watch/colours.ts';
import type { Lane } from './messages.ts';

/** What a lane has trained. */
export interface Track {
  readonly seconds: readonly number[];
  readonly losses: readonly number[];
}

export interface Chart {
  show(tracks: Readonly<Record<Lane, Track>>): void;
  remove(): void;
}

const height = 280;

/** Draws into an element, as wide as that is, in the colours of the page. */
export function makeChart(holder: HTMLElement): Chart {
  const axis = (label: string, size: number): uPlot.Axis => ({
    label, size, labelSize: 20, labelFont: '12px system-ui, sans-serif', font: '12px system-ui, sans-serif',
    stroke: () => colour('--quiet'), grid: { stroke: () => colour('--line'), width: 1 }, ticks: { show: false },
  });
  const line = (label: string, name: string): uPlot.Series => ({ label, stroke: () => colour(name), width: 2, spanGaps: true, points: { show: false } });
  const { chart, stop } = fittedChart(holder, {
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: (_plot, _least, most) => [0, Math.max(most ?? 0, 0.1)] },
      y: { range: (_plot, _least, most) => [0, Math.max((most ?? 1) * 1.05, 1e-6)] },
    },
    axes: [axis('seconds of training', 32), axis('loss', 46)],
    series: [{}, line('WebAssembly', '--accent'), { ...line('Plain TypeScript', '--other'), dash: [6, 3] }],
  }, height, [[], [], []]);
  return {
    show({ wasm, reference }) {
      chart.setData(uPlot.join([[[...wasm.seconds], [...wasm.losses]], [[...reference.seconds], [...reference.losses]]]));
    },
    remove: stop,
  };
}

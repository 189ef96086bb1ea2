/** A chart by uPlot that is as wide as what holds it, and follows light and dark. */

import uPlot from 'uplot';
import { onSchemeChange } from './rooms/watch/colours.ts';

/** Lines are empty until data are set, or `data` is given. */
export function fittedChart(
  holder: HTMLElement, options: Omit<uPlot.Options, 'width' | 'height'>, height: number, data: uPlot.AlignedData = [[0], ...options.series.slice(1).map(() => [null])],
): { chart: uPlot; stop: () => void } {
  const chart = new uPlot({ ...options, width: Math.max(200, holder.clientWidth), height }, data, holder);
  const watcher = new ResizeObserver(() => {
    if (holder.clientWidth > 0 && holder.clientWidth !== chart.width) chart.setSize({ width: holder.clientWidth, height });
  });
  watcher.observe(holder);
  const leave = onSchemeChange(() => {
    chart.redraw();
    colourMarkers(chart);
  });
  return { chart, stop: () => (leave(), watcher.disconnect(), chart.destroy()) };
}

/** uPlot itself colours the markers of its legend once, when they are made. */
function colourMarkers(chart: uPlot): void {
  const { stroke, fill } = chart.legend.markers as { [part in 'stroke' | 'fill']: (chart: uPlot, series: number) => string };
  chart.root.querySelectorAll<HTMLElement>('.u-marker').forEach(({ style }, series) => {
    if (series === 0) return;
    style.borderColor = stroke(chart, series);
    style.background = fill(chart, series);
  });
}

/** A chart by uPlot that is as wide as what holds it. */

import uPlot from 'uplot';

/** Lines are empty until data are set, or `data` is given. */
export function fittedChart(
  holder: HTMLElement, options: Omit<uPlot.Options, 'width' | 'height'>, height: number, data: uPlot.AlignedData = [[0], ...options.series.slice(1).map(() => [null])],
): { chart: uPlot; stop: () => void } {
  const chart = new uPlot({ ...options, width: Math.max(200, holder.clientWidth), height }, data, holder);
  const watcher = new ResizeObserver(() => {
    if (holder.clientWidth > 0 && holder.clientWidth !== chart.width) chart.setSize({ width: holder.clientWidth, height });
  });
  watcher.observe(holder);
  return { chart, stop: () => (watcher.disconnect(), chart.destroy()) };
}

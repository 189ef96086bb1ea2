/** One bar for each class, with its probability as a number. */

import { element } from '../../elements.ts';
import { percent } from '../../figures.ts';

export interface Bars {
  readonly list: HTMLElement;
  /** Makes as many bars as there are classes. */
  label(labels: readonly string[]): void;
  /** Undefined: nothing has been read. */
  show(probabilities: Float32Array | undefined): void;
}

/** More classes than this are not shown one by one. */
const most = 100;

export function makeBars(): Bars {
  const list = element('ol', { className: 'bars', attributes: { 'aria-label': 'Probability of each class' } });
  let rows: { row: HTMLElement; bar: HTMLElement; value: HTMLElement }[] = [];
  return {
    list,
    label(labels) {
      rows = labels.slice(0, most).map((label) => {
        const [bar, value] = [element('i'), element('span', { className: 'number' }, '–')];
        return { row: element('li', {}, element('b', {}, label), element('span', { className: 'gauge', attributes: { 'aria-hidden': 'true' } }, bar), value), bar, value };
      });
      list.replaceChildren(...rows.map(({ row }) => row));
    },
    show(probabilities) {
      const best = probabilities?.indexOf(Math.max(...probabilities));
      rows.forEach(({ row, bar, value }, i) => {
        const probability = probabilities?.[i];
        bar.style.inlineSize = `${100 * (probability ?? 0)}%`;
        value.textContent = probability === undefined ? '–' : percent(probability);
        row.classList.toggle('best', i === best);
      });
    },
  };
}

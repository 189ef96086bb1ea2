/** Layer by layer: the norm of the gradient as a bar on a log scale, how much of f′ is flat, how many units are dead. A row chooses the layer whose f′ is drawn. */

import { button, element } from '../../elements.ts';
import { figure } from './figure.ts';
import type { Snapshot } from './messages.ts';
import type { State } from './state.ts';

export interface LayerTable {
  readonly table: HTMLElement;
  draw(snapshot: Snapshot, state: State, chosen: number): void;
}

/** Powers of ten that the bars span. */
const decades = { low: -7, high: 1 };

export function layerTable(choose: (layer: number) => void): LayerTable {
  const body = element('tbody');
  const head = element('tr', {}, ...['Layer', '‖∂J/∂θ‖', 'mean f′', 'flat', 'dead'].map((name) => element('th', { scope: 'col', textContent: name })));
  const caption = element('caption', { textContent: 'Gradient by layer, log scale from 10⁻⁷ to 10. Mean f′: of |f′| over points and units, what the gradient is multiplied by on its way back. Dead: units whose |f′| < 0.0001 at every point. ' },
    element('span', { className: 'roomy', textContent: 'Flat: the share where |f′| < 0.05.' }));
  const table = element('table', { className: 'layers' }, caption, element('thead', {}, head), body);
  let shape = '';
  return {
    table,
    draw({ norms, steepness, flat, dead }, { layers }, chosen) {
      const names = [...layers.map(({ activation, derivative }) => (derivative === 'true' ? activation : `${activation}, f′ ${derivative}`)), 'answer'];
      if (names.join('|') !== shape) {
        shape = names.join('|');
        body.replaceChildren(...names.map((name, i) => {
          const first = i < layers.length ? button(`${i + 1} ${name}`, () => choose(i), { className: 'pick' }) : element('span', { className: 'pick', textContent: `${i + 1} ${name}` });
          const bar = element('span', { className: 'bar' });
          return element('tr', {}, element('th', { scope: 'row' }, first), element('td', { className: 'norm' }, bar, element('span', { className: 'number' })), element('td'), element('td'), element('td'));
        }));
      }
      [...body.rows].forEach((row, i) => {
        row.querySelector('button')?.setAttribute('aria-pressed', String(i === chosen));
        const norm = norms[i]!;
        const share = norm === 0 ? 0 : Math.min(1, Math.max(0.01, (Math.log10(norm) - decades.low) / (decades.high - decades.low)));
        row.dataset['norm'] = String(norm);
        const [bar, text] = row.cells[1]!.children as unknown as [HTMLElement, HTMLElement];
        bar.style.setProperty('--share', String(share));
        bar.classList.toggle('weak', norm < norms.at(-1)! / 100);
        text.textContent = figure(norm);
        row.cells[2]!.textContent = i < layers.length ? steepness[i]!.toFixed(2) : '';
        row.cells[3]!.textContent = i < layers.length ? `${Math.round(100 * flat[i]!)} %` : '';
        row.cells[4]!.textContent = i < layers.length ? `${dead[i]}/${layers[i]!.units}` : '';
      });
    },
  };
}

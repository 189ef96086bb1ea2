/** The findings as a list. What is about a layer picks it, by a click anywhere on it or by its button. */

import { button, element } from '../../elements.ts';
import type { Told } from './findings.ts';
import { layerName } from './state.ts';

/** A sign and a word, for colours alone say nothing to some. */
const marks: Readonly<Record<Told['level'], readonly [sign: string, word: string]>> = {
  error: ['✕', 'Error'], warning: ['!', 'Warning'], info: ['i', 'Note'], good: ['✓', 'Good'],
};

export interface FindingsList {
  readonly list: HTMLElement;
  /** `quiet`: while it changes all the time, a screen reader is not told. */
  draw(all: readonly Told[], quiet: boolean): void;
}

/** @param choose gets the layer, counted from 0. */
export function findingsList(choose: (layer: number) => void): FindingsList {
  const list = element('ul', { id: 'findings', attributes: { 'aria-live': 'polite', 'aria-label': 'Findings' } });
  list.addEventListener('click', ({ target }) => {
    const layer = (target as Element).closest<HTMLElement>('[data-layer]')?.dataset['layer'];
    if (layer !== undefined) choose(Number(layer));
  });
  const items = new Map<string, HTMLElement>();
  return {
    list,
    draw(all, quiet) {
      list.setAttribute('aria-live', quiet ? 'off' : 'polite');
      // What stays is changed in place: a button that has the focus keeps it.
      const keys = all.map(({ code, layers }) => [code, ...layers].join());
      for (const [key, item] of items) {
        if (keys.includes(key)) continue;
        item.remove();
        items.delete(key);
      }
      all.forEach((one, i) => {
        const item = items.get(keys[i]!) ?? entry(one);
        items.set(keys[i]!, item);
        if (list.children[i] !== item) list.insertBefore(item, list.children[i] ?? null);
        fill(item, one);
      });
    },
  };
}

/** Its head, with a button for each layer; what it says comes in later. */
function entry({ layers }: Told): HTMLElement {
  const buttons = layers.map((layer) => button(`Show layer ${layerName(layer)}`, () => undefined, { className: 'pick', attributes: { 'data-layer': String(layer) } }));
  const made = element('li', {}, element('div', { className: 'head' }, element('b'), ...buttons), element('div'));
  if (layers.length > 0) made.dataset['layer'] = String(layers[0]);
  return made;
}

function fill(item: HTMLElement, { level, texts, advice }: Told): void {
  const [head, body] = [item.querySelector('b')!, item.lastElementChild!];
  const key = [level, ...texts].join('\n');
  if (item.dataset['said'] === key) return;
  item.dataset['said'] = key;
  item.className = level;
  const [sign, word] = marks[level];
  head.replaceChildren(element('span', { textContent: sign, attributes: { 'aria-hidden': 'true' } }), ` ${word}`);
  body.replaceChildren(...texts.map((textContent) => element('p', { textContent })), ...(advice === '' ? [] : [element('p', { className: 'quiet', textContent: advice })]));
}

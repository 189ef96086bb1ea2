/** Links to things to try, and what there is to see in the one that is on. */

import { element, panel } from '../../elements.ts';
import { presets } from './presets.ts';
import { write, type State } from './state.ts';

export interface PresetLinks {
  readonly panel: HTMLElement;
  show(state: State): void;
}

const why = 'A weight learns by ∂J/∂w = input × δ, and δ takes up a factor f′(z) in every layer on its way back from the answer. ' +
  'Swap f′ for another, or take it away, while the network trains, and watch what still learns.';

export function presetLinks(): PresetLinks {
  const links = presets.map(({ name, what, state }) => element('a', { className: 'button', href: `#watch?${write(state)}`, textContent: name, title: what }));
  const what = element('p', { className: 'quiet', id: 'what' });
  return {
    panel: panel('Why does the derivative matter?', 'try', element('p', { textContent: why }), element('ul', { className: 'tries' }, ...links.map((link) => element('li', {}, link))), what),
    show(state) {
      const at = presets.findIndex((preset) => write({ ...preset.state, speed: state.speed }) === write(state));
      links.forEach((link, i) => {
        if (i === at) link.setAttribute('aria-current', 'true');
        else link.removeAttribute('aria-current');
      });
      what.textContent = presets[at]?.what ?? 'Settings of your own. The address of the page holds them all: the same link is the same run.';
    },
  };
}

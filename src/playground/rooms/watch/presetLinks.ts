/** Links to things to try, and what there is to see in the one that is on. */

import { element, panel } from '../../elements.ts';
import { presets } from './presets.ts';
import { write, type State } from './state.ts';

export interface PresetLinks {
  readonly panel: HTMLElement;
  show(state: State): void;
}

export function presetLinks(): PresetLinks {
  const links = presets.map(({ name, what, state }) => element('a', { className: 'button', href: `#watch?${write(state)}`, textContent: name, title: what }));
  const what = element('p', { className: 'quiet', id: 'what' });
  return {
    panel: panel('Try', 'try', element('ul', { className: 'tries' }, ...links.map((link) => element('li', {}, link))), what),
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

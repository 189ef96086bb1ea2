/** One weight, and the chain rule that moves it, in numbers. */

import { element, field, number, panel } from '../../elements.ts';
import { hasClasses } from '../../data/points.ts';
import { figure } from './figure.ts';
import type { ChainRule, WeightPlace } from './messages.ts';
import { widths, type State } from './state.ts';

export interface Inspector {
  readonly panel: HTMLElement;
  draw(chain: ChainRule | undefined, state: State): void;
  /** Shows a place that was chosen elsewhere. */
  show(place: WeightPlace, state: State): void;
}

/** @param chosen gets the weight or the point typed in. */
export function inspector(chosen: (place: WeightPlace) => void): Inspector {
  let place: WeightPlace = { layer: 0, from: 0, to: 0, sample: 0 };
  const choose = (key: keyof WeightPlace) => (value: number) => chosen({ ...place, [key]: Math.round(value) - (key === 'sample' ? 0 : 1) });
  const controls = {
    layer: number(1, { min: 1, max: 7, step: 1 }, choose('layer')),
    from: number(1, { min: 1, max: 8, step: 1 }, choose('from')),
    to: number(1, { min: 1, max: 8, step: 1 }, choose('to')),
    sample: number(0, { min: 0, max: 999, step: 1 }, choose('sample')),
  };
  const text = element('div', { id: 'chain', attributes: { 'aria-live': 'off' } });
  const row = element('div', { className: 'row tight' },
    field('Layer', controls.layer), field('From', controls.from), field('To unit', controls.to), field('Point', controls.sample));
  return {
    panel: panel('The chain rule of one weight', 'inspector', row, text),
    show(next, state) {
      place = next;
      const counts = widths(state);
      controls.layer.value = String(place.layer + 1);
      controls.from.value = String(place.from + 1);
      controls.to.value = String(place.to + 1);
      controls.sample.value = String(place.sample);
      controls.layer.max = String(counts.length - 1);
      controls.from.max = String(counts[place.layer]);
      controls.to.max = String(counts[place.layer + 1]);
      controls.sample.max = String(state.points - 1);
    },
    draw(chain, state) {
      if (chain === undefined) return;
      text.replaceChildren(...lines(chain, state));
    },
  };
}

function lines({ place, weight, gradient, point, target, output, input, z, slope, back, delta }: ChainRule, state: State): HTMLElement[] {
  const last = place.layer === state.layers.length;
  const line = (formula: string, meaning: string): HTMLElement => element('div', {}, element('code', { textContent: formula }), element('span', { className: 'quiet', textContent: meaning }));
  const of = last ? 'output' : `layer ${place.layer + 1}, unit ${place.to + 1}`;
  return [
    line(`w = ${figure(weight)}`, `weight into ${of}`),
    line(`∂J/∂w = ${figure(gradient)}`, 'the mean over all training points'),
    line(`∂j/∂w = input × δ = ${figure(input)} × ${figure(delta)} = ${figure(input * delta)}`, `of the point (${point.map(figure).join(', ')}): wanted ${figure(target)}, answered ${figure(output)}`),
    last
      ? line(`δ = ${figure(delta)}`, hasClasses(state.data) ? 'answered − wanted: sigmoid and cross-entropy together' : '2 · (answered − wanted): the slope of the squared error')
      : line(`δ = f′(z) × back = f′(${figure(z)}) × ${figure(back)} = ${figure(slope)} × ${figure(back)}`, slope === 0 ? 'f′ is 0: nothing passes' : 'back: Σ w δ over the units that follow'),
  ];
}

/** The panel that changes the state: data, layers with their derivatives, and how they are trained. */

import { button, element, field, number, panel, select } from '../../elements.ts';
import { dataLabels, dataNames } from '../../data/points.ts';
import {
  activationNames, derivativeNames, initializerNames, mostLayers, mostUnits, optimizerNames, ranges, rates, type Derivative, type LayerState, type State,
} from './state.ts';

const derivativeLabels: Partial<Record<Derivative, string>> = {
  true: 'its own', constant: 'constant 1', zero: 'zero', straightThrough: 'straight through',
  ...Object.fromEntries(derivativeNames.slice(4).map((name) => [name, `that of ${name}`])),
};

export interface Settings {
  readonly panels: readonly HTMLElement[];
  show(state: State): void;
}

/** @param changed gets what has been changed. */
export function settings(changed: (change: Partial<State>) => void): Settings {
  const data = element('div', { className: 'fields' });
  const training = element('div', { className: 'fields' });
  const rows = element('ol', { className: 'rows' });
  const add = button('Add a layer', () => changed({ layers: [...layers, { ...layers.at(-1)! }] }), { id: 'add-layer' });
  let layers: readonly LayerState[] = [];

  const layerRow = (layer: LayerState, i: number): HTMLElement => {
    const change = (part: Partial<LayerState>): void => changed({ layers: layers.map((old, k) => (k === i ? { ...old, ...part } : old)) });
    const units = number(layer.units, { min: 1, max: mostUnits, step: 1 }, (value) => change({ units: Math.round(value) }));
    const remove = button('×', () => changed({ layers: layers.filter((_, k) => k !== i) }), {
      id: `remove-${i + 1}`, className: 'button small', disabled: layers.length === 1, attributes: { 'aria-label': `Remove layer ${i + 1}` },
    });
    return element('li', { className: 'layer', attributes: { role: 'group', 'aria-label': `Hidden layer ${i + 1}` } },
      field('Units', named(units, `units-${i + 1}`)),
      field('f, activation', named(select(activationNames, layer.activation, (activation) => change({ activation })), `activation-${i + 1}`)),
      field('f′, derivative', named(select(derivativeNames, layer.derivative, (derivative) => change({ derivative }), derivativeLabels), `derivative-${i + 1}`)),
      remove);
  };

  return {
    panels: [
      panel('Layers and their derivatives', 'stack', rows, add),
      panel('Data', 'data', data),
      panel('Training', 'training', training),
    ],
    show(state) {
      const focused = document.activeElement?.id;
      ({ layers } = state);
      rows.replaceChildren(...layers.map(layerRow));
      add.disabled = layers.length >= mostLayers;
      const { noise, points, seed, batch } = ranges;
      const known = [...new Set([...rates, state.rate])].sort((a, b) => a - b).map(String);
      data.replaceChildren(
        field('Points like', named(select(dataNames, state.data, (value) => changed({ data: value }), dataLabels), 'data')),
        field('Noise', named(number(state.noise, noise, (value) => changed({ noise: value })), 'noise')),
        field('How many', named(number(state.points, points, (value) => changed({ points: Math.round(value) })), 'points')),
        field('Seed', named(number(state.seed, seed, (value) => changed({ seed: Math.round(value) })), 'seed')));
      training.replaceChildren(
        field('Optimizer', named(select(optimizerNames, state.optimizer, (optimizer) => changed({ optimizer })), 'optimizer')),
        field('Learning rate', named(select(known, String(state.rate), (value) => changed({ rate: Number(value) })), 'rate')),
        field('Batch size', named(number(state.batch, batch, (value) => changed({ batch: Math.round(value) })), 'batch')),
        field('Initial weights', named(select(initializerNames, state.init, (init) => changed({ init })), 'init')));
      // What was in use is made anew, and stays in use; where it is gone or barred, what stands next to it.
      if (focused === undefined || focused === '') return;
      const controls = [focused, `remove-${layers.length}`, 'add-layer'].map((id) => document.getElementById(id) as HTMLButtonElement | null);
      controls.find((control) => control !== null && !control.disabled)?.focus();
    },
  };
}

function named<Control extends HTMLElement>(control: Control, id: string): Control {
  control.id = id;
  return control;
}

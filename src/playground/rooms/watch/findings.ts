/** What stands in the way of learning, in sentences, from the numbers of a snapshot. */

import type { Snapshot } from './messages.ts';
import type { LayerState } from './state.ts';

export interface Finding {
  readonly level: 'bad' | 'warn' | 'good';
  readonly text: string;
}

/** Activations whose flat parts lie at their bounds. */
const bounded: readonly string[] = ['tanh', 'sigmoid', 'softsign', 'hardSigmoid'];

export function findings(layers: readonly LayerState[], { norms, flat, dead, failure, testAccuracy }: Snapshot): Finding[] {
  if (failure !== undefined) return [{ level: 'bad', text: failure }];
  const found: Finding[] = [];
  layers.forEach(({ units, activation, derivative }, at) => {
    const name = `Hidden layer ${at + 1}`;
    const share = percent(flat[at]!);
    if (derivative === 'zero') found.push({ level: 'bad', text: `${name} is trained with f′ = 0: no gradient passes it, so it and all before it stay as they are.` });
    else if (dead[at] === units) found.push({ level: 'bad', text: `${name} is dead: f′ is 0 at every point, so no gradient passes.${activation === 'step' ? ' A step has no other derivative; straightThrough lends it one.' : ''}` });
    else if (dead[at]! > 0) found.push({ level: 'warn', text: `${dead[at]} of ${units} units of hidden layer ${at + 1} are dead: their f′ is 0 at every point, and nothing moves them any more.` });
    else if (flat[at]! > 0.5 && bounded.includes(activation)) found.push({ level: 'warn', text: `${name} is saturated: for ${share} of its pre-activations f′ is below 0.05.` });
  });
  const first = norms[0]!;
  const last = norms.at(-1)!;
  if (found.every(({ level }) => level !== 'bad') && first < last / 100) {
    found.push({ level: 'bad', text: `The gradient vanishes: at the first layer it is ${first === 0 ? 'zero' : `${figure(last / first)} times smaller than at the last`}. Every layer between multiplies it by its f′.` });
  } else if (first > 100 * last && last > 0) {
    found.push({ level: 'warn', text: `The gradient grows on its way back: at the first layer it is ${figure(first / last)} times that of the last.` });
  }
  if (found.length === 0) {
    found.push({ level: 'good', text: testAccuracy !== undefined && testAccuracy > 0.95 ? 'The gradient reached every layer, and the network has learnt it.' : 'The gradient reaches every layer.' });
  }
  return found;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function figure(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString('en');
}

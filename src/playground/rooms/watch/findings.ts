/** What stands in the way of learning, in sentences, from the numbers of a snapshot. */

import { figure } from './figure.ts';
import type { Snapshot } from './messages.ts';
import type { LayerState } from './state.ts';

export interface Finding {
  readonly level: 'bad' | 'warn' | 'good';
  readonly text: string;
}

/** Activations whose flat parts lie at their bounds. */
const bounded: readonly string[] = ['tanh', 'sigmoid', 'softsign', 'hardSigmoid'];

export type Measured = Pick<Snapshot, 'norms' | 'flat' | 'dead' | 'failure' | 'testAccuracy'>;

/** The worst first; at least one. */
export function findings(layers: readonly LayerState[], { norms, flat, dead, failure, testAccuracy }: Measured): Finding[] {
  if (failure !== undefined) return [{ level: 'bad', text: failure }];
  const found: Finding[] = [];
  /** Says something of the layers, counted from 1, of which it is true. */
  const say = (level: Finding['level'], is: (layer: LayerState, at: number) => boolean, text: (subject: string, many: boolean) => string): boolean => {
    const those = layers.flatMap((layer, at) => (is(layer, at) ? [at + 1] : []));
    if (those.length > 0) found.push({ level, text: text(`Hidden layer${those.length > 1 ? 's' : ''} ${those.join(', ')}`, those.length > 1) });
    return those.length > 0;
  };
  const none = ({ derivative }: LayerState): boolean => derivative === 'zero';
  const allDead = (layer: LayerState, at: number): boolean => !none(layer) && dead[at] === layer.units;
  const blocked = say('bad', none, (subject, many) => `${subject} train${many ? '' : 's'} with f′ = 0: no gradient passes, so ${many ? 'they' : 'it'} and all before stay as they are.`);
  const stuck = say('bad', allDead, (subject, many) => `${subject} ${many ? 'are' : 'is'} dead: f′ is 0 at every point, so no gradient passes.`);
  const [first, last] = [norms[0]!, norms.at(-1)!];
  if (!blocked && !stuck && first < last / 100) {
    found.push({ level: 'bad', text: `The gradient vanishes: at the first layer it is ${first === 0 ? 'zero' : `${figure(round(last / first))} times smaller than at the last`}. Each layer on the way multiplies it by its f′.` });
  }
  say('warn', (layer, at) => !allDead(layer, at) && !none(layer) && dead[at]! > 0, (subject) => `${subject}: some units are dead. Their f′ is 0 at every point, so no gradient goes through them.`);
  say('warn', ({ activation }, at) => flat[at]! > 0.5 && bounded.includes(activation) && dead[at] === 0, (subject, many) => `${subject} ${many ? 'are' : 'is'} saturated: for more than half of the pre-activations f′ is below 0.05.`);
  say('warn', ({ derivative }) => derivative !== 'true' && derivative !== 'zero', (subject, many) => `${subject} train${many ? '' : 's'} with another f′ than ${many ? 'their' : 'its'} own: what comes back is not the slope of the loss.`);
  if (first > 100 * last && last > 0) found.push({ level: 'warn', text: `The gradient grows on its way back: at the first layer it is ${figure(round(first / last))} times that of the last.` });
  if (testAccuracy !== undefined && testAccuracy > 0.95) found.push({ level: 'good', text: 'It has learnt: more than 95 % of the test points are on the right side.' });
  else if (found.length === 0) found.push({ level: 'good', text: 'The gradient reaches every layer.' });
  return found;
}

/** Two digits: no one needs more of how much smaller a thing is. */
function round(value: number): number {
  return Number(value.toPrecision(2));
}

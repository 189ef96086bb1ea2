/** What stands in the way of learning, in sentences: what the library's doctor finds, and the little that it has no word for. */

import { figure } from './figure.ts';
import type { Found, Snapshot } from './messages.ts';
import { layerName, type LayerState } from './state.ts';

/** Sentences about one thing. */
export interface Told {
  /** What it is about: the doctor's code, or a word of the page's own. */
  readonly code: string;
  readonly level: 'error' | 'warning' | 'info' | 'good';
  readonly texts: readonly string[];
  /** What to do about it. */
  readonly advice: string;
  /** The hidden layers it is about, counted from 0. */
  readonly layers: readonly number[];
}

export type Measured = Pick<Snapshot, 'norms' | 'dead' | 'failure' | 'testAccuracy' | 'diagnosis'>;

/** The worst first. What is found of several layers is one thing. */
export function told(layers: readonly LayerState[], { norms, dead, failure, testAccuracy, diagnosis: { findings } }: Measured): Told[] {
  if (failure !== undefined) return [{ code: 'failure', level: 'error', texts: [`${failure}.`], advice: '', layers: [] }];
  const all: Told[] = [];
  for (const code of new Set(findings.map((finding) => finding.code))) {
    const those = findings.filter((finding) => finding.code === code);
    const { severity, advice } = those[0]!;
    all.push({
      code, level: severity, texts: textsOf(those), advice,
      layers: layers.flatMap((_, at) => (those.some(({ layer }) => layer === layerName(at)) ? [at] : [])),
    });
  }
  all.push(...ownWords(layers, norms, dead, new Set(findings.map(({ code }) => code))));
  // Right answers that are as good as accidents: the loss says so.
  const learnt = testAccuracy !== undefined && testAccuracy > 0.95 && all.every(({ code }) => code !== 'flatLoss');
  if (learnt) all.push({ code: 'learnt', level: 'good', texts: ['It has learnt: more than 95 % of the test points are on the right side.'], advice: '', layers: [] });
  else if (all.length === 0) all.push({ code: 'free', level: 'good', texts: ['The gradient reaches every layer, and nothing is found that stands in its way.'], advice: '', layers: [] });
  return all;
}

const alike: ReadonlySet<string> = new Set(['saturated', 'dead', 'zeroDerivative']);

/** Of more than two that differ in their numbers alone, the first says it. */
function textsOf(findings: readonly Found[]): string[] {
  if (findings.length < 3 || !alike.has(findings[0]!.code)) return findings.map(({ message }) => message);
  const names = findings.slice(1).map(({ layer }) => layer);
  return [findings[0]!.message, `The same goes for layers ${names.slice(0, -1).join(', ')} and ${names.at(-1)!}.`];
}

/** What may be worth knowing, though the doctor finds no fault in it. */
function ownWords(layers: readonly LayerState[], norms: Float32Array, dead: Float32Array, codes: ReadonlySet<string>): Told[] {
  const all: Told[] = [];
  const say = (code: string, is: (layer: LayerState, at: number) => boolean, text: (subject: string, many: boolean) => string): void => {
    const those = layers.flatMap((layer, at) => (is(layer, at) ? [at] : []));
    const many = those.length > 1;
    if (those.length > 0) all.push({ code, level: 'info', texts: [text(`Layer${many ? 's' : ''} ${those.map(layerName).join(', ')}`, many)], advice: '', layers: those });
  };
  say('otherDerivative', ({ derivative }) => derivative !== 'true' && derivative !== 'zero', (subject, many) => `${subject} train${many ? '' : 's'} with another f′ than ${many ? 'their' : 'its'} own: what comes back is not the slope of the loss.`);
  if (!codes.has('dead') && !codes.has('saturated') && !codes.has('zeroDerivative')) {
    say('someDead', (_, at) => dead[at]! > 0, (subject) => `${subject}: some units are dead. Their f′ is 0, or as good as 0, at every point: no gradient goes through them.`);
  }
  const [first, last] = [norms[0]!, norms.at(-1)!];
  if (!codes.has('exploding') && first > 100 * last && last > 0) {
    all.push({ code: 'growing', level: 'info', texts: [`The gradient grows on its way back: at the first layer it is ${figure(Number((first / last).toPrecision(2)))} times that of the last.`], advice: '', layers: [0] });
  }
  return all;
}

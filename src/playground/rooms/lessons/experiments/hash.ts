/** A sigmoid beside a hash function: what becomes of neighbours, of slopes, and of the input. */

import { activations } from '../../../../index.ts';
import { figure } from '../../watch/figure.ts';
import type { Outcome } from '../messages.ts';

/** FNV-1a (Fowler, Noll, Vo), 32 bits, over the bytes of a double; as a share of 2³². */
function fnv(value: number): number {
  let state = 0x811c9dc5;
  for (const byte of new Uint8Array(Float64Array.of(value).buffer)) state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  return state / 2 ** 32;
}

const count = 201;
const places = Array.from({ length: count }, (_, i) => -4 + (8 * i) / (count - 1));
const at = 0.5;

interface Traits {
  readonly outputs: readonly number[];
  /** Between neighbours. */
  readonly jump: number;
  /** How often it turns from up to down or back. */
  readonly turns: number;
  /** (f(x + d) − f(x)) / d at a place, for d = 0.1, 0.001, 0.00001. */
  readonly quotients: readonly number[];
}

function traits(f: (x: number) => number): Traits {
  const outputs = places.map(f);
  const jumps = outputs.slice(1).map((output, i) => output - outputs[i]!);
  return {
    outputs,
    jump: Math.max(...jumps.map(Math.abs)),
    turns: jumps.slice(1).filter((jump, i) => jump * jumps[i]! < 0).length,
    quotients: [0.1, 1e-3, 1e-5].map((d) => (f(at + d) - f(at)) / d),
  };
}

export function hash(): Outcome {
  const { f, df } = activations.sigmoid;
  const sigmoid = traits(f);
  const hashed = traits(fnv);
  const lost = Math.max(...places.map((x) => Math.abs(Math.log(f(x) / (1 - f(x))) - x)));
  const slope = df(at);
  const smooth = sigmoid.jump < 0.1 && sigmoid.turns === 0 && Math.abs(sigmoid.quotients[2]! - slope) < 1e-3;
  return {
    answer: smooth ? 1 : 0,
    sentences: [
      `Of ${count} inputs from −4 to 4, neighbours come out of the sigmoid ${figure(sigmoid.jump)} apart at most, out of the hash ${figure(hashed.jump)}. The sigmoid ${sigmoid.turns === 0 ? 'only rises' : `turns ${sigmoid.turns} times`}; the hash turns ${hashed.turns} times.`,
      `At x = ${at} the slope between neighbours goes to ${figure(sigmoid.quotients[2])} as they move together, and f′ is ${figure(slope)}. That of the hash comes to ${figure(hashed.quotients[2])}: ` +
        (Math.abs(hashed.quotients[2]!) > 100 ? 'it grows without end, so there is no derivative, and nothing for a network to learn by.' : 'not a slope to go by either.'),
      `Out of σ(x), ln(h / (1 − h)) gives x back to within ${figure(lost)}: one answer, one input. A hash is made so that this cannot be done.`,
    ],
    table: {
      caption: 'Measured in this run',
      head: ['', 'sigmoid', 'hash'],
      rows: [
        ['largest jump', sigmoid.jump, hashed.jump],
        ['turns', sigmoid.turns, hashed.turns],
        ['slope, d = 0.1', sigmoid.quotients[0]!, hashed.quotients[0]!],
        ['slope, d = 0.001', sigmoid.quotients[1]!, hashed.quotients[1]!],
        ['slope, d = 0.00001', sigmoid.quotients[2]!, hashed.quotients[2]!],
      ],
    },
    chart: {
      kind: 'lines', label: 'What comes out, over what goes in', x: 'x', y: 'output',
      lines: [{ name: 'sigmoid', x: places, y: sigmoid.outputs }, { name: 'hash', x: places, y: hashed.outputs }],
    },
  };
}

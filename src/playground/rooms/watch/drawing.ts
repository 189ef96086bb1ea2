/** The network drawn: every unit with what it answers over all inputs, every weight as a line, warm where positive, as thick as it is large. */

import { element, panel } from '../../elements.ts';
import { hasClasses, inputsOf } from '../../data/points.ts';
import { colour, sized } from './colours.ts';
import { figure } from './figure.ts';
import { answerMap } from './measures.ts';
import type { Snapshot, WeightPlace } from './messages.ts';
import { widths, type State } from './state.ts';
import { views } from './views.ts';

export interface Drawing {
  readonly panel: HTMLElement;
  draw(snapshot: Snapshot, state: State, place: WeightPlace): void;
}

interface Node {
  readonly x: number;
  readonly y: number;
}

/** @param chosen gets a weight that was pointed at or stepped to. */
export function drawing(chosen: (place: Omit<WeightPlace, 'sample'>) => void): Drawing {
  const canvas = element('canvas', {
    className: 'network', tabIndex: 0,
    attributes: { role: 'application', 'aria-roledescription': 'network', 'aria-describedby': 'network-keys' },
  });
  const keys = element('p', { id: 'network-keys', className: 'quiet', textContent: 'Point at a weight to read it, or use the arrow keys: ← → other layer, ↑ ↓ other weight.' });
  const reading = element('p', { id: 'reading' });
  /** Columns of units as last drawn: inputs, hidden layers, the answer. */
  let columns: Node[][] = [];
  let at: WeightPlace | undefined;

  const point = (event: PointerEvent): void => {
    const box = canvas.getBoundingClientRect();
    const near = nearest(columns, event.clientX - box.left, event.clientY - box.top);
    if (near !== undefined && !same(near, at)) chosen(near);
  };
  canvas.addEventListener('pointermove', point);
  canvas.addEventListener('pointerdown', point);
  canvas.addEventListener('keydown', (event) => {
    const next = at && step(columns, at, event.key);
    if (next === undefined) return;
    event.preventDefault();
    chosen(next);
  });

  const draw: Drawing['draw'] = (snapshot, state, place) => {
    const counts = widths(state);
    const most = Math.max(...counts);
    const tall = `${Math.max(150, 44 * most + 16)}px`;
    if (canvas.style.height !== tall) canvas.style.height = tall;
    const { context, width, height } = sized(canvas);
    const box = Math.max(10, Math.min(40, (height - 16) / most - 6, width / counts.length - 14));
    const across = (width - box - 12) / (counts.length - 1);
    columns = counts.map((count, column) => Array.from({ length: count }, (_, i) => ({
      x: 6 + box / 2 + across * column, y: height / 2 + (i - (count - 1) / 2) * Math.min(box + 16, (height - 4) / count),
    })));
    at = place;
    const tints = { warm: colour('--warm'), cold: colour('--cold'), text: colour('--text'), quiet: colour('--quiet') };
    const line = (layer: number, from: number, to: number, weight: number, thick: number): void => {
      const a = columns[layer]![from]!;
      const b = columns[layer + 1]![to]!;
      const middle = (a.x + b.x) / 2;
      context.beginPath();
      context.moveTo(a.x + box / 2, a.y);
      context.bezierCurveTo(middle, a.y, middle, b.y, b.x - box / 2, b.y);
      context.strokeStyle = weight < 0 ? tints.cold : tints.warm;
      context.lineWidth = thick;
      context.stroke();
    };
    for (let layer = 0; layer < counts.length - 1; layer++) {
      const kernel = snapshot.weights[2 * layer]!;
      const units = counts[layer + 1]!;
      kernel.forEach((weight, i) => {
        context.globalAlpha = Math.min(1, 0.25 + Math.abs(weight) / 2);
        line(layer, Math.floor(i / units), i % units, weight, Math.min(7, 0.4 + 2 * Math.abs(weight)));
      });
    }
    context.globalAlpha = 1;
    const weight = snapshot.weights[2 * place.layer]?.[place.from * counts[place.layer + 1]! + place.to];
    if (weight !== undefined) {
      context.setLineDash([5, 3]);
      line(place.layer, place.from, place.to, weight, 3);
      context.strokeStyle = tints.text;
      context.stroke();
      context.setLineDash([]);
    }
    const { chain } = snapshot;
    // Read out where a key chooses another weight; while it trains it would never end.
    reading.setAttribute('aria-live', snapshot.playing ? 'off' : 'polite');
    if (chain !== undefined) {
      reading.textContent = `${nameOf(chain.place, counts)}: w = ${figure(chain.weight)}, ∂J/∂w = ${figure(chain.gradient)}; at the point shown, input × δ = ${figure(chain.input)} × ${figure(chain.delta)}.`;
    }
    const view = views[inputsOf(state.data)];
    const cells = snapshot.unitMaps.length / counts.slice(1, -1).reduce((sum, count) => sum + count, 0);
    let map = 0;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.font = '600 12px system-ui, sans-serif';
    columns.forEach((nodes, column) => nodes.forEach(({ x, y }, i) => {
      context.fillStyle = colour('--panel');
      context.fillRect(x - box / 2, y - box / 2, box, box);
      if (column === 0) {
        context.fillStyle = tints.text;
        context.fillText(inputName(i, counts), x, y);
      } else {
        const values = column < columns.length - 1 ? snapshot.unitMaps.subarray(map * cells, ++map * cells) : answerMap(snapshot.answers, hasClasses(state.data));
        view.thumbnail(context, values, x - box / 2, y - box / 2, box);
      }
      context.strokeStyle = tints.quiet;
      context.lineWidth = 1;
      context.strokeRect(x - box / 2, y - box / 2, box, box);
    }));
    // While it trains the value would be read out again and again.
    const value = snapshot.playing ? '' : `: ${(weight ?? 0).toPrecision(3)}`;
    canvas.setAttribute('aria-label', `Network of ${counts.join('-')} units. Weight of layer ${place.layer + 1} from ${place.from + 1} to ${place.to + 1}${value}`);
  };
  return { panel: panel('The network', 'drawn', canvas, reading, keys), draw };
}

/** A weight in words: from what to what. */
function nameOf({ layer, from, to }: WeightPlace, counts: readonly number[]): string {
  const source = layer === 0 ? inputName(from, counts) : `unit ${from + 1} of layer ${layer}`;
  return `From ${source} to ${layer + 2 === counts.length ? 'the answer' : `unit ${to + 1} of layer ${layer + 1}`}`;
}

/** One among several has a number. */
function inputName(i: number, [inputs]: readonly number[]): string {
  return inputs === 1 ? 'x' : `x${'₁₂'[i]}`;
}

function same(a: Omit<WeightPlace, 'sample'>, b: WeightPlace | undefined): boolean {
  return b !== undefined && a.layer === b.layer && a.from === b.from && a.to === b.to;
}

/** The weight whose line passes nearest to a place, within a few pixels. */
function nearest(columns: readonly Node[][], x: number, y: number): Omit<WeightPlace, 'sample'> | undefined {
  let best: Omit<WeightPlace, 'sample'> | undefined;
  let least = 10;
  for (let layer = 0; layer + 1 < columns.length; layer++) {
    const [left, right] = [columns[layer]!, columns[layer + 1]!];
    const way = (x - left[0]!.x) / (right[0]!.x - left[0]!.x);
    if (way < 0 || way > 1) continue;
    // The height of the curve there, nearly.
    const eased = way * way * (3 - 2 * way);
    left.forEach((a, from) => right.forEach((b, to) => {
      const distance = Math.abs(a.y + (b.y - a.y) * eased - y);
      if (distance < least) [best, least] = [{ layer, from, to }, distance];
    }));
  }
  return best;
}

/** Where an arrow key leads. */
function step(columns: readonly Node[][], { layer, from, to }: WeightPlace, key: string): Omit<WeightPlace, 'sample'> | undefined {
  if (key === 'ArrowLeft' && layer > 0) return { layer: layer - 1, from: 0, to: 0 };
  if (key === 'ArrowRight' && layer + 2 < columns.length) return { layer: layer + 1, from: 0, to: 0 };
  if (key !== 'ArrowUp' && key !== 'ArrowDown') return undefined;
  const units = columns[layer + 1]!.length;
  const count = columns[layer]!.length * units;
  const next = (from * units + to + (key === 'ArrowDown' ? 1 : count - 1)) % count;
  return { layer, from: Math.floor(next / units), to: next % units };
}

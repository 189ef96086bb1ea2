/** What a snapshot says of a network: how steep each layer is where its points lie, how strong its gradient is, what each unit answers over all inputs. */

import { extent } from '../../data/points.ts';
import { bins, reach, type ChainRule, type WeightPlace } from './messages.ts';
import { deltas, forward, passedBack, type Layer, type Pass } from './network.ts';

/** |f′| below this counts as flat, and below the second as none at all. */
export const flatBelow = 0.05;
const deadBelow = 1e-4;

/** How far the maps reach, in all directions. */
export const mapReach = 1.25 * extent;

/** The points in the middle of the cells of a map, from left to right and top to bottom, [side ** inputs, inputs]. */
export function grid(side: number, inputs: 1 | 2): Float32Array {
  const at = (i: number): number => mapReach * ((2 * (i + 0.5)) / side - 1);
  if (inputs === 1) return Float32Array.from({ length: side }, (_, i) => at(i));
  return Float32Array.from({ length: 2 * side * side }, (_, k) => (k % 2 === 0 ? at((k >> 1) % side) : -at(Math.floor((k >> 1) / side))));
}

/** Means of |f′|, shares of flat pre-activations and numbers of dead units, by layer, with the derivative that training uses. */
export function slopes(layers: readonly Layer[], passes: readonly Pass[]): { steepness: Float32Array; flat: Float32Array; dead: Float32Array } {
  const steepness = new Float32Array(layers.length);
  const flat = new Float32Array(layers.length);
  const dead = new Float32Array(layers.length);
  layers.forEach(({ df, units }, at) => {
    const slope = df(passes[at]!.z);
    const alive = new Array<boolean>(units).fill(false);
    for (let i = 0; i < slope.length; i++) {
      const size = Math.abs(slope[i]!);
      steepness[at]! += size / slope.length;
      if (size < flatBelow) flat[at]! += 1 / slope.length;
      if (size >= deadBelow) alive[i % units] = true;
    }
    dead[at] = alive.filter((some) => !some).length;
  });
  return { steepness, flat, dead };
}

/** [layers, bins]. */
export function histograms(passes: readonly Pass[]): Float32Array {
  const counts = new Float32Array(passes.length * bins);
  passes.forEach(({ z }, at) => {
    for (const value of z) {
      const bin = Math.floor(((value + reach) / (2 * reach)) * bins);
      counts[at * bins + Math.min(bins - 1, Math.max(0, bin))]! += 1 / z.length;
    }
  });
  return counts;
}

/** The norm of ∂J/∂θ of each layer: kernel and bias together. */
export function norms(gradients: readonly Float32Array[]): Float32Array {
  return Float32Array.from({ length: gradients.length / 2 }, (_, at) => Math.hypot(norm(gradients[2 * at]!), norm(gradients[2 * at + 1]!)));
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/** A map of each hidden unit, as strong as its own largest value over all places. */
export function unitMaps(layers: readonly Layer[], places: Float32Array): Uint8Array {
  const hidden = layers.slice(0, -1);
  const cells = places.length / layers[0]!.inputs;
  const maps = new Uint8Array(hidden.reduce((sum, { units }) => sum + units, 0) * cells);
  let at = 0;
  for (const { a, units } of forward(hidden, places)) {
    for (let unit = 0; unit < units; unit++, at += cells) {
      let most = 1e-6;
      for (let i = unit; i < a.length; i += units) most = Math.max(most, Math.abs(a[i]!));
      for (let cell = 0; cell < cells; cell++) maps[at + cell] = Math.round(128 + (127 * a[cell * units + unit]!) / most);
    }
  }
  return maps;
}

/** Answers as a map from 0 to 255: they are probabilities from 0 to 1, or values from −1 to 1. */
export function answerMap(answers: Float32Array, classes: boolean): Uint8Array {
  const map = new Uint8Array(answers.length);
  for (let i = 0; i < map.length; i++) map[i] = Math.min(255, Math.max(0, Math.round(255 * (classes ? answers[i]! : (answers[i]! + 1) / 2))));
  return map;
}

/** The chain rule of one weight; `gradients` are those of all points. */
export function chainRule(
  layers: readonly Layer[], gradients: readonly Float32Array[], place: WeightPlace, { x, y }: { x: Float32Array; y: Float32Array }, classes: boolean,
): ChainRule | undefined {
  const { layer, from, to, sample } = place;
  const own = layers[layer];
  if (own === undefined || from >= own.inputs || to >= own.units || sample >= y.length) return undefined;
  const { inputs } = layers[0]!;
  const point = x.slice(inputs * sample, inputs * (sample + 1));
  const target = y[sample]!;
  const passes = forward(layers, point);
  const found = deltas(layers, passes, target, classes);
  const z = passes[layer]!.z;
  const next = layers[layer + 1];
  const output = passes.at(-1)!.a[0]!;
  const slope = own.df(z)[to]!;
  return {
    place, point: [...point], target, output, slope,
    weight: own.kernel[from * own.units + to]!,
    gradient: gradients[2 * layer]![from * own.units + to]!,
    input: (layer === 0 ? point : passes[layer - 1]!.a)[from]!,
    z: z[to]!,
    back: next === undefined ? (classes ? output - target : 2 * (output - target)) : passedBack(next, found[layer + 1]!)[to]!,
    delta: found[layer]![to]!,
  };
}

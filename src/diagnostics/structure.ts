/** What can be said of a network before it sees a row: layers that are one, activations without a derivative, outputs that their loss does not fit. */

import type { LossName } from '../backend/plan.ts';
import { isDefined } from '../model/layers/activation.ts';
import type { Stage } from '../model/layers/layer.ts';
import type { Sequential } from '../model/sequential.ts';
import type { Loss } from '../model/training/losses.ts';
import { activationOf } from './measures.ts';
import { flatten } from './probe.ts';

/** Dense layers between which nothing but linear things happen. */
export interface LinearRun {
  readonly layers: readonly string[];
  /** Their places in the model, counted from 1 over its dense layers and activations. */
  readonly first: number;
  readonly last: number;
  readonly inputs: number;
  readonly units: number;
}

/** Layers that scale and shift columns, which a dense layer can do too, and those that do nothing but in training. */
const transparent = ['batchNormalization', 'normalization', 'dropout', 'gaussianNoise'];

/** Runs of at least two dense layers that compute together what one of them could. */
export function linearRuns(model: Sequential): LinearRun[] {
  const stages = model.program.stages;
  const layers = flatten(model.layers, '');
  const runs: LinearRun[] = [];
  let run: { name: string; place: number; stage: Stage }[] = [];
  const close = (): void => {
    const [first, last] = [run[0], run.at(-1)];
    if (run.length > 1) runs.push({ layers: run.map(({ name }) => name), first: first!.place, last: last!.place, inputs: first!.stage.inputs, units: last!.stage.outputs });
    run = [];
  };
  let block = '';
  layers.forEach(({ name, layer }, i) => {
    const own = stages.filter((stage) => stage.layer === name);
    const inside = name.slice(0, name.lastIndexOf('/') + 1);
    // At the ends of a block its input comes and goes past the layers in it.
    if (inside !== block || layer.type === 'residual') close();
    block = inside;
    if (transparent.includes(layer.type) || own.length === 0) return;
    if (layer.type !== 'dense') {
      close();
      return;
    }
    run.push({ name, place: i + 1, stage: own[0]! });
    if (own.length > 1) close();
  });
  close();
  return runs;
}

export interface WrongLoss {
  readonly layer: string;
  readonly activation: string;
  readonly what: string;
  readonly advice: string;
}

type Fault = readonly [what: string, advice: string];
type Spread = { readonly min: number; readonly max: number };

/** Where the values of an activation lie; none: anywhere. */
const bounds: Readonly<Record<string, readonly [least: number, most: number]>> = {
  sigmoid: [0, 1], hardSigmoid: [0, 1], softmax: [0, 1], step: [0, 1], tanh: [-1, 1], softsign: [-1, 1], relu: [0, Infinity], softplus: [0, Infinity],
  relu6: [0, 6], logSoftmax: [-Infinity, 0],
};

const crossEntropies: readonly LossName[] = ['binaryCrossentropy', 'categoricalCrossentropy', 'sparseCategoricalCrossentropy'];
const distances: readonly LossName[] = ['meanSquaredError', 'halfSquaredError', 'meanAbsoluteError', 'huber', 'logCosh'];

/** The last layer's activation beside the loss, and the range of the targets. */
export function wrongLoss(model: Sequential, loss: Loss, targets: Spread, oneHot: boolean): WrongLoss | undefined {
  // Activations and what dropout leaves alone: the last of them that does something to the output.
  const ends = flatten(model.layers, '').filter(({ layer }) => ['dense', 'activation'].includes(layer.type));
  const { name: layer, layer: last } = ends.at(-1) ?? {};
  if (last === undefined || layer === undefined || layer.includes('/')) return undefined;
  // Of a function of the user's nothing is known.
  if (isDefined(last.config['activation'])) return undefined;
  const activation = activationOf(last.config) ?? 'linear';
  const fault = faultOf(activation, loss, model.outputShape[0], targets, oneHot);
  return fault && { layer, activation, what: fault[0], advice: fault[1] };
}

function faultOf(activation: string, { name, fromLogits }: Loss, units: number, targets: Spread, oneHot: boolean): Fault | undefined {
  const [least, most] = bounds[activation] ?? [-Infinity, Infinity];
  const suited = name === 'binaryCrossentropy' ? ['sigmoid', 'hardSigmoid'] : ['softmax'];
  if (crossEntropies.includes(name)) {
    if (fromLogits && (least > -Infinity || most < Infinity)) {
      return [`${name} from logits takes numbers of any size, and '${activation}' bounds them`, 'Let the last layer be linear, or leave out fromLogits.'];
    }
    if (!fromLogits && !suited.includes(activation)) {
      const better = units > 1 && name === 'binaryCrossentropy' && activation === 'softmax' ? "the loss 'categoricalCrossentropy'" : `activation: '${suited[0]!}' in the last layer`;
      return [`${name} takes probabilities, which '${activation}' does not give${activation === 'sigmoid' || activation === 'softmax' ? ' in the form it needs' : ''}`, `Use ${better}${activation === 'linear' ? ', or { fromLogits: true } with the loss' : ''}.`];
    }
    return undefined;
  }
  if (distances.includes(name)) {
    if (activation === 'softmax' || activation === 'logSoftmax') return [`${name} behind '${activation}' has almost no slope where the output is surely wrong`, `Use ${oneHot ? "'categoricalCrossentropy'" : "'categoricalCrossentropy', or a linear output for numbers"}.`];
    const slack = 0.05 * Math.max(1, targets.max - targets.min);
    if (targets.min < least - slack || targets.max > most + slack) {
      return [`targets go from ${brief(targets.min)} to ${brief(targets.max)}, and '${activation}' gives values from ${least} to ${most} alone`, 'Let the last layer be linear, or scale the targets into that range.'];
    }
    return undefined;
  }
  if ((name === 'hinge' || name === 'squaredHinge') && least >= 0) return [`${name} wants outputs of both signs, and '${activation}' gives none below 0`, "Use 'linear' or 'tanh' in the last layer, or 'binaryCrossentropy' as the loss."];
  if (name === 'poisson' && least < 0) return [`poisson takes the logarithm of the output, and '${activation}' can be below 0`, "Use activation: 'softplus' in the last layer."];
  if (name === 'kullbackLeiblerDivergence' && activation !== 'softmax') return [`${name} compares distributions, and the rows of '${activation}' are none`, "Use activation: 'softmax' in the last layer."];
  return undefined;
}

export const brief = (value: number): string => String(Number(value.toPrecision(3)));

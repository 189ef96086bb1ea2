/**
 * Judgement: rules that turn measures into findings, each with what it rests on, a sentence that says what is wrong and one that says
 * what to do. Every threshold stands in `limits`; `npm run doctor-trial -- --calibrate` prints the distributions it was read from.
 */

import type { Sequential } from '../model/sequential.ts';
import type { Samples } from '../model/training/samples.ts';
import { activationOf, classShares, columnsOf, rangesOf, targetRange, type ColumnMeasure, type LayerLook, type Look } from './measures.ts';
import type { Probe } from './probe.ts';
import { brief, linearRuns, wrongLoss } from './structure.ts';

/** What can be found. */
export type FindingCode =
  | 'vanishing' | 'exploding' | 'saturated' | 'dead' | 'linearCollapse' | 'zeroDerivative' | 'unscaledColumn' | 'constantColumn' | 'learningRateTooHigh'
  | 'learningRateTooLow' | 'flatLoss' | 'overfitting' | 'classImbalance' | 'wrongLoss';

/** One thing that keeps a network from learning, or is likely to. */
export interface Finding {
  readonly code: FindingCode;
  /** `info`: worth knowing; `warning`: it learns worse for it; `error`: it does not learn. */
  readonly severity: 'info' | 'warning' | 'error';
  /** The layer it is about; undefined where it is about data or training as a whole. */
  readonly layer: string | undefined;
  /** The numbers it rests on. */
  readonly evidence: Readonly<Record<string, number | string>>;
  readonly message: string;
  readonly advice: string;
}

/** From where on something is a finding. */
export const limits = {
  /** Gradient norm of the first dense layer over that of the last. */
  vanishing: 0.01,
  /** The norm of a layer's gradient times that of its weights, over the loss of a constant output: by how many times that the loss would change. */
  exploding: 2e3,
  /** The same: so little is no gradient, so much is one to go by. */
  noGradient: 1e-6,
  someGradient: 0.5,
  /** Shares of a layer's units. */
  saturated: 0.4,
  dead: 0.8,
  /** Root mean square of a column, and its greatest share of that of the median column. */
  unscaled: 12,
  tiny: 1e-3,
  /** Rows of the most frequent class to those of the rarest. */
  imbalance: 10,
  /** The loss over that of a constant output. */
  unlearnt: 0.95,
  poor: 0.6,
  /** The fall of the loss over the second half of training, in losses of a constant output. */
  flat: 0.05,
  /** An update over the weights. */
  hugeUpdate: 0.3,
  /** Below the latter it is too small at sight, below the former perhaps. */
  slowUpdate: 1e-3,
  tinyUpdate: 4e-5,
  /** Loss at the end over the least there was; loss after trial updates over that before them. */
  risen: 1.5,
  trialRise: 2,
  /** The share of the loss that trial updates at another rate take off. */
  trialFall: 0.1,
  /** Validation loss over its least, and how far above it in losses of a constant output; and over the loss at the end. */
  validationRatio: 1.15,
  validationRise: 0.08,
  validationGap: 1.5,
} as const;

/** How training went so far. */
export interface Course {
  /** The numbers of the epochs that losses are of, counted from 0; some may be left out. */
  readonly epochs: readonly number[];
  readonly losses: readonly number[];
  readonly validationLosses: readonly number[];
  /** Looks from the start of training on; none where a history is all there is. */
  readonly looks: readonly Look[];
}

/** What rules judge by. */
export interface Case {
  readonly model: Sequential;
  readonly probe: Probe;
  readonly samples: Samples;
  /** Names of the input columns, where they have some. */
  readonly names: readonly string[] | undefined;
}

/** Rows for each class from which on it tells something if one is rare: batches of a dataset may be smaller. */
const fewestRows = 10;

/** Columns named in one message at most. */
const namedColumns = 3;

/** Findings about the network as it was made, its loss and the data. */
export function staticFindings({ model, probe, samples, names }: Case): Finding[] {
  const { loss } = model.program.objective!;
  const units = model.outputShape[0];
  const findings: Finding[] = [];
  for (const run of linearRuns(model)) {
    findings.push({
      code: 'linearCollapse', severity: 'warning', layer: run.layers[0], evidence: { layers: run.layers.join(', '), inputs: run.inputs, units: run.units },
      message: `Layers ${run.first} to ${run.last} (${run.layers.join(', ')}) are linear up to the last one's activation: together they are one dense layer of ${run.inputs} x ${run.units}.`,
      advice: "Give the layers between an activation such as 'relu', or leave them out.",
    });
  }
  for (const { name, slope, config } of probe.layers) {
    if (slope?.most !== 0) continue;
    findings.push({
      code: 'zeroDerivative', severity: 'error', layer: name, evidence: { derivative: activationOf(config, 'derivative') ?? activationOf(config)!, greatest: 0 },
      message: `The derivative of layer '${name}' is 0 everywhere: no gradient passes it, and nothing in it or before it learns.`,
      advice: config['derivative'] === undefined ? "Use another activation, or derivative: 'straightThrough'." : "Leave out its option 'derivative'.",
    });
  }
  const shares = classShares(samples, loss.kind.targets, units);
  const fault = wrongLoss(model, loss, targetRange(samples.y), shares !== undefined || looksOneHot(samples));
  if (fault !== undefined) {
    findings.push({
      code: 'wrongLoss', severity: 'error', layer: fault.layer, evidence: { loss: loss.name, activation: fault.activation },
      message: `The output of layer '${fault.layer}' and the loss do not go together: ${fault.what}.`, advice: fault.advice,
    });
  }
  if (shares !== undefined && samples.y.rows >= fewestRows * shares.length) findings.push(...imbalance(shares));
  return [...findings, ...columnFindings(columnsOf(samples.x), samples.x.rows, names, model)];
}

function looksOneHot({ y }: Samples): boolean {
  return y.columns > 1 && y.values.every((value) => value === 0 || value === 1);
}

function imbalance(shares: Float64Array): Finding[] {
  const [most, least] = [Math.max(...shares), Math.min(...shares)];
  if (most <= limits.imbalance * least) return [];
  const [common, rare] = [shares.indexOf(most), shares.indexOf(least)];
  return [{
    code: 'classImbalance', severity: 'warning', layer: undefined, evidence: { rarest: rare, rarestShare: least, mostFrequent: common, mostFrequentShare: most },
    message: `Class ${rare} has ${percent(least)} of the rows, class ${common} has ${percent(most)}: a network that never answers ${rare} loses little by it.`,
    advice: least === 0 ? 'Bring rows of that class, or leave it out.' : "Train with classWeight: 'balanced', and look at more than accuracy.",
  }];
}

function columnFindings(columns: readonly ColumnMeasure[], rows: number, names: readonly string[] | undefined, model: Sequential): Finding[] {
  const named = ({ column }: ColumnMeasure): string => (names?.[column] === undefined ? String(column) : `'${names[column]}'`);
  const list = (some: readonly ColumnMeasure[]): string => {
    const more = some.length - namedColumns;
    return `Input column${some.length > 1 ? 's' : ''} ${some.slice(0, namedColumns).map(named).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  };
  const evidence = (some: readonly ColumnMeasure[]): Finding['evidence'] => ({
    column: names?.[some[0]!.column] ?? some[0]!.column, mean: some[0]!.mean, standardDeviation: some[0]!.deviation, columns: some.length,
  });
  const findings: Finding[] = [];
  const first = model.layers.find(({ type }) => type !== 'impute' && type !== 'oneHot');
  // What oneHot takes for codes is no amount.
  const codes = model.layers.find(({ type }) => type === 'oneHot')?.config['categories'] as readonly number[] | undefined;
  const scaled = ['normalization', 'batchNormalization', 'layerNormalization'].includes(first?.type ?? '');
  const varying = columns.filter(({ column, constant }) => !constant && (codes?.[column] ?? 0) === 0);
  const middle = varying.map(({ deviation }) => deviation).sort((a, b) => a - b)[varying.length >> 1] ?? 0;
  const worst = varying.filter(({ size }) => size > limits.unscaled).sort((a, b) => b.size - a.size);
  // One that is 0 in every row measured and yet varies is a rare one, of which nothing is known.
  const tiny = varying.filter(({ size }) => size > 0 && size < limits.tiny * middle);
  for (const some of scaled ? [] : [worst, tiny]) {
    if (some.length === 0) continue;
    const { mean, deviation } = some[0]!;
    findings.push({
      code: 'unscaledColumn', severity: 'warning', layer: undefined, evidence: evidence(some),
      message: `${list(some)} ${some.length > 1 ? 'are' : 'is'} not scaled: ${some.length > 1 ? `${named(some[0]!)} has` : 'it has'} a standard deviation of ${brief(deviation)} around a mean of ${brief(mean)}.`,
      advice: 'Bring columns to a mean near 0 and a deviation near 1: let a normalization() layer that has been shown the data be the first.',
    });
  }
  // Always 0 is what blank pixels and unseen categories are: it moves nothing.
  const constant = columns.filter((column) => column.constant && rows > 1);
  const telling = constant.filter(({ mean }) => mean !== 0);
  const some = telling.length > 0 ? telling : constant;
  if (some.length > 0 && columns.length > 0) {
    findings.push({
      code: 'constantColumn', severity: telling.length > 0 ? 'warning' : 'info', layer: undefined, evidence: { ...evidence(some), value: some[0]!.mean },
      message: `${list(some)} ${some.length > 1 ? 'hold' : 'holds'} the same value in every row${some.length > 1 ? '' : `, ${brief(some[0]!.mean)}`}: there is nothing to learn from ${some.length > 1 ? 'them' : 'it'}.`,
      advice: 'Leave out what never changes, or look where its values were lost.',
    });
  }
  return findings;
}

/** Findings about the state that a look found, the last one of the probe. */
export function stateFindings({ probe }: Case, { layers, gradientRatio }: Look): Finding[] {
  const findings: Finding[] = [];
  const dense = layers.filter(({ type }) => type === 'dense');
  const [first, last] = [dense[0], dense.at(-1)];
  const units = layers.flatMap((layer, i) => {
    const { slope } = probe.layers[i]!;
    // Of a function without a slope all units are dead, which has been said.
    return slope === undefined || slope.most === 0 ? [] : deadOrSaturated(layer, slope.saturates, i === layers.length - 1);
  });
  // Nothing passes a layer that is dead as a whole, which is said of it.
  const blocked = probe.layers.some(({ slope }, i) => slope?.most === 0 || layers[i]!.dead === 1);
  if (gradientRatio < limits.vanishing && !blocked) {
    findings.push({
      code: 'vanishing', severity: gradientRatio < limits.vanishing ** 2 ? 'error' : 'warning', layer: first!.name,
      evidence: { gradientRatio, first: first!.gradientNorm!, last: last!.gradientNorm! },
      message: `The gradient vanishes on its way back: in layer '${last!.name}' its norm is ${brief(last!.gradientNorm!)}, in '${first!.name}' ${brief(first!.gradientNorm!)}, ${brief(gradientRatio)} of that.`,
      advice: "Use 'relu' with kernelInitializer: 'heNormal', batchNormalization() between layers, residual() blocks, or fewer layers.",
    });
  }
  const steep = layers.map((layer) => ({ layer, elasticity: elasticity(layer, probe) })).sort((a, b) => b.elasticity - a.elasticity)[0];
  // Beside targets that never change, which cost nothing, every gradient is large.
  const measurable = Math.abs(probe.baseline) > leastBaseline || !Number.isFinite(steep?.elasticity);
  if (steep !== undefined && !(steep.elasticity <= limits.exploding) && measurable) {
    const largestOutput = Math.max(...rangesOf(probe).map(({ min, max }) => Math.max(Math.abs(min), Math.abs(max))));
    findings.push({
      code: 'exploding', severity: 'error', layer: steep.layer.name,
      evidence: { gradientNorm: steep.layer.gradientNorm!, weightNorm: steep.layer.weightNorm!, elasticity: steep.elasticity, largestOutput },
      message: `The gradient explodes: in layer '${steep.layer.name}' its norm is ${brief(steep.layer.gradientNorm!)}, with weights of norm ${brief(steep.layer.weightNorm!)}; outputs reach ${brief(largestOutput)}.`,
      advice: "Start from smaller weights (kernelInitializer: 'heNormal' or 'glorotUniform'), scale inputs and targets, or clip gradients with globalClipNorm: 1.",
    });
  }
  return [...findings, ...units];
}

/** A loss of a constant output that is no more than this is none to measure others by. */
export const leastBaseline = 1e-6;

/** By how many losses of a constant output the loss would change, were all weights of a layer changed by their own size along the gradient. */
export function elasticity({ gradientNorm, weightNorm }: LayerLook, { baseline }: Pick<Probe, 'baseline'>): number {
  return gradientNorm === undefined ? 0 : (gradientNorm * weightNorm!) / Math.max(Math.abs(baseline), leastBaseline);
}

const shareOf = (units: number, share: number): string => (units === 1 ? 'the only unit is' : `${percent(share)} of the ${units} units are`);

function deadOrSaturated({ name, activation, dead, saturated, meanDerivative, units }: LayerLook, saturates: boolean, isLast: boolean): Finding[] {
  // The output of a network that is sure of its answers is saturated, as it should be.
  if (dead === undefined || isLast) return [];
  const evidence = { share: saturates ? saturated! : dead, units, meanDerivative: meanDerivative! };
  if (saturates && saturated! >= limits.saturated) {
    return [{
      code: 'saturated', severity: 'warning', layer: name, evidence,
      message: `In layer '${name}' ${shareOf(units, saturated!)} saturated: |f′| of '${activation}' is below 5 % of its greatest there, and ${brief(meanDerivative!)} on average over the layer.`,
      advice: "Start from smaller weights (kernelInitializer: 'glorotUniform'), scale the inputs, lower the learning rate, or put batchNormalization() before the activation.",
    }];
  }
  if (!saturates && dead >= limits.dead && dead > 0) {
    return [{
      code: 'dead', severity: dead === 1 ? 'error' : 'warning', layer: name, evidence,
      message: `In layer '${name}' ${shareOf(units, dead)} dead: '${activation}' has a derivative of 0 on every row, so nothing is learnt there any more.`,
      advice: "Lower the learning rate, start with biases of 0 and kernelInitializer: 'heNormal', or use 'leakyRelu'.",
    }];
  }
  return [];
}

export const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;

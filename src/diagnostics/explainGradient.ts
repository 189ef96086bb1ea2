/** The chain rule for one weight, with its numbers: every path from it to the loss, each factor by name, and the finite difference beside their sum. */

import type { MatrixLike } from '../data/matrix.ts';
import { didYouMean, OptionError, show, unexpected } from '../errors.ts';
import type { Stage } from '../model/layers/layer.ts';
import type { Regularizer } from '../model/layers/regularizers.ts';
import { Sequential } from '../model/sequential.ts';
import { checkInteger, checkKeys } from '../options.ts';
import { fusedWith } from '../model/training/losses.ts';
import { doubleCopy } from './copy.ts';
import { lossOf, slope } from './gradientCheck.ts';
import { OpenPass, type Values } from './openPass.ts';
import { flatten, hasSlope, slopePlan } from './probe.ts';

export interface ExplainGradientOptions {
  /** The row whose share is taken apart; default 0. */
  row?: number;
  /** Paths listed at most, the largest products first; default 6. */
  most?: number;
}

/** A factor of the chain rule. */
export interface ChainFactor {
  /** An input of the weight (1 for a bias), f′(z) of a unit, a weight on the way to the loss, or ∂J/∂ of what the loss gets. */
  readonly kind: 'input' | 'derivative' | 'weight' | 'loss';
  /** For example `f′(z) of dense_1[3]`. */
  readonly name: string;
  readonly value: number;
}

/** One way from the weight to the loss. */
export interface ChainPath {
  readonly factors: readonly ChainFactor[];
  /** Of all factors. */
  readonly product: number;
}

export interface GradientExplanation {
  /** For example `dense_1/kernel[0, 2]`. */
  readonly name: string;
  /** ∂J/∂w of the loss of all rows, in double precision, by the chain rule: the sum of `shares` and `penalty`. */
  readonly gradient: number;
  /** The same by central differences; undefined where the loss has a kink, NaN where it is not finite. */
  readonly numeric: number | undefined;
  /** What each row adds to it. */
  readonly shares: readonly number[];
  /** What the weight's regularizer adds; 0 where it has none. */
  readonly penalty: number;
  /** The row taken apart, and its paths; of all that there are, `paths` has those with the largest products. */
  readonly row: number;
  readonly pathCount: number;
  readonly paths: readonly ChainPath[];
  /** All of it as text, a line a path. */
  toString(): string;
}

/** A stage behind the weight, as paths go through it: a kernel [inputs, units], or a derivative for each row and unit. */
interface Passage {
  readonly kind: 'weight' | 'derivative';
  readonly layer: string;
  readonly units: number;
  readonly values: Values;
}

/** More paths than that are not gone through one by one. */
const mostPaths = 50_000;

/**
 * Takes ∂J/∂w of one weight apart, for rows `x` and targets `y`: input × f′(z) × weights and f′ on the way × slope of the loss, over all paths. In double
 * precision, with the derivatives that training uses; the finite difference is of the true loss, so a replaced `derivative` shows as a disagreement.
 * Behind the weight there may be `dense` layers and activations (and what works in training alone).
 *
 * @param name the parameter and the place in it: `'dense_1/kernel[0, 2]'` (input 0, unit 2), `'dense_1/bias[2]'`.
 * @throws OptionError for a weight that there is not, for other layers behind it, and for more than 50,000 paths; what `gradients` throws.
 */
export function explainGradient(model: Sequential, x: MatrixLike, y: MatrixLike, name: string, options: ExplainGradientOptions = {}): GradientExplanation {
  const where = 'explainGradient';
  if (!(model instanceof Sequential)) throw unexpected(where, 'a model made by sequential', model);
  checkKeys(where, options, ['row', 'most']);
  const most = checkInteger(`${where} most`, options.most ?? 6, { min: 1 });
  const gradients = model.gradients(x, y);
  const { which, input, unit, index } = placeOf(where, gradients.map((one) => ({ name: one.name, shape: one.shape })), name);
  const copy = doubleCopy(where, model);
  const pass = passOf(where, copy, x, y, gradients[which]!.name);
  const row = checkInteger(`${where} row`, options.row ?? 0, { min: 0, max: pass.rows - 1 });
  const inputOf = (at: number): number => (input === undefined ? 1 : pass.inputs[at * pass.width + input]!);
  const penalty = penaltyOf(model, gradients[which]!.name, index);
  const shares = Array.from({ length: pass.rows }, (_, at) => inputOf(at) * pass.slopes[at * pass.units + unit]!);
  const layer = gradients[which]!.name.slice(0, gradients[which]!.name.lastIndexOf('/'));
  const first: ChainFactor = input === undefined ? { kind: 'input', name: `the 1 that the bias of ${layer} stands for`, value: 1 } : { kind: 'input', name: `input ${input} of ${layer}`, value: inputOf(row) };
  const all = pathsFrom(where, pass, unit, row, first);
  const loss = lossOf(where, copy, x, y);
  const largest = gradients.reduce((sofar, { data }) => data.reduce((size, value) => Math.max(size, Math.abs(value)), sofar), 0);
  const explanation = {
    name: `${gradients[which]!.name}[${input === undefined ? unit : `${input}, ${unit}`}]`,
    gradient: shares.reduce((sum, share) => sum + share, penalty),
    numeric: slope(loss, which, index, 1e-3 * largest),
    shares,
    penalty,
    row,
    pathCount: all.length,
    paths: all.sort((a, b) => Math.abs(b.product) - Math.abs(a.product)).slice(0, most),
  };
  return { ...explanation, toString: () => textOf(explanation) };
}

/** The weight that a name stands for. */
function placeOf(where: string, parameters: readonly { name: string; shape: readonly number[] }[], given: string): { which: number; input: number | undefined; unit: number; index: number } {
  const [, name = '', places = ''] = /^(.+)\[(\s*\d+\s*(?:,\s*\d+\s*)*)\]$/.exec(given) ?? [];
  const names = parameters.map((one) => one.name);
  if (name === '') throw unexpected(`${where} name`, `a weight such as '${names[0] ?? 'dense_1/kernel'}[0, 0]'`, given);
  const which = names.indexOf(name);
  if (which < 0) throw new OptionError(`${where} name: the model has no parameter ${show(name)}${didYouMean(name, names)}; it has ${names.join(', ')}`);
  const { shape } = parameters[which]!;
  const at = places.split(',').map(Number);
  if (at.length !== shape.length || at.some((place, i) => !(place < shape[i]!))) throw new OptionError(`${where} name: ${name} is [${shape.join(', ')}], and has no [${places}]`);
  const [input, unit] = shape.length === 2 ? [at[0]!, at[1]!] : [undefined, at[0]!];
  return { which, input, unit, index: input === undefined ? unit : input * shape[1]! + unit };
}

/** ∂/∂w of what the weight costs by itself: l1 · Σ|w| + l2 · Σw². */
function penaltyOf({ layers, program }: Sequential, name: string, index: number): number {
  const weight = program.read(program.parameters.find((one) => one.name === name)!)[index]!;
  const at = name.lastIndexOf('/');
  const { config } = flatten(layers, '').find((one) => one.name === name.slice(0, at))!.layer;
  const regularizer = config[`${name.slice(at + 1)}Regularizer`] as Regularizer | undefined;
  const { l1 = 0, l2 = 0 } = regularizer?.config ?? {};
  return l1 * Math.sign(weight) + 2 * l2 * weight;
}

/** A pass forward and back over all rows, as far as the weight's layer is concerned. */
interface Pass {
  readonly rows: number;
  /** What goes into the layer, [rows, width], and the slope of the loss by what comes out of its product, [rows, units]. */
  readonly inputs: Values;
  readonly width: number;
  readonly slopes: Values;
  readonly units: number;
  readonly passages: readonly Passage[];
  /** ∂J/∂ of what the loss gets, [rows, outputs], and what that is called. */
  readonly ends: Values;
  readonly outputs: number;
  readonly end: string;
}

function passOf(where: string, model: Sequential, x: MatrixLike, y: MatrixLike, parameter: string): Pass {
  const pass = new OpenPass(where, model, x, y);
  const { layout, rows, widest, at, placed } = pass;
  const { loss } = layout.objective!;
  const stages = layout.stages.map(({ stage }) => stage);
  const room = { ones: pass.floats(widest), values: pass.floats(widest), derivatives: pass.floats(widest), scratch: at.scratch };
  model.program.backend.memory.f32.fill(1, room.ones / 4, room.ones / 4 + widest);
  const own = stages.findIndex(({ layer, parameters }) => parameters.some((spec) => `${layer}/${spec.name}` === parameter));
  const { layer, inputs: width, outputs: units } = stages[own]!;
  if (!isProduct(stages[own]!)) throw new OptionError(`${where} name: the weights of layer '${layer}' are not those of a dense layer`);
  const behind = stages.flatMap((_, i) => (i > own && placed[i] !== undefined ? [i] : []));
  const last = behind.at(-1);
  // A loss that is fused with the last activation gets what goes into that.
  const isFused = last !== undefined && fusedWith(loss, stages[last]!.activation) !== undefined;
  const passing = isFused ? behind.slice(0, -1) : behind;
  const end = passing.at(-1) ?? own;
  return {
    rows, width, units, slopes: pass.read(at.douts[own]!, rows * units), inputs: pass.read(placed[own]!.input, rows * width),
    passages: passing.map((i): Passage => {
      const { stage, parameters: [kernel = 0] } = layout.stages[i]!;
      if (isProduct(stage)) return { kind: 'weight', layer: stage.layer, units: stage.outputs, values: pass.read(kernel, stage.inputs * stage.outputs) };
      if (!hasSlope(stage, layout)) throw new OptionError(`${where}: paths go through dense layers and activations, and '${stage.layer}', behind the weight, is neither`);
      pass.run(slopePlan(stage, placed[i]!.input, room.derivatives, room));
      return { kind: 'derivative', layer: stage.layer, units: stage.outputs, values: pass.read(room.derivatives, rows * stage.outputs) };
    }),
    ends: pass.read(at.douts[end]!, rows * stages[end]!.outputs), outputs: stages[end]!.outputs, end: isFused ? `z of ${stages[last]!.layer}` : 'the output',
  };
}

/** Whether it is the product of a dense layer. */
function isProduct({ parameters, partner }: Stage): boolean {
  return parameters[0]?.name === 'kernel' && partner === undefined;
}

/** All paths from what comes out of a unit to the loss of a row. */
function pathsFrom(where: string, { passages, ends, outputs, end }: Pass, from: number, row: number, first: ChainFactor): ChainPath[] {
  const count = passages.reduce((product, { kind, units }) => (kind === 'weight' ? product * units : product), 1);
  if (count > mostPaths) throw new OptionError(`${where}: ${count.toLocaleString('en')} paths lead from there to the loss; at most ${mostPaths.toLocaleString('en')} are gone through. Take a weight nearer to the output, or a smaller network`);
  let open: { factors: ChainFactor[]; product: number; unit: number }[] = [{ factors: [first], product: first.value, unit: from }];
  for (const { kind, layer, units, values } of passages) {
    open = open.flatMap(({ factors, product, unit }) => {
      const by = (name: string, value: number, to: number) => ({ factors: [...factors, { kind, name, value }], product: product * value, unit: to });
      if (kind === 'derivative') return by(`f′(z) of ${layer}[${unit}]`, values[row * units + unit]!, unit);
      return Array.from({ length: units }, (_, to) => by(`${layer}/kernel[${unit}, ${to}]`, values[unit * units + to]!, to));
    });
  }
  return open.map(({ factors, product, unit }) => {
    const value = ends[row * outputs + unit]!;
    return { factors: [...factors, { kind: 'loss', name: `∂J/∂ ${end}[${unit}]`, value }], product: product * value };
  });
}

function textOf({ name, gradient, numeric, shares, penalty, row, pathCount, paths }: Omit<GradientExplanation, 'toString'>): string {
  const brief = (value: number): string => String(Number(value.toPrecision(6)));
  const lines = paths.map(({ factors, product }) => `  ${factors.map((factor) => `${brief(factor.value)} (${factor.name})`).join(' × ')} = ${brief(product)}`);
  const rows = shares.length > 1 ? `, the sum of ${shares.length} rows` : '';
  const sum = penalty === 0 ? rows : `${rows || ', the sum of the row'} and of ${brief(penalty)} for the regularizer`;
  const left = pathCount - paths.length;
  const rest = shares[row]! - paths.reduce((sum, { product }) => sum + product, 0);
  return [
    `∂J/∂ ${name} = ${brief(gradient)}${sum}; by differences ${numeric === undefined ? 'none: the loss has a kink there' : brief(numeric)}`,
    `Row ${row} adds ${brief(shares[row]!)}, by ${pathCount === 1 ? 'one path' : `${pathCount} paths`}:`,
    ...lines,
    ...(left > 0 ? [`  and ${left} more, together ${brief(rest)}`] : []),
  ].join('\n');
}

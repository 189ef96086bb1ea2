/**
 * Functions of one value, written out with arithmetic as exporters do where an opset has no operation for them, brought into one
 * form: so x·0.5·(1 + erf(x/√2)) is known in whatever order its factors come. An expression is a number times powers of factors: x, functions
 * of expressions, and sums, whose first term has the factor 1. Numbers count as equal to six digits.
 */

import type { ActivationSpec } from '../../model/layers/activation.ts';

export interface Expression {
  readonly factor: number;
  /** Powers of factors, by the text of each. */
  readonly powers: ReadonlyMap<string, Power>;
}

interface Power {
  readonly power: number;
  /** Where the factor is a sum, or a bounded value, what it is made of. */
  readonly sum?: Sum;
  readonly bounded?: { readonly of: Expression; readonly low: number; readonly high: number };
}

interface Sum {
  readonly constant: number;
  /** Terms by the text of their powers. */
  readonly terms: ReadonlyMap<string, Expression>;
}

const number = (value: number): string => String(Number(value.toPrecision(6)));

/** The text of the powers; no more than that has to agree for two expressions to be multiples of each other. */
export function textOf({ powers }: Expression): string {
  return [...powers].map(([text, { power }]) => (power === 1 ? text : `${text}^${number(power)}`)).sort().join('*');
}

const wholeText = (expression: Expression): string => `${number(expression.factor)}*${textOf(expression)}`;
const single = (text: string, parts: Omit<Power, 'power'> = {}): Expression => ({ factor: 1, powers: new Map([[text, { power: 1, ...parts }]]) });

export const constant = (value: number): Expression => ({ factor: value, powers: new Map() });
export const variable: Expression = /* @__PURE__ */ single('x');
export const isConstant = ({ factor, powers }: Expression): boolean => factor === 0 || powers.size === 0;

export function multiply(a: Expression, b: Expression): Expression {
  const powers = new Map(a.powers);
  for (const [text, power] of b.powers) {
    const sum = (powers.get(text)?.power ?? 0) + power.power;
    if (sum === 0) powers.delete(text);
    else powers.set(text, { ...power, power: sum });
  }
  return { factor: a.factor * b.factor, powers };
}

/** A power; undefined where it may be of a negative number and is not whole. */
export function raise({ factor, powers }: Expression, exponent: number): Expression | undefined {
  if (!Number.isInteger(exponent) && (factor < 0 || powers.size > 1 || [...powers.values()].some(({ power }) => power !== 1))) return undefined;
  return { factor: factor ** exponent, powers: new Map([...powers].map(([text, power]) => [text, { ...power, power: power.power * exponent }])) };
}

/** The expression as a sum, of one term if it is none. */
function asSum(expression: Expression): Sum {
  if (isConstant(expression)) return { constant: expression.factor * Number(expression.powers.size === 0), terms: new Map() };
  const [only] = expression.powers.values();
  if (expression.powers.size > 1 || only!.power !== 1 || only!.sum === undefined) return { constant: 0, terms: new Map([[textOf(expression), expression]]) };
  const { constant: known, terms } = only!.sum;
  return { constant: known * expression.factor, terms: new Map([...terms].map(([text, term]) => [text, scaled(term, expression.factor)])) };
}

const scaled = ({ factor, powers }: Expression, by: number): Expression => ({ factor: factor * by, powers });

export function add(a: Expression, b: Expression): Expression {
  const one = asSum(a);
  const other = asSum(b);
  const terms = new Map(one.terms);
  for (const [text, term] of other.terms) {
    const factor = (terms.get(text)?.factor ?? 0) + term.factor;
    if (factor === 0) terms.delete(text);
    else terms.set(text, { ...term, factor });
  }
  const known = one.constant + other.constant;
  const texts = [...terms.keys()].sort();
  if (texts.length === 0) return constant(known);
  if (texts.length === 1 && known === 0) return terms.get(texts[0]!)!;
  const first = terms.get(texts[0]!)!.factor;
  const ordered = new Map(texts.map((text) => [text, scaled(terms.get(text)!, 1 / first)]));
  const sum = { constant: known / first, terms: ordered };
  return scaled(single(`(${[number(sum.constant), ...[...ordered.values()].map(wholeText)].join('+')})`, { sum }), first);
}

export const apply = (name: string, expression: Expression): Expression => single(`${name}(${wholeText(expression)})`);

const pointwise: Readonly<Record<string, (value: number) => number>> = { exp: Math.exp, log: Math.log, tanh: Math.tanh, abs: Math.abs };

/** A function by name; of numbers as well. */
export function functionOf(name: string, expression: Expression): Expression | undefined {
  if (!isConstant(expression)) return apply(name, expression);
  const known = pointwise[name];
  return known === undefined ? undefined : constant(known(asSum(expression).constant));
}

/** The expression between two bounds; bounds of bounds are one. */
export function bound(expression: Expression, low: number, high: number): Expression {
  if (isConstant(expression)) return constant(Math.min(Math.max(asSum(expression).constant, low), high));
  const { factor, powers } = expression;
  const limits = factor > 0 ? { low: low / factor, high: high / factor } : { low: high / factor, high: low / factor };
  const [only] = powers.values();
  const within = powers.size === 1 && only!.power === 1 ? only!.bounded : undefined;
  if (within !== undefined && limits.low < within.high && limits.high > within.low) {
    return scaled(bounded(within.of, Math.max(limits.low, within.low), Math.min(limits.high, within.high)), factor);
  }
  return scaled(bounded(scaled(expression, 1 / factor), limits.low, limits.high), factor);
}

const bounded = (of: Expression, low: number, high: number): Expression => single(`bound[${number(low)},${number(high)}](${textOf(of)})`, { bounded: { of, low, high } });

/** 1 above 0, else 0. */
export const positive = (expression: Expression): Expression => apply('positive', scaled(expression, 1 / Math.abs(expression.factor)));

/** What each written-out function looks like, by the text of its powers. */
function knownFunctions(): Map<string, { readonly activation: ActivationSpec; readonly factor: number }> {
  const x = variable;
  const one = constant(1);
  const inverse = (expression: Expression): Expression => raise(expression, -1)!;
  const logistic = inverse(add(one, apply('exp', scaled(x, -1))));
  const softplus = [apply('softplus', x), apply('log', add(one, apply('exp', x)))];
  const slope = Math.sqrt(2 / Math.PI);
  const cubic = (by: number): Expression[] => [
    add(scaled(x, by), scaled(raise(x, 3)!, by * 0.044715)), multiply(x, add(constant(by), scaled(raise(x, 2)!, by * 0.044715))),
  ];
  const half = (factor: Expression): Expression => scaled(multiply(x, add(one, factor)), 0.5);
  const sixth = (expression: Expression): Expression => scaled(expression, 1 / 6);
  const upToSix = bound(add(x, constant(3)), 0, 6);
  const functions: readonly (readonly [ActivationSpec, readonly Expression[]])[] = [
    ['gelu', [half(apply('erf', scaled(x, Math.SQRT1_2)))]],
    ['geluTanh', [...cubic(slope).map((argument) => half(apply('tanh', argument))), ...cubic(2 * slope).map((argument) => multiply(x, apply('sigmoid', argument)))]],
    ['silu', [multiply(x, apply('sigmoid', x)), multiply(x, logistic)]],
    ['sigmoid', [logistic]],
    ['mish', softplus.map((argument) => multiply(x, apply('tanh', argument)))],
    ['softplus', softplus],
    ['softsign', [multiply(x, inverse(add(one, apply('abs', x))))]],
    ['hardSwish', [sixth(multiply(x, upToSix))]],
    ['relu6', [bound(x, 0, 6)]],
    ['relu', [bound(x, 0, Infinity)]],
    [{ name: 'hardSigmoid', slope: 1, offset: 0 }, [bound(x, 0, 1)]],
    [{ name: 'hardSigmoid', slope: 1 / 6, offset: 0.5 }, [sixth(upToSix)]],
    ['step', [positive(x)]],
    ['logSoftmax', [apply('log', apply('softmax', x))]],
  ];
  return new Map(functions.flatMap(([activation, expressions]) => expressions.map((expression) => [textOf(expression), { activation, factor: expression.factor }])));
}

/** Layer normalisation, with an epsilon of 7 that is to be found again between two texts. */
function layerNormalization(): { readonly factor: number; readonly before: string; readonly after: string } {
  const deviation = add(variable, scaled(apply('mean', variable), -1));
  const normalized = multiply(deviation, raise(add(apply('mean', raise(deviation, 2)!), constant(7)), -0.5)!);
  const [before = '', after = ''] = textOf(normalized).split('7+');
  return { factor: normalized.factor, before, after };
}

const known = /* @__PURE__ */ knownFunctions();
const normalized = /* @__PURE__ */ layerNormalization();

/** What a written-out function is: a factor, times a layer. */
export type Recognized = { readonly factor: number } & ({ readonly activation: ActivationSpec } | { readonly epsilon: number });

export function recognize(expression: Expression): Recognized | undefined {
  const text = textOf(expression);
  if (!Number.isFinite(expression.factor) || expression.factor === 0) return undefined;
  const found = known.get(text);
  if (found !== undefined) return { activation: found.activation, factor: nearOne(expression.factor / found.factor) };
  const { before, after } = normalized;
  if (!text.startsWith(before) || !text.endsWith(after)) return undefined;
  const epsilon = Number(text.slice(before.length, text.length - after.length).replace(/\+$/, '') || NaN);
  return epsilon > 0 ? { epsilon, factor: nearOne(expression.factor / normalized.factor) } : undefined;
}

/** Factors are products of rounded numbers. */
const nearOne = (factor: number): number => (Math.abs(factor - 1) < 1e-6 ? 1 : factor);

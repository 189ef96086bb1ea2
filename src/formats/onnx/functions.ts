/** Activations and layer normalisation that a graph writes out with arithmetic: the values between two points of it as an expression. */

import { add, apply, bound, constant, functionOf, isConstant, multiply, positive, raise, recognize, textOf, variable, type Expression, type Recognized } from './expressions.ts';
import type { Value } from './graph.ts';
import { boundsOf, numberOf, type Step } from './operations.ts';

/** Values, constants too, and text of a function at most: twice as many as the longest that is known has, layer normalisation. */
const mostValues = 24;
const mostText = 200;

/** What makes a value out of one before it, the nearest for which it is a function that is known. */
export function functionBefore(value: Value, opset: number): { from: Value; found: Recognized } | undefined {
  for (const from of valuesBefore(value)) {
    const expression = new Reader(from, opset).read(value);
    const found = expression === undefined ? undefined : recognize(expression);
    if (found !== undefined) return { from, found };
  }
  return undefined;
}

/** Values that a value is made of, nearest first. */
function valuesBefore(value: Value): Value[] {
  const found = new Set([value]);
  for (const { inputs } of found) {
    for (const input of inputs) if (input !== undefined && input.constant === undefined && found.size < mostValues) found.add(input);
  }
  found.delete(value);
  return [...found].sort((a, b) => b.order - a.order);
}

const functions: Readonly<Record<string, string>> = { Abs: 'abs', Erf: 'erf', Exp: 'exp', Log: 'log', Sigmoid: 'sigmoid', Softplus: 'softplus', Tanh: 'tanh' };

/** Reads values as expressions of `from`; undefined for what is no function of it alone. */
class Reader {
  readonly #known = new Map<Value, Expression | undefined>();
  readonly #from: Value;
  readonly #opset: number;

  constructor(from: Value, opset: number) {
    this.#known.set(from, variable);
    this.#from = from;
    this.#opset = opset;
  }

  read(value: Value | undefined): Expression | undefined {
    // What comes before it is not made of it.
    if (value === undefined || (value.constant === undefined && value.order < this.#from.order)) return undefined;
    if (this.#known.has(value)) return this.#known.get(value);
    // Each level takes one, so that nothing nests deeper than this.
    if (this.#known.size > mostValues) return undefined;
    this.#known.set(value, undefined);
    const expression = value.constant === undefined ? this.#node(value) : uniform(value.constant.data);
    if (expression !== undefined && textOf(expression).length <= mostText) this.#known.set(value, expression);
    return this.#known.get(value);
  }

  #node({ node, inputs }: Value): Expression | undefined {
    if (node === undefined) return undefined;
    const name = functions[node.operation];
    const compute = this.#operations[node.operation];
    if (name === undefined && compute === undefined) return undefined;
    const a = this.read(inputs[0]);
    if (a === undefined) return undefined;
    if (name !== undefined) return functionOf(name, a);
    return compute!(a, { node, inputs, opset: this.#opset });
  }

  /** With the second operand, where there is one. */
  readonly #binary = (combine: (a: Expression, b: Expression) => Expression | undefined) => (a: Expression, { inputs }: Step): Expression | undefined => {
    const b = this.read(inputs[1]);
    return b === undefined || inputs.length !== 2 ? undefined : combine(a, b);
  };

  readonly #operations: Readonly<Record<string, ((a: Expression, step: Step) => Expression | undefined) | undefined>> = {
    Add: this.#binary(add),
    Clip(a, step) {
      const { low, high } = boundsOf(step);
      return bound(a, low, high);
    },
    Div: this.#binary((a, b) => divide(a, b)),
    Greater: this.#binary((a, b) => above(a, b)),
    HardSigmoid: (a, step) => bound(add(multiply(a, constant(numberOf(step, 'alpha', 0.2))), constant(numberOf(step, 'beta', 0.5))), 0, 1),
    Less: this.#binary((a, b) => above(b, a)),
    Max: this.#binary((a, b) => limited(a, b, (value, limit) => bound(value, limit, Infinity))),
    Min: this.#binary((a, b) => limited(a, b, (value, limit) => bound(value, -Infinity, limit))),
    Mul: this.#binary(multiply),
    Neg: (a) => multiply(a, constant(-1)),
    Pow: this.#binary((a, b) => (isConstant(b) ? raise(a, b.factor) : undefined)),
    Reciprocal: (a) => raise(a, -1),
    ReduceMean: (a, step) => (isOverRow(step) && !isConstant(a) ? apply('mean', a) : undefined),
    Relu: (a) => bound(a, 0, Infinity),
    Softmax(a, step) {
      const axis = numberOf(step, 'axis', step.opset < 13 ? 1 : -1);
      return isConstant(a) || (axis !== 1 && axis !== -1) ? undefined : apply('softmax', a);
    },
    Sqrt: (a) => raise(a, 0.5),
    Sub: this.#binary((a, b) => add(a, multiply(b, constant(-1)))),
    /** Between two numbers by a condition, which is 1 or 0. */
    Where: (condition, { inputs }) => {
      const [yes, no] = [this.read(inputs[1]), this.read(inputs[2])];
      if (yes === undefined || no === undefined || !isConstant(yes) || !isConstant(no)) return undefined;
      return add(no, multiply(condition, constant(yes.factor - no.factor)));
    },
  };
}

function uniform(data: Float32Array | Float64Array): Expression | undefined {
  return data.length > 0 && data.every((value) => value === data[0]) ? constant(data[0]!) : undefined;
}

const divide = (a: Expression, b: Expression): Expression | undefined => {
  const inverse = raise(b, -1);
  return inverse === undefined ? undefined : multiply(a, inverse);
};

function above(a: Expression, b: Expression): Expression | undefined {
  const difference = add(a, multiply(b, constant(-1)));
  return isConstant(difference) ? undefined : positive(difference);
}

function limited(a: Expression, b: Expression, limit: (value: Expression, limit: number) => Expression): Expression | undefined {
  if (isConstant(b)) return limit(a, b.factor);
  return isConstant(a) ? limit(b, a.factor) : undefined;
}

/** Whether it is the mean of each row, kept as a column. Its axes were an attribute before they were an input. */
function isOverRow(step: Step): boolean {
  const { node, inputs } = step;
  const axes = inputs[1]?.constant?.data ?? node.attributes.get('axes');
  if (typeof axes !== 'object' || 'dims' in axes || axes.length !== 1) return false;
  return (axes[0] === -1 || axes[0] === 1) && numberOf(step, 'keepdims', 1) === 1;
}

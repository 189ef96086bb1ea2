/** The layer that makes a column of codes of categories into a column for each of them. */

import { OptionError, ShapeError, unexpected } from '../../errors.ts';
import { checkBoolean, checkInteger, checkKeys, checkLabel } from '../../options.ts';
import { checkInputShape, type Layer, type Stage } from './layer.ts';

export interface OneHotOptions {
  /** For each column of the input, how many categories it has: its values are codes from 0 to one less than that. 0: no codes, the column stays. */
  categories: readonly number[];
  /** Whether there is one more output for each of those columns, for any other value; default true. If not, all its outputs are 0 then. */
  unknown?: boolean;
  /** Values in a row of the input; `categories` says it too. */
  inputShape?: readonly number[];
  name?: string;
}

/** Outputs at most: more than tables have, and little enough that a file of a few bytes cannot fill the memory. */
const mostOutputs = 100_000;

/**
 * One-hot code: in the place of a column of k categories stand k + 1 columns, of which one is 1 and the others 0: that of the code, or, if the
 * value is none of the integers from 0 to k − 1 (missing, −1, 1.5), the last. Columns without categories stay as they are, in the same order.
 * As the first layer of a model it makes NaN a value that the model takes; one in a column that stays passes on, to an `impute`
 * behind it, without which the output is NaN too. Shapes [rows, categories.length] -> [rows, m], m at most 100000. No weights; no gradient passes codes.
 *
 * @throws OptionError for an unknown option, categories that are no list of integers from 0 on, or too many outputs; ShapeError for an `inputShape` that
 * is another.
 */
export function oneHot(options: OneHotOptions): Layer {
  checkKeys('oneHot', options, ['categories', 'unknown', 'inputShape', 'name']);
  checkLabel('oneHot name', options.name);
  const unknown = checkBoolean('oneHot unknown', options.unknown ?? true);
  const { parts, categories, outputs } = partsOf(options.categories, unknown);
  const inputs = categories.length;
  const shape = checkInputShape('oneHot', options.inputShape);
  if (shape !== undefined && shape !== inputs) throw new ShapeError(`oneHot inputShape: expected [${inputs}], as many as categories, received [${shape}]`);
  return Object.freeze({
    type: 'oneHot',
    name: options.name,
    inputs,
    config: Object.freeze({ ...options, categories, unknown }),
    build: (_: number, layer: string): Stage[] => [oneHotStage(layer, inputs, outputs, parts)],
  });
}

/** Columns of the input and what they become: of codes one, or several that stay. Places are those of the first. */
interface Part {
  readonly from: number;
  readonly to: number;
  /** Outputs. */
  readonly columns: number;
  /** 0: they stay. */
  readonly codes: number;
}

function partsOf(given: readonly number[], unknown: boolean): { parts: Part[]; categories: readonly number[]; outputs: number } {
  if (!Array.isArray(given) || given.length === 0) throw unexpected('oneHot categories', 'an array with a number for each column', given);
  const categories: readonly number[] = Object.freeze([...given as readonly number[]]);
  const parts: Part[] = [];
  let outputs = 0;
  categories.forEach((codes, from) => {
    checkInteger(`oneHot categories[${from}]`, codes, { min: 0 });
    const columns = codes === 0 ? 1 : codes + Number(unknown);
    const before = parts.at(-1);
    if (codes === 0 && before?.codes === 0) parts[parts.length - 1] = { ...before, columns: before.columns + 1 };
    else parts.push({ from, to: outputs, columns, codes });
    outputs += columns;
  });
  if (outputs > mostOutputs) throw new OptionError(`oneHot categories: expected at most ${mostOutputs} outputs in all, received ${outputs}`);
  return { parts, categories, outputs };
}

function oneHotStage(layer: string, inputs: number, outputs: number, parts: readonly Part[]): Stage {
  return {
    layer,
    inputs,
    outputs,
    parameters: [],
    takesMissing: true,
    extra: true,
    scratchFloats: () => 0,
    forward(plan, { out, input }) {
      for (const { from, to, columns, codes } of parts) plan.add('oneHot', { out: out + 4 * to, input: input + 4 * from, columns, codes, inputs, units: outputs });
    },
    backward(plan, { dinput, dout }) {
      if (dinput === 0) return;
      for (const { from, to, columns, codes } of parts) {
        const into = { out: dinput + 4 * from, input: dout + 4 * to, inputs: outputs, units: inputs };
        plan.add('oneHot', codes === 0 ? { ...into, columns, codes } : { ...into, columns: 1, codes: -1 });
      }
    },
  };
}

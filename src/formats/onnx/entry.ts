/** Layers for the input of a network, as nabla writes them: missing values filled, codes as one-hot columns. */

import type { Link } from './chain.ts';
import { readFile } from './file.ts';
import { graphOf, type Value } from './graph.ts';
import { GraphWriter } from './graphWriter.ts';
import { writeOneHot } from './oneHot.ts';
import { rowOf, type Back, type Step } from './operations.ts';

/** The layer that a `Where` ends, if it ends one. */
export function entryBefore(value: Value, step: Step): Back | undefined {
  const [condition, yes, no] = step.inputs;
  const { label } = step.node;
  if (condition?.node?.operation === 'IsNaN' && condition.inputs[0] === no && no !== undefined && yes?.constant !== undefined) {
    const fill = rowOf(step, 1, 'input[1]');
    return { from: no, links: [{ kind: 'entry', label, type: 'impute', config: {}, rows: { fill } }] };
  }
  return oneHotBefore(value, label);
}

function oneHotBefore(value: Value, label: string): Back | undefined {
  const [isPassed, gathered] = value.inputs;
  const [from, source] = gathered?.node?.operation === 'Gather' ? gathered.inputs : [];
  const flags = isPassed?.constant?.data;
  const places = source?.constant?.data;
  if (from === undefined || flags === undefined || places === undefined || flags.length !== places.length || places.length === 0) return undefined;
  const categories: number[] = [];
  const unknown = isUnknown(value)?.some((flag) => flag !== 0) ?? false;
  for (let i = 0; i < places.length; i++) {
    // Each column in turn, with all of its outputs; that for the unknown is no category.
    if (places[i] === categories.length) categories.push(flags[i] === 0 ? Number(!unknown) : 0);
    else if (places[i] === categories.length - 1) categories[categories.length - 1]!++;
    else return undefined;
  }
  const writer = new GraphWriter();
  const { value: last, width } = writeOneHot(writer, 'oneHot', GraphWriter.input, { categories, unknown });
  const expected = graphOf(readFile(writer.finish('oneHot', { inputs: categories.length, outputs: width }, last, {})));
  if (!isSame(value, expected.output, new Map([[expected.input, from]]))) return undefined;
  const link: Link = { kind: 'entry', label, type: 'oneHot', inputs: categories.length, outputs: width, config: { categories, unknown }, rows: {} };
  return { from, links: [link] };
}

/** Which columns stand for the unknown, where it is to be found in what nabla writes: Where(isPassed, g, Where(Or(..., And(isUnknown, ...)), 1, 0)). */
function isUnknown({ inputs }: Value): Float32Array | Float64Array | undefined {
  return inputs[2]?.inputs[0]?.inputs[1]?.inputs[0]?.constant?.data;
}

/** Whether two values are made in the same way; `same` are those that are known to be. */
function isSame(a: Value | undefined, b: Value | undefined, same: Map<Value, Value>): boolean {
  if (a === undefined || b === undefined) return a === b;
  const known = same.get(b);
  if (known !== undefined) return known === a;
  const { constant, node, inputs } = b;
  if (constant !== undefined) {
    const other = a.constant;
    return other !== undefined && other.dims.join() === constant.dims.join() && other.data.every((value, i) => Object.is(value, constant.data[i]));
  }
  if (a.node?.operation !== node!.operation || a.inputs.length !== inputs.length || a.node.attributes.get('axis') !== node!.attributes.get('axis')) return false;
  if (!inputs.every((input, i) => isSame(a.inputs[i], input, same))) return false;
  same.set(b, a);
  return true;
}

/** One-hot columns as nodes of ONNX: a fixed number of them, whatever the number of columns. */

import type { GraphWriter } from './graphWriter.ts';

/** Options of the layer. */
export interface OneHotCodes {
  /** Of each input column; 0 for one that is passed. */
  readonly categories: readonly number[];
  /** Whether there is a column for what is no category. */
  readonly unknown: boolean;
}

/**
 * What each output column is made of: the input column it comes from, the code it stands for (NaN where it stands for none), the number
 * of categories of its input, and whether it passes its input through or stands for all that is no category.
 */
interface OneHotColumns {
  readonly source: readonly number[];
  readonly code: Float32Array;
  readonly count: Float32Array;
  readonly isPassed: readonly boolean[];
  readonly isUnknown: readonly boolean[];
}

function oneHotColumns({ categories, unknown }: OneHotCodes): OneHotColumns {
  const columns = categories.flatMap((count, source) => Array.from({ length: count + Number(unknown || count === 0) }, (_, code) => ({ source, code, count })));
  return {
    source: columns.map(({ source }) => source),
    code: Float32Array.from(columns, ({ code, count }) => (code < count ? code : NaN)),
    count: Float32Array.from(columns, ({ count }) => count),
    isPassed: columns.map(({ count }) => count === 0),
    isUnknown: columns.map(({ code, count }) => count > 0 && code === count),
  };
}

/**
 * With g the input column of each output: g where it is passed, else 1 where g is the code, or where the column stands for the unknown and g is
 * no integer from 0 to count − 1. NaN compares as false, and so is unknown.
 */
export function writeOneHot(graph: GraphWriter, layer: string, value: string, codes: OneHotCodes): { value: string; width: number } {
  const { source, code, count, isPassed, isUnknown } = oneHotColumns(codes);
  const node: (operation: string, inputs: readonly string[], attributes?: Record<string, { integer: number }>) => string = (...rest) => graph.node(layer, ...rest);
  const row = (name: string, values: Float32Array): string => graph.tensor(`${layer}/${name}`, [values.length], values);
  const g = node('Gather', [value, graph.integers(`${layer}/source`, source)], { axis: { integer: 1 } });
  const inRange = node('And', [node('GreaterOrEqual', [g, graph.constant(0)]), node('Less', [g, row('count', count)])]);
  const isKnown = node('And', [inRange, node('Equal', [node('Floor', [g]), g])]);
  const unknown = node('And', [graph.flags(`${layer}/isUnknown`, isUnknown), node('Not', [isKnown])]);
  const hot = node('Or', [node('Equal', [g, row('code', code)]), unknown]);
  const hotOrNot = node('Where', [hot, graph.constant(1), graph.constant(0)]);
  return { value: node('Where', [graph.flags(`${layer}/isPassed`, isPassed), g, hotOrNot]), width: source.length };
}

/** The table of a model: its layers, their output sizes, and how many parameters they have. */

import { layerNames } from './chain.ts';
import type { Layer, Stage } from './layers/layer.ts';
import { sizeOf } from './parameters.ts';
import type { Sequential } from './sequential.ts';

export function summary({ name, layers, inputShape, backend }: Sequential, stages: readonly Stage[]): string {
  const countOf = (some: readonly Stage[]): number => some.flatMap(({ parameters }) => parameters).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const rowsOf = (some: readonly Layer[], prefix: string, indent: string): string[][] => layerNames(some).flatMap((layer, i) => {
    // The layers of a block have names that begin with its own.
    const path = prefix + layer;
    const own = stages.filter((stage) => stage.layer === path || stage.layer.startsWith(`${path}/`));
    const outputs = own.at(-1)?.outputs;
    return [
      [`${indent}${layer} (${describe(some[i]!)})`, outputs === undefined ? '' : `[rows, ${outputs}]`, countOf(own).toLocaleString('en')],
      ...rowsOf(some[i]!.layers ?? [], `${path}/`, `${indent}  `),
    ];
  });
  const table = [['Layer', 'Output', 'Parameters'], ...rowsOf(layers, '', '')];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map(([layer, output, count]) => `${layer!.padEnd(widths[0]!)}  ${output!.padEnd(widths[1]!)}  ${count!.padStart(widths[2]!)}`);
  const rule = '─'.repeat(lines[0]!.length);
  return [`${name}: ${inputShape[0]} inputs, backend ${backend}`, rule, lines[0], rule, ...lines.slice(1), rule,
    `${countOf(stages).toLocaleString('en')} parameters`].join('\n');
}

function describe({ type, config }: Layer): string {
  const { activation } = config as { activation?: string | { name: string } };
  const name = typeof activation === 'object' ? activation.name : activation;
  return type === 'activation' ? name ?? type : name === undefined ? type : `${type}, ${name}`;
}

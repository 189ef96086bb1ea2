/** The table of a model: its layers, their output sizes, and how many parameters they have. */

import { layerNames } from './chain.ts';
import type { Layer, Stage } from './layer.ts';
import { sizeOf } from './program.ts';
import type { Sequential } from './sequential.ts';

export function summary({ name, layers, inputShape, backend }: Sequential, stages: readonly Stage[]): string {
  let total = 0;
  const rows = layerNames(layers).map((layer, i) => {
    // The layers of a block have names that begin with its own.
    const own = stages.filter((stage) => stage.layer === layer || stage.layer.startsWith(`${layer}/`));
    const count = own.flatMap(({ parameters }) => parameters).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const outputs = own.at(-1)?.outputs;
    total += count;
    return [`${layer} (${describe(layers[i]!)})`, outputs === undefined ? '' : `[rows, ${outputs}]`, count.toLocaleString('en')];
  });
  const table = [['Layer', 'Output', 'Parameters'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map(([layer, output, count]) => `${layer!.padEnd(widths[0]!)}  ${output!.padEnd(widths[1]!)}  ${count!.padStart(widths[2]!)}`);
  const rule = '─'.repeat(lines[0]!.length);
  return [`${name}: ${inputShape[0]} inputs, backend ${backend}`, rule, lines[0], rule, ...lines.slice(1), rule,
    `${total.toLocaleString('en')} parameters`].join('\n');
}

function describe({ type, config }: Layer): string {
  const { activation } = config as { activation?: string | { name: string } };
  const name = typeof activation === 'object' ? activation.name : activation;
  return type === 'activation' ? name ?? type : name === undefined ? type : `${type}, ${name}`;
}

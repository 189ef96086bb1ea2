/**
 * `nabla demo derivative`: trains the same network from the same weights with the true derivative of its activations, with a
 * constant, with zero, and with no activation functions; prints what came of each, and says it in a sentence.
 */

import { collapse, collapseDifference } from './collapse.ts';
import { integerOf, type Command } from './command.ts';
import { spirals, xor, type Points } from './points.ts';
import { short, percent, bullet, table, type Terminal } from './terminal.ts';
import { hiddenUnits, trainSingleLayer, trainVariant, variantNames, type Outcome } from './variants.ts';
import { verdict } from './verdict.ts';

const defaultEpochs = 1000;

export const derivative: Command = {
  name: 'demo derivative',
  summary: 'trains one network with the true derivative, a constant one, none, and without activations: what the derivative is for',
  usage: '[options]',
  options: {
    seed: { type: 'string', value: '<n>', summary: 'other initial weights, another order (default 0)' },
    epochs: { type: 'string', value: '<n>', summary: `times to go through the data (default ${defaultEpochs})` },
  },
  positionals: { min: 0, max: 0, names: [] },
  json: false,
  run: ({ screen }, _, values) => compareVariants(screen, integerOf(values, 'seed') ?? 0, integerOf(values, 'epochs', { min: 1 }) ?? defaultEpochs),
};

async function compareVariants(terminal: Terminal, seed: number, epochs: number): Promise<void> {
  terminal.print(
    terminal.bold('What the derivative of the activation is for'),
    `Network: ${[2, ...hiddenUnits, 1].join('-')}, tanh, a sigmoid output, binary cross-entropy`,
    `Seed ${seed}, ${epochs} epochs; every variant starts from the same weights.`,
    'f′ is what the backward pass takes for the slope:',
    '  true      f′ = 1 − tanh²',
    '  constant  f′ = 1',
    '  zero      f′ = 0',
    '  linear    no tanh at all: f(z) = z, f′ = 1',
    '|∂J/∂θ| is the norm of the gradient of a layer over all points.',
  );
  for (const points of [xor, spirals(100)]) await compare(terminal, points, seed, epochs);
}

async function compare(terminal: Terminal, points: Points, seed: number, epochs: number): Promise<void> {
  const outcomes: Outcome[] = [];
  for (const variant of variantNames) {
    terminal.redraw(`training on ${points.name}: ${variant}`);
    outcomes.push(await trainVariant(variant, points, seed, epochs));
  }
  terminal.section(`${points.name}: ${points.x.length} points, all of them trained on`);
  terminal.print(...outcomeTable(outcomes), '');
  const reference = outcomes[0]!;
  for (const outcome of outcomes) terminal.print(...bullet(verdict(outcome, reference)));
  const linear = outcomes.find(({ variant }) => variant === 'linear')!;
  terminal.print('', ...(await collapseLines(linear, points, seed, epochs)));
}

/** Norms of ∂J/∂θ over all points, before the first step and after the last. */
function outcomeTable(outcomes: readonly Outcome[]): string[] {
  const layers = outcomes[0]!.normsBefore.map((_, i) => `layer ${i + 1}`);
  const [header, ...rows] = table([
    ['variant', 'loss', 'accuracy', ...layers, '', ...layers],
    ...outcomes.map(({ variant, lossAfter, accuracy, normsBefore, normsAfter }) => [
      variant, lossAfter.toFixed(4), percent(accuracy), ...normsBefore.map(short), '', ...normsAfter.map(short),
    ]),
  ], 1);
  const before = header!.indexOf(layers[0]!);
  const after = header!.indexOf(layers[0]!, before + 1);
  const groups = `${' '.repeat(before)}${'|∂J/∂θ| at the start'.padEnd(after - before)}|∂J/∂θ| at the end`;
  return [groups, header!, ...rows];
}

async function collapseLines({ model, lossAfter }: Outcome, points: Points, seed: number, epochs: number): Promise<string[]> {
  const layer = collapse(model);
  const difference = collapseDifference(model, layer, points.x);
  const single = await trainSingleLayer(points, seed, epochs);
  const product = model.layers.map((_, i) => `W${i + 1}`).join('·');
  return [
    `The linear network is one layer, sigmoid(x·W + b), with W = ${product}:`,
    ...table([
      ...layer.weight.map((value, i) => [`W[${i}]`, short(value)]),
      ['b', short(layer.bias)],
    ]),
    `Largest difference between its outputs and the network's: ${difference.toExponential(1)}`,
    `Loss of one such layer trained by itself: ${single.toFixed(4)}; of the linear network: ${lossAfter.toFixed(4)}`,
  ];
}

/**
 * `nabla demo`: trains a reader of handwritten digits and shows how well it reads digits it has not seen, which ones it
 * misreads, and how much faster WebAssembly trained it than plain TypeScript.
 */

import { dense, sequential, sgd, type BackendChoice, type Sequential } from '../index.ts';
import { epochsPerRound, rounds, timeBackends } from './backendTiming.ts';
import { integerOf, type Command } from './command.ts';
import { attribution, classes, readDigits, side, type Digits } from './digits.ts';
import { progress } from './progress.ts';
import { confusionLines } from './scoreLines.ts';
import { count, pad, percent, table, type Terminal } from './terminal.ts';

/** Chosen by the accuracy on validation data over a dozen seeds. */
const hiddenUnits = [128, 64] as const;
const learningRate = 0.1;
const defaultEpochs = 40;
/** A fifth of the 1,797 digits. */
const testCount = 360;
const validationSplit = 0.1;
const picturesShown = 4;
const pictureColumns = 20;

export const demo: Command = {
  name: 'demo',
  summary: 'trains a reader of handwritten digits, shows what it misreads, and times WebAssembly against plain TypeScript',
  usage: '[options]',
  options: {
    seed: { type: 'string', value: '<n>', summary: 'another split, other initial weights, another order (default 0)' },
    epochs: { type: 'string', value: '<n>', summary: `times to go through the data (default ${defaultEpochs})` },
  },
  positionals: { min: 0, max: 0, names: [] },
  json: false,
  run: ({ screen }, _, values) => showDigits(screen, integerOf(values, 'seed') ?? 0, integerOf(values, 'epochs', { min: 1 }) ?? defaultEpochs),
};

async function showDigits(terminal: Terminal, seed: number, epochs: number): Promise<void> {
  const { train, test } = readDigits(seed, testCount);
  const model = makeModel(seed, 'auto');
  terminal.print(
    terminal.bold(`Reading handwritten digits: ${count(train.count + test.count)} pictures of ${side} x ${side} pixels`),
    terminal.dim(`Data: ${attribution}`),
    `Network: ${[side ** 2, ...hiddenUnits, classes].join('-')}, relu and softmax, ${parameterCount(model)} parameters`,
    `Backend: ${model.backend} (${model.backendReason}); seed ${seed}`,
  );

  const trained = Math.floor(train.count * (1 - validationSplit));
  terminal.section(`Training on ${count(trained)} digits, validating on ${train.count - trained}`);
  await model.fit(train.pixels, train.labels, { epochs, validationSplit, callbacks: [progress(terminal, {
    epochs, samples: trained, every: 5, describe: (logs) => [`loss ${logs['loss']!.toFixed(4)}`, `val accuracy ${percent(logs['val_accuracy']!)}`],
  })] });

  const accuracy = model.evaluate(test.pixels, test.labels)['accuracy']!;
  const readings = readingsOf(model.predict(test.pixels));
  const wrong = readings.flatMap(({ digit }, row) => (digit === test.labels[row] ? [] : [row]));
  terminal.section(`Test accuracy: ${percent(accuracy)}, ${wrong.length} of ${test.count} unseen digits misread`);
  terminal.print(...confusion(terminal, test.labels, readings));

  if (wrong.length > 0) {
    terminal.section(wrong.length > picturesShown ? `The ${picturesShown} misread digits it was surest about` : 'Misread');
    terminal.print(...misread(terminal, test, readings, wrong));
  }

  if (model.backend === 'wasm') await printTiming(terminal, train, seed);
  else terminal.section('Nothing to time: there is no WebAssembly here');
}

/** Trains with both backends and prints how long each took. */
async function printTiming(terminal: Terminal, train: Digits, seed: number): Promise<void> {
  const timing = await timeBackends((backend) => makeModel(seed, backend), train, (round) =>
    terminal.redraw(`timing ${round === 0 ? 'warm-up' : `round ${round} of ${rounds}`}`));
  const { milliseconds, loss, ratio } = timing;
  terminal.section(`WebAssembly trained ${ratio.toFixed(1)} times as fast as plain TypeScript`);
  terminal.print(
    `${epochsPerRound} epochs of ${count(train.count)} digits, median of ${rounds} rounds in turns; the loss after them:`,
    ...table([
      ['backend', 'time', 'samples/s', 'loss'],
      ...(['wasm', 'reference'] as const).map((name) => [
        name === 'wasm' ? 'WebAssembly' : 'plain TypeScript',
        `${milliseconds[name].toFixed(1)} ms`,
        count((1000 * epochsPerRound * train.count) / milliseconds[name]),
        loss[name].toPrecision(4),
      ]),
    ], 4),
  );
}

function makeModel(seed: number, backend: BackendChoice): Sequential {
  const hidden = hiddenUnits.map((units, i) =>
    dense({ units, activation: 'relu', kernelInitializer: 'heNormal', ...(i === 0 ? { inputShape: [side ** 2] } : {}) }));
  const model = sequential({ layers: [...hidden, dense({ units: classes, activation: 'softmax' })], seed, backend });
  model.compile({ optimizer: sgd({ learningRate, momentum: 0.9 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

function parameterCount(model: Sequential): string {
  return count(model.getWeights().reduce((sum, weights) => sum + weights.length, 0));
}

/** The digit read, and how sure the network was of it. */
interface Reading {
  readonly digit: number;
  readonly probability: number;
}

function readingsOf(outputs: Float32Array): Reading[] {
  return Array.from({ length: outputs.length / classes }, (_, row) => {
    const probabilities = outputs.subarray(row * classes, (row + 1) * classes);
    const probability = Math.max(...probabilities);
    return { digit: probabilities.indexOf(probability), probability };
  });
}

/** Rows are what a digit is, columns what it was read as. */
function confusion(terminal: Terminal, labels: Uint8Array, readings: readonly Reading[]): string[] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  readings.forEach(({ digit }, row) => counts[labels[row]!]![digit]!++);
  return confusionLines(terminal, counts, counts.map((_, digit) => String(digit)), 'read as');
}

/** The misread digits the network was surest of, side by side. */
function misread(terminal: Terminal, { pixels, labels }: Digits, readings: readonly Reading[], wrong: readonly number[]): string[] {
  const shown = wrong.toSorted((a, b) => readings[b]!.probability - readings[a]!.probability).slice(0, picturesShown);
  const drawn = shown.map((row) => [
    `${labels[row]!} read as ${readings[row]!.digit}`,
    `${percent(readings[row]!.probability)} sure`,
    ...terminal.picture(pixels.subarray(row * side ** 2, (row + 1) * side ** 2), side),
  ]);
  return drawn[0]!.map((_, line) => `  ${drawn.map((lines) => pad(lines[line]!, pictureColumns)).join('')}`.trimEnd());
}

/** `nabla check`: whether the gradients that a model trains with are the slopes of its loss, measured by differences, on rows of data. */

import { gradientCheck, type LossName, type ParameterCheck, type Sequential } from '../index.ts';
import { integerOf, numberOf, printResult, type Command, type Context, type Values } from './command.ts';
import { dataOptions, readRows, type Rows } from './dataFile.ts';
import { loadModelFile } from './modelFile.ts';
import { lastActivation, lossTargets, meaningOf, type Meaning } from './outputs.ts';
import { printable, short, table } from './terminal.ts';

const defaultRows = 32;
const defaultSamples = 200;
const defaultTolerance = 1e-3;

export const check: Command = {
  name: 'check',
  summary: 'checks the gradients of a model against numerical differences, parameter by parameter',
  usage: '<model> <data.csv> [options] | <model> <images.idx> <labels.idx>',
  options: {
    ...dataOptions,
    rows: { type: 'string', value: '<n>', summary: `rows to take, evenly from all of them (default ${defaultRows})` },
    samples: { type: 'string', value: '<n>', summary: `values of each parameter to check, drawn at random (default ${defaultSamples})` },
    tolerance: { type: 'string', value: '<x>', summary: `the greatest relative difference that counts as agreement (default ${defaultTolerance})` },
  },
  positionals: { min: 2, max: 3, names: ['<model>', '<data>', '<labels>'] },
  notes: [
    'Differences are taken in double precision. A layer whose derivative was replaced rightly fails. The loss is the one that the model was compiled with, or else one that fits its output, which is then said.',
    'The exit code is 1 where a parameter does not agree.',
  ],
  examples: ['nabla check penguins.safetensors penguins.csv'],
  run,
};

async function run(context: Context, [file, data, labels]: string[], values: Values): Promise<void> {
  const most = integerOf(values, 'rows', { min: 1 }) ?? defaultRows;
  const samples = integerOf(values, 'samples', { min: 1 }) ?? defaultSamples;
  const tolerance = numberOf(values, 'tolerance', { above: 0 }) ?? defaultTolerance;
  const model = await loadModelFile(file!);
  const meaning = meaningOf(model);
  const rows = await readRows(data!, labels, { model, meaning, values, targets: true });
  for (const note of rows.notes) context.terminal.print(printable(note));
  const chosen = model.compiled === undefined;
  if (chosen) model.compile({ optimizer: 'sgd', loss: fittingLoss(model, meaning) });
  const { x, y, count } = someOf(rows, model.inputShape[0], most);
  context.terminal.redraw(`checking ${model.summary().split('\n').at(-1)!}`);
  const { ok, maxRelativeError, parameters, derivatives } = gradientCheck(model, x, lossTargets(model, y, meaning), { samples, tolerance });
  const loss = lossName(model);
  const checks = parameters.map((parameter) => ({ ...parameter, ok: parameter.maxRelativeError <= tolerance, ...placed(model, parameter) }));
  if (!ok) process.exitCode = 1;
  printResult(context, { model: file, data, rows: count, loss, lossChosen: chosen, tolerance, ok, maxRelativeError, parameters: checks, derivatives }, () => [
    `Loss: ${loss}${chosen ? ', chosen to fit the output, for the model is not compiled' : ''}; ${count} rows`,
    '',
    ...table([
      ['parameter', '', 'checked', 'kinks', 'difference', 'at', 'analytic', 'numeric'],
      ...checks.map(({ name, ok: agrees, checked, kinks, maxRelativeError: error, place, worst }) => [
        name, agrees ? 'ok' : context.screen.red('NOT OK'), String(checked), String(kinks), error.toExponential(1),
        place === undefined ? '' : `[${place.join(', ')}]`, worst === undefined ? '' : short(worst.analytic), worst === undefined ? '' : short(worst.numeric),
      ]),
    ]),
    '',
    ok ? `All gradients agree within ${tolerance}.`
      : `${[...checks.filter((one) => !one.ok), ...derivatives.map(({ layer }) => ({ name: `f′ of ${layer}` }))].map(({ name }) => name).join(', ')}: no agreement within ${tolerance}.`,
    ...derivatives.map(({ message }) => message),
  ]);
}

/** Some of the rows, at even distances: files are often sorted by their target. */
function someOf({ x, y, count }: Rows, inputs: number, most: number): Pick<Rows, 'x' | 'y' | 'count'> {
  const taken = Uint32Array.from({ length: Math.min(most, count) }, (_, i) => Math.floor((i * count) / Math.min(most, count)));
  const some = new Float32Array(taken.length * inputs);
  taken.forEach((row, i) => some.set(x.subarray(row * inputs, (row + 1) * inputs), i * inputs));
  return { x: some, y: Float32Array.from(taken, (row) => y[row]!), count: taken.length };
}

/** A loss for a model that has none. */
function fittingLoss(model: Sequential, { kind }: Meaning): LossName {
  if (kind === 'numbers') return 'meanSquaredError';
  return model.outputShape[0] > 1 ? lastActivation(model.layers) === 'softmax' ? 'sparseCategoricalCrossentropy' : 'categoricalCrossentropy' : 'binaryCrossentropy';
}

function lossName({ compiled }: Sequential): string {
  const loss = compiled!.loss;
  return typeof loss === 'string' ? loss : loss.name;
}

/** Where in its parameter the value is that agrees least: row and column. */
function placed(model: Sequential, { name, worst }: ParameterCheck): { place?: number[] } {
  const shape = model.snapshot().tensors.get(name)?.shape;
  if (worst === undefined || shape === undefined) return {};
  const columns = shape.at(-1)!;
  return { place: shape.length > 1 ? [Math.floor(worst.index / columns), worst.index % columns] : [worst.index] };
}

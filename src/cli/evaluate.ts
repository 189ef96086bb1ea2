/** `nabla evaluate`: how good the predictions of a model are on rows with known targets, as `nabla train` says it of rows held out. */

import { printResult, UsageError, type Command, type Context, type Values } from './command.ts';
import { dataOptions, readRows } from './dataFile.ts';
import { loadModelFile } from './modelFile.ts';
import { lossTargets, meaningOf, probabilitiesOf } from './outputs.ts';
import { scoreLines } from './scoreLines.ts';
import { documentOf, scoreClasses, scoreNumbers } from './scores.ts';
import { printable, significant } from './terminal.ts';

export const evaluate: Command = {
  name: 'evaluate',
  summary: 'says how well a model does on data with known targets',
  usage: '<model> <data.csv> [options] | <model> <images.idx> <labels.idx>',
  options: dataOptions,
  positionals: { min: 2, max: 3, names: ['<model>', '<data>', '<labels>'] },
  notes: ['The target of a model made by nabla train is the one that it was trained for; of another model it is the last column of numbers, unless --target names one. Rows without a target are left out.'],
  examples: ['nabla evaluate penguins.safetensors penguins.csv', 'nabla evaluate digits.safetensors images.idx.gz labels.idx.gz'],
  run,
};

async function run(context: Context, [file, data, labels]: string[], values: Values): Promise<void> {
  const model = await loadModelFile(file!);
  const meaning = meaningOf(model);
  const [units] = model.outputShape;
  if (meaning.kind === 'numbers' && units > 1) throw new UsageError(`scores are of classes or of one number; '${file!}' predicts ${units} numbers`);
  const rows = await readRows(data!, labels, { model, meaning, values, targets: true });
  for (const note of rows.notes) context.terminal.print(printable(note));
  const outputs = model.predict(rows.x);
  const scores = meaning.kind === 'numbers' ? scoreNumbers(rows.y, outputs, rows.numbers)
    : scoreClasses(rows.y, probabilitiesOf(outputs, units, meaning.turn), meaning.labels.length, meaning.labels.map(String));
  const measured = model.compiled === undefined ? undefined : model.evaluate(rows.x, lossTargets(model, rows.y, meaning));
  const { metrics, ...details } = documentOf(scores);
  printResult(context, { model: file, data, task: scores.task, rows: scores.rows, metrics: { ...measured, ...metrics }, ...details }, () => [
    ...scoreLines(context.screen, scores),
    ...(measured === undefined ? [] : ['', `Loss ${significant(measured['loss']!)}`]),
  ]);
}

/**
 * The report of a training as one page of HTML: style and charts are in it, there is no script, and nothing is loaded from elsewhere.
 * Every text that came from data is escaped.
 */

import type { LayerDescription, Sequential } from '../index.ts';
import manifest from '../../package.json' with { type: 'json' };
import { html, raw, type Html } from './html.ts';
import type { Job, Settings } from './job.ts';
import { style } from './reportStyle.ts';
import type { ClassScores, NumberScores, Scores } from './scores.ts';
import { histogram, lineChart, scatter } from './svg.ts';
import { count, percent, significant } from './terminal.ts';

export interface Reported {
  readonly job: Job;
  readonly model: Sequential;
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly scores: Scores;
  readonly seconds: number;
  readonly command: string;
  readonly settings: Settings;
  readonly interrupted: boolean;
}

/** Classes whose matrix can be read on a page. */
const mostClasses = 40;
const mostColumns = 200;

/** The page. */
export function report(reported: Reported): string {
  const { job, scores, command, settings, model, interrupted } = reported;
  const title = `Learning ${job.title}`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} - nabla</title>
<style>${raw(style)}</style>
</head>
<body>
<main>
<header><p class="kicker">nabla train</p><h1>${title}</h1>${interrupted ? html`<p class="warning">Training was stopped before its end.</p>` : undefined}</header>
${tiles(reported)}
${curves(reported)}
${scores.task === 'classification' ? classSections(scores, job) : numberSections(scores, job)}
${layers(model)}
${data(job)}
<section><h2>How it was made</h2>
<pre><code>${command}</code></pre>
<dl>${definition('Seed', String(settings.seed))}${definition('Optimizer', `${job.optimizer}${settings.learningRate === undefined ? '' : `, learning rate ${significant(settings.learningRate)}`}`)}${definition('Backend', model.backend)}${definition('Version', `nabla ${manifest.version}`)}</dl>
</section>
</main>
</body>
</html>
`.markup;
}

function tiles({ job, scores, seconds, history }: Reported): Html {
  const figures: [string, string][] = scores.task === 'classification'
    ? [['Accuracy', percent(scores.accuracy)], ['Macro F1', scores.macroF1.toFixed(3)]]
    : [['R²', scores.r2.toFixed(3)], ['Mean absolute error', significant(scores.mae)], ['Root of MSE', significant(scores.rmse)]];
  figures.push(['Rows trained on', count(job.rows.training)], [`Rows scored (${job.scoredAs})`, count(job.rows.scored)],
    ['Epochs', count(history['loss']?.length ?? 0)], ['Time', `${seconds.toFixed(1)} s`]);
  return html`<ul class="tiles">${figures.map(([name, value]) => html`<li><span>${name}</span><strong>${value}</strong></li>`)}</ul>`;
}

function curves({ history, job }: Reported): Html | undefined {
  const names = Object.keys(history).filter((name) => !name.startsWith('val_'));
  if (names.length === 0) return undefined;
  return html`<section><h2>Curves</h2>${job.lossNote === undefined ? undefined : html`<p>Loss: ${job.lossNote}.</p>`}<div class="charts">${names.map((name) => {
    const held = history[`val_${name}`];
    const share = name === 'accuracy';
    const scaled = (values: readonly number[]): readonly number[] => (share ? values.map((value) => 100 * value) : values);
    const lines = [{ name: 'training', values: scaled(history[name]!) }, ...(held === undefined ? [] : [{ name: job.validatedOn, values: scaled(held) }])];
    const title = name.charAt(0).toUpperCase() + name.slice(1);
    return html`<figure><figcaption>${title}<span class="legend">${lines.map((line, i) => html`<span class="key key${i + 1}">${line.name}</span>`)}</span></figcaption>
${lineChart(`${title} by epoch: ${lines.map((line) => line.name).join(', ')}`, lines, share ? '%' : name)}</figure>`;
  })}</div></section>`;
}

function classSections({ classes, confusion }: ClassScores, { scoredAs }: Job): Html {
  const rows = classes.map(({ label, precision, recall, f1, rows: own }) => [label, percent(precision), percent(recall), f1.toFixed(3), count(own)]);
  return html`<section><h2>Classes</h2><p>Of the ${scoredAs} rows.</p>${grid(['Class', 'Precision', 'Recall', 'F1', 'Rows'], rows)}</section>
${classes.length > mostClasses ? undefined : html`<section><h2>Confusion</h2><p>Rows: what they are. Columns: what was predicted. The stronger the colour, the larger the share of the row.</p>
<div class="wide" tabindex="0"><table class="confusion"><thead><tr><th></th>${classes.map(({ label }) => html`<th scope="col">${label}</th>`)}</tr></thead><tbody>
${confusion.map((row, is) => html`<tr><th scope="row">${classes[is]!.label}</th>${row.map((value, predicted) => cell(value, classes[is]!.rows, is === predicted))}</tr>
`)}</tbody></table></div></section>`}`;
}

function cell(value: number, rows: number, right: boolean): Html {
  if (value === 0) return html`<td class="none">·</td>`;
  return html`<td class="${right ? 'right' : 'wrong'}" style="--share:${Math.round((100 * value) / rows)}%">${count(value)}</td>`;
}

function numberSections({ histogram: { edges, counts }, largest, pairs }: NumberScores, { scoredAs, target }: Job): Html {
  return html`<section><h2>Residuals</h2><p>Of the ${scoredAs} rows.</p><div class="charts">
<figure><figcaption>Predicted against actual</figcaption>${scatter('Predicted values against actual ones', pairs, `actual ${target}`, 'predicted')}</figure>
<figure><figcaption>Predicted minus actual</figcaption>${histogram('How far predictions are off', edges, counts, 'predicted minus actual')}</figure></div>
<h3>Furthest off</h3>${grid(['Row of data', 'Actual', 'Predicted', 'Off by'], largest.map(({ row, actual, predicted }) =>
    [count(row), significant(actual), significant(predicted), significant(predicted - actual)]))}</section>`;
}

function layers(model: Sequential): Html {
  const { model: { layers: described }, tensors } = model.snapshot();
  const rows: string[][] = [];
  let total = 0;
  const visit = (all: readonly LayerDescription[], prefix: string, depth: number): void => {
    for (const { name, type, config, layers: inner } of all) {
      const own = [...tensors].filter(([tensor]) => tensor.startsWith(`${prefix}${name}/`)).map(([tensor, { shape, data: values }]) =>
        ({ name: tensor.slice(prefix.length + name.length + 1), shape, size: values.length }));
      const size = own.reduce((sum, one) => sum + one.size, 0);
      if (depth === 0) total += size;
      const activation = config['activation'] as string | { name: string } | undefined;
      rows.push([
        '\u00a0\u00a0'.repeat(depth) + name,
        activation === undefined ? type : `${type}, ${typeof activation === 'string' ? activation : activation.name}`,
        inner === undefined ? own.map((one) => `${one.name} ${one.shape.join(' × ')}`).join(', ') : '',
        count(size),
      ]);
      if (inner !== undefined) visit(inner, `${prefix}${name}/`, depth + 1);
    }
  };
  visit(described, '', 0);
  return html`<section><h2>Layers</h2><p>${count(model.inputShape[0])} values in, ${count(model.outputShape[0])} out, ${count(total)} parameters.</p>
${grid(['Layer', 'Type', 'Shape', 'Parameters'], rows, 3)}</section>`;
}

function data({ columns, problems }: Job): Html {
  const shown = columns.slice(0, mostColumns);
  return html`<section><h2>Data</h2>
${problems.length === 0 ? html`<p>No problems were found.</p>` : html`<ul class="problems">${problems.map((problem) => html`<li>${problem}</li>`)}</ul>`}
${grid(['Column', 'Type', 'Values', 'Missing'], shown.map(({ name, type, values, missing }) => [name, type, values, missing === 0 ? '' : count(missing)]), 3)}
${shown.length < columns.length ? html`<p>and ${count(columns.length - shown.length)} more columns</p>` : undefined}</section>`;
}

/** A table whose columns from `numbers` on are numbers. */
function grid(heads: readonly string[], rows: readonly (readonly string[])[], numbers = 1): Html {
  const kind = (column: number): string => (column >= numbers ? 'number' : 'text');
  return html`<div class="wide" tabindex="0"><table><thead><tr>${heads.map((head, i) => html`<th scope="col" class="${kind(i)}">${head}</th>`)}</tr></thead><tbody>
${rows.map((row) => html`<tr>${row.map((text, i) => html`<td class="${kind(i)}">${text}</td>`)}</tr>
`)}</tbody></table></div>`;
}

function definition(name: string, value: string): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

/** The panel of tables: a CSV file of one's own, a column to predict, and a record to try the model on. */

import type { Prediction } from '../../../index.ts';
import { button, element, field, panel, select } from '../../elements.ts';
import { failureOf } from '../../failure.ts';
import { count, percent, seconds } from '../../figures.ts';
import { makeBars } from '../digits/bars.ts';
import type { Answer, RecordField, Request, Value } from './messages.ts';

export interface TablePanel {
  readonly section: HTMLElement;
  read(file: File): void;
  stop(): void;
}

export function makeTablePanel(): TablePanel {
  let worker: Worker | undefined;
  let training = false;
  let target = '';
  /** The column of the model at hand; another may have been chosen since. */
  let learnt = '';
  /** The name of the file. */
  let title = '';
  /** What the status says when nothing is under way, for when what is fails. */
  let settled = '';

  const status = element('p', { attributes: { role: 'status' } });
  const problem = element('p', { className: 'problem', hidden: true, attributes: { role: 'alert' } });
  const progress = element('progress', { hidden: true, attributes: { 'aria-label': 'Training on the table' } });
  const controls = element('div', { className: 'row', hidden: true });
  const form = element('form', { className: 'record', hidden: true, attributes: { 'aria-label': 'A record to predict' } });
  const answerLine = element('p', { className: 'reading', attributes: { role: 'status' } });
  const bars = makeBars();
  const result = element('div', { className: 'answer', hidden: true }, answerLine, bars.list);

  // It starts with the first table: most people draw only.
  const ask = (request: Request): void => {
    if (worker === undefined) {
      worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
      worker.onmessage = ({ data }: MessageEvent<Answer>) => (answered[data.type] as (answer: Answer) => void)(data);
      worker.onerror = (event) => answered.problem({ type: 'problem', sentence: `The worker of tables failed: ${failureOf(event)}` });
    }
    worker.postMessage(request);
  };
  const settle = (sentence: string): void => void (status.textContent = settled = sentence);
  const setTraining = (now: boolean): void => {
    training = now;
    progress.hidden = !now;
    trainButton.textContent = now ? 'Stop' : 'Train';
  };
  const trainButton = button('Train', () => {
    problem.hidden = true;
    if (training) return ask({ type: 'stop' });
    form.hidden = result.hidden = true;
    setTraining(true);
    status.textContent = `Learning to predict ${target} …`;
    learnt = target;
    ask({ type: 'train', target });
  }, { className: 'button main' });

  const answered: { readonly [Type in Answer['type']]: (answer: Extract<Answer, { type: Type }>) => void } = {
    table({ name, rows, columns }) {
      setTraining(false);
      target = columns.at(-1)!;
      title = name;
      settle(`${name}: ${count(rows)} rows, ${columns.length} columns. Which column is to be predicted?`);
      controls.replaceChildren(field('Column to predict', select(columns, target, (chosen) => (target = chosen))), trainButton, progress);
      controls.hidden = false;
      form.hidden = result.hidden = true;
    },
    epoch: ({ epoch, loss }) => void (status.textContent = `Epoch ${epoch}: loss ${loss.toPrecision(3)}`),
    trained({ task, seconds: took, rows, score, fields, leftOut }) {
      setTraining(false);
      const how = task === 'regression'
        ? `R² ${score.value.toFixed(3)}, and is off by ${count(score.beside)} (root of the mean square)`
        : `${percent(score.value)} are right (always the most frequent class: ${percent(score.beside)})`;
      settle(`${title}: trained on ${count(rows)} rows in ${seconds(took)}. On ${count(score.rows)} rows that it has not seen: ${how}.${
        leftOut.length === 0 ? '' : ` Left out, for so many words only name rows: ${leftOut.join(', ')}.`}`);
      fill(fields);
    },
    stopped() {
      setTraining(false);
      settle('Stopped.');
    },
    prediction: ({ prediction }) => show(prediction),
    problem({ sentence }) {
      setTraining(false);
      status.textContent = settled;
      problem.textContent = sentence;
      problem.hidden = false;
    },
  };

  /** A control for each column; the model predicts whenever one changes. */
  const fill = (fields: readonly RecordField[]): void => {
    const inputs = fields.map((one) => ({ name: one.name, control: controlFor(one) }));
    const predict = (): void => ask({ type: 'predict', record: Object.fromEntries(inputs.map(({ name, control }) => [name, control.value()])) });
    form.replaceChildren(...inputs.map(({ name, control }) => field(name, control.element)));
    form.oninput = predict;
    form.onsubmit = (event) => event.preventDefault();
    form.hidden = result.hidden = false;
    labelled = '';
    predict();
  };
  let labelled = '';
  const show = ({ label, probability, probabilities, value }: Prediction): void => {
    bars.list.hidden = label === undefined;
    if (label === undefined) {
      answerLine.replaceChildren(`${learnt}: `, element('strong', {}, count(value)));
      return;
    }
    const names = Object.keys(probabilities);
    if (labelled !== names.join('\n')) bars.label(names);
    labelled = names.join('\n');
    answerLine.replaceChildren(`${learnt}: `, element('strong', {}, String(label)), `, ${percent(probability)} sure`);
    bars.show(Float32Array.from(Object.values(probabilities)));
  };

  const read = (file: File): void => {
    problem.hidden = true;
    status.textContent = `Reading ${file.name} …`;
    ask({ type: 'read', file });
  };
  const files = element('input', { type: 'file', accept: '.csv,.tsv,.txt,.gz' });
  files.onchange = () => {
    const file = files.files?.[0];
    if (file !== undefined) read(file);
    files.value = '';
  };
  return {
    section: panel('Or a table of your own', 'table',
      element('p', { className: 'quiet' }, 'Choose a CSV file with a line of names, or drop it here. A network learns one column from the others; numbers, words and gaps are fine.'),
      field('Table', files), problem, status, controls, element('div', { className: 'try-record' }, form, result)),
    read,
    stop: () => worker?.terminate(),
  };
}

/** Nothing filled in, or chosen, is a missing value. */
function controlFor({ type, labels = [], usual }: RecordField): { element: HTMLElement; value: () => Value } {
  if (type === 'number') {
    const input = element('input', { type: 'number', step: 'any', value: String(usual) });
    return { element: input, value: () => (Number.isFinite(input.valueAsNumber) ? input.valueAsNumber : null) };
  }
  const words = type === 'boolean' ? ['true', 'false'] : labels;
  const control = select(['', ...words], String(usual), () => undefined, { '': '(missing)' });
  return { element: control, value: () => (control.value === '' ? null : type === 'boolean' ? control.value === 'true' : control.value) };
}

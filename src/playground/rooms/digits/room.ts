/** What the room of digits looks like and does. The worker has the network. */

import type { Room } from '../../room.ts';
import { button, element, field, panel, select } from '../../elements.ts';
import { failureOf } from '../../failure.ts';
import { count, percent, seconds } from '../../figures.ts';
import { makeBars } from './bars.ts';
import type { Answer, Prediction, Reader, Request } from './messages.ts';
import { makeTablePanel } from '../table/panel.ts';
import { drawPixels, makePad } from './pad.ts';
import { enlarged, picture } from './picture.ts';

const seed = 3;
const attribution = 'E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, CC BY 4.0';
const inks: Readonly<Record<string, string>> = { 1: '0 to 1', 16: '0 to 16', 255: '0 to 255' };

export const mount: Room = (root) => {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  const ask = (request: Request): void => worker.postMessage(request);

  let reader: Reader | undefined;
  let training = false;
  /** A sample in place of a drawing. */
  let sample: { digit: number; pixels: Float32Array } | undefined;
  let asked = 0;
  /** A prediction is under way, and the drawing has changed since it was asked for. */
  let waiting = false;
  let stale = false;
  let drawing = false;

  const canvas = element('canvas', {
    className: 'pad',
    attributes: { role: 'application', 'aria-label': 'Square to draw a digit in', 'aria-describedby': 'pad-help' },
  });
  const seen = element('canvas', { className: 'seen', width: 112, height: 112, attributes: { 'aria-hidden': 'true' } });
  const seenCaption = element('span', { className: 'quiet' });
  const reading = element('p', { className: 'reading' }, 'Draw a digit.');
  // Said once a stroke has ended, not at every movement.
  const spoken = element('p', { className: 'spoken', attributes: { role: 'status' } });
  const timing = element('p', { className: 'quiet timing' });
  const bars = makeBars();
  const status = element('p', { attributes: { role: 'status' } }, 'Fetching the digits …');
  const progress = element('progress', { max: 1, value: 0, attributes: { 'aria-label': 'Training' } });
  const problem = element('p', { className: 'problem', hidden: true, attributes: { role: 'alert' } });

  const pixelsNow = (): Float32Array | undefined => {
    if (reader === undefined || (sample === undefined && pad.strokes.length === 0)) return undefined;
    const side = reader.inputs === 64 ? 8 : 28;
    if (sample !== undefined) return side === 8 ? sample.pixels : enlarged(sample.pixels);
    return picture(pad.strokes, side);
  };
  const read = (): void => {
    const pixels = pixelsNow();
    showSeen(seen, pixels);
    if (pixels === undefined) {
      bars.show(undefined);
      reading.textContent = spoken.textContent = 'Draw a digit.';
      timing.textContent = '';
      return;
    }
    stale = waiting;
    if (waiting) return;
    waiting = true;
    const ink = Number(inkChoice.value);
    ask({ type: 'predict', id: ++asked, pixels: pixels.map((value) => value * ink) });
  };
  const pad = makePad(canvas, (goesOn) => {
    drawing = goesOn;
    if (goesOn) sample = undefined;
    read();
  });
  const inkChoice = select(Object.keys(inks), '1', read, inks);

  const showPrediction = ({ id, probabilities, normalized, microseconds }: Prediction): void => {
    waiting = false;
    if (stale) return read();
    if (id !== asked || reader === undefined || pixelsNow() === undefined) return;
    bars.show(probabilities);
    const best = probabilities.indexOf(Math.max(...probabilities));
    const label = reader.labels[best]!;
    reading.replaceChildren('Read as ', element('strong', {}, label), `, ${percent(probabilities[best]!)} sure`, ...(sample === undefined ? [] : [`; it is a ${sample.digit}`]));
    if (!drawing && !training) spoken.textContent = reading.textContent;
    timing.textContent = [
      ...(microseconds === undefined ? [] : [`One prediction takes ${count(microseconds)} µs (median of 7 runs).`]),
      ...(normalized ? ['What the network gives are no probabilities; softmax made them.'] : []),
    ].join(' ');
  };
  const showReader = (next: Reader): void => {
    reader = next;
    // What was asked of the model before gets no answer.
    waiting = stale = false;
    asked++;
    problem.hidden = true;
    bars.label(next.labels);
    const side = next.inputs === 64 ? 8 : 28;
    seenCaption.textContent = `What the network gets: ${side} x ${side} pixels`;
    inkChoice.value = String(next.ink);
    origin.textContent = next.file === undefined ? `Network ${next.sizes}, trained in this page` : `Network ${next.sizes}, from ${next.file}`;
    if (next.file !== undefined) {
      setTraining(false);
      status.textContent = `${next.file} reads what you draw now.`;
    }
    read();
  };
  const setTraining = (now: boolean): void => {
    training = now;
    trainButton.textContent = now ? 'Stop' : 'Train anew';
    progress.hidden = !now;
  };
  const train = (): void => {
    problem.hidden = true;
    if (training) return ask({ type: 'stop' });
    setTraining(true);
    progress.value = 0;
    ask({ type: 'train', address: new URL('../../../data/digits.csv.gz?packed', import.meta.url).href, seed });
  };
  const trainButton = button('Train anew', train);

  const answered: { readonly [Type in Answer['type']]: (answer: Extract<Answer, { type: Type }>) => void } = {
    epoch({ epoch, epochs, accuracy }) {
      progress.value = epoch / epochs;
      status.textContent = `Epoch ${epoch} of ${epochs}: reads ${percent(accuracy)} of the digits that it does not learn from`;
      read();
    },
    trained({ seconds: took, pictures, accuracy, unseen }) {
      setTraining(false);
      status.textContent = `Trained in ${seconds(took)}, ${count(pictures / took)} pictures a second. It reads ${percent(accuracy)} of ${unseen} digits that it has not seen.`;
      read();
    },
    stopped() {
      // A file may have taken its place.
      if (reader?.file !== undefined) return;
      setTraining(false);
      status.textContent = 'Stopped; the network reads with what it has learnt.';
      read();
    },
    reader: ({ reader: next }) => showReader(next),
    sample({ digit, pixels }) {
      sample = { digit, pixels };
      pad.show(pixels);
    },
    prediction: showPrediction,
    problem({ sentence }) {
      problem.textContent = sentence;
      problem.hidden = false;
      if (reader === undefined) {
        setTraining(false);
        status.textContent = 'There is no network yet.';
      }
    },
  };
  worker.onmessage = ({ data }: MessageEvent<Answer>) => (answered[data.type] as (answer: Answer) => void)(data);
  worker.onerror = (event) => answered.problem({ type: 'problem', sentence: `The worker of this page failed: ${failureOf(event)}` });

  const load = (files: Iterable<File>): void => {
    problem.hidden = true;
    const chosen = [...files];
    const csv = chosen.find(({ name }) => /\.(csv|tsv)(\.gz)?$/i.test(name));
    if (csv !== undefined) table.read(csv);
    else ask({ type: 'load', files: chosen });
  };
  const files = element('input', { type: 'file', multiple: true, accept: '.safetensors,.onnx,.json,.bin' });
  files.onchange = () => {
    load(files.files ?? []);
    // The same files may be chosen again, once they have changed.
    files.value = '';
  };
  const origin = element('p', { className: 'quiet' });
  const samples = element('div', { className: 'samples', attributes: { role: 'group', 'aria-label': 'Samples of handwriting' } },
    ...Array.from({ length: 10 }, (_, digit) => button(String(digit), () => ask({ type: 'sample', digit }), { attributes: { 'aria-label': `Sample of a ${digit}` } })));

  const table = makeTablePanel();
  const leaveDrop = acceptDrops(root, load);
  const clear = (): void => {
    sample = undefined;
    pad.clear();
  };
  const undo = (): void => {
    sample = undefined;
    pad.undo();
  };
  root.append(element('div', { className: 'digits' },
    // What it reads stands below the drawing, lest a small screen hide it.
    panel('Draw', 'draw', canvas, reading, spoken,
      element('p', { className: 'quiet', id: 'pad-help' }, 'With a mouse, a pen or a finger. By keys: arrows move the pen, the space bar sets it down and lifts it, Delete clears.'),
      element('div', { className: 'row' }, button('Clear', clear), button('Undo', undo)),
      element('p', {}, 'Or take handwriting that it has not learnt from:'), samples),
    panel('Probabilities', 'read', bars.list, timing,
      element('figure', { className: 'row' }, seen, seenCaption)),
    panel('Network', 'model', origin, status, element('div', { className: 'row' }, trainButton, progress), problem,
      field('A network of your own', files),
      element('p', { className: 'quiet' }, 'Drop it anywhere here, or choose it: safetensors, ONNX, or model.json of TensorFlow.js with its .bin files; with 64 or 784 inputs. Files stay on this machine.'),
      field('Pixels go in as', inkChoice),
      element('p', { className: 'quiet' }, `Digits: ${attribution}`)),
    table.section));
  pad.undo();
  bars.label(Array.from({ length: 10 }, (_, i) => String(i)));
  train();

  return () => {
    leaveDrop();
    worker.terminate();
    table.stop();
  };
};

/** What the network gets, in the colour of the text. */
function showSeen(canvas: HTMLCanvasElement, pixels: Float32Array | undefined): void {
  const context = canvas.getContext('2d')!;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = getComputedStyle(canvas).color;
  if (pixels !== undefined) drawPixels(context, pixels, canvas.width);
}

/** Takes files that are dropped on an element; returns what ends that. */
function acceptDrops(root: HTMLElement, take: (files: Iterable<File>) => void): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  const over = (is: boolean): void => void root.classList.toggle('dropping', is);
  root.addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files') !== true) return;
    event.preventDefault();
    over(true);
  }, { signal });
  root.addEventListener('dragleave', (event) => {
    if (!root.contains(event.relatedTarget as Node | null)) over(false);
  }, { signal });
  root.addEventListener('drop', (event) => {
    event.preventDefault();
    over(false);
    if (event.dataTransfer !== null) take(event.dataTransfer.files);
  }, { signal });
  return () => {
    over(false);
    ending.abort();
  };
}

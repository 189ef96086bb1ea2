/** The worker of the room of digits: it trains, reads models out of files, and predicts. The page itself never waits for a network. */

import type { SampleSet, Sequential } from '../../../index.ts';
import type { Answer, Request } from './messages.ts';
import { readerOf } from './reader.ts';
import { digitNetwork, epochs, readDigits, trainOnDigits } from './training.ts';

let model: Sequential | undefined;
let digits: [train: SampleSet, test: SampleSet] | undefined;
let training: AbortController | undefined;
/** How many samples of each digit have been shown. */
const shown = new Array<number>(10).fill(0);

const tell = (answer: Answer): void => postMessage(answer);

async function train(address: string, seed: number): Promise<void> {
  training?.abort();
  const own = new AbortController();
  training = own;
  digits ??= await readDigits(address, seed);
  const [learnt, unseen] = digits;
  const network = digitNetwork(seed);
  model = network;
  tell({ type: 'reader', reader: readerOf(network, undefined) });
  const start = performance.now();
  let accuracy = 0;
  try {
    const pictures = await trainOnDigits(network, learnt, unseen, seed, {
      onEpochEnd(epoch, { loss, val_accuracy }) {
        accuracy = val_accuracy!;
        tell({ type: 'epoch', epoch: epoch + 1, epochs, loss: loss!, accuracy });
      },
    }, own.signal);
    tell({ type: 'trained', seconds: (performance.now() - start) / 1000, pictures, accuracy, unseen: unseen.rows });
  } catch (cause) {
    if (!own.signal.aborted) throw cause;
    tell({ type: 'stopped' });
  } finally {
    if (training === own) training = undefined;
  }
}

async function load(files: readonly File[]): Promise<void> {
  const { modelFrom } = await import('./modelFiles.ts');
  const loaded = await modelFrom(files);
  const reader = readerOf(loaded, files.map(({ name }) => name).join(', '));
  training?.abort();
  model = loaded;
  tell({ type: 'reader', reader });
}

function sample(digit: number): void {
  if (digits === undefined) return;
  const [, { x, y }] = digits;
  const rows = [...y.keys()].filter((row) => y[row] === digit);
  const row = rows[shown[digit]!++ % rows.length]!;
  tell({ type: 'sample', digit, pixels: x.slice(row * 64, (row + 1) * 64) });
}

function predict(id: number, pixels: Float32Array): void {
  if (model === undefined || model.inputShape[0] !== pixels.length) return;
  const out = model.predict(pixels);
  const microseconds = training === undefined ? microsecondsOf(model, pixels, out.slice()) : undefined;
  tell({ type: 'prediction', id, ...probabilitiesOf(out), microseconds });
}

/** One value is the probability of the second of two classes; what is no distribution goes through softmax. */
function probabilitiesOf(out: Float32Array): { probabilities: Float32Array; normalized: boolean } {
  const values = out.length === 1 ? Float32Array.of(1 - out[0]!, out[0]!) : out;
  const sumOf = (terms: Float32Array): number => terms.reduce((sum, term) => sum + term, 0);
  if (values.every((value) => value >= 0) && Math.abs(sumOf(values) - 1) < 1e-3) return { probabilities: values, normalized: false };
  const most = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - most));
  const sum = sumOf(powers);
  return { probabilities: powers.map((value) => value / sum), normalized: true };
}

/** The median of 7 runs of about a millisecond, for clocks of a page are coarse. */
function microsecondsOf(timed: Sequential, pixels: Float32Array, out: Float32Array): number {
  const run = (times: number): number => {
    const start = performance.now();
    for (let i = 0; i < times; i++) timed.predictInto(pixels, out);
    return performance.now() - start;
  };
  let times = 16;
  while (run(times) < 1 && times < 2 ** 16) times *= 2;
  const runs = Array.from({ length: 7 }, () => run(times)).sort((a, b) => a - b);
  return (runs[3]! / times) * 1000;
}

async function answer(request: Request): Promise<void> {
  switch (request.type) {
    case 'train': return train(request.address, request.seed);
    case 'stop': return training?.abort();
    case 'load': return load(request.files);
    case 'sample': return sample(request.digit);
    case 'predict': return predict(request.id, request.pixels);
  }
}

addEventListener('message', ({ data }: MessageEvent<Request>) => {
  answer(data).catch((cause: unknown) => tell({ type: 'problem', sentence: cause instanceof Error ? cause.message : String(cause) }));
});

/**
 * `npm run bench -- doctor`: what it costs to train under the doctor's eyes, beside the same `fit` without. In time of the processor, of
 * which neighbours take nothing, in turns: a `fit` is too long to fall between them.
 */

import { adam, dense, doctor, sequential, sgd, type Optimizer, type Sequential } from '../src/index.ts';
import { Random } from '../src/random.ts';
import { median, medianRatio } from './measure.ts';
import { headLines, line, significant, titles, type Columns } from './table.ts';

interface Watched {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly rows: number;
  readonly epochs: number;
  readonly optimizer: () => Optimizer;
}

const watched: readonly Watched[] = [
  { name: '64-64-32-10, 1,500 rows, 40 epochs, adam', sizes: [64, 64, 32, 10], rows: 1500, epochs: 40, optimizer: () => adam() },
  { name: '784-128-10, 6,000 rows, 10 epochs, sgd', sizes: [784, 128, 10], rows: 6000, epochs: 10, optimizer: () => sgd() },
  { name: '784-256-256-10, 6,000 rows, 5 epochs, adam', sizes: [784, 256, 256, 10], rows: 6000, epochs: 5, optimizer: () => adam() },
  { name: '13-64-64-3, 10,000 rows, 20 epochs, sgd', sizes: [13, 64, 64, 3], rows: 10_000, epochs: 20, optimizer: () => sgd() },
  { name: '2-16-16-2, 500 rows, 3,000 epochs, adam', sizes: [2, 16, 16, 2], rows: 500, epochs: 3000, optimizer: () => adam() },
  { name: '64-64-32-10, 1,500 rows, 200 epochs, adam', sizes: [64, 64, 32, 10], rows: 1500, epochs: 200, optimizer: () => adam() },
];

const rounds = 9;
const warmups = 3;
const columns: Columns = [['', 46], ['ms alone', 12], ['ms watched', 12], ['times', 8], ['ms more', 10]];

export async function doctorCost(): Promise<void> {
  console.log(`${headLines()}\n\n${titles(columns)}`);
  for (const one of watched) {
    const { x, y } = rowsOf(one);
    const { epochs } = one;
    const [plain, eyed]: [number[], number[]] = [[], []];
    for (let round = -warmups; round < rounds; round++) {
      // New ones every time: of a loss that is all but 0 the gradients are denormal, which no training lasts to.
      const [alone, under] = [modelOf(one), modelOf(one)];
      const times = [await costOf(() => alone.fit(x, y, { epochs })), await costOf(() => under.fit(x, y, { epochs, callbacks: [doctor()] }))];
      if (round < 0) continue;
      plain.push(times[0]!);
      eyed.push(times[1]!);
    }
    console.log(line(columns, [one.name, significant(median(plain)), significant(median(eyed)), medianRatio(eyed, plain).toFixed(3), (median(eyed) - median(plain)).toFixed(1)]));
  }
}

/** Milliseconds of the processor. */
async function costOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function modelOf({ sizes: [inputs, ...units], optimizer }: Watched): Sequential {
  const layers = units.map((size, i) => dense({ units: size, activation: i === units.length - 1 ? 'softmax' : 'relu', ...(i === 0 && { inputShape: [inputs!] }) }));
  const model = sequential({ layers, seed: 1 });
  model.compile({ optimizer: optimizer(), loss: 'sparseCategoricalCrossentropy' });
  return model;
}

/** Classes that can be told apart by the sums of parts of the row. */
function rowsOf({ sizes, rows }: Watched): { x: Float32Array; y: Float32Array } {
  const [inputs, classes] = [sizes[0]!, sizes.at(-1)!];
  const random = new Random(1, 'sampling');
  const x = new Float32Array(rows * inputs);
  const y = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    y[row] = row % classes;
    for (let i = 0; i < inputs; i++) x[row * inputs + i] = random.normal() + (i % classes === row % classes ? 2 : 0);
  }
  return { x, y };
}

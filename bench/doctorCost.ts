/**
 * `npm run bench -- doctor`: what it costs to train under the doctor's eyes, beside the same `fit` without. In time of the processor, of
 * which neighbours take nothing, in turns: a `fit` is too long to fall between them; and by the clock. At the top what it costs in processes
 * that have watched nothing yet, whose engine has all of the doctor to compile.
 */

import { execFileSync } from 'node:child_process';
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
  { name: '2-16-16-2, 500 rows, 400 epochs, adam', sizes: [2, 16, 16, 2], rows: 500, epochs: 400, optimizer: () => adam() },
  { name: '13-16-3, 178 rows, 100 epochs, adam', sizes: [13, 16, 3], rows: 178, epochs: 100, optimizer: () => adam() },
  { name: '4-8-3, 150 rows, 50 epochs, adam', sizes: [4, 8, 3], rows: 150, epochs: 50, optimizer: () => adam() },
  { name: '2-4-2, 4 rows, 200 epochs, adam', sizes: [2, 4, 2], rows: 4, epochs: 200, optimizer: () => adam() },
];

/** Rounds of each, and milliseconds of training: of short ones there are more. */
const rounds = 9;
const mostRounds = 45;
const leastTime = 500;
const warmups = 3;
const columns: Columns = [['', 46], ['ms alone', 12], ['ms watched', 12], ['times', 8], ['ms more', 10], ['by the clock: times', 21], ['ms more', 10]];

interface Cost {
  /** Milliseconds of the processor, all threads of the engine together, and of the clock. */
  readonly processor: number;
  readonly clock: number;
}

/** Costs of fits in turns. */
interface Turns {
  readonly plain: readonly Cost[];
  readonly eyed: readonly Cost[];
}

/** The size of Fisher's irises. */
const small = watched.find(({ name }) => name.startsWith('4-8-3'))!;
const processes = 15;

/** In a process of its own, asked for by the one at work: prints what its second `fit` costs. In the first the kernels are compiled. */
export async function secondFit([kind]: readonly string[]): Promise<void> {
  await costOf(small, false);
  console.log(JSON.stringify(await costOf(small, kind === 'watched')));
}

function ofProcesses(): Turns {
  const run = (kind: string): Cost => JSON.parse(execFileSync(process.execPath, [process.argv[1]!, 'secondFit', kind], { encoding: 'utf8' })) as Cost;
  const turns = Array.from({ length: processes }, () => [run('alone'), run('watched')] as const);
  return { plain: turns.map(([cost]) => cost), eyed: turns.map(([, cost]) => cost) };
}

export async function doctorCost(): Promise<void> {
  console.log(`${headLines()}\n`);
  const first = ofProcesses();
  console.log(`${small.name}, the first that a process watches: ${more(first, 'processor')} ms more, by the clock ${more(first, 'clock')}\n`);
  console.log(titles(columns));
  for (const one of watched) {
    const turns = await inTurns(one);
    console.log(line(columns, [
      one.name, significant(median(turns.plain.map(({ processor }) => processor))), significant(median(turns.eyed.map(({ processor }) => processor))),
      times(turns, 'processor'), more(turns, 'processor'), times(turns, 'clock'), more(turns, 'clock'),
    ]));
  }
}

async function inTurns(one: Watched): Promise<Turns> {
  const [plain, eyed]: [Cost[], Cost[]] = [[], []];
  let count = rounds;
  for (let round = -warmups; round < count; round++) {
    // New ones every time: of a loss that is all but 0 the gradients are denormal, which no training lasts to.
    const costs = [await costOf(one, false), await costOf(one, true)] as const;
    if (round < 0) {
      count = Math.min(mostRounds, Math.max(rounds, Math.ceil(leastTime / costs[0].processor)));
      continue;
    }
    plain.push(costs[0]);
    eyed.push(costs[1]);
  }
  return { plain, eyed };
}

function times({ plain, eyed }: Turns, by: keyof Cost): string {
  return medianRatio(eyed.map((cost) => cost[by]), plain.map((cost) => cost[by])).toFixed(3);
}

/** The median, over the rounds, of the milliseconds that it takes more. */
function more({ plain, eyed }: Turns, by: keyof Cost): string {
  return median(eyed.map((cost, round) => cost[by] - plain[round]![by])).toFixed(1);
}

/** What `fit` takes, with the doctor or without. */
async function costOf(one: Watched, eyed: boolean): Promise<Cost> {
  const model = modelOf(one);
  const { x, y } = rowsOf(one);
  const callbacks = eyed ? [doctor()] : [];
  const [before, start] = [process.cpuUsage(), performance.now()];
  await model.fit(x, y, { epochs: one.epochs, callbacks });
  const clock = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { processor: (user + system) / 1000, clock };
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

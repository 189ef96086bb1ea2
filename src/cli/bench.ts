/** `nabla bench`: how many rows a second this machine trains and predicts, by a few named networks, with WebAssembly and with plain TypeScript, in turns. */

import { dense, sequential, sgd, type ActivationName, type LossName, type Sequential } from '../index.ts';
import { Random } from '../random.ts';
import { compared, median, timeInTurns, type Compared } from './backendTiming.ts';
import { integerOf, type Command, type Context, type Values } from './command.ts';
import { table } from './terminal.ts';

/** A network, a number of rows, and what is done with them. */
interface Shape {
  readonly verb: 'train' | 'predict';
  /** Of the input and of every layer. */
  readonly widths: readonly number[];
  readonly output: ActivationName;
  readonly loss: LossName;
  /** Rows of a batch, unless others are asked for. */
  readonly rows: number;
}

const pictures = { widths: [784, 128, 10], output: 'softmax', loss: 'sparseCategoricalCrossentropy' } as const;
const columns = { widths: [13, 64, 64, 1], output: 'linear', loss: 'meanSquaredError' } as const;
const shapes: readonly Shape[] = [
  { verb: 'train', ...pictures, rows: 32 },
  { verb: 'train', ...columns, rows: 32 },
  { verb: 'predict', ...pictures, rows: 256 },
  { verb: 'predict', ...columns, rows: 256 },
  { verb: 'predict', ...columns, rows: 1 },
];

const rounds = 5;
/** Of one sample: short, so that all of them take seconds. */
const sampleMilliseconds = 60;
/** Small, so that no run leaves the ordinary range of numbers. */
const learningRate = 0.001;

export const bench: Command = {
  name: 'bench',
  summary: 'times training and prediction on this machine, WebAssembly against plain TypeScript',
  usage: '[options]',
  options: { rows: { type: 'string', value: '<n>', summary: 'rows of a batch, instead of those of each network' } },
  positionals: { min: 0, max: 0, names: [] },
  notes: ['It takes a few seconds. Both backends run in turns, a warm-up and five rounds; figures are medians. Other programs on the machine make them worse.'],
  examples: ['nabla bench', 'nabla bench --rows 1 --json'],
  run,
};

interface Result {
  readonly name: string;
  readonly verb: Shape['verb'];
  readonly rows: number;
  readonly rowsPerSecond: Readonly<Record<Compared, number>>;
  /** Calls: steps of training, or predictions of as many rows. */
  readonly callsPerSecond: Readonly<Record<Compared, number>>;
  /** How many times as many rows WebAssembly does. */
  readonly ratio: number;
}

async function run({ out, terminal, json, signal }: Context, _operands: string[], values: Values): Promise<void> {
  const rows = integerOf(values, 'rows', { min: 1, max: 65_536 });
  const results: Result[] = [];
  for (const shape of shapes.map((one) => ({ ...one, rows: rows ?? one.rows }))) {
    // What differs in rows alone is one network then.
    if (results.some(({ name }) => name === nameOf(shape))) continue;
    signal.throwIfAborted();
    results.push(await timeShape(shape, (round) => {
      signal.throwIfAborted();
      terminal.redraw(`${nameOf(shape)}: ${round === 0 ? 'warm-up' : `round ${round} of ${rounds}`}`);
    }));
  }
  if (json) {
    out(JSON.stringify({ node: process.version, platform: `${process.platform} ${process.arch}`, results }, undefined, 2));
    return;
  }
  out([
    `Rows a second; medians of ${rounds} rounds in turns, Node ${process.versions.node}, one thread`,
    '',
    ...table([
      ['', 'plain TypeScript', 'WebAssembly', 'calls/s', 'ratio'],
      ...results.map(({ name, rowsPerSecond, callsPerSecond, ratio }) =>
        [name, count(rowsPerSecond.reference), count(rowsPerSecond.wasm), count(callsPerSecond.wasm), `${ratio.toFixed(1)}x`]),
    ]),
    '',
    'calls/s: steps of training, or predictions of that many rows, with WebAssembly.',
  ].join('\n'));
}

function nameOf({ verb, widths, rows }: Shape): string {
  return `${verb} ${widths.join('-')}, ${verb === 'train' ? `batch ${rows}` : `${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`}`;
}

async function timeShape(shape: Shape, onRound: (round: number) => void): Promise<Result> {
  const calls = { wasm: callOf(shape, 'wasm'), reference: callOf(shape, 'reference') };
  const counts: Record<Compared, number> = { wasm: 0, reference: 0 };
  const times = await timeInTurns((backend, round) => {
    const call = calls[backend];
    if (round === 0) counts[backend] = callsIn(call, sampleMilliseconds);
    else for (let i = 0; i < counts[backend]; i++) call();
  }, rounds, onRound);
  const callsPerSecond = bothOf((backend) => (1000 * counts[backend]) / median(times[backend]));
  const rowsPerSecond = bothOf((backend) => shape.rows * callsPerSecond[backend]);
  return { name: nameOf(shape), verb: shape.verb, rows: shape.rows, rowsPerSecond, callsPerSecond, ratio: callsPerSecond.wasm / callsPerSecond.reference };
}

/** How many calls fit into a time, counted in the second half of twice as long, when the engine has compiled them. */
function callsIn(call: () => void, milliseconds: number): number {
  const until = (end: number): number => {
    let calls = 0;
    for (; calls === 0 || performance.now() < end; calls++) call();
    return calls;
  };
  until(performance.now() + milliseconds);
  return until(performance.now() + milliseconds);
}

function bothOf(figure: (backend: Compared) => number): Record<Compared, number> {
  return Object.fromEntries(compared.map((backend) => [backend, figure(backend)])) as Record<Compared, number>;
}

/** A step of training on a batch, or a prediction of one. */
function callOf({ verb, widths, rows, output, loss }: Shape, backend: Compared): () => void {
  const model = makeModel(widths, output, backend);
  model.compile({ optimizer: sgd({ learningRate }), loss });
  const units = widths.at(-1)!;
  const random = new Random(1, 'sampling');
  const x = new Float32Array(rows * widths[0]!);
  random.fill(x, 0, 1);
  const y = Float32Array.from({ length: rows }, () => (units > 1 ? Math.floor(random.uniform() * units) : random.uniform()));
  const results = new Float32Array(rows * units);
  return verb === 'train' ? () => void model.trainOnBatch(x, y) : () => void model.predictInto(x, results);
}

function makeModel(widths: readonly number[], output: ActivationName, backend: Compared): Sequential {
  const layers = widths.slice(1).map((units, i) =>
    dense({ units, activation: i === widths.length - 2 ? output : 'relu', ...(i === 0 ? { inputShape: [widths[0]!] } : {}) }));
  return sequential({ layers, seed: 7, backend });
}

function count(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 0 });
}

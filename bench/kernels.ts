/**
 * `npm run bench -- kernels`: the three products of a dense layer, called straight on the binaries of the build, and whole
 * training steps, each as a share of the highest rate that multiply-adds in registers alone reach in the same rounds.
 */

import { fusedChain, strictChain, type Chain } from './ceiling.ts';
import { inTurns, median, medianRatio, type Call } from './measure.ts';
import { kernelBinary } from './place.ts';
import { makeStep, numbers, operationsPerStep, shapes } from './shapes.ts';
import { headLines, line, percent, titles, type Columns } from './table.ts';

/** rows x inputs x units: a batch, and the two widths of a layer. */
const products = [
  [32, 784, 128], [128, 784, 512], [128, 512, 512], [32, 64, 64], [256, 256, 256], [512, 512, 512],
  [32, 128, 10], [32, 512, 10], [128, 512, 10], [32, 64, 1], [1, 784, 128],
] as const;

const steps = ['train 784-512-512-10, batch 128', 'train 784-128-10, batch 32'];

const options = { rounds: 101, sample: 1, warmup: 200 };

type Kernel = (...numbers: number[]) => void;

interface Build {
  readonly name: string;
  readonly exports: Record<string, Kernel>;
  readonly memory: WebAssembly.Memory;
  readonly start: number;
  readonly chain: Chain;
}

const figures = (title: string): Columns => [[title, 10], ['share', 8], ['flop/cycle', 12]];
const productColumns: Columns = [['rows x inputs x units', 22], ...figures('NN'), ...figures('NT'), ...figures('TN')];
const stepColumns: Columns = [['', 32], ...figures('GFLOP/s')];

export async function kernels(): Promise<void> {
  const strict = strictChain();
  const fused = fusedChain();
  const builds = [build('strict', strict), ...(fused === undefined ? [] : [build('relaxed', fused)])].filter((one) => one !== undefined);
  console.log(headLines());
  for (const one of builds) {
    console.log(`\n${one.name}: ${await chainLine(one.chain, strict)}\n${titles(productColumns)}`);
    for (const shape of products) {
      const operations = 2 * shape[0] * shape[1] * shape[2];
      const cells = await shares(productCalls(one, shape), operations, one.chain, strict);
      console.log(line(productColumns, [shape.join(' x '), ...cells]));
    }
  }
  console.log(`\nwhole steps, strict\n${titles(stepColumns)}`);
  for (const name of steps) {
    const shape = shapes.find((candidate) => candidate.name === name)!;
    console.log(line(stepColumns, [name, ...(await shares([makeStep(shape, 'wasm')], operationsPerStep(shape), strict, strict))]));
  }
}

function build(name: string, chain: Chain): Build | undefined {
  const binary = kernelBinary(name);
  if (binary === undefined || !WebAssembly.validate(binary)) return undefined;
  const memory = new WebAssembly.Memory({ initial: 256 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
  const start = (exports['heapBase'] as WebAssembly.Global).value as number;
  return { name, exports: exports as Record<string, Kernel>, memory, start, chain };
}

/** The forward product, the gradient of the input, the gradient of the parameters: of ordinary numbers, somewhere in memory. */
function productCalls({ exports, memory, start }: Build, [rows, inputs, units]: readonly [number, number, number]): Call[] {
  const padded = Math.ceil(units / 4) * 4;
  let at = Math.ceil(start / 64) * 64;
  const place = (floats: number): number => {
    const address = at;
    at += Math.ceil(floats / 16 + 1) * 64;
    return address;
  };
  const [x, dx, out, dout] = [place(rows * inputs), place(rows * inputs), place(rows * units), place(rows * units)];
  const [weight, dweight] = [place(inputs * padded), place(inputs * padded)];
  // More scratch than any build asks for.
  const [bias, dbias, scratch] = [place(padded), place(padded), place((rows + 8) * (padded + 64))];
  const random = numbers(1);
  const all = new Float32Array(memory.buffer, start, (at - start) >> 2);
  for (let i = 0; i < all.length; i++) all[i] = random() - 0.5;
  return [
    () => exports['denseForward']!(out, x, weight, bias, rows, inputs, units),
    () => exports['denseBackwardInput']!(dx, scratch, dout, weight, rows, inputs, units),
    () => exports['denseBackwardParameters']!(dweight, dbias, scratch, x, dout, rows, inputs, units),
  ];
}

/** GFLOP/s of the calls, their shares of the chain's rate, and operations a cycle. */
async function shares(calls: readonly Call[], operations: number, chain: Chain, { clock, cycles }: ReturnType<typeof strictChain>): Promise<string[]> {
  const [clocks, chains, ...times] = await inTurns([clock, chain.call, ...calls], options);
  return times.flatMap((time) => [
    (operations / median(time) / 1e6).toFixed(1),
    percent((medianRatio(chains!, time) * operations) / chain.operations),
    ((medianRatio(clocks!, time) * operations) / cycles).toFixed(2),
  ]);
}

async function chainLine(chain: Chain, strict: ReturnType<typeof strictChain>): Promise<string> {
  const [clocks, chains] = await inTurns([strict.clock, chain.call], options);
  const rate = chain.operations / median(chains!) / 1e6;
  const perCycle = (medianRatio(clocks!, chains!) * chain.operations) / strict.cycles;
  return `in registers ${rate.toFixed(1)} GFLOP/s, ${perCycle.toFixed(2)} flop/cycle, at ${(strict.cycles / median(clocks!) / 1e6).toFixed(2)} GHz`;
}

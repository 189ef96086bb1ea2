/**
 * `npm run bench -- threads`: the speed-up of `fit` with two threads, against what the machine gives: how much two independent
 * runs of one thread do together, measured at the same time. Two cores may share what one alone has to itself.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { FitOptions } from '../src/index.ts';
import { median, medianRatio } from './measure.ts';
import { batches, makeModel, shapes, wholeData, type Shape } from './shapes.ts';
import { headLines, significant } from './table.ts';

const rounds = 15;
/** Milliseconds of a sample. */
const sample = 300;
const names = ['train 784-512-512-10, batch 128', 'train 784-128-10, batch 32'];

/** A run of some milliseconds; resolves to milliseconds a step. */
type Run = (milliseconds: number) => Promise<number>;

/** Training of a shape through `fit`, which goes on where it was. */
function training(shape: Shape, threads: FitOptions['threads'] = 1): Run {
  const [x, y] = wholeData(shape);
  const model = makeModel(shape, 'wasm');
  let epochs = 1;
  return async (milliseconds) => {
    const before = performance.now();
    await model.fit(x, y, { epochs, batchSize: shape.rows, threads });
    const took = performance.now() - before;
    const step = took / (epochs * batches);
    epochs = Math.max(1, Math.round(milliseconds / step / batches));
    return step;
  };
}

export async function threads(): Promise<void> {
  console.log(`${headLines()}\n`);
  console.log('                                    ms a step                        two independent');
  console.log('                                    1 thread  2 threads   speed-up   runs together   share    min-max');
  for (const name of names) await compare(shapes.find((shape) => shape.name === name)!);
}

async function compare(shape: Shape): Promise<void> {
  const [one, two] = [training(shape), training(shape, 2)];
  const other = fork(process.argv[1]!, ['other', String(shapes.indexOf(shape))]);
  /** Runs beside the other process; resolves to what both do in the time that one step of this one takes. */
  const together = async (alone: number): Promise<number> => {
    other.send('go');
    await once(other, 'message');
    const step = await one(sample);
    other.send('stop');
    const [otherStep] = await once(other, 'message') as [number];
    return alone / step + alone / otherStep;
  };
  const [ones, twos, ceilings]: [number[], number[], number[]] = [[], [], []];
  for (const warmUp of [100, 300]) {
    await one(warmUp);
    await two(warmUp);
  }
  for (let round = 0; round < rounds; round++) {
    ones.push(await one(sample));
    twos.push(await two(sample));
    ceilings.push(await together(ones.at(-1)!));
  }
  other.disconnect();
  const speedUps = ones.map((time, round) => time / twos[round]!);
  const shares = speedUps.map((speedUp, round) => speedUp / ceilings[round]!);
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  console.log(
    `${shape.name.padEnd(34)}${significant(median(ones)).padStart(10)}${significant(median(twos)).padStart(11)}` +
      `${`${medianRatio(ones, twos).toFixed(2)}x`.padStart(11)}${`${median(ceilings).toFixed(2)}x`.padStart(16)}` +
      `${percent(median(shares)).padStart(8)}   ${percent(Math.min(...shares))}-${percent(Math.max(...shares))}`,
  );
}

/** The other of two independent runs: trains from a message to the next, and tells milliseconds a step. */
export async function other([index]: readonly string[]): Promise<void> {
  const run = training(shapes[Number(index)]!);
  await run(100);
  let going = false;
  process.on('message', (message) => {
    going = message === 'go';
    if (going) void train();
  });
  const train = async (): Promise<void> => {
    process.send!('running');
    const steps: number[] = [];
    while (going) {
      steps.push(await run(50));
      await new Promise((resolve) => setImmediate(resolve));
    }
    process.send!(median(steps));
  };
}

/** A lane of the race: trains one network on one backend, and reports some times a second. */

import { loadBackend, type Logs, type Sequential } from '../../../index.ts';
import { courses, type Course, type Samples } from './courses.ts';
import { courseEpochs, type News, type Order } from './messages.ts';

/** Milliseconds between reports, and of training before the start. */
const between = 60;
const warmUp = 400;

let prepared: { course: Course; epochs: number; model: Sequential; samples: Samples } | undefined;

const tell = (news: News): void => postMessage(news);

async function prepare({ lane, course: name, seed, digits }: Extract<Order, { type: 'prepare' }>): Promise<void> {
  await loadBackend(lane);
  const course = courses[name];
  const samples = await course.samples(seed, digits);
  // Engines compile anew what runs often: a first network, thrown away, has that done before the start.
  await course.model(lane, seed).fit(samples.x, samples.y, { epochs: 1000, batchSize: course.batchSize, budgetMs: warmUp });
  prepared = { course, epochs: courseEpochs[name], model: course.model(lane, seed), samples };
  tell({ type: 'ready', samplesPerEpoch: samples.y.length });
}

async function race({ course: { batchSize }, epochs, model, samples: { x, y } }: NonNullable<typeof prepared>): Promise<void> {
  let seconds: number[] = [];
  let losses: number[] = [];
  const start = performance.now();
  let reported = start;
  const report = (): void => {
    tell({ type: 'report', seconds, losses });
    [seconds, losses] = [[], []];
  };
  const onEpochEnd = (_epoch: number, { loss }: Logs): void => {
    const now = performance.now();
    seconds.push((now - start) / 1000);
    losses.push(loss!);
    if (now - reported < between) return;
    reported = now;
    report();
  };
  await model.fit(x, y, { epochs, batchSize, callbacks: [{ onEpochEnd }] });
  report();
  tell({ type: 'finished' });
}

async function obey(order: Order): Promise<void> {
  if (order.type === 'prepare') return prepare(order);
  if (prepared !== undefined) return race(prepared);
}

addEventListener('message', ({ data }: MessageEvent<Order>) => {
  obey(data).catch((cause: unknown) => tell({ type: 'problem', sentence: cause instanceof Error ? cause.message : String(cause) }));
});

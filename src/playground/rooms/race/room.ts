/** What the room of the race looks like and does. Each lane has a worker of its own; a race that is stopped takes them down. */

import type { Room } from '../../room.ts';
import { button, element, field, number, panel, select } from '../../elements.ts';
import { failureOf } from '../../failure.ts';
import { count, seconds } from '../../figures.ts';
import { makeChart } from './chart.ts';
import { courseEpochs, courseLabels, courseNames, lanes, type CourseName, type Lane, type News, type Order } from './messages.ts';

const names: Readonly<Record<Lane, string>> = { wasm: 'WebAssembly', reference: 'Plain TypeScript' };
const orders = { together: 'at once', turns: 'in turns' } as const;

/** Milliseconds between two drawings of the page, which takes time off the lanes. */
const between = 100;

/** How far a lane has come. */
interface Runner {
  worker: Worker | undefined;
  samplesPerEpoch: number;
  seconds: number[];
  losses: number[];
  state: 'waiting' | 'ready' | 'running' | 'finished';
}

export const mount: Room = (root) => {
  let course: CourseName = 'digits';
  let seed = 1;
  const cores = navigator.hardwareConcurrency;
  let order: keyof typeof orders = cores > 1 ? 'together' : 'turns';
  let racing = false;
  const runners: Record<Lane, Runner> = { wasm: rested(), reference: rested() };
  let timer: ReturnType<typeof setTimeout> | undefined;

  const shown = Object.fromEntries(lanes.map((lane) => [lane, makeLane(names[lane], lane)])) as Record<Lane, LaneView>;
  const verdict = element('p', { className: 'verdict' }, 'Start the race.');
  const agreement = element('p', { className: 'quiet' });
  // Numbers change many times a second: only the beginning and the end are said.
  const spoken = element('p', { className: 'spoken', attributes: { role: 'status' } });
  const problem = element('p', { className: 'problem', hidden: true, attributes: { role: 'alert' } });
  const holder = element('div', { className: 'chart', attributes: { role: 'img', 'aria-label': 'Loss over seconds of training, a line for each lane' } });
  const chart = makeChart(holder);

  const draw = (): void => {
    clearTimeout(timer);
    timer = undefined;
    chart.show(runners);
    for (const lane of lanes) shown[lane].show(runners[lane], courseEpochs[course]);
    const [wasm, reference] = [rateOf(runners.wasm), rateOf(runners.reference)];
    if (wasm > 0 && reference > 0) verdict.replaceChildren('WebAssembly is ', element('strong', {}, (wasm / reference).toFixed(1)), ' times as fast');
    const epochs = Math.min(runners.wasm.losses.length, runners.reference.losses.length);
    if (epochs > 0) {
      const most = Math.max(...Array.from({ length: epochs }, (_, i) => Math.abs(runners.wasm.losses[i]! - runners.reference.losses[i]!)));
      agreement.textContent = `Samples a second are those of the median epoch. Losses after the same epoch differ by ${most === 0 ? 'nothing' : `at most ${most.toExponential(1)}`}.`;
    }
  };
  const redraw = (): void => {
    timer ??= setTimeout(draw, between);
  };
  const stop = (): void => {
    racing = false;
    for (const lane of lanes) {
      runners[lane].worker?.terminate();
      runners[lane].worker = undefined;
    }
    starter.textContent = 'Start';
    redraw();
  };
  const fail = (sentence: string): void => {
    stop();
    problem.textContent = sentence;
    problem.hidden = false;
    spoken.textContent = '';
  };
  const begin = (lane: Lane): void => {
    runners[lane].state = 'running';
    runners[lane].worker?.postMessage({ type: 'start' } satisfies Order);
  };
  const heard = (lane: Lane, news: News): void => {
    const runner = runners[lane];
    if (news.type === 'problem') return fail(`${names[lane]}: ${news.sentence}`);
    if (news.type === 'report') {
      runner.seconds.push(...news.seconds);
      runner.losses.push(...news.losses);
    } else if (news.type === 'ready') {
      runner.state = 'ready';
      runner.samplesPerEpoch = news.samplesPerEpoch;
      // Nobody starts before both can.
      if (lanes.every((one) => runners[one].state === 'ready')) (order === 'together' ? lanes : lanes.slice(0, 1)).forEach(begin);
    } else {
      runner.state = 'finished';
      const next = lanes.find((one) => runners[one].state === 'ready');
      if (next !== undefined) begin(next);
      if (lanes.every((one) => runners[one].state === 'finished')) finish();
    }
    redraw();
  };
  const finish = (): void => {
    stop();
    draw();
    spoken.textContent = `Both have finished. ${verdict.textContent}. ${agreement.textContent}`;
  };
  const start = (): void => {
    if (racing) {
      stop();
      spoken.textContent = 'Stopped.';
      return;
    }
    racing = true;
    problem.hidden = true;
    starter.textContent = 'Stop';
    verdict.textContent = 'Both get ready …';
    agreement.textContent = '';
    spoken.textContent = 'The race begins.';
    const digits = new URL('../../../data/digits.csv.gz?packed', import.meta.url).href;
    for (const lane of lanes) {
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
      runners[lane] = { ...rested(), worker };
      worker.onmessage = ({ data }: MessageEvent<News>) => heard(lane, data);
      worker.onerror = (event) => fail(`${names[lane]}: the worker failed: ${failureOf(event)}`);
      worker.postMessage({ type: 'prepare', lane, course, seed, digits } satisfies Order);
    }
    redraw();
  };
  const starter = button('Start', start, { className: 'button main' });
  const changed = (): void => {
    if (racing) stop();
    for (const lane of lanes) runners[lane] = rested();
    verdict.textContent = 'Start the race.';
    agreement.textContent = spoken.textContent = '';
    redraw();
  };

  root.append(element('div', { className: 'race' },
    panel('Race', 'course',
      element('p', {}, 'The same network, the same numbers, the same seed, trained twice: by the WebAssembly kernels and by plain TypeScript that was written to be fast too.'),
      element('div', { className: 'row' },
        field('Network', select(courseNames, course, (value) => {
          course = value;
          changed();
        }, courseLabels)),
        field('They run', select(Object.keys(orders) as (keyof typeof orders)[], order, (value) => {
          order = value;
          changed();
        }, orders)),
        field('Seed', number(seed, { min: 0, max: 1_000_000, step: 1 }, (value) => {
          seed = value;
          changed();
        })),
        starter),
      element('p', { className: 'quiet' }, cores > 1
        ? `This machine runs ${cores} threads at once. Each lane has a worker, so at once each has a core; in turns is fairer where the machine is busy.`
        : 'This machine runs one thread at a time, so in turns is the fair way.'),
      problem),
    panel('Result', 'result', verdict, element('div', { className: 'lanes' }, ...lanes.map((lane) => shown[lane].lane)), agreement, spoken),
    panel('Loss over time', 'losses', holder, element('p', { className: 'quiet' }, 'A full line for WebAssembly, a dashed one for plain TypeScript: the same curve, walked at two speeds.'))));
  redraw();

  return () => {
    stop();
    clearTimeout(timer);
    chart.remove();
  };
};

function rested(): Runner {
  return { worker: undefined, samplesPerEpoch: 0, seconds: [], losses: [], state: 'waiting' };
}

/** Samples a second in the median epoch: what else the machine does now and then is not counted. */
function rateOf({ seconds: ends, samplesPerEpoch }: Runner): number {
  const took = ends.map((end, i) => end - (ends[i - 1] ?? 0)).sort((a, b) => a - b);
  const median = took[took.length >> 1] ?? 0;
  return median > 0 ? samplesPerEpoch / median : 0;
}

interface LaneView {
  readonly lane: HTMLElement;
  show(runner: Runner, epochs: number): void;
}

function makeLane(name: string, key: Lane): LaneView {
  const progress = element('progress', { max: 1, value: 0, attributes: { 'aria-label': `${name}: epochs` } });
  const cells = ['samples/s', 'epoch', 'time', 'loss'].map((label) => {
    const value = element('dd', {}, '–');
    return { value, parts: [element('dt', {}, label), value] };
  });
  const [rate, epoch, time, loss] = cells.map(({ value }) => value);
  return {
    lane: element('div', { className: `lane ${key}` }, element('h3', {}, name), progress, element('dl', {}, ...cells.flatMap(({ parts }) => parts))),
    show(runner, epochs) {
      const done = runner.losses.length;
      progress.value = done / epochs;
      rate!.textContent = done === 0 ? '–' : count(rateOf(runner));
      epoch!.textContent = `${done} of ${epochs}`;
      time!.textContent = done === 0 ? '–' : seconds(runner.seconds.at(-1)!);
      loss!.textContent = done === 0 ? '–' : runner.losses.at(-1)!.toFixed(6);
    },
  };
}

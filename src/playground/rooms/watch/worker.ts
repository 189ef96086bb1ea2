/**
 * The worker that trains, so that the page never waits. Commands and turns of training form one line; a snapshot goes out at most twenty
 * times a second, and only when the page has drawn the one before it.
 */

import { loadBackend } from '../../../index.ts';
import { diagnosisOf } from './diagnosis.ts';
import type { Command, Diagnosis, Snapshot, WeightPlace } from './messages.ts';
import { Run } from './run.ts';

interface Scope {
  postMessage(message: Snapshot, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<Command>) => void) | null;
}
const scope = globalThis as unknown as Scope;

/** Milliseconds between snapshots, at least, and of a turn of training at full speed. */
const between = 50;
const turn = 25;
/** Snapshots of large networks come less often, lest they take more time than this share of it. */
const snapshotShare = 0.2;
/** The same of diagnoses while it plays; sentences that change more often than that cannot be read. */
const betweenDiagnoses = 700;
const diagnosisShare = 0.05;

let run: Run | undefined;
let id = 0;
let playing = false;
let speed = 0;
let place: WeightPlace | undefined;
let line: Promise<unknown> = Promise.resolve();

let posted = -Infinity;
let cost = 0;
let undrawn = false;
let owed = false;

let diagnosis: Diagnosis | undefined;
let diagnosed = -Infinity;
let diagnosisCost = 0;

/** When training began to play, or its speed changed, and the epochs since then: what it owes at a limited speed. */
let began = 0;
let done = 0;
/** Epochs of the next turn at full speed. */
let stride = 1;
/** How often it has begun to play: turns of an earlier time do not go on beside those of this one. */
let plays = 0;
/** Moments and epochs of the last second, for the rate. */
let marks: [number, number][] = [];

function inTurn(work: () => unknown): void {
  line = line.then(work).catch((cause: unknown) => {
    playing = false;
    // A promise that fails says nothing to the page; an error does.
    reportError(cause);
  });
}

scope.onmessage = ({ data: command }) => {
  if (command.type === 'drawn') {
    undrawn = false;
    if (owed) inTurn(post);
    return;
  }
  // At once, lest more turns begin before the command's own comes.
  if (command.type === 'pause' || command.type === 'step') playing = false;
  inTurn(() => obey(command));
};

async function obey(command: Exclude<Command, { type: 'drawn' }>): Promise<void> {
  switch (command.type) {
    case 'build':
      // Optimizers beyond the core's need it before anything is computed.
      await loadBackend('auto');
      run = new Run(command.state, command.goOn ? run : undefined);
      id = command.run;
      diagnosis = undefined;
      if (!command.goOn) playing = false;
      setSpeed(command.state.speed);
      break;
    case 'play':
      if (!playing) {
        playing = true;
        setSpeed(speed);
        const own = ++plays;
        inTurn(() => train(own));
      }
      break;
    // Once more, for a command to play may have stood in the line before them.
    case 'pause':
      playing = false;
      break;
    case 'step':
      playing = false;
      await run?.advance(1);
      break;
    case 'speed':
      setSpeed(command.speed);
      break;
    case 'weight':
      ({ place } = command);
      // The next snapshot will have it.
      if (playing) return;
  }
  post();
}

function setSpeed(epochsPerSecond: number): void {
  speed = epochsPerSecond;
  began = performance.now();
  done = 0;
  stride = 1;
  marks = [];
}

/** One turn of training, and the next one after it. */
async function train(own: number): Promise<void> {
  if (!playing || own !== plays || run === undefined) return;
  const start = performance.now();
  const due = speed === 0 ? stride : Math.min(Math.floor(((start - began) / 1000) * speed) - done, Math.ceil(speed / 4));
  if (due > 0) {
    const before = run.epoch;
    await run.advance(due);
    const spent = performance.now() - start;
    done += due;
    // After a hold-up it does not race to make up for it.
    if (speed > 0 && (performance.now() - began) / 1000 * speed - done > speed / 4) setSpeed(speed);
    stride = Math.max(1, Math.min(2 * stride, Math.floor((due * turn) / Math.max(spent, 0.1))));
    marks.push([performance.now(), run.epoch]);
    marks = marks.filter(([at]) => at > start - 1000);
    if (run.epoch === before) playing = false;
  }
  if (due > 0 && (performance.now() - posted >= Math.max(between, cost / snapshotShare) || !playing)) post();
  if (playing) setTimeout(() => inTurn(() => train(own)), speed === 0 ? 0 : Math.max(4, Math.min(100, 1000 / speed / 2)));
}

/** Sends how things are, or remembers to. */
function post(): void {
  if (run === undefined) return;
  owed = undrawn;
  if (undrawn) return;
  const found = lookedAt(run);
  const start = performance.now();
  const [from, to] = [marks[0], marks.at(-1)];
  const epochsPerSecond = from !== undefined && to !== undefined && to[0] > from[0] ? (1000 * (to[1] - from[1])) / (to[0] - from[0]) : 0;
  const snapshot: Snapshot = { run: id, playing, epochsPerSecond, samplesPerSecond: epochsPerSecond * run.train.y.length, diagnosis: found, ...run.snapshot(place) };
  const { curve, weights, norms, steepness, flat, dead, histograms, unitMaps, answers } = snapshot;
  const arrays = [curve.epochs, curve.train, curve.test, ...weights, norms, steepness, flat, dead, histograms, unitMaps, answers];
  scope.postMessage(snapshot, arrays.map(({ buffer }) => buffer));
  posted = performance.now();
  cost = posted - start;
  undrawn = true;
}

/** What the doctor says of it: as it is now where it is at rest, else as it was a moment ago. */
function lookedAt(now: Run): Diagnosis {
  const start = performance.now();
  const early = playing && start - diagnosed < Math.max(betweenDiagnoses, diagnosisCost / diagnosisShare);
  if (diagnosis !== undefined && (early || diagnosis.epoch === now.epoch)) return diagnosis;
  diagnosis = diagnosisOf(now);
  diagnosed = performance.now();
  diagnosisCost = diagnosed - start;
  return diagnosis;
}

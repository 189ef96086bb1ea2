/** The room put together: what the panels show comes from the worker's snapshots, what they change goes to it and into the address. */

import { button, element, field, panel, select } from '../../elements.ts';
import { makeSets } from '../../data/points.ts';
import { failureOf } from '../../failure.ts';
import type { Room } from '../../room.ts';
import { answerMap } from './answer.ts';
import { functionChart, lossChart } from './charts.ts';
import { onSchemeChange } from './colours.ts';
import { drawing } from './drawing.ts';
import { told } from './findings.ts';
import { figure } from './figure.ts';
import { findingsList } from './findingsList.ts';
import { inspector } from './inspector.ts';
import { layerTable } from './layerTable.ts';
import type { Command, Snapshot, WeightPlace } from './messages.ts';
import { presetLinks } from './presetLinks.ts';
import { settings } from './settings.ts';
import { goesOn, read, speeds, widths, write, type State } from './state.ts';

const speedLabels = Object.fromEntries(speeds.map((speed) => [String(speed), speed === 0 ? 'as fast as it goes' : `${speed} epochs/s`]));
const queryOf = (hash: string): string => hash.split('?')[1] ?? '';

/** The state the room was left in, for when its tab is chosen again. */
let left = '';

export const mount: Room = (root) => {
  let state = read(queryOf(location.hash) || left);
  let sets = makeSets(state.data, { count: state.points, noise: state.noise, seed: state.seed });
  let place: WeightPlace = { layer: 0, from: 0, to: 0, sample: 0 };
  let shown = 0;
  let run = 0;
  let playing = false;
  let latest: Snapshot | undefined;

  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  const tell = (command: Command): void => worker.postMessage(command);

  const play = button('Play', () => tell({ type: playing ? 'pause' : 'play' }), { id: 'play', className: 'button main' });
  const step = button('Step', () => tell({ type: 'step' }), { id: 'step', title: 'One epoch: once through all points' });
  const reset = button('Reset', () => build(false, false), { id: 'reset', title: 'Back to the first weights' });
  const speed = select(speeds.map(String), String(state.speed), (value) => {
    state = { ...state, speed: Number(value) };
    history.replaceState(null, '', `#watch?${write(state)}`);
    tell({ type: 'speed', speed: state.speed });
  }, speedLabels);
  speed.id = 'speed';
  const counts = new Map(['epoch', 'train loss', 'test loss', 'train accuracy', 'test accuracy', 'epochs/s', 'samples/s'].map((name) => {
    const value = element('dd', { id: name.replace(/\W/g, '-'), textContent: '–' });
    return [name, { value, entry: element('div', {}, element('dt', { textContent: name }), value) }];
  }));
  const status = element('p', { id: 'status', className: 'quiet', attributes: { role: 'status', 'aria-live': 'polite' }, textContent: 'Starting …' });
  const numbers = element('dl', { className: 'counts' }, ...[...counts.values()].map(({ entry }) => entry));
  const bar = element('section', { className: 'panel bar', attributes: { 'aria-label': 'Run' } },
    element('div', { className: 'row' }, play, step, reset, field('Speed', speed), status), numbers);

  const tries = presetLinks();

  const choosePlace = (next: WeightPlace): void => {
    place = within(next, state);
    inspect.show(place, state);
    tell({ type: 'weight', place });
  };
  const network = drawing((next) => choosePlace({ ...next, sample: place.sample }));
  const inspect = inspector(choosePlace);
  const answer = answerMap((sample) => choosePlace({ ...place, sample }));
  const controls = settings((part) => adopt({ ...state, ...part }));
  const pick = (layer: number): void => {
    shown = layer;
    draw();
  };
  const table = layerTable(pick);
  const sentences = findingsList(pick);
  /** What the sentences are of. */
  let toldOf = '';
  // Their legends have numbers of the pointer alone.
  const chartOf = (what: string): HTMLElement => element('div', { className: 'chart', attributes: { role: 'img', 'aria-label': what } });
  const plotted = chartOf('f and f′ of the layer, over the histogram of its pre-activations');
  const plottedOf = element('p', { className: 'quiet', id: 'plotted' });
  const losses = chartOf('Loss on training points and on test points, over epochs');
  const [stack, data, training] = controls.panels as [HTMLElement, HTMLElement, HTMLElement];
  root.append(element('div', { className: 'watch' }, bar, tries.panel,
    element('div', { className: 'side left' }, stack, training, data),
    element('div', { className: 'side middle' }, network.panel, panel('The derivative', 'derivative', table.table, plottedOf, plotted, sentences.list)),
    element('div', { className: 'side right' }, answer.panel, panel('Loss', 'loss', losses), inspect.panel)));
  const charts = { loss: lossChart(losses), functions: functionChart(plotted) };

  function build(goOn: boolean, play: boolean): void {
    run++;
    // Until the first snapshot of this run they are of the one before.
    numbers.setAttribute('aria-busy', 'true');
    tell({ type: 'build', run, state, goOn });
    tell({ type: 'weight', place });
    if (play) tell({ type: 'play' });
  }

  /** Takes another state over: with the weights as they are where they fit, unless it is to be a fresh start. */
  function adopt(next: State, fresh = false): void {
    const goOn = !fresh && goesOn(state, next);
    const touched = next.layers.findIndex(({ activation, derivative }, i) => activation !== state.layers[i]?.activation || derivative !== state.layers[i].derivative);
    // What has been swapped is what one wants to see.
    if (fresh) shown = Math.max(0, next.layers.findIndex(({ derivative }) => derivative !== 'true'));
    else if (touched >= 0) shown = touched;
    state = next;
    history.replaceState(null, '', `#watch?${write(state)}`);
    sets = makeSets(state.data, { count: state.points, noise: state.noise, seed: state.seed });
    shown = Math.min(shown, state.layers.length - 1);
    place = within(place, state);
    controls.show(state);
    speed.value = String(state.speed);
    inspect.show(place, state);
    tries.show(state);
    build(goOn, playing);
  }

  let frame = 0;
  worker.onmessage = ({ data: snapshot }: MessageEvent<Snapshot>) => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      tell({ type: 'drawn' });
      // One that was on its way when the state changed shows another network.
      if (snapshot.run !== run) return;
      latest = snapshot;
      numbers.removeAttribute('aria-busy');
      draw();
    });
  };
  worker.onerror = (event) => {
    playing = false;
    play.textContent = 'Play';
    status.textContent = `The worker that trains has failed: ${failureOf(event)}`;
  };

  function draw(): void {
    // One of the run before may be of another shape.
    if (latest?.run !== run) return;
    const snapshot = latest;
    ({ playing } = snapshot);
    const layer = state.layers[shown]!;
    // Drawings ask how large they are, so they come before what changes the page.
    network.draw(snapshot, state, place);
    answer.draw(snapshot, state, sets, place.sample);
    const say = (name: string, text: string | undefined): void => {
      const { value, entry } = counts.get(name)!;
      entry.hidden = text === undefined;
      value.textContent = text ?? '';
    };
    const loss = (value: number): string => (Number.isFinite(value) ? value.toPrecision(4) : figure(value));
    const share = (value: number | undefined): string | undefined => (value === undefined ? undefined : `${(100 * value).toFixed(1)} %`);
    play.textContent = playing ? 'Pause' : 'Play';
    say('epoch', snapshot.epoch.toLocaleString('en'));
    say('train loss', loss(snapshot.trainLoss));
    say('test loss', loss(snapshot.testLoss));
    say('train accuracy', share(snapshot.trainAccuracy));
    say('test accuracy', share(snapshot.testAccuracy));
    say('epochs/s', playing ? Math.round(snapshot.epochsPerSecond).toLocaleString('en') : '–');
    say('samples/s', playing ? Math.round(snapshot.samplesPerSecond).toLocaleString('en') : '–');
    const now = snapshot.failure !== undefined ? 'Stopped: the numbers left the finite range' : playing ? 'Training' : `Paused at epoch ${snapshot.epoch}`;
    const spoken = `${now}.${snapshot.backend === 'wasm' ? '' : ' WebAssembly is barred here, so plain TypeScript computes.'}`;
    if (status.textContent !== spoken) status.textContent = spoken;
    table.draw(snapshot, state, shown);
    inspect.draw(snapshot.chain, state);
    charts.loss.draw(snapshot);
    charts.functions.draw(snapshot, layer, shown);
    plottedOf.textContent = `Layer ${shown + 1}: f is ${layer.activation}. Bars: where its pre-activations z lie now. Where f′ is near 0 under the bars, nothing is learnt through them.`;
    // They stay as they are until the doctor looks again.
    const of = [snapshot.run, snapshot.diagnosis.epoch, snapshot.failure, playing].join();
    if (of !== toldOf) sentences.draw(told(state.layers, snapshot), playing);
    toldOf = of;
  }

  const moved = (): void => {
    const query = queryOf(location.hash);
    if (!location.hash.startsWith('#watch') || query === write(state)) return;
    if (query === '') history.replaceState(null, '', `#watch?${write(state)}`);
    else adopt(read(query), true);
  };
  addEventListener('hashchange', moved);
  const resized = new ResizeObserver(() => draw());
  resized.observe(root);
  const stopScheme = onSchemeChange(draw);
  adopt(state, true);

  return () => {
    left = write(state);
    worker.terminate();
    cancelAnimationFrame(frame);
    removeEventListener('hashchange', moved);
    resized.disconnect();
    stopScheme();
    charts.loss.stop();
    charts.functions.stop();
  };
};

/** The place, or the nearest that a network of this state has. */
function within({ layer, from, to, sample }: WeightPlace, state: State): WeightPlace {
  const counts = widths(state);
  const held = Math.min(layer, state.layers.length);
  return { layer: held, from: Math.min(from, counts[held]! - 1), to: Math.min(to, counts[held + 1]! - 1), sample: Math.min(sample, state.points - 1) };
}

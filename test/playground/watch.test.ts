/** What the room *watch* is made of, without the page: the address of a run, the run itself, what is measured and said of it. */
import { describe, expect, it } from 'vitest';
import { loadBackend } from '../../src/index.ts';
import { Curve } from '../../src/playground/rooms/watch/curve.ts';
import { diagnosisOf } from '../../src/playground/rooms/watch/diagnosis.ts';
import { figure } from '../../src/playground/rooms/watch/figure.ts';
import { told, type Measured } from '../../src/playground/rooms/watch/findings.ts';
import { mapReach } from '../../src/playground/rooms/watch/measures.ts';
import { bins, sides, type Found } from '../../src/playground/rooms/watch/messages.ts';
import { presets } from '../../src/playground/rooms/watch/presets.ts';
import { Run } from '../../src/playground/rooms/watch/run.ts';
import { goesOn, read, start, widths, write, type State } from '../../src/playground/rooms/watch/state.ts';

const place = { layer: 0, from: 1, to: 2, sample: 7 };
const swapped: State = { ...start, layers: [{ units: 5, activation: 'sigmoid', derivative: 'relu' }, { units: 3, activation: 'step', derivative: 'straightThrough' }] };

describe('the address', () => {
  it.each([start, swapped, ...presets.map(({ state }) => state)])('comes back as the same state', (state) => {
    expect(read(write(state))).toEqual(state);
  });

  it('takes nonsense for what a run starts with', () => {
    expect(read('')).toEqual(start);
    expect(read('data=cats&noise=-4&points=1e9&seed=x&layers=99.tanh,4.what.zero,,&init=&optimizer=toString&rate=NaN&batch=2.4&speed=-1')).toEqual({
      ...start, noise: 0, points: 1000, layers: [{ units: 4, activation: 'tanh', derivative: 'zero' }], batch: 2, speed: 0,
    });
    expect(read(`layers=${'2.relu,'.repeat(9)}`).layers).toHaveLength(6);
    // A choice among speeds has no other; nothing is not 0.
    expect(read('speed=7&points=&rate=')).toEqual(start);
  });

  it('tells what a run can go on through', () => {
    expect(goesOn(start, { ...start, rate: 1, optimizer: 'adam', batch: 1, layers: start.layers.map((layer) => ({ ...layer, derivative: 'zero' as const })) })).toBe(true);
    for (const other of [{ seed: 2 }, { noise: 0.2 }, { points: 40 }, { data: 'moons' as const }, { init: 'ones' as const }, { layers: start.layers.slice(1) }]) {
      expect(goesOn(start, { ...start, ...other })).toBe(false);
    }
  });
});

describe('the widths of a network', () => {
  it('begin with the inputs of the data', () => {
    expect(widths(start)).toEqual([2, 6, 4, 1]);
    expect(widths({ ...start, data: 'sine' })).toEqual([1, 6, 4, 1]);
  });
});

describe('a run', () => {
  it('is the same however it is cut into turns', async () => {
    const [whole, parts] = [new Run(start), new Run(start)];
    await whole.advance(7);
    for (const turn of [1, 4, 2]) await parts.advance(turn);
    expect(parts.snapshot(place)).toEqual(whole.snapshot(place));
    expect(whole.snapshot(place).curve.epochs).toEqual(Float64Array.of(0, 1, 2, 3, 4, 5, 6, 7));
  });

  it('learns XOR with the true derivative, and not without', async () => {
    const [learns, stands] = [new Run(start), new Run(presets[1]!.state)];
    await learns.advance(150);
    await stands.advance(150);
    expect(learns.snapshot(undefined).testAccuracy).toBeGreaterThan(0.95);
    expect(stands.snapshot(undefined).testAccuracy).toBeLessThan(0.75);
    expect([...stands.snapshot(undefined).norms].map((norm) => norm > 0)).toEqual([false, false, true]);
  });

  it('follows a sine, and not without the derivative', async () => {
    const preset = presets.find(({ name }) => name === 'Fit a sine')!.state;
    const [learns, stands] = [new Run(preset), new Run({ ...preset, layers: preset.layers.map((layer) => ({ ...layer, derivative: 'constant' as const })) })];
    await learns.advance(200);
    await stands.advance(200);
    const { testLoss, testAccuracy, answers } = learns.snapshot(undefined);
    // The noise alone leaves 0.01; a straight line about 0.4.
    expect(testLoss).toBeLessThan(0.03);
    expect(testAccuracy).toBeUndefined();
    expect(stands.snapshot(undefined).testLoss).toBeGreaterThan(0.1);
    // Where there are points, from −2 to 2 of the −2.5 to 2.5 that are looked at.
    const errors = Array.from(answers, (answer, i) => [5 * ((i + 0.5) / answers.length - 0.5), answer] as const)
      .filter(([x]) => Math.abs(x) < 2).map(([x, answer]) => Math.abs(answer - Math.sin(2 * x)));
    expect(errors.length).toBeGreaterThan(200);
    expect(Math.max(...errors)).toBeLessThan(0.25);
  });

  it('goes on with its weights when its derivative is swapped', async () => {
    const run = new Run(start);
    await run.advance(20);
    const on = new Run({ ...start, layers: start.layers.map((layer) => ({ ...layer, derivative: 'zero' as const })) }, run);
    expect(on.snapshot(place).weights).toEqual(run.snapshot(place).weights);
    await on.advance(1);
    expect(on.epoch).toBe(21);
    expect(on.snapshot(place).weights.slice(0, 4)).toEqual(run.snapshot(place).weights.slice(0, 4));
  });

  it('says where the numbers left the finite range', async () => {
    const run = new Run({ ...start, data: 'waves', rate: 10, layers: [{ units: 8, activation: 'linear', derivative: 'true' }] });
    await run.advance(50);
    expect(run.failure).toContain('learning rate');
    const { epoch } = run;
    await run.advance(5);
    expect(run.epoch).toBe(epoch);
    expect(run.snapshot(undefined).weights.every((values) => values.every(Number.isFinite))).toBe(true);
  });

  it('trains with every optimizer', async () => {
    await loadBackend('auto');
    const losses = await Promise.all((['sgd', 'momentum', 'adam', 'adamw', 'rmsprop', 'adagrad', 'lion'] as const).map(async (optimizer) => {
      const run = new Run({ ...start, optimizer, rate: 0.01 });
      await run.advance(2);
      return run.snapshot(undefined).trainLoss;
    }));
    expect(new Set(losses).size).toBe(7);
  });
});

describe('a snapshot', () => {
  it.each([['true derivatives', start], ['others', swapped], ['numbers as answers', { ...start, data: 'saddle' as const }], ['one input', { ...swapped, data: 'chirp' as const }]])('has the gradients of the library in its chain rule, with %s', async (_name, state) => {
    const run = new Run(state);
    await run.advance(3);
    const inputs = widths(state)[0]!;
    for (const [layer, from, to] of [[0, inputs - 1, 2], [1, 2, 1], [2, 1, 0]] as const) {
      let sum = 0;
      for (let sample = 0; sample < state.points; sample++) {
        const { point, input, delta, slope, back } = run.snapshot({ layer, from, to, sample }).chain!;
        sum += input * delta;
        expect(point).toEqual([...run.train.x.slice(inputs * sample, inputs * (sample + 1))]);
        if (layer === 0) expect(input).toBe(point[from]);
        if (layer < 2) expect(Math.abs(slope * back - delta)).toBeLessThan(1e-6);
      }
      const { gradient } = run.snapshot({ layer, from, to, sample: 0 }).chain!;
      expect(Math.abs(sum / state.points - gradient)).toBeLessThan(1e-6);
    }
    expect(run.snapshot({ layer: 9, from: 0, to: 0, sample: 0 }).chain).toBeUndefined();
    expect(run.snapshot({ layer: 0, from: inputs, to: 0, sample: 0 }).chain).toBeUndefined();
  });

  it('has what each unit and the network answer along one input', () => {
    const run = new Run({ ...start, data: 'sine', layers: [{ units: 2, activation: 'tanh', derivative: 'true' }, { units: 1, activation: 'linear', derivative: 'true' }] });
    const { unitMaps, answers, weights } = run.snapshot(undefined);
    const { unit, answer } = sides[1];
    expect([unitMaps.length, answers.length]).toEqual([3 * unit, answer]);
    const [kernel, bias, kernel2, bias2, kernel3, bias3] = weights.map((values) => [...values]) as [number[], number[], number[], number[], number[], number[]];
    const hidden = (x: number): number[] => kernel.map((weight, i) => Math.tanh(weight * x + bias[i]!));
    const places = (count: number): number[] => Array.from({ length: count }, (_, i) => mapReach * ((2 * i + 1) / count - 1));
    kernel.forEach((_, i) => {
      const values = places(unit).map((x) => hidden(x)[i]!);
      const most = Math.max(...values.map(Math.abs));
      expect(values.every((value, k) => Math.abs(unitMaps[i * unit + k]! - (128 + (127 * value) / most)) < 0.51)).toBe(true);
    });
    const network = places(answer).map((x) => kernel3[0]! * (hidden(x).reduce((sum, value, i) => sum + value * kernel2[i]!, bias2[0]!)) + bias3[0]!);
    expect(network.every((value, k) => Math.abs(value - answers[k]!) < 1e-5)).toBe(true);
  });

  it('measures what is flat and what is dead', () => {
    const layers = [{ units: 3, activation: 'step', derivative: 'true' }, { units: 2, activation: 'tanh', derivative: 'constant' }] as const;
    const { steepness, flat, dead, histograms, unitMaps, answers } = new Run({ ...start, layers }).snapshot(undefined);
    expect([...flat.slice(0, 2)].map((share) => Number(share.toFixed(4)))).toEqual([1, 0]);
    expect([...steepness.slice(0, 2)].map((mean) => Number(mean.toFixed(4)))).toEqual([0, 1]);
    expect([...dead.slice(0, 2)]).toEqual([3, 0]);
    for (let layer = 0; layer < 3; layer++) expect(histograms.slice(layer * bins, (layer + 1) * bins).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
    expect([unitMaps.length, answers.length]).toEqual([5 * 24 * 24, 64 * 64]);
    // A step gives 0 or 1: the middle of the colours, or their end.
    expect([...new Set(unitMaps.slice(0, 3 * 24 * 24))].sort((a, b) => a - b)).toEqual([128, 255]);
  });
});

describe('findings', () => {
  const finding = (code: Found['code'], severity: Found['severity'], layer?: string): Found => ({ code, severity, layer, message: `${code} in ${layer}`, advice: `against ${code}` });
  const found = (...findings: Found[]): Measured['diagnosis'] => ({ epoch: 0, findings });
  const measured = (change: Partial<Measured>): Measured => ({
    norms: Float32Array.of(0.1, 0.1, 0.1), dead: new Float32Array(3), failure: undefined, testAccuracy: 0.5, diagnosis: found(), ...change,
  });
  const vanishing = finding('vanishing', 'error', '1');

  it.each([
    ['nothing in the way', start.layers, {}, ['good The gradient reaches every layer']],
    ['what is learnt', start.layers, { testAccuracy: 0.97 }, ['good It has learnt']],
    ['what is learnt in spite of something', start.layers, { testAccuracy: 0.97, diagnosis: found(finding('overfitting', 'warning')) }, ['warning overfitting', 'good It has learnt']],
    ['what is one', start.layers, { diagnosis: found(vanishing, finding('flatLoss', 'warning')) }, ['error vanishing in 1', 'warning flatLoss']],
    ['no success of right answers by a loss like that of a constant', start.layers, { testAccuracy: 0.97, diagnosis: found(finding('flatLoss', 'warning')) }, ['warning flatLoss']],
    ['some dead units', start.layers, { dead: Float32Array.of(2, 0, 0) }, ['info Layer 1: some units are dead']],
    ['dead units once', start.layers, { dead: Float32Array.of(6, 0, 0), diagnosis: found(finding('dead', 'error', '1')) }, ['error dead in 1']],
    ['a growing gradient', start.layers, { norms: Float32Array.of(50, 1, 0.1) }, ['info The gradient grows on its way back: at the first layer it is 500 times']],
    ['another derivative', swapped.layers, {}, ['info Layers 1, 2 train with another f′']],
    ['a failure', start.layers, { failure: 'fit: it is over', diagnosis: found(vanishing), testAccuracy: 0.97 }, ['error fit: it is over.']],
  ])('say %s', (_name, layers, change, expected) => {
    const all = told(layers, measured(change)).map(({ level, texts }) => `${level} ${texts.join(' ')}`);
    expect(all).toHaveLength(expected.length);
    expected.forEach((text, i) => expect(all[i]).toContain(text));
  });

  it('of one kind are one, with all layers', () => {
    const some = [finding('saturated', 'warning', '1'), finding('overfitting', 'warning'), finding('saturated', 'warning', '2'), finding('wrongLoss', 'error', 'answer')];
    const all = told(start.layers, measured({ diagnosis: found(...some) }));
    expect(all[0]).toEqual({ code: 'saturated', level: 'warning', texts: ['saturated in 1', 'saturated in 2'], advice: 'against saturated', layers: [0, 1] });
    expect(all.map(({ layers }) => layers)).toEqual([[0, 1], [], []]);
  });

  it('do not say the same of many layers over and over', () => {
    const [one] = told(start.layers, measured({ diagnosis: found(...['1', '2', '3', '4'].map((layer) => finding('saturated', 'warning', layer))) }));
    expect(one!.texts).toEqual(['saturated in 1', 'The same goes for layers 2, 3 and 4.']);
  });

  it('are those of the doctor, who knows the course of the losses', async () => {
    const run = new Run(presets.find(({ name }) => name === 'Vanishing')!.state);
    expect(diagnosisOf(run)).toMatchObject({ epoch: 0, findings: [{ code: 'vanishing', layer: '1' }] });
    await run.advance(20);
    const { epoch, findings } = diagnosisOf(run);
    expect(epoch).toBe(20);
    expect(findings.find(({ code }) => code === 'flatLoss')!.message).toContain('After 20 epochs');
  });

  it('leave the run as it is', async () => {
    const [watched, alone] = [new Run(start), new Run(start)];
    for (const run of [watched, alone]) {
      if (run === watched) diagnosisOf(run);
      await run.advance(3);
    }
    expect(watched.snapshot(undefined).weights).toEqual(alone.snapshot(undefined).weights);
  });

  it('are none of the doctor where the numbers are no longer finite', async () => {
    const run = new Run({ ...start, data: 'waves', rate: 10, layers: [{ units: 8, activation: 'linear', derivative: 'true' }] });
    await run.advance(50);
    expect(diagnosisOf(run)).toEqual({ epoch: run.epoch, findings: [] });
  });
});

describe('a curve', () => {
  it('of many epochs keeps few points, in order, from the first', () => {
    const curve = new Curve();
    for (let epoch = 0; epoch <= 50_000; epoch++) curve.add(epoch, 1 / (epoch + 1), 2);
    const { epochs, train, test } = curve.arrays();
    expect(epochs.length).toBeLessThanOrEqual(1200);
    expect(epochs.length).toBeGreaterThan(500);
    expect(epochs[0]).toBe(0);
    expect(epochs.every((epoch, i) => i === 0 || epoch > epochs[i - 1]!)).toBe(true);
    expect(train.every((loss, i) => loss === 1 / (epochs[i]! + 1))).toBe(true);
    expect(test).toHaveLength(epochs.length);
  });

  it('ends with the latest epoch, whichever are left out', () => {
    const curve = new Curve();
    for (let epoch = 0; epoch <= 5001; epoch++) {
      curve.add(epoch, epoch, -epoch);
      const { epochs, train, test } = curve.arrays();
      if ([epochs, train].some((values) => values.at(-1) !== epoch) || test.at(-1) !== -epoch) expect.fail(`epoch ${epoch}`);
    }
    expect(curve.arrays().epochs.slice(-3)).toEqual(Float64Array.of(4992, 5000, 5001));
  });
});

describe('figures', () => {
  it.each([[0, '0'], [-0.12345, '−0.123'], [1234.5, '1230'], [4.256e-4, '4.26·10⁻⁴'], [-2e7, '−2.00·10⁷'], [undefined, '–'], [NaN, '–'], [Infinity, '∞'], [-Infinity, '−∞']])('%s', (value, text) => {
    expect(figure(value)).toBe(text);
  });
});

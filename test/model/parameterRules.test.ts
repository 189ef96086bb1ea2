/** Regularizers and constraints of dense layers: what they add to losses and gradients, and what weights are after every step. */
import { describe, expect, it } from 'vitest';
import {
  activation, adam, dense, dropout, gradientCheck, l1, l1l2, l2, maxNorm, momentum, nonNegative, OptionError, residual, sequential, sgd,
  unitNorm, type ActivationSpec, type Constraint, type DenseOptions, type Layer, type LossSpec, type Optimizer, type Regularizer, type Sequential,
} from '../../src/index.ts';
import blocksFixture from '../fixtures/blocks.json' with { type: 'json' };
import networksFixture from '../fixtures/networks.json' with { type: 'json' };
import { backends } from '../backends.ts';
import { expectClose } from '../close.ts';
import { numbers } from '../twins.ts';

const rows = 10;
const inputs = 5;
const units = 3;
const x = numbers(rows * inputs, 1, 2);
const y = numbers(rows * units, 2).map(Math.abs);

type Backend = (typeof backends)[number];
type Rules = Pick<DenseOptions, 'kernelRegularizer' | 'biasRegularizer' | 'kernelConstraint' | 'biasConstraint'>;

/** Two layers, of 13 units (a wide and a part of a panel) and 3; rules are those of the first, or of both. */
function build(backend: Backend, first: Rules, { second = {}, optimizer = sgd({ learningRate: 0.1 }), loss = 'meanSquaredError' }: { second?: Rules; optimizer?: Optimizer; loss?: LossSpec } = {}): Sequential {
  const biasInitializer = { name: 'randomNormal', stddev: 0.5 } as const;
  const model = sequential({
    layers: [dense({ units: 13, activation: 'tanh', inputShape: [inputs], biasInitializer, ...first }), dense({ units, biasInitializer, ...second })],
    backend,
    seed: 4,
  });
  model.compile({ optimizer, loss, metrics: ['accuracy'] });
  return model;
}

const sumOf = (values: Float32Array, of: (value: number) => number): number => values.reduce((sum, value) => sum + of(value), 0);
const losses: LossSpec[] = ['meanSquaredError', 'halfSquaredError', { name: 'categoricalCrossentropy', fromLogits: true }];
const both: { first: Rules; second: Rules } = {
  first: { kernelRegularizer: l1l2({ l1: 0.03, l2: 0.05 }), biasRegularizer: l1(0.02) }, second: { kernelRegularizer: l2(0.04), biasRegularizer: l2(0.01) },
};
const costOf = ([w1, b1, w2, b2]: readonly Float32Array[]): number => 0.03 * sumOf(w1!, Math.abs) + 0.05 * sumOf(w1!, (w) => w * w) + 0.02 * sumOf(b1!, Math.abs) +
  0.04 * sumOf(w2!, (w) => w * w) + 0.01 * sumOf(b2!, (w) => w * w);
const slopesOf = ([w1, b1, w2, b2]: readonly Float32Array[]): Float32Array[] => [
  w1!.map((w) => 0.03 * Math.sign(w) + 0.1 * w), b1!.map((w) => 0.02 * Math.sign(w)), w2!.map((w) => 0.08 * w), b2!.map((w) => 0.02 * w),
];

describe.each(backends)('regularizers on %s', (backend) => {
  it.each(losses)('add their penalty to %j once, in training and in evaluation, and its gradient', (loss) => {
    const plain = build(backend, {}, { loss });
    const model = build(backend, both.first, { second: both.second, loss });
    const weights = model.getWeights();
    expect(weights).toEqual(plain.getWeights());
    const expected = plain.evaluate(x, y)['loss']! + costOf(weights);
    expectClose([model.evaluate(x, y)['loss']!], [expected]);
    const gradients = plain.gradients(x, y).map(({ data }, i) => data.map((value, j) => value + slopesOf(weights)[i]![j]!));
    model.gradients(x, y).forEach(({ name, data }, i) => expectClose(data, gradients[i]!, 2e-6, name));
    expectClose([model.trainOnBatch(x, y)], [expected]);
    model.getWeights().forEach((values, i) => expectClose(values, weights[i]!.map((w, j) => w - 0.1 * gradients[i]![j]!), 2e-6, `weights ${i}`));
    // Of more rows than are run at a time, the penalty is not counted more often.
    const times = 60;
    const many = [x, y].map((part) => Float32Array.from({ length: times * part.length }, (_, i) => part[i % part.length]!)) as [Float32Array, Float32Array];
    const scale = loss === 'halfSquaredError' ? times : 1;
    plain.setWeights(weights);
    model.setWeights(weights);
    expectClose([model.evaluate(...many)['loss']!], [scale * plain.evaluate(x, y)['loss']! + costOf(weights)], 4e-6);
  });

  it.each(losses)('agree with differences, %j', (loss) => {
    expect(gradientCheck(build(backend, both.first, { second: both.second, loss }), x, y)).toMatchObject({ ok: true });
  });

  it('are part of the history, whether data lie in memory or come batch by batch, and leave metrics alone', async () => {
    const labels = Array.from({ length: rows }, (_, i) => i % units);
    const train = async (rules: typeof both, batches: boolean) => {
      const model = build(backend, rules.first, { second: rules.second, loss: 'sparseCategoricalCrossentropy' });
      model.compile({ optimizer: sgd({ learningRate: 1e-30 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
      const seen: number[] = [];
      const { history } = await model.fit(x, labels, {
        epochs: 3, batchSize: 4, validationData: [x, labels], ...(batches && { callbacks: [{ onBatchEnd: (_batch: number, logs: Record<string, number>) => void seen.push(logs['loss']!) }] }),
      });
      return { history: history as Record<string, number[]>, cost: costOf(model.getWeights()), seen };
    };
    const plain = await train({ first: {}, second: {} }, false);
    for (const batches of [false, true]) {
      const { history, cost, seen } = await train(both, batches);
      for (const name of ['loss', 'val_loss']) expectClose(history[name]!, plain.history[name]!.map((value) => value + cost), 4e-6, name);
      for (const name of ['accuracy', 'val_accuracy']) expect(history[name]).toEqual(plain.history[name]);
      expect(seen.length).toBe(batches ? 9 : 0);
      if (batches) expectClose([seen[2]!], [history['loss']![0]!]);
    }
  });

  it('train to the same weights with data in memory and batch by batch, rows one by one too', async () => {
    for (const batchSize of [1, 4]) {
      const [resident, byBatch] = await Promise.all([[], [{ onBatchEnd: () => undefined }]].map(async (callbacks) => {
        const model = build(backend, both.first, { second: both.second });
        await model.fit(x, y, { epochs: 3, batchSize, callbacks });
        return model.getWeights();
      }));
      expect(resident).toEqual(byBatch);
    }
  });

  it('act on steps of one row', () => {
    const [plain, model] = [build(backend, {}), build(backend, both.first, { second: both.second })];
    const [row, target] = [x.subarray(0, inputs), y.subarray(0, units)];
    const weights = plain.getWeights();
    expectClose([model.trainOnBatch(row, target)], [plain.trainOnBatch(row, target) + costOf(weights)]);
    plain.getWeights().forEach((values, i) => expectClose(model.getWeights()[i]!, values.map((w, j) => w - 0.1 * slopesOf(weights)[i]![j]!), 2e-6, `weights ${i}`));
  });

  it.each(['kernelRegularizer', 'biasRegularizer'] as const)('%s is of that parameter alone', (key) => {
    const [plain, model] = [build(backend, {}), build(backend, { [key]: l2(0.5) })];
    const changed = model.gradients(x, y).map(({ data }, i) => data.some((value, j) => value !== plain.gradients(x, y)[i]!.data[j]));
    expect(changed).toEqual([key === 'kernelRegularizer', key === 'biasRegularizer', false, false]);
    expectClose([model.evaluate(x, y)['loss']! - plain.evaluate(x, y)['loss']!], [0.5 * sumOf(model.getWeights()[key === 'kernelRegularizer' ? 0 : 1]!, (w) => w * w)]);
  });

  it.each(blocksFixture.penalties.map((fixture) => [`${fixture.network} ${JSON.stringify([fixture.kernel, fixture.bias])}`, fixture] as const))('are as PyTorch computes them: %s', (_name, fixture) => {
    const { model, network } = fromFixture(backend, fixture.network, { kernelRegularizer: l1l2(fixture.kernel), biasRegularizer: l1l2(fixture.bias) });
    expectClose([model.evaluate(network.x, network.y)['loss']!], [fixture.value]);
    model.gradients(network.x, network.y).forEach(({ name, data }, i) => expectClose(data, fixture.gradients[i]!, 2e-6, name));
    fixture.losses?.forEach((loss, step) => expectClose([model.trainOnBatch(network.x, network.y)], [loss], 2e-6, `loss before step ${step}`));
    fixture.weights?.forEach((values, i) => expectClose(model.getWeights()[i]!, values, 4e-6, `weights ${i}`));
  });
});

function fromFixture(backend: Backend, name: string, rules: Rules): { model: Sequential; network: (typeof networksFixture.networks)[number] } {
  const network = networksFixture.networks.find((one) => one.name === name)!;
  const layers = network.layers.map(({ units, activation }, i) => dense({ units, activation: activation as ActivationSpec, ...rules, ...(i === 0 && { inputShape: [network.inputs] }) }));
  const model = sequential({ layers, backend });
  model.setWeights(network.weights);
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: network.loss as LossSpec });
  return { model, network };
}

const norm = (values: ArrayLike<number>): number => Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0));
const columnNorms = (kernel: Float32Array, columns: number): number[] => Array.from({ length: columns }, (_, unit) => norm(kernel.filter((_value, i) => i % columns === unit)));

/** Each constraint, and whether weights obey it. */
const constraints: Record<string, { rule: Constraint; obeyed: (norms: number[], values: Float32Array) => boolean }> = {
  'maxNorm(0.4)': { rule: maxNorm(0.4), obeyed: (norms) => norms.every((value) => value <= 0.4 * (1 + 2e-7)) },
  'unitNorm()': { rule: unitNorm(), obeyed: (norms) => norms.every((value) => Math.abs(value - 1) < 2e-7) },
  'nonNegative()': { rule: nonNegative(), obeyed: (_norms, values) => values.every((value) => value >= 0) && values.some((value) => value > 0) },
};

describe.each(backends)('constraints on %s', (backend) => {
  describe.each(Object.entries(constraints))('%s', (_name, { rule, obeyed }) => {
    const rules = { kernelConstraint: rule, biasConstraint: rule };
    const check = (model: Sequential): void => {
      const [w1, b1, w2, b2] = model.getWeights() as [Float32Array, Float32Array, Float32Array, Float32Array];
      expect([obeyed(columnNorms(w1, 13), w1), obeyed([norm(b1)], b1), obeyed(columnNorms(w2, units), w2), obeyed([norm(b2)], b2)]).toEqual([true, true, true, true]);
    };

    it.each([1, 4, rows])('is obeyed after every step, in batches of %i', async (batchSize) => {
      for (const optimizer of [sgd({ learningRate: 0.1 }), momentum({ learningRate: 0.1 }), adam({ learningRate: 0.05 })]) {
        const resident = build(backend, rules, { second: rules, optimizer });
        for (let epochs = 1; epochs < 4; epochs++) {
          await resident.fit(x, y, { epochs, initialEpoch: epochs - 1, batchSize });
          check(resident);
        }
        const byBatch = build(backend, rules, { second: rules, optimizer });
        let steps = 0;
        const onBatchEnd = (): void => {
          check(byBatch);
          steps++;
        };
        await byBatch.fit(x, y, { epochs: 3, batchSize, callbacks: [{ onBatchEnd }] });
        expect(steps).toBe(3 * Math.ceil(rows / batchSize));
        expect(byBatch.getWeights()).toEqual(resident.getWeights());
      }
    });

    it.each(['kernelConstraint', 'biasConstraint'] as const)('as %s acts on that alone, and on nothing before a step', (key) => {
      const [plain, model] = [build(backend, {}), build(backend, { [key]: rule })];
      expect(model.getWeights()).toEqual(plain.getWeights());
      plain.trainOnBatch(x, y);
      model.trainOnBatch(x, y);
      const differ = model.getWeights().map((values, i) => values.some((value, j) => value !== plain.getWeights()[i]![j]));
      expect(differ).toEqual([key === 'kernelConstraint', key === 'biasConstraint', false, false]);
    });
  });

  it('that nothing breaks change nothing', async () => {
    const [plain, model] = [build(backend, {}), build(backend, { kernelConstraint: maxNorm(1e6), biasConstraint: maxNorm(1e6) })];
    for (const one of [plain, model]) await one.fit(x, y, { epochs: 3, batchSize: 4 });
    expect(model.getWeights()).toEqual(plain.getWeights());
  });

  it('and regularizers go together', async () => {
    const model = build(backend, { kernelRegularizer: l2(0.1), kernelConstraint: maxNorm(0.3), biasRegularizer: l1(0.1), biasConstraint: nonNegative() });
    const [w1, b1] = model.getWeights() as [Float32Array, Float32Array];
    const plain = build(backend, {});
    expectClose([model.evaluate(x, y)['loss']!], [plain.evaluate(x, y)['loss']! + 0.1 * sumOf(w1, (w) => w * w) + 0.1 * sumOf(b1, Math.abs)]);
    await model.fit(x, y, { epochs: 5, batchSize: 3 });
    const [kernel, bias] = model.getWeights() as [Float32Array, Float32Array];
    expect(Math.max(...columnNorms(kernel, 13))).toBeLessThanOrEqual(0.3 * (1 + 2e-7));
    expect(bias.every((value) => value >= 0)).toBe(true);
  });

  it.each(blocksFixture.norms.map((fixture) => [fixture.network, fixture] as const))('maxNorm is what PyTorch calls renorm: %s', (_name, fixture) => {
    const { model, network } = fromFixture(backend, fixture.network, { kernelConstraint: maxNorm(fixture.kernel), biasConstraint: maxNorm(fixture.bias) });
    fixture.losses.forEach((loss, step) => expectClose([model.trainOnBatch(network.x, network.y)], [loss], 2e-6, `loss before step ${step}`));
    fixture.weights.forEach((values, i) => expectClose(model.getWeights()[i]!, values, 4e-6, `weights ${i}`));
  });

  it.each(blocksFixture.residual.map((fixture) => [fixture.name, fixture] as const))('residual blocks are as PyTorch computes them: %s', (_name, fixture) => {
    type Item = number | Item[];
    const layerOf = (item: Item): Layer => (typeof item === 'number' ? dense({ units: item, activation: 'tanh' }) : residual(item.map(layerOf)));
    const first = dense({ units: fixture.units, activation: 'tanh', inputShape: [fixture.inputs] });
    const model = sequential({ layers: [first, ...(fixture.blocks as Item[]).map(layerOf)], backend });
    model.setWeights(fixture.weights);
    model.compile({ optimizer: 'sgd', loss: 'halfSquaredError' });
    expectClose(model.predict(fixture.x), fixture.outputs);
    expectClose([model.evaluate(fixture.x, fixture.y)['loss']!], [fixture.value]);
    model.gradients(fixture.x, fixture.y).forEach(({ name, data }, i) => expectClose(data, fixture.gradients[i]!, 4e-6, name));
  });
});

it('rules hold in every place of a model: in blocks, behind dropout, without a bias', async () => {
  const held = { kernelRegularizer: l2(0.1), kernelConstraint: maxNorm(0.5), biasRegularizer: l1(0.1), biasConstraint: unitNorm() };
  const model = sequential({
    layers: [dropout({ rate: 0.2, inputShape: [inputs] }), dense({ units: 4, useBias: false, ...held }), residual([dense({ units: 4, ...held })]), activation('tanh'), dense({ units })],
  });
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
  expect(gradientCheck(model, x, y)).toMatchObject({ ok: true });
  await model.fit(x, y, { epochs: 3, batchSize: 4 });
  const [w1, w2, b2] = model.getWeights() as [Float32Array, Float32Array, Float32Array];
  expect(Math.max(...columnNorms(w1, 4), ...columnNorms(w2, 4))).toBeLessThanOrEqual(0.5 * (1 + 2e-7));
  expectClose([norm(b2)], [1]);
});

it('a large l1 makes weights 0, a large l2 small', async () => {
  const largest = async (kernelRegularizer?: Regularizer): Promise<number> => {
    const model = build('wasm', { ...(kernelRegularizer && { kernelRegularizer }) });
    await model.fit(x, y, { epochs: 300, batchSize: rows });
    return Math.max(...model.getWeights()[0]!.map(Math.abs));
  };
  const plain = await largest();
  expect(plain).toBeGreaterThan(0.4);
  // Within a step of the rate 0.1: the slope of l1 does not fade.
  expect(await largest(l1(0.5))).toBeLessThanOrEqual(0.06);
  expect(await largest(l2(0.5))).toBeLessThan(0.05);
});

describe('options', () => {
  it('have defaults, and say what they are', () => {
    expect([l1(), l2(), l1l2(), l1l2({ l1: 0.5 })].map(({ name, config }) => ({ name, ...config }))).toEqual([
      { name: 'l1', l1: 0.01, l2: 0 }, { name: 'l2', l1: 0, l2: 0.01 }, { name: 'l1l2', l1: 0.01, l2: 0.01 }, { name: 'l1l2', l1: 0.5, l2: 0.01 },
    ]);
    expect(maxNorm().config).toEqual({ value: 2 });
  });

  it('are checked', () => {
    expect(() => l1(-1)).toThrow(/^l1: expected a finite float32 number of at least 0, received -1/);
    expect(() => l2(NaN)).toThrow(OptionError);
    expect(() => l1l2({ l3: 1 } as object)).toThrow(/unknown option 'l3'/);
    expect(() => l1l2({ l2: -1 })).toThrow(/l1l2 l2/);
    expect(() => maxNorm(0)).toThrow(/greater than 0, received 0/);
  });

  it('of dense take the right kind', () => {
    const wrong = (rules: object): (() => Layer) => () => dense({ units: 1, ...rules });
    expect(wrong({ kernelRegularizer: maxNorm() })).toThrow(/dense kernelRegularizer: expected one, as l2\(0.01\) makes, received an object/);
    expect(wrong({ biasConstraint: l2() })).toThrow(/dense biasConstraint: expected one, as/);
    for (const value of [null, 'l2', 0.1, {}, l2]) expect(wrong({ biasRegularizer: value })).toThrow(OptionError);
    expect(wrong({ kernelRegulariser: l2() })).toThrow(/did you mean 'kernelRegularizer'/);
  });
});

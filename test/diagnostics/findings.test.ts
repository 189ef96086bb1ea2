/** Every finding: a case in which it is raised, and one like it in which it is not. */
import { describe, expect, it } from 'vitest';
import {
  activation, adam, batchNormalization, dense, diagnose, doctor, dropout, impute, normalization, oneHot as codesLayer, residual, sequential, sgd, type Diagnosis, type Finding, type FindingCode, type FitOptions, type Layer,
  type LossSpec, type Optimizer,
} from '../../src/index.ts';
import { backends } from '../backends.ts';
import { numbers } from '../twins.ts';

const rows = 400;
const inputs = 4;
const flat = numbers(rows * inputs, 7, 1.7);
const x = Array.from({ length: rows }, (_, row) => Array.from(flat.subarray(inputs * row, inputs * row + inputs)));
const noise = numbers(rows, 11);
const binary = x.map(([a, b]) => Number(a! * 0.8 + b! > 0));
const classes = x.map(([a, b]) => Number(a! > 0) + Number(a! > 0 && b! > 0));
const oneHot = classes.map((index) => [0, 1, 2].map((i) => Number(i === index)));
const real = x.map(([a, b, c]) => Math.sin(a!) + b! * 0.5 - c! * 0.3);

type Rows = readonly (readonly number[])[];
interface Case {
  readonly layers?: readonly Layer[];
  readonly x?: Rows;
  readonly y?: readonly number[] | Rows;
  readonly loss?: LossSpec;
  readonly optimizer?: Optimizer;
  /** Trains under the doctor's eyes; otherwise the model is looked at as it is. */
  readonly fit?: FitOptions;
}

const hidden = (options: Partial<Parameters<typeof dense>[0]> = {}, layers = 2, units = 12): Layer[] => [
  ...Array.from({ length: layers }, (_, i) => dense({ units, activation: 'relu', kernelInitializer: 'heNormal', ...options, ...(i === 0 && { inputShape: [inputs] }) })),
  dense({ units: 1, activation: 'sigmoid' }),
];
const ending = (output: Parameters<typeof dense>[0]): Layer[] => [dense({ units: 12, activation: 'tanh', inputShape: [inputs] }), dense(output)];

async function findingsOf({ layers = hidden(), x: rows_ = x, y = binary, loss = 'binaryCrossentropy', optimizer = adam({ learningRate: 0.005 }), fit }: Case, backend: (typeof backends)[number]): Promise<readonly Finding[]> {
  const model = sequential({ layers, seed: 4, backend });
  model.compile({ optimizer, loss });
  if (fit === undefined) return diagnose(model, rows_, y).findings;
  const watch = doctor();
  await model.fit(rows_, y, { callbacks: [watch], ...fit }).catch(() => undefined);
  return watch.findings;
}

const column = (change: (value: number, row: number) => number): Rows => x.map((row, i) => [row[0]!, change(row[1]!, i), ...row.slice(2)]);
const linear = (...between: Layer[]): Layer[] => [dense({ units: 10, inputShape: [inputs] }), ...between, dense({ units: 6 }), dense({ units: 1, activation: 'sigmoid' })];
const sigmoids = { activation: 'sigmoid', kernelInitializer: 'glorotUniform' } as const;
const twice = (code: FindingCode, name: string, sick: Case, well: Case): [FindingCode, string, Case, Case] => [code, name, sick, well];
const epochs = { epochs: 40 };

describe.each(backends)('on %s', (backend) => {
  it.each([
    twice('vanishing', 'in eight layers of sigmoid, not in eight of relu', { layers: hidden(sigmoids, 8) }, { layers: hidden({}, 8) }),
    twice('vanishing', 'while training', { layers: hidden(sigmoids, 8), fit: { epochs: 3 } }, { layers: hidden(sigmoids, 1), fit: { epochs: 3 } }),
    twice('exploding', 'from large weights', { layers: hidden({ kernelInitializer: { name: 'randomNormal', stddev: 3 } }, 6) }, { layers: hidden({}, 6) }),
    twice('saturated', 'from large weights', { layers: hidden({ activation: 'tanh', kernelInitializer: { name: 'randomNormal', stddev: 8 } }) }, { layers: hidden({ activation: 'tanh', kernelInitializer: 'glorotUniform' }) }),
    twice('dead', 'from biases far below 0', { layers: hidden({ biasInitializer: { name: 'constant', value: -20 } }) }, { layers: hidden({ activation: 'leakyRelu', biasInitializer: { name: 'constant', value: -20 } }) }),
    twice('linearCollapse', 'of layers without an activation', { layers: linear() }, { layers: linear(activation('relu')).toSpliced(2, 1) }),
    twice('linearCollapse', 'through dropout and batch normalisation', { layers: linear(dropout({ rate: 0.1 }), batchNormalization()) }, { layers: [dense({ units: 10, inputShape: [inputs] }), batchNormalization(), activation('relu'), dense({ units: 1, activation: 'sigmoid' })] }),
    twice('linearCollapse', 'but not past a block', { layers: linear() }, {
      layers: [dense({ units: 10, inputShape: [inputs] }), residual([dense({ units: 10, activation: 'relu' }), dense({ units: 10 })]), dense({ units: 1, activation: 'sigmoid' })],
    }),
    twice('zeroDerivative', 'of a step', { layers: hidden({ activation: 'step' }) }, { layers: hidden({ activation: 'step', derivative: 'straightThrough' }) }),
    twice('zeroDerivative', 'of a derivative put in its place', { layers: hidden({ derivative: 'zero' }) }, { layers: hidden({ derivative: 'constant' }) }),
    twice('unscaledColumn', 'of large values', { x: column((value) => 1e4 * value) }, {}),
    twice('unscaledColumn', 'far from 0', { x: column((value) => 2000 + value) }, { x: column((value) => 2 + value) }),
    twice('unscaledColumn', 'of tiny values', { x: column((value) => 1e-5 * value) }, { x: column((value) => 0.1 * value) }),
    twice('unscaledColumn', 'of tiny values, not of rare ones', { x: [...x, ...x, ...x, ...x, ...x, ...x].map((row) => [row[0]!, 1e-5 * row[1]!, ...row.slice(2)]), y: Array.from({ length: 2400 }, (_, i) => binary[i % rows]!) }, {
      x: [...x, ...x, ...x, ...x, ...x, ...x].map((row, i) => [row[0]!, Number(i === 1001), ...row.slice(2)]), y: Array.from({ length: 2400 }, (_, i) => binary[i % rows]!),
    }),
    twice('constantColumn', 'of any value', { x: column(() => 3) }, { x: column((value, row) => (row === 399 ? 3 : value * 0.01 + 3)) }),
    twice('learningRateTooHigh', 'at sight', { optimizer: sgd({ learningRate: 100 }) }, { optimizer: sgd({ learningRate: 0.1 }) }),
    twice('learningRateTooHigh', 'while training', { optimizer: adam({ learningRate: 3 }), fit: epochs }, { fit: epochs }),
    twice('learningRateTooLow', 'at sight', { optimizer: sgd({ learningRate: 1e-6 }) }, { optimizer: sgd({ learningRate: 0.1 }) }),
    twice('learningRateTooLow', 'while training', { optimizer: sgd({ learningRate: 1e-5 }), fit: epochs }, { fit: epochs }),
    twice('flatLoss', 'of targets that are noise', { y: Array.from(noise), layers: hidden({}, 1, 3).toSpliced(-1, 1, dense({ units: 1 })), loss: 'meanSquaredError', optimizer: adam({ learningRate: 0.002 }), fit: epochs }, { fit: epochs }),
    twice('flatLoss', 'where no weight has a gradient', { layers: hidden({ kernelInitializer: 'zeros' }).toSpliced(-1, 1, dense({ units: 1, activation: 'sigmoid', kernelInitializer: 'zeros' })), y: binary.map((_, row) => row % 2) }, {}),
    twice('overfitting', 'of few rows with noise', {
      x: x.slice(0, 80), y: binary.slice(0, 80).map((label, row) => (row % 3 === 0 ? 1 - label : label)), layers: hidden({}, 2, 64), fit: { epochs: 150, validationSplit: 0.5 },
    }, { fit: { ...epochs, validationSplit: 0.5 } }),
    twice('classImbalance', 'of two classes', { y: binary.map((_, row) => Number(row % 40 === 0)) }, { y: binary.map((_, row) => Number(row % 3 === 0)) }),
    twice('classImbalance', 'unless weights make up for it', { y: binary.map((_, row) => Number(row % 40 === 0)), fit: { epochs: 1 } }, { y: binary.map((_, row) => Number(row % 40 === 0)), fit: { epochs: 1, classWeight: 'balanced' } }),
    twice('classImbalance', 'of a class without rows', { layers: ending({ units: 4, activation: 'softmax' }), y: classes, loss: 'sparseCategoricalCrossentropy' }, { layers: ending({ units: 3, activation: 'softmax' }), y: oneHot, loss: 'categoricalCrossentropy' }),
    twice('wrongLoss', 'sigmoid with sparse labels', { layers: ending({ units: 3, activation: 'sigmoid' }), y: classes, loss: 'sparseCategoricalCrossentropy' }, { layers: ending({ units: 3, activation: 'softmax' }), y: classes, loss: 'sparseCategoricalCrossentropy' }),
    twice('wrongLoss', 'linear output with cross-entropy', { layers: ending({ units: 1 }) }, { layers: ending({ units: 1 }), loss: { name: 'binaryCrossentropy', fromLogits: true } }),
    twice('wrongLoss', 'softmax with a squared error', { layers: ending({ units: 3, activation: 'softmax' }), y: oneHot, loss: 'meanSquaredError' }, { layers: ending({ units: 3 }), y: oneHot, loss: 'meanSquaredError' }),
    twice('wrongLoss', 'bounded logits', { layers: ending({ units: 1, activation: 'tanh' }), loss: { name: 'binaryCrossentropy', fromLogits: true } }, { layers: ending({ units: 1, activation: 'sigmoid' }) }),
    twice('wrongLoss', 'targets out of reach', { layers: ending({ units: 1, activation: 'sigmoid' }), y: real, loss: 'meanSquaredError' }, { layers: ending({ units: 1, activation: 'sigmoid' }), loss: 'meanSquaredError' }),
    twice('wrongLoss', 'hinge without a sign', { layers: ending({ units: 1, activation: 'sigmoid' }), loss: 'hinge' }, { layers: ending({ units: 1, activation: 'tanh' }), loss: 'hinge' }),
    twice('wrongLoss', 'poisson of numbers below 0', { layers: ending({ units: 1 }), loss: 'poisson' }, { layers: ending({ units: 1, activation: 'softplus' }), loss: 'poisson' }),
    twice('wrongLoss', 'a divergence of no distributions', { layers: ending({ units: 3, activation: 'sigmoid' }), y: oneHot, loss: 'kullbackLeiblerDivergence' }, { layers: ending({ units: 3, activation: 'softmax' }), y: oneHot, loss: 'kullbackLeiblerDivergence' }),
  ])('%s: %s', async (code, _name, sick, well) => {
    const found = (await findingsOf(sick, backend)).filter((finding) => finding.code === code);
    expect(found.length).toBeGreaterThan(0);
    for (const { message, advice, evidence } of found) {
      expect(message).toMatch(/^[A-Z].*\.$/);
      expect(advice).toMatch(/^[A-Z].*\.$/);
      for (const value of Object.values(evidence)) expect(value).toSatisfy((value: unknown) => typeof value === 'string' || !Number.isNaN(value));
    }
    expect((await findingsOf(well, backend)).map((finding) => finding.code)).not.toContain(code);
  });
});

describe('a finding', () => {
  const of = (diagnosis: Diagnosis, code: FindingCode): Finding => diagnosis.findings.find((finding) => finding.code === code)!;
  const compiled = (layers: readonly Layer[]) => {
    const model = sequential({ layers, seed: 4 });
    model.compile({ optimizer: 'sgd', loss: 'binaryCrossentropy' });
    return model;
  };

  it('says which layers are one, and how large that is', () => {
    const finding = of(diagnose(compiled(linear()), x, binary), 'linearCollapse');
    expect(finding).toMatchObject({ severity: 'warning', layer: 'dense_1', evidence: { layers: 'dense_1, dense_2, dense_3', inputs: 4, units: 1 } });
    expect(finding.message).toMatch(/^Layers 1 to 3 .* together they are one dense layer of 4 x 1\.$/);
  });

  it('calls columns by name where they have one, else by number', () => {
    const model = compiled(hidden());
    const wide = column((value) => 1000 * value);
    expect(of(diagnose(model, wide, binary), 'unscaledColumn').evidence['column']).toBe(1);
    const named = of(diagnose(model, wide, binary, { columns: ['age', 'income', 'height', 'weight'] }), 'unscaledColumn');
    expect(named.evidence['column']).toBe('income');
    expect(named.evidence['standardDeviation']).toBeGreaterThan(500);
    expect(named.message).toMatch(/^Input column 'income' is not scaled: it has a standard deviation of \d+/);
  });

  it('is not made of a column that the first layer scales', () => {
    const first = normalization({ inputShape: [inputs] });
    const wide = column((value) => 1000 * value);
    first.adapt(wide.map((row) => [...row]));
    const model = compiled([first, dense({ units: 8, activation: 'relu' }), dense({ units: 1, activation: 'sigmoid' })]);
    expect(diagnose(model, wide, binary).findings).toEqual([]);
  });

  it('is made of a column that has values missing, and not of one of codes', () => {
    const missing = column((value, row) => (row % 5 === 0 ? NaN : 1000 * value));
    const model = compiled([impute({ inputShape: [inputs] }), ...hidden().slice(1)]);
    expect(of(diagnose(model, missing, binary), 'unscaledColumn')).toMatchObject({ evidence: { column: 1, columns: 1 } });
    const codes = compiled([codesLayer({ categories: [0, 90, 0, 0], inputShape: [inputs] }), ...hidden().slice(1)]);
    expect(of(diagnose(codes, column((_, row) => row % 90), binary), 'unscaledColumn')).toBeUndefined();
  });

  it('is not made of classes and columns where there are next to no rows', async () => {
    const watch = doctor();
    const model = compiled(hidden());
    await model.fitDataset([{ x: x.slice(0, 1), y: binary.slice(0, 1) }, { x: x.slice(1), y: binary.slice(1) }], { epochs: 4, callbacks: [watch] });
    expect(watch.findings).toEqual([]);
    expect(diagnose(model, x.slice(0, 19), binary.slice(0, 19).map((_, row) => Number(row === 0))).findings).toEqual([]);
  });

  it('is not made of gradients beside targets that never change', async () => {
    for (const target of [0, 1]) {
      const model = sequential({ layers: hidden(), seed: 4 });
      model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
      const y = binary.map(() => target);
      expect(diagnose(model, x, y).findings).toEqual([]);
      const watch = doctor();
      await model.fit(x, y, { epochs: 10, callbacks: [watch] });
      expect(watch.findings).toEqual([]);
    }
  });

  it('of a column that is always 0 is no more than an info', () => {
    expect(of(diagnose(compiled(hidden()), column(() => 0), binary), 'constantColumn').severity).toBe('info');
    expect(of(diagnose(compiled(hidden()), column(() => 5), binary), 'constantColumn').severity).toBe('warning');
  });

  it('comes behind graver ones', () => {
    const { findings } = diagnose(compiled(hidden({ activation: 'step' })), column(() => 0), binary);
    expect(findings.map(({ severity }) => severity)).toEqual(['error', 'error', 'info']);
  });

  it('is made of the course of a history too', () => {
    const model = compiled(hidden());
    const history = { epoch: [0, 1, 2, 3, 4], history: { loss: [0.7, 0.4, 0.2, 0.1, 0.05], val_loss: [0.7, 0.5, 0.6, 0.8, 1.1] } };
    const finding = of(diagnose(model, x, binary, { history }), 'overfitting');
    expect(finding.evidence).toMatchObject({ validationLoss: 1.1, leastValidationLoss: 0.5, epoch: 1, loss: 0.05 });
    expect(diagnose(model, x, binary).findings).toEqual([]);
  });

  it('is about the only unit where there is one', () => {
    const narrow = dense({ units: 1, activation: 'relu', inputShape: [inputs], biasInitializer: { name: 'constant', value: -20 } });
    const finding = of(diagnose(compiled([narrow, dense({ units: 1, activation: 'sigmoid' })]), x, binary), 'dead');
    expect(finding.message).toContain("In layer 'dense_1' the only unit is dead");
  });

  it('speaks of the rate alone where both losses run away', () => {
    const model = sequential({ layers: hidden(), seed: 1 });
    model.compile({ optimizer: sgd({ learningRate: 100 }), loss: 'binaryCrossentropy' });
    const history = { epoch: [0, 1, 2, 3], history: { loss: [0.7, 2, 4, 8], val_loss: [0.7, 5, 12, 30] } };
    const codes = diagnose(model, x, binary, { history }).findings.map(({ code }) => code);
    expect(codes).toContain('learningRateTooHigh');
    expect(codes).not.toContain('overfitting');
  });

  it('counts epochs as a history does that has some of them alone', async () => {
    const history = { epoch: [9, 19, 29, 39], history: { loss: [0.7, 0.69, 0.69, 0.69], val_loss: [0.7, 0.8, 0.9, 1.1] } };
    const model = compiled(hidden({ activation: 'step' }));
    expect(of(diagnose(model, x, binary, { history }), 'overfitting').message).toContain('least in epoch 9,');
    const flat = { epoch: history.epoch, history: { loss: history.history.loss } };
    await model.fit(x, binary, { epochs: 60 });
    expect(of(diagnose(model, x, binary, { history: flat }), 'flatLoss').message).toContain('After 40 epochs');
  });

  it('counts epochs on from those before this fit', async () => {
    const labels = binary.slice(0, 80).map((label, row) => (row % 3 === 0 ? 1 - label : label));
    const found = async (initialEpoch: number): Promise<number> => {
      const fit = { epochs: initialEpoch + 150, initialEpoch, validationSplit: 0.5 };
      const finding = (await findingsOf({ x: x.slice(0, 80), y: labels, layers: hidden({}, 2, 64), fit }, 'wasm')).find(({ code }) => code === 'overfitting');
      return Number(finding!.evidence['epoch']);
    };
    expect(await found(1000)).toBeGreaterThan(1000);
    expect(await found(0)).toBeLessThan(150);
  });

  it('is made of a history of very many epochs', () => {
    const epoch = Array.from({ length: 300_000 }, (_, i) => i);
    const history = { epoch, history: { loss: epoch.map(() => 0.1), val_loss: epoch.map((i) => 0.5 + i / 300_000) } };
    expect(of(diagnose(compiled(hidden()), x, binary, { history }), 'overfitting').evidence['epoch']).toBe(0);
  });
});

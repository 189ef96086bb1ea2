/** Residual blocks: out = input + f(input), wherever they stand and whatever is in them. */
import { describe, expect, it } from 'vitest';
import { activation, adam, dense, dropout, gradientCheck, OptionError, residual, sequential, sgd, ShapeError, type Layer, type LossSpec, type Optimizer, type Sequential } from '../../src/index.ts';
import { operationNames } from '../../src/backend/extraPlan.ts';
import { operationWords, PlanBuilder } from '../../src/backend/plan.ts';
import { buildStages } from '../../src/model/chain.ts';
import { backends } from '../backends.ts';
import { expectClose } from '../close.ts';
import { numbers } from '../twins.ts';

const rows = 6;
const width = 5;
const x = numbers(rows * width, 1);
const y = numbers(rows * width, 2);

type Backend = (typeof backends)[number];

const tanh = (units = width, options = {}): Layer => dense({ units, activation: 'tanh', biasInitializer: { name: 'randomNormal', stddev: 0.3 }, ...options });
const inputShape = [width];

/** Places a block can stand in, and what can be in it; the last layer gives rows as wide as the input. */
const chains: Record<string, () => Layer[]> = {
  'alone': () => [residual([tanh()], { inputShape })],
  'first, the layer in it says the shape': () => [residual([tanh(7, { inputShape }), tanh()]), tanh()],
  'in the middle': () => [tanh(7, { inputShape }), residual([tanh(3), tanh(7)]), tanh()],
  'last': () => [tanh(width, { inputShape }), residual([tanh(), dense({ units: width })])],
  'one after the other': () => [tanh(width, { inputShape }), residual([tanh()]), residual([tanh()]), residual([tanh()])],
  'nested': () => [tanh(width, { inputShape }), residual([tanh(4), residual([tanh(9), residual([tanh(9)]), tanh(4)]), tanh()]), tanh()],
  'a block as the first and last of a block': () => [tanh(width, { inputShape }), residual([residual([tanh()]), tanh(), residual([tanh()])]), tanh()],
  'only a block in a block, first': () => [residual([residual([tanh()])], { inputShape }), tanh()],
  'only dropout in it': () => [tanh(width, { inputShape }), residual([dropout({ rate: 0.4 })]), tanh()],
  'dropout at its end': () => [tanh(width, { inputShape }), residual([tanh(), dropout({ rate: 0.4 })]), tanh()],
  'dropout in front, and around it': () => [dropout({ rate: 0.1, inputShape }), residual([dropout({ rate: 0.4 }), tanh()]), dropout({ rate: 0.2 }), tanh()],
  'nothing that does anything in it': () => [tanh(width, { inputShape }), residual([dropout({ rate: 0 }), activation('linear')]), tanh()],
  'nothing trained in it, in front': () => [residual([activation('tanh')], { inputShape }), tanh()],
  'between an activation and its layer': () => [dense({ units: width, inputShape }), residual([activation('sigmoid')]), activation('tanh')],
  'before a fused softmax': () => [tanh(width, { inputShape }), residual([tanh()]), activation('softmax')],
  'ending in a softmax': () => [tanh(width, { inputShape }), residual([tanh(), activation('softmax')]), tanh()],
};

function build(backend: Backend, layers: readonly Layer[], optimizer: Optimizer = sgd({ learningRate: 0.1 }), loss: LossSpec = 'meanSquaredError'): Sequential {
  const model = sequential({ layers, backend, seed: 3 });
  model.compile({ optimizer, loss });
  return model;
}

describe.each(backends)('residual on %s', (backend) => {
  it('adds its input to what is in it', () => {
    const inner = [tanh(9, { inputShape }), dense({ units: width })];
    const f = sequential({ layers: inner, backend, seed: 3 });
    const block = sequential({ layers: [residual(inner)], backend, seed: 3 });
    expect(block.getWeights()).toEqual(f.getWeights());
    expect(block.predict(x)).toEqual(f.predict(x).map((value, i) => value + x[i]!));
    const twice = sequential({ layers: [residual([residual(inner)])], backend, seed: 3 });
    expect(twice.predict(x)).toEqual(block.predict(x).map((value, i) => value + x[i]!));
  });

  it('doubles its input where nothing in it does anything', () => {
    expect(sequential({ layers: [residual([dropout({ rate: 0.5 })], { inputShape })], backend }).predict(x)).toEqual(x.map((value) => 2 * value));
  });

  it.each(Object.keys(chains))('%s: gradients agree with differences', (name) => {
    for (const loss of ['meanSquaredError', 'halfSquaredError'] as const) expect(gradientCheck(build(backend, chains[name]!(), undefined, loss), x, y)).toMatchObject({ ok: true });
  });

  it('a cross-entropy fused behind it has the right gradients', () => {
    expect(gradientCheck(build(backend, chains['before a fused softmax']!(), undefined, 'sparseCategoricalCrossentropy'), x, [0, 1, 2, 3, 4, 0])).toMatchObject({ ok: true });
  });

  it.each(Object.keys(chains))('%s: learns, in batches of any size, and goes on after it', async (name) => {
    for (const batchSize of [1, 4, rows]) {
      for (const optimizer of [sgd({ learningRate: 0.02 }), adam({ learningRate: 0.01 })]) {
        const model = build(backend, chains[name]!(), optimizer);
        const before = model.evaluate(x, y)['loss']!;
        await model.fit(x, y, { epochs: 20, batchSize });
        expect(model.evaluate(x, y)['loss']).toBeLessThan(before);
      }
    }
  });

  it('steps as the formula says: both ways add up in the gradient', () => {
    // h = x·w, out = h + h·v with one unit each: dJ/dw = Σ (out − y)·(1 + v)·x and dJ/dv = Σ (out − y)·h.
    const model = build(backend, [dense({ units: 1, useBias: false, inputShape: [1] }), residual([dense({ units: 1, useBias: false })])], undefined, 'halfSquaredError');
    model.setWeights([[0.5], [0.25]]);
    const [dw, dv] = model.gradients([1, 2], [0, 1]).map(({ data }) => data[0]!);
    const errors = [0.625, 0.25];
    expectClose([dw!, dv!], [1.25 * (errors[0]! + 2 * errors[1]!), errors[0]! * 0.5 + errors[1]!]);
  });
});

it.each(Object.keys(chains))('%s: both backends train to the same weights within rounding', (name) => {
  const [wasm, reference] = backends.map((backend) => {
    const model = build(backend, chains[name]!());
    for (let step = 0; step < 5; step++) model.trainOnBatch(x, y);
    return model.getWeights();
  }) as [Float32Array[], Float32Array[]];
  wasm.forEach((values, i) => expectClose(values, reference[i]!));
});

describe('names', () => {
  it('of parameters have those of the blocks in front', () => {
    const model = build('wasm', [tanh(width, { inputShape }), residual([tanh(), residual([tanh(), tanh(width, { name: 'last' })])]), residual([tanh()], { name: 'block' })]);
    expect(model.gradients(x, y).map(({ name }) => name).filter((name) => name.endsWith('kernel'))).toEqual([
      'dense_1/kernel', 'residual_1/dense_1/kernel', 'residual_1/residual_1/dense_1/kernel', 'residual_1/residual_1/last/kernel', 'block/dense_1/kernel',
    ]);
  });

  it('stand in the summary, layers indented under their block, which counts them', () => {
    const summary = sequential({ layers: [tanh(4, { inputShape }), residual([tanh(3), residual([tanh(3)]), tanh(4)])] }).summary();
    const lines = summary.split('\n').slice(4, -2).map((line) => line.replace(/ +/g, (gap, at) => (at === 0 ? gap : ' ')));
    expect(lines).toEqual([
      'dense_1 (dense, tanh) [rows, 4] 24',
      'residual_1 (residual) [rows, 4] 43',
      '  dense_1 (dense, tanh) [rows, 3] 15',
      '  residual_1 (residual) [rows, 3] 12',
      '    dense_1 (dense, tanh) [rows, 3] 12',
      '  dense_2 (dense, tanh) [rows, 4] 16',
    ]);
    expect(summary).toMatch(/\n67 parameters$/);
  });

  it('must differ in a block', () => {
    expect(() => sequential({ layers: [residual([tanh(width, { name: 'a' }), tanh(width, { name: 'a' })], { inputShape })] })).toThrow(/residual 'residual_1' layers: two layers are named 'a'/);
  });
});

describe('what it refuses', () => {
  it('layers that change the size', () => {
    const wrong = (): Sequential => sequential({ layers: [tanh(8, { inputShape }), residual([tanh(4), residual([tanh(3)], { name: 'inner' })])] });
    expect(wrong).toThrow(ShapeError);
    expect(wrong).toThrow("residual 'residual_1/inner': expected layers that give rows of 4, as they take, received rows of 3");
  });

  it('shapes that contradict each other', () => {
    expect(() => sequential({ layers: [tanh(8, { inputShape }), residual([tanh(8, { inputShape: [7] })])] })).toThrow(/layers\[1\] \(residual_1\): inputShape is \[7\], but the layer before gives rows of 8/);
    expect(() => sequential({ layers: [residual([tanh(8), tanh(5, { inputShape: [7] })], { inputShape })] })).toThrow(/residual 'residual_1' layers\[1\] \(dense_2\): inputShape is \[7\], but the layer before gives rows of 8/);
    expect(() => sequential({ layers: [residual([tanh()])] })).toThrow(/expected an inputShape/);
  });

  it('what are no layers, and unknown options', () => {
    expect(() => residual([])).toThrow(OptionError);
    expect(() => residual([tanh(), 'dense' as unknown as Layer])).toThrow(/residual layers\[1\]: expected a layer/);
    expect(() => residual([tanh()], { nam: 'a' } as object)).toThrow(/did you mean 'name'/);
    expect(() => residual([tanh()], { name: '' })).toThrow(OptionError);
    expect(() => residual([tanh()], { inputShape: [0] })).toThrow(OptionError);
  });
});

it('says in its settings what is in it, so that models that differ there differ', () => {
  const settings = (rate: number): string => JSON.stringify(residual([tanh(), dropout({ rate })]).config);
  expect(settings(0.1)).not.toBe(settings(0.2));
});

describe('dropout in blocks', () => {
  /** The keys of all dropouts of a model, in order. */
  function keysOf(layers: Layer[]): string[] {
    const plan = new PlanBuilder();
    const at = { out: 0, input: 0, parameters: [], cache: 0, step: 0, training: true, partner: { input: 0, dout: 0 } };
    for (const stage of buildStages(layers, 5).stages) stage.forward(plan, at);
    const words = plan.words();
    const found: string[] = [];
    for (let word = 0; words[word] !== 0; word += operationWords) {
      if (operationNames[words[word]!] === 'dropoutForward') found.push(words.slice(word + 7, word + 9).join(' '));
    }
    return found;
  }

  it('draws from streams of its own, wherever it is', () => {
    const drop = (): Layer => dropout({ rate: 0.5, inputShape });
    const deep = (depth: number): Layer => residual([drop(), ...(depth > 0 ? [deep(depth - 1), deep(depth - 1)] : []), drop()]);
    const keys = keysOf([drop(), deep(5), drop(), residual([drop()]), drop(), deep(3), drop()]);
    expect(keys.length).toBe(2 * 63 + 2 * 15 + 5);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('does not change that of layers before it, nor of a model without blocks', () => {
    const drop = (): Layer => dropout({ rate: 0.5, inputShape });
    expect(keysOf([drop(), tanh(), drop(), residual([drop()])]).slice(0, 2)).toEqual(keysOf([drop(), tanh(), drop()]));
  });

  it('trains the same again, on both backends alike', async () => {
    const train = async (backend: Backend): Promise<Float32Array[]> => {
      const model = build(backend, chains['dropout in front, and around it']!());
      await model.fit(x, y, { epochs: 3, batchSize: 4 });
      return model.getWeights();
    };
    const wasm = await train('wasm');
    expect(await train('wasm')).toEqual(wasm);
    (await train('reference')).forEach((values, i) => expectClose(values, wasm[i]!));
  });
});

it('lets a network of 40 sigmoid layers learn, which without it does not', async () => {
  const count = 200;
  const points = numbers(2 * count, 4);
  const classes = Array.from({ length: count }, (_, i) => Number(points[2 * i]! * points[2 * i + 1]! > 0));
  const train = async (block: (layers: Layer[]) => Layer[]): Promise<{ loss: number; accuracy: number }> => {
    const blocks = Array.from({ length: 20 }, () => block([dense({ units: 12, activation: 'sigmoid' }), dense({ units: 12, activation: 'sigmoid' })]));
    const model = sequential({ layers: [dense({ units: 12, inputShape: [2] }), ...blocks.flat(), dense({ units: 1, activation: 'sigmoid' })], seed: 1 });
    model.compile({ optimizer: adam({ learningRate: 3e-3 }), loss: 'binaryCrossentropy', metrics: ['accuracy'] });
    await model.fit(points, classes, { epochs: 60, batchSize: 20 });
    return model.evaluate(points, classes) as { loss: number; accuracy: number };
  };
  const plain = await train((layers) => layers);
  const blocks = await train((layers) => [residual(layers)]);
  expect(plain.loss).toBeGreaterThan(0.65);
  expect(plain.accuracy).toBeLessThan(0.6);
  expect(blocks.loss).toBeLessThan(0.3);
  expect(blocks.accuracy).toBeGreaterThan(0.9);
});

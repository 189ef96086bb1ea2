/** The chain rule with its numbers: factors are those of the formula, their products add up to the gradient that training uses. */
import { describe, expect, it } from 'vitest';
import { activation, batchNormalization, dense, dropout, explainGradient, l1l2, sequential, type Layer, type LossSpec, type Sequential } from '../../src/index.ts';

function modelOf(loss: LossSpec, ...layers: Layer[]): Sequential {
  const model = sequential({ layers, seed: 3 });
  model.compile({ optimizer: 'sgd', loss });
  return model;
}

const sigma = (z: number): number => 1 / (1 + Math.exp(-z));

describe('of the classic network', () => {
  const model = modelOf('halfSquaredError', dense({ units: 2, activation: 'sigmoid', inputShape: [3] }), dense({ units: 1, activation: 'sigmoid' }));
  const [w14, w15, w24, w25, w34, w35, b4, b5, w46, w56, b6] = [0.3, -0.2, 0.5, 0.1, -0.4, 0.7, 0.1, -0.3, 0.8, -0.6, 0.2];
  model.setWeights([[w14, w15, w24, w25, w34, w35], [b4, b5], [w46, w56], [b6]]);
  const [x, y] = [[1, 0.5, -2], 1];
  const h4 = sigma(w14 * x[0]! + w24 * x[1]! + w34 * x[2]! + b4);
  const h5 = sigma(w15 * x[0]! + w25 * x[1]! + w35 * x[2]! + b5);
  const h = sigma(w46 * h4 + w56 * h5 + b6);

  it('∂J/∂w14 has the five factors of the formula', () => {
    const { paths, pathCount, gradient, numeric } = explainGradient(model, [x], [y], 'dense_1/kernel[0, 0]');
    expect(pathCount).toBe(1);
    expect(paths[0]!.factors.map(({ kind, name }) => `${kind}: ${name}`)).toEqual([
      'input: input 0 of dense_1', 'derivative: f′(z) of dense_1[0]', 'weight: dense_2/kernel[0, 0]', 'derivative: f′(z) of dense_2[0]', 'loss: ∂J/∂ the output[0]',
    ]);
    const expected = [x[0]!, h4 * (1 - h4), w46, h * (1 - h), h - y];
    paths[0]!.factors.forEach(({ value }, i) => expect(value).toBeCloseTo(expected[i]!, 6));
    expect(gradient).toBeCloseTo(expected.reduce((product, value) => product * value), 6);
    expect(numeric).toBeCloseTo(gradient, 8);
  });

  it('a bias has 1 for its input, and the last layer no weight on its way', () => {
    const { paths } = explainGradient(model, [x], [y], 'dense_2/bias[0]');
    expect(paths[0]!.factors.map(({ kind }) => kind)).toEqual(['input', 'derivative', 'loss']);
    expect(paths[0]!.factors[0]!.value).toBe(1);
  });

  it('as text it can be read', () => {
    const text = String(explainGradient(model, [x], [y], 'dense_1/kernel[0,0]'));
    expect(text).toMatch(/^∂J\/∂ dense_1\/kernel\[0, 0\] = -?0\.0\d+; by differences -?0\.0\d+\nRow 0 adds -?0\.0\d+, by one path:\n {2}1 \(input 0 of dense_1\) × [^\n]* = -?0\.0\d+$/);
  });
});

describe('of any network of dense layers', () => {
  const x = Array.from({ length: 5 }, (_, i) => [Math.sin(i + 1), Math.cos(2 * i), 0.3 * i - 0.5]);
  const cases: [string, Sequential, number[] | number[][]][] = [
    ['softmax and cross-entropy in one', modelOf('sparseCategoricalCrossentropy', dense({ units: 4, activation: 'tanh', inputShape: [3] }), dropout({ rate: 0.5 }), dense({ units: 3, activation: 'softmax' })), [0, 2, 1, 1, 0]],
    ['three layers, several outputs', modelOf('meanSquaredError', dense({ units: 4, activation: 'gelu', inputShape: [3] }), dense({ units: 3 }), activation('softplus'), dense({ units: 2 })), x.map(([a, b]) => [a!, b!])],
    ['a loss from logits', modelOf({ name: 'binaryCrossentropy', fromLogits: true }, dense({ units: 4, activation: 'silu', inputShape: [3] }), dense({ units: 1 })), [0, 1, 1, 0, 1]],
  ];

  it.each(cases)('%s: paths add up to shares, shares to the gradient', (_name, model, y) => {
    model.gradients(x, y).forEach(({ name, shape, data }) => {
      for (const index of [0, data.length - 1]) {
        const place = shape.length === 1 ? `[${index}]` : `[${Math.floor(index / shape[1]!)}, ${index % shape[1]!}]`;
        const { gradient, numeric, shares, paths, pathCount } = explainGradient(model, x, y, name + place, { row: 2, most: 1000 });
        expect(gradient).toBeCloseTo(data[index]!, 5);
        expect(numeric).toBeCloseTo(gradient, 6);
        expect(paths.length).toBe(pathCount);
        expect(paths.reduce((sum, { product }) => sum + product, 0)).toBeCloseTo(shares[2]!, 10);
        expect(shares.length).toBe(5);
      }
    });
  });

  it('lists the largest products first, and says what the others come to', () => {
    const [, model, y] = cases[1]!;
    const all = explainGradient(model, x, y, 'dense_1/kernel[1, 2]', { most: 100 });
    const some = explainGradient(model, x, y, 'dense_1/kernel[1, 2]', { most: 2 });
    expect(all.pathCount).toBe(6);
    expect(some.paths).toEqual(all.paths.slice(0, 2));
    const sizes = all.paths.map(({ product }) => Math.abs(product));
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(String(some)).toContain('and 4 more, together');
  });
});

it('what a regularizer adds is a part of its own', () => {
  const model = modelOf('meanSquaredError', dense({ units: 2, activation: 'tanh', kernelRegularizer: l1l2({ l1: 0.3, l2: 0.1 }), inputShape: [2] }), dense({ units: 1 }));
  const [x, y] = [[[1, 2], [0.5, -1]], [0.5, 1]];
  const weight = model.getWeights()[0]![1]!;
  const { gradient, numeric, shares, penalty } = explainGradient(model, x, y, 'dense_1/kernel[0, 1]');
  expect(penalty).toBeCloseTo(0.3 * Math.sign(weight) + 0.2 * weight, 6);
  expect(gradient).toBeCloseTo(shares[0]! + shares[1]! + penalty, 10);
  expect(gradient).toBeCloseTo(model.gradients(x, y)[0]!.data[1]!, 5);
  expect(numeric).toBeCloseTo(gradient, 6);
  expect(String(explainGradient(model, x, y, 'dense_1/kernel[0, 1]'))).toMatch(/, the sum of 2 rows and of -?0\.\d+ for the regularizer; by differences/);
  expect(explainGradient(model, x, y, 'dense_1/bias[1]').penalty).toBe(0);
});

it('a replaced derivative is the factor that training uses, and differences disagree', () => {
  const model = modelOf('meanSquaredError', dense({ units: 2, activation: 'sigmoid', derivative: 'constant', inputShape: [2] }), dense({ units: 1 }));
  const { paths, gradient, numeric } = explainGradient(model, [[1, 2]], [0.5], 'dense_1/kernel[0, 1]');
  expect(paths[0]!.factors[1]).toMatchObject({ kind: 'derivative', value: 1 });
  expect(gradient).toBeCloseTo(model.gradients([[1, 2]], [0.5])[0]!.data[1]!, 6);
  expect(Math.abs(numeric! / gradient)).toBeLessThan(0.5);
});

it.each<[string, string, object, string]>([
  ['a name without a place', 'dense_1/kernel', {}, "expected a weight such as 'dense_1/kernel[0, 0]'"],
  ['a place without numbers', 'dense_1/kernel[,]', {}, "expected a weight such as 'dense_1/kernel[0, 0]'"],
  ['an unknown parameter', 'dense_1/kernal[0, 0]', {}, "no parameter 'dense_1/kernal', did you mean 'dense_1/kernel'?"],
  ['a place outside', 'dense_1/kernel[0, 9]', {}, 'dense_1/kernel is [2, 3], and has no [0, 9]'],
  ['a place of another shape', 'dense_1/bias[0, 1]', {}, 'dense_1/bias is [3], and has no [0, 1]'],
  ['a row that is not there', 'dense_1/bias[0]', { row: 1 }, 'row'],
  ['unknown options', 'dense_1/bias[0]', { rows: 1 }, "did you mean 'row'?"],
])('refuses %s', (_name, name, options, message) => {
  const model = modelOf('meanSquaredError', dense({ units: 3, activation: 'tanh', inputShape: [2] }), dense({ units: 1 }));
  expect(() => explainGradient(model, [[1, 2]], [0.5], name, options)).toThrow(message);
});

it('refuses layers whose rows depend on each other, and more paths than anybody reads', () => {
  const normalised = modelOf('meanSquaredError', dense({ units: 3, inputShape: [2] }), batchNormalization(), dense({ units: 1 }));
  expect(() => explainGradient(normalised, [[1, 2], [3, 4]], [0.5, 1], 'dense_1/bias[0]')).toThrow("paths go through dense layers and activations, and 'batchNormalization_1'");
  expect(() => explainGradient(normalised, [[1, 2], [3, 4]], [0.5, 1], 'batchNormalization_1/gamma[0]')).toThrow('are not those of a dense layer');
  const wide = modelOf('meanSquaredError', dense({ units: 300, inputShape: [2] }), dense({ units: 300 }), dense({ units: 300 }), dense({ units: 1 }));
  expect(() => explainGradient(wide, [[1, 2]], [0.5], 'dense_1/bias[0]')).toThrow('90,000 paths');
});

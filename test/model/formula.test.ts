/** The network of the formula, with its gradient written out by hand, and the delta rule as its one-unit special case. */
import { describe, expect, it } from 'vitest';
import { activations, dense, gradientCheck, sequential, sgd, type BackendName } from '../../src/index.ts';
import { backends } from '../backends.ts';
import { expectClose } from '../close.ts';

const σ = (z: number): number => activations.sigmoid.f(z);
const dσ = (z: number): number => activations.sigmoid.df(z);

/** Kernel of the hidden layer, row by row: w14 w15, w24 w25, w34 w35; its biases b4 b5; then w46 w56; then b6. */
const weights = [[0.2, -0.3, 0.4, 0.1, -0.5, 0.2], [-0.4, 0.2], [-0.3, -0.2], [0.1]] as const;
const x = [1, 0, 1, 0.3, -0.7, 0.9];
const y = [1, 0.2];

function network(backend: BackendName) {
  const model = sequential({
    layers: [dense({ units: 2, activation: 'sigmoid', inputShape: [3] }), dense({ units: 1, activation: 'sigmoid' })],
    backend,
  });
  model.setWeights(weights);
  model.compile({ optimizer: sgd({ learningRate: 0.9 }), loss: 'halfSquaredError' });
  return model;
}

/** The same network as the formula has it, for one sample. */
function byHand([x1, x2, x3]: readonly number[]) {
  const [[w14, w15, w24, w25, w34, w35], [b4, b5], [w46, w56], [b6]] = weights;
  const z4 = w14 * x1! + w24 * x2! + w34 * x3! + b4;
  const z5 = w15 * x1! + w25 * x2! + w35 * x3! + b5;
  const z6 = w46 * σ(z4) + w56 * σ(z5) + b6;
  return { z4, z5, z6, h: σ(z6), w46 };
}

describe.each(backends)('h(x) = σ(w46 σ(w14 x1 + ...) + w56 σ(w15 x1 + ...) + b6) on %s', (backend) => {
  const samples = [x.slice(0, 3), x.slice(3)];

  it('computes the formula', () => {
    expectClose(network(backend).predict(x), samples.map((sample) => byHand(sample).h), 1e-7);
  });

  it('has J = ½ Σ (y − h)²', () => {
    const expected = samples.reduce((sum, sample, i) => sum + (y[i]! - byHand(sample).h) ** 2 / 2, 0);
    expectClose([network(backend).evaluate(x, y)['loss']!], [expected], 1e-7);
  });

  it('has ∂J/∂w14 = Σ (h − y) · σ′(z6) · w46 · σ′(z4) · x1, by the chain rule', () => {
    const expected = samples.reduce((sum, sample, i) => {
      const { h, z6, w46, z4 } = byHand(sample);
      return sum + (h - y[i]!) * dσ(z6) * w46 * dσ(z4) * sample[0]!;
    }, 0);
    expectClose([network(backend).gradients(x, y)[0]!.data[0]!], [expected], 1e-8);
  });

  it('passes the gradient check', () => {
    expect(gradientCheck(network(backend), x, y)).toMatchObject({ ok: true });
  });

  it('steps θ := θ − η ∂J/∂θ', () => {
    const model = network(backend);
    const before = model.getWeights();
    const gradients = model.gradients(x, y);
    model.trainOnBatch(x, y);
    model.getWeights().forEach((after, i) => expectClose(after, before[i]!.map((w, k) => w - 0.9 * gradients[i]!.data[k]!), 1e-7));
  });
});

describe.each(backends)('the delta rule on %s', (backend) => {
  it('is one linear unit, ½ (y − ŷ)², one sample at a time: w += η (y − ŷ) x', () => {
    const η = 0.05;
    const rows = [[1, 2, -1], [0.5, -0.5, 2], [-1, 0.25, 0.75], [2, 1, 1]];
    const targets = [1, -2, 0.5, 3];
    const model = sequential({ layers: [dense({ units: 1, inputShape: [3], kernelInitializer: 'zeros' })], backend });
    model.compile({ optimizer: sgd({ learningRate: η }), loss: 'halfSquaredError' });
    const w = [0, 0, 0];
    let b = 0;
    for (let epoch = 0; epoch < 20; epoch++) {
      rows.forEach((row, i) => {
        const error = targets[i]! - (w.reduce((sum, wk, k) => sum + wk * row[k]!, 0) + b);
        row.forEach((xk, k) => (w[k] = w[k]! + η * error * xk));
        b += η * error;
        model.trainOnBatch(row, [targets[i]!]);
      });
    }
    const [kernel, bias] = model.getWeights();
    expectClose(kernel!, w, 2e-6);
    expectClose(bias!, [b], 2e-6);
  });
});

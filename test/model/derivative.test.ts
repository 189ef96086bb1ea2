/** Training with another derivative than the true one, and what each of them does. */
import { describe, expect, it } from 'vitest';
import { dense, gradientCheck, sequential, sgd, type ActivationName, type BackendName, type DerivativeSpec } from '../../src/index.ts';
import { backends } from '../backends.ts';
import { expectClose } from '../close.ts';
import { numbers } from '../twins.ts';

const x = numbers(8 * 4, 1, 2);
const y = numbers(8 * 2, 2);

function network(backend: BackendName, activation: ActivationName, derivative?: DerivativeSpec) {
  const model = sequential({
    layers: [dense({ units: 6, activation, ...(derivative !== undefined && { derivative }), inputShape: [4] }), dense({ units: 2 })],
    seed: 5,
    backend,
  });
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'meanSquaredError' });
  return model;
}

const hidden = (model: ReturnType<typeof network>): Float32Array => model.gradients(x, y)[0]!.data;

describe.each(backends)('derivative on %s', (backend) => {
  it('leaves the forward pass as it is', () => {
    for (const derivative of ['constant', 'zero', 'straightThrough', 'relu'] as const) {
      expect(network(backend, 'tanh', derivative).predict(x)).toEqual(network(backend, 'tanh').predict(x));
    }
  });

  it("'zero' gives the layer no gradient, its successor the true one", () => {
    const zero = network(backend, 'tanh', 'zero').gradients(x, y);
    expect(zero[0]!.data.every((value) => value === 0)).toBe(true);
    expect(zero[1]!.data.every((value) => value === 0)).toBe(true);
    expect(zero[2]!.data).toEqual(network(backend, 'tanh').gradients(x, y)[2]!.data);
  });

  it("'constant' is f′ = 1: ∂J/∂W1 = xᵀ (∂J/∂h W2ᵀ)", () => {
    const model = network(backend, 'tanh', 'constant');
    const [, , w2] = model.getWeights();
    const out = model.predict(x);
    const expected = new Float32Array(4 * 6);
    for (let row = 0; row < 8; row++) {
      for (let unit = 0; unit < 6; unit++) {
        let d = 0;
        for (let k = 0; k < 2; k++) d += ((out[row * 2 + k]! - y[row * 2 + k]!) / 8) * w2![unit * 2 + k]!;
        for (let i = 0; i < 4; i++) expected[i * 6 + unit]! += x[row * 4 + i]! * d;
      }
    }
    expectClose(hidden(model), expected);
  });

  it('true derivatives named as replacements change nothing', () => {
    for (const name of ['sigmoid', 'tanh', 'gelu', 'silu', 'softplus'] as const) {
      expectClose(hidden(network(backend, name, name)), hidden(network(backend, name)), 1e-7, name);
    }
  });

  it('a step never moves the layer before it; straight-through does', () => {
    expect(hidden(network(backend, 'step')).every((value) => value === 0)).toBe(true);
    expect(hidden(network(backend, 'step', 'straightThrough')).some((value) => value !== 0)).toBe(true);
  });

  it('the gradient check tells a replaced derivative from a true one', () => {
    expect(gradientCheck(network(backend, 'tanh'), x, y).ok).toBe(true);
    expect(gradientCheck(network(backend, 'tanh', 'constant'), x, y).ok).toBe(false);
    expect(gradientCheck(network(backend, 'sigmoid', 'tanh'), x, y).ok).toBe(false);
  });

  it('refuses to replace a Jacobian', () => {
    expect(() => dense({ units: 3, activation: 'softmax', derivative: 'constant' })).toThrow(/Jacobian/);
  });
});

/** Numbers from outside: activations, losses, gradients and steps of optimizers as PyTorch computes them (see test/fixtures/make.py). */
import { describe, expect, it } from 'vitest';
import {
  activation, adadelta, adagrad, adam, adamax, adamw, batchNormalization, dense, layerNormalization, lion, nadam, rmsprop, sequential, sgd, type ActivationSpec, type Layer,
  type LossSpec, type Optimizer, type Sequential,
} from '../../src/index.ts';
import activationsFixture from '../fixtures/activations.json' with { type: 'json' };
import adaptiveFixture from '../fixtures/adaptive.json' with { type: 'json' };
import aroundFixture from '../fixtures/around.json' with { type: 'json' };
import lossesFixture from '../fixtures/losses.json' with { type: 'json' };
import networksFixture from '../fixtures/networks.json' with { type: 'json' };
import normalizationFixture from '../fixtures/normalization.json' with { type: 'json' };
import optimizersFixture from '../fixtures/optimizers.json' with { type: 'json' };
import sgdFixture from '../fixtures/sgd.json' with { type: 'json' };
import { backends } from '../backends.ts';
import { expectClose } from '../close.ts';

/** Those of the fixtures. */
const optimizers: Record<string, (options: object) => Optimizer> = { adadelta, adagrad, adam, adamax, adamw, lion, nadam, rmsprop, sgd };

type Network = (typeof networksFixture.networks)[number];

/** A model whose output is its input, so that a loss or an activation can be looked at alone: an identity matrix. */
function identity(units: number, backend: (typeof backends)[number], layer?: ActivationSpec): Sequential {
  const layers = [dense({ units, inputShape: [units], useBias: false }), ...(layer === undefined ? [] : [activation({ activation: layer })])];
  const model = sequential({ layers, backend });
  model.setWeights([Float32Array.from({ length: units * units }, (_, i) => (i % (units + 1) === 0 ? 1 : 0))]);
  return model;
}

/** The gradient of an identity matrix with one row of input 1 per unit is that of its output: dW = xᵀ·dout. */
function build(network: Network, backend: (typeof backends)[number]): Sequential {
  const model = sequential({
    layers: network.layers.map(({ units, activation }, i) => dense({ units, activation: activation as ActivationSpec, ...(i === 0 && { inputShape: [network.inputs] }) })),
    backend,
  });
  model.setWeights(network.weights);
  return model;
}

const makers: Record<string, unknown> = { dense, batchNormalization, layerNormalization };

describe.each(backends)('against PyTorch on %s', (backend) => {
  it.each(activationsFixture.elementwise.map((fixture) => [JSON.stringify(fixture.activation), fixture] as const))('activation %s', (_name, { activation: spec, x, f, df }) => {
    const model = identity(1, backend, spec as ActivationSpec);
    expectClose(model.predict(x), f, 1e-6, 'f');
    // One row at a time with the loss ½(0 − h)²: dJ/dw = f(x)·f′(x)·x. Where f or x is 0 that says nothing about f′.
    model.compile({ optimizer: 'sgd', loss: 'halfSquaredError' });
    const products = x.map((value) => model.gradients([value], [0])[0]!.data[0]!);
    expectClose(products, x.map((value, i) => f[i]! * df[i]! * value), 4e-6, 'f·f′·x');
  });

  it.each(activationsFixture.rowwise.map((fixture) => [fixture.activation.name, fixture] as const))('activation %s', (name, { rows, units, z, out }) => {
    expectClose(identity(units, backend, name as ActivationSpec).predict(z), out, 1e-6);
    expect(out.length).toBe(rows * units);
  });

  it.each(lossesFixture.cases.map((fixture) => [fixture.name, fixture] as const))('loss %s', (name, { loss, fromLogits, rows, units, out, target, value, dout }) => {
    const model = identity(units, backend);
    model.compile({ optimizer: 'sgd', loss: { ...loss, ...(fromLogits && { fromLogits }) } as LossSpec });
    expectClose([model.evaluate(out, target)['loss']!], [value], 2e-6, 'loss');
    // At a clipped probability PyTorch's gradient is 0, ours the one at the clip.
    if (name.endsWith('Clipped')) return;
    const expected = new Float32Array(units * units);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < units; i++) for (let j = 0; j < units; j++) expected[i * units + j]! += Math.fround(out[row * units + i]!) * dout[row * units + j]!;
    }
    expectClose(model.gradients(out, target)[0]!.data, expected, 4e-6, 'gradient');
  });

  it.each(networksFixture.networks.map((network) => [network.name, network] as const))('outputs, loss and gradients of network %s', (_name, network) => {
    const model = build(network, backend);
    model.compile({ optimizer: 'sgd', loss: network.loss as LossSpec });
    expectClose(model.predict(network.x), network.outputs);
    expectClose([model.evaluate(network.x, network.y)['loss']!], [network.value]);
    model.gradients(network.x, network.y).forEach(({ name, data }, i) => expectClose(data, network.gradients[i]!, 2e-6, name));
  });

  it.each(sgdFixture.trajectories.map((fixture) => [`${fixture.network} ${JSON.stringify(fixture.optimizer)}`, fixture] as const))('50 steps of SGD, %s', (_name, { network: wanted, optimizer, losses, after }) => {
    const network = networksFixture.networks.find(({ name }) => name === wanted)!;
    const model = build(network, backend);
    model.compile({ optimizer: sgd(optimizer), loss: network.loss as LossSpec });
    for (let step = 1; step <= 50; step++) {
      expectClose([model.trainOnBatch(network.x, network.y)], [losses[step - 1]!], 2e-6, `loss before step ${step}`);
      const expected = after.find(({ updates }) => updates === step);
      if (expected !== undefined) model.getWeights().forEach((values, i) => expectClose(values, expected.weights[i]!, 4e-6, `weights ${i} after ${step}`));
    }
  });

  it.each([...optimizersFixture.trajectories, ...adaptiveFixture.trajectories].map((fixture) => [`${fixture.name}, ${fixture.network} ${JSON.stringify(fixture.optimizer)}`, fixture] as const))('50 steps of %s', (_name, { name, network: wanted, optimizer, losses, after }) => {
    const network = networksFixture.networks.find((one) => one.name === wanted)!;
    const model = build(network, backend);
    model.compile({ optimizer: optimizers[name]!(optimizer), loss: network.loss as LossSpec });
    for (let step = 1; step <= 50; step++) {
      expectClose([model.trainOnBatch(network.x, network.y)], [losses[step - 1]!], 1e-5, `loss before step ${step}`);
      const expected = after.find(({ updates }) => updates === step);
      if (expected !== undefined) model.getWeights().forEach((values, i) => expectClose(values, expected.weights[i]!, 1e-5, `weights ${i} after ${step}`));
    }
  });

  it.each(normalizationFixture.networks.map((network) => [network.name, network] as const))('20 steps of a network with normalisation, %s', (_name, network) => {
    const layers = network.layers.map(({ type, ...options }, i) =>
      (makers[type] as (options: object) => Layer)({ ...options, ...(i === 0 && { inputShape: [network.inputs] }) }));
    const model = sequential({ layers, backend });
    model.compile({ optimizer: sgd({ learningRate: network.learningRate }), loss: network.loss as LossSpec });
    const given = [...network.weights];
    model.setWeights(model.program.parameters.map((parameter) => (parameter.daddress === 0 ? Array.from(model.program.read(parameter)) : given.shift()!)));
    expectClose(model.predict(network.x), network.before);
    model.gradients(network.x, network.y).forEach(({ name, data }, i) => expectClose(data, network.gradients[i]!, 2e-6, name));
    network.losses.forEach((loss, step) => expectClose([model.trainOnBatch(network.x, network.y)], [loss], 4e-6, `loss before step ${step + 1}`));
    model.getWeights().forEach((values, i) => expectClose(values, network.trained[i]!, 1e-5, model.program.parameters[i]!.name));
    expectClose(model.predict(network.x), network.after, 1e-5);
  });

  it.each(aroundFixture.trajectories.map((fixture) => [`${fixture.name} ${JSON.stringify(fixture.optimizer)}`, fixture] as const))('50 updates of %s', async (_name, { name, network: wanted, optimizer, batches, losses, weights, averages }) => {
    const network = networksFixture.networks.find((one) => one.name === wanted)!;
    const compiled = (): Sequential => {
      const model = build(network, backend);
      model.compile({ optimizer: optimizers[name]!(optimizer), loss: network.loss as LossSpec });
      return model;
    };
    const batchSize = network.rows / batches;
    const targets = network.y.length / network.rows;
    const model = compiled();
    const found = losses.map((_loss, step) => {
      const at = (step % batches) * batchSize;
      const [x, y] = [network.x.slice(at * network.inputs, (at + batchSize) * network.inputs), network.y.slice(at * targets, (at + batchSize) * targets)];
      model.gradients(network.x, network.y);
      return model.trainOnBatch(x, y);
    });
    expectClose(found, losses, 1e-5, 'losses');
    model.getWeights().forEach((values, i) => expectClose(values, weights[i]!, 1e-5, `weights ${i}`));
    // And by fit, after which weights are their averages.
    const fitted = compiled();
    await fitted.fit(network.x, network.y, { epochs: 50, batchSize, shuffle: false });
    fitted.getWeights().forEach((values, i) => expectClose(values, (averages ?? weights)[i]!, 1e-5, `weights ${i} after fit`));
  });
});

/** What holds for every model and every data: shapes, batch splits, the order of rows, agreement of the backends. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dense, sequential, sgd, type ActivationName, type BackendName, type LossName, type Sequential } from '../../src/index.ts';
import { backends } from '../backends.ts';
import { expectClose } from '../close.ts';
import { numbers } from '../twins.ts';

const width = fc.integer({ min: 1, max: 20 });
const smooth = fc.constantFrom<ActivationName>('linear', 'sigmoid', 'tanh', 'elu', 'gelu', 'silu', 'softplus', 'softsign', 'mish');
const network = fc.record({
  inputs: width, hidden: fc.array(width, { maxLength: 3 }), units: width, activation: smooth, rows: fc.integer({ min: 1, max: 40 }), seed: fc.nat(),
  loss: fc.constantFrom<LossName>('meanSquaredError', 'halfSquaredError', 'logCosh', 'huber'),
});
type Network = typeof network extends fc.Arbitrary<infer T> ? T : never;

function build({ inputs, hidden, units, activation, seed, loss }: Network, backend: BackendName): Sequential {
  const widths = [...hidden, units];
  const model = sequential({
    layers: widths.map((size, i) => dense({ units: size, activation: i < widths.length - 1 ? activation : 'linear', ...(i === 0 && { inputShape: [inputs] }) })),
    seed,
    backend,
  });
  model.compile({ optimizer: sgd({ learningRate: 0.01, momentum: 0.5 }), loss });
  return model;
}

const data = ({ inputs, units, rows, seed }: Network) => ({ x: numbers(rows * inputs, seed), y: numbers(rows * units, seed + 1) });
const property = (holds: (net: Network) => void) => fc.assert(fc.property(network, holds), { numRuns: 40, seed: 20261122 });

describe.each(backends)('on %s', (backend) => {
  it('outputs, gradients and weights have their shapes', () => {
    property((net) => {
      const model = build(net, backend);
      const { x, y } = data(net);
      expect(model.predict(x).length).toBe(net.rows * net.units);
      const shapes = model.gradients(x, y).map(({ shape, data: { length } }) => [shape.reduce((a, b) => a * b), length]);
      expect(shapes.every(([product, length]) => product === length)).toBe(true);
      expect(model.getWeights().map(({ length }) => length)).toEqual(shapes.map(([product]) => product));
    });
  });

  it('predictions do not depend on how rows are split into batches', () => {
    property((net) => {
      const model = build(net, backend);
      const { x } = data(net);
      const cut = Math.floor(net.rows / 2) * net.inputs;
      const parts = cut === 0 ? [model.predict(x)] : [model.predict(x.slice(0, cut)), model.predict(x.slice(cut))];
      expect(Float32Array.from(parts.flatMap((part) => [...part]))).toEqual(model.predict(x));
    });
  });

  it('the gradient of a batch is the same in any order of its rows, within rounding', () => {
    property((net) => {
      const model = build(net, backend);
      const { x, y } = data(net);
      const reversed = (values: Float32Array, columns: number): Float32Array =>
        Float32Array.from(Array.from({ length: net.rows }, (_, row) => [...values.slice((net.rows - 1 - row) * columns, (net.rows - row) * columns)]).flat());
      const gradients = model.gradients(x, y);
      model.gradients(reversed(x, net.inputs), reversed(y, net.units)).forEach(({ data: values, name }, i) => expectClose(values, gradients[i]!.data, 2e-5, name));
    });
  });

  it('the gradient of a sum is the sum of the gradients of its parts', () => {
    property((net) => {
      const model = build({ ...net, loss: 'halfSquaredError' }, backend);
      const { x, y } = data(net);
      const sum = model.getWeights().map((values) => new Float64Array(values.length));
      for (let row = 0; row < net.rows; row++) {
        model.gradients(x.slice(row * net.inputs, (row + 1) * net.inputs), y.slice(row * net.units, (row + 1) * net.units))
          .forEach(({ data: values }, i) => values.forEach((value, k) => (sum[i]![k]! += value)));
      }
      model.gradients(x, y).forEach(({ data: values, name }, i) => expectClose(values, sum[i]!, 2e-5, name));
    });
  });
});

it('both backends agree within rounding, after three steps too', () => {
  property((net) => {
    const [wasm, reference] = backends.map((backend) => build(net, backend));
    const { x, y } = data(net);
    for (let step = 0; step < 3; step++) {
      expectClose(wasm!.predict(x), reference!.predict(x), 2e-5);
      expectClose([wasm!.trainOnBatch(x, y)], [reference!.trainOnBatch(x, y)], 2e-5);
    }
    wasm!.getWeights().forEach((values, i) => expectClose(values, reference!.getWeights()[i]!, 2e-5));
  });
});

/** ONNX: models written and read again, files of PyTorch, every form a graph may have, and everything a hostile file can be. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  activation, activations, batchNormalization, dense, dropout, FormatError, fromBytes, gaussianNoise, layerNormalization, loadModel, normalization, OptionError, residual,
  sequential, type ActivationSpec, type Layer, type Sequential,
} from '../../src/index.ts';
import { backends } from '../backends.ts';
import { numbers } from '../twins.ts';

const inputs = 7;
const x = numbers(5 * inputs, 3);

/** A model whose weights are none of those it begins with. */
function changed(layers: Layer[]): Sequential {
  const model = sequential({ layers, seed: 3, name: 'ours' });
  model.setWeights(model.getWeights().map((weight, i) => weight.map((value, j) => value + 0.3 * Math.abs(Math.sin(i + 3 * j + 1)))));
  return model;
}

const typesOf = (model: Sequential): string[] => model.layers.map(({ type }) => type);
const specs: ActivationSpec[] = [
  ...Object.keys(activations) as (keyof typeof activations)[], { name: 'leakyRelu', alpha: 0.3 }, { name: 'elu', alpha: 0.4 }, { name: 'hardSigmoid', slope: 0.2, offset: 0.4 },
];

describe('a model that was written and read again', () => {
  it.each(specs.map((spec) => [JSON.stringify(spec), spec] as const))('predicts the same with activation %s', (_, spec) => {
    const alone = sequential({ layers: [activation({ activation: spec, inputShape: [inputs] })] });
    expect(fromBytes(alone.toBytes('onnx')).predict(x)).toEqual(alone.predict(x));
    const model = changed([dense({ units: 6, activation: spec, inputShape: [inputs] }), dense({ units: 3, useBias: false })]);
    const other = fromBytes(model.toBytes('onnx'));
    expect(typesOf(other)).toEqual(typesOf(model));
    expect(other.getWeights()).toEqual(model.getWeights());
    expect(other.predict(x)).toEqual(model.predict(x));
  });
});

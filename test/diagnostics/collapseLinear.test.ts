/** What is linear together becomes one layer, with the same predictions; what is not, stays. */
import { describe, expect, it } from 'vitest';
import {
  activation, batchNormalization, collapseLinear, dense, dropout, layerNormalization, normalization, residual, sequential, trainTable, type Layer, type Sequential,
} from '../../src/index.ts';

const rows = Array.from({ length: 7 }, (_, i) => Array.from({ length: 10 }, (_, j) => Math.sin(3 * i + j)));

function modelOf(...layers: Layer[]): Sequential {
  const model = sequential({ layers, seed: 3 });
  // Biases begin at 0, moving statistics at 0 and 1: values that would hide a mistake.
  model.setWeights(model.getWeights().map((values, i) => values.map((value, j) => value + 0.1 + 0.05 * Math.cos(i + j))));
  return model;
}

const shapeOf = (model: Sequential): string[] => model.layers.map(({ type, config }) => `${type}${type === 'dense' ? ` ${config['units'] as number}` : ''}`);

function expectSamePredictions(model: Sequential, collapsed: Sequential): void {
  const [ours, theirs] = [model.predict(rows), collapsed.predict(rows)];
  ours.forEach((value, i) => expect(theirs[i]).toBeCloseTo(value, 4));
}

describe('merges', () => {
  it.each<[string, Layer[], string[]]>([
    ['three linear layers', [dense({ units: 16, inputShape: [10] }), dense({ units: 12 }), dense({ units: 4 })], ['dense 4']],
    ['up to an activation', [dense({ units: 16, inputShape: [10] }), dense({ units: 12, activation: 'tanh' }), dense({ units: 4 })], ['dense 12', 'dense 4']],
    ['linear activations', [dense({ units: 16, inputShape: [10] }), activation('linear'), dense({ units: 4, activation: 'softmax' })], ['dense 4']],
    ['normalisation behind a layer', [dense({ units: 5, inputShape: [10] }), batchNormalization(), activation('relu'), dense({ units: 4 })], ['dense 5', 'activation', 'dense 4']],
    ['normalisation before a layer', [normalization({ mean: 0.5, variance: 4, inputShape: [10] }), dense({ units: 3, useBias: false, activation: 'sigmoid' })], ['dense 3']],
    ['on both sides of a layer that stays', [dense({ units: 9, inputShape: [10] }), dense({ units: 8 }), layerNormalization(), dense({ units: 8 }), dense({ units: 2 })], ['dense 8', 'layerNormalization', 'dense 2']],
  ])('%s', (_name, layers, expected) => {
    const model = modelOf(...layers);
    const collapsed = collapseLinear(model);
    expect(shapeOf(collapsed)).toEqual(expected);
    expectSamePredictions(model, collapsed);
  });

  it('and the model goes on as it was compiled, with the replaced derivative of the last layer', () => {
    const model = modelOf(dense({ units: 16, inputShape: [10] }), dense({ units: 2, activation: 'tanh', derivative: 'constant' }));
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
    const collapsed = collapseLinear(model);
    expect(collapsed.layers[0]!.config).toMatchObject({ units: 2, activation: 'tanh', derivative: 'constant' });
    expect(collapsed.compiled).toEqual(model.compiled);
    const y = rows.map(() => [0.5, -0.5]);
    expect(collapsed.trainOnBatch(rows, y)).toBeCloseTo(model.trainOnBatch(rows, y), 4);
  });
});

it('keeps what the model says of its table, and what a user has written on it', async () => {
  const people = Array.from({ length: 60 }, (_, i) => ({ age: 20 + (i % 30), town: ['a', 'b', 'c'][i % 3]!, weight: 50 + (i % 30) }));
  const model = await trainTable(people, { target: 'weight', epochs: 2 });
  model.userMetadata = { source: 'people' };
  const collapsed = collapseLinear(model);
  const { value } = collapsed.predictRecord({ age: 33, town: 'a' }) as { value: number };
  expect(value).toBeCloseTo((model.predictRecord({ age: 33, town: 'a' }) as { value: number }).value, 3);
  expect(collapsed.userMetadata).toEqual({ source: 'people' });
});

describe('leaves', () => {
  it.each<[string, Layer[]]>([
    ['what one layer would take more parameters for', [dense({ units: 2, inputShape: [10] }), dense({ units: 10 })]],
    ['activations', [dense({ units: 6, activation: 'relu', inputShape: [10] }), dense({ units: 4 })]],
    ['dropout, which trains otherwise', [dense({ units: 6, inputShape: [10] }), dropout({ rate: 0.5 }), dense({ units: 4 })]],
    ['blocks', [dense({ units: 6, inputShape: [10] }), residual([dense({ units: 6 }), dense({ units: 6 })]), dense({ units: 4, activation: 'step' })]],
    ['scales alone', [normalization({ mean: 1, variance: 2, inputShape: [10] }), batchNormalization()]],
    ['a layer that is by itself', [activation({ activation: 'linear', inputShape: [10] })]],
  ])('%s', (_name, layers) => {
    const model = modelOf(...layers);
    const collapsed = collapseLinear(model);
    expect(collapsed.layers).toEqual(model.layers);
    expect(collapsed.predict(rows)).toEqual(model.predict(rows));
  });

  it('the model itself as it is', () => {
    const model = modelOf(dense({ units: 16, inputShape: [10] }), dense({ units: 4 }));
    const before = model.getWeights();
    collapseLinear(model).setWeights([new Float32Array(40), new Float32Array(4)]);
    expect(model.getWeights()).toEqual(before);
  });
});

it('refuses what is no model', () => {
  expect(() => collapseLinear({} as never)).toThrow('collapseLinear: expected a model made by sequential');
});

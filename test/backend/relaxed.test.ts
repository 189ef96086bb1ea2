/** The relaxed backend: loaded on demand, chosen by name, and as good at learning as the strict one. */
import { describe, expect, it } from 'vitest';
import { BackendError, dense, loadBackend, momentum, OptionError, sequential, sgd, type BackendName, type Sequential } from '../../src/index.ts';
import { hasRelaxed, relaxedNote } from '../backends.ts';
import { expectClose } from '../close.ts';
import { numbers } from '../twins.ts';

const one = { layers: [dense({ units: 1, inputShape: [1] })] };

describe('loadBackend', () => {
  it('has nothing to do for the backends that come with the library', async () => {
    for (const name of ['wasm', 'reference', 'auto'] as const) await expect(loadBackend(name)).resolves.toBeUndefined();
  });

  it('refuses an unknown name', async () => {
    const loading = loadBackend('wasm-relaxd' as never);
    await expect(loading).rejects.toBeInstanceOf(OptionError);
    await expect(loading).rejects.toThrow(/loadBackend: expected one of .* received 'wasm-relaxd', did you mean 'wasm-relaxed'\?/);
  });

  // These run from the sources, where there is no dist/relaxed.js: what a page meets, Node meets too.
  it('is asked for by who chooses the backend first', () => {
    const make = (): Sequential => sequential({ ...one, backend: 'wasm-relaxed' });
    expect(make).toThrow(BackendError);
    expect(make).toThrow("await loadBackend('wasm-relaxed') first");
  });

  it.skipIf(hasRelaxed)('says what relaxed SIMD needs', async () => {
    const loading = loadBackend('wasm-relaxed');
    await expect(loading).rejects.toBeInstanceOf(BackendError);
    await expect(loading).rejects.toThrow("'wasm-relaxed' needs relaxed SIMD: Node 22 or Chrome 114, or later");
  });
});

/** Trains from the same seed, and returns the model. */
async function xor(backend: BackendName): Promise<Sequential> {
  const model = sequential({
    layers: [dense({ units: 8, activation: 'tanh', inputShape: [2] }), dense({ units: 1, activation: 'sigmoid' })], seed: 2, backend,
  });
  model.compile({ optimizer: sgd({ learningRate: 0.5, momentum: 0.9 }), loss: 'binaryCrossentropy' });
  await model.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], { epochs: 200, batchSize: 4 });
  return model;
}

/** Rows that no tile divides, in four classes by the sign of two of their values. */
async function quadrants(backend: BackendName): Promise<Sequential> {
  const x = numbers(203 * 21, 1);
  const y = Array.from({ length: 203 }, (_, row) => (x[row * 21]! > 0 ? 1 : 0) + (x[row * 21 + 1]! > 0 ? 2 : 0));
  const model = sequential({
    layers: [dense({ units: 35, activation: 'tanh', inputShape: [21] }), dense({ units: 22, activation: 'gelu' }), dense({ units: 4, activation: 'softmax' })],
    seed: 5,
    backend,
  });
  model.compile({ optimizer: momentum({ learningRate: 0.05 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  const { history } = await model.fit(x, y, { epochs: 10, batchSize: 29 });
  expect(history['accuracy']!.at(-1)).toBeGreaterThan(0.9);
  return model;
}

describe.skipIf(!hasRelaxed)(`wasm-relaxed${relaxedNote}`, () => {
  it.each([['XOR', xor], ['four classes', quadrants]] as const)('learns %s as the strict build does', async (_name, train) => {
    await loadBackend('wasm-relaxed');
    const [strict, relaxed] = [await train('wasm'), await train('wasm-relaxed')];
    expect([strict.backend, relaxed.backend, relaxed.backendReason]).toEqual(['wasm', 'wasm-relaxed', 'chosen by name']);
    // One rounding less in each sum; some hundred steps carry it on.
    const [expected, weights] = [strict.getWeights(), relaxed.getWeights()];
    weights.forEach((values, i) => expectClose(values, expected[i]!, 1e-4, `weights ${i}`));
  });

  it('is never what auto chooses', async () => {
    await loadBackend('wasm-relaxed');
    expect(sequential(one).backend).toBe('wasm');
  });
});

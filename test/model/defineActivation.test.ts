/** Activations of one's own: like the built-in ones they restate, the same bits everywhere, and no harm done where they throw. */
import { describe, expect, it } from 'vitest';
import {
  activation, activations, adam, defineActivation, dense, loadBackend, momentum, OptionError, residual, sequential, sgd, TrainingError, type ActivationSpec, type DefinedActivation,
  type Layer, type Sequential,
} from '../../src/index.ts';
import { WasmBackend } from '../../src/backend/wasm.ts';
import { ReferenceBackend } from '../../src/backend/reference/index.ts';
import { BufferMemory, plainBuffer } from '../../src/backend/memory.ts';
import { PlanBuilder } from '../../src/backend/plan.ts';
import { backends, hasRelaxed, relaxedNote } from '../backends.ts';
import { hashWeights } from '../hash.ts';
import { awkward, numbers } from '../twins.ts';

const cube = defineActivation({ f: (z) => z ** 3, df: (z) => 3 * z ** 2, name: 'cube' });
const snake = defineActivation({ f: (z) => z + Math.sin(z) ** 2, df: (z) => 1 + Math.sin(2 * z), name: 'snake' });
const twin = (name: 'tanh' | 'sigmoid' | 'relu' | 'gelu'): DefinedActivation => defineActivation({ f: (z) => activations[name].f(z), df: (z) => activations[name].df(z) });

const inputs = 5;
const rows = 37;
const x = numbers(rows * inputs, 3, 2);
const y = numbers(rows * 2, 4);

function make(hidden: ActivationSpec, backend: 'wasm' | 'reference' | 'wasm-relaxed' = 'wasm', output: ActivationSpec = 'linear', layers: Layer[] = []): Sequential {
  const model = sequential({ layers: [dense({ units: 11, activation: hidden, inputShape: [inputs] }), ...layers, dense({ units: 2, activation: output })], seed: 6, backend });
  model.compile({ optimizer: sgd({ learningRate: 0.05 }), loss: 'meanSquaredError' });
  return model;
}

describe('defineActivation', () => {
  it('gives a frozen pair with a name', () => {
    expect(Object.isFrozen(cube)).toBe(true);
    expect([cube.name, cube.f(2), cube.df(2)]).toEqual(['cube', 8, 12]);
    expect(twin('tanh').name).toBe('custom');
  });

  it.each<[string, object | undefined, string]>([
    ['nothing', undefined, 'defineActivation: expected an object of options, received undefined'],
    ['no f', { df: Math.cos }, 'defineActivation f: expected a function of a number, received undefined'],
    ['a name as df', { f: Math.sin, df: 'cos' }, "defineActivation df: expected a function of a number, received 'cos'"],
    ['an array', { f: (z: number) => [z], df: Math.cos }, 'defineActivation f: expected a number from f(0), received Array of 1 value'],
    ['a string', { f: Math.sin, df: String }, "defineActivation df: expected a number from df(0), received '0'"],
    ['a gap', { f: Math.sin, df: (z: number) => (z < 0 ? undefined : 1) }, 'defineActivation df: expected a number from df(-0.5), received undefined'],
    ['what throws', { f() { throw new Error('no'); }, df: Math.cos }, 'defineActivation f: expected a number from f(0), but it threw: no'],
    ['a misspelt option', { f: Math.sin, df: Math.cos, nane: 'a' }, "defineActivation: unknown option 'nane', did you mean 'name'?"],
    ['an empty name', { f: Math.sin, df: Math.cos, name: '' }, "defineActivation name: expected a word, received ''"],
    ['the name of another', { f: Math.sin, df: Math.cos, name: 'softmax' }, "defineActivation name: there is an activation 'softmax' already"],
  ])('refuses %s', (_what, options, message) => {
    expect(() => defineActivation(options as never)).toThrow(OptionError);
    expect(() => defineActivation(options as never)).toThrow(message);
  });

  it('may leave the domain of f', () => {
    expect(defineActivation({ f: Math.log, df: (z) => 1 / z }).f(-1)).toBeNaN();
  });
});

describe.each(backends)('on %s', (backend) => {
  it.each(['tanh', 'sigmoid', 'relu', 'gelu'] as const)('a twin of %s trains as the built-in function does', async (name) => {
    const [one, other] = [make(twin(name), backend), make(name, backend)];
    await one.fit(x, y, { epochs: 30, batchSize: 8 });
    await other.fit(x, y, { epochs: 30, batchSize: 8 });
    const [ours, theirs] = [one.getWeights(), other.getWeights()];
    ours.forEach((values, i) => values.forEach((value, k) => expect(value).toBeCloseTo(theirs[i]![k]!, 5)));
    expect(one.predict(x)).not.toEqual(make(name, backend).predict(x));
  });

  it('is a layer of its own, by options or as it is, and works in blocks', () => {
    const [inside, as, by] = [make(snake, backend), make('linear', backend, 'linear', [activation(snake)]), make('linear', backend, 'linear', [activation({ activation: snake })])];
    expect(as.predict(x)).toEqual(inside.predict(x));
    expect(by.predict(x)).toEqual(inside.predict(x));
    const block = make('linear', backend, 'linear', [residual([activation(snake)])]);
    block.trainOnBatch(x, y);
    expect(block.predict(x)).not.toEqual(inside.predict(x));
  });

  it('works as the output, where a loss fuses with nothing', () => {
    const [one, other] = [make('tanh', backend, twin('sigmoid')), make('tanh', backend, { name: 'sigmoid' })];
    for (const model of [one, other]) {
      model.compile({ optimizer: 'sgd', loss: 'binaryCrossentropy' });
      model.trainOnBatch(x, y.map((value) => Number(value > 0)));
    }
    one.getWeights().forEach((values, i) => values.forEach((value, k) => expect(value).toBeCloseTo(other.getWeights()[i]![k]!, 5)));
  });

  it('replaces the derivative of another function, and has its own replaced', () => {
    const gradients = (hidden: ActivationSpec, derivative?: 'tanh' | 'constant' | DefinedActivation) => {
      const model = sequential({ layers: [dense({ units: 11, activation: hidden, ...(derivative && { derivative }), inputShape: [inputs] }), dense({ units: 2 })], seed: 6, backend });
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      return [model.predict(x), model.gradients(x, y)[0]!.data] as const;
    };
    const close = (a: Float32Array, b: Float32Array): void => a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, 5));
    const built = gradients('relu', 'tanh');
    for (const pair of [gradients('relu', twin('tanh')), gradients(twin('relu'), 'tanh'), gradients(twin('relu'), twin('tanh'))]) {
      close(pair[0], built[0]);
      close(pair[1], built[1]);
    }
    expect(gradients(cube, 'constant')[0]).toEqual(gradients(cube)[0]);
    expect(gradients(cube, 'constant')[1]).not.toEqual(gradients(cube)[1]);
  });

  it('is stepped over by no step on one row', async () => {
    const [one, other] = [make(twin('tanh'), backend), make('tanh', backend)];
    for (const model of [one, other]) await model.fit(x, y, { epochs: 3, batchSize: 1 });
    one.getWeights().forEach((values, i) => values.forEach((value, k) => expect(value).toBeCloseTo(other.getWeights()[i]![k]!, 5)));
  });

  it('says where NaN came from, as always', async () => {
    const logarithm = defineActivation({ f: Math.log, df: (z) => 1 / z, name: 'log' });
    await expect(make(logarithm, backend).fit(x, y)).rejects.toThrow(/the output of layer 'dense_1' left the range of finite numbers/);
    await expect(make(logarithm, backend).fit(x, y)).rejects.toBeInstanceOf(TrainingError);
  });
});

describe('the kernels', () => {
  const z = Float32Array.from([...awkward, ...numbers(100, 9, 4)]);
  const work = (backend: WasmBackend | ReferenceBackend): Float32Array => {
    backend.extend();
    const [at, plan] = [1 << 16, 1 << 15];
    backend.memory.ensure(1 << 18);
    const { f32, i32 } = backend.memory;
    f32.set(z, at / 4);
    f32.set(numbers(z.length, 5, 2), at / 4 + 256);
    const common = { z: at, units: z.length / 4, activation: snake.place };
    i32.set(new PlanBuilder().add('definedForward', { out: at + 2048, ...common }).add('definedBackward', { dz: at + 3072, dout: at + 1024, ...common }).words(), plan / 4);
    backend.run(plan, 4);
    return f32.slice(at / 4 + 512, at / 4 + 1024);
  };

  it('have the same bits in wasm memory and in plain', () => {
    const [wasm, plain] = [work(new WasmBackend('wasm')), work(new ReferenceBackend(new BufferMemory(plainBuffer(0))))];
    expect(wasm).toEqual(plain);
    z.forEach((value, i) => {
      expect(wasm[i]).toBe(Math.fround(snake.f(value)));
      const slope = Math.fround(numbers(z.length, 5, 2)[i]! * snake.df(value));
      expect(wasm[256 + i]).toBe(Math.abs(slope) < 1e-30 ? 0 : slope);
    });
  });
});

describe.skipIf(!hasRelaxed)(`wasm-relaxed${relaxedNote}`, () => {
  it('calls them too', async () => {
    await loadBackend('wasm-relaxed');
    const [one, other] = [make(twin('tanh'), 'wasm-relaxed'), make('tanh', 'wasm-relaxed')];
    for (const model of [one, other]) await model.fit(x, y, { epochs: 10, batchSize: 8 });
    one.getWeights().forEach((values, i) => values.forEach((value, k) => expect(value).toBeCloseTo(other.getWeights()[i]![k]!, 5)));
  });
});

it('among backends that were made before, too', () => {
  // Its kernels were there before anything else was defined.
  const early = make(snake);
  const before = early.predict(x);
  const late = defineActivation({ f: (z) => snake.f(z), df: (z) => snake.df(z) });
  expect(make(late).predict(x)).toEqual(before);
  expect(early.predict(x)).toEqual(before);
});

describe('threads', () => {
  const train = async (threads: number, layers: () => Layer[], learningRate = 0.02): Promise<string> => {
    const model = sequential({ layers: layers(), seed: 5 });
    model.compile({ optimizer: momentum({ learningRate }), loss: 'meanSquaredError' });
    await model.fit(numbers(101 * 37, 1, 2), numbers(101 * 3, 2), { epochs: 3, batchSize: 27, threads });
    return hashWeights(model.getWeights());
  };

  it.each<[string, number, () => Layer[]]>([
    ['dense layers', 0.02, () => [dense({ units: 33, activation: snake, inputShape: [37] }), dense({ units: 19, activation: 'tanh', derivative: snake }), dense({ units: 3, activation: twin('sigmoid') })]],
    ['layers of their own', 1e-5, () => [activation({ activation: snake, inputShape: [37] }), dense({ units: 21 }), activation(cube), activation(snake), residual([dense({ units: 21, activation: snake })]), dense({ units: 3 })]],
  ])('do not matter: %s', async (_what, rate, layers) => {
    const hash = await train(1, layers, rate);
    expect(await train(2, layers, rate)).toBe(hash);
    expect(await train(3, layers, rate)).toBe(hash);
  });
});

/** Functions that throw when they are told to. */
function trap(): { activation: DefinedActivation; set(which: 'f' | 'df' | undefined, after?: number): void; error: Error } {
  let which: 'f' | 'df' | undefined;
  let left = 0;
  const error = new RangeError('a function of the user');
  const call = (name: 'f' | 'df', value: number): number => {
    if (which === name && left-- <= 0) throw error;
    return value;
  };
  return {
    error,
    activation: defineActivation({ f: (z) => call('f', Math.tanh(z)), df: (z) => call('df', 1 - Math.tanh(z) ** 2), name: 'trap' }),
    set(name, after = 0) {
      which = name;
      left = after;
    },
  };
}

describe.each(backends)('what it throws on %s', (backend) => {
  it('comes out of everything, and the model is as after its last complete step', async () => {
    const { activation: function_, set, error } = trap();
    const model = make('tanh', backend, 'linear', [dense({ units: 7, activation: function_ })]);
    await model.fit(x, y, { epochs: 2 });
    const before = model.getWeights();
    set('f', 5);
    expect(() => model.predict(x)).toThrow(error);
    expect(() => model.evaluate(x, y)).toThrow(error);
    expect(() => model.gradients(x, y)).toThrow(error);
    for (const which of ['f', 'df'] as const) {
      set(which, 9);
      expect(() => model.trainOnBatch(x, y)).toThrow(error);
      // One row at a time, in which plain descent moves weights as it goes back.
      set(which, 3);
      await expect(model.fit(x, y, { batchSize: 1, shuffle: false })).rejects.toBe(error);
      set(which, 3);
      expect(() => model.trainOnBatch(x.slice(0, 5), y.slice(0, 2))).toThrow(error);
    }
    set(undefined);
    expect(model.getWeights()).toEqual(before);
  });

  it('leaves a training that goes on as if nothing had been', async () => {
    const { activation: function_, set, error } = trap();
    const [model, other] = [make(function_, backend), make(function_, backend)];
    for (const one of [model, other]) one.compile({ optimizer: adam(), loss: 'meanSquaredError' });
    await model.fit(x, y, { epochs: 2, batchSize: 10 });
    set('df', 200);
    await expect(model.fit(x, y, { epochs: 3, initialEpoch: 2, batchSize: rows })).rejects.toBe(error);
    set(undefined);
    await model.fit(x, y, { epochs: 4, initialEpoch: 2, batchSize: 10 });
    await other.fit(x, y, { epochs: 4, batchSize: 10 });
    expect(model.getWeights()).toEqual(other.getWeights());
  });
});

describe.each([2, 3])('what it throws among %i threads', (threads) => {
  it.each(['f', 'df'] as const)('comes out of fit, and the model goes on: %s', async (which) => {
    const { activation: function_, set, error } = trap();
    const model = sequential({ layers: [dense({ units: 40, activation: 'relu', inputShape: [inputs] }), dense({ units: 30, activation: function_ }), dense({ units: 2 })], seed: 6 });
    const other = sequential({ layers: model.layers, seed: 6 });
    for (const one of [model, other]) {
      one.compile({ optimizer: adam(), loss: 'meanSquaredError' });
      await one.fit(x, y, { epochs: 2, batchSize: 16, threads });
    }
    set(which, 100);
    let evaluated: number | undefined;
    const onTrainError = (): void => {
      set(undefined);
      evaluated = model.evaluate(x, y)['loss'];
    };
    await expect(model.fit(x, y, { epochs: 3, initialEpoch: 2, batchSize: rows, threads, callbacks: [{ onTrainError }] })).rejects.toBe(error);
    expect(evaluated).toBe(other.evaluate(x, y)['loss']);
    expect(model.getWeights()).toEqual(other.getWeights());
    for (const one of [model, other]) await one.fit(x, y, { epochs: 4, initialEpoch: 2, batchSize: 16, threads });
    expect(model.getWeights()).toEqual(other.getWeights());
  });

  it('comes out of predict', () => {
    const { activation: function_, set, error } = trap();
    const model = make(function_);
    const before = model.predict(x);
    set('f', 50);
    expect(() => model.predict(x, { threads })).toThrow(error);
    set(undefined);
    expect(model.predict(x, { threads })).toEqual(before);
  });
});

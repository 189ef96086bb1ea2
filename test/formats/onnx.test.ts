/** ONNX: models written and read again, files of PyTorch, every form a graph may have, and everything a hostile file can be. */
import { describe, expect, it } from 'vitest';
import {
  activation, activations, batchNormalization, dense, dropout, FormatError, fromBytes, gaussianNoise, impute, layerNormalization, loadModel, normalization, oneHot, OptionError,
  residual, sequential, type ActivationSpec, type Layer, type Sequential,
} from '../../src/index.ts';
import { backends } from '../backends.ts';
import fixture from '../fixtures/onnx.json' with { type: 'json' };
import { numbers } from '../twins.ts';
import { floats, onnxFile, type HandFile, type HandNode, type HandTensor } from './onnxFile.ts';

const inputs = 7;
const x = numbers(5 * inputs, 3);

/** A model whose weights are none of those it begins with. */
function changed(layers: Layer[]): Sequential {
  const model = sequential({ layers, seed: 3, name: 'ours' });
  model.setWeights(model.getWeights().map((weight, i) => weight.map((value, j) => value + 0.3 * Math.abs(Math.sin(i + 3 * j + 1)))));
  return model;
}

const typesOf = (model: Sequential): string[] => model.layers.map(({ type }) => type);

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, most = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(Math.abs(actual[i]! - expected[i]!), `[${i}] ${actual[i]} ${expected[i]}`).toBeLessThanOrEqual(most * Math.max(1, Math.abs(expected[i]!)));
}

const specs: ActivationSpec[] = [
  ...Object.keys(activations) as (keyof typeof activations)[], { name: 'leakyRelu', alpha: 0.3 }, { name: 'elu', alpha: 0.4 }, { name: 'hardSigmoid', slope: 0.2, offset: 0.4 },
];

describe('a model that was written and read again', () => {
  it.each(specs.map((spec) => [JSON.stringify(spec), spec] as const))('predicts the same bits with activation %s', (_, spec) => {
    const alone = sequential({ layers: [activation({ activation: spec, inputShape: [inputs] })] });
    expect(fromBytes(alone.toBytes('onnx')).predict(x)).toEqual(alone.predict(x));
    const model = changed([dense({ units: 6, activation: spec, inputShape: [inputs] }), dense({ units: 3, useBias: false })]);
    const other = fromBytes(model.toBytes('onnx'));
    expect(typesOf(other)).toEqual(typesOf(model));
    expect(other.getWeights()).toEqual(model.getWeights());
    expect(other.predict(x)).toEqual(model.predict(x));
  });

  it.each(backends)('may have layers of every type, %s', (backend) => {
    const model = changed([
      normalization({ mean: [1, 2, -3, 0, 0.5, 4, 900], variance: [1, 4, 0.25, 2, 3, 9, 1e4] }), dense({ units: 8, activation: 'silu', name: 'input' }), batchNormalization({ epsilon: 0.01 }),
      dropout({ rate: 0.1 }), gaussianNoise({ stddev: 0.2 }), residual([layerNormalization({ center: false }), dense({ units: 9, activation: 'mish' }), residual([dense({ units: 9 })]), dense({ units: 8 })]),
      batchNormalization({ center: false, scale: false }), dense({ units: 3, activation: 'softmax', name: 'output' }),
    ]);
    const other = fromBytes(model.toBytes('onnx'), { backend });
    expect(typesOf(other)).toEqual(typesOf(model).filter((type) => type !== 'dropout' && type !== 'gaussianNoise'));
    expectClose(other.predict(x), model.predict(x), 1e-6);
    expect(fromBytes(other.toBytes('onnx'), { backend }).predict(x)).toEqual(other.predict(x));
  });

  it('may take what is missing, and codes', () => {
    const rows = Float32Array.of(0, 1.5, 2, NaN, 1, NaN, 0, 7, 5, 2, -1, -3, NaN, 4, 1.5, 0);
    const layers = (unknown: boolean): Layer[] => [oneHot({ categories: [2, 0, 3, 0], unknown }), impute({ fill: unknown ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : [1, 2, 3, 4, 5, 6, 7] })];
    for (const unknown of [true, false]) {
      const model = sequential({ layers: [...layers(unknown), normalization({ mean: 1, variance: 4 }), dense({ units: 3 })] });
      const other = fromBytes(model.toBytes('onnx'));
      expect(typesOf(other)).toEqual(['oneHot', 'impute', 'normalization', 'dense']);
      expect(other.predict(rows)).toEqual(model.predict(rows));
    }
    const filled = sequential({ layers: [impute({ fill: [1, 2, 3, 4] }), dense({ units: 2 })] });
    expect(fromBytes(filled.toBytes('onnx')).predict(rows)).toEqual(filled.predict(rows));
  });

  it('gives the same bytes, and keeps its name and what the user has with it', () => {
    const model = changed([dense({ units: 2, activation: 'relu6', inputShape: [3] })]);
    model.userMetadata = { classes: ['a', 'ä'] };
    const bytes = model.toBytes('onnx');
    expect(model.toBytes('onnx')).toEqual(bytes);
    const other = fromBytes(bytes);
    expect(other).toMatchObject({ name: 'ours', userMetadata: { classes: ['a', 'ä'] }, compiled: undefined });
    expect(other.toBytes('onnx')).toEqual(bytes);
  });

  it('may do nothing at all', () => {
    const model = sequential({ layers: [dropout({ rate: 0.5, inputShape: [inputs] }), residual([dropout({ rate: 0.5 })])] });
    expect(fromBytes(model.toBytes('onnx')).predict(x)).toEqual(model.predict(x));
    const passed = fromBytes(sequential({ layers: [dropout({ rate: 0.5, inputShape: [inputs] })] }).toBytes('onnx'));
    expect(passed.predict(x)).toEqual(x);
  });

  it('is of the format that is asked for, or that the name of a place says', async () => {
    const model = changed([dense({ units: 2, inputShape: [3] })]);
    let saved = new Uint8Array();
    await model.save({ save: (bytes) => (saved = bytes) }, { format: 'onnx' });
    expect(saved).toEqual(model.toBytes('onnx'));
    expect((await loadModel(saved)).getWeights()).toEqual(model.getWeights());
    expect(fromBytes(saved, { format: 'onnx' }).getWeights()).toEqual(model.getWeights());
    expect(() => fromBytes(saved, { format: 'safetensors' })).toThrow(FormatError);
    expect(() => fromBytes(model.toBytes(), { format: 'onnx' })).toThrow(FormatError);
    expect(() => fromBytes(saved, { architecture: model.layers })).toThrow(OptionError);
  });
});

describe('a file of PyTorch', () => {
  const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

  it.each(fixture.files.map((file) => [file.name, file.opset, file] as const))('is read: %s, opset %i', (_, _opset, file) => {
    expectClose(fromBytes(fromBase64(file.base64)).predict(Float32Array.from(file.x)), file.y);
  });

  it('becomes the layers it was made of', () => {
    const layersOf = (name: string, opset: number): string[] => {
      const { base64 } = fixture.files.find((file) => file.name === name && file.opset === opset)!;
      return fromBytes(fromBase64(base64)).layers.map(({ type, config }) => (type === 'dense' ? `dense ${config['activation'] as string}` : type));
    };
    expect(layersOf("GELU(approximate='none')", 9)).toEqual(['dense gelu', 'dense linear']);
    expect(layersOf("GELU(approximate='tanh')", 17)).toEqual(['dense geluTanh', 'dense linear']);
    expect(layersOf('Mish()', 17)).toEqual(['dense mish', 'dense linear']);
    expect(layersOf('HandGelu()', 17)).toEqual(['dense gelu', 'dense linear']);
    for (const opset of [9, 17]) expect(layersOf('layer normalisation', opset)).toEqual(['layerNormalization', 'dense gelu', 'layerNormalization', 'dense linear']);
    expect(layersOf('blocks', 17)).toEqual(['dense linear', 'residual', 'residual', 'dense linear']);
    expect(layersOf('a scaler', 17)).toEqual(['normalization', 'dense softmax']);
  });
});

const w = [0.5, -1, 0.25, 2, -0.75, 1.5];
/** [3, 2]. */
const kernel: HandTensor = { dims: [3, 2], values: w };
const transposed: HandTensor = { dims: [2, 3], values: [w[0]!, w[2]!, w[4]!, w[1]!, w[3]!, w[5]!] };
const rows = Float32Array.of(1, -2, 0.5, 3, 0.25, -1, 40, -50, 6);
const product = (a: ArrayLike<number>): number[] => [0, 1].map((unit) => a[0]! * w[unit]! + a[1]! * w[2 + unit]! + a[2]! * w[4 + unit]!);
const each = (f: (row: number[]) => number[]): number[] => [0, 1, 2].flatMap((i) => f([...rows.subarray(3 * i, 3 * i + 3)]));
const columnwise = (f: (value: number, column: number) => number): number[] => each((row) => row.map(f));
const scalar = (value: number): HandTensor => ({ dims: [], values: [value] });
const chain = (...ops: (readonly [op: string, ...more: string[]])[]): HandNode[] => ops.map(([op, ...more], i) => ({ op, in: [i === 0 ? 'x' : `v${i}`, ...more], out: `v${i + 1}` }));
const node = (op: string, from: readonly string[], attributes: NonNullable<HandNode['attributes']> = {}, out = 'y'): HandNode => ({ op, in: from, out, attributes });
const tanhGelu = (z: number): number => activations.geluTanh.f(z);

describe('a graph', () => {
  const cases: Record<string, [HandFile, number[], string[]?]> = {
    'with Gemm and all it can do': [
      { nodes: [node('Gemm', ['x', 'w', 'c'], { transB: { integer: 1 }, alpha: 2, beta: 0.5 })], tensors: { w: transposed, c: { dims: [1, 2], values: [4, 6] } } },
      each((row) => product(row).map((value, i) => 2 * value + [2, 3][i]!)), ['dense'],
    ],
    'with a summand of one number': [{ nodes: [node('Gemm', ['x', 'w', 'c'])], tensors: { w: kernel, c: scalar(3) } }, each((row) => product(row).map((value) => value + 3)), ['dense']],
    'with MatMul, Add and a transposed constant': [
      { nodes: [node('Transpose', ['t'], { perm: { integers: [1, 0] } }, 'w'), ...chain(['MatMul', 'w'], ['Add', 'c'])], tensors: { t: transposed, c: { dims: [2], values: [4, 6] } } },
      each((row) => product(row).map((value, i) => value + [4, 6][i]!)), ['dense'],
    ],
    'with constants before the weights': [
      { nodes: [...chain(['Relu'], ['Mul', 'a'], ['Sub', 'b'], ['MatMul', 'w'])], tensors: { w: kernel, a: { dims: [3], values: [1, -2, 0] }, b: scalar(1) } },
      each((row) => product(row.map((value, i) => Math.max(value, 0) * [1, -2, 0][i]! - 1))), ['activation', 'dense'],
    ],
    'with constants behind the weights': [
      { nodes: [node('MatMul', ['x', 'w'], {}, 'm'), node('Sub', ['c', 'm'], {}, 's'), node('Div', ['s', 'd'])], tensors: { w: kernel, c: { dims: [1, 2], values: [1, 2] }, d: scalar(4) } },
      each((row) => product(row).map((value, i) => ([1, 2][i]! - value) / 4)), ['dense'],
    ],
    'that scales its input': [
      { nodes: chain(['Sub', 'm'], ['Div', 'd']), tensors: { m: { dims: [3], values: [1, 2, 3] }, d: { dims: [1, 3], values: [2, 4, 0.5] } } },
      columnwise((value, i) => (value - [1, 2, 3][i]!) / [2, 4, 0.5][i]!), ['normalization'],
    ],
    'that turns its input round': [{ nodes: chain(['Neg'], ['Add', 'c']), tensors: { c: scalar(3) } }, columnwise((value) => 3 - value), ['batchNormalization']],
    'with a scaler of scikit-learn': [
      { nodes: [{ ...node('Scaler', ['x'], { offset: { floats: [1, 2, 3] }, scale: { floats: [0.5] } }), domain: 'ai.onnx.ml' }] }, columnwise((value, i) => (value - i - 1) / 2), ['normalization'],
    ],
    'with constant nodes of every kind': [
      {
        nodes: [
          { op: 'Constant', in: [], out: 'w', attributes: { value: { tensor: kernel } } }, { op: 'Constant', in: [], out: 'c', attributes: { value_floats: { floats: [4, 6] } } },
          { op: 'Constant', in: [], out: 'd', attributes: { value_float: 2 } }, { op: 'Constant', in: [], out: 'e', attributes: { value_int: { integer: -3 } } }, ...chain(['Gemm', 'w', 'c'], ['Mul', 'd'], ['Add', 'e']),
        ],
      },
      each((row) => product(row).map((value, i) => 2 * (value + [4, 6][i]!) - 3)), ['dense'],
    ],
    'with constants of other shapes': [
      {
        nodes: [
          node('Reshape', ['flat', 'shape'], {}, 'w'), node('Squeeze', ['c3', 'axes'], {}, 'c2'), node('Unsqueeze', ['c2', 'axes'], {}, 'c1'), node('Flatten', ['c1'], {}, 'c0'), node('Cast', ['c0'], { to: { integer: 1 } }, 'c'),
          ...chain(['MatMul', 'w'], ['Add', 'c']),
        ],
        tensors: {
          flat: { dims: [6], values: w }, c3: { dims: [1, 2], type: 11, write: (t) => t.bytes(10, new Uint8Array(Float64Array.of(4, 6).buffer)) },
          shape: { dims: [2], type: 7, write: (t) => [3, -1].forEach((dim) => t.integer(7, dim)) }, axes: { dims: [1], type: 7, write: (t) => t.integer(7, 0) },
        },
      },
      each((row) => product(row).map((value, i) => value + [4, 6][i]!)), ['dense'],
    ],
    'that is flattened': [{ input: ['N', 1, 3], nodes: [node('Relu', ['x'], {}, 'r'), node('Flatten', ['r'], {}, 'f'), node('MatMul', ['f', 'w'])], tensors: { w: kernel } }, each((row) => product(row.map((value) => Math.max(value, 0))))],
    'that is reshaped': [
      { input: ['N', 3, 1], nodes: [node('Reshape', ['x', 's'], {}, 'f'), node('MatMul', ['f', 'w'])], tensors: { w: kernel, s: { dims: [2], type: 7, write: (t) => [0, -1].forEach((dim) => t.integer(7, dim)) } } }, each(product), ['dense'],
    ],
    'of an unknown size': [{ input: undefined, nodes: [node('MatMul', ['x', 'w'])], tensors: { w: kernel } }, each(product)],
    'with nodes that do nothing': [
      { nodes: [node('Cast', ['x'], { to: { integer: 1 } }, 'a'), node('Identity', ['a'], {}, 'b'), { op: 'Dropout', in: ['b'], out: ['c', 'mask'] }, node('Clip', ['c'], {}, 'd'), node('MatMul', ['d', 'w'])], tensors: { w: kernel } }, each(product), ['dense'],
    ],
    'with inputs that are initializers, and several outputs': [{ otherInputs: ['w'], nodes: [node('MatMul', ['x', 'w'], {}, 'output'), node('ArgMax', ['output'])], outputs: ['y', 'output'], tensors: { w: kernel } }, each(product)],
    'with a slope for all': [{ nodes: [node('PRelu', ['x', 's'])], tensors: { s: { dims: [3], values: [0.5, 0.5, 0.5] } } }, columnwise((value) => (value > 0 ? value : value / 2)), ['activation']],
    'with bounds as attributes': [{ opset: 9, nodes: [node('Clip', ['x'], { min: 0, max: 6 })] }, columnwise((value) => Math.min(Math.max(value, 0), 6)), ['activation']],
    'with bounds as inputs': [{ nodes: [node('Clip', ['x', 'zero'])], tensors: { zero: scalar(0) } }, columnwise((value) => Math.max(value, 0)), ['activation']],
    'with a softmax of an old opset': [{ opset: 11, nodes: [node('Softmax', ['x'])] }, each((row) => [...activations.softmax.f(Float32Array.from(row))])],
    'with GELU of opset 20': [{ opset: 20, nodes: [node('Gelu', ['x'], { approximate: 'tanh' })] }, columnwise(tanhGelu)],
    'with exact GELU of opset 20': [{ opset: 20, nodes: [node('Gelu', ['x'])] }, columnwise((value) => activations.gelu.f(value))],
    'with Mish of opset 18': [{ opset: 18, nodes: [node('Mish', ['x'])] }, columnwise((value) => activations.mish.f(value))],
    'with GELU, half first': [
      { nodes: [node('Mul', ['half', 'x'], {}, 'h'), node('Mul', ['x', 'root'], {}, 'r'), node('Erf', ['r'], {}, 'e'), node('Add', ['one', 'e'], {}, 'a'), node('Mul', ['a', 'h'])], tensors: { half: scalar(0.5), root: scalar(Math.SQRT1_2), one: scalar(1) } },
      columnwise((value) => activations.gelu.f(value)), ['activation'],
    ],
    'with GELU, half last, in a network': [
      {
        nodes: [
          node('Relu', ['x'], {}, 'p'), node('Div', ['p', 'root'], {}, 'r'), node('Erf', ['r'], {}, 'e'), node('Add', ['e', 'one'], {}, 'a'), node('Mul', ['p', 'a'], {}, 'm'), node('Mul', ['m', 'half'], {}, 'g'), node('MatMul', ['g', 'w']),
        ],
        tensors: { half: scalar(0.5), root: scalar(Math.SQRT2), one: scalar(1), w: kernel },
      },
      each((row) => product(row.map((value) => activations.gelu.f(Math.max(value, 0))))), ['activation', 'activation', 'dense'],
    ],
    'with GELU by tanh': [
      {
        nodes: [
          node('Pow', ['x', 'three'], {}, 'p'), node('Mul', ['k', 'p'], {}, 'k3'), node('Add', ['x', 'k3'], {}, 's'), node('Mul', ['s', 'c'], {}, 'u'), node('Tanh', ['u'], {}, 't'), node('Add', ['t', 'one'], {}, 'a'),
          node('Mul', ['half', 'a'], {}, 'h'), node('Mul', ['x', 'h']),
        ],
        tensors: { three: scalar(3), k: scalar(0.044715), c: scalar(0.7978845608), one: scalar(1), half: scalar(0.5) },
      },
      columnwise(tanhGelu), ['activation'],
    ],
    'with SiLU by an exponential': [
      { nodes: [node('Neg', ['x'], {}, 'n'), node('Exp', ['n'], {}, 'e'), node('Add', ['one', 'e'], {}, 'a'), node('Div', ['x', 'a'])], tensors: { one: scalar(1) } }, columnwise((value) => activations.silu.f(value)), ['activation'],
    ],
    'with SiLU of scaled values': [
      { nodes: [node('Mul', ['x', 'two'], {}, 's'), node('Sigmoid', ['s'], {}, 'g'), node('Mul', ['g', 's'])], tensors: { two: scalar(2) } }, columnwise((value) => activations.silu.f(2 * value)), ['normalization', 'activation'],
    ],
    'with hard swish and relu6': [
      { nodes: [node('Add', ['x', 'three'], {}, 'a'), node('Max', ['a', 'zero'], {}, 'm'), node('Min', ['six', 'm'], {}, 'c'), node('Mul', ['x', 'c'], {}, 'p'), node('Div', ['p', 'six'])], tensors: { three: scalar(3), six: scalar(6), zero: scalar(0) } },
      columnwise((value) => activations.hardSwish.f(value)), ['activation'],
    ],
    'with a sum of a value with itself': [{ nodes: [node('Add', ['x', 'x'])] }, columnwise((value) => 2 * value)],
    'with a block, the other way round': [{ nodes: [node('MatMul', ['x', 's'], {}, 'm'), node('Tanh', ['m'], {}, 't'), node('Add', ['t', 'x'])], tensors: { s: { dims: [3, 3], values: [1, 0, 0, 0, 1, 0, 0, 0, 1] } } }, columnwise((value) => value + Math.tanh(value)), ['residual']],
    'with normalisation over rows, and a factor behind it': [
      { nodes: [node('LayerNormalization', ['x', 'g'], { epsilon: 0.5 }, 'n'), node('Mul', ['n', 'two'])], tensors: { g: { dims: [3], values: [1, 2, 3] }, two: scalar(2) } },
      each((row) => {
        const mean = (row[0]! + row[1]! + row[2]!) / 3;
        const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 3;
        return row.map((value, i) => (2 * (i + 1) * (value - mean)) / Math.sqrt(variance + 0.5));
      }), ['layerNormalization'],
    ],
  };
  it.each(Object.entries(cases))('%s is read', (_, [file, expected, types]) => {
    const model = fromBytes(onnxFile(file));
    expectClose(model.predict(rows), expected, 2e-6);
    if (types !== undefined) expect(typesOf(model)).toEqual(types);
  });

  const halves = [0x3800, 0xbc00, 0x3400, 0x4000, 0xba00, 0x3e00];
  const brains = [0x3f00, 0xbf80, 0x3e80, 0x4000, 0xbf40, 0x3fc0];
  const doubles = new Uint8Array(Float64Array.from(w).buffer);
  const kinds: Record<string, Omit<HandTensor, 'dims'>> = {
    'packed floats': { write: (t) => t.bytes(4, floats(w)) },
    'floats one by one': { write: (t) => w.forEach((value) => t.float(4, value)) },
    'raw doubles': { type: 11, write: (t) => t.bytes(9, doubles) },
    'packed doubles': { type: 11, write: (t) => t.bytes(10, doubles) },
    'raw halves': { type: 10, write: (t) => t.bytes(9, new Uint8Array(Uint16Array.from(halves).buffer)) },
    'halves as integers': { type: 10, write: (t) => halves.forEach((bits) => t.integer(5, bits)) },
    'raw brain floats': { type: 16, write: (t) => t.bytes(9, new Uint8Array(Uint16Array.from(brains).buffer)) },
    'brain floats as integers': { type: 16, write: (t) => brains.forEach((bits) => t.integer(5, bits)) },
  };
  it.each(Object.entries(kinds))('may have weights as %s', (_, kind) => {
    const model = fromBytes(onnxFile({ nodes: [node('MatMul', ['x', 'w'])], tensors: { w: { dims: [3, 2], ...kind } } }));
    expect([...model.getWeights()[0]!]).toEqual(w);
  });
});

describe('what cannot be read is named', () => {
  const one = { one: scalar(1) };
  const square: HandTensor = { dims: [3, 3], values: [1, 0, 0, 0, 1, 0, 0, 0, 1] };
  const matMul: HandFile = { nodes: [node('MatMul', ['x', 'w'])], tensors: { w: kernel } };
  const withTensor = (tensor: HandTensor): HandFile => ({ ...matMul, tensors: { w: tensor } });
  const cases: Record<string, [HandFile, RegExp]> = {
    'an operation': [{ nodes: [{ op: 'Conv', in: ['x', 'w'], out: 'y', name: 'conv1' }], tensors: { w: kernel } }, /node 'conv1' \(Conv\): no layer does that/],
    'an operation of another domain': [{ nodes: [{ ...node('ZipMap', ['x']), domain: 'ai.onnx.ml' }] }, /node 0 \(ai\.onnx\.ml\.ZipMap\)/],
    'labels for outputs': [{ nodes: [...chain(['MatMul', 'w']), { op: 'ArgMax', in: ['v1'], out: 'label', name: 'argmax' }], tensors: { w: kernel } }, /node 'argmax' \(ArgMax\)/],
    'another output of a node': [{ nodes: [{ op: 'Dropout', in: ['x'], out: ['y', 'mask'] }], outputs: ['mask'] }, /output\[1\] of node 0 \(Dropout\)/],
    'a cast to integers': [{ nodes: [node('Cast', ['x'], { to: { integer: 7 } })] }, /node 0 \(Cast\)/],
    'dropout that is at work': [{ nodes: [node('Dropout', ['x', '', 'on'])], tensors: { on: { dims: [], type: 9, write: (t) => t.bytes(9, Uint8Array.of(1)) } } }, /Dropout/],
    'two inputs': [{ ...matMul, otherInputs: ['mask'] }, /one input that is no initializer; received 'x', 'mask'/],
    'an input of one dimension': [{ ...matMul, input: [3] }, /input 'x': expected a shape of two dimensions/],
    'an input of three dimensions': [{ ...matMul, input: ['N', 5, 3] }, /node 0 \(MatMul\): expected an input of two dimensions/],
    'transposed data': [{ ...matMul, nodes: [node('Gemm', ['x', 'w'], { transA: { integer: 1 } })] }, /node 0 \(Gemm\) transA/],
    'data as weights': [{ nodes: [node('MatMul', ['w', 'x'])], tensors: { w: square } }, /node 0 \(MatMul\) weights: expected a constant/],
    'weights that are no matrix': [withTensor({ dims: [1, 3, 2], values: w }), /weights: expected a matrix; received \[1, 3, 2\]/],
    'weights for other rows': [{ ...matMul, input: ['N', 4] }, /node 0 \(MatMul\): expected weights for rows of 4 values; received 3/],
    'a summand that is no row': [{ nodes: [node('Gemm', ['x', 'w', 'c'])], tensors: { w: kernel, c: { dims: [2, 1], values: [1, 2] } } }, /C: expected numbers of one row; received \[2, 1\]/],
    'a summand of another size': [{ nodes: [node('Add', ['x', 'c'])], tensors: { c: { dims: [2], values: [1, 2] } } }, /expected 1 number, or 3, one for each column; received 2/],
    'other bounds': [{ nodes: [node('Clip', ['x', 'one'])], tensors: one }, /node 0 \(Clip\): expected bounds.*received 1 and Infinity/],
    'a softmax over rows': [{ nodes: [node('Softmax', ['x'], { axis: { integer: 0 } })] }, /Softmax\) axis: expected 1 or -1/],
    'other parameters of SELU': [{ nodes: [node('Selu', ['x'], { alpha: 2 })] }, /Selu\) alpha: expected 1\.67/],
    'slopes that differ': [{ nodes: [node('PRelu', ['x', 's'])], tensors: { s: { dims: [3], values: [1, 2, 3] } } }, /PRelu\) slope: expected one number/],
    'statistics of the batch': [{ nodes: [node('BatchNormalization', ['x', 'r', 'r', 'r', 'r'], { training_mode: { integer: 1 } })], tensors: { r: { dims: [3], values: [1, 1, 1] } } }, /training_mode/],
    'an epsilon of 0': [{ nodes: [node('LayerNormalization', ['x', 'r'], { epsilon: 0 })], tensors: { r: { dims: [3], values: [1, 1, 1] } } }, /epsilon: expected a number above 0/],
    'an unknown function': [{ nodes: [node('Mul', ['x', 'f'], {}, 'a'), node('Sigmoid', ['a'], {}, 's'), node('Mul', ['x', 's'])], tensors: { f: scalar(1.702) } }, /node 2 \(Mul\)/],
    'two branches with weights': [{ nodes: [node('MatMul', ['x', 's'], {}, 'a'), node('MatMul', ['x', 's'], {}, 'b'), node('Add', ['a', 'b'])], tensors: { s: square } }, /one value that all others come from/],
    'a block of another size': [{ input: undefined, nodes: [node('MatMul', ['x', 'w'], {}, 'a'), node('Add', ['x', 'a'])], tensors: { w: kernel } }, /a branch that gives rows of 3 values, as it takes; received 2/],
    'blocks that are too deep': [
      { nodes: Array.from({ length: 40 }, (_, i) => node('Tanh', [i === 0 ? 'x' : `t${i - 1}`], {}, `t${i}`)).concat(Array.from({ length: 39 }, (_, i) => node('Add', [`t${38 - i}`, i === 0 ? 't39' : `s${i - 1}`], {}, `s${i}`))) }, /blocks at most 32 deep/,
    ],
    'a shape that is computed': [{ nodes: [node('Shape', ['x'], {}, 's'), node('Reshape', ['x', 's'])] }, /Reshape\) shape: expected a constant/],
    'a shape that is no matrix': [{ nodes: [node('Reshape', ['x', 's'])], tensors: { s: { dims: [1], type: 7, write: (t) => t.integer(7, -1) } } }, /Reshape\) shape/],
    'a size that nothing says': [{ input: undefined, nodes: [node('Relu', ['x'])] }, /graph input: expected a shape/],
    'a size that a few bytes must not ask for': [{ input: ['N', 2 ** 40], nodes: [node('Neg', ['x'])] }, /graph input: expected rows of 1 to/],
    'wide columns made again and again': [
      { input: ['N', 2 ** 20], nodes: Array.from({ length: 40 }, (_, i) => node(i % 2 === 0 ? 'Neg' : 'Relu', [i === 0 ? 'x' : `t${i - 1}`], {}, `t${i}`)) }, /node 16 \(Neg\): expected a model with about as many numbers as the file has/,
    ],
    'numbers turned over again and again': [
      { nodes: [...Array.from({ length: 100 }, (_, i) => node('Transpose', ['w'], {}, `w${i}`)), node('Relu', ['x'])], tensors: { w: { dims: [512, 512], write: (t) => t.bytes(9, new Uint8Array(2 ** 20)) } } },
      /node 72 \(Transpose\): expected a model with about as many numbers as the file has/,
    ],
    'weights used again and again': [
      {
        input: ['N', 512], tensors: { w: { dims: [512, 512], write: (t) => t.bytes(9, new Uint8Array(2 ** 20)) } },
        nodes: Array.from({ length: 80 }, (_, i) => node('Gemm', [i === 0 ? 'x' : `t${i - 1}`, 'w'], { transB: { integer: 1 } }, `t${i}`)),
      }, /node 8 \(Gemm\): expected a model with about as many numbers as the file has/,
    ],
    'an output that is a constant': [{ nodes: [node('Identity', ['one'])], tensors: one }, /graph output: expected a value that comes from the input/],
    'an output that is not there': [{ ...matMul, outputs: ['z'] }, /graph: expected an output that a node gives; received 'z'/],
    'a cycle': [{ nodes: [node('Add', ['x', 'b'], {}, 'a'), node('Relu', ['a'], {}, 'b')] }, /node 0 \(Add\) input\[1\]: expected a value that.*received 'b'/],
    'an input that is missing': [{ nodes: [node('Relu', ['z'])] }, /received 'z'/],
    'a name that comes twice': [{ nodes: [node('Relu', ['x'], {}, 'a'), node('Relu', ['x'], {}, 'a')] }, /node 1 \(Relu\) output\[0\]: expected a name of its own; received 'a' again/],
    'a tensor that comes twice': [{ ...matMul, more: (graph) => graph.message(5, (t) => { t.integer(2, 1); t.text(8, 'w'); t.bytes(9, new Uint8Array(4)); }) }, /initializer\[1\]: expected each name once; received 'w' again/],
    'external data': [withTensor({ dims: [3, 2], write: (t) => { t.message(13, () => undefined); t.integer(14, 1); } }), /initializer\[0\] 'w': expected values in the file itself/],
    'a segment': [withTensor({ dims: [3, 2], values: w, write: (t) => t.message(3, () => undefined) }), /a segment of one/],
    'a kind of tensor': [withTensor({ dims: [3, 2], type: 8 }), /data_type: expected one of 1 \(FLOAT\)/],
    'too few bytes': [withTensor({ dims: [3, 3], values: w }), /initializer\[0\] 'w': expected 36 bytes for FLOAT \[3, 3\]; received 24/],
    'too few values': [withTensor({ dims: [3, 3], write: (t) => t.bytes(4, floats(w)) }), /expected 9 values for FLOAT \[3, 3\]; received 6/],
    'a shape beyond all memory': [withTensor({ dims: [2 ** 40, 2 ** 40], values: w }), /dims: expected whole numbers/],
    'a negative shape': [withTensor({ dims: [-3, -2], values: w }), /dims: expected whole numbers/],
    'an old opset': [{ ...matMul, opset: 6 }, /opset_import: expected version 7/],
    'a name that is no JSON': [{ ...matMul, metadata: { 'nabla.name': '{' } }, /metadata nabla\.name: expected JSON/],
    'a name that is no name': [{ ...matMul, metadata: { 'nabla.name': '3' } }, /name/],
    'a dangerous key': [{ ...matMul, metadata: { 'nabla.userMetadata': '{"__proto__":1}' } }, /__proto__/],
  };
  it.each(Object.entries(cases))('%s', (_, [file, sentence]) => {
    const bytes = onnxFile(file);
    expect(() => fromBytes(bytes)).toThrow(FormatError);
    expect(() => fromBytes(bytes)).toThrow(sentence);
    expect(() => fromBytes(bytes)).toThrow(/^fromBytes: /);
  });

  it('a layer that has no form in ONNX', () => {
    const model = sequential({ layers: [{ ...dense({ units: 2, inputShape: [3] }), type: 'own' }] });
    expect(() => model.toBytes('onnx')).toThrow(new OptionError("onnx: layer 'own_1' (own) has no form in ONNX"));
  });
});

describe('a damaged file', () => {
  const whole = changed([dense({ units: 2, activation: 'gelu', inputShape: [3] }), layerNormalization(), dense({ units: 2, activation: 'softmax' })]).toBytes('onnx');
  const attempt = (bytes: Uint8Array): 'a model' | 'an error' => {
    try {
      fromBytes(bytes, { format: 'onnx', backend: 'reference' });
      return 'a model';
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return 'an error';
    }
  };

  it('that was cut short gives a FormatError', () => {
    for (let length = 0; length < whole.length; length++) {
      // The metadata stand at the end; what comes before them is a file.
      const expected = whole.length - length <= 40 ? ['a model', 'an error'] : ['an error'];
      expect(expected).toContain(attempt(whole.subarray(0, length)));
    }
  });

  it('with any one byte changed gives a FormatError or a model', () => {
    const results = new Set<string>();
    for (let at = 0; at < whole.length; at++) {
      for (const mask of [1, 8, 128, 255]) results.add(attempt(whole.map((byte, i) => (i === at ? byte ^ mask : byte))));
    }
    expect(results).toEqual(new Set(['a model', 'an error']));
  });
});

/** Models as JavaScript: run here, on Node and in a page, against the models themselves; and what there is to say about the text. */
import { describe, expect, it } from 'vitest';
import { dense, exportCode, OptionError, sequential, type ExportCodeOptions } from '../../src/index.ts';
import { codeFor } from '../../src/formats/code/exportCode.ts';
import { base64Lines, commentText, cString, digits, identifier, scriptString } from '../../src/formats/code/text.ts';
import { Random } from '../../src/random.ts';
import { codeCases, difference, hostile, overflowing, tableCases, type TableCase } from './codeModels.ts';

interface Module {
  predict(row: ArrayLike<number>): Float32Array;
  predict(rows: readonly ArrayLike<number>[]): Float32Array[];
  selfTest(): boolean;
  predictRecord(record: object): { label?: unknown; probability?: number; probabilities?: Record<string, number>; value?: number };
}

/** A page has its own policies for `data:`, and Node no `blob:`. */
async function imported(source: string): Promise<Module> {
  const url = typeof document === 'undefined'
    ? `data:text/javascript;charset=utf-8,${encodeURIComponent(source)}` : URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  return await import(/* @vite-ignore */ url) as Module;
}

const small = (options: { name?: string } = {}) => sequential({ layers: [dense({ units: 2, inputShape: [3], activation: 'tanh' })], seed: 5, ...options });

describe('JavaScript', () => {
  it.each(codeCases())('predicts what the model does: $name', async ({ model, rows }) => {
    const { predict, selfTest } = await imported(exportCode(model, { language: 'js' }));
    expect(selfTest()).toBe(true);
    for (const one of rows) expect(difference(predict(one), model.predict(one))).toBeLessThan(1e-5);
    expect(predict(rows)).toEqual(rows.map((one) => predict([...one])));
  });

  it('refuses rows of another size, and says which', async () => {
    const { predict } = await imported(exportCode(small(), { language: 'js' }));
    expect(() => predict([1, 2])).toThrow(new RangeError('expected a row of 3 numbers, received 2'));
    expect(() => predict([[1, 2, 3], [1]])).toThrow('received 1');
  });

  it('has the weights to the bit, whichever way they are written', async () => {
    const values = Float32Array.from({ length: 3000 }, (_, i) => Math.fround(new Random(i, 'sampling').normal() * 10 ** ((i % 70) - 35)));
    const model = sequential({ layers: [dense({ units: 3000, inputShape: [1], useBias: false })] });
    model.setWeights([values]);
    const few = sequential({ layers: [dense({ units: 300, inputShape: [1], useBias: false })] });
    few.setWeights([values.subarray(0, 300)]);
    expect(exportCode(model, { language: 'js' })).toContain('decode(`');
    expect(exportCode(few, { language: 'js' })).not.toContain('decode');
    expect((await imported(exportCode(model, { language: 'js' }))).predict([1])).toEqual(values);
    expect((await imported(exportCode(few, { language: 'js' }))).predict([1])).toEqual(values.subarray(0, 300));
  });

  it('tells in its self-test where something is wrong', async () => {
    const text = exportCode(small(), { language: 'js' });
    expect((await imported(text)).selfTest()).toBe(true);
    expect((await imported(text.replace('Math.tanh(', 'Math.sin('))).selfTest()).toBe(false);
    // Also where the model itself has nothing to say.
    expect(exportCode(overflowing(), { language: 'js' })).toMatch(/expected = \[\s*NaN, NaN,/);
    expect((await imported(exportCode(overflowing(), { language: 'js' }))).selfTest()).toBe(true);
  });
});

describe('JavaScript of a model of a table', () => {
  const code = async ({ snapshot, model }: TableCase): Promise<Module> => await imported(codeFor(snapshot, 'js', 'table', (one) => model.predict(one)));

  it('takes records, and names the classes', async () => {
    const one = tableCases().classes;
    const { predictRecord, predict, selfTest } = await code(one);
    expect(selfTest()).toBe(true);
    const labels = one.features.target.labels!;
    const rest = one.features.inputs.slice(3);
    for (const [i, label] of labels.entries()) {
      const record = { age: 41 + i, sunny: true, island: 'Dream', ...Object.fromEntries(rest.map(({ name }) => [name, label])), 'id "*/': 7, '*/ species': 'x' };
      const expected = predict([41 + i, 1, 1, ...rest.map(() => i)]);
      const best = expected.indexOf(Math.max(...expected));
      expect(predictRecord(record)).toEqual({
        label: labels[best], probability: expected[best], probabilities: Object.fromEntries(labels.map((name, k) => [String(name), expected[k]] as const)),
      });
    }
    // What is missing, or an unknown word, is NaN.
    const missing = predict([NaN, NaN, ...rest.map(() => NaN), NaN]);
    expect(predictRecord({}).probability).toBe(Math.max(...missing));
    expect(predictRecord({ age: null, sunny: undefined, island: 'Atlantis' }).probability).toBe(Math.max(...missing));
  });

  it('has one output for two classes, and a value in a regression', async () => {
    const two = await code(tableCases()['two classes']);
    const [second = 0] = two.predict([30, 0]);
    expect(two.predictRecord({ age: 30, island: 'Biscoe' })).toEqual({ label: second > 0.5, probability: Math.max(second, 1 - second), probabilities: { false: 1 - second, true: second } });
    const value = await code(tableCases().value);
    expect(value.predictRecord({ age: '30', island: 'Biscoe' })).toEqual({ value: value.predict([0, 30])[0] });
  });

  it.each<[object, string]>([
    [{ agee: 3 }, 'there is no column agee'],
    [{ age: 'many' }, 'column age: expected a number, received many'],
    [{ age: true }, 'column age: expected a number, received true'],
    [{ age: [3] }, 'column age: expected a number, received 3'],
    [{ age: Infinity }, 'column age: expected a number, received Infinity'],
    [{ sunny: 'perhaps' }, 'column sunny: expected a boolean, received perhaps'],
    [{ island: {} }, 'column island: expected a category, received [object Object]'],
  ])('refuses %o', async (record, message) => {
    const { predictRecord } = await code(tableCases().classes);
    expect(() => predictRecord(record)).toThrow(new TypeError(message));
  });

  it('takes the words of a boolean', async () => {
    const { predictRecord } = await code(tableCases().classes);
    for (const word of [true, 1, 'Yes', 't']) expect(predictRecord({ sunny: word })).toEqual(predictRecord({ sunny: true }));
    for (const word of [false, 0, 'no', 'F']) expect(predictRecord({ sunny: word })).toEqual(predictRecord({ sunny: false }));
    expect(predictRecord({ sunny: true })).not.toEqual(predictRecord({ sunny: false }));
  });
});

describe('exportCode', () => {
  it.each(['js', 'ts', 'c'] as const)('gives the same text for the same model, without what models do not need: %s', (language) => {
    const text = exportCode(small(), { language });
    expect(exportCode(small(), { language })).toBe(text);
    expect(text).not.toMatch(/import|eval|require|malloc|softmax|erfc/);
    expect(text.length).toBeLessThan(2600);
  });

  it('takes a name, otherwise that of the model, and the seed for its test', () => {
    expect(exportCode(small({ name: 'digits' }), { language: 'c' })).toContain('void digits_predict(');
    expect(exportCode(small({ name: 'digits' }), { language: 'c', name: 'My net-2' })).toContain('void My_net_2_predict(');
    expect(exportCode(small({ name: 'digits' }), { language: 'js', name: 'My net' })).toContain(' * My net, exported by nabla.');
    const other = sequential({ layers: [dense({ units: 2, inputShape: [3], activation: 'tanh' })], seed: 6 });
    other.setWeights(small().getWeights());
    expect(exportCode(other, { language: 'js' })).not.toBe(exportCode(small(), { language: 'js' }));
  });

  it.each<[unknown, string]>([
    [undefined, 'exportCode: expected an object of options'],
    [{ language: 'js', nmae: 'x' }, "unknown option 'nmae', did you mean 'name'"],
    [{ language: 'cpp' }, "exportCode language: expected one of js, ts, c; received 'cpp'"],
    [{ language: 'c', name: '' }, 'exportCode name: expected a word'],
  ])('refuses %o', (options, message) => {
    const attempt = () => exportCode(small(), options as ExportCodeOptions);
    expect(attempt).toThrow(OptionError);
    expect(attempt).toThrow(message);
  });
});

describe('numbers and words', () => {
  it('are the shortest digits that stand for one float32', () => {
    expect([0.1, 0.5, 1 / 3, -2, 16777216, 1e-45, 3.4028234663852886e38, -0, NaN, -Infinity].map((value) => digits(Math.fround(value))))
      .toEqual(['0.1', '0.5', '0.33333334', '-2', '16777216', '1.4013e-45', '3.4028235e+38', '-0', 'NaN', '-Infinity']);
    const words = new Uint32Array(20_000);
    const random = new Random(1, 'sampling');
    const values = new Float32Array(words.map(() => random.uint32()).buffer).filter(Number.isFinite);
    expect(values.length).toBeGreaterThan(19_000);
    for (const value of values) if (Math.fround(Number(digits(value))) !== value) expect(digits(value)).toBe(value);
    expect(Math.max(...Array.from(values, (value) => digits(value).replace(/[-.]|e.*/g, '').replace(/^0+|0+$/g, '').length))).toBe(9);
  });

  it('are base64 of the bytes', () => {
    for (const length of [1, 2, 3, 100]) {
      const values = Float32Array.from({ length }, (_, i) => Math.sin(i + 1));
      const bytes = Uint8Array.from(atob(base64Lines(values).replaceAll('\n', '')), (letter) => letter.charCodeAt(0));
      expect(new Float32Array(bytes.buffer)).toEqual(values);
    }
  });

  it.each(hostile)('cannot leave a comment or a string: %j', (text) => {
    expect(commentText(text)).not.toMatch(/\*\/|\/\*|[\n\r\u2028\u2029\\@<?]|[\u202a-\u202e\u2066-\u2069]/);
    expect(scriptString(text)).not.toMatch(/[\n\r\u2028\u2029<]|[\u202a-\u202e\u2066-\u2069]/);
    expect(JSON.parse(scriptString(text))).toBe(text);
    expect(cString(text)).toMatch(/^"([ !#->@-[\]-~]|\\[0-3][0-7]{2})*"$/);
    expect(identifier(text)).toMatch(/^[A-Za-z][A-Za-z0-9_]{0,29}$/);
  });
});

/** Cross-validation: it does what fitting and evaluating by hand does, fold by fold, and says mean and deviation. */
import { describe, expect, it } from 'vitest';
import { crossValidate, DataError, dense, kFold, OptionError, sequential, sgd, ShapeError, type LossName, type NablaError, type Sequential } from '../../src/index.ts';
import { numbers } from '../twins.ts';

const rows = 46;
const x = numbers(rows * 3, 1);
const y = Array.from({ length: rows }, (_, i) => (i < 30 ? 0 : i < 40 ? 1 : 2));

function build(fold = 0, loss: LossName = 'sparseCategoricalCrossentropy'): Sequential {
  const model = sequential({ layers: [dense({ units: loss === 'meanSquaredError' ? 1 : 3, activation: loss === 'meanSquaredError' ? 'linear' : 'softmax', inputShape: [3] })], seed: fold });
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss, metrics: loss === 'meanSquaredError' ? [] : ['accuracy'] });
  return model;
}

const pick = (values: ArrayLike<number>, columns: number, chosen: Uint32Array): number[] =>
  [...chosen].flatMap((row) => Array.from({ length: columns }, (_, i) => values[row * columns + i]!));

describe('crossValidate', () => {
  it('is fit and evaluate on stratified folds', async () => {
    const result = await crossValidate(build, x, y, { folds: 3, seed: 7, epochs: 4, batchSize: 8 });
    const expected = [];
    for (const [fold, { train, test }] of kFold(rows, { folds: 3, seed: 7, stratify: y }).entries()) {
      const model = build(fold);
      await model.fit(pick(x, 3, train), pick(y, 1, train), { epochs: 4, batchSize: 8 });
      expected.push(model.evaluate(pick(x, 3, test), pick(y, 1, test)));
    }
    expect(result.folds).toEqual(expected);
    const losses = expected.map((logs) => logs['loss']!);
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / 3;
    expect(result.mean['loss']).toBeCloseTo(mean, 12);
    expect(result.standardDeviation['loss']).toBeCloseTo(Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / 2), 12);
    expect(Object.keys(result.standardDeviation)).toEqual(['loss', 'accuracy']);
  });

  it('does not stratify numbers, and stratifies classes unless told', async () => {
    const own = (stratify?: number[]) => kFold(rows, { folds: 2, seed: 3, ...(stratify && { stratify }) });
    const regression = (fold: number): Sequential => build(fold, 'meanSquaredError');
    expect(await crossValidate(regression, x, y, { folds: 2, seed: 3 })).toEqual(await crossValidate(regression, x, y, { folds: own() }));
    expect(await crossValidate(build, x, y, { folds: 2, seed: 3, stratify: false })).toEqual(await crossValidate(build, x, y, { folds: own() }));
    expect(await crossValidate(build, x, y, { folds: 2, seed: 3 })).toEqual(await crossValidate(build, x, y, { folds: own(y) }));
    expect(own()).not.toEqual(own(y));
  });

  it('disposes of its models', async () => {
    const models: Sequential[] = [];
    await crossValidate((fold) => models[fold] = build(fold), x, y);
    expect(models.length).toBe(5);
    for (const model of models) expect(() => model.predict(x)).toThrow(/disposed/);
  });

  const same = build();
  it.each<[string, () => Promise<unknown>, new (...args: never[]) => NablaError, RegExp]>([
    ['the same model twice', () => crossValidate(() => same, x, y), OptionError, /a new model for every fold/],
    ['a model instead of a function', () => crossValidate(same as never, x, y), OptionError, /build: expected a function/],
    ['a function that gives none', () => crossValidate((() => undefined) as never, x, y), OptionError, /expected a compiled model, received undefined/],
    ['a model that is not compiled', () => crossValidate(() => sequential({ layers: [dense({ units: 1, inputShape: [3] })] }), x, y), OptionError, /expected a compiled model/],
    ['validation data', () => crossValidate(build, x, y, { validationSplit: 0.1 } as never), OptionError, /validationSplit has no place here/],
    ['an unknown option', () => crossValidate(build, x, y, { epoch: 3 } as never), OptionError, /unknown option 'epoch'/],
    ['fewer targets', () => crossValidate(build, x, y.slice(1)), ShapeError, /46 rows of x and 45 of y/],
    ['folds beyond the rows', () => crossValidate(build, x.slice(0, 9), y.slice(0, 3), { folds: kFold(4, { folds: 2 }) }), DataError, /row numbers below 3, received 3/],
    ['folds of nothing', () => crossValidate(build, x, y, { folds: [{}, {}] as never }), OptionError, /folds\[0\] train: expected a Uint32Array/],
    ['one fold', () => crossValidate(build, x, y, { folds: kFold(rows).slice(1, 2) }), OptionError, /at least 2/],
    ['no folds', () => crossValidate(build, x, y, { folds: [] }), OptionError, /at least 2/],
  ])('refuses %s', async (_what, work, kind, message) => {
    const error: unknown = await work().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(kind);
    expect((error as NablaError).message).toMatch(message);
  });
});

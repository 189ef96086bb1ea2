/** Metrics: as scikit-learn computes them (test/fixtures/makeMetrics.py), by their definitions on random data, and in every form of input. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accuracyScore, calibrationError, classificationReport, confusionMatrix, confusionScores, cosineSimilarity, DataError, dense, f1Score, logLoss, mae, mse, OptionError, precision,
  r2Score, recall, rmse, rocAuc, rocCurve, sequential, sgd, ShapeError, topKAccuracy, type Average, type LossName, type MatrixLike, type NablaError,
} from '../../src/index.ts';
import fixture from '../fixtures/metrics.json' with { type: 'json' };
import { expectClose } from '../close.ts';
import { numbers } from '../twins.ts';

/** Both sides compute in double precision, in other orders. */
const tolerance = 1e-12;
const plain = (matrix: readonly ArrayLike<number>[]): number[][] => matrix.map((row) => Array.from(row));
const rowsOf = (values: ArrayLike<number>, columns: number): number[][] =>
  Array.from({ length: values.length / columns }, (_, row) => Array.from({ length: columns }, (_, i) => values[row * columns + i]!));
const oneHot = (y: readonly number[], classes: number): number[][] => y.map((one) => Array.from({ length: classes }, (_, i) => (i === one ? 1 : 0)));
const byName = { precision, recall, f1: f1Score };

describe.each(fixture.classes)('classes as scikit-learn measures them: $name', (given) => {
  const { y, p, units } = given;
  const classes = Math.max(2, units);

  it('accuracy, confusion matrix and report', () => {
    expect(accuracyScore(y, p)).toBe(given.accuracy);
    expect(plain(confusionMatrix(y, p))).toEqual(given.confusion);
    expect(classificationReport(y, p)).toBe(given.report);
  });

  it.each(['precision', 'recall', 'f1'] as const)('%s', (score) => {
    const { each, ...averages } = given.averages[score];
    expectClose(byName[score](y, p, { average: null }), each, tolerance);
    for (const [average, value] of Object.entries(averages)) expectClose([byName[score](y, p, { average: average as Average })], [value], tolerance, average);
    expect(byName[score](y, p)).toBe(byName[score](y, p, { average: classes === 2 ? 'binary' : 'macro' }));
  });

  it('log loss and calibration', () => {
    expectClose([logLoss(y, p)], [given.logLoss], tolerance);
    expectClose([calibrationError(y, p, { bins: 5 }), calibrationError(y, p)], [given.calibration[5], given.calibration[15]], tolerance);
  });

  it('the area under the curve', () => {
    if (given.auc === undefined) expect(() => rocAuc(y, p)).toThrow(/expected rows of class 2 and of others, received 0 of 40/);
    else expectClose([rocAuc(y, p)], [given.auc], tolerance);
    if (given.curve === undefined) {
      expect(() => rocCurve(y, p)).toThrow(ShapeError);
    } else {
      const curve = rocCurve(y, p);
      expectClose(curve.falsePositiveRate, given.curve.falsePositiveRate, tolerance);
      expectClose(curve.truePositiveRate, given.curve.truePositiveRate, tolerance);
      expect(curve.thresholds[0]).toBe(Infinity);
    }
  });

  it('the k most probable', () => {
    if (units === 1) expect(() => topKAccuracy(y, p, { k: 1 })).toThrow(/at least 2 values, received 1/);
    else expect(topKAccuracy(y, p, { k: units })).toBe(1);
    given.topK?.forEach((share, i) => expect(topKAccuracy(y, p, { k: i + 1 })).toBe(share));
  });

  it('in whatever form targets and predictions come', () => {
    const all = (targets: MatrixLike, predictions: MatrixLike): unknown =>
      [confusionMatrix(targets, predictions, { units }), f1Score(targets, predictions, { units }), logLoss(targets, predictions, { units }), calibrationError(targets, predictions, { units })];
    const forms: MatrixLike[] = [Uint8Array.from(y), rowsOf(y, 1), ...(units > 1 ? [oneHot(y, units), Float32Array.from(oneHot(y, units).flat())] : [])];
    for (const form of forms) for (const predictions of [p, Float32Array.from(p), rowsOf(p, units)]) expect(all(form, predictions)).toEqual(all(y, p));
    expect(confusionMatrix(Uint8Array.from(y), Float32Array.from(p))).toEqual(confusionMatrix(y, p));
  });
});

describe.each(fixture.numbers)('numbers as scikit-learn measures them: $name', ({ y, p, units, ...given }) => {
  it('all of them, flat and in rows', () => {
    const expected = [given.mae, given.mse, given.rmse, given.r2, given.cosine];
    const all = (...args: Parameters<typeof mae>): number[] => [mae, mse, rmse, r2Score, cosineSimilarity].map((metric) => metric(...args));
    expectClose(all(y, p, { units }), expected, tolerance);
    expectClose(all(rowsOf(y, units), Float32Array.from(p)), expected, tolerance);
    expectClose(all(y, rowsOf(p, units)), expected, tolerance);
  });
});

describe('cases by hand', () => {
  it('targets that do not vary, rows of zeros', () => {
    expect(r2Score([2, 2], [2, 2])).toBe(1);
    expect(r2Score([2, 2], [2, 3])).toBe(0);
    expect(cosineSimilarity([[0, 0], [3, 4]], [[1, 1], [6, 8]])).toBe(0.5);
  });

  it('a threshold, and labels of −1', () => {
    expect(plain(confusionMatrix([-1, -1, 1, 1], [-0.5, 0.1, 0.2, -3], { threshold: 0 }))).toEqual([[1, 1], [1, 1]]);
    expect(accuracyScore([0, 1], [0.5, 0.5])).toBe(0.5);
    expect(accuracyScore([0, 1], [0.25, 0.25], { threshold: 0.2 })).toBe(0.5);
  });

  it('certainty that is wrong is clipped', () => {
    expectClose([logLoss([1], [0]), logLoss([0, 1], [[0, 1], [0, 1]])], [-Math.log(Math.fround(1e-7)), -Math.log(Math.fround(1e-7)) / 2], 1e-7);
  });

  it('of equal values the first is the most probable', () => {
    expect([1, 2].map((k) => topKAccuracy([1], [[0.4, 0.4, 0.2]], { k }))).toEqual([0, 1]);
  });

  it('names of classes', () => {
    expect(classificationReport([0, 1], [0, 1], { labels: ['a cat that sleeps', 'dog'] })).toMatch(/^a cat that sleeps {7}1\.00/m);
  });
});

describe('by their definitions', () => {
  const label = fc.integer({ min: 0, max: 1 });
  const pairs = fc.array(fc.tuple(label, fc.integer({ min: 0, max: 8 })), { minLength: 2, maxLength: 40 }).filter((rows) => new Set(rows.map(([y]) => y)).size === 2);

  it('the area counts pairs in the right order, ties by half; and is that under the curve', () => {
    fc.assert(fc.property(pairs, (rows) => {
      const won = rows.flatMap(([y, score]) => (y === 1 ? rows.filter(([other]) => other === 0).map(([, other]) => (score > other ? 1 : score === other ? 0.5 : 0)) : []));
      const [y, p] = [rows.map(([one]) => one), rows.map(([, score]) => score / 8)];
      expectClose([rocAuc(y, p)], [won.reduce<number>((sum, one) => sum + one, 0) / won.length], tolerance);
      const { falsePositiveRate: x, truePositiveRate: height } = rocCurve(y, p);
      const area = x.reduce((sum, at, i) => (i === 0 ? 0 : sum + (at - x[i - 1]!) * (height[i]! + height[i - 1]!) / 2), 0);
      expectClose([area], [rocAuc(y, p)], tolerance);
    }), { numRuns: 200, seed: 20261122 });
  });

  it('matrices of batches of any size add up to that of the whole, and so do scores', () => {
    const rows = fc.array(fc.tuple(fc.nat(3), fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 })), { minLength: 1, maxLength: 30 });
    fc.assert(fc.property(rows, fc.integer({ min: 1, max: 7 }), (all, size) => {
      const [y, p] = [all.map(([one]) => one), all.map(([, scores]) => scores)];
      const sum = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
      for (let start = 0; start < all.length; start += size) {
        confusionMatrix(y.slice(start, start + size), p.slice(start, start + size)).forEach((row, i) => row.forEach((count, j) => (sum[i]![j]! += count)));
      }
      expect(sum).toEqual(plain(confusionMatrix(y, p)));
      const scores = confusionScores(sum);
      expect([scores.accuracy, scores.precision, scores.recall, scores.f1]).toEqual(
        [accuracyScore(y, p), precision(y, p, { average: null }), recall(y, p, { average: null }), f1Score(y, p, { average: null })]);
      expect(topKAccuracy(y, p, { k: 1 })).toBe(accuracyScore(y, p));
    }), { numRuns: 100, seed: 20261122 });
  });

  it.each<[LossName, number, 'sigmoid' | 'softmax' | 'linear', (y: MatrixLike, p: MatrixLike) => number]>([
    ['binaryCrossentropy', 1, 'sigmoid', logLoss],
    ['sparseCategoricalCrossentropy', 4, 'softmax', logLoss],
    ['meanSquaredError', 1, 'linear', mse],
    ['meanAbsoluteError', 1, 'linear', mae],
  ])('they are what evaluate says of %s', (loss, units, activation, metric) => {
    const model = sequential({ layers: [dense({ units, activation, inputShape: [3] })], seed: 4 });
    model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss, metrics: loss.endsWith('entropy') ? ['accuracy'] : [] });
    const x = numbers(300, 5);
    const y = Array.from({ length: 100 }, (_, i) => i % Math.max(2, units));
    const logs = model.evaluate(x, y);
    expectClose([metric(y, model.predict(x))], [logs['loss']!]);
    if ('accuracy' in logs) expect(accuracyScore(y, model.predict(x))).toBe(logs['accuracy']);
  });
});

describe('what is refused', () => {
  const three = [[0.2, 0.3, 0.5]];
  it.each<[string, () => unknown, new (...args: never[]) => NablaError, RegExp]>([
    ['more targets than predictions', () => accuracyScore([0, 1, 2], [...three, ...three]), ShapeError, /received 3 rows of y and 2 of p/],
    ['predictions that do not divide', () => accuracyScore([0, 1, 2], [0, 1, 0, 1]), ShapeError, /received 4 values for 3 targets/],
    ['no targets', () => accuracyScore(undefined as never, three), DataError, /accuracyScore y: expected a typed array.*received undefined/],
    ['no predictions', () => rocAuc([0], null as never), DataError, /rocAuc p: expected a typed array.*received null/],
    ['nothing at all', () => mse([], []), ShapeError, /at least one row/],
    ['rows of nothing', () => f1Score([0], [[]]), ShapeError, /at least one value/],
    ['a class beyond the last', () => f1Score([3], three), DataError, /an integer from 0 to 2, received 3/],
    ['half a class', () => recall([0.5], [0.3]), DataError, /recall y: row 0: expected a class index.*received 0.5/],
    ['rows of several classes', () => accuracyScore([[1, 0, 1]], three), DataError, /row 0, column 2: expected a one-hot row.*received 1/],
    ['rows of no class', () => accuracyScore([[0, 0, 0]], three), DataError, /one-hot row/],
    ['predictions that are not finite', () => mae([1], [NaN]), DataError, /mae p: row 0, column 0 is NaN/],
    ['targets that are not finite', () => r2Score([Infinity], [1]), DataError, /r2Score y/],
    ['logits of one unit', () => logLoss([1], [3]), DataError, /probability from 0 to 1, received 3/],
    ['logits of several', () => calibrationError([1], [[0.5, 0.9, 0.1]]), DataError, /add up to 1, received a sum of 1.5/],
    ['a threshold for several units', () => accuracyScore([0], three, { threshold: 0.5 }), OptionError, /only an output of one unit/],
    ['one class of three', () => precision([0], three, { average: 'binary' }), OptionError, /'binary' is for two classes, these are 3/],
    ['another average', () => precision([0], three, { average: 'samples' as never }), OptionError, /expected one of macro, micro, weighted, binary; received 'samples'/],
    ['another option', () => f1Score([0], three, { averages: 'macro' } as never), OptionError, /unknown option 'averages', did you mean 'average'/],
    ['k of 0', () => topKAccuracy([0], three, { k: 0 }), OptionError, /k: expected an integer of at least 1 and of at most 3/],
    ['no bins', () => calibrationError([0], three, { bins: 0 }), OptionError, /bins: expected an integer/],
    ['one class alone', () => rocAuc([1, 1], [0.2, 0.3]), DataError, /expected rows of class 1 and of others, received 2 of 2/],
    ['units that are not those of the rows', () => mse([1, 2], [[1, 2]], { units: 1 }), ShapeError, /rows of 1 values, as units says, received 2/],
    ['flat rows of unknown length', () => cosineSimilarity([1, 2], [1, 2]), OptionError, /units: expected the number of values in a row/],
    ['a matrix that is not square', () => confusionScores([[1, 2]]), ShapeError, /expected a row of 1 counts, received 2/],
    ['too few names', () => classificationReport([0], three, { labels: ['a'] }), OptionError, /labels: expected an array of 3 names, received Array of 1 value/],
  ])('%s', (_what, work, kind, message) => {
    expect(work).toThrow(kind);
    expect(work).toThrow(message);
  });
});

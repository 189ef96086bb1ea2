/** From a table to a model that takes records: what it learns, what it learns it from, every option, and what it refuses. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  DataError, FormatError, fromBytes, mae, OptionError, r2Score, rmse, parseCsv, parseSafetensors, planTable, sequential, dense, serializeSafetensors, sgd, splitTable, tableFromRecords, trainTable,
  type Callback, type Features, type Logs, type Sequential, type Table, type TrainTableOptions,
} from '../../src/index.ts';
import { Random } from '../../src/random.ts';
import { backends } from '../backends.ts';

interface Penguin {
  species: string;
  island: string | null;
  bill: number | null;
  mass: number | null;
  wet: boolean | null;
}

/** Three kinds that lie apart, with missing values everywhere. */
function penguins(rows: number, seed = 1): Penguin[] {
  const random = new Random(seed, 'sampling');
  const kinds = [['Adelie', 39, 3700, ['Dream', 'Biscoe', 'Torgersen']], ['Gentoo', 48, 5100, ['Biscoe']], ['Chinstrap', 49, 3700, ['Dream']]] as const;
  const rarely = <Value>(value: Value): Value | null => (random.uniform() < 0.05 ? null : value);
  return Array.from({ length: rows }, (_, i) => {
    const [species, bill, mass, islands] = kinds[i % 3]!;
    return {
      species, island: rarely(islands[Math.floor(random.uniform() * islands.length)]!), bill: rarely(bill + 2 * random.normal()),
      mass: rarely(mass + 250 * random.normal()), wet: rarely(random.uniform() < 0.5),
    };
  });
}

const rows = penguins(180);
const quick = { target: 'species', epochs: 4 } as const;
const featuresOf = (model: Sequential): Features => model.features!;
const accuracyOf = (model: Sequential, table: Table | readonly object[]): number => {
  const { x, y } = featuresOf(model).encode(table);
  return model.evaluate(x, y!).accuracy!;
};
/** Weights by name. */
const weightsOf = (model: Sequential): Record<string, number[]> => Object.fromEntries([...model.snapshot().tensors].map(([name, { data }]) => [name, [...data]]));
const typesOf = (model: Sequential): string[] => model.layers.map(({ type }) => type);

afterEach(() => vi.restoreAllMocks());

describe('trainTable', () => {
  it.each(backends)('makes a model that knows classes by their names, %s', async (backend) => {
    const model = await trainTable(rows, { target: 'species', backend, seed: 1 });
    expect(model.backend).toBe(backend);
    expect(typesOf(model)).toEqual(['impute', 'normalization', 'oneHot', 'dense', 'dense']);
    const others = penguins(90, 2);
    expect(accuracyOf(model, others)).toBeGreaterThan(0.93);
    const answer = model.predictRecord({ bill: 48, mass: 5200, island: 'Biscoe' });
    expect(answer.label).toBe('Gentoo');
    expect(answer.probability).toBe(answer.probabilities!['Gentoo']);
    expect(Object.keys(answer.probabilities!)).toEqual(['Adelie', 'Gentoo', 'Chinstrap']);
    expect(Object.values(answer.probabilities!).reduce((sum, one) => sum + one)).toBeCloseTo(1, 5);
    expect(model.predictRecords(others)).toEqual(others.map((record) => model.predictRecord(record)));
    expect(model.predictRecords(tableFromRecords(others))).toEqual(model.predictRecords(others));
    expect(model.predictRecords(others.map((record, i) => ({ ...record, species: i % 2 === 0 ? 'Emperor' : null })))).toEqual(model.predictRecords(others));
  });

  it('predicts numbers in units of the target, and is evaluated in them', async () => {
    const random = new Random(5, 'sampling');
    const lines = Array.from({ length: 200 }, () => {
      const [size, place] = [random.uniform() * 100, ['town', 'land'][Math.floor(random.uniform() * 2)]!];
      return { size, place, price: 200_000 + 3000 * size + (place === 'town' ? 50_000 : 0) };
    });
    const model = await trainTable(lines, { target: 'price', seed: 3 });
    expect(model.compiled!.loss).toBe('meanSquaredError');
    expect(model.predictRecord({ size: 50, place: 'town' }).value! / 400_000).toBeCloseTo(1, 1);
    const { x, y } = featuresOf(model).encode(lines);
    const outputs = model.predict(x);
    const squares = y!.reduce((sum, value, i) => sum + (value - outputs[i]!) ** 2, 0) / lines.length;
    expect(model.evaluate(x, y!).loss! / squares).toBeCloseTo(1, 4);
    expect(Math.sqrt(squares)).toBeLessThan(20_000);
    expect(model.predictRecords(lines)).toEqual(Array.from(outputs, (value) => ({ value })));
  });

  it('tells metrics of a regression in units of the target, of training and of validation', async () => {
    const lines = Array.from({ length: 120 }, (_, i) => ({ size: (i * 37) % 101, price: 200_000 + 3000 * ((i * 37) % 101) + 10_000 * Math.sin(i) }));
    const [training, held] = [lines.slice(0, 90), lines.slice(90)];
    let logs: Logs = {};
    let batch: Logs = {};
    const watch: Callback = { onEpochEnd: (_, its) => void (logs = its), onBatchEnd: (_, its) => void (batch = its) };
    const options = { target: 'price', validationData: held, patience: Infinity, epochs: 30, seed: 1, hidden: [8] };
    const metrics = ['meanAbsoluteError', 'meanSquaredError', 'halfSquaredError', 'huber', { mae, rmse, r2: r2Score }] as const;
    const model = await trainTable(training, { ...options, metrics, callbacks: [watch] });
    const { x, y } = featuresOf(model).encode(held);
    const own = model.evaluate(x, y!);
    const names = ['meanAbsoluteError', 'meanSquaredError', 'halfSquaredError', 'mae', 'rmse', 'r2'];
    for (const name of names) expect(logs[`val_${name}`]! / own[name]!, name).toBeCloseTo(1, 4);
    expect(own['mae']).toBeGreaterThan(1000);
    const prices = training.map(({ price }) => price);
    const mean = prices.reduce((sum, price) => sum + price, 0) / 90;
    const variance = prices.reduce((sum, price) => sum + (price - mean) ** 2, 0) / 90;
    for (const its of [logs, batch]) expect(its['meanSquaredError']! / its['loss']! / variance).toBeCloseTo(1, 5);
    expect(logs['mae']! / logs['meanAbsoluteError']!).toBeCloseTo(1, 4);
    expect(logs['rmse']! ** 2 / logs['meanSquaredError']!).toBeCloseTo(1, 4);
    expect(logs['val_huber']).toBeLessThan(logs['val_loss']!);
    // Many epochs a call, where nobody asks for batches.
    let resident: Logs = {};
    const plain = await trainTable(training, { ...options, metrics: ['meanAbsoluteError'], callbacks: [{ onEpochEnd: (_, its) => void (resident = its) }] });
    expect(plain.getWeights()).toEqual(model.getWeights());
    expect(resident['meanAbsoluteError']! / logs['meanAbsoluteError']!).toBeCloseTo(1, 6);
  });

  it('finds out what the target is', async () => {
    const features = async (target: unknown[], options: Partial<TrainTableOptions> = {}): Promise<unknown> => {
      const { task, target: { labels } } = featuresOf(await trainTable(target.map((y, x) => ({ x, y })), { target: 'y', epochs: 1, ...options }));
      return [task, labels];
    };
    expect(await features(['b', 'a', 'b'])).toEqual(['classification', ['b', 'a']]);
    expect(await features([true, false, true])).toEqual(['classification', [false, true]]);
    expect(await features([7, -1, 7, -1, 3, 3])).toEqual(['classification', [-1, 3, 7]]);
    expect(await features([7, -1, 7, -1, 3])).toEqual(['regression', undefined]);
    expect(await features([1, 2, 1.5, 1.5, 1, 2])).toEqual(['regression', undefined]);
    expect(await features(Array.from({ length: 42 }, (_, i) => i % 21))).toEqual(['regression', undefined]);
    expect(await features(Array.from({ length: 40 }, (_, i) => i % 20))).toEqual(['classification', Array.from({ length: 20 }, (_, i) => i)]);
    expect(await features([7, -1, 7, -1], { task: 'regression' })).toEqual(['regression', undefined]);
    expect(await features([1, 2, 1.5], { task: 'classification' })).toEqual(['classification', [1, 1.5, 2]]);
  });

  it('gives the probability of the second of two classes by one output', async () => {
    const model = await trainTable(rows.map(({ bill, mass, species }) => ({ bill, mass, gentoo: species === 'Gentoo' })), { target: 'gentoo', seed: 2 });
    expect(model.outputShape).toEqual([1]);
    expect(model.compiled!.loss).toBe('binaryCrossentropy');
    expect(model.predictRecord({ bill: 48, mass: 5400 })).toMatchObject({ label: true });
    expect(model.predictRecord({ bill: 39, mass: 3500 })).toMatchObject({ label: false });
  });

  it('is the same bits for the same seed, and others for another', async () => {
    const [one, same, other] = await Promise.all([1, 1, 2].map(async (seed) => (await trainTable(rows, { ...quick, seed })).toBytes()));
    expect(same).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it('answers records with nothing in them, or words and values never seen', async () => {
    const model = await trainTable(rows, quick);
    for (const record of [{}, { island: 'Nowhere' }, { bill: null }, { bill: NaN, wet: undefined }]) {
      expect(Number.isFinite(model.predictRecord(record).probability)).toBe(true);
    }
    expect(model.predictRecord({ island: 'Nowhere' })).toEqual(model.predictRecord({}));
    expect(() => model.predictRecord({ bil: 40 })).toThrow(/did you mean 'bill'/);
    const plain = sequential({ layers: [dense({ units: 1, inputShape: [1] })] });
    expect(plain.features).toBe(undefined);
    for (const work of [() => plain.predictRecord({}), () => plain.predictRecords([{}])]) expect(work).toThrow(/call trainTable first/);
  });

  it('takes a word never seen for the average, where no row trained on was without one', async () => {
    const full = rows.map((row) => ({ ...row, island: row.island ?? 'Dream' }));
    const model = await trainTable(full, quick);
    const kernel = weightsOf(model)['dense_1/kernel']!;
    const column = featuresOf(model).inputs.findIndex(({ name }) => name === 'island');
    const { labels } = featuresOf(model).inputs[column]!;
    const units = kernel.length / (featuresOf(model).inputs.length + labels!.length);
    // Of the columns before it, none is of words.
    const row = (at: number): number[] => kernel.slice((column + at) * units, (column + at + 1) * units);
    const mean = row(0).map((_, unit) => labels!.reduce((sum, label, at) => sum + (row(at)[unit]! * full.filter(({ island }) => island === label).length) / full.length, 0));
    row(labels!.length).forEach((weight, unit) => expect(weight).toBeCloseTo(mean[unit]!, 5));
  });
});

describe('planTable', () => {
  it.each<[string, readonly object[], TrainTableOptions, object]>([
    ['few rows', rows, { target: 'species' }, { task: 'classification', trainingRows: 180, validationRows: 0, epochs: 100 }],
    ['a target of numbers, which not every row has', rows, { target: 'mass' }, { task: 'regression', trainingRows: rows.filter(({ mass }) => mass !== null).length, validationRows: 0 }],
    ['a share to validate on', rows, { target: 'species', validationSplit: 0.25 }, { trainingRows: 135, validationRows: 45 }],
    ['rows to validate on', rows, { target: 'species', validationData: rows.slice(0, 30), columns: { wet: 'ignore' }, epochs: 7 }, { trainingRows: 180, validationRows: 30, epochs: 7, leftOut: ['wet'] }],
    ['names of rows', rows.map((row, i) => ({ ...row, band: `band ${i}` })), { target: 'species' }, { leftOut: ['band'] }],
    ['many rows', penguins(12_000), { target: 'species', hidden: [] }, { trainingRows: 10_800, validationRows: 1200, epochs: 93 }],
    ['many rows of which none is to validate on', penguins(3000), { target: 'species', hidden: [], validationSplit: 0 }, { trainingRows: 3000, validationRows: 0, epochs: 34 }],
  ])('says what trainTable does with %s, and warns of nothing', async (_, table, options, expected) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const plan = planTable(table, options);
    expect(warn).not.toHaveBeenCalled();
    expect(plan).toMatchObject(expected);
    const { trainingRows, validationRows, epochs, ...features } = plan;
    let seen = 0;
    let epochsSeen = 0;
    let validated = false;
    const watch: Callback = {
      setModel: (_model, _all, source) => void (seen = source!.samples.x.rows),
      onEpochEnd: (_epoch, logs) => {
        epochsSeen++;
        validated = 'val_loss' in logs;
      },
    };
    const model = await trainTable(table, { ...options, callbacks: [watch] });
    expect(features).toEqual(featuresOf(model).describe());
    expect({ trainingRows, validated: validationRows > 0 }).toEqual({ trainingRows: seen, validated });
    if (validated) expect(epochsSeen).toBeLessThanOrEqual(epochs);
    else expect(epochsSeen).toBe(epochs);
  });

  it('refuses what trainTable refuses', () => {
    expect(() => planTable(rows, { target: 'specie' })).toThrow(/trainTable target: no column has the name 'specie', did you mean 'species'/);
    expect(() => planTable(rows, { target: 'species', epoch: 3 } as never)).toThrow(/unknown option 'epoch'/);
    expect(() => planTable([], { target: 'species' })).toThrow(DataError);
    expect(() => planTable(rows, { target: 'species', validationData: {} as never })).toThrow(/^trainTable validationData: expected a table/);
    expect(() => planTable(rows, { target: 'species', patience: -1, validationSplit: 0.5 })).toThrow(/patience/);
  });
});

describe('what is learnt of columns', () => {
  const table = [{ a: 1, b: 'x', y: 'p' }, { a: 3, b: 'y', y: 'q' }, { a: null, b: 'y', y: 'p' }, { a: 3, b: null, y: 'q' }, { a: 9, b: 'y', y: 'p' }];
  const learnt = async (options: Partial<TrainTableOptions>): Promise<Record<string, number[]>> => weightsOf(await trainTable(table, { target: 'y', epochs: 0, ...options }));

  it.each([['mean', [4, -1]], ['median', [3, -1]], ['mostFrequent', [3, 1]]] as const)('fills in the %s', async (imputation, fill) => {
    expect((await learnt({ imputation }))['impute_1/fill']).toEqual(fill);
  });

  // Of 1, 3, 3, 9: the quartiles are 2.5 and 4.5.
  it.each([['standard', 4, 9], ['minMax', 1, 64], ['robust', 3, 4]] as const)('scales by %s', async (scaling, mean, variance) => {
    const weights = await learnt({ scaling });
    expect(weights['normalization_1/mean']).toEqual([mean, 0]);
    expect(weights['normalization_1/variance']).toEqual([variance, 1]);
  });

  it('scales by the deviation where the quartiles are equal', async () => {
    const flat = weightsOf(await trainTable([0, 0, 0, 0, 10].map((a, i) => ({ a, y: i % 2 === 0 })), { target: 'y', epochs: 0, scaling: 'robust' }));
    expect([flat['normalization_1/mean'], flat['normalization_1/variance']]).toEqual([[0], [16]]);
  });

  it('comes of the rows trained on alone', async () => {
    const options = { target: 'species', epochs: 2, validationSplit: 0.25, seed: 7 };
    const model = await trainTable(rows, options);
    const spoilt = rows.map((row) => ({ ...row }));
    const held = heldRows(options.validationSplit, options.seed);
    for (const row of held) Object.assign(spoilt[row]!, { bill: 1e6, mass: -1e6, island: 'Elsewhere', wet: true });
    const other = await trainTable(spoilt, options);
    for (const name of ['impute_1/fill', 'normalization_1/mean', 'normalization_1/variance']) expect(weightsOf(other)[name]).toEqual(weightsOf(model)[name]);
    expect(featuresOf(other).describe()).toEqual(featuresOf(model).describe());
  });

  /** The rows that a split of the table takes, which is the same one. */
  function heldRows(test: number, seed: number): number[] {
    const [, held] = splitTable(tableFromRecords(rows.map(({ species }, row) => ({ species, row }))), { test, seed, stratified: 'species' });
    return [...(held.columns[1]!.values as Float64Array)];
  }
});

describe('options', () => {
  it('columns says what is what', async () => {
    const model = await trainTable(rows.map((row, i) => ({ ...row, year: 2007 + (i % 3) })), { ...quick, columns: { wet: 'ignore', year: 'category' } });
    expect(featuresOf(model).inputs.map(({ name, type }) => `${name} ${type}`)).toEqual(['island category', 'bill number', 'mass number', 'year category']);
    expect(featuresOf(model).inputs[3]!.labels).toEqual(['2007', '2008', '2009']);
    expect(model.predictRecord({ year: 2008, wet: true })).toEqual(model.predictRecord({ year: '2008' }));
    const table = parseCsv('deck,y\n1,a\n2,b\n1,a\n');
    expect(featuresOf(await trainTable(table, { target: 'y', epochs: 0, columns: { deck: 'category' } })).inputs).toEqual([{ name: 'deck', type: 'category', labels: ['1', '2'] }]);
  });

  it('hidden, activation, optimizer and metrics make the network', async () => {
    const model = await trainTable(rows, { ...quick, hidden: [5, 3], activation: 'tanh', optimizer: sgd({ learningRate: 0.1 }), metrics: [] });
    expect(model.layers.slice(3).map(({ config }) => [config['units'], config['activation']])).toEqual([[5, 'tanh'], [3, 'tanh'], [3, 'softmax']]);
    expect(model.compiled!.metrics).toEqual([]);
    expect(model.program.objective!.optimizer.name).toBe('sgd');
    expect(typesOf(await trainTable(rows, { ...quick, hidden: [] }))).toEqual(['impute', 'normalization', 'oneHot', 'dense']);
  });

  const recorded = async (options: Partial<TrainTableOptions>): Promise<{ model: Sequential; logs: Logs[]; batches: number }> => {
    const logs: Logs[] = [];
    let batches = 0;
    const callback: Callback = { onEpochEnd: (_, its) => void logs.push({ ...its }), onBatchEnd: () => void batches++ };
    return { model: await trainTable(rows, { ...quick, ...options, callbacks: [callback] }), logs, batches };
  };

  it('epochs, batchSize and callbacks reach the training', async () => {
    const { logs, batches } = await recorded({ epochs: 3, batchSize: 60 });
    expect([logs.length, batches]).toEqual([3, 9]);
    expect(Object.keys(logs[0]!)).toEqual(['loss', 'accuracy']);
    expect((await recorded({ epochs: 1 })).batches).toBe(12);
  });

  it('validationSplit and validationData are validated on, and keep the best weights', async () => {
    const split = await recorded({ validationSplit: 0.25 });
    expect(Object.keys(split.logs[0]!)).toEqual(['loss', 'accuracy', 'val_loss', 'val_accuracy']);
    const others = penguins(30, 3);
    const { model, logs } = await recorded({ validationData: others, epochs: 25 });
    const { x, y } = featuresOf(model).encode(others);
    expect(model.evaluate(x, y!).loss).toBeCloseTo(Math.min(...logs.map((log) => log['val_loss']!)), 6);
    await expect(trainTable(rows, { ...quick, validationData: rows, validationSplit: 0.5 })).rejects.toThrow(/not both/);
    await expect(trainTable(rows, { ...quick, validationData: rows.map(({ species, ...rest }) => ({ ...rest, kind: species })) })).rejects.toThrow(/expected the target in column 'species'/);
  });

  it('from 2,000 rows on some are held back, unless validationSplit is 0', async () => {
    const many = penguins(2000);
    const names: string[][] = [];
    const callbacks = [{ onEpochEnd: (_: number, logs: Logs) => void names.push(Object.keys(logs)) }];
    expect(typesOf(await trainTable(many, { ...quick, epochs: 1, callbacks }))).toHaveLength(6);
    await trainTable(many, { ...quick, epochs: 1, callbacks, validationSplit: 0 });
    expect(names).toEqual([['loss', 'accuracy', 'val_loss', 'val_accuracy'], ['loss', 'accuracy']]);
  });

  it('classWeight counts classes by name', async () => {
    const plain = await trainTable(rows, quick);
    const heavy = await trainTable(rows, { ...quick, classWeight: { Chinstrap: 20 } });
    const share = (model: Sequential): number => model.predictRecords(rows).filter(({ label }) => label === 'Chinstrap').length;
    expect(share(heavy)).toBeGreaterThan(share(plain));
    const rare = rows.filter(({ species }, i) => species !== 'Gentoo' || i < 20);
    expect((await trainTable(rare, { ...quick, classWeight: 'balanced' })).getWeights()).not.toEqual((await trainTable(rare, quick)).getWeights());
    await expect(trainTable(rows, { ...quick, classWeight: { Chinstrp: 2 } })).rejects.toThrow(/trainTable classWeight: unknown option 'Chinstrp', did you mean 'Chinstrap'/);
    await expect(trainTable(rows.filter(({ bill }) => bill !== null), { target: 'bill', classWeight: 'balanced' })).rejects.toThrow(/a regression has no classes/);
  });

  it('threads change no bit, and a signal stops', async () => {
    expect((await trainTable(rows, { ...quick, threads: 2 })).toBytes()).toEqual((await trainTable(rows, quick)).toBytes());
    await expect(trainTable(rows, { ...quick, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });

  it('verbose says how epochs went', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    await trainTable(rows, { ...quick, verbose: 1 });
    expect(log).toHaveBeenCalledTimes(4);
  });
});

describe('together', () => {
  it('lbfgs takes all rows at once', async () => {
    const model = await trainTable(rows, { target: 'species', optimizer: 'lbfgs', hidden: [4], epochs: 20 });
    expect(accuracyOf(model, rows)).toBeGreaterThan(0.93);
    await expect(trainTable(rows, { ...quick, optimizer: 'lbfgs', batchSize: 16 })).rejects.toThrow(/^fit batchSize: lbfgs needs all 180 rows at once, received 16/);
  });

  it('weights of classes are those given, whatever a class is called', async () => {
    const named = rows.map((row) => ({ ...row, species: row.species === 'Gentoo' ? 'constructor' : 'toString' }));
    expect(weightsOf(await trainTable(named, { ...quick, classWeight: {} }))).toEqual(weightsOf(await trainTable(named, quick)));
  });

  it('a word may be any, and a class any but one', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const named = rows.map((row) => ({ ...row, island: row.island === 'Dream' ? '__proto__' : row.island }));
    const model = await trainTable(named, quick);
    expect(fromBytes(model.toBytes()).predictRecords(named)).toEqual((await trainTable(rows, quick)).predictRecords(rows));
    await expect(trainTable(named, { ...quick, target: 'island' })).rejects.toThrow(/features target labels: .* none of them '__proto__'/);
  });
});

describe('rows and columns of no use', () => {
  it('are left out with a warning', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const named = rows.map((row, i) => ({ ...row, ring: `ring ${i}`, species: i % 20 === 0 ? null : row.species }));
    const model = await trainTable(named, quick);
    expect(featuresOf(model).inputs.map(({ name }) => name)).toEqual(['island', 'bill', 'mass', 'wet']);
    expect(warn.mock.calls.map(([message]) => message as string)).toEqual([
      expect.stringMatching(/^trainTable: 9 of 180 rows have no value in 'species'/), expect.stringMatching(/^trainTable leaves out 'ring': /),
    ]);
    expect(model.predictRecord({ ring: 'ring 3', species: 'x', bill: 40 })).toEqual(model.predictRecord({ bill: 40 }));
    const kept = await trainTable(named, { ...quick, columns: { ring: 'category' } });
    expect(featuresOf(kept).inputs).toHaveLength(5);
  });

  it('are named where float32 cannot tell their numbers apart, unless they are exact, all the same, or classes', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const kinds = Array.from({ length: 40 }, (_, i) => ({
      time: i % 9 === 0 ? null : 1.7e12 + i * 60_000, even: 2 ** 24 + 2 * i, share: 0.1, year: 1.7e12 + i * 1e9, id: i % 2 === 0 ? 2 ** 53 - 1 : 2 ** 53 - 2, y: 1e9 + 10 * i,
    }));
    await trainTable(kinds, { target: 'y', epochs: 1 });
    expect(warn.mock.calls.map(([message]) => /column '(\w+)', \d/.exec(message as string)?.[1])).toEqual(['time', 'id', 'y']);
    expect(warn.mock.calls[0]![0]).toMatch(/^trainTable: the numbers in column 'time', 1700000060000 to 1700002340000, are rounded to float32, which moves them by up to \d+; subtract/);
    warn.mockClear();
    const model = await trainTable(kinds.map(({ even, id }) => ({ even, id })), { target: 'id', epochs: 1 });
    expect(featuresOf(model).target.labels).toEqual([2 ** 53 - 2, 2 ** 53 - 1]);
    expect(warn).not.toHaveBeenCalled();
  });

  it.each<[string, () => Promise<unknown>, new (...args: never[]) => Error, RegExp]>([
    ['an empty table', () => trainTable([], quick), DataError, /trainTable: expected an array of objects/],
    ['no table', () => trainTable('rows' as never, quick), DataError, /trainTable: expected an array of objects, one a row, received 'rows'/],
    ['one class', () => trainTable(rows.filter(({ species }) => species === 'Gentoo'), quick), DataError, /at least two classes in column 'species', the target, received 'Gentoo' alone/],
    ['one number', () => trainTable([{ x: 1, y: 2.5 }, { x: 2, y: 2.5 }], { target: 'y' }), DataError, /expected numbers that differ in column 'y', the target, received 2.5 alone/],
    ['one row', () => trainTable(rows.slice(0, 1), quick), DataError, /at least two rows with a value in column 'species'/],
    ['a column without a value', () => trainTable(rows.map((row) => ({ ...row, bill: null })), quick), DataError, /expected a value in column 'bill', received none in any row to train on; columns: { 'bill': 'ignore' } leaves it out/],
    ['nothing but names of rows', () => trainTable(rows.map(({ species }, i) => ({ species, band: `band ${i}` })), quick), DataError,
      /expected a column to predict 'species' from, received none but 'band', words that name rows; columns: { 'band': 'category' } keeps one$/],
    ['rows to validate on that are none', () => trainTable(rows, { ...quick, validationData: {} as never }), OptionError, /^trainTable validationData: expected a table, or an array of objects, received an object/],
    ['a class that is only in rows to validate on', () => trainTable(rows, { ...quick, validationData: [{ ...rows[0]!, species: 'adelie' }] }), DataError, /^trainTable validationData: row 0, column 'species': expected one of .*, did you mean 'Adelie'/],
    ['a target that is too large, by its row in the whole', () => trainTable([{ a: 1, y: null }, { a: 2, y: 1 }, { a: 3, y: 1e39 }, { a: 4, y: 2 }], { target: 'y' }), DataError, /^trainTable: row 2, column 'y': expected a number, received 1e\+39$/],
    ['callbacks that are none', () => trainTable(rows, { ...quick, callbacks: 5 as never }), OptionError, /^trainTable callbacks: expected an array of objects, received 5/],
    ['nothing but the target', () => trainTable(rows.map(({ species }) => ({ species })), quick), DataError, /expected a column to predict 'species' from, received none/],
    ['an infinite value', () => trainTable(rows.map((row, i) => (i === 40 ? { ...row, mass: Infinity } : row)), quick), DataError, /row 40, column 'mass': expected a finite number/],
    ['numbers too far apart', () => trainTable([{ x: 1e30, y: 'a' }, { x: 2, y: 'b' }, { x: 2, y: 'b' }], { target: 'y' }), DataError, /the numbers in column 'x' are too far apart/],
    ['an unknown target', () => trainTable(rows, { target: 'specie' }), OptionError, /trainTable target: no column has the name 'specie', did you mean 'species'\?; there are/],
    ['no target', () => trainTable(rows, {} as never), OptionError, /trainTable target: expected the name of a column, received undefined/],
    ['an unknown option', () => trainTable(rows, { target: 'species', epoch: 3 } as never), OptionError, /trainTable: unknown option 'epoch', did you mean 'epochs'/],
    ['an unknown column', () => trainTable(rows, { ...quick, columns: { iland: 'ignore' } }), OptionError, /trainTable columns: no row has a value 'iland', did you mean 'island'/],
    ['a regression of words', () => trainTable(rows, { ...quick, task: 'regression' }), OptionError, /expected 'classification', as column 'species' holds words, received 'regression'/],
    ['another task', () => trainTable(rows, { ...quick, task: 'ranking' as never }), OptionError, /trainTable task: expected one of classification, regression/],
    ['another scaling', () => trainTable(rows, { ...quick, scaling: 'none' as never }), OptionError, /trainTable scaling: expected one of standard, minMax, robust/],
    ['another imputation', () => trainTable(rows, { ...quick, imputation: 'constant' as never }), OptionError, /trainTable imputation: expected one of mean, median, mostFrequent/],
    ['layers that are none', () => trainTable(rows, { ...quick, hidden: [0] }), OptionError, /trainTable hidden\[0\]/],
    ['hidden as a number', () => trainTable(rows, { ...quick, hidden: 64 as never }), OptionError, /trainTable hidden: expected an array of numbers of units, received 64/],
  ])('refuses %s', async (_, work, kind, message) => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const error: unknown = await work().then(() => undefined, (reason: unknown) => reason);
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toMatch(message);
  });
});

describe('in a file', () => {
  it('a model keeps its features, bytes and answers', async () => {
    const model = await trainTable(rows, quick);
    const bytes = model.toBytes();
    const loaded = fromBytes(bytes);
    expect(featuresOf(loaded).describe()).toEqual(featuresOf(model).describe());
    expect(loaded.predictRecords(rows)).toEqual(model.predictRecords(rows));
    expect(loaded.toBytes()).toEqual(bytes);
    expect(accuracyOf(loaded, rows)).toBe(accuracyOf(model, rows));
  });

  it('features must be features, and fit the layers', async () => {
    const bytes = (await trainTable(rows, quick)).toBytes();
    const { tensors, metadata } = parseSafetensors(bytes);
    const description = JSON.parse(metadata.get('nabla.model')!) as { features: { inputs: unknown[]; target: { labels: unknown[] } } };
    const load = (change: (features: typeof description.features) => unknown): Sequential => {
      const changed = structuredClone(description);
      changed.features = change(changed.features) as never;
      return fromBytes(serializeSafetensors(tensors, new Map([['nabla.model', JSON.stringify(changed)]])));
    };
    expect(load((features) => features).features!.inputs).toHaveLength(4);
    expect(load(() => undefined).features).toBe(undefined);
    expect(() => load(() => null)).toThrow(FormatError);
    expect(() => load(() => 'all')).toThrow(FormatError);
    expect(() => load((features) => ({ ...features, inputs: features.inputs.slice(1) }))).toThrow(/features: expected 4 inputs, as the layers have, received 3/);
    expect(() => load((features) => ({ ...features, target: { ...features.target, labels: ['a', 'b'] } }))).toThrow(/features: expected a target of 3 outputs, as the layers have, received 1/);
    expect(() => load((features) => ({ ...features, code: 'x' }))).toThrow(/unknown option 'code'/);
  });
});

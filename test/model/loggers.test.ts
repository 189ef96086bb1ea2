/** Loggers that hand each line to a function; test/model/loggers.node.test.ts has them write files. */
import { describe, expect, it } from 'vitest';
import { csvLogger, dense, jsonLinesLogger, OptionError, sequential, sgd, type Callback, type CsvLoggerOptions, type History } from '../../src/index.ts';
import { backends } from '../backends.ts';

describe.each(backends)('on %s', (backend) => {
  const x = Float32Array.from({ length: 12 }, (_, i) => i / 12);
  async function train(callback: Callback, options = {}): Promise<History> {
    const model = sequential({ layers: [dense({ units: 1, inputShape: [1] })], backend });
    model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] });
    return await model.fit(x, x, { epochs: 3, validationSplit: 0.25, callbacks: [callback], ...options });
  }

  it('a CSV logger writes a header, and a line an epoch, of all digits', async () => {
    const lines: string[] = [];
    const { history } = await train(csvLogger((line) => void lines.push(line)), { initialEpoch: 1 });
    expect(lines[0]).toBe('epoch,loss,meanAbsoluteError,val_loss,val_meanAbsoluteError');
    expect(lines.slice(1).map((line) => line.split(',').map(Number))).toEqual([0, 1].map((i) => [i + 1, ...Object.values(history).map((values) => values[i])]));
  });

  it('with another separator, and without a header where it goes on', async () => {
    const lines: string[] = [];
    await train(csvLogger((line) => void lines.push(line), { separator: '\t', append: true }));
    expect(lines.map((line) => line.split('\t').length)).toEqual([5, 5, 5]);
    expect(lines[0]).toMatch(/^0\t/);
  });

  it('used again it begins anew', async () => {
    const lines: string[] = [];
    const logger = csvLogger((line) => void lines.push(line));
    await train(logger, { epochs: 1 });
    await train(logger, { epochs: 1 });
    expect(lines.map((line) => line.split(',')[0])).toEqual(['epoch', '0', 'epoch', '0']);
  });

  it('a logger of JSON lines writes an object an epoch, and promises are awaited', async () => {
    const lines: string[] = [];
    let epochs = 0;
    const logger = jsonLinesLogger(async (line) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      lines.push(line);
      epochs = lines.length;
    });
    const { history } = await train(logger);
    expect(epochs).toBe(3);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      [0, 1, 2].map((i) => ({ epoch: i, ...Object.fromEntries(Object.entries(history).map(([name, values]) => [name, values[i]])) })),
    );
  });

  it('what a function throws ends training', async () => {
    await expect(train(jsonLinesLogger(() => Promise.reject(new Error('disk full'))))).rejects.toThrow('disk full');
  });
});

const ignore = (): void => undefined;
it.each<[string, () => unknown, RegExp]>([
  ['no target', () => csvLogger(undefined as never), /csvLogger: expected a path, or a function/],
  ['an empty path', () => jsonLinesLogger(''), /jsonLinesLogger: expected a path, or a function/],
  ['a letter between values', () => csvLogger(ignore, { separator: 'e' }), /csvLogger separator/],
  ['no character between values', () => csvLogger(ignore, { separator: '' }), /csvLogger separator/],
  ['a point between values', () => csvLogger(ignore, { separator: '.' }), /csvLogger separator/],
  ['a line break between values', () => csvLogger(ignore, { separator: '\n' }), /csvLogger separator/],
  ['a number for append', () => jsonLinesLogger(ignore, { append: 1 as never }), /jsonLinesLogger append/],
  ['an unknown option', () => csvLogger(ignore, { seperator: ';' } as CsvLoggerOptions), /did you mean 'separator'/],
])('a logger refuses %s', (_, make, message) => {
  expect(make).toThrow(OptionError);
  expect(make).toThrow(message);
});

/** `patience` of trainTable: when training ends, and with which weights. */

import { describe, expect, it } from 'vitest';
import { trainTable } from '../../src/index.ts';

/** The more one learns of these, the worse one does on the others. */
const rows = Array.from({ length: 40 }, (_, i) => ({ x: Math.sin(i * 12.9898), y: Math.cos(i * 78.233), kind: (i * 7919) % 13 > 6 }));
const options = { target: 'kind', validationData: rows.slice(30), epochs: 60, seed: 1 };

async function losses(patience?: number): Promise<{ seen: number[]; final: number }> {
  const seen: number[] = [];
  const onEpochEnd = (_: number, logs: Readonly<Record<string, number>>): unknown => seen.push(logs['val_loss']!);
  const model = await trainTable(rows.slice(0, 30), { ...options, ...(patience !== undefined && { patience }), callbacks: [{ onEpochEnd: (epoch, logs) => void onEpochEnd(epoch, logs) }] });
  const { x, y } = model.features!.encode(options.validationData);
  return { seen, final: model.evaluate(x, y!)['loss']! };
}

describe('patience', () => {
  it('is the number of epochs without a better one, of which the weights are kept', async () => {
    for (const patience of [3, 12]) {
      const { seen, final } = await losses(patience);
      expect(seen.length).toBeLessThan(60);
      expect(seen.length - 1 - seen.indexOf(Math.min(...seen))).toBe(patience);
      expect(final).toBeCloseTo(Math.min(...seen), 4);
    }
    expect((await losses()).seen).toEqual((await losses(12)).seen);
  });

  it('never ends where it is infinite, and keeps the last weights', async () => {
    const { seen, final } = await losses(Infinity);
    expect(seen).toHaveLength(60);
    expect(final).toBeCloseTo(seen.at(-1)!, 4);
    expect(final).toBeGreaterThan(Math.min(...seen));
  });

  it('is refused where it is no number of epochs', async () => {
    await expect(losses(-1)).rejects.toThrow(/^trainTable patience: expected an integer of at least 0, received -1$/);
  });
});

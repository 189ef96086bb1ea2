/** Many steps over data that lie in memory, as `runEpochs` of assembly/plan.ts does them in one call. */

import { Random } from '../../random.ts';
import type { Backend } from '../backend.ts';
import { lossNotFinite, paused, valuesNotFinite, type EpochRegisters } from '../plan.ts';

/** Runs steps as the registers say; returns how it ended. */
export function runEpochs(backend: Backend, registers: number): number {
  const { f32, f64, i32 } = backend.memory;
  const at = registers >>> 2;
  const words = Array.from(i32.subarray(at, at + 20), (word) => word >>> 0) as unknown as EpochRegisters;
  let [cursor, record, epoch] = words;
  const [
    , , , end, steps, gather, step, stepOfOne, rows, batch, order, shuffle, seedLow, seedHigh, sums, sumCount, values, checkedCount,
    valueCount, kept,
  ] = words;
  for (let left = steps; left > 0 && epoch !== end; left--) {
    if (cursor === 0) {
      f64.fill(0, sums / 8, sums / 8 + sumCount);
      if (shuffle !== 0) {
        const numbers = i32.subarray(order / 4, order / 4 + rows);
        for (let row = 0; row < rows; row++) numbers[row] = row;
        // The high word is signed, as safe integers are.
        new Random((seedHigh | 0) * 2 ** 32 + seedLow, 'shuffling', epoch).shuffle(numbers);
      }
    }
    const count = Math.min(batch, rows - cursor);
    backend.run(gather, count);
    backend.run(count === 1 ? stepOfOne : step, count);
    if (!Number.isFinite(f64[sums / 8])) return lossNotFinite;
    cursor += count;
    if (cursor === rows) {
      if (backend.countNonFinite(values, checkedCount) > 0) return valuesNotFinite;
      f32.copyWithin(kept / 4, values / 4, values / 4 + valueCount);
      f64.copyWithin(record / 8, sums / 8, sums / 8 + sumCount);
      [cursor, record, epoch] = [0, record + 8 * sumCount, (epoch + 1) >>> 0];
    }
    i32.set([cursor, record, epoch], at);
  }
  return paused;
}

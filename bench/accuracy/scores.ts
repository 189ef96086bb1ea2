/** How well `trainTable`, as it comes, does on a table: the mean over the same folds and seeds as scikitLearn.py has. */

import { accuracyScore, r2Score, trainTable, type Table } from '../../src/index.ts';
import { cut, type TableRow } from './tables.ts';

/** How much less than scikit-learn's score is as good: differences that come of seeds alone. */
export const tolerances = { classification: 0.01, regression: 0.02 } as const;

export interface Score {
  readonly score: number;
  /** Standard deviation over folds and repeats. */
  readonly deviation: number;
  /** Of training, all repeats together. */
  readonly seconds: number;
}

/** With `validate`, a fifth of the training rows is scored in place of the test rows. */
export async function scoreOf(row: TableRow, folder: string, validate: boolean): Promise<Score> {
  const scores: number[] = [];
  let milliseconds = 0;
  const read = await row.read(folder);
  for (let seed = 1; seed <= row.repeats; seed++) {
    for (let fold = 0; fold < row.folds; fold++) {
      const whole = isPair(read) ? read : cut(read, row, seed, fold);
      const [train, test] = validate ? cut(whole[0], row, seed, fold) : whole;
      const before = performance.now();
      const model = await trainTable(train, { target: row.target, seed, ...(row.columns && { columns: row.columns }) });
      milliseconds += performance.now() - before;
      const { x, y } = model.features!.encode(test);
      const outputs = model.predict(x);
      scores.push(row.task === 'regression' ? r2Score(y!, outputs) : accuracyScore(y!, outputs, { units: model.outputShape[0] }));
    }
  }
  const score = scores.reduce((sum, one) => sum + one, 0) / scores.length;
  return { score, deviation: Math.sqrt(scores.reduce((sum, one) => sum + (one - score) ** 2, 0) / scores.length), seconds: milliseconds / 1000 };
}

const isPair = (read: Awaited<ReturnType<TableRow['read']>>): read is readonly [Table, Table] => Array.isArray(read);

/**
 * The tables that `npm run accuracy` trains on: how each is read, and how its rows are cut, which scikitLearn.py does the same way, so that its figures,
 * in scikitLearn.json, are of the very same rows.
 */

import { readCsv, type ColumnType, type CsvOptions, type Table } from '../../src/index.ts';
import { pickRows } from '../../src/data/split.ts';

export interface TableRow {
  /** What `--only` takes. */
  readonly name: string;
  readonly target: string;
  readonly task: 'classification' | 'regression';
  /** As `trainTable` takes them. */
  readonly columns?: Readonly<Record<string, ColumnType>>;
  /** Repeats, with the seeds 1 ... repeats, which decide folds and weights, and of how many of the five folds each. */
  readonly repeats: number;
  readonly folds: number;
  /** All rows; or those to train on and those to test on, where the table itself says which. */
  readonly read: (folder: string) => Promise<Table | readonly [train: Table, test: Table]>;
}

/** Every fifth of the rows is tested on. */
const folds = 5;

const numbered = (path: string, options: CsvOptions = { skipLines: 1 }) => (folder: string): Promise<Table> => readCsv(`${folder}/${path}`, { header: false, ...options });
const named = (path: string) => (folder: string): Promise<Table> => readCsv(`${folder}/${path}`);

async function diabetes(folder: string): Promise<Table> {
  const [x, y] = await Promise.all(['data_raw', 'target'].map((part) => readCsv(`${folder}/diabetes/diabetes_${part}.csv.gz`, { header: false, delimiter: ' ' })));
  return { columns: [...x!.columns, { ...y!.columns[0]!, name: 'target' }], rowCount: x!.rowCount };
}

/** The labels of the test file end in a full stop. */
async function adult(folder: string): Promise<readonly [Table, Table]> {
  const train = await readCsv(`${folder}/adult/adult.data.gz`, { header: false });
  const { columns, rowCount } = await readCsv(`${folder}/adult/adult.test.gz`, { header: false, skipLines: 1 });
  const last = columns.at(-1)!;
  if (last.type !== 'category') throw new Error('adult.test: expected words in the last column');
  const [values, labels] = [last.values.map((value) => value?.replace('.', '') ?? null), last.labels.map((label) => label.replace('.', ''))];
  return [train, { columns: [...columns.slice(0, -1), { ...last, values, labels }], rowCount }];
}

const small = { task: 'classification', repeats: 5, folds } as const;

export const tables: readonly TableRow[] = [
  { ...small, name: 'iris', target: 'column_5', read: numbered('iris/iris.csv') },
  { ...small, name: 'wine', target: 'column_14', read: numbered('wine/wine_data.csv') },
  { ...small, name: 'breast-cancer', target: 'column_31', repeats: 3, read: numbered('breast-cancer/breast_cancer.csv') },
  { ...small, name: 'digits', target: 'column_65', repeats: 1, read: numbered('digits/digits.csv.gz', {}) },
  { ...small, name: 'penguins', target: 'species', read: named('penguins/penguins.csv') },
  { ...small, name: 'titanic', target: 'Survived', columns: { PassengerId: 'ignore' }, repeats: 3, read: named('titanic/train.csv') },
  { ...small, name: 'adult', target: 'column_15', repeats: 3, folds: 1, read: adult },
  { ...small, name: 'diabetes', target: 'target', task: 'regression', read: diabetes },
  { ...small, name: 'california-housing', target: 'median_house_value', task: 'regression', repeats: 3, folds: 1, read: named('california-housing/housing.csv') },
];

/** Row numbers in the order of a Fisher-Yates shuffle, drawn from the linear congruential generator of Numerical Recipes. */
function orderOf(rows: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: rows }, (_, row) => row);
  let state = seed;
  for (let i = rows - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((state * (i + 1)) / 2 ** 32);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** The rows outside of a fold, and those in it: shuffled rows, those of a class together in a classification, dealt out like cards. */
export function cut(table: Table, { target, task }: Pick<TableRow, 'target' | 'task'>, seed: number, fold: number): [train: Table, test: Table] {
  const order = [...orderOf(table.rowCount, seed)];
  const column = table.columns.find(({ name }) => name === target);
  if (column === undefined) throw new Error(`there is no column ${target}`);
  if (task === 'classification') {
    const values = column.values as ArrayLike<number | string>;
    order.sort((a, b) => (values[a]! < values[b]! ? -1 : values[a]! > values[b]! ? 1 : 0));
  }
  const rows = (wanted: (at: number) => boolean): Uint32Array => Uint32Array.from(order.filter((_, at) => wanted(at % folds))).sort();
  return [pickRows(table, rows((at) => at !== fold)), pickRows(table, rows((at) => at === fold))];
}

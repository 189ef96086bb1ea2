/** A model as source code that stands alone. */

import { describeModel, type ModelSnapshot } from '../../model/description.ts';
import type { Sequential } from '../../model/sequential.ts';
import { checkKeys, checkLabel, checkName } from '../../options.ts';
import { Random } from '../../random.ts';
import { cSource } from './c.ts';
import { ecmascriptSource } from './ecmascript.ts';
import { operationsOf, type Operation, type Operations } from './operations.ts';
import type { Source } from './source.ts';

export interface ExportCodeOptions {
  /** `'js'`: an ECMAScript module; `'ts'`: strict TypeScript; `'c'`: C99. */
  language: 'js' | 'ts' | 'c';
  /** What the file says it is of, and what public names of C begin with; default: the model's name. */
  name?: string;
}

const languages: Readonly<Record<ExportCodeOptions['language'], (source: Source) => string>> = {
  js: (source) => ecmascriptSource(source, 'js'),
  ts: (source) => ecmascriptSource(source, 'ts'),
  c: (source) => cSource(source),
};

/**
 * The model as one file of source code, weights included, that needs nothing else; it predicts what the model does within 1e-5.
 *
 * JavaScript and TypeScript: a module with `predict(row)`, which gives a Float32Array, `predict(rows)`, which gives an array of them, and
 * `selfTest()`, which says whether results are those of the model for a row that is in the file. C: `void <name>_predict(const float *input, float
 * *output)` for a row, without allocation, safe in threads; compiled with `-DNABLA_TEST` the file is a program that tests itself. Weights are
 * the same float32 to the bit, as digits, or, where there are many in JavaScript, in base64. Dropout and noise, which only training has,
 * are not in it. The same model gives the same text.
 *
 * A model that was made from a table also has its names there: `predictRecord(record)` gives `{ label, probability, probabilities }`, or
 * `{ value }` in a regression; in C, a comment says what the columns are, and `<name>_labels` has the classes.
 *
 * @throws OptionError for unknown options, and a layer that there is no code for; in a page before `loadBackend`, where the model needs that.
 */
export function exportCode(model: Sequential, options: ExportCodeOptions): string {
  const where = 'exportCode';
  checkKeys(where, options, ['language', 'name']);
  const language = checkName(`${where} language`, options.language, Object.keys(languages) as ExportCodeOptions['language'][]);
  checkLabel(`${where} name`, options.name);
  return codeFor(describeModel(where, model), language, options.name ?? model.name, (row) => model.predict(row));
}

/** @internal The same, of a model as plain data. */
export function codeFor(snapshot: ModelSnapshot, language: ExportCodeOptions['language'], name: string, predict: (row: Float32Array) => Float32Array): string {
  const operations = operationsOf(snapshot);
  const { seed, layers, features } = snapshot.model;
  const input = testRow(operations, seed, layers[0]!.type === 'impute');
  return languages[language]({ ...operations, name, title: `${name}, exported by nabla.`, features, test: { input, output: predict(input) } });
}

/**
 * A row that the model's seed decides: numbers from -1 to 1 of few digits, or about as large as a model that normalizes them expects; codes
 * of categories, or one of no category; and a value that is missing, where the model takes that.
 */
function testRow({ inputs, operations }: Operations, seed: number, takesMissing: boolean): Float32Array {
  const random = new Random(seed, 'sampling');
  const isSame = ({ kind }: Operation): boolean => kind === 'impute' || kind === 'columns';
  const changed = operations.find((operation) => !isSame(operation));
  const codes = changed?.kind === 'oneHot' ? changed.categories : [];
  const scaled = operations.slice(0, 2).find((operation, i) => operation.kind === 'columns' && operations.slice(0, i).every(isSame));
  const missing = takesMissing ? random.below(inputs) : -1;
  return Float32Array.from({ length: inputs }, (_, i) => {
    const number = random.below(2001) / 1000 - 1;
    const count = codes[i] ?? 0;
    if (i === missing) return NaN;
    if (count > 0) return random.below(count + 1);
    const value = scaled?.kind === 'columns' ? Math.fround(scaled.mean.data[i]! + number / scaled.scale.data[i]!) : number;
    return Number.isFinite(value) ? value : number;
  });
}

/** `nabla train` of the built command, as a user runs it: on tables and on images, stopped half-way, and on input that cannot be used. */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, parseCsv } from '../../src/index.ts';

const command = fileURLToPath(new URL('../../dist/nabla.js', import.meta.url));
const digits = readFileSync(new URL('../../src/data/digits.csv.gz', import.meta.url));
const patience = { timeout: 60_000 };
let folder: string;

function train(...args: string[]): { stdout: string; stderr: string; status: number | null } {
  return spawnSync(process.execPath, [command, 'train', ...args], { cwd: folder, encoding: 'utf8', timeout: 50_000 });
}

/** Two clouds of points and a column of words, which together say the kind. */
function flowers(rows: number, target: (kind: number, row: number) => string, name = 'kind'): string {
  const lines = Array.from({ length: rows }, (_, row) => {
    const kind = row % 3;
    const noise = ((row * 7919) % 101) / 101;
    return `${kind + noise},${row % 7 === 0 ? '' : (2 - kind) * 3 + noise},${['red', 'green', 'blue'][(row + Math.floor(row / 5)) % 3]!},${target(kind, row)}`;
  });
  return [`width,height,colour,${name}`, ...lines, ''].join('\n');
}

const names = ['iris', 'rose', 'daisy'];

/** A file of IDX, of bytes. */
function idx(shape: readonly number[], values: ArrayLike<number>): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint32(0, 0x0800 + shape.length);
  shape.forEach((size, i) => header.setUint32(4 + 4 * i, size));
  return Buffer.concat([new Uint8Array(header.buffer), Uint8Array.from(values)]);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nabla-train-'));
  const file = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, name), content);
  const good = flowers(120, (kind) => names[kind]!);
  file('flowers.csv', good);
  file('sizes.csv', flowers(120, (kind, row) => String(1000 * kind + row), 'size'));
  file('one.csv', flowers(30, () => 'iris'));
  file('names.csv', `name,kind\n${Array.from({ length: 8 }, (_, i) => `flower ${i},${i % 2}\n`).join('')}`);
  file('gap.csv', good.split('\n').map((line, i) => (line === '' ? '' : i === 0 ? `gap,${line}` : `,${line}`)).join('\n'));
  file('empty.csv', '');
  file('cut.csv.gz', gzipSync(good).subarray(0, 200));
  file('wide.csv', Buffer.from(`\ufeff${good}`, 'utf16le'));
  file('huge.csv', good.replace(/\n[^,]*,([^\n]*)\n$/, '\n1e39,$1\n'));
  file('unnamable.csv', good.replace('width', '__proto__'));
  file('unsayable.csv', good.replaceAll('rose', '__proto__'));
  file('two.csv', 'a,b\n1,3.5\n2,4.5\n');
  const hundred = Array.from({ length: 100 }, (_, i) => i);
  file('wide-table.csv', `${hundred.map((i) => `a${i}`).join(',')}\n${hundred.join(',')}\n`);
  file('ragged.csv', `${good}1,2\n`);
  file('note.txt', 'not to be lost');
  file('hostile.csv', flowers(90, (kind) => (kind === 0 ? '"<script>alert(1)</script>"' : names[kind]!), '"<img src=x onerror=alert(2)>"'));
  mkdirSync(join(folder, 'folder'));
  const table = parseCsv(gunzipSync(digits), { header: false });
  const columns = table.columns.map(({ values }) => values as Float64Array);
  const pixels = Array.from({ length: table.rowCount * 64 }, (_, i) => 15.9 * columns[i % 64]![Math.floor(i / 64)]!);
  file('digits-images-idx3-ubyte.gz', gzipSync(idx([table.rowCount, 8, 8], pixels)));
  file('digits-labels-idx1-ubyte.gz', gzipSync(idx([table.rowCount], columns[64]!)));
  file('images.idx', idx([100, 8, 8], pixels.slice(0, 6400)));
  file('labels.idx', idx([100], columns[64]!.slice(0, 100)));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('nabla train', () => {
  it('learns a table: progress and curve on one stream, scores on the other, and a model that loads', patience, async () => {
    const { stdout, stderr, status } = train('flowers.csv', '--target', 'kind', '--epochs', '40');
    expect(status).toBe(0);
    expect(stderr).toMatch(/Learning kind from flowers\.csv\nBefore training:\n {2}- Column 'height' has no value in 18 of 120 rows; the model fills them in\.\nepoch/);
    expect(stderr.match(/^epoch .* samples\/s/gm)).toHaveLength(21);
    expect(stderr).toMatch(/^Loss.*\* training {3}o held-out\n(.*\|.*\n){10} +\+-{66}\n +1 +epoch +40$/m);
    expect(stdout).toMatch(/^Accuracy [\d.]+ %, macro F1 [\d.]+: \d+ of 24 held-out rows wrong\n/);
    expect(Number(/macro F1 ([\d.]+)/.exec(stdout)![1])).toBeGreaterThan(0.9);
    expect(stdout).toMatch(/class +precision +recall +F1 +rows\n( {2}(iris|rose|daisy)( +[\d.]+ %){2} +[\d.]+ +8\n){3}/);
    expect(stdout).toMatch(/is \\ predicted ( +(iris|rose|daisy)){3}\n( +(iris|rose|daisy)( +(\d+|\.)){3}\n){3}/);
    expect(stdout).toMatch(/\nModel: flowers\.safetensors\n$/);
    expectPlainLines(stdout + stderr);
    const model = await loadModel(join(folder, 'flowers.safetensors'));
    expect(model.predictRecord({ width: 0.5, height: 6.5, colour: 'red' }).label).toBe('iris');
    expect(readdirSync(folder).filter((name) => name.includes('draft'))).toEqual([]);
  });

  it('prints the same as JSON, and the same for the same seed', patience, () => {
    const run = (...more: string[]): Record<string, unknown> => {
      const { stdout, status } = train('flowers.csv', '-t', 'kind', '--epochs', '5', '--out', 'json.safetensors', '--json', ...more);
      expect(status).toBe(0);
      return { ...JSON.parse(stdout) as Record<string, unknown>, seconds: 0 };
    };
    const first = run();
    expect(first).toMatchObject({
      path: 'json.safetensors', task: 'classification', target: 'kind', interrupted: false, seed: 0, rows: { training: 96, 'held-out': 24 },
      metrics: { accuracy: expect.any(Number) as unknown }, confusion: { labels: expect.arrayContaining(names) as unknown },
    });
    expect((first['history'] as { val_loss: number[] }).val_loss).toHaveLength(5);
    expect((first['confusion'] as { matrix: number[][] }).matrix.flat().reduce((sum, count) => sum + count)).toBe(24);
    expect(run()).toEqual(first);
    expect(run('--seed', '1')['history']).not.toEqual(first['history']);
    for (const more of [
      ['--hidden', '8,4'], ['--activation', 'tanh'], ['--optimizer', 'sgd'], ['--learning-rate', '0.02'], ['--batch-size', '7'], ['--scaling', 'minMax'],
      ['--ignore', 'colour'], ['--columns', 'width=category'], ['--validation', '0.4'],
    ]) expect(run(...more)['history'], more.join(' ')).not.toEqual(first['history']);
    expect(run('--threads', '2', '--backend', 'wasm')['history']).toEqual(first['history']);
    expect(run('--backend', 'reference')['backend']).toBe('reference');
  });

  it('has no hidden layer where none is asked for', patience, async () => {
    expect(train('flowers.csv', '-t', 'kind', '--epochs', '2', '--hidden', 'none', '--out', 'linear.safetensors').status).toBe(0);
    const { layers } = await loadModel(join(folder, 'linear.safetensors'));
    expect(layers.map(({ type }) => type).filter((type) => type === 'dense')).toHaveLength(1);
    expect(train('flowers.csv', '-t', 'kind', '--hidden', '1000000000')).toMatchObject({ status: 2, stderr: expect.stringContaining('--hidden expects whole numbers of at least 1 and at most 1000000') as unknown });
  });

  it('learns numbers, and says where it was furthest off', patience, () => {
    const { stdout, status } = train('sizes.csv', '--target', 'size', '--epochs', '60');
    expect(status).toBe(0);
    expect(Number(/^R² ([\d.]+), mean absolute error [\d.]+ on 24 held-out rows$/m.exec(stdout)![1])).toBeGreaterThan(0.9);
    const bars = [...stdout.matchAll(/^ +-?[\d.]+ to +-?[\d.]+ +(\d+)/gm)].map(([, rows]) => Number(rows));
    expect(bars).toHaveLength(9);
    expect(bars.reduce((sum, rows) => sum + rows)).toBe(24);
    const furthest = [...stdout.matchAll(/^ {2}(\d+) +([\d.-]+) +([\d.-]+) +([\d.-]+)$/gm)].map((match) => match.slice(1).map(Number));
    expect(furthest).toHaveLength(5);
    const lines = readFileSync(join(folder, 'sizes.csv'), 'utf8').split('\n');
    for (const [row, actual, predicted, off] of furthest) {
      expect(lines[row!]!.endsWith(`,${actual!}`)).toBe(true);
      expect(predicted! - actual!).toBeCloseTo(off!, -1);
    }
    expectPlainLines(stdout);
  });

  it('counts rows as the file has them, also those without a target', patience, () => {
    writeFileSync(join(folder, 'late.csv'), `x,y\n${Array.from({ length: 30 }, (_, i) => `${i},${i % 2 === 0 ? '' : i === 29 ? 5000.5 : i + 0.5}\n`).join('')}`);
    const { residuals } = JSON.parse(train('late.csv', '-t', 'y', '--validation', '0', '--epochs', '2', '--json').stdout) as { residuals: { largest: { row: number; actual: number }[] } };
    expect(residuals.largest[0]).toMatchObject({ row: 30, actual: 5000.5 });
  });

  it('says what made words of a column of numbers', patience, () => {
    const lines = flowers(60, (kind) => names[kind]!).split('\n').map((line, i) => (i === 7 ? line.replace(/^[^,]*/, 'tall') : line));
    writeFileSync(join(folder, 'slip.csv'), lines.join('\n'));
    const { problems } = JSON.parse(train('slip.csv', '-t', 'kind', '--epochs', '1', '--json').stdout) as { problems: string[] };
    expect(problems[0]).toBe("Column 'width' is taken for words, for among its numbers is 'tall'; if that stands for a missing value, name it with --missing; --columns width=number names its line.");
    expect(train('slip.csv', '-t', 'kind', '--columns', 'width=number').stderr).toContain("slip.csv: line 8, column 'width': expected a number, received 'tall'");
    writeFileSync(join(folder, 'comma.csv'), flowers(60, (kind) => names[kind]!).replaceAll(',', ';').replaceAll('.', ','));
    const { stderr } = train('comma.csv', '-t', 'kind', '--epochs', '1');
    expect(stderr.replace(/\s+/g, ' ')).toMatch(/Column 'width' is taken for words, for its numbers have a comma, as '\d,\d+', in the place of a point\./);
  });

  it('takes texts for missing values in place of the usual ones; an empty field is one always', patience, () => {
    const lines = flowers(60, (kind) => names[kind]!).split('\n').map((line, i) => line.replace(/^[^,]*/, (width) => (i === 0 ? width : i < 4 ? '-999' : i === 5 ? 'not known' : width)));
    writeFileSync(join(folder, 'marked.csv'), lines.join('\n').replaceAll('red', 'NA'));
    const missing = (...args: string[]): string[] => {
      const { stdout } = train('marked.csv', '--target', 'kind', '--epochs', '1', '--json', ...args);
      const { problems } = JSON.parse(stdout) as { problems: string[] };
      return problems.map((problem) => problem.replace(/^Column '(\w+)' (?:(is taken for words)|has no value in (\d+)).*$/, '$1 $2$3'));
    };
    expect(missing()).toEqual(['width is taken for words', 'height 9', 'colour 24']);
    expect(missing('--missing', '-999, not known')).toEqual(['width 4', 'height 9']);
    expect(missing('--missing', 'not known,NA')).toEqual(['width 1', 'height 9', 'colour 24']);
    expect(missing('--missing', '', '--ignore', 'width')).toEqual(['height 9']);
    expect(train('flowers.csv', '--target', 'kind', '--missing').stderr).toBe('nabla train: --missing expects texts with commas between them, received none\n');
  });

  it('takes a task, a delimiter and a table without a header', patience, () => {
    const csv = flowers(60, (kind) => String(kind)).split('\n').slice(1).join('\n').replaceAll(',', ';');
    writeFileSync(join(folder, 'bare.data'), csv);
    const options = ['--target', 'column_4', '--no-header', '--delimiter', ';', '--epochs', '2', '--json'];
    expect(JSON.parse(train('bare.data', ...options).stdout)).toMatchObject({ task: 'classification', path: 'bare.safetensors', rows: { training: 48 } });
    expect(JSON.parse(train('bare.data', ...options, '--task', 'regression').stdout)).toMatchObject({ task: 'regression', metrics: { r2: expect.any(Number) as unknown } });
    expect(JSON.parse(train('bare.data', ...options, '--validation', '0').stdout)).toMatchObject({ rows: { training: 60 } });
    writeFileSync(join(folder, 'titled.data'), `60;4;iris;rose;daisy\n${csv}`);
    expect(train('titled.data', '--target', 'column_4').stderr).toBe('nabla train: titled.data: line 2: expected 5 fields, as in the first record, received 4; if line 1 is not of the table, --skip-lines 1\n');
    expect(JSON.parse(train('titled.data', ...options, '--skip-lines', '1').stdout)).toMatchObject({ task: 'classification', rows: { training: 48 } });
  });

  it('learns images of IDX files, told by what is in them, and scores others', patience, async () => {
    const { stdout, stderr, status } = train('digits-images-idx3-ubyte.gz', 'digits-labels-idx1-ubyte.gz', '--epochs', '15', '--test', 'images.idx', 'labels.idx');
    expect(status).toBe(0);
    expect(stderr).toContain('Learning classes of 1,797 images of 8 x 8 pixels');
    expect(Number(/^Accuracy ([\d.]+) %.* of 100 test rows wrong$/m.exec(stdout)![1])).toBeGreaterThan(90);
    const model = await loadModel(join(folder, 'digits-images.safetensors'));
    expect(model.inputShape).toEqual([64]);
    expect(model.userMetadata).toMatchObject({ labels: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] });
    const { metrics, rows } = JSON.parse(train('images.idx', 'labels.idx', '--epochs', '1', '--json').stdout) as { metrics: object; rows: object };
    expect(rows).toEqual({ training: 80, 'held-out': 20 });
    expect(metrics).toHaveProperty('accuracy');
  });

  it('keeps what was learnt until Ctrl-C', patience, async () => {
    for (const [args, model] of [
      [['flowers.csv', '--target', 'kind'], 'table-stopped.safetensors'],
      [['digits-images-idx3-ubyte.gz', 'digits-labels-idx1-ubyte.gz', '--hidden', '512,512'], 'images-stopped.safetensors'],
    ] as const) {
      const child = spawn(process.execPath, [command, 'train', ...args, '--epochs', '1000000', '--json', '--out', model], { cwd: folder });
      let [stdout, stderr, asked] = ['', '', false];
      child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
      child.stderr.on('data', (text: Buffer) => {
        stderr += text.toString();
        if (!asked && stderr.includes('epoch ')) asked = child.kill('SIGINT');
      });
      expect(await new Promise((resolve) => child.on('close', resolve)), stderr).toBe(130);
      expect(stderr).toMatch(/Stopped after (1 whole epoch|\d+ whole epochs); the model as it is now is saved/);
      expect(JSON.parse(stdout)).toMatchObject({ interrupted: true, path: model });
      const loaded = await loadModel(join(folder, model));
      expect(loaded.getWeights().every((weights) => weights.every(Number.isFinite))).toBe(true);
    }
  });

  it('goes on when nobody reads the progress any more', patience, async () => {
    const child = spawn(process.execPath, [command, 'train', 'flowers.csv', '--target', 'kind', '--epochs', '300', '--out', 'unread.safetensors'], { cwd: folder });
    let stdout = '';
    child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
    child.stderr.once('data', () => child.stderr.destroy());
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
    expect(stdout).toMatch(/\nModel: unread\.safetensors\n$/);
    expect(existsSync(join(folder, 'unread.safetensors'))).toBe(true);
  });

  it('writes a report of one page in which texts of the data are but texts', patience, () => {
    const { status } = train('hostile.csv', '--target', '<img src=x onerror=alert(2)>', '--epochs', '3', '--report', 'report.html', '--seed', '7');
    expect(status).toBe(0);
    const page = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).not.toMatch(/<script|<img|<link|https?:|url\(|@import/);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).toContain('&lt;img src=x onerror=alert(2)&gt;');
    expect(page.match(/<svg /g)).toHaveLength(2);
    expect(page).toMatch(/prefers-color-scheme: dark/);
    for (const text of ['Confusion', 'Layers', 'kernel', 'Furthest', '--seed 7', 'height', 'has no value in 13 of 90 rows']) {
      expect(page.includes(text), text).toBe(text !== 'Furthest');
    }
    expect(train('sizes.csv', '--target', 'size', '--epochs', '2', '--report', 'report.html').status).toBe(0);
    const other = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(other).toMatch(/Predicted against actual[^]*<circle[^]*Furthest off/);
    expect(other).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe('nabla train refuses, in one sentence and without a model,', () => {
  const target = ['--target', 'kind'];
  const [images, labels] = ['images.idx', 'labels.idx'];

  it.each<[string, string[], string]>([
    ['no file', ['none.csv', ...target], "there is no file 'none.csv'"],
    ['a folder', ['folder', ...target], "'folder' is a folder, not a file"],
    ['nothing', [], 'expects <data.csv>, received none; nabla train --help shows how'],
    ['no target', ['flowers.csv'], 'expects --target <column>; the columns are width, height, colour, kind'],
    ['a target that is almost there', ['flowers.csv', '--target', 'kindd'], "--target expects a column, received 'kindd', did you mean 'kind'?"],
    ['a target of many columns', ['wide-table.csv', '--target', 'zzz'], 'known are a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39 and 60 more\n'],
    ['an empty file', ['empty.csv', ...target], 'empty.csv: expected a table, received nothing'],
    ['one class', ['one.csv', ...target], "the target 'kind' is 'iris' in every row: there is nothing to learn"],
    ['a column without a value', ['gap.csv', ...target], "column 'gap' has no value in any row; --ignore gap leaves it out"],
    ['UTF-16', ['wide.csv', ...target], 'wide.csv: expected text in UTF-8, received UTF-16; save it as UTF-8'],
    ['a number too large', ['huge.csv', ...target], "huge.csv: row 120 of the data, column 'width': expected a finite number that fits float32, received 1e+39"],
    ['standard input', ['-', ...target], "'-': standard input is not read; name a file"],
    ['a device', ['/dev/null', ...target], "'/dev/null' is a pipe or a device, which is not read; name a file"],
    ['a name that no record can have', ['unnamable.csv', ...target], "unnamable.csv: a column cannot have the name '__proto__', which objects of JavaScript keep for themselves; give it another"],
    ['a word that no record can have', ['unsayable.csv', ...target], "unsayable.csv, column 'kind': expected any word but '__proto__', which objects of JavaScript keep for themselves"],
    ['two rows, of which one is held out', ['two.csv', '--target', 'b'], 'of 2 rows, there is one left to learn from; --validation 0 holds out none'],
    ['gzip that is cut off', ['cut.csv.gz', ...target], 'cut.csv.gz: the gzip data are damaged or cut short: unexpected end of file'],
    ['rows of two lengths', ['ragged.csv', ...target], 'ragged.csv: line 122: expected 4 fields, as in the first record, received 2'],
    ['a model where there is no folder', ['flowers.csv', ...target, '--out', 'no/x'], "'no/x' cannot be written: there is no folder 'no'"],
    ['a model where one cannot write', ['flowers.csv', ...target, '--out', '/proc/x'], "'/proc/x' cannot be written: "],
    ['a model in the place of other data', ['flowers.csv', ...target, '--out', 'note.txt'], "'note.txt' is there already and is not a model; name another file, or remove it"],
    ['a report in the place of other data', ['flowers.csv', ...target, '--report', 'note.txt'], "'note.txt' is there already and is not a page of HTML; name another file, or remove it"],
    ['a report in the place of the model', ['flowers.csv', ...target, '--report', './flowers.safetensors'], "--report would replace the model, 'flowers.safetensors'; name another file"],
    ['a model of another format', ['flowers.csv', ...target, '--out', 'flowers.onnx'], "--out expects a file of safetensors, received 'flowers.onnx'; nabla convert makes .onnx of it"],
    ['a page as the model', ['flowers.csv', ...target, '--out', 'flowers.html'], "--out expects a file of safetensors, received 'flowers.html'; --report names a page"],
    ['an unknown option', ['flowers.csv', ...target, '--epoch', '3'], "unknown option '--epoch', did you mean '--epochs'?"],
    ['no number', ['flowers.csv', ...target, '--epochs', 'ten'], "--epochs expects a whole number of at least 1, received 'ten'"],
    ['a share of everything', ['flowers.csv', ...target, '--validation', '1'], "--validation expects a number of at least 0 and below 1, received '1'"],
    ['a name that is almost one', ['flowers.csv', ...target, '--optimizer', 'adma'], "did you mean 'adam'?"],
    ['a table of nothing but names of rows', ['names.csv', '--target', 'kind'], "expected a column to predict 'kind' from, received none but 'name', words that name rows; --columns name=category keeps one"],
    ['a batch of some rows, by lbfgs', ['flowers.csv', ...target, '--optimizer', 'lbfgs', '--batch-size', '7'], '--batch-size: lbfgs takes all rows at once; leave it out'],
    ['words as numbers', ['flowers.csv', ...target, '--columns', 'colour=number'], "flowers.csv: line 2, column 'colour': expected a number, received 'red'; if it stands for a missing value, name it with --missing; for words, --columns colour=category"],
    ['a column that is not there', ['flowers.csv', ...target, '--ignore', 'heigth'], "flowers.csv: no column has the name 'heigth', did you mean 'height'?"],
    ['a type that is none', ['flowers.csv', ...target, '--columns', 'width=text'], "--columns expects columns as name=type, with commas between them, of types number, category, boolean, received 'width=text'"],
    ['nothing to learn from', ['flowers.csv', ...target, '--ignore', 'width,height,colour'], "there is no column left to learn 'kind' from"],
    ['a regression on words', ['flowers.csv', ...target, '--task', 'regression'], "--task regression expects a target of numbers, and 'kind' holds words"],
    ['images without labels', [images], "expects the file of labels after 'images.idx', received none"],
    ['labels first', [labels, images], "expects images in 'labels.idx', received one value a row; images come first, labels second"],
    ['another number of labels', [images, 'digits-labels-idx1-ubyte.gz'], 'expects as many labels as images, received 1,797 labels and 100 images'],
    ['a target of images', [images, labels, ...target], "--target is for tables, and 'images.idx' is an IDX file"],
    ['half a test', [images, labels, '--test', images], '--test expects <images> <labels>'],
    ['a test of a table', ['flowers.csv', ...target, '--test', images, labels], '--test is for images; of a table, --validation holds out a share'],
  ])('%s', (_, args, sentence) => {
    const before = readdirSync(folder);
    const { stdout, stderr, status } = train(...args);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    expect(stderr).toMatch(/^nabla train: [^\n]*\n$/);
    expect(stderr).toContain(sentence);
    expect(readdirSync(folder)).toEqual(before);
  });

  it('what diverges, with exit code 1', () => {
    const { stdout, stderr, status } = train('flowers.csv', ...target, '--optimizer', 'sgd', '--learning-rate', '1e30', '--out', 'diverged.safetensors');
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
    expect(stderr).toMatch(/\nnabla train: in epoch 0, batch \d+, .* left the range of finite numbers[^\n]*\n$/);
    expect(existsSync(join(folder, 'diverged.safetensors'))).toBe(false);
  });
});

/** No escape codes, no redrawn lines, no line beyond 80 columns. */
function expectPlainLines(text: string): void {
  expect(text).not.toMatch(/[\x1b\r]/);
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
}

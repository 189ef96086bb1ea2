/** The room of digits in Chromium: drawings are read, files of models and tables are taken, and wrong ones are refused in a sentence. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activation, dense, normalization, sequential, type Sequential } from '../../src/index.ts';
import { executablePath, visits, type Visits } from './site.ts';
import { digitStrokes } from './strokes.ts';

describe.skipIf(executablePath === '')('the room of digits', () => {
  const site = visits();
  let page: Page;
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nabla-digits-'));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const text = (selector: string): Promise<string> => page.locator(selector).innerText();
  const says = (selector: string, part: string): Promise<unknown> =>
    page.waitForFunction(([where, wanted]) => document.querySelector(where!)?.textContent?.includes(wanted!), [selector, part]);

  async function open(trained = true, options: Parameters<Visits['open']>[1] = {}): Promise<void> {
    page = await site.open('#digits', options);
    if (trained) await says('.model [role=status]', 'Trained in');
  }

  /** Draws strokes of a square of 100 x 100 with the mouse; what was there is cleared. */
  async function draw(strokes: readonly (readonly number[])[]): Promise<void> {
    await page.getByRole('button', { name: 'Clear' }).click();
    await says('.reading', 'Draw a digit');
    const box = (await page.locator('.pad').boundingBox())!;
    const at = (stroke: readonly number[], i: number): [number, number] => [box.x + (stroke[i]! / 100) * box.width, box.y + (stroke[i + 1]! / 100) * box.height];
    for (const stroke of strokes) {
      await page.mouse.move(...at(stroke, 0));
      await page.mouse.down();
      for (let i = 2; i < stroke.length; i += 2) await page.mouse.move(...at(stroke, i), { steps: 2 });
      await page.mouse.up();
    }
  }

  /** The digit read once the drawing has been: it is said when a stroke has ended. */
  async function reading(): Promise<number> {
    await page.waitForFunction(() => document.querySelector('.draw .spoken')!.textContent!.startsWith('Read as'));
    // A last prediction may be under way.
    await page.waitForTimeout(100);
    return Number(await text('.reading strong'));
  }

  function file(name: string, content: Uint8Array | string): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** The chooser of files for models, and that for tables. */
  const chooser = (section: 'model' | 'table') => page.locator(`.${section} input[type=file]`);

  /** Pictures of `side` x `side` in; the class is the row band with most ink. */
  function bands(inputs: number, classes: number): Sequential {
    const model = sequential({ layers: [dense({ units: classes, inputShape: [inputs] }), activation('softmax')] });
    const kernel = new Float32Array(inputs * classes);
    for (let i = 0; i < inputs; i++) kernel[i * classes + Math.floor((i / inputs) * classes)] = 1;
    model.setWeights([kernel, new Float32Array(classes)]);
    return model;
  }

  it('reads digits that are drawn with a mouse', async () => {
    await open();
    const read: number[] = [];
    for (const strokes of digitStrokes) {
      await draw(strokes);
      read.push(await reading());
    }
    const right = read.filter((digit, i) => digit === i).length;
    console.log(`playground: drawn 0 to 9, read ${read.join(' ')}`);
    expect(right).toBeGreaterThanOrEqual(8);
    const shares = await page.locator('.bars .number').allInnerTexts();
    expect(shares.length).toBe(10);
    expect(Math.abs(shares.reduce((sum, share) => sum + Number.parseFloat(share), 0) - 100)).toBeLessThan(1);
    const microseconds = Number(/takes ([\d.]+) µs/.exec(await text('.timing'))![1]);
    expect(microseconds).toBeGreaterThan(0);
    expect(microseconds).toBeLessThan(1000);
  });

  it('has learnt to read most digits that it has not seen, as it says, and learns the same again', async () => {
    await open();
    const accuracy = async (): Promise<string> => /reads ([\d.]+) %/.exec(await text('.model [role=status]'))![1]!;
    const first = await accuracy();
    expect(Number(first)).toBeGreaterThan(97);
    await page.getByRole('button', { name: 'Train anew' }).click();
    await says('.model [role=status]', 'Epoch');
    await says('.model [role=status]', 'Trained in');
    expect(await accuracy()).toBe(first);
  });

  it('stops training when it is told, and reads with what it has learnt', async () => {
    await open(false);
    await says('.model [role=status]', 'Epoch');
    await page.locator('.model').getByRole('button', { name: 'Stop' }).click();
    await says('.model [role=status]', 'Stopped');
    await page.getByRole('button', { name: 'Sample of a 0' }).click();
    expect(await reading()).toBe(0);
  });

  it('shows samples, which need no drawing, and takes strokes back', async () => {
    await open();
    let right = 0;
    for (let digit = 0; digit < 10; digit++) {
      await page.getByRole('button', { name: `Sample of a ${digit}` }).click();
      await says('.reading', `it is a ${digit}`);
      if (await reading() === digit) right++;
    }
    expect(right).toBeGreaterThanOrEqual(9);
    await draw(digitStrokes[4]!);
    expect(await reading()).toBe(4);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('button', { name: 'Undo' }).click();
    await says('.reading', 'Draw a digit');
  });

  it('is drawn in with keys', async () => {
    await open();
    await page.locator('.pad').focus();
    await page.keyboard.press('Space');
    for (let i = 0; i < 14; i++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    expect(await reading()).toBe(1);
    await page.keyboard.press('Delete');
    await says('.reading', 'Draw a digit');
  });

  it.each([['bands.safetensors', 64, undefined], ['bands.onnx', 784, 'onnx']] as const)('takes the network in %s, with %i inputs', async (name, inputs, format) => {
    await open();
    const model = bands(inputs, 4);
    model.userMetadata = { labels: ['top', 'upper', 'lower', 'bottom'] };
    await chooser('model').setInputFiles(file(name, model.toBytes(format)));
    await says('.model', `Network ${inputs}-4, from ${name}`);
    expect(await text('.read figure')).toContain(inputs === 64 ? '8 x 8' : '28 x 28');
    // Most ink of a 7 is in its bar, on top.
    await draw([[20, 20, 80, 20], [80, 20, 65, 80]]);
    await says('.draw .spoken', format === undefined ? 'Read as top' : 'Read as');
    expect((await page.locator('.bars b').allInnerTexts()).length).toBe(4);
    await page.locator('.model select').selectOption('255');
    await page.waitForFunction(() => document.querySelector('.best .number')!.textContent === '100.0 %');
    await page.getByRole('button', { name: 'Train anew' }).click();
    await says('.model [role=status]', 'Trained in');
    expect(await text('.model')).toContain('trained in this page');
  });

  it('takes a model of TensorFlow.js that is dropped, and knows that it scales pixels itself', async () => {
    await open();
    const scaled = sequential({ layers: [normalization({ inputShape: [64], mean: 8, variance: 16 }), dense({ units: 10 })] });
    await chooser('model').setInputFiles(file('scaled.safetensors', scaled.toBytes()));
    await says('.model', 'from scaled.safetensors');
    expect(await page.locator('.model select').inputValue()).toBe('16');
    const { modelJson, weights } = bands(64, 10).toTfjs();
    const dropped = await page.evaluateHandle(([json, bytes]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([json], 'model.json'));
      transfer.items.add(new File([Uint8Array.from(bytes)], 'weights.bin'));
      return transfer;
    }, [JSON.stringify(modelJson).replaceAll('group1-shard1of1.bin', 'weights.bin'), [...new Uint8Array(weights)]] as const);
    await page.dispatchEvent('#room', 'dragover', { dataTransfer: dropped });
    await page.dispatchEvent('#room', 'drop', { dataTransfer: dropped });
    await says('.model', 'Network 64-10, from model.json, weights.bin');
  });

  it.each([
    ['notes.txt', 'nothing but words', 'notes.txt: no model that this page can read.'],
    ['wide.safetensors', () => bands(30, 2).toBytes(), 'This model takes 30 values a row. A drawing gives it 64 (8 x 8 pixels) or 784 (28 x 28 pixels)'],
    ['model.json', '{}', 'The weights of a model.json of TensorFlow.js are in .bin files beside it'],
    ['weights.bin', 'abc', 'A .bin file holds weights alone'],
  ])('refuses %s in a sentence, and reads on', async (name, content, sentence) => {
    await open();
    await chooser('model').setInputFiles(file(name, typeof content === 'string' ? content : content()));
    await page.waitForSelector('.model [role=alert]:visible');
    expect(await text('.model [role=alert]')).toContain(sentence);
    await page.getByRole('button', { name: 'Sample of a 6' }).click();
    expect(await reading()).toBe(6);
  });

  it('learns a table, says how well, and predicts the record that is filled in', async () => {
    await open();
    const colours = ['red', 'green', 'blue'];
    const lines = Array.from({ length: 300 }, (_, i) => {
      const size = (i * 37) % 101;
      const colour = colours[i % 3]!;
      return `${i % 29 === 0 ? '' : size},${colour},${i % 2 === 0},${size > 50 !== (colour === 'red') ? 'yes' : 'no'}`;
    });
    await chooser('table').setInputFiles(file('made.csv', ['size,colour,even,kept', ...lines].join('\n')));
    await says('.table > [role=status]', '300 rows, 4 columns');
    expect(await page.locator('.table .row select').inputValue()).toBe('kept');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await says('.table > [role=status]', 'On 60 rows that it has not seen');
    expect(Number(/seen: ([\d.]+) %/.exec(await text('.table > [role=status]'))![1])).toBeGreaterThan(85);
    const record = async (size: string, colour: string): Promise<void> => {
      await page.locator('.record input').fill(size);
      await page.locator('.record select').first().selectOption(colour);
    };
    await record('95', 'blue');
    await says('.answer .reading', 'kept: yes');
    await record('95', 'red');
    await says('.answer .reading', 'kept: no');
    await record('', '');
    await page.locator('.table .row select').selectOption('size');
    await record('95', 'blue');
    // What it has learnt is what it predicts, until it is trained anew.
    await says('.answer .reading', 'kept: yes');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await says('.table > [role=status]', 'R²');
    await says('.answer .reading', 'size: ');
    expect(await page.locator('.answer .bars').isVisible()).toBe(false);
    // What the library says on the console is for developers of pages.
    expect(site.errors.splice(0)).toEqual([expect.stringMatching(/^trainTable: \d+ of 240 rows have no value in 'size'/)]);
  });

  it('refuses what is no table', async () => {
    await open();
    await chooser('table').setInputFiles(file('one.csv', 'a\n1\n2\n'));
    await page.waitForSelector('.table [role=alert]:visible');
    expect(await text('.table [role=alert]')).toContain('one.csv has one column alone');
    expect(await text('.table > [role=status]')).toBe('');
    await chooser('table').setInputFiles(file('two.csv', ['a,b', ...Array.from({ length: 12 }, (_, i) => `${i},${-i}`)].join('\n')));
    await says('.table > [role=status]', 'two.csv: 12 rows');
    await chooser('table').setInputFiles(file('none.csv', ''));
    await page.waitForSelector('.table [role=alert]:visible');
    // The one before is still there.
    await says('.table > [role=status]', 'two.csv: 12 rows');
  });

  it.each(['light', 'dark'] as const)('fits into 360 pixels, in the %s, and is drawn in with a finger', async (colorScheme) => {
    await open(true, { viewport: { width: 360, height: 740 }, colorScheme, hasTouch: true });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    const box = (await page.locator('.pad').boundingBox())!;
    const point = (x: number, y: number) => ({ clientX: box.x + x, clientY: box.y + y, pointerId: 7, pointerType: 'touch', isPrimary: true, button: 0 });
    // Playwright's fingers only tap, and a pointer that is made up cannot be captured.
    await page.evaluate(() => void (HTMLCanvasElement.prototype.setPointerCapture = () => undefined));
    await page.dispatchEvent('.pad', 'pointerdown', point(150, 40));
    for (let y = 60; y <= 240; y += 20) await page.dispatchEvent('.pad', 'pointermove', point(150, y));
    await page.dispatchEvent('.pad', 'pointerup', point(150, 240));
    expect(await reading()).toBe(1);
  });

  it('stops its workers when one leaves', async () => {
    await open();
    expect(page.workers().length).toBe(1);
    await page.evaluate(() => void (location.hash = '#race'));
    await page.waitForSelector('.race');
    await expect.poll(() => page.workers().length).toBe(0);
  });
});

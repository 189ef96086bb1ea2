/** The room of lessons in Chromium: every lesson runs, and what it claims holds by the numbers on the page. */
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { executablePath, visits, type Visits } from './site.ts';

const names = ['chain', 'collapse', 'constant', 'zero', 'vanishing', 'saturation', 'dying', 'wrong', 'minimum', 'hash'];

describe.skipIf(executablePath === '')('the room of lessons', () => {
  const site = visits();
  let page: Page;

  async function open(lesson: string, options: Parameters<Visits['open']>[1] = {}): Promise<void> {
    page = await site.open(`#lessons?lesson=${lesson}`, options);
    await page.waitForSelector('.lessons .choice');
  }

  const text = (selector: string): Promise<string> => page.locator(selector).innerText();

  /** Predicts, runs, and reads the numbers: a row of them by its name. */
  async function learn(answer: number): Promise<Map<string, number[]>> {
    await page.locator('.choice input').nth(answer).check();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.waitForSelector('.said.right, .said.wrong');
    return measured();
  }

  async function measured(): Promise<Map<string, number[]>> {
    const rows = await page.locator('.measured tbody tr').evaluateAll((all) => all.map((row) => ({
      name: row.querySelector('th')!.textContent || row.querySelector('td')!.textContent,
      values: [...row.querySelectorAll('data')].map(({ value }) => Number(value)),
    })));
    return new Map(rows.map(({ name, values }) => [name, values]));
  }

  async function right(lesson: string, answer: number): Promise<Map<string, number[]>> {
    await open(lesson);
    const numbers = await learn(answer);
    expect(await text('.said')).toMatch(/^Right: /);
    expect(await text('.found')).not.toMatch(/undefined|NaN|\[object/);
    expect(await page.locator('.found canvas, .found .gauge').count()).toBeGreaterThan(0);
    return numbers;
  }

  it('chain: the product of the factors is the gradient, and a step goes against it', async () => {
    const numbers = await right('chain', 1);
    const factors = ['∂J/∂h', '∂h/∂z6', '∂z6/∂a4', '∂a4/∂z4', '∂z4/∂w14'].map((name) => numbers.get(name)![0]!);
    const product = factors.reduce((all, factor) => all * factor, 1);
    expect(product).toBeGreaterThan(0);
    expect(factors[4]).toBe(1);
    // The error of unit 4 in the book that the network is from (Han and Kamber, Data Mining) is −0.0087.
    expect(product).toBeCloseTo(0.0087, 4);
    for (const name of ['∂J/∂w14', 'model.gradients', 'numerical difference']) expect(Math.abs(numbers.get(name)![0]! - product)).toBeLessThan(1e-8);
    expect(await text('.found')).toContain('0.19215');

    await page.getByRole('button', { name: 'One more step' }).click();
    await page.waitForFunction(() => document.querySelector('.measured caption')!.textContent!.includes('Step 2'));
    const second = await measured();
    expect(Math.abs(second.get('∂J/∂h')![0]!)).toBeLessThan(Math.abs(factors[0]!));
    expect(await text('.said')).toMatch(/^Right: /);
  });

  it('collapse: three layers without activations are no better on XOR than one, with tanh they are', async () => {
    const numbers = await right('collapse', 2);
    for (const name of ['3 layers, linear', '1 layer']) expect(numbers.get(name)![0]!).toBeCloseTo(0.25, 5);
    expect(numbers.get('3 layers, tanh')![0]!).toBeLessThan(1e-3);
    expect(await text('.found')).toContain('The three layers are one');
  });

  it('constant: with f′ = 1 it does not learn XOR', async () => {
    const numbers = await right('constant', 2);
    expect(numbers.get('true')![0]!).toBeGreaterThan(0.95);
    expect(numbers.get('constant 1')![0]!).toBeLessThan(0.75);
    expect(numbers.get('constant 1')![2]!).toBeGreaterThan(0.1);
  });

  it('zero: hidden steps stay to the bit, straight through they move and learn', async () => {
    const numbers = await right('zero', 1);
    const [hidden, last, accuracy] = numbers.get('step')!;
    expect(hidden).toBe(0);
    expect(last).toBeGreaterThan(0.1);
    expect(numbers.get('tanh, f′ = 0')![0]).toBe(0);
    expect(numbers.get('step, straight through')![0]!).toBeGreaterThan(0.1);
    expect(numbers.get('step, straight through')![2]!).toBeGreaterThan(accuracy! + 0.1);
  });

  it('vanishing: ten sigmoids let a thousandth through at most, ReLU far more', async () => {
    const numbers = await right('vanishing', 2);
    const [first, last, ratio] = numbers.get('sigmoid')!;
    expect(ratio).toBeCloseTo(first! / last!, 10);
    expect(ratio).toBeLessThan(1e-3);
    expect(numbers.get('relu, heNormal')![2]!).toBeGreaterThan(1000 * ratio!);
    expect(await page.locator('.found .gauge').count()).toBe(22);
    const widths = await page.locator('.group-0 .gauge i').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().width));
    expect(widths.every((width, i) => i === 0 || width > widths[i - 1]!)).toBe(true);
  });

  it('saturation: large inputs leave tanh flat and the points unlearnt', async () => {
    const numbers = await right('saturation', 2);
    const [scaled, large] = [numbers.get('scaled')!, numbers.get('× 100')!];
    expect(large[0]).toBeGreaterThan(0.75);
    expect(scaled[0]).toBeLessThan(0.25);
    expect(large[1]).toBeLessThan(scaled[1]! / 5);
    expect(scaled[3]).toBeGreaterThan(large[3]! + 0.2);
  });

  it('dying: a large rate kills ReLUs, not leaky ones', async () => {
    const numbers = await right('dying', 2);
    const [relu, leaky, careful] = [...numbers.values()];
    expect(relu![0]).toBeGreaterThan(12);
    expect([leaky![0], careful![0]]).toEqual([0, 0]);
    expect(Math.min(leaky![1]!, careful![1]!)).toBeGreaterThan(relu![1]! + 0.2);
  });

  it('wrong: cross-entropy says so, the squared error hardly', async () => {
    const numbers = await right('wrong', 3);
    const h = 1 / (1 + Math.exp(6));
    expect(numbers.get('cross-entropy')![0]).toBeCloseTo(h - 1, 6);
    expect(numbers.get('squared error')![0]).toBeCloseTo(2 * (h - 1) * h * (1 - h), 6);
    expect(numbers.get('cross-entropy')![1]).toBeGreaterThan(0);
    expect(numbers.get('squared error')![1]).toBe(-1);
  });

  it('minimum: steps shrink with the gradient, those by sign do not', async () => {
    const numbers = await right('minimum', 2);
    for (const [gradient, step, sign] of numbers.values()) {
      expect(step! / gradient!).toBeCloseTo(0.2, 3);
      expect(sign).toBeCloseTo(0.45, 5);
    }
    expect(numbers.get('40')![1]!).toBeLessThan(numbers.get('1')![1]! / 1000);
  });

  it('hash: the slope of a sigmoid settles, that of a hash does not', async () => {
    const numbers = await right('hash', 1);
    const h = 1 / (1 + Math.exp(-0.5));
    const [sigmoid, hash] = numbers.get('slope, d = 0.00001')!;
    expect(sigmoid).toBeCloseTo(h * (1 - h), 4);
    expect(Math.abs(hash!)).toBeGreaterThan(100);
    expect(numbers.get('turns')![0]).toBe(0);
    expect(numbers.get('turns')![1]).toBeGreaterThan(50);
  });

  it('says what was wrong, counts, and lets one answer again', async () => {
    await open('constant');
    expect(await page.getByRole('button', { name: 'Run', exact: true }).isDisabled()).toBe(true);
    expect(await page.locator('.happened').isVisible()).toBe(false);
    await learn(0);
    expect(await page.locator('.lessons .spoken').textContent()).toBe(await text('.said'));
    expect(await text('.said')).toBe('Not so. You said: It learns faster: the gradient is stronger. It is: It does not learn XOR.');
    expect(await text('.score')).toBe('0 of 1 predictions were right.');
    expect(await page.locator('.choice input').first().isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Answer again' }).click();
    expect(await page.locator('.happened').isVisible()).toBe(false);
    await learn(2);
    expect(await text('.said')).toMatch(/^Right: /);
    // The first prediction is the one that counts.
    expect(await text('.score')).toBe('0 of 1 predictions were right.');
  });

  it('gives the same numbers for the same lesson', async () => {
    await open('zero');
    const first = await learn(0);
    await page.reload();
    await page.waitForSelector('.lessons .choice');
    expect(await learn(1)).toEqual(first);
  });

  it('leads on to the next lesson, and into the room where one watches the same run', async () => {
    await open('constant');
    await learn(2);
    await page.click('.watch-link');
    await page.waitForSelector('.watch');
    expect(await page.locator('#derivative-1').inputValue()).toBe('constant');
    expect(page.url()).toContain('layers=6.tanh.constant,6.tanh.constant&');
    await page.waitForFunction(() => document.querySelector('#epoch')!.textContent === '0');
    await page.click('.tab >> text=Lessons');
    await page.waitForSelector('.lessons .choice');
    expect(await text('.asked h2')).toBe('f′ = 1 everywhere');
    await learn(2);
    await page.click('.further a >> text=Next');
    await page.waitForFunction(() => location.hash === '#lessons?lesson=zero' && document.querySelector('.asked h2')!.textContent!.includes('f′ = 0'));
    await page.goBack();
    await page.waitForFunction(() => document.querySelector('.asked h2')!.textContent === 'f′ = 1 everywhere');
  });

  it('goes by keyboard alone', async () => {
    await open('vanishing');
    const links = await page.locator('.contents a').count();
    expect(links).toBe(names.length);
    await page.locator('.contents a').last().focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await page.locator('.choice input').nth(2).isChecked()).toBe(true);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.said.right');
    expect(await page.evaluate(() => document.activeElement!.textContent)).toBe('Answer again');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement === document.querySelector('.choice input'))).toBe(true);
  });

  it.each(['light', 'dark'] as const)('fits into 360 pixels with every lesson, in the %s', async (colorScheme) => {
    await open('chain', { viewport: { width: 360, height: 740 }, colorScheme });
    for (const name of names) {
      await page.evaluate((lesson) => void (location.hash = `#lessons?lesson=${lesson}`), name);
      await page.waitForFunction((place) => document.querySelectorAll('.contents a')[place]!.hasAttribute('aria-current'), names.indexOf(name));
      await learn(0);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBe(360);
    }
  });
});

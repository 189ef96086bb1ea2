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
    // Of the steps that it needs nothing but that they are more is known.
    expect(await page.locator('.measured tbody tr').nth(1).locator('td').nth(1).innerText()).toBe('more');
  });

  it('minimum: steps shrink with the gradient, those by sign do not', async () => {
    const numbers = await right('minimum', 2);
    for (const [, gradient, step, sign] of numbers.values()) {
      expect(step! / gradient!).toBeCloseTo(0.05, 3);
      expect(sign).toBeCloseTo(0.02 * Math.sqrt(33), 5);
    }
    const [first, last] = [numbers.get('1')!, numbers.get('100')!];
    expect(last[0]!).toBeLessThan(first[0]! / 100);
    expect(last[2]!).toBeLessThan(first[2]! / 100);
  });

  describe('the landscape', () => {
    const picture = (): Promise<string> => page.locator('canvas.ground').evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
    const name = (): Promise<string | null> => page.locator('canvas.ground').getAttribute('aria-label');
    const surface = (): Promise<unknown> => page.getByRole('radio', { name: 'Surface' }).check();
    /** Loss, gradient and step of the point that is read. */
    const reading = (): Promise<number[]> => page.locator('.walk data').evaluateAll((all) => all.map((one) => Number((one as HTMLDataElement).value)));
    /** Draws of the canvas are at once, except the first, when it has its size. */
    async function drawn(lesson = 'minimum', options: Parameters<typeof open>[1] = {}): Promise<Map<string, number[]>> {
      await open(lesson, options);
      const numbers = await learn(2);
      await page.locator('canvas.ground').scrollIntoViewIfNeeded();
      await page.evaluate(() => new Promise(requestAnimationFrame));
      return numbers;
    }

    it('is a map or a surface, whichever is chosen, and says what is seen', async () => {
      const numbers = await drawn();
      const map = await picture();
      expect(await name()).toMatch(/^Map of the loss .* from a loss of 7\.98 at the start to 0\.0466 at the end; the gradient is 9\.15 long at the start, 0\.0519 at the end\.$/);
      expect(await page.getByRole('img', { name: 'Map of the loss' }).count()).toBe(1);
      expect(numbers.get('1')![0]).toBeCloseTo(7.98, 2);
      expect(await page.locator('.turning').isVisible()).toBe(false);

      await page.getByRole('radio', { name: 'Map' }).focus();
      await page.keyboard.press('ArrowRight');
      expect(await page.getByRole('radio', { name: 'Surface' }).isChecked()).toBe(true);
      expect(await name()).toMatch(/^Surface of the loss/);
      expect(await picture()).not.toBe(map);
      expect(await page.locator('.turning').isVisible()).toBe(true);
      await page.keyboard.press('ArrowLeft');
      expect(await picture()).toBe(map);
    });

    it('turns and tilts by keys, by sliders and by a drag', async () => {
      await drawn();
      await surface();
      const [turn, tilt] = [page.getByRole('slider', { name: 'Turn' }), page.getByRole('slider', { name: 'Tilt' })];
      const seen = [await picture()];
      const degrees = async (): Promise<number[]> => [Number(await turn.inputValue()), Number(await tilt.inputValue())];
      const [turned, tilted] = await degrees() as [number, number];
      await page.locator('canvas.ground').focus();
      await page.keyboard.press('ArrowLeft');
      seen.push(await picture());
      expect(await degrees()).toEqual([turned - 5, tilted]);
      await page.keyboard.press('ArrowUp');
      seen.push(await picture());
      expect(await degrees()).toEqual([turned - 5, tilted + 5]);
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowDown');
      expect(await picture()).toBe(seen[0]);

      await turn.focus();
      await page.keyboard.press('ArrowRight');
      seen.push(await picture());
      await tilt.focus();
      for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowUp');
      expect(await degrees()).toEqual([turned + 5, 90]);
      expect(await tilt.getAttribute('aria-valuetext')).toBe('90 degrees');
      seen.push(await picture());

      const box = (await page.locator('canvas.ground').boundingBox())!;
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width / 2 + 40, box.y + box.height / 2 - 60);
      await page.mouse.up();
      seen.push(await picture());
      expect(await degrees()).toEqual([turned + 25, 60]);
      expect(new Set(seen).size).toBe(seen.length);
    });

    it('reads the path point by point, by the slider and where one points', async () => {
      const numbers = await drawn();
      const slider = page.getByRole('slider', { name: 'Step' });
      const map = await picture();
      for (const [step, index] of [['1', 0], ['2', 1], ['10', 9], ['100', 99]] as const) {
        await slider.fill(String(index));
        expect(await reading()).toEqual(numbers.get(step)!.slice(0, 3));
      }
      expect(await picture()).not.toBe(map);
      await slider.focus();
      await page.keyboard.press('Home');
      await page.keyboard.press('ArrowRight');
      const said = 'After 1 step the loss is 4.4 and the gradient 6.56 long. The next step is 0.05 · 6.56 = 0.328 long, 1.4 times shorter than the first.';
      expect(await text('.at')).toBe(said);
      expect(await slider.getAttribute('aria-valuetext')).toBe(said);
      await page.keyboard.press('End');
      expect(await text('.at')).toMatch(/^At the end, after 100 steps, .* One more step would be 0\.05 · 0\.0519 = /);
      await page.keyboard.press('Home');
      expect(await picture()).toBe(map);

      // Down the slope from the start to the valley the pointer meets the path.
      const box = (await page.locator('canvas.ground').boundingBox())!;
      const met = new Set<number>();
      for (let share = 0; share <= 1; share += 0.1) {
        await page.mouse.move(box.x + (0.25 + 0.45 * share) * box.width, box.y + (0.31 + 0.3 * share) * box.height);
        met.add(Number(await slider.inputValue()));
      }
      expect([...met]).toEqual([...met].sort((one, other) => one - other));
      expect(met.size).toBeGreaterThan(4);
    });

    it('has a canvas of as many pixels as the screen, in the colours of light and dark', async () => {
      await drawn('minimum', { deviceScaleFactor: 2, viewport: { width: 360, height: 740 } });
      const [pixels, width] = await page.locator('canvas.ground').evaluate((canvas: HTMLCanvasElement) => [canvas.width, canvas.clientWidth]) as [number, number];
      expect(pixels).toBe(2 * width);
      expect(width).toBeLessThan(360);
      for (const shape of ['Map', 'Surface']) {
        await page.getByRole('radio', { name: shape }).check();
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
        const light = await picture();
        await page.emulateMedia({ colorScheme: 'dark' });
        await page.waitForFunction((before) => document.querySelector<HTMLCanvasElement>('canvas.ground')!.toDataURL() !== before, light);
        await page.emulateMedia({ colorScheme: 'light' });
        await page.waitForFunction((before) => document.querySelector<HTMLCanvasElement>('canvas.ground')!.toDataURL() === before, light);
      }
    });
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

  it('hands the focus on where a link goes with what it leads away from', async () => {
    const focused = (): Promise<string | undefined> => page.evaluate(() => document.activeElement!.id || document.activeElement!.textContent);
    await open('constant', { viewport: { width: 360, height: 740 } });
    await learn(2);
    await page.getByText('Next: ').focus();
    await page.keyboard.press('Enter');
    await expect.poll(focused).toBe('f′ = 0, and straight through');
    await learn(1);
    await page.locator('.watch-link').focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('.watch');
    await expect.poll(focused).toBe('room');
    expect(await page.evaluate(() => scrollY)).toBe(0);
  });

  it('says what was wrong, counts, and lets one answer again', async () => {
    await open('constant');
    expect(await page.getByRole('button', { name: 'Run', exact: true }).isDisabled()).toBe(true);
    expect(await page.locator('.happened').isVisible()).toBe(false);
    await learn(0);
    expect(await page.locator('.lessons .spoken').textContent()).toBe(await text('.said'));
    expect(await text('.said')).toBe('Not so. You said: It learns faster: the gradient is stronger. It is: It does not learn XOR.');
    expect(await text('.score')).toBe('Predictions that were right: 0 of 1.');
    expect(await page.locator('.choice input').first().isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Answer again' }).click();
    expect(await page.locator('.happened').isVisible()).toBe(false);
    await learn(2);
    expect(await text('.said')).toMatch(/^Right: /);
    // The first prediction is the one that counts.
    expect(await text('.score')).toBe('Predictions that were right: 0 of 1.');
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

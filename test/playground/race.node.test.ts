/** The room of the race in Chromium: both lanes finish, WebAssembly is ahead, and the losses agree. */
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { executablePath, visits, type Visits } from './site.ts';

describe.skipIf(executablePath === '')('the room of the race', () => {
  const site = visits();
  let page: Page;

  async function open(options: Parameters<Visits['open']>[1] = {}): Promise<void> {
    page = await site.open('#race', options);
    await page.waitForSelector('.race');
  }

  const values = (lane: string): Promise<string[]> => page.locator(`.lane.${lane} dd`).allInnerTexts();
  const said = (part: string): Promise<unknown> => page.waitForFunction((wanted) => document.querySelector('.race .spoken')!.textContent!.includes(wanted), part);
  const numberOf = (text: string): number => Number.parseFloat(text.replaceAll(',', ''));

  async function race(network: string, order: string, seed = '1'): Promise<string[][]> {
    await page.getByLabel('Network').selectOption(network);
    await page.getByLabel('They run').selectOption(order);
    await page.getByLabel('Seed').fill(seed);
    await page.getByLabel('Seed').press('Enter');
    await page.getByRole('button', { name: 'Start' }).click();
    await said('Both have finished');
    return [await values('wasm'), await values('reference')];
  }

  it.each([['small', 'turns', '120 of 120'], ['digits', 'together', '100 of 100'], ['large', 'turns', '12 of 12']])('%s, %s', async (network, order, epochs) => {
    await open();
    const [wasm, reference] = await race(network, order);
    expect([wasm![1], reference![1]]).toEqual([epochs, epochs]);
    expect(numberOf(wasm![0]!)).toBeGreaterThan(numberOf(reference![0]!));
    expect(Math.abs(Number(wasm![3]) - Number(reference![3]))).toBeLessThan(1e-3);
    expect(Number(wasm![3])).toBeLessThan(0.5);
    const ratio = Number(await page.locator('.verdict strong').innerText());
    expect(Math.abs(ratio - numberOf(wasm![0]!) / numberOf(reference![0]!))).toBeLessThan(0.06);
    expect(Number(/at most ([\d.e-]+)\./.exec(await page.locator('.result').innerText())?.[1] ?? 0)).toBeLessThan(1e-3);
    expect(await page.locator('.chart canvas').count()).toBe(1);
    console.log(`playground: race ${network}, ${order}: ${wasm![0]!} and ${reference![0]!} samples/s, ${ratio} times`);
  });

  it('gives the same losses for a seed, and others for another', async () => {
    await open();
    const losses = async (seed: string): Promise<(string | undefined)[]> => (await race('digits', 'together', seed)).map((lane) => lane[3]);
    const first = await losses('5');
    expect(await losses('5')).toEqual(first);
    expect(await losses('6')).not.toEqual(first);
  });

  it('stops when it is told, by keyboard alone, and starts anew', async () => {
    await open();
    await page.getByLabel('Network').selectOption('large');
    const starter = page.locator('.race .button.main');
    await starter.focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => /^[1-9]/.test(document.querySelectorAll('.lane.reference dd')[1]!.textContent!));
    await page.keyboard.press('Enter');
    await said('Stopped');
    await expect.poll(() => page.workers().length).toBe(0);
    const stopped = await values('reference');
    expect(stopped[1]).not.toBe('12 of 12');
    await page.waitForTimeout(300);
    expect(await values('reference')).toEqual(stopped);
    await page.keyboard.press('Enter');
    await said('The race begins');
    await expect.poll(() => page.workers().length).toBe(2);
  });

  it('says how many threads the machine runs at once', async () => {
    await open();
    const cores = await page.evaluate(() => navigator.hardwareConcurrency);
    expect(await page.locator('.course').innerText()).toContain(cores > 1 ? `runs ${cores} threads at once` : 'one thread');
  });

  it.each(['light', 'dark'] as const)('fits into 360 pixels, in the %s', async (colorScheme) => {
    await open({ viewport: { width: 360, height: 740 }, colorScheme });
    await race('digits', 'together');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  });
});

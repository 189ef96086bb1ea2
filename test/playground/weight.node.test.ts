/** What a visit to each room loads, compressed, from a cold start and with everything that the room does; and how soon there is something to see. */
import type { Page } from 'playwright';
import { afterAll, describe, expect, it } from 'vitest';
import { dense, sequential } from '../../src/index.ts';
import { executablePath, visits } from './site.ts';

/** The most that a visit to one room may load. */
const mostBytes = 150_000;

const file = (name: string, content: string | Uint8Array) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(content) });

/** What loads all that a room has. */
const rooms: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  async watch(page) {
    await page.waitForSelector('#findings li');
    await page.click('#step');
    await page.waitForFunction(() => document.querySelector('#epoch')!.textContent === '1');
  },
  async lessons(page) {
    const lessons = await page.locator('.contents a').count();
    for (let lesson = 0; lesson < lessons; lesson++) {
      await page.locator('.contents a').nth(lesson).click();
      await page.waitForFunction((at) => document.querySelectorAll('.contents a')[at]!.hasAttribute('aria-current'), lesson);
      await page.locator('.choice input').first().check();
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      await page.waitForSelector('.said.right, .said.wrong');
    }
  },
  async digits(page) {
    const says = (selector: string, part: string): Promise<unknown> => page.waitForFunction(([where, wanted]) => document.querySelector(where!)!.textContent!.includes(wanted!), [selector, part]);
    await says('.model [role=status]', 'Trained in');
    const model = sequential({ layers: [dense({ units: 10, activation: 'softmax', inputShape: [64] })] });
    await page.locator('.model input[type=file]').setInputFiles(file('own.safetensors', model.toBytes()));
    await says('.model', 'from own.safetensors');
    const lines = Array.from({ length: 100 }, (_, i) => `${(i * 37) % 101},${['red', 'green'][i % 2]!},${(i * 37) % 101 > 50 ? 'yes' : 'no'}`);
    await page.locator('.table input[type=file]').setInputFiles(file('made.csv', ['size,colour,kept', ...lines].join('\n')));
    await says('.table > [role=status]', '100 rows, 3 columns');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await says('.table > [role=status]', 'that it has not seen');
  },
  async race(page) {
    await page.getByRole('button', { name: 'Start' }).click();
    await page.waitForFunction(() => document.querySelector('.race .spoken')!.textContent!.includes('Both have finished'));
  },
};

const kilobytes = (loaded: ReadonlyMap<string, number>): number => [...loaded.values()].reduce((sum, size) => sum + size, 0) / 1000;

describe.skipIf(executablePath === '')('the weight of the playground', () => {
  const site = visits();
  const all = new Map<string, number>();

  afterAll(() => console.log(`playground: ${kilobytes(all).toFixed(1)} kB gzip in all rooms together`));

  it.each(Object.entries(rooms))('is small in a visit to the room %s', async (name, use) => {
    site.loaded.clear();
    const page = await site.open(`#${name}`);
    await page.waitForSelector(`.${name}`);
    await use(page);
    const bytes = kilobytes(site.loaded);
    site.loaded.forEach((size, path) => all.set(path, size));
    const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN);
    console.log(`playground: ${name} loads ${bytes.toFixed(1)} kB gzip, first paint after ${paint.toFixed(0)} ms: ${[...site.loaded].map(([path, size]) => `${path} ${(size / 1000).toFixed(1)}`).join(', ')}`);
    expect(bytes * 1000).toBeLessThan(mostBytes);
    expect(bytes * 1000).toBeGreaterThan(20_000);
  });
});

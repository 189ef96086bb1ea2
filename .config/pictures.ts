/**
 * Takes the README's pictures of the playground anew, into src/playground/pictures (`npm run pictures`). Needs
 * Chromium, in its usual place or where CHROMIUM_PATH says.
 */
import { chromium, type Page } from 'playwright';
import { build, preview } from 'vite';
import { launchOptions } from './chromium.ts';

const folder = 'src/playground/pictures/';
const configFile = '.config/playground.config.ts';

/** A name, where the picture is taken, how high it is, and what is done before. */
const pictures: readonly [name: string, hash: string, height: number, prepare: (page: Page) => Promise<void>][] = [
  ['watch', '#watch?data=spirals&layers=8.tanh,6.tanh,4.sigmoid&optimizer=adam&rate=0.02', 1515, async (page) => {
    await page.click('#play');
    await page.waitForFunction(() => Number.parseFloat(document.querySelector('#test-accuracy')!.textContent!) > 97);
    await page.click('#play');
    await page.waitForFunction(() => document.querySelector('#status')!.textContent!.startsWith('Paused'));
    await page.locator('.network').press('ArrowRight');
  }],
  ['landscape', '#lessons?lesson=minimum', 1340, async (page) => {
    await page.locator('.choice input').nth(2).check();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('radio', { name: 'Surface' }).check();
    await page.getByRole('slider', { name: 'Step', exact: true }).fill('3');
    await page.evaluate(() => scrollTo(0, 0));
  }],
];

await build({ configFile, logLevel: 'warn' });
const server = await preview({ configFile, logLevel: 'warn', preview: { port: 0 } });
const browser = await chromium.launch(launchOptions);
for (const [name, hash, height, prepare] of pictures) {
  const page = await browser.newPage({ viewport: { width: 1280, height } });
  await page.goto(server.resolvedUrls!.local[0]! + hash);
  await prepare(page);
  await page.screenshot({ path: `${folder}${name}.png` });
  await page.close();
}
await browser.close();
await server.close();

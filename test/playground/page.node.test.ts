/**
 * The playground as people get it: built, served as static files under a strict content security policy, and driven in Chromium by mouse
 * and keyboard.
 */
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { makeSets } from '../../src/playground/data/points.ts';
import { executablePath, visits, type Visits } from './site.ts';

describe.skipIf(executablePath === '')('the playground', () => {
  const site = visits();
  let page: Page;

  /** Opens the page and waits for the first snapshot. */
  async function open(hash = '', options: Parameters<Visits['open']>[1] = {}): Promise<void> {
    page = await site.open(hash, options);
    await atEpoch(0);
  }

  const text = (selector: string): Promise<string> => page.locator(selector).innerText();
  const epoch = async (): Promise<number> => Number((await text('#epoch')).replaceAll(',', ''));
  /** Waits until the numbers are of the run asked for, and of this epoch. */
  const atEpoch = (wanted: number): Promise<unknown> =>
    page.waitForFunction((value) => document.querySelector('.counts:not([aria-busy]) #epoch')?.textContent === value, wanted.toLocaleString('en'));
  const losses = async (): Promise<string[]> => [await text('#train-loss'), await text('#test-loss')];
  const norms = (): Promise<number[]> => page.locator('.layers tbody tr').evaluateAll((rows) => rows.map((row) => Number((row as HTMLElement).dataset['norm'])));
  const paused = (): Promise<unknown> => page.waitForFunction(() => document.querySelector('#status')?.textContent?.startsWith('Paused'));

  async function step(): Promise<void> {
    const before = await epoch();
    await page.click('#step');
    await atEpoch(before + 1);
  }

  /** Losses at the start and after each of some steps. */
  async function course(steps: number): Promise<string[][]> {
    const found = [await losses()];
    for (let i = 0; i < steps; i++) {
      await step();
      found.push(await losses());
    }
    return found;
  }

  it('learns XOR when played, and stays where it is when paused', async () => {
    await open();
    expect(await text('#play')).toBe('Play');
    await page.click('#play');
    await page.waitForFunction(() => Number.parseFloat(document.querySelector('#test-accuracy')!.textContent!) > 95);
    expect(await text('#play')).toBe('Pause');
    expect(Number((await text('#epochs-s')).replaceAll(',', ''))).toBeGreaterThan(0);
    await page.click('#play');
    await paused();
    const stopped = await epoch();
    await page.waitForTimeout(300);
    expect(await epoch()).toBe(stopped);
    expect(await text('#findings')).toContain('It has learnt');
  });

  it('steps one epoch at a time, and begins with the same losses after a reset', async () => {
    await open();
    const first = await course(3);
    expect(new Set(first.map(([train]) => train)).size).toBe(4);
    await page.click('#reset');
    await atEpoch(0);
    expect(await course(3)).toEqual(first);
  });

  it('shows the same run for the same address, and keeps the address to what is shown', async () => {
    const hash = '#watch?data=moons&noise=0.2&points=100&seed=7&layers=5.gelu,3.relu.sigmoid&init=heNormal&optimizer=adam&rate=0.02&batch=8&speed=15';
    await open(hash);
    expect(new URL(page.url()).hash).toBe(hash);
    const first = await course(2);
    await page.close();
    await open(hash);
    expect(await course(2)).toEqual(first);
    await page.close();
    await open(hash.replace('seed=7', 'seed=8'));
    expect(await course(2)).not.toEqual(first);
  });

  it('opens the room for a hash that it does not know, and follows one that is typed in', async () => {
    await open('#nowhere');
    const usual = await losses();
    await page.evaluate(() => void (location.hash = '#watch?data=circles&layers=3.tanh'));
    await page.waitForFunction((before) => document.querySelector('#train-loss')!.textContent !== before, usual[0]);
    expect(await page.locator('#data').inputValue()).toBe('circles');
    expect(await page.locator('.layer').count()).toBe(1);
  });

  const controls = [
    ['data', 'spirals'], ['data', 'steps'], ['noise', '0.3'], ['points', '80'], ['seed', '5'], ['optimizer', 'rmsprop'], ['rate', '0.3'], ['batch', '50'],
    ['init', 'heNormal'], ['units-1', '3'], ['activation-2', 'softsign'], ['derivative-2', 'constant'],
  ] as const;
  it.each([...controls.map((control) => ['xor', ...control] as const), ...controls.filter(([id]) => ['noise', 'units-1', 'derivative-2'].includes(id)).map((control) => ['sine', ...control] as const)])('with %s, %s of %s changes what is trained, and the address', async (data, id, value) => {
    await open(`#watch?data=${data}`);
    const usual = await course(1);
    await page.click('#reset');
    await atEpoch(0);
    const control = page.locator(`#${id}`);
    if (await control.evaluate((element) => element instanceof HTMLSelectElement)) await control.selectOption(value);
    else {
      await control.fill(value);
      await control.press('Enter');
    }
    await page.waitForFunction((part) => location.hash.includes(part), value);
    await atEpoch(0);
    const changed = await course(1);
    expect(changed[1]).not.toEqual(usual[1]);
    expect(site.errors).toEqual([]);
    // The link that has come of it is the same run.
    await page.reload();
    await atEpoch(0);
    expect(await course(1)).toEqual(changed);
  });

  it('keeps a number that makes no sense out', async () => {
    await open();
    await page.fill('#noise', '-3');
    await page.press('#noise', 'Enter');
    expect(await page.inputValue('#noise')).toBe('0.1');
    await page.fill('#seed', '');
    await page.press('#seed', 'Enter');
    expect(await page.inputValue('#seed')).toBe('1');
  });

  it('takes a learning rate that is not among the choices from the address', async () => {
    await open('#watch?rate=0.07');
    expect(await page.inputValue('#rate')).toBe('0.07');
  });

  it('adds and removes layers, one to six', async () => {
    await open();
    for (let i = 0; i < 4; i++) await page.click('#add-layer');
    await page.waitForFunction(() => document.querySelectorAll('.layers tbody tr').length === 7);
    expect(await page.locator('#add-layer').isDisabled()).toBe(true);
    for (let i = 0; i < 5; i++) await page.click('.layer >> nth=0 >> button');
    await page.waitForFunction(() => document.querySelectorAll('.layers tbody tr').length === 2);
    expect(await page.locator('.layer button').isDisabled()).toBe(true);
    await step();
  });

  it('has no gradient in the hidden layers where the derivative is zero, at once and while it trains', async () => {
    await open();
    expect((await norms()).every((norm) => norm > 0)).toBe(true);
    await page.click('#play');
    await page.waitForFunction(() => Number(document.querySelector('#epoch')!.textContent) > 3);
    await page.selectOption('#derivative-2', 'zero');
    await page.waitForFunction(() => (document.querySelector('.layers tbody tr') as HTMLElement).dataset['norm'] === '0');
    expect(await text('#play')).toBe('Pause');
    const [first, second, last] = await norms();
    expect([first, second]).toEqual([0, 0]);
    expect(last).toBeGreaterThan(0);
    expect(await epoch()).toBeGreaterThan(3);
    expect(await text('#findings')).toContain("The derivative of layer '2' is 0 everywhere");
    expect(await text('#plotted')).toContain('Layer 2');
  });

  it('trains as fast as it is told', async () => {
    await open('#watch?speed=2');
    const start = Date.now();
    await page.click('#play');
    await page.waitForFunction(() => Number(document.querySelector('#epoch')!.textContent) >= 2);
    const reached = await epoch();
    // At two a second, these have taken their time, or longer where the machine has other work.
    expect(Date.now() - start).toBeGreaterThanOrEqual(1000 * (reached / 2) - 50);
    await page.selectOption('#speed', '0');
    await page.waitForFunction(() => Number(document.querySelector('#epoch')!.textContent!.replaceAll(',', '')) > 200);
    expect(page.url()).toContain('speed=0');
  });

  it('explains the weight and the point that are chosen, by number, by key and by pointing', async () => {
    await open();
    const before = await text('#chain');
    await page.getByLabel('To unit').fill('3');
    await page.getByLabel('To unit').press('Enter');
    await page.waitForFunction((old) => document.querySelector('#chain')!.textContent !== old && document.querySelector('#chain')!.textContent!.includes('unit 3'), before);
    await page.getByLabel('Point', { exact: true }).fill('12');
    await page.getByLabel('Point', { exact: true }).press('Enter');
    await page.locator('.network').press('ArrowRight');
    await page.waitForFunction(() => document.querySelector('#chain')!.textContent!.includes('layer 2, unit 1'));
    expect(await page.getByLabel('Point', { exact: true }).inputValue()).toBe('12');
    const box = (await page.locator('.network').boundingBox())!;
    // A little before the answer, where the lines of the last layer come together.
    await page.mouse.move(box.x + box.width - 60, box.y + box.height / 2);
    await page.waitForFunction(() => document.querySelector('#chain')!.textContent!.includes('weight into output'));
    expect(await text('#reading')).toMatch(/^From unit \d of layer 2 to the answer: w = .+, ∂J\/∂w = .+; at the point shown, input × δ = .+ × .+\.$/);
    const map = (await page.locator('.map').boundingBox())!;
    await page.mouse.click(map.x + map.width / 4, map.y + map.height / 4);
    await page.waitForFunction(() => document.querySelector('#chain')!.textContent!.includes('wanted 1'));
  });

  const network = (label: string): Promise<unknown> => page.waitForFunction((start) => document.querySelector('.network')?.getAttribute('aria-label')?.startsWith(start), `Network of ${label} units`);

  it('has one input for a curve, two for a plane, and goes from one to the other', async () => {
    await open();
    const from = page.getByLabel('From', { exact: true });
    await from.fill('2');
    await from.press('Enter');
    await page.waitForFunction(() => document.querySelector('#reading')!.textContent!.startsWith('From x₂ to'));
    await page.selectOption('#data', 'sine');
    await network('1-6-4-1');
    expect(page.url()).toContain('data=sine');
    // The second input is gone, and with it its weights.
    expect([await from.inputValue(), await from.getAttribute('max')]).toEqual(['1', '1']);
    expect(await text('#reading')).toMatch(/^From x to unit 1 of layer 1: /);
    expect(await text('#chain')).toMatch(/of the point \(−?[\d.]+\): wanted/);
    expect([await page.locator('#train-accuracy').isVisible(), await page.locator('#test-accuracy').isVisible()]).toEqual([false, false]);
    expect(await page.locator('.map').getAttribute('aria-label')).toMatch(/^The network's answer along x, with 200 points\. Loss on test points/);
    await page.selectOption('#data', 'waves');
    await network('2-6-4-1');
    expect(await from.getAttribute('max')).toBe('2');
    expect(await page.locator('.map').getAttribute('aria-label')).toContain('over the plane');
  });

  it('fits a sine when played, by a link that holds the run', async () => {
    await open();
    await page.getByRole('link', { name: 'Fit a sine' }).click();
    await network('1-6-6-1');
    await atEpoch(0);
    const first = await course(2);
    const before = await page.locator('.map').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    await page.click('#play');
    // The noise alone leaves 0.01; a straight line about 0.4.
    await page.waitForFunction(() => Number(document.querySelector('#test-loss')!.textContent) < 0.03);
    await page.click('#play');
    await paused();
    expect(Number((await losses())[0])).toBeLessThan(0.05);
    expect(await page.locator('.map').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL())).not.toBe(before);
    const { hash } = new URL(page.url());
    expect(hash).toContain('data=sine');
    await page.close();
    await open(hash);
    expect([await page.locator('#data').inputValue(), new URL(page.url()).hash]).toEqual(['sine', hash]);
    expect(await page.locator('[aria-current] >> text=Fit a sine').count()).toBe(1);
    expect(await course(2)).toEqual(first);
  });

  it('takes the point of a curve that is clicked, or named, and shows test points where wanted', async () => {
    await open('#watch?data=chirp&points=40');
    const { train, test } = makeSets('chirp', { count: 40, noise: 0.1, seed: 1 });
    const point = page.getByLabel('Point', { exact: true });
    const map = page.locator('.map');
    const { width, height } = (await map.boundingBox())!;
    const top = 1.25 * Math.max(1, ...[...train.y, ...test.y].map(Math.abs));
    for (const sample of [5, 31]) {
      await map.click({ position: { x: (width * (train.x[sample]! / 2.5 + 1)) / 2, y: (height * (1 - train.y[sample]! / top)) / 2 } });
      await page.waitForFunction((wanted) => document.querySelector('#chain')!.textContent!.includes(`wanted ${wanted}`), String(Number(train.y[sample]!.toPrecision(3))).replace('-', '−'));
      expect(await point.inputValue()).toBe(String(sample));
    }
    const drawn = (): Promise<string> => map.evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const ringed = await drawn();
    await point.fill('7');
    await point.press('Enter');
    await page.waitForFunction((wanted) => document.querySelector('#chain')!.textContent!.includes(`wanted ${wanted}`), String(Number(train.y[7]!.toPrecision(3))).replace('-', '−'));
    const before = await drawn();
    expect(before).not.toBe(ringed);
    await page.getByLabel('test points too').check();
    expect(await drawn()).not.toBe(before);
  });

  it('shows the f′ of the layer that is picked, and test points where wanted', async () => {
    await open('#watch?layers=4.relu,4.sigmoid');
    await page.click('.layers button >> nth=1');
    expect(await text('#plotted')).toContain('f is sigmoid');
    const drawn = (): Promise<string> => page.locator('.map').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const before = await drawn();
    await page.getByLabel('test points too').check();
    expect(await drawn()).not.toBe(before);
  });

  it('says what the doctor finds, how grave it is and what to do, and picks the layer that it is about', async () => {
    await open('#watch?layers=4.tanh,4.tanh.zero,4.tanh.zero');
    expect(await page.locator('#findings').getAttribute('aria-live')).toBe('polite');
    const first = page.locator('#findings li').first();
    expect((await first.innerText()).replaceAll(/\s+/g, ' ')).toMatch(/^✕ Error Show layer 2 Show layer 3 The derivative of layer '2' is 0 everywhere: .+ The derivative of layer '3' .+ Leave out its option 'derivative'\.$/);
    await page.getByRole('button', { name: 'Show layer 3' }).click();
    const picked = (): Promise<string> => page.locator('.layers [aria-pressed=true]').innerText();
    expect([await picked(), (await text('#plotted')).slice(0, 7)]).toEqual(['3 tanh, f′ zero', 'Layer 3']);
    await first.locator('p').first().click();
    expect(await picked()).toBe('2 tanh, f′ zero');
    await page.getByRole('button', { name: 'Show layer 3' }).focus();
    await page.keyboard.press('Enter');
    expect(await picked()).toBe('3 tanh, f′ zero');
    // Numbers change while it trains; what has the focus keeps it, and nothing is read aloud.
    await page.evaluate(() => (document.querySelector('#play') as HTMLElement).click());
    await page.waitForFunction(() => document.querySelector('#findings')!.textContent!.includes('no better than'));
    expect(await page.locator('#findings').getAttribute('aria-live')).toBe('off');
    await page.evaluate(() => (document.querySelector('#play') as HTMLElement).click());
    await paused();
    expect(await page.locator('#findings').getAttribute('aria-live')).toBe('polite');
    expect(await text('#findings')).toContain(`After ${await text('#epoch')} epochs`);
  });

  it('keeps the focus in the findings where numbers alone change', async () => {
    await open('#watch?data=circles&layers=4.sigmoid,4.sigmoid,4.sigmoid,4.sigmoid,4.sigmoid,4.sigmoid');
    await page.getByRole('button', { name: 'Show layer 1' }).focus();
    const before = await text('#findings');
    await page.evaluate(() => (document.querySelector('#step') as HTMLElement).click());
    await page.waitForFunction((old) => (document.querySelector('#findings') as HTMLElement).innerText !== old, before);
    expect(await page.locator('#findings li').count()).toBe(1);
    expect(await page.evaluate(() => document.activeElement!.textContent)).toBe('Show layer 1');
  });

  it('has legends in the colours of light and dark, also when one turns into the other', async () => {
    const markers = (): Promise<string[]> => page.locator('.u-marker').evaluateAll((all) => all.map((one) => `${getComputedStyle(one).border} ${getComputedStyle(one).backgroundColor}`));
    await open('', { colorScheme: 'dark' });
    const dark = await markers();
    await page.close();
    await open('', { colorScheme: 'light' });
    const light = await markers();
    expect(light).not.toEqual(dark);
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(markers).toEqual(dark);
    await page.emulateMedia({ colorScheme: 'light' });
    await expect.poll(markers).toEqual(light);
  });

  it('goes on drawing where losses leave the finite range, and when they come back', async () => {
    // The loss of the test points is infinite a few steps before that of the training points.
    await open('#watch?data=waves&rate=3&batch=1000&layers=8.linear,8.linear');
    for (let steps = 0; !(await text('#status')).startsWith('Stopped'); steps++) {
      expect(steps).toBeLessThan(50);
      const before = await text('#epoch');
      await page.click('#step');
      await page.waitForFunction((old) => document.querySelector('#epoch')!.textContent !== old || document.querySelector('#status')!.textContent!.startsWith('Stopped'), before);
    }
    expect(await text('#test-loss')).toBe('∞');
    expect(await text('#findings')).toContain('left the range of finite numbers');
    await page.selectOption('#rate', '0.001');
    await page.waitForFunction(() => document.querySelector('#status')!.textContent!.startsWith('Paused'));
    await page.click('#reset');
    await atEpoch(0);
    expect(await text('#test-loss')).toMatch(/^0\.\d+$/);
  });

  it('says so when its worker cannot be loaded, or fails', async () => {
    await open();
    await page.click('#play');
    await page.waitForFunction(() => document.querySelector('#play')!.textContent === 'Pause');
    // No command of the page's makes it fail.
    await page.workers()[0]!.evaluate(() => void dispatchEvent(new MessageEvent('message', { data: { type: 'build', state: {} } })));
    await page.waitForFunction(() => document.querySelector('#status')!.textContent!.startsWith('The worker that trains has failed: Uncaught TypeError'));
    expect(await text('#play')).toBe('Play');
    await page.click('#reset');
    await atEpoch(0);
    await page.locator('.tab', { hasText: 'Race' }).click();
    await page.waitForSelector('.race');
    await page.route(/worker/, (route) => route.abort());
    await page.locator('.tab', { hasText: 'Watch' }).click();
    await page.waitForFunction(() => document.querySelector('#status')?.textContent === 'The worker that trains has failed: its script could not be loaded. Reload the page.');
    expect(site.errors.length).toBeGreaterThan(0);
    site.errors.length = 0;
  });

  it('goes by keyboard alone', async () => {
    await open();
    const hash = new URL(page.url()).hash;
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect([await page.evaluate(() => document.activeElement?.id), new URL(page.url()).hash]).toEqual(['room', hash]);
    for (let presses = 0; presses < 5; presses++) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(() => document.activeElement?.id === 'play')) break;
    }
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('play');
    await page.keyboard.press('Space');
    await page.waitForFunction(() => document.querySelector('#status')!.textContent === 'Training.');
    await page.keyboard.press('Enter');
    await paused();
    // A control that is used stays in use, though what it changes is drawn anew.
    await page.focus('#derivative-1');
    await page.keyboard.press('ArrowDown');
    await page.waitForFunction(() => location.hash.includes('tanh.constant'));
    const inUse = (): Promise<string | undefined> => page.evaluate(() => document.activeElement?.id);
    expect(await inUse()).toBe('derivative-1');
    // What is used up hands the focus on.
    await page.focus('#remove-2');
    await page.keyboard.press('Enter');
    expect(await inUse()).toBe('add-layer');
    for (let layers = 1; layers < 6; layers++) await page.keyboard.press('Enter');
    expect(await inUse()).toBe('remove-6');
    await page.keyboard.press('Enter');
    expect(await inUse()).toBe('remove-5');
  });

  it('has a name for every control', async () => {
    await open();
    const nameless = await page.locator('button, input, select, a, canvas').evaluateAll((controls) => controls.filter((control) => {
      const label = (control as HTMLInputElement).labels?.[0]?.textContent ?? '';
      return `${label}${control.getAttribute('aria-label') ?? ''}${control.tagName === 'SELECT' ? '' : control.textContent}`.trim() === '' && control.closest('.chart') === null;
    }).map((control) => control.outerHTML));
    expect(nameless).toEqual([]);
    expect(await page.locator('[role=status][aria-live=polite]').count()).toBe(1);
  });

  it.each([['light', 'xor'], ['dark', 'xor'], ['light', 'steps'], ['dark', 'steps']] as const)('fits into 360 pixels, in the %s, with %s', async (colorScheme, data) => {
    await open(`#watch?data=${data}&layers=8.tanh,8.tanh.straightThrough,8.leakyRelu.leakyRelu,8.tanh,8.tanh,8.tanh`, { viewport: { width: 360, height: 740 }, colorScheme });
    await step();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    const beyond = await page.locator('.panel *').evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().right > 352 && one.closest('.chart') === null).map((one) => one.outerHTML.slice(0, 80)));
    expect(beyond).toEqual([]);
  });
});

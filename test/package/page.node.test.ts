/**
 * The package in web pages: in Chromium, out of Vite's two servers and as a plain module, under content security policies
 * with and without WebAssembly. Every way must give the bits that Node gives.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright';
import { build, createServer as createViteServer, type InlineConfig } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executablePath, launchOptions } from '../../.config/chromium.ts';
import { installedProject, node, writePage } from './installed.ts';
import type { Outcome, Relaxed, Trained } from './programs.ts';

const timeout = 60_000;
if (executablePath === '') console.log('No Chromium found: the tests of the package in pages are skipped.');

const withWasm = "script-src 'self' 'wasm-unsafe-eval'";
const withoutWasm = "script-src 'self'";
const mediaTypes: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.gz': 'application/gzip', '.css': 'text/css' };

/** What lets a page share memory among threads. */
const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** Serves files of the first folder that has them, under a content security policy. */
function serve(folders: readonly string[], policy: string, headers: Record<string, string> = {}): Promise<Server> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname.replace(/\/$/, '/index.html');
    for (const folder of folders) {
      try {
        const body = readFileSync(join(folder, path));
        response.writeHead(200, { 'content-type': mediaTypes[extname(path)] ?? 'text/plain', 'content-security-policy': policy, ...headers }).end(body);
        return;
      } catch {
        // Not in this folder.
      }
    }
    response.writeHead(404).end();
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

interface Visit {
  readonly outcome: Outcome;
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
}

/** Opens a page that sets `globalThis.outcome`, waits for it, and notes what goes to the console. */
async function visit(browser: Browser, url: string, before?: (page: Page) => Promise<unknown>): Promise<Visit> {
  const page = await browser.newPage();
  const warnings: string[] = [];
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'warning') warnings.push(message.text());
    if (message.type() === 'error') errors.push(message.text());
  });
  try {
    await before?.(page);
    await page.goto(url);
    const outcome = await page.evaluate(() => (globalThis as unknown as { outcome: Promise<Outcome> }).outcome);
    return { outcome, warnings, errors };
  } finally {
    await page.close();
  }
}

/** What the programs tell on the relaxed backend, in the same page. */
async function relaxedIn(browser: Browser, url: string): Promise<Relaxed> {
  const page = await browser.newPage();
  try {
    await page.goto(url);
    return await page.evaluate(() => (globalThis as unknown as { relaxed: () => Promise<Relaxed> }).relaxed());
  } finally {
    await page.close();
  }
}

/** What they tell with two threads, and what the library says on the console. */
async function threadedIn(browser: Browser, url: string): Promise<{ digits: Trained; warnings: string[] }> {
  const page = await browser.newPage();
  const warnings: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'warning') warnings.push(message.text());
  });
  try {
    await page.goto(url);
    return { digits: await page.evaluate(() => (globalThis as unknown as { threaded: () => Promise<Trained> }).threaded()), warnings };
  } finally {
    await page.close();
  }
}

describe.skipIf(executablePath === '')('in a page', () => {
  let project: Awaited<ReturnType<typeof installedProject>>;
  let plain: string;
  let expected: Outcome;
  let browser: Browser;
  const closing: (() => Promise<unknown> | void)[] = [];

  beforeAll(async () => {
    project = await installedProject();
    closing.push(() => project.remove());
    await writePage(project.folder, 'nabla');
    plain = join(project.folder, '../plain');
    cpSync(project.folder, plain, { recursive: true });
    await writePage(plain, './node_modules/nabla/dist/index.js');
    expected = await onNode(project.folder);
    browser = await chromium.launch(launchOptions);
    closing.push(() => browser.close());
  }, timeout);

  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  }, timeout);

  const vite = (): InlineConfig => ({ root: project.folder, configFile: false, logLevel: 'warn', base: './', cacheDir: 'build/vite' });

  async function servedFrom(folders: readonly string[], policy: string, headers?: Record<string, string>): Promise<string> {
    const server = await serve(folders, policy, headers);
    closing.push(() => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    }));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  it('Node learns, to compare with', () => {
    expect(expected.xor).toMatchObject({ backend: 'wasm', accuracy: 1 });
    expect(expected.lbfgs).toMatchObject({ backend: 'wasm', accuracy: 1 });
    expect(expected.lbfgs.loss).toBeLessThan(expected.xor.loss / 100);
    expect(expected.files).toMatchObject({ asked: true, same: true, plain: true, refused: [true, 'toBytes userMetadata: expected what JSON can hold, received a function'] });
    expect(expected.digits).toMatchObject({ backend: 'wasm' });
    expect(expected.digits!.accuracy).toBeGreaterThan(0.85);
  });

  it('as a plain module, under a policy that allows WebAssembly', async () => {
    const url = await servedFrom([plain, join(plain, 'public')], withWasm);
    expect(await visit(browser, url)).toEqual({ outcome: expected, warnings: [], errors: [] });
    expectRelaxed(await relaxedIn(browser, url), expected);
  }, timeout);

  it('out of the development server of Vite', async () => {
    const server = await createViteServer({ ...vite(), server: { host: '127.0.0.1', port: 0, hmr: false, watch: null } });
    closing.push(() => server.close());
    await server.listen();
    const { port } = server.httpServer!.address() as AddressInfo;
    expect(await visit(browser, `http://127.0.0.1:${port}/`)).toEqual({ outcome: expected, warnings: [], errors: [] });
    expectRelaxed(await relaxedIn(browser, `http://127.0.0.1:${port}/`), expected);
  }, timeout);

  it('out of a build by Vite, under the same policy', async () => {
    await build({ ...vite(), build: { outDir: 'site' } });
    const url = await servedFrom([join(project.folder, 'site')], withWasm);
    expect(await visit(browser, url)).toEqual({ outcome: expected, warnings: [], errors: [] });
    expectRelaxed(await relaxedIn(browser, url), expected);
  }, timeout);

  it.each([
    ['isolated, with workers allowed', `${withWasm}; worker-src blob:`, isolation, []],
    ['isolated, under a policy without workers', withWasm, isolation, [/^nabla uses one thread: thread 2 of 2 has ended \(.*worker-src blob:/]],
    ['not isolated', withWasm, {}, [/^nabla uses one thread: memory cannot be shared here; a page must be cross-origin isolated/]],
  ])('with two threads, %s: the same bits', async (_name, policy, headers, warnings) => {
    const url = await servedFrom([plain, join(plain, 'public')], policy, headers);
    expect(await threadedIn(browser, url)).toEqual({ digits: expected.digits, warnings: warnings.map((warning) => expect.stringMatching(warning) as unknown) });
  }, timeout);

  it('under a policy that bars WebAssembly, with one warning', async () => {
    const url = await servedFrom([plain, join(plain, 'public')], withoutWasm);
    const { outcome, warnings, errors } = await visit(browser, url);
    expectReference(outcome, warnings);
    expect(outcome.xor.backendReason).toContain("a content security policy needs 'wasm-unsafe-eval'");
    // The browser itself reports what it has barred.
    expect(errors.filter((error) => !error.includes('Content Security Policy'))).toEqual([]);
    expect(errors.length).toBeLessThanOrEqual(1);
  }, timeout);

  it('where there is no WebAssembly at all, with one warning', async () => {
    const url = await servedFrom([plain, join(plain, 'public')], withWasm);
    const { outcome, warnings, errors } = await visit(browser, url, (page) => page.addInitScript('delete globalThis.WebAssembly'));
    expectReference(outcome, warnings);
    expect(outcome.xor.backendReason).toMatch(/^WebAssembly is not available here/);
    expect(errors).toEqual([]);
  }, timeout);
});

/** The programs' outcome on Node, from the same installed package. */
async function onNode(folder: string): Promise<Outcome> {
  writeFileSync(join(folder, 'node.js'), `
    import { readFileSync } from 'node:fs';
    import * as nabla from 'nabla';
    import { runPrograms } from './programs.js';
    console.log(JSON.stringify(await runPrograms(nabla, Promise.resolve(readFileSync('public/digits.csv.gz')))));`);
  return JSON.parse(await node(folder, 'node.js')) as Outcome;
}

/** The relaxed backend was loaded when it was asked for, and learned what the strict one learns, but for rounding. */
function expectRelaxed({ early, xor, digits }: Relaxed, strict: Outcome): void {
  expect(early).toContain("await loadBackend('wasm-relaxed') first");
  expect(xor).toMatchObject({ backend: 'wasm-relaxed', accuracy: 1 });
  expect(Math.abs(xor.loss - strict.xor.loss)).toBeLessThan(1e-5);
  expect(digits.backend).toBe('wasm-relaxed');
  expect(Math.abs(digits.loss - strict.digits!.loss)).toBeLessThan(1e-4);
  expect(Math.abs(digits.accuracy - strict.digits!.accuracy)).toBeLessThan(0.01);
}

/** Two models were made and trained: on the reference backend, with a reason in words, said once. */
function expectReference({ xor, lbfgs, digits }: Outcome, warnings: readonly string[]): void {
  expect(xor).toMatchObject({ backend: 'reference', accuracy: 1 });
  expect(lbfgs).toMatchObject({ backend: 'reference', accuracy: 1 });
  expect(digits).toMatchObject({ backend: 'reference', backendReason: xor.backendReason });
  expect(digits!.accuracy).toBeGreaterThan(0.85);
  expect(xor.backendReason.split(' ').length).toBeGreaterThan(3);
  expect(warnings).toEqual([expect.stringContaining(xor.backendReason)]);
}

/** The playground as people get it: built, served as static files in a folder of a host under a strict policy, and opened in Chromium. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { chromium, type Browser, type Page } from 'playwright';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { executablePath, launchOptions } from '../../.config/chromium.ts';

export { executablePath };
if (executablePath === '') console.log('No Chromium found: the tests of the playground in a page are skipped.');

const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
const mediaTypes: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.gz': 'application/gzip' };

interface Site {
  /** What has been asked for, and its size compressed. */
  readonly loaded: Map<string, number>;
  /** Opens the page at a hash; what it says on the console, or throws, is put into `errors`. */
  open(hash: string, errors: string[], options?: Parameters<Browser['newPage']>[0]): Promise<Page>;
  close(): Promise<void>;
}

async function openSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'nabla-playground-'));
  await build({ configFile: fileURLToPath(new URL('../../.config/playground.config.ts', import.meta.url)), logLevel: 'warn', build: { outDir: folder, emptyOutDir: true } });
  const loaded = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname.replace(/^\/some\/place\//, '/').replace(/\/$/, '/index.html');
    try {
      const body = readFileSync(join(folder, path));
      loaded.set(path, Math.min(body.length, gzipSync(body).length));
      response.writeHead(200, { 'content-type': mediaTypes[extname(path)] ?? 'text/plain', 'content-security-policy': policy }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch(launchOptions);
  // In a folder of a host, for its files must not count on the root.
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/some/place/`;
  return {
    loaded,
    async open(hash, errors, options = {}) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
      page.on('pageerror', (error) => errors.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
      });
      await page.goto(address + hash);
      return page;
    },
    async close() {
      await browser.close();
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Visits to the site by the tests of a block, one page at a time. */
export interface Visits {
  readonly loaded: Map<string, number>;
  /** Of the page that was opened last; a test that looks for some takes them out. */
  readonly errors: string[];
  /** Opens the page at a hash. */
  open(hash: string, options?: Parameters<Browser['newPage']>[0]): Promise<Page>;
}

/** Opens the site for the tests of the block that this is called in; after each, the page is closed, and must have had no errors. */
export function visits(): Visits {
  let site: Site;
  let page: Page;
  let errors: string[] = [];

  beforeAll(async () => {
    site = await openSite();
  });

  afterAll(() => site?.close());

  afterEach(async () => {
    await page.close();
    expect(errors).toEqual([]);
  });

  return {
    get loaded() {
      return site.loaded;
    },
    get errors() {
      return errors;
    },
    async open(hash, options) {
      errors = [];
      return page = await site.open(hash, errors, options);
    },
  };
}

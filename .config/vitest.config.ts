/** Tests on Node, and the same in Chromium where one is found; files named *.node.test.ts need Node. */
import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { executablePath, launchOptions } from './chromium.ts';

if (executablePath === '') console.log('No Chromium found: the tests run on Node only. Install it, or set CHROMIUM_PATH, to run them in a page too.');

/** Far more than any test takes alone on a quiet machine: a busy one must not fail it. */
const patience = { testTimeout: 120_000, hookTimeout: 120_000 };

/** What Node loads from dist/ where it is used, sources cannot. */
const setupFiles = ['test/loaded.ts'];

const node = { test: { ...patience, setupFiles, name: 'node', include: ['test/**/*.test.ts'], environment: 'node' as const } };
const page = {
  // Named, because a package that Vite finds only in the middle of a run makes it reload the page.
  optimizeDeps: { include: ['@assemblyscript/loader', 'fast-check'] },
  // What a page needs to share memory among threads.
  server: { headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' } },
  test: {
    ...patience,
    setupFiles,
    name: 'chromium',
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/**/*.node.test.ts'],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions }),
      instances: [{ browser: 'chromium' as const }],
    },
  },
};

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  cacheDir: 'build/vite',
  test: { projects: executablePath === '' ? [node] : [node, page] },
});

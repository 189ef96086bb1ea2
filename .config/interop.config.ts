/** The checks with the real programs of other formats, which `npm run check:interop` installs beside them. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  cacheDir: 'build/vite',
  test: { name: 'interop', include: ['test/interop/*.interop.mjs'], testTimeout: 300_000, hookTimeout: 300_000 },
});

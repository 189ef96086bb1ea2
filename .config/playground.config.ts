/** The playground as static files in build/playground, which any host can serve from any folder; says what they weigh. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Prints the sum of all files, each compressed. */
function weight(): Plugin {
  let folder = '';
  let say = (_line: string): void => undefined;
  return {
    name: 'weight',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir;
      say = (line) => config.logger.info(line);
    },
    closeBundle() {
      const bytes = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
        .reduce((sum, entry) => sum + gzipSync(readFileSync(join(entry.parentPath, entry.name))).length, 0);
      say(`playground: ${(bytes / 1000).toFixed(1)} kB gzip in all`);
    },
  };
}

export default defineConfig({
  root: join(root, 'src/playground'),
  base: './',
  cacheDir: join(root, 'build/vite'),
  plugins: [weight()],
  build: { outDir: join(root, 'build/playground'), emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: true },
  // Modules, for the library loads its parts on demand.
  worker: { format: 'es' },
  preview: { host: '127.0.0.1', port: 4173 },
});

/** The playground as static files in build/playground, which any host can serve from any folder; says what they weigh. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
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

/** Workers as entries of the same build: they share the library with each other, where Vite would build each with a copy of its own. */
function sharedWorkers(): Plugin {
  return {
    name: 'shared workers',
    apply: 'build',
    enforce: 'pre',
    transform(code, id) {
      const worker = /new URL\('(\.[^']+)', import\.meta\.url\)(?=, \{ type: 'module' \})/g;
      if (!code.includes('new Worker(')) return null;
      return code.replace(worker, (_, path: string) => `import.meta.ROLLUP_FILE_URL_${this.emitFile({ type: 'chunk', id: join(dirname(id), path) })}`);
    },
  };
}

/** The digits as src/playground/data/digits.ts reads them: those alike side by side, which makes them 20 kB less than their CSV in gzip. */
function packedDigits(): Plugin {
  const pack = (): Buffer => {
    const csv = gunzipSync(readFileSync(join(root, 'src/data/digits.csv.gz'))).toString();
    const rows = csv.trim().split('\n').map((line) => line.split(',').map(Number)).sort((a, b) => a.at(-1)! - b.at(-1)!);
    return gzipSync(Uint8Array.from(rows[0]!.flatMap((_, column) => rows.map((row) => row[column]!))), { level: 9, memLevel: 9, strategy: constants.Z_FILTERED });
  };
  return {
    name: 'packed digits',
    apply: 'build',
    enforce: 'pre',
    transform(code) {
      // No host takes a .bin for something to unpack on the way.
      return code.replace(/new URL\('[^']+digits\.csv\.gz\?packed', import\.meta\.url\)/, () =>
        `new URL(import.meta.ROLLUP_FILE_URL_${this.emitFile({ type: 'asset', name: 'digits.bin', source: pack() })})`);
    },
  };
}

export default defineConfig({
  root: join(root, 'src/playground'),
  base: './',
  cacheDir: join(root, 'build/vite'),
  plugins: [sharedWorkers(), packedDigits(), weight()],
  build: { outDir: join(root, 'build/playground'), emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, modulePreload: false, reportCompressedSize: true },
  // Modules, for the library loads its parts on demand.
  worker: { format: 'es' },
  preview: { host: '127.0.0.1', port: 4173 },
});

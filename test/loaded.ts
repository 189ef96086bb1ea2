/** Run before every test file: loads what is in files of its own. */
import { loadBackend, loadFormats } from '../src/index.ts';

await Promise.all([loadBackend('wasm'), loadBackend('reference'), loadFormats()]);

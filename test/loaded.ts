/** Run before every test file: loads the backend that is a file of its own. */
import { loadBackend } from '../src/index.ts';

await loadBackend('reference');

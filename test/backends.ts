/** The backends every suite runs on. */
import type { BackendName } from '../src/index.ts';

export const backends = ['wasm', 'reference'] as const satisfies BackendName[];

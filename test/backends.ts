/** The backends every suite runs on, and whether the engine has the SIMD of one more. */
import { bytesFromText } from '../src/backend/bytes.ts';
import { relaxedBinary } from '../src/backend/relaxed.ts';
import type { BackendName } from '../src/index.ts';

export const backends = ['wasm', 'reference'] as const satisfies BackendName[];

/** Whether 'wasm-relaxed' can run here, and what a suite that needs it says of itself where it cannot. */
export const hasRelaxed = WebAssembly.validate(bytesFromText(relaxedBinary));
export const relaxedNote = hasRelaxed ? '' : ' (skipped: this engine has no relaxed SIMD)';

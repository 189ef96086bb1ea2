/**
 * Every test of a kernel once more, on the relaxed build: where sums of products are rounded once they may differ from the
 * twins in other bits, but within the same bounds.
 */
import { beforeAll, describe } from 'vitest';
import { relaxedBinary, relaxedExtra } from '../../src/backend/relaxed.ts';
import { hasRelaxed, relaxedNote } from '../backends.ts';
import { runTwinsOn } from '../twins.ts';

describe.skipIf(!hasRelaxed)(`the relaxed build${relaxedNote}`, async () => {
  beforeAll(() => runTwinsOn([relaxedBinary, relaxedExtra]));
  await import('./activation.test.ts');
  await import('./gemm.test.ts');
  await import('./loss.test.ts');
  await import('./noise.test.ts');
  await import('./optimizer.test.ts');
  await import('./penalty.test.ts');
});

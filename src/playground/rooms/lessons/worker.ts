/** The worker of the lessons: runs one experiment at a time, and sends what it measured. */

import { loadBackend } from '../../../index.ts';
import { chain } from './experiments/chain.ts';
import { collapse, wrong } from './experiments/few.ts';
import { hash } from './experiments/hash.ts';
import { minimum } from './experiments/minimum.ts';
import { constant, dying, vanishing, zero } from './experiments/runs.ts';
import { saturation } from './experiments/saturation.ts';
import type { LessonName, News, Order, Outcome } from './messages.ts';

const experiments: Readonly<Record<LessonName, (steps: number) => Outcome | Promise<Outcome>>> = {
  chain, collapse, constant, zero, vanishing, saturation, dying, wrong, minimum, hash,
};

const tell = (news: News): void => postMessage(news);

async function obey({ run, lesson, steps }: Order): Promise<void> {
  try {
    // Optimizers beyond the core's need it before anything is computed.
    await loadBackend('auto');
    const start = performance.now();
    const outcome = await experiments[lesson](steps);
    tell({ type: 'outcome', run, outcome, milliseconds: performance.now() - start });
  } catch (cause) {
    tell({ type: 'problem', run, sentence: cause instanceof Error ? cause.message : String(cause) });
  }
}

addEventListener('message', ({ data }: MessageEvent<Order>) => void obey(data));

/** What the room of the race and its two workers tell each other. */

export const lanes = ['wasm', 'reference'] as const;
export type Lane = (typeof lanes)[number];

/** Networks to race on. */
export const courseNames = ['small', 'digits', 'large'] as const;
export type CourseName = (typeof courseNames)[number];

export const courseLabels: Readonly<Record<CourseName, string>> = {
  small: '3-2-1, made-up points', digits: '64-64-10, handwritten digits', large: '784-128-10, made-up pictures',
};

/** So many that plain TypeScript takes a few seconds. */
export const courseEpochs: Readonly<Record<CourseName, number>> = { small: 120, digits: 100, large: 12 };

export type Order =
  /** Makes the network and its data, and says when it is ready. */
  | { readonly type: 'prepare'; readonly lane: Lane; readonly course: CourseName; readonly seed: number; readonly digits: string }
  | { readonly type: 'start' };

/** What has been trained since the report before. */
export interface Report {
  readonly type: 'report';
  /** Seconds of training at the end of each epoch. */
  readonly seconds: readonly number[];
  readonly losses: readonly number[];
}

export type News =
  | { readonly type: 'ready'; readonly samplesPerEpoch: number }
  | Report
  | { readonly type: 'finished' }
  | { readonly type: 'problem'; readonly sentence: string };

/** What the room of lessons and its worker tell each other. */

export const lessonNames = ['chain', 'collapse', 'constant', 'zero', 'vanishing', 'saturation', 'dying', 'wrong', 'minimum', 'hash'] as const;
export type LessonName = (typeof lessonNames)[number];

/** `steps` is for lessons that go on by a step: how many have been asked for, from 1. */
export interface Order {
  readonly run: number;
  readonly lesson: LessonName;
  readonly steps: number;
}

/** Lines over numbers, with a logarithmic upright axis where they differ by powers of ten. */
export interface Lines {
  readonly kind: 'lines';
  readonly label: string;
  readonly x: string;
  readonly y: string;
  readonly log?: boolean;
  /** Three at most. */
  readonly lines: readonly { readonly name: string; readonly x: readonly number[]; readonly y: readonly number[] }[];
}

/** Bars on a logarithmic scale: for each row one of each group. */
export interface Bars {
  readonly kind: 'bars';
  readonly label: string;
  readonly rows: readonly string[];
  /** Two at most. */
  readonly groups: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** The loss over two directions of weights, and the way that training took through it. */
export interface Landscape {
  readonly kind: 'landscape';
  readonly label: string;
  /** Places along the directions, both to the same scale, and the loss at each point, a row for each of `y`. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly loss: Float64Array;
  /** From the start to the end; `step` is how far the next point is, of the last one how far it would be. */
  readonly path: readonly { readonly x: number; readonly y: number; readonly loss: number; readonly gradient: number; readonly step: number }[];
  /** The share of the path's spread that each direction has. */
  readonly shares: readonly [number, number];
  readonly rate: number;
}

/** What a run has measured. */
export interface Outcome {
  /** The answer that these measurements bear out, by its place among the answers. */
  readonly answer: number;
  /** What happened; worded by what was measured. */
  readonly sentences: readonly string[];
  readonly table: {
    readonly caption: string;
    readonly head: readonly string[];
    /** Each begins with its name. */
    readonly rows: readonly (readonly [string, ...(number | string)[]])[];
  };
  readonly landscape?: Landscape;
  readonly chart: Lines | Bars;
}

export type News =
  | { readonly type: 'outcome'; readonly run: number; readonly outcome: Outcome; readonly milliseconds: number }
  | { readonly type: 'problem'; readonly run: number; readonly sentence: string };

/** What the room of digits and its worker tell each other. */

/** How the values of pixels go in: the ink of a pixel times this. */
export type Ink = 1 | 16 | 255;

/** What a model that reads pictures is. */
export interface Reader {
  /** Values it takes: 64 or 784. */
  readonly inputs: 64 | 784;
  /** The names of its classes. */
  readonly labels: readonly string[];
  /** Its sizes, such as `64-128-64-10`. */
  readonly sizes: string;
  /** How it probably takes pixels. */
  readonly ink: Ink;
  /** The file it comes from; none where it is the page's own. */
  readonly file: string | undefined;
}

export type Request =
  /** Train on the digits that ship, at this address. */
  | { readonly type: 'train'; readonly address: string; readonly seed: number }
  | { readonly type: 'stop' }
  /** Read a model out of these files. */
  | { readonly type: 'load'; readonly files: readonly File[] }
  /** The next digit of this kind that was not trained on. */
  | { readonly type: 'sample'; readonly digit: number }
  | { readonly type: 'predict'; readonly id: number; readonly pixels: Float32Array };

export interface Prediction {
  readonly type: 'prediction';
  readonly id: number;
  readonly probabilities: Float32Array;
  /** Whether softmax made them of what the model gives, which are no probabilities. */
  readonly normalized: boolean;
  /** Microseconds of one prediction, the median of several runs; none while it trains. */
  readonly microseconds: number | undefined;
}

export type Answer =
  | { readonly type: 'epoch'; readonly epoch: number; readonly epochs: number; readonly loss: number; readonly accuracy: number }
  | { readonly type: 'trained'; readonly seconds: number; readonly pictures: number; readonly accuracy: number; readonly unseen: number }
  | { readonly type: 'stopped' }
  | { readonly type: 'reader'; readonly reader: Reader }
  | { readonly type: 'sample'; readonly digit: number; readonly pixels: Float32Array }
  | Prediction
  | { readonly type: 'problem'; readonly sentence: string };

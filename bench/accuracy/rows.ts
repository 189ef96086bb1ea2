/**
 * What `npm run accuracy` reproduces: groups of rows, each a network on a data set, how it is trained, and the published figure. A
 * recipe is chosen on rows held out of the training data (`--validate`), never by a look at the test rows.
 */

import type { ActivationName, LossName } from '../../src/index.ts';

/** How a row is trained: by Adam, with a rate that falls along half a cosine to 0. */
export interface Recipe {
  /** The rate it falls from. */
  readonly learningRate: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Shares of the inputs and of the hidden units dropped; none unless given. */
  readonly dropout?: readonly [inputs: number, hidden: number];
}

export interface Row {
  /** What `--only` takes. */
  readonly name: string;
  /** Units of the hidden layers. */
  readonly hidden: readonly number[];
  readonly activation: ActivationName;
  /** Of the 10 output units. */
  readonly output: ActivationName;
  readonly loss: LossName;
  readonly recipe: Recipe;
  /** Trained with the seeds 1 ... repeats, whose mean is what counts, as far as the published figure is a mean too. */
  readonly repeats: number;
  /** Test accuracy, a share. */
  readonly published: number;
  readonly source: string;
}

/** Rows on one data set. */
export interface Group {
  /** What `--only` takes for all of its rows. */
  readonly name: string;
  /** The folder of its four IDX files in the data. */
  readonly folder: string;
  readonly rows: readonly Row[];
}

/** For few hidden units, which fare best with many small steps: at five times the rate and four times the batch, seeds differ by 2 %. */
const small: Recipe = { learningRate: 0.001, epochs: 30, batchSize: 16, dropout: [0.05, 0] };
const usual: Recipe = { learningRate: 0.002, epochs: 15, batchSize: 64 };
const gentle: Recipe = { learningRate: 0.001, epochs: 15, batchSize: 64 };
/** The shares dropped are those of Srivastava et al. 2014. */
const strongDropout: Recipe = { learningRate: 0.001, epochs: 30, batchSize: 128, dropout: [0.2, 0.5] };

type Published = readonly [activation: 'relu' | 'tanh', hidden: readonly number[], accuracy: number];

/** Table 3 of Xiao, Rasul, Vollgraf 2017: scikit-learn's MLPClassifier, softmax and cross-entropy, means of 5 repeats. */
function multilayerPerceptrons(data: string, published: readonly Published[]): Row[] {
  return published.map(([activation, hidden, accuracy]) => ({
    name: [data, activation, ...hidden].join('-'),
    hidden,
    activation,
    output: 'softmax',
    loss: 'sparseCategoricalCrossentropy',
    recipe: Math.max(...hidden) < 100 ? small : usual,
    repeats: 5,
    published: accuracy,
    source: 'Xiao et al. 2017',
  }));
}

/** LeCun et al. 1998, whose nets had sigmoid-like units; the page of MNIST names the loss where it says mean square error. */
const squared = { activation: 'tanh', output: 'sigmoid', loss: 'meanSquaredError', repeats: 1, source: 'LeCun et al. 1998' } as const;
const crossEntropy = { activation: 'relu', output: 'softmax', loss: 'sparseCategoricalCrossentropy', repeats: 1 } as const;

export const groups: readonly Group[] = [
  {
    name: 'fashion',
    folder: 'fashion-mnist',
    rows: multilayerPerceptrons('fashion', [
      ['relu', [100], 0.871],
      ['relu', [100, 10], 0.870],
      ['tanh', [100], 0.868],
      ['tanh', [100, 10], 0.863],
      ['relu', [10, 10], 0.850],
      ['relu', [10], 0.848],
      ['tanh', [10, 10], 0.841],
      ['tanh', [10], 0.840],
    ]),
  },
  {
    name: 'mnist',
    folder: 'mnist',
    rows: [
      ...multilayerPerceptrons('mnist', [
        ['relu', [100], 0.972],
        ['relu', [100, 10], 0.972],
        ['tanh', [100], 0.962],
        ['tanh', [100, 10], 0.957],
        ['relu', [10, 10], 0.936],
        ['relu', [10], 0.933],
        ['tanh', [10, 10], 0.921],
        ['tanh', [10], 0.921],
      ]),
      { ...crossEntropy, name: 'mnist-linear', hidden: [], recipe: gentle, published: 0.880, source: 'LeCun et al. 1998' },
      { ...squared, name: 'mnist-300', hidden: [300], recipe: gentle, published: 0.953 },
      { ...squared, name: 'mnist-300-100', hidden: [300, 100], recipe: gentle, published: 0.9695 },
      { ...squared, name: 'mnist-500-150', hidden: [500, 150], recipe: gentle, published: 0.9705 },
      { ...crossEntropy, name: 'mnist-800', hidden: [800], recipe: strongDropout, published: 0.984, source: 'Simard et al. 2003' },
      {
        ...crossEntropy, name: 'mnist-1024-1024-1024', hidden: [1024, 1024, 1024], recipe: strongDropout, published: 0.9875,
        source: 'Srivastava et al. 2014',
      },
    ],
  },
];

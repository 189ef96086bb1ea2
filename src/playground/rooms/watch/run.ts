/** A run: a model of the library, its points, and how far it has come. */

import { adagrad, adam, adamw, dense, lion, momentum, rmsprop, sequential, sgd, TrainingError, type Sequential } from '../../../index.ts';
import { hasClasses, inputsOf, makeSets, type Points } from '../../data/points.ts';
import { Curve } from './curve.ts';
import { chainRule, grid, histograms, norms, slopes, unitMaps } from './measures.ts';
import { sides, type Snapshot, type WeightPlace } from './messages.ts';
import { forward, layersOf } from './network.ts';
import { layerName, type State } from './state.ts';

const optimizers = { sgd, momentum, adam, adamw, rmsprop, adagrad, lion };

/** Where units and answers are looked at, by the number of inputs. */
const places = {
  1: { unit: grid(sides[1].unit, 1), answer: grid(sides[1].answer, 1) },
  2: { unit: grid(sides[2].unit, 2), answer: grid(sides[2].answer, 2) },
};

/** What a snapshot has of the run itself; how fast it goes, and what is found, is known to who drives it. */
export type RunPart = Omit<Snapshot, 'run' | 'playing' | 'epochsPerSecond' | 'samplesPerSecond' | 'diagnosis'>;

export class Run {
  readonly state: State;
  readonly train: Points;
  readonly test: Points;
  epoch = 0;
  /** Why it cannot go on, where it cannot. */
  failure: string | undefined;
  #curve = new Curve();
  #train: Record<string, number>;
  #test: Record<string, number>;
  readonly #model: Sequential;

  /** @param from a run to go on from, of the same shapes and data. */
  constructor(state: State, from?: Run) {
    this.state = state;
    const { data, points: count, noise, seed } = state;
    ({ train: this.train, test: this.test } = from ?? makeSets(data, { count, noise, seed }));
    this.#model = makeModel(state);
    if (from !== undefined) {
      this.#model.setWeights(from.#model.getWeights());
      this.epoch = from.epoch;
      this.#curve = from.#curve;
    }
    this.#train = this.#model.evaluate(this.train.x, this.train.y);
    this.#test = this.#model.evaluate(this.test.x, this.test.y);
    if (from === undefined) this.#curve.add(0, this.#train['loss']!, this.#test['loss']!);
  }

  get classes(): boolean {
    return hasClasses(this.state.data);
  }

  get model(): Sequential {
    return this.#model;
  }

  /** The losses so far, by epochs. */
  get losses(): Snapshot['curve'] {
    return this.#curve.arrays();
  }

  /** Trains some epochs; when the numbers leave the finite range it says so in `failure` and stays where it was. */
  async advance(epochs: number): Promise<void> {
    if (this.failure !== undefined) return;
    const { train, test } = this;
    try {
      const { history } = await this.#model.fit(train.x, train.y, {
        initialEpoch: this.epoch, epochs: this.epoch + epochs, batchSize: this.state.batch, validationData: [test.x, test.y],
      });
      const losses = history['loss']!;
      losses.forEach((loss, i) => this.#curve.add(++this.epoch, loss, history['val_loss']![i]!));
      this.#train = last(history, '');
      this.#test = last(history, 'val_');
    } catch (error) {
      if (!(error instanceof TrainingError)) throw error;
      this.failure = error.message;
      this.epoch = error.epoch;
    }
  }

  snapshot(place: WeightPlace | undefined): RunPart {
    const { train, classes } = this;
    const at = places[inputsOf(this.state.data)];
    const weights = this.#model.getWeights();
    const gradients = this.#model.gradients(train.x, train.y).map(({ data }) => data);
    const layers = layersOf(this.state.layers, classes, weights);
    const passes = forward(layers, train.x);
    return {
      epoch: this.epoch,
      failure: this.failure,
      backend: this.#model.backend,
      trainLoss: this.#train['loss']!,
      testLoss: this.#test['loss']!,
      trainAccuracy: this.#train['accuracy'],
      testAccuracy: this.#test['accuracy'],
      curve: this.losses,
      weights,
      norms: norms(gradients),
      ...slopes(layers, passes),
      histograms: histograms(passes),
      unitMaps: unitMaps(layers, at.unit),
      answers: this.#model.predict(at.answer),
      chain: place === undefined ? undefined : chainRule(layers, gradients, place, train, classes),
    };
  }
}

function last(history: Readonly<Record<string, readonly number[]>>, prefix: string): Record<string, number> {
  return Object.fromEntries(['loss', 'accuracy'].flatMap((name) => {
    const value = history[prefix + name]?.at(-1);
    return value === undefined ? [] : [[name, value]];
  }));
}

function makeModel({ layers, init, seed, data, optimizer, rate }: State): Sequential {
  const classes = hasClasses(data);
  const hidden = layers.map(({ units, activation, derivative }, i) => dense({
    units, activation, kernelInitializer: init, name: layerName(i), ...(derivative === 'true' ? {} : { derivative }), ...(i === 0 ? { inputShape: [inputsOf(data)] } : {}),
  }));
  const model = sequential({ layers: [...hidden, dense({ units: 1, activation: classes ? 'sigmoid' : 'linear', kernelInitializer: init, name: 'answer' })], seed });
  model.compile({
    optimizer: optimizers[optimizer]({ learningRate: rate }),
    loss: classes ? 'binaryCrossentropy' : 'meanSquaredError',
    metrics: classes ? ['accuracy'] : [],
  });
  return model;
}

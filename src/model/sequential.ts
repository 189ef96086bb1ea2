/**
 * The model: a chain of layers with Keras' verbs. This file joins layers, loss, optimizer and data, and checks everything a
 * user passes; what then runs is `program.ts` and `training.ts`. Only `fit` is asynchronous.
 */
/// <reference lib="esnext.disposable" preserve="true" />

import { chooseBackend, createBackend, loadBackend, notLoaded, type Backend, type BackendChoice, type BackendName } from '../backend/index.ts';
import { checkFinite, toMatrix, type Matrix, type MatrixLike } from '../data/matrix.ts';
import { BackendError, notCompiled, OptionError, ShapeError, show } from '../errors.ts';
import { checkInteger, checkKeys, checkLabel, checkNumber } from '../options.ts';
import type { History } from './training/callbacks.ts';
import { buildStages, checkLayers } from './chain.ts';
import type { Dataset, FitDatasetOptions } from './training/dataset.ts';
import type { Layer, Stage } from './layers/layer.ts';
import { checkTargets, resolveLoss, type LossSpec } from './training/losses.ts';
import { resolveMetrics, type MetricSpec } from './training/metrics.ts';
import { rateAt } from './optimizers/optimizer.ts';
import { refuseBatches, resolveOptimizer, type OptimizerSpec } from './optimizers/optimizers.ts';
import type { Objective } from './plans.ts';
import { sizeOf } from './parameters.ts';
import { Program } from './program.ts';
import { inferenceRows } from './room.ts';
import { checkedSamples, loadSamples, readSamples, type Fit, type Samples } from './training/samples.ts';
import { Savable } from './savable.ts';
import { fitArrays, fitDataset } from './training/sources.ts';
import { summary } from './summary.ts';
import { mostMetrics } from './training/sums.ts';
import { checkThreads, evaluate, type RunOptions } from './training/training.ts';
import { weightKeys, withClassWeight, withSampleWeight, type SampleWeightOptions, type ValidationData, type WeightOptions } from './training/weights.ts';

export interface SequentialOptions {
  /** The layers in order; the first needs an `inputShape`. */
  layers: readonly Layer[];
  /** One number that decides initial weights, shuffling and dropout; default 0. The same seed gives the same bits. */
  seed?: number;
  /** Where to compute; default `'auto'`. */
  backend?: BackendChoice;
  name?: string;
}

export interface CompileOptions {
  /** For example `sgd({ learningRate: 0.1 })`, or a name with default settings. */
  optimizer: OptimizerSpec;
  loss: LossSpec;
  /**
   * What to measure beside the loss: names, such as `'accuracy'`, and functions by the names they are to have, such as `{ precision, rocAuc }`.
   * The latter are measured over all rows of an epoch, at its end.
   */
  metrics?: readonly MetricSpec[];
}

export interface FitOptions extends RunOptions, WeightOptions {
  /** The share of rows, cut off at the end, to validate on after every epoch. */
  validationSplit?: number;
  /** Rows and targets, and weights if any, to validate on after every epoch. */
  validationData?: ValidationData;
}

export interface PredictOptions {
  /** Threads to share rows among; `'auto'`: as many as the machine runs at once, where there is enough to do. Default 1. */
  threads?: number | 'auto';
}

/** The gradient of one parameter. */
export interface Gradient {
  /** `layer/parameter`, for example `dense_1/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major, the caller's own copy. */
  readonly data: Float32Array;
}

/** A chain of layers. Make one with {@link sequential}. */
export class Sequential extends Savable {
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly seed: number;
  /** The backend that computes. */
  readonly backend: BackendName;
  /** Why it is that one. */
  readonly backendReason: string;
  /** Values in a row of input, and of output. */
  readonly inputShape: readonly [number];
  readonly outputShape: readonly [number];
  /** Set it to true, in a callback or from outside, and `fit` resolves after the epoch at hand; it is false whenever `fit` begins. */
  stopTraining = false;
  readonly #stages: readonly Stage[];
  /** Undefined until its backend has been loaded, and when the model has been disposed of. */
  #program: Program | undefined;
  /** What was compiled last. */
  #objective: Objective | undefined;
  #disposed = false;
  #compiled: CompileOptions | undefined;
  #fitting = false;

  /** @internal Another backend than the options name may be passed in; diagnostics do. */
  constructor(options: SequentialOptions, own?: Backend) {
    super();
    checkKeys('sequential', options, ['layers', 'seed', 'backend', 'name']);
    checkLabel('sequential name', options.name);
    this.name = options.name ?? 'sequential';
    this.layers = checkLayers('sequential', options.layers);
    this.seed = checkInteger('sequential seed', options.seed ?? 0);
    const { stages, inputs } = buildStages(this.layers, this.seed);
    const { name, reason } = own === undefined ? chooseBackend('backend', options.backend ?? 'auto') : { name: own.name, reason: 'passed in' };
    this.backend = name;
    this.backendReason = reason;
    this.inputShape = [inputs];
    this.outputShape = [stages.at(-1)?.outputs ?? inputs];
    this.#stages = stages;
    this.#ready(undefined, own);
  }

  /** Lays the model out for what was compiled last, if that has not been done; false where something must be loaded first. */
  #ready(objective = this.#objective, own?: Backend): boolean {
    if (this.#program !== undefined && this.#program.objective === objective) return true;
    const extra = objective?.optimizer.extra === true || this.#stages.some((stage) => stage.extra);
    const backend = this.#program?.backend ?? own ?? createBackend(this.backend);
    if (backend === undefined || (extra && !backend.extend())) return false;
    this.#program ??= new Program(backend, this.#stages, this.inputShape[0], this.seed);
    if (objective !== undefined) this.#program.compile(objective);
    return true;
  }

  /** @internal The model laid out in memory, for diagnostics. */
  get program(): Program {
    this.#refuseDisposed();
    if (!this.#ready()) throw notLoaded(this.backend);
    return this.#program!;
  }

  /** The options it was compiled with, if it was. */
  get compiled(): CompileOptions | undefined {
    return this.#compiled;
  }

  /**
   * The learning rate of the next update. Setting it replaces the optimizer's, be it a number or a schedule, until the next `compile`;
   * callbacks may do so while `fit` runs.
   *
   * @throws OptionError before `compile`, and for what is not a number above 0.
   */
  get learningRate(): number {
    this.#compiledFor('learningRate');
    return rateAt(this.program.rate, this.program.step);
  }

  set learningRate(rate: number) {
    this.#compiledFor('learningRate');
    this.program.rate = checkNumber('learningRate', rate, { above: 0 });
  }

  /**
   * Sets the loss, the optimizer and the metrics. Weights stay as they are, optimizer state starts anew.
   *
   * @throws OptionError for unknown options or names.
   */
  compile(options: CompileOptions): void {
    this.#refuseDisposed();
    this.#refuseWhileFitting('compile');
    checkKeys('compile', options, ['optimizer', 'loss', 'metrics']);
    const units = this.outputShape[0];
    const loss = resolveLoss('compile loss', options.loss);
    const { metrics, measures } = resolveMetrics(options.metrics ?? [], loss, units);
    if (metrics.length > mostMetrics) throw new OptionError(`compile metrics: at most ${mostMetrics}, received ${metrics.length}`);
    const { activation: last } = this.#stages.filter(({ trainingOnly }) => trainingOnly !== true).at(-1) ?? {};
    if (units === 1 && last?.name === 'softmax') {
      throw new OptionError("compile: softmax over 1 unit is always 1 and cannot learn; use 'sigmoid', or more units");
    }
    if (loss.fromLogits && last !== undefined && last.name === loss.kind.fused?.activation) {
      throw new OptionError(`compile loss: '${loss.name}' from logits applies ${last.name} itself, and the last layer does so too; drop one of them`);
    }
    if (loss.kind.fused?.activation === 'softmax' && units === 1) {
      throw new OptionError(`compile loss: '${loss.name}' needs an output of at least 2 units, this model has 1; for one unit use 'binaryCrossentropy'`);
    }
    const objective = { loss, optimizer: resolveOptimizer(options.optimizer), metrics, measures };
    this.#ready(objective);
    this.#objective = objective;
    this.#compiled = Object.freeze({ ...options, loss: typeof options.loss === 'string' ? options.loss : { ...options.loss }, metrics: [...(options.metrics ?? [])] });
  }

  /**
   * Trains on rows `x` [rows, inputs] and targets `y` ([rows, units], or one class index a row for a sparse loss). Leave both as
   * they are while it runs: up to 4 MiB of them are copied when it begins.
   *
   * Called again it goes on from where it ended, with the weights and the state of the optimizer as they are; only `compile` makes that
   * anew. With `initialEpoch` the rows come in the order of the epochs that follow: 3 epochs and then those from 3 to 5 are 5 epochs, unless
   * the optimizer averages weights (`emaMomentum`), which the first `fit` ends with.
   *
   * @returns the loss and metrics of every epoch that ran: fewer than asked for where a callback, `budgetMs` or `tolerance` stopped it.
   * @throws ShapeError, DataError, OptionError before anything is changed; TrainingError when the loss stops being finite,
   * with the weights of the last finite epoch in the model.
   */
  async fit(x: MatrixLike, y: MatrixLike, options: FitOptions = {}): Promise<History> {
    return this.#train('fit', (program, fit) => fitArrays(this, program, x, y, options, fit));
  }

  /**
   * Trains on the batches of a dataset: an iterable of them, asynchronous or not, or a function that gives one, such as a generator. A batch
   * is `{ x, y, sampleWeight? }`, `{ xs, ys }` or `[x, y, sampleWeight?]`, of any number of rows, and a step each; an epoch is a pass, or
   * `stepsPerEpoch` steps. Loss and metrics are means over all rows of an epoch. Everything else is as in {@link fit}; when training stops
   * in the middle of a pass, the iterator's `return` is called.
   *
   * @throws as `fit` does, and what the dataset throws; of a batch that cannot be used when it comes, with what was learnt before it kept.
   */
  async fitDataset(dataset: Dataset, options: FitDatasetOptions = {}): Promise<History> {
    refuseBatches('fitDataset', this.#compiledFor('fitDataset').optimizer);
    return this.#train('fitDataset', (program, fit) => fitDataset(this, program, dataset, options, fit));
  }

  async #train(verb: string, work: (program: Program, fit: Fit) => Promise<History>): Promise<History> {
    if (!this.#disposed && !this.#ready()) await loadBackend(this.backend);
    this.#refuseWhileFitting(verb);
    const { program } = this;
    const fit = this.#fit(verb);
    this.#fitting = true;
    this.stopTraining = false;
    try {
      return await work(program, fit);
    } finally {
      this.#fitting = false;
    }
  }

  /**
   * The outputs for rows `x` [rows, inputs]: a new array, [rows, units]. With `threads`, of which a page must have trained with some, rows
   * are shared among them; no bit depends on it.
   */
  predict(x: MatrixLike, options?: PredictOptions): Float32Array {
    const matrix = toMatrix('predict x', x, this.inputShape[0]);
    const out = new Float32Array(matrix.rows * this.outputShape[0]);
    this.#predict('predict', matrix, out, options);
    return out;
  }

  /** As {@link predict}, into an array of rows x units; returns it. */
  predictInto(x: MatrixLike, out: Float32Array, options?: PredictOptions): Float32Array {
    const matrix = toMatrix('predictInto x', x, this.inputShape[0]);
    const expected = matrix.rows * this.outputShape[0];
    if (!(out instanceof Float32Array) || out.length !== expected) {
      throw new ShapeError(`predictInto out: expected a Float32Array of ${expected} values, ${matrix.rows} x ${this.outputShape[0]}, received ${show(out)}`);
    }
    this.#predict('predictInto', matrix, out, options);
    return out;
  }

  /** Loss and metrics over rows `x` and targets `y`: `{ loss, accuracy, ... }`. */
  evaluate(x: MatrixLike, y: MatrixLike, options: SampleWeightOptions = {}): Record<string, number> {
    this.#compiledFor('evaluate');
    checkKeys('evaluate', options, ['sampleWeight']);
    return evaluate(this.program, withSampleWeight('evaluate', this.#samples('evaluate', x, y), options.sampleWeight));
  }

  /** One step on one batch; returns its loss before the step. */
  trainOnBatch(x: MatrixLike, y: MatrixLike, options?: WeightOptions): number {
    this.#refuseWhileFitting('trainOnBatch');
    refuseBatches('trainOnBatch', this.#compiledFor('trainOnBatch').optimizer);
    return this.#runBatch('trainOnBatch', 'train', x, y, options);
  }

  /** ∂J/∂θ of the loss of one batch, in the order of {@link getWeights}. Nothing is changed. */
  gradients(x: MatrixLike, y: MatrixLike, options?: WeightOptions): Gradient[] {
    const { program } = this;
    program.sums.apart(() => this.#runBatch('gradients', 'gradients', x, y, options));
    return program.parameters.filter(({ daddress }) => daddress !== 0).map((parameter) => ({
      name: parameter.name,
      shape: parameter.spec.shape,
      data: program.read(parameter, 'gradient'),
    }));
  }

  /** A copy of every parameter, row-major, layer by layer: kernel [inputs, units], then bias. */
  getWeights(): Float32Array[] {
    return this.program.parameters.map((parameter) => this.program.read(parameter));
  }

  /** Sets every parameter, in the order and shapes of {@link getWeights}. */
  setWeights(weights: readonly (Float32Array | readonly number[])[]): void {
    const { parameters } = this.program;
    if (!Array.isArray(weights) || weights.length !== parameters.length) {
      throw new ShapeError(`setWeights: expected ${parameters.length} arrays, received ${Array.isArray(weights) ? weights.length : show(weights)}`);
    }
    const checked = parameters.map(({ name, spec: { shape } }, i) => {
      const size = sizeOf(shape);
      const matrix = toMatrix(`setWeights ${name}`, weights[i] as MatrixLike, shape.at(-1)!);
      if (matrix.values.length !== size) {
        throw new ShapeError(`setWeights ${name}: expected ${size} values, [${shape.join(', ')}], received ${matrix.values.length}`);
      }
      checkFinite(`setWeights ${name}`, matrix);
      return matrix.values;
    });
    parameters.forEach((parameter, i) => this.program.write(parameter, checked[i]!));
  }

  /** A table of layers, output sizes and parameter counts. */
  summary(): string {
    this.#refuseDisposed();
    return summary(this, this.#stages);
  }

  /**
   * Gives the memory back at once; the model cannot be used afterwards. Not needed: memory also goes with the model.
   *
   * @throws OptionError while `fit` is running; abort that first.
   */
  dispose(): void {
    this.#refuseWhileFitting('dispose');
    this.#program = undefined;
    this.#disposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #compiledFor(verb: string): Objective {
    const objective = this.#objective;
    if (objective === undefined) throw notCompiled(verb);
    return objective;
  }

  #refuseDisposed(): void {
    if (this.#disposed) throw new BackendError(`model '${this.name}' has been disposed of and cannot be used any more`);
  }

  #refuseWhileFitting(verb: string): void {
    if (this.#fitting) throw new OptionError(`${verb}: fit is still running on this model; await it first`);
  }

  #fit(verb: string): Fit {
    return { inputs: this.inputShape[0], outputs: this.outputShape[0], takesMissing: this.program.takesMissing, loss: this.#compiledFor(verb).loss };
  }

  #samples(verb: string, x: MatrixLike, y: MatrixLike): Samples {
    return checkedSamples(verb, x, y, this.#fit(verb));
  }

  #runBatch(verb: string, plan: 'train' | 'gradients', x: MatrixLike, y: MatrixLike, options: WeightOptions | undefined): number {
    const { program } = this;
    const fit = this.#fit(verb);
    let samples;
    if (options === undefined) samples = readSamples(verb, x, y, fit);
    else {
      checkKeys(verb, options, weightKeys);
      samples = withSampleWeight(verb, this.#samples(verb, x, y), options.sampleWeight);
      samples = withClassWeight(verb, samples, options.classWeight, fit);
    }
    const { rows } = samples.x;
    loadSamples(program, samples, 0, rows);
    if (!program.room.loadedFinite('input', samples.x, rows)) checkFinite(`${verb} x`, samples.x, fit.takesMissing);
    if (!program.room.loadedFinite('target', samples.y, rows)) checkFinite(`${verb} y`, samples.y);
    checkTargets(`${verb} y`, fit.loss, samples.y, fit.outputs);
    program.sums.clear();
    program.run(plan, rows);
    return program.sums.lossOver(rows);
  }

  #predict(verb: string, matrix: Matrix, out: Float32Array, options: PredictOptions | undefined): void {
    if (options === undefined) {
      this.#predictRows(verb, matrix, out);
      return;
    }
    checkKeys(verb, options, ['threads']);
    const threads = checkThreads(verb, options.threads);
    // While fit runs, its threads are the ones there are.
    const joined = !this.#fitting && this.program.joinTeamNow(threads, matrix.rows);
    try {
      this.#predictRows(verb, matrix, out);
    } finally {
      if (joined) this.program.leaveTeam();
    }
  }

  #predictRows(verb: string, matrix: Matrix, out: Float32Array): void {
    const { program } = this;
    const chunk = Math.min(matrix.rows, inferenceRows(program));
    program.reserve(chunk);
    const missing = program.takesMissing;
    if (missing) checkFinite(`${verb} x`, matrix, missing);
    for (let start = 0; start < matrix.rows; start += chunk) {
      const rows = Math.min(chunk, matrix.rows - start);
      program.room.load('input', matrix, start, rows);
      if (!missing && !program.room.loadedFinite('input', matrix, rows)) checkFinite(`${verb} x`, matrix);
      program.run('predict', rows);
      program.room.copy('output', out, start * program.outputs, rows);
    }
  }
}

/**
 * A model that passes its input through the layers in order.
 *
 * @throws OptionError or ShapeError for layers that do not fit together; BackendError where there is not enough memory.
 */
export function sequential(options: SequentialOptions): Sequential {
  return new Sequential(options);
}

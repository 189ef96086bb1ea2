/**
 * The training doctor: `diagnose` looks at a model as it is, `doctor` watches `fit`. Both look at a copy on a sample of rows, so that the
 * model, and what comes of training, stays the same to the bit.
 */

import { notCompiled, OptionError, TrainingError, unexpected } from '../errors.ts';
import type { MatrixLike } from '../data/matrix.ts';
import type { Callback, History, FitRows } from '../model/training/callbacks.ts';
import { checkedSamples, type Samples } from '../model/training/samples.ts';
import { weightKeys, withClassWeight, withSampleWeight, type WeightOptions } from '../model/training/weights.ts';
import { Sequential } from '../model/sequential.ts';
import { checkBoolean, checkInteger, checkKeys } from '../options.ts';
import { say } from '../platform.ts';
import { Random } from '../random.ts';
import { courseFindings } from './course.ts';
import { diagnosisOf, sentences, type Diagnosis } from './diagnosis.ts';
import { stateFindings, staticFindings, type Case, type Finding } from './findings.ts';
import { lookThrough, pick, rangesOf, type ActivationRange, type Look } from './measures.ts';
import { Probe } from './probe.ts';

export interface DiagnoseOptions extends WeightOptions {
  /** Rows to look at, drawn by the model's seed where there are more; default 512. */
  samples?: number;
  /** Names of the input columns, to be called by. */
  columns?: readonly string[];
  /** What `fit` returned, of all its epochs or of some: then the course of the loss is judged too. */
  history?: History;
}

export interface DoctorOptions {
  /** Rows to look at, drawn by the model's seed where there are more; default 128. */
  samples?: number;
  /** Names of the input columns, to be called by. */
  columns?: readonly string[];
  /** Called with every finding as it is made, once for each code and layer. */
  onFinding?: (finding: Finding) => void;
  /** Whether to say every finding on the console; default false. */
  verbose?: boolean;
}

/** A callback that watches `fit`. */
export interface Doctor extends Callback {
  /** What is found so far; complete when `fit` has resolved or rejected. Of the last `fit` it was given to. */
  readonly findings: readonly Finding[];
  /** The last look at the model, with all findings; undefined before the first. */
  readonly diagnosis: Diagnosis | undefined;
}

/**
 * Looks at a compiled model on rows `x` and targets `y`, as for `fit`: how steep every activation is and how large gradients and updates
 * are, and what stands in the way of learning: the network as it is made, the data, the weights as they are, and a few trial updates of a copy. Nothing is changed.
 *
 * @throws OptionError before `compile` and for unknown options; ShapeError, DataError as `fit` does.
 */
export function diagnose(model: Sequential, x: MatrixLike, y: MatrixLike, options: DiagnoseOptions = {}): Diagnosis {
  const where = 'diagnose';
  if (!(model instanceof Sequential)) throw unexpected(where, 'a model made by sequential', model);
  checkKeys(where, options, ['samples', 'columns', 'history', ...weightKeys]);
  const most = checkInteger(`${where} samples`, options.samples ?? 512, { min: 1 });
  const names = checkNames(where, options.columns, model);
  const { objective } = model.program;
  if (objective === undefined) throw notCompiled(where);
  const { inputs, outputs, takesMissing } = model.program;
  const fit = { inputs, outputs, takesMissing, loss: objective.loss };
  let samples = withSampleWeight(where, checkedSamples(where, x, y, fit), options.sampleWeight);
  samples = withClassWeight(where, samples, options.classWeight, fit);
  const { epoch, history } = checkHistory(`${where} history`, options.history ?? { epoch: [], history: {} });
  const course = epoch.length === 0 ? undefined : { epochs: epoch, losses: history['loss'] ?? [], validationLosses: history['val_loss'] ?? [], looks: [] };
  const one = caseOf(model, samples, most, names);
  const look = lookThrough(one.probe);
  const found = [...staticFindings(one), ...stateFindings(one, look)];
  // Trial updates change what the probe holds.
  const ranges = rangesOf(one.probe);
  return diagnosisOf(look, ranges, one.probe.baseline, [...found, ...courseFindings(one, look, course, false, found)]);
}

/** Names for the columns: those given, or those of the table that the model is of. */
function checkNames(where: string, names: readonly string[] | undefined, model: Sequential): readonly string[] | undefined {
  if (names === undefined) return model.features?.inputs.map(({ name }) => name);
  if (!Array.isArray(names as unknown) || names.length !== model.inputShape[0]) throw unexpected(`${where} columns`, `an array of ${model.inputShape[0]} names`, names);
  return names;
}

/** A record such as `fit` returns. */
function checkHistory(where: string, given: History): History {
  const { epoch, history } = given as { epoch?: unknown; history?: Partial<History['history']> };
  // Of no epochs there are no losses.
  if (!Array.isArray(epoch) || (epoch.length > 0 && !Array.isArray(history?.['loss']))) throw unexpected(where, 'what fit returned, { epoch, history: { loss, ... } }', given);
  return given;
}

function caseOf(model: Sequential, samples: Samples, most: number, names: readonly string[] | undefined): Case {
  const order = drawn(samples.x.rows, 2 * most, new Random(model.seed, 'sampling'));
  const held = order.subarray(most);
  const rows = { sample: pick(samples, order.subarray(0, most)), held: held.length * 4 > most ? pick(samples, held) : undefined, all: samples };
  return { model, samples, names, probe: new Probe(model, rows) };
}

/** Different numbers below `rows` in random order: `most`, or all there are. */
function drawn(rows: number, most: number, random: Random): Uint32Array {
  if (rows < 4 * most) {
    const order = new Uint32Array(rows);
    for (let row = 0; row < rows; row++) order[row] = row;
    random.shuffle(order);
    return order.subarray(0, most);
  }
  const taken = new Set<number>();
  while (taken.size < most) taken.add(random.below(rows));
  return Uint32Array.from(taken);
}

/** How many times as many rows as a look training goes through between two of them: looks take a few percent of the time. */
const workBetweenLooks = 80;
/** Products of a row and a weight that take as long as what a look does whatever its rows are. */
const workOfLook = 1e6;

/**
 * A callback that watches `fit` on a sample of its rows: at the start, after epochs (every few, where they are short) and at the end. What
 * it finds about the network and the data it says at once, what it finds about the state of the weights where two looks in a row find it,
 * and about the learning rate and the course of the loss at the end. It prints nothing unless `verbose`.
 *
 * @throws OptionError for unknown or bad options.
 */
export function doctor(options: DoctorOptions = {}): Doctor {
  const where = 'doctor';
  checkKeys(where, options, ['samples', 'columns', 'onFinding', 'verbose']);
  const most = checkInteger(`${where} samples`, options.samples ?? 128, { min: 1 });
  const verbose = checkBoolean(`${where} verbose`, options.verbose ?? false);
  const { onFinding } = options;
  if (onFinding !== undefined && typeof onFinding !== 'function') throw unexpected(`${where} onFinding`, 'a function', onFinding);
  let watch: Watch | undefined;
  const watcher: Doctor = {
    setModel(model, callbacks, source, history) {
      if (watch?.isWatching === true && watch.model !== model) throw watchingAnother();
      const times = callbacks.filter((callback) => callback === watcher).length;
      watch = new Watch(model, times, source!, history!, most, checkNames(where, options.columns, model), (finding) => {
        if (verbose) say(sentences(finding));
        onFinding?.(finding);
      });
    },
    onTrainBegin: () => watch!.begin(),
    onEpochEnd: (epoch) => watch!.epoch(epoch),
    get epochsApart() {
      return watch?.epochsApart ?? 1;
    },
    onTrainEnd: () => watch!.end(false),
    onTrainError: (error) => watch!.end(error instanceof TrainingError),
    get findings() {
      return watch?.findings() ?? [];
    },
    get diagnosis() {
      return watch?.diagnosis();
    },
  };
  return watcher;
}

function watchingAnother(): OptionError {
  return new OptionError('doctor: it is watching another fit, which has not ended; give each a doctor of its own');
}

/** One `fit` under observation. */
class Watch {
  readonly model: Sequential;
  /** Between the begin and the end of training. */
  isWatching = false;
  /** How often the doctor is among the callbacks, and how often it was told that training begins. */
  readonly #times: number;
  #begun = 0;
  readonly #source: FitRows;
  readonly #history: History['history'];
  readonly #most: number;
  readonly #names: readonly string[] | undefined;
  readonly #tell: (finding: Finding) => void;
  readonly #found: Finding[] = [];
  /** Of this `fit`, which may go on from others. */
  #firstEpoch = 0;
  readonly #looks: Look[] = [];
  /** Of the last look, where they have been asked for. */
  #ranges: readonly ActivationRange[] | undefined;
  /** What the last look found about the state of the weights. */
  #suspected: Finding[] = [];
  #case: Case | undefined;
  #rowsBetweenLooks = 0;
  /** Epochs and steps there were at the last look. */
  #seen = { epochs: 0, steps: 0 };

  constructor(model: Sequential, times: number, source: FitRows, history: History['history'], most: number, names: readonly string[] | undefined, tell: (finding: Finding) => void) {
    this.model = model;
    this.#times = times;
    this.#source = source;
    this.#history = history;
    this.#most = most;
    this.#names = names;
    this.#tell = tell;
  }

  begin(): void {
    if (++this.#begun > 1) {
      // It is one doctor all the same, unless a fit that was under way before is the other.
      if (this.#begun > this.#times) throw watchingAnother();
      return;
    }
    this.isWatching = true;
    this.#case = caseOf(this.model, this.#source.samples, this.#most, this.#names);
    const weights = this.model.program.parameters.reduce((sum, { floats }) => sum + floats, 0);
    this.#rowsBetweenLooks = workBetweenLooks * (this.#case.probe.rows + workOfLook / Math.max(1, weights));
    staticFindings(this.#case).forEach((finding) => this.#add(finding));
    this.#look();
  }

  epoch(epoch: number): void {
    if (!this.isWatching) return;
    this.#firstEpoch = epoch + 1 - this.#losses.length;
    const { batch, steps } = this.#source;
    // Where its steps are not known, an epoch is never joined with the next, so those done are those of whole epochs.
    const done = steps === undefined ? this.#steps - this.#seen.steps : this.#epochs * steps;
    if (done * batch >= this.#rowsBetweenLooks) this.#look();
  }

  /** Epochs to the next look. */
  get epochsApart(): number {
    const { batch, steps } = this.#source;
    return steps === undefined ? 1 : Math.ceil(this.#rowsBetweenLooks / (steps * batch)) - this.#epochs;
  }

  /** Epochs since the last look. */
  get #epochs(): number {
    return this.#losses.length - this.#seen.epochs;
  }

  get #losses(): readonly number[] {
    return this.#history['loss'] ?? [];
  }

  get #steps(): number {
    const { step, objective } = this.model.program;
    return step * objective!.optimizer.accumulationSteps;
  }

  /** `diverged`: by a loss or weights that are not finite. */
  end(diverged: boolean): void {
    if (!this.isWatching) return;
    this.isWatching = false;
    if (this.#case === undefined || (this.#losses.length === 0 && !diverged)) return;
    if (this.#epochs > 0) this.#look();
    // Trial updates change what the probe holds.
    this.#ranges ??= rangesOf(this.#case.probe);
    // What was seen once and could not be seen again.
    if (this.#looks.length === 1) this.#suspected.forEach((finding) => this.#add(finding));
    const epochs = this.#losses.map((_, i) => this.#firstEpoch + i);
    const course = { epochs, losses: this.#losses, validationLosses: this.#history['val_loss'] ?? [], looks: this.#looks };
    courseFindings(this.#case, this.#looks.at(-1)!, course, diverged, this.#found).forEach((finding) => this.#add(finding));
  }

  #look(): void {
    this.#seen = { epochs: this.#losses.length, steps: this.#steps };
    this.#ranges = undefined;
    const look = lookThrough(this.#case!.probe);
    const suspected = stateFindings(this.#case!, look);
    // A slight one may pass by, such as a state of the first weights.
    for (const finding of suspected) if (finding.severity === 'error' || this.#suspected.some((before) => same(before, finding))) this.#add(finding);
    this.#looks.push(look);
    this.#suspected = suspected;
  }

  #add(finding: Finding): void {
    if (this.#found.some((known) => same(known, finding))) return;
    this.#found.push(finding);
    this.#tell(finding);
  }

  findings(): readonly Finding[] {
    return [...this.#found];
  }

  diagnosis(): Diagnosis | undefined {
    const look = this.#looks.at(-1);
    if (look === undefined) return undefined;
    const { probe } = this.#case!;
    this.#ranges ??= rangesOf(probe);
    return diagnosisOf(look, this.#ranges, probe.baseline, this.findings());
  }
}

function same(a: Finding, b: Finding): boolean {
  return a.code === b.code && a.layer === b.layer;
}

/**
 * Room for batches of up to so many rows: the buffers that a batch passes through, and the plans that run on them. Rows go in
 * and out here. When a larger batch comes, the program makes a larger room.
 */

import type { Backend } from '../backend/backend.ts';
import type { Team } from '../backend/index.ts';
import { Arena } from '../backend/memory.ts';
import type { Matrix } from '../data/matrix.ts';
import { targetColumns } from './training/losses.ts';
import { planNames, PlanWriter, type Layout, type PlanName } from './plans.ts';

/** What a batch is made of. */
type Loaded = 'input' | 'target' | 'weights';
/** What can be copied out; `trained` is the output of a step of training. */
type Result = 'target' | 'output' | 'trained';

export class Room {
  readonly rows: number;
  /** Whether its plans weigh rows. */
  readonly weighted: boolean;
  readonly plans: Readonly<Record<PlanName, number>>;
  readonly #backend: Backend;
  readonly #layout: Layout;
  readonly #input: number;
  readonly #target: number;
  readonly #weights: number;
  /** The output of each stage, 0 for one that has none of its own. */
  readonly #outs: readonly number[];
  readonly #places: Readonly<Record<Result, number>>;

  /** Lies from `start` on. On failure everything is as it was. */
  constructor(backend: Backend, start: number, rows: number, weighted: boolean, layout: Layout, team: Team | undefined) {
    const { objective, inputs, outputs } = layout;
    const stages = layout.stages.map(({ stage }) => stage);
    const arena = new Arena(start);
    const input = arena.floats(rows * inputs);
    const target = arena.floats(objective === undefined ? 0 : rows * targetColumns(objective.loss, outputs));
    const weights = weighted ? arena.floats(rows) : 0;
    const outs = stages.map((stage) => (stage.passesInput ? 0 : arena.floats(rows * stage.outputs)));
    const douts = stages.map((stage) => arena.floats(rows * stage.outputs));
    const caches = stages.map((stage) => arena.floats(stage.cacheFloats?.(rows) ?? 0));
    const logistic = arena.floats(objective?.loss.fromLogits ? rows * outputs : 0);
    const scratchFloats = Math.max(0, ...stages.map((stage) => stage.scratchFloats(backend, rows)));
    const scratch = arena.floats(scratchFloats);
    for (let thread = 1; thread < (team?.threads ?? 1); thread++) arena.floats(scratchFloats);
    const writer = new PlanWriter(layout, { input, target, weights, outs, douts, caches, logistic, scratch });
    const written = writer.all();
    this.plans = Object.fromEntries(planNames.map((name) => [name, arena.floats(written[name].length)])) as Record<PlanName, number>;
    const moveTeam = team?.place(written, scratchFloats, arena);
    backend.memory.ensure(arena.end);
    for (const name of planNames) backend.memory.i32.set(written[name], this.plans[name] / 4);
    moveTeam?.();
    this.rows = rows;
    this.weighted = weighted;
    this.#backend = backend;
    this.#layout = layout;
    this.#input = input;
    this.#target = target;
    this.#weights = weights;
    this.#outs = outs;
    this.#places = { target, ...writer.outputs };
  }

  /** Copies rows in as input, as target or as weights: those that `order` names, or where it is undefined those from `start`. */
  load(what: Loaded, { values, columns }: Matrix, start: number, rows: number, order?: Uint32Array): void {
    const { f32 } = this.#backend.memory;
    let to = this.#at(what) / 4;
    if (order === undefined) {
      if (rows * columns < copyByElement) for (let i = 0, from = start * columns; i < rows * columns; i++) f32[to + i] = values[from + i]!;
      else f32.set(start === 0 && rows * columns === values.length ? values : values.subarray(start * columns, (start + rows) * columns), to);
      return;
    }
    for (let row = start; row < start + rows; row++) {
      const from = order[row]! * columns;
      if (columns < copyByElement) for (let i = 0; i < columns; i++) f32[to + i] = values[from + i]!;
      else f32.set(values.subarray(from, from + columns), to);
      to += columns;
    }
  }

  #at(what: Loaded): number {
    return what === 'input' ? this.#input : what === 'target' ? this.#target : this.#weights;
  }

  /** Whether the rows loaded last are all finite. */
  loadedFinite(what: Loaded, { columns }: Matrix, rows: number): boolean {
    return this.#backend.countNonFinite(this.#at(what), rows * columns) === 0;
  }

  /** Copies the targets of the rows run last, or the model's output for them, into `out` from an offset. */
  copy(what: Result, out: Float32Array, offset: number, rows: number): void {
    const { f32 } = this.#backend.memory;
    const { outputs, objective } = this.#layout;
    const from = this.#places[what] / 4;
    const count = rows * (what === 'target' ? targetColumns(objective!.loss, outputs) : outputs);
    if (count < copyByElement) for (let i = 0; i < count; i++) out[offset + i] = f32[from + i]!;
    else out.set(f32.subarray(from, from + count), offset);
  }

  /** The layer in which the last batch of `rows` rows first left the finite range, if it did. */
  firstNonFiniteOutput(rows: number): string | undefined {
    const found = this.#layout.stages.find(({ stage }, i) => !stage.takesMissing && this.#outs[i]! > 0 && this.#backend.countNonFinite(this.#outs[i]!, rows * stage.outputs) > 0);
    return found?.stage.layer;
  }
}

/** Below this many values a loop copies faster than a view and `set`. */
const copyByElement = 24;

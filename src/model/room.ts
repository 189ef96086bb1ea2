/**
 * Room for batches of up to so many rows: the buffers that a batch passes through, and the plans that run on them. Rows go in
 * and out here. When a larger batch comes, the program makes a larger room.
 */

import type { Backend } from '../backend/backend.ts';
import type { Team } from '../backend/index.ts';
import { Arena } from '../backend/memory.ts';
import type { Matrix } from '../data/matrix.ts';
import { targetColumns } from './training/losses.ts';
import type { Program } from './program.ts';
import { planNames, PlanWriter, type BatchAddresses, type Layout, type PlanName } from './plans.ts';

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
  readonly #batch: BatchAddresses;
  readonly #places: Readonly<Record<Result, number>>;

  /** Lies from `start` on. On failure everything is as it was. */
  constructor(backend: Backend, start: number, rows: number, weighted: boolean, layout: Layout, team: Team | undefined) {
    const arena = new Arena(start);
    const { at, scratchFloats } = placeBatch(arena, backend, layout, rows, weighted);
    for (let thread = 1; thread < (team?.threads ?? 1); thread++) arena.floats(scratchFloats);
    const writer = new PlanWriter(layout, at);
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
    this.#batch = at;
    this.#places = { target: at.target, ...writer.outputs };
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
    return this.#batch[what];
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
    const found = this.#layout.stages.find(({ stage }, i) => !stage.takesMissing && this.#batch.outs[i]! > 0 && this.#backend.countNonFinite(this.#batch.outs[i]!, rows * stage.outputs) > 0);
    return found?.stage.layer;
  }
}

/**
 * Rows at a time when there is no batch size: enough to keep the kernels busy, few enough to stay in cache; fewer where so many layers pass them on
 * that their buffers, outputs and gradients, would take more than 128 MiB.
 */
export function inferenceRows({ inputs, stages }: Pick<Program, 'inputs' | 'stages'>): number {
  const floats = stages.reduce((sum, { outputs }) => sum + 2 * outputs, inputs);
  return Math.max(1, Math.min(256, Math.floor(2 ** 25 / floats)));
}

/** Below this many values a loop copies faster than a view and `set`. */
const copyByElement = 24;

/** Where a batch of `rows` rows passes through, and the floats of scratch: as many as the stages need, and no fewer than `least`. */
export function placeBatch(
  arena: Arena, backend: Backend, { stages, objective, inputs, outputs }: Layout, rows: number, weighted: boolean, least = 0,
): { at: BatchAddresses; scratchFloats: number } {
  const space = (columns: number): number => arena.floats(rows * columns);
  const scratchFloats = Math.max(least, ...stages.map(({ stage }) => stage.scratchFloats(backend, rows)));
  const at = {
    input: space(inputs),
    target: space(objective === undefined ? 0 : targetColumns(objective.loss, outputs)),
    weights: weighted ? space(1) : 0,
    // 0 for a stage that has none of its own.
    outs: stages.map(({ stage }) => (stage.passesInput ? 0 : space(stage.outputs))),
    douts: stages.map(({ stage }) => space(stage.outputs)),
    caches: stages.map(({ stage }) => arena.floats(stage.cacheFloats?.(rows) ?? 0)),
    logistic: space(objective?.loss.fromLogits ? outputs : 0),
    scratch: arena.floats(scratchFloats),
  };
  return { at, scratchFloats };
}

/** One pass of a batch forward and backward through a model, as training makes it, that is left open: what went in and came out of every stage can be read. */

import { Arena, type Memory } from '../backend/memory.ts';
import { toMatrix, type MatrixLike } from '../data/matrix.ts';
import { PlanWriter, type BatchAddresses, type Layout } from '../model/plans.ts';
import { placeBatch } from '../model/room.ts';
import type { Sequential } from '../model/sequential.ts';
import { targetColumns } from '../model/training/losses.ts';
import { place, type Placed } from './probe.ts';

export type Values = Memory['f32'];

export class OpenPass {
  readonly layout: Layout;
  readonly rows: number;
  readonly at: BatchAddresses;
  /** By stage, undefined for one of training alone. */
  readonly placed: readonly (Placed | undefined)[];
  /** Values that come out of the widest stage. */
  readonly widest: number;
  readonly #model: Sequential;
  readonly #arena: Arena;

  /** @param model a compiled copy; what lies in its memory so far stays. */
  constructor(where: string, model: Sequential, x: MatrixLike, y: MatrixLike) {
    const { program } = model;
    const { memory } = program.backend;
    const layout = program.layout();
    const { inputs, outputs, objective } = layout;
    const samples = { x: toMatrix(`${where} x`, x, inputs), y: toMatrix(`${where} y`, y, targetColumns(objective!.loss, outputs)) };
    const { rows } = samples.x;
    this.#model = model;
    this.#arena = new Arena(4 * memory.f32.length);
    this.layout = layout;
    this.rows = rows;
    this.widest = rows * Math.max(...program.stages.map((stage) => stage.outputs));
    this.at = placeBatch(this.#arena, program.backend, layout, rows, false, this.widest).at;
    this.placed = place(program.stages, this.at.input, this.at.outs);
    memory.ensure(this.#arena.end + 64);
    memory.f32.set(samples.x.values, this.at.input / 4);
    memory.f32.set(samples.y.values, this.at.target / 4);
    program.sums.clear();
    this.run(new PlanWriter(layout, this.at).all().gradients);
  }

  /** Room for so many more. */
  floats(count: number): number {
    const address = this.#arena.floats(count);
    this.#model.program.backend.memory.ensure(this.#arena.end + 64);
    return address;
  }

  run(words: Int32Array): void {
    const plan = this.floats(words.length);
    const { backend } = this.#model.program;
    backend.memory.i32.set(words, plan / 4);
    backend.run(plan, this.rows);
  }

  /** As they are now. */
  read(address: number, count: number): Values {
    return this.#model.program.backend.memory.f32.slice(address / 4, address / 4 + count);
  }
}

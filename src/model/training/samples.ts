/** Inputs and targets, row for row: read from what users pass, and checked before anything is trained on them. */

import { checkFinite, toMatrix, type Matrix, type MatrixLike } from '../../data/matrix.ts';
import { ShapeError } from '../../errors.ts';
import { checkTargets, targetColumns, type Loss } from './losses.ts';
import type { Program } from '../program.ts';

export interface Samples {
  readonly x: Matrix;
  readonly y: Matrix;
  /** How often the loss of each row counts; absent: once. */
  readonly weights?: Matrix;
}

/** What samples have to fit: values in a row of input and of output, whether NaN may stand for a missing one of input, and the loss. */
export interface Fit {
  readonly inputs: number;
  readonly outputs: number;
  readonly takesMissing: boolean | undefined;
  readonly loss: Loss;
}

/** Inputs and targets as matrices of as many rows; their values are not looked at. */
export function readSamples(where: string, x: MatrixLike, y: MatrixLike, { inputs, outputs, loss }: Fit): Samples {
  const samples = { x: toMatrix(`${where} x`, x, inputs), y: toMatrix(`${where} y`, y, targetColumns(loss, outputs)) };
  if (samples.x.rows !== samples.y.rows) {
    throw new ShapeError(`${where}: expected as many targets as inputs, received ${samples.x.rows} rows of x and ${samples.y.rows} of y`);
  }
  return samples;
}

/** The same with all values finite, or missing where they may be, and targets that the loss takes. */
export function checkedSamples(where: string, x: MatrixLike, y: MatrixLike, fit: Fit): Samples {
  const samples = readSamples(where, x, y, fit);
  checkFinite(`${where} x`, samples.x, fit.takesMissing);
  checkFinite(`${where} y`, samples.y);
  checkTargets(`${where} y`, fit.loss, samples.y, fit.outputs);
  return samples;
}

/** Makes room for `rows` rows and loads them: those that `order` names from `start` on, or where it is undefined the rows from there. */
export function loadSamples(program: Program, { x, y, weights }: Samples, start: number, rows: number, order?: Uint32Array): void {
  program.reserve(rows, weights !== undefined);
  const { room } = program;
  room.load('input', x, start, rows, order);
  room.load('target', y, start, rows, order);
  if (weights !== undefined) room.load('weights', weights, start, rows, order);
}

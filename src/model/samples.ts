/** Inputs and targets, row for row: read from what users pass, and checked before anything is trained on them. */

import { checkFinite, toMatrix, type Matrix, type MatrixLike } from '../data/matrix.ts';
import { ShapeError } from '../errors.ts';
import { checkTargets, targetColumns, type Loss } from './losses.ts';

export interface Samples {
  readonly x: Matrix;
  readonly y: Matrix;
}

/** What samples have to fit: values in a row of input and of output, and the loss. */
export interface Fit {
  readonly inputs: number;
  readonly outputs: number;
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

/** The same with all values finite, and targets that the loss takes. */
export function checkedSamples(where: string, x: MatrixLike, y: MatrixLike, fit: Fit): Samples {
  const samples = readSamples(where, x, y, fit);
  checkFinite(`${where} x`, samples.x);
  checkFinite(`${where} y`, samples.y);
  checkTargets(`${where} y`, fit.loss, samples.y, fit.outputs);
  return samples;
}

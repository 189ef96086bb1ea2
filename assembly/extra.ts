/**
 * The kernels that only some models need, as a binary of their own, which is loaded when one does; the rules are those of
 * index.ts. The walker of plan.ts calls `runExtra` where it meets one of their operations. Their tables lie behind those of
 * the other binary, and below the first address that plans use (see `heapBase` in src/backend/wasm.ts).
 */

import { impute, oneHot } from "./columns";
import { limitNorm, limitNorms, nonNegative } from "./constraint";
import { addNoise, gaussianNoise } from "./noise";
import {
  columnMoments, columnScales, columnSlopes, normalizeColumns, normalizeColumnsBackward, normalizeRows, normalizeRowsBackwardInput,
  normalizeRowsBackwardParameters,
} from "./normalization";
import { penalty } from "./penalty";
import { accumulate, blend, clip, meanGradient, shrink, sumOfSquares } from "./ranges";
import { add } from "./residual";
import { adadelta, adagrad, adamax, lion, nadam, rmsprop } from "./updates";
import { scalar, word } from "./words";

export {
  add, gaussianNoise, penalty, nonNegative, limitNorm, limitNorms, columnMoments, columnScales, normalizeColumns, columnSlopes,
  normalizeColumnsBackward, normalizeRows, normalizeRowsBackwardInput, normalizeRowsBackwardParameters, rmsprop, adagrad, adadelta, adamax, nadam,
  lion, clip, sumOfSquares, shrink, accumulate, meanGradient, blend, impute, oneHot,
};

/** The first address behind the tables of this binary. */
export const heapBase: usize = __heap_base;

/** The operations of `src/backend/plan.ts` from `add` on, in its order. */
const enum Operation {
  add = 27,
  gaussianNoise,
  penalty,
  nonNegative,
  limitNorm,
  limitNorms,
  columnMoments,
  columnScales,
  normalizeColumns,
  columnSlopes,
  normalizeColumnsBackward,
  normalizeRows,
  normalizeRowsBackwardInput,
  normalizeRowsBackwardParameters,
  rmsprop,
  adagrad,
  adadelta,
  adamax,
  nadam,
  lion,
  clip,
  sumOfSquares,
  shrink,
  accumulate,
  meanGradient,
  blend,
  impute,
  oneHot,
}

/** Runs the operation at `plan`; `first` and `last` as `share` has set them, in a plan of one of several threads. */
export function runExtra(plan: usize, rows: i32, first: i32, last: i32): void {
  switch (load<u32>(plan)) {
    case Operation.add:
      add(word(plan, 1), word(plan, 2), word(plan, 3), rows, word(plan, 4));
      break;
    case Operation.gaussianNoise:
      addNoise(
        word(plan, 1), word(plan, 2), word(plan, 3), rows, word(plan, 4), scalar(plan, 5), word(plan, 6), word(plan, 7), first,
      );
      break;
    case Operation.penalty:
      penalty(word(plan, 1), word(plan, 2), word(plan, 3), rows, word(plan, 4), scalar(plan, 5), scalar(plan, 6));
      break;
    case Operation.nonNegative:
      nonNegative(word(plan, 1), word(plan, 2));
      break;
    case Operation.limitNorm:
      limitNorm(word(plan, 1), word(plan, 2), scalar(plan, 3), scalar(plan, 4));
      break;
    case Operation.limitNorms:
      limitNorms(word(plan, 1), word(plan, 2), word(plan, 3), scalar(plan, 4), scalar(plan, 5));
      break;
    case Operation.columnMoments:
      columnMoments(word(plan, 1), word(plan, 2), word(plan, 3), rows, word(plan, 4), word(plan, 5));
      break;
    case Operation.columnScales:
      columnScales(word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), scalar(plan, 5));
      break;
    case Operation.normalizeColumns:
      normalizeColumns(word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), rows, word(plan, 6));
      break;
    case Operation.columnSlopes:
      columnSlopes(
        word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), word(plan, 6), word(plan, 7), word(plan, 8), rows,
        word(plan, 9), word(plan, 10), scalar(plan, 11),
      );
      break;
    case Operation.normalizeColumnsBackward:
      normalizeColumnsBackward(
        word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), word(plan, 6), word(plan, 7), rows, word(plan, 8),
      );
      break;
    case Operation.normalizeRows:
      normalizeRows(word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), rows, word(plan, 6), scalar(plan, 7));
      break;
    case Operation.normalizeRowsBackwardInput:
      normalizeRowsBackwardInput(word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), rows, word(plan, 6));
      break;
    case Operation.normalizeRowsBackwardParameters:
      normalizeRowsBackwardParameters(
        word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), rows, word(plan, 6), word(plan, 7),
      );
      break;
    case Operation.rmsprop:
      rmsprop(
        word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), word(plan, 6), word(plan, 7),
        scalar(plan, 8), scalar(plan, 9), scalar(plan, 10), scalar(plan, 11),
      );
      break;
    case Operation.adagrad:
      adagrad(word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), scalar(plan, 6), scalar(plan, 7));
      break;
    case Operation.adadelta:
      adadelta(
        word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), word(plan, 6), scalar(plan, 7),
        scalar(plan, 8), scalar(plan, 9),
      );
      break;
    case Operation.adamax:
      adamax(
        word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), word(plan, 6), word(plan, 7),
        scalar(plan, 8), scalar(plan, 9), scalar(plan, 10), scalar(plan, 11),
      );
      break;
    case Operation.nadam:
      nadam(
        word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), word(plan, 6), word(plan, 7),
        scalar(plan, 8), scalar(plan, 9), scalar(plan, 10), scalar(plan, 11), scalar(plan, 12),
      );
      break;
    case Operation.lion:
      lion(
        word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), scalar(plan, 6), scalar(plan, 7), scalar(plan, 8),
      );
      break;
    case Operation.clip:
      clip(word(plan, 1), word(plan, 2), scalar(plan, 3));
      break;
    case Operation.sumOfSquares:
      sumOfSquares(word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4));
      break;
    case Operation.shrink:
      shrink(word(plan, 1), word(plan, 2), word(plan, 3), scalar(plan, 4));
      break;
    case Operation.accumulate:
      accumulate(word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5));
      break;
    case Operation.meanGradient:
      meanGradient(word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4));
      break;
    case Operation.blend:
      blend(word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), scalar(plan, 5));
      break;
    case Operation.impute:
      impute(word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), rows, word(plan, 5));
      break;
    case Operation.oneHot:
      oneHot(word(plan, 1), word(plan, 2), rows, word(plan, 3), word(plan, 4), word(plan, 5), word(plan, 6));
      break;
    default:
      unreachable();
  }
}

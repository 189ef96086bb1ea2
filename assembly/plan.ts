/**
 * Walks a plan: one switch over the operations of `src/backend/plan.ts`, in its order; those at its end, from `add` on, are in
 * extra.ts, a binary of its own. An operation is 16 words: its code,
 * then its arguments in the order of that page, `rows` left out. And repeats plans over whole epochs.
 */

import { copy, copyRange, countNonFinite, flush, gather, increment, mark, zero } from "./memory";
import { denseDescend, denseForward, inputGradient, parameterGradient } from "./gemm";
import {
  activationBackward, activationForward, logSoftmaxBackward, logSoftmaxForward, softmaxBackward, softmaxForward,
} from "./activation";
import { accuracy, loss, sigmoidCrossentropy, softmaxCrossentropy } from "./loss";
import { dropoutBackward, dropRows } from "./dropout";
import { adam, sgd } from "./optimizer";
import { shuffle } from "./random";
import { barrier, nextPlan, passed } from "./threads";
import { scalar, word } from "./words";

const enum Operation {
  end,
  share,
  barrier,
  zero,
  copyRange,
  increment,
  mark,
  gather,
  flush,
  denseForward,
  denseBackwardInput,
  denseBackwardParameters,
  denseDescend,
  activationForward,
  activationBackward,
  softmaxForward,
  softmaxBackward,
  logSoftmaxForward,
  logSoftmaxBackward,
  loss,
  softmaxCrossentropy,
  sigmoidCrossentropy,
  accuracy,
  sgd,
  adam,
  dropoutForward,
  dropoutBackward,
}

/** Runs the operation at `plan`, one of the extra kernels: see extra.ts, a binary of its own. */
// @ts-ignore: decorator
@external("env", "extra")
declare function extra(plan: usize, rows: i32, first: i32, last: i32): void;

const OPERATION_BYTES: usize = 64;

/** The first address behind the tables of the binary. */
export const heapBase: usize = __heap_base;

// @ts-ignore: decorator
@inline
function setWord(plan: usize, n: usize, value: u32): void {
  store<u32>(plan + (n << 2), value);
}

/**
 * Runs every operation at `plan` up to its end, on the first `rows` rows of its buffers, and returns 0; or the address of a
 * barrier that the other threads have not come to in the time that it names.
 */
export function run(plan: usize, rows: i32): usize {
  let first = 0;
  let last = i32.MAX_VALUE;
  for (; ; plan += OPERATION_BYTES) {
    switch (load<u32>(plan)) {
      case Operation.end:
        return 0;
      case Operation.share:
        rows = word(plan, 1);
        first = word(plan, 2);
        last = word(plan, 3);
        break;
      case Operation.barrier: {
        // Once all have passed the last one, the plan may be written anew.
        const last = word(plan, 4);
        if (!barrier(word(plan, 1), word(plan, 2), word(plan, 3))) return plan;
        if (last) return 0;
        break;
      }
      case Operation.zero:
        zero(word(plan, 1), word(plan, 2));
        break;
      case Operation.copyRange:
        copyRange(word(plan, 1), word(plan, 2), word(plan, 3));
        break;
      case Operation.increment:
        increment(word(plan, 1));
        break;
      case Operation.mark:
        mark(word(plan, 1), word(plan, 2));
        break;
      case Operation.gather:
        gather(word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), rows, word(plan, 5));
        break;
      case Operation.flush:
        flush(word(plan, 1), rows, word(plan, 2));
        break;
      case Operation.denseForward:
        denseForward(word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), rows, word(plan, 5), word(plan, 6));
        break;
      case Operation.denseBackwardInput:
        inputGradient(
          word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), rows, word(plan, 5), word(plan, 6), first, last,
        );
        break;
      case Operation.denseBackwardParameters:
        parameterGradient(
          word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), rows, word(plan, 6), word(plan, 7),
          first, last,
        );
        break;
      case Operation.denseDescend:
        denseDescend(
          word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), word(plan, 6), word(plan, 7), word(plan, 8),
        );
        break;
      case Operation.activationForward:
        activationForward(word(plan, 1), word(plan, 2), rows, word(plan, 3), word(plan, 4), scalar(plan, 5), scalar(plan, 6));
        break;
      case Operation.activationBackward:
        activationBackward(
          word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), rows, word(plan, 5), word(plan, 6), scalar(plan, 7),
          scalar(plan, 8),
        );
        break;
      case Operation.softmaxForward:
        softmaxForward(word(plan, 1), word(plan, 2), rows, word(plan, 3));
        break;
      case Operation.softmaxBackward:
        softmaxBackward(word(plan, 1), word(plan, 2), word(plan, 3), rows, word(plan, 4));
        break;
      case Operation.logSoftmaxForward:
        logSoftmaxForward(word(plan, 1), word(plan, 2), rows, word(plan, 3));
        break;
      case Operation.logSoftmaxBackward:
        logSoftmaxBackward(word(plan, 1), word(plan, 2), word(plan, 3), rows, word(plan, 4));
        break;
      case Operation.loss:
        loss(
          word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), rows, word(plan, 6), word(plan, 7),
          word(plan, 8), scalar(plan, 9),
        );
        break;
      case Operation.softmaxCrossentropy:
        softmaxCrossentropy(
          word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), word(plan, 6), rows, word(plan, 7),
          word(plan, 8),
        );
        break;
      case Operation.sigmoidCrossentropy:
        sigmoidCrossentropy(
          word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), word(plan, 6), rows, word(plan, 7),
        );
        break;
      case Operation.accuracy:
        accuracy(word(plan, 1), word(plan, 2), word(plan, 3), rows, word(plan, 4), word(plan, 5), scalar(plan, 6));
        break;
      case Operation.sgd:
        sgd(
          word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), word(plan, 6), scalar(plan, 7),
          scalar(plan, 8), word(plan, 9), scalar(plan, 10),
        );
        break;
      case Operation.adam:
        adam(
          word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), word(plan, 5), word(plan, 6), word(plan, 7), word(plan, 8),
          scalar(plan, 9), scalar(plan, 10), scalar(plan, 11), scalar(plan, 12), word(plan, 13),
        );
        break;
      case Operation.dropoutForward:
        dropRows(
          word(plan, 1), word(plan, 2), word(plan, 3), word(plan, 4), rows, word(plan, 5), scalar(plan, 6), word(plan, 7),
          word(plan, 8), first,
        );
        break;
      case Operation.dropoutBackward:
        dropoutBackward(word(plan, 1), word(plan, 2), word(plan, 3), rows, word(plan, 4));
        break;
      default:
        extra(plan, rows, first, last);
    }
  }
  return 0;
}

/** Goes on behind a barrier that `run` came back from; returns as `run` does. */
export function resume(plan: usize): usize {
  const last = word(plan, 4);
  if (!passed(word(plan, 1), word(plan, 3))) return plan;
  return last ? 0 : run(plan + OPERATION_BYTES, 0);
}

/** Walks the plans that thread `thread` is given, until it is given none. */
export function serve(control: usize, thread: i32): void {
  for (let command = 0; ; command++) {
    const plan = nextPlan(control, thread, command);
    if (plan == 0) return;
    run(plan, 0);
  }
}

/** The registers of a run of epochs, a word each: see `EpochRegisters` in src/backend/plan.ts. */
const enum Register {
  cursor, record, epoch, end, steps, gather, step, stepOfOne, rows, batch, order, shuffle, seedLow, seedHigh, sums, sumCount, values,
  checkedCount, valueCount, kept,
}

/** How a run of epochs ended: see there. */
const enum Outcome { paused, lossNotFinite, valuesNotFinite }

/** Runs steps over data that lie in memory, as the registers say; returns how it ended. */
export function runEpochs(registers: usize): i32 {
  const rows = word(registers, Register.rows);
  const sums: usize = word(registers, Register.sums);
  let gathered = false;
  for (let steps = word(registers, Register.steps); steps > 0; steps--) {
    const epoch = word(registers, Register.epoch);
    if (epoch == word(registers, Register.end)) break;
    const cursor = word(registers, Register.cursor);
    const sumFloats = word(registers, Register.sumCount) << 1;
    if (cursor == 0) {
      zero(sums, sumFloats);
      if (word(registers, Register.shuffle)) {
        shuffle(word(registers, Register.order), rows, word(registers, Register.seedLow), word(registers, Register.seedHigh), epoch);
      }
    }
    const count = min(word(registers, Register.batch), rows - cursor);
    // A batch of all rows stays where it is from the second step of a call on.
    if (count < rows || !gathered) run(word(registers, Register.gather), count);
    gathered = true;
    run(word(registers, count == 1 ? Register.stepOfOne : Register.step), count);
    const sum = load<f64>(sums);
    if (sum - sum != 0) return Outcome.lossNotFinite;
    if (cursor + count < rows) {
      setWord(registers, Register.cursor, cursor + count);
      continue;
    }
    const values: usize = word(registers, Register.values);
    if (countNonFinite(values, word(registers, Register.checkedCount))) return Outcome.valuesNotFinite;
    copy(word(registers, Register.kept), values, word(registers, Register.valueCount) << 2);
    // Records follow each other closely: no padding may be written.
    let record: usize = word(registers, Register.record);
    for (let sum = sums, after = sums + (sumFloats << 2); sum < after; sum += 8, record += 8) store<f64>(record, load<f64>(sum));
    setWord(registers, Register.record, <u32>record);
    setWord(registers, Register.cursor, 0);
    setWord(registers, Register.epoch, epoch + 1);
  }
  return Outcome.paused;
}

/** One sentence on what came of training with a derivative, chosen by what was measured, so that it holds for any seed. */

import { percent, short } from './terminal.ts';
import type { Outcome } from './variants.ts';

/** From this accuracy on, a network counts as having solved its data. */
const solvedAccuracy = 0.97;
/** Outputs that all lie this close to ½ tell no point from another. */
const undecided = 0.001;

/** What to say of an outcome, beside that of the true derivative. */
export function verdict(outcome: Outcome, reference: Outcome): string {
  switch (outcome.variant) {
    case 'true':
      return ofTrue(outcome);
    case 'constant':
      return ofConstant(outcome, reference);
    case 'zero':
      return ofZero(outcome, reference);
    case 'linear':
      return ofLinear(outcome, reference);
  }
}

function solved({ accuracy }: Outcome): boolean {
  return accuracy >= solvedAccuracy;
}

function course({ lossBefore, lossAfter }: Outcome): string {
  return `the loss went from ${lossBefore.toFixed(4)} to ${lossAfter.toFixed(4)}`;
}

function ofTrue(outcome: Outcome): string {
  const result = solved(outcome) ? `and that got ${percent(outcome.accuracy)} right` : `though only ${percent(outcome.accuracy)} are right so far`;
  return `true: each hidden weight is corrected by error times slope, the way the loss falls, ${result}; ${course(outcome)}.`;
}

function ofConstant(outcome: Outcome, reference: Outcome): string {
  const { angle, lossBefore, lossAfter, diverged } = outcome;
  const direction = angle === undefined ? '' :
    ` At its final weights the gradient it follows in the hidden layers is ${angle.toFixed(0)}° off the true one${angle > 90 ? ', so that small steps along it raise the loss' : ''}.`;
  const result = diverged ? 'its weights left the range of finite numbers'
    : lossAfter > lossBefore ? `training made it worse: ${course(outcome)}`
      : solved(outcome) && lossAfter <= 2 * reference.lossAfter ? `it got as far as the true derivative here: ${course(outcome)}`
        : lossAfter > reference.lossAfter ? `it stayed behind the true derivative: ${course(outcome)}, not ${reference.lossAfter.toFixed(4)}`
          : course(outcome);
  return `constant: saturated units, which hardly react any more, are corrected as hard as the others, and ${result}.${direction}`;
}

function ofZero(outcome: Outcome, reference: Outcome): string {
  const { hiddenChange } = outcome;
  if (hiddenChange > 0) return `zero: hidden weights moved by up to ${short(hiddenChange)}, which they should not have.`;
  const enough = solved(outcome) ? 'was enough' : 'was not enough';
  return `zero: no hidden weight moved at all; only the last layer learnt, on what random hidden units gave it, and that ${enough} ` +
    `(${percent(outcome.accuracy)}); ${course(outcome)}, with the true derivative to ${reference.lossAfter.toFixed(4)}.`;
}

function ofLinear(outcome: Outcome, reference: Outcome): string {
  const result = outcome.decision < undecided
    ? `here it says 50 : 50 for every point${outcome.decision === 0 ? '' : `, to within ${short(outcome.decision)}`}, and the accuracy is an accident`
    : outcome.accuracy < reference.accuracy ? `its straight line gets ${percent(outcome.accuracy)} right, the network with tanh ${percent(reference.accuracy)}`
      : `it got ${percent(outcome.accuracy)} right`;
  return `linear: the layers learn, but together they are one linear map, no more than one layer can be; ${result}.`;
}

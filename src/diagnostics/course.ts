/**
 * Rules about training itself: whether the loss falls, and whether the learning rate is why it does not. A suspicion is put to the test
 * before it becomes a finding: a few updates on the copy, at the model's rate and at others.
 */

import { brief } from './structure.ts';
import { elasticity, leastBaseline, limits, type Case, type Course, type Finding } from './findings.ts';
import type { Look } from './measures.ts';

/** Epochs and updates from which on there is a course to speak of. */
const fewestEpochs = 3;
const fewestUpdates = 50;

/** Updates of a trial. */
const trialUpdates = 20;

/** Findings about how training went, or, without a course, how it would go from here. `failed`: it left the finite numbers; `known`: what else is found. */
export function courseFindings(one: Case, look: Look, course: Course | undefined, failed: boolean, known: readonly Finding[]): Finding[] {
  const { model, probe } = one;
  const losses = course?.losses ?? [];
  const baseline = Math.abs(probe.baseline);
  // Where targets never change, the loss that it began with.
  const scale = baseline > leastBaseline ? baseline : Math.max(losses[0] ?? look.loss, leastBaseline);
  const epochs = (course?.epochs.at(-1) ?? -1) + 1;
  const now = losses.at(-1) ?? look.loss;
  const rate = rateFinding(one, look, course, failed, now, scale);
  // No rate helps where no gradient comes through, or one without measure.
  const blocked = rate?.code === 'learningRateTooLow' && known.some(({ severity }) => severity === 'error');
  const findings = rate === undefined || blocked ? [] : [rate];
  // What is learnt by heart does not count, where there is validation to tell.
  const stuck = model.program.step < fewestUpdates && probe.updates ? undefined : [losses, course?.validationLosses ?? []].find((all) => all.length >= fewestEpochs && Math.min(least(all), heading(all, scale)) > limits.unlearnt * scale);
  const noSlope = probe.updates && look.loss > limits.unlearnt * scale && look.layers.every((layer) => elasticity(layer, probe) < limits.noGradient);
  if (stuck !== undefined || (losses.length === 0 && noSlope)) {
    findings.push({
      code: 'flatLoss', severity: 'warning', layer: undefined, evidence: { loss: stuck?.at(-1) ?? now, constantLoss: probe.baseline, epochs },
      message: `${losses.length === 0 ? 'No weight has a gradient, and the loss' : `After ${epochs} epochs the ${stuck === losses ? '' : 'validation '}loss`} is ${brief(stuck?.at(-1) ?? now)}, no better than the ${brief(probe.baseline)} of always giving the same output.`,
      advice: findings.length === 0
        ? `Check that targets belong to their rows and depend on the inputs, and that weights do not all start from the same value${known.length > 0 ? '; and see what else is found here' : ''}.`
        : 'See what is said of the learning rate.',
    });
  }
  // Where both losses run away, that of new rows is not the one to speak of.
  return rate?.code === 'learningRateTooHigh' ? findings : [...findings, ...overfitting(course, scale)];
}

/** Where losses are heading if what they fall by goes on shrinking as it does (Aitken's delta-squared over the second half); far down where it grows. */
function heading(losses: readonly number[], scale: number): number {
  const [half, later, last] = [losses[losses.length >> 1]!, losses[(3 * losses.length) >> 2]!, losses.at(-1)!];
  const [before, lately] = [half - later, later - last];
  if (lately <= 0 || before + lately < limits.flat * scale) return last;
  return lately >= before ? -Infinity : last - lately ** 2 / (before - lately);
}

/** Of any number of losses: so many are no list of arguments. */
function least(losses: readonly number[]): number {
  return losses.reduce((sofar, loss) => Math.min(sofar, loss), Infinity);
}

function rateFinding({ model, probe }: Case, look: Look, course: Course | undefined, failed: boolean, now: number, scale: number): Finding | undefined {
  if (!probe.updates) return undefined;
  // What was so before the first update.
  if (failed && course?.looks[0] !== undefined && !Number.isFinite(course.looks[0].loss)) return undefined;
  const { learningRate } = model;
  const ratios = (course === undefined || course.looks.length === 0 ? [look] : course.looks).map(({ layers }) => Math.max(...layers.map(({ updateRatio }) => updateRatio ?? 0)));
  const early = Math.max(0, ...ratios.slice(0, 2).filter(Number.isFinite));
  const lowest = Math.min(least(course?.losses ?? []), least((course?.looks ?? []).map(({ loss }) => loss)));
  const evidence = { learningRate, updateRatio: Math.max(0, ...ratios.slice(-1)), loss: now };
  const tooHigh = (what: string, more: Record<string, number>): Finding => ({
    code: 'learningRateTooHigh', severity: 'error', layer: undefined, evidence: { ...evidence, ...more },
    message: `The learning rate, ${brief(learningRate)}, is too high: ${what}.`,
    advice: `Try ${brief(learningRate / 10)}, or ask findLearningRate.`,
  });
  const poor = now > limits.poor * scale;
  if (failed || (course !== undefined && poor && now > limits.risen * lowest)) {
    if (failed || early > limits.hugeUpdate / 10) return tooHigh(failed ? 'training left the range of finite numbers' : `the loss rose to ${brief(now)} from ${brief(lowest)}`, { leastLoss: lowest });
  }
  if (poor && early > limits.hugeUpdate) return tooHigh(`an update changes weights by ${brief(early)} of their size, and the loss is ${brief(now)}`, { firstUpdateRatio: early });
  // In training a loss that has fallen needs no trial; a state at hand needs one.
  if (course !== undefined && !poor) return undefined;
  const here = probe.tryOut(1, 0);
  const same = probe.tryOut(1, trialUpdates);
  const best = (factors: readonly number[]): number => Math.min(...factors.map((factor) => probe.tryOut(factor, trialUpdates)));
  const fine = (loss: number): boolean => loss < (1 - limits.trialFall) * here;
  const blownUp = same > limits.trialRise * Math.max(here, limits.trialFall * scale);
  if (blownUp || (course !== undefined && !fine(same) && early > limits.slowUpdate)) {
    const lower = best([0.1, 0.01]);
    if (blownUp ? lower < same / limits.trialRise : fine(lower)) {
      return tooHigh(`${trialUpdates} trial updates bring the loss from ${brief(here)} to ${brief(same)}, as many at a lower rate to ${brief(lower)}`, { trialLoss: same, lowerRateLoss: lower });
    }
  }
  if (!poor || fine(same)) return undefined;
  const tooLow = (what: string, more: Record<string, number>): Finding => ({
    code: 'learningRateTooLow', severity: 'warning', layer: undefined, evidence: { ...evidence, ...more },
    message: `The learning rate, ${brief(learningRate)}, is too low: ${what}.`,
    advice: `Try ${brief(learningRate * 10)}, or ask findLearningRate.`,
  });
  const greatest = Math.max(...ratios);
  const steepness = Math.max(...look.layers.map((layer) => elasticity(layer, probe)));
  // A schedule may begin low; without a gradient no rate would do.
  const known = course !== undefined || typeof model.program.rate === 'number';
  if (known && greatest < limits.tinyUpdate && steepness > limits.someGradient && steepness < limits.exploding) {
    return tooLow(`an update changes weights by ${brief(greatest)} of their size, and the loss is ${brief(now)}`, { greatestUpdateRatio: greatest });
  }
  if (course !== undefined && course.looks.length > 0 && greatest < limits.slowUpdate) {
    const higher = best([10, 100, 1000]);
    if (fine(higher) && here - higher > 4 * (here - same)) {
      return tooLow(`${trialUpdates} trial updates take the loss from ${brief(here)} to ${brief(same)}, as many at a higher rate to ${brief(higher)}`, { trialLoss: same, higherRateLoss: higher });
    }
  }
  return undefined;
}

function overfitting(course: Course | undefined, scale: number): Finding[] {
  const losses = course?.validationLosses ?? [];
  if (losses.length < fewestEpochs) return [];
  const [last, lowest, trained] = [losses.at(-1)!, least(losses), course!.losses.at(-1)!];
  if (last < limits.validationRatio * lowest || last - lowest < limits.validationRise * scale || last < limits.validationGap * trained) return [];
  const epoch = course!.epochs[losses.indexOf(lowest)]!;
  return [{
    code: 'overfitting', severity: 'warning', layer: undefined, evidence: { validationLoss: last, leastValidationLoss: lowest, epoch, loss: trained },
    message: `It overfits: the validation loss was least in epoch ${epoch}, ${brief(lowest)}, and is ${brief(last)} now, while the loss is ${brief(trained)}.`,
    advice: 'Stop by earlyStopping({ restoreBestWeights: true }), or use dropout(), kernelRegularizer: l2(), fewer units or more rows.',
  }];
}

/** What the library's doctor says of a run. It stands apart, for others that run networks have no need of it. */

import { diagnose } from '../../../index.ts';
import type { Diagnosis } from './messages.ts';
import type { Run } from './run.ts';

export function diagnosisOf({ model, losses, train: { x, y }, epoch, failure }: Run): Diagnosis {
  // What stopped it says why itself.
  if (failure !== undefined) return { epoch, findings: [] };
  const { epochs, train, test } = losses;
  // The first losses are those before all epochs; the doctor counts epochs from 0.
  const history = { epoch: [...epochs.subarray(1)].map((at) => at - 1), history: { loss: [...train.subarray(1)], val_loss: [...test.subarray(1)] } };
  const { findings } = diagnose(model, x, y, { history });
  return { epoch, findings: findings.map(({ code, severity, layer, message, advice }) => ({ code, severity, layer, message, advice })) };
}

/**
 * `npm run doctor-trial`: tries the training doctor as a medical test is tried. Networks are trained under its eyes, half of them healthy
 * and half with one fault planted; it has to find the fault in at least 95 % of the sick, and to accuse at most 5 % of the healthy.
 * `-- --seed 9000` draws all of them anew, `-- digits` tries those whose names hold these words, `-- --calibrate` prints what its thresholds were read from, on other networks.
 */

import { calibrate } from './doctor/calibration.ts';
import { examine, suite, type Result } from './doctor/suite.ts';
import { headLines, line, percent, titles, type Columns } from './table.ts';

const leastSensitivity = 0.95;
const mostFalseAlarms = 0.05;

const columns: Columns = [['network', 48], ['planted', -21], ['quality', 8], ['   found', -90], ['verdict', -16]];

async function trial(words: readonly string[], seed: number | undefined): Promise<void> {
  const patients = suite(seed).filter(({ name, planted }) => words.every((word) => `${planted ?? 'healthy'} ${name}`.includes(word)));
  console.log(`${headLines()}\n\n${titles(columns)}`);
  const results: Result[] = [];
  for (const patient of patients) {
    const result = await examine(patient);
    results.push(result);
    console.log(line(columns, [patient.name, patient.planted ?? '-', result.quality.toFixed(2), `   ${result.codes.join(', ') || '-'}`, result.verdict]));
  }
  const count = (...verdicts: readonly Result['verdict'][]): number => results.filter(({ verdict }) => verdicts.includes(verdict)).length;
  const [found, alarms, poor] = [count('found'), count('FALSE ALARM'), count('NOT HEALTHY')];
  const [sick, healthy] = [found + count('MISSED'), alarms + poor + count('healthy')];
  const [sensitivity, falseAlarms] = [found / sick, alarms / healthy];
  console.log(`\nSensitivity: ${found} of ${sick} planted faults found, ${percent(sensitivity)} (at least ${percent(leastSensitivity)})`);
  console.log(`False alarms: ${alarms} of ${healthy} healthy networks accused, ${percent(falseAlarms)} (at most ${percent(mostFalseAlarms)})`);
  if (poor > 0) console.log(`Not healthy after all, and so no proof of anything: ${poor}`);
  if (sensitivity < leastSensitivity || falseAlarms > mostFalseAlarms || poor > 0) process.exitCode = 1;
}

const words = process.argv.slice(2);
const at = words.indexOf('--seed');
const [, seed] = at < 0 ? [] : words.splice(at, 2);
await (words[0] === '--calibrate' ? calibrate() : trial(words, seed === undefined ? undefined : Number(seed)));

/** The short form of `npm run doctor-trial`: of every kind the quickest, on the networks of the trial. */
import { describe, expect, it } from 'vitest';
import { examine, suite } from '../../bench/doctor/suite.ts';

const patients = suite();
const short = /^(moons|blobs|curve|noisy sum)/;
const healthy = patients.filter(({ planted, name }) => planted === undefined && short.test(name));
const codes = [...new Set(patients.flatMap(({ planted }) => planted ?? []))];

describe('the suite', () => {
  it('has at least 60 networks, half of them healthy, and every fault at least twice', () => {
    expect(patients.length).toBeGreaterThanOrEqual(60);
    expect(patients.filter(({ planted }) => planted === undefined).length).toBeGreaterThanOrEqual(30);
    expect(codes).toHaveLength(14);
    for (const code of codes) expect(patients.filter(({ planted }) => planted === code).length, code).toBeGreaterThanOrEqual(2);
  });
});

describe('a healthy network is left alone', () => {
  it.each(healthy.filter((_, i) => i % 3 === 0))('$name', async (patient) => {
    expect(await examine(patient)).toMatchObject({ codes: [], verdict: 'healthy' });
  });
});

describe('a planted fault is found', () => {
  it.each(codes.map((code) => patients.find(({ planted, name }) => planted === code && !name.startsWith('digits'))!))('$planted: $name', async (patient) => {
    expect((await examine(patient)).codes).toContain(patient.planted);
  });
});

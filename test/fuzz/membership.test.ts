// Membership by chance against a model in plain maps (membership.ts). SEED begins elsewhere.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fuzzMembership } from './membership.js';

const Membership = suite('fuzz/membership');

const SEED = Number(process.env.SEED ?? 20261124);
const RUNS = 8;
const STEPS = 150;

let refused = 0;
let limited = 0;

for (let seed = SEED; seed < SEED + RUNS; seed++) {
  Membership(`seed ${seed}: tables and frames go by the records, refusals change nothing`, async () => {
    const report = await fuzzMembership(seed, STEPS);
    refused += report.refused;
    limited += report.limited;
    assert.ok(report.applied >= STEPS / 4, `${report.applied} lists applied`);
  });
}

Membership('lists were refused for their fields and for limits', () => {
  assert.ok(refused >= RUNS * 10, `${refused} refused`);
  assert.ok(limited >= 1, `${limited} met a limit`);
});

Membership.run();

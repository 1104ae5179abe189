// Fuzzing in bounds: 20 million frames (FUZZ_FRAMES says otherwise), each through two hot paths; see fuzzer.ts. For longer,
// for another seed and for a failing input: `npm run fuzz -- --help`.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { VERDICTS } from '../../host/stats.js';
import { readCorpus } from './corpus.js';
import { Dice } from './dice.js';
import { CAPACITY, type FuzzReport, fuzz, fuzzEach } from './fuzzer.js';
import { describeFinding } from './report.js';

const Quick = suite('fuzz/quick');

const FRAMES = Number(process.env.FUZZ_FRAMES ?? 20_000_000);
const SEEDS = [20261124, 20261125, 20261126, 20261127];

/** Verdicts that only compat gives: test/compat reaches them. */
const COMPAT_ONLY = [
  'FORWARD_DECAPSULATED',
  'IGNORE_COMPAT',
  'IGNORE_LOCAL_BACKEND',
  'IGNORE_DECAPSULATED',
  'DROP_IP_OPTIONS',
];
/**
 * Verdicts that need rings: test/verdict and test/encap reach them. Cells always have headroom, and no transmit ring is full.
 */
const RING_ONLY = ['DROP_NO_HEADROOM', 'DROP_TX_RING_FULL', 'DROP_SEGMENTS_LOST'];

const corpus = readCorpus(CAPACITY);
const reports: FuzzReport[] = [];

Quick('no input of the corpus breaks a rule', async () => {
  try {
    assert.is((await fuzzEach(corpus.values())).length, corpus.size);
  } catch (error) {
    throw await describeFinding(error);
  }
});

for (const seed of SEEDS) {
  Quick(`frames from seed ${seed} break no rule`, async () => {
    try {
      reports.push(await fuzz({ seed, frames: Math.ceil(FRAMES / SEEDS.length), corpus: corpus.values() }));
    } catch (error) {
      throw await describeFinding(error);
    }
  });
}

Quick('large frames break no rule either', async () => {
  try {
    await fuzz({ seed: 9216, frames: Math.ceil(FRAMES / 100), capacity: 9216 });
    reports.push(await fuzz({ seed: 65_550, frames: Math.ceil(FRAMES / 1000), capacity: 65_550 }));
  } catch (error) {
    throw await describeFinding(error);
  }
});

// A short run judges; only a long one is sure to get everywhere.
const isLong = FRAMES >= 5_000_000;
if (!isLong) console.log(`whether every verdict is reached, skipped: only ${FRAMES} frames (FUZZ_FRAMES)`);
const whenLong = isLong ? Quick : Quick.skip;
whenLong('every verdict is reached, but those that need rings; 30 % of the frames are forwarded', () => {
  const missing = VERDICTS.filter(({ number }) => reports.every(({ verdicts }) => verdicts[number] === 0));
  assert.equal(
    missing.map(({ name }) => name).filter((name) => !COMPAT_ONLY.includes(name)),
    RING_ONLY,
  );
  for (const { frames, forwarded } of reports) assert.ok(forwarded >= 0.3 * frames, `${forwarded} of ${frames}`);
});

Quick('the same seed makes the same run', async () => {
  const [first, second] = [await fuzz({ seed: 1, frames: 10_000 }), await fuzz({ seed: 1, frames: 10_000 })];
  assert.equal([...first.verdicts], [...second.verdicts]);
  assert.equal([...first.shortest.keys()], [...second.shortest.keys()]);
});

Quick('dice: sfc32 as PractRand has it, and every number of a small range equally often', () => {
  const dice = new Dice(7);
  const counts = Array.from({ length: 5 }, () => 0);
  for (let i = 0; i < 100_000; i++) counts[dice.below(5)]!++;
  for (const count of counts) assert.ok(Math.abs(count - 20_000) < 600, counts.join(' ')); // 4.7 sigma
});

Quick.run();

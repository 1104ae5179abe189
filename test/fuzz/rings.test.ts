// Frames through packet rings, and the same through cells (rings.ts). FUZZ_FRAMES as for quick.test.ts.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { describeFinding } from './report.js';
import { fuzzRings } from './rings.js';

const Rings = suite('fuzz/rings');

const FRAMES = Math.ceil(Number(process.env.FUZZ_FRAMES ?? 20_000_000) / 40);
const SEEDS = [20261124, 20261125];

for (const seed of SEEDS) {
  Rings(`seed ${seed}: rings do what cells do`, async () => {
    try {
      const verdicts = await fuzzRings(seed, FRAMES);
      if (FRAMES < 100_000) return;
      for (const name of ['DROP_SEGMENTS_LOST', 'DROP_SNAPPED', 'FORWARD_L2']) assert.ok(verdicts.has(name), name);
    } catch (error) {
      throw await describeFinding(error);
    }
  });
}

Rings.run();

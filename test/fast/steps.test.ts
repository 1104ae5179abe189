// The fast path does what the general path does, byte for byte: the same frames, some of them spoiled, through both, and after that the
// same metas, outputs, counters and flow table.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { takeOutcomes } from '../../bench/equal.js';
import { frameSource } from '../../bench/frames.js';
import { Ours } from '../../bench/ours.js';
import { randomSource } from '../../bench/random.js';
import { openEmptyScene, type Scene, writeFrame } from '../../bench/scene.js';
import { SHAPE_DEFAULT, type Shape } from '../../bench/shape.js';
import { spoil } from '../support/spoil.js';

const SEED = Number(process.env.SEED ?? 20261124);
const FLOWS = 3000;
const SMALL: Shape = { ...SHAPE_DEFAULT, vips: 3, backends: 7, tableSize: 251, flows: FLOWS, batch: 100, seed: SEED };
const FRAME_BYTES = 74;

const Fast = suite('fast/steps');

/** A scene with whole and spoiled frames; the same for the same shape. */
async function openSpoiled(shape: Shape): Promise<Scene> {
  const scene = await openEmptyScene({ ...shape, frameBytes: FRAME_BYTES + 6 });
  const next = frameSource({ ...shape, frameBytes: FRAME_BYTES });
  const random = randomSource(SEED);
  for (let flow = 0; flow < FLOWS; flow++) {
    const frame = Uint8Array.from([...next(), 0, 0, 0, 0, 0, 0]);
    if (random() % 3 === 0) frame[47] = random() & 0x12; // TCP flags over IPv4: SYN now and then
    const { bytes, ...meta } = random() % 2 === 0 ? spoil(frame, random) : { bytes: FRAME_BYTES };
    writeFrame(scene, flow, frame.subarray(0, bytes), meta);
  }
  return scene;
}

for (const family of [4, 6] as const) {
  for (const encap of ['l2', 'ipip', 'gre', 'gue'] as const) {
    for (const tracking of ['none', 'all'] as const) {
      Fast(`${encap} over IPv${family}, tracking ${tracking}: as the general path`, async () => {
        const shape: Shape = { ...SMALL, family, encap, tracking };
        const fast = await openSpoiled(shape);
        const general = await openSpoiled(shape);
        const [ours, expected] = [takeOutcomes(new Ours(fast)), takeOutcomes(new Ours(general, true))];
        const at = ours.bytes.findIndex((byte, index) => byte !== expected.bytes[index]);
        assert.is(at, -1, `byte ${at} of ${ours.bytes.length} differs (seed ${SEED})`);
        const name = { l2: 'FORWARD_L2', ipip: 'FORWARD_IPIP', gre: 'FORWARD_GRE', gue: 'FORWARD_GUE' }[encap];
        assert.ok((fast.engine.stats().verdicts[name] ?? 0n) > 3000n, `${name} more than 3000 times`);
      });
    }
  }
}

Fast.run();

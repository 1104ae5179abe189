// The fast path does what the general path does, byte for byte: the same frames, some of them spoiled, through both, and after that the
// same metas, outputs, counters and flow table.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  DIRECTORY,
  DIRECTORY_LIMITS,
  EXPLAIN_DESTINATION_PORT,
  EXPLAIN_SOURCE_PORT,
  LIMIT_FLOW_BUCKETS,
} from '../../assembly/layout.js';
import { takeOutcomes } from '../../bench/equal.js';
import { frameSource, vipAddress } from '../../bench/frames.js';
import { Ours } from '../../bench/ours.js';
import { randomSource } from '../../bench/random.js';
import { openEmptyScene, openScene, type Scene, writeFrame } from '../../bench/scene.js';
import { SHAPE_DEFAULT, type Shape } from '../../bench/shape.js';
import { frameOfFlow } from '../../host/fiveTuple.js';
import { createHotPath } from '../../host/hotpath.js';
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

// Enough VIPs that some stand in the index where others would be found at once.
for (const family of [4, 6] as const) {
  Fast(`1,000 VIPs over IPv${family}: as the general path`, async () => {
    const shape: Shape = { ...SMALL, family, vips: 1000, backends: 2, tableSize: 11 };
    const [fast, general] = [await openSpoiled(shape), await openSpoiled(shape)];
    const [ours, expected] = [takeOutcomes(new Ours(fast)), takeOutcomes(new Ours(general, true))];
    const at = ours.bytes.findIndex((byte, index) => byte !== expected.bytes[index]);
    assert.is(at, -1, `byte ${at} of ${ours.bytes.length} differs (seed ${SEED})`);
    assert.ok((fast.engine.stats().verdicts.FORWARD_IPIP ?? 0n) > 3000n);
  });
}

// The general path leaves what it parsed behind, the fast one does not: who looks there sees whether a plain frame took the long way.
for (const family of [4, 6] as const) {
  for (const encap of ['l2', 'ipip', 'gre', 'gue'] as const) {
    Fast(`${encap} over IPv${family}: no plain frame takes the general path`, async () => {
      const scene = await openScene({ ...SMALL, family, encap, frameBytes: FRAME_BYTES });
      const { builder } = scene.engine;
      const lastPorts = () =>
        [EXPLAIN_SOURCE_PORT, EXPLAIN_DESTINATION_PORT].map((what) => Number(builder.explained(what)));
      assert.equal(lastPorts(), [0, 0]);
      const ours = new Ours(scene);
      for (let batch = 0; batch < FLOWS / SMALL.batch; batch++) ours.forward();
      assert.equal(lastPorts(), [0, 0]);
      new Ours(scene, true).forward();
      assert.is(lastPorts()[1], 80);
    });
  }
}

/** A scene of plain frames alone, SYNs among them, whose flow table has room for 64 flows, so that they push each other out. */
async function openCrowded(tracking: Shape['tracking']): Promise<Scene> {
  const scene = await openEmptyScene({ ...SMALL, vips: 1, tracking, flows: CROWD, frameBytes: FRAME_BYTES });
  const { view } = scene.engine.memory;
  view.setUint32(DIRECTORY + DIRECTORY_LIMITS + 4 * LIMIT_FLOW_BUCKETS, 8, true);
  scene.engine.builder.init(0);
  const next = frameSource({ ...SMALL, vips: 1, frameBytes: FRAME_BYTES });
  const random = randomSource(SEED);
  const flows = Array.from({ length: CROWD / 5 }, () => Uint8Array.from(next()));
  for (let i = 0; i < CROWD; i++) {
    const frame = Uint8Array.from(flows[random() % flows.length] as Uint8Array);
    if (random() % 4 === 0) frame[47] = 0x02; // SYN
    writeFrame(scene, i, frame);
  }
  return scene;
}

const CROWD = 500;

// Flows that are settled are chosen for before those that came earlier: nothing may tell.
for (const tracking of ['all', 'changed'] as const) {
  Fast(`a crowded flow table, tracking ${tracking}, backends that go down, time: as the general path`, async () => {
    const scenes = [await openCrowded(tracking), await openCrowded(tracking)] as const;
    const vip = `tcp/${vipAddress(4, 0)}:80`;
    for (let pass = 0; pass < 12; pass++) {
      if (pass % 4 === 3) {
        const put = {
          vip,
          address: `10.0.0.${pass}`,
          state: pass % 8 === 3 ? ('down' as const) : ('draining' as const),
        };
        for (const { engine } of scenes) await engine.apply([{ put }], { isAtomic: true });
      }
      const [fast, general] = scenes.map((scene, i) =>
        takeOutcomes(new Ours({ ...scene, tick: scene.tick + pass * (pass > 8 ? 20 : 1) }, i === 1)),
      );
      const at = fast?.bytes.findIndex((byte, index) => byte !== general?.bytes[index]);
      assert.is(at, -1, `pass ${pass}: byte ${at} differs (seed ${SEED})`);
    }
    const { events } = scenes[0].engine.stats();
    for (const name of ['flowHit', 'flowInsert', 'flowMissSyn'] as const) {
      assert.ok((events[name] ?? 0n) > (tracking === 'all' ? 50n : 3n), `${name} ${events[name]} times`);
    }
    if (tracking === 'all') assert.ok((events.flowReplace ?? 0n) > 50n, `flowReplace ${events.flowReplace} times`);
  });
}

/** A TCP segment to the VIP, `flags` as they stand in the header; with a VLAN tag it takes the general path. */
function segment(port: number, flags: number, isTagged: boolean): Uint8Array {
  const frame = frameOfFlow({
    source: '203.0.113.7',
    destination: '192.0.2.80',
    protocol: 'tcp',
    sourcePort: port,
    destinationPort: 80,
  });
  frame[47] = flags;
  return isTagged ? Uint8Array.from([...frame.subarray(0, 12), 0x81, 0, 0, 7, ...frame.subarray(12)]) : frame;
}

// A bug that the fuzzer found: plain frames were chosen for before any frame of the general path was looked at. The ACK behind a tagged SYN
// then found no entry, took the slot's previous backend, and took the new connection along.
Fast('a SYN of the general path is seen before the plain ACK behind it, on a slot that moved', async () => {
  const vip = 'tcp/192.0.2.80:80';
  const nextHops = { '10.0.0.1': '02:00:00:00:01:01', '10.0.0.2': '02:00:00:00:01:02' };
  const hotPath = await createHotPath({ hashSecret: 'maglev-dsr test: fast', nextHops, nowMs: () => 1_000_000 });
  await hotPath.apply([
    { put: { address: '192.0.2.80', protocol: 'tcp', port: 80, tableSize: 251 } },
    { put: { vip, address: '10.0.0.1' } },
  ]);
  await hotPath.apply([{ put: { vip, address: '10.0.0.2' } }]);
  const batch = hotPath.batch(2);
  let moved = 0;
  for (let port = 1; port <= 200; port++) {
    for (const [i, frame] of [segment(port, 0x02, true), segment(port, 0x10, false)].entries()) {
      batch.input(i).set(frame);
      batch.setLength(i, frame.length);
    }
    batch.run();
    const backends = [batch.backend(0), batch.backend(1)];
    if (backends[0] === '10.0.0.2') moved++;
    assert.is(backends[1], backends[0], `port ${port}: SYN and ACK`);
  }
  assert.ok(moved > 70 && moved < 130, `${moved} of 200 flows on slots of the new backend, expected about half`);
});

Fast.run();

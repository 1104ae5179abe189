// A flood of SYNs from everywhere, at full rate, to slots that are tracked: connections that live go on where they are, in the
// middle of the flood, and after the learning window, when only the flow table still knows them. The table is small, so that the
// flood goes over all of it many times a second.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createHotPath } from '../../host/hotpath.js';
import { FakeClock, SMALL } from '../support/hotpath.js';
import { flowFrame } from '../support/packets.js';
import { random } from '../support/random.js';

const Flood = suite('simulation/flood');
const VIP = 'tcp/192.0.2.80:80';
const IDLE_TICKS = 20;
const FLOWS = 400;
const TABLE = 4096;

for (const tracking of ['changed', 'all'] as const) {
  Flood(`tracking ${tracking}: no established flow breaks`, async () => {
    const clock = new FakeClock();
    const { int, bytes } = random(7);
    const hotPath = await createHotPath({
      ...{ ...SMALL, flowsMax: TABLE, batchMax: 64, nowMs: clock.nowMs, hashSecret: 'a flood of strangers' },
      ...{ tcpIdleTimeoutMs: IDLE_TICKS * 512 },
    });
    await hotPath.apply([
      { put: { address: '192.0.2.80', protocol: 'tcp', port: 80, tableSize: 251, tracking } },
      ...[1, 2].map((last) => ({ put: { vip: VIP, address: `10.0.1.${last}` } })),
    ]);
    const flows = Array.from(
      { length: FLOWS },
      (_, client) => ({ protocol: 'tcp', client, sourcePort: 2000 }) as const,
    );
    for (const flow of flows) hotPath.forward(flowFrame({ ...flow, isSyn: true }));
    const homes = flows.map((flow) => hotPath.forward(flowFrame(flow)).backend);
    // Every slot changes: those of the old backends are tracked from here on, and flows are learned in the flood.
    await hotPath.apply([
      ...[3, 4].map((last) => ({ put: { vip: VIP, address: `10.0.1.${last}` } })),
      ...[1, 2].map((last) => ({ put: { vip: VIP, address: `10.0.1.${last}`, state: 'draining' as const } })),
    ]);
    const batch = hotPath.batch(64);
    let broken = 0;
    let flooded = 0;
    // Far beyond the window; each flow sends once in 3/4 of the idle timeout. 4 tables of SYNs a tick of half a second.
    for (let step = 0; step < 5 * IDLE_TICKS; step++) {
      clock.tick++;
      for (let sent = 0; sent < 4 * TABLE; sent += 64, flooded += 64) {
        for (let i = 0; i < 64; i++) {
          const frame = flowFrame({ protocol: 'tcp', client: int(65536), sourcePort: int(65536), isSyn: true });
          frame.set(bytes(2), 26); // from anywhere
          batch.input(i).set(frame);
          batch.setLength(i, frame.length);
        }
        batch.run();
      }
      flows.forEach((flow, i) => {
        if ((i + step) % ((3 * IDLE_TICKS) / 4) !== 0) return;
        if (hotPath.forward(flowFrame(flow)).backend !== homes[i]) broken++;
      });
      await hotPath.tend();
    }
    const { events } = hotPath.stats();
    console.log(
      `${tracking}: ${flooded} SYNs over ${TABLE} entries, ${FLOWS} flows, ${broken} broken; ${JSON.stringify(events)}`,
    );
    assert.is(broken, 0);
  });
}

Flood.run();

// @ts-check
// examples/what-if.mjs: asks before acting: what would a change move, and where does a packet go and why? Asking changes nothing.
// Needs no root, no network and no koffi, and runs on any system.
//
//   node examples/what-if.mjs

import assert from 'node:assert/strict';
import { createHotPath } from 'maglev-dsr/hotpath';

const VIP = 'tcp/192.0.2.80:80';

const hotPath = await createHotPath({
  hashSecret: 'at least 16 bytes, the same on every balancer',
  nextHops: { '10.0.1.9': '02:00:00:00:01:09', '10.0.1.10': '02:00:00:00:01:10' },
});
await hotPath.apply([
  { put: { address: '192.0.2.80', protocol: 'tcp', port: 80 } },
  { put: { vip: VIP, address: '10.0.1.9' } },
  { put: { vip: VIP, address: '10.0.1.10' } },
]);
const digest = hotPath.digest(VIP);

// A third backend: it gets its third; what the two others trade beside is collateral.
for (const plan of hotPath.plan([{ put: { vip: VIP, address: '10.0.1.11' } }])) {
  console.log(`${plan.vip}: ${plan.slotsMoved} of ${plan.slotCount} slots would move, ${plan.necessary} of them must`);
  for (const { address, slotsBefore, slotsAfter } of plan.backends) {
    console.log(`  ${address}: ${slotsBefore} slots, then ${slotsAfter}`);
  }
}

// A flow, or the bytes of a frame.
const flow = { source: '198.51.100.7', sourcePort: 50_000, destination: '192.0.2.80', destinationPort: 80 };
for (const { step, text } of hotPath.explain({ ...flow, protocol: 'tcp', isSyn: true }))
  console.log(`${step}: ${text}`);

assert.equal(hotPath.digest(VIP), digest);

// SCTP through the encapsulations: its checksum covers no addresses and stays; one that was left to the device is made.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { HotPath } from '../../host/hotpath.js';
import type { Encap } from '../../host/membership/event.js';
import * as frames from '../golden/sctp.js';
import { assertSent } from '../support/assertOutcome.js';
import { dump } from '../support/hex.js';
import { GOLDEN, goldenHotPath, virtioHeader } from '../support/hotpath.js';

const Sctp = suite('encap/sctp');
const HALF4 = { virtio: virtioHeader({ start: 34, offset: 8 }) };
const HALF6 = { virtio: virtioHeader({ start: 54, offset: 8 }) };

async function hotPathWith(encap: Encap): Promise<HotPath> {
  const hotPath = await goldenHotPath(encap);
  const { vip4, vip6, backend4, backend6 } = GOLDEN;
  await hotPath.apply([
    { put: { address: vip4, protocol: 'sctp', port: 3868, encap, tableSize: 7 } },
    { put: { address: vip6, protocol: 'sctp', port: 3868, encap, tableSize: 7 } },
    { put: { vip: `sctp/${vip4}:3868`, address: backend4 } },
    { put: { vip: `sctp/[${vip6}]:3868`, address: backend6 } },
  ]);
  return hotPath;
}

Sctp('L2: the packet as it was, and a checksum that was left out', async () => {
  const l2 = await hotPathWith({ type: 'l2' });
  assertSent(l2, frames.INIT, 'FORWARD_L2', frames.INIT_L2);
  const before = l2.stats().events.checksumCompleted ?? Number.NaN;
  assertSent(l2, frames.DATA_HALF, 'FORWARD_L2', frames.DATA_L2, HALF4);
  assertSent(l2, frames.DATA6_HALF, 'FORWARD_L2', frames.DATA6_L2, HALF6);
  assert.is(l2.stats().events.checksumCompleted, before + 2);
});

Sctp('IPIP', async () => {
  assertSent(await hotPathWith({ type: 'ipip' }), frames.DATA_HALF, 'FORWARD_IPIP', frames.DATA_IPIP, HALF4);
});

Sctp('L3DSR: another destination, the same checksum', async () => {
  const l3dsr = await hotPathWith({ type: 'l3dsr', dscp: 1 });
  const out = l3dsr.forward(frames.DATA_HALF, HALF4).frames[0] as Uint8Array;
  assert.is(dump(out.subarray(34)), dump(frames.DATA_L2.subarray(34)));
});

Sctp.run();

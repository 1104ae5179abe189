// Super-frames cut into transmit rings: each segment in a frame of its own; a ring that is full before, or in between.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TCP4, UDP6 } from '../golden/segment.js';
import { dump } from '../support/hex.js';
import { goldenChanges, virtioHeader } from '../support/hotpath.js';
import { Rings } from '../support/rings.js';

const SegmentRings = suite('encap/segmentRings');
const IPIP = goldenChanges({ type: 'ipip' });

/** The verdicts that were given, with how often, and the segments counted. */
function counted({ engine }: Rings): object {
  const { verdicts, events } = engine.stats();
  const given = Object.entries(verdicts).filter(([, count]) => count > 0);
  return { ...Object.fromEntries(given), sent: events.segmentsSent, lost: events.segmentsLost };
}

SegmentRings('each segment is a frame of the ring, and asks nothing of its device', async () => {
  const rings = await Rings.open(IPIP, 16);
  rings.receive(TCP4.frame, virtioHeader(TCP4.virtio));
  assert.is(rings.run(), 1);
  const sent = rings.send();
  assert.equal(
    sent.map(({ frame }) => dump(frame)),
    TCP4.ipip4.map(dump),
  );
  for (const { frame, virtio } of sent) {
    assert.equal([...virtio], [0, 0, frame.length & 0xff, frame.length >> 8, 0, 0, 0, 0, 0, 0]); // hdr_len only
  }
  assert.equal(counted(rings), { FORWARD_IPIP: 1, sent: 3, lost: 0 });
});

SegmentRings('with L2 a super-frame passes whole, with its virtio header', async () => {
  const rings = await Rings.open(goldenChanges({ type: 'l2' }), 16);
  rings.receive(UDP6.frame, virtioHeader(UDP6.virtio));
  rings.run();
  const [one, ...rest] = rings.send();
  assert.is(rest.length, 0);
  assert.is(one?.frame.length, UDP6.frame.length);
  assert.is(one?.virtio[1], UDP6.virtio.gsoType);
});

SegmentRings(
  'a ring that fills up in between keeps the first segments; the verdict says so, the rest is counted',
  async () => {
    const rings = await Rings.open(IPIP, 5);
    for (let i = 0; i < 2; i++) rings.receive(TCP4.frame, virtioHeader(TCP4.virtio));
    rings.run(1);
    rings.run(1); // two frames are left for three segments
    assert.equal(
      rings.send().map(({ frame }) => dump(frame)),
      [...TCP4.ipip4, ...TCP4.ipip4.slice(0, 2)].map(dump),
    );
    assert.equal(counted(rings), { FORWARD_IPIP: 1, DROP_SEGMENTS_LOST: 1, sent: 5, lost: 1 });
  },
);

SegmentRings('a ring that is full before is just that', async () => {
  const rings = await Rings.open(IPIP, 3);
  for (let i = 0; i < 2; i++) rings.receive(TCP4.frame, virtioHeader(TCP4.virtio));
  rings.run(1);
  rings.run(1);
  assert.is(rings.send().length, 3);
  assert.equal(counted(rings), { FORWARD_IPIP: 1, DROP_TX_RING_FULL: 1, sent: 3, lost: 3 });
});

SegmentRings(
  'a batch ends when segments have filled half of the ring, so that it is sent before more comes',
  async () => {
    const rings = await Rings.open(IPIP, 10);
    for (let i = 0; i < 6; i++) rings.receive(TCP4.frame, virtioHeader(TCP4.virtio));
    for (let i = 0; i < 3; i++) {
      assert.is(rings.run(), 2);
      assert.is(rings.send().length, 6);
    }
    assert.is(rings.run(), 0);
    assert.equal(counted(rings), { FORWARD_IPIP: 6, sent: 18, lost: 0 });
  },
);

SegmentRings.run();

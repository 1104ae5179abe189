// Who has this VIP? Answers to ARP requests and neighbour solicitations, golden both ways.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createHotPath } from '../../host/hotpath.js';
import * as frames from '../golden/neighbour.js';
import { assertKept, assertSent } from '../support/assertOutcome.js';
import { patch } from '../support/hex.js';
import { goldenHotPath, SMALL } from '../support/hotpath.js';

const Neighbour = suite('reply/neighbour');
const announcing = await goldenHotPath({ type: 'l2' }, { announce: true });
const silent = await goldenHotPath({ type: 'l2' });

const BROADCAST = { packetType: 1 };
const MULTICAST = { packetType: 2 };

Neighbour('ARP: a request for a VIP is answered, without its padding', () => {
  assertSent(announcing, frames.ARP_REQUEST, 'REPLY_ARP', frames.ARP_REPLY, BROADCAST);
});

Neighbour('ARP: a request on a VLAN is answered there, the tag in the frame or beside it', () => {
  assertSent(announcing, frames.ARP_REQUEST_TAGGED, 'REPLY_ARP', frames.ARP_REPLY_TAGGED, BROADCAST);
  const meta = { ...BROADCAST, vlanTci: 42 };
  assertSent(announcing, frames.ARP_REQUEST, 'REPLY_ARP', frames.ARP_REPLY_TAGGED, meta);
});

Neighbour("ARP: not for another address, not for somebody else's answer, not where VIPs are not announced", () => {
  assertKept(announcing, frames.ARP_OTHER, 'IGNORE_ARP', BROADCAST);
  assertKept(announcing, frames.ARP_TOLD, 'IGNORE_ARP');
  assertKept(silent, frames.ARP_REQUEST, 'IGNORE_ARP', BROADCAST);
});

Neighbour('ARP: cut short at every length', () => {
  for (let length = 14; length < 42; length++) {
    assertKept(announcing, frames.ARP_REQUEST.subarray(0, length), 'IGNORE_ARP', BROADCAST);
  }
});

Neighbour('ARP: a request seen on its way to another host, or sent by this one, is not ours', () => {
  assertKept(announcing, frames.ARP_REQUEST, 'IGNORE_OTHER_HOST', { packetType: 3 });
  assertKept(announcing, frames.ARP_REQUEST, 'IGNORE_OTHER_HOST', { packetType: 4 });
});

Neighbour('ND: a solicitation by multicast is answered to who asked', () => {
  assertSent(announcing, frames.NS, 'REPLY_NEIGHBOUR', frames.NA, MULTICAST);
});

Neighbour('ND: a solicitation to our MAC address, without an option, gets the same answer', () => {
  assertSent(announcing, frames.NS_UNICAST, 'REPLY_NEIGHBOUR', frames.NA);
});

Neighbour('ND: duplicate address detection is answered to all nodes, not as solicited', () => {
  assertSent(announcing, frames.NS_DAD, 'REPLY_NEIGHBOUR', frames.NA_DAD, MULTICAST);
});

Neighbour('ND: not for another address, not where VIPs are not announced', () => {
  assertKept(announcing, frames.NS_OTHER, 'IGNORE_NEIGHBOUR', MULTICAST);
  assertKept(silent, frames.NS, 'IGNORE_NEIGHBOUR', MULTICAST);
  assertKept(silent, frames.NS_UNICAST, 'IGNORE_NEIGHBOUR');
});

Neighbour('ND: nobody has ::ffff:192.0.2.80, which is how an IPv4 VIP stands in the tables', () => {
  const frame = patch(frames.NS, 62, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 80);
  assertKept(announcing, frame, 'IGNORE_NEIGHBOUR', MULTICAST);
});

Neighbour('ND: a hop limit below 255 came through a router and is no neighbour (RFC 4861, section 7.1)', () => {
  assertKept(announcing, patch(frames.NS, 21, 254), 'IGNORE_OTHER_HOST', MULTICAST);
  assertKept(announcing, patch(frames.NS_UNICAST, 21, 254), 'DROP_NO_VIP');
});

Neighbour('ND: an advertisement of somebody else is the host’s business', () => {
  assertKept(announcing, frames.NA_DAD, 'IGNORE_OTHER_HOST', MULTICAST);
});

Neighbour('ND: cut short at every length nothing is answered', () => {
  for (let length = 0; length < frames.NS.length; length++) {
    const { verdict, frames: sent } = announcing.forward(frames.NS.subarray(0, length), MULTICAST);
    assert.match(verdict, /^(IGNORE|DROP)_/);
    assert.equal(sent, [], `${length} bytes`);
  }
});

Neighbour('any address in a prefix is answered for, the next one is not', async () => {
  const hotPath = await createHotPath({ announce: true, ...SMALL });
  await hotPath.apply([
    { put: { address: '192.0.2.80/31', protocol: 'tcp', port: 80, tableSize: 7 } },
    { put: { address: '2001:db8::80/128', protocol: 'tcp', port: 80, tableSize: 7 } },
    { put: { address: '2001:db8::/122', protocol: 'udp', port: 80, tableSize: 7 } },
  ]);
  assertSent(hotPath, frames.ARP_REQUEST, 'REPLY_ARP', frames.ARP_REPLY, BROADCAST);
  assert.is(hotPath.forward(frames.ARP_OTHER, BROADCAST).verdict, 'REPLY_ARP');
  assertKept(hotPath, patch(frames.ARP_OTHER, 41, 82), 'IGNORE_ARP', BROADCAST);
  assertSent(hotPath, frames.NS, 'REPLY_NEIGHBOUR', frames.NA, MULTICAST);
  assert.is(hotPath.forward(patch(frames.NS, 77, 0x3f), MULTICAST).verdict, 'REPLY_NEIGHBOUR');
  assertKept(hotPath, patch(frames.NS, 77, 0x40), 'IGNORE_NEIGHBOUR', MULTICAST);
});

Neighbour('nothing is answered for a VIP that left', async () => {
  const hotPath = await goldenHotPath({ type: 'l2' }, { announce: true });
  await hotPath.apply([{ remove: 'tcp/192.0.2.80:80' }]);
  assertSent(hotPath, frames.ARP_REQUEST, 'REPLY_ARP', frames.ARP_REPLY, BROADCAST); // udp/192.0.2.80:53 is there
  await hotPath.apply([{ remove: 'udp/192.0.2.80:53' }]);
  assertKept(hotPath, frames.ARP_REQUEST, 'IGNORE_ARP', BROADCAST);
});

Neighbour.run();

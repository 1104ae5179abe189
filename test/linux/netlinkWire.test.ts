import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseAddress } from '../../host/linux/addresses.js';
import { parseLink } from '../../host/linux/links.js';
import { neighbourRequest, parseNeighbour } from '../../host/linux/neighbours.js';
import { decodeAttributes, decodeMessages, encodeMessage, type Message } from '../../host/linux/netlinkWire.js';
import { parseRoute, parseRouteChange } from '../../host/linux/route.js';
import { dump, hex } from './netns.js';

const Wire = suite('linux/netlinkWire');

// All by hand, after linux/netlink.h, rtnetlink.h, if_link.h and neighbour.h; little-endian, addresses in network order.
const LINK = hex`
  50 00 00 00 10 00 00 00 00 00 00 00 00 00 00 00    // 80 bytes, RTM_NEWLINK
  00 00 01 00 03 00 00 00 43 10 01 00 00 00 00 00    // Ethernet, index 3, IFF_UP IFF_BROADCAST IFF_RUNNING ...
  07 00 03 00 76 61 00 00                            // IFLA_IFNAME va
  08 00 04 00 dc 05 00 00                            // IFLA_MTU 1500
  0a 00 01 00 02 00 00 00 00 01 00 00                // IFLA_ADDRESS
  0d 00 12 80 09 00 01 00 76 65 74 68 00 00 00 00    // IFLA_LINKINFO (nested): IFLA_INFO_KIND veth
  05 00 10 00                                        // IFLA_OPERSTATE, cut off
`;
const NEIGHBOUR = hex`
  30 00 00 00 1c 00 00 00 00 00 00 00 00 00 00 00    // 48 bytes, RTM_NEWNEIGH
  02 00 00 00 03 00 00 00 04 00 00 01                // AF_INET, index 3, NUD_STALE
  08 00 01 00 0a 00 00 05                            // NDA_DST 10.0.0.5
  0a 00 02 00 02 00 00 00 00 05 00 00                // NDA_LLADDR
`;
const ADDRESS = hex`
  28 00 00 00 14 00 00 00 00 00 00 00 00 00 00 00    // 40 bytes, RTM_NEWADDR
  02 18 80 00 03 00 00 00                            // AF_INET /24, index 3
  08 00 01 00 0a 00 00 02                            // IFA_ADDRESS: the other end
  08 00 02 00 0a 00 00 01                            // IFA_LOCAL: ours
`;
const ROUTE = hex`
  48 00 00 00 18 00 00 00 00 00 00 00 00 00 00 00    // 72 bytes, RTM_NEWROUTE
  02 10 00 00 fe 00 00 01 00 02 00 00                // AF_INET /16, table main, unicast
  08 00 01 00 0a 09 00 00                            // RTA_DST 10.9.0.0
  08 00 04 00 03 00 00 00                            // RTA_OIF 3
  08 00 05 00 0a 00 00 09                            // RTA_GATEWAY
  08 00 07 00 0a 00 00 01                            // RTA_PREFSRC
  0c 00 08 00 08 00 02 00 78 05 00 00                // RTA_METRICS: RTAX_MTU 1400
`;

function only(datagram: Uint8Array): Message {
  const [message, ...rest] = decodeMessages(datagram);
  if (message === undefined || rest.length > 0) throw new Error('expected one message');
  return message;
}

Wire('reads an interface', () => {
  assert.equal(parseLink(only(LINK)), {
    ifindex: 3,
    name: 'va',
    mac: '02:00:00:00:00:01',
    mtu: 1500,
    isUp: true,
    isRunning: true,
    isLoopback: false,
    isEthernet: true,
    kind: 'veth',
  });
  const ofBridge = LINK.slice();
  ofBridge[16] = 7;
  assert.is(parseLink(only(ofBridge)), undefined, 'AF_BRIDGE: a port left its bridge, the interface is still there');
});

Wire('reads a neighbour, in use and failed', () => {
  const stale = { ifindex: 3, address: '10.0.0.5', mac: '02:00:00:00:00:05' };
  const none = { isFailed: false, isRemoved: false, isPermanent: false };
  assert.equal(parseNeighbour(only(NEIGHBOUR)), { ...stale, ...none });
  // NUD_: INCOMPLETE, REACHABLE, STALE, DELAY, PROBE, FAILED, NOARP, PERMANENT
  for (const [state, isKnown] of [
    [1, false],
    [2, true],
    [4, true],
    [8, true],
    [16, true],
    [32, false],
    [64, true],
    [128, true],
  ] as const) {
    const message = NEIGHBOUR.slice();
    message[24] = state;
    const neighbour = parseNeighbour(only(message));
    assert.is(neighbour?.mac, isKnown ? stale.mac : undefined, `state ${state}`);
    assert.is(neighbour?.isFailed, state === 32);
    assert.is(neighbour?.isPermanent, state >= 64);
  }
  const removed = NEIGHBOUR.slice();
  removed[4] = 29;
  assert.equal(parseNeighbour(only(removed)), { ...stale, mac: undefined, ...none, isRemoved: true });
});

Wire('reads an address and a route', () => {
  assert.equal(parseAddress(only(ADDRESS)), { ifindex: 3, address: '10.0.0.1', prefixBits: 24 });
  const route = { kind: 'unicast', ifindex: 3, gateway: '10.0.0.9', source: '10.0.0.1', mtu: 1400 };
  assert.equal(parseRoute(only(ROUTE)), route);
  assert.equal(parseRouteChange(only(ROUTE)), { bytes: Uint8Array.of(10, 9, 0, 0), bits: 16 });
});

Wire('writes a question', () => {
  assert.fixture(
    dump(encodeMessage(30, 5, 7, ...parts(neighbourRequest(3, Uint8Array.of(10, 0, 0, 5))))),
    dump(hex`
      24 00 00 00 1e 00 05 00 07 00 00 00 00 00 00 00    // 36 bytes, RTM_GETNEIGH, REQUEST ACK, sequence 7
      02 00 00 00 03 00 00 00 00 00 00 00                // AF_INET, index 3
      08 00 01 00 0a 00 00 05                            // NDA_DST
    `),
  );
  function parts({ fixed, attributes }: ReturnType<typeof neighbourRequest>) {
    return [fixed, attributes] as const;
  }
});

Wire('reads several messages of a datagram, and stops at a length that makes no sense', () => {
  const two = Uint8Array.from([...NEIGHBOUR, ...ADDRESS]);
  assert.equal(
    [...decodeMessages(two)].map(({ type }) => type),
    [28, 20],
  );
  for (const length of [0, 15, 41, 0xffffffff]) {
    const wrong = two.slice();
    new DataView(wrong.buffer).setUint32(NEIGHBOUR.length, length, true);
    assert.equal(
      [...decodeMessages(wrong)].map(({ type }) => type),
      [28],
      `${length}`,
    );
  }
  const endless = NEIGHBOUR.slice(28);
  endless[0] = 0; // an attribute of length 0 would be read for ever
  assert.is(decodeAttributes(endless).size, 0);
});

Wire('takes any cut and any damage without reading past the end', () => {
  for (const golden of [LINK, NEIGHBOUR, ADDRESS, ROUTE]) {
    for (let length = 16; length <= golden.length; length++) {
      const cut = golden.slice(0, length);
      new DataView(cut.buffer).setUint32(0, length, true);
      readAll(cut);
    }
    for (let at = 4; at < golden.length; at++) {
      for (const value of [0, 1, 3, 5, 0x7f, 0xff]) {
        const damaged = golden.slice();
        damaged[at] = value;
        readAll(damaged);
      }
    }
  }
});

function readAll(datagram: Uint8Array): void {
  for (const message of decodeMessages(datagram)) {
    for (const parse of [parseLink, parseNeighbour, parseAddress, parseRoute, parseRouteChange]) parse(message);
  }
}

Wire.run();

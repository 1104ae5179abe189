// GRE over IPv4 (RFC 2784) and IPv6 (RFC 7676): golden frames in, golden frames out.
import { suite } from 'uvu';
import * as v4 from '../golden/forward4.js';
import * as v6 from '../golden/forward6.js';
import * as tunnel from '../golden/tunnel.js';
import { assertKept, assertSent } from '../support/assertOutcome.js';
import { tunnelHotPath } from '../support/hotpath.js';

const Gre = suite('encap/gre');
const over4 = await tunnelHotPath({ type: 'gre' }, 4);
const over6 = await tunnelHotPath({ type: 'gre' }, 6);

Gre('over IPv4: protocol 47, and the protocol type says what is inside', () => {
  assertSent(over4, v4.SYN, 'FORWARD_GRE', tunnel.SYN4_GRE4);
  assertSent(over4, v6.SYN, 'FORWARD_GRE', tunnel.SYN6_GRE4);
});

Gre('over IPv6: the flow label from the flow hash', () => {
  assertSent(over6, v4.SYN, 'FORWARD_GRE', tunnel.SYN4_GRE6);
  assertSent(over6, v6.SYN, 'FORWARD_GRE', tunnel.SYN6_GRE6);
});

Gre('MTU counts IP header and GRE header: an exact fit passes, one byte more does not', async () => {
  assertSent(await tunnelHotPath({ type: 'gre' }, 4, { mtu: 64 }), v4.SYN, 'FORWARD_GRE', tunnel.SYN4_GRE4); // 40 + 24
  assertKept(await tunnelHotPath({ type: 'gre' }, 4, { mtu: 63 }), v4.SYN, 'DROP_TOO_BIG');
  assertSent(await tunnelHotPath({ type: 'gre' }, 6, { mtu: 84 }), v4.SYN, 'FORWARD_GRE', tunnel.SYN4_GRE6); // 40 + 44
  assertKept(await tunnelHotPath({ type: 'gre' }, 6, { mtu: 83 }), v4.SYN, 'DROP_TOO_BIG');
});

Gre.run();

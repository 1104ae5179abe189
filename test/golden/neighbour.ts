// test/golden/neighbour.ts: ARP and neighbour discovery: questions and answers.
// Made by make.py with scapy 2.8.0; not by the code under test.
import { hex } from '../support/hex.js';

/** Who has the VIP? Padded to 60 bytes. */
export const ARP_REQUEST = hex`
  ff ff ff ff ff ff 02 00 00 00 0c 01 08 06 // 02:00:00:00:0c:01 > ff:ff:ff:ff:ff:ff
  00 01 08 00 06 04 00 01 02 00 00 00 0c 01 c0 00 // ARP
  02 01 00 00 00 00 00 00 c0 00 02 50
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 // Padding
  00 00
`;

/** The answer to ARP_REQUEST. */
export const ARP_REPLY = hex`
  02 00 00 00 0c 01 02 00 00 00 00 01 08 06 // 02:00:00:00:00:01 > 02:00:00:00:0c:01
  00 01 08 00 06 04 00 02 02 00 00 00 00 01 c0 00 // ARP
  02 50 02 00 00 00 0c 01 c0 00 02 01
`;

/** The same question on VLAN 42. */
export const ARP_REQUEST_TAGGED = hex`
  ff ff ff ff ff ff 02 00 00 00 0c 01 81 00 // 02:00:00:00:0c:01 > ff:ff:ff:ff:ff:ff
  00 2a 08 06 // VLAN 42, priority 0
  00 01 08 00 06 04 00 01 02 00 00 00 0c 01 c0 00 // ARP
  02 01 00 00 00 00 00 00 c0 00 02 50
`;

/** The answer to ARP_REQUEST_TAGGED. */
export const ARP_REPLY_TAGGED = hex`
  02 00 00 00 0c 01 02 00 00 00 00 01 81 00 // 02:00:00:00:00:01 > 02:00:00:00:0c:01
  00 2a 08 06 // VLAN 42, priority 0
  00 01 08 00 06 04 00 02 02 00 00 00 00 01 c0 00 // ARP
  02 50 02 00 00 00 0c 01 c0 00 02 01
`;

/** Who has an address that is no VIP? */
export const ARP_OTHER = hex`
  ff ff ff ff ff ff 02 00 00 00 0c 01 08 06 // 02:00:00:00:0c:01 > ff:ff:ff:ff:ff:ff
  00 01 08 00 06 04 00 01 02 00 00 00 0c 01 c0 00 // ARP
  02 01 00 00 00 00 00 00 c0 00 02 51
`;

/** Somebody else tells that he has the VIP. */
export const ARP_TOLD = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 06 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  00 01 08 00 06 04 00 02 02 00 00 00 0c 01 c0 00 // ARP
  02 50 02 00 00 00 00 01 c0 00 02 01
`;

/** Who has the VIP? To the solicited-node group. */
export const NS = hex`
  33 33 ff 00 00 80 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 33:33:ff:00:00:80
  60 00 00 00 00 20 3a ff fe 80 00 00 00 00 00 00 // fe80::c:1 > ff02::1:ff00:80, hop limit 255, next 58
  00 00 00 00 00 0c 00 01 ff 02 00 00 00 00 00 00
  00 00 00 01 ff 00 00 80
  87 00 3e 57 00 00 00 00 20 01 0d b8 00 00 00 00 // ICMPv6 Neighbor Discovery - Neighbor Solicitation
  00 00 00 00 00 00 00 80
  01 01 02 00 00 00 0c 01 // ICMPv6 Neighbor Discovery Option - Source Link-Layer Address
`;

/** The answer to NS and NS_UNICAST. */
export const NA = hex`
  02 00 00 00 0c 01 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 02:00:00:00:0c:01
  60 00 00 00 00 20 3a ff 20 01 0d b8 00 00 00 00 // 2001:db8::80 > fe80::c:1, hop limit 255, next 58
  00 00 00 00 00 00 00 80 fe 80 00 00 00 00 00 00
  00 00 00 00 00 0c 00 01
  88 00 b8 a2 60 00 00 00 20 01 0d b8 00 00 00 00 // ICMPv6 Neighbor Discovery - Neighbor Advertisement
  00 00 00 00 00 00 00 80
  02 01 02 00 00 00 00 01 // ICMPv6 Neighbor Discovery Option - Destination Link-Layer Address
`;

/** The same to our MAC address, without an option (reachability). */
export const NS_UNICAST = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  60 00 00 00 00 18 3a ff fe 80 00 00 00 00 00 00 // fe80::c:1 > 2001:db8::80, hop limit 255, next 58
  00 00 00 00 00 0c 00 01 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  87 00 1d ad 00 00 00 00 20 01 0d b8 00 00 00 00 // ICMPv6 Neighbor Discovery - Neighbor Solicitation
  00 00 00 00 00 00 00 80
`;

/** Duplicate address detection: from nobody yet. */
export const NS_DAD = hex`
  33 33 ff 00 00 80 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 33:33:ff:00:00:80
  60 00 00 00 00 18 3a ff 00 00 00 00 00 00 00 00 // :: > ff02::1:ff00:80, hop limit 255, next 58
  00 00 00 00 00 00 00 00 ff 02 00 00 00 00 00 00
  00 00 00 01 ff 00 00 80
  87 00 4b ef 00 00 00 00 20 01 0d b8 00 00 00 00 // ICMPv6 Neighbor Discovery - Neighbor Solicitation
  00 00 00 00 00 00 00 80
`;

/** The answer to NS_DAD: to all nodes, not solicited. */
export const NA_DAD = hex`
  33 33 00 00 00 01 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 33:33:00:00:00:01
  60 00 00 00 00 20 3a ff 20 01 0d b8 00 00 00 00 // 2001:db8::80 > ff02::1, hop limit 255, next 58
  00 00 00 00 00 00 00 80 ff 02 00 00 00 00 00 00
  00 00 00 00 00 00 00 01
  88 00 f8 2c 20 00 00 00 20 01 0d b8 00 00 00 00 // ICMPv6 Neighbor Discovery - Neighbor Advertisement
  00 00 00 00 00 00 00 80
  02 01 02 00 00 00 00 01 // ICMPv6 Neighbor Discovery Option - Destination Link-Layer Address
`;

/** Who has an address that is no VIP? */
export const NS_OTHER = hex`
  33 33 ff 00 00 81 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 33:33:ff:00:00:81
  60 00 00 00 00 20 3a ff fe 80 00 00 00 00 00 00 // fe80::c:1 > ff02::1:ff00:81, hop limit 255, next 58
  00 00 00 00 00 0c 00 01 ff 02 00 00 00 00 00 00
  00 00 00 01 ff 00 00 81
  87 00 3e 55 00 00 00 00 20 01 0d b8 00 00 00 00 // ICMPv6 Neighbor Discovery - Neighbor Solicitation
  00 00 00 00 00 00 00 81
  01 01 02 00 00 00 0c 01 // ICMPv6 Neighbor Discovery Option - Source Link-Layer Address
`;

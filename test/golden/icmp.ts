// test/golden/icmp.ts: ICMP for VIPs, errors we send, extension headers.
// Made by icmp.py with scapy 2.8.0; not by the code under test.
import { hex } from '../support/hex.js';

/** An echo request to the VIP. */
export const PING4 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 28 00 2b 00 07 00 00 09 01 c5 18 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 9, protocol 1
  c0 00 02 50
  08 00 b6 f5 12 34 00 05 // ICMP
  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 // payload
`;

/** The same on VLAN 42. */
export const PING4_TAGGED = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 81 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  a0 2a 08 00 // VLAN 42, priority 5
  45 28 00 2b 00 07 00 00 09 01 c5 18 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 9, protocol 1
  c0 00 02 50
  08 00 b6 f5 12 34 00 05 // ICMP
  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 // payload
`;

/** The same with IP options (record route). */
export const PING4_OPTIONS = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  47 28 00 33 00 07 00 00 09 01 b8 08 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 9, protocol 1
  c0 00 02 50 07 07 04 00 00 00 00 01
  08 00 b6 f5 12 34 00 05 // ICMP
  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 // payload
`;

/** The answer to PING4 and PING4_OPTIONS: TOS kept, options not. */
export const PONG4 = hex`
  02 00 00 00 0c 01 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0c:01
  45 28 00 2b 00 00 40 00 40 01 4e 1f c0 00 02 50 // 192.0.2.80 > 198.51.100.7, TTL 64, protocol 1
  c6 33 64 07
  00 00 be f5 12 34 00 05 // ICMP
  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 // payload
`;

/** The answer to PING4_TAGGED. */
export const PONG4_TAGGED = hex`
  02 00 00 00 0c 01 02 00 00 00 00 01 81 00 // 02:00:00:00:00:01 > 02:00:00:00:0c:01
  a0 2a 08 00 // VLAN 42, priority 5
  45 28 00 2b 00 00 40 00 40 01 4e 1f c0 00 02 50 // 192.0.2.80 > 198.51.100.7, TTL 64, protocol 1
  c6 33 64 07
  00 00 be f5 12 34 00 05 // ICMP
  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 // payload
`;

/** An echo request to the VIP. */
export const PING6 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  62 81 23 45 00 17 3a 09 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 9, next 58
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  80 00 e2 9e 12 34 00 05 30 31 32 33 34 35 36 37 // ICMPv6 Echo Request
  38 39 61 62 63 64 65
`;

/** The same behind hop-by-hop options. */
export const PING6_EXTENSION = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  62 81 23 45 00 1f 00 09 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 9, next 0
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  3a 00 01 04 00 00 00 00 // IPv6 Extension Header - Hop-by-Hop Options Header
  80 00 e2 9e 12 34 00 05 30 31 32 33 34 35 36 37 // ICMPv6 Echo Request
  38 39 61 62 63 64 65
`;

/** The answer to both. */
export const PONG6 = hex`
  02 00 00 00 0c 01 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 02:00:00:00:0c:01
  62 80 00 00 00 17 3a 40 20 01 0d b8 00 00 00 00 // 2001:db8::80 > 2001:db8:c::7, hop limit 64, next 58
  00 00 00 00 00 00 00 80 20 01 0d b8 00 0c 00 00
  00 00 00 00 00 00 00 07
  81 00 e1 9e 12 34 00 05 30 31 32 33 34 35 36 37 // ICMPv6 Echo Reply
  38 39 61 62 63 64 65
`;

/** Fragmentation needed, with 8 bytes of the TCP header. */
export const ERROR4 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 38 00 01 00 00 40 01 7c 72 cb 00 71 01 // 203.0.113.1 > 192.0.2.80, TTL 64, protocol 1
  c0 00 02 50
  03 04 5a ec 00 00 05 78 // ICMP
  45 00 03 ac 00 09 40 00 3c 06 4e b8 c0 00 02 50 // IP in ICMP
  c6 33 64 07
  00 50 9c 40 00 00 00 07 // TCP in ICMP
`;

/** ERROR4, to the backend of the flow. */
export const ERROR4_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  45 00 00 38 00 01 00 00 3f 01 7d 72 cb 00 71 01 // 203.0.113.1 > 192.0.2.80, TTL 63, protocol 1
  c0 00 02 50
  03 04 5a ec 00 00 05 78 // ICMP
  45 00 03 ac 00 09 40 00 3c 06 4e b8 c0 00 02 50 // IP in ICMP
  c6 33 64 07
  00 50 9c 40 00 00 00 07 // TCP in ICMP
`;

/** ERROR4 in an outer IPv4 header. */
export const ERROR4_IPIP = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  45 00 00 4c 00 00 40 00 40 04 25 a5 0a 00 00 01 // 10.0.0.1 > 10.0.1.9, TTL 64, protocol 4
  0a 00 01 09
  45 00 00 38 00 01 00 00 3f 01 7d 72 cb 00 71 01 // 203.0.113.1 > 192.0.2.80, TTL 63, protocol 1
  c0 00 02 50
  03 04 5a ec 00 00 05 78 // ICMP
  45 00 03 ac 00 09 40 00 3c 06 4e b8 c0 00 02 50 // IP in ICMP
  c6 33 64 07
  00 50 9c 40 00 00 00 07 // TCP in ICMP
`;

/** Packet too big, with 8 bytes of the TCP header. */
export const ERROR6 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  60 00 00 00 00 38 3a 40 20 01 0d b8 00 0f 00 00 // 2001:db8:f::1 > 2001:db8::80, hop limit 64, next 58
  00 00 00 00 00 00 00 01 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  02 00 38 26 00 00 05 00 // ICMPv6 Packet Too Big
  60 00 00 00 05 8c 06 3c 20 01 0d b8 00 00 00 00 // IPv6 in ICMPv6
  00 00 00 00 00 00 00 80 20 01 0d b8 00 0c 00 00
  00 00 00 00 00 00 00 07
  00 50 9c 40 00 00 00 07 // TCP in ICMP
`;

/** ERROR6, to the backend of the flow. */
export const ERROR6_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  60 00 00 00 00 38 3a 3f 20 01 0d b8 00 0f 00 00 // 2001:db8:f::1 > 2001:db8::80, hop limit 63, next 58
  00 00 00 00 00 00 00 01 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  02 00 38 26 00 00 05 00 // ICMPv6 Packet Too Big
  60 00 00 00 05 8c 06 3c 20 01 0d b8 00 00 00 00 // IPv6 in ICMPv6
  00 00 00 00 00 00 00 80 20 01 0d b8 00 0c 00 00
  00 00 00 00 00 00 00 07
  00 50 9c 40 00 00 00 07 // TCP in ICMP
`;

/** Packet too big, with as much as makes 1280 bytes. */
export const ERROR6_LONG = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  60 00 00 00 04 d8 3a 40 20 01 0d b8 00 0f 00 00 // 2001:db8:f::1 > 2001:db8::80, hop limit 64, next 58
  00 00 00 00 00 00 00 01 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  02 00 d7 5a 00 00 05 00 // ICMPv6 Packet Too Big
  60 00 00 00 05 8c 06 3c 20 01 0d b8 00 00 00 00 // IPv6 in ICMPv6
  00 00 00 00 00 00 00 80 20 01 0d b8 00 0c 00 00
  00 00 00 00 00 00 00 07
  00 50 9c 40 00 00 00 07 00 00 00 03 50 10 20 00 // TCP in ICMP
  28 54 00 00
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 // payload
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78
`;

/** ERROR6_LONG, to the backend of the flow. */
export const ERROR6_LONG_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  60 00 00 00 04 d8 3a 3f 20 01 0d b8 00 0f 00 00 // 2001:db8:f::1 > 2001:db8::80, hop limit 63, next 58
  00 00 00 00 00 00 00 01 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  02 00 d7 5a 00 00 05 00 // ICMPv6 Packet Too Big
  60 00 00 00 05 8c 06 3c 20 01 0d b8 00 00 00 00 // IPv6 in ICMPv6
  00 00 00 00 00 00 00 80 20 01 0d b8 00 0c 00 00
  00 00 00 00 00 00 00 07
  00 50 9c 40 00 00 00 07 00 00 00 03 50 10 20 00 // TCP in ICMP
  28 54 00 00
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 // payload
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
  78 78 78 78
`;

/** Port unreachable, from the client, about a UDP answer. */
export const UNREACHABLE4 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 41 00 01 00 00 40 01 8e 30 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 1
  c0 00 02 50
  03 03 e9 aa 00 00 00 00 // ICMP
  45 00 00 25 00 09 00 00 3c 11 92 34 c0 00 02 50 // IP in ICMP
  c6 33 64 07
  00 35 9c 41 00 11 9d 21 // UDP in ICMP
  61 6e 20 61 6e 73 77 65 72 // payload
`;

/** About a first fragment behind destination options. */
export const UNREACHABLE6 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  60 00 00 00 00 88 3a 40 20 01 0d b8 00 0f 00 00 // 2001:db8:f::1 > 2001:db8::80, hop limit 64, next 58
  00 00 00 00 00 00 00 01 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  01 04 c7 f3 00 00 00 00 // ICMPv6 Destination Unreachable
  60 00 00 00 00 58 3c 3c 20 01 0d b8 00 00 00 00 // IPv6 in ICMPv6
  00 00 00 00 00 00 00 80 20 01 0d b8 00 0c 00 00
  00 00 00 00 00 00 00 07
  2c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  11 00 00 01 00 00 00 03 // IPv6 Extension Header - Fragmentation header
  00 35 9c 41 07 d0 d0 2b // UDP in ICMP
  79 79 79 79 79 79 79 79 79 79 79 79 79 79 79 79 // payload
  79 79 79 79 79 79 79 79 79 79 79 79 79 79 79 79
  79 79 79 79 79 79 79 79 79 79 79 79 79 79 79 79
  79 79 79 79 79 79 79 79 79 79 79 79 79 79 79 79
`;

/** About what we sent in a tunnel. */
export const OUTER_ERROR4 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 38 00 01 00 00 40 01 34 c2 cb 00 71 01 // 203.0.113.1 > 10.0.0.1, TTL 64, protocol 1
  0a 00 00 01
  03 04 6e ce 00 00 05 78 // ICMP
  45 00 00 3c 00 00 40 00 3c 04 29 b5 0a 00 00 01 // IP in ICMP
  0a 00 01 09
  45 00 03 ac 00 09 40 00 // payload
`;

/** The same over IPv6. */
export const OUTER_ERROR6 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  60 00 00 00 00 58 3a 40 20 01 0d b8 00 0f 00 00 // 2001:db8:f::1 > 2001:db8:5::1, hop limit 64, next 58
  00 00 00 00 00 00 00 01 20 01 0d b8 00 05 00 00
  00 00 00 00 00 00 00 01
  02 00 bf ac 00 00 05 00 // ICMPv6 Packet Too Big
  60 00 00 00 00 28 29 3c 20 01 0d b8 00 05 00 00 // IPv6 in ICMPv6
  00 00 00 00 00 00 00 01 20 01 0d b8 00 01 00 00
  00 00 00 00 00 00 00 09
  60 00 00 00 00 10 3c 3c 20 01 0d b8 00 00 00 00 // 2001:db8::80 > 2001:db8:c::7, hop limit 60, next 60
  00 00 00 00 00 00 00 80 20 01 0d b8 00 0c 00 00
  00 00 00 00 00 00 00 07
`;

/** 1401 bytes, DF set. */
export const BIG4 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 05 79 00 03 40 00 40 06 48 f1 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 6
  c0 00 02 50
  9c 40 00 50 00 00 00 02 00 00 00 07 50 10 20 00 // 40000 > 80, flags A
  32 09 00 00
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a // payload
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a
`;

/** The same on VLAN 42. */
export const BIG4_TAGGED = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 81 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  a0 2a 08 00 // VLAN 42, priority 5
  45 00 05 79 00 03 40 00 40 06 48 f1 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 6
  c0 00 02 50
  9c 40 00 50 00 00 00 02 00 00 00 07 50 10 20 00 // 40000 > 80, flags A
  32 09 00 00
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a // payload
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a
`;

/** The answer to BIG4 with L2: 576 bytes. */
export const BIG4_ANSWER = hex`
  02 00 00 00 0c 01 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0c:01
  45 c0 02 40 00 00 40 00 40 01 4b 72 c0 00 02 50 // 192.0.2.80 > 198.51.100.7, TTL 64, protocol 1
  c6 33 64 07
  03 04 33 4b 00 00 05 78 45 00 05 79 00 03 40 00 // ICMP
  40 06 48 f1 c6 33 64 07 c0 00 02 50 9c 40 00 50
  00 00 00 02 00 00 00 07 50 10 20 00 32 09 00 00
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a // IP in ICMP
  7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a // TCP in ICMP
  7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a // payload
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a
`;

/** The answer to BIG4_TAGGED. */
export const BIG4_ANSWER_TAGGED = hex`
  02 00 00 00 0c 01 02 00 00 00 00 01 81 00 // 02:00:00:00:00:01 > 02:00:00:00:0c:01
  a0 2a 08 00 // VLAN 42, priority 5
  45 c0 02 40 00 00 40 00 40 01 4b 72 c0 00 02 50 // 192.0.2.80 > 198.51.100.7, TTL 64, protocol 1
  c6 33 64 07
  03 04 33 4b 00 00 05 78 45 00 05 79 00 03 40 00 // ICMP
  40 06 48 f1 c6 33 64 07 c0 00 02 50 9c 40 00 50
  00 00 00 02 00 00 00 07 50 10 20 00 32 09 00 00
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a // IP in ICMP
  7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a // TCP in ICMP
  7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a // payload
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a
`;

/** The answer to BIG4 with IPIP: 20 bytes less: 576 bytes. */
export const BIG4_ANSWER_IPIP = hex`
  02 00 00 00 0c 01 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0c:01
  45 c0 02 40 00 00 40 00 40 01 4b 72 c0 00 02 50 // 192.0.2.80 > 198.51.100.7, TTL 64, protocol 1
  c6 33 64 07
  03 04 33 5f 00 00 05 64 45 00 05 79 00 03 40 00 // ICMP
  40 06 48 f1 c6 33 64 07 c0 00 02 50 9c 40 00 50
  00 00 00 02 00 00 00 07 50 10 20 00 32 09 00 00
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a // IP in ICMP
  7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a // TCP in ICMP
  7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a // payload
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a
`;

/** 1401 bytes. */
export const BIG6 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  60 00 00 00 05 51 06 40 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 64, next 6
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 40 00 50 00 00 00 02 00 00 00 07 50 10 20 00 // 40000 > 80, flags A
  8b 6c 00 00
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a // payload
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
`;

/** The answer to BIG6 with L2: 1280 bytes. */
export const BIG6_ANSWER = hex`
  02 00 00 00 0c 01 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 02:00:00:00:0c:01
  60 00 00 00 04 d8 3a 40 20 01 0d b8 00 00 00 00 // 2001:db8::80 > 2001:db8:c::7, hop limit 64, next 58
  00 00 00 00 00 00 00 80 20 01 0d b8 00 0c 00 00
  00 00 00 00 00 00 00 07
  02 00 db 66 00 00 05 78 // ICMPv6 Packet Too Big
  60 00 00 00 05 51 06 40 20 01 0d b8 00 0c 00 00 // IPv6 in ICMPv6
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 40 00 50 00 00 00 02 00 00 00 07 50 10 20 00 // TCP in ICMP
  8b 6c 00 00
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a // payload
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a
`;

/** The answer to BIG6 with IPIP: 40 bytes less: 1280 bytes. */
export const BIG6_ANSWER_IPIP = hex`
  02 00 00 00 0c 01 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 02:00:00:00:0c:01
  60 00 00 00 04 d8 3a 40 20 01 0d b8 00 00 00 00 // 2001:db8::80 > 2001:db8:c::7, hop limit 64, next 58
  00 00 00 00 00 00 00 80 20 01 0d b8 00 0c 00 00
  00 00 00 00 00 00 00 07
  02 00 db 8e 00 00 05 50 // ICMPv6 Packet Too Big
  60 00 00 00 05 51 06 40 20 01 0d b8 00 0c 00 00 // IPv6 in ICMPv6
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 40 00 50 00 00 00 02 00 00 00 07 50 10 20 00 // TCP in ICMP
  8b 6c 00 00
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a // payload
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a
  7a 7a 7a 7a
`;

/** UDP behind hop-by-hop and destination options. */
export const EXTENSIONS6 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  60 00 00 00 00 25 00 40 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 64, next 0
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  3c 00 01 04 00 00 00 00 // IPv6 Extension Header - Hop-by-Hop Options Header
  11 01 01 0c 00 00 00 00 00 00 00 00 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  9c 41 00 35 00 0d b7 70 // 40001 > 53, length 13
  71 75 65 72 79 // payload
`;

/** EXTENSIONS6, sent on by L2. */
export const EXTENSIONS6_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  60 00 00 00 00 25 00 3f 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 63, next 0
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  3c 00 01 04 00 00 00 00 // IPv6 Extension Header - Hop-by-Hop Options Header
  11 01 01 0c 00 00 00 00 00 00 00 00 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  9c 41 00 35 00 0d b7 70 // 40001 > 53, length 13
  71 75 65 72 79 // payload
`;

/** UDP behind a fragment header with nothing before and behind it. */
export const ATOMIC6 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  60 00 00 00 00 15 2c 40 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 64, next 44
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  11 00 00 00 00 00 00 03 // IPv6 Extension Header - Fragmentation header
  9c 41 00 35 00 0d b7 70 // 40001 > 53, length 13
  71 75 65 72 79 // payload
`;

/** ATOMIC6, sent on by L2. */
export const ATOMIC6_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  60 00 00 00 00 15 2c 3f 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 63, next 44
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  11 00 00 00 00 00 00 03 // IPv6 Extension Header - Fragmentation header
  9c 41 00 35 00 0d b7 70 // 40001 > 53, length 13
  71 75 65 72 79 // payload
`;

/** UDP behind 8 extension headers. */
export const EIGHT6 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  60 00 00 00 00 4d 3c 40 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 64, next 60
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  3c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  11 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  9c 41 00 35 00 0d b7 70 // 40001 > 53, length 13
  71 75 65 72 79 // payload
`;

/** UDP behind 9 extension headers. */
export const NINE6 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  60 00 00 00 00 55 3c 40 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 64, next 60
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  3c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  11 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  9c 41 00 35 00 0d b7 70 // 40001 > 53, length 13
  71 75 65 72 79 // payload
`;

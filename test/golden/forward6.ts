// test/golden/forward6.ts: IPv6 client frames and what leaves because of them.
// Made by make.py with scapy 2.8.0; not by the code under test.
import { hex } from '../support/hex.js';

/** A SYN. */
export const SYN = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  62 a1 23 45 00 14 06 40 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 64, next 6
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 40 00 50 00 00 00 01 00 00 00 00 50 02 fa f0 // 40000 > 80, flags S
  bc 5b 00 00
`;

/** SYN, sent on by L2: hop limit one less. */
export const SYN_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  62 a1 23 45 00 14 06 3f 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 63, next 6
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 40 00 50 00 00 00 01 00 00 00 00 50 02 fa f0 // 40000 > 80, flags S
  bc 5b 00 00
`;

/** SYN in an outer IPv6 header: traffic class copied, flow label from the flow hash. */
export const SYN_IPIP = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  62 a7 66 6f 00 3c 29 40 20 01 0d b8 00 05 00 00 // 2001:db8:5::1 > 2001:db8:1::9, hop limit 64, next 41
  00 00 00 00 00 00 00 01 20 01 0d b8 00 01 00 00
  00 00 00 00 00 00 00 09
  62 a1 23 45 00 14 06 3f 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 63, next 6
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 40 00 50 00 00 00 01 00 00 00 00 50 02 fa f0 // 40000 > 80, flags S
  bc 5b 00 00
`;

/** TCP data in a frame with a VLAN tag. */
export const DATA_TAGGED = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 81 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  a0 2a 86 dd // VLAN 42, priority 5
  62 a1 23 45 00 26 06 40 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 64, next 6
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 40 00 50 00 00 00 02 00 00 00 07 50 18 01 f5 // 40000 > 80, flags PA
  d6 86 00 00
  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a // payload
  0d 0a
`;

/** DATA_TAGGED, sent on by L2 out of its port: the tag stays. */
export const DATA_TAGGED_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 81 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  a0 2a 86 dd // VLAN 42, priority 5
  62 a1 23 45 00 26 06 3f 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 63, next 6
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 40 00 50 00 00 00 02 00 00 00 07 50 18 01 f5 // 40000 > 80, flags PA
  d6 86 00 00
  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a // payload
  0d 0a
`;

/** TCP data with a half checksum. */
export const DATA_HALF = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  62 a1 23 45 00 26 06 40 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 64, next 6
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 40 00 50 00 00 00 02 00 00 00 07 50 18 01 f5 // 40000 > 80, flags PA
  5c 31 00 00
  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a // payload
  0d 0a
`;

/** DATA_HALF, completed, sent on by L2. */
export const DATA_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  62 a1 23 45 00 26 06 3f 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 63, next 6
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 40 00 50 00 00 00 02 00 00 00 07 50 18 01 f5 // 40000 > 80, flags PA
  d6 86 00 00
  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a // payload
  0d 0a
`;

/** DATA_HALF, completed, in an outer IPv6 header. */
export const DATA_IPIP = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  62 a7 66 6f 00 4e 29 40 20 01 0d b8 00 05 00 00 // 2001:db8:5::1 > 2001:db8:1::9, hop limit 64, next 41
  00 00 00 00 00 00 00 01 20 01 0d b8 00 01 00 00
  00 00 00 00 00 00 00 09
  62 a1 23 45 00 26 06 3f 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 63, next 6
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 40 00 50 00 00 00 02 00 00 00 07 50 18 01 f5 // 40000 > 80, flags PA
  d6 86 00 00
  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a // payload
  0d 0a
`;

/** UDP with a half checksum. */
export const UDP_HALF = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  62 a1 23 45 00 13 11 40 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 64, next 17
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 41 00 35 00 13 5c 29 // 40001 > 53, length 19
  61 20 71 75 65 72 79 2c 20 6f 64 // payload
`;

/** UDP_HALF, completed, in an outer IPv6 header. */
export const UDP_IPIP = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  62 a5 bc 1a 00 3b 29 40 20 01 0d b8 00 05 00 00 // 2001:db8:5::1 > 2001:db8:1::9, hop limit 64, next 41
  00 00 00 00 00 00 00 01 20 01 0d b8 00 01 00 00
  00 00 00 00 00 00 00 09
  62 a1 23 45 00 13 11 3f 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 63, next 17
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 41 00 35 00 13 d1 a8 // 40001 > 53, length 19
  61 20 71 75 65 72 79 2c 20 6f 64 // payload
`;

/** A half checksum that comes out as 0. */
export const UDP_ZERO_HALF = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  62 a1 23 45 00 0e 11 40 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 64, next 17
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 41 00 35 00 0e 5c 24 // 40001 > 53, length 14
  7a 65 72 6f 1a 82 // payload
`;

/** UDP_ZERO_HALF in an outer header: all ones (RFC 768). */
export const UDP_ZERO_IPIP = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  62 a5 bc 1a 00 36 29 40 20 01 0d b8 00 05 00 00 // 2001:db8:5::1 > 2001:db8:1::9, hop limit 64, next 41
  00 00 00 00 00 00 00 01 20 01 0d b8 00 01 00 00
  00 00 00 00 00 00 00 09
  62 a1 23 45 00 0e 11 3f 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 63, next 17
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 41 00 35 00 0e ff ff // 40001 > 53, length 14
  7a 65 72 6f 1a 82 // payload
`;

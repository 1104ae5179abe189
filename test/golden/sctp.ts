// test/golden/sctp.ts: SCTP packets and what leaves because of them.
// Made by sctp.py with scapy 2.8.0; not by the code under test.
import { hex } from '../support/hex.js';

/** An INIT. */
export const INIT = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 34 00 05 40 00 40 84 4d b6 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 132
  c0 00 02 50
  9c 42 0f 1c 00 00 00 09 d4 65 cf 94 // SCTP
  01 00 00 14 00 00 00 07 00 01 00 00 00 0a 00 0a // SCTPChunkInit
  00 00 00 01
`;

/** INIT, sent on by L2. */
export const INIT_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  45 00 00 34 00 05 40 00 3f 84 4e b6 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 132
  c0 00 02 50
  9c 42 0f 1c 00 00 00 09 d4 65 cf 94 // SCTP
  01 00 00 14 00 00 00 07 00 01 00 00 00 0a 00 0a // SCTPChunkInit
  00 00 00 01
`;

/** Data whose checksum is left to the device. */
export const DATA_HALF = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 4c 00 05 40 00 40 84 4d 9e c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 132
  c0 00 02 50
  9c 42 0f 1c 00 00 00 09 00 00 00 00 // SCTP
  00 00 00 2b 00 00 00 01 00 00 00 00 00 00 00 00 // SCTPChunkData
  6f 64 64 6f 64 64 6f 64 64 6f 64 64 6f 64 64 6f
  64 64 6f 64 64 6f 64 64 6f 64 64 00
`;

/** DATA_HALF, completed, sent on by L2. */
export const DATA_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  45 00 00 4c 00 05 40 00 3f 84 4e 9e c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 132
  c0 00 02 50
  9c 42 0f 1c 00 00 00 09 02 c7 82 55 // SCTP
  00 00 00 2b 00 00 00 01 00 00 00 00 00 00 00 00 // SCTPChunkData
  6f 64 64 6f 64 64 6f 64 64 6f 64 64 6f 64 64 6f
  64 64 6f 64 64 6f 64 64 6f 64 64 00
`;

/** DATA_HALF, completed, in an outer IPv4 header. */
export const DATA_IPIP = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  45 00 00 60 00 00 40 00 40 04 25 91 0a 00 00 01 // 10.0.0.1 > 10.0.1.9, TTL 64, protocol 4
  0a 00 01 09
  45 00 00 4c 00 05 40 00 3f 84 4e 9e c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 132
  c0 00 02 50
  9c 42 0f 1c 00 00 00 09 02 c7 82 55 // SCTP
  00 00 00 2b 00 00 00 01 00 00 00 00 00 00 00 00 // SCTPChunkData
  6f 64 64 6f 64 64 6f 64 64 6f 64 64 6f 64 64 6f
  64 64 6f 64 64 6f 64 64 6f 64 64 00
`;

/** The same over IPv6. */
export const DATA6_HALF = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  60 00 00 00 00 38 84 40 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 64, next 132
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 42 0f 1c 00 00 00 09 00 00 00 00 // SCTP
  00 00 00 2b 00 00 00 01 00 00 00 00 00 00 00 00 // SCTPChunkData
  6f 64 64 6f 64 64 6f 64 64 6f 64 64 6f 64 64 6f
  64 64 6f 64 64 6f 64 64 6f 64 64 00
`;

/** DATA6_HALF, completed, sent on by L2. */
export const DATA6_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  60 00 00 00 00 38 84 3f 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 63, next 132
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 42 0f 1c 00 00 00 09 02 c7 82 55 // SCTP
  00 00 00 2b 00 00 00 01 00 00 00 00 00 00 00 00 // SCTPChunkData
  6f 64 64 6f 64 64 6f 64 64 6f 64 64 6f 64 64 6f
  64 64 6f 64 64 6f 64 64 6f 64 64 00
`;

// test/golden/fragment.ts: fragments of UDP datagrams.
// Made by fragment.py with scapy 2.8.0; not by the code under test.
import { hex } from '../support/hex.js';

/** Fragment 1 of a UDP datagram of 108 bytes. */
export const PIECE4_1 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 44 43 21 20 00 40 11 2a fd c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  9c 41 00 35 00 6c da 46 // 40001 > 53, length 108
  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f // payload
  10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f
  20 21 22 23 24 25 26 27
`;

/** PIECE4_1, sent on by L2. */
export const PIECE4_1_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  45 00 00 44 43 21 20 00 3f 11 2b fd c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 17
  c0 00 02 50
  9c 41 00 35 00 6c da 46 // 40001 > 53, length 108
  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f // payload
  10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f
  20 21 22 23 24 25 26 27
`;

/** PIECE4_1 in an outer IPv4 header. */
export const PIECE4_1_IPIP = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  45 00 00 58 00 00 40 00 40 04 25 99 0a 00 00 01 // 10.0.0.1 > 10.0.1.9, TTL 64, protocol 4
  0a 00 01 09
  45 00 00 44 43 21 20 00 3f 11 2b fd c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 17
  c0 00 02 50
  9c 41 00 35 00 6c da 46 // 40001 > 53, length 108
  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f // payload
  10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f
  20 21 22 23 24 25 26 27
`;

/** Fragment 2 of a UDP datagram of 108 bytes. */
export const PIECE4_2 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 44 43 21 20 06 40 11 2a f7 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  28 29 2a 2b 2c 2d 2e 2f 30 31 32 33 34 35 36 37 // payload
  38 39 3a 3b 3c 3d 3e 3f 40 41 42 43 44 45 46 47
  48 49 4a 4b 4c 4d 4e 4f 50 51 52 53 54 55 56 57
`;

/** PIECE4_2, sent on by L2. */
export const PIECE4_2_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  45 00 00 44 43 21 20 06 3f 11 2b f7 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 17
  c0 00 02 50
  28 29 2a 2b 2c 2d 2e 2f 30 31 32 33 34 35 36 37 // payload
  38 39 3a 3b 3c 3d 3e 3f 40 41 42 43 44 45 46 47
  48 49 4a 4b 4c 4d 4e 4f 50 51 52 53 54 55 56 57
`;

/** PIECE4_2 in an outer IPv4 header. */
export const PIECE4_2_IPIP = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  45 00 00 58 00 00 40 00 40 04 25 99 0a 00 00 01 // 10.0.0.1 > 10.0.1.9, TTL 64, protocol 4
  0a 00 01 09
  45 00 00 44 43 21 20 06 3f 11 2b f7 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 17
  c0 00 02 50
  28 29 2a 2b 2c 2d 2e 2f 30 31 32 33 34 35 36 37 // payload
  38 39 3a 3b 3c 3d 3e 3f 40 41 42 43 44 45 46 47
  48 49 4a 4b 4c 4d 4e 4f 50 51 52 53 54 55 56 57
`;

/** Fragment 3 of a UDP datagram of 108 bytes. */
export const PIECE4_3 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 20 43 21 00 0c 40 11 4b 15 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  58 59 5a 5b 5c 5d 5e 5f 60 61 62 63 // payload
`;

/** PIECE4_3, sent on by L2. */
export const PIECE4_3_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  45 00 00 20 43 21 00 0c 3f 11 4c 15 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 17
  c0 00 02 50
  58 59 5a 5b 5c 5d 5e 5f 60 61 62 63 // payload
`;

/** PIECE4_3 in an outer IPv4 header. */
export const PIECE4_3_IPIP = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  45 00 00 34 00 00 40 00 40 04 25 bd 0a 00 00 01 // 10.0.0.1 > 10.0.1.9, TTL 64, protocol 4
  0a 00 01 09
  45 00 00 20 43 21 00 0c 3f 11 4c 15 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 17
  c0 00 02 50
  58 59 5a 5b 5c 5d 5e 5f 60 61 62 63 // payload
`;

/** Fragment 1 of the datagram behind extension headers. */
export const PIECE6_1 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  60 00 00 00 00 40 3c 40 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 64, next 60
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  2c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 00 01 00 00 ab cd // IPv6 Extension Header - Fragmentation header
  11 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  9c 41 00 35 00 6c 6a cd // 40001 > 53, length 108
  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f // payload
  10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f
`;

/** PIECE6_1, sent on by L2. */
export const PIECE6_1_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  60 00 00 00 00 40 3c 3f 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 63, next 60
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  2c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 00 01 00 00 ab cd // IPv6 Extension Header - Fragmentation header
  11 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  9c 41 00 35 00 6c 6a cd // 40001 > 53, length 108
  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f // payload
  10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f
`;

/** Fragment 2 of the datagram behind extension headers. */
export const PIECE6_2 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  60 00 00 00 00 40 3c 40 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 64, next 60
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  2c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 00 31 00 00 ab cd // IPv6 Extension Header - Fragmentation header
  20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f // payload
  30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f
  40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f
`;

/** PIECE6_2, sent on by L2. */
export const PIECE6_2_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  60 00 00 00 00 40 3c 3f 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 63, next 60
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  2c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 00 31 00 00 ab cd // IPv6 Extension Header - Fragmentation header
  20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f // payload
  30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f
  40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f
`;

/** Fragment 3 of the datagram behind extension headers. */
export const PIECE6_3 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  60 00 00 00 00 24 3c 40 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 64, next 60
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  2c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 00 60 00 00 ab cd // IPv6 Extension Header - Fragmentation header
  50 51 52 53 54 55 56 57 58 59 5a 5b 5c 5d 5e 5f // payload
  60 61 62 63
`;

/** PIECE6_3, sent on by L2. */
export const PIECE6_3_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 86 dd // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  60 00 00 00 00 24 3c 3f 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 63, next 60
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  2c 00 01 04 00 00 00 00 // IPv6 Extension Header - Destination Options Header
  3c 00 00 60 00 00 ab cd // IPv6 Extension Header - Fragmentation header
  50 51 52 53 54 55 56 57 58 59 5a 5b 5c 5d 5e 5f // payload
  60 61 62 63
`;

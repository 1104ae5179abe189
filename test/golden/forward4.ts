// test/golden/forward4.ts: IPv4 client frames and what leaves because of them.
// Made by make.py with scapy 2.8.0; not by the code under test.
import { hex } from '../support/hex.js';

/** A SYN as a switch hands it over: padded to 60 bytes. */
export const SYN = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 28 12 34 40 00 40 06 3c 11 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 6
  c0 00 02 50
  9c 40 00 50 00 00 00 01 00 00 00 00 50 02 fa f0 // 40000 > 80, flags S
  2b d5 00 00
  ee ee ee ee ee ee // Padding
`;

/** SYN, sent on by L2: TTL one less, no padding. */
export const SYN_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  45 00 00 28 12 34 40 00 3f 06 3d 11 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 6
  c0 00 02 50
  9c 40 00 50 00 00 00 01 00 00 00 00 50 02 fa f0 // 40000 > 80, flags S
  2b d5 00 00
`;

/** SYN, in an outer IPv4 header. */
export const SYN_IPIP = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  45 00 00 3c 00 00 40 00 40 04 25 b5 0a 00 00 01 // 10.0.0.1 > 10.0.1.9, TTL 64, protocol 4
  0a 00 01 09
  45 00 00 28 12 34 40 00 3f 06 3d 11 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 6
  c0 00 02 50
  9c 40 00 50 00 00 00 01 00 00 00 00 50 02 fa f0 // 40000 > 80, flags S
  2b d5 00 00
`;

/** TCP data in a frame with a VLAN tag. */
export const DATA_TAGGED = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 81 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  a0 2a 08 00 // VLAN 42, priority 5
  45 00 00 3a 12 34 40 00 40 06 3b ff c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 6
  c0 00 02 50
  9c 40 00 50 00 00 00 02 00 00 00 07 50 18 01 f5 // 40000 > 80, flags PA
  46 00 00 00
  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a // payload
  0d 0a
`;

/** The same without the tag. */
export const DATA = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 3a 12 34 40 00 40 06 3b ff c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 6
  c0 00 02 50
  9c 40 00 50 00 00 00 02 00 00 00 07 50 18 01 f5 // 40000 > 80, flags PA
  46 00 00 00
  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a // payload
  0d 0a
`;

/** DATA_TAGGED, sent on by L2 out of its port: the tag stays. */
export const DATA_TAGGED_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 81 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  a0 2a 08 00 // VLAN 42, priority 5
  45 00 00 3a 12 34 40 00 3f 06 3c ff c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 6
  c0 00 02 50
  9c 40 00 50 00 00 00 02 00 00 00 07 50 18 01 f5 // 40000 > 80, flags PA
  46 00 00 00
  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a // payload
  0d 0a
`;

/** DATA_TAGGED, in an outer IPv4 header. */
export const DATA_TAGGED_IPIP = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 81 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  a0 2a 08 00 // VLAN 42, priority 5
  45 00 00 4e 00 00 40 00 40 04 25 a3 0a 00 00 01 // 10.0.0.1 > 10.0.1.9, TTL 64, protocol 4
  0a 00 01 09
  45 00 00 3a 12 34 40 00 3f 06 3c ff c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 6
  c0 00 02 50
  9c 40 00 50 00 00 00 02 00 00 00 07 50 18 01 f5 // 40000 > 80, flags PA
  46 00 00 00
  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a // payload
  0d 0a
`;

/** DATA (and DATA_HALF, completed), sent on by L2. */
export const DATA_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  45 00 00 3a 12 34 40 00 3f 06 3c ff c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 6
  c0 00 02 50
  9c 40 00 50 00 00 00 02 00 00 00 07 50 18 01 f5 // 40000 > 80, flags PA
  46 00 00 00
  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a // payload
  0d 0a
`;

/** DATA with a half checksum. */
export const DATA_HALF = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 3a 12 34 40 00 40 06 3b ff c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 6
  c0 00 02 50
  9c 40 00 50 00 00 00 02 00 00 00 07 50 18 01 f5 // 40000 > 80, flags PA
  ec b7 00 00
  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a // payload
  0d 0a
`;

/** DATA (and DATA_HALF, completed) in an outer IPv4 header. */
export const DATA_IPIP = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  45 00 00 4e 00 00 40 00 40 04 25 a3 0a 00 00 01 // 10.0.0.1 > 10.0.1.9, TTL 64, protocol 4
  0a 00 01 09
  45 00 00 3a 12 34 40 00 3f 06 3c ff c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 6
  c0 00 02 50
  9c 40 00 50 00 00 00 02 00 00 00 07 50 18 01 f5 // 40000 > 80, flags PA
  46 00 00 00
  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a // payload
  0d 0a
`;

/** UDP with IP options (record route), TOS 0xb9 (EF, ECN 1). */
export const OPTIONS = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  47 b9 00 27 00 07 00 00 40 11 80 73 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50 07 07 04 00 00 00 00 01
  9c 41 00 35 00 0b a3 71 // 40001 > 53, length 11
  6f 64 64 // payload
`;

/** OPTIONS, sent on by L2. */
export const OPTIONS_L2 = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  47 b9 00 27 00 07 00 00 3f 11 81 73 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 17
  c0 00 02 50 07 07 04 00 00 00 00 01
  9c 41 00 35 00 0b a3 71 // 40001 > 53, length 11
  6f 64 64 // payload
`;

/** OPTIONS in an outer header: TOS copied, options stay inside. */
export const OPTIONS_IPIP = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  45 b9 00 3b 00 00 40 00 40 04 24 fd 0a 00 00 01 // 10.0.0.1 > 10.0.1.9, TTL 64, protocol 4
  0a 00 01 09
  47 b9 00 27 00 07 00 00 3f 11 81 73 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 17
  c0 00 02 50 07 07 04 00 00 00 00 01
  9c 41 00 35 00 0b a3 71 // 40001 > 53, length 11
  6f 64 64 // payload
`;

/** UDP with an odd length. */
export const UDP = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 27 12 34 40 00 40 11 3c 07 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  9c 41 00 35 00 13 41 22 // 40001 > 53, length 19
  61 20 71 75 65 72 79 2c 20 6f 64 // payload
`;

/** UDP with a half checksum. */
export const UDP_HALF = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 27 12 34 40 00 40 11 3c 07 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  9c 41 00 35 00 13 ec af // 40001 > 53, length 19
  61 20 71 75 65 72 79 2c 20 6f 64 // payload
`;

/** UDP (and UDP_HALF, completed) in an outer IPv4 header. */
export const UDP_IPIP = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  45 00 00 3b 00 00 40 00 40 04 25 b6 0a 00 00 01 // 10.0.0.1 > 10.0.1.9, TTL 64, protocol 4
  0a 00 01 09
  45 00 00 27 12 34 40 00 3f 11 3d 07 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 17
  c0 00 02 50
  9c 41 00 35 00 13 41 22 // 40001 > 53, length 19
  61 20 71 75 65 72 79 2c 20 6f 64 // payload
`;

/** A half checksum that comes out as 0. */
export const UDP_ZERO_HALF = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 22 12 34 40 00 40 11 3c 0c c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  9c 41 00 35 00 0e ec aa // 40001 > 53, length 14
  7a 65 72 6f 89 fb // payload
`;

/** UDP_ZERO_HALF in an outer header: all ones (RFC 768). */
export const UDP_ZERO_IPIP = hex`
  02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // 02:00:00:00:00:01 > 02:00:00:00:0b:09
  45 00 00 36 00 00 40 00 40 04 25 bb 0a 00 00 01 // 10.0.0.1 > 10.0.1.9, TTL 64, protocol 4
  0a 00 01 09
  45 00 00 22 12 34 40 00 3f 11 3d 0c c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 63, protocol 17
  c0 00 02 50
  9c 41 00 35 00 0e ff ff // 40001 > 53, length 14
  7a 65 72 6f 89 fb // payload
`;

// test/golden/ways.ts: packets that name their server, and some that do not.
// Made by ways.py with aioquic 1.7.2 and with scapy 2.8.0; not by the code under test.
import { hex } from '../support/hex.js';

/** A client's Initial. */
export const QUIC_INITIAL = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 5c 00 01 40 00 40 11 4e 05 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  9c 40 01 bb 00 48 de 3b // 40000 > 443, length 72
  c9 00 00 00 01 08 57 1c 78 42 92 32 72 d1 08 dd // payload
  ff 85 dc 16 eb b2 28 00 41 e7 24 b0 57 4a 58 a0
  16 a9 a4 00 3e 23 f2 12 31 5d e5 36 ea c0 0f 91
  a8 68 dd fd 33 72 e9 30 1a 34 3c fc d0 f7 22 89
`;

/** Handshake, server id 300 in form 1 of its connection ids. */
export const QUIC_HANDSHAKE_1 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 5c 00 01 40 00 40 11 4e 05 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  9c 40 01 bb 00 48 6b 21 // 40000 > 443, length 72
  e2 00 00 00 01 08 40 4b 2a 2e 81 ed 6b 5e 08 dd // payload
  ff 85 dc 16 eb b2 28 40 50 e7 b6 b8 11 7b 44 6e
  ba a2 c0 05 49 ce cc 99 7c ba bd da e3 87 ca 8b
  de 4e 64 3f 20 0a 6e d0 9e 62 b5 2c 55 90 84 af
`;

/** 1-RTT, server id 300 in form 1 of its connection ids. */
export const QUIC_SHORT_1 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 39 00 01 40 00 40 11 4e 28 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  9c 40 01 bb 00 25 58 57 // 40000 > 443, length 37
  41 40 4b 2a 2e 81 ed 6b 5e be 94 de e2 fa 0b 55 // payload
  7e 2f b4 96 2f f4 fd 3e ed 0c 41 7b 04
`;

/** The next over IPv6. */
export const QUIC_SHORT6_1 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  60 00 00 00 00 25 11 40 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 64, next 17
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 40 01 bb 00 25 0b be // 40000 > 443, length 37
  78 40 4b 2a 2e 81 ed 6b 5e 5a b8 81 58 d6 36 99 // payload
  f9 c5 73 d8 23 68 ef f9 05 44 bc fd 31
`;

/** The same connection from another address, with another connection id. */
export const QUIC_MOVED_1 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 3a 00 01 40 00 40 11 3b fe cb 00 71 63 // 203.0.113.99 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  cf db 01 bb 00 26 a7 04 // 53211 > 443, length 38
  50 40 4b 28 bf a1 e4 78 53 aa 83 88 ea bf 65 23 // payload
  44 a3 60 88 cf 40 83 48 81 ec 0d 58 9a bf
`;

/** Handshake, server id 70000 in form 2 of its connection ids. */
export const QUIC_HANDSHAKE_2 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 5c 00 01 40 00 40 11 4e 05 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  9c 40 01 bb 00 48 c4 4b // 40000 > 443, length 72
  ec 00 00 00 01 08 8b 01 11 70 c8 fa d8 50 08 7e // payload
  e4 7e e5 84 dd a5 4d 40 50 bd dd 35 0a 6e f6 01
  9f 7d 9d 9e 0a d6 96 34 69 77 a0 9f 40 95 c7 aa
  72 0b 6b 65 e2 a3 aa cf 72 a7 5c 97 03 8a 2b cf
`;

/** 1-RTT, server id 70000 in form 2 of its connection ids. */
export const QUIC_SHORT_2 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 39 00 01 40 00 40 11 4e 28 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  9c 40 01 bb 00 25 4b bb // 40000 > 443, length 37
  53 8b 01 11 70 c8 fa d8 50 61 dc 29 18 31 a8 47 // payload
  9f 1a 1e 5f 68 d0 e0 ee df b2 be 33 d7
`;

/** The next over IPv6. */
export const QUIC_SHORT6_2 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  60 00 00 00 00 25 11 40 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 64, next 17
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 40 01 bb 00 25 7a ef // 40000 > 443, length 37
  62 8b 01 11 70 c8 fa d8 50 e3 a2 47 11 8d 26 f1 // payload
  e7 bd 58 90 7a c9 76 f3 27 fb 33 c7 02
`;

/** The same connection from another address, with another connection id. */
export const QUIC_MOVED_2 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 3a 00 01 40 00 40 11 3b fe cb 00 71 63 // 203.0.113.99 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  cf db 01 bb 00 26 cb 69 // 53211 > 443, length 38
  56 9b 01 11 70 1f 18 30 ed a8 18 2f 70 a2 5d bc // payload
  26 b5 7e 35 25 aa d4 6c 4e 1d a1 ca 20 d1
`;

/** Handshake, server id 16777213 in form 3 of its connection ids. */
export const QUIC_HANDSHAKE_3 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 5c 00 01 40 00 40 11 4e 05 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  9c 40 01 bb 00 48 b8 d3 // 40000 > 443, length 72
  ef 00 00 00 01 08 fb 00 ff ff fd a7 4f 2e 08 3b // payload
  26 74 3e 94 5a 43 c2 40 50 d4 6e ee d0 f8 8b 66
  49 bf 98 8e e7 8b 98 e4 0a e8 9b 69 92 5a c5 1e
  5f 20 bc b8 14 c3 ad 75 cd 04 2f 0f d0 24 d3 65
`;

/** 1-RTT, server id 16777213 in form 3 of its connection ids. */
export const QUIC_SHORT_3 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 39 00 01 40 00 40 11 4e 28 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  9c 40 01 bb 00 25 eb ad // 40000 > 443, length 37
  59 fb 00 ff ff fd a7 4f 2e d7 f3 a1 3b b5 54 57 // payload
  c3 05 84 6d 78 a6 98 6b a9 93 93 88 3f
`;

/** The next over IPv6. */
export const QUIC_SHORT6_3 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  60 00 00 00 00 25 11 40 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 64, next 17
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 40 01 bb 00 25 f4 4b // 40000 > 443, length 37
  64 fb 00 ff ff fd a7 4f 2e d0 b1 53 95 df 4f 95 // payload
  79 3c ad 94 5e 0d 77 5a ab e0 76 5d 20
`;

/** The same connection from another address, with another connection id. */
export const QUIC_MOVED_3 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 3a 00 01 40 00 40 11 3b fe cb 00 71 63 // 203.0.113.99 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  cf db 01 bb 00 26 00 d5 // 53211 > 443, length 38
  47 fe 00 ff ff fd 35 06 11 93 cd 6d 9b e6 f9 6c // payload
  00 ca 44 b5 8b 6a 7a b1 37 80 3c 29 7c e7
`;

/** 0-RTT: the connection id is the client's own. */
export const QUIC_0RTT = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 5c 00 01 40 00 40 11 4e 05 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  9c 40 01 bb 00 48 d7 68 // 40000 > 443, length 72
  d8 00 00 00 01 08 e9 ce 53 53 06 87 8b c0 08 14 // payload
  d5 90 37 40 8b 34 ef 40 1b 06 76 dd 09 97 a3 57
  f9 05 cb 56 5f 1d da 85 7c 0a c7 25 62 07 a3 e5
  b6 ef 28 c2 00 00 00 00 00 00 00 00 00 00 00 00
`;

/** An Initial of QUIC version 2. */
export const QUIC2_INITIAL = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 5c 00 01 40 00 40 11 4e 05 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  9c 40 01 bb 00 48 a6 22 // 40000 > 443, length 72
  da 6b 33 43 cf 08 2a ee 97 45 a9 1d 02 2b 08 ed // payload
  ff 42 93 62 ef 8b 44 00 41 e7 17 5e 28 20 6e a0
  45 b1 ee 58 03 95 a2 6a 81 29 5a be dc dd 30 6e
  ca 45 e2 91 80 48 c2 5a dc e5 dc 6d fe 48 5b 06
`;

/** Handshake of version 2, server id 70000 in form 2. */
export const QUIC2_HANDSHAKE = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 5c 00 01 40 00 40 11 4e 05 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  9c 40 01 bb 00 48 d3 21 // 40000 > 443, length 72
  f6 6b 33 43 cf 08 97 01 11 70 3e fb 8c d9 08 ed // payload
  ff 42 93 62 ef 8b 44 40 50 79 ef a2 79 57 97 60
  08 3e a9 16 67 87 a2 8a e1 63 0a 8c 62 af c4 9d
  e2 c0 26 46 7d 34 da 89 74 bc 98 9d fb ec db d3
`;

/** The stable header, server id 70000. */
export const STABLE = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 2d 00 01 40 00 40 11 4e 34 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 17
  c0 00 02 50
  9c 40 01 bb 00 19 ba 4b // 40000 > 443, length 25
  52 01 11 70 72 65 73 74 20 61 6e 64 20 64 61 74 // payload
  61
`;

/** The same over IPv6. */
export const STABLE_6 = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 86 dd // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  60 00 00 00 00 19 11 40 20 01 0d b8 00 0c 00 00 // 2001:db8:c::7 > 2001:db8::80, hop limit 64, next 17
  00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00
  00 00 00 00 00 00 00 80
  9c 40 01 bb 00 19 4a d2 // 40000 > 443, length 25
  52 01 11 70 72 65 73 74 20 61 6e 64 20 64 61 74 // payload
  61
`;

/** Server id 70000 in a TCP option behind others. */
export const TCP_OPTION = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 3c 00 01 40 00 40 06 4e 30 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 6
  c0 00 02 50
  9c 40 00 50 00 00 00 00 00 00 00 00 a0 10 20 00 // 40000 > 80, flags A
  85 7e 00 00 01 01 08 0a 00 00 00 01 00 00 00 02
  b7 06 70 11 01 00 00 00
`;

/** The same in a SYN. */
export const TCP_OPTION_SYN = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 34 00 01 40 00 40 06 4e 38 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 6
  c0 00 02 50
  9c 40 00 50 00 00 00 00 00 00 00 00 80 02 20 00 // 40000 > 80, flags S
  a5 e9 00 00 02 04 05 b4 b7 06 70 11 01 00 01 01
`;

/** Options of other kinds only. */
export const TCP_NO_OPTION = hex`
  02 00 00 00 00 01 02 00 00 00 0c 01 08 00 // 02:00:00:00:0c:01 > 02:00:00:00:00:01
  45 00 00 34 00 01 40 00 40 06 4e 38 c6 33 64 07 // 198.51.100.7 > 192.0.2.80, TTL 64, protocol 6
  c0 00 02 50
  9c 40 00 50 00 00 00 00 00 00 00 00 80 10 20 00 // 40000 > 80, flags A
  cd 9e 00 00 01 01 08 0a 00 00 00 01 00 00 00 02
`;

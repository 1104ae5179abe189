// test/fuzz/planted.ts: bugs planted for the fuzzer to find: a source of the hot path, what stands there, what is put in its
// place. A planted bug whose place is gone is planted anew where the code went: planted.test.ts says so.

/** A bug. */
export interface Planted {
  name: string;
  /** Below assembly/. */
  file: string;
  /** What must stand in the file exactly once. */
  find: string;
  replace: string;
}

export const PLANTED: readonly Planted[] = [
  {
    name: 'a TCP data offset beyond the packet is not noticed',
    file: 'parse.ts',
    find: 'if (headerLen > len) return shortHeader();',
    replace: '',
  },
  {
    name: 'a UDP length beyond the packet is not noticed',
    file: 'parse.ts',
    find: 'if (length > len && !isFragment) return DROP_TRUNCATED;',
    replace: '',
  },
  {
    name: 'an IPv6 packet is a byte shorter than it says',
    file: 'wire/ipv6.ts',
    find: 'return HEADER_LEN + ',
    replace: 'return HEADER_LEN - 1 + ',
  },
  {
    name: 'the carry of the checksum is lost when TTL goes down',
    file: 'wire/ipv4.ts',
    find: 'store<u32>(p, word - 1 + 0x1_0000 + carry, TTL);',
    replace: 'store<u32>(p, ((word - 1) & 0xff00_ffff) | ((word + 0x1_0000) & 0x00ff_0000), TTL);',
  },
  {
    name: 'the checksum of an outer header is folded once',
    file: 'wire/checksum.ts',
    find: 'return ~(folded + (folded >> 16)) & 0xffff;',
    replace: 'return ~folded & 0xffff;',
  },
  {
    name: 'TTL 1 is forwarded',
    file: 'forward.ts',
    find: 'if (timeToLive() <= 1) return',
    replace: 'if (timeToLive() < 1) return',
  },
  {
    name: 'a tag is read behind the end of the frame',
    file: 'wire/ethernet.ts',
    find: 'return type(p) != TYPE_VLAN || len >= HEADER_BYTES + TAG_BYTES;',
    replace: 'return true;',
  },
  {
    name: 'broken frames for others are dropped, and broken ones for us left to the host',
    file: 'forward.ts',
    find: 'if (broken != NO_VERDICT) return isForOthers(root) ?',
    replace: 'if (broken != NO_VERDICT) return !isForOthers(root) ?',
  },
  {
    name: 'the outputs of a batch begin behind those of the last one',
    file: 'batch.ts',
    find: '  outputCount = 0;\n',
    replace: '',
  },
  {
    name: 'headroom is thought to be smaller than it is',
    file: 'batch.ts',
    find: 'from - front >= frame - HEADROOM &&',
    replace: 'from - front >= frame - HEADROOM + 220 &&',
  },
  {
    name: 'the fast path forwards what has no hop left',
    file: 'fast/plain.ts',
    find: 'if (ipv4.ttl(packet) <= 1) return 0;',
    replace: '',
  },
  {
    name: 'the fast path thinks of the VIP before when only the port differs',
    file: 'fast/read.ts',
    find: 'if (service == lastService) {',
    replace: 'if (<u32>service == <u32>lastService) {',
  },
  {
    name: 'a SYN that is sent again confirms its flow',
    file: 'select/tracked.ts',
    find: '      flowTable.touch(entry, tick, !isSyn);', // where it is this deep: in selectTracked()
    replace: '      flowTable.touch(entry, tick, true);',
  },
  {
    name: 'a packet as large as the MTU is too big',
    file: 'encap/way.ts',
    find: 'return bytes - 1 <= mtu - 1;',
    replace: 'return bytes <= mtu - 1;',
  },
  {
    name: 'a half checksum is completed over the padding, too',
    file: 'encap/offload.ts',
    find: 'parsed.packetBytes - <u32>(start - packet)',
    replace: 'parsed.packetBytes + 1 - <u32>(start - packet)',
  },
  {
    name: 'every segment of a super-frame ends the connection that its last one ends',
    file: 'encap/segment.ts',
    find: 'if (i + 1 < count) flags &= ~(l4.FLAG_FIN | l4.FLAG_PSH);',
    replace: '',
  },
  {
    name: 'an outer UDP checksum is derived from one that is not there',
    file: 'encap/innerSum.ts',
    find: 'l4.udpChecksum(segment) != 0 && ',
    replace: '',
  },
  {
    name: 'the connection id of an Initial is believed',
    file: 'wire/quic.ts',
    find: 'return isInitial || <u32>load<u8>(p, LONG_DCID_LEN) < DCID_LEN_MIN',
    replace: 'return <u32>load<u8>(p, LONG_DCID_LEN) < DCID_LEN_MIN',
  },
  {
    name: 'the walk over TCP options goes past the end of the header',
    file: 'wire/tcpOption.ts',
    find: 'if (len > left) return 0;',
    replace: 'if (len > left) left = len;',
  },
  {
    name: 'a name leads to the backend behind the one that it names',
    file: 'select/serverIds.ts',
    find: 'if (index != NO_BACKEND && load<u8>(backend(index), BACKEND_CAN_SERVE)) return index;',
    replace: 'return index + 1;',
  },
  {
    name: 'the shortest prefix of source routes is not asked for',
    file: 'select/sourceRoute.ts',
    find: 'for (let i: u32 = 1; i <= count; i++) {',
    replace: 'for (let i: u32 = 1; i < count; i++) {',
  },
];

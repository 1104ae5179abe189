// host/linux/filter.ts: the kernel's filter of a packet socket: frames for VIPs pass, all others cost nothing more.
//
//   EtherType, behind at most one 802.1Q tag        X = 4 behind a tag, else 0
//     IPv4 --> ICMP for an address of ours --> pass
//              destination in the VIPs --> pass
//     IPv6 --> neighbour solicitation, if announcing --> pass
//              ICMPv6 for an address of ours --> pass
//              destination in the VIPs --> pass
//     ARP  --> request, if announcing --> pass
//     else --> drop
//
// The kernel takes the tag out of the frame before the filter runs, mostly; a second one, or one no driver took, is
// in the frame. An address is looked up 32 bits at a time in a binary tree, so a filter of 500 VIPs runs 12 compares.

import { disjointPrefixes, type Prefix, parsePrefix } from './address.js';
import {
  type BpfProgram,
  INSTRUCTIONS_MAX,
  type Instruction,
  JA,
  JEQ_K,
  JGE_K,
  JGT_K,
  LD_B_IND,
  LD_H_ABS,
  LD_H_IND,
  LD_W_IND,
  LDX_IMM,
  op,
  RET_K,
} from './bpf.js';
import { viewOf } from './netlinkWire.js';

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_VLAN = 0x8100;
const ETHERTYPE_QINQ = 0x88a8;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE = 12;
const VLAN_TAG_BYTES = 4;
const NETWORK = 14; // where the network header begins, without a tag
const IPV4_PROTOCOL = NETWORK + 9;
const IPV4_DESTINATION = NETWORK + 16;
const IPV6_NEXT_HEADER = NETWORK + 6;
const IPV6_DESTINATION = NETWORK + 24;
const ICMPV6_TYPE = NETWORK + 40; // RFC 4861, 7.1.1: solicitations with extension headers before ICMPv6 do not occur
const ARP_OPERATION = NETWORK + 6;
const IPV4_VERSION_IHL = NETWORK;
const IPV4_UDP_PORT = NETWORK + 20 + 2; // behind a header without options
const IPV6_UDP_PORT = NETWORK + 40 + 2;
const PLAIN_IPV4 = 0x45;
const PROTOCOL_UDP = 17;
const EXTENSION_HEADERS = [0, 43, 44, 51, 60]; // RFC 8200, section 4; RFC 4302
const PROTOCOL_ICMP = 1;
const PROTOCOL_ICMPV6 = 58;
const ICMPV6_NEIGHBOUR_SOLICITATION = 135;
const ARP_REQUEST = 1;

const PASS = op(RET_K, 0xffffffff); // the whole frame
const DROP = op(RET_K, 0);
const JUMP_MAX = 255; // jt and jf have 8 bits; JA has 32

/**
 * The filter for a set of VIPs.
 * @param vips Addresses, or prefixes such as `192.0.2.0/24`.
 * @param isAnnouncing Also pass what asks for a MAC address: ARP requests and neighbour solicitations.
 * @param own Our addresses in outer headers: errors about what we sent in tunnels are counted. A few.
 * @returns undefined when it would take more than 4096 instructions (about 1000 IPv4 or 400 IPv6 addresses): no filter.
 * @throws MaglevError ERR_OPTION for what is not an address or prefix
 */
export function buildFilter(
  vips: Iterable<string>,
  isAnnouncing: boolean,
  own: Iterable<string> = [],
): BpfProgram | undefined {
  const prefixes = disjointPrefixes([...vips].map(parsePrefix));
  const v4 = matchAddress(
    prefixes.filter(({ bytes }) => bytes.length === 4),
    IPV4_DESTINATION,
  );
  const v6 = matchAddress(
    prefixes.filter(({ bytes }) => bytes.length === 16),
    IPV6_DESTINATION,
  );
  const ours = [...own].map(parsePrefix);
  const program = [
    ...loadEtherType(),
    ...unless(ETHERTYPE_IPV4, [...passIcmp(ours, 4), ...v4]),
    ...unless(ETHERTYPE_IPV6, [...(isAnnouncing ? passSolicitation() : []), ...passIcmp(ours, 16), ...v6]),
    ...unless(ETHERTYPE_ARP, isAnnouncing ? passArpRequest() : [DROP]),
    DROP,
  ];
  return program.length > INSTRUCTIONS_MAX ? undefined : program;
}

/**
 * The filter of a decapsulator: outer packets of these protocols, and UDP to these ports. Whose they are is asked later: what passes
 * here is little else. What has IP options or extension headers passes too.
 * @param protocols IANA numbers
 */
export function buildTunnelFilter(protocols: readonly number[], udpPorts: readonly number[]): BpfProgram {
  const any = (values: readonly number[]): Instruction[] => values.flatMap((value) => [op(JEQ_K, value, 0, 1), PASS]);
  const udp = (portAt: number): Instruction[] => {
    if (udpPorts.length === 0) return [];
    const ports = [op(LD_H_IND, portAt), ...any(udpPorts), DROP];
    return [op(JEQ_K, PROTOCOL_UDP, 0, ports.length), ...ports];
  };
  const v4 = [op(LD_B_IND, IPV4_VERSION_IHL), op(JEQ_K, PLAIN_IPV4, 1, 0), PASS];
  return [
    ...loadEtherType(),
    ...unless(ETHERTYPE_IPV4, [...v4, op(LD_B_IND, IPV4_PROTOCOL), ...any(protocols), ...udp(IPV4_UDP_PORT), DROP]),
    ...unless(ETHERTYPE_IPV6, [
      ...[op(LD_B_IND, IPV6_NEXT_HEADER), ...any([...protocols, ...EXTENSION_HEADERS]), ...udp(IPV6_UDP_PORT), DROP],
    ]),
    DROP,
  ];
}

/** A = EtherType, X = bytes of the tag before it. */
function loadEtherType(): Instruction[] {
  return [
    op(LDX_IMM, 0),
    op(LD_H_ABS, ETHERTYPE),
    op(JEQ_K, ETHERTYPE_VLAN, 1, 0),
    op(JEQ_K, ETHERTYPE_QINQ, 0, 2),
    op(LDX_IMM, VLAN_TAG_BYTES),
    op(LD_H_ABS, ETHERTYPE + VLAN_TAG_BYTES),
  ];
}

/** `then`, which must end with RET_K on every path, when A == value; else goes on behind it with A as it was. */
function unless(value: number, then: readonly Instruction[]): Instruction[] {
  return [op(JEQ_K, value, 1, 0), op(JA, then.length), ...then];
}

function passSolicitation(): Instruction[] {
  return [
    op(LD_B_IND, IPV6_NEXT_HEADER),
    op(JEQ_K, PROTOCOL_ICMPV6, 0, 3),
    op(LD_B_IND, ICMPV6_TYPE),
    op(JEQ_K, ICMPV6_NEIGHBOUR_SOLICITATION, 0, 1),
    PASS,
  ];
}

/** Passes ICMP of one family, of `bytes` bytes an address, that is for one of `own`; all else goes on behind. */
function passIcmp(own: readonly Prefix[], bytes: 4 | 16): Instruction[] {
  const [protocolAt, protocol, destination] =
    bytes === 4
      ? [IPV4_PROTOCOL, PROTOCOL_ICMP, IPV4_DESTINATION]
      : [IPV6_NEXT_HEADER, PROTOCOL_ICMPV6, IPV6_DESTINATION];
  const tests = own
    .filter((address) => address.bytes.length === bytes)
    .flatMap((address) => {
      const words = Array.from({ length: bytes / 4 }, (_, word) => wordOf(address, word));
      // Each test skips what is left of this address: two instructions a word, and the last one, which passes.
      const compares = words.flatMap((value, word) => [
        op(LD_W_IND, destination + 4 * word),
        op(JEQ_K, value, 0, 2 * (words.length - word) - 1),
      ]);
      return [...compares, PASS];
    });
  if (tests.length === 0) return [];
  return [op(LD_B_IND, protocolAt), op(JEQ_K, protocol, 1, 0), op(JA, tests.length), ...tests];
}

function passArpRequest(): Instruction[] {
  return [op(LD_H_IND, ARP_OPERATION), op(JEQ_K, ARP_REQUEST, 0, 1), PASS, DROP];
}

/** Passes when the address at `offset` lies in a prefix, else drops. */
function matchAddress(prefixes: readonly Prefix[], offset: number): Instruction[] {
  return prefixes.length === 0 ? [DROP] : matchWord(prefixes, 0, offset);
}

/** A range of values of one 32-bit word, and what to do inside it. */
interface Range {
  readonly low: number;
  readonly high: number;
  readonly inside: readonly Instruction[];
}

/** Compares word `word` of the address, then, where a prefix is longer than that, the next ones. */
function matchWord(prefixes: readonly Prefix[], word: number, offset: number): Instruction[] {
  const ranges: Range[] = [];
  const bitsBefore = word * 32;
  for (let i = 0; i < prefixes.length; ) {
    const prefix = prefixes[i] as Prefix;
    const low = wordOf(prefix, word);
    const bits = prefix.bits - bitsBefore;
    if (bits <= 32) {
      ranges.push({ low, high: low + 2 ** (32 - bits) - 1, inside: [PASS] });
      i += 1;
      continue;
    }
    // Longer prefixes with this word in common stand side by side; none ends here, or it would contain the others.
    let end = i + 1;
    while (end < prefixes.length && wordOf(prefixes[end] as Prefix, word) === low) end += 1;
    ranges.push({ low, high: low, inside: matchWord(prefixes.slice(i, end), word + 1, offset) });
    i = end;
  }
  return [op(LD_W_IND, offset + word * 4), ...searchTree(ranges)];
}

/** A binary search over ascending ranges that do not overlap. */
function searchTree(ranges: readonly Range[]): Instruction[] {
  const [only] = ranges;
  if (only === undefined) return [DROP];
  if (ranges.length === 1) return matchRange(only);
  const middle = ranges.length >> 1;
  const left = searchTree(ranges.slice(0, middle));
  const right = searchTree(ranges.slice(middle));
  const pivot = ranges[middle]?.low ?? 0;
  if (left.length <= JUMP_MAX) return [op(JGE_K, pivot, left.length, 0), ...left, ...right];
  return [op(JGE_K, pivot, 0, 1), op(JA, left.length), ...left, ...right];
}

/** The test for one range. What it does inside stands last, behind the DROP, so that no jump depends on its length. */
function matchRange({ low, high, inside }: Range): Instruction[] {
  if (low === high) return [op(JEQ_K, low, 1, 0), DROP, ...inside];
  return [op(JGE_K, low, 0, 1), op(JGT_K, high, 0, 1), DROP, ...inside];
}

function wordOf({ bytes }: Prefix, word: number): number {
  return viewOf(bytes).getUint32(word * 4, false);
}

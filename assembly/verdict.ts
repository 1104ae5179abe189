// assembly/verdict.ts: every way a frame can leave: number, name and the sentence that says when it happens.
// Read by asc (the numbers) and by tsc (the table: stats, explain, metrics and docs are made from it).
// The class is the first word of the name:
//   FORWARD_  handed to a backend          REPLY_  answered by the balancer itself
//   IGNORE_   not ours, left to the host   DROP_   ours, and lost here
//   HOLD_     ours, and kept for a while
//   DECAP_    taken out of its tunnel and handed to this host
// Numbers are stable: captures and metrics of others hold them. Gaps leave room for a class to grow. From 64 on they are those of
// the other end of a tunnel, the decapsulator (decap.ts).

export const NO_VERDICT = 0; // not decided yet: the next step goes on

export const FORWARD_L2 = 1;
export const FORWARD_IPIP = 2;
export const FORWARD_GUE = 3;
export const FORWARD_GRE = 4;
export const FORWARD_L3DSR = 5;
export const FORWARD_DECAPSULATED = 6;

export const REPLY_ARP = 12;
export const REPLY_NEIGHBOUR = 13;
export const REPLY_ECHO = 14;
export const REPLY_TOO_BIG = 15;

export const IGNORE_OTHER_HOST = 20;
export const IGNORE_ETHERTYPE = 21;
export const IGNORE_NOT_VIP = 22;
export const IGNORE_ARP = 23;
export const IGNORE_NEIGHBOUR = 24;
export const IGNORE_NO_MARK = 25;
export const IGNORE_COMPAT = 26;
export const IGNORE_LOCAL_BACKEND = 27;
export const IGNORE_DECAPSULATED = 29;

export const HOLD_FRAGMENT = 28;

export const DROP_TRUNCATED = 32;
export const DROP_BAD_HEADER = 33;
export const DROP_SNAPPED = 34;
export const DROP_NO_VIP = 35;
export const DROP_FRAGMENT = 36;
export const DROP_TTL_EXPIRED = 37;
export const DROP_NO_BACKEND = 38;
export const DROP_NEXT_HOP_UNRESOLVED = 39;
export const DROP_EGRESS_DOWN = 40;
export const DROP_TOO_BIG = 41;
export const DROP_SUPER_FRAME_ENCAP = 42;
export const DROP_NO_HEADROOM = 43;
export const DROP_TX_RING_FULL = 44;
export const DROP_EXTENSIONS = 45;
export const DROP_BAD_QUOTE = 46;
export const DROP_TOO_BIG_DF_CLEAR = 47;
export const DROP_TINY_FRAGMENT = 48;
export const DROP_BAD_SOURCE = 49;
export const DROP_SEGMENTS = 50;
export const DROP_SEGMENTS_LOST = 51;
export const DROP_IP_OPTIONS = 52;

export const DECAP_IPIP = 64;
export const DECAP_GUE = 65;
export const DECAP_GRE = 66;

export const IGNORE_NOT_TUNNEL = 70;

export const DROP_OUTER_SOURCE = 72;
export const DROP_OUTER_CHECKSUM = 73;
export const DROP_OUTER_HEADER = 74;
export const DROP_OUTER_FRAGMENT = 75;
export const DROP_OUTER_SUPER_FRAME = 76;
export const DROP_INNER = 77;
export const DROP_INNER_DESTINATION = 78;
export const DROP_ECN = 79;

/** A row of the tables below. */
export interface VerdictRow {
  number: number;
  name: string;
  when: string;
}

/**
 * Every verdict of a balancer with its name and when it happens, by class. For the host: asc compiles no function that nothing calls, so
 * the sentences are not in the module. A constant without a row here, or a row without a constant, fails test/verdict.
 */
export function verdictTable(): VerdictRow[] {
  return [
    {
      number: FORWARD_L2,
      name: 'FORWARD_L2',
      when: 'sent to its backend with the Ethernet header rewritten, the packet otherwise as it was',
    },
    {
      number: FORWARD_IPIP,
      name: 'FORWARD_IPIP',
      when: 'sent to its backend inside an outer IPv4 or IPv6 header (RFC 2003, RFC 2473)',
    },
    {
      number: FORWARD_GUE,
      name: 'FORWARD_GUE',
      when: 'sent to its backend inside outer IP and UDP headers (Generic UDP Encapsulation)',
    },
    {
      number: FORWARD_GRE,
      name: 'FORWARD_GRE',
      when: 'sent to its backend inside outer IP and GRE headers (RFC 2784)',
    },
    {
      number: FORWARD_L3DSR,
      name: 'FORWARD_L3DSR',
      when: 'sent to its backend with the destination address rewritten and the DSCP marked',
    },
    {
      number: FORWARD_DECAPSULATED,
      name: 'FORWARD_DECAPSULATED',
      when: "taken out of its outer headers and sent back out of the port it came by (compat 'katran', egress)",
    },
    { number: REPLY_ARP, name: 'REPLY_ARP', when: 'an ARP request for a VIP, answered with our MAC address' },
    {
      number: REPLY_NEIGHBOUR,
      name: 'REPLY_NEIGHBOUR',
      when: 'an IPv6 neighbour solicitation for a VIP, answered with an advertisement',
    },
    {
      number: REPLY_ECHO,
      name: 'REPLY_ECHO',
      when: "an ICMP or ICMPv6 echo request to an address of a VIP (to any address with compat 'katran'), answered",
    },
    {
      number: REPLY_TOO_BIG,
      name: 'REPLY_TOO_BIG',
      when: 'larger than the MTU on the way to the backend; its sender was told what fits (needfrag, packet too big)',
    },
    {
      number: IGNORE_OTHER_HOST,
      name: 'IGNORE_OTHER_HOST',
      when: 'not addressed to our MAC address (sll_pkttype is not PACKET_HOST)',
    },
    {
      number: IGNORE_ETHERTYPE,
      name: 'IGNORE_ETHERTYPE',
      when: 'neither IPv4, IPv6 nor ARP, or more than one VLAN tag',
    },
    { number: IGNORE_NOT_VIP, name: 'IGNORE_NOT_VIP', when: 'the destination address is not a VIP address' },
    {
      number: IGNORE_ARP,
      name: 'IGNORE_ARP',
      when: 'an ARP frame that asks for no VIP, or on an interface where VIPs are not announced',
    },
    {
      number: IGNORE_NEIGHBOUR,
      name: 'IGNORE_NEIGHBOUR',
      when: 'a neighbour solicitation for no VIP, or on an interface where VIPs are not announced',
    },
    {
      number: IGNORE_NO_MARK,
      name: 'IGNORE_NO_MARK',
      when: 'a packet of this host for a health check, whose mark is that of no backend of its family',
    },
    {
      number: IGNORE_COMPAT,
      name: 'IGNORE_COMPAT',
      when: "what the system of compat leaves to the host: to no VIP's address, protocol and port, or a message it does not handle",
    },
    {
      number: IGNORE_LOCAL_BACKEND,
      name: 'IGNORE_LOCAL_BACKEND',
      when: "its backend is this host itself, which gets it as it is (compat 'katran', local delivery)",
    },
    {
      number: HOLD_FRAGMENT,
      name: 'HOLD_FRAGMENT',
      when: 'an IP fragment that came before its first, held until that comes (events heldSent, heldLost)',
    },
    {
      number: IGNORE_DECAPSULATED,
      name: 'IGNORE_DECAPSULATED',
      when: "taken out of its outer headers, and left to the host like that (compat 'katran', inline decapsulation)",
    },
    { number: DROP_TRUNCATED, name: 'DROP_TRUNCATED', when: 'shorter than its headers say' },
    {
      number: DROP_BAD_HEADER,
      name: 'DROP_BAD_HEADER',
      when: 'a header that contradicts itself: wrong version, a header longer than its packet, a TCP data offset below 5',
    },
    {
      number: DROP_SNAPPED,
      name: 'DROP_SNAPPED',
      when: 'larger than a frame of the receive ring: the kernel kept only its beginning',
    },
    {
      number: DROP_NO_VIP,
      name: 'DROP_NO_VIP',
      when: 'sent to a VIP address, but to a protocol or port that no VIP has',
    },
    {
      number: DROP_FRAGMENT,
      name: 'DROP_FRAGMENT',
      when: "an IP fragment whose first was not forwarded, or did not come yet while no place was free to hold it; or not of TCP, UDP, SCTP; any with compat 'katran'",
    },
    { number: DROP_TTL_EXPIRED, name: 'DROP_TTL_EXPIRED', when: 'TTL or hop limit would become 0' },
    { number: DROP_NO_BACKEND, name: 'DROP_NO_BACKEND', when: 'the VIP has no backend that can take it' },
    {
      number: DROP_NEXT_HOP_UNRESOLVED,
      name: 'DROP_NEXT_HOP_UNRESOLVED',
      when: 'the MAC address of the way to the backend is not known (yet)',
    },
    {
      number: DROP_EGRESS_DOWN,
      name: 'DROP_EGRESS_DOWN',
      when: 'the interface on the way to the backend is down or gone',
    },
    {
      number: DROP_TOO_BIG,
      name: 'DROP_TOO_BIG',
      when: 'larger than the MTU on the way to the backend, outer headers counted, and its sender could not be told',
    },
    {
      number: DROP_SUPER_FRAME_ENCAP,
      name: 'DROP_SUPER_FRAME_ENCAP',
      when: 'a super-frame (GRO/GSO) that cannot be cut for encapsulation: UDP fragments, no segment size, or not what its virtio header says',
    },
    {
      number: DROP_NO_HEADROOM,
      name: 'DROP_NO_HEADROOM',
      when: 'no room before the frame for the outer headers, or no output left for it',
    },
    {
      number: DROP_TX_RING_FULL,
      name: 'DROP_TX_RING_FULL',
      when: 'the transmit ring was full: the egress is slower than the ingress',
    },
    {
      number: DROP_EXTENSIONS,
      name: 'DROP_EXTENSIONS',
      when: 'more than 8 IPv6 extension headers, or two fragment headers',
    },
    {
      number: DROP_BAD_QUOTE,
      name: 'DROP_BAD_QUOTE',
      when: 'an ICMP error that quotes no TCP, UDP or SCTP ports of a packet from the VIP it was sent to',
    },
    {
      number: DROP_TOO_BIG_DF_CLEAR,
      name: 'DROP_TOO_BIG_DF_CLEAR',
      when: 'an IPv4 packet larger than the MTU on the way to the backend whose sender wants it cut (DF clear), which we do not do',
    },
    {
      number: DROP_TINY_FRAGMENT,
      name: 'DROP_TINY_FRAGMENT',
      when: 'a first fragment without its whole transport header, or one that would write over it (RFC 1858, RFC 7112)',
    },
    {
      number: DROP_BAD_SOURCE,
      name: 'DROP_BAD_SOURCE',
      when: 'an echo request from an address that cannot be answered: unspecified, loopback, multicast, reserved',
    },
    {
      number: DROP_SEGMENTS,
      name: 'DROP_SEGMENTS',
      when: 'a super-frame of more segments than one may have, or than there is room for (segmentsMax)',
    },
    {
      number: DROP_SEGMENTS_LOST,
      name: 'DROP_SEGMENTS_LOST',
      when: 'the transmit ring filled up between the segments of a super-frame: the first of them left, the rest is lost',
    },
    { number: DROP_IP_OPTIONS, name: 'DROP_IP_OPTIONS', when: "an IPv4 header with options (compat 'katran')" },
  ];
}

/** The same for the verdicts that only a decapsulator gives. */
export function decapVerdictTable(): VerdictRow[] {
  return [
    {
      number: DECAP_IPIP,
      name: 'DECAP_IPIP',
      when: 'taken out of its outer IP header (RFC 2003, RFC 2473, RFC 4213) and handed on',
    },
    {
      number: DECAP_GUE,
      name: 'DECAP_GUE',
      when: 'taken out of its outer IP and UDP headers (Generic UDP Encapsulation) and handed on',
    },
    {
      number: DECAP_GRE,
      name: 'DECAP_GRE',
      when: 'taken out of its outer IP and GRE headers (RFC 2784) and handed on',
    },
    {
      number: IGNORE_NOT_TUNNEL,
      name: 'IGNORE_NOT_TUNNEL',
      when: 'not an outer packet of a kind that is taken here, or not to one of our addresses; left to the host',
    },
    {
      number: DROP_OUTER_SOURCE,
      name: 'DROP_OUTER_SOURCE',
      when: 'an outer packet from an address that is not among those of the balancers',
    },
    {
      number: DROP_OUTER_CHECKSUM,
      name: 'DROP_OUTER_CHECKSUM',
      when: 'the checksum of the outer IPv4, UDP or GRE header is wrong, or there is none where one has to be',
    },
    {
      number: DROP_OUTER_HEADER,
      name: 'DROP_OUTER_HEADER',
      when: 'a GUE or GRE header that is cut short, or asks for what is not done here: control messages, flags, keys, other protocols',
    },
    {
      number: DROP_OUTER_FRAGMENT,
      name: 'DROP_OUTER_FRAGMENT',
      when: 'a fragment of an outer packet: those are not put together here, and our balancers send none',
    },
    {
      number: DROP_OUTER_SUPER_FRAME,
      name: 'DROP_OUTER_SUPER_FRAME',
      when: 'a super-frame (GRO/GSO) that is neither segments in one outer header nor outer UDP datagrams of one length',
    },
    {
      number: DROP_INNER,
      name: 'DROP_INNER',
      when: 'what is inside is no IPv4 or IPv6 packet, or ends behind the outer one',
    },
    {
      number: DROP_INNER_DESTINATION,
      name: 'DROP_INNER_DESTINATION',
      when: 'the packet inside is to an address that is not let in here',
    },
    {
      number: DROP_ECN,
      name: 'DROP_ECN',
      when: 'congestion was marked on the outer header of a packet whose ends know no marks (RFC 6040)',
    },
  ];
}

// reply/neighbour.ts: who has this VIP? We. Answers ARP requests (RFC 826) and IPv6 neighbour solicitations (RFC 4861,
// section 7.2.4) on interfaces where VIPs are announced; anything else of either kind is the host's.

import { ethernetBytes, noPlace, ownMac, placePacket, refusal, send, wayBack } from '../encap/way';
import { EGRESS_ANNOUNCE, EGRESS_BYTES, EGRESS_FLAGS, META_INGRESS } from '../layout';
import { egresses } from '../memory';
import * as parsed from '../parse';
import { IGNORE_ARP, IGNORE_NEIGHBOUR, NO_VERDICT, REPLY_ARP, REPLY_NEIGHBOUR } from '../verdict';
import { isOurs } from '../vip';
import * as arp from '../wire/arp';
import * as checksum from '../wire/checksum';
import * as ethernet from '../wire/ethernet';
import * as ipv6 from '../wire/ipv6';
import * as l4 from '../wire/l4';
import * as neighbour from '../wire/neighbour';

const HOP_LIMIT_LOCAL: u32 = 255; // RFC 4861, section 7.1: proof that no router passed it on
const ALL_NODES_HIGH: u64 = 0x02ff; // ff02::1 as it lies in memory
const ALL_NODES_LOW: u64 = 0x0100_0000_0000_0000;
const ALL_NODES_MAC: u64 = 0x0100_0000_3333; // 33:33:00:00:00:01

function announces(): bool {
  const egress = egresses + <usize>load<u16>(parsed.meta, META_INGRESS) * EGRESS_BYTES;
  return (load<u32>(egress, EGRESS_FLAGS) & EGRESS_ANNOUNCE) != 0;
}

export function answerArp(root: usize): u32 {
  if (!announces() || !arp.isRequest(parsed.packet, parsed.packetBytes)) return IGNORE_ARP;
  if (!isOurs(root, 0, parsed.mapped(arp.target(parsed.packet)))) return IGNORE_ARP;
  const way = wayBack(arp.senderMac(parsed.packet));
  const verdict = refusal(way, 0, 0);
  if (verdict != NO_VERDICT) return verdict;
  parsed.trimPacket(arp.LEN);
  const head = ethernetBytes(way);
  const packet = placePacket(way, head);
  if (!packet) return noPlace(way);
  arp.intoReply(packet, ownMac(way));
  send(way, head, packet, arp.LEN, ethernet.TYPE_ARP, false);
  return REPLY_ARP;
}

/** True for what answerSolicitation() looks at: a neighbour solicitation that came straight from the link, without extensions. */
export function isSolicitation(): bool {
  return (
    parsed.protocol == l4.PROTOCOL_ICMPV6 &&
    parsed.transport == parsed.packet + ipv6.HEADER_LEN &&
    ipv6.hopLimit(parsed.packet) == HOP_LIMIT_LOCAL &&
    neighbour.isSolicitation(parsed.transport, parsed.transportBytes)
  );
}

export function answerSolicitation(root: usize): u32 {
  const target = parsed.transport + neighbour.TARGET;
  const targetHigh = load<u64>(target);
  const targetLow = load<u64>(target, 8);
  if (parsed.isMapped(targetHigh, targetLow)) return IGNORE_NEIGHBOUR;
  if (!announces() || !isOurs(root, targetHigh, targetLow)) return IGNORE_NEIGHBOUR;
  const askerHigh = load<u64>(parsed.packet, ipv6.SOURCE);
  const askerLow = load<u64>(parsed.packet, ipv6.SOURCE + 8);
  // RFC 4861, section 7.2.4: who has no address yet (duplicate address detection) is told by multicast, S flag clear.
  const isUnspecified = !(askerHigh | askerLow);
  const way = wayBack(isUnspecified ? ALL_NODES_MAC : ethernet.source(parsed.frame));
  const verdict = refusal(way, 0, 0);
  if (verdict != NO_VERDICT) return verdict;
  parsed.trimPacket(ipv6.HEADER_LEN + neighbour.ADVERTISEMENT_LEN);
  const head = ethernetBytes(way);
  const packet = placePacket(way, head);
  if (!packet) return noPlace(way);
  store<u64>(packet, targetHigh, ipv6.SOURCE);
  store<u64>(packet, targetLow, ipv6.SOURCE + 8);
  store<u64>(packet, isUnspecified ? ALL_NODES_HIGH : askerHigh, ipv6.DESTINATION);
  store<u64>(packet, isUnspecified ? ALL_NODES_LOW : askerLow, ipv6.DESTINATION + 8);
  ipv6.setPayloadLen(packet, neighbour.ADVERTISEMENT_LEN);
  const flags = neighbour.FLAG_OVERRIDE | (isUnspecified ? 0 : neighbour.FLAG_SOLICITED);
  writeAdvertisement(packet, targetHigh, targetLow, flags, ownMac(way));
  send(way, head, packet, ipv6.HEADER_LEN + neighbour.ADVERTISEMENT_LEN, ethernet.TYPE_IPV6, false);
  return REPLY_NEIGHBOUR;
}

function writeAdvertisement(packet: usize, targetHigh: u64, targetLow: u64, flags: u32, mac: u64): void {
  const message = packet + ipv6.HEADER_LEN;
  store<u64>(message, targetHigh, neighbour.TARGET);
  store<u64>(message, targetLow, neighbour.TARGET + 8);
  neighbour.writeAdvertisement(message, flags, mac);
  // RFC 8200, section 8.1: pseudo header of both addresses, length and next header, then the message.
  const pseudo = <u64>bswap<u32>(neighbour.ADVERTISEMENT_LEN) + bswap<u32>(l4.PROTOCOL_ICMPV6);
  const addresses = checksum.add(pseudo, packet + ipv6.SOURCE, 32);
  neighbour.storeChecksum(message, checksum.finish(checksum.add(addresses, message, neighbour.ADVERTISEMENT_LEN)));
}

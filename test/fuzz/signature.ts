// test/fuzz/signature.ts: what an input reached: its verdict and the way there, as a number (to see quickly whether that is
// new) and as a name (for the corpus).
import { DROP_SNAPPED, IGNORE_OTHER_HOST } from '../../assembly/verdict.js';
import { verdictName } from '../../host/stats.js';
import type { Input } from './input.js';
import { IPV4, IPV6, type Reader } from './reader.js';
import type { Subject } from './subject.js';

const KINDS = ['runt', 'arp', 'ipv4', 'ipv6', 'other'];
const TAGS = ['', 'tag beside', 'tagged', 'two tags'];
const FRAGMENTS = ['', 'first fragment', 'further fragment'];
const OFFLOADS = ['', 'half checksum', 'super-frame', 'super-frame, half checksum'];
const NAMED = ['', 'server id', 'source route'];
const PROTOCOLS = new Map([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [58, 'icmpv6'],
  [132, 'sctp'],
]);
const PROTOCOL_PLACES = new Map([...PROTOCOLS.keys()].map((protocol, place) => [protocol, place + 1]));

/** The way a frame took, in 31 bits; `namedBy` is of names.ts. */
export function signatureOf(input: Input, reader: Reader, subject: Subject, i: number, namedBy: number): number {
  const verdict = subject.verdict(i);
  let bits = verdict & 63;
  if (verdict === IGNORE_OTHER_HOST || verdict === DROP_SNAPPED) return bits; // nothing was looked at
  bits = (bits << 3) | reader.kind;
  bits = (bits << 2) | reader.tags;
  bits = (bits << 2) | reader.fragment;
  bits = (bits << 3) | (PROTOCOL_PLACES.get(reader.protocol) ?? 0);
  bits = (bits << 2) | offloadOf(input);
  bits = (bits << 2) | Math.min(3, subject.outputs(i));
  bits = (bits << 2) | Math.min(3, input.packetType);
  bits = (bits << 1) | (reader.isShort ? 1 : 0);
  bits = (bits << 1) | (reader.isBad ? 1 : 0);
  bits = (bits << 1) | (reader.hasExtras ? 1 : 0);
  bits = (bits << 1) | (reader.isSyn ? 1 : 0);
  bits = (bits << 1) | (reader.isOurs ? 1 : 0);
  bits = (bits << 1) | (subject.vip(i) === 0 ? 0 : 1);
  bits = (bits << 2) | namedBy;
  return bits;
}

/**
 * What the corpus keeps an input for: `DROP_FRAGMENT ipv4 tcp`, and one name more for each thing that is unusual about it,
 * such as `DROP_FRAGMENT tagged`.
 */
export function namesOf(input: Input, reader: Reader, subject: Subject, i: number, namedBy: number): string[] {
  const verdict = verdictName(subject.verdict(i));
  if (subject.verdict(i) === IGNORE_OTHER_HOST || subject.verdict(i) === DROP_SNAPPED) return [verdict];
  const isIp = reader.kind === IPV4 || reader.kind === IPV6;
  const protocol = isIp ? ` ${PROTOCOLS.get(reader.protocol) ?? 'other protocol'}` : '';
  const unusual = [
    TAGS[reader.tags],
    FRAGMENTS[reader.fragment],
    reader.hasExtras ? `${KINDS[reader.kind]} options` : '',
    OFFLOADS[offloadOf(input)],
    NAMED[namedBy],
    input.packetType === 0 ? '' : `packet type ${input.packetType}`,
  ].filter((word) => word);
  return [`${verdict} ${KINDS[reader.kind]}${protocol}`, ...unusual.map((word) => `${verdict} ${word}`)];
}

function offloadOf(input: Input): number {
  return input.hasVirtio ? (input.virtio8(0) & 1) | (input.virtio8(1) === 0 ? 0 : 2) : 0;
}

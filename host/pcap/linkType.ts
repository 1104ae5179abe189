// host/pcap/linkType.ts: what kind of frames a capture holds (registry LINKTYPE_, draft-ietf-opsawg-pcaplinktype).
import { type ByteReader, captureError } from './byteReader.js';

export const LINKTYPE_ETHERNET = 1;
/** Those that people try, by name. */
const NAMES = new Map([
  [0, 'BSD loopback'],
  [101, 'raw IP'],
  [105, 'IEEE 802.11'],
  [113, 'Linux cooked (any interface)'],
  [127, 'IEEE 802.11 with radiotap'],
  [228, 'raw IPv4'],
  [229, 'raw IPv6'],
  [276, 'Linux cooked v2 (any interface)'],
]);

/** Throws ERR_CAPTURE for any link type but Ethernet. */
export function expectEthernet(reader: ByteReader, linkType: number): void {
  if (linkType === LINKTYPE_ETHERNET) return;
  const name = NAMES.get(linkType);
  const value = name === undefined ? `${linkType}` : `${linkType}, ${name}`;
  throw captureError(reader, 'link type', value, 'expected 1, Ethernet: capture on one Ethernet interface');
}

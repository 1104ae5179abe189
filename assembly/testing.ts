// testing.ts: second entry of the compiler, for tests only: all that index.ts exports, and the pieces behind it under names
// that say their file. It is not part of the package; test/support/module.ts has the types.

export { decapGre, isGreIntact } from './encap/gre';
export { decapGue, isUdpIntact } from './encap/gue';
export { bytes as innerBytes, isV6 as innerIsV6, packet as innerPacket } from './encap/inner';
export { sumOf as innerSumOf } from './encap/innerSum';
export { decapIpip } from './encap/ipip';
export {
  find as flowFind,
  insert as flowInsert,
  touch as flowTouch,
} from './flow/table';
export {
  enter as tracksEnter,
  isLearning as tracksIsLearning,
  isReleased as tracksIsReleased,
  lastOther as tracksLastOther,
  learnUntil as tracksLearnUntil,
  noteOther as tracksNoteOther,
  previousOf as tracksPreviousOf,
  setReleased as tracksSetReleased,
  trackOf as tracksTrackOf,
} from './flow/tracks';
export { fnv1Signed4 } from './hash/fnv';
export { hashAddress as follyHashAddress } from './hash/follyAddress';
export { jhash, jhash2, jhash2Words, jhash3Words, jhashTuple6 } from './hash/jhash';
export { first as murmur3First, murmur3, murmur3Pair, second as murmur3Second } from './hash/murmur3';
export {
  hashIpv4 as nhHashIpv4,
  hashIpv6 as nhHashIpv6,
  hashPort as nhHashPort,
  hashSource as nhHashSource,
} from './hash/nh';
export { sipHash16 } from './hash/siphash';
export { first as spookyFirst, second as spookySecond, spooky16 } from './hash/spooky';
export { xxh64 } from './hash/xxh64';
export * from './index';
export { writeAddress } from './profiles/addressText';
export { flowHash as ciliumFlowHash } from './profiles/cilium';
export { clientHash as envoyClientHash, flowHash as envoyFlowHash } from './profiles/envoy';
export { flowHash as katranFlowHash, portHash as katranPortHash } from './profiles/katran';
export { placeBackend as nativePlaceBackend, slotOf as nativeSlotOf } from './profiles/native';
export {
  intoReply as arpIntoReply,
  isRequest as arpIsRequest,
  senderMac as arpSenderMac,
  target as arpTarget,
} from './wire/arp';
export {
  add as checksumAdd,
  finish as checksumFinish,
  fold as checksumFold,
  replaced as checksumReplaced,
} from './wire/checksum';
export { copy as copyFrame } from './wire/copy';
export { crc32c } from './wire/crc32c';
export {
  isValid as ethernetIsValid,
  source as ethernetSource,
  taggedType as ethernetTaggedType,
  tagTci as ethernetTagTci,
  type as ethernetType,
  write as ethernetWrite,
  writeTagged as ethernetWriteTagged,
} from './wire/ethernet';
export {
  fragment as extensionFragment,
  offset as extensionOffset,
  protocol as extensionProtocol,
  walk as extensionWalk,
} from './wire/extension';
export {
  decrementTtl as ipv4DecrementTtl,
  destination as ipv4Destination,
  fragmentOffset as ipv4FragmentOffset,
  headerChecksum as ipv4HeaderChecksum,
  headerLen as ipv4HeaderLen,
  id as ipv4Id,
  isFragment as ipv4IsFragment,
  isValid as ipv4IsValid,
  isVersion4 as ipv4IsVersion4,
  isWhole as ipv4IsWhole,
  protocol as ipv4Protocol,
  setId as ipv4SetId,
  setTos as ipv4SetTos,
  setTotalLen as ipv4SetTotalLen,
  source as ipv4Source,
  storeChecksum as ipv4StoreChecksum,
  tos as ipv4Tos,
  totalLen as ipv4TotalLen,
  ttl as ipv4Ttl,
} from './wire/ipv4';
export {
  decrementHopLimit as ipv6DecrementHopLimit,
  hopLimit as ipv6HopLimit,
  isValid as ipv6IsValid,
  isWhole as ipv6IsWhole,
  nextHeader as ipv6NextHeader,
  setFirstWord as ipv6SetFirstWord,
  setPayloadLen as ipv6SetPayloadLen,
  setTrafficClass as ipv6SetTrafficClass,
  totalLen as ipv6TotalLen,
  trafficClass as ipv6TrafficClass,
} from './wire/ipv6';
export {
  destinationPortOf as l4DestinationPortOf,
  isSyn as l4IsSyn,
  ports as l4Ports,
  sequence as l4Sequence,
  setSequence as l4SetSequence,
  setTcpFlags as l4SetTcpFlags,
  setUdpLength as l4SetUdpLength,
  tcpFlags as l4TcpFlags,
  tcpHeaderLen as l4TcpHeaderLen,
  udpChecksum as l4UdpChecksum,
  udpLength as l4UdpLength,
} from './wire/l4';
export {
  isSolicitation as neighbourIsSolicitation,
  storeChecksum as neighbourStoreChecksum,
  writeAdvertisement as neighbourWriteAdvertisement,
} from './wire/neighbour';
export {
  checksumOffset as virtioChecksumOffset,
  checksumStart as virtioChecksumStart,
  clear as virtioClear,
  copyShifted as virtioCopyShifted,
  isSuperFrame as virtioIsSuperFrame,
  needsChecksum as virtioNeedsChecksum,
  segmentBytes as virtioSegmentBytes,
  setHeaderLen as virtioSetHeaderLen,
  superFrameType as virtioSuperFrameType,
} from './wire/virtio';

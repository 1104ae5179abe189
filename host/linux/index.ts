// host/linux: the only folder that knows Linux. Nothing here is loaded before it is used, and nothing here knows VIPs'
// backends, membership or Wasm: it opens, maps, asks, follows and closes.
//
//   libc syscallError          calls into the C library, and what to say when one fails
//   poller wake readable       sleeping: a worker in poll(2) with an eventfd, the main thread in its event loop
//   packetSocket afPacket ringGeometry ringSocket   packet sockets, and their rings inside the Wasm memory
//   frameSocket                one frame at a time, without a ring
//   bpf filter                 what the kernel hands to them
//   divert                     what the host's own stack no longer gets
//   tun                        a device of our own, whose packets we write or read
//   markedTap                  what this host sends by an interface, with its marks
//   announce                   ARP and neighbour advertisements that nobody asked for
//   lock interfaceName         one balancer per interface
//   netlinkWire netlinkSocket netlink netlinkWatch   rtnetlink: messages, socket, questions, changes
//     links addresses route neighbours               its four kinds of things, one file each
//   nextHop neighbourKeeper    address -> interface, MAC, MTU; followed
//   address                    addresses between text and bytes

export { addressBytes, isInPrefix, parsePrefix } from './address.js';
export type { HostAddress } from './addresses.js';
export {
  memoryAddress,
  openPacketRings,
  type PacketRings,
  type RingPlace,
} from './afPacket.js';
export { announceVips } from './announce.js';
export { type BpfProgram, DROP_ALL } from './bpf.js';
export { type Divert, type DivertScope, openDivert } from './divert.js';
export { buildFilter, buildTunnelFilter } from './filter.js';
export { FrameSocket } from './frameSocket.js';
export { checkInterfaceName } from './interfaceName.js';
export type { Link } from './links.js';
export { type InterfaceLock, lockInterface } from './lock.js';
export { type MarkedTap, openMarkedTap } from './markedTap.js';
export { type Netlink, openNetlink } from './netlink.js';
export { type NextHop, NextHopResolver } from './nextHop.js';
export { openPacketSender, type PacketSender, sendFrames } from './packetSocket.js';
export { POLLERR, POLLIN, Poller } from './poller.js';
export { onReadable, type Readable } from './readable.js';
export {
  PLAIN_FRAME_BYTES,
  type RingGeometry,
  ringBytes,
  ringFrames,
  ringGeometry,
  SUPER_FRAME_BYTES,
} from './ringGeometry.js';
export { sendRing, takeSocketError } from './ringSocket.js';
export { openTun, type Tun, writePackets } from './tun.js';
export { attachWake, openWake, type Wake } from './wake.js';

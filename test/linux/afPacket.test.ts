// One end of a veth pair is ours, the other in a second namespace with a real stack: the balancer's view of a client.

import * as assert from 'uvu/assert';
import { RING_ALIGN } from '../../assembly/layout.js';
import { openPacketRings, type PacketRings, type PacketRingsOptions } from '../../host/linux/afPacket.js';
import { buildFilter } from '../../host/linux/filter.js';
import { openNetlink } from '../../host/linux/netlink.js';
import { sendFrames } from '../../host/linux/packetSocket.js';
import { POLLERR, POLLIN, Poller } from '../../host/linux/poller.js';
import { ringBytes, ringGeometry } from '../../host/linux/ringGeometry.js';
import { sendRing, takeSocketError } from '../../host/linux/ringSocket.js';
import { dump, errorOf, hex, inNetns, ip, Peer, run, until } from './netns.js';

// struct tpacket2_hdr: status u32 at 0, len u32 at 4, snaplen u32 at 8, mac u16 at 12, net u16 at 14, ...
// struct sockaddr_ll at TPACKET_ALIGN(32): pkttype u8 at 32 + 10
const TP_STATUS = 0;
const TP_LEN = 4;
const TP_SNAPLEN = 8;
const TP_MAC = 12;
const SLL_PKTTYPE = 42;
const TP_STATUS_USER = 1;
const TP_STATUS_SEND_REQUEST = 1;
const TX_FRAME = 32; // TPACKET2_HDRLEN less struct sockaddr_ll
const VIRTIO = 10;
const RX = 2 * RING_ALIGN;
const SENTINEL = 0xa5;

const OUR_MAC = '02:00:00:00:00:01';
const PEER_MAC = '02:00:00:00:00:02';

await inNetns(import.meta.url, async (suite) => {
  const Rings = suite('linux/afPacket');
  let peer: Peer;
  let ifindex = 0;
  const opened: PacketRings[] = [];

  Rings.before(async () => {
    peer = await Peer.open();
    ip('link add va type veth peer name vb');
    ip(`link set va address ${OUR_MAC} up`);
    ip(`link set vb address ${PEER_MAC} netns ${peer.pid}`);
    peer.run('sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1');
    run('sysctl', '-qw', 'net.ipv6.conf.va.disable_ipv6=1');
    peer.ip('addr add 10.0.0.2/24 dev vb');
    peer.ip('link set vb up');
    peer.ip(`neigh add 10.0.0.80 lladdr ${OUR_MAC} dev vb nud permanent`);
    const netlink = openNetlink();
    ifindex = netlink.links().find(({ name }) => name === 'va')?.ifindex ?? 0;
    netlink.close();
  });
  Rings.after.each(() => {
    for (const rings of opened.splice(0)) rings.close();
  });
  Rings.after(() => peer.close());

  const geometry = ringGeometry({ frames: 8 });
  const RING = ringBytes(geometry);

  function newMemory(): WebAssembly.Memory {
    const pages = (RX + 2 * RING) / RING_ALIGN + 1;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    new Uint8Array(memory.buffer).fill(SENTINEL);
    return memory;
  }

  function open(memory: WebAssembly.Memory, more: Partial<PacketRingsOptions> = {}): PacketRings {
    const rx = { offset: RX, geometry };
    const rings = openPacketRings({ ifindex, name: 'va', memory, rx, tx: { offset: RX + RING, geometry }, ...more });
    opened.push(rings);
    return rings;
  }

  function sendUdp(text: string, port: number): void {
    peer.run('bash', '-c', `printf %s ${text} > /dev/udp/10.0.0.80/${port}`);
  }

  /** The frame at `index` of the receive ring: as soon as the kernel has handed it over. */
  async function received(memory: WebAssembly.Memory, index: number) {
    const { framesPerBlock, blockBytes, frameBytes } = geometry;
    const base = RX + Math.floor(index / framesPerBlock) * blockBytes + (index % framesPerBlock) * frameBytes;
    const view = new DataView(memory.buffer, base, frameBytes);
    await until(`frame ${index}`, () => (view.getUint32(TP_STATUS, true) & TP_STATUS_USER) !== 0);
    const at = base + view.getUint16(TP_MAC, true);
    const length = view.getUint32(TP_SNAPLEN, true);
    assert.is(view.getUint32(TP_LEN, true), length);
    return {
      packetType: view.getUint8(SLL_PKTTYPE),
      virtio: new Uint8Array(memory.buffer.slice(at - VIRTIO, at)),
      bytes: new Uint8Array(memory.buffer.slice(at, at + length)),
    };
  }

  Rings('a UDP datagram of a peer arrives in the Wasm memory with its half checksum', async () => {
    const memory = newMemory();
    open(memory);
    sendUdp('hello', 4242);
    const { virtio, bytes, packetType } = await received(memory, 0);
    assert.is(packetType, 0, 'PACKET_HOST');
    // virtio 1.2, 5.1.6: NEEDS_CSUM, no GSO; the checksum starts at the UDP header (14 + 20) and stands 6 bytes into it.
    assert.is(virtio[0], 1);
    assert.is(virtio[1], 0);
    const header = new DataView(virtio.buffer);
    assert.is(header.getUint16(6, true), 34);
    assert.is(header.getUint16(8, true), 6);
    // By hand, after RFC 791 and 768. The stack chose the id, the header checksum and the source port.
    const expected = hex`
      02 00 00 00 00 01 02 00 00 00 00 02 08 00           // to us, from the peer, IPv4
      45 00 00 21 00 00 40 00 40 11 00 00                 // 33 bytes, don't fragment, TTL 64, UDP
      0a 00 00 02 0a 00 00 50                             // 10.0.0.2 > 10.0.0.80
      00 00 10 92 00 0d 14 70                             // port 4242, 13 bytes
      68 65 6c 6c 6f
    `;
    // Half a checksum, RFC 1071: 0a00 + 0002 + 0a00 + 0050 + 17 + 13 = 1470, not inverted.
    for (const [at, end] of [
      [18, 20],
      [24, 26],
      [34, 36],
    ] as const) {
      bytes.fill(0, at, end);
    }
    assert.fixture(dump(bytes), dump(expected));
  });

  Rings('only the range of the rings is mapped, and close() gives it back as zeros', async () => {
    const memory = newMemory();
    const all = new Uint8Array(memory.buffer);
    const rings = open(memory);
    sendUdp('x', 4242);
    await received(memory, 0);
    assert.is(all[RX - 1], SENTINEL);
    assert.is(all[RX + 2 * RING], SENTINEL);
    rings.close();
    rings.close();
    assert.ok(all.subarray(RX, RX + 2 * RING).every((byte) => byte === 0));
    all.fill(7, RX, RX + 2 * RING);
    assert.is(all[RX + RING], 7);
    assert.is(rings.statistics().packets, 0);
  });

  Rings('close() frees the socket at once, though the memory lives', async () => {
    const count = () => run('cat', '/proc/self/net/packet').trim().split('\n').length - 1;
    const before = count();
    const memory = newMemory();
    const rings = open(memory);
    assert.is(count(), before + 1);
    rings.close();
    assert.is(count(), before);
    assert.is(memory.buffer.byteLength, RX + 2 * RING + RING_ALIGN);
  });

  Rings('a frame of the transmit ring leaves by the interface, its checksum completed by the kernel', async () => {
    const memory = newMemory();
    const rings = open(memory);
    // UDP 10.0.0.80:53 > 10.0.0.2:9, "hi!", half a checksum: 0a00 + 0050 + 0a00 + 0002 + 17 + 11 = 146e.
    const frame = hex`
      02 00 00 00 00 02 02 00 00 00 00 01 08 00
      45 00 00 1f 00 01 40 00 40 11 26 7c 0a 00 00 50 0a 00 00 02
      00 35 00 09 00 0b 14 6e 68 69 21
    `;
    const base = RX + RING;
    const header = new DataView(memory.buffer, base + TX_FRAME, VIRTIO);
    header.setUint8(0, 1);
    header.setUint16(2, frame.length, true);
    header.setUint16(6, 34, true);
    header.setUint16(8, 6, true);
    new Uint8Array(memory.buffer).set(frame, base + TX_FRAME + VIRTIO);
    const ring = new DataView(memory.buffer, base);
    const receivedBefore = peerCounters(peer);
    ring.setUint32(TP_LEN, VIRTIO + frame.length, true);
    ring.setUint32(TP_STATUS, TP_STATUS_SEND_REQUEST, true);
    assert.is(sendRing(rings.fd), false);
    await until('the frame is sent', () => ring.getUint32(TP_STATUS, true) === 0);
    await until('the peer has it', () => peerCounters(peer).noPort === receivedBefore.noPort + 1);
    assert.is(peerCounters(peer).checksumErrors, receivedBefore.checksumErrors);
  });

  Rings('the filter keeps others out, and can be changed', async () => {
    const memory = newMemory();
    const rings = open(memory, { filter: buildFilter(['10.0.0.81'], false) });
    sendUdp('no', 1);
    peer.run('bash', '-c', 'printf x > /dev/udp/10.0.0.82/1'); // asks for its MAC address: ARP
    assert.is(rings.statistics().packets, 0);
    rings.setFilter(buildFilter(['10.0.0.80'], false));
    sendUdp('yes', 2);
    assert.is((await received(memory, 0)).bytes.length, 14 + 20 + 8 + 3);
    assert.equal(rings.statistics(), { packets: 1, drops: 0 });
    rings.setFilter(undefined);
    rings.setFilter(undefined);
    sendUdp('all', 3);
    await received(memory, 1);
    // Read twice: the kernel counts from 0 again after each time.
    rings.statistics();
    assert.equal(rings.statistics(), { packets: 2, drops: 0 });
  });

  Rings('a full ring drops, and says how many', async () => {
    const memory = newMemory();
    const rings = open(memory, { filter: buildFilter(['10.0.0.80'], false) });
    const frames = geometry.blockCount * geometry.framesPerBlock;
    peer.run('bash', '-c', `for ((i = 0; i < ${frames + 5}; i++)); do printf x > /dev/udp/10.0.0.80/9; done`);
    await received(memory, frames - 1);
    assert.equal(rings.statistics(), { packets: frames + 5, drops: 5 });
  });

  Rings('our own frames do not come back', async () => {
    const memory = newMemory();
    const rings = open(memory);
    sendFrames({ ifindex, name: 'va' }, [Uint8Array.from([...hex`ff ff ff ff ff ff 02 00 00 00 00 01 88 b5`, 1])]);
    assert.is(new Poller([{ fd: rings.fd, events: POLLIN }]).wait(50), 0);
  });

  Rings('two sockets of a fanout group share, one that closes leaves all to the other', async () => {
    const memories = [newMemory(), newMemory()] as const;
    const filter = buildFilter(['10.0.0.80'], false);
    const fanout = { group: 7, type: 'hash' } as const;
    const [first, second] = memories.map((memory) => open(memory, { filter, fanout }));
    assert.ok(first && second);
    const burst = (count: number) =>
      peer.run('bash', '-c', `for ((i = 0; i < ${count}; i++)); do printf x > /dev/udp/10.0.0.80/$((9 + i)); done`);
    const total = () => first.statistics().packets + second.statistics().packets;
    burst(16);
    await until('16 frames', () => total() === 16);
    first.close();
    const before = second.statistics().packets;
    burst(5);
    await until('all 5 at the other', () => second.statistics().packets === before + 5);
  });

  Rings('small frames work as well, and a ring that only sends', async () => {
    const memory = newMemory();
    const small = ringGeometry({ frames: 64, frameBytes: 2048 });
    const rings = openPacketRings({ ifindex, name: 'va', memory, tx: { offset: RX, geometry: small } });
    opened.push(rings);
    const frame = hex`02 00 00 00 00 02 02 00 00 00 00 01 88 b5 00`;
    new Uint8Array(memory.buffer).set(frame, RX + TX_FRAME + VIRTIO);
    const ring = new DataView(memory.buffer, RX);
    ring.setUint32(TP_LEN, VIRTIO + frame.length, true);
    ring.setUint32(TP_STATUS, TP_STATUS_SEND_REQUEST, true);
    assert.is(sendRing(rings.fd), false);
    await until('it is sent', () => ring.getUint32(TP_STATUS, true) === 0);
    sendUdp('x', 1);
    assert.is(rings.statistics().packets, 0);
  });

  Rings('an interface that goes down is an error to be taken, once', async () => {
    const memory = newMemory();
    const rings = open(memory);
    const poller = new Poller([{ fd: rings.fd, events: POLLIN }]);
    ip('link set va down');
    assert.is(poller.wait(1000), 1);
    assert.is(poller.ready(0) & POLLERR, POLLERR);
    assert.is(takeSocketError(rings.fd), 'ENETDOWN');
    assert.is(takeSocketError(rings.fd), undefined);
    assert.is(poller.wait(0), 0);
    ip('link set va up');
    await until('the carrier', () => peer.ip('link show vb').includes('LOWER_UP'));
    peer.ip(`neigh replace 10.0.0.80 lladdr ${OUR_MAC} dev vb nud permanent`);
    await until('it receives again', () => {
      sendUdp('x', 1);
      return rings.statistics().packets > 0;
    });
  });

  Rings('says what does not fit, and on what the kernel refused', async () => {
    const memory = newMemory();
    const rx = { offset: RX, geometry };
    const messages: [Partial<PacketRingsOptions>, string][] = [
      [{ rx: { offset: RX + 4096, geometry } }, `tx.offset ${RX + RING} must be ${RX + 4096 + RING}, behind rx`],
      [{ rx, tx: { offset: RX, geometry } }, `tx.offset ${RX} must be ${RX + RING}, behind rx`],
      [{ ifindex: 9999 }, 'bind(2) on va: ENODEV; there is no such interface (any more)'],
      [{ fanout: { group: 65536, type: 'hash' } }, 'fanout.group 65536 must be 0..65535'],
    ];
    for (const [more, message] of messages) assert.is((await errorOf(() => open(memory, more))).message, message);
    const outside = { offset: 1 << 30, geometry };
    const error = await errorOf(() => openPacketRings({ ifindex, name: 'va', memory, rx: outside }));
    assert.match(error.message, /^ring offset 1073741824 must be a multiple of 65536 in 65536\.\.\d+$/);
    // Nothing of it stayed mapped or open.
    assert.ok(new Uint8Array(memory.buffer, RX, 2 * RING).every((byte) => byte === SENTINEL || byte === 0));
    open(memory);
  });

  Rings.run();
});

/** Of the peer's stack: datagrams for a port nobody listens on, and with a wrong checksum (snmp6-style counters). */
function peerCounters(peer: Peer): { noPort: number; checksumErrors: number } {
  const lines = peer
    .run('cat', '/proc/net/snmp')
    .split('\n')
    .filter((line) => line.startsWith('Udp:'));
  const [names = [], values = []] = lines.map((line) => line.split(' '));
  const counter = (name: string) => Number(values[names.indexOf(name)]);
  return { noPort: counter('NoPorts'), checksumErrors: counter('InCsumErrors') };
}
